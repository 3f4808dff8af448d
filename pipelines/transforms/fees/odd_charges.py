"""Charges that the schedule and the fitted levels leave unexplained, tried with what else brokers do.

Holds: causes that several orders, or the row itself, have to show.
Belongs here: a cause that gives the printed figure when it is applied, or evidence that the row is none to judge by.
Never here: causes that every reconciled leg is asked for (`fee_explanation`), rates.

* `component_not_charged`: one part of the schedule was left out. To the last digit where the broker rounds nothing, or
  nothing at all was charged; else two legs have to show the same part.
* `pass_through_rate_change`: the official rate of another day, the same for two legs or more.
* `commission_rate`: the same amount for two orders or more of a month that differ in size or price.
* `no_session`: the row is booked as a trade on a day without one, so that no day's rate is asked for.
* `row_contradicts_itself`: quantity and price are not the value that the row itself is settled with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pipelines.transforms.fees.all_in_rows import HALF_CENT
from pipelines.transforms.fees.explanation import Terms
from pipelines.transforms.fees.leg_fees import fee_fills
from pipelines.transforms.matching.fills import ZERO, Leg, total
from tomking.kernel.fees import FeeFill, FeeSchedule, UnknownRate
from tomking.kernel.schedules.rates import FeeRate
from tomking.kernel.sessions import is_session

if TYPE_CHECKING:
    from pipelines.transforms.fees.statement_pricing import PricedLeg

LEAST_LEGS: Final = 2
_LAST_DIGIT: Final = Decimal("0.000001")
_OFFICIAL: Final = ("sec", "taf")
_LISTED: Final = frozenset({"equity", "equity_option", "index_option"})
"""Products that trade in sessions of the US exchanges only."""
_PRICE_PLACES: Final = 2


@dataclass(frozen=True, slots=True)
class _Shown:
    """A cause that a leg alone allows; `by` is what other legs have to show, too."""

    cause: str
    left: Decimal
    level: Decimal | None
    by: tuple[object, ...]
    alone: bool = False


def settle(legs: Sequence[PricedLeg], terms: Mapping[str, Terms], schedule: FeeSchedule | None) -> list[PricedLeg]:
    """The legs, those without a cause with one where the legs together show it."""
    odd = [leg for leg in legs if leg.cause == "unknown"]
    if schedule is None:
        return list(legs)
    charged_alone = [leg for leg in legs if leg.cause in ("unknown", "commission_rate")]
    found = _shown_together(charged_alone, lambda leg: _not_to_judge(leg, terms))
    ways: tuple[Callable[[PricedLeg], Iterator[_Shown]], ...] = (
        lambda leg: _left_out(leg, terms, schedule),
        lambda leg: _official_of_another_day(leg, terms, schedule),
        _same_amount,
    )
    for way in ways:
        open_legs = [leg for leg in odd if leg.leg_id not in found]
        found.update(_shown_together(open_legs, way))
    return [found.get(leg.leg_id, leg) for leg in legs]


def _shown_together(legs: Sequence[PricedLeg], way: Callable[[PricedLeg], Iterator[_Shown]]) -> dict[str, PricedLeg]:
    """Each leg with the cause that most legs show."""
    shown = [(leg, list(way(leg))) for leg in legs]
    support: defaultdict[tuple[object, ...], set[object]] = defaultdict(set)
    for leg, causes in shown:
        for one in causes:
            support[one.by].add((leg.leg.rows[0].instrument_key, _units(leg.leg), leg.leg.rows[0].price, leg.leg_id))
    found = {}
    for leg, causes in shown:
        best = max(causes, key=lambda one: (len(support[one.by]), one.alone), default=None)
        if best is not None and (best.alone or _differ(support[best.by])):
            legs_of = len(support[best.by])
            found[leg.leg_id] = replace(leg, cause=best.cause, left=best.left, level=best.level, evidence=legs_of)
    return found


def _differ(support: set[object]) -> bool:
    """Whether there are enough legs, and they are not one order told twice."""
    return len(support) >= LEAST_LEGS and len({what[:3] for what in support if isinstance(what, tuple)}) >= LEAST_LEGS


def _slack(schedule: FeeSchedule, leg: Leg) -> Decimal:
    return _LAST_DIGIT if schedule.is_exact else HALF_CENT * len(leg.rows)


def _left_out(leg: PricedLeg, terms: Mapping[str, Terms], schedule: FeeSchedule) -> Iterator[_Shown]:
    if leg.expected is None:
        return
    try:
        fees = schedule.fees_for_leg(fee_fills(leg.leg, terms[leg.leg.instrument_key]))
    except (UnknownRate, ValueError):
        return
    for component in dict.fromkeys(fee.component for found in fees for fee in found.fees):
        amount = total(found.amount(component) for found in fees)
        left = leg.charged - leg.expected + amount
        if component == "commission" or not amount or abs(left) > _slack(schedule, leg.leg):
            continue
        alone = schedule.is_exact or not leg.charged
        yield _Shown("component_not_charged", left, ZERO, ("left out", leg.product, component), alone)


def _official_of_another_day(leg: PricedLeg, terms: Mapping[str, Terms], schedule: FeeSchedule) -> Iterator[_Shown]:
    fills = fee_fills(leg.leg, terms[leg.leg.instrument_key])
    for component in _OFFICIAL:
        day = leg.leg.session_date
        due = schedule.rate(component, leg.product, day, side=fills[0].side, event=fills[0].event)
        if due is None:
            continue
        official = {
            row.amount
            for row in schedule.rows
            if row.series == "official" and (row.component, row.product) == (component, leg.product)
        }
        for amount in sorted(official):
            left = leg.charged - _charge_at(schedule, due, amount, fills)
            if amount != due.amount and abs(left) <= _slack(schedule, leg.leg) / 10:
                yield _Shown("pass_through_rate_change", left, amount, (component, amount))


def _charge_at(schedule: FeeSchedule, due: FeeRate, amount: Decimal, fills: Sequence[FeeFill]) -> Decimal:
    try:
        fees = schedule.with_rates([replace(due, amount=amount)]).fees_for_leg(fills)
    except (UnknownRate, ValueError):
        return ZERO
    return total(found.total for found in fees)


def _same_amount(leg: PricedLeg) -> Iterator[_Shown]:
    day = leg.leg.session_date
    if leg.charged > 0 and leg.charged == round(leg.charged, 2):
        by = ("amount", leg.product, day.year, day.month, leg.charged)
        yield _Shown("commission_rate", ZERO, leg.charged, by)


def _not_to_judge(leg: PricedLeg, terms: Mapping[str, Terms]) -> Iterator[_Shown]:
    rows = leg.leg.rows
    if leg.product in _LISTED and any(not is_session(row.session_date) for row in rows):
        yield _Shown("no_session", leg.left, None, ("no session",), alone=True)
    of_leg = terms[leg.leg.instrument_key]
    for row in rows:
        if row.price is None or not row.value:
            continue
        hidden = Decimal(5).scaleb(min(-_PRICE_PLACES, _exponent(row.price)) - 1)
        units = abs(row.quantity) * of_leg.multiplier
        if abs(abs(row.value) - abs(row.price) * units) > hidden * units + HALF_CENT:
            yield _Shown("row_contradicts_itself", leg.left, None, ("contradicts itself",), alone=True)
            return


def _exponent(price: Decimal) -> int:
    exponent = price.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _units(leg: Leg) -> Decimal:
    return total(abs(row.quantity) for row in leg.rows)
