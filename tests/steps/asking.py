"""What the tests of the steps ask the warehouse.

Holds: a query's rows.
Belongs here: looking, for tests of several steps.
Never here: making or changing rows.
"""

from __future__ import annotations

from typing import Any

from warehouse.access import Warehouse


def ask(warehouse: Warehouse, sql: str, *params: object) -> list[tuple[Any, ...]]:
    """The rows of a query on the warehouse's own file."""
    with warehouse.writer("look") as session:
        return session.rows(sql, params)
