"""What a trader calls a set of legs.

Holds: contracts, the shapes of strategies by rights, strikes, expiries and ratios, and the label of each.
Belongs here: a shape of a strategy.
Never here: money, or when a trade opened and closed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import gcd

from pipelines.transforms.trades.shapes import Shape, shape_of_options

OPTIONS = frozenset({"option", "index_option", "future_option"})
_NOUNS = {"equity": "stock", "crypto_future": "future", "forex": "currency", "cfd": "CFD"}
_KINDS_BY_CASH = frozenset({"112", "covered", "custom", "unknown", "calendar", "diagonal", "jelly_roll"})


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """What a leg is in. `multiplier` None: unknown, so its money is unknown too.

    Contracts are looked up more often than anything else: within a history each is one object, and only that.
    """

    key: str
    security_type: str
    expiry: dt.date | None = None
    call_put: str | None = None
    strike: Decimal | None = None
    multiplier: Decimal | None = None
    underlying: str | None = None
    """Key of what an option is on."""
    is_option: bool = field(init=False)
    """Whether it expires with a strike."""
    family: str = field(init=False)
    """What its price hangs on: the underlying of an option, anything else itself."""

    def __post_init__(self) -> None:
        is_option = self.security_type in OPTIONS and self.strike is not None
        object.__setattr__(self, "is_option", is_option)
        object.__setattr__(self, "family", (self.underlying or self.key.split()[0]) if is_option else self.key)


Leg = tuple[Contract, Decimal]
"""A contract and the opened quantity, signed."""


@dataclass(frozen=True, slots=True)
class Template:
    """A known strategy: its kind and what a trader calls it, the side taken included."""

    kind: str
    label: str


CUSTOM = Template("custom", "custom")


def units(quantities: Sequence[Decimal]) -> Decimal | None:
    """How many times the strategy was opened: the greatest common divisor of the legs; None for fractions."""
    whole = [abs(int(quantity)) for quantity in quantities if quantity == quantity.to_integral_value()]
    return Decimal(gcd(*whole)) if whole and len(whole) == len(quantities) else None


def units_of(legs: Sequence[Leg]) -> Decimal | None:
    """How many times the strategy was opened; where options are covered by shares, the options count."""
    options = [quantity for contract, quantity in legs if contract.is_option]
    return units(options or [quantity for _, quantity in legs])


def kind_of(legs: Sequence[Leg]) -> str:
    """The kind of a strategy; see `template_of`. Which side was taken is the trade's `side`, not part of its kind."""
    return template_of(legs).kind


def template_of(legs: Sequence[Leg]) -> Template:
    """The strategy these legs make; `CUSTOM` where no trader has a name for it.

    Kinds: single, vertical, ratio, ladder, calendar, diagonal, straddle, strangle, synthetic, risk_reversal, butterfly,
    christmas_tree, condor, iron_butterfly, iron_condor, jade_lizard, seagull, 112, box, jelly_roll, strip, strap,
    covered, protective, collar, conversion, pair, custom. Labels follow the names of LEAN's own strategies.
    """
    if len(legs) == 1:
        return _single(*legs[0])
    options = [leg for leg in legs if leg[0].is_option]
    others = [leg for leg in legs if not leg[0].is_option]
    if len({contract.family for contract, _ in legs}) > 1:
        return _pair(others) if not options and len(others) == 2 else CUSTOM
    if len(others) > 1:
        return CUSTOM
    if others:
        return _with_underlying(others[0], options)
    number = units([quantity for _, quantity in options])
    shape = shape_of_options(_ratios(options, number)) if number else None
    return CUSTOM if shape is None else Template(*shape)


def _ratios(options: Sequence[Leg], number: Decimal) -> list[Shape]:
    found = [
        Shape(
            contract.expiry or dt.date.min, contract.strike or Decimal(0), contract.call_put or "?", int(qty / number)
        )
        for contract, qty in options
    ]
    return sorted(found)


def _single(contract: Contract, quantity: Decimal) -> Template:
    noun = {"C": "call", "P": "put"}.get(contract.call_put or "", "option") if contract.is_option else None
    noun = noun or _NOUNS.get(contract.security_type, contract.security_type.replace("_", " "))
    return Template("single", f"{'long' if quantity > 0 else 'short'} {noun}")


