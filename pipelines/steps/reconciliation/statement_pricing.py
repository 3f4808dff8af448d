"""Statements priced by our schedule alone: the tables behind the evidence for a fee model and behind cost reports.

Holds: writing the priced legs of an account, and what they would have cost on other routes.
Belongs here: the columns of `derived.statement_pricing` and `derived.fee_alternatives`.
Never here: pricing and causes (`transforms.statement_pricing`), routes (`transforms.fee_alternatives`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from pipelines.steps.reconciliation.account_plans import SCHEDULE_CURRENCY
from pipelines.transforms.fees.alternatives import Access, alternatives, forecast_of
from pipelines.transforms.fees.statement_pricing import PricedLeg, price_statements, statement_legs, without_schedule
from pipelines.transforms.matching.fills import BrokerFill, total
from tomking.kernel.fees import FeeSchedule, UnknownSchedule, schedule_for
from warehouse.frames import frame, to_money
from warehouse.models.derived.reconciliation import AccountPlanPeriod, FeeAlternative, StatementPricing

if TYPE_CHECKING:
    from pipelines.config import Settings
    from pipelines.steps.reconciliation.account_plans import AccountPlan
    from pipelines.transforms.reconciliation import AccountInput
    from warehouse.session import WriteSession


def write_statement_pricing(session: WriteSession, settings: Settings, plan: AccountPlan, given: AccountInput) -> int:
    """Price every standing fill of an account and replace its rows; returns how many rows changed."""
    told = _told(plan, given)
    fills = {plan.currency: list(given.broker)}
    for currency, fill in given.foreign:
        fills.setdefault(currency, []).append(fill)
    rows: list[Mapping[str, object]] = []
    priced: list[PricedLeg] = []
    for currency, charged in fills.items():
        legs = _priced(given, currency, charged)
        rows += [_row(leg, plan, given, told, currency) for leg in legs]
        # Amounts of other currencies stay apart: no rate of exchange is known.
        priced += legs if currency == plan.currency else []
    periods = [
        {"account": plan.account, "broker": plan.broker, "configured": plan.plan, **asdict(period)}
        for period in given.plans
    ]
    session.replace(AccountPlanPeriod, frame(AccountPlanPeriod, periods), "account = ?", (plan.account,))
    changed = session.replace(StatementPricing, frame(StatementPricing, rows), "account = ?", (plan.account,))
    access = [Access(account.broker, account.opened, account.closed) for account in settings.accounts]
    routes = alternatives(given.account, plan.broker, priced, given.terms, access)
    found = frame(FeeAlternative, [asdict(route) for route in routes])
    return changed + session.replace(FeeAlternative, found, "account = ?", (plan.account,))


def _priced(given: AccountInput, currency: str, fills: Sequence[BrokerFill]) -> list[PricedLeg]:
    """The legs that were charged in a currency; schedules are in dollars and say nothing of others."""
    if currency == SCHEDULE_CURRENCY:
        return price_statements(given.account, fills, given.terms, given.dollar_schedule)
    return [
        without_schedule(given.account, leg, given.terms.get(leg.instrument_key), currency)
        for leg in statement_legs(fills)
    ]


def _told(plan: AccountPlan, given: AccountInput) -> Mapping[str, FeeSchedule]:
    """The schedules of the account's plans with the days on which their rows were learnt."""
    told = {}
    for name in {plan.plan, *(period.plan for period in given.plans)}:
        try:
            told[name] = schedule_for(plan.broker, name)
        except UnknownSchedule:
            continue
    return told


def _row(
    found: PricedLeg, plan: AccountPlan, given: AccountInput, told: Mapping[str, FeeSchedule], currency: str
) -> Mapping[str, object]:
    leg = found.leg
    rows = leg.rows
    terms = given.terms.get(leg.instrument_key)
    name = plan.plan if given.dollar_schedule is None else given.dollar_schedule.plan_on(leg.session_date)
    schedule = told.get(name)
    forecast = None if schedule is None or terms is None else forecast_of(schedule, leg, terms)
    return {
        "leg_id": found.leg_id,
        "account": plan.account,
        "broker": plan.broker,
        "plan": name,
        "currency": currency,
        "is_own_currency": currency == plan.currency,
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
        "level": None if found.level is None else to_money(found.level),
        "evidence": found.evidence,
        "first_row_id": rows[0].row_id,
        "underlying": given.underlyings.get(leg.instrument_key),
        "units": total(abs(row.quantity) for row in rows),
        "premium": to_money(total(row.value for row in rows)),
        "forecast": None if forecast is None else to_money(forecast),
    }
