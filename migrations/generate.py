"""Draft a migration from what the models declare and the newest revision lacks.

`python -m migrations.generate NAME` writes `versions/<next number>_NAME.py`. The draft is read and, where rows have to
move, completed by hand. With `--again` the newest file is made anew, as long as no release carries it.

Holds: the drafting.
Belongs here: how a migration file looks.
Never here: anything that runs on a user's machine.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal
from unittest import mock

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations.ops import MigrateOperation, ModifyTableOps, UpgradeOps
from alembic.runtime.migration import MigrationContext
from duckdb_sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql import TIMESTAMP

from warehouse import migrate, migration_run
from warehouse.models import Base
from warehouse.models.base import MIGRATED_SCHEMAS

VERSIONS = migrate.SCRIPTS / "versions"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def main(arguments: list[str] | None = None) -> None:
    """Write the draft and print its path."""
    parser = argparse.ArgumentParser(prog="python -m migrations.generate", description=__doc__)
    parser.add_argument("name", help="what changes, in lower case with underscores: add_last_seen_to_files")
    parser.add_argument("--again", action="store_true", help="make the newest migration anew instead of a further one")
    given = parser.parse_args(arguments)
    if not _NAME.fullmatch(given.name):
        parser.error(f"not a name: {given.name!r}")
    known = sorted(VERSIONS.glob("[0-9][0-9][0-9][0-9]_*.py"))
    replaced = known.pop() if given.again and known else None
    before = known[-1].name[:4] if known else None
    number = f"{int(before or 0) + 1:04d}"
    target = VERSIONS / f"{number}_{given.name}.py"
    source = _source(given.name, number, before, drafted(before))
    if replaced is not None:
        replaced.unlink()
    target.write_text(source, encoding="utf-8")
    print(target)  # noqa: T201


def drafted(before: str | None) -> list[MigrateOperation]:
    """What turns a database at revision `before` into what the models declare."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "draft.duckdb"
        engine = migration_run.engine_for(path)
        with engine.begin() as connection:
            for schema in MIGRATED_SCHEMAS:
                connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
        if before is not None:
            migration_run.run(path, before)
        with engine.begin() as connection, _plain_schema_names():
            script = produce_migrations(_context(connection), Base.metadata)
        engine.dispose()
    assert script.upgrade_ops is not None
    return list(_flat(script.upgrade_ops.ops))


def _context(connection: sa.Connection) -> MigrationContext:
    return MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name in MIGRATED_SCHEMAS,
            "include_object": lambda found, _n, kind, _r, _o: (
                kind != "table" or (found.schema in MIGRATED_SCHEMAS and found.name != "alembic_version")
            ),
            "compare_type": _type_differs,
            "target_metadata": Base.metadata,
        },
    )


def _type_differs(_context: object, _found: object, _declared: object, found: object, declared: object) -> bool | None:
    """DuckDB has one text type, which reads back as a plain string; any other type is compared by Alembic."""
    return False if isinstance(found, sa.String) and isinstance(declared, sa.String) else None


@contextlib.contextmanager
def _plain_schema_names() -> Iterator[None]:
    """The dialect names schemas "database.schema", which would make every table look new."""

    def names(_self: Dialect, _connection: sa.Connection, **_options: object) -> list[str]:
        return list(MIGRATED_SCHEMAS)

    with mock.patch.object(Dialect, "get_schema_names", names):
        yield


def _flat(operations: Iterable[MigrateOperation]) -> Iterator[MigrateOperation]:
    for operation in operations:
        if isinstance(operation, ModifyTableOps):
            yield from operation.ops
        else:
            yield operation


def _source(name: str, number: str, before: str | None, operations: list[MigrateOperation]) -> str:
    functions: list[str] = []
    calls: list[str] = []
    for operation in operations:
        function = _function_name(operation, set(calls))
        calls.append(function)
        functions.append(f"def {function}() -> None:\n    {_rendered(operation)}\n")
    body = "\n".join(f"    {call}()" for call in calls) or "    pass"
    return "\n\n".join(
        [
            _HEAD.format(sentence=name.replace("_", " ").capitalize(), number=number, before=before),
            f'def upgrade() -> None:\n    """Bring the schema forward."""\n{body}\n',
            *functions,
        ]
    )


def _rendered(operation: MigrateOperation) -> str:
    code = render_python_code(UpgradeOps([operation]), render_item=_render_item)
    kept = [line for line in code.splitlines() if not line.strip().startswith("#")]
    return "\n".join(kept).strip()


def _render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    if kind == "type" and isinstance(item, TIMESTAMP):
        return f"sa.TIMESTAMP(timezone={item.timezone})"
    return False


def _function_name(operation: MigrateOperation, taken: set[str]) -> str:
    kind = type(operation).__name__.removesuffix("Op")
    table = getattr(operation, "table_name", "")
    plain = re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()
    base = f"_{plain}_{getattr(operation, 'schema', '') or ''}_{table}".rstrip("_")
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    return name


_HEAD = '''"""{sentence}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = {before!r}
branch_labels = None
depends_on = None

CHANGES_ROWS_OF: tuple[str, ...] = ()
"""Tables ("schema.table") whose number of rows this migration changes on purpose."""
'''


if __name__ == "__main__":
    main()
