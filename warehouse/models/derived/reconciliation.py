"""Tables of the fee reconciliation, rebuilt per session from records.

Holds: order legs with the three fee columns, the causes of each difference, breaks, account rows, day totals.
Belongs here: anything that re-running the reconciliation makes again.
Never here: what a person decided about a break (`records.break_actions`).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import DERIVED, Base, day, instant, key, money, references, text


class FeeLeg(Base):
    """One order leg, or one side of a leg that has no counterpart, with its fee modelled, expected and charged.

    Costs are positive. `difference` = charged - modelled; a side that does not exist counts as 0 there and its cause
    says so (missing_at_broker, missing_in_lean).
    """

    __tablename__ = "fee_legs"
    __table_args__ = ({"schema": DERIVED},)

    leg_id: Mapped[key]
    account: Mapped[text]
    run_id: Mapped[str | None] = mapped_column(Text, info=references("records.runs.run_id"))
    lean_order_id: Mapped[int | None]
    broker_order_id: Mapped[str | None]
    instrument_key: Mapped[text]
    session_date: Mapped[day]
    leg_class: Mapped[text]
    """trade, expiration, assignment, exercise, delivery."""
    match_tier: Mapped[str | None]
    """broker_id, fill, group, contract; None where one side is missing."""
    match_score: Mapped[Decimal | None]
    """1 for the same fill at the same second, less the further apart; None where one side is missing."""
    match_settings: Mapped[text]
    """JSON: the windows, tolerances and weights the matching was made with."""
    lean_quantity: Mapped[Decimal | None]
    """Signed."""
    broker_quantity: Mapped[Decimal | None]
    lean_price: Mapped[Decimal | None]
    broker_price: Mapped[Decimal | None]
    lean_fills: Mapped[int]
    broker_fills: Mapped[int]
    modelled: Mapped[Decimal | None]
    expected: Mapped[Decimal | None]
    charged: Mapped[Decimal | None]
    difference: Mapped[money]
    cause: Mapped[str | None]
    """The cause that is not routine, if any."""
    tolerance: Mapped[money]
    """Half a cent for every statement row of the leg: what the printed columns cannot show."""
    state: Mapped[text]
    """matched (routine causes only), explained, break."""
    computed_at: Mapped[instant]


class FeeCause(Base):
    """A part of a leg's difference: component, cause, amount. The parts add up to `difference` exactly."""

    __tablename__ = "fee_causes"
    __table_args__ = ({"schema": DERIVED},)

    leg_id: Mapped[key]
    component: Mapped[key]
    cause: Mapped[key]
    account: Mapped[text]
    run_id: Mapped[str | None]
    lean_order_id: Mapped[int | None]
    instrument_key: Mapped[text]
    session_date: Mapped[day]
    amount: Mapped[money]


class LegFill(Base):
    """Which fill of LEAN and which row of the broker belong to a leg."""

    __tablename__ = "leg_fills"
    __table_args__ = ({"schema": DERIVED},)

    leg_id: Mapped[key]
    source: Mapped[key]
    """lean or broker."""
    reference: Mapped[key]
    """`run/order/event` of LEAN, or the row id of the statement."""
    account: Mapped[text]
    session_date: Mapped[day]


class Break(Base):
    """Something a person should look at; the id is stable over re-runs.

    `run_id` of what LEAN does not have is the run that was trading then.
    """

    __tablename__ = "breaks"
    __table_args__ = ({"schema": DERIVED},)

    break_id: Mapped[key]
    account: Mapped[text]
    run_id: Mapped[str | None]
    lean_order_id: Mapped[int | None]
    broker_order_id: Mapped[str | None]
    instrument_key: Mapped[str | None]
    session_date: Mapped[day]
    cause: Mapped[text]
    component: Mapped[str | None]
    amount: Mapped[Decimal | None]
    """The part of the fee difference this explains, costs positive; of a correction, the amount as booked."""
    detail: Mapped[text]
    """JSON: both sides, the interval of a level, the row of a correction."""
    initial_state: Mapped[text]
    """open or explained (a cancel-correct chain that nets to nothing)."""


class AccountAdjustment(Base):
    """A statement row that belongs to the account, not to an order: weekly roundings, corrections, refunds, fees."""

    __tablename__ = "account_adjustments"
    __table_args__ = ({"schema": DERIVED},)

    row_id: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.statement_rows.row_id"))
    account: Mapped[text]
    session_date: Mapped[day]
    adjustment_class: Mapped[text]
    """regulatory_rounding, fee_correction, refund, market_data, wire, borrow, interest, fee, other."""
    amount: Mapped[money]
    """As booked: negative = cost."""
    corrects_leg_id: Mapped[str | None]
    note: Mapped[str | None]


