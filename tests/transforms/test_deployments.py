"""Runs of one deployment are joined by the same rule in whatever order they come."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.transforms.runs import deployments as rule
from pipelines.transforms.runs.deployments import LiveRun, link_runs, name_of

MONDAY = dt.datetime(2026, 11, 16, 14, 20, tzinfo=dt.UTC)
SHORT = {"SPY   261231P00560000": Decimal(-2), "SPY   261231C00640000": Decimal(-2)}


def run(name: str, hours: float, until: float, **known: Any) -> LiveRun:
    at = {"started_at": MONDAY + dt.timedelta(hours=hours), "last_at": MONDAY + dt.timedelta(hours=until)}
    return LiveRun(**{"run_id": name, "algorithm_id": f"L-{name}", "mode": "paper", **at, **known})


def grouped(*runs: LiveRun) -> set[frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for linked in link_runs(runs):
        groups.setdefault(linked.deployment_id, set()).add(linked.run_id)
    return {frozenset(group) for group in groups.values()}


def reasons(*runs: LiveRun) -> list[tuple[str, int, str]]:
    return sorted((linked.run_id, linked.position, linked.link_reason) for linked in link_runs(runs))


def cash(amount: str) -> dict[str, Decimal]:
    return {"USD": Decimal(amount)}


def test_a_run_continues_the_one_whose_positions_and_cash_it_began_with() -> None:
    killed = run("1", 0, 27, left_with=SHORT, start_cash=cash("250000"), end_cash=cash("251150"), began_with={})
    restarted = run("2", 28, 31, began_with=SHORT, left_with={}, start_cash=cash("251150.0"), end_cash=cash("249904"))
    flat = run("3", 48, 50, began_with={}, start_cash=cash("249904.0"))
    assert reasons(flat, restarted, killed) == [("1", 1, rule.FIRST), ("2", 2, rule.CARRIED), ("3", 3, rule.CASH)]
    assert reasons(replace(restarted, start_cash=None), killed) == [("1", 1, rule.FIRST), ("2", 2, rule.POSITIONS)]


def test_of_two_that_ended_before_it_a_run_continues_the_one_it_inherited_from() -> None:
    mine = run("1", 0, 20, left_with=SHORT, folders=frozenset({"/live"}))
    other = run("9", 0, 26, left_with={"SPY": Decimal(5)}, folders=frozenset({"/live"}))
    assert grouped(mine, other, run("2", 28, 31, began_with=SHORT, folders=frozenset({"/live"}))) == {
        frozenset({"1", "2"}),
        frozenset({"9"}),
    }


def test_cash_that_never_moved_joins_nothing() -> None:
    fresh = run("1", 0, 1, start_cash=cash("100000"), end_cash=cash("100000"), left_with={}, began_with={})
    assert len(grouped(fresh, replace(fresh, run_id="2", started_at=MONDAY + dt.timedelta(hours=3)))) == 2


@pytest.mark.parametrize(
    ("shared", "reason"),
    [
        ({"stores": frozenset({"/storage"})}, rule.STORE),
        ({"projects": frozenset({"/lean/condor"})}, rule.PROJECT),
        ({"account": "main"}, rule.ACCOUNT),
        ({"folders": frozenset({"/live"})}, rule.FOLDER),
        ({"configured": "condor"}, rule.CONFIGURED.format("condor")),
        ({"journal_name": "condor"}, rule.JOURNAL.format("condor")),
    ],
)
def test_runs_are_joined_by_what_they_share(shared: dict[str, Any], reason: str) -> None:
    assert reasons(run("1", 0, 5, **shared), run("2", 6, 9, **shared)) == [("1", 1, rule.FIRST), ("2", 2, reason)]


def test_a_folder_alone_does_not_join_a_run_that_began_with_something_else() -> None:
    folders = frozenset({"/live"})
    left = run("1", 0, 5, left_with=SHORT, folders=folders)
    assert len(grouped(left, run("2", 6, 9, began_with={}, folders=folders))) == 2
    stores = frozenset({"/storage"})
    assert len(grouped(replace(left, stores=stores), run("2", 6, 9, began_with={}, stores=stores))) == 1


def test_runs_at_the_same_time_are_two_deployments_unless_they_carry_one_name() -> None:
    both = {"projects": frozenset({"/lean/condor"}), "account": "main"}
    assert len(grouped(run("1", 0, 5, **both), run("2", 1, 3, **both))) == 2
    assert len(grouped(run("1", 0, 5, configured="x"), run("2", 1, 3, configured="x"))) == 1


@pytest.mark.parametrize(
    "different",
    [
        ({"mode": "paper"}, {"mode": "live"}),
        ({"account": "a"}, {"account": "b"}),
        ({"configured": "a"}, {"configured": "b"}),
        ({"number": 1}, {"number": 1}),
        ({"number": 3}, {"number": 1}),
        ({"projects": frozenset({"/a"})}, {"projects": frozenset({"/b"})}),
    ],
)
def test_what_differs_keeps_runs_apart(different: tuple[dict[str, Any], dict[str, Any]]) -> None:
    shared = {"stores": frozenset({"/storage"}), "folders": frozenset({"/live"})}
    one, other = different
    assert len(grouped(run("1", 0, 5, **{**shared, **one}), run("2", 6, 9, **{**shared, **other}))) == 2


def test_a_numbered_series_that_begins_again_in_the_same_folder_is_another_deployment() -> None:
    folders = frozenset({"/live"})
    runs = [run(f"{series}{n}", 100 * series + 10 * n, 100 * series + 10 * n + 5, number=n, folders=folders)
            for series in (1, 2) for n in (1, 2, 3)]  # fmt: skip
    assert grouped(*runs) == {frozenset({"11", "12", "13"}), frozenset({"21", "22", "23"})}


def test_a_deployment_is_named_by_configuration_journal_project_or_its_first_run() -> None:
    first = run("1", 0, 5, projects=frozenset({"/lean/My Condor"}))
    second = run("2", 6, 9, journal_name="paper-1")
    assert name_of([second, first]) == ("paper-1", "journal")
    assert name_of([first, replace(second, configured="live-1")]) == ("live-1", "configuration")
    assert name_of([first]) == ("My Condor", "project")
    assert name_of([run("2", 6, 9), run("1", 0, 5)]) == ("L-1", "run")


names = st.none() | st.sampled_from(["a", "b"])
places = st.frozensets(st.sampled_from(["/x", "/y"]), max_size=1)
positions = st.none() | st.sampled_from([{}, SHORT, {"SPY": Decimal(1)}])
amounts = st.none() | st.sampled_from([cash("100"), cash("200")])


@st.composite
def several(draw: st.DrawFn) -> list[LiveRun]:
    return [
        run(
            str(number), start := draw(st.integers(0, 60)), start + draw(st.integers(0, 20)),
            mode=draw(st.sampled_from(["paper", "live"])), configured=draw(names), journal_name=draw(names),
            account=draw(names), number=draw(st.none() | st.integers(1, 3)), stores=draw(places),
            projects=draw(places), folders=draw(places), began_with=draw(positions), left_with=draw(positions),
            start_cash=draw(amounts), end_cash=draw(amounts),
        )
        for number in range(draw(st.integers(0, 7)))
    ]  # fmt: skip


@settings(max_examples=200)
@given(several(), st.randoms(use_true_random=False))
def test_every_run_has_one_place_whatever_the_order(runs: list[LiveRun], chance: random.Random) -> None:
    linked = link_runs(runs)
    assert sorted(one.run_id for one in linked) == sorted(one.run_id for one in runs)
    shuffled = list(runs)
    chance.shuffle(shuffled)
    assert link_runs(shuffled) == linked
    by_id = {one.run_id: one for one in runs}
    for before, after in itertools.pairwise(linked):
        if before.deployment_id == after.deployment_id:
            one, other = by_id[before.run_id], by_id[after.run_id]
            assert after.position == before.position + 1
            assert one.order < other.order
            assert one.mode == other.mode
