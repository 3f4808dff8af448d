"""Strategy trades of the runs that changed.

Holds: reading a run's orders and fills, and writing its strategy trades.
Belongs here: the SQL and frames of those tables.
Never here: the rules that join a trade (`pipelines.transforms.strategy_trades`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pipelines.parsing.lean_events import read_settlement
from pipelines.transforms.strategy_trades import Trade, TradedFill, TradedOrder, strategy_trades
from pipelines.transforms.trade_kinds import Contract
from warehouse.frames import frame, money_if_it_fits
from warehouse.models.derived.trades import StrategyTrade, TradeOrder

if TYPE_CHECKING:
    from warehouse.session import WriteSession

DIRTY_DOMAIN = "trades"

_ORDERS = "SELECT order_id, group_id, tag FROM records.orders WHERE run_id = ? ORDER BY order_id"
_FILLS = """
SELECT e.order_id, e.occurred_at, e.session_date, e.kind, e.fill_quantity, e.fill_price, e.fee_amount, e.fee_currency,
       e.is_in_the_money, e.message, e.instrument_key, i.security_type, i.expiry, i.call_put, i.strike, i.multiplier
FROM records.order_events e JOIN records.instruments i USING (instrument_key)
WHERE e.run_id = ? AND e.fill_quantity <> 0
ORDER BY e.occurred_at, e.order_id, e.event_id
"""


def rebuild_trades(session: WriteSession, run_ids: Iterable[str] | None = None) -> int:
    """Make the strategy trades of these runs again (None: of every run); returns how many there are now.

    Every run is made again where the code behind these tables changed since (`warehouse.build_derived` emptied them).
    """
    waiting = session.dirty_days(DIRTY_DOMAIN)
    if run_ids is None or waiting:
        run_ids = [run_id for (run_id,) in session.rows("SELECT run_id FROM records.runs ORDER BY run_id")]
    with session.transaction():
        made = sum(_rebuild(session, run_id) for run_id in run_ids)
        session.clear_dirty(DIRTY_DOMAIN, waiting)
    return made


def _rebuild(session: WriteSession, run_id: str) -> int:
    orders = [TradedOrder(*row) for row in session.rows(_ORDERS, (run_id,))]
    trades = strategy_trades(orders, _fills(session, run_id))
    with session.transaction():
        session.replace(
            StrategyTrade, frame(StrategyTrade, [_row(run_id, trade) for trade in trades]), "run_id = ?", (run_id,)
        )
        parts = {
            order_id: {"run_id": run_id, "order_id": order_id, "trade_id": trade.trade_id, "part": part}
            for trade in reversed(trades)
            for order_id, part in trade.orders
        }
        session.replace(TradeOrder, frame(TradeOrder, parts.values()), "run_id = ?", (run_id,))
    return len(trades)


def _fills(session: WriteSession, run_id: str) -> list[TradedFill]:
    found = session.rows(_FILLS, (run_id,))
    delivering = {row[0] for row in found if row[3] == "delivery"}
    fills = []
    for order_id, occurred_at, session_date, kind, quantity, price, fee, currency, itm, message, *contract in found:
        note = read_settlement(message)
        fills.append(
            TradedFill(
                order_id=order_id,
                occurred_at=occurred_at,
                session_date=session_date,
                kind=kind,
                contract=Contract(*contract),
                quantity=quantity,
                price=price,
                fee=fee,
                fee_currency=currency,
                underlying_price=note.underlying if note else None,
                is_in_the_money=itm,
                delivers=kind != "delivery" and order_id in delivering,
            )
        )
    return fills


def _row(run_id: str, trade: Trade) -> dict[str, object]:
    return {
        "run_id": run_id,
        "trade_id": trade.trade_id,
        "strategy": trade.strategy,
        "kind": trade.kind,
        "side": trade.side,
        "quantity": money_if_it_fits(trade.quantity),
        "opened_at": trade.opened_at,
        "closed_at": trade.closed_at,
        "ended_by": trade.ended_by,
        "credit": money_if_it_fits(trade.credit),
        "profit_loss": money_if_it_fits(trade.profit_loss),
        "fees": money_if_it_fits(trade.fees),
        "days_held": money_if_it_fits(trade.days_held),
    }
