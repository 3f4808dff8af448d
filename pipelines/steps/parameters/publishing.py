"""Approving, publishing and taking back parameter sets.

Holds: the steps between an approved set in the warehouse and the documents that LEAN reads.
Belongs here: what a person or the nightly loop does with a set that exists.
Never here: making candidates and judging them (`pipelines.steps.parameters.calibrate`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.config import Settings
from pipelines.errors import Conflict
from pipelines.steps.parameters.log import (
    Event,
    StoredSet,
    add_event,
    events_of,
    find_set,
    history_of,
    sets_of,
)
from pipelines.steps.parameters.object_store import replace_document
from tomking.kernel.contracts import current_key, history_key, parameter_key
from tomking.kernel.parameters import History, dump_history, parse
from warehouse.access import WriteSession
from warehouse.files import remove_temporaries

IN_USE = ("published", "acknowledged")
BY_RULE = "rule"
GATE = "gate"
"""Who approves a candidate that needs no person."""


@dataclass(frozen=True, slots=True)
class PublishOutcome:
    """What publishing did: the set in force, whether that is news, and how many documents were written."""

    deployment: str
    parameter_set_id: str | None
    sha256: str | None
    published: bool
    documents_written: int


@dataclass(frozen=True, slots=True)
class PublishedAll:
    """What publishing did for every deployment."""

    deployments: int
    published: int
    documents_written: int
    sets: tuple[PublishOutcome, ...]


@dataclass(frozen=True, slots=True)
class RollbackOutcome:
    """Which set was taken back, which one is in force again, and from which day."""

    deployment: str
    from_set: str
    to_set: str
    in_force_from: dt.date
    documents_written: int


def list_sets(session: WriteSession, deployment: str | None = None) -> list[StoredSet]:
    """Every stored set with its state, by the day it takes effect."""
    return sets_of(session, deployment)


def show_set(session: WriteSession, reference: str) -> dict[str, object]:
    """Document, evidence and life of one set, ready for JSON. Raises NotFound, Conflict."""
    stored = find_set(session, reference)
    log = [event for event in events_of(session, stored.deployment) if event.sha256 == stored.sha256]
    return {
        "parameter_set_id": stored.set_id,
        "sha256": stored.sha256,
        "deployment": stored.deployment,
        "state": stored.state,
        "document": json.loads(stored.document),
        "history": [
            {
                "state": event.state,
                "happened_at": event.happened_at.isoformat(),
                "actor": event.actor,
                "in_force_from": event.in_force_from.isoformat() if event.in_force_from else None,
                "run_id": event.run_id,
                "note": event.note,
            }
            for event in log
        ],
    }


def approve(session: WriteSession, reference: str, by: str, note: str = "") -> StoredSet:
    """Approve a proposed set; approving an approved one changes nothing.

    Raises Conflict for a set in any other state: one that the gate refused stays refused.
    """
    stored = find_set(session, reference)
    if stored.state == "approved":
        return stored
    if stored.state != "proposed":
        raise Conflict(
            f"{stored.set_id} is {stored.state} and cannot be approved",
            remedy="`tomking parameters show` says why; calibrate again for another candidate",
        )
    with session.transaction():
        add_event(session, stored.sha256, "approved", actor=by, note=note or None)
    return find_set(session, stored.sha256)


def publish(
    session: WriteSession, settings: Settings, deployment: str, reference: str | None = None, *, by: str = BY_RULE
) -> PublishOutcome:
    """Put an approved set into the deployment's object store, or make sure that what is published lies there.

    Without `reference` the newest approved set is taken, if any. Doing it again changes nothing; a document that is
    missing or damaged in the store is written again. Raises ConfigurationError for an unknown deployment, NotFound,
    Conflict for a set that is not approved.
    """
    settings.deployment(deployment)
    chosen = find_set(session, reference, deployment) if reference else _newest_approved(session, deployment)
    if chosen is not None and chosen.state not in ("approved", *IN_USE):
        raise Conflict(
            f"{chosen.set_id} is {chosen.state} and cannot be published",
            remedy="approve a proposed set, or go back to an earlier one with `tomking parameters rollback`",
        )
    is_news = chosen is not None and chosen.state == "approved"
    with session.transaction():
        if chosen is not None and is_news:
            _enter(session, deployment, chosen, by)
        written, history = _write_documents(session, settings, deployment)
    last = history.entries[-1] if history.entries else None
    return PublishOutcome(deployment, last.id if last else None, last.sha256 if last else None, is_news, written)


def publish_due(session: WriteSession, settings: Settings) -> PublishedAll:
    """Publish the newest approved set of every deployment."""
    outcomes = tuple(publish(session, settings, deployment.name) for deployment in settings.deployments)
    return PublishedAll(
        deployments=len(outcomes),
        published=sum(outcome.published for outcome in outcomes),
        documents_written=sum(outcome.documents_written for outcome in outcomes),
        sets=outcomes,
    )


def rollback(
    session: WriteSession,
    settings: Settings,
    deployment: str,
    to: str | None = None,
    *,
    by: str,
    why: str,
    on: dt.date | None = None,
) -> RollbackOutcome:
    """Take back the set in force from day `on` and put an earlier one in its place.

    Without `to` that is the set that was in force before it and was not taken back itself. Without `on` it is today, so
    that the days on which the set was used keep it; for a backtest, which uses no day of its own, the set is taken back
    from its first day. What the gate approved meanwhile waits for a person. Raises NotFound, and Conflict where nothing
    is in force, nothing came before, or `to` was never published.
    """
    is_backtest = settings.deployment(deployment).mode == "backtest"
    history = history_of(session, deployment)
    if not history.entries:
        raise Conflict(f"nothing is published for {deployment!r}", remedy="`tomking parameters publish`")
    present = history.entries[-1]
    target = find_set(session, to, deployment) if to else _before(session, deployment, history)
    if target.sha256 == present.sha256:
        raise Conflict(f"{target.set_id} is in force already")
    log = events_of(session, deployment)
    if not any(event.sha256 == target.sha256 and event.state == "published" for event in log):
        raise Conflict(f"{target.set_id} was never published", remedy="`tomking parameters publish` an approved set")
    # Before its own day a set was never in force; the earlier one simply goes on.
    day = (
        present.effective_from if is_backtest and on is None else max(on or session.now.date(), present.effective_from)
    )
    with session.transaction():
        add_event(session, present.sha256, "rolled_back", actor=by, note=why, in_force_from=day)
        note = f"in place of {present.id}: {why}"
        add_event(session, target.sha256, "published", actor=by, note=note, in_force_from=day)
        _ask_again(session, log, present.id, sets_of(session, deployment), by)
        written, _ = _write_documents(session, settings, deployment)
    return RollbackOutcome(deployment, present.id, target.set_id, day, written)


def _newest_approved(session: WriteSession, deployment: str) -> StoredSet | None:
    approved = [stored for stored in sets_of(session, deployment) if stored.state == "approved"]
    return approved[-1] if approved else None


def _enter(session: WriteSession, deployment: str, chosen: StoredSet, by: str) -> None:
    """Write down the publication, and which sets it leaves behind."""
    before = history_of(session, deployment)
    add_event(session, chosen.sha256, "published", actor=by, in_force_from=chosen.effective_from)
    last = history_of(session, deployment).entries[-1]
    for stored in sets_of(session, deployment):
        if stored.sha256 in (chosen.sha256, last.sha256):
            continue
        left = stored.state in IN_USE and before.entries and before.entries[-1].sha256 == stored.sha256
        overtaken = stored.state == "approved" and stored.effective_from <= chosen.effective_from
        if left or overtaken:
            add_event(session, stored.sha256, "superseded", actor=by, note=f"by {last.id}")


def _ask_again(session: WriteSession, log: Sequence[Event], gone: str, stored: Sequence[StoredSet], by: str) -> None:
    """What the gate approved while the set that is taken back was in force rests on it, and waits for a person."""
    approvals = {event.sha256: event.actor for event in log if event.state == "approved"}
    for one in stored:
        if one.state == "approved" and approvals.get(one.sha256) == GATE:
            add_event(session, one.sha256, "proposed", actor=by, note=f"{gone} was rolled back; a person decides")


def _before(session: WriteSession, deployment: str, history: History) -> StoredSet:
    present = history.entries[-1]
    for entry in reversed(history.entries):
        if entry.sha256 == present.sha256:
            continue
        found = find_set(session, entry.sha256, deployment)
        if found.state != "rolled_back":
            return found
    raise Conflict(
        f"no set was in force before {present.id}", remedy="calibrate and approve another set, then publish it"
    )


def _write_documents(session: WriteSession, settings: Settings, deployment: str) -> tuple[int, History]:
    """Bring the object store in line with the history: sets first, then the history, the current set last.

    In that order a reader that finds a name also finds what it names.
    """
    history = history_of(session, deployment)
    if not history.entries:
        return 0, history
    documents: Mapping[str, bytes] = {
        stored.sha256: stored.document.encode("utf-8") for stored in sets_of(session, deployment)
    }
    root, written = settings.object_store, 0
    folder = (root / history_key(deployment)).parent
    if folder.is_dir():
        remove_temporaries(folder)
    for entry in history.entries:
        document = documents[entry.sha256]
        parse(document, sha256=entry.sha256, deployment=deployment)
        written += replace_document(root / parameter_key(deployment, entry.id), document)
    written += replace_document(root / history_key(deployment), dump_history(history.entries))
    written += replace_document(root / current_key(deployment), documents[history.entries[-1].sha256])
    return written, history
