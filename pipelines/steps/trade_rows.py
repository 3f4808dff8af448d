"""Rows of strategy trades.

Holds: the rows of one batch of histories, table by table, and their writing.
Belongs here: how a trade is laid out over the tables.
Never here: queries, or the rules that join a trade.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from pipelines.transforms.strategy_trades import Trade
from pipelines.transforms.trade_excursions import Excursions
from warehouse.frames import frame, money_if_it_fits, to_money
from warehouse.models.derived.trades import StrategyTrade, TradeFillRow, TradeLegRow, TradeOrder, UntaggedTradeOrder

if TYPE_CHECKING:
    from warehouse.models.base import Base
    from warehouse.session import WriteSession

Row = dict[str, object]
_AMOUNTS = (
    "quantity",
    "opened_quantity",
    "credit",
    "profit_loss",
    "fees",
    "days_held",
    "max_profit",
    "max_loss",
    "captured_share",
)
_TEXTS = ("strategy", "kind", "side", "ended_by", "label", "underlying", "strikes", "link")


@dataclass(slots=True)
class TradeRows:
    """The rows of trades, to be written together."""

    trades: list[Row] = field(default_factory=list)
    _orders: dict[tuple[str, int], Row] = field(default_factory=dict)
    _fills: dict[tuple[object, ...], Row] = field(default_factory=dict)
    _legs: list[Row] = field(default_factory=list)
    _untagged: dict[tuple[str, int], Row] = field(default_factory=dict)

    def add(self, trade: Trade, excursions: Excursions | None, found_without_tags: bool | None) -> None:
        """The rows of one trade."""
        row: Row = {"run_id": trade.run_id, "trade_id": trade.trade_id, "found_without_tags": found_without_tags}
        row |= {name: getattr(trade, name) for name in _TEXTS}
        row |= {name: money_if_it_fits(getattr(trade, name)) for name in _AMOUNTS}
        row |= {name: getattr(trade, name) for name in ("opened_at", "closed_at", "days_to_expiry", "chain_position")}
        row["chain_run_id"], row["chain_id"] = trade.chain
        if trade.rolled_from is not None:
            row["rolled_from_run_id"], row["rolled_from"] = trade.rolled_from
        if excursions is not None:
            row["mae"], row["mfe"] = money_if_it_fits(excursions.mae), money_if_it_fits(excursions.mfe)
            row["excursion_basis"] = excursions.basis
        self.trades.append(row)
        _add_orders(self._orders, trade)
        self._add_fills(trade)
        self._legs.extend(_leg_rows(trade))

    def add_untagged(self, trades: Iterable[Trade]) -> None:
        """The orders of trades that were found without tags."""
        for trade in trades:
            _add_orders(self._untagged, trade)

    def _add_fills(self, trade: Trade) -> None:
        for fill in trade.fills:
            key = (fill.run_id, fill.order_id, fill.event_id, trade.key)
            known = self._fills.get(key)
            if known is not None:
                # A delivery that ends what the trade holds the other way and goes on comes in two parts.
                known["quantity"] = _sum(known["quantity"], to_money(fill.quantity))
                known["cash"] = _sum(known["cash"], money_if_it_fits(fill.cash))
                known["pays_fee"] = bool(known["pays_fee"]) or fill.pays_fee
                continue
            self._fills[key] = {
                "run_id": fill.run_id,
                "order_id": fill.order_id,
                "event_id": fill.event_id,
                "trade_run_id": trade.run_id,
                "trade_id": trade.trade_id,
                "part": fill.part,
                "quantity": to_money(fill.quantity),
                "cash": money_if_it_fits(fill.cash),
                "pays_fee": fill.pays_fee,
            }

    def write(self, session: WriteSession, run_ids: Sequence[str]) -> None:
        """Put these rows in place of those of the runs."""
        tables: tuple[tuple[type[Base], Iterable[Row]], ...] = (
            (StrategyTrade, self.trades),
            (TradeOrder, self._orders.values()),
            (TradeFillRow, self._fills.values()),
            (TradeLegRow, self._legs),
            (UntaggedTradeOrder, self._untagged.values()),
        )
        with session.transaction():
            for model, rows in tables:
                session.replace(model, frame(model, rows), "run_id IN (SELECT unnest(?))", (list(run_ids),))


def _sum(known: object, more: Decimal | None) -> Decimal | None:
    return known + more if isinstance(known, Decimal) and more is not None else None


def _add_orders(rows: dict[tuple[str, int], Row], trade: Trade) -> None:
    """An order of several trades stands with the one that took of it first: its fee counts there."""
    paying = {(fill.run_id, fill.order_id) for fill in trade.fills if fill.pays_fee}
    for part in trade.parts:
        key = (part.run_id, part.order_id)
        known = rows.get(key)
        trades = 1 if known is None else cast("int", known["trades"]) + 1
        if known is not None and key not in paying:
            known["trades"] = trades
            continue
        rows[key] = {
            "run_id": part.run_id,
            "order_id": part.order_id,
            "trade_id": trade.trade_id,
            "part": part.part,
            "trade_run_id": trade.run_id,
            "joined_by": part.joined_by,
            "trades": trades,
        }


def _leg_rows(trade: Trade) -> list[Row]:
    return [
        {
            "run_id": trade.run_id,
            "trade_id": trade.trade_id,
            "instrument_key": leg.contract.key,
            "position": position,
            "quantity": to_money(leg.quantity),
            "opened_price": money_if_it_fits(leg.opened_price),
            "closed_quantity": to_money(leg.closed_quantity),
            "closed_price": money_if_it_fits(leg.closed_price),
            "profit_loss": money_if_it_fits(leg.profit_loss),
            "fees": money_if_it_fits(leg.fees),
            "ended_by": leg.ended_by,
        }
        for position, leg in enumerate(trade.legs, start=1)
    ]
