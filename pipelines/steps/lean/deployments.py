"""Deployments, made again from the runs.

Holds: what is known of paper and live runs, read from `records`; the writing of the `derived` tables of deployments.
Belongs here: SQL and frames of those tables.
Never here: the rules (`pipelines.transforms.runs.deployments`, `pipelines.transforms.runs.deployment_history`).

Everything is made again each time: one run read later can change where another belongs, and there are few of them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pipelines.parsing.lean.journal import OURS, store_root
from pipelines.transforms.runs.deployment_history import (
    Fill,
    RunHistory,
    gaps,
    left_with,
    positions,
    without_zeros,
    worked_back,
)
from pipelines.transforms.runs.deployments import LinkedRun, LiveRun, link_runs, name_of
from tomking.kernel.instruments import from_occ
from warehouse.frames import frame
from warehouse.models.derived.deployments import Deployment, DeploymentGap, DeploymentPosition, DeploymentRun

if TYPE_CHECKING:
    from decimal import Decimal

    from pipelines.config import Settings
    from warehouse.session import WriteSession

DIRTY_DOMAIN = "deployments"

_RUNS = """
SELECT run_id, algorithm_id, mode, state, started_at, coalesce(ended_at, newest_at), ended_at IS NOT NULL,
       orders_claimed
