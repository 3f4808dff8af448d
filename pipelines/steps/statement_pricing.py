"""Statements priced by our schedule alone: the tables behind the evidence for a fee model and behind cost reports.

Holds: writing the priced legs of an account, and what they would have cost on other routes.
Belongs here: the columns of `derived.statement_pricing` and `derived.fee_alternatives`.
Never here: pricing and causes (`transforms.statement_pricing`), routes (`transforms.fee_alternatives`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from pipelines.transforms.fee_alternatives import Access, alternatives, forecast_of
from pipelines.transforms.fills import total
from pipelines.transforms.statement_pricing import PricedLeg, price_statements
from tomking.kernel.fees import FeeSchedule, UnknownSchedule, schedule_for
from warehouse.frames import frame, to_money
from warehouse.models.derived.reconciliation import FeeAlternative, StatementPricing

if TYPE_CHECKING:
    from pipelines.config import Settings
    from pipelines.steps.reconcile_inputs import AccountPlan
    from pipelines.transforms.reconciliation import AccountInput
    from warehouse.session import WriteSession


def write_statement_pricing(session: WriteSession, settings: Settings, plan: AccountPlan, given: AccountInput) -> int:
    """Price every standing fill of an account and replace its rows; returns how many rows changed."""
    priced = price_statements(given.account, given.broker, given.terms, given.schedule)
    told = _told(plan)
    rows = [_row(found, plan, given, told) for found in priced]
    changed = session.replace(StatementPricing, frame(StatementPricing, rows), "account = ?", (plan.account,))
    access = [Access(account.broker, account.opened, account.closed) for account in settings.accounts]
    routes = alternatives(given.account, plan.broker, priced, given.terms, access)
    found = frame(FeeAlternative, [asdict(route) for route in routes])
    return changed + session.replace(FeeAlternative, found, "account = ?", (plan.account,))


def _told(plan: AccountPlan) -> FeeSchedule | None:
    """The schedule of the plan with the days on which its rows were learnt."""
    try:
        return schedule_for(plan.broker, plan.plan)
    except UnknownSchedule:
        return None


def _row(found: PricedLeg, plan: AccountPlan, given: AccountInput, told: FeeSchedule | None) -> Mapping[str, object]:
    leg = found.leg
    rows = leg.rows
    terms = given.terms.get(leg.instrument_key)
    forecast = None if told is None or terms is None else forecast_of(told, leg, terms)
    return {
        "leg_id": found.leg_id,
        "account": plan.account,
        "broker": plan.broker,
        "plan": plan.plan,
        "product": found.product,
        "root": found.root,
        "leg_class": leg.leg_class,
        "instrument_key": leg.instrument_key,
        "broker_order_id": rows[0].order_number,
        "session_date": leg.session_date,
        "fills": len(rows),
        "expected": None if found.expected is None else to_money(found.expected),
        "charged": to_money(found.charged),
        "cause": found.cause,
        "remainder": to_money(found.left),
        "level": found.level,
        "evidence": found.evidence,
        "first_row_id": rows[0].row_id,
        "underlying": given.underlyings.get(leg.instrument_key),
        "units": total(abs(row.quantity) for row in rows),
        "premium": to_money(total(row.value for row in rows)),
        "forecast": None if forecast is None else to_money(forecast),
    }
