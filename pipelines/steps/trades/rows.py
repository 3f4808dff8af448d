"""Rows of strategy trades.

Holds: the rows of trades, table by table, as tuples of the columns named beside them.
Belongs here: how a trade is laid out over the tables.
Never here: queries, or the rules that join a trade.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from pipelines.transforms.trades.excursions import Excursions
from pipelines.transforms.trades.strategy_trades import Trade, TradeFill, TradeOrders
from warehouse.frames import frame_of_tuples
from warehouse.models.derived.trades import StrategyTrade, TradeFillRow, TradeLegRow, TradeOrder, UntaggedTradeOrder

if TYPE_CHECKING:
    import polars as pl

    from pipelines.steps.replacing import Replacing
    from warehouse.models.base import Base

MODELS: tuple[type[Base], ...] = (StrategyTrade, TradeOrder, TradeFillRow, TradeLegRow, UntaggedTradeOrder)

_AS_THEY_ARE = (
    "run_id",
    "trade_id",
    "strategy",
    "kind",
    "side",
    "quantity",
    "opened_at",
    "closed_at",
    "ended_by",
    "credit",
    "profit_loss",
    "fees",
    "days_held",
    "opened_quantity",
    "label",
    "underlying",
    "strikes",
    "days_to_expiry",
    "max_profit",
    "max_loss",
    "captured_share",
    "chain_position",
    "link",
)
_FIGURES = attrgetter(*_AS_THEY_ARE)
_TRADE = (
    *_AS_THEY_ARE,
    "chain_run_id",
    "chain_id",
    "rolled_from_run_id",
    "rolled_from",
    "mae",
    "mfe",
    "excursion_basis",
    "found_without_tags",
)
_ORDER = ("run_id", "order_id", "part", "joined_by", "trades", "trade_run_id", "trade_id")
_FILL = (
    "run_id",
    "order_id",
    "event_id",
    "trade_run_id",
    "trade_id",
    "part",
    "quantity",
    "cash",
    "pays_fee",
)
_LEG = (
    "run_id",
    "trade_id",
    "position",
    "instrument_key",
    "quantity",
    "opened_price",
    "closed_quantity",
    "closed_price",
    "profit_loss",
    "fees",
    "ended_by",
)
_NONE_KNOWN = (None, None, None)


class TradeRows:
    """The rows of some trades, to be written together."""

    def __init__(self) -> None:
        self._trades: list[tuple[Any, ...]] = []
        self._orders: list[tuple[Any, ...]] = []
        self._fills: list[tuple[Any, ...]] = []
        self._legs: list[tuple[Any, ...]] = []

    def add(self, trade: Trade, excursions: Excursions | None, found_without_tags: bool | None) -> None:
        """The rows of one trade."""
        seen = _NONE_KNOWN if excursions is None else (excursions.mae, excursions.mfe, excursions.basis)
        before = trade.rolled_from or (None, None)
        self._trades.append((*_FIGURES(trade), *trade.chain, *before, *seen, found_without_tags))
        self._orders.extend(_orders_of(trade))
        self._fills.extend(_fills_of(trade))
        self._legs.extend(_legs_of(trade))

    def write(self, rows: Replacing) -> None:
        """Hand them over."""
        rows.add(StrategyTrade, frame_of_tuples(StrategyTrade, _TRADE, self._trades))
        rows.add(TradeOrder, frame_of_tuples(TradeOrder, _ORDER, self._orders))
        rows.add(TradeFillRow, frame_of_tuples(TradeFillRow, _FILL, self._fills))
        rows.add(TradeLegRow, frame_of_tuples(TradeLegRow, _LEG, self._legs))


def untagged_orders(trades: Iterable[TradeOrders]) -> pl.DataFrame:
    """The orders of trades that were found without tags."""
    return frame_of_tuples(UntaggedTradeOrder, _ORDER, [row for trade in trades for row in _orders_of(trade)])


def _orders_of(trade: Trade | TradeOrders) -> Iterator[tuple[Any, ...]]:
    """The orders that stand with this trade: an order of several trades does with one, where its fee counts."""
    for part in trade.parts:
        if part.leads:
            yield part.run_id, part.order_id, part.part, part.joined_by, part.trades, trade.run_id, trade.trade_id


def _fills_of(trade: Trade) -> Iterator[tuple[Any, ...]]:
    """A delivery that ends what the trade holds the other way and goes on comes in two parts: one row."""
    found: dict[tuple[str, int, int], TradeFill] = {}
    for fill in trade.fills:
        key = fill[:3]
        found[key] = fill if (known := found.get(key)) is None else _together(known, fill)
    for (run_id, order_id, event_id), fill in found.items():
        amounts = fill.quantity, fill.cash, fill.pays_fee
        yield run_id, order_id, event_id, trade.run_id, trade.trade_id, fill.part, *amounts


def _together(one: TradeFill, other: TradeFill) -> TradeFill:
    return one._replace(
        quantity=one.quantity + other.quantity,
        cash=_sum(one.cash, other.cash),
        pays_fee=one.pays_fee or other.pays_fee,
    )


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def _legs_of(trade: Trade) -> Iterator[tuple[Any, ...]]:
    for position, leg in enumerate(trade.legs, start=1):
        yield trade.run_id, trade.trade_id, position, leg.contract.key, *leg[1:]
