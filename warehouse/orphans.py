"""Orphan checks: every declared reference, as a query for the rows that point nowhere.

Holds: checks generated from the models' `references`, and running them.
Belongs here: what a foreign key would have done.
Never here: checks of meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Column, Table

from warehouse.connections import quoted
from warehouse.models import Base

RUN = "run_id"
SAMPLE = 20
"""How many rows at fault a result shows."""


class Reads(Protocol):
    """Something that answers queries: a `WriteSession`, or a wrapped reader."""

    def rows(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        ...


@dataclass(frozen=True)
class OrphanCheck:
    """One reference, from `source` to `target` (both schema.table.column).

    `sql` gives the key of every row whose value stands nowhere in the target; a null refers to nothing.
    """

    name: str
    source: str
    target: str
    sql: str


@dataclass(frozen=True)
class OrphanResult:
    """The rows at fault: how many, and the first of them as texts."""

    name: str
    failures: int
    sample: tuple[tuple[str, ...], ...]


def orphan_checks() -> list[OrphanCheck]:
    """A check for each column that declares a reference, by name. Raises `LookupError` for a target nobody declares."""
    return [
        _check(table, column, str(column.info["references"]))
        for table in sorted(Base.metadata.tables.values(), key=lambda table: table.key)
        for column in table.columns
        if column.info.get("references")
    ]


def run_all(reads: Reads) -> list[OrphanResult]:
    """Run every check."""
    results = []
    for check in orphan_checks():
        failures = reads.rows(f"SELECT count(*) FROM ({check.sql})")[0][0]
        sample = reads.rows(f"SELECT * FROM ({check.sql}) LIMIT {SAMPLE}") if failures else []
        results.append(OrphanResult(check.name, failures, tuple(tuple(str(value) for value in row) for row in sample)))
    return results


def _check(table: Table, column: Column[Any], target: str) -> OrphanCheck:
    parent_name, _, parent_column = target.rpartition(".")
    parent = Base.metadata.tables.get(parent_name)
    if parent is None or parent_column not in parent.columns:
        raise LookupError(f"{table.key}.{column.name} refers to {target}, which no model declares")
    pairs = [(column.name, parent_column)]
    # An order number is unique within its run only: the pair is the reference.
    if parent_column != RUN and RUN in table.columns and RUN in parent.primary_key.columns:
        pairs.append((RUN, RUN))
    met = " AND ".join(f"p.{quoted(theirs)} = c.{quoted(ours)}" for ours, theirs in pairs)
    present = " AND ".join(f"c.{quoted(ours)} IS NOT NULL" for ours, _ in pairs)
    names = list(dict.fromkeys([*(key.name for key in table.primary_key.columns), *(ours for ours, _ in pairs)]))
    return OrphanCheck(
        name=f"orphans_{table.schema}_{table.name}_{column.name}",
        source=f"{table.key}.{column.name}",
        target=target,
        sql=f"SELECT {', '.join(f'c.{quoted(name)}' for name in names)} FROM {_sql_name(table)} c "
        f"WHERE {present} AND NOT EXISTS (SELECT 1 FROM {_sql_name(parent)} p WHERE {met})",
    )


def _sql_name(table: Table) -> str:
    return f"{quoted(table.schema or 'main')}.{quoted(table.name)}"
