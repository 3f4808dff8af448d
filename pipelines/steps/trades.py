"""Strategy trades of the runs that changed.

Holds: reading the orders and fills of many runs at once, and writing their strategy trades.
Belongs here: the SQL and frames of those tables.
Never here: the rules that join a trade (`pipelines.transforms.strategy_trades`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.parsing.lean_events import read_settlement
from pipelines.steps.accounting_inputs import read_reference
from pipelines.steps.trade_quotes import HourlyQuotes
from pipelines.steps.trade_rows import TradeRows
from pipelines.transforms.contract_terms import Listing, terms_of
from pipelines.transforms.strategy_trades import Trade, TradedFill, TradedOrder, agreement, strategy_trades
from pipelines.transforms.trade_excursions import BOUNDS, EngineTrade, EngineTrades, Excursions
from pipelines.transforms.trade_kinds import Contract

if TYPE_CHECKING:
    from warehouse.session import WriteSession

DIRTY_DOMAIN = "trades"
_EVENTS_AT_ONCE = 100_000

_HISTORIES = """
SELECT r.run_id, coalesce(d.deployment_id, r.run_id) AS history, count(e.event_id)
FROM records.runs r
LEFT JOIN derived.deployment_runs d USING (run_id)
LEFT JOIN records.order_events e USING (run_id)
GROUP BY ALL
ORDER BY history, any_value(d.position), r.run_id
"""
_ORDERS = """
SELECT order_id, group_id, tag, run_id, quantity FROM records.orders WHERE run_id IN (SELECT unnest(?)) ORDER BY run_id, order_id
"""
_CONTRACTS = """
SELECT instrument_key, security_type, ticker, root, lean_symbol_id, multiplier, strike, call_put, expiry, underlying
FROM records.instruments
"""
_FILLS = """
SELECT run_id, order_id, event_id, occurred_at, session_date, kind, fill_quantity, fill_price, fee_amount, fee_currency,
       is_in_the_money, instrument_key,
       CASE WHEN kind IN ('expiry', 'exercise', 'assignment') THEN message END
FROM records.order_events
WHERE run_id IN (SELECT unnest(?)) AND fill_quantity <> 0
ORDER BY run_id, occurred_at, order_id, event_id
"""
_ENGINE_TRADES = """
SELECT run_id, CAST(order_ids AS BIGINT[]), mae, mfe, quantity
FROM records.closed_trades WHERE run_id IN (SELECT unnest(?)) ORDER BY run_id, source_file, position
"""


@dataclass(slots=True)
class _History:
    """The runs whose trades are joined together, in their order, and how many events they have."""

    runs: list[str] = field(default_factory=list)
    events: int = 0


@dataclass(frozen=True, slots=True)
class _Paths:
    """Where the excursions of a trade are known from: the engine's closed trades, and quotes where there are any."""

    engine: EngineTrades
    quotes: HourlyQuotes | None

    def excursions(self, trade: Trade) -> Excursions | None:
        known = self.engine.of(trade)
        if self.quotes is None or (known is not None and known.basis != BOUNDS):
            return known
        found = self.quotes.excursions(trade)
        # Prices that leave the bounds the engine saw are not those it traded on: another vendor, another adjustment.
        is_like = found is not None and (known is None or (known.mae <= found.mae and found.mfe <= known.mfe))
        return found if is_like else known


def rebuild_trades(session: WriteSession, run_ids: Iterable[str] | None = None, *, data: Path | None = None) -> int:
    """Make the strategy trades of these runs again (None: of every run); returns how many were made.

    Runs of one deployment are one history: all of them are made again where one changed, whatever deployment it was
    in before. Every run is made again where the code behind these tables changed since (`warehouse.build_derived`).
    `data` is LEAN's data folder, for the excursions of trades along quotes.
    """
    waiting = session.dirty_days(DIRTY_DOMAIN)
    histories = _histories(session, None if waiting or run_ids is None else frozenset(run_ids))
    contracts = _contracts(session) if histories else {}
    made = 0
    with session.transaction():
        for batch in _batches(histories):
            made += _rebuild(session, batch, contracts, data)
        session.clear_dirty(DIRTY_DOMAIN, waiting)
    return made


def trades_of(session: WriteSession, run_ids: Sequence[str]) -> dict[tuple[str, str], Trade]:
    """The trades of these runs with all their parts, by run and trade id, each run a history of its own."""
    orders = _orders(session, run_ids)
    fills = _fills(session, run_ids, _contracts(session))
    return {trade.key: trade for run_id in run_ids for trade in strategy_trades(orders[run_id], fills[run_id])}


