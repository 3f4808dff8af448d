"""Assets of deployments.

Holds: the watch over sets in force, the refresh of what runs, the report over the paper week, the checklist.
Belongs here: what the night has to say about deployments.
Never here: starting and stopping by hand (`jobs`).
"""

import dagster as dg
import polars as pl

from pipelines.defs.metadata import table
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import POOL, ask
from pipelines.steps.launches import log as launch_log
from pipelines.steps.launches.checklist import checklist as answers_of
from pipelines.steps.launches.deploying import Launcher
from pipelines.steps.launches.paper_week import paper_week as judge
from pipelines.steps.launches.refresh import refresh
from pipelines.steps.parameters.breaches import watch

LAUNCHES = (
    "select launch_id, deployment, state, parameter_set_id, refresh_state, run_state, disagreements, requested_by, why "
    "from marts.launches order by requested_at desc limit 20"
)


WATCHED = (
    "select rule_id, round(figure, 4) as figure, limit_value as most, is_broken, evidence, parameter_set_id, deployment, "
    "is_watched, in_force_since from marts.breach_watch order by is_broken desc, deployment, rule_id"
)
BREACHES = (
    "select rule_id, round(figure, 4) as figure, limit_value as most, action, parameter_set_id, to_set, evidence, actor, "
    "deployment, found_at, acknowledged_at from marts.breaches order by found_at desc, rule_id limit 20"
)


@dg.asset(deps=["lean_runs", "strategy_trades"], group_name="deployment", pool=POOL)
def breaches(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Sets in force beside their limits; one that broke a limit is rolled back, and the algorithm has to say so."""
    launcher = Launcher(warehouse.warehouse(), warehouse.settings(), lambda line: context.log.info("%s", line))
    outcome = watch(launcher)
    for found in outcome.breaches:
        context.log.warning(
            "%s: %s %s (%s); %s",
            found.deployment,
            found.parameter_set_id,
            found.action,
            "; ".join(found.broken),
            found.state,
        )
    return dg.MaterializeResult(
        metadata={
            "sets watched": dg.MetadataValue.int(outcome.watched),
            "rolled back": dg.MetadataValue.int(sum(found.action == "rolled_back" for found in outcome.breaches)),
            "unheard": dg.MetadataValue.int(outcome.unheard),
            "breaches": table(ask(warehouse, BREACHES)),
            "figures": table(ask(warehouse, WATCHED)),
        }
    )


@dg.asset(deps=["published_parameters"], group_name="deployment", pool=POOL)
def refreshed_deployments(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """Every running deployment, told to take the published set; its journal has to say that it did."""
    launcher = Launcher(warehouse.warehouse(), warehouse.settings(), lambda line: context.log.info("%s", line))
    launcher.look_after()
    with warehouse.warehouse().writer("what runs") as session:
        names = sorted({launch.deployment for launch in launch_log.running(session)})
        due = [name for name in names if launch_log.has_set(session, name)]
    outcomes = [refresh(launcher, name, by="schedule", why="nightly") for name in due]
    for outcome in outcomes:
        context.log.info("%s: %s %s", outcome.deployment, outcome.parameter_set_id, outcome.state)
    warehouse.warehouse().publish()
    return dg.MaterializeResult(
        metadata={
            "refreshed": dg.MetadataValue.int(len(outcomes)),
            "unheard": dg.MetadataValue.int(sum(one.state != "refresh_acknowledged" for one in outcomes)),
            "launches": table(ask(warehouse, LAUNCHES)),
        }
    )


@dg.asset(
    deps=["journal_entries", "fee_breaks", "day_totals", "refreshed_deployments"], group_name="deployment", pool=POOL
)
def readiness(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """The paper week of every paper deployment, and the checklist over the instance."""
    settings = warehouse.settings()
    with warehouse.warehouse().writer("readiness") as session:
        weeks = [judge(session, settings, one.name) for one in settings.deployments if one.mode == "paper"]
        answers = answers_of(session, settings)
    days = [
        (week.deployment, str(day.session_date), day.runs, day.fills, day.legs, day.open_breaks, day.wrong)
        for week in weeks
        for day in week.days
    ]
    columns = {
        "deployment": pl.String, "session": pl.String, "runs": pl.Int64, "fills": pl.Int64, "legs": pl.Int64,
        "open_breaks": pl.Int64, "wrong": pl.String,
    }  # fmt: skip
    listed = [(one.promise, "green" if one.passed else "red", one.question, one.detail) for one in answers]
    schema = dict.fromkeys(("promise", "state", "question", "detail"), pl.String)
    return dg.MaterializeResult(
        metadata={
            "paper weeks passed": dg.MetadataValue.int(sum(week.passed for week in weeks)),
            "paper weeks": table(pl.DataFrame(days, schema=columns, orient="row")),
            "checklist": table(pl.DataFrame(listed, schema=schema, orient="row")),
        }
    )
