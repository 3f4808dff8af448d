"""Once around: approve, deploy, run, read, acknowledge, refresh, breach, roll back, stop, all as Dagster jobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.definitions import build_defs
from pipelines.defs.resources import WarehouseResource
from pipelines.errors import NotFound
from pipelines.steps.launches.deploying import Launcher
from tests.deployment.instances import Instance, make_instance
from tests.deployment.test_native_engine import PAPER, QUEUE
from tomking.kernel.parameters import ParameterSet

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


def until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not happens():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.5)


def ask(instance: Instance, sql: str) -> list[tuple[Any, ...]]:
    with instance.warehouse.reader() as connection:
        return connection.execute(sql).fetchall()


def state_of(instance: Instance, found: ParameterSet) -> str:
    [(state,)] = ask(instance, f"select state from marts.parameter_sets where sha256 = '{found.sha256}'")
    return str(state)


def linked(instance: Instance) -> bool:
    return bool(ask(instance, "select 1 from marts.launches where run_id is not null"))


def test_a_set_goes_from_approval_into_a_running_algorithm_and_back_on_a_breach(instance: Instance) -> None:
    ui = Orchestrator(instance)
    first = instance.propose("paper", "2019-12-02")
    assert ui.run("approve", "approve_set", parameter_set=first.id, by="ann", why="enough data")
    assert ui.run("deploy", "start_lean", deployment="paper", by="ann", why="first week")
    assert not ui.run("deploy", "start_lean", deployment="paper", by="ann", why="twice"), "it runs already"

    # The running algorithm's files appear; they are read, joined to the launch, and its hash is acknowledged.
    instance.behave(equity=[250_000, 251_000])
    until(lambda: ui.materialize("incoming_files") and linked(instance))
    assert state_of(instance, first) == "acknowledged"

    second = instance.propose("paper", "2019-12-09", {"strangle.target_share": "0.45"})
    assert ui.run("approve", "approve_set", parameter_set=second.id, by="ann", why="better out of sample")
    assert ui.materialize("refresh_deployments"), "what was approved is published and applied before the open"
    assert ask(instance, "select refresh_state from marts.launches") == [("refresh_acknowledged",)]
    assert (state_of(instance, first), state_of(instance, second)) == ("superseded", "acknowledged")
    assert ui.materialize("watch_sets")
    assert state_of(instance, second) == "acknowledged", "no limit is broken"

    # The account falls by more than a tenth: the set that was in force gives way, and the algorithm says so.
    instance.behave(equity=[252_000, 220_000])
    until(
        lambda: (
            ui.materialize("incoming_files") and bool(ask(instance, "select 1 from marts.breach_watch where is_broken"))
        )
    )
    assert ui.materialize("watch_sets")
    assert (state_of(instance, first), state_of(instance, second)) == ("acknowledged", "rolled_back")
    [breach] = ask(
        instance,
        "select b.rule_id, b.figure > 0.12, b.action, b.actor, b.to_set, b.acknowledged_at is not null, l.refresh_state "
        "from marts.breaches b join marts.launches l using (deployment)",
    )
    assert breach == ("drawdown", True, "rolled_back", "rule", first.id, True, "refresh_acknowledged")
    for _ in range(2):
        assert ui.materialize("watch_sets"), "and not back again"
    assert ask(instance, "select count(*) from marts.breaches") == [(1,)]
    assert not ask(instance, "select 1 from marts.checks where check_name = 'sets_in_force_hold' and not passed")

    assert ui.run("stop_deployment", "stop_lean", deployment="paper", by="ann", why="weekend")
    assert ui.materialize("paper_week")
    [row] = ask(instance, "select state, run_state, disagreements, applied_sha256 from marts.launches")
    assert row == ("stopped", "stopped", 0, first.sha256)
    steps = ask(instance, "select state, parameter_sha256 from records.launch_events order by sequence")
    assert steps == [
        ("staged", None),
        ("starting", None),
        ("running", None),
        ("refresh_sent", second.sha256),
        ("refresh_acknowledged", second.sha256),
        ("refresh_sent", first.sha256),
        ("refresh_acknowledged", first.sha256),
        ("stopping", None),
        ("stopped", None),
    ]
    life = ask(
        instance,
        "select s.parameter_set_id, e.state, e.actor like 'journal%' or e.actor = 'rule' from records.parameter_events e "
        "join records.parameter_sets s using (sha256) order by e.sequence",
    )
    assert life == [
        (first.id, "proposed", False),
        (first.id, "approved", False),
        (first.id, "published", False),
        (first.id, "acknowledged", True),
        (second.id, "proposed", False),
        (second.id, "approved", False),
        (second.id, "published", True),
        (first.id, "superseded", True),
        (second.id, "acknowledged", True),
        (second.id, "rolled_back", True),
        (first.id, "published", True),
        (first.id, "acknowledged", True),
    ]
