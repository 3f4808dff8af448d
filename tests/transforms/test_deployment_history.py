"""Positions are carried from run to run of a deployment, and what does not fit or is absent is named."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.runs.deployment_history import (
    Fill,
    RunHistory,
    gaps,
    left_with,
    positions,
    worked_back,
)

TWO, ZERO = Decimal(2), Decimal(0)
DAY = dt.datetime(2026, 11, 16, tzinfo=dt.UTC)


def at(hours: float) -> dt.datetime:
    return DAY + dt.timedelta(hours=hours)


def run(name: str, start: float, end: float, **known: Any) -> RunHistory:
    facts: dict[str, Any] = {
        "state": "stopped", "has_ended": True, "began_with": {}, "began_by": "engine log", "fills": (), "engine": {},
        "expiries": {}, "day_files": frozenset({at(start).date(), at(end).date()}),
    }  # fmt: skip
    return RunHistory(run_id=name, started_at=at(start), last_at=at(end), **{**facts, **known})


def held(quantity: int) -> dict[str, Decimal]:
    return {"put": Decimal(quantity)}


def fill(hours: float, quantity: int) -> Fill:
    return Fill("put", at(hours), Decimal(quantity))


def test_an_open_position_is_carried_over_a_kill() -> None:
    killed = run("1", 14, 17, state="killed", has_ended=False, fills=(fill(15, -2),), engine=held(-2))
    restarted = run("2", 18, 20, began_with=held(-2), fills=(fill(19, 2),))
    rows = positions([killed, restarted])
    assert [(row.began_with, row.filled, row.left_with, row.run_before_left, row.mismatch) for row in rows] == [
        (ZERO, -TWO, -TWO, None, None),
        (-TWO, TWO, ZERO, -TWO, None),
    ]


def test_a_position_that_is_not_taken_over_is_named() -> None:
    left = run("1", 14, 17, fills=(fill(15, -2),), engine=held(-2))
    (row,) = positions([left, run("2", 18, 20)])[1:]
    assert row.mismatch == "the run before left -2, this one began with 0"
    (expired,) = positions([left, run("2", 48, 50, expiries={"put": DAY.date()})])[1:]
    assert expired.mismatch == "the run before left -2, this one began with 0; it had expired by then"


def test_events_that_do_not_lead_to_what_the_engine_holds_are_named() -> None:
    (row,) = positions([run("1", 14, 17, fills=(fill(15, -2),), engine=held(-1))])
    assert row.mismatch == "the events leave -2, the engine's status file has -1"


def test_a_killed_runs_status_file_may_be_older_than_its_last_fills() -> None:
    late = run("1", 14, 17, state="killed", has_ended=False, fills=(fill(15, -2), fill(16.9, 2)), engine=held(-2))
    assert positions([late])[0].mismatch is None
    early = run("1", 14, 17, state="killed", has_ended=False, fills=(fill(15, -2), fill(16, 2)), engine=held(-2))
    assert positions([early])[0].mismatch is not None


def test_where_a_start_is_not_known_the_run_before_stands_for_it() -> None:
    left = run("1", 14, 17, fills=(fill(15, -2),), engine=held(-2))
    unknown = run("2", 18, 20, began_with=None, began_by="unknown", fills=(fill(19, 2),))
    (row,) = positions([left, unknown])[1:]
    assert (row.began_with, row.began_by, row.left_with) == (-TWO, "run before", ZERO)
    (alone,) = positions([unknown])
    assert (alone.began_with, alone.began_by, alone.left_with, alone.mismatch) == (None, "unknown", None, None)


def test_time_without_a_run_is_a_gap_with_its_cause() -> None:
    runs = [run("1", 14, 17, state="killed"), run("2", 18, 20), run("3", 19, 21, state="runtime_error")]
    found = [(gap.kind, gap.run_id, gap.next_run_id, gap.from_time, gap.until_time, gap.reason) for gap in gaps(runs)]
    assert found == [
        ("not_running", "1", "2", at(17), at(18), "the run was killed"),
        ("overlap", "2", "3", at(19), at(20), "the run was stopped, and the next had begun before"),
    ]


def test_what_a_run_lacks_is_a_gap() -> None:
    first, second = DAY.date(), DAY.date() + dt.timedelta(days=1)
    lacking = run(
        "1", 14, 60, orders_claimed=10, orders_stored=7, fills_without_event=2, day_files=frozenset({first})
    )  # fmt: skip
    assert [(gap.kind, gap.reason) for gap in gaps([lacking])] == [
        ("orders_missing", "7 of 10 orders are there"),
        ("events_missing", "2 orders that filled have no fill event"),
        ("day_files_missing", f"no day file of {second}"),
        ("day_files_missing", f"no day file of {second + dt.timedelta(days=1)}"),
    ]
    assert gaps([run("1", 14, 24.1, day_files=frozenset({first}))]) == []


fills = st.lists(
    st.builds(Fill, st.sampled_from(["put", "call"]), st.integers(0, 99).map(at), st.integers(-5, 5).map(Decimal)),
    max_size=8,
)
quantities = st.dictionaries(
    st.sampled_from(["put", "call"]), st.integers(-5, 5).filter(bool).map(Decimal), max_size=2
)  # fmt: skip


@given(quantities, fills)
def test_working_back_undoes_what_was_traded(began: dict[str, Decimal], traded: list[Fill]) -> None:
    assert worked_back(left_with(began, traded), traded) == began


@given(quantities, st.lists(fills, min_size=1, max_size=4))
def test_what_is_carried_always_adds_up(began: dict[str, Decimal], days: list[list[Fill]]) -> None:
    runs, first = [], began
    for number, traded in enumerate(days):
        left = left_with(began, traded)
        runs.append(run(str(number), 100 * number, 100 * number + 99, began_with=began, fills=traded, engine=left))
        began = left
    rows = positions(runs)
    assert {row.mismatch for row in rows} <= {None}
    for name in {row.instrument for row in rows}:
        total = first.get(name, Decimal(0)) + sum(row.filled for row in rows if row.instrument == name)
        assert total == began.get(name, Decimal(0))
