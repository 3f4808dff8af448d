"""What the orchestrator really does: a night in one process, days that are asked for again, files that are noticed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import dagster as dg
import pytest

from pipelines.config import load_settings
from pipelines.definitions import build_defs
from pipelines.defs.operations import sensors
from pipelines.defs.resources import WarehouseResource
from tests.pipelines.test_definitions import CHAIN
from warehouse.access import Warehouse

pytestmark = pytest.mark.slow
DAY = "2020-03-16"


@pytest.fixture
def resource(own_demonstration: Path) -> WarehouseResource:
    return WarehouseResource(config_path=str(own_demonstration))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def night(resource: WarehouseResource, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    job = build_defs({"warehouse": resource}).resolve_job_def("nightly")
    return job.execute_in_process(partition_key=DAY, instance=instance, raise_on_error=False)


def tick(sensor: dg.SensorDefinition, context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """What one look of a sensor comes to."""
    [said] = list(cast("Iterator[dg.RunRequest | dg.SkipReason]", sensor(context)))
    return said


def jobs(resource: WarehouseResource) -> list[tuple[str, str]]:
    with resource.warehouse().reader() as connection:
        return connection.execute("select job, outcome from ops.jobs order by started_at").fetchall()


def test_a_night_succeeds_and_every_asset_and_check_is_evaluated(
    resource: WarehouseResource, instance: dg.DagsterInstance
) -> None:
    result = night(resource, instance)
    assert result.success
    materialized = {
        event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.asset_key
    }
    assert materialized == CHAIN
    errors = [
        check.check_name
        for check in result.get_asset_check_evaluations()
        if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR
    ]
    assert errors == []
    assert jobs(resource)[-1] == ("nightly", "succeeded")


def test_money_that_does_not_tie_stops_the_night_before_parameters_are_published(
    resource: WarehouseResource, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.defs.reconciliation.assets.reconcile_days", lambda session, settings, days: None)
    with resource.warehouse().writer("spoil a leg") as session:
        session.execute(
            "update derived.fee_legs set difference = difference + 1 where leg_id = (select min(leg_id) from derived.fee_legs)"
        )
    result = night(resource, instance)
    assert not result.success
    failed = {check.check_name for check in result.get_asset_check_evaluations() if not check.passed}
    assert "causes_add_up" in failed
    materialized = {
        event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.asset_key
    }
    assert "published_parameters" not in materialized


def test_a_late_file_asks_for_its_days_again_and_the_run_clears_them(
    resource: WarehouseResource, instance: dg.DagsterInstance
) -> None:
    day = dt.date.fromisoformat(DAY)
    context = dg.build_sensor_context(instance=instance, resources={"warehouse": resource})
    assert isinstance(tick(sensors.reopened_days_sensor, context), dg.SkipReason)
    with resource.warehouse().writer("a late statement") as session:
        session.mark_dirty("reconciliation", [day], "a late statement")
    asked = tick(sensors.reopened_days_sensor, context)
    assert isinstance(asked, dg.RunRequest)
    assert asked.partition_key == DAY

    job = build_defs({"warehouse": resource}).resolve_job_def("reopened_days")
    assert job.execute_in_process(partition_key=DAY, instance=instance).success
    with resource.warehouse().writer("look") as session:
        assert session.dirty_days("reconciliation") == []


def test_a_dropped_file_asks_for_one_run(resource: WarehouseResource, instance: dg.DagsterInstance) -> None:
    inbox = resource.settings().inbox
    with dg.build_sensor_context(instance=instance, resources={"warehouse": resource}) as context:
        assert isinstance(tick(sensors.inbox_sensor, context), dg.RunRequest)
        assert isinstance(tick(sensors.inbox_sensor, context), dg.SkipReason)
        (inbox / "paper" / "late.csv").write_text("Date,Type\n", encoding="utf-8")
        assert isinstance(tick(sensors.inbox_sensor, context), dg.RunRequest)


def test_a_failed_run_leaves_a_line_in_the_alert_file(
    resource: WarehouseResource, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, own_demonstration: Path
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr("pipelines.defs.stages.run_stage", broken)
    result = night(resource, instance)
    assert not result.success
    event = next(event for event in result.all_events if event.event_type == dg.DagsterEventType.RUN_FAILURE)
    context = dg.build_run_status_sensor_context(
        sensor_name="failure_alert",
        dagster_event=event,
        dagster_instance=instance,
        dagster_run=result.dagster_run,
        resources={"warehouse": resource},
    ).for_run_failure()
    sensors.failure_alert(context)
    state = load_settings(own_demonstration).state_dir
    told = [json.loads(line) for line in (state / "alerts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert told[-1]["source"] == "dagster:nightly"
    assert Warehouse(state).exists
    assert jobs(resource)[-1] == ("nightly", "failed")
