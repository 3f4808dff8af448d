"""The books that an evening rehearses: open positions with price and volatility of each leg.

Holds: choosing the newest run of each deployment, and gathering what its legs are priced by.
Belongs here: where a price or a volatility comes from, and why a leg has none.
Never here: shocks (`tomking.kernel.crisis`), storing results (`rehearse`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pipelines.config import Settings
from pipelines.transforms.regimes.implied_price import implied_price
from tomking.kernel.black_scholes import DAYS_A_YEAR, implied_volatility
from tomking.kernel.crisis import HeldLeg
from tomking.kernel.futures_symbols import product_of
from tomking.kernel.sessions import NEW_YORK
from warehouse.access import WriteSession

OLDEST_INPUT = dt.timedelta(days=7)
"""Age of a price or volatility, before the book's date, beyond which it is not used."""
UNASSIGNED = "unassigned"

_RUNS = """
    SELECT r.run_id, r.mode, r.source_path, coalesce(r.newest_at, r.ended_at, r.started_at) AS newest,
        r.period_end, r.end_equity, r.account_currency,
        (SELECT max(e.session_date) FROM records.order_events e WHERE e.run_id = r.run_id) AS last_event,
        (SELECT max(j.occurred_at) FROM records.journal_entries j WHERE j.run_id = r.run_id AND j.dialect = 'tomking-1'),
        (SELECT any_value(j.deployment) FROM records.journal_entries j WHERE j.run_id = r.run_id) AS deployment
    FROM records.runs r WHERE r.mode IN ('live', 'paper', 'backtest')
    ORDER BY CASE r.mode WHEN 'live' THEN 0 WHEN 'paper' THEN 1 ELSE 2 END, newest DESC NULLS LAST, r.run_id
"""
_POSITIONS = """
    SELECT p.instrument_key, p.quantity, p.mark, p.currency, i.security_type, coalesce(i.root, i.ticker) AS root,
        coalesce(i.underlying, i.ticker) AS underlying, i.expiry, i.call_put, i.strike, i.multiplier
    FROM derived.positions p LEFT JOIN records.instruments i USING (instrument_key)
    WHERE p.run_id = ? AND p.quantity <> 0 ORDER BY p.instrument_key
"""
_TRADES = """
    SELECT l.trade_id, t.strategy, l.instrument_key, l.quantity + coalesce(l.closed_quantity, 0) AS held
    FROM derived.trade_legs l JOIN derived.strategy_trades t USING (run_id, trade_id)
    WHERE t.ended_by = 'open' AND l.quantity + coalesce(l.closed_quantity, 0) <> 0
        AND (l.run_id = ? OR l.run_id IN (
            SELECT d.run_id FROM derived.deployment_runs d JOIN derived.deployment_runs o USING (deployment_id)
            WHERE o.run_id = ? AND d.position <= o.position))
    ORDER BY l.trade_id, l.instrument_key
"""
_GREEKS = """
    SELECT CAST(payload ->> '$.session_date' AS DATE), payload ->> '$.underlying', payload ->> '$.price',
        payload ->> '$.volatilities'
    FROM records.journal_entries WHERE run_id = ? AND kind = 'trade_greeks' AND dialect = 'tomking-1' ORDER BY 1
"""
_CLOSE = """
    SELECT coalesce(close, adjusted_close) FROM records.daily_prices
    WHERE upper(symbol) IN (SELECT unnest(?::VARCHAR[])) AND session_date BETWEEN ? AND ?
    ORDER BY session_date DESC, close IS NULL, revision DESC LIMIT 1
"""
_VIX_NAMES = ["VIX", "^VIX", "VIX.INDEX"]


@dataclass(frozen=True, slots=True)
class PricedLeg:
    """A leg that can be rehearsed, with the sources of its price and volatility."""

    held: HeldLeg
    price_source: str
    volatility_source: str | None


@dataclass(frozen=True, slots=True)
class PresentBook:
    """The open positions of a run; `left_out` says of every leg that could not be priced why (by instrument key)."""

    run_id: str
    deployment: str | None
    mode: str
    book_date: dt.date
    equity: Decimal | None
    currency: str | None
    legs: tuple[PricedLeg, ...]
    left_out: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Run:
    run_id: str
    mode: str
    source_path: str | None
    newest: dt.datetime | None
    period_end: dt.date | None
    equity: Decimal | None
    currency: str | None
    last_event: dt.date | None
    journalled: dt.datetime | None
    deployment: str | None


