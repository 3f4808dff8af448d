"""Data checks: questions whose answer should be empty.

Holds: the list of checks, each a query for the rows at fault, and the step that runs and records them.
Belongs here: a check over tables of ours; the Dagster checks and `tomking status` both show these results.
Never here: a check of one file's form (its parser refuses it) or repairs.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.steps.alerts import raise_alert
from warehouse.access import WriteSession
from warehouse.frames import frame
from warehouse.models.ops import CheckResult
from warehouse.orphans import orphan_checks

SAMPLE = 10
"""Rows at fault that a result shows."""

Severity = Literal["warn", "error"]


@dataclass(frozen=True, slots=True)
class DataCheck:
    """A question whose answer should be empty: `query` selects the rows at fault.

    `warn` is suspicious and never blocks; `error` is money or identity that does not hold.
    """

    name: str
    asset: str
    severity: Severity
    about: str
    query: str


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What one check found."""

    name: str
    asset: str
    severity: Severity
    about: str
    passed: bool
    failures: int
    columns: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]


RULES: tuple[DataCheck, ...] = (
    DataCheck(
        "every_guard_refuses",
        "rules",
        "error",
        "every rule, fed a breach made up for it, stopped that breach when it was last proved",
        "select rule_id, proved_at, enforced_by from marts.rule_conformance where not is_proved",
    ),
    DataCheck(
        "every_rule_is_called",
        "rules",
        "error",
        "what enforces a rule, and every declared module, is reached from the algorithm's entry point",
        "select rule_id as name, enforced_by as place from marts.rule_conformance where not is_called "
        "union all select module, 'module' from ops.uncalled_modules",
    ),
    DataCheck(
        "rules_kept",
        "rules",
        "warn",
        "no rule was broken in what runs of the algorithm traded",
        "select rule_id, run_id, trade_id, happened_at, detail from marts.rule_violations",
    ),
    DataCheck(
        "decisions_on_fresh_data",
        "rules",
        "warn",
        "no trade was opened on inputs older than their limit",
        "select run_id, trade_id, decided_at, input, age_seconds, limit_seconds from marts.stale_decisions",
    ),
)

REHEARSALS: tuple[DataCheck, ...] = (
    DataCheck(
        "crisis_loss_within_cap",
        "crisis_rehearsal",
        "warn",
        "no present book would lose more in a past crisis than is allowed",
        "select deployment, run_id, book_date, worst_look, worst_loss, worst_share, cap from marts.crisis_rehearsals "
        "where is_newest and is_blocked",
    ),
    DataCheck(
        "rehearsal_is_complete",
        "crisis_rehearsal",
        "warn",
        "every leg of a present book could be priced, and its equity is known",
        "select deployment, run_id, book_date, legs, left_out, left_out_why, equity from marts.crisis_rehearsals "
        "where is_newest and (left_out > 0 or equity is null)",
    ),
)

