"""Which run a set of files is.

Holds: the id of a run, and the parting of two runs that would share one.
Belongs here: everything that makes the id the same in whatever order files are read.
Never here: which version of one run stands (`pipelines.steps.lean.run_readings`).

A run is its algorithm id and its start (`state.StartTime`, to the second), so that copies made while it ran and its
final files are one run. Two whole backtests can agree in both, where a script starts the same algorithm several times
within a second. What tells them apart is what every copy of a whole run shares: when it ended and how many orders it
had. The one that ended first (of two that ended at once, the one of fewer orders) has the common id, the other one of
its own; should the first be read last, the other moves out of its way.

A copy that is not whole goes with the common id: it says neither when its run will end nor more than its newest
hundred orders, so nothing in it tells of which of two such runs it is a copy, and an id made of what it does say would
part every copy made while running from its run. Where a whole run has that id, it stands and the copy is only put on
record.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pipelines.parsing.lean.exact_json import state_instant
from pipelines.parsing.lean.run import LeanRun
from warehouse.keys import stable_id
from warehouse.models import Base

if TYPE_CHECKING:
    from warehouse.session import WriteSession

_Marks = tuple[dt.datetime, int]
_SCHEMAS = ("records", "ops", "derived")


def identify_run(
    session: WriteSession, algorithm_id: str, parsed: LeanRun, main_sha256: str, *, is_complete: bool
) -> str:
    """The id of the run that was just read; a run that has to make room for it is moved to an id of its own."""
    started = parsed.started_text
    if started is None:
        return stable_id("run-file", main_sha256)
    common = stable_id("run", algorithm_id, started)
    mine = _marks(state_instant(parsed.state_map.get("EndTime")), parsed.evidence.orders_claimed)
    stored = session.rows(
        "SELECT ended_at, orders_claimed FROM records.runs WHERE run_id = ? AND is_complete AND mode NOT IN ('paper', 'live')",
        (common,),
        about=("run_id", (common,)),
    )
    theirs = _marks(*stored[0]) if stored else None
    if not is_complete or parsed.is_live or mine is None or theirs is None or mine == theirs:
        return common
    if mine > theirs:
        return _own(algorithm_id, started, mine)
    _move(session, common, _own(algorithm_id, started, theirs))
    return common


def _marks(ended_at: dt.datetime | None, orders: int | None) -> _Marks | None:
    # A reply of the cloud API names no end: it may be of any run of this start.
    return None if ended_at is None else (ended_at, -1 if orders is None else orders)


def _own(algorithm_id: str, started: str, marks: _Marks) -> str:
    return stable_id("run", algorithm_id, started, marks[0].isoformat(), str(marks[1]))


def _move(session: WriteSession, old: str, new: str) -> None:
    """Put everything kept of a run under another id, and what was derived from it: neither depends on the id.

    What was reconciled does (breaks have ids and owners): such a run counts as read by an outdated parser, so that it
    is read again and its days are reconciled anew.
    """
    for table in Base.metadata.sorted_tables:
        for column in table.columns.keys() if table.schema in _SCHEMAS else ():
            if column == "run_id" or column.endswith("_run_id"):
                session.execute(f"UPDATE {table.fullname} SET {column} = ? WHERE {column} = ?", (new, old))
    if session.rows("SELECT 1 FROM records.run_accounts WHERE run_id = ?", (new,)):
        session.execute("UPDATE records.runs SET parser_version = '' WHERE run_id = ?", (new,))
