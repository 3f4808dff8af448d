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
    """What the files of a run say. `newest_at` is the newest time inside them, UTC.

    What a file of its age or kind never says is no sign of anything: `has_state` is False for a result of before
    2023-01-11, which has no state map; `has_statistics` is then the sign of the end, as the engine writes them last.
    `may_end` is False for a reply of the cloud API about a backtest: it tells no end time. `has_events` says whether
    any events were among the files.
    """

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
    has_state: bool = True
    has_statistics: bool = True
    has_events: bool = True
    may_end: bool = True


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """How far a version of a run's files has come; a greater one replaces a smaller one."""

    is_complete: bool
    newest_at: dt.datetime
    orders: int
    events: int
    unrefused: int = 0
    """Minus the number of rows and files that could not be read."""
    size: int = 0
    """Bytes of the files beside the main one: logs and lists only grow, so less of the same age was cut short."""

    @classmethod
    def of(
        cls,
        *,
        is_complete: bool,
        newest_at: dt.datetime | None,
        orders: int | None,
        events: int,
        refused: int = 0,
        size: int = 0,
    ) -> Version:
        """A version from what is stored or was just read; what is unknown counts as the least."""
        return cls(is_complete, newest_at or _LONG_AGO, orders or 0, events, -refused, size)

    @property
    def known_newest_at(self) -> dt.datetime | None:
        """The newest time inside the files, None where they tell none."""
        return None if self.newest_at == _LONG_AGO else self.newest_at


def missing_parts(evidence: RunEvidence) -> tuple[str, ...]:
    """Why the files are not whole; empty when they are."""
    if not evidence.has_state:
        tests = _tests_without_state(evidence)
    else:
        tests = (
            (evidence.status in FINAL_STATUSES, f"the status is {evidence.status or 'absent'}"),
            (evidence.has_end_time or not evidence.may_end, "there is no end time"),
            (evidence.has_performance, "the performance block is absent"),
            (evidence.has_configuration, "the configuration is absent"),
            (
                evidence.orders_claimed is None or evidence.orders_claimed == evidence.orders_present,
                f"{evidence.orders_present} of {evidence.orders_claimed} orders are there",
            ),
            _fills_test(evidence),
        )
    return tuple(said for passed, said in (*tests, _rows_test(evidence)) if not passed)


def _tests_without_state(evidence: RunEvidence) -> tuple[tuple[bool, str], ...]:
    """What a result of before 2023 can be tested for: it names neither its state nor how many orders there are."""
    tests = (
        (not evidence.is_live, "a live result of before 2023 does not say whether the run had ended"),
        (evidence.has_statistics, "the statistics are absent"),
    )
    return (*tests, _fills_test(evidence)) if evidence.has_events else tests


def _fills_test(evidence: RunEvidence) -> tuple[bool, str]:
    return evidence.filled_without_event == 0, f"{evidence.filled_without_event} filled orders have no fill event"


def _rows_test(evidence: RunEvidence) -> tuple[bool, str]:
    return evidence.refused_rows == 0, f"{evidence.refused_rows} rows were refused"


def decide_state(evidence: RunEvidence, *, now: dt.datetime, stale_after: dt.timedelta) -> str:
    """completed, running, stopped, killed or runtime_error.

    A live run has no natural end, so one that says `Completed` was stopped; a backtest that says so was stopped if its
    log shows that it quit. One that has not ended is killed once the newest time in its files is older than
    `stale_after` (or there is none), and running before. Of a run without a state map a backtest with statistics is
    completed (the engine writes them at the end), and a live run that is no longer running counts as stopped.
    """
    if evidence.status == "RuntimeError" or (evidence.status in FINAL_STATUSES and evidence.error):
        return "runtime_error"
    if evidence.status == "Completed":
        return "stopped" if evidence.is_live or evidence.quit_called else "completed"
    if evidence.status in FINAL_STATUSES:
        return "stopped"
    if not evidence.has_state and not evidence.is_live and evidence.has_statistics:
        return "stopped" if evidence.quit_called else "completed"
    going = state_of_unfinished(evidence.newest_at, now=now, stale_after=stale_after)
    return "stopped" if going == "killed" and not evidence.has_state and evidence.is_live else going


def state_of_unfinished(newest_at: dt.datetime | None, *, now: dt.datetime, stale_after: dt.timedelta) -> str:
    """running or killed, for a run whose files say that it goes on."""
    return "running" if newest_at is not None and now - newest_at <= stale_after else "killed"


def decide_mode(*, is_live: bool, brokerage: str | None, optimization_id: str | None) -> str:
    """backtest, optimization, paper or live; only the engine's log tells paper from live."""
    if is_live:
        return "paper" if brokerage == "PaperBrokerage" else "live"
    return "optimization" if optimization_id else "backtest"
