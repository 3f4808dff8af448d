"""Runs of LEAN into the warehouse.

Holds: the step that takes one run: raw store, parsing, quarantine, which version stands, rows, account, dirty days.
Belongs here: the order of these, in one transaction per run.
Never here: the reading of a format, the mapping to columns, finding runs in folders (all elsewhere).

Identity: a run is its algorithm id and its start (`state.StartTime`), so that copies made while it ran and its final
files are one run. Should two whole backtests of different folders agree in both and differ otherwise, the later read
one gets an id of its own, made with its main file's hash. A less complete version never replaces a more complete one;
of a live run, and of one not yet whole, rows that the newer files no longer carry are kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import NotFound
from pipelines.parsing.identify import RunFiles, runs_in
from pipelines.parsing.lean_run import PARSER_VERSION, STORED_ONLY, LeanRun, RunBytes, assemble
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.privacy import redact_text
from pipelines.steps import lean_tables as tables
from pipelines.steps.refusing import quarantine
from pipelines.transforms.run_state import Version, decide_state, missing_parts
from warehouse.frames import frame
from warehouse.keys import stable_id
from warehouse.models.records.runs import RunAccount, RunFile

if TYPE_CHECKING:
    from warehouse.session import WriteSession

KIND = "lean_run"
DIRTY_DOMAIN = "reconciliation"
DEFAULT_STALE_AFTER = dt.timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a run, its bytes safe in the raw store."""

    role: str
    name: str
    path: Path
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What became of one run.

    `outcome`: ingested, partial (rows or side files refused, the rest taken), unchanged (known bytes), superseded (a
    less complete version of a run that is stored whole), refused (nothing taken). `missing` says why a run that was
    taken does not count as whole.
    """

    path: str
    name: str
    outcome: str
    run_id: str | None = None
    mode: str | None = None
    state: str | None = None
    orders: int = 0
    events: int = 0
    fills: int = 0
    refused_rows: int = 0
    missing: tuple[str, ...] = ()
    message: str | None = None


def ingest_run(
    session: WriteSession,
    folder: Path,
    *,
    account: str | None = None,
    rehearses: str | None = None,
    stale_after: dt.timedelta = DEFAULT_STALE_AFTER,
) -> RunOutcome:
    """Take the one run whose files lie in `folder`. Raises NotFound where there is none or there are several."""
    runs = runs_in(folder)
    if len(runs) != 1:
        raise NotFound(
            f"{len(runs)} runs lie in this folder, not one", where=str(folder), remedy="use `tomking ingest`"
        )
    return ingest_run_files(session, runs[0], account=account, rehearses=rehearses, stale_after=stale_after)


def ingest_run_files(
    session: WriteSession,
    run: RunFiles,
    *,
    account: str | None = None,
    rehearses: str | None = None,
    stale_after: dt.timedelta = DEFAULT_STALE_AFTER,
) -> RunOutcome:
    """Take one run: every file to the raw store first, then its rows, all in one transaction.

    `account` is the alias a live run trades in, `rehearses` the one a paper run or backtest is to be reconciled with;
    each counts only for runs of its kind. `stale_after` is the age at which a run that says it runs counts as killed.
    """
    stored = [_store(session, role, path, run.folder) for role, path in run.files]
    with session.transaction():
        known = _known_run(session, stored)
        if known is not None:
            _link_account(session, known, account, rehearses)
            return _outcome_of_known(session, run, known)
        return take_stored(session, run, stored, account=account, rehearses=rehearses, stale_after=stale_after)


def take_stored(
    session: WriteSession,
    run: RunFiles,
    stored: Sequence[StoredFile],
    *,
    account: str | None = None,
    rehearses: str | None = None,
    stale_after: dt.timedelta = DEFAULT_STALE_AFTER,
) -> RunOutcome:
    """Read a run from the raw store and write its rows; the caller holds the transaction."""
    files = [
        RunBytes(file.role, file.name, b"" if file.role in STORED_ONLY else session.raw.read(file.sha256))
        for file in stored
    ]
    try:
        parsed = assemble(run.algorithm_id, files, is_live=run.is_live)
    except Refused as error:
        return _refuse(session, run, stored, error.refusal)
    del files
    return _take(session, run, stored, parsed, account=account, rehearses=rehearses, stale_after=stale_after)


def refresh_states(session: WriteSession, *, stale_after: dt.timedelta = DEFAULT_STALE_AFTER) -> int:
    """Runs stored as running whose newest time is too old by now become killed; returns how many."""
    where = "state = 'running' AND (newest_at IS NULL OR newest_at < ?)"
    oldest = session.now - stale_after
    if not session.rows(f"SELECT 1 FROM records.runs WHERE {where} LIMIT 1", (oldest,)):
        return 0
    return session.execute(
        f"UPDATE records.runs SET state = 'killed', updated_at = ? WHERE {where}", (session.now, oldest)
    )


def _store(session: WriteSession, role: str, path: Path, folder: Path) -> StoredFile:
    raw = session.raw.put(path)
    return StoredFile(role, path.relative_to(folder).as_posix(), path, raw.sha256, raw.size)


def _known_run(session: WriteSession, stored: Sequence[StoredFile]) -> str | None:
    """The run that all these bytes were already read for by this parser, if there is one."""
    main = next((file for file in stored if file.role == "main"), None)
    if main is None:
        return None
    candidates = session.rows(
        "SELECT f.run_id FROM records.run_files f JOIN records.runs r USING (run_id) "
        "WHERE f.role = 'main' AND f.sha256 = ? AND r.parser_version = ?",
        (main.sha256, PARSER_VERSION),
    )
    wanted = {(file.name, file.sha256) for file in stored}
    for (run_id,) in candidates:
        have = session.rows("SELECT file_name, sha256 FROM records.run_files WHERE run_id = ?", (run_id,))
        if wanted <= set(have):
            return str(run_id)
    return None


def _outcome_of_known(session: WriteSession, run: RunFiles, run_id: str) -> RunOutcome:
    mode, state = session.rows("SELECT mode, state FROM records.runs WHERE run_id = ?", (run_id,))[0]
    return RunOutcome(str(run.folder), run.name, "unchanged", run_id=run_id, mode=mode, state=state)


def _refuse(session: WriteSession, run: RunFiles, stored: Sequence[StoredFile], refusal: Refusal) -> RunOutcome:
    main = next((file for file in stored if file.role == "main"), None)
    path = str(run.main or run.folder)
    message = redact_text(str(Refused(refusal)))
    session.refuse(
        path=path,
        sha256=main.sha256 if main else None,
        reason=redact_text(refusal.reason),
        field=refusal.field,
        value=redact_text(refusal.value) if refusal.value else None,
    )
    if main is not None:
        _record(session, main, "refused", None, message)
    return RunOutcome(str(run.folder), run.name, "refused", message=message)


def _take(
    session: WriteSession,
    run: RunFiles,
    stored: Sequence[StoredFile],
    parsed: LeanRun,
    *,
    account: str | None,
    rehearses: str | None,
    stale_after: dt.timedelta,
) -> RunOutcome:
    main = next(file for file in stored if file.role == "main")
    missing = missing_parts(parsed.evidence)
    run_id = _identity(session, run, parsed, main, is_complete=not missing)
    old = _stored_version(session, run_id)
    if old is not None and _version(parsed, is_complete=not missing) < old:
        return _superseded(session, run, stored, parsed, run_id)
    state = decide_state(parsed.evidence, now=session.now, stale_after=stale_after)
    header = _header(run, main, run_id, state, is_complete=not missing)
    days_before = tables.fill_days(session, run_id)
    written = tables.write_run(session, parsed, header, keep_old=parsed.is_live or bool(missing))
    _file_rows(session, run_id, stored, parsed)
    refusals = [*parsed.refusals, *((main.name, refusal) for refusal in written.refused)]
    _quarantine(session, stored, refusals)
    outcome = "partial" if refusals else "ingested"
    for file in stored:
        kept = "refused" if file.name in parsed.unread else outcome
        _record(session, file, kept, run_id, "; ".join(missing) or None)
    linked = _link_account(session, run_id, account, rehearses)
    if not linked and _has_account(session, run_id):
        session.mark_dirty(DIRTY_DOMAIN, days_before | tables.fill_days(session, run_id), f"run {run.name} was read")
    return RunOutcome(
        str(run.folder),
        run.name,
        outcome,
        run_id=run_id,
        mode=parsed.mode,
        state=state,
        orders=len(parsed.orders),
        events=len(parsed.events),
        fills=sum(event.is_fill for event in parsed.events),
        refused_rows=len(refusals),
        missing=missing,
    )


def _header(run: RunFiles, main: StoredFile, run_id: str, state: str, *, is_complete: bool) -> tables.RunHeader:
    return tables.RunHeader(
        run_id=run_id,
        algorithm_id=run.algorithm_id,
        name=run.name,
        state=state,
        is_complete=is_complete,
        source_path=str(run.folder),
        main_sha256=main.sha256,
        parser_version=PARSER_VERSION,
    )


def _superseded(
    session: WriteSession, run: RunFiles, stored: Sequence[StoredFile], parsed: LeanRun, run_id: str
) -> RunOutcome:
    """An older copy: its files go on record, so that it is known the next time; the rows stay as they are."""
    _file_rows(session, run_id, stored, parsed)
    for file in stored:
        _record(session, file, "superseded", run_id, None)
    state = session.rows("SELECT state FROM records.runs WHERE run_id = ?", (run_id,))[0][0]
    return RunOutcome(str(run.folder), run.name, "superseded", run_id=run_id, mode=parsed.mode, state=state)


def _identity(session: WriteSession, run: RunFiles, parsed: LeanRun, main: StoredFile, *, is_complete: bool) -> str:
    started = parsed.started_text
    if started is None:
        return stable_id("run-file", main.sha256)
    run_id = stable_id("run", run.algorithm_id, started)
    twin = session.rows(
        "SELECT name, main_sha256, ended_at, orders_claimed FROM records.runs WHERE run_id = ? AND is_complete",
        (run_id,),
    )
    if not twin or not is_complete:
        return run_id
    name, sha256, ended_at, orders = twin[0]
    mine = (tables.ended_at(parsed), parsed.evidence.orders_claimed)
    if sha256 == main.sha256 or name == run.name or (ended_at, orders) == mine:
        return run_id
    return stable_id("run", run.algorithm_id, started, main.sha256)


def _version(parsed: LeanRun, *, is_complete: bool) -> Version:
    return Version.of(
        is_complete=is_complete,
        newest_at=parsed.evidence.newest_at,
        orders=parsed.evidence.orders_claimed,
        events=len(parsed.events),
    )


def _stored_version(session: WriteSession, run_id: str) -> Version | None:
    found = session.rows(
        "SELECT is_complete, newest_at, orders_claimed, "
        "(SELECT count(*) FROM records.order_events e WHERE e.run_id = r.run_id) "
        "FROM records.runs r WHERE run_id = ? AND parser_version = ?",
        (run_id, PARSER_VERSION),
    )
    if not found:
        return None
    is_complete, newest_at, orders, events = found[0]
    # Kept rows of earlier versions are not this version's: they must not outweigh a newer, shorter file.
    return Version.of(is_complete=is_complete, newest_at=newest_at, orders=orders, events=events if is_complete else 0)


def _file_rows(session: WriteSession, run_id: str, stored: Sequence[StoredFile], parsed: LeanRun) -> None:
    # A file that was refused is not on record as read: it is tried again the next time.
    rows = [
        {"run_id": run_id, "file_name": file.name, "sha256": file.sha256, "role": file.role, "learnt_at": session.now}
        for file in stored
        if file.name not in parsed.unread
    ]
    session.insert_new(RunFile, frame(RunFile, rows))


def _quarantine(session: WriteSession, stored: Sequence[StoredFile], refusals: Sequence[tuple[str, Refusal]]) -> None:
    by_name = {file.name: file for file in stored}
    for file in stored:
        if not any(name == file.name for name, _ in refusals):
            session.resolve_quarantine(path=file.path)
    for name, refusal in refusals:
        file = by_name[name]
        shown = replace(
            refusal,
            reason=redact_text(refusal.reason),
            value=redact_text(refusal.value[:200]) if refusal.value else None,
        )
        quarantine(session, [shown], path=file.path, sha256=file.sha256)


def _record(session: WriteSession, file: StoredFile, outcome: str, run_id: str | None, message: str | None) -> None:
    session.record_file(
        path=file.path,
        sha256=file.sha256,
        size=file.size,
        kind=f"{KIND}:{file.role}",
        parser_version=PARSER_VERSION,
        outcome=outcome,
        run_id=run_id,
        message=message,
    )


def _link_account(session: WriteSession, run_id: str, account: str | None, rehearses: str | None) -> bool:
    """Join a run to its account; a live run trades in `account`, every other only rehearses one. True if it is new."""
    mode = session.rows("SELECT mode FROM records.runs WHERE run_id = ?", (run_id,))[0][0]
    alias, relation = (account, "live") if mode == "live" else (rehearses, "rehearsal")
    if alias is None:
        return False
    row = {"run_id": run_id, "account": alias, "relation": relation, "learnt_at": session.now}
    is_new = session.insert_new(RunAccount, frame(RunAccount, [row])) > 0
    if is_new:
        session.mark_dirty(DIRTY_DOMAIN, tables.fill_days(session, run_id), f"run {run_id} belongs to {alias}")
    return is_new


def _has_account(session: WriteSession, run_id: str) -> bool:
    return bool(session.rows("SELECT 1 FROM records.run_accounts WHERE run_id = ?", (run_id,)))
