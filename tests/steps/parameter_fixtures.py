"""Sets, settings and journals that the tests of parameter steps share.

Holds: makers of stored sets, of an instance's settings, of journal segments.
Belongs here: what two or more of those tests need.
Never here: expectations.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from pipelines.config import DeploymentSettings, PathSettings, Settings
from pipelines.steps.parameters.log import add_event
from tomking.kernel.contracts import format_entry, journal_key
from tomking.kernel.parameters import ParameterSet, default_values, dump, parse
from warehouse.access import WriteSession
from warehouse.frames import frame
from warehouse.models.records.parameters import ParameterSetRow
from warehouse.models.records.runs import Run, RunStatistic

DEPLOYMENT = "paper-1"
BEGAN = dt.datetime(2019, 12, 2, 14, 30, tzinfo=dt.UTC)


def settings_in(root: Path, *, mode: str = "paper", deployments: tuple[str, ...] = (DEPLOYMENT,)) -> Settings:
    return Settings(
        root=root,
        paths=PathSettings(object_store="storage"),
        deployments=tuple(DeploymentSettings(name=name, mode=mode) for name in deployments),
    )


def make_set(
    effective_from: str, data_through: str, *, note: str = "", values: Mapping[str, str] | None = None
) -> ParameterSet:
    return parse(
        dump(
            {**default_values(), **(values or {})},
            effective_from=dt.date.fromisoformat(effective_from),
            data_through=dt.date.fromisoformat(data_through),
            code_version="test",
            evidence={"note": note},
            deployment=DEPLOYMENT,
        )
    )


def store_set(session: WriteSession, found: ParameterSet, *states: str) -> ParameterSet:
    row = {
        "sha256": found.sha256,
        "parameter_set_id": found.id,
        "deployment": found.deployment,
        "schema_version": found.schema,
        "document": found.document.decode(),
        "effective_from": found.effective_from,
        "data_through": found.data_through,
        "code_version": found.code_version,
        "evidence": "{}",
        "created_at": session.now,
    }
    session.insert_new(ParameterSetRow, frame(ParameterSetRow, [row]))
    for state in states:
        add_event(session, found.sha256, state, actor="test")
    return found


def applied_line(seq: int, found: ParameterSet, why: str = "start") -> str:
    return format_entry(
        seq,
        "parameters_applied",
        BEGAN + dt.timedelta(seconds=seq),
        set_id=found.id,
        sha256=found.sha256,
        why=why,
        effective_from=found.effective_from,
    )


def write_segment(root: Path, run: str, number: int, lines: list[str], *, deployment: str = DEPLOYMENT) -> Path:
    path = root / journal_key(deployment, run, number)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    return path


def store_run(
    session: WriteSession,
    run_id: str,
    *,
    algorithm_id: str,
    started_at: dt.datetime,
    source_path: str = "/elsewhere",
    journal: str | None = None,
    mode: str = "backtest",
) -> None:
    row = {
        "run_id": run_id,
        "algorithm_id": algorithm_id,
        "name": algorithm_id,
        "mode": mode,
        "state": "completed",
        "is_complete": True,
        "started_at": started_at,
        "insights": 0,
        "source_path": source_path,
        "main_sha256": "0" * 64,
        "parser_version": "test",
        "learnt_at": session.now,
        "updated_at": session.now,
    }
    session.insert(Run, frame(Run, [row]))
    if journal is not None:
        statistic = {"run_id": run_id, "section": "statistics", "name": "Journal", "value_text": journal}
        session.insert(RunStatistic, frame(RunStatistic, [statistic]))
