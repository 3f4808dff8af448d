"""The checklist: what has to be green before an instance may be called ready for production.

Holds: the questions, each answered from the warehouse, and the verdict.
Belongs here: a question over several domains.
Never here: a figure of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.config import Settings
from pipelines.steps.launches.paper_week import paper_week
from warehouse.access import WriteSession

_MODULES = "every_rule_is_called"
_MONEY = ("day_totals_tie", "causes_add_up", "fees_tie_to_lean", "money_ties")
_FRESH = dt.timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Answer:
    """One question of the checklist: passed, and what the answer rests on."""

    promise: str
    question: str
    passed: bool
    detail: str


def checklist(session: WriteSession, settings: Settings) -> tuple[Answer, ...]:
    """Answer every question from what is in the warehouse now."""
    questions: Sequence[tuple[str, str, Callable[[WriteSession, Settings], tuple[bool, str]]]] = (
        ("S02", "every declared module is called from the algorithm's entry point", _modules),
        ("S65", "the algorithm loads and starts inside the engine", _starts),
        ("S98", "commissions are reconciled, every day, with causes that add up", _reconciled),
        ("S102", "a run on the engine traded the deployed code without an error", _trades),
        ("S115", "five paper sessions were run, read and reconciled", _paper),
    )
    return tuple(Answer(promise, question, *ask(session, settings)) for promise, question, ask in questions)


def _modules(session: WriteSession, _: Settings) -> tuple[bool, str]:
    rows = session.rows("SELECT passed, failures FROM ops.checks WHERE check_name = ?", [_MODULES])
    if not rows:
        return False, "the check has not run: `tomking nightly`"
    return bool(rows[0][0]), f"{rows[0][1]} modules without a caller"


def _starts(session: WriteSession, _: Settings) -> tuple[bool, str]:
    [(started, failed)] = session.rows(
        "SELECT count(*) FILTER (WHERE run_id IS NOT NULL AND engine_version IS NOT NULL), "
        "count(*) FILTER (WHERE run_state = 'runtime_error') FROM marts.launches"
    )
    return bool(started) and not failed, f"{started} launches with a run of the engine, {failed} ended in an error"


def _reconciled(session: WriteSession, _: Settings) -> tuple[bool, str]:
    failing = [
        name
        for (name,) in session.rows(
            f"SELECT check_name FROM ops.checks WHERE NOT passed AND check_name IN {_MONEY} ORDER BY 1"
        )
    ]
    [(last,)] = session.rows("SELECT max(ended_at) FROM ops.jobs WHERE job = 'nightly' AND outcome = 'succeeded'")
    if last is None:
        return False, "no nightly run has succeeded"
    fresh = session.now - last < _FRESH
    return fresh and not failing, f"last night that succeeded: {last:%Y-%m-%d}; failing: {', '.join(failing) or 'none'}"


def _trades(session: WriteSession, _: Settings) -> tuple[bool, str]:
    rows = session.rows(
        "SELECT l.launch_id, r.orders FROM marts.launches l JOIN marts.runs r USING (run_id) "
        "WHERE l.engine_version IS NOT NULL AND r.state IN ('completed', 'stopped') AND r.orders > 0 "
        "AND l.disagreements = 0 ORDER BY l.requested_at DESC LIMIT 1"
    )
    return bool(rows), f"{rows[0][0]}: {rows[0][1]} orders" if rows else "no such launch"


def _paper(session: WriteSession, settings: Settings) -> tuple[bool, str]:
    names = [deployment.name for deployment in settings.deployments if deployment.mode == "paper"]
    weeks = [paper_week(session, settings, name) for name in names]
    if not weeks:
        return False, "no paper deployment is configured"
    told = "; ".join(
        f"{week.deployment} through {week.through}: "
        + ("passed" if week.passed else ", ".join(f"{day.session_date} {day.wrong}" for day in week.days if day.wrong))
        for week in weeks
    )
    return any(week.passed for week in weeks), told
