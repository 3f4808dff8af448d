"""The last assets of the loop: whether the rules hold, and what the night came to.

Holds: the proof of the rules, and the report that closes the nightly job.
Belongs here: a summary over all domains.
Never here: figures of its own (it only asks the views).
"""

import dagster as dg

from pipelines.defs.metadata import counts, table
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import NIGHTLY, POOL, ask, run
from pipelines.steps.jobs import begin_job, end_job

QUESTIONS = {
    "runs": "select mode, state, count(*) as runs, sum(fills) as fills from marts.runs group by all order by all",
    "fees": "select account, count(*) as legs, sum(modelled) as modelled, sum(expected) as expected, sum(charged) as charged "
    "from marts.fee_reconciliation group by all order by account",
    "breaks": "select account, cause, state, count(*) as breaks, max(age_days) as oldest_days from marts.breaks group by all order by all",
    "regimes": "select universe, session_date, regime, score, reason from marts.regimes "
    "qualify row_number() over (partition by universe order by session_date desc) = 1 order by universe",
    "parameter_sets": "select parameter_set_id, state, effective_from, acknowledged_at from marts.parameter_sets "
    "order by effective_from desc, parameter_set_id",
    "rules": "select * from marts.rule_score",
    "quarantine": "select file, line, field, reason from marts.quarantine where state = 'open' order by refused_at desc",
}


@dg.asset(deps=["journal_entries", "published_parameters", "strategy_trades"], group_name="operations", pool=POOL)
def rules(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Every rule fed a breach made up for it, with the values published last; what was traded judged by each rule."""
    outcome = run(context, warehouse, "rules")
    questions = {
        "score": "select * from marts.rule_score",
        "not kept": "select rule_id, is_called, is_proved, acted, violations from marts.rule_conformance where not is_kept",
        "violations": "select * from marts.rule_violations order by happened_at desc limit 50",
    }
    shown = {name: table(ask(warehouse, query)) for name, query in questions.items()}
    return dg.MaterializeResult(metadata={**counts(outcome), **shown})


@dg.asset(
    deps=[
        "journal_entries",
        "refreshed_deployments",
        "readiness",
        "strategy_trades",
        "fee_breaks",
        "day_totals",
        "rules",
        "crisis_rehearsal",
        "shadow_runs",
    ],
    group_name="operations",
    pool=POOL,
)
def nightly_report(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Runs, fees, breaks, regimes, parameter sets and quarantine as they stand after the loop; drops old raw bytes."""
    run(context, warehouse, "retention")
    if context.run.job_name == NIGHTLY:
        resource = warehouse.warehouse()
        end_job(resource, begin_job(resource, NIGHTLY, key=context.run.run_id), "succeeded")
    return dg.MaterializeResult(metadata={name: table(ask(warehouse, query)) for name, query in QUESTIONS.items()})
