"""The book of one instrument: open lots first in first out, average cost beside them, and what was realised.

Holds: fills of one instrument turned into round trips, an open position and its cash.
Belongs here: how a fill opens, closes or turns a position; how a split changes it; how a fee is shared out.
Never here: other instruments, conversion between currencies, or what a position is worth now.

Both results follow from one identity, so that neither can drift from the cash: realised = cash received and paid
+ cost of what is still open. Flat, the cost is zero and both are the cash itself. Only what enters or leaves without a
fill (an inherited position, the fraction a split cuts off) is added to it at its cost.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

from pipelines.transforms.accounting.event_cash import fill_cash
from tomking.kernel.money import ZERO, add, multiply

_FEE_STEP = Decimal("1e-10")


@dataclass(frozen=True, slots=True)
class Terms:
    """What one contract of an instrument is: `multiplier` units, quoted in `currency`. None: unknown.

    `strike` is on the scale of the underlying; `base` is the currency that a pair delivers.
    """

    key: str
    security_type: str
    currency: str | None = None
    multiplier: Decimal | None = None
    strike: Decimal | None = None
    call_put: str | None = None
    base: str | None = None


@dataclass(slots=True)
class Fill:
    """A fill, quantity signed. `underlying_price` and `settled_result` are what the message of an expiry says.

    `is_raw` says that prices were not adjusted, so that dividends and splits happened in the account.
    """

    order_id: int
    event_id: int
    occurred_at: dt.datetime
    session_date: dt.date
    kind: str
    terms: Terms
    quantity: Decimal
    price: Decimal
    fee: Decimal | None = None
    fee_currency: str | None = None
    underlying_price: Decimal | None = None
    settled_result: Decimal | None = None
    delivers: bool = False
    is_raw: bool = False


@dataclass(slots=True)
class RoundTrip:
    """A lot that was opened and closed. `entry_order_id` None: it was held before the first fill that is known."""

    entry_order_id: int | None
    exit_order_id: int
    opened_at: dt.datetime | None
    closed_at: dt.datetime
    quantity: Decimal
    """Signed as it was held."""
    entry_price: Decimal | None
    exit_price: Decimal | None
    """What a unit brought at its end: of a cash-settled option its intrinsic value."""
    profit_loss: Decimal | None
    fees: Decimal
    ended_by: str


@dataclass(slots=True)
class _Fees:
    """An order's fee on its way to the lots: each takes its part, the last one what is left."""

    amount: Decimal
    quantity: Decimal

    def part(self, quantity: Decimal) -> Decimal:
        if quantity >= self.quantity:
            part = self.amount
        else:
            part = (self.amount * quantity / self.quantity).quantize(_FEE_STEP)
        self.amount -= part
        self.quantity -= quantity
        return part


@dataclass(slots=True)
class _Lot:
    order_id: int | None
    opened_at: dt.datetime | None
    quantity: Decimal
    price: Decimal | None
    fees: _Fees


