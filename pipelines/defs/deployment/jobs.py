"""Jobs that a person starts: deploy, stop, approve, roll back; and what goes by clock or sensor.

Holds: one job per action, with what it needs to be told as run configuration.
Belongs here: what `tomking deploy` and its neighbours do, from the UI.
Never here: the actions themselves (`pipelines.steps`).
"""

import dagster as dg

from pipelines.defs.resources import WarehouseResource
from pipelines.steps.launches.deploying import Launcher
from pipelines.steps.launches.refresh import refresh, roll_back
from pipelines.steps.parameters import publishing as parameters


class Told(dg.Config):
    """Which deployment, by whom and why; `parameter_set` names a set where the action takes one."""

    deployment: str
    by: str
    why: str = ""
    parameter_set: str | None = None


class Approval(dg.Config):
    """Which set is approved, by whom and why."""

    parameter_set: str
    by: str
    why: str = ""


def _launcher(context: dg.OpExecutionContext, warehouse: WarehouseResource) -> Launcher:
    return Launcher(warehouse.warehouse(), warehouse.settings(), lambda line: context.log.info("%s", line))


def _finish(context: dg.OpExecutionContext, warehouse: WarehouseResource, outcome: object) -> None:
    warehouse.warehouse().publish()
    context.log.info("%s", outcome)


@dg.op
def approve_set(context: dg.OpExecutionContext, config: Approval, warehouse: WarehouseResource) -> None:
    """Approve a proposed parameter set."""
    with warehouse.warehouse().writer("approve") as session:
        stored = parameters.approve(session, config.parameter_set, by=config.by, note=config.why)
    _finish(context, warehouse, f"{stored.set_id} approved by {config.by}")


@dg.op
def start_lean(context: dg.OpExecutionContext, config: Told, warehouse: WarehouseResource) -> None:
    """Start LEAN for a deployment."""
    launcher = _launcher(context, warehouse)
    outcome = launcher.deploy(config.deployment, by=config.by, why=config.why, reference=config.parameter_set)
    _finish(context, warehouse, outcome)


@dg.op
def refresh_lean(context: dg.OpExecutionContext, config: Told, warehouse: WarehouseResource) -> None:
    """Hand a running deployment its set; fails where the algorithm does not say that it applied it."""
    launcher = _launcher(context, warehouse)
    outcome = refresh(launcher, config.deployment, by=config.by, why=config.why, reference=config.parameter_set)
    _finish(context, warehouse, outcome)
    if outcome.state not in ("refresh_acknowledged", "published"):
        raise dg.Failure(f"{outcome.deployment}: {outcome.state} ({outcome.detail})")


@dg.op
def take_set_back(context: dg.OpExecutionContext, config: Told, warehouse: WarehouseResource) -> None:
    """Put the earlier set back into force, in the running algorithm too."""
    launcher = _launcher(context, warehouse)
    outcome = roll_back(
        launcher, config.deployment, by=config.by, why=config.why or "from the UI", to=config.parameter_set
    )
    _finish(context, warehouse, outcome)
    if outcome.state not in ("refresh_acknowledged", "published"):
        raise dg.Failure(f"{outcome.deployment}: {outcome.state} ({outcome.detail})")


@dg.op
def stop_lean(context: dg.OpExecutionContext, config: Told, warehouse: WarehouseResource) -> None:
    """Stop what runs for a deployment, in good order."""
    outcome = _launcher(context, warehouse).stop(config.deployment, by=config.by, why=config.why or "from the UI")
    _finish(context, warehouse, outcome)


@dg.job(description="Approve a proposed parameter set.")
def approve() -> None:
    """One step."""
    approve_set()


@dg.job(description="Start LEAN for a deployment: staged code, published set, a record of both.")
def deploy() -> None:
    """One step."""
    start_lean()


@dg.job(description="Hand a running deployment its parameter set and see it applied.")
def refresh_deployment() -> None:
    """One step."""
    refresh_lean()


@dg.job(description="Take the set in force back and see the earlier one applied.")
def rollback() -> None:
    """One step."""
    take_set_back()


@dg.job(description="Stop what runs for a deployment.")
def stop_deployment() -> None:
    """One step."""
    stop_lean()


refresh_deployments = dg.define_asset_job(
    "refresh_deployments",
    selection=dg.AssetSelection.assets("published_parameters", "refreshed_deployments"),
    description="Publish what was approved and tell every running deployment.",
)
paper_week = dg.define_asset_job(
    "paper_week",
    selection=dg.AssetSelection.assets("readiness"),
    description="Judge the last five sessions of every paper deployment, and the checklist.",
)
watch_sets = dg.define_asset_job(
    "watch_sets",
    selection=dg.AssetSelection.assets("breaches"),
    description="Look at the sets in force; one that broke a limit is rolled back and the running algorithm told.",
)
refresh_schedule = dg.ScheduleDefinition(
    job=refresh_deployments,
    name="refresh_before_the_open",
    cron_schedule="0 9 * * 1-5",
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="09:00 New York on weekdays: what was approved since the night is applied before the open.",
)
paper_week_schedule = dg.ScheduleDefinition(
    job=paper_week,
    name="paper_week_schedule",
    cron_schedule="0 10 * * 6",
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Saturday 10:00 New York: the week that ended on Friday.",
)
BY_HAND = (approve, deploy, refresh_deployment, rollback, stop_deployment)
BY_CLOCK = (refresh_deployments, paper_week, watch_sets)
SCHEDULES = (refresh_schedule, paper_week_schedule)
