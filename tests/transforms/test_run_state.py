"""Which state a run is in, and which of two versions of it stands."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from pipelines.transforms.runs.state import RunEvidence, Version, decide_mode, decide_state, missing_parts

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(hours=24)
WHOLE = RunEvidence(
    is_live=False,
    status="Completed",
    has_end_time=True,
    error="",
    has_performance=True,
    has_configuration=True,
    orders_present=3,
    orders_claimed=3,
    filled_without_event=0,
    refused_rows=0,
    quit_called=False,
    newest_at=NOW - dt.timedelta(hours=1),
)


def state(**changes: object) -> str:
    return decide_state(dataclasses.replace(WHOLE, **changes), now=NOW, stale_after=DAY)  # type: ignore[arg-type]


def test_a_backtest_that_ran_through_is_completed() -> None:
    assert state() == "completed"


def test_a_backtest_that_quit_was_stopped_although_it_says_completed() -> None:
    assert state(quit_called=True) == "stopped"


def test_a_live_run_that_says_completed_was_stopped() -> None:
    assert state(is_live=True) == "stopped"


@pytest.mark.parametrize("status", ["Stopped", "Liquidated", "Deleted"])
def test_other_ends_are_stops(status: str) -> None:
    assert state(status=status) == "stopped"


def test_a_failure_is_one_even_if_it_also_quit() -> None:
    assert state(status="RuntimeError", quit_called=True) == "runtime_error"
    assert state(error="boom") == "runtime_error"


@pytest.mark.parametrize("status", ["Running", "Initializing", "LoggingIn", "", "SomethingNew"])
def test_a_run_that_goes_on_is_killed_once_its_newest_time_is_too_old(status: str) -> None:
    assert state(status=status) == "running"
    assert state(status=status, newest_at=NOW - DAY) == "running"
    assert state(status=status, newest_at=NOW - DAY - dt.timedelta(seconds=1)) == "killed"
    assert state(status=status, newest_at=None) == "killed"


def test_whole_files_miss_nothing() -> None:
    assert missing_parts(WHOLE) == ()
    assert missing_parts(dataclasses.replace(WHOLE, orders_claimed=None)) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "Running"}, "the status is Running"),
        ({"has_end_time": False}, "no end time"),
        ({"has_performance": False}, "performance"),
        ({"has_configuration": False}, "configuration"),
        ({"orders_present": 2}, "2 of 3 orders"),
        ({"filled_without_event": 1}, "1 filled orders"),
        ({"refused_rows": 4}, "4 rows"),
    ],
)
def test_what_is_missing_is_said(change: dict[str, object], said: str) -> None:
    (reason,) = missing_parts(dataclasses.replace(WHOLE, **change))  # type: ignore[arg-type]
    assert said in reason


def test_a_whole_version_beats_a_newer_one_that_is_not() -> None:
    whole = Version.of(is_complete=True, newest_at=NOW - DAY, orders=1, events=1)
    later = Version.of(is_complete=False, newest_at=NOW, orders=100, events=100)
    nothing = Version.of(is_complete=False, newest_at=None, orders=None, events=0)
    assert nothing < later < whole


def test_the_mode_is_told_by_files_and_log() -> None:
    assert decide_mode(is_live=True, brokerage="PaperBrokerage", optimization_id=None) == "paper"
    assert decide_mode(is_live=True, brokerage="TastytradeBrokerage", optimization_id=None) == "live"
    assert decide_mode(is_live=True, brokerage=None, optimization_id=None) == "live"
    assert decide_mode(is_live=False, brokerage=None, optimization_id="41") == "optimization"
    assert decide_mode(is_live=False, brokerage=None, optimization_id="") == "backtest"


OLD = dataclasses.replace(
    WHOLE,
    status="",
    has_end_time=False,
    has_performance=False,
    has_configuration=False,
    orders_claimed=None,
    newest_at=None,
    has_state=False,
)


def test_a_finished_result_of_before_the_state_map_is_whole_and_completed() -> None:
    silent = dataclasses.replace(OLD, has_events=False, filled_without_event=3)
    assert missing_parts(silent) == ()
    assert decide_state(silent, now=NOW, stale_after=DAY) == "completed"
    quit_itself = dataclasses.replace(silent, quit_called=True)
    assert decide_state(quit_itself, now=NOW, stale_after=DAY) == "stopped"


def test_events_that_are_there_must_explain_every_fill_in_any_era() -> None:
    partial = dataclasses.replace(OLD, filled_without_event=1, refused_rows=2)
    assert missing_parts(partial) == ("1 filled orders have no fill event", "2 rows were refused")


def test_an_old_result_without_statistics_never_came_to_its_end() -> None:
    unfinished = dataclasses.replace(OLD, has_statistics=False)
    assert missing_parts(unfinished) == ("the statistics are absent",)
    assert decide_state(unfinished, now=NOW, stale_after=DAY) == "killed"


def test_an_old_live_result_was_stopped_unless_it_is_fresh_and_is_never_whole() -> None:
    live = dataclasses.replace(OLD, is_live=True)
    assert decide_state(live, now=NOW, stale_after=DAY) == "stopped"
    fresh = dataclasses.replace(live, newest_at=NOW)
    assert decide_state(fresh, now=NOW, stale_after=DAY) == "running"
    assert missing_parts(live) == ("a live result of before 2023 does not say whether the run had ended",)


def test_a_reply_that_tells_no_end_time_is_whole_without_one() -> None:
    assert missing_parts(dataclasses.replace(WHOLE, has_end_time=False)) == ("there is no end time",)
    assert missing_parts(dataclasses.replace(WHOLE, has_end_time=False, may_end=False)) == ()
