"""The views and table macros users query: files in, schema `marts` out.

Holds: reading `warehouse/views/**/*.sql` and `warehouse/macros/*.sql` and creating them in an order that works.
Belongs here: the rules such a file follows.
Never here: the SQL of a view or macro.

A file `views/SUBJECT/NAME.sql` makes the view `marts.NAME`. It is either a bare query or a whole `CREATE [OR REPLACE] VIEW`.
A file `macros/NAME.sql` makes the table macro `marts.NAME(…)`, a view with arguments, by a whole
`CREATE OR REPLACE MACRO … AS TABLE`: what compares two runs is asked of two runs, never of every pair there is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from warehouse.connections import literal, quoted
from warehouse.errors import SchemaError
from warehouse.models.base import MARTS

FOLDER = Path(__file__).parent / "views"
MACROS = Path(__file__).parent / "macros"
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class View:
    """A view or table macro by its file.

    `name` within `marts`, `sql` as it is executed, `header` (grain and columns, from the leading comment; kept as the
    view's comment in the database), `path` for messages, `kind` as COMMENT ON names it.
    """

    name: str
    sql: str
    header: str
    path: Path
    kind: str = "VIEW"


@dataclass(frozen=True)
class Failure:
    """A view that cannot be created, and DuckDB's message on one line."""

    view: View
    message: str


def read_views(folder: Path = FOLDER) -> list[View]:
    """Every view of a folder, by name."""
    return [_read(path) for path in sorted(folder.rglob("*.sql"), key=lambda path: path.stem)]


def read_macros(folder: Path = MACROS) -> list[View]:
    """Every table macro of a folder, by name."""
    return [replace(_read(path), kind="MACRO TABLE") for path in sorted(folder.glob("*.sql"))]


def create_views(connection: duckdb.DuckDBPyConnection, views: list[View]) -> list[Failure]:
    """Create all views, whatever the order in which they use each other; returns those that cannot be created.

    A view that fails is tried again after the others as long as any other succeeds.
    """
    waiting = list(views)
    while waiting:
        failures = []
        for view in waiting:
            try:
                connection.execute(view.sql)
                connection.execute(f"COMMENT ON {view.kind} {MARTS}.{quoted(view.name)} IS {literal(view.header)}")
            except duckdb.Error as error:
                failures.append(Failure(view, " ".join(str(error).split())))
        if len(failures) == len(waiting):
            return failures
        waiting = [failure.view for failure in failures]
    return []


def failed(failures: list[Failure]) -> SchemaError:
    """The error that names each file and DuckDB's own message."""
    return SchemaError(
        "a view cannot be created",
        where=", ".join(str(failure.view.path) for failure in failures),
        why="; ".join(f"{failure.view.path.name}: {failure.message}" for failure in failures),
        remedy="mend the file; one that only uses another file of this list comes right by itself",
    )


def _read(path: Path) -> View:
    text = path.read_text(encoding="utf-8").strip().rstrip(";")
    header = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        header.append(line.removeprefix("--").removeprefix(" "))
    sql = text
    if not re.match(r"\s*create\b", _COMMENTS.sub(" ", text), re.IGNORECASE):
        sql = f"CREATE OR REPLACE VIEW {MARTS}.{quoted(path.stem)} AS\n{text}\n"
    return View(path.stem, sql, "\n".join(header), path)
