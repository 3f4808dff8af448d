"""Reading journals out of an object store and joining them to runs.

Holds: the two steps after the algorithm has written: ingest, link.
Belongs here: journal entries on their way into `records`.
Never here: the lines' format (`pipelines.parsing.lean.journal`), what they acknowledge (`acknowledgements`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from pipelines.parsing.lean.journal import (
    OURS,
    PARSER_VERSION,
    JournalPlace,
    JournalSegment,
    journal_place,
    parse_segment,
)
from pipelines.steps.refusing import quarantine
from warehouse.access import WriteSession
from warehouse.frames import frame
from warehouse.models.records.journal import JournalEntry

KIND = "journal"
START_TOLERANCE = dt.timedelta(minutes=10)
"""How far a journal's start may lie from a run's, where nothing else joins the two."""

_STAMPED = re.compile(r"(?P<algorithm>.*)-(?P<stamp>[0-9]{14})")


@dataclass(frozen=True, slots=True)
class JournalOutcome:
    """Counts of one pass: segments seen, those with new bytes, new entries, refused lines."""

    segments: int = 0
    read: int = 0
    new_entries: int = 0
    refused_lines: int = 0


@dataclass(frozen=True, slots=True)
class _Journal:
    """A journal, and the run it was joined to so far."""

    journal_key: str
    run_key: str
    dialect: str
    began_at: dt.datetime
    run_id: str | None
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _RunTimes:
    """When a run went on; `last_at` is None where its clock is not the wall's."""

    run_id: str
    started_at: dt.datetime
    last_at: dt.datetime | None


def ingest_journals(session: WriteSession, root: Path, deployment: str | None = None) -> JournalOutcome:
    """Read every journal segment below an object store's root that holds bytes not read before.

    `deployment` limits our layout to that deployment, and labels journals of the older layout, which name none.
    """
    segments = read = new = refused = 0
    for path, place in _segments(root, deployment):
        segments += 1
        with session.transaction():
            found = _ingest(session, path, place, deployment)
        if found is not None:
            read, new, refused = read + 1, new + found[0], refused + found[1]
    return JournalOutcome(segments, read, new, refused)


def _segments(root: Path, deployment: str | None) -> Iterator[tuple[Path, JournalPlace]]:
    if not root.is_dir():
        return
    for path in sorted(root.rglob("*.jsonl")):
        place = journal_place(path.relative_to(root).as_posix())
        if place is not None and path.is_file() and (place.deployment in (None, deployment) or deployment is None):
            yield path, place


def _ingest(session: WriteSession, path: Path, place: JournalPlace, deployment: str | None) -> tuple[int, int] | None:
    """Read one segment; returns new entries and refused lines, or None where these bytes were read before."""
    raw = session.raw.put(path)
    known = session.rows(
        "SELECT 1 FROM ops.files WHERE path = ? AND sha256 = ? AND kind = ? AND parser_version = ?",
        [str(path), raw.sha256, KIND, PARSER_VERSION],
    )
    if known:
        return None
    found = parse_segment(session.raw.read(raw.sha256))
    key = _journal_key(place, found)
    session.resolve_quarantine(path=path)
    quarantine(session, found.refusals, path=path, sha256=raw.sha256)
    new, changed = _store(session, path, place, found, key=key, sha256=raw.sha256, deployment=deployment)
    refused = len(found.refusals) + changed
    outcome = "ingested" if not refused else "partial" if found.lines else "refused"
    session.record_file(
        path=path,
        sha256=raw.sha256,
        size=raw.size,
        kind=KIND,
        parser_version=PARSER_VERSION,
        outcome=outcome,
        message=f"{refused} lines refused" if refused else None,
    )
    return new, refused


def _journal_key(place: JournalPlace, found: JournalSegment) -> str:
    if place.deployment is not None:
        return f"{place.deployment}/{place.run_key}"
    return f"{place.run_key}@{found.first_line_hash or ''}"


def _store(
    session: WriteSession,
    path: Path,
    place: JournalPlace,
    found: JournalSegment,
    *,
    key: str,
    sha256: str,
    deployment: str | None,
) -> tuple[int, int]:
    """Add lines that are new; a line that says something else than before is refused, because journals only grow."""
    segment = str(place.segment)
    stored = session.rows(
        "SELECT line, payload, kind FROM records.journal_entries WHERE journal_key = ? AND segment = ?", [key, segment]
    )
    before: dict[int, str] = {number: payload for number, payload, _ in stored}
    _rename(session, key, segment, {number: kind for number, _, kind in stored}, found)
    changed = [line for line in found.lines if before.get(line.line, line.payload) != line.payload]
    for line in changed:
        session.refuse(path=path, sha256=sha256, reason="changed_line", line=line.line, value=line.payload[:200])
    rows = [
        {
            "journal_key": key,
            "segment": segment,
            "line": line.line,
            "deployment": place.deployment or deployment,
            "run_key": place.run_key,
            "run_id": None,
            "dialect": found.dialect,
            "kind": line.kind,
            "occurred_at": line.occurred_at,
            "payload": line.payload,
            "sha256": sha256,
            "learnt_at": session.now,
        }
        for line in found.lines
        if line.line not in before
    ]
    return session.insert_new(JournalEntry, frame(JournalEntry, rows)), len(changed)


