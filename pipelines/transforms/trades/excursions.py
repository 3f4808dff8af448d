"""How far a trade went against its trader and for him while it was open: MAE and MFE.

Holds: the excursions of a trade from the engine's closed trades of its legs, or along a path of its value.
Belongs here: what is exact, and what is a bound only.
Never here: reading prices or the warehouse.

Amounts are in the contracts' currency, gross of fees: MAE at most zero, MFE at least zero. LEAN keeps excursions per
contract; of a trade of several legs their sums are bounds, because the legs need not have been at their worst at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipelines.transforms.trades.books import OPENING
from pipelines.transforms.trades.packages import ZERO, OrderKey
from pipelines.transforms.trades.strategy_trades import Trade

CLOSED_TRADE, BOUNDS, QUOTES = "closed_trade", "bounds", "quotes"


@dataclass(frozen=True, slots=True)
class Excursions:
    """`basis`: quotes or closed_trade (exact), bounds (at most this far)."""

    mae: Decimal
    mfe: Decimal
    basis: str


@dataclass(frozen=True, slots=True)
class EngineTrade:
    """A closed trade of the engine: the orders that opened and closed it, per contract."""

    run_id: str
    order_ids: tuple[int, ...]
    mae: Decimal | None
    mfe: Decimal | None
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """What was held from a moment on, and the cash that had flowed until then."""

    since: dt.datetime
    held: Mapping[str, Decimal]
    cash: Decimal


class EngineTrades:
    """The engine's closed trades of a history, found by their orders."""

    def __init__(self, trades: Iterable[EngineTrade]) -> None:
        self._by_order: dict[OrderKey, list[EngineTrade]] = {}
        for trade in trades:
            for order_id in trade.order_ids:
                self._by_order.setdefault((trade.run_id, order_id), []).append(trade)

    def of(self, trade: Trade) -> Excursions | None:
        """The excursions of a closed trade; None where a leg is missing in the engine's account, or held.

        One contract, opened at once and closed at once, is exactly the engine's closed trade. Everything else is
        bounded by the sums.
        """
        orders = {(part.run_id, part.order_id) for part in trade.parts}
        found = {id(one): one for key in orders for one in self._by_order.get(key, ())}
        mine = [one for one in found.values() if all((one.run_id, order_id) in orders for order_id in one.order_ids)]
        if trade.profit_loss is None or not mine or len(mine) < len(found):
            return None
        opened = sum((abs(fill.quantity) for fill in trade.fills if fill.part == OPENING), ZERO)
        if sum((one.quantity for one in mine), ZERO) != opened or any(
            one.mae is None or one.mfe is None for one in mine
        ):
            return None
        mae = sum((one.mae for one in mine if one.mae is not None), ZERO)
        mfe = sum((one.mfe for one in mine if one.mfe is not None), ZERO)
        # What a settlement in cash pays is not in the engine's trade; the result was reached in any case.
        is_exact = len(mine) == 1 and trade.ended_by not in ("assigned", "cash_settled")
        low, high = min(mae, trade.profit_loss, ZERO), max(mfe, trade.profit_loss, ZERO)
        return Excursions(low, high, CLOSED_TRADE if is_exact else BOUNDS)


def along_path(
    steps: Sequence[Step],
    until: dt.datetime,
    prices: Mapping[str, Mapping[dt.datetime, Decimal]],
    multipliers: Mapping[str, Decimal],
) -> Excursions | None:
    """The excursions along the prices seen while a trade was open; None where a held contract has no price.

    `prices` are per contract and moment. A moment counts where every contract held has a price, its own or the one
    before. A price at the very moment of a fill is one of before the fill, as in the engine's own account.
    """
    moments = sorted(
        {moment for key in multipliers for moment in prices.get(key, {}) if steps[0].since < moment <= until}
    )
    last: dict[str, Decimal] = {}
    results = [ZERO]
    place = 0
    for moment in moments:
        last.update({key: prices[key][moment] for key in multipliers if moment in prices.get(key, {})})
        while place + 1 < len(steps) and steps[place + 1].since < moment:
            place += 1
        step = steps[place]
        held = {key: quantity for key, quantity in step.held.items() if quantity}
        if held.keys() <= last.keys():
            value = sum((quantity * last[key] * multipliers[key] for key, quantity in held.items()), ZERO)
            results.append(step.cash + value)
    held_ever = {key for step in steps for key, quantity in step.held.items() if quantity}
    if not held_ever <= last.keys():
        return None
    results.append(steps[-1].cash)
    return Excursions(min(results), max(results), QUOTES)
