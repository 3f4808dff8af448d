"""Optimisations into the warehouse, and their backtests joined to them.

Holds: the step that takes an optimisation's own files, and the links between optimisations and runs.
Belongs here: SQL and rows of `records.optimizations` and its tables.
Never here: the backtests (each is a run), the notation of the optimizer (`pipelines.parsing.lean.optimization`).

The backtests may be read before the optimisation, after it, or never: they are joined by the optimisation's id, which
each of them states, and where it does not by the id under which the log launched it. A copy made while the search went
on never replaces a later one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.parsing.identify import optimization_files
from pipelines.parsing.lean import source_code as lean_code
from pipelines.parsing.lean.launch import parse_settings, without_secrets
from pipelines.parsing.lean.optimization import (
    OptimizerConfiguration,
    OptimizerLog,
    parse_configuration,
    parse_log,
    space_of,
)
from pipelines.parsing.plain_text import without_mark
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.privacy import redact_text
from pipelines.steps.lean.run_files import StoredFile
from pipelines.steps.lean.side_files import set_code_hash, write_sources
from pipelines.steps.refusing import quarantine
from warehouse.frames import frame
from warehouse.models.records.optimizations import Optimization, OptimizationBacktest, OptimizationFile
from warehouse.models.records.source_code import RunCode

if TYPE_CHECKING:
    from warehouse.session import WriteSession

KIND = "optimization"
PARSER_VERSION = "optimization-1"
_MASKED_ROLES = frozenset({"launch", "optimizer_configuration"})


@dataclass(frozen=True, slots=True)
class OptimizationOutcome:
    """What became of an optimisation: ingested, partial, unchanged, superseded or refused."""

    outcome: str
    optimization_id: str | None = None
    backtests: int = 0
    message: str | None = None


@dataclass(slots=True)
class _Read:
    """An optimisation's files, as far as they could be read."""

    log: OptimizerLog
    configuration: OptimizerConfiguration | None
    launch_id: str | None
    refused: list[tuple[StoredFile, Refusal]]

    @property
    def optimization_id(self) -> str | None:
        """The id its backtests state; the launch configuration's where the log has none yet."""
        return self.log.optimization_id or self.launch_id

    @property
    def rank(self) -> tuple[bool, float, int]:
        """How far it has come."""
        newest = self.log.newest_at
        return self.log.has_ended, newest.timestamp() if newest else 0.0, len(self.log.launched)


def ingest_optimization(session: WriteSession, folder: Path) -> OptimizationOutcome:
    """Take an optimisation's own files: to the raw store first, then its rows, in one transaction."""
    stored = [_store(session, role, path, folder) for role, path in optimization_files(folder)]
    with session.transaction():
        if _is_known(session, stored):
            return OptimizationOutcome("unchanged", _id_of(session, stored))
        read = _read(session, stored)
        for file in stored:
            session.resolve_quarantine(path=file.path)
        for file, refusal in read.refused:
            quarantine(session, [refusal], path=file.path, sha256=file.sha256)
        if read.optimization_id is None:
            reason = "neither its log nor its launch configuration says which optimisation this is"
            session.refuse(path=folder, sha256=None, reason=reason)
            return OptimizationOutcome("refused", message=reason)
        session.resolve_quarantine(path=folder)
        return _take(session, folder, stored, read)


def link_optimizations(session: WriteSession) -> None:
    """Join backtests and optimisations, whichever was read first: the id, the mode, the code they share."""
    session.execute(_LAUNCHED_RUNS)
    shared = session.frame(_CODE_WITHOUT_RUN)
    if shared.is_empty():
        return
    session.insert_new(RunCode, shared)
    for run_id in shared.get_column("run_id").unique().sort():
        files = session.rows("SELECT path, sha256 FROM records.run_code WHERE run_id = ?", (run_id,))
        set_code_hash(session, run_id, files)


_LAUNCHED_RUNS = """
UPDATE records.runs SET optimization_id = b.optimization_id, mode = 'optimization'
FROM records.optimization_backtests b
WHERE b.algorithm_id = runs.algorithm_id AND runs.optimization_id IS NULL AND runs.mode = 'backtest'
"""

# The code of an optimisation is that of its backtests: LEAN's command line copies it once, beside the folders of all.
_CODE_WITHOUT_RUN = f"""
SELECT r.run_id, substr(f.file_name, {len(lean_code.FOLDER) + 2}) AS path, f.sha256
FROM records.runs r
JOIN records.optimization_files f ON f.optimization_id = r.optimization_id AND f.role = 'code'
WHERE NOT EXISTS (SELECT 1 FROM records.run_code c WHERE c.run_id = r.run_id)
QUALIFY row_number() OVER (PARTITION BY r.run_id, f.file_name ORDER BY f.learnt_at DESC, f.sha256) = 1
ORDER BY r.run_id, path
"""


