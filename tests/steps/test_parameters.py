"""Sets are approved, published whole, published again without effect, and taken back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.config import Settings
from pipelines.errors import ConfigurationError, Conflict, NotFound, TomkingError
from pipelines.steps.parameters import publishing as steps
from pipelines.steps.parameters.log import Event, history_of, state_of
from tests.steps.parameter_fixtures import DEPLOYMENT, make_set, settings_in, store_set
from tomking.kernel.contracts import current_key, history_key, parameter_key
from tomking.kernel.parameter_book import Applied, ParameterBook
from tomking.kernel.parameters import ParameterSet, parse_history
from warehouse.access import Warehouse, WriteSession

FIRST = ("2019-12-02", "2019-11-29")
SECOND = ("2019-12-09", "2019-12-06")
NOW = dt.datetime(2019, 12, 12, 22, tzinfo=dt.UTC)


def stored_states(session: WriteSession) -> dict[str, str]:
    return dict(session.rows("SELECT parameter_set_id, state FROM marts.parameter_sets"))


def documents(settings: Settings) -> dict[str, bytes]:
    root = settings.object_store
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def publish_two(session: WriteSession, settings: Settings) -> tuple[ParameterSet, ParameterSet]:
    first = store_set(session, make_set(*FIRST), "proposed", "approved")
    steps.publish(session, settings, DEPLOYMENT)
    second = store_set(session, make_set(*SECOND), "proposed", "approved")
    steps.publish(session, settings, DEPLOYMENT)
    return first, second


def test_a_published_set_is_what_an_algorithm_reads(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with warehouse.writer("publish") as session:
        first, second = publish_two(session, settings)
        assert stored_states(session) == {first.id: "superseded", second.id: "published"}
    found = documents(settings)
    assert set(found) == {
        parameter_key(DEPLOYMENT, first.id),
        parameter_key(DEPLOYMENT, second.id),
        history_key(DEPLOYMENT),
        current_key(DEPLOYMENT),
    }
    assert found[current_key(DEPLOYMENT)] == found[parameter_key(DEPLOYMENT, second.id)] == second.document
    history = parse_history(found[history_key(DEPLOYMENT)])
    assert [(entry.id, entry.sha256) for entry in history.entries] == [(s.id, s.sha256) for s in (first, second)]
    book = ParameterBook(deployment=DEPLOYMENT)
    for day, expected in ((dt.date(2019, 12, 3), first), (dt.date(2019, 12, 9), second)):
        entry = history.effective_on(day)
        assert entry is not None
        taken = book.offer(found[parameter_key(DEPLOYMENT, entry.id)], "start", day, sha256=entry.sha256)
        assert isinstance(taken, Applied)
        assert taken.parameters.sha256 == expected.sha256


def test_publishing_again_changes_nothing_and_mends_what_was_damaged(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with warehouse.writer("publish") as session:
        first, second = publish_two(session, settings)
    before = documents(settings)
    with warehouse.writer("again") as session:
        outcome = steps.publish_due(session, settings)
        assert (outcome.published, outcome.documents_written) == (0, 0)
        assert steps.publish(session, settings, DEPLOYMENT, second.id).documents_written == 0
        assert not session.changed
    current = settings.object_store / current_key(DEPLOYMENT)
    current.write_bytes(second.document[:50])
    (settings.object_store / parameter_key(DEPLOYMENT, first.id)).unlink()
    (current.parent / ".current.json.1-aa.part").write_bytes(b"left by a killed process")
    with warehouse.writer("mend") as session:
        assert steps.publish_due(session, settings).documents_written == 2
        assert not session.changed
    assert documents(settings) == before


def test_only_an_approved_set_is_published(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with warehouse.writer("publish") as session:
        waiting = store_set(session, make_set(*FIRST), "proposed")
        refused = store_set(session, make_set(*SECOND), "proposed", "refused")
        assert steps.publish(session, settings, DEPLOYMENT) == steps.PublishOutcome(DEPLOYMENT, None, None, False, 0)
        for found in (waiting, refused):
            with pytest.raises(Conflict, match="cannot be published"):
                steps.publish(session, settings, DEPLOYMENT, found.id)
        with pytest.raises(Conflict, match="cannot be approved"):
            steps.approve(session, refused.id, by="me")
        with pytest.raises(NotFound):
            steps.publish(session, settings, DEPLOYMENT, "ps-2019-12-02-00000000")
        with pytest.raises(ConfigurationError, match="nobody"):
            steps.publish(session, settings, "nobody")
    assert documents(settings) == {}


def test_approving_twice_is_approving_once(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("approve") as session:
        found = store_set(session, make_set(*FIRST), "proposed")
        assert steps.approve(session, found.id, by="trader", note="looks right").state == "approved"
        assert steps.approve(session, found.sha256[:8], by="someone else").state == "approved"
        shown = steps.show_set(session, found.id)
        assert [stored.set_id for stored in steps.list_sets(session)] == [found.id]
        assert steps.list_sets(session, "another") == []
    history = shown["history"]
    assert isinstance(history, list)
    assert [(step["state"], step["actor"]) for step in history] == [("proposed", "test"), ("approved", "trader")]
    assert shown["document"]["id"] == found.id  # type: ignore[index]


def test_rolling_back_keeps_the_days_on_which_the_set_was_used(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with warehouse.writer("publish") as session:
        first, second = publish_two(session, settings)
    with warehouse.writer("back", now=NOW) as session:
        outcome = steps.rollback(session, settings, DEPLOYMENT, by="trader", why="drawdown")
        assert (outcome.from_set, outcome.to_set, outcome.in_force_from) == (second.id, first.id, NOW.date())
        assert stored_states(session) == {first.id: "published", second.id: "rolled_back"}
        history = history_of(session, DEPLOYMENT)
        assert steps.publish_due(session, settings).documents_written == 0
    assert [(entry.id, entry.effective_from.isoformat()) for entry in history.entries] == [
        (first.id, "2019-12-02"),
        (second.id, "2019-12-09"),
        (first.id, "2019-12-12"),
    ]
    found = documents(settings)
    assert found[current_key(DEPLOYMENT)] == first.document
    assert parse_history(found[history_key(DEPLOYMENT)]) == history


@pytest.mark.parametrize("mode", ["paper", "backtest"])
def test_a_set_taken_back_before_its_day_was_never_in_force(warehouse: Warehouse, tmp_path: Path, mode: str) -> None:
    settings = settings_in(tmp_path, mode=mode)
    early = NOW if mode == "backtest" else dt.datetime(2019, 12, 7, tzinfo=dt.UTC)
    with warehouse.writer("publish") as session:
        first, second = publish_two(session, settings)
    with warehouse.writer("back", now=early) as session:
        steps.rollback(session, settings, DEPLOYMENT, by="trader", why="second thoughts")
        assert [entry.id for entry in history_of(session, DEPLOYMENT).entries] == [first.id]
        assert stored_states(session)[second.id] == "rolled_back"
    assert documents(settings)[current_key(DEPLOYMENT)] == first.document


def test_there_must_be_something_to_go_back_to(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with warehouse.writer("back") as session:
        with pytest.raises(Conflict, match="nothing is published"):
            steps.rollback(session, settings, DEPLOYMENT, by="me", why="x")
        first = store_set(session, make_set(*FIRST), "proposed", "approved")
        steps.publish(session, settings, DEPLOYMENT)
        other = store_set(session, make_set(*SECOND), "proposed")
        with pytest.raises(Conflict, match="no set was in force before"):
            steps.rollback(session, settings, DEPLOYMENT, by="me", why="x")
        with pytest.raises(Conflict, match="in force already"):
            steps.rollback(session, settings, DEPLOYMENT, first.id, by="me", why="x")
        with pytest.raises(Conflict, match="never published"):
            steps.rollback(session, settings, DEPLOYMENT, other.id, by="me", why="x")


def test_a_set_for_an_earlier_day_enters_the_history_and_not_the_present(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with warehouse.writer("publish") as session:
        second = store_set(session, make_set(*SECOND), "proposed", "approved")
        steps.publish(session, settings, DEPLOYMENT)
        first = store_set(session, make_set(*FIRST), "proposed", "approved")
        outcome = steps.publish(session, settings, DEPLOYMENT)
        assert (outcome.parameter_set_id, outcome.published) == (second.id, True)
        assert [entry.id for entry in history_of(session, DEPLOYMENT).entries] == [first.id, second.id]
        assert stored_states(session) == {first.id: "published", second.id: "published"}
    assert documents(settings)[current_key(DEPLOYMENT)] == second.document


def test_sets_that_waited_behind_a_newer_one_are_not_published_after_it(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with warehouse.writer("publish") as session:
        first = store_set(session, make_set(*FIRST), "proposed", "approved")
        second = store_set(session, make_set(*SECOND), "proposed", "approved")
        assert steps.publish_due(session, settings).published == 1
        assert steps.publish_due(session, settings).published == 0
        assert stored_states(session) == {first.id: "superseded", second.id: "published"}


def test_a_store_that_cannot_be_written_leaves_the_set_approved(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    settings.object_store.write_text("a file where the folder should be")
    with warehouse.writer("publish") as session:
        found = store_set(session, make_set(*FIRST), "proposed", "approved")
        with pytest.raises(TomkingError, match="cannot be written"):
            steps.publish(session, settings, DEPLOYMENT)
        assert stored_states(session) == {found.id: "approved"}


STATES = ("proposed", "approved", "refused", "published", "acknowledged", "superseded", "rolled_back")


@given(st.lists(st.sampled_from(STATES), max_size=8))
def test_an_acknowledgement_never_brings_a_set_back(states: list[str]) -> None:
    moment = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    log = [Event("x", state, n, moment, "a", None, None, None) for n, state in enumerate(states)]
    others = [state for state in states if state != "acknowledged"]
    last = others[-1] if others else "proposed"
    assert state_of(log) in ((last, "acknowledged") if last == "published" else (last,))
