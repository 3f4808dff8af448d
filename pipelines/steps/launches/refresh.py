"""Refreshing a running launch: publish, tell it, wait until it says that it applied the set.

Holds: refresh, and rollback followed by a refresh.
Belongs here: the way of a parameter set from the warehouse into an algorithm that runs.
Never here: publishing and rolling back as such (`pipelines.steps.parameters.publishing`), the journal's form.

A set has arrived when the algorithm's journal says so, with its hash; a command that was taken proves nothing.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass

from pipelines.deployment.backends import BACKENDS
from pipelines.deployment.launches import LaunchRequest
from pipelines.errors import Conflict, NotFound, TomkingError
from pipelines.steps.launches.deploying import Launcher
from pipelines.steps.lean.journals import ingest_journals, link_journals
from pipelines.steps.parameters import publishing as parameters
from pipelines.steps.parameters.acknowledgements import CLOCKS_MAY_DIFFER, acknowledge
from pipelines.steps.parameters.log import history_of
from tomking.kernel.keys import stable_id

_LOOKS_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class RefreshOutcome:
    """What a refresh came to.

    `state`: refresh_acknowledged, refresh_refused (with the algorithm's reason), refresh_timed_out, or `published` where
    nothing runs for the deployment, so that the next start takes the set.
    """

    deployment: str
    launch_id: str | None
    parameter_set_id: str
    sha256: str
    state: str
    detail: str | None


def refresh(
    launcher: Launcher, name: str, *, by: str, why: str, reference: str | None = None, seconds: float | None = None
) -> RefreshOutcome:
    """Publish the newest approved set (or `reference`) and see it applied.

    Waits `seconds` (default: as configured) for the acknowledgement. Raises Conflict where no set was ever published,
    and TomkingError where the store or the running algorithm cannot be reached; the launch's record then says so.
    """
    settings = launcher.settings
    request = _running(launcher, name)
    try:
        with launcher.warehouse.writer(f"refresh {name}") as session:
            parameters.publish(session, settings, name, reference, by=by)
            history = history_of(session, name)
    except TomkingError as error:
        if request is not None:
            launcher.note(request, "refresh_failed", by, detail=str(error))
        raise
    if not history.entries:
        raise Conflict(
            f"no set is published for {name!r}",
            remedy="`tomking parameters list` shows what waits for approval; `tomking parameters calibrate` makes a set",
        )
    last = history.entries[-1]
    if request is None:
        launcher.warehouse.publish()
        return RefreshOutcome(name, None, last.id, last.sha256, "published", "nothing runs; the next start takes it")
    patience = settings.engine.acknowledge_seconds if seconds is None else seconds
    state, detail = _tell_and_wait(launcher, request, last.sha256, by=by, why=why, seconds=patience)
    launcher.warehouse.publish()
    return RefreshOutcome(name, request.launch_id, last.id, last.sha256, state, detail)


def roll_back(
    launcher: Launcher, name: str, *, by: str, why: str, to: str | None = None, seconds: float | None = None
) -> RefreshOutcome:
    """Take the set in force back and see the earlier one applied. Raises as `parameters.rollback` and `refresh` do."""
    with launcher.warehouse.writer(f"rollback {name}") as session:
        back = parameters.rollback(session, launcher.settings, name, to, by=by, why=why)
    # By name: a set that waits, approved, would otherwise take the place of the one that was gone back to.
    return refresh(launcher, name, by=by, why=why, reference=back.to_set, seconds=seconds)


def _running(launcher: Launcher, name: str) -> LaunchRequest | None:
    launcher.settings.deployment(name)
    try:
        return launcher.running(name)
    except NotFound:
        return None


def _tell_and_wait(
    launcher: Launcher, request: LaunchRequest, sha256: str, *, by: str, why: str, seconds: float
) -> tuple[str, str | None]:
    launcher.note(request, "refresh_sent", by, detail=why, sha256=sha256)
    sent_at = dt.datetime.now(dt.UTC)
    command_id = stable_id("refresh", request.launch_id, sha256, sent_at.isoformat())
    try:
        commands = BACKENDS[request.deployment.backend or ""].refresh(request, command_id, sha256)
        launcher.carry_out(request, commands)
    except (TomkingError, OSError) as error:
        launcher.note(request, "refresh_failed", by, detail=str(error), sha256=sha256)
        raise
    deadline = time.monotonic() + seconds
    while True:
        state, detail = _answer(launcher, request, sha256, sent_at)
        if state is not None or time.monotonic() >= deadline:
            break
        time.sleep(_LOOKS_EVERY)
    if state is None:
        state, detail = "refresh_timed_out", f"no word of it in the journal within {seconds:.0f} seconds"
    launcher.note(request, state, "journal", detail=detail, sha256=sha256)
    return state, detail


def _answer(
    launcher: Launcher, request: LaunchRequest, sha256: str, sent_at: dt.datetime
) -> tuple[str | None, str | None]:
    """What the algorithm's journal says of this set since it was sent.

    The set that was applied last decides: an earlier stretch with this one says nothing. An algorithm that works with
    the set already applies nothing; that it took the command is its answer.
    """
    name = request.deployment.name
    with launcher.warehouse.writer(f"journal of {name}") as session:
        if ingest_journals(session, request.object_store, name).new_entries:
            link_journals(session)
            acknowledge(session)
        rows = session.rows(
            "SELECT j.kind, j.payload ->> '$.sha256', j.payload ->> '$.reason', j.occurred_at "
            "FROM records.journal_entries j, records.launches l "
            "WHERE l.launch_id = ? AND j.deployment = l.deployment AND j.occurred_at >= l.requested_at "
            "AND j.kind IN ('parameters_applied', 'parameters_refused', 'command') "
            "ORDER BY j.occurred_at DESC, try_cast(j.segment AS INTEGER) DESC, j.line DESC",
            [request.launch_id],
        )
    is_heard = False
    for kind, digest, reason, occurred_at in rows:
        is_since = occurred_at >= sent_at - CLOCKS_MAY_DIFFER
        if kind == "command":
            is_heard = is_heard or is_since
        elif kind == "parameters_refused":
            if is_since and digest == sha256:
                return "refresh_refused", str(reason)
        else:
            applied = f"applied at {occurred_at:%Y-%m-%dT%H:%M:%SZ}"
            return ("refresh_acknowledged", applied) if digest == sha256 and (is_since or is_heard) else (None, None)
    return None, None