class DayTotal(Base):
    """The third way: per account and session, the broker's own total against the legs and rows it is made of."""

    __tablename__ = "day_totals"
    __table_args__ = ({"schema": DERIVED},)

    account: Mapped[key]
    session_date: Mapped[dt.date] = mapped_column(primary_key=True)
    broker_total: Mapped[money]
    """Costs of every row the broker booked that day, positive = cost."""
    legs_total: Mapped[money]
    account_rows_total: Mapped[money]
    unassigned: Mapped[money]
    modelled: Mapped[money]
    expected: Mapped[money]
    ties: Mapped[bool]
    """Every charge has a place, and the broker's own row totals say the same."""
    stated_total: Mapped[Decimal | None]
    """What the broker says the day cost, positive; None: it says nothing."""
    stated_covers: Mapped[str | None]
    """all_charges or fills: which sum the stated total is, or is nearest to."""
    stated_difference: Mapped[Decimal | None]
    """Stated total less that sum."""
    stated_ties: Mapped[bool | None]


class StatementPricing(Base):
    """An order leg of a statement beside what our schedule says it costs, whether LEAN knows the order or not.

    Costs are positive. A leg is all fills of one order in one contract and side, over all days; rows without an order
    number stand alone.
    """

    __tablename__ = "statement_pricing"
    __table_args__ = ({"schema": DERIVED},)

    leg_id: Mapped[key]
    account: Mapped[text]
    broker: Mapped[text]
    plan: Mapped[text]
    product: Mapped[text]
    """Product of the fee schedule; unknown where the instrument has none."""
    root: Mapped[str | None]
    leg_class: Mapped[text]
    """trade, expiration, assignment, exercise, delivery."""
    instrument_key: Mapped[text]
    broker_order_id: Mapped[str | None]
    session_date: Mapped[day]
    """Of the first fill."""
    fills: Mapped[int]
    expected: Mapped[Decimal | None]
    charged: Mapped[money]
    cause: Mapped[str | None]
    """What reproduces the charge where the schedule alone does not; None: the schedule does."""
    remainder: Mapped[money]
    """What the cause leaves: for one that is proven no more than printed digits hide."""
    level: Mapped[Decimal | None]
    """The fee level or commission rate per unit that the cause stands for."""
    evidence: Mapped[int | None]
    """Fills (of a level) or legs (of a rate) that show it."""
    currency: Mapped[text]
    is_own_currency: Mapped[bool]
    """Charged in the account's currency; other amounts are not summed with them."""
    first_row_id: Mapped[str | None] = mapped_column(Text, info=references("records.statement_rows.row_id"))
    """Its first row: the way to the leg of LEAN."""
    underlying: Mapped[str | None]
    units: Mapped[Decimal | None]
    """Contracts or shares, unsigned."""
    premium: Mapped[Decimal | None]
    """Cash of the fills before charges: taken in positive, paid negative."""
    forecast: Mapped[Decimal | None]
    """What the rates known on its own day said; None where they did not say."""


class AccountPlanPeriod(Base):
    """A plan of an account from a session on, as its own charges show it."""

    __tablename__ = "account_plans"
    __table_args__ = ({"schema": DERIVED},)

    account: Mapped[key]
    first_day: Mapped[dt.date] = mapped_column(primary_key=True)
    broker: Mapped[text]
    configured: Mapped[text]
    """The plan that the configuration names; standard where it names none."""
    plan: Mapped[text]
    orders: Mapped[int]
    """Order legs whose cost depends on the plan."""
    reproduced: Mapped[int]
    by_venue: Mapped[int]
    """Of which the rest is an amount that venues publish."""
    other: Mapped[str | None]
    """The plan that explains most of them beside it."""
    other_explained: Mapped[int]


class FeeAlternative(Base):
    """All order legs of an account and month on one route: what they would have cost there. Costs are positive."""

    __tablename__ = "fee_alternatives"
    __table_args__ = ({"schema": DERIVED},)

    account: Mapped[key]
    month: Mapped[dt.date] = mapped_column(primary_key=True)
    broker: Mapped[key]
    plan: Mapped[key]
    size: Mapped[key]
    """same, or micro or full: futures in contracts of the other size, where they make whole ones."""
    legs: Mapped[int]
    priced: Mapped[int]
    """Legs that the route prices in full."""
    available: Mapped[int]
    """Legs for which the route could have been taken."""
    charged: Mapped[money]
    """Of the priced legs."""
    cost: Mapped[money]
    why: Mapped[str | None]
    """Why a leg is not priced in full."""