def present_books(session: WriteSession, settings: Settings, run_id: str | None = None) -> list[PresentBook]:
    """The book of the newest run of each configured deployment; else of the newest live, paper or backtest run.

    `run_id` names one run instead, which then stands for itself and not for its deployment.
    """
    runs = [_Run(*row) for row in session.rows(_RUNS)]
    if run_id is not None:
        return [_book(session, run, None) for run in runs if run.run_id == run_id]
    chosen: dict[str, tuple[_Run, str | None]] = {}
    for deployment in settings.deployments:
        folders = [settings.path(name) for name in deployment.results]
        mine = [run for run in runs if run.deployment == deployment.name or _lies_in(run.source_path, folders)]
        if mine:
            newest = max(mine, key=lambda run: run.newest or dt.datetime.min.replace(tzinfo=dt.UTC))
            chosen[newest.run_id] = (newest, deployment.name)
    if not chosen and runs:
        chosen[runs[0].run_id] = (runs[0], runs[0].deployment)
    return [_book(session, run, name) for run, name in chosen.values()]


def _lies_in(source: str | None, folders: Sequence[Path]) -> bool:
    return source is not None and any(Path(source).is_relative_to(folder) for folder in folders)


def _book(session: WriteSession, run: _Run, deployment: str | None) -> PresentBook:
    positions = session.rows(_POSITIONS, [run.run_id])
    seen = _Seen(session, run)
    contracts = {row[0]: _Contract(row[0], row[2], *row[5:]) for row in positions}
    seen.solve(contracts.values())
    owners = _owners(session, run.run_id)
    legs: list[PricedLeg] = []
    left_out: dict[str, str] = {}
    for key, quantity, _, currency, *_ in positions:
        contract = contracts[key]
        if currency not in (None, run.currency):
            left_out[key] = f"it is in {currency}, the account in {run.currency}"
            continue
        priced = seen.price(contract)
        if isinstance(priced, str):
            left_out[key] = priced
            continue
        for trade, strategy, held in _split(owners.get(key, ()), quantity):
            legs.append(_leg(contract, priced, trade, strategy, held))
    return PresentBook(
        run.run_id, deployment, run.mode, seen.book_date, run.equity, run.currency, tuple(legs), left_out
    )


def _owners(session: WriteSession, run_id: str) -> dict[str, list[tuple[str, str, Decimal]]]:
    """(trade, strategy, quantity) of the open trades that hold a contract, by its key."""
    found: dict[str, list[tuple[str, str, Decimal]]] = {}
    for trade, strategy, key, held in session.rows(_TRADES, [run_id, run_id]):
        found.setdefault(key, []).append((trade, strategy, held))
    return found


def _split(owners: Sequence[tuple[str, str, Decimal]], quantity: Decimal) -> list[tuple[str, str, Decimal]]:
    """A position by trade; what no trade explains is nobody's."""
    rest = quantity - sum((held for _, _, held in owners), Decimal(0))
    return [*owners, (UNASSIGNED, UNASSIGNED, rest)] if rest else list(owners)


@dataclass(frozen=True, slots=True)
class _Contract:
    key: str
    mark: Decimal | None
    root: str | None
    underlying: str | None
    expiry: dt.date | None
    call_put: str | None
    strike: Decimal | None
    multiplier: Decimal | None

    @property
    def product(self) -> str:
        """The ticker of the underlying; of a future its product, whose months move together."""
        name = self.underlying or self.root or self.key
        return product_of(name) if name.startswith("/") else name


@dataclass(frozen=True, slots=True)
class _Priced:
    price: Decimal
    price_source: str
    volatility: Decimal | None
    volatility_source: str | None


def _leg(contract: _Contract, priced: _Priced, trade: str, strategy: str, held: Decimal) -> PricedLeg:
    is_option = contract.call_put is not None
    leg = HeldLeg(
        trade=trade,
        strategy=strategy,
        underlying=contract.product,
        key=contract.key,
        quantity=float(held),
        multiplier=float(contract.multiplier or 1),
        price=float(priced.price),
        call_put=contract.call_put,
        strike=float(contract.strike or 0) if is_option else 0.0,
        expiry=contract.expiry if is_option else None,
        volatility=None if priced.volatility is None else float(priced.volatility),
    )
    return PricedLeg(leg, priced.price_source, priced.volatility_source)


