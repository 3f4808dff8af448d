"""What a trader calls a set of legs.

Holds: the classification of opened legs, by their rights, strikes, expiries and ratios.
Belongs here: a shape of a strategy.
Never here: money, or when a trade opened and closed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import gcd

OPTIONS = frozenset({"option", "index_option", "future_option"})


@dataclass(frozen=True, slots=True)
class Contract:
    """What a leg is in. `multiplier` None: unknown, so its money is unknown too."""

    key: str
    security_type: str
    expiry: dt.date | None = None
    call_put: str | None = None
    strike: Decimal | None = None
    multiplier: Decimal | None = None

    @property
    def is_option(self) -> bool:
        """Whether it expires with a strike."""
        return self.security_type in OPTIONS and self.strike is not None


def units(quantities: Sequence[Decimal]) -> Decimal | None:
    """How many times the strategy was opened: the greatest common divisor of the legs; None for fractions."""
    whole = [abs(int(quantity)) for quantity in quantities if quantity == quantity.to_integral_value()]
    return Decimal(gcd(*whole)) if whole and len(whole) == len(quantities) else None


def kind_of(legs: Sequence[tuple[Contract, Decimal]]) -> str:
    """single, vertical, calendar, straddle, strangle, butterfly, iron_butterfly, iron_condor, 112, covered or custom.

    Legs are (contract, opened quantity signed). Which side was taken is the trade's `side`, not part of its kind.
    """
    if len(legs) == 1:
        return "single"
    options = [(contract, quantity) for contract, quantity in legs if contract.is_option]
    if len(options) < len(legs):
        return "covered" if len(options) == 1 and len(legs) == 2 else "custom"
    number = units([quantity for _, quantity in options])
    if not number:
        return "custom"
    ordered = sorted(options, key=lambda leg: (leg[0].expiry or dt.date.min, leg[0].strike, leg[0].call_put))
    ratios = [int(quantity / number) for _, quantity in ordered]
    rights = "".join(contract.call_put or "?" for contract, _ in ordered)
    expiries = {contract.expiry for contract, _ in ordered}
    strikes = [contract.strike for contract, _ in ordered]
    if len(ordered) == 2:
        return _of_two(ratios, rights, strikes, expiries)
    if len(expiries) > 1:
        return "custom"
    if len(ordered) == 3:
        return _of_three(ratios, rights)
    if len(ordered) == 4 and [abs(ratio) for ratio in ratios] == [1, 1, 1, 1]:
        return _of_four(ratios, rights, strikes)
    return "custom"


def side_of(kind: str, legs: Sequence[tuple[Contract, Decimal]], credit: Decimal | None) -> str:
    """credit, debit or unknown: what the opening of such a trade is, by its legs where they tell, else by its cash.

    A condor opened across wide quotes may cost money and is a credit trade all the same; `credit` keeps the amount.
    """
    sold = sum((quantity < 0 for _, quantity in legs), 0)
    strikes = sorted((contract.strike, quantity) for contract, quantity in legs if contract.strike is not None)
    if kind in ("straddle", "strangle", "single") and legs:
        return "credit" if sold == len(legs) else "debit"
    if kind in ("iron_condor", "iron_butterfly", "butterfly"):
        wings_bought = strikes[0][1] > 0
        return "credit" if wings_bought == (kind != "butterfly") else "debit"
    if kind == "vertical":
        lower_bought = strikes[0][1] > 0
        return "debit" if lower_bought == (legs[0][0].call_put == "C") else "credit"
    if not credit:
        return "unknown"
    return "credit" if credit > 0 else "debit"


def _of_two(ratios: list[int], rights: str, strikes: list[Decimal | None], expiries: set[dt.date | None]) -> str:
    if [abs(ratio) for ratio in ratios] != [1, 1]:
        return "custom"
    opposed = ratios[0] == -ratios[1]
    if len(expiries) > 1:
        return "calendar" if opposed and rights in ("CC", "PP") else "custom"
    if rights in ("CC", "PP"):
        return "vertical" if opposed else "custom"
    if opposed:
        return "custom"
    return "straddle" if strikes[0] == strikes[1] else "strangle"


def _of_three(ratios: list[int], rights: str) -> str:
    if rights not in ("CCC", "PPP"):
        return "custom"
    if ratios in ([1, -2, 1], [-1, 2, -1]):
        return "butterfly"
    # A put debit spread paid for by two puts below it.
    return "112" if ratios in ([-2, -1, 1], [2, 1, -1]) else "custom"


def _of_four(ratios: list[int], rights: str, strikes: list[Decimal | None]) -> str:
    if ratios not in ([1, -1, -1, 1], [-1, 1, 1, -1]):
        return "custom"
    if rights == "PPCC":
        return "iron_butterfly" if strikes[1] == strikes[2] else "iron_condor"
    # At one strike the sort puts the call first.
    return "iron_butterfly" if rights == "PCPC" and strikes[1] == strikes[2] else "custom"
