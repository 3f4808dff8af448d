"""The price of an underlying that the marks of a put and a call agree on.

Holds: `implied_price`.
Belongs here: what stands in for a price where only options were marked.
Never here: prices themselves, volatilities by a known price (`tomking.kernel.black_scholes`).
"""

from __future__ import annotations

from decimal import Decimal

from tomking.kernel.black_scholes import implied_volatility

_STEPS = 60
_WIDE = Decimal("0.5")


def implied_price(call: tuple[Decimal, Decimal], put: tuple[Decimal, Decimal], years: float) -> Decimal | None:
    """The price at which a call and a put of one expiry, each (strike, mark), have the same implied volatility.

    With the usual skew (puts dearer) it comes out somewhat low. None where no price between half the lower strike and
    twice the higher one does it.
    """
    low, high = min(call[0], put[0]) * _WIDE, max(call[0], put[0]) / _WIDE
    found = None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        of_call = implied_volatility(call[1], middle, call[0], years, "C")
        of_put = implied_volatility(put[1], middle, put[0], years, "P")
        # A call without a volatility is below its worth in the money: the price is too high; a put likewise, too low.
        if of_call is None and of_put is None:
            return None
        if of_call is not None and of_put is not None:
            found = middle
        is_too_low = of_put is None or (of_call is not None and of_call > of_put)
        low, high = (middle, high) if is_too_low else (low, middle)
    return None if found is None else found.quantize(Decimal("0.01"))
