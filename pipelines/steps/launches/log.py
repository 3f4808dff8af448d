"""The record of launches: what was started, and each thing that happened to it.

Holds: writing a launch and its events, reading those that run.
Belongs here: rows of `records.launches`, `launch_files` and `launch_events`.
Never here: starting anything.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

from pipelines.deployment.launches import CloudRun, LaunchRequest
from pipelines.deployment.staging import Staged
from pipelines.privacy import redact_text
from pipelines.steps.parameters.log import sets_of
from tomking.kernel.parameters import History
from warehouse.access import WriteSession
from warehouse.frames import frame
from warehouse.models.records.launches import Launch, LaunchEvent, LaunchFile

STAMP = "%Y%m%dT%H%M%SZ"
_RUNNING = ("starting", "running", "stopping")


@dataclass(frozen=True, slots=True)
class StoredLaunch:
    """A launch as the warehouse keeps it."""

    launch_id: str
    deployment: str
    backend: str
    algorithm_id: str
    results_folder: str
    parameters: str
    state: str


def fresh_id(session: WriteSession, deployment: str) -> str:
    """An id that no launch has: the deployment and the second."""
    moment = session.now
    taken = {launch_id for (launch_id,) in session.rows("SELECT launch_id FROM records.launches")}
    while (found := f"{deployment}-{moment:{STAMP}}") in taken:
        moment += dt.timedelta(seconds=1)
    return found


def record(
    session: WriteSession, request: LaunchRequest, staged: Staged, history: History, *, project: Path, by: str, why: str
) -> None:
    """Write a launch down before anything of it is started."""
    last = history.entries[-1] if history.entries else None
    row = {
        "launch_id": request.launch_id,
        "deployment": request.deployment.name,
        "backend": request.deployment.backend,
        "mode": request.deployment.mode,
        "account": request.deployment.account,
        "project": str(project),
        "code_sha256": staged.code_sha256,
        "parameter_set_id": last.id if last else None,
        "parameter_sha256": last.sha256 if last else None,
        "published_sets": json.dumps([entry.sha256 for entry in history.entries]),
        "parameters": json.dumps(dict(request.parameters)),
        "algorithm_id": request.algorithm_id,
        "results_folder": str(request.results),
        "requested_by": by,
        "requested_at": session.now,
        "why": redact_text(why),
    }
    files = [{"launch_id": request.launch_id, "path": path, "sha256": sha256} for path, sha256 in staged.files.items()]
    with session.transaction():
        session.insert_new(Launch, frame(Launch, [row]))
        session.insert_new(LaunchFile, frame(LaunchFile, files))
        add_event(session, request.launch_id, "staged", actor=by)


def add_event(
    session: WriteSession,
    launch_id: str,
    state: str,
    *,
    actor: str,
    detail: str | None = None,
    sha256: str | None = None,
) -> None:
    """Add something that happened now."""
    [(sequence,)] = session.rows(
        "SELECT coalesce(max(sequence), 0) + 1 FROM records.launch_events WHERE launch_id = ?", [launch_id]
    )
    row = {
        "launch_id": launch_id,
        "sequence": sequence,
        "state": state,
        "happened_at": session.now,
        "actor": actor,
        "parameter_sha256": sha256,
        "detail": None if detail is None else redact_text(detail)[:2000],
    }
    session.insert_new(LaunchEvent, frame(LaunchEvent, [row]))


def running(session: WriteSession, deployment: str | None = None) -> list[StoredLaunch]:
    """Launches of paper and live deployments that were started and, as far as is known, have not ended; newest first."""
    rows = session.rows(
        "SELECT l.launch_id, l.deployment, l.backend, l.algorithm_id, l.results_folder, l.parameters, "
        "(SELECT arg_max(e.state, e.sequence) FROM records.launch_events e "
        "WHERE e.launch_id = l.launch_id AND e.state NOT LIKE 'refresh%') AS state "
        "FROM records.launches l WHERE l.mode IN ('paper', 'live') AND (? IS NULL OR l.deployment = ?) "
        f"AND state IN {_RUNNING} ORDER BY l.requested_at DESC, l.launch_id DESC",
        [deployment, deployment],
    )
    return [StoredLaunch(*row) for row in rows]


def note_cloud_run(session: WriteSession, launch_id: str, found: CloudRun) -> None:
    """Write down which run of the cloud a launch started."""
    session.execute(
        "UPDATE records.launches SET cloud_run_id = ?, cloud_address = ? WHERE launch_id = ?",
        [found.run_id, found.address, launch_id],
    )


def has_set(session: WriteSession, deployment: str) -> bool:
    """Whether a deployment has a set to hand over: one that was published, or one that is approved and waits for it."""
    return any(stored.state in ("approved", "published", "acknowledged") for stored in sets_of(session, deployment))