@dataclass(slots=True)
class Book:
    """One instrument of one run. Amounts are in its quote currency; a None among them is unknown."""

    terms: Terms
    quantity: Decimal = ZERO
    flows: Decimal | None = ZERO
    """Cash of trades and deliveries."""
    settlement: Decimal | None = ZERO
    """Cash of options that were settled in cash."""
    average_open_cost: Decimal | None = ZERO
    """What is still open cost at the average, signed like the position (a short position has a negative cost)."""
    raw_since: dt.date | None = None
    """The session since which shares are held at raw prices; dividends and splits change the account."""
    held_raw: list[tuple[dt.date, dt.date | None]] = field(default_factory=list)
    raw_quantities: dict[dt.date, Decimal] = field(default_factory=dict)
    """Shares at raw prices held when each session that traded them ended."""
    bought: Decimal = ZERO
    sold: Decimal = ZERO
    fills: int = 0
    _without_fill: tuple[Decimal | None, Decimal | None] = (ZERO, ZERO)
    """Cost of what left without a fill less what entered, first in first out and at average cost."""
    _lots: deque[_Lot] = field(default_factory=deque)

    def inherit(self, quantity: Decimal, price: Decimal | None) -> None:
        """A position held before the first fill; its price may be unknown, and then is the profit of closing it."""
        before = self.fifo_open_cost, self.average_open_cost
        self._lots.append(_Lot(None, None, quantity, price, _Fees(ZERO, quantity.copy_abs())))
        self.quantity += quantity
        self.average_open_cost = _sum(self.average_open_cost, self._value(quantity, price))
        self._rebase(before)

    def take(self, fill: Fill) -> list[RoundTrip]:
        """Book a fill; returns the round trips it closes."""
        self.fills += 1
        if fill.quantity > 0:
            self.bought += fill.quantity
        else:
            self.sold -= fill.quantity
        settles = fill.kind in ("exercise", "assignment") and not fill.delivers
        cash = self._cash(fill) if settles else _cash_of(fill, self.terms)
        price = self._unit_price(fill, cash) if settles else fill.price
        if settles:
            self.settlement = _sum(self.settlement, cash)
        else:
            self.flows = _sum(self.flows, cash)
        fees = _Fees(fill.fee or ZERO, fill.quantity.copy_abs())
        closing = self._closing(fill.quantity)
        self._cost_of(fill, closing, price)
        closed = self._close(fill, closing, price, fees)
        opening = fill.quantity - closing
        if opening:
            self._lots.append(_Lot(fill.order_id, fill.occurred_at, opening, price, fees))
        self.quantity += fill.quantity
        self._follow_raw(fill)
        return closed

    def split(self, factor: Decimal) -> Decimal:
        """Rescale what is held as LEAN does: quantity / factor cut to whole shares, price x factor.

        Returns the fraction of a share that was cut off (signed); it is paid out in cash that no file tells.
        """
        before = self.fifo_open_cost, self.average_open_cost
        rescaled = self.quantity / factor
        whole = rescaled.to_integral_value(rounding=ROUND_DOWN)
        left = whole
        for lot in self._lots:
            lot.quantity = min(lot.quantity / factor, left, key=abs)
            lot.price = None if lot.price is None else multiply(lot.price, factor)
            left -= lot.quantity
        if self._lots:
            self._lots[-1].quantity += left
        self._lots = deque(lot for lot in self._lots if lot.quantity)
        for lot in self._lots:
            lot.fees.quantity = lot.quantity.copy_abs()
        if self.average_open_cost is not None and self.quantity:
            # The fraction leaves at its cost: LEAN books no profit on it.
            self.average_open_cost *= whole / rescaled
        self.quantity = whole
        self._rebase(before)
        return rescaled - whole

    @property
    def cash(self) -> Decimal | None:
        """Trades, deliveries and settlements together."""
        return _sum(self.flows, self.settlement)

    @property
    def fifo_open_cost(self) -> Decimal | None:
        """What the open lots cost, signed like the position."""
        costs = [self._value(lot.quantity, lot.price) for lot in self._lots]
        known = [cost for cost in costs if cost is not None]
        return add(known) if len(known) == len(costs) else None

    @property
    def realised(self) -> Decimal | None:
        """Profit of what was closed, first in first out, gross of fees."""
        return _sum(_sum(self.cash, self.fifo_open_cost), self._without_fill[0])

    @property
    def realised_at_average(self) -> Decimal | None:
        """Profit of what was closed at average cost (LEAN's own accounting), gross of fees."""
        return _sum(_sum(self.cash, self.average_open_cost), self._without_fill[1])

    @property
    def average_price(self) -> Decimal | None:
        """Average price of the open position; None where flat or unknown."""
        if not self.quantity or self.average_open_cost is None or self.terms.multiplier is None:
            return None
        return self.average_open_cost / multiply(self.quantity, self.terms.multiplier)

    def _rebase(self, before: tuple[Decimal | None, Decimal | None]) -> None:
        """Keep what was realised as it is where the cost changed without a fill."""
        fifo, average = self._without_fill
        self._without_fill = (
            _sum(fifo, _difference(before[0], self.fifo_open_cost)),
            _sum(average, _difference(before[1], self.average_open_cost)),
        )

    def _closing(self, quantity: Decimal) -> Decimal:
        """The part of a fill that closes, signed like the fill."""
        if self.quantity * quantity >= 0:
            return ZERO
        return quantity if abs(quantity) <= abs(self.quantity) else -self.quantity

    def _cost_of(self, fill: Fill, closing: Decimal, price: Decimal | None) -> None:
        opening = fill.quantity - closing
        if closing and self.average_open_cost is not None:
            left = self.quantity + closing
            self.average_open_cost = self.average_open_cost * left / self.quantity if left else ZERO
        elif closing and not self.quantity + closing:
            self.average_open_cost = ZERO
        if opening:
            self.average_open_cost = _sum(self.average_open_cost, self._value(opening, price))

    def _close(self, fill: Fill, closing: Decimal, price: Decimal | None, fees: _Fees) -> list[RoundTrip]:
        left, closed = -closing, []
        while left and self._lots:
            lot = self._lots[0]
            taken = lot.quantity if abs(lot.quantity) <= abs(left) else left
            entry_fees, exit_fees = lot.fees.part(taken.copy_abs()), fees.part(taken.copy_abs())
            came, went = self._value(taken, price), self._value(taken, lot.price)
            closed.append(
                RoundTrip(
                    entry_order_id=lot.order_id,
                    exit_order_id=fill.order_id,
                    opened_at=lot.opened_at,
                    closed_at=fill.occurred_at,
                    quantity=taken,
                    entry_price=lot.price,
                    exit_price=price,
                    profit_loss=_difference(came, went),
                    fees=entry_fees + exit_fees,
                    ended_by=fill.kind,
                )
            )
            lot.quantity -= taken
            left -= taken
            if not lot.quantity:
                self._lots.popleft()
        return closed

    def _cash(self, fill: Fill) -> Decimal | None:
        """Cash of a settlement: the intrinsic value, or what the message's result leaves for it.

        The result in the message is the profit with the settlement in it, at average cost, before fees. It is needed
        where the strike is on another scale than the underlying (options on a fifth of an index).
        """
        cash = _cash_of(fill, self.terms)
        if cash is not None or fill.settled_result is None or self.average_open_cost is None or not self.quantity:
            return cash
        return fill.settled_result - self.average_open_cost * fill.quantity / self.quantity

    def _unit_price(self, fill: Fill, cash: Decimal | None) -> Decimal | None:
        if cash is None or not self.terms.multiplier:
            return None
        return -cash / multiply(fill.quantity, self.terms.multiplier)

    def _value(self, quantity: Decimal, price: Decimal | None) -> Decimal | None:
        if price is None or self.terms.multiplier is None:
            return None if quantity else ZERO
        return multiply(quantity, price, self.terms.multiplier)

    def _follow_raw(self, fill: Fill) -> None:
        if not (fill.is_raw and self.terms.security_type == "equity"):
            return
        self.raw_quantities[fill.session_date] = self.quantity
        if self.quantity and self.raw_since is None:
            self.raw_since = fill.session_date
        elif not self.quantity and self.raw_since is not None:
            self.held_raw.append((self.raw_since, fill.session_date))
            self.raw_since = None


def _cash_of(fill: Fill, terms: Terms) -> Decimal | None:
    return fill_cash(
        kind=fill.kind,
        delivers=fill.delivers,
        quantity=fill.quantity,
        price=fill.price,
        multiplier=terms.multiplier,
        strike=terms.strike,
        call_put=terms.call_put,
        underlying_price=fill.underlying_price,
    )


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else add((one, other))


def _difference(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else add((one, -other))
