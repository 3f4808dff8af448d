"""An estimate of the margin that short options take, made before an order is sent.

Holds: the estimate for a set of option legs.
Belongs here: the arithmetic of the exchange's minimum for short options and spreads.
Never here: the margin a brokerage reports (the account says), prices of options.

Source: the exchange's minimum for equity and index options (20 % of the underlying less what the strike is out of the
money, at least 10 % of the strike of a put or of the price for a call; a spread its width; a strangle its larger side).
Premium is left out on both sides, so a long option takes nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_SHARE, _LEAST = Decimal("0.20"), Decimal("0.10")


@dataclass(frozen=True, slots=True)
class OptionLeg:
    """One contract of a plan; `quantity` is signed."""

    call_put: str
    strike: Decimal
    expiry: date
    quantity: int


def estimate_margin(legs: Sequence[OptionLeg], price: Decimal, multiplier: Decimal) -> Decimal:
    """What the legs take, in the account's currency; `price` is the underlying's."""
    puts, calls = (_side([leg for leg in legs if leg.call_put == side], price) for side in ("P", "C"))
    return max(puts, calls) * multiplier


def _side(legs: Sequence[OptionLeg], price: Decimal) -> Decimal:
    """Every short contract is paired with a long one that outlives it, the nearest to being exercised first."""
    nearest = -1 if legs and legs[0].call_put == "P" else 1
    order = sorted(legs, key=lambda leg: (nearest * leg.strike, leg.expiry))
    cover = [[leg, leg.quantity] for leg in order if leg.quantity > 0]
    total = Decimal(0)
    for short in (leg for leg in order if leg.quantity < 0):
        left = -short.quantity
        for pair in cover:
            long, free = pair
            if not isinstance(long, OptionLeg) or not isinstance(free, int) or long.expiry < short.expiry:
                continue
            used = min(left, free)
            gap = (short.strike - long.strike) * (1 if short.call_put == "P" else -1)
            total += used * max(gap, Decimal(0))
            left, pair[1] = left - used, free - used
        total += left * _naked(short, price)
    return total


def _naked(short: OptionLeg, price: Decimal) -> Decimal:
    out = price - short.strike if short.call_put == "P" else short.strike - price
    least = _LEAST * (short.strike if short.call_put == "P" else price)
    return max(_SHARE * price - max(out, Decimal(0)), least)
