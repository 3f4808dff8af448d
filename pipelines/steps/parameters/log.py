"""The life of parameter sets: which steps each went through, and what that makes of it.

Holds: reading and adding events, finding a set by what a person types, the dated history that follows from events.
Belongs here: rules that calibrating, publishing and acknowledging share.
Never here: files in the object store, and the meaning of values.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.errors import Conflict, NotFound
from tomking.kernel.parameters import History, HistoryEntry
from warehouse.access import WriteSession
from warehouse.frames import frame
from warehouse.keys import stable_id
from warehouse.models.records.parameters import ParameterEvent

_SHORTEST_HASH = 6


@dataclass(frozen=True, slots=True)
class StoredSet:
    """A set as the warehouse keeps it; `state` as `marts.parameter_sets` shows it."""

    sha256: str
    set_id: str
    deployment: str
    effective_from: dt.date
    data_through: dt.date | None
    document: str
    evidence: str
    state: str


@dataclass(frozen=True, slots=True)
class Event:
    """One step in the life of a set."""

    sha256: str
    state: str
    sequence: int
    happened_at: dt.datetime
    actor: str
    in_force_from: dt.date | None
    run_id: str | None
    note: str | None
    event_id: str = ""
    acknowledges: str | None = None


def events_of(session: WriteSession, deployment: str) -> list[Event]:
    """Every event of a deployment's sets, oldest first."""
    rows = session.rows(
        "SELECT e.sha256, e.state, e.sequence, e.happened_at, e.actor, e.in_force_from, e.run_id, e.note, "
        "e.event_id, e.acknowledges "
        "FROM records.parameter_events e JOIN records.parameter_sets s USING (sha256) "
        "WHERE s.deployment = ? ORDER BY e.sequence",
        [deployment],
    )
    return [Event(*row) for row in rows]


def state_of(events: Sequence[Event]) -> str:
    """The state that a set's events, oldest first, lead to.

    An acknowledgement counts where it answers the publication that stands; one that answers an earlier publication, or
    comes from a backtest that walks through the history, does not bring a superseded set back.
    """
    state, publication = "proposed", ""
    for event in events:
        if event.state != "acknowledged":
            state = event.state
            publication = event.event_id if state == "published" else ""
        elif state == "published" and event.acknowledges in (None, publication):
            state = "acknowledged"
    return state


def sets_of(session: WriteSession, deployment: str | None = None) -> list[StoredSet]:
    """Every stored set (of one deployment), by the day it takes effect."""
    rows = session.rows(
        "SELECT sha256, parameter_set_id, deployment, effective_from, data_through, document, evidence "
        "FROM records.parameter_sets WHERE ? IS NULL OR deployment = ? "
        "ORDER BY effective_from, created_at, sha256",
        [deployment, deployment],
    )
    logs: dict[str, list[Event]] = {}
    for owner in {row[2] for row in rows}:
        for event in events_of(session, owner):
            logs.setdefault(event.sha256, []).append(event)
    return [
        StoredSet(
            sha256=row[0],
            set_id=row[1],
            deployment=row[2],
            effective_from=row[3],
            data_through=row[4],
            document=row[5],
            evidence=row[6],
            state=state_of(logs.get(row[0], [])),
        )
        for row in rows
    ]


def find_set(session: WriteSession, reference: str, deployment: str | None = None) -> StoredSet:
    """The set that `reference` names: an id, or at least six digits of its sha256.

    Raises NotFound where there is none and Conflict where there are several.
    """
    by_hash = len(reference) >= _SHORTEST_HASH
    matching = [
        stored
        for stored in sets_of(session, deployment)
        if stored.set_id == reference or (by_hash and stored.sha256.startswith(reference.lower()))
    ]
    if not matching:
        raise NotFound(f"no parameter set is called {reference!r}", remedy="`tomking parameters list`")
    if len(matching) > 1:
        several = ", ".join(stored.sha256[:12] for stored in matching)
        raise Conflict(f"{reference!r} names {len(matching)} sets", why=several, remedy="give more of the sha256")
    return matching[0]


def add_event(
    session: WriteSession,
    sha256: str,
    state: str,
    *,
    actor: str,
    note: str | None = None,
    in_force_from: dt.date | None = None,
) -> None:
    """Add a step that was taken now."""
    sequence = next_sequence(session)
    add_event_row(
        session,
        {
            "event_id": stable_id("parameter-event", sha256, state, sequence),
            "sha256": sha256,
            "state": state,
            "sequence": sequence,
            "happened_at": session.now,
            "actor": actor,
            "in_force_from": in_force_from,
            "run_id": None,
            "note": note,
            "acknowledges": None,
        },
    )


def add_event_row(session: WriteSession, row: dict[str, object]) -> int:
    """Add or renew one event row by its id; returns 1 where that changed something."""
    return session.upsert(ParameterEvent, frame(ParameterEvent, [row]))


def next_sequence(session: WriteSession) -> int:
    """The number of the next event."""
    return int(session.rows("SELECT coalesce(max(sequence), 0) + 1 FROM records.parameter_events")[0][0])


def history_of(session: WriteSession, deployment: str) -> History:
    """The dated history that a deployment's events lead to.

    Publishing puts a set at its day; rolling back takes it out from the day named on, and publishing the earlier set
    again puts that one there.
    """
    ids = {stored.sha256: stored.set_id for stored in sets_of(session, deployment)}
    days: dict[dt.date, str] = {}
    for event in events_of(session, deployment):
        if event.in_force_from is None:
            continue
        if event.state == "rolled_back":
            gone = event.in_force_from
            days = {day: digest for day, digest in days.items() if digest != event.sha256 or day < gone}
        elif event.state == "published" and _in_force(days, event.in_force_from) != event.sha256:
            days[event.in_force_from] = event.sha256
    return History(tuple(HistoryEntry(ids[days[day]], days[day], day) for day in sorted(days)))


def _in_force(days: dict[dt.date, str], on: dt.date) -> str | None:
    begun = [day for day in days if day <= on]
    return days[max(begun)] if begun else None


def taken_back(session: WriteSession, deployment: str, values: Mapping[str, str]) -> str | None:
    """Which set with these very values was rolled back, when and why; None where none was, or it was put back since."""
    for stored in sets_of(session, deployment):
        if stored.state == "rolled_back" and json.loads(stored.document)["values"] == dict(values):
            last = [event for event in events_of(session, deployment) if event.sha256 == stored.sha256][-1]
            return f"{stored.set_id} has these values and was rolled back on {last.happened_at.date()}: {last.note}"
    return None


def resting_since(session: WriteSession, deployment: str, effective_from: dt.date, days: int) -> str | None:
    """The newest rollback that a set of this first day follows within so many days, in words; None where there is none."""
    gone = [event for event in events_of(session, deployment) if event.state == "rolled_back" and event.in_force_from]
    if not gone or (effective_from - (gone[-1].in_force_from or effective_from)).days >= days:
        return None
    set_id = find_set(session, gone[-1].sha256, deployment).set_id
    return f"{set_id} was rolled back from {gone[-1].in_force_from}, and {days} days have to pass"
