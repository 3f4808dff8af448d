"""What several runs of one deployment say together: positions carried from start to start, and what is missing.

Holds: positions at the beginning and end of each run, their checks, gaps.
Belongs here: a rule over the runs of one deployment in their order.
Never here: which runs belong together (`pipelines.transforms.runs.deployments`), the warehouse.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)

STATUS_AGE = dt.timedelta(minutes=11)
"""The engine writes its status every ten minutes: of a run that was killed it may lack fills this much older."""
SHORT_DAY = dt.timedelta(minutes=15)
"""A day of which the run saw no more than this may have left no day file."""

_ENDINGS = {
    "killed": "the run was killed",
    "stopped": "the run was stopped",
    "runtime_error": "the run ended by a runtime error",
    "running": "the run had not ended in the files that were read",
    "completed": "the run was completed",
}


@dataclass(frozen=True, slots=True)
class Fill:
    """A change of one position."""

    instrument: str
    filled_at: dt.datetime
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class RunHistory:
    """One run of a deployment. `began_with` (None where unknown) and `engine` are quantities by instrument.

    `began_by` says where `began_with` comes from; `expiries` are those of options. `day_files` are the UTC days of
    which a day file was read.
    """

    run_id: str
    state: str
    started_at: dt.datetime | None
    last_at: dt.datetime | None
    has_ended: bool
    began_with: Mapping[str, Decimal] | None
    began_by: str
    fills: Sequence[Fill]
    engine: Mapping[str, Decimal]
    expiries: Mapping[str, dt.date]
    orders_claimed: int | None = None
    orders_stored: int = 0
    fills_without_event: int = 0
    day_files: frozenset[dt.date] = frozenset()


@dataclass(frozen=True, slots=True)
class Position:
    """One instrument over one run; see `derived.deployment_positions`."""

    run_id: str
    instrument: str
    began_with: Decimal | None
    began_by: str
    filled: Decimal
    left_with: Decimal | None
    engine_quantity: Decimal
    run_before_left: Decimal | None
    mismatch: str | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Something missing; see `derived.deployment_gaps`."""

    kind: str
    run_id: str
    next_run_id: str | None
    from_time: dt.datetime | None
    until_time: dt.datetime | None
    reason: str


def worked_back(engine: Mapping[str, Decimal], fills: Iterable[Fill]) -> dict[str, Decimal]:
    """What a run that ended in good order began with: what it holds less what it traded."""
    began = dict(engine)
    for fill in fills:
        began[fill.instrument] = began.get(fill.instrument, ZERO) - fill.quantity
    return without_zeros(began)


def left_with(began: Mapping[str, Decimal], fills: Iterable[Fill]) -> dict[str, Decimal]:
    """What a run leaves: what it began with and what it traded."""
    left = dict(began)
    for fill in fills:
        left[fill.instrument] = left.get(fill.instrument, ZERO) + fill.quantity
    return without_zeros(left)


def without_zeros(quantities: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The quantities that are not zero."""
    return {name: quantity for name, quantity in quantities.items() if quantity}


def positions(runs: Sequence[RunHistory]) -> list[Position]:
    """Every instrument of every run, runs in the deployment's order."""
    found: list[Position] = []
    before: dict[str, Decimal | None] | None = None
    for run in runs:
        names = {fill.instrument for fill in run.fills} | set(run.engine) | set(run.began_with or ())
        names |= {name for name, quantity in (before or {}).items() if quantity != 0}
        rows = [_position(run, name, before) for name in sorted(names)]
        found += rows
        before = {row.instrument: row.left_with for row in rows}
    return found


def gaps(runs: Sequence[RunHistory]) -> list[Gap]:
    """What is missing, in the order of the runs: between two of them, then inside one."""
    found: list[Gap] = []
    for run, following in itertools.zip_longest(runs, runs[1:]):
        found += _missing_inside(run)
        if following is not None:
            found += _between(run, following)
    return found


def _position(run: RunHistory, name: str, before: Mapping[str, Decimal | None] | None) -> Position:
    left_before = None if before is None else before.get(name, ZERO)
    began, began_by = None, "unknown"
    if run.began_with is not None:
        began, began_by = run.began_with.get(name, ZERO), run.began_by
    elif left_before is not None:
        began, began_by = left_before, "run before"
    own = [fill for fill in run.fills if fill.instrument == name]
    filled = sum((fill.quantity for fill in own), ZERO)
    left = None if began is None else began + filled
    engine = run.engine.get(name, ZERO)
    said = [
        text
        for text in (_not_carried(run, name, began, left_before), _not_as_engine(run, own, left, engine))
        if text is not None
    ]
    return Position(run.run_id, name, began, began_by, filled, left, engine, left_before, "; ".join(said) or None)


def _not_carried(run: RunHistory, name: str, began: Decimal | None, left_before: Decimal | None) -> str | None:
    if began is None or left_before is None or began == left_before:
        return None
    expiry, start = run.expiries.get(name), run.started_at
    expired = "; it had expired by then" if began == 0 and expiry and start and expiry <= start.date() else ""
    return f"the run before left {left_before.normalize():f}, this one began with {began.normalize():f}{expired}"


def _not_as_engine(run: RunHistory, own: Sequence[Fill], left: Decimal | None, engine: Decimal) -> str | None:
    if left is None or left == engine:
        return None
    if not run.has_ended and run.last_at is not None:
        at_status = left
        for fill in sorted(own, key=lambda fill: fill.filled_at, reverse=True):
            if fill.filled_at < run.last_at - STATUS_AGE:
                break
            at_status -= fill.quantity
            if at_status == engine:
                return None
    return f"the events leave {left.normalize():f}, the engine's status file has {engine.normalize():f}"


def _between(run: RunHistory, following: RunHistory) -> list[Gap]:
    if run.last_at is None or following.started_at is None:
        return []
    ending = _ENDINGS.get(run.state, run.state)
    if following.started_at < run.last_at:
        reason = f"{ending}, and the next had begun before"
        return [Gap("overlap", run.run_id, following.run_id, following.started_at, run.last_at, reason)]
    return [Gap("not_running", run.run_id, following.run_id, run.last_at, following.started_at, ending)]


def _missing_inside(run: RunHistory) -> list[Gap]:
    found = []
    if run.orders_claimed is not None and run.orders_claimed > run.orders_stored:
        reason = f"{run.orders_stored} of {run.orders_claimed} orders are there"
        found.append(Gap("orders_missing", run.run_id, None, run.started_at, run.last_at, reason))
    if run.fills_without_event:
        reason = f"{run.fills_without_event} orders that filled have no fill event"
        found.append(Gap("events_missing", run.run_id, None, run.started_at, run.last_at, reason))
    for day in _days_without_file(run):
        start = dt.datetime.combine(day, dt.time(), dt.UTC)
        reason = f"no day file of {day.isoformat()}"
        found.append(Gap("day_files_missing", run.run_id, None, start, start + dt.timedelta(days=1), reason))
    return found


def _days_without_file(run: RunHistory) -> list[dt.date]:
    """UTC days of which the run saw more than a few minutes and no day file was read."""
    if run.started_at is None or run.last_at is None:
        return []
    missing, day = [], run.started_at.date()
    while day <= run.last_at.date():
        midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
        seen = min(run.last_at, midnight + dt.timedelta(days=1)) - max(run.started_at, midnight)
        if seen > SHORT_DAY and day not in run.day_files:
            missing.append(day)
        day += dt.timedelta(days=1)
    return missing