def _store(session: WriteSession, role: str, path: Path, folder: Path) -> StoredFile:
    # Of configurations not even the raw store keeps the secrets.
    raw = session.raw.put_bytes(without_secrets(path.read_bytes())) if role in _MASKED_ROLES else session.raw.put(path)
    return StoredFile(role, path.relative_to(folder).as_posix(), path, raw.sha256, raw.size)


def _is_known(session: WriteSession, stored: Sequence[StoredFile]) -> bool:
    """Whether a version with all of these bytes was read before; without a log nothing tells whose they are."""
    found = _id_of(session, stored)
    if found is None:
        return False
    have = session.rows("SELECT file_name, sha256 FROM records.optimization_files WHERE optimization_id = ?", (found,))
    return {(file.name, file.sha256) for file in stored} <= set(have)


def _id_of(session: WriteSession, stored: Sequence[StoredFile]) -> str | None:
    mark = next((file for role in ("optimizer_log", "launch") for file in stored if file.role == role), None)
    if mark is None:
        return None
    found = session.rows(
        "SELECT optimization_id FROM records.optimization_files WHERE role = ? AND sha256 = ?", (mark.role, mark.sha256)
    )
    return found[0][0] if found else None


def _read(session: WriteSession, stored: Sequence[StoredFile]) -> _Read:
    read = _Read(OptimizerLog(), None, None, [])
    for file in stored:
        if file.role == "code":
            continue
        data = without_mark(session.raw.read(file.sha256))
        try:
            if file.role == "optimizer_log":
                read.log = parse_log(data)
            elif file.role == "launch":
                read.launch_id = parse_settings(data).get("id")
            else:
                read.configuration = parse_configuration(data)
        except Refused as error:
            read.refused.append((file, error.refusal))
    return read


def _take(session: WriteSession, folder: Path, stored: Sequence[StoredFile], read: _Read) -> OptimizationOutcome:
    optimization_id = str(read.optimization_id)
    refused = {file.name for file, _ in read.refused}
    old = session.rows(
        "SELECT status <> 'running', coalesce(epoch(newest_at), 0.0), (SELECT count(*) FROM "
        "records.optimization_backtests b WHERE b.optimization_id = o.optimization_id) "
        "FROM records.optimizations o WHERE optimization_id = ?",
        (optimization_id,),
    )
    is_older = bool(old) and read.rank < tuple(old[0])
    outcome = "superseded" if is_older else "partial" if refused else "ingested"
    if not is_older:
        _write(session, folder, optimization_id, read)
    write_sources(session, (file for file in stored if file.role == "code"))
    files = [
        {
            "optimization_id": optimization_id,
            "file_name": file.name,
            "sha256": file.sha256,
            "role": file.role,
            "learnt_at": session.now,
        }
        for file in stored
        if file.name not in refused
    ]
    session.insert_new(OptimizationFile, frame(OptimizationFile, files))
    for file in stored:
        kept = "refused" if file.name in refused else outcome
        session.record_file(
            path=file.path,
            sha256=file.sha256,
            size=file.size,
            kind=f"{KIND}:{file.role}",
            parser_version=PARSER_VERSION,
            outcome=kept,
        )
    message = "; ".join(refusal.reason for _, refusal in read.refused) or None
    return OptimizationOutcome(outcome, optimization_id, len(read.log.launched), message)


def _write(session: WriteSession, folder: Path, optimization_id: str, read: _Read) -> None:
    row = _row(session, folder, optimization_id, read)
    session.upsert(Optimization, frame(Optimization, [row]))
    backtests = [
        {
            "optimization_id": optimization_id,
            "algorithm_id": backtest.algorithm_id,
            "position": position,
            "launched_at": backtest.launched_at,
            "parameters_json": json.dumps(backtest.parameters),
        }
        for position, backtest in enumerate(read.log.launched)
    ]
    session.replace(
        OptimizationBacktest, frame(OptimizationBacktest, backtests), "optimization_id = ?", (optimization_id,)
    )


def _row(session: WriteSession, folder: Path, optimization_id: str, read: _Read) -> dict[str, Any]:
    log, asked, winner = read.log, read.configuration, read.log.winner
    return {
        "optimization_id": optimization_id,
        "name": folder.name,
        "folder": redact_text(str(folder)),
        "status": log.status,
        "strategy": asked.strategy if asked else None,
        "target_metric": (winner.target if winner else None) or (asked.target if asked else None),
        "target_extremum": asked.extremum if asked else None,
        "constraints_json": asked.constraints_json if asked else json.dumps(log.constraints),
        "space_json": asked.space_json if asked else space_of(log.launched),
        "backtests": log.backtests,
        "started_at": log.started_at,
        "ended_at": log.ended_at,
        "winner_algorithm_id": winner.algorithm_id if winner else None,
        "winner_parameters_json": json.dumps(winner.parameters) if winner else None,
        "winner_value_text": winner.value_text if winner else None,
        "winner_value": winner.value if winner else None,
        "newest_at": log.newest_at,
        "learnt_at": session.now,
        "updated_at": session.now,
    }
