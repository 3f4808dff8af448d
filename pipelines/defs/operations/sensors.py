"""Sensors: arriving files, re-opened days, failed runs.

Holds: what watches, and how it asks for a run.
Belongs here: cursors and requests.
Never here: reading the files.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import dagster as dg

from pipelines.defs.operations.jobs import fetch, incoming_files, nightly, reopened_days
from pipelines.defs.partitions import TRADING_DAYS
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import NIGHTLY
from pipelines.steps.alerts import append_to_sink
from pipelines.steps.jobs import begin_job, end_job

INTERVAL = 60
"""Seconds between two looks; Dagster's own database suffers below that."""


def fingerprint(folders: Iterable[Path]) -> str:
    """A hash over path, size and change time of every file below the folders: cheap, and changes when any file does."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if path.is_file() and not path.name.startswith("."):
                stat = path.stat()
                digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _arrivals(context: dg.SensorEvaluationContext, folders: list[Path]) -> Iterator[dg.RunRequest | dg.SkipReason]:
    seen = fingerprint(folders)
    if seen == context.cursor:
        yield dg.SkipReason("nothing new")
        return
    context.update_cursor(seen)
    yield dg.RunRequest(run_key=seen)


@dg.sensor(job=incoming_files, minimum_interval_seconds=INTERVAL, default_status=dg.DefaultSensorStatus.RUNNING)
def lean_results_sensor(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for a run when a result folder changed."""
    settings = warehouse.settings()
    folders = [settings.path(name) for deployment in settings.deployments for name in deployment.results]
    yield from _arrivals(context, [*settings.lean_results, *folders])


@dg.sensor(job=incoming_files, minimum_interval_seconds=INTERVAL, default_status=dg.DefaultSensorStatus.RUNNING)
def inbox_sensor(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for a run when something was dropped in the inbox."""
    yield from _arrivals(context, [warehouse.settings().inbox])


@dg.sensor(job=reopened_days, minimum_interval_seconds=INTERVAL, default_status=dg.DefaultSensorStatus.RUNNING)
def reopened_days_sensor(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for the partitions that wait in `ops.dirty_days`; one run serves all of them."""
    with warehouse.warehouse().reader() as connection:
        rows = connection.execute(
            "select session_date, max(marked_at) from ops.dirty_days where domain = 'reconciliation' and cleared_at is null "
            "group by all order by all"
        ).fetchall()
    keys = set(TRADING_DAYS.get_partition_keys())
    waiting = [(day, marked) for day, marked in rows if isinstance(day, dt.date) and day.isoformat() in keys]
    if not waiting:
        yield dg.SkipReason("no day is waiting")
        return
    run_key = hashlib.sha256(repr(waiting).encode()).hexdigest()
    # The asset reconciles every waiting day together with its partition, so the newest one is enough to ask for.
    yield dg.RunRequest(run_key=run_key, partition_key=waiting[-1][0].isoformat())


@dg.run_failure_sensor(
    monitored_jobs=[nightly, incoming_files, reopened_days, fetch], default_status=dg.DefaultSensorStatus.RUNNING
)
def failure_alert(context: dg.RunFailureSensorContext, warehouse: WarehouseResource) -> None:
    """Append a line to the alert file when a run of ours failed, and close its row in `ops.jobs`."""
    append_to_sink(
        warehouse.settings().state_dir,
        {
            "raised_at": dt.datetime.now(dt.UTC).isoformat(),
            "severity": "error",
            "source": f"dagster:{context.dagster_run.job_name}",
            "message": (context.failure_event.message or "the run failed")[:2000],
        },
    )
    if context.dagster_run.job_name == NIGHTLY:
        job_id = begin_job(warehouse.warehouse(), NIGHTLY, key=context.dagster_run.run_id)
        end_job(warehouse.warehouse(), job_id, "failed", context.failure_event.message)
