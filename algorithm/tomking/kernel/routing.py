"""Where an order would cost least, asked before it is sent and again of what was filled.

Holds: an order priced under several schedules, the size of a contract that it could have had instead, and the advice.
Belongs here: comparing costs of one order on one day.
Never here: rates (`schedules`), what routes somebody has (callers say so), execution quality.

A route is a broker's plan, for the contract at hand or for one of another size on the same index. A quote is *complete*
where the schedule has every component; where a venue's fee is left to the statement, the quote is a lower bound and is
never advised. A route that does not price the order at all says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from tomking.kernel.fees import FeeFill, FeeSchedule, UnknownRate
from tomking.kernel.money import ZERO, add, multiply

Leg = Sequence[FeeFill]
"""The fills of one leg, in time order; before an order is sent, one fill of its whole size at the limit price."""


@dataclass(frozen=True, slots=True)
class Size:
    """A product and root that trade the same underlying at another size."""

    product: str
    root: str
    per_full: int
    """How many of the smaller one make the larger."""


_PAIRS: Final = (
    (Size("micro_future", "MES", 10), Size("future", "ES", 10)),
    (Size("micro_future", "MNQ", 10), Size("future", "NQ", 10)),
    (Size("micro_future", "M2K", 10), Size("future", "RTY", 10)),
    (Size("micro_future", "MYM", 10), Size("future", "YM", 10)),
    (Size("micro_future", "MCL", 10), Size("future", "CL", 10)),
    (Size("micro_future", "MGC", 10), Size("future", "GC", 10)),
)
SIZES: Final = {(one.product, one.root): (one, other) for pair in _PAIRS for one, other in (pair, pair[::-1])}
"""Futures of the same expiry at a tenth or ten times the size. Options are left out: the other size may have no such
strike or expiry."""

_VENUE: Final = "what the venue takes or pays is not in the schedule"
GAPS: Final = {
    ("ibkr", "fixed", "equity_option"): _VENUE,
    ("ibkr", "lite", "equity_option"): _VENUE,
    ("ibkr", "standard", "equity_option"): _VENUE,
    ("ibkr", "tiered", "equity_option"): _VENUE,
    ("ibkr", "fixed", "index_option"): _VENUE,
    ("ibkr", "lite", "index_option"): _VENUE,
    ("ibkr", "standard", "index_option"): _VENUE,
    ("ibkr", "tiered", "index_option"): _VENUE,
    ("ibkr", "tiered", "equity"): _VENUE,
}
"""What a plan leaves to the statement, by broker, plan and product."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order costs on a route; `total` is None where the schedule does not price it, and `why` says so."""

    broker: str
    plan: str
    size: str
    """same, micro or full: which size of contract."""
    total: Decimal | None
    is_complete: bool
    why: str | None = None
    unproven: tuple[str, ...] = ()
    """Components whose price no statement row and no primary source shows."""

    @property
    def is_feasible(self) -> bool:
        """Whether the whole cost is known."""
        return self.total is not None and self.is_complete


@dataclass(frozen=True, slots=True)
class Advice:
    """The cheapest feasible route, what it saves against the present one (negative: it costs more), and why."""

    best: Quote | None
    saving: Decimal | None
    reason: str
    quotes: tuple[Quote, ...]


def quote(schedule: FeeSchedule, legs: Sequence[Leg], *, known_on: date | None = None) -> Quote:
    """An order under a schedule, with the rows known on a day (default: all of them)."""
    return _quote(schedule if known_on is None else schedule.known_on(known_on), legs, "same")


def quotes(schedules: Iterable[FeeSchedule], legs: Sequence[Leg], *, known_on: date | None = None) -> tuple[Quote, ...]:
    """An order on every route: each schedule, for its own contracts and for those of the other size where there are any."""
    found = []
    other = other_size(legs)
    for schedule in schedules:
        rows = schedule if known_on is None else schedule.known_on(known_on)
        found.append(_quote(rows, legs, "same"))
        if other is not None:
            name, sized = other
            found.append(_quote(rows, sized, name))
    return tuple(found)


def advise(present: FeeSchedule, schedules: Iterable[FeeSchedule], legs: Sequence[Leg], known_on: date) -> Advice:
    """Where to send an order: the cheapest route whose whole cost is known that day; of equal ones the present.

    `schedules` are the routes that the account has; the present one is among them or is added.
    """
    others = [other for other in schedules if (other.broker, other.plan) != (present.broker, present.plan)]
    found = quotes([present, *others], legs, known_on=known_on)
    here = found[0]
    feasible = [one for one in found if one.is_feasible]
    best = min(feasible, key=lambda one: one.total or ZERO, default=None)
    if best is None or best.total is None:
        return Advice(None, None, f"no route prices the order: {here.why or 'the cost is not whole'}", found)
    if here.total is None or not here.is_complete:
        return Advice(best, None, f"{_name(best)} costs {best.total}; the present route has no whole price", found)
    saving = add((here.total, -best.total))
    if best == here:
        return Advice(best, ZERO, f"the present route is the cheapest of {len(feasible)} at {best.total}", found)
    return Advice(best, saving, f"{_name(best)} costs {best.total}, the present route {here.total}", found)


def other_size(legs: Sequence[Leg]) -> tuple[str, list[list[FeeFill]]] | None:
    """The same order in contracts of the other size: micro or full, and its legs; None where it cannot be had.

    Every leg must be of a root that has another size, and as many contracts as make whole ones of it.
    """
    sized: list[list[FeeFill]] = []
    names = set()
    for leg in legs:
        pair = SIZES.get((leg[0].product, leg[0].root))
        if pair is None:
            return None
        mine, other = pair
        grows = mine.product == "future"
        names.add("micro" if grows else "full")
        if not grows and any(fill.quantity % mine.per_full for fill in leg):
            return None
        sized.append([_resized(fill, other, grows=grows) for fill in leg])
    return (names.pop(), sized) if len(names) == 1 else None


def _resized(fill: FeeFill, other: Size, *, grows: bool) -> FeeFill:
    factor = Decimal(other.per_full)
    quantity = multiply(fill.quantity, factor) if grows else fill.quantity / factor
    multiplier = fill.multiplier / factor if grows else multiply(fill.multiplier, factor)
    return replace(fill, product=other.product, root=other.root, quantity=quantity, multiplier=multiplier)


def _quote(schedule: FeeSchedule, legs: Sequence[Leg], size: str) -> Quote:
    gaps = sorted(
        {gap for leg in legs if (gap := GAPS.get((schedule.broker, schedule.plan, leg[0].product))) is not None}
    )
    try:
        fees = [found for leg in legs for found in schedule.fees_for_leg(leg)]
    except UnknownRate as error:
        return Quote(schedule.broker, schedule.plan, size, None, is_complete=False, why=str(error))
    return Quote(
        broker=schedule.broker,
        plan=schedule.plan,
        size=size,
        total=add(found.total for found in fees),
        is_complete=not gaps,
        why="; ".join(gaps) or None,
        unproven=tuple(sorted({row.component for found in fees for row in found.unproven})),
    )


def _name(found: Quote) -> str:
    size = "" if found.size == "same" else f" in {found.size} contracts"
    return f"{found.broker} {found.plan}{size}"
