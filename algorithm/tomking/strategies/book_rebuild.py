"""A book made again from what the portfolio holds, where no stored book can be read.

Holds: the grouping of holdings into trades, and the strategy that each shape belongs to.
Belongs here: what shape a strategy's trade has.
Never here: reading the portfolio, deciding about the trades.

Contracts of one underlying and expiry are one trade. What has the shape of no strategy is kept as `unassigned`: counted
by the limits, closed by nobody but a person. Prices are the portfolio's averages, so that targets go on; the day of the
opening is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from tomking.kernel.occ import OccSymbol, SymbolError, parse_occ
from tomking.strategies.book import Leg, Stance, Trade

UNASSIGNED = "unassigned"
_LONG_DATED = 150
Held = Mapping[str, tuple[int, Decimal | None]]


def trades_of(holdings: Held, now: datetime) -> tuple[Trade, ...]:
    """Open trades for the option contracts of `holdings` (key → signed quantity, average price); `now` is UTC."""
    groups: dict[tuple[str, object], list[tuple[OccSymbol, int, Decimal | None]]] = {}
    for key, (quantity, average) in sorted(holdings.items()):
        try:
            parts = parse_occ(key)
        except SymbolError:
            continue
        if quantity:
            groups.setdefault((parts.root, parts.expiry), []).append((parts, quantity, average))
    return tuple(_trade(number, group, now) for number, group in enumerate(groups.values(), start=1))


def _trade(number: int, group: list[tuple[OccSymbol, int, Decimal | None]], now: datetime) -> Trade:
    first, day = group[0][0], now.date()
    strategy, stance, part = _shape([(parts, quantity) for parts, quantity, _ in group], (first.expiry - day).days)
    roles = _roles(strategy, [(parts, quantity) for parts, quantity, _ in group])
    legs = tuple(
        Leg(parts.text, quantity, roles.get(parts.text, ""), None if average is None else -average * quantity)
        for parts, quantity, average in group
    )
    known = all(leg.opened is not None for leg in legs)
    return Trade(
        id=f"{strategy}-{day:%Y%m%d}-r{number}",
        strategy=strategy,
        product=first.root,
        state="open",
        legs=legs,
        expiry=first.expiry,
        planned_on=day,
        opened_at=now,
        credit=sum((leg.opened or Decimal(0) for leg in legs), Decimal(0)) if known else None,
        stance=stance,
        part=part,
    )


Sides = list[tuple[OccSymbol, int]]


def _shape(sides: Sides, days: int) -> tuple[str, Stance, str]:
    """Strategy, stance and part by the signs of the contracts."""
    signs = sorted((parts.call_put, 1 if quantity > 0 else -1) for parts, quantity in sides)
    if signs == [("C", -1), ("P", -1)]:
        return "strangle", "short", ""
    if signs == [("C", -1), ("C", 1), ("P", -1), ("P", 1)]:
        return "friday0dte", "short", ""
    if signs in ([("P", -1), ("P", -1), ("P", 1)], [("P", -1), ("P", 1)]):
        return "one_one_two", "short", ""
    if len(sides) == 1:
        (parts, quantity) = sides[0]
        if parts.call_put == "P":
            return ("leap_ladder", "short", "") if quantity < 0 else ("insurance_puts", "hedge", "")
        if quantity > 0 and days > _LONG_DATED:
            return "ipmcc", "long", "leap"
        if quantity < 0:
            return "ipmcc", "covered", "weekly"
    return UNASSIGNED, "short", ""


def _roles(strategy: str, sides: Sides) -> dict[str, str]:
    """Of a 1-1-2: the long put and the nearest short one are the hedge, the lowest puts are naked."""
    if strategy != "one_one_two":
        return {}
    shorts = sorted((parts.strike, parts.text) for parts, quantity in sides if quantity < 0)
    return {parts.text: "naked" if parts.text == shorts[0][1] and len(sides) > 2 else "hedge" for parts, _ in sides}
