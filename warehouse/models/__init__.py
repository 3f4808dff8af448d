"""Every table of the warehouse; importing this package registers them all on `Base.metadata`."""

from __future__ import annotations

from warehouse.models import ops
from warehouse.models.base import Base
from warehouse.models.derived import correlations, reconciliation, trades
from warehouse.models.records import journal, market, parameters, runs, statements

__all__ = [
    "Base",
    "correlations",
    "journal",
    "market",
    "ops",
    "parameters",
    "reconciliation",
    "runs",
    "statements",
    "trades",
]