HAND_WRITTEN: tuple[DataCheck, ...] = (
    *RULES,
    *REHEARSALS,
    DataCheck(
        "files_refused",
        "lean_runs",
        "warn",
        "no LEAN file, nor one that nobody knows, waits in quarantine",
        "select q.file, q.line, q.field, q.reason from marts.quarantine q where q.state = 'open' "
        "and q.kind <> 'statement' and q.kind not like 'price%' and q.kind not like 'lean_daily%'",
    ),
    DataCheck(
        "prices_refused",
        "daily_prices",
        "warn",
        "no price file or row of one waits in quarantine",
        "select q.file, q.line, q.field, q.reason from marts.quarantine q where q.state = 'open' "
        "and (q.kind like 'price%' or q.kind like 'lean_daily%')",
    ),
    DataCheck(
        "statements_refused",
        "statements",
        "warn",
        "no statement or row of one waits in quarantine",
        "select q.file, q.line, q.field, q.reason from marts.quarantine q where q.state = 'open' and q.kind = 'statement'",
    ),
    DataCheck(
        "orders_complete",
        "lean_runs",
        "error",
        "a complete run has as many orders as LEAN counted",
        "select r.run_id, r.name, r.orders_claimed, count(o.order_id) as orders from records.runs r "
        "left join records.orders o using (run_id) where r.is_complete and r.orders_claimed is not null "
        "group by all having count(o.order_id) <> r.orders_claimed",
    ),
    DataCheck(
        "filled_orders_have_fills",
        "lean_runs",
        "error",
        "an order that LEAN calls filled has a fill event in a complete run",
        "select o.run_id, o.order_id, o.symbol from records.orders o join records.runs r using (run_id) "
        "where r.is_complete and o.status = 'filled' and not exists (select 1 from records.order_events e "
        "where e.run_id = o.run_id and e.order_id = o.order_id and e.status in ('filled', 'partially_filled'))",
    ),
    DataCheck(
        "fees_tie_to_lean",
        "lean_runs",
        "error",
        "the fees of a run's events add up to LEAN's own total, to the cent, where all are in the account's currency",
        "with ours as (select run_id, sum(fee_amount) as fees, bool_and(fee_currency = account_currency) as one_currency "
        "from records.order_events join records.runs using (run_id) where fee_amount is not null group by run_id) "
        "select r.run_id, r.name, ours.fees, s.value_text from ours join records.runs r using (run_id) "
        "join records.run_statistics s on s.run_id = r.run_id and s.section = 'statistics' and s.name = 'Total Fees' "
        "where r.is_complete and ours.one_currency and abs(ours.fees - s.value_number) > 0.0051",
    ),
    DataCheck(
        "money_ties",
        "lean_runs",
        "error",
        "start, cash, fees and marks of a complete run in dollars give LEAN's equity, to the cent or by causes with names",
        "select run_id, name, end_ours, end_lean, difference, unexplained from marts.run_money "
        "where is_account_currency and currency = 'USD' and abs(unexplained) > 0.01 "
        "and run_id in (select run_id from records.runs where is_complete)",
    ),
    DataCheck(
        "lean_totals_explained",
        "lean_runs",
        "warn",
        "every total of LEAN that differs from ours has a cause",
        "select run_id, name, figure, ours, lean, amount from marts.money_differences "
        "where cause = 'unexplained' and figure <> 'end_equity'",
    ),
    DataCheck(
        "runs_failed",
        "lean_runs",
        "warn",
        "no run of the last seven days ended in an error or was killed",
        "select run_id, name, state, error from records.runs where state in ('runtime_error', 'killed') "
        "and coalesce(ended_at, newest_at, started_at) > now() - interval 7 day",
    ),
    DataCheck(
        "causes_add_up",
        "fee_reconciliation",
        "error",
        "the causes of every order leg add up to its difference, exactly",
        "select l.leg_id, l.account, l.difference, coalesce(sum(c.amount), 0) as explained from derived.fee_legs l "
        "left join derived.fee_causes c using (leg_id) group by all having coalesce(sum(c.amount), 0) <> l.difference",
    ),
    DataCheck(
        "day_totals_tie",
        "fee_reconciliation",
        "error",
        "the broker's total of a day is the sum of its legs and account rows",
        "select account, session_date, broker_total, legs_total, account_rows_total, unassigned "
        "from derived.day_totals where not ties",
    ),
    DataCheck(
        "stated_totals_tie",
        "fee_reconciliation",
        "warn",
        "where the broker states a day's total, it is the sum of what it booked",
        "select account, session_date, stated_total, broker_total, account_rows_total, stated_covers, stated_difference "
        "from derived.day_totals where stated_ties = false",
    ),
    DataCheck(
        "fee_drift",
        "fee_reconciliation",
        "warn",
        "the mean error of expected against charged fees stays inside its band",
        "select * from marts.fee_drift where alarm",
    ),
    DataCheck(
        "breaks_age",
        "fee_reconciliation",
        "warn",
        "no open break without an owner",
        "select break_id, account, cause, session_date, age_days from marts.breaks where state = 'open' and owner is null",
    ),
    DataCheck(
        "connections_answer",
        "fetched_statements",
        "warn",
        "the newest fetch over every connection succeeded",
        "select substr(job, 7) as account, started_at, outcome, detail from ops.jobs where job like 'fetch %' "
        "qualify row_number() over (partition by job order by started_at desc, job_id) = 1 and outcome = 'failed'",
    ),
    DataCheck(
        "statements_fresh",
        "statements",
        "warn",
        "every account that live runs trade in has a statement row of the last five days",
        "select a.account, max(s.session_date) as newest from records.run_accounts a "
        "left join records.statement_rows s using (account) where a.relation = 'live' group by all "
        "having max(s.session_date) is null or max(s.session_date) < current_date - 5",
    ),
    DataCheck(
        "regime_follows_prices",
        "regimes",
        "warn",
        "every universe is labelled through the newest day on which all its members have prices",
        "with members as (select universe, first_symbol as symbol from derived.pair_correlations "
        "union select universe, second_symbol from derived.pair_correlations), "
        "priced as (select m.universe, m.symbol, max(p.session_date) as newest from members m "
        "join records.daily_prices p on p.symbol = m.symbol group by all), "
        "labelled as (select universe, max(session_date) as labelled from records.regime_days group by all) "
        "select universe, labelled, min(newest) as priced from labelled join priced using (universe) group by all "
        "having labelled < min(newest) - 7",
    ),
    DataCheck(
        "launches_agree",
        "lean_runs",
        "error",
        "a run says of itself what was deployed: parameters, sets, code, mode",
        "select launch_id, run_id, what, name, deployed, claimed from marts.launch_disagreements",
    ),
    DataCheck(
        "launches_alive",
        "lean_runs",
        "warn",
        "no launch of the last seven days failed, and no refresh of it went unheard",
        "select launch_id, state, refresh_state, detail from marts.launches where requested_at > now() - interval 7 day "
        "and (state = 'failed' or refresh_state in ('refresh_refused', 'refresh_timed_out', 'refresh_failed'))",
    ),
    DataCheck(
        "sets_in_force_hold",
        "breaches",
        "warn",
        "no set that a paper or live run works with has broken a limit",
        "select deployment, parameter_set_id, rule_id, figure, limit_value, evidence from marts.breach_watch where is_broken",
    ),
    DataCheck(
        "rollbacks_acknowledged",
        "breaches",
        "warn",
        "where a set was rolled back on a breach more than an hour ago, a run has said that it works with the one before",
        "select deployment, parameter_set_id, to_set, found_at from marts.breaches where action = 'rolled_back' "
        "and acknowledged_at is null and found_at < now() - interval 1 hour and to_set in "
        "(select parameter_set_id from marts.parameter_sets where state = 'published')",
    ),
    DataCheck(
        "published_set_acknowledged",
        "parameter_sets",
        "warn",
        "a set that was published more than two days ago has been acknowledged by a run",
        "select parameter_set_id, published_at from marts.parameter_sets "
        "where state = 'published' and published_at < now() - interval 2 day",
    ),
    DataCheck(
        "taken_parts_are_out_of_sample",
        "parameter_sets",
        "error",
        "no value in force was scored on days that chose it",
        "select parameter_set_id, part, scored_from, scored_sessions from marts.calibration_parts where is_taken and in_sample",
    ),
    DataCheck(
        "nightly_fresh",
        "operations",
        "warn",
        "an instance that has run for a day has a nightly job that succeeded in the last four (a long weekend has three)",
        "select coalesce(max(ended_at) filter (where outcome = 'succeeded')::text, 'never') as last_success from ops.jobs "
        "where job = 'nightly' having min(started_at) < now() - interval 1 day and "
        "coalesce(max(ended_at) filter (where outcome = 'succeeded') < now() - interval 4 day, true)",
    ),
)


