"""One parameter set from its proposal to its end, and what a backtest makes of the history that is left."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.config import CalibrationSettings, DeploymentSettings, PathSettings, Settings, UniverseSettings
from pipelines.errors import Conflict
from pipelines.steps.ingest import ingest_paths
from pipelines.steps.lean.journals import ingest_journals, link_journals
from pipelines.steps.parameters import publishing as steps
from pipelines.steps.parameters.acknowledgements import acknowledge
from pipelines.steps.parameters.calibrate import CalibrationOutcome, calibrate
from pipelines.steps.parameters.log import find_set, history_of
from tests.algorithm.support import DATA, MAIN
from tests.lean_double.engine import run
from tests.lean_double.results import write_results
from tests.pipelines.instances import ROOT
from tests.steps.asking import ask
from tests.steps.parameter_fixtures import DEPLOYMENT, make_set, store_set, write_segment
from tests.steps.test_calibrate import SYMBOLS, store_prices
from tests.transforms.market import market_returns
from tomking.kernel.contracts import current_key, format_entry, history_key
from tomking.kernel.parameters import History, ParameterSet, parse_history
from tomking.kernel.sessions import next_session
from warehouse.access import Warehouse, WriteSession

DATES = market_returns(2600).dates
RUN = "paper-1-run"


def settings_in(root: Path, *, mode: str = "paper", by_rule: bool = True) -> Settings:
    return Settings(
        root=root,
        paths=PathSettings(object_store="storage"),
        deployments=(DeploymentSettings(name=DEPLOYMENT, mode=mode),),
        universes=(UniverseSettings(name="test", symbols=SYMBOLS),),
        calibration=CalibrationSettings(approve_by_rule=by_rule),
    )


class Life:
    """A deployment whose sets are calibrated on one market, through one session after another."""

    def __init__(self, warehouse: Warehouse, root: Path) -> None:
        self.warehouse, self.root, self.settings = warehouse, root, settings_in(root)
        self._lines: list[str] = []

    def calibrate(self, session: WriteSession, through: dt.date, *, by_rule: bool = True) -> CalibrationOutcome:
        return calibrate(
            session,
            settings_in(self.root, by_rule=by_rule),
            deployment=DEPLOYMENT,
            data_through=through,
            effective_from=next_session(through),
        )

    def applies(self, session: WriteSession, sha256: str) -> None:
        """The algorithm says, a moment after the session's instant, that it works with a set."""
        found = find_set(session, sha256)
        moment = session.now + dt.timedelta(seconds=30)
        self._lines.append(
            format_entry(
                len(self._lines) + 1, "parameters_applied", moment, set_id=found.set_id, sha256=sha256, why="command",
                effective_from=found.effective_from,
            )
        )  # fmt: skip
        write_segment(self.settings.object_store, RUN, 1, self._lines)
        ingest_journals(session, self.settings.object_store)
        acknowledge(session)


