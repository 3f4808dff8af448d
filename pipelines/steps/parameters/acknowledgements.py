"""Acknowledgements: what journals say of the sets that were published.

Holds: which statement of a journal answers which publication, and the events that follow.
Belongs here: the way from a line `parameters_applied` to the state `acknowledged`.
Never here: reading journals (`pipelines.steps.lean.journals`), waiting for an answer (`pipelines.steps.launches.refresh`).

A set that is published again after a rollback is not in force by what was said before: each publication wants a
statement of its own.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.steps.lean.journals import began_of
from pipelines.steps.parameters.log import add_event_row, next_sequence
from warehouse.access import WriteSession
from warehouse.keys import stable_id

CLOCKS_MAY_DIFFER = dt.timedelta(seconds=2)
"""How far an algorithm's clock may be behind ours: LEAN's advances from slice to slice, once a second."""

_SAID = """
SELECT j.journal_key, any_value(j.run_key), min(j.run_id), j.kind, any_value(j.payload ->> '$.sha256'),
    j.occurred_at, min(r.started_at), any_value(r.mode)
FROM records.journal_entries j
LEFT JOIN records.runs r ON r.run_id = j.run_id
WHERE j.kind IN ('parameters_applied', 'command')
GROUP BY j.journal_key, j.segment, j.line, j.kind, j.occurred_at
ORDER BY j.journal_key, j.occurred_at, try_cast(j.segment AS INTEGER), j.segment, j.line
"""
_KNOWN = "SELECT event_id, sequence FROM records.parameter_events WHERE state = 'acknowledged'"


@dataclass(frozen=True, slots=True)
class Publication:
    """A set was put into the object store: the event that says so, its place among all events, when."""

    event_id: str
    sequence: int
    happened_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """A journal says that the algorithm works with a set.

    `said_at` is by the algorithm's clock, `wall_at` by the wall's, as well as that is known.
    """

    sha256: str
    journal_key: str
    run_id: str | None
    said_at: dt.datetime
    wall_at: dt.datetime


def acknowledge(session: WriteSession) -> int:
    """Note which publications journals answered; returns how many acknowledgements are new or changed.

    One for each publication and journal, of its first statement after it. A live command that was taken while a set
    was in force is a statement too: an algorithm that has the set already applies nothing.
    """
    publications = _publications(session)
    stored = {sha256 for (sha256,) in session.rows("SELECT sha256 FROM records.parameter_sets")}
    said = [statement for statement in statements(session.rows(_SAID)) if statement.sha256 in stored]
    known: dict[str, int] = dict(session.rows(_KNOWN))
    changed = 0
    with session.transaction():
        for statement, publication, event_id in answers(said, publications):
            changed += add_event_row(
                session,
                {
                    "event_id": event_id,
                    "sha256": statement.sha256,
                    "state": "acknowledged",
                    "sequence": known.get(event_id) or next_sequence(session),
                    "happened_at": statement.wall_at,
                    "actor": f"journal {statement.journal_key}",
                    "in_force_from": None,
                    "run_id": statement.run_id,
                    "note": f"applied at {statement.said_at:%Y-%m-%dT%H:%M:%SZ} by the algorithm's clock",
                    "acknowledges": publication.event_id if publication else None,
                },
            )
    return changed


def _publications(session: WriteSession) -> dict[str, list[Publication]]:
    found: dict[str, list[Publication]] = defaultdict(list)
    for sha256, *rest in session.rows(
        "SELECT sha256, event_id, sequence, happened_at FROM records.parameter_events "
        "WHERE state = 'published' ORDER BY sequence"
    ):
        found[sha256].append(Publication(*rest))
    return found


def statements(rows: Iterable[Sequence[object]]) -> list[Statement]:
    """The statements in journal lines (sorted by journal and time), oldest first over all journals."""
    found: list[Statement] = []
    journal: object = None
    in_force: str | None = None
    for row in rows:
        journal_key, run_key, run_id, kind, sha256, said_at, started_at, mode = row
        if journal_key != journal:
            journal, in_force = journal_key, None
        if kind == "parameters_applied":
            in_force = None if sha256 is None else str(sha256)
        if in_force is None or not isinstance(said_at, dt.datetime):
            continue
        began = started_at if isinstance(started_at, dt.datetime) else None
        wall_at = _wall_clock(str(run_key), said_at, began, None if mode is None else str(mode))
        found.append(Statement(in_force, str(journal_key), None if run_id is None else str(run_id), said_at, wall_at))
    return sorted(found, key=lambda one: (one.said_at, one.journal_key))


def answers(
    said: Iterable[Statement], publications: dict[str, list[Publication]]
) -> list[tuple[Statement, Publication | None, str]]:
    """For each publication and journal the first statement that answers it, with the id of the acknowledgement.

    A statement answers the newest publication of its set that came before it; where all came later (a warehouse made
    anew reads old journals), the first.
    """
    found: dict[tuple[str, str, str | None], tuple[Statement, Publication | None, str]] = {}
    firsts = set[tuple[str, str]]()
    for statement in said:
        publication = _answered(statement, publications.get(statement.sha256, []))
        subject = (statement.sha256, statement.journal_key)
        key = (*subject, publication.event_id if publication else None)
        if key in found:
            continue
        # The first acknowledgement of a journal keeps the id it had before publications were told apart.
        further = () if subject not in firsts or publication is None else (publication.event_id,)
        firsts.add(subject)
        found[key] = (statement, publication, stable_id("parameters-applied", *subject, *further))
    return list(found.values())


def _answered(statement: Statement, publications: Sequence[Publication]) -> Publication | None:
    before = [one for one in publications if one.happened_at <= statement.wall_at + CLOCKS_MAY_DIFFER]
    if before:
        return before[-1]
    return publications[0] if publications else None


def _wall_clock(
    run_key: str, occurred_at: dt.datetime, started_at: dt.datetime | None, mode: str | None
) -> dt.datetime:
    """When a line was written by the wall's clock; a backtest's own shows the past, so its start stands for it."""
    if mode in ("paper", "live"):
        return occurred_at
    if started_at is not None:
        return started_at
    stamped = began_of(run_key)
    return occurred_at if stamped is None else max(stamped[1], occurred_at)
