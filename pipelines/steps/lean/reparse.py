"""Runs read by an earlier parser, read again.

Holds: putting a run's files together from the raw store, because LEAN has overwritten or moved the originals.
Belongs here: which stored bytes make up a run.
Never here: reading or writing the run itself (`pipelines.steps.lean.runs`).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.parsing.identify import RunFiles
from pipelines.parsing.lean.run import PARSER_VERSION
from pipelines.steps.lean.run_files import StoredFile
from pipelines.steps.lean.run_readings import StoredRow, in_order
from pipelines.steps.lean.runs import DEFAULT_STALE_AFTER, RunOutcome, replay, take_stored

if TYPE_CHECKING:
    from warehouse.session import WriteSession

# Of a file that was read several times, the version that last became rows; a superseded copy never did.
_FILES = """
SELECT f.role, f.file_name, f.sha256, l.size
FROM records.run_files f
JOIN (
    SELECT sha256, max(size) AS size FROM ops.files
    WHERE run_id = ? AND outcome IN ('ingested', 'partial') GROUP BY sha256
) l USING (sha256)
WHERE f.run_id = ?
QUALIFY row_number() OVER (PARTITION BY f.file_name ORDER BY f.learnt_at DESC, f.sha256) = 1
ORDER BY f.file_name
"""


def reparse_outdated(session: WriteSession, *, stale_after: dt.timedelta = DEFAULT_STALE_AFTER) -> list[RunOutcome]:
    """Read every run again that an earlier parser version read, from the bytes that were kept."""
    outdated = session.rows(
        "SELECT run_id, algorithm_id, name, mode, source_path FROM records.runs WHERE parser_version <> ? ORDER BY run_id",
        (PARSER_VERSION,),
    )
    outcomes = []
    for run_id, algorithm_id, name, mode, source in outdated:
        folder = Path(source)
        stored = [
            StoredFile(role, file_name, folder / file_name, sha256, size)
            for role, file_name, sha256, size in _files_of(session, run_id)
            if session.raw.holds(sha256)
        ]
        main = next((file.path for file in stored if file.role == "main"), None)
        files = tuple((file.role, file.path) for file in stored)
        run = RunFiles(algorithm_id, folder, main, files, mode in ("paper", "live"), shares_folder=name != folder.name)
        with session.transaction():
            outcomes.append(take_stored(session, run, stored, stale_after=stale_after))
            replay(session, run_id)
    return outcomes


def _files_of(session: WriteSession, run_id: str) -> list[StoredRow]:
    """The files of the reading that stands; of a run read before readings were remembered, by the ledger."""
    past = in_order(session, run_id)
    return past[-1] if past else [(row[0], row[1], row[2], row[3]) for row in session.rows(_FILES, (run_id, run_id))]