def test_a_set_is_proposed_approved_published_acknowledged_superseded_and_rolled_back(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    life = Life(warehouse, tmp_path)
    noon = dt.datetime(2019, 12, 2, 17, tzinfo=dt.UTC)

    with warehouse.writer("first, approved by the gate", now=noon) as session:
        first = life.calibrate(session, DATES[-400])
        assert first.state == "approved"
        steps.publish(session, life.settings, DEPLOYMENT)
        life.applies(session, str(first.sha256))

    with warehouse.writer("second, approved by a person", now=noon + dt.timedelta(hours=1)) as session:
        store_prices(session)
        second = life.calibrate(session, DATES[-330], by_rule=False)
        assert (second.state, second.parts_taken) == ("proposed", ("regime",))
        assert not steps.publish(session, life.settings, DEPLOYMENT).published, "it waits for a person"
        steps.approve(session, str(second.parameter_set_id), by="ann", note="better out of sample")
        steps.publish(session, life.settings, DEPLOYMENT)
        life.applies(session, str(second.sha256))

    with warehouse.writer("third, no better than what is in force", now=noon + dt.timedelta(hours=2)) as session:
        third = life.calibrate(session, DATES[-1])
        assert third.state == "refused"
        with pytest.raises(Conflict, match="cannot be approved"):
            steps.approve(session, str(third.parameter_set_id), by="ann")

    with warehouse.writer("back to the first", now=noon + dt.timedelta(hours=3)) as session:
        steps.rollback(session, life.settings, DEPLOYMENT, by="ann", why="it trades too large")
        life.applies(session, str(first.sha256))

    told = ask(
        warehouse,
        "SELECT parameter_set_id, state, actor, note FROM marts.parameter_history ORDER BY sequence",
    )
    one, two, three = (str(found.parameter_set_id) for found in (first, second, third))
    assert [row[:3] for row in told] == [
        (one, "proposed", "schedule"),
        (one, "approved", "gate"),
        (one, "published", "rule"),
        (one, "acknowledged", f"journal {DEPLOYMENT}/{RUN}"),
        (two, "proposed", "schedule"),
        (two, "approved", "ann"),
        (two, "published", "rule"),
        (one, "superseded", "rule"),
        (two, "acknowledged", f"journal {DEPLOYMENT}/{RUN}"),
        (three, "proposed", "schedule"),
        (three, "refused", "gate"),
        (two, "rolled_back", "ann"),
        (one, "published", "ann"),
        (one, "acknowledged", f"journal {DEPLOYMENT}/{RUN}"),
    ]
    notes = {(name, state): note for name, state, _, note in told}
    assert re.search(
        r"better_than_current \(.* -?0\.\d{4} against -?0\.\d{4} of the set in force", notes[three, "refused"]
    ), notes[three, "refused"]
    assert notes[two, "rolled_back"] == "it trades too large"
    states = dict(ask(warehouse, "SELECT parameter_set_id, state FROM marts.parameter_sets"))
    assert states == {one: "acknowledged", two: "rolled_back", three: "refused"}


KILLED_BEFORE = (
    "import os, sys\n"
    "from pathlib import Path\n"
    "from pipelines.steps.parameters import publishing as parameters\n"
    "from tests.steps.test_life_cycle import settings_in\n"
    "from warehouse.access import Warehouse\n"
    "root, state, before = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])\n"
    "written, real = 0, parameters.replace_document\n"
    "def write(path, document):\n"
    "    global written\n"
    "    if written == before:\n"
    "        os._exit(9)\n"
    "    done = real(path, document)\n"
    "    written += done\n"
    "    if written == before == 2:\n"
    "        os._exit(9)\n"
    "    return done\n"
    "parameters.replace_document = write\n"
    "with Warehouse(state).writer('rollback') as session:\n"
    "    parameters.rollback(session, settings_in(root), 'paper-1', by='ann', why='worse')\n"
    "os._exit(0)\n"
)


@pytest.mark.slow
@pytest.mark.parametrize("documents", [0, 1, 2])
def test_a_rollback_that_is_killed_after_so_many_documents_has_happened_whole_or_not_at_all(
    warehouse: Warehouse, tmp_path: Path, documents: int
) -> None:
    settings = settings_in(tmp_path)
    with warehouse.writer("two sets") as session:
        first = published(session, settings, make_set("2019-12-02", "2019-11-29"))
        second = published(session, settings, make_set("2019-12-09", "2019-12-06"))
    before = ask(warehouse, "SELECT * FROM marts.parameter_history ORDER BY sequence")
    command = [sys.executable, "-c", KILLED_BEFORE, str(tmp_path), str(warehouse.state_dir), str(documents)]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    assert ended.returncode == 9, ended.stderr.decode()
    current = (settings.object_store / current_key(DEPLOYMENT)).read_bytes()
    assert current == (first if documents == 2 else second).document, "a reader finds one set or the other, whole"
    parse_history((settings.object_store / history_key(DEPLOYMENT)).read_bytes())
    assert ask(warehouse, "SELECT * FROM marts.parameter_history ORDER BY sequence") == before
    with warehouse.writer("the next night") as session:
        steps.publish_due(session, settings)
        assert in_store(settings) == (second.document, history_of(session, DEPLOYMENT))
        steps.rollback(session, settings, DEPLOYMENT, by="ann", why="worse")
        assert in_store(settings) == (first.document, history_of(session, DEPLOYMENT))


def published(session: WriteSession, settings: Settings, found: ParameterSet) -> ParameterSet:
    store_set(session, found, "proposed", "approved")
    steps.publish(session, settings, DEPLOYMENT)
    return found


def in_store(settings: Settings) -> tuple[bytes, History]:
    folder = settings.object_store
    history = parse_history((folder / history_key(DEPLOYMENT)).read_bytes())
    return (folder / current_key(DEPLOYMENT)).read_bytes(), history


@pytest.mark.slow
def test_a_backtest_over_2020_applies_the_set_of_each_date_and_one_with_todays_set_is_marked_in_sample(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path, mode="backtest")
    with warehouse.writer("a history, one set of which was taken back, and today's set") as session:
        january = published(session, settings, make_set("2020-01-02", "2019-12-31"))
        mistake = published(session, settings, make_set("2020-01-21", "2020-01-17", values={"strangle.exit_dte": "14"}))
        steps.rollback(session, settings, DEPLOYMENT, by="ann", why="a mistake")
        february = published(session, settings, make_set("2020-02-03", "2020-01-31"))
        today = published(session, settings, make_set("2026-11-30", "2026-11-27"))
        assert steps.list_sets(session)[1].state == "rolled_back", mistake.id
    for name, sets in (("dated", {}), ("todays", {"sets": "current"})):
        parameters = {
            "start": "2020-01-02", "end": "2020-02-14", "strategies": "strangle", "deployment": DEPLOYMENT, "run": name,
            **sets,
        }  # fmt: skip
        began = dt.datetime(2026, 11, 30, 12 if name == "dated" else 13, tzinfo=dt.UTC)
        finished = run(MAIN, DATA, settings.object_store, parameters, algorithm_id=name, started_at=began)
        assert finished.error == ""
        write_results(finished, tmp_path / "backtests" / name)
    with warehouse.writer("read") as session:
        ingest_paths(session, settings, [tmp_path / "backtests"])
        ingest_journals(session, settings.object_store)
        assert link_journals(session) == 2
    rows = ask(
        warehouse,
        "SELECT r.name, p.sha256, CAST(p.first_applied_at AS DATE), p.is_in_sample, r.is_in_sample "
        "FROM marts.run_parameter_sets p JOIN marts.runs r USING (run_id) ORDER BY r.name, p.first_applied_at",
    )
    assert rows == [
        ("dated", january.sha256, dt.date(2020, 1, 2), False, False),
        ("dated", february.sha256, dt.date(2020, 2, 3), False, False),
        ("todays", today.sha256, dt.date(2020, 1, 2), True, True),
    ]
