"""Every table of the warehouse; importing this package registers them all on `Base.metadata`."""

from __future__ import annotations

from warehouse.models import ops
from warehouse.models.base import Base
from warehouse.models.derived import correlations, deployments, money, reconciliation, trades
from warehouse.models.records import (
    breaches,
    charts,
    contract_reference,
    diagnostics,
    fee_quotes,
    insights,
    instruments,
    journal,
    launches,
    market,
    optimizations,
    parameters,
    rehearsals,
    rolling_statistics,
    run_readings,
    run_starts,
    runs,
    shadow_days,
    source_code,
    statements,
    store_documents,
)

__all__ = [
    "Base",
    "breaches",
    "charts",
    "contract_reference",
    "correlations",
    "deployments",
    "diagnostics",
    "fee_quotes",
    "insights",
    "instruments",
    "journal",
    "launches",
    "market",
    "money",
    "ops",
    "optimizations",
    "parameters",
    "reconciliation",
    "rehearsals",
    "rolling_statistics",
    "run_readings",
    "run_starts",
    "runs",
    "shadow_days",
    "source_code",
    "statements",
    "store_documents",
    "trades",
]
