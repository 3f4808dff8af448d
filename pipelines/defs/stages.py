"""How an asset runs a stage of the nightly loop.

Holds: the one function every asset body calls, and the shape of a stage's answer.
Belongs here: opening the writer, running a stage, reading the pictures' frames from the published copy.
Never here: what a stage does (pipelines.steps).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import polars as pl

from pipelines.defs.metadata import counts
from pipelines.defs.resources import WarehouseResource
from pipelines.steps.jobs import begin_job
from pipelines.steps.nightly import Report, run_stage

NIGHTLY = "nightly"
POOL = "warehouse"
"""Every step that opens the live file queues here; the lock file is the guard behind it."""

SECONDS_BETWEEN_REPORTS = 15.0


def run(
    context: dg.AssetExecutionContext, resource: WarehouseResource, stage: str, *, tells_progress: bool = False
) -> Any:
    """Run a stage under the writer's lock and log what it did; meanwhile how far it is, where the stage tells."""
    told = (now_and_then(context.log),) if tells_progress else ()
    outcome = run_stage(resource.warehouse(), resource.settings(), stage, *told).outcome
    context.log.info("%s: %s", stage, getattr(outcome, "summary", outcome))
    return outcome


def now_and_then(log: dg.DagsterLogManager, seconds: float = SECONDS_BETWEEN_REPORTS) -> Report:
    """A report of progress that logs at most one line in so many seconds, however many things there are."""
    last = time.monotonic()

    def report(done: int, total: int, what: str) -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            log.info("%d of %d: %s", done, total, what)

    return report


def open_nightly(context: dg.AssetExecutionContext, resource: WarehouseResource) -> None:
    """Open the row of `ops.jobs` when this step is part of the nightly job; its report closes it."""
    if context.run.job_name == NIGHTLY:
        begin_job(resource.warehouse(), NIGHTLY, key=context.run.run_id)


def ask(resource: WarehouseResource, query: str) -> pl.DataFrame:
    """A query's answer from the published copy."""
    with resource.warehouse().reader() as connection:
        return connection.sql(query).pl()


def results(
    keys: Mapping[str, Mapping[str, dg.MetadataValue[Any]]], outcome: Any, first: str
) -> Iterator[dg.MaterializeResult[None]]:
    """One result per table: its own metadata, and the outcome's counts on the first."""
    for name, metadata in keys.items():
        own = {**counts(outcome), **metadata} if name == first else dict(metadata)
        yield dg.MaterializeResult(asset_key=name, metadata=own)


def rows_of(resource: WarehouseResource, table: str) -> dg.MetadataValue[Any]:
    """How many rows a table has."""
    return dg.MetadataValue.int(int(ask(resource, f"select count(*) as n from {table}")["n"][0]))
