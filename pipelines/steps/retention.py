"""How long raw bytes are kept.

Holds: dropping old versions from the raw store, where the configuration sets an age.
Belongs here: what a later reading could still need, and so stays.
Never here: rows of the warehouse (they are kept for ever).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pipelines.config import Settings
from warehouse.access import WriteSession

STILL_NEEDED = """
    SELECT sha256 FROM records.statements
    UNION
    SELECT sha256 FROM ops.quarantine WHERE state = 'open' AND sha256 IS NOT NULL
    UNION
    SELECT arg_max(sha256, learnt_at) FROM records.run_files GROUP BY run_id, file_name
    UNION
    SELECT arg_max(sha256, learnt_at) FROM records.optimization_files GROUP BY optimization_id, file_name
    UNION
    SELECT file ->> 2
    FROM (
        SELECT unnest(CAST(files_json AS JSON[])) AS file
        FROM (
            SELECT files_json FROM records.run_readings
            QUALIFY row_number() OVER (
                PARTITION BY run_id
                ORDER BY is_complete DESC, newest_at DESC NULLS LAST, orders DESC, events DESC, refused, size DESC,
                    read_at DESC
            ) = 1
        )
    )
"""
"""Statements, what waits in quarantine, the newest version of every file of a run or an optimisation, and every file of
the reading of a run that stands: a new parser reads them again."""


@dataclass(frozen=True, slots=True)
class RetentionOutcome:
    """How many raw files were dropped, and their compressed bytes."""

    dropped: int = 0
    bytes_freed: int = 0


def apply_retention(session: WriteSession, settings: Settings) -> RetentionOutcome:
    """Drop raw files older than `retention.raw_days` that nothing could need again; without the setting nothing goes."""
    days = settings.retention.raw_days
    if days is None:
        return RetentionOutcome()
    needed = {row[0] for row in session.rows(STILL_NEEDED)}
    dropped = session.raw.prune(session.now - dt.timedelta(days=days), keep=needed, dry_run=False)
    return RetentionOutcome(len(dropped), sum(item.size for item in dropped))
