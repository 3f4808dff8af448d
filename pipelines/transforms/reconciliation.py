"""The reconciliation of one account: from fills of both sides to legs, causes, breaks and day totals.

Holds: the composition of matching, levels, explanation, breaks and totals, and the ids of legs.
Belongs here: what needs the whole account at once.
Never here: tables, and any single rule (each has its own module).

Everything is worked out from the whole account, so a result never depends on which day was asked for first. All runs
of an account are one population: deployments that followed each other, or runs that rehearse it, share its rows
(where runs trade live in an account, rehearsals of it are left out by whoever gathers the input).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pipelines.transforms.breaks import (
    BreakFound,
    Verdict,
    break_of_correction,
    break_of_level,
    breaks_of_leg,
    excess_of,
    judge,
)
from pipelines.transforms.fees.account_levels import fit_account, leg_id_of
from pipelines.transforms.fees.explanation import Explained, Terms
from pipelines.transforms.fees.explanation_memory import Explanations
from pipelines.transforms.fees.levels import LevelFit
from pipelines.transforms.fees.plan_inference import PlanPeriod
from pipelines.transforms.matching.event_matching import match_events
from pipelines.transforms.matching.fills import BrokerFill, LeanFill, Leg, total
from pipelines.transforms.matching.leg_matching import match_trades
from pipelines.transforms.matching.settings import DEFAULT, MatchSettings
from pipelines.transforms.statements.adjustments import AccountRow, Overcharge, link_corrections
from pipelines.transforms.statements.coverage import Coverage, Trading, run_of, within_trading
from pipelines.transforms.statements.day_totals import ChargedRow, DayTotals, LegFees, day_totals
from tomking.kernel.fees import FeeSchedule


@dataclass(frozen=True, slots=True)
class AccountInput:
    """All that is known of an account. `schedule` is None where the broker's plan is not known to us."""

    account: str
    lean: Sequence[LeanFill]
    broker: Sequence[BrokerFill]
    account_rows: Sequence[AccountRow]
    charged_rows: Sequence[ChargedRow]
    """Every standing row of the statements, its place still open."""
    terms: Mapping[str, Terms]
    underlyings: Mapping[str, str]
    schedule: FeeSchedule | None
    coverage: Coverage
    runs: Sequence[Trading]
    settings: MatchSettings = DEFAULT
    stated: Mapping[dt.date, Decimal] = field(default_factory=dict)
    """The broker's own total of a day's charges, costs positive."""
    dollar_schedule: FeeSchedule | None = None
    """The schedule of the broker's plan for fills charged in US dollars, the currency of all schedules. `schedule` is the
    same where the account is kept in dollars, else None."""
    plans: Sequence[PlanPeriod] = ()
    """The plans that the charges show, where the broker has several."""
    foreign: Sequence[tuple[str, BrokerFill]] = ()
    """Fills charged in another currency than the account's, with it."""


@dataclass(frozen=True, slots=True)
class LegResult:
    """A leg with its id, fees, causes and state; `run_id` is the run it belongs to or that traded at its time."""

    leg_id: str
    leg: Leg
    explained: Explained
    verdict: Verdict
    run_id: str | None


@dataclass(frozen=True, slots=True)
class AccountResult:
    """What the reconciliation of an account found."""

    legs: tuple[LegResult, ...]
    breaks: tuple[BreakFound, ...]
    corrected: Mapping[str, str]
    """Account row id -> leg id."""
    days: tuple[DayTotals, ...]
    levels: LevelFit | None
    not_covered: int
    """Fills of LEAN that no statement can speak about yet."""


def reconcile(given: AccountInput) -> AccountResult:
    """Reconciles an account."""
    legs = _matched(given)
    covered = [leg for leg in legs if leg.rows or _is_covered(leg, given)]
    fit = fit_account(given.account, covered, given.terms, given.schedule)
    explanations = Explanations(given.schedule, fit)
    results = [_result(leg, given, explanations) for leg in covered]
    corrected = _corrections(results, given)
    breaks = _breaks(results, corrected, fit, given)
    return AccountResult(
        legs=tuple(results),
        breaks=tuple(sorted(breaks, key=lambda found: (found.session_date, found.cause, str(found.identity)))),
        corrected=corrected,
        days=_days(results, given),
        levels=fit,
        not_covered=sum(len(leg.lean) for leg in legs) - sum(len(leg.lean) for leg in covered),
    )


