"""Everything Dagster serves.

Holds: `build_defs`, which assembles the domains, and `defs`, the default assembly.
Belongs here: assembly.
Never here: assets, checks or jobs themselves (pipelines.defs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from pipelines.defs.calibration import assets as calibration
from pipelines.defs.deployment import assets as deployment
from pipelines.defs.deployment import jobs as deployment_jobs
from pipelines.defs.deployment import sensors as deployment_sensors
from pipelines.defs.lean import assets as lean
from pipelines.defs.market import assets as market
from pipelines.defs.operations import assets as operations
from pipelines.defs.operations import checks, jobs, sensors
from pipelines.defs.reconciliation import assets as reconciliation
from pipelines.defs.regimes import assets as regimes
from pipelines.defs.rehearsal import assets as rehearsal
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.statements import assets as statements

DOMAINS = (lean, statements, market, reconciliation, regimes, calibration, rehearsal, deployment, operations)


def build_defs(overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The definitions, with resources replaced by `overrides` (tests bring an instance of their own)."""
    return dg.Definitions(
        assets=dg.load_assets_from_modules(DOMAINS),
        asset_checks=checks.build_checks(),
        jobs=[
            jobs.nightly,
            jobs.reopened_days,
            jobs.incoming_files,
            jobs.fetch,
            *deployment_jobs.BY_HAND,
            *deployment_jobs.BY_CLOCK,
        ],
        schedules=[jobs.nightly_schedule, jobs.morning_fetch, *deployment_jobs.SCHEDULES],
        sensors=[
            sensors.lean_results_sensor,
            sensors.inbox_sensor,
            sensors.reopened_days_sensor,
            deployment_sensors.breach_sensor,
            sensors.failure_alert,
        ],
        resources={"warehouse": WarehouseResource(), **(overrides or {})},
        # One process per run: a step per process would open and close the warehouse once each.
        executor=dg.in_process_executor,
    )


defs = build_defs()
