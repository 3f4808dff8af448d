"""Margin as the engine reckons it: positions grouped into option strategies, each with its own requirement.

Holds: the grouping, what a group reserves, what an order needs.
Belongs here: what the recorded refusals and margin calls show, as functions of quantities and prices.
Never here: orders, cash, and the decision to call margin.

Groups with more legs are taken first, within one expiry: iron condor, ladder, vertical spread, strangle or straddle,
single contracts. A naked contract needs its price and the larger of a fifth of the underlying less the distance out of
the money and a tenth (of the strike for puts, of the underlying for calls). Of a short strangle the dearer side counts,
and the other side's premium. A call that shares stand behind needs nothing beyond the shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tests.lean_double.names import OptionRight
from tests.lean_double.symbols import Symbol

SHARE_MARGIN = Decimal("0.5")
_NAKED, _FLOOR = Decimal("0.2"), Decimal("0.1")
_CONTRACT = 100
Prices = Mapping[Symbol, Decimal]


@dataclass(frozen=True)
class Group:
    """Positions that the engine margins together: signed ratios of one unit, and the number of units."""

    name: str
    legs: tuple[tuple[Symbol, int], ...]
    units: int

    @property
    def symbols(self) -> frozenset[Symbol]:
        """The contracts of the group."""
        return frozenset(symbol for symbol, _ in self.legs)


def resolve(positions: Mapping[Symbol, Decimal]) -> list[Group]:
    """Group signed positions; what fits nowhere stands alone."""
    found: list[Group] = []
    by_expiry: dict[object, dict[Symbol, int]] = {}
    for symbol, quantity in positions.items():
        if not quantity:
            continue
        if symbol.is_option:
            by_expiry.setdefault(symbol.expiry, {})[symbol] = int(quantity)
        else:
            found.append(Group("shares", ((symbol, 1 if quantity > 0 else -1),), abs(int(quantity))))
    lots = {group.legs[0][0]: group.units // _CONTRACT for group in found if group.legs[0][1] > 0}
    for contracts in by_expiry.values():
        found += _covered(contracts, lots)
        found += _of_one_expiry(contracts)
    return found


def _covered(left: dict[Symbol, int], lots: dict[Symbol, int]) -> Iterable[Group]:
    """Short calls that shares stand behind; `lots` counts the hundreds of shares that are still free."""
    for symbol in _side(left, OptionRight.CALL, -1):
        assert symbol.underlying is not None
        units = min(lots.get(symbol.underlying, 0), -left[symbol])
        if units > 0:
            lots[symbol.underlying] -= units
            left[symbol] += units
            yield Group("covered", ((symbol, -1),), units)


def _of_one_expiry(left: dict[Symbol, int]) -> Iterable[Group]:
    for name, match in (("condor", _condor), ("ladder", _ladder), ("vertical", _vertical), ("strangle", _strangle)):
        while (legs := match(left)) is not None:
            units = min(abs(left[symbol]) for symbol, _ in legs)
            for symbol, ratio in legs:
                left[symbol] -= ratio * units
            yield Group(name, legs, units)
    for symbol, quantity in left.items():
        if quantity:
            yield Group("single", ((symbol, 1 if quantity > 0 else -1),), abs(quantity))


Legs = tuple[tuple[Symbol, int], ...]


def _side(left: Mapping[Symbol, int], right: OptionRight, sign: int) -> list[Symbol]:
    """Contracts of one kind and sign, highest strike first."""
    found = [one for one, quantity in left.items() if one.right == right and quantity * sign > 0]
    return sorted(found, key=lambda one: one.strike or 0, reverse=True)


def _condor(left: Mapping[Symbol, int]) -> Legs | None:
    for short_put in _side(left, OptionRight.PUT, -1):
        for short_call in _side(left, OptionRight.CALL, -1):
            puts = [one for one in _side(left, OptionRight.PUT, 1) if _strike(one) < _strike(short_put)]
            calls = [one for one in _side(left, OptionRight.CALL, 1) if _strike(one) > _strike(short_call)]
            if puts and calls and _strike(short_put) <= _strike(short_call):
                return (puts[0], 1), (short_put, -1), (short_call, -1), (calls[-1], 1)
    return None


def _ladder(left: Mapping[Symbol, int]) -> Legs | None:
    """A long put above two short ones of lower strikes."""
    for long in _side(left, OptionRight.PUT, 1):
        below = [one for one in _side(left, OptionRight.PUT, -1) if _strike(one) < _strike(long)]
        if len(below) >= 2:
            return (long, 1), (below[0], -1), (below[1], -1)
    return None


def _vertical(left: Mapping[Symbol, int]) -> Legs | None:
    for right in (OptionRight.CALL, OptionRight.PUT):
        longs, shorts = _side(left, right, 1), _side(left, right, -1)
        if longs and shorts:
            return (longs[0], 1), (shorts[0], -1)
    return None


def _strangle(left: Mapping[Symbol, int]) -> Legs | None:
    for sign in (-1, 1):
        puts, calls = _side(left, OptionRight.PUT, sign), _side(left, OptionRight.CALL, sign)
        # The lowest put goes with the first call: the recorded margin calls name the pairs.
        if puts and calls and _strike(puts[-1]) <= _strike(calls[0]):
            return (calls[0], sign), (puts[-1], sign)
    return None


def reserved(group: Group, prices: Prices) -> Decimal:
    """What a group that is held reserves."""
    return _unit(group, prices) * group.units


def needed(groups: Iterable[Group], prices: Prices) -> Decimal:
    """What opening these groups needs: their requirement, and the premium where one is paid."""
    total = Decimal(0)
    for group in groups:
        premium = sum(
            (ratio * prices[symbol] * _CONTRACT for symbol, ratio in group.legs if symbol.is_option), Decimal(0)
        )
        total += (_unit(group, prices) + max(premium, Decimal(0))) * group.units
    return total


def _unit(group: Group, prices: Prices) -> Decimal:
    if group.name == "shares":
        return prices[group.legs[0][0]] * SHARE_MARGIN
    shorts = [symbol for symbol, ratio in group.legs if ratio < 0]
    if not shorts or group.name == "covered":
        return Decimal(0)
    if group.name == "condor":
        put, short_put, short_call, call = (_strike(symbol) for symbol, _ in group.legs)
        return max(short_put - put, call - short_call) * _CONTRACT
    if group.name == "ladder":
        return naked(group.legs[2][0], prices)
    if group.name == "vertical":
        (long, _), (short, _) = group.legs
        width = _strike(short) - _strike(long)
        return max(width if short.right == OptionRight.PUT else -width, Decimal(0)) * _CONTRACT
    margins = {symbol: naked(symbol, prices) for symbol in shorts}
    dear = max(shorts, key=lambda symbol: margins[symbol])
    return margins[dear] + sum((prices[one] * _CONTRACT for one in shorts if one != dear), Decimal(0))


def naked(symbol: Symbol, prices: Prices) -> Decimal:
    """The requirement of one short contract."""
    assert symbol.underlying is not None
    strike, underlying = _strike(symbol), prices[symbol.underlying]
    put = symbol.right == OptionRight.PUT
    distance = max(underlying - strike if put else strike - underlying, Decimal(0))
    floor = _FLOOR * (strike if put else underlying)
    return (prices[symbol] + max(_NAKED * underlying - distance, floor)) * _CONTRACT


def _strike(symbol: Symbol) -> Decimal:
    assert symbol.strike is not None
    return symbol.strike