def _matched(given: AccountInput) -> list[Leg]:
    trades = match_trades(
        (fill for fill in given.lean if fill.leg_class == "trade"),
        (fill for fill in given.broker if fill.leg_class == "trade"),
        given.settings,
    )
    events = match_events(
        (fill for fill in given.lean if fill.leg_class != "trade"),
        (fill for fill in given.broker if fill.leg_class != "trade"),
        given.settings,
    )
    return [*trades, *events]


def _is_covered(leg: Leg, given: AccountInput) -> bool:
    first, last = leg.lean[0].occurred_at, leg.lean[-1].occurred_at
    # Events are booked at the end of a session or on a later day: wait for those days, too.
    wait = given.settings.window if leg.leg_class == "trade" else dt.timedelta(days=given.settings.settlement_days)
    return given.coverage.includes(first, last + wait)


def _result(leg: Leg, given: AccountInput, explanations: Explanations) -> LegResult:
    explained = explanations.explain(leg, given.terms.get(leg.instrument_key))
    outside = not leg.lean and not within_trading(leg.session_date, given.runs)
    verdict = judge(leg, explained, expected_one_sided=outside)
    moment = leg.lean[0].occurred_at if leg.lean else leg.rows[0].occurred_at
    run_id = leg.lean[0].run_id if leg.lean else (None if outside else run_of(moment, given.runs))
    return LegResult(leg_id_of(given.account, leg), leg, explained, verdict, run_id)


def _corrections(results: Sequence[LegResult], given: AccountInput) -> dict[str, str]:
    overcharges = [
        Overcharge(
            result.leg_id,
            given.underlyings.get(result.leg.instrument_key, result.leg.instrument_key),
            result.leg.session_date,
            excess,
        )
        for result in results
        if (excess := excess_of(result.explained)) > 0
    ]
    return link_corrections(given.account_rows, overcharges)


def _breaks(
    results: Sequence[LegResult], corrected: Mapping[str, str], fit: LevelFit | None, given: AccountInput
) -> list[BreakFound]:
    found: list[BreakFound] = []
    for result in results:
        found.extend(breaks_of_leg(result.leg, result.leg_id, result.explained, result.verdict, result.run_id))
    by_id = {result.leg_id: result.leg for result in results}
    for row in given.account_rows:
        if row.adjustment_class == "fee_correction":
            leg = by_id.get(corrected.get(row.row_id, ""))
            found.append(break_of_correction(row, leg, run_of(row.occurred_at, given.runs)))
    if fit is not None:
        found.extend(_level_breaks(results, fit, given))
    return found


def _level_breaks(results: Sequence[LegResult], fit: LevelFit, given: AccountInput) -> list[BreakFound]:
    touched: defaultdict[int, list[Decimal]] = defaultdict(list)
    first_run: dict[int, str | None] = {}
    for result in results:
        parts = [part.amount for part in result.explained.parts if part.cause == "pass_through_rate_change"]
        days = [at for at, change in enumerate(fit.changes) if change.effective_from <= result.leg.session_date]
        if parts and days:
            touched[days[-1]].append(total(parts))
            first_run.setdefault(days[-1], result.run_id)
    return [
        break_of_level(change, given.account, total(touched[at]), len(touched[at]), first_run.get(at))
        for at, change in enumerate(fit.changes)
    ]


def _days(results: Sequence[LegResult], given: AccountInput) -> tuple[DayTotals, ...]:
    # What a row replaced belongs to its leg, too: a reversal may be booked on another day than the original.
    in_legs = {name for result in results for row in result.leg.rows for name in (row.row_id, *row.corrects)}
    of_account = {row.row_id for row in given.account_rows}
    rows = [replace(row, place=_place(row.row_id, in_legs, of_account)) for row in given.charged_rows]
    legs = [
        LegFees(result.leg.session_date, result.explained.modelled, result.explained.expected) for result in results
    ]
    return day_totals(rows, legs, given.stated)


def _place(row_id: str, in_legs: set[str], of_account: set[str]) -> str:
    if row_id in in_legs:
        return "leg"
    return "account" if row_id in of_account else "none"
