"""What the accounting of runs reads, many runs in one query.

Holds: a run's inputs as the plain data of `pipelines.transforms`, put together from rows over records.
Belongs here: how columns become fills, figures and evidence.
Never here: the SQL (`accounting_queries`), a rule of money, or anything written.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pipelines.parsing.lean.events import read_settlement
from pipelines.steps.accounting import queries
from pipelines.steps.kept_rows import KeptRows
from pipelines.transforms.accounting.cash_history import CashSample, history_of
from pipelines.transforms.accounting.contract_terms import (
    Listing,
    Properties,
    SymbolProperties,
    TradeEvidence,
    terms_of,
)
from pipelines.transforms.accounting.implied_splits import TradeEntry, implied_splits
from pipelines.transforms.accounting.inherited_positions import Inherited
from pipelines.transforms.accounting.lean_totals import OrderFees, TradeTotals
from pipelines.transforms.accounting.lots import Fill, Terms
from pipelines.transforms.accounting.run_accounts import Dividend, Split
from pipelines.transforms.accounting.run_money import CashHistory, Exposure, LeanFigures
from tomking.kernel.money import ZERO, add

if TYPE_CHECKING:
    from warehouse.session import WriteSession

BATCH = 100_000
"""Events of runs that are read together."""

_HALF_CENT = Decimal("0.0051")
_HALF_RATIO = Decimal("0.00005")
"""Half of the last of the four decimals with which LEAN plots a ratio."""
_RAW_MODES = ("raw", "split_adjusted", "scaled_raw")
"""Prices of these modes leave dividends (and raw ones splits) to the account."""


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """A line of a live run's status file."""

    quantity: Decimal
    average_price: Decimal
    price: Decimal | None


