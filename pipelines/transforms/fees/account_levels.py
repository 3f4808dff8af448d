"""The ORF levels that an account's own fills show, and the schedule that follows them.

Holds: from the legs of an account to fitted levels, and from those to the schedules of a day.
Belongs here: what the reconciliation and the pricing of statements share about levels.
Never here: the fit itself (`levels`), what one charge says (`orf_evidence`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from pipelines.transforms.fees.explanation import Schedules, Terms
from pipelines.transforms.fees.levels import LevelChange, LevelFit, fit_levels
from pipelines.transforms.fees.orf_evidence import ChargedFill, orf_evidence
from pipelines.transforms.matching.fills import ZERO, BrokerFill, Leg
from tomking.kernel.fees import FeeFill, FeeSchedule
from tomking.kernel.keys import stable_id

ORF: Final = "orf"
OPTION_PRODUCTS: Final = ("equity_option", "index_option")


def leg_id_of(account: str, leg: Leg) -> str:
    """The id of a leg: of LEAN's order where there is one, else of the broker's order or row."""
    shared = (leg.instrument_key, leg.session_date.isoformat(), leg.leg_class)
    if leg.lean:
        first = leg.lean[0]
        return stable_id("leg", account, first.run_id, first.order_id, *shared)
    row = leg.rows[0]
    return stable_id("leg", account, "broker", row.order_number or row.row_id, leg.side, *shared)


def fit_account(
    account: str, legs: Sequence[Leg], terms: Mapping[str, Terms], schedule: FeeSchedule | None
) -> LevelFit | None:
    """The ORF levels that all option trades of the account show."""
    if schedule is None:
        return None
    found = orf_evidence(charged_fills(account, legs, terms), schedule)
    return fit_levels(found.observations, lambda day: orf_on(schedule, day), component=ORF)


def charged_fills(account: str, legs: Sequence[Leg], terms: Mapping[str, Terms]) -> list[ChargedFill]:
    """Every option trade that shows what it was charged."""
    charged: list[ChargedFill] = []
    for leg in legs:
        found = terms.get(leg.instrument_key)
        if leg.leg_class != "trade" or found is None or found.product not in OPTION_PRODUCTS:
            continue
        name = leg_id_of(account, leg)
        charged.extend(_charged_fill(name, row, found) for row in leg.broker if _shows_fees(row))
    return charged


def _shows_fees(row: BrokerFill) -> bool:
    return row.effect is not None and row.price is not None


def _charged_fill(leg: str, row: BrokerFill, terms: Terms) -> ChargedFill:
    fill = FeeFill(
        product=terms.product,
        side="buy" if row.quantity > 0 else "sell",
        effect=row.effect,
        quantity=abs(row.quantity),
        price=row.price or ZERO,
        multiplier=terms.multiplier,
        session_date=row.session_date,
        root=terms.root,
    )
    charged = row.fees - row.exchange + ((row.commission or ZERO) if row.all_in else ZERO)
    return ChargedFill(row.row_id, leg, row.occurred_at, fill, charged, all_in=row.all_in)


def orf_on(schedule: FeeSchedule, day: dt.date) -> Decimal:
    """The schedule's ORF per contract on a day; zero where it charges none."""
    found = schedule.rate(ORF, OPTION_PRODUCTS[0], day)
    return found.amount if found is not None else ZERO


def schedules_on(accepted: FeeSchedule | None, fit: LevelFit | None, day: dt.date) -> Schedules | None:
    """The accepted schedule, and the same with the level that the account's fills show that day."""
    if accepted is None:
        return None
    change = change_on(fit, day)
    if change is None or change.estimate == orf_on(accepted, day):
        return Schedules(accepted)
    rows = [accepted.rate(ORF, product, day) for product in OPTION_PRODUCTS]
    shown = [replace(row, amount=change.estimate) for row in rows if row is not None]
    return Schedules(accepted, accepted.with_rates(shown))


def change_on(fit: LevelFit | None, day: dt.date) -> LevelChange | None:
    """The change in force that day, unless the schedule itself has moved on to a level that the fills follow."""
    if fit is None:
        return None
    level = next((level for level in reversed(fit.levels) if level.first <= day), None)
    if level is None or level.as_scheduled:
        return None
    return next((change for change in reversed(fit.changes) if change.effective_from <= day), None)
