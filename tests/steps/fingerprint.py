"""What a warehouse says, without what depends on when and from where it learnt it.

Holds: the content of every table and view as comparable rows, and the columns that are left out, each with its reason.
Belongs here: what "the same content" means.
Never here: reading runs, or expectations.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from warehouse.access import WriteSession

WHEN = frozenset({"learnt_at", "updated_at", "known_at", "computed_at", "created_at", "read_at"})
"""The moment of reading differs between any two readings."""

WHERE = frozenset({"source_path", "folder", "path", "paths"})
"""The same run may be read from a copy in another folder."""

READ_FROM = frozenset({("journal_entries", "sha256")})
"""An entry keeps the version of its growing file in which it was first seen; the entry itself never changes."""

BOOKKEEPING = frozenset({"files", "quarantine", "dirty_days", "checks"})
"""Views of the ledger, of refusals and of open work: they tell how the reading went, which is not the content."""

VERSIONS = frozenset({"run_files", "run_folders", "run_readings"})
"""Tables that keep every version and place ever read: more readings, more rows. Compared where the same was read."""

Content = dict[str, list[tuple[Any, ...]]]


def content(session: WriteSession, *, ignore: Collection[str] = VERSIONS) -> Content:
    """All rows of `records`, `derived` and `marts`, sorted; table and column names are part of it."""
    found: Content = {}
    for schema, table, columns in session.rows(
        "SELECT table_schema, table_name, list(column_name ORDER BY ordinal_position) FROM information_schema.columns "
        "WHERE table_schema IN ('records', 'derived', 'marts') GROUP BY ALL ORDER BY ALL"
    ):
        if table in ignore or (schema == "marts" and table in BOOKKEEPING):
            continue
        kept = [
            f'"{name}"' for name in columns if name not in WHEN and name not in WHERE and (table, name) not in READ_FROM
        ]
        # As text: values of any type, lists and structs too, are compared as they would be shown.
        listed = ", ".join(f"CAST({name} AS VARCHAR)" for name in kept)
        found[f"{schema}.{table}({', '.join(kept)})"] = session.rows(
            f'SELECT {listed} FROM {schema}."{table}" ORDER BY ALL'
        )
    return found


def differences(one: Content, other: Content) -> dict[str, tuple[list[Any], list[Any]]]:
    """By table, the rows that only one of two warehouses has; empty where both say the same."""
    found = {}
    for name in one.keys() | other.keys():
        mine, theirs = one.get(name, []), other.get(name, [])
        if mine != theirs:
            found[name] = (_without(mine, theirs)[:5], _without(theirs, mine)[:5])
    return found


def _without(rows: list[Any], others: list[Any]) -> list[Any]:
    left = list(others)
    only = []
    for row in rows:
        if row in left:
            left.remove(row)
        else:
            only.append(row)
    return only
