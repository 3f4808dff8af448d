"""Money: reading it from text, and rounding it the way a broker does.

Holds: a strict reader of decimal texts, exact products and sums, and rounding as data.
Belongs here: arithmetic that must be right to the last digit.
Never here: floats; a rule that says *which* amount is rounded how (that is a row of a fee schedule).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import reduce
from typing import Final, Literal

RoundingMode = Literal["exact", "half_up", "up", "half_even"]
RoundingScope = Literal["fill", "order_leg", "day"]

ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)

# Wide enough for every product made here (crypto fees alone carry 28 digits); the default context would round them.
_EXACT: Final = Context(prec=120, rounding=ROUND_HALF_EVEN)
_LARGEST_EXPONENT: Final = 60

_PLAIN = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?P<fraction>\.[0-9]*)?(?P<exponent>[eE][+-]?[0-9]{1,4})?"
)
_STEPS: Final = tuple(_ONE.scaleb(-places) for places in range(19))
"""One unit of the last place, by the number of places."""
_MODES: Final[dict[str, str]] = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}


class MoneyError(ValueError):
    """A text is not a decimal number, or an amount cannot be rounded as asked."""


def decimal_from_text(text: str) -> Decimal:
    """The number that `text` prints, exactly.

    Accepts a sign, thousands separators in their proper places, a fraction and an exponent of at most ±60.
    Everything else (blanks, currency signs, `--`, `NaN`, `Infinity`, `1_000`, other scripts' digits) is refused, so
    that a shifted column never becomes an amount.

    Raises: MoneyError.
    """
    match = _PLAIN.fullmatch(text) if isinstance(text, str) else None
    if match is None or not ((match["whole"] or "") + (match["fraction"] or "").lstrip(".")):
        raise MoneyError(f"not a decimal number: {text!r}")
    exponent = match["exponent"]
    if exponent and abs(int(exponent[1:])) > _LARGEST_EXPONENT:
        raise MoneyError(f"exponent out of range: {text!r}")
    return Decimal(text.replace(",", ""))


def multiply(*factors: Decimal) -> Decimal:
    """The exact product (no rounding to the ambient context's 28 digits)."""
    return reduce(_EXACT.multiply, factors, _ONE)


def add(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    return reduce(_EXACT.add, amounts, ZERO)


@dataclass(frozen=True, slots=True)
class Rounding:
    """How an amount is rounded: the mode, the decimal places, and what is rounded as one.

    `up` goes towards +infinity: costs are positive here, so that is against the customer.
    Scope `fill` rounds each fill, `order_leg` the running sum over the fills of one leg of one order, `day` the sum of
    a day. A `day` amount is left exact until the day's fills are together.
    """

    mode: RoundingMode = "exact"
    places: int | None = None
    scope: RoundingScope = "fill"

    def __post_init__(self) -> None:
        if self.mode not in ("exact", "half_up", "up", "half_even"):
            raise MoneyError(f"unknown rounding mode: {self.mode!r}")
        if self.scope not in ("fill", "order_leg", "day"):
            raise MoneyError(f"unknown rounding scope: {self.scope!r}")
        if (self.mode == "exact") != (self.places is None):
            raise MoneyError("an exact amount has no decimal places; a rounded one needs them")
        if self.places is not None and not 0 <= self.places < len(_STEPS):
            raise MoneyError(f"decimal places out of range: {self.places}")

    def apply(self, amount: Decimal) -> Decimal:
        """`amount` rounded by mode and places; the caller chooses the amount that the scope means.

        Raises: MoneyError for an amount that is not finite.
        """
        if not amount.is_finite():
            raise MoneyError(f"cannot round {amount}")
        if self.places is None:
            return amount
        step = _STEPS[self.places]
        mode = ROUND_CEILING if self.mode == "up" else _MODES[self.mode]
        try:
            return amount.quantize(step, rounding=mode, context=_EXACT)
        except InvalidOperation as error:
            raise MoneyError(f"too many digits to round: {amount}") from error


EXACT: Final = Rounding()


def could_print(exact: Decimal, printed: Decimal, places: int = 2) -> bool:
    """Whether a column of `places` decimals may show `exact` as `printed`.

    Exact amounts that end on half a unit are seen rounded either way (brokers round binary numbers there), so both
    neighbours count.
    """
    return abs(_EXACT.subtract(exact, printed)) <= Decimal(5).scaleb(-places - 1)
