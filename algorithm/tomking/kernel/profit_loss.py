"""Profit and loss of open positions, one by one and many at once, to the last digit.

Holds: quantity x (price - entry price) x multiplier, each position by its own product's multiplier.
Belongs here: arithmetic on positions and prices that are given.
Never here: fees, currencies, or where a price comes from.

A position whose price or multiplier is not known has an unknown result, never zero, and so has any sum it is part of.
The batch scales all numbers to integers and lets numpy multiply them: 64-bit where every product fits, Python's
integers of any size where not, so that both ways of asking give the same digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from tomking.kernel.instruments import Instrument
from tomking.kernel.money import MoneyError, add, multiply

_LARGEST_INT64: Final = 2**63 - 1
_LARGEST_EXPONENT: Final = 60


@dataclass(frozen=True, slots=True)
class Position:
    """An open position: signed `quantity` of contracts or shares, the price paid or received per unit.

    `multiplier` is units per contract; None where the product is not known.
    """

    instrument_key: str
    quantity: Decimal
    entry_price: Decimal
    multiplier: Decimal | None


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The results of positions, in their order; None is unknown."""

    amounts: tuple[Decimal | None, ...]

    @property
    def total(self) -> Decimal | None:
        """The sum; None where any part of it is unknown."""
        return None if self.unknown else self.known_total

    @property
    def known_total(self) -> Decimal:
        """The sum of what is known; beside it `unknown` says how much is missing."""
        return add(amount for amount in self.amounts if amount is not None)

    @property
    def unknown(self) -> int:
        """How many positions have an unknown result."""
        return sum(amount is None for amount in self.amounts)


def position_in(instrument: Instrument, quantity: Decimal, entry_price: Decimal) -> Position:
    """A position in an instrument, with the multiplier of its product (ES 50, MES 5, an option on shares 100)."""
    return Position(instrument.key, quantity, entry_price, instrument.multiplier)


def profit_loss(position: Position, price: Decimal | None) -> Decimal | None:
    """What a position has gained (+) or lost (-) at a price, in the currency it is quoted in; None: unknown.

    Raises: MoneyError for a number that is not finite.
    """
    if price is None or position.multiplier is None:
        return None
    _integers((position.quantity, position.entry_price, position.multiplier, price), 0)
    # copy_negate: a plain minus would round to the 28 digits of the ambient context.
    change = add((price, position.entry_price.copy_negate()))
    return multiply(position.quantity, change, position.multiplier)


def batch_profit_loss(positions: Sequence[Position], prices: Mapping[str, Decimal | None]) -> BatchResult:
    """The results of many positions at prices by instrument key: the same digits as one at a time.

    Raises: MoneyError for a number that is not finite.
    """
    known: list[tuple[int, Decimal, Decimal, Decimal, Decimal]] = []
    for place, position in enumerate(positions):
        price = prices.get(position.instrument_key)
        if price is not None and position.multiplier is not None:
            known.append((place, position.quantity, position.entry_price, price, position.multiplier))
    amounts: list[Decimal | None] = [None] * len(positions)
    if known:
        places, quantities, entries, quotes, multipliers = zip(*known, strict=True)
        for place, amount in zip(places, _products(quantities, entries, quotes, multipliers), strict=True):
            amounts[place] = amount
    return BatchResult(tuple(amounts))


def _products(
    quantities: Sequence[Decimal], entries: Sequence[Decimal], quotes: Sequence[Decimal], multipliers: Sequence[Decimal]
) -> list[Decimal]:
    of_quantity, of_price, of_multiplier = _decimals(quantities), _decimals((*entries, *quotes)), _decimals(multipliers)
    columns = (
        _integers(quantities, of_quantity),
        _integers(entries, of_price),
        _integers(quotes, of_price),
        _integers(multipliers, of_multiplier),
    )
    quantity, entry, quote, multiplier = (max(map(abs, column)) for column in columns)
    fits = quantity * (entry + quote) * multiplier <= _LARGEST_INT64 and max(quantity, multiplier) <= _LARGEST_INT64
    kind = np.int64 if fits and entry + quote <= _LARGEST_INT64 else object
    counts, paid, now, sizes = (np.array(column, dtype=kind) for column in columns)
    decimals = of_quantity + of_price + of_multiplier
    return [_decimal(int(product), decimals) for product in counts * (now - paid) * sizes]


def _decimals(numbers: Iterable[Decimal]) -> int:
    """The places after the point that the longest of the numbers needs."""
    return max((-_exponent(number) for number in numbers), default=0)


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > _LARGEST_EXPONENT:
        raise MoneyError(f"not an amount: {number}")
    return exponent


def _integers(numbers: Iterable[Decimal], decimals: int) -> list[int]:
    """Each number times ten to the power of `decimals`, exactly where that leaves no fraction."""
    scaled = []
    for number in numbers:
        shift = _exponent(number) + decimals
        sign, digits, _ = number.as_tuple()
        size = int("".join(map(str, digits)) or "0") * 10 ** max(shift, 0)
        scaled.append(-size if sign else size)
    return scaled


def _decimal(number: int, decimals: int) -> Decimal:
    digits = tuple(int(digit) for digit in str(abs(number)))
    return Decimal((int(number < 0), digits, -decimals))
