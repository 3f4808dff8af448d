"""The nightly loop as an ordered list of stages.

Holds: the stages and the loop that runs them without an orchestrator.
Belongs here: the order, and what each stage reads.
Never here: the work of a stage (its own step) or schedules (pipelines.defs).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.config import Settings
from pipelines.steps.checks import run_checks
from pipelines.steps.ingest import IngestReport, ingest_paths
from pipelines.steps.jobs import job
from pipelines.steps.launches.deploying import Launcher
from pipelines.steps.lean.deployments import rebuild_deployments
from pipelines.steps.lean.journals import JournalOutcome, ingest_journals, link_journals
from pipelines.steps.lean.store_documents import ingest_documents
from pipelines.steps.market.prices import ingest_configured_prices
from pipelines.steps.parameters.acknowledgements import acknowledge
from pipelines.steps.parameters.breaches import watch
from pipelines.steps.parameters.calibrate import calibrate_due
from pipelines.steps.parameters.publishing import publish_due
from pipelines.steps.parameters.shadow import run_shadows
from pipelines.steps.reconciliation.reconcile import reconcile_days
from pipelines.steps.regimes.labels import recompute_regimes
from pipelines.steps.rehearsal.rehearse import rehearse_books
from pipelines.steps.retention import apply_retention
from pipelines.steps.rules import prove_rules
from pipelines.steps.statements.fetch import fetch_statements
from pipelines.steps.trades.quotes import quote_folder
from pipelines.steps.trades.strategy_trades import rebuild_trades
from warehouse.access import Warehouse, WriteSession

FETCHED = "fetched_statements"
"""What precedes the stages where connections are configured; also the name of its Dagster asset."""
WATCHED = "breaches"
"""What precedes calibration; also the name of its Dagster asset."""
Report = Callable[[int, int, str], None]
Stage = Callable[..., Any]
"""Takes the session and the settings; one that reads many things also takes a `Report`."""


def ingest_results(session: WriteSession, settings: Settings, progress: Report | None = None) -> IngestReport:
    """Read every folder of LEAN results: those of a deployment under its account, the others under none."""
    report = IngestReport.empty()
    claimed: set[Path] = set()
    for deployment in settings.deployments:
        folders = [folder for name in deployment.results if _holds_something(folder := settings.path(name))]
        claimed.update(folders)
        if folders:
            report += ingest_paths(
                session,
                settings,
                folders,
                account=deployment.account,
                rehearses=deployment.rehearses,
                progress=progress,
            )
    others = [folder for folder in settings.lean_results if _holds_something(folder) and folder not in claimed]
    return report + ingest_paths(session, settings, others, progress=progress) if others else report


def _holds_something(folder: Path) -> bool:
    """A results folder in which LEAN has not written yet is no news."""
    return folder.is_dir() and any(folder.iterdir())


def ingest_inbox(session: WriteSession, settings: Settings) -> IngestReport:
    """Read every statement in the inbox; a folder below it named like an account alias belongs to that account."""
    report = IngestReport.empty()
    if not settings.inbox.is_dir():
        return report
    loose = sorted(path for path in settings.inbox.iterdir() if path.is_file() and not path.name.startswith("."))
    if loose:
        report += ingest_paths(session, settings, loose, statements_only=True)
    for folder in sorted(path for path in settings.inbox.iterdir() if path.is_dir()):
        files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        if files:
            report += ingest_paths(session, settings, files, account=folder.name, statements_only=True)
    return report


def read_journals(session: WriteSession, settings: Settings) -> JournalOutcome:
    """Read the journals in the object store, join them to their runs, and note which sets were acknowledged."""
    outcome = ingest_journals(session, settings.object_store)
    ingest_documents(session, settings.object_store)
    link_journals(session)
    rebuild_trades(session, sorted(rebuild_deployments(session, settings)), data=quote_folder(settings))
    acknowledge(session)
    return outcome


STAGES: dict[str, Stage] = {
    "lean_runs": ingest_results,
    "statements": ingest_inbox,
    "journals": read_journals,
    "daily_prices": ingest_configured_prices,
    "fee_reconciliation": reconcile_days,
    "regimes": recompute_regimes,
    "parameter_sets": calibrate_due,
    "published_parameters": publish_due,
    "crisis_rehearsal": rehearse_books,
    "shadow_runs": run_shadows,
    "rules": prove_rules,
    "retention": apply_retention,
    "checks": lambda session, _settings: run_checks(session),
}
"""Name of each stage, also the name of its Dagster asset, in the order they run."""


@dataclass(frozen=True, slots=True)
class StageOutcome:
    """What a stage returned, under its name, and whether it changed the warehouse."""

    stage: str
    outcome: Any
    changed: bool


def run_stage(warehouse: Warehouse, settings: Settings, stage: str, progress: Report | None = None) -> StageOutcome:
    """Run one stage under the writer's lock; the published copy follows when it changed something.

    `progress` is for the stages that tell how far they are: `lean_runs`.
    """
    told = () if progress is None else (progress,)
    with warehouse.writer(f"nightly: {stage}") as session:
        outcome = STAGES[stage](session, settings, *told)
        return StageOutcome(stage, outcome, session.changed)


def run_stages(warehouse: Warehouse, settings: Settings, report: Report) -> list[StageOutcome]:
    """Run every stage in order; a stage that raises ends the loop."""
    outcomes = []
    if settings.connections:
        # Before any stage: no lock is held while a service is asked.
        outcomes.append(StageOutcome(FETCHED, fetch_statements(warehouse, settings, progress=report), False))
    for position, stage in enumerate(STAGES):
        report(position, len(STAGES), stage)
        if stage == "parameter_sets":
            # Outside of a stage too: a rollback waits for the algorithm's word, and calibration starts from what is left.
            outcomes.append(StageOutcome(WATCHED, watch(Launcher(warehouse, settings)), False))
        outcomes.append(run_stage(warehouse, settings, stage))
    report(len(STAGES), len(STAGES), "done")
    return outcomes


def run_nightly(warehouse: Warehouse, settings: Settings, report: Report) -> list[StageOutcome]:
    """Run every stage as the job `nightly`, recorded in `ops.jobs`."""
    with job(warehouse, "nightly"):
        return run_stages(warehouse, settings, report)
