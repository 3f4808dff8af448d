"""Statements priced by our schedule alone: the table behind the evidence for a fee model.

Holds: writing the priced legs of an account.
Belongs here: the columns of `derived.statement_pricing`.
Never here: pricing and causes (`transforms.statement_pricing`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.transforms.statement_pricing import PricedLeg, price_statements
from warehouse.frames import frame, to_money
from warehouse.models.derived.reconciliation import StatementPricing

if TYPE_CHECKING:
    from pipelines.steps.reconcile_inputs import AccountPlan
    from pipelines.transforms.reconciliation import AccountInput
    from warehouse.session import WriteSession


def write_statement_pricing(session: WriteSession, plan: AccountPlan, given: AccountInput) -> int:
    """Price every standing fill of an account and replace its rows; returns how many rows changed."""
    priced = price_statements(given.account, given.broker, given.terms, given.schedule)
    rows = [_row(found, plan) for found in priced]
    return session.replace(StatementPricing, frame(StatementPricing, rows), "account = ?", (plan.account,))


def _row(found: PricedLeg, plan: AccountPlan) -> dict[str, object]:
    rows = found.leg.rows
    return {
        "leg_id": found.leg_id,
        "account": plan.account,
        "broker": plan.broker,
        "plan": plan.plan,
        "product": found.product,
        "root": found.root,
        "leg_class": found.leg.leg_class,
        "instrument_key": found.leg.instrument_key,
        "broker_order_id": rows[0].order_number,
        "session_date": found.leg.session_date,
        "fills": len(rows),
        "expected": None if found.expected is None else to_money(found.expected),
        "charged": to_money(found.charged),
        "cause": found.cause,
        "remainder": to_money(found.left),
        "level": found.level,
        "evidence": found.evidence,
    }
