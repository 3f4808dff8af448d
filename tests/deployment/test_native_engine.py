"""LEAN's own launcher: started, recorded, compared with what its run says, refreshed, stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.deployment import supervise
from pipelines.errors import ConfigurationError, Conflict, NotFound, TomkingError
from pipelines.privacy import MASK
from pipelines.steps.launches.deploying import LAUNCHES, Launcher
from pipelines.steps.launches.refresh import refresh, roll_back
from pipelines.steps.parameters.acknowledgements import CLOCKS_MAY_DIFFER
from tests.deployment.fake_engine import CONFIGURATION_SEEN, ENVIRONMENT_SEEN
from tests.deployment.instances import Instance, make_instance
from tests.pipelines.command_line import tomking
from tests.shared import ROOT

SECRET = "pl4nted-S3cret-9f2c"
BACKTEST = f"""
[[deployments]]
name = "research"
project = "{ROOT / "algorithm"}"
mode = "backtest"
backend = "native_engine"
parameters = {{ start = "2019-12-02", end = "2019-12-20", cash = "250000" }}
"""
PAPER = f"""
[[deployments]]
name = "paper"
project = "{ROOT / "algorithm"}"
mode = "paper"
backend = "native_engine"
cash = "250000"
"""
QUEUE = '[engine.settings]\ndata-queue-handler = "Example.Queue"\n'


@pytest.fixture
def research(tmp_path: Path) -> Instance:
    return make_instance(tmp_path, BACKTEST)


@pytest.fixture
def paper(tmp_path: Path) -> Iterator[Instance]:
    instance = make_instance(tmp_path, PAPER, QUEUE)
    yield instance
    with contextlib.suppress(NotFound):
        Launcher(instance.warehouse, instance.settings).stop("paper", by="test", why="the test is over")


def launcher_of(instance: Instance) -> Launcher:
    return Launcher(instance.warehouse, instance.settings)


def ask(instance: Instance, sql: str) -> list[tuple[Any, ...]]:
    with instance.warehouse.writer("ask") as session:
        return session.rows(sql)


@pytest.mark.slow
def test_a_backtest_is_started_read_and_linked_to_its_launch(research: Instance) -> None:
    published = research.publish("research")
    outcome = launcher_of(research).deploy("research", by="ann", why="a look at December")
    assert (outcome.state, outcome.parameter_sha256) == ("ended", published.sha256)
    assert outcome.run_id is not None
    [row] = ask(
        research,
        "select run_state, engine_version, applied_sha256, disagreements, requested_by, why, mode from marts.launches",
    )
    assert row == ("completed", "2.5.0.0", published.sha256, 0, "ann", "a look at December", "backtest")
    handed: dict[str, str] = dict(ask(research, "select parameter, value from marts.run_parameters"))
    assert handed["run"] == outcome.launch_id
    assert handed["parameter_set_sha256"] == published.sha256
    assert handed["start"] == "2019-12-02"


@pytest.mark.slow
def test_an_exit_code_of_one_does_not_turn_whole_results_into_a_failure(research: Instance) -> None:
    research.behave(exit_code=1)
    outcome = launcher_of(research).deploy("research", by="ann", why="")
    assert (outcome.state, outcome.detail) == ("ended", "exit code 1")
    assert ask(research, "select run_state from marts.launches") == [("completed",)]


def test_an_engine_that_writes_nothing_has_failed_and_says_why(research: Instance) -> None:
    research.behave(start="no_result")
    with pytest.raises(TomkingError, match="could not process"):
        launcher_of(research).deploy("research", by="ann", why="")
    assert ask(research, "select state, run_id from marts.launches") == [("failed", None)]


def test_an_executable_that_is_no_program_has_failed(research: Instance) -> None:
    (research.launcher / "dotnet").write_text("#!/nowhere/at-all\n")
    with pytest.raises(TomkingError, match=r"could not be started|ended at once"):
        launcher_of(research).deploy("research", by="ann", why="")
    assert ask(research, "select state from marts.launches") == [("failed",)]


def test_the_configuration_is_the_smallest_that_runs_a_backtest(research: Instance) -> None:
    plan = launcher_of(research).preview("research")
    [command] = plan.commands
    assert command.argv[1:3] == ("QuantConnect.Lean.Launcher.dll", "--config")
    assert command.cwd == research.launcher
    [(path, text)] = command.files.items()
    assert str(path) == command.argv[3]
    assert set(json.loads(text)) == {
        "algorithm-type-name", "algorithm-language", "algorithm-location", "algorithm-id", "data-folder",
        "results-destination-folder", "object-store-root", "close-automatically", "parameters",
    }  # fmt: skip
    assert json.loads(text)["algorithm-type-name"] == "TomKing"
    assert not plan.request.project.exists(), "a preview leaves nothing behind"
    assert ask(research, "select count(*) from records.launches") == [(0,)]


def test_a_paper_run_is_refreshed_rolled_back_and_stopped(paper: Instance) -> None:
    first = paper.publish("paper")
    launcher = launcher_of(paper)
    outcome = launcher.deploy("paper", by="ann", why="start")
    assert outcome.state == "running"
    assert paper.seen(CONFIGURATION_SEEN)["environment"] == "live-paper"
    assert json.loads(str(paper.seen(CONFIGURATION_SEEN)["live-cash-balance"])) == [
        {"amount": 250000, "currency": "USD"}
    ]
    again = refresh(launcher, "paper", by="ann", why="nothing new")
    assert (again.state, again.sha256) == ("refresh_acknowledged", first.sha256)
    second = paper.approve("paper", "2019-12-09", {"strangle.target_share": "0.45"})
    taken = refresh(launcher, "paper", by="ann", why="calibrated")
    assert (taken.state, taken.sha256) == ("refresh_acknowledged", second.sha256)
    back = roll_back(launcher, "paper", by="ann", why="worse than it looked")
    assert (back.state, back.sha256) == ("refresh_acknowledged", first.sha256)
    with pytest.raises(Conflict, match="runs already"):
        launcher.deploy("paper", by="ann", why="twice")
    stopped = launcher.stop("paper", by="ann", why="weekend")
    assert stopped.state == "stopped"
    assert "SIGINT" in str(stopped.detail)
    [row] = ask(paper, "select run_state, disagreements, refresh_state, applied_sha256 from marts.launches")
    assert row == ("stopped", 0, "refresh_acknowledged", first.sha256)
    assert ask(paper, f"select state from marts.parameter_sets where sha256 = '{second.sha256}'") == [("rolled_back",)]


def test_a_run_that_takes_no_command_times_out_and_says_so(paper: Instance) -> None:
    paper.publish("paper")
    paper.behave(deaf=True)
    launcher = launcher_of(paper)
    launcher.deploy("paper", by="ann", why="")
    paper.approve("paper", "2019-12-09", {"strangle.target_share": "0.45"})
    outcome = refresh(launcher, "paper", by="ann", why="calibrated", seconds=1.5)
    assert outcome.state == "refresh_timed_out"
    assert ask(paper, "select refresh_state, state from marts.launches") == [("refresh_timed_out", "running")]


def test_a_set_that_was_applied_before_has_to_be_applied_again_after_a_rollback(paper: Instance) -> None:
    first = paper.publish("paper")
    launcher = launcher_of(paper)
    launcher.deploy("paper", by="ann", why="")
    paper.approve("paper", "2019-12-09", {"strangle.target_share": "0.45"})
    assert refresh(launcher, "paper", by="ann", why="calibrated").state == "refresh_acknowledged"
    time.sleep(CLOCKS_MAY_DIFFER.total_seconds())
    paper.behave(deaf=True)
    state_of_first = f"select state from marts.parameter_sets where sha256 = '{first.sha256}'"
    back = roll_back(launcher, "paper", by="ann", why="worse", seconds=1.5)
    assert (back.state, back.sha256) == ("refresh_timed_out", first.sha256)
    assert ask(paper, state_of_first) == [("published",)]
    paper.behave()
    assert refresh(launcher, "paper", by="ann", why="again").state == "refresh_acknowledged"
    assert ask(paper, state_of_first) == [("acknowledged",)]


def test_a_rollback_goes_to_the_earlier_set_though_another_one_waits(paper: Instance) -> None:
    first = paper.publish("paper")
    launcher = launcher_of(paper)
    launcher.deploy("paper", by="ann", why="")
    paper.approve("paper", "2019-12-09", {"strangle.target_share": "0.45"})
    refresh(launcher, "paper", by="ann", why="calibrated")
    paper.approve("paper", "2019-12-10", {"strangle.target_share": "0.40"})
    back = roll_back(launcher, "paper", by="ann", why="worse")
    assert (back.state, back.sha256) == ("refresh_acknowledged", first.sha256)


def test_a_set_that_the_algorithm_refuses_is_known_at_once_with_its_reason(paper: Instance) -> None:
    launcher = launcher_of(paper)
    launcher.deploy("paper", by="ann", why="with defaults")
    paper.approve("paper", "2099-01-04")
    outcome = refresh(launcher, "paper", by="ann", why="too early", seconds=20)
    assert outcome.state == "refresh_refused"
    assert outcome.detail == "not_yet_effective"


def test_a_store_that_cannot_be_written_is_told_before_anything_is_sent(paper: Instance) -> None:
    paper.publish("paper")
    launcher = launcher_of(paper)
    launcher.deploy("paper", by="ann", why="")
    second = paper.approve("paper", "2019-12-09", {"strangle.target_share": "0.45"})
    folder = paper.settings.object_store / "tomking" / "paper" / "parameters"
    (folder / f"{second.id}.json").mkdir()
    with pytest.raises(TomkingError, match="object store cannot be written"):
        refresh(launcher, "paper", by="ann", why="calibrated")
    assert ask(paper, "select refresh_state from marts.launches") == [("refresh_failed",)]


def test_a_run_that_dies_is_no_longer_running(paper: Instance) -> None:
    launcher = launcher_of(paper)
    outcome = launcher.deploy("paper", by="ann", why="")
    process = supervise.process_of(paper.settings.state_dir / LAUNCHES / outcome.launch_id)
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    supervise.wait(
        paper.settings.state_dir / LAUNCHES / outcome.launch_id, Path(outcome.results_folder), lambda _: None
    )
    assert launcher.look_after() == 1
    [row] = ask(paper, "select state, detail from marts.launches")
    assert row == ("ended", "exit code -9")


def test_a_credential_reaches_the_engine_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_BROKER_PASSWORD", SECRET)
    instance = make_instance(tmp_path, PAPER, QUEUE + '[engine.secrets]\ntasty-password = "MY_BROKER_PASSWORD"\n')
    instance.behave(print="tasty-password")
    launcher = launcher_of(instance)
    outcome = launcher.deploy("paper", by="ann", why="")
    assert instance.seen(CONFIGURATION_SEEN)["tasty-password"] == SECRET
    assert SECRET not in instance.seen(ENVIRONMENT_SEEN).values()
    launcher.stop("paper", by="ann", why="done")
    own = {instance.launcher / CONFIGURATION_SEEN, instance.launcher / ENVIRONMENT_SEEN}
    holding = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and path not in own and SECRET.encode() in path.read_bytes()
    ]
    assert holding == []
    work = instance.settings.state_dir / LAUNCHES / outcome.launch_id
    assert json.loads((work / "engine.json").read_text())["tasty-password"] == MASK
    assert MASK in (work / supervise.OUTPUT).read_text()
    assert not stat.S_IMODE((work / supervise.OUTPUT).stat().st_mode) & 0o077


def test_a_credential_that_is_not_set_is_named_before_anything_starts(tmp_path: Path) -> None:
    instance = make_instance(tmp_path, PAPER, QUEUE + '[engine.secrets]\ntasty-password = "MY_BROKER_PASSWORD"\n')
    with pytest.raises(ConfigurationError, match="MY_BROKER_PASSWORD"):
        launcher_of(instance).deploy("paper", by="ann", why="")
    assert ask(instance, "select count(*) from records.launches") == [(0,)]


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        ('environment = "live-tastytrade"', "is no paper trading"),
        ('environment = "nowhere"', "knows no environment"),
        ('python_library = "/nowhere/libpython3.11.so"', "Python's library"),
        ('settings = { algorithm-id = "1" }', "may not set algorithm-id"),
    ],
)
def test_what_would_keep_the_engine_from_starting_is_refused_by_name(tmp_path: Path, engine: str, reason: str) -> None:
    instance = make_instance(tmp_path, PAPER, engine)
    with pytest.raises(ConfigurationError, match=reason):
        launcher_of(instance).deploy("paper", by="ann", why="")


def test_what_a_run_claims_against_what_was_deployed_is_a_disagreement(paper: Instance) -> None:
    paper.publish("paper")
    launcher = launcher_of(paper)
    outcome = launcher.deploy("paper", by="ann", why="")
    launcher.stop("paper", by="ann", why="done")
    with paper.warehouse.writer("test") as session, session.transaction():
        session.execute("update records.launches set published_sets = '[]'")
        session.execute(
            "update records.launch_events set parameter_sha256 = null where launch_id = ?", [outcome.launch_id]
        )
    found = ask(paper, "select what, deployed is not null from marts.launch_disagreements")
    assert found == [("parameter_set", True)]
    listed = tomking(paper.config, "deployments", "paper", "--json")
    assert listed.code == 0
    assert listed.document[0]["disagreements"] == 1


def test_the_commands_print_what_a_user_asks_for(paper: Instance) -> None:
    answer = tomking(paper.config, "deploy", "paper", "--why", "Monday", "--by", "ann", "--json")
    assert answer.code == 0, answer.err
    assert answer.document["state"] == "running"
    assert tomking(paper.config, "refresh", "paper").code == 4
    assert "native_engine" in tomking(paper.config, "deployments", "--backends").out
    stopped = tomking(paper.config, "stop", "paper", "--why", "weekend")
    assert stopped.code == 0, stopped.err
    assert "stopped" in stopped.out
    assert tomking(paper.config, "stop", "paper", "--why", "twice").code == 3
