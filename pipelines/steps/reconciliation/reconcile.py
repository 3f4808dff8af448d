"""The reconciliation of commissions: derived tables from fills and statements.

Holds: the step that works out accounts and writes what changed.
Belongs here: which accounts, in which transaction, and the counts that are reported.
Never here: queries (`reconcile_inputs`), rules (`pipelines.transforms`).

An account is worked out as a whole: levels are fitted over its history, a refund belongs to a leg of an earlier day,
and no result may depend on which day came first. Days only say that something changed; what is the same is not written
again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from pipelines.steps.reconciliation.account_plans import AccountPlan
from pipelines.steps.reconciliation.inputs import accounts, read_account
from pipelines.steps.reconciliation.statement_pricing import write_statement_pricing
from pipelines.transforms.matching.fills import ZERO, average_price, total
from pipelines.transforms.reconciliation import AccountInput, AccountResult, LegResult, reconcile
from warehouse.frames import frame, to_money
from warehouse.keys import stable_id
from warehouse.models.derived.reconciliation import (
    AccountAdjustment,
    AccountPlanPeriod,
    Break,
    DayTotal,
    FeeAlternative,
    FeeCause,
    FeeLeg,
    LegFill,
    StatementPricing,
)

if TYPE_CHECKING:
    from pipelines.config import Settings
    from warehouse.session import WriteSession

DOMAIN = "reconciliation"
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class ReconcileOutcome:
    """What a reconciliation found over the accounts it worked out; amounts are costs in the account's currency.

    `unmatched` legs stand on one side only, `not_covered` fills of LEAN lie outside of every statement so far.
    `stated_days` are those of which the broker states a total of its own. `no_schedule` are accounts whose broker or plan has no fee schedule: their fees are compared with the model only.
    """

    accounts: int = 0
    days: int = 0
    legs: int = 0
    matched: int = 0
    explained: int = 0
    with_break: int = 0
    unmatched: int = 0
    not_covered: int = 0
    breaks: dict[str, int] = field(default_factory=dict)
    modelled: Decimal = ZERO
    expected: Decimal = ZERO
    charged: Decimal = ZERO
    days_that_do_not_tie: int = 0
    stated_days: int = 0
    stated_days_that_differ: int = 0
    no_schedule: tuple[str, ...] = ()


def reconcile_days(
    session: WriteSession, settings: Settings, days: Iterable[dt.date] | None = None
) -> ReconcileOutcome:
    """Reconciles every account that the given days may concern, and notes those days as done.

    Args:
        session: the writing session.
        settings: the configuration (plans of accounts).
        days: sessions to work out again; None takes the days that wait.
    """
    asked = sorted(set(days)) if days is not None else session.dirty_days(DOMAIN)
    if not asked:
        return ReconcileOutcome()
    found: list[tuple[AccountInput, AccountResult]] = []
    with session.transaction():
        plans = accounts(session, settings)
        for plan in plans:
            given = read_account(session, plan)
            result = reconcile(given)
            _write(session, plan, given, result)
            write_statement_pricing(session, settings, plan, given)
            found.append((given, result))
        _forget_others(session, plans)
        session.clear_dirty(DOMAIN, asked)
    return _outcome(found, len(asked))


def _write(session: WriteSession, plan: AccountPlan, given: AccountInput, result: AccountResult) -> None:
    of_account = ("account = ?", (plan.account,))
    settings = json.dumps(given.settings.as_dict(), sort_keys=True)
    legs = [_leg(leg, plan.account, settings, session.now) for leg in result.legs]
    causes = [cause for leg in result.legs for cause in _causes(leg, plan.account)]
    fills = [fill for leg in result.legs for fill in _fills(leg, plan.account)]
    session.replace(FeeLeg, frame(FeeLeg, legs), *of_account)
    session.replace(FeeCause, frame(FeeCause, causes), *of_account)
    session.replace(LegFill, frame(LegFill, fills), *of_account)
    session.replace(Break, frame(Break, _breaks(result, plan.account)), *of_account)
    adjustments = _adjustments(given, result)
    session.replace(AccountAdjustment, frame(AccountAdjustment, adjustments), *of_account)
    days = [{"account": plan.account, **asdict(day)} for day in result.days]
    session.replace(DayTotal, frame(DayTotal, days), *of_account)


def _leg(found: LegResult, account: str, settings: str, now: dt.datetime) -> Row:
    leg, explained = found.leg, found.explained
    numbers = sorted({row.order_number for row in leg.rows if row.order_number is not None})
    return {
        "leg_id": found.leg_id,
        "account": account,
        "run_id": found.run_id,
        "lean_order_id": leg.lean[0].order_id if leg.lean else None,
        "broker_order_id": ", ".join(numbers) or None,
        "instrument_key": leg.instrument_key,
        "session_date": leg.session_date,
        "leg_class": leg.leg_class,
        "match_tier": leg.tier,
        "match_score": leg.score,
        "match_settings": settings,
        "lean_quantity": leg.lean_quantity if leg.lean else None,
        "broker_quantity": leg.broker_quantity if leg.rows else None,
        "lean_price": _price(average_price(leg.lean)),
        "broker_price": _price(average_price(leg.rows)),
        "lean_fills": len(leg.lean),
        "broker_fills": len(leg.rows),
        "modelled": explained.modelled,
        "expected": explained.expected,
        "charged": explained.charged,
        "difference": explained.difference,
        "cause": found.verdict.cause,
        "tolerance": explained.tolerance,
        "state": found.verdict.state,
        "computed_at": now,
    }


def _price(average: Decimal | None) -> Decimal | None:
    # The average of partial fills may have no end.
    return None if average is None else to_money(average)


def _causes(found: LegResult, account: str) -> list[Row]:
    sums: dict[tuple[str, str], Decimal] = {}
    for part in found.explained.parts:
        sums[part.component, part.cause] = sums.get((part.component, part.cause), ZERO) + part.amount
    lean = found.leg.lean
    return [
        {
            "leg_id": found.leg_id,
            "component": component,
            "cause": cause,
            "account": account,
            "run_id": found.run_id,
            "lean_order_id": lean[0].order_id if lean else None,
            "instrument_key": found.leg.instrument_key,
            "session_date": found.leg.session_date,
            "amount": amount,
        }
        for (component, cause), amount in sums.items()
    ]


def _fills(found: LegResult, account: str) -> list[Row]:
    shared: Row = {"leg_id": found.leg_id, "account": account, "session_date": found.leg.session_date}
    lean: list[Row] = [{**shared, "source": "lean", "reference": fill.reference} for fill in found.leg.lean]
    return lean + [{**shared, "source": "broker", "reference": row.row_id} for row in found.leg.rows]


def _breaks(result: AccountResult, account: str) -> list[Row]:
    return [
        {
            "break_id": stable_id("break", *found.identity),
            "account": account,
            "run_id": found.run_id,
            "lean_order_id": found.lean_order_id,
            "broker_order_id": found.broker_order_id,
            "instrument_key": found.instrument_key,
            "session_date": found.session_date,
            "cause": found.cause,
            "component": found.component,
            "amount": found.amount,
            "detail": json.dumps(found.detail, sort_keys=True),
            "initial_state": found.initial_state,
        }
        for found in result.breaks
    ]


def _adjustments(given: AccountInput, result: AccountResult) -> list[Row]:
    return [
        {
            "row_id": row.row_id,
            "account": given.account,
            "session_date": row.session_date,
            "adjustment_class": row.adjustment_class,
            "amount": row.amount,
            "corrects_leg_id": result.corrected.get(row.row_id),
            "note": row.description or None,
        }
        for row in given.account_rows
    ]


def _forget_others(session: WriteSession, plans: Iterable[AccountPlan]) -> None:
    """Rows of accounts whose statements are gone."""
    known = [plan.account for plan in plans]
    of_legs = (FeeLeg, FeeCause, LegFill, Break, AccountAdjustment, DayTotal)
    for model in (*of_legs, StatementPricing, AccountPlanPeriod, FeeAlternative):
        session.replace(model, frame(model, []), "NOT list_contains(?::VARCHAR[], account)", (known,))


def _outcome(found: Iterable[tuple[AccountInput, AccountResult]], days: int) -> ReconcileOutcome:
    found = list(found)
    legs = [leg for _, result in found for leg in result.legs]
    states: Mapping[str, int] = Counter(leg.verdict.state for leg in legs)
    return ReconcileOutcome(
        accounts=len(found),
        days=days,
        legs=len(legs),
        matched=states.get("matched", 0),
        explained=states.get("explained", 0),
        with_break=states.get("break", 0),
        unmatched=sum(not (leg.leg.lean and leg.leg.rows) for leg in legs),
        not_covered=sum(result.not_covered for _, result in found),
        breaks=dict(sorted(Counter(item.cause for _, result in found for item in result.breaks).items())),
        modelled=total(leg.explained.modelled or ZERO for leg in legs),
        expected=total(leg.explained.expected or ZERO for leg in legs),
        charged=total(leg.explained.charged or ZERO for leg in legs),
        days_that_do_not_tie=sum(not day.ties for _, result in found for day in result.days),
        stated_days=sum(day.stated_total is not None for _, result in found for day in result.days),
        stated_days_that_differ=sum(day.stated_ties is False for _, result in found for day in result.days),
        no_schedule=tuple(given.account for given, _ in found if given.schedule is None),
    )