@dataclass(slots=True)
class RunInputs:
    """Everything the accounting of one run needs. `fills` come in the order of time and can be read once."""

    run_id: str
    is_live: bool
    is_complete: bool
    figures: LeanFigures
    last_session: dt.date | None = None
    fills: Iterator[Fill] | list[Fill] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    """Where each instrument's multiplier is from."""
    order_fees: OrderFees = field(default_factory=OrderFees)
    trades: TradeTotals = field(default_factory=TradeTotals)
    booked_profits: list[Decimal] = field(default_factory=list)
    """Of a live run: the `profitLoss` map in the order of time."""
    held: dict[str, HeldPosition] = field(default_factory=dict)
    inherited: Inherited = field(default_factory=dict)
    """Positions no event of a live run opened: terms, quantity, average price."""
    splits: dict[str, list[Split]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """What LEAN's data folder says; empty where none was read."""

    properties: Properties = field(default_factory=dict)
    dividends: Mapping[str, Sequence[Dividend]] = field(default_factory=dict)
    splits: Mapping[str, Sequence[Split]] = field(default_factory=dict)


def run_batches(session: WriteSession, run_ids: Sequence[str]) -> Iterator[list[str]]:
    """The runs in groups of at most `BATCH` events; a larger run is a group of its own."""
    batch: list[str] = []
    events = 0
    for run_id, count in session.rows(queries.SIZES, (list(run_ids),)):
        if batch and events + count > BATCH:
            yield batch
            batch, events = [], 0
        batch.append(run_id)
        events += count
    if batch:
        yield batch


def read_reference(session: WriteSession) -> Reference:
    """Symbol properties by market, symbol and type; dividends and splits by share."""
    dividends: dict[str, list[Dividend]] = defaultdict(list)
    splits: dict[str, list[Split]] = defaultdict(list)
    for symbol, day, kind, amount in session.rows(queries.ACTIONS):
        if kind == "dividend":
            dividends[symbol].append(Dividend(day, amount))
        else:
            splits[symbol].append(Split(day + dt.timedelta(days=1), amount))
    lines = (
        SymbolProperties(market, symbol or None, *rest) for market, symbol, *rest in session.rows(queries.PROPERTIES)
    )
    return Reference({(line.market, line.symbol, line.security_type): line for line in lines}, dividends, splits)


def read_runs(session: WriteSession, run_ids: Sequence[str], reference: Reference) -> Iterator[RunInputs]:
    """The runs of a batch, one after another; a run's fills must be used up before the next is asked for."""
    wanted = (list(run_ids),)
    statistics: dict[str, dict[tuple[str, str], Decimal]] = defaultdict(dict)
    for run_id, section, name, number in session.rows(queries.STATISTICS, wanted):
        statistics[run_id][section, name] = number
    fees = {row[0]: OrderFees(*row[1:]) for row in session.rows(queries.ORDER_FEES, wanted)}
    trades = {row[0]: TradeTotals(*row[1:]) for row in session.rows(queries.TRADES, wanted)}
    booked = _by_run(session.rows(queries.BOOKED, wanted))
    holdings = _by_run(session.rows(queries.HOLDINGS, wanted))
    listings = _by_run(session.rows(queries.LISTINGS, wanted))
    rescaled = _by_run(session.rows(queries.RESCALED, wanted))
    runs = session.rows(queries.RUNS, wanted)
    kept = KeptRows(session, queries.EVENTS, wanted)
    events = groupby((row for frame in kept.all() for row in frame.iter_rows()), key=itemgetter(0))
    current = next(events, None)
    for run_id, mode, period_end, is_complete, currency, start, end in runs:
        run = RunInputs(run_id, mode in ("live", "paper"), is_complete, LeanFigures(currency), period_end)
        run.figures = _figures(currency, start, end, statistics[run_id])
        run.order_fees = fees.get(run_id, OrderFees())
        run.trades = trades.get(run_id, TradeTotals()) if is_complete else TradeTotals()
        terms = _terms(session, run, listings.get(run_id, []), reference.properties)
        run.splits = _splits(run, listings.get(run_id, []), rescaled.get(run_id, []), reference)
        if current is not None and current[0] == run_id:
            run.fills = (_fill(row, terms[row[1]]) for row in current[1])
        if run.is_live:
            run.fills = list(run.fills)
            run.booked_profits = [amount for _, amount in booked.get(run_id, [])]
            _read_holdings(run, run.fills, holdings.get(run_id, []))
        yield run
        if current is not None and current[0] == run_id:
            current = next(events, None)
    kept.close()


def exposure_at_end(session: WriteSession, run: RunInputs) -> Exposure | None:
    """What the open positions are worth by the Exposure chart where it ends with the equity curve, else None."""
    ((total, series),) = session.rows(queries.EXPOSURE_AT_END, (run.run_id,))
    equity = run.figures.end_equity
    if total is None or not series or equity is None:
        return None
    return Exposure(Decimal(str(total)) * equity, series * _HALF_RATIO * abs(equity))


def cash_history(session: WriteSession, run_id: str) -> CashHistory | None:
    """How cash moved between fills, from the Exposure chart and the equity curve; None where they do not tell."""
    exposure = session.rows(queries.EXPOSURE, (run_id,))
    equity = session.rows(queries.EQUITY, (run_id,))
    samples: list[CashSample] = []
    place = 0
    for sampled_at, share in exposure:
        while place < len(equity) and equity[place][0] <= sampled_at:
            place += 1
        value = equity[place - 1][1] if place else None
        if value is not None and share is not None:
            samples.append(CashSample(sampled_at, value * (1 - Decimal(str(share)))))
    return history_of(samples, [moment for (moment,) in session.rows(queries.FILL_TIMES, (run_id,))])


def _by_run(rows: list[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def _figures(
    currency: str | None,
    start: Decimal | None,
    end: Decimal | None,
    statistics: Mapping[tuple[str, str], Decimal | None],
) -> LeanFigures:
    said = statistics.get
    exact = said(("portfolio", "endEquity"))
    if exact is not None and end is not None and abs(exact - end) <= _HALF_CENT:
        end = exact  # the same figure with four decimals
    equity = said(("runtime", "Equity"))
    if equity is not None and end is not None and abs(equity - end) <= _HALF_CENT:
        equity = end
    fees = said(("runtime", "Fees"))
    return LeanFigures(
        currency=currency,
        start_equity=start,
        end_equity=end,
        equity=equity,
        holdings=said(("runtime", "Holdings")),
        net_profit=said(("runtime", "Net Profit")),
        unrealized=said(("runtime", "Unrealized")),
        fees=None if fees is None else -fees,
        total_fees=said(("statistics", "Total Fees")),
        trade_fees=said(("trade", "totalFees")),
        net_profit_percent=said(("statistics", "Net Profit")),
    )


def _terms(
    session: WriteSession, run: RunInputs, listings: list[tuple[Any, ...]], properties: Properties
) -> dict[str, Terms]:
    """The terms of every instrument; LEAN's closed trades are asked only where nothing else knows a multiplier."""
    found: dict[str, Terms] = {}
    for row in listings:
        _, key, symbol_id, security_type, ticker, root, multiplier, strike, call_put, priced_in, _ = row
        listing = Listing(key, security_type, ticker, root, symbol_id, multiplier, strike, call_put, priced_in)
        terms, source = terms_of(listing, properties)
        if terms.multiplier is None and (terms.currency or run.figures.currency) == run.figures.currency:
            trades = session.rows(queries.TRADE_EVIDENCE, (run.run_id, symbol_id))
            terms, source = terms_of(
                listing, properties, [TradeEvidence(change * size, profit) for change, size, profit in trades]
            )
        found[key], run.sources[key] = terms, source
    return found


def _fill(row: tuple[Any, ...], terms: Terms) -> Fill:
    _, _, order_id, event_id, occurred_at, session_date, kind, quantity, price, *rest = row
    fee, fee_currency, message, delivers, mode = rest
    note = None if message is None else read_settlement(message)
    return Fill(
        order_id=order_id,
        event_id=event_id,
        occurred_at=occurred_at,
        session_date=session_date,
        kind=kind,
        terms=terms,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=None if fee is None else Decimal(fee),
        fee_currency=fee_currency,
        underlying_price=note.underlying if note else None,
        settled_result=note.result if note else None,
        delivers=delivers,
        is_raw=mode in _RAW_MODES,
    )


def _splits(
    run: RunInputs, listings: list[tuple[Any, ...]], rescaled: list[tuple[Any, ...]], reference: Reference
) -> dict[str, list[Split]]:
    """Splits of shares held at raw prices: from factor files, else from closed trades whose entry LEAN rescaled."""
    found: dict[str, list[Split]] = {}
    for _, key, _, security_type, *_, raw_since in listings:
        if security_type != "equity" or raw_since is None:
            continue
        stated = [
            split
            for split in reference.splits.get(key, ())
            if split.session_date > raw_since and (run.last_session is None or split.session_date <= run.last_session)
        ]
        entries = [TradeEntry(*entry) for _, of_key, *entry in rescaled if of_key == key]
        found[key] = stated or implied_splits(entries)
    return found


def _read_holdings(run: RunInputs, fills: Sequence[Fill], lines: list[tuple[Any, ...]]) -> None:
    """What a live run holds by its status file, and what of it (or of what it closed) no event opened."""
    values = [line[5] for line in lines]
    if lines and None not in values:
        run.figures = replace(run.figures, live_marks=add(values))
    for _, key, quantity, average, price, _ in lines:
        run.held[key] = HeldPosition(quantity, average, price)
    filled: dict[str, Decimal] = defaultdict(Decimal)
    terms = {fill.terms.key: fill.terms for fill in fills}
    for fill in fills:
        filled[fill.terms.key] += fill.quantity
    inherited: dict[str, tuple[Terms, Decimal, Decimal | None]] = {}
    for key in sorted({*filled, *run.held}):
        holding = run.held.get(key)
        before = (holding.quantity if holding else ZERO) - filled.get(key, ZERO)
        if before and key in terms:
            still = holding is not None and abs(holding.quantity) <= abs(before)
            inherited[key] = (terms[key], before, holding.average_price if holding is not None and still else None)
    run.inherited = inherited
