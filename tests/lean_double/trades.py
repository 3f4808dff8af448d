"""LEAN's own trade bookkeeping: closed trades fill to fill, first in first out, and the profit-loss map.

Holds: `TradeBuilder`.
Belongs here: what the engine reports about closed trades, with its habits (gross, fee of the first fill event).
Never here: strategy trades.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from tests.lean_double.orders import iso
from tests.lean_double.securities import Security
from tests.lean_double.symbols import Symbol

_CENT = Decimal("0.01")


@dataclass
class Lot:
    """An entry that is still open, with the lowest and highest price seen since."""

    order_id: int
    quantity: Decimal
    price: Decimal
    fee: Decimal
    entered: datetime
    low: Decimal
    high: Decimal
    give_back: Decimal = Decimal(0)

    def see(self, price: Decimal) -> None:
        """Follow a price: extremes, and the largest fall from the best one."""
        self.low, self.high = min(self.low, price), max(self.high, price)
        best = self.high if self.quantity > 0 else self.low
        self.give_back = max(self.give_back, abs(best - price))


@dataclass(frozen=True)
class ClosedTrade:
    symbol: Symbol
    entered: datetime
    entry_price: Decimal
    quantity: Decimal
    exited: datetime
    exit_price: Decimal
    profit: Decimal
    fees: Decimal
    worst: Decimal
    best: Decimal
    give_back: Decimal
    order_ids: tuple[int, int]

    @property
    def duration(self) -> timedelta:
        return self.exited - self.entered

    def as_json(self) -> dict[str, object]:
        name = f"{self.symbol.id.text}|{self.order_ids}|{self.quantity}"
        return {
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
            "symbols": [self.symbol.as_json()],
            "entryTime": iso(self.entered),
            "entryPrice": float(self.entry_price),
            "direction": 0 if self.quantity > 0 else 1,
            "quantity": float(abs(self.quantity)),
            "exitTime": iso(self.exited),
            "exitPrice": float(self.exit_price),
            "profitLoss": float(self.profit),
            "totalFees": float(self.fees),
            "mae": float(self.worst),
            "mfe": float(self.best),
            "duration": timespan(self.duration),
            "endTradeDrawdown": float(self.give_back),
            "isWin": self.profit > 0,
            "orderIds": list(self.order_ids),
        }


def timespan(duration: timedelta) -> str:
    """A duration as .NET prints it: `[d.]hh:mm:ss`."""
    hours, rest = divmod(duration.seconds, 3600)
    clock = f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
    return f"{duration.days}.{clock}" if duration.days else clock


@dataclass
class TradeBuilder:
    """Matches fills into closed trades."""

    closed: list[ClosedTrade] = field(default_factory=list)
    profit_loss: dict[str, float] = field(default_factory=dict)
    _lots: dict[Symbol, list[Lot]] = field(default_factory=dict)

    def mark(self, securities: Iterable[Security]) -> None:
        """Follow the prices of open lots."""
        for security in securities:
            for lot in self._lots.get(security.symbol, ()):
                lot.see(security.last)

    def on_fill(
        self, security: Security, order_id: int, quantity: Decimal, price: Decimal, *, fee: Decimal, now: datetime
    ) -> None:
        """Take a fill, before the portfolio does."""
        lots = self._lots.setdefault(security.symbol, [])
        held, average = security.holdings.exact_quantity, security.holdings.average_price
        closing = min(abs(quantity), abs(held)) if held * quantity < 0 else Decimal(0)
        if closing:
            profit = (price - average) * closing * security.multiplier * (1 if held > 0 else -1)
            self._note_profit(now, profit - 2 * fee)
        rest = quantity
        while rest and lots and lots[0].quantity * rest < 0:
            lot = lots[0]
            matched = min(abs(rest), abs(lot.quantity)) * (1 if lot.quantity > 0 else -1)
            self._close(security, lot, matched, price, order_id=order_id, fee=fee, now=now)
            lot.quantity -= matched
            lot.fee = fee = Decimal(0)
            rest += matched
            if not lot.quantity:
                lots.pop(0)
        if rest:
            lots.append(Lot(order_id, rest, price, fee, now, price, price))

    def _close(
        self,
        security: Security,
        lot: Lot,
        matched: Decimal,
        price: Decimal,
        *,
        order_id: int,
        fee: Decimal,
        now: datetime,
    ) -> None:
        lot.see(price)
        worst, best = (lot.low, lot.high) if matched > 0 else (lot.high, lot.low)

        def gain(at: Decimal) -> Decimal:
            return ((at - lot.price) * matched * security.multiplier).quantize(_CENT)

        self.closed.append(
            ClosedTrade(
                symbol=security.symbol,
                entered=lot.entered,
                entry_price=lot.price,
                quantity=matched,
                exited=now,
                exit_price=price,
                profit=gain(price),
                fees=lot.fee + fee,
                worst=min(gain(worst), Decimal(0)),
                best=max(gain(best), Decimal(0)),
                give_back=(lot.give_back * abs(matched) * security.multiplier).quantize(_CENT),
                order_ids=(lot.order_id, order_id),
            )
        )

    def _note_profit(self, now: datetime, amount: Decimal) -> None:
        # The engine moves a key on by a millisecond where it is taken.
        while iso(now) in self.profit_loss:
            now += timedelta(milliseconds=1)
        self.profit_loss[iso(now)] = float(amount)