def _pair(legs: Sequence[Leg]) -> Template:
    (first, bought), (second, sold) = legs
    if first.security_type != second.security_type or bought * sold >= 0:
        return CUSTOM
    if first.security_type == "equity":
        return Template("pair", "stock pair")
    if first.security_type == "future":
        same = first.key.lstrip("/")[:-2] == second.key.lstrip("/")[:-2]
        return Template("calendar", "futures calendar") if same else Template("pair", "futures spread")
    return Template("pair", f"{_NOUNS.get(first.security_type, first.security_type.replace('_', ' '))} pair")


_COVERED = {
    # (sign of the underlying, right, sign of the option)
    (1, "C", -1): Template("covered", "covered call"),
    (-1, "P", -1): Template("covered", "covered put"),
    (1, "P", 1): Template("protective", "protective put"),
    (-1, "C", 1): Template("protective", "protective call"),
}


def _with_underlying(underlying: Leg, options: Sequence[Leg]) -> Template:
    held = 1 if underlying[1] > 0 else -1
    if len(options) == 1:
        contract, quantity = options[0]
        found = _COVERED.get((held, contract.call_put or "?", 1 if quantity > 0 else -1), CUSTOM)
        more = found.kind == "covered" and abs(quantity) * (contract.multiplier or 1) > abs(underlying[1])
        return Template("covered", f"ratio {found.label[8:]} write") if more else found
    number = units([quantity for _, quantity in options])
    ratios = _ratios(options, number) if number else []
    if len(options) == 2 and len(ratios) == 2 and abs(ratios[0].ratio) == abs(ratios[1].ratio) == 1:
        return _collar(held, options)
    return _beside_shares(held, ratios)


def _beside_shares(held: int, options: Sequence[Shape]) -> Template:
    """More than two options, or uneven ones, around shares bought (1) or sold (-1)."""
    shape = shape_of_options(options) if options else None
    if shape is None or held < 0:
        return CUSTOM
    kind, label = shape
    if label == "call ratio spread" and [leg.ratio for leg in options] == [1, -2]:
        return Template("covered", "stock repair")
    if (kind, label) == ("seagull", "bear seagull"):
        return Template("collar", "put spread collar")
    return CUSTOM


def _collar(held: int, options: Sequence[Leg]) -> Template:
    """Two options around the underlying: one insures it, the other caps it, or both are sold."""
    by_right = {contract.call_put: (contract, quantity) for contract, quantity in options}
    if len(by_right) < 2 or "C" not in by_right or "P" not in by_right:
        return CUSTOM
    (call, called), (put, putted) = by_right["C"], by_right["P"]
    if called < 0 and putted < 0 and held > 0:
        return Template("covered", "covered straddle" if call.strike == put.strike else "covered strangle")
    if called * putted > 0 or (called > 0) == (held > 0):
        return CUSTOM
    if call.strike == put.strike and call.expiry == put.expiry:
        return Template("conversion", "conversion" if held > 0 else "reverse conversion")
    return Template("collar", "protective collar" if held > 0 else "reverse collar")


def side_of(kind: str, legs: Sequence[Leg], credit: Decimal | None) -> str:
    """credit, debit or unknown: what the opening of such a trade is, by its legs where they tell, else by its cash.

    A condor opened across wide quotes may cost money and is a credit trade all the same; `credit` keeps the amount.
    """
    if kind not in _KINDS_BY_CASH and legs and (side := _side_by_legs(kind, legs)) is not None:
        return side
    if not credit:
        return "unknown"
    return "credit" if credit > 0 else "debit"


def _side_by_legs(kind: str, legs: Sequence[Leg]) -> str | None:
    sold = sum((quantity < 0 for _, quantity in legs), 0)
    strikes = sorted((contract.strike, quantity) for contract, quantity in legs if contract.strike is not None)
    if kind in ("straddle", "strangle", "strip", "strap", "single"):
        return "credit" if sold == len(legs) else "debit"
    if kind in ("iron_condor", "iron_butterfly", "butterfly", "condor") and strikes:
        wings_bought = strikes[0][1] > 0
        return "credit" if wings_bought == (kind in ("iron_condor", "iron_butterfly")) else "debit"
    if kind == "vertical" and strikes:
        lower_bought = strikes[0][1] > 0
        return "debit" if lower_bought == (legs[0][0].call_put == "C") else "credit"
    return None