def all_checks() -> tuple[DataCheck, ...]:
    """Every check: the hand-written ones and one orphan check per declared reference."""
    generated = (
        DataCheck(check.name, "operations", "error", f"every {check.source} stands in {check.target}", check.sql)
        for check in orphan_checks()
    )
    return (*HAND_WRITTEN, *generated)


def run_checks(session: WriteSession, checks: Sequence[DataCheck] | None = None) -> tuple[CheckOutcome, ...]:
    """Run checks, record each result that differs in `ops.checks`, and raise an alert for each one that newly fails."""
    chosen = all_checks() if checks is None else tuple(checks)
    outcomes = tuple(_run(session, check) for check in chosen)
    _record(session, outcomes)
    return outcomes


def _run(session: WriteSession, check: DataCheck) -> CheckOutcome:
    found = session.frame(f"select * from ({check.query}) as at_fault limit {SAMPLE}")
    failures = session.rows(f"select count(*) from ({check.query}) as at_fault")[0][0] if found.height else 0
    sample = tuple(tuple("" if value is None else str(value) for value in row) for row in found.iter_rows())
    return CheckOutcome(
        check.name, check.asset, check.severity, check.about, failures == 0, int(failures), tuple(found.columns), sample
    )


def _record(session: WriteSession, outcomes: Iterable[CheckOutcome]) -> None:
    before: dict[str, tuple[bool, dt.datetime | None, int, str]] = {
        name: (passed, since, failures, detail)
        for name, passed, since, failures, detail in session.rows(
            "select check_name, passed, failing_since, failures, detail from ops.checks"
        )
    }
    rows = []
    for outcome in outcomes:
        known = before.get(outcome.name)
        newly = not outcome.passed and (known is None or known[0])
        since = None if outcome.passed else (session.now if newly or known is None else known[1])
        detail = json.dumps(
            {"expected": outcome.about, "columns": outcome.columns, "sample": outcome.sample}, ensure_ascii=False
        )
        if known is not None and (known[0], known[2], known[3]) == (outcome.passed, outcome.failures, detail):
            # A result that stands is no change; when the checks last ran is told by `ops.jobs`.
            continue
        rows.append(
            {
                "check_name": outcome.name,
                "asset": outcome.asset,
                "passed": outcome.passed,
                "severity": outcome.severity,
                "failures": outcome.failures,
                "detail": detail,
                "checked_at": session.now,
                "failing_since": since,
            }
        )
        if newly:
            raise_alert(session, outcome.severity, outcome.name, f"{outcome.about}: {outcome.failures} at fault")
    if rows:
        session.upsert(CheckResult, frame(CheckResult, rows))