class _Seen:
    """What is known of prices and volatilities around the date of a run's book."""

    def __init__(self, session: WriteSession, run: _Run) -> None:
        self._session = session
        self._prices: dict[str, tuple[dt.date, Decimal]] = {}
        self._volatilities: dict[str, tuple[dt.date, Decimal]] = {}
        for day, underlying, price, volatilities in session.rows(_GREEKS, [run.run_id]):
            if price is not None:
                self._prices[underlying] = (day, Decimal(price))
            for key, level in _numbers(volatilities).items():
                self._volatilities[key] = (day, level)
        self._solved: dict[str, Decimal] = {}
        self.book_date = _book_date(run)

    def price(self, contract: _Contract) -> _Priced | str:
        """What a contract is priced by, or why it cannot be."""
        if contract.multiplier is None:
            return "its multiplier is not known"
        found = self._underlying(contract)
        if found is None:
            return f"no price of {contract.underlying or contract.root} within a week before {self.book_date}"
        price, source = found
        if contract.call_put is None:
            return _Priced(price, source, None, None)
        if contract.expiry is None or contract.strike is None or contract.strike <= 0:
            return "its terms are not known"
        if contract.expiry < self.book_date:
            return f"it expired on {contract.expiry}, before the book's date"
        level = self._volatility(contract, price)
        if level is None:
            return "no volatility: none in the journal, no mark that has one, and no VIX"
        return _Priced(price, source, *level)

    def _underlying(self, contract: _Contract) -> tuple[Decimal, str] | None:
        names = [name for name in (contract.underlying, contract.product, contract.root) if name]
        for name in names:
            if name in self._prices and self._is_recent(self._prices[name][0]):
                return self._prices[name][1], "journal"
        if contract.call_put is None and contract.mark is not None and contract.mark > 0:
            return contract.mark, "mark"
        close = self._close([name.upper() for name in names])
        if close is not None:
            return close, "daily_prices"
        solved = self._solved.get(contract.product)
        return None if solved is None else (solved, "marks")

    def solve(self, contracts: Iterable[_Contract]) -> None:
        """Work out prices that nothing states from the marks of a put and a call, for what has no better one."""
        marked = [one for one in contracts if one.mark and one.mark > 0 and one.strike and one.expiry]
        for call in (one for one in marked if one.call_put == "C"):
            for put in (
                one for one in marked if (one.call_put, one.product, one.expiry) == ("P", call.product, call.expiry)
            ):
                if call.strike and call.mark and put.strike and put.mark and call.expiry:
                    years = (call.expiry - self.book_date).days / DAYS_A_YEAR
                    price = implied_price((call.strike, call.mark), (put.strike, put.mark), years)
                    if price is not None:
                        self._solved.setdefault(call.product, price)

    def _volatility(self, contract: _Contract, price: Decimal) -> tuple[Decimal, str] | None:
        known = self._volatilities.get(contract.key)
        if known is not None and self._is_recent(known[0]):
            return known[1], "journal"
        assert contract.expiry is not None
        assert contract.strike is not None
        assert contract.call_put is not None
        years = (contract.expiry - self.book_date).days / DAYS_A_YEAR
        if contract.mark is not None:
            level = implied_volatility(contract.mark, price, contract.strike, years, contract.call_put)
            if level is not None:
                return level, "mark"
        vix = self._close(_VIX_NAMES)
        return None if vix is None else (vix / 100, "vix")

    def _is_recent(self, day: dt.date) -> bool:
        return self.book_date - OLDEST_INPUT <= day <= self.book_date

    def _close(self, names: Sequence[str]) -> Decimal | None:
        span = [list(names), self.book_date - OLDEST_INPUT, self.book_date]
        rows = self._session.rows(_CLOSE, span)
        return Decimal(repr(rows[0][0])) if rows and rows[0][0] > 0 else None


def _numbers(text: str | None) -> dict[str, Decimal]:
    if text is None:
        return {}
    levels = {str(key): Decimal(level) for key, level in json.loads(text).items()}
    return {key: level for key, level in levels.items() if level > 0}


def _book_date(run: _Run) -> dt.date:
    """The session that a run's book belongs to: the newest by its own clock, which in a backtest is not the wall's."""
    if run.journalled is not None:
        return run.journalled.astimezone(NEW_YORK).date()
    if run.mode == "backtest":
        return run.period_end or run.last_event or dt.date.min
    newest = None if run.newest is None else run.newest.astimezone(NEW_YORK).date()
    return newest or run.last_event or dt.date.min
