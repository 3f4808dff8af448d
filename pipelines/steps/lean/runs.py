"""Runs of LEAN into the warehouse.

Holds: the step that takes one run: raw store, parsing, quarantine, which version stands, rows, account, dirty days.
Belongs here: the order of these, in one transaction per run.
Never here: the reading of a format, the mapping to columns, finding runs in folders (all elsewhere).

A less complete version never replaces a more complete one; of a live run, and of one not yet whole, rows that the newer
files no longer carry are kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.ahead import ahead
from pipelines.errors import NotFound
from pipelines.parsing.identify import RunFiles, runs_in
from pipelines.parsing.lean.files import EVENT_ROLES, STORED_ONLY, RunBytes
from pipelines.parsing.lean.run import PARSER_VERSION, LeanRun, assemble
from pipelines.parsing.lean.spool import Spool
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.privacy import redact_text
from pipelines.steps.lean import run_readings as readings
from pipelines.steps.lean import tables
from pipelines.steps.lean.run_files import Kept, StoredFile, note_unreadable, store_files
from pipelines.steps.lean.run_identity import identify_run
from pipelines.steps.lean.run_starts import write_start
from pipelines.steps.lean.side_files import count_unreadable, write_side_files
from pipelines.steps.refusing import quarantine
from pipelines.transforms.runs.state import Version, decide_state, missing_parts
from warehouse.frames import frame
from warehouse.ledger import Entry
from warehouse.models.records.runs import RunAccount, RunFile

if TYPE_CHECKING:
    from warehouse.session import WriteSession

KIND = "lean_run"
DIRTY_DOMAIN = "reconciliation"
_LARGE_FILE = 16 << 20
_LIVE_MODES = ("paper", "live")
DEFAULT_STALE_AFTER = dt.timedelta(hours=2)


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
    warnings: tuple[str, ...] = ()
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
    kept: Kept | None = None,
    account: str | None = None,
    rehearses: str | None = None,
    stale_after: dt.timedelta = DEFAULT_STALE_AFTER,
) -> RunOutcome:
    """Take one run: every file to the raw store first, then its rows, all in one transaction.

    `kept` is what became of its files where they are in the raw store already.
    `account` is the alias a live run trades in, `rehearses` the one a paper run or backtest is to be reconciled with;
    each counts only for runs of its kind. `stale_after` is the age at which a run that says it runs counts as killed.
    """
    stored, unreadable = store_files(session.raw, run) if kept is None else kept
    with session.transaction():
        note_unreadable(session, stored, unreadable)
        known = readings.find(session, stored, PARSER_VERSION)
        if known is not None and known.is_settled:
            outcome = _outcome_of_known(session, run, known.run_id)
            _link_account(session, known.run_id, outcome.mode, account, rehearses)
            if outcome.mode in _LIVE_MODES:
                _note_start(session, known.run_id, run, stored)
            return _without(outcome, unreadable)
        outcome = take_stored(session, run, stored, account=account, rehearses=rehearses, stale_after=stale_after)
        return _without(outcome, unreadable)


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
    with Spool(session.state_dir / "spool") as spool:
        try:
            parsed = assemble(run.algorithm_id, _bytes_of(session, stored), is_live=run.is_live, spool=spool)
        except Refused as error:
            return _refuse(session, run, stored, error.refusal)
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


def _without(outcome: RunOutcome, unreadable: Sequence[tuple[Path, str]]) -> RunOutcome:
    """An outcome that says which files could not be read."""
    if not unreadable:
        return outcome
    said = tuple(f"{path.name} {reason}" for path, reason in unreadable)
    taken = "partial" if outcome.outcome == "ingested" else outcome.outcome
    refused_rows = outcome.refused_rows + len(unreadable)
    return replace(outcome, outcome=taken, refused_rows=refused_rows, warnings=(*outcome.warnings, *said))


def _bytes_of(session: WriteSession, stored: Sequence[StoredFile]) -> list[RunBytes]:
    return [
        RunBytes(file.role, file.name, b"" if file.role in STORED_ONLY else partial(_blocks, session, file))
        for file in stored
    ]


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
        _record(session, {main: "refused"}, None, message)
    return RunOutcome(str(run.folder), run.name, "refused", message=message)


def _blocks(session: WriteSession, file: StoredFile) -> Iterator[bytes]:
    blocks = session.raw.blocks(file.sha256)
    return ahead(blocks) if file.size >= _LARGE_FILE else blocks


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
    run_id = identify_run(session, run.algorithm_id, parsed, main.sha256, is_complete=not missing)
    is_new = not session.rows("SELECT 1 FROM records.runs WHERE run_id = ?", (run_id,), about=("run_id", (run_id,)))
    version = _version(parsed, stored, is_complete=not missing, unreadable=count_unreadable(session, stored))
    standing = None if is_new else readings.newest(session, run_id, PARSER_VERSION)
    if standing is not None and version < standing:
        return _superseded(session, run, stored, parsed, run_id=run_id, version=version)
    state = decide_state(parsed.evidence, now=session.now, stale_after=stale_after)
    header = _header(run, main, run_id, state, is_complete=not missing)
    days_before = set() if is_new else tables.fill_days(session, run_id)
    keep_old = parsed.is_live or bool(missing)
    written = tables.write_run(session, parsed, header, is_new=is_new, keep_old=keep_old)
    beside = write_side_files(session, run_id, parsed, stored, is_new=is_new, keep_old=keep_old)
    unread = parsed.unread | beside.unread
    _file_rows(session, run_id, stored, unread, is_new=is_new)
    readings.remember(
        session, run_id, stored, version, unread=len(unread), parser_version=PARSER_VERSION, is_new=is_new
    )
    if parsed.mode in _LIVE_MODES:
        _note_start(session, run_id, run, stored)
    refusals = [*parsed.refusals, *parsed.flaws, *_named(written, stored), *beside.refused]
    _quarantine(session, stored, refusals)
    outcome = "partial" if refusals else "ingested"
    _record(
        session,
        {file: "refused" if file.name in unread else outcome for file in stored},
        run_id,
        "; ".join(missing) or None,
    )
    linked = _link_account(session, run_id, parsed.mode, account, rehearses)
    if not linked and not is_new and session.rows("SELECT 1 FROM records.run_accounts WHERE run_id = ?", (run_id,)):
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
        fills=parsed.fills,
        refused_rows=len(refusals),
        missing=missing,
        warnings=tuple(beside.warnings),
    )


def _named(written: tables.Written, stored: Sequence[StoredFile]) -> Iterator[tuple[str, Refusal]]:
    """The rows no table could hold by the file they stand in; of several event files, the refusal names the event."""
    (main,) = (file.name for file in stored if file.role == "main")
    events = [file.name for file in stored if file.role in EVENT_ROLES]
    yield from ((main, refusal) for refusal in written.refused)
    yield from ((events[0] if len(events) == 1 else main, refusal) for refusal in written.refused_events)


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
    session: WriteSession,
    run: RunFiles,
    stored: Sequence[StoredFile],
    parsed: LeanRun,
    *,
    run_id: str,
    version: Version,
) -> RunOutcome:
    """An older copy: it goes on record, and what newer files no longer carry is taken from it."""
    unread = parsed.unread
    _file_rows(session, run_id, stored, unread, is_new=False)
    readings.remember(session, run_id, stored, version, unread=len(unread), parser_version=PARSER_VERSION)
    replay(session, run_id)
    _note_start(session, run_id, run, stored)
    _record(session, dict.fromkeys(stored, "superseded"), run_id, None)
    state = session.rows("SELECT state FROM records.runs WHERE run_id = ?", (run_id,))[0][0]
    return RunOutcome(str(run.folder), run.name, "superseded", run_id=run_id, mode=parsed.mode, state=state)


def replay(session: WriteSession, run_id: str) -> None:
    """Make a run's rows again from all of its readings, the oldest first, as if they had been read in that order.

    Does nothing for a whole backtest, whose last files say everything, nor where the bytes of a reading are gone.
    """
    name, source_path, state, is_complete, mode, algorithm_id = session.rows(
        "SELECT name, source_path, state, is_complete, mode, algorithm_id FROM records.runs WHERE run_id = ?", (run_id,)
    )[0]
    is_live = mode in _LIVE_MODES
    past = readings.in_order(session, run_id)
    if (is_complete and not is_live) or len(past) < 2:
        return
    if not all(session.raw.holds(sha256) for rows in past for _, _, sha256, _ in rows):
        return
    is_first = True
    for rows in past:
        stored = [StoredFile(role, file, Path(source_path) / file, sha256, size) for role, file, sha256, size in rows]
        main = next(file.sha256 for file in stored if file.role == "main")
        header = tables.RunHeader(
            run_id, algorithm_id, name, state, is_complete, source_path, main_sha256=main, parser_version=PARSER_VERSION
        )
        # A reading that this parser refuses adds nothing.
        with Spool(session.state_dir / "spool") as spool, suppress(Refused):
            parsed = assemble(algorithm_id, _bytes_of(session, stored), is_live=is_live, spool=spool)
            tables.write_run(session, parsed, header, is_new=False, keep_old=not is_first)
            write_side_files(session, run_id, parsed, stored, is_new=False, keep_old=not is_first)
            is_first = False


def _version(parsed: LeanRun, stored: Sequence[StoredFile], *, is_complete: bool, unreadable: int) -> Version:
    return Version.of(
        is_complete=is_complete,
        newest_at=parsed.evidence.newest_at,
        orders=parsed.evidence.orders_claimed,
        events=len(parsed.events),
        refused=parsed.evidence.refused_rows + parsed.missing_pieces + unreadable,
        size=readings.size_of(stored),
    )


def _file_rows(
    session: WriteSession, run_id: str, stored: Sequence[StoredFile], unread: Collection[str], *, is_new: bool
) -> None:
    # A file that was refused is not on record as read: it is tried again the next time.
    rows = [
        {"run_id": run_id, "file_name": file.name, "sha256": file.sha256, "role": file.role, "learnt_at": session.now}
        for file in stored
        if file.name not in unread
    ]
    given = frame(RunFile, rows)
    _ = session.insert(RunFile, given) if is_new else session.insert_new(RunFile, given)


def _note_start(session: WriteSession, run_id: str, run: RunFiles, stored: Sequence[StoredFile]) -> None:
    log = next((file.sha256 for file in stored if file.role == "engine_log"), None)
    write_start(session, run_id, run.folder, log)


def _quarantine(session: WriteSession, stored: Sequence[StoredFile], refusals: Sequence[tuple[str, Refusal]]) -> None:
    by_name = {file.name: file for file in stored}
    waiting = {path for (path,) in session.rows("SELECT DISTINCT path FROM ops.quarantine WHERE state = 'open'")}
    for file in stored:
        if str(file.path) in waiting and not any(name == file.name for name, _ in refusals):
            session.resolve_quarantine(path=file.path)
    for name, refusal in refusals:
        file = by_name[name]
        shown = replace(
            refusal,
            reason=redact_text(refusal.reason),
            value=redact_text(refusal.value[:200]) if refusal.value else None,
        )
        quarantine(session, [shown], path=file.path, sha256=file.sha256)


def _record(session: WriteSession, outcomes: Mapping[StoredFile, str], run_id: str | None, message: str | None) -> None:
    session.record_files(
        [
            Entry(
                path=str(file.path),
                sha256=file.sha256,
                size=file.size,
                kind=f"{KIND}:{file.role}",
                parser_version=PARSER_VERSION,
                outcome=outcome,
                run_id=run_id,
                account=None,
                message=message,
            )
            for file, outcome in outcomes.items()
        ]
    )


def _link_account(
    session: WriteSession, run_id: str, mode: str | None, account: str | None, rehearses: str | None
) -> bool:
    """Join a run to its account; a live run trades in `account`, every other only rehearses one. True if it is new."""
    alias, relation = (account, "live") if mode == "live" else (rehearses, "rehearsal")
    if alias is None:
        return False
    row = {"run_id": run_id, "account": alias, "relation": relation, "learnt_at": session.now}
    is_new = session.insert_new(RunAccount, frame(RunAccount, [row])) > 0
    if is_new:
        session.mark_dirty(DIRTY_DOMAIN, tables.fill_days(session, run_id), f"run {run_id} belongs to {alias}")
    return is_new