FROM records.runs WHERE mode IN ('paper', 'live') ORDER BY run_id
"""
_LIVE = "run_id IN (SELECT run_id FROM records.runs WHERE mode IN ('paper', 'live'))"
_DAY_IN_NAME = re.compile(r"-(\d{4}-\d{2}-\d{2})_(?:10)?minute\.json")
_STARTED_AT = re.compile(r"\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}")
_NUMBERED = re.compile(r"(\d{1,4})[-_.](.+)")


@dataclass(frozen=True, slots=True)
class _Known:
    """One run: what joins it to others, and its history."""

    link: LiveRun
    history: RunHistory


def rebuild_deployments(
    session: WriteSession, settings: Settings | None = None, changed: Collection[str] = ()
) -> set[str]:
    """Make all deployments again; returns the runs to which something about their deployment is new.

    These are the runs whose place is another than before, and all runs of a deployment of which one is in `changed`:
    what one left, the next began with. `settings` name the configured deployments and the folders of their results.
    """
    waiting = session.dirty_days(DIRTY_DOMAIN)
    before = _places(session)
    known = _known(session, settings)
    linked = link_runs(found.link for found in known.values())
    with session.transaction():
        _write(session, known, linked)
        session.clear_dirty(DIRTY_DOMAIN, waiting)
    after = _places(session)
    touched = {run_id for run_id in before.keys() | after.keys() if before.get(run_id) != after.get(run_id)}
    deployments = {after[run_id][0] for run_id in touched | set(changed) if run_id in after}
    return touched | {run_id for run_id, (deployment_id, _) in after.items() if deployment_id in deployments}


def _places(session: WriteSession) -> dict[str, tuple[str, int]]:
    return {
        run_id: (deployment_id, position)
        for run_id, deployment_id, position in session.rows(
            "SELECT run_id, deployment_id, position FROM derived.deployment_runs"
        )
    }


def _write(session: WriteSession, known: Mapping[str, _Known], linked: Sequence[LinkedRun]) -> None:
    members: dict[str, list[_Known]] = defaultdict(list)
    for run in linked:
        members[run.deployment_id].append(known[run.run_id])
    headers: list[dict[str, object]] = []
    places: list[dict[str, object]] = []
    missing: list[dict[str, object]] = []
    for deployment_id, runs in members.items():
        headers.append(_header(deployment_id, [found.link for found in runs]))
        history = [found.history for found in runs]
        places += [{"deployment_id": deployment_id, **_columns(row)} for row in positions(history)]
        missing += [
            {"deployment_id": deployment_id, "position": number, **_columns(gap)}
            for number, gap in enumerate(gaps(history), start=1)
        ]
    session.replace(Deployment, frame(Deployment, headers), "TRUE")
    session.replace(DeploymentRun, frame(DeploymentRun, [_columns(run) for run in linked]), "TRUE")
    session.replace(DeploymentPosition, frame(DeploymentPosition, places), "TRUE")
    session.replace(DeploymentGap, frame(DeploymentGap, missing), "TRUE")


def _columns(row: Any) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__slots__}


def _header(deployment_id: str, runs: Sequence[LiveRun]) -> dict[str, object]:
    name, named_by = name_of(runs)
    accounts = sorted({run.account for run in runs if run.account})
    return {
        "deployment_id": deployment_id,
        "name": name,
        "named_by": named_by,
        "mode": runs[-1].mode,
        "account": accounts[0] if accounts else None,
    }


def _known(session: WriteSession, settings: Settings | None) -> dict[str, _Known]:
    folders = _sets(session, "SELECT run_id, folder FROM records.run_folders")
    accounts: dict[str, str] = dict(
        session.rows("SELECT run_id, min(account) FROM records.run_accounts WHERE relation = 'live' GROUP BY run_id")
    )
    journal_names, stores = _journals(session)
    start_cash = _amounts(session, "SELECT run_id, currency, amount FROM records.starting_cash")
    end_cash = _amounts(session, "SELECT run_id, currency, amount FROM records.cash")
    histories = _histories(session, has_start=set(start_cash))
    known = {}
    for run_id, algorithm_id, mode, _, started_at, last_at, _, _ in session.rows(_RUNS):
        history, places = histories[run_id], sorted(folders.get(run_id, ()))
        link = LiveRun(
            run_id=run_id,
            algorithm_id=algorithm_id,
            mode=mode,
            started_at=started_at,
            last_at=last_at,
            configured=_configured(settings, places),
            journal_name=journal_names.get(run_id),
            account=accounts.get(run_id),
            number=_number(places, algorithm_id),
            stores=frozenset(stores.get(run_id, ())),
            projects=frozenset(project for folder in places if (project := _project(folder))),
            folders=frozenset(str(PurePath(folder).parent) for folder in places),
            began_with=history.began_with,
            left_with=history.engine if history.began_with is None else left_with(history.began_with, history.fills),
            start_cash=start_cash.get(run_id),
            end_cash=end_cash.get(run_id),
        )
        known[run_id] = _Known(link, history)
    return known


def _histories(session: WriteSession, *, has_start: set[str]) -> dict[str, RunHistory]:
    keys = _Instruments(session)
    fills: dict[str, list[Fill]] = defaultdict(list)
    for run_id, *fill in session.rows(
        "SELECT run_id, instrument_key, occurred_at, fill_quantity FROM records.order_events "
        f"WHERE {_LIVE} AND fill_quantity <> 0 ORDER BY run_id, occurred_at, order_id, event_id"
    ):
        fills[run_id].append(Fill(*fill))
    engine = _amounts(
        session, f"SELECT run_id, coalesce(instrument_key, symbol_id), quantity FROM records.holdings WHERE {_LIVE}"
    )
    began: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for run_id, symbol, quantity in session.rows("SELECT run_id, symbol, quantity FROM records.starting_holdings"):
        began[run_id][keys.key(run_id, symbol)] = quantity
    counts = _counts(session)
    days = _sets(session, f"SELECT run_id, file_name FROM records.run_files WHERE role LIKE 'day%' AND {_LIVE}")
    found = {}
    for run_id, _, _, state, started_at, last_at, has_ended, claimed in session.rows(_RUNS):
        start, source = _start(run_id, has_start, began, engine.get(run_id, {}), fills[run_id], has_ended=has_ended)
        orders, without_event = counts.get(run_id, (0, 0))
        found[run_id] = RunHistory(
            run_id=run_id,
            state=state,
            started_at=started_at,
            last_at=last_at,
            has_ended=has_ended,
            began_with=start,
            began_by=source,
            fills=fills[run_id],
            engine=engine.get(run_id, {}),
            expiries=keys.expiries,
            orders_claimed=claimed,
            orders_stored=orders,
            fills_without_event=without_event,
            day_files=frozenset(_days(days.get(run_id, ()))),
        )
    return found


def _start(
    run_id: str,
    has_start: set[str],
    began: Mapping[str, Mapping[str, Decimal]],
    engine: Mapping[str, Decimal],
    fills: Sequence[Fill],
    *,
    has_ended: bool,
) -> tuple[dict[str, Decimal] | None, str]:
    """What a run began with, and who says so: the engine's trace, else what it held at a regular end."""
    if run_id in has_start:
        return without_zeros(began.get(run_id, {})), "engine log"
    return (worked_back(engine, fills), "end holdings") if has_ended else (None, "unknown")