def _rename(session: WriteSession, key: str, segment: str, kinds: Mapping[int, str], found: JournalSegment) -> None:
    """Give entries that an older reader stored the kind they have by now."""
    for line in found.lines:
        if kinds.get(line.line, line.kind) != line.kind:
            session.execute(
                "UPDATE records.journal_entries SET kind = ? WHERE journal_key = ? AND segment = ? AND line = ? "
                "AND payload = ?",
                [line.kind, key, segment, line.line, line.payload],
            )


def link_journals(session: WriteSession) -> int:
    """Join journals to their runs, each time anew, so that what was read first never decides; returns how many changed.

    Exact where the run published its journal's name as a statistic. Otherwise a journal inside a run's own folder is
    that run's, and one that carries an algorithm id belongs to the run of that id which began within ten minutes of
    it; of paper and live runs, whose clock is the wall's, also to the one that was going on.
    """
    with session.transaction():
        named: dict[str, str] = dict(
            session.rows(
                "SELECT value_text, min(run_id) FROM records.run_statistics WHERE name = 'Journal' "
                "GROUP BY value_text HAVING count(DISTINCT run_id) = 1"
            )
        )
        journals, runs = _journals(session), _Runs(session)
        wanted = {journal.journal_key: named.get(journal.run_key) or runs.guess(journal) for journal in journals}
        wanted |= _nameless(session, wanted)
        changed = [journal for journal in journals if journal.run_id != wanted[journal.journal_key]]
        for journal in changed:
            session.execute(
                "UPDATE records.journal_entries SET run_id = ? WHERE journal_key = ?",
                [wanted[journal.journal_key], journal.journal_key],
            )
    return len(changed)


def _journals(session: WriteSession) -> list[_Journal]:
    rows = session.rows(
        "SELECT j.journal_key, any_value(j.run_key), any_value(j.dialect), min(j.occurred_at), "
        "CASE WHEN count(*) = count(j.run_id) AND count(DISTINCT j.run_id) = 1 THEN min(j.run_id) END, "
        "list(DISTINCT f.path ORDER BY f.path) FILTER (WHERE f.path IS NOT NULL) "
        "FROM records.journal_entries j LEFT JOIN ops.files f ON f.sha256 = j.sha256 AND f.kind = ? "
        "GROUP BY j.journal_key ORDER BY j.journal_key",
        [KIND],
    )
    return [
        _Journal(key, run, dialect, began, linked, tuple(paths or ()))
        for key, run, dialect, began, linked, paths in rows
    ]


class _Runs:
    """Runs by what a journal tells of its own: the folder it lies in, or an algorithm id and a time."""

    def __init__(self, session: WriteSession) -> None:
        self._by_folder: dict[str, set[str]] = defaultdict(set)
        self._by_algorithm: dict[str, list[_RunTimes]] = defaultdict(list)
        for folder, run_id in session.rows(
            "SELECT source_path, run_id FROM records.runs UNION SELECT folder, run_id FROM records.run_folders"
        ):
            self._by_folder[str(PurePath(folder))].add(run_id)
        for run_id, algorithm_id, started_at, last_at in session.rows(
            "SELECT run_id, algorithm_id, started_at, "
            "CASE WHEN mode IN ('paper', 'live') THEN coalesce(ended_at, newest_at) END "
            "FROM records.runs WHERE started_at IS NOT NULL ORDER BY run_id"
        ):
            self._by_algorithm[_plain(algorithm_id)].append(_RunTimes(run_id, started_at, last_at))

    def guess(self, journal: _Journal) -> str | None:
        """The one run a journal can belong to by its place or its start; None where that is none or several."""
        if journal.run_key == "":
            return None
        inside = set[str]()
        for path in journal.paths:
            for folder in PurePath(path).parents:
                inside |= self._by_folder.get(str(folder), set())
        if len(inside) == 1:
            return inside.pop()
        algorithm, began = journal.run_key, journal.began_at
        if journal.dialect == OURS and (stamped := began_of(journal.run_key)) is not None:
            algorithm, began = stamped
        near = [
            (abs(run.started_at - began), run.run_id)
            for run in self._by_algorithm.get(algorithm, ())
            if abs(run.started_at - began) <= START_TOLERANCE
            or (run.last_at is not None and run.started_at <= began <= run.last_at)
        ]
        return min(near)[1] if near else None


def began_of(run_key: str) -> tuple[str, dt.datetime] | None:
    """Algorithm id and start that a run key of ours carries; None for another's."""
    stamped = _STAMPED.fullmatch(run_key)
    if stamped is None:
        return None
    return stamped["algorithm"], dt.datetime.strptime(stamped["stamp"], "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)


def _plain(algorithm_id: str) -> str:
    """An algorithm id as a run key spells it."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", algorithm_id)[:80]


def _nameless(session: WriteSession, wanted: Mapping[str, str | None]) -> dict[str, str]:
    """A nameless journal of the older layout is the first line of another one: the same run wrote both."""
    found: dict[str, set[str]] = defaultdict(set)
    for nameless, other in session.rows(
        "SELECT DISTINCT nameless.journal_key, other.journal_key FROM records.journal_entries nameless "
        "JOIN records.journal_entries other ON other.line = nameless.line AND other.payload = nameless.payload "
        "WHERE nameless.run_key = '' AND nameless.line = 1 AND other.run_key <> ''"
    ):
        if (run_id := wanted.get(other)) is not None:
            found[nameless].add(run_id)
    return {nameless: run_ids.pop() for nameless, run_ids in found.items() if len(run_ids) == 1}
