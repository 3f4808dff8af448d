"""Dagster's view of the data checks.

Holds: one check op per asset over the checks of `pipelines.steps.checks`.
Belongs here: severities and the blocking rule.
Never here: the questions themselves.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from pipelines.defs.metadata import table
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import POOL
from pipelines.steps.checks import CheckOutcome, DataCheck, all_checks, run_checks

OPERATIONS = "nightly_report"
"""Checks of the system as a whole hang on the last asset of the loop, so they run when it is done."""
KNOWN_ASSETS = (
    "lean_runs",
    "fetched_statements",
    "statements",
    "daily_prices",
    "fee_reconciliation",
    "regimes",
    "breaches",
    "parameter_sets",
    "crisis_rehearsal",
    "rules",
)


def asset_of(check: DataCheck) -> str:
    """The asset a check is shown on."""
    return check.asset if check.asset in KNOWN_ASSETS else OPERATIONS


def build_checks() -> list[dg.AssetChecksDefinition]:
    """One check op per asset; wrong money blocks what comes after, suspicion only warns."""
    by_asset: dict[str, list[DataCheck]] = {}
    for check in all_checks():
        by_asset.setdefault(asset_of(check), []).append(check)
    return [_checks_of(asset, tuple(checks)) for asset, checks in by_asset.items()]


def _checks_of(asset: str, checks: tuple[DataCheck, ...]) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(check.name, asset=asset, description=check.about, blocking=check.severity == "error")
        for check in checks
    ]

    @dg.multi_asset_check(name=f"checks_of_{asset}", specs=specs, pool=POOL)
    def evaluate(warehouse: WarehouseResource) -> Iterator[dg.AssetCheckResult]:
        with warehouse.warehouse().writer(f"checks of {asset}") as session:
            outcomes = run_checks(session, checks)
        for outcome in outcomes:
            yield result_of(outcome, asset)

    return evaluate


def result_of(outcome: CheckOutcome, asset: str) -> dg.AssetCheckResult:
    """A check's outcome with a sample of the rows at fault."""
    metadata: dict[str, dg.MetadataValue[Any]] = {"rows at fault": dg.MetadataValue.int(outcome.failures)}
    if outcome.sample:
        sample = pl.DataFrame(list(outcome.sample), schema=dict.fromkeys(outcome.columns, pl.String), orient="row")
        metadata["sample"] = table(sample)
    severity = dg.AssetCheckSeverity.ERROR if outcome.severity == "error" else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        passed=outcome.passed, asset_key=asset, check_name=outcome.name, severity=severity, metadata=metadata
    )