def _histories(session: WriteSession, changed: frozenset[str] | None) -> list[_History]:
    histories: dict[str, _History] = defaultdict(_History)
    for run_id, name, events in session.rows(_HISTORIES):
        histories[name].runs.append(run_id)
        histories[name].events += events
    if changed is None:
        return list(histories.values())
    live = {run_id for (run_id,) in session.rows("SELECT run_id FROM derived.deployment_runs")}
    # A run that was read late may move others to another deployment: all of them are few.
    wanted = changed | live if changed & live else changed
    return [history for history in histories.values() if wanted & set(history.runs)]


def _contracts(session: WriteSession) -> dict[str, Contract]:
    """Every instrument with its multiplier, and its strike on the scale of the underlying."""
    properties = read_reference(session).properties
    contracts = {}
    for *listed, expiry, underlying in session.rows(_CONTRACTS):
        terms, _ = terms_of(Listing(*listed), properties)
        contracts[terms.key] = Contract(
            key=terms.key,
            security_type=terms.security_type,
            expiry=expiry,
            call_put=terms.call_put,
            strike=terms.strike,
            multiplier=terms.multiplier,
            underlying=underlying,
        )
    return contracts


def _batches(histories: Sequence[_History]) -> Iterator[list[_History]]:
    """Histories together as long as their events fit into memory easily."""
    batch: list[_History] = []
    for history in histories:
        if batch and sum(one.events for one in batch) + history.events > _EVENTS_AT_ONCE:
            yield batch
            batch = []
        batch.append(history)
    if batch:
        yield batch


def _rebuild(
    session: WriteSession, histories: Sequence[_History], contracts: dict[str, Contract], data: Path | None
) -> int:
    run_ids = [run_id for history in histories for run_id in history.runs]
    orders = _orders(session, run_ids)
    fills = _fills(session, run_ids, contracts)
    engine: dict[str, list[EngineTrade]] = defaultdict(list)
    for row in session.rows(_ENGINE_TRADES, (run_ids,)):
        engine[row[0]].append(EngineTrade(row[0], tuple(row[1] or ()), *row[2:]))
    rows = TradeRows()
    quotes = HourlyQuotes(data) if data is not None else None
    for history in histories:
        _add_history(
            rows,
            [order for run_id in history.runs for order in orders[run_id]],
            [fill for run_id in history.runs for fill in fills[run_id]],
            _Paths(EngineTrades(trade for run_id in history.runs for trade in engine[run_id]), quotes),
        )
    rows.write(session, run_ids)
    return len(rows.trades)


def _orders(session: WriteSession, run_ids: Sequence[str]) -> dict[str, list[TradedOrder]]:
    orders: dict[str, list[TradedOrder]] = defaultdict(list)
    for row in session.rows(_ORDERS, (list(run_ids),)):
        orders[row[3]].append(TradedOrder(*row))
    return orders


def _add_history(rows: TradeRows, orders: Sequence[TradedOrder], fills: Sequence[TradedFill], paths: _Paths) -> None:
    trades = strategy_trades(orders, fills)
    tagged = any(part.joined_by == "tag" for trade in trades for part in trade.parts)
    untagged = strategy_trades(orders, fills, use_tags=False) if tagged else []
    found = agreement(trades, untagged)
    for trade in trades:
        rows.add(trade, paths.excursions(trade), found.get(trade.key))
    rows.add_untagged(untagged)


def _fills(
    session: WriteSession, run_ids: Sequence[str], contracts: dict[str, Contract]
) -> dict[str, list[TradedFill]]:
    found = session.rows(_FILLS, (list(run_ids),))
    delivering = {(row[0], row[1]) for row in found if row[5] == "delivery"}
    fills: dict[str, list[TradedFill]] = defaultdict(list)
    for run_id, order_id, event_id, at, day, kind, quantity, price, fee, currency, itm, key, message in found:
        note = read_settlement(message)
        fills[run_id].append(
            TradedFill(
                order_id=order_id,
                occurred_at=at,
                session_date=day,
                kind=kind,
                contract=contracts[key],
                quantity=quantity,
                price=price,
                fee=fee,
                fee_currency=currency,
                underlying_price=note.underlying if note else None,
                is_in_the_money=itm,
                delivers=kind != "delivery" and (run_id, order_id) in delivering,
                run_id=run_id,
                event_id=event_id,
            )
        )
    return fills