class _Instruments:
    """The key behind a symbol as the engine prints it: as this run's orders have it, else any run's, else by its text."""

    def __init__(self, session: WriteSession) -> None:
        self._own: dict[tuple[str, str], str] = {}
        self._any: dict[str, str] = {}
        self.expiries: dict[str, dt.date] = dict(
            session.rows("SELECT instrument_key, expiry FROM records.instruments WHERE expiry IS NOT NULL")
        )
        for run_id, symbol, key in session.rows(
            f"SELECT run_id, symbol, min(instrument_key) FROM records.orders WHERE {_LIVE} GROUP BY ALL ORDER BY ALL"
        ):
            self._own[run_id, symbol] = key
            self._any.setdefault(symbol, key)

    def key(self, run_id: str, symbol: str) -> str:
        found = self._own.get((run_id, symbol)) or self._any.get(symbol)
        if found is not None:
            return found
        try:
            return from_occ(symbol).key
        except ValueError:
            return symbol


def _journals(session: WriteSession) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Deployment names and object stores by run, as linked journals tell."""
    names: dict[str, str] = {}
    stores: dict[str, set[str]] = defaultdict(set)
    for run_id, dialect, deployment, path in session.rows(
        "SELECT DISTINCT j.run_id, j.dialect, j.deployment, f.path FROM records.journal_entries j "
        "LEFT JOIN ops.files f ON f.sha256 = j.sha256 AND f.kind = 'journal' "
        "WHERE j.run_id IS NOT NULL ORDER BY ALL"
    ):
        if dialect == OURS and deployment:
            names.setdefault(run_id, deployment)
        if path is not None and (root := store_root(path)) is not None:
            stores[run_id].add(root)
    return names, stores


def _counts(session: WriteSession) -> dict[str, tuple[int, int]]:
    """Orders stored, and those among them that filled without an event saying so, by run."""
    return {
        run_id: (orders, without)
        for run_id, orders, without in session.rows(
            "SELECT o.run_id, count(*), "
            "count(*) FILTER (WHERE o.status IN ('filled', 'partially_filled') AND e.order_id IS NULL) "
            "FROM records.orders o LEFT JOIN (SELECT DISTINCT run_id, order_id FROM records.order_events "
            "WHERE fill_quantity <> 0) e USING (run_id, order_id) "
            f"WHERE {_LIVE} GROUP BY o.run_id"
        )
    }


def _days(file_names: Iterable[str]) -> set[dt.date]:
    return {dt.date.fromisoformat(found[1]) for name in file_names if (found := _DAY_IN_NAME.search(name))}


def _sets(session: WriteSession, sql: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for run_id, value in session.rows(sql):
        found[run_id].add(value)
    return found


def _amounts(session: WriteSession, sql: str) -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for run_id, name, amount in session.rows(sql):
        found[run_id][name] = amount
    return {run_id: without_zeros(amounts) for run_id, amounts in found.items()}


def _configured(settings: Settings | None, folders: Sequence[str]) -> str | None:
    """The configured deployment in whose results folder one of these lies."""
    for deployment in settings.deployments if settings else ():
        roots = [settings.path(results) for results in deployment.results] if settings else []
        if any(PurePath(folder).is_relative_to(root) for folder in folders for root in roots):
            return deployment.name
    return None


def _project(folder: str) -> str | None:
    """The project of a folder that LEAN's command line made: `<project>/live/<time>`."""
    path = PurePath(folder)
    is_made_so = path.parent.name == "live" and _STARTED_AT.match(path.name) is not None
    return str(path.parent.parent) if is_made_so else None


def _number(folders: Sequence[str], algorithm_id: str) -> int | None:
    """The number before the algorithm id in a folder's name (`2-L-3100000002`)."""
    numbers = [
        int(found[1])
        for folder in folders
        if (found := _NUMBERED.fullmatch(PurePath(folder).name)) and found[2].startswith(algorithm_id)
    ]
    return min(numbers, default=None)
