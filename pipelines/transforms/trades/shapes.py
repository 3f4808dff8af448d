"""The shapes of option strategies: which ratios over which strikes and expiries have a name.

Holds: the recognition of two, three and four option legs on one underlying.
Belongs here: the pattern of a strategy made of options alone.
Never here: the underlying's shares, money, or time.

A pattern is read along the legs sorted by expiry, strike and right, each with its ratio; the reversed signs are the
other side of the same trade. Names follow LEAN's `OptionStrategies`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

_RIGHTS = {"C": "call", "P": "put"}


class Shape(NamedTuple):
    """One leg of a strategy opened once."""

    expiry: dt.date
    strike: Decimal
    call_put: str
    ratio: int


Named = tuple[str, str]
"""Kind and label."""


def shape_of_options(legs: Sequence[Shape]) -> Named | None:
    """Kind and label of sorted option legs on one underlying; None where they have no name."""
    rights = {leg.call_put for leg in legs}
    if not rights <= _RIGHTS.keys() or any(leg.ratio == 0 for leg in legs):
        return None
    expiries = len({leg.expiry for leg in legs})
    word = _RIGHTS[legs[0].call_put] if len(rights) == 1 else ""
    if len(legs) == 2:
        return _two_of_one_right(word, legs, expiries) if word else _call_and_put(legs, expiries)
    if len(legs) == 3 and expiries == 1:
        return _three(word, legs) if word else _spread_and_single(legs)
    if len(legs) == 4 and expiries == 1 and not word:
        return _calls_and_puts(legs)
    if len(legs) == 4 and all(abs(leg.ratio) == 1 for leg in legs):
        if expiries == 1:
            return _four_of_one_right(word, legs)
        return None if word else _two_expiries(legs)
    return None


def _side(word: str, bought: bool) -> str:
    """The label of the side that is the strategy itself, and of its reverse."""
    return word if bought else f"short {word}"


def _two_of_one_right(word: str, legs: Sequence[Shape], expiries: int) -> Named | None:
    low, high = legs
    if low.ratio * high.ratio >= 0:
        return None
    if expiries > 1:
        kind = "calendar" if low.strike == high.strike else "diagonal"
        name = f"{word} {kind}" if abs(low.ratio) == abs(high.ratio) else f"{word} ratio {kind}"
        return kind, _side(name, high.ratio > 0)
    if low.ratio == -high.ratio:
        return "vertical", f"{'bull' if low.ratio > 0 else 'bear'} {word} spread"
    # The leg of which there are more lies further out of the money: above for calls, below for puts.
    more = max(legs, key=lambda leg: abs(leg.ratio))
    if more is (high if word == "call" else low):
        return "ratio", f"{word} backspread" if more.ratio > 0 else f"{word} ratio spread"
    return "ratio", f"{word} {'front ' if more.ratio < 0 else ''}ratio spread"


def _call_and_put(legs: Sequence[Shape], expiries: int) -> Named | None:
    call, put = sorted(legs, key=lambda leg: leg.call_put)
    if expiries > 1:
        return None
    same_side = call.ratio * put.ratio > 0
    side = "long" if call.ratio > 0 else "short"
    if abs(call.ratio) != abs(put.ratio):
        return _uneven_call_and_put(call, put) if same_side else None
    if same_side:
        if call.strike == put.strike:
            return "straddle", f"{side} straddle"
        return "strangle", f"{side} {'strangle' if call.strike > put.strike else 'guts'}"
    if call.strike == put.strike:
        return "synthetic", f"synthetic {side} stock"
    return "risk_reversal", f"{side} risk reversal"


def _uneven_call_and_put(call: Shape, put: Shape) -> Named | None:
    """More of one than of the other, both bought or both sold."""
    side = "long" if call.ratio > 0 else "short"
    if call.strike == put.strike and {abs(call.ratio), abs(put.ratio)} == {1, 2}:
        kind = "strap" if abs(call.ratio) == 2 else "strip"
        return kind, f"{side} {kind}"
    if call.strike < put.strike:
        return None
    kind = "straddle" if call.strike == put.strike else "strangle"
    return kind, f"{side} ratio {kind}"


def _spread_and_single(legs: Sequence[Shape]) -> Named | None:
    """A vertical of one right and a single option of the other that does not overlap it."""
    calls = [leg for leg in legs if leg.call_put == "C"]
    puts = [leg for leg in legs if leg.call_put == "P"]
    spread, (single,) = (calls, puts) if len(calls) == 2 else (puts, calls)
    inner, outer = spread if spread is calls else spread[::-1]
    below, above = (single, inner) if spread is calls else (inner, single)
    if inner.ratio != -outer.ratio or abs(single.ratio) != abs(inner.ratio) or below.strike > above.strike:
        return None
    if single.ratio == inner.ratio:
        # Both sold: no risk on the side of the spread where the credit is larger than it is wide.
        name = "big lizard" if single.strike == inner.strike else "jade lizard"
        return "jade_lizard", _side(name if spread is calls else f"reverse {name}", single.ratio < 0)
    return "seagull", _side(f"{'bull' if spread is calls else 'bear'} seagull", inner.ratio > 0)


def _three(word: str, legs: Sequence[Shape]) -> Named | None:
    low, middle, high = legs
    ratios = (low.ratio, middle.ratio, high.ratio)
    if ratios in ((1, -2, 1), (-1, 2, -1)):
        even = middle.strike - low.strike == high.strike - middle.strike
        return "butterfly", _side(f"{'' if even else 'broken wing '}{word} butterfly", low.ratio > 0)
    # Away from the money: for puts downwards, for calls upwards.
    outwards = ratios if word == "call" else ratios[::-1]
    if outwards in ((1, -3, 2), (-1, 3, -2)):
        return "christmas_tree", _side(f"{word} christmas tree", outwards[0] > 0)
    if sum(ratios) == 0 and low.ratio * high.ratio > 0:
        return "butterfly", _side(f"unbalanced {word} butterfly", low.ratio > 0)
    # A debit spread paid for by two options sold further out: for puts downwards, for calls upwards.
    spread = ratios if word == "put" else ratios[::-1]
    if spread in ((-2, -1, 1), (2, 1, -1)):
        name = "1-1-2" if word == "put" else "call 1-1-2"
        return "112", _side(name, spread[0] < 0)
    if ratios in ((1, -1, -1), (-1, 1, 1)) and word == "call":
        return "ladder", f"{'bull' if low.ratio > 0 else 'bear'} call ladder"
    if ratios in ((-1, -1, 1), (1, 1, -1)) and word == "put":
        return "ladder", f"{'bear' if high.ratio > 0 else 'bull'} put ladder"
    return None


def _four_of_one_right(word: str, legs: Sequence[Shape]) -> Named | None:
    ratios = tuple(leg.ratio for leg in legs)
    if ratios in ((1, -1, -1, 1), (-1, 1, 1, -1)):
        return "condor", _side(f"{word} condor", ratios[0] > 0)
    return None


def _calls_and_puts(legs: Sequence[Shape]) -> Named | None:
    calls = [leg for leg in legs if leg.call_put == "C"]
    puts = [leg for leg in legs if leg.call_put == "P"]
    if len(calls) != 2:
        return None
    (low_call, high_call), (low_put, high_put) = calls, puts
    if low_call.ratio != -high_call.ratio or low_put.ratio != -high_put.ratio:
        return None
    is_even = all(abs(leg.ratio) == 1 for leg in legs)
    if is_even and low_call.strike == low_put.strike and high_call.strike == high_put.strike:
        return ("box", _side("box spread", low_call.ratio > 0)) if low_call.ratio == -low_put.ratio else None
    if low_call.ratio * high_put.ratio < 0 or high_put.strike > low_call.strike:
        return None
    kind = "iron_butterfly" if high_put.strike == low_call.strike else "iron_condor"
    name = kind.replace("_", " ")
    return kind, _side(name if is_even else f"unbalanced {name}", low_put.ratio > 0)


def _two_expiries(legs: Sequence[Shape]) -> Named | None:
    """Calls and puts, one of each in a near and in a far expiry."""
    near, far = legs[:2], legs[2:]
    if near[0].expiry != near[1].expiry or far[0].expiry != far[1].expiry:
        return None
    ratio = {(leg.expiry == near[0].expiry, leg.call_put): leg.ratio for leg in legs}
    strikes = {(leg.expiry == near[0].expiry, leg.call_put): leg.strike for leg in legs}
    if len(ratio) < 4:
        return None
    near_call, near_put, far_call, far_put = (
        ratio[key] for key in ((True, "C"), (True, "P"), (False, "C"), (False, "P"))
    )
    if (near_call, near_put) == (-far_call, -far_put):
        if near_call == -near_put:
            same = len(set(strikes.values())) == 1
            return ("jelly_roll", _side("jelly roll", near_call < 0)) if same else None
        aligned = strikes[True, "C"] == strikes[False, "C"] and strikes[True, "P"] == strikes[False, "P"]
        kind = "calendar" if aligned else "diagonal"
        return kind, _side(f"double {kind}", far_call > 0)
    return None
