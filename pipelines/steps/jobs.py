"""The record of jobs: when each ran and how it ended.

Holds: opening and closing a row of `ops.jobs`, and marking those whose process died.
Belongs here: bookkeeping of a job as a whole.
Never here: what a job does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.privacy import redact_text
from pipelines.steps.alerts import append_to_sink
from warehouse.access import Warehouse
from warehouse.frames import frame
from warehouse.keys import stable_id
from warehouse.models.ops import JobRun


def begin_job(warehouse: Warehouse, job: str, key: str | None = None) -> str:
    """Open a job's row and return its id; rows left `running` by a process that died become `interrupted`.

    `key` identifies the attempt (Dagster's run id), so that opening it twice is one row.
    """
    with warehouse.writer(f"{job} begins") as session, session.transaction():
        job_id = stable_id("job", job, key or session.now.isoformat())
        session.execute(
            "update ops.jobs set outcome = 'interrupted', ended_at = ?, detail = 'its process ended without a word' "
            "where job = ? and outcome = 'running' and job_id <> ?",
            [session.now, job, job_id],
        )
        row = {"job_id": job_id, "job": job, "started_at": session.now, "outcome": "running"}
        session.insert_new(JobRun, frame(JobRun, [row]))
    return job_id


def end_job(warehouse: Warehouse, job_id: str, outcome: str, detail: str | None = None) -> None:
    """Close a job's row."""
    with warehouse.writer("job ends") as session, session.transaction():
        session.execute(
            "update ops.jobs set outcome = ?, ended_at = ?, detail = ? where job_id = ?",
            [outcome, session.now, detail, job_id],
        )


@contextmanager
def job(warehouse: Warehouse, name: str) -> Iterator[str]:
    """Run a block as a job: succeeded when it ends, failed with the error's text, and an alert, when it raises."""
    job_id = begin_job(warehouse, name)
    try:
        yield job_id
    except Exception as error:
        end_job(warehouse, job_id, "failed", str(error)[:2000])
        told = {"raised_at": dt.datetime.now(dt.UTC).isoformat(), "severity": "error", "source": name}
        append_to_sink(warehouse.state_dir, {**told, "message": redact_text(str(error))[:2000]})
        raise
    end_job(warehouse, job_id, "succeeded")
