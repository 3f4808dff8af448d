"""What state a run is in, and whether its files are whole.

Holds: the completeness test, the decision about the state, which of two versions of a run stands.
Belongs here: a rule about runs as such.
Never here: reading files, or the clock (the present is an argument).

Neither exit codes nor file times say anything: a run that quit itself reports success, a killed one reports that it is
running for ever, and copies have new times.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

FINAL_STATUSES = frozenset({"Completed", "RuntimeError", "Stopped", "Liquidated", "Deleted"})
"""`state.Status` of a run that has ended."""

_LONG_AGO = dt.datetime(1, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class RunEvidence:
    """What the files of a run say. `newest_at` is the newest time inside them, UTC."""

    is_live: bool
    status: str
    has_end_time: bool
    error: str
    has_performance: bool
    has_configuration: bool
    orders_present: int
    orders_claimed: int | None
    filled_without_event: int
    refused_rows: int
    quit_called: bool
    newest_at: dt.datetime | None


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """How far a version of a run's files has come; a greater one replaces a smaller one."""

    is_complete: bool
    newest_at: dt.datetime
    orders: int
    events: int

    @classmethod
    def of(cls, *, is_complete: bool, newest_at: dt.datetime | None, orders: int | None, events: int) -> Version:
        """A version from what is stored or was just read; what is unknown counts as the least."""
        return cls(is_complete, newest_at or _LONG_AGO, orders or 0, events)


def missing_parts(evidence: RunEvidence) -> tuple[str, ...]:
    """Why the files are not whole; empty when they are."""
    tests = (
        (evidence.status in FINAL_STATUSES, f"the status is {evidence.status or 'absent'}"),
        (evidence.has_end_time, "there is no end time"),
        (evidence.has_performance, "the performance block is absent"),
        (evidence.has_configuration, "the configuration is absent"),
        (
            evidence.orders_claimed is None or evidence.orders_claimed == evidence.orders_present,
            f"{evidence.orders_present} of {evidence.orders_claimed} orders are there",
        ),
        (evidence.filled_without_event == 0, f"{evidence.filled_without_event} filled orders have no fill event"),
        (evidence.refused_rows == 0, f"{evidence.refused_rows} rows were refused"),
    )
    return tuple(said for passed, said in tests if not passed)


def decide_state(evidence: RunEvidence, *, now: dt.datetime, stale_after: dt.timedelta) -> str:
    """completed, running, stopped, killed or runtime_error.

    A live run has no natural end, so one that says `Completed` was stopped; a backtest that says so was stopped if its
    log shows that it quit. One that has not ended is killed once the newest time in its files is older than
    `stale_after` (or there is none), and running before.
    """
    if evidence.status == "RuntimeError" or (evidence.status in FINAL_STATUSES and evidence.error):
        return "runtime_error"
    if evidence.status == "Completed":
        return "stopped" if evidence.is_live or evidence.quit_called else "completed"
    if evidence.status in FINAL_STATUSES:
        return "stopped"
    return state_of_unfinished(evidence.newest_at, now=now, stale_after=stale_after)


def state_of_unfinished(newest_at: dt.datetime | None, *, now: dt.datetime, stale_after: dt.timedelta) -> str:
    """running or killed, for a run whose files say that it goes on."""
    return "running" if newest_at is not None and now - newest_at <= stale_after else "killed"


def decide_mode(*, is_live: bool, brokerage: str | None, optimization_id: str | None) -> str:
    """backtest, optimization, paper or live; only the engine's log tells paper from live."""
    if is_live:
        return "paper" if brokerage == "PaperBrokerage" else "live"
    return "optimization" if optimization_id else "backtest"
