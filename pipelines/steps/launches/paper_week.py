"""The paper week: five sessions of a deployment, each run, read and reconciled.

Holds: what is asked of each session, and the verdict over the week.
Belongs here: a question whose answer decides whether a deployment may trade.
Never here: reading or reconciling (the nightly loop does that).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pipelines.config import Settings
from tomking.kernel.sessions import previous_session, session_on_or_before, sessions_between
from warehouse.access import WriteSession

SESSIONS = 5
OLDEST_BREAK_DAYS = 1

_ASKED = """
WITH runs AS (
    SELECT run_id, started_at, last_at FROM marts.deployment_runs WHERE deployment = $deployment
),
fills AS (
    SELECT count(*) AS fills, count(fee_amount) AS fees FROM marts.fills
    WHERE run_id IN (SELECT run_id FROM runs) AND session_date = $day
),
legs AS (
    SELECT count(*) AS legs, count(*) FILTER (WHERE charged IS NULL) AS without_charge
    FROM marts.fee_reconciliation WHERE account = $account AND session_date = $day
),
days AS (
    SELECT bool_and(ties) AS ties FROM marts.day_totals WHERE account = $account AND session_date = $day
),
breaks AS (
    SELECT count(*) AS breaks FROM marts.breaks
    WHERE account = $account AND session_date = $day AND state = 'open' AND $through - session_date > $oldest
)
SELECT
    (SELECT count(*) FROM runs
     WHERE CAST(started_at AS DATE) <= $day AND coalesce(CAST(last_at AS DATE), $day) >= $day),
    (SELECT count(*) FROM records.journal_entries
     WHERE run_id IN (SELECT run_id FROM runs) AND CAST(occurred_at AS DATE) = $day),
    fills.fills, legs.legs, days.ties, breaks.breaks
FROM fills, legs, days, breaks
"""


@dataclass(frozen=True, slots=True)
class PaperDay:
    """One session: how many runs covered it, journal lines, fills, reconciled legs, old open breaks; what is wrong."""

    session_date: dt.date
    runs: int
    journal_lines: int
    fills: int
    legs: int
    open_breaks: int
    wrong: str | None


@dataclass(frozen=True, slots=True)
class PaperWeek:
    """The verdict over the sessions of a deployment."""

    deployment: str
    account: str | None
    through: dt.date
    days: tuple[PaperDay, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong with any of the sessions."""
        return all(day.wrong is None for day in self.days)


def week_ending(through: dt.date) -> tuple[dt.date, ...]:
    """The five sessions up to a day."""
    last = session_on_or_before(through)
    first = last
    for _ in range(SESSIONS - 1):
        first = previous_session(first)
    return tuple(sessions_between(first, last))


def paper_week(session: WriteSession, settings: Settings, name: str, through: dt.date | None = None) -> PaperWeek:
    """Judge the five sessions of a deployment up to `through` (default: the last that is over).

    A session passes where a run covered it, its journal was read, its fills were reconciled with the account the
    deployment trades in or rehearses (where it has one), the broker's day ties, and no break of it is open for longer
    than a day. Raises ConfigurationError for an unknown deployment.
    """
    deployment = settings.deployment(name)
    account = deployment.account or deployment.rehearses
    last = session_on_or_before(through or session.now.date() - dt.timedelta(days=1))
    days = tuple(_day(session, name, account, day, last) for day in week_ending(last))
    return PaperWeek(name, account, last, days)


def _day(session: WriteSession, name: str, account: str | None, day: dt.date, through: dt.date) -> PaperDay:
    asked = {"deployment": name, "account": account, "day": day, "through": through, "oldest": OLDEST_BREAK_DAYS}
    [(runs, lines, fills, legs, ties, breaks)] = session.connection.execute(_ASKED, asked).fetchall()
    wrong = []
    if not runs:
        wrong.append("no run covers it")
    elif not lines:
        wrong.append("no line of a journal")
    if account is not None and fills and not legs:
        wrong.append(f"{fills} fills, nothing reconciled with {account}")
    if ties is False:
        wrong.append("the broker's total of the day does not tie")
    if breaks:
        wrong.append(f"{breaks} breaks open for more than {OLDEST_BREAK_DAYS} day")
    return PaperDay(day, runs, lines, fills, legs, breaks, "; ".join(wrong) or None)
