"""Which of a broker's plans an account was on, and when, as its own charges show.

Holds: every plan priced over all orders whose cost depends on the plan, and the cheapest explanation of all of them.
Belongs here: choosing a plan by evidence.
Never here: rates, causes of a single leg (`fee_explanation`), what becomes of the choice.

An order that a plan reproduces to the last digit speaks for it; one whose rest venues may have asked speaks for it less;
one that it leaves unexplained speaks against it. Plans change between sessions, and only where more than one order says
so. Orders that every plan prices alike say nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from pipelines.transforms.fees.explanation import Explained, Terms
from pipelines.transforms.fees.explanation_memory import Explanations
from pipelines.transforms.matching.fills import Leg
from tomking.kernel.fees import FeeSchedule

_UNEXPLAINED: Final = 100
_BY_VENUE: Final = 25
_CHANGE: Final = 150
"""What a change of plan has to be worth: more than one order that the other plan leaves unexplained."""
_SILENT: Final = frozenset({"missing_in_lean", "rounding", "cancel_correct", "earlier_fills"})


@dataclass(frozen=True, slots=True)
class PlanPeriod:
    """A plan from a session on. Counts are of the orders of the period whose cost depends on the plan.

    `other` is the plan that explains most of the rest, with how many orders it would explain.
    """

    plan: str
    first_day: dt.date
    orders: int
    reproduced: int
    by_venue: int
    other: str | None
    other_explained: int


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What one order says of each plan: 0 reproduced, else a cost."""

    day: dt.date
    costs: tuple[int, ...]


def infer_plans(
    legs: Iterable[Leg],
    terms: Mapping[str, Terms],
    plans: Mapping[str, FeeSchedule],
    *,
    configured: str | None,
) -> tuple[PlanPeriod, ...]:
    """The plans that explain the account's orders best, in time order; none where no order depends on the plan.

    `plans` are the candidates by name, the one to be taken without evidence first. A `configured` plan stays unless
    the orders speak against it as they would have to for a change.
    """
    names = list(plans)
    explanations = [Explanations(schedule, None) for schedule in plans.values()]
    spoken = sorted(_spoken(legs, terms, explanations), key=lambda said: said.day)
    if not spoken:
        return ()
    chosen = _cheapest(spoken, [0 if configured in (None, name) else _CHANGE for name in names])
    periods = []
    for plan, found in groupby(zip(chosen, spoken, strict=True), key=lambda pair: pair[0]):
        periods.append(_period(names, plan, [said for _, said in found]))
    return tuple(periods)


def _spoken(legs: Iterable[Leg], terms: Mapping[str, Terms], explanations: Sequence[Explanations]) -> Iterable[_Spoken]:
    for leg in legs:
        of_leg = terms.get(leg.instrument_key)
        if of_leg is None or leg.leg_class != "trade":
            continue
        found = [one.explain(leg, of_leg) for one in explanations]
        if len({one.expected for one in found}) > 1:
            yield _Spoken(leg.session_date, tuple(_cost(one) for one in found))


def _cost(found: Explained) -> int:
    causes = {part.cause for part in found.parts if part.amount and part.cause not in _SILENT}
    if found.expected is None or causes - {"component_not_modelled"}:
        return _UNEXPLAINED
    return _BY_VENUE if causes else 0


def _cheapest(spoken: Sequence[_Spoken], start: Sequence[int]) -> list[int]:
    """The plan of each order on the cheapest path; a plan is kept as long as that costs nothing."""
    best = list(start)
    came_from: list[list[int]] = []
    for day, said in ((day, list(found)) for day, found in groupby(spoken, key=lambda one: one.day)):
        del day
        cheapest = min(range(len(best)), key=best.__getitem__)
        origin = [
            plan if not came_from or cost <= best[cheapest] + _CHANGE else cheapest for plan, cost in enumerate(best)
        ]
        best = [
            (cost if origin[plan] == plan else best[cheapest] + _CHANGE) + sum(one.costs[plan] for one in said)
            for plan, cost in enumerate(best)
        ]
        came_from.extend([origin] + [list(range(len(best)))] * (len(said) - 1))
    plan = min(range(len(best)), key=best.__getitem__)
    path = []
    for origin in reversed(came_from):
        path.append(plan)
        plan = origin[plan]
    return path[::-1]


def _period(names: Sequence[str], plan: int, spoken: Sequence[_Spoken]) -> PlanPeriod:
    explained = [sum(one.costs[other] < _UNEXPLAINED for one in spoken) for other in range(len(names))]
    others = [other for other in range(len(names)) if other != plan]
    other = max(others, key=explained.__getitem__, default=None)
    return PlanPeriod(
        plan=names[plan],
        first_day=spoken[0].day,
        orders=len(spoken),
        reproduced=sum(one.costs[plan] == 0 for one in spoken),
        by_venue=sum(one.costs[plan] == _BY_VENUE for one in spoken),
        other=None if other is None else names[other],
        other_explained=0 if other is None else explained[other],
    )
