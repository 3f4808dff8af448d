"""The paper week and the checklist say what is missing, and pass where nothing is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from pipelines.config import DeploymentSettings, PathSettings, Settings
from pipelines.steps.launches.checklist import checklist
from pipelines.steps.launches.paper_week import paper_week, week_ending
from tests.pipelines.command_line import tomking
from tests.steps.parameter_fixtures import store_run
from warehouse.access import Warehouse, WriteSession
from warehouse.frames import frame
from warehouse.models.derived.deployments import Deployment, DeploymentRun
from warehouse.models.records.journal import JournalEntry

FRIDAY = dt.date(2026, 11, 27)
WEEK = (*(dt.date(2026, 11, day) for day in (20, 23, 24, 25)), FRIDAY)


def settings(root: Path) -> Settings:
    return Settings(root=root, paths=PathSettings(), deployments=(DeploymentSettings(name="paper", mode="paper"),))


def store_week(session: WriteSession, *, silent: dt.date | None = None) -> None:
    """A paper run over the week, with a line of its journal in each session but `silent`."""
    began = dt.datetime(2026, 11, 20, 14, 0, tzinfo=dt.UTC)
    store_run(session, "r", algorithm_id="L-1", started_at=began, mode="paper")
    session.execute("update records.runs set newest_at = ?", [dt.datetime(2026, 11, 27, 21, 0, tzinfo=dt.UTC)])
    header = {"deployment_id": "d", "name": "paper", "named_by": "configuration", "mode": "paper"}
    session.insert(Deployment, frame(Deployment, [header]))
    place = {"run_id": "r", "deployment_id": "d", "position": 1, "link_reason": "first"}
    session.insert(DeploymentRun, frame(DeploymentRun, [place]))
    lines = [
        {
            "journal_key": "paper/r",
            "run_key": "r",
            "segment": str(number),
            "line": 1,
            "dialect": "tomking",
            "deployment": "paper",
            "kind": "note",
            "occurred_at": dt.datetime.combine(day, dt.time(15), dt.UTC),
            "payload": "{}",
            "run_id": "r",
            "sha256": "0" * 64,
            "learnt_at": session.now,
        }
        for number, day in enumerate(WEEK)
        if day != silent
    ]
    session.insert(JournalEntry, frame(JournalEntry, lines))


def test_the_week_is_five_sessions_and_knows_holidays() -> None:
    assert week_ending(dt.date(2026, 11, 29)) == WEEK, "Thanksgiving is no session, a weekend day none either"


def test_a_week_passes_where_every_session_was_run_and_read(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("test") as session:
        store_week(session)
        week = paper_week(session, settings(tmp_path), "paper", FRIDAY)
    assert week.passed
    assert [day.session_date for day in week.days] == list(WEEK)


def test_a_session_without_a_word_of_the_journal_fails_the_week(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("test") as session:
        store_week(session, silent=WEEK[2])
        week = paper_week(session, settings(tmp_path), "paper", FRIDAY)
    assert not week.passed
    assert [(day.session_date, day.wrong) for day in week.days if day.wrong] == [(WEEK[2], "no line of a journal")]


def test_a_week_that_nothing_ran_in_says_so_for_each_session(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("test") as session:
        week = paper_week(session, settings(tmp_path), "paper", FRIDAY)
        answers = checklist(session, settings(tmp_path))
    assert {day.wrong for day in week.days} == {"no run covers it"}
    assert [answer.passed for answer in answers] == [False] * len(answers)
    assert [answer.promise for answer in answers] == ["S02", "S65", "S98", "S102", "S115"]


def test_the_recorded_paper_deployment_is_judged_session_by_session(demonstration: Path) -> None:
    answer = tomking(demonstration, "paperweek", "paper", "--through", "2026-11-18", "--json")
    assert answer.code == 1
    wrong = {day["session_date"]: day["wrong"] for day in answer.document["days"]}
    assert wrong["2026-11-12"] == "no run covers it"
    assert answer.document["days"][-2]["fills"] > 0
    assert tomking(demonstration, "checklist").code == 1
