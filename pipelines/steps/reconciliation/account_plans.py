"""The plan of an account: the configured one, or those that its own charges show.

Holds: what an account is, its accepted schedule, and the schedule that follows the inferred plans.
Belongs here: from configuration, accepted rates and charges to one schedule.
Never here: how a plan is inferred (`transforms.plan_inference`), rates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from pipelines.transforms.fees.component_evidence import RateKey, rate_for
from pipelines.transforms.fees.explanation import Terms
from pipelines.transforms.fees.month_volumes import with_month_volumes
from pipelines.transforms.fees.plan_history import PlanHistory
from pipelines.transforms.fees.plan_inference import PlanPeriod, infer_plans
from pipelines.transforms.fees.statement_pricing import statement_legs
from pipelines.transforms.matching.fills import BrokerFill
from tomking.kernel.fees import FeeSchedule, UnknownSchedule, schedule_for
from tomking.kernel.schedules import PLANS
from tomking.kernel.schedules.rates import FeeRate

if TYPE_CHECKING:
    from warehouse.session import WriteSession

SCHEDULE_CURRENCY: Final = "USD"
_NOT_SAID: Final = "standard"
"""The plan of an account whose configuration names none."""


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """The broker, plan and currency of an account."""

    account: str
    broker: str
    plan: str
    currency: str


@dataclass(frozen=True, slots=True)
class PlansFound:
    """The schedule of an account, the plans it follows, and the fills with their month's volume."""

    schedule: FeeSchedule | None
    periods: tuple[PlanPeriod, ...]
    fills: list[BrokerFill]


def read_plans(
    session: WriteSession, plan: AccountPlan, fills: Sequence[BrokerFill], terms: Mapping[str, Terms]
) -> PlansFound:
    """The schedule that fits an account: of its configured plan, or of the plans that its charges show."""
    configured = accepted_schedule(session, plan)
    names = [name for broker, name in PLANS if broker == plan.broker and name != _NOT_SAID]
    found = {name: accepted_schedule(session, plan, name) for name in names}
    candidates = {name: schedule for name, schedule in found.items() if schedule is not None}
    known = [schedule for schedule in (configured, *candidates.values()) if schedule is not None]
    counted = with_month_volumes(fills, terms, known)
    if configured is None or len(candidates) < 2:
        return PlansFound(configured, (), counted)
    said = None if plan.plan == _NOT_SAID else plan.plan
    periods = infer_plans(statement_legs(counted), terms, candidates, configured=said)
    if not periods:
        return PlansFound(configured, (), counted)
    if len(periods) == 1:
        return PlansFound(candidates[periods[0].plan], periods, counted)
    history = PlanHistory([(period.first_day, candidates[period.plan]) for period in periods])
    return PlansFound(history, periods, counted)


def accepted_schedule(session: WriteSession, plan: AccountPlan, name: str | None = None) -> FeeSchedule | None:
    """The schedule of a plan with every rate that was accepted for the account; None where the plan is not known.

    `name` is the broker's plan to ask for, by default the one that the account is configured with.
    """
    try:
        schedule = schedule_for(plan.broker, name or plan.plan)
    except UnknownSchedule:
        return None
    accepted = session.frame(
        "SELECT component, product, root, effective_from, effective_to, amount, decided_at::DATE AS decided_on "
        "FROM records.fee_rate_proposals WHERE state = 'accepted' AND broker = ? AND plan = ? AND account = ? "
        "ORDER BY decided_at, proposal_id",
        (plan.broker, plan.plan, plan.account),
    ).to_dicts()
    for proposal in accepted:
        schedule = schedule.with_rates(_accepted_rows(schedule, proposal))
    return schedule


def _accepted_rows(schedule: FeeSchedule, proposal: Mapping[str, Any]) -> list[FeeRate]:
    """The accepted level from its day on, and where it ends, what the schedule said before."""
    component, product = proposal["component"], proposal["product"]
    starts, ends = proposal["effective_from"], proposal["effective_to"]
    key = RateKey(component, product, proposal["root"])
    side = "sell" if component in ("sec", "taf") else None
    before = schedule.rate(component, product, starts, key.root, side)
    learnt = proposal["decided_on"]
    if before is None:
        missing = rate_for(key, schedule, proposal["amount"])
        return [replace(missing, effective_from=starts, learnt_on=learnt)]
    if before.root is None and key.root is not None:
        before = replace(before, root=key.root)
    rows = [replace(before, amount=proposal["amount"], effective_from=starts, learnt_on=learnt)]
    # Rows of the schedule that begin while the accepted level lasts would end it early.
    rows.extend(
        replace(row, amount=proposal["amount"], learnt_on=learnt)
        for row in schedule.rows
        if row.selector == before.selector and starts < row.effective_from <= (ends or dt.date.max)
    )
    if ends is not None:
        day_after = ends + dt.timedelta(days=1)
        after = schedule.rate(component, product, day_after)
        if after is not None and after.effective_from <= ends:
            rows.append(replace(after, effective_from=day_after))
    return rows
