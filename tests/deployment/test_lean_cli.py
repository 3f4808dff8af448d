"""LEAN's own command line is driven: locally against a container engine, in the cloud against an API server."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.errors import ConfigurationError, NotFound, TomkingError
from pipelines.steps.ingest import ingest_paths
from pipelines.steps.launches.deploying import Launcher
from pipelines.steps.launches.refresh import refresh
from tests.deployment.cloud_api import CloudApi
from tests.deployment.container_engine import ContainerEngine
from tests.deployment.instances import Instance, make_instance
from tests.deployment.lean_command_line import CommandLine, make_command_line
from tests.shared import ROOT, shared_path
from tomking.kernel.contracts import current_key, history_key, parameter_key

pytestmark = pytest.mark.slow

LOCAL = '["--brokerage", "Paper Trading", "--data-provider-live", "Example Feed"]'
AT_QUANTCONNECT = '["--brokerage", "Paper Trading", "--data-provider-live", "Example Feed", "--node", "LN-1"]'
SEARCH = 'search = { parameters = { cash = ["200000", "250000", "50000"] }, target = "Sharpe Ratio" }'


@dataclass
class Bench:
    """Everything a deployment by the command line touches."""

    line: CommandLine
    engine: ContainerEngine
    api: CloudApi
    instance: Instance

    @property
    def launcher(self) -> Launcher:
        return Launcher(self.instance.warehouse, self.instance.settings)

    def configure(self, deployment: str, arguments: str = LOCAL) -> None:
        """Write the configuration anew, with one deployment called `one`."""
        text = self.instance.config.read_text()
        head = text[: text.index("[engine]")].replace('"storage"', f'"{self.line.workspace / "storage"}"')
        self.instance.config.write_text(
            f'{head}[engine]\nlean = "{self.line.executable}"\nworkspace = "{self.line.workspace}"\n'
            f"acknowledge_seconds = 60\nlive_arguments = {arguments}\n"
            f'[[deployments]]\nname = "one"\nproject = "{ROOT / "algorithm"}"\nresults = ["{self.line.workspace / "out"}"]\n'
            f"{deployment}\n"
        )

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        with self.instance.warehouse.writer("ask") as session:
            return session.rows(sql)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with ContainerEngine(tmp_path / "containers") as engine, CloudApi() as api:
        line = make_command_line(tmp_path / "cli", api.address)
        tools = engine.executable(tmp_path / "tools").parent
        monkeypatch.setenv("DOCKER_HOST", engine.address)
        monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
        monkeypatch.setenv("HOME", str(line.home))
        shutil.rmtree(line.workspace / "data")
        (line.workspace / "data").symlink_to(ROOT / "demo" / "lean_data")
        yield Bench(line, engine, api, make_instance(tmp_path / "instance", ""))


# --- on this machine --------------------------------------------------------------------------------------------------


def test_a_backtest_runs_in_a_container_and_its_code_is_what_was_deployed(bench: Bench) -> None:
    bench.configure(
        'mode = "backtest"\nbackend = "lean_cli"\nparameters = { start = "2019-12-02", end = "2019-12-10" }'
    )
    published = bench.instance.publish("one")
    outcome = bench.launcher.deploy("one", by="ann", why="by container")
    assert outcome.state == "ended"
    assert bench.ask("select run_state, applied_sha256, disagreements from marts.launches") == [
        ("completed", published.sha256, 0)
    ]
    assert bench.ask("select count(*) > 10 from marts.run_code") == [(True,)]
    [made] = bench.engine.created
    assert any(bind.endswith(":/LeanCLI:rw") and outcome.launch_id in bind for bind in made["HostConfig"]["Binds"])


def test_an_engine_that_ends_with_one_in_its_container_may_have_whole_results(bench: Bench) -> None:
    bench.configure(
        'mode = "backtest"\nbackend = "lean_cli"\nparameters = { start = "2019-12-02", end = "2019-12-04" }'
    )
    bench.engine.behaviour = {"exit_code": 1}
    assert bench.launcher.deploy("one", by="ann", why="").state == "ended"
    assert bench.ask("select run_state from marts.launches") == [("completed",)]


def test_a_container_that_never_starts_is_a_failed_launch(bench: Bench) -> None:
    bench.configure('mode = "backtest"\nbackend = "lean_cli"')
    bench.engine.refuses_to_start = True
    with pytest.raises(TomkingError, match="no space left on device"):
        bench.launcher.deploy("one", by="ann", why="")
    assert bench.ask("select state from marts.launches") == [("failed",)]


def test_a_paper_run_is_deployed_refreshed_by_command_and_stopped(bench: Bench) -> None:
    bench.configure('mode = "paper"\nbackend = "lean_cli"\ncash = "250000"')
    bench.instance.publish("one")
    assert bench.launcher.deploy("one", by="ann", why="").state == "running"
    second = bench.instance.approve("one", "2019-12-09", {"strangle.target_share": "0.45"})
    taken = refresh(bench.launcher, "one", by="ann", why="calibrated")
    assert (taken.state, taken.sha256) == ("refresh_acknowledged", second.sha256)
    bench.launcher.stop("one", by="ann", why="weekend")
    assert bench.ask("select state, run_state, disagreements, applied_sha256 from marts.launches") == [
        ("stopped", "stopped", 0, second.sha256)
    ]
    with pytest.raises(NotFound):
        bench.launcher.stop("one", by="ann", why="twice")


def test_an_optimization_is_handed_its_search_and_its_folder_is_read(bench: Bench) -> None:
    recording = shared_path("runs", "optimization")
    bench.configure(f'mode = "optimization"\nbackend = "lean_cli"\n{SEARCH}')
    bench.engine.recording = recording
    bench.launcher.deploy("one", by="ann", why="")
    told = json.loads((next((bench.line.workspace / "out").iterdir()) / "optimizer-config.json").read_text())
    assert told["parameters"] == [{"name": "cash", "min": 200000.0, "max": 250000.0, "step": 50000.0}]
    assert bench.ask("select state from marts.launches") == [("ended",)]
    assert bench.ask("select count(*) from marts.optimizations") == [(1,)]


def test_an_object_store_that_containers_do_not_see_is_refused_by_name(bench: Bench) -> None:
    bench.configure('mode = "backtest"\nbackend = "lean_cli"')
    text = bench.instance.config.read_text()
    bench.instance.config.write_text(text.replace(str(bench.line.workspace / "storage"), "storage"))
    with pytest.raises(ConfigurationError, match="not the one that LEAN's command line mounts"):
        bench.launcher.deploy("one", by="ann", why="")


# --- in the cloud -----------------------------------------------------------------------------------------------------


def test_a_cloud_backtest_gets_documents_code_and_parameters_in_that_order(bench: Bench) -> None:
    bench.configure('mode = "backtest"\nbackend = "cloud"\nparameters = { start = "2019-12-02" }')
    published = bench.instance.publish("one")
    outcome = bench.launcher.deploy("one", by="ann", why="")
    assert outcome.state == "ended"
    assert bench.api.objects[current_key("one")] == published.document
    assert set(bench.api.objects) == {current_key("one"), history_key("one"), parameter_key("one", published.id)}
    order = [name for name, _ in bench.api.requests if name in ("object/set", "projects/update", "backtests/create")]
    assert order == ["object/set"] * 3 + ["projects/update", "backtests/create"]
    [sent] = bench.api.asked("backtests/create")
    assert sent["backtestName"] == outcome.launch_id
    assert sent["parameters"]["run"] == outcome.launch_id
    assert sent["parameters"]["parameter_set_sha256"] == published.sha256
    again = bench.launcher.deploy("one", by="ann", why="")
    assert again.state == "ended"
    assert len(bench.api.projects) == 1, "a second deployment goes into the same cloud project"


def test_a_saved_reply_of_the_cloud_is_joined_to_its_launch_by_the_printed_id(bench: Bench) -> None:
    bench.configure('mode = "backtest"\nbackend = "cloud"')
    outcome = bench.launcher.deploy("one", by="ann", why="")
    [row] = bench.ask("select cloud_run_id, cloud_address, run_id from marts.launches")
    assert row == ("b-1", "https://www.quantconnect.com/project/1000/b-1", None)
    point = {"name": "Equity", "unit": "$", "index": 0, "seriesType": 2, "values": [[1575297000, 1, 1, 1, 1]]}
    reply = {
        "backtest": {
            "name": "n", "completed": True, "backtestId": "b-1", "created": "2026-11-30 12:00:00", "status": "Completed.",
            "error": None, "stacktrace": None, "parameterSet": [], "profitLoss": [], "statistics": {"Total Orders": "0"},
            "runtimeStatistics": {"Equity": "$1"}, "rollingWindow": {}, "totalPerformance": None,
            "backtestStart": "2019-12-02 00:00:00", "backtestEnd": "2019-12-31 23:59:59",
            "charts": {"Strategy Equity": {"name": "Strategy Equity", "chartType": 0, "series": {"Equity": point}}},
        },
        "success": True,
    }  # fmt: skip
    saved = bench.line.workspace / "saved" / "read.json"
    saved.parent.mkdir()
    saved.write_text(json.dumps(reply))
    with bench.instance.warehouse.writer("saved") as session:
        ingest_paths(session, bench.instance.settings, [saved])
    [(launch_id, algorithm_id)] = bench.ask(
        "select l.launch_id, r.algorithm_id from marts.launches l join records.runs r using (run_id)"
    )
    assert (launch_id, algorithm_id) == (outcome.launch_id, "b-1")


def test_a_push_that_fails_is_a_failure_though_the_command_line_ends_with_zero(bench: Bench) -> None:
    bench.configure('mode = "backtest"\nbackend = "cloud"')
    bench.api.fails["projects/create"] = "organization has no permission"
    with pytest.raises(TomkingError, match=r"exit code 0, but: .*no permission"):
        bench.launcher.deploy("one", by="ann", why="")
    assert bench.api.asked("backtests/create") == []
    assert bench.ask("select state from marts.launches") == [("failed",)]


def test_a_cloud_store_that_refuses_a_document_stops_the_deployment(bench: Bench) -> None:
    bench.configure('mode = "backtest"\nbackend = "cloud"')
    bench.instance.publish("one")
    bench.api.fails["object/set"] = "storage limit reached"
    with pytest.raises(TomkingError, match="storage limit reached"):
        bench.launcher.deploy("one", by="ann", why="")
    assert bench.api.asked("projects/create") == []


def test_a_cloud_backtest_that_ends_in_an_error_is_a_failed_launch(bench: Bench) -> None:
    bench.configure('mode = "backtest"\nbackend = "cloud"')
    bench.api.backtest_error = "During the algorithm initialization, the following exception has occurred: x"
    with pytest.raises(TomkingError, match="ended in an error"):
        bench.launcher.deploy("one", by="ann", why="")


def test_a_cloud_paper_run_is_deployed_told_and_stopped(bench: Bench) -> None:
    bench.configure('mode = "paper"\nbackend = "cloud"\ncash = "250000"', AT_QUANTCONNECT)
    bench.instance.publish("one")
    assert bench.launcher.deploy("one", by="ann", why="").state == "running"
    [created] = bench.api.asked("live/create")
    assert created["nodeId"] == "LN-1"
    outcome = refresh(bench.launcher, "one", by="ann", why="again", seconds=0)
    assert outcome.state == "refresh_timed_out", "the cloud's journal comes back only with a saved result"
    [command] = bench.api.asked("live/commands/create")
    assert "refresh" in json.dumps(command)
    assert bench.launcher.stop("one", by="ann", why="weekend").state == "stopped"
    assert len(bench.api.asked("live/update/stop")) == 1
