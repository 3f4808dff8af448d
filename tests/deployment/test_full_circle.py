"""Once around: approve, deploy, run, read, acknowledge, refresh, take back, stop, all as Dagster jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.definitions import build_defs
from pipelines.defs.resources import WarehouseResource
from pipelines.errors import NotFound
from pipelines.steps.launches import Launcher
from tests.deployment.instances import Instance, make_instance
from tests.deployment.test_native_engine import PAPER, QUEUE

pytestmark = pytest.mark.slow


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    made = make_instance(tmp_path, PAPER, QUEUE)
    yield made
    try:
        Launcher(made.warehouse, made.settings).stop("paper", by="test", why="the test is over")
    except NotFound:
        return


class Orchestrator:
    """Runs jobs of ours as the UI would, with their run configuration."""

    def __init__(self, instance: Instance) -> None:
        resource = WarehouseResource(config_path=str(instance.config))
        self._definitions = build_defs({"warehouse": resource})

    def run(self, job: str, step: str, **told: Any) -> bool:
        found = self._definitions.resolve_job_def(job)
        with dg.DagsterInstance.ephemeral() as instance:
            return found.execute_in_process(
                run_config={"ops": {step: {"config": told}}}, instance=instance, raise_on_error=False
            ).success

    def materialize(self, job: str) -> bool:
        found = self._definitions.resolve_job_def(job)
        with dg.DagsterInstance.ephemeral() as instance:
            return found.execute_in_process(instance=instance, raise_on_error=False).success


def ask(instance: Instance, sql: str) -> list[tuple[Any, ...]]:
    with instance.warehouse.reader() as connection:
        return connection.execute(sql).fetchall()


def test_a_set_goes_from_approval_into_a_running_algorithm_and_back(instance: Instance) -> None:
    ui = Orchestrator(instance)
    first = instance.propose("paper", "2019-12-02")
    assert ui.run("approve", "approve_set", parameter_set=first.id, by="ann", why="enough data")
    assert ui.run("deploy", "start_lean", deployment="paper", by="ann", why="first week")
    assert not ui.run("deploy", "start_lean", deployment="paper", by="ann", why="twice"), "it runs already"
    second = instance.propose("paper", "2019-12-09", {"strangle.target_share": "0.45"})
    assert ui.run("approve", "approve_set", parameter_set=second.id, by="ann", why="better out of sample")
    assert ui.materialize("refresh_deployments"), "what was approved is published and applied before the open"
    [(refreshed, applied)] = ask(
        instance,
        "select refresh_state, (select arg_max(payload ->> '$.sha256', occurred_at) from records.journal_entries "
        "where kind = 'parameters_applied') from marts.launches",
    )
    assert (refreshed, applied) == ("refresh_acknowledged", second.sha256)
    assert ui.run("rollback", "take_set_back", deployment="paper", by="ann", why="a breach")
    assert ui.run("stop_deployment", "stop_lean", deployment="paper", by="ann", why="weekend")
    assert ui.materialize("paper_week")
    [row] = ask(instance, "select state, run_state, disagreements, applied_sha256 from marts.launches")
    assert row == ("stopped", "stopped", 0, first.sha256)
    steps = ask(instance, "select state, parameter_sha256 from records.launch_events order by sequence")
    assert [state for state, _ in steps] == [
        "staged",
        "starting",
        "running",
        "refresh_sent",
        "refresh_acknowledged",
        "refresh_sent",
        "refresh_acknowledged",
        "stopping",
        "stopped",
    ]
    life = ask(
        instance,
        "select s.parameter_set_id, e.state from records.parameter_events e join records.parameter_sets s "
        "using (sha256) where e.state <> 'acknowledged' order by e.sequence",
    )
    assert life == [
        (first.id, "proposed"),
        (first.id, "approved"),
        (first.id, "published"),
        (second.id, "proposed"),
        (second.id, "approved"),
        (second.id, "published"),
        (first.id, "superseded"),
        (second.id, "rolled_back"),
        (first.id, "published"),
    ]
