"""Each publication of a set is acknowledged by what a journal says after it, and by nothing it said before."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.steps.lean.journals import ingest_journals
from pipelines.steps.parameters import publishing as steps
from pipelines.steps.parameters.acknowledgements import Publication, Statement, acknowledge, answers
from pipelines.steps.parameters.log import sets_of
from tests.steps.asking import ask
from tests.steps.parameter_fixtures import DEPLOYMENT, make_set, settings_in, store_set, write_segment
from tomking.kernel.contracts import format_entry
from tomking.kernel.parameters import ParameterSet
from warehouse.access import Warehouse, WriteSession

MORNING = dt.datetime(2019, 12, 10, 14, 30, tzinfo=dt.UTC)
RUN = "paper-1-20191210T143000Z"


def minutes(count: float) -> dt.datetime:
    return MORNING + dt.timedelta(minutes=count)


def applied(seq: int, moment: dt.datetime, found: ParameterSet) -> str:
    return format_entry(
        seq, "parameters_applied", moment, set_id=found.id, sha256=found.sha256, why="command",
        effective_from=found.effective_from,
    )  # fmt: skip


def states(session: WriteSession) -> dict[str, str]:
    shown = dict(session.rows("SELECT parameter_set_id, state FROM marts.parameter_sets"))
    assert shown == {stored.set_id: stored.state for stored in sets_of(session)}
    return shown


def goes_back_and_forth(warehouse: Warehouse, root: Path) -> tuple[ParameterSet, ParameterSet]:
    """The first set is applied, then the second, which is rolled back at minute 30; nothing is heard after that."""
    settings = settings_in(root)
    with warehouse.writer("first", now=minutes(0)) as session:
        first = store_set(session, make_set("2019-12-02", "2019-11-29"), "proposed", "approved")
        steps.publish(session, settings, DEPLOYMENT)
    with warehouse.writer("second", now=minutes(10)) as session:
        second = store_set(session, make_set("2019-12-09", "2019-12-06"), "proposed", "approved")
        steps.publish(session, settings, DEPLOYMENT)
    write_segment(settings.object_store, RUN, 1, [applied(1, minutes(1), first), applied(2, minutes(11), second)])
    with warehouse.writer("read", now=minutes(20)) as session:
        ingest_journals(session, settings.object_store)
        assert acknowledge(session) == 2
        assert states(session) == {first.id: "superseded", second.id: "acknowledged"}
    with warehouse.writer("back", now=minutes(30)) as session:
        steps.rollback(session, settings, DEPLOYMENT, by="ann", why="worse")
        assert acknowledge(session) == 0
        assert states(session) == {first.id: "published", second.id: "rolled_back"}
    return first, second


def test_a_set_that_comes_back_by_a_rollback_wants_a_new_acknowledgement(warehouse: Warehouse, tmp_path: Path) -> None:
    first, second = goes_back_and_forth(warehouse, tmp_path)
    write_segment(tmp_path / "storage", RUN, 2, [applied(3, minutes(31), first)])
    with warehouse.writer("heard", now=minutes(40)) as session:
        ingest_journals(session, tmp_path / "storage")
        assert acknowledge(session) == 1
        assert acknowledge(session) == 0
        assert states(session) == {first.id: "acknowledged", second.id: "rolled_back"}
    [row] = ask(
        warehouse,
        "SELECT published_at, acknowledged_at, acknowledgements FROM marts.parameter_sets WHERE sha256 = ?",
        first.sha256,
    )
    assert row == (minutes(30), minutes(31), 2)


def test_an_answer_to_an_earlier_publication_that_is_read_late_acknowledges_only_that(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    first, _ = goes_back_and_forth(warehouse, tmp_path)
    write_segment(tmp_path / "storage", "another-run", 1, [applied(1, minutes(2), first)])
    with warehouse.writer("late", now=minutes(40)) as session:
        ingest_journals(session, tmp_path / "storage")
        assert acknowledge(session) == 1
        assert states(session)[first.id] == "published"


def test_an_algorithm_that_has_the_set_already_answers_by_taking_the_command(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path)
    with warehouse.writer("first", now=minutes(0)) as session:
        first = store_set(session, make_set("2019-12-02", "2019-11-29"), "proposed", "approved")
        steps.publish(session, settings, DEPLOYMENT)
    with warehouse.writer("second, never heard of", now=minutes(10)) as session:
        store_set(session, make_set("2019-12-09", "2019-12-06"), "proposed", "approved")
        steps.publish(session, settings, DEPLOYMENT)
    with warehouse.writer("back", now=minutes(30)) as session:
        steps.rollback(session, settings, DEPLOYMENT, by="ann", why="never heard of")
    lines = [applied(1, minutes(1), first)]
    write_segment(settings.object_store, RUN, 1, lines)
    with warehouse.writer("silence", now=minutes(31)) as session:
        ingest_journals(session, settings.object_store)
        acknowledge(session)
        assert states(session)[first.id] == "published"
    command = format_entry(2, "command", minutes(32), name="refresh", payload="{}", accepted=True)
    write_segment(settings.object_store, RUN, 1, [*lines, command])
    with warehouse.writer("an answer", now=minutes(33)) as session:
        ingest_journals(session, settings.object_store)
        acknowledge(session)
        assert states(session)[first.id] == "acknowledged"


HAPPENINGS = st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(("published", "x", "y"))), max_size=12)


@given(HAPPENINGS)
def test_each_publication_is_answered_by_the_first_statement_after_it_in_each_journal(
    happenings: list[tuple[str, str]],
) -> None:
    publications: dict[str, list[Publication]] = defaultdict(list)
    said = []
    expected: dict[tuple[str, str, str], dt.datetime] = {}
    early: dict[tuple[str, str], dt.datetime] = {}
    for place, (sha256, what) in enumerate(happenings):
        if what == "published":
            publications[sha256].append(Publication(f"{sha256}{place}", place, minutes(place)))
            continue
        said.append(Statement(sha256, what, None, minutes(place), minutes(place)))
        if publications[sha256]:
            expected.setdefault((sha256, what, publications[sha256][-1].event_id), minutes(place))
        else:
            early.setdefault((sha256, what), minutes(place))
    for (sha256, journal), moment in early.items():
        # Said before any publication of ours: it stands for the first one, if one comes.
        if publications[sha256]:
            expected[sha256, journal, publications[sha256][0].event_id] = moment
    found = answers(said, publications)
    given_answers = {
        (one.sha256, one.journal_key, publication.event_id): one.said_at
        for one, publication, _ in found
        if publication is not None
    }
    assert given_answers == expected
    assert len({event_id for *_, event_id in found}) == len(found)
    # What was known before stays as it is when more is said: rows keep their ids.
    for length in range(len(said)):
        assert {id_: one for one, _, id_ in answers(said[:length], publications)}.items() <= {
            id_: one for one, _, id_ in found
        }.items()
