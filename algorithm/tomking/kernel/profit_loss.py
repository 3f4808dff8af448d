"""Profit and loss of open positions, one by one and many at once, to the last digit.

Holds: quantity x (price - entry price) x multiplier, each position by its own product's multiplier.
Belongs here: arithmetic on positions and prices that are given.
Never here: fees, currencies, or where a price comes from.

A position whose price or multiplier is not known has an unknown result, never zero, and so has any sum it is part of.

`PositionBatch` works out once what does not change with prices: the size (quantity x multiplier) and the cost (size x
entry price) of each position, and the sums of both for each contract. A total is then one product per contract. All of
it is decimal arithmetic that stops rather than rounds: integers in numpy were tried and are slower, because prices come
and results leave as decimals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from operator import mul, sub
from typing import Final

from tomking.kernel.instruments import Instrument
from tomking.kernel.money import ZERO, MoneyError, add, multiply

_LARGEST_EXPONENT: Final = 60

_STRICT: Final = Context(prec=120, traps=[Inexact, InvalidOperation])
"""As wide as exact products are made elsewhere; a digit that would be lost raises instead."""


@dataclass(frozen=True, slots=True)
class Position:
    """An open position: signed `quantity` of contracts or shares, the price paid or received per unit.

    `multiplier` is units per contract; None where the product is not known.
    """

    instrument_key: str
    quantity: Decimal
    entry_price: Decimal
    multiplier: Decimal | None


class PositionBatch:
    """Positions prepared for being priced many times; it is made again when a position changes.

    Raises: MoneyError for a number that is not finite.
    """

    def __init__(self, positions: Sequence[Position]) -> None:
        self.positions = tuple(positions)
        self._sizes: list[Decimal] = []
        self._costs: list[Decimal] = []
        self._places: dict[str, list[int]] = {}
        self._without_size = 0
        for place, one in enumerate(self.positions):
            size = cost = ZERO
            if one.multiplier is None:
                self._without_size += 1
            else:
                _check(one.quantity, one.entry_price, one.multiplier)
                size = multiply(one.quantity, one.multiplier)
                cost = multiply(size, one.entry_price)
                self._places.setdefault(one.instrument_key, []).append(place)
            self._sizes.append(size)
            self._costs.append(cost)
        self._keys = list(self._places)
        self._net_sizes = [add(self._sizes[place] for place in places) for places in self._places.values()]
        self._net_costs = [add(self._costs[place] for place in places) for places in self._places.values()]
        self._cost = add(self._net_costs)

    def at(self, prices: Mapping[str, Decimal | None]) -> BatchResult:
        """The results at prices by instrument key.

        Raises: MoneyError for a number that is not finite.
        """
        quoted = list(map(prices.get, self._keys))
        try:
            known_total, unpriced = self._net(quoted)
        except (Inexact, InvalidOperation):
            known_total, unpriced = self._one_by_one(quoted)
        if not known_total.is_finite() or abs(known_total.adjusted()) > _LARGEST_EXPONENT:
            _check(*(price for price in quoted if price is not None))
        return BatchResult(self, quoted, known_total, unpriced + self._without_size)

    def _net(self, quoted: Sequence[Decimal | None]) -> tuple[Decimal, int]:
        """The sum of what is known, and how many positions have no price."""
        with localcontext(_STRICT):
            try:
                return sum(map(mul, self._net_sizes, quoted), -self._cost), 0
            except TypeError:  # a price is None: rare enough to start again
                priced = [place for place, price in enumerate(quoted) if price is not None]
                worth = map(mul, (self._net_sizes[place] for place in priced), (quoted[place] for place in priced))
                total = sum(worth, ZERO) - sum((self._net_costs[place] for place in priced), ZERO)
                missing = {self._keys[place] for place, price in enumerate(quoted) if price is None}
                return total, sum(len(self._places[key]) for key in missing)

    def _one_by_one(self, quoted: Sequence[Decimal | None]) -> tuple[Decimal, int]:
        """The same where numbers are too long for the strict way."""
        amounts = [amount for amount in self.amounts(quoted) if amount is not None]
        return add(amounts), len(self.positions) - len(amounts) - self._without_size

    def amounts(self, quoted: Sequence[Decimal | None]) -> tuple[Decimal | None, ...]:
        """The result of each position at prices in the order of the contracts' first positions."""
        found: list[Decimal | None] = [None] * len(self.positions)
        price_of = [ZERO] * len(self.positions)
        known: list[int] = []
        for places, price in zip(self._places.values(), quoted, strict=True):
            if price is not None:
                known += places
                for place in places:
                    price_of[place] = price
        try:
            with localcontext(_STRICT):
                worth = list(map(sub, map(mul, self._sizes, price_of), self._costs))
        except (Inexact, InvalidOperation):
            worth = [profit_loss(one, price) or ZERO for one, price in zip(self.positions, price_of, strict=True)]
        for place in known:
            found[place] = worth[place]
        return tuple(found)


class BatchResult:
    """The results of positions; None is unknown. `known_total` is the sum of what is known, `unknown` how many lack."""

    __slots__ = ("_amounts", "_batch", "_quoted", "known_total", "unknown")

    def __init__(
        self, batch: PositionBatch, quoted: Sequence[Decimal | None], known_total: Decimal, unknown: int
    ) -> None:
        self._batch, self._quoted = batch, quoted
        self._amounts: tuple[Decimal | None, ...] | None = None
        self.known_total, self.unknown = known_total, unknown

    @property
    def amounts(self) -> tuple[Decimal | None, ...]:
        """The result of each position, in their order; worked out when first asked for."""
        if self._amounts is None:
            self._amounts = self._batch.amounts(self._quoted)
        return self._amounts

    @property
    def total(self) -> Decimal | None:
        """The sum; None where any part of it is unknown."""
        return None if self.unknown else self.known_total


def position_in(instrument: Instrument, quantity: Decimal, entry_price: Decimal) -> Position:
    """A position in an instrument, with the multiplier of its product (ES 50, MES 5, an option on shares 100)."""
    return Position(instrument.key, quantity, entry_price, instrument.multiplier)


def profit_loss(position: Position, price: Decimal | None) -> Decimal | None:
    """What a position has gained (+) or lost (-) at a price, in the currency it is quoted in; None: unknown.

    Raises: MoneyError for a number that is not finite.
    """
    if price is None or position.multiplier is None:
        return None
    _check(position.quantity, position.entry_price, position.multiplier, price)
    # copy_negate: a plain minus would round to the 28 digits of the ambient context.
    change = add((price, position.entry_price.copy_negate()))
    return multiply(position.quantity, change, position.multiplier)


def batch_profit_loss(positions: Sequence[Position], prices: Mapping[str, Decimal | None]) -> BatchResult:
    """The results of many positions at prices by instrument key: the same digits as one at a time.

    Raises: MoneyError for a number that is not finite.
    """
    return PositionBatch(positions).at(prices)


def _check(*numbers: Decimal) -> None:
    for number in numbers:
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or abs(exponent) > _LARGEST_EXPONENT:
            raise MoneyError(f"not an amount: {number}")
