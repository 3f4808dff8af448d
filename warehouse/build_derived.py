"""The schemas that are rebuilt: `derived` tables and `marts` views.

Holds: which code fills which tables, the hash of that code, and the rebuild when it changed.
Belongs here: making the tables and views, and asking for their rows again.
Never here: the rows themselves (the steps make them, because the dirty days ask for it).
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Table

import tomking
from warehouse import catalogue, views_loader
from warehouse.models import Base
from warehouse.models.base import DERIVED, MARTS
from warehouse.session import WriteSession

PACKAGES = Path(__file__).parent.parent
"""Where `warehouse`, `pipelines` and `migrations` lie side by side, in a checkout and in an installed wheel."""
KERNEL = Path(tomking.__file__).parent / "kernel"

MODELS = Path(__file__).parent / "models"
SESSIONS_WITH_DATA = """
    SELECT session_date FROM records.order_events UNION SELECT session_date FROM records.statement_rows
"""
SESSIONS_WITH_PRICES = "SELECT DISTINCT session_date FROM records.daily_prices"


@dataclass(frozen=True)
class Domain:
    """A set of derived tables that one step fills.

    `models` is the module (a file of `warehouse/models/derived`) that declares the tables; `code` are patterns, below
    the packages, of the files that decide their rows; `sessions` selects the days to ask for after a rebuild.
    """

    name: str
    models: str
    code: tuple[str, ...]
    sessions: str


DOMAINS = (
    Domain(
        "reconciliation",
        "reconciliation.py",
        (
            "pipelines/transforms/**/*.py",
            "pipelines/steps/reconciliation/*.py",
        ),
        SESSIONS_WITH_DATA,
    ),
    Domain(
        "trades",
        "trades.py",
        ("pipelines/transforms/**/*.py", "pipelines/steps/trades/*.py", "pipelines/steps/kept_rows.py"),
        SESSIONS_WITH_DATA,
    ),
    Domain(
        "money",
        "money.py",
        ("pipelines/transforms/**/*.py", "pipelines/steps/accounting/*.py", "pipelines/steps/kept_rows.py"),
        SESSIONS_WITH_DATA,
    ),
    Domain(
        "deployments",
        "deployments.py",
        ("pipelines/transforms/**/*.py", "pipelines/steps/lean/deployments.py"),
        SESSIONS_WITH_DATA,
    ),
    Domain(
        "correlations",
        "correlations.py",
        ("pipelines/transforms/**/*.py", "pipelines/steps/regimes/*.py"),
        SESSIONS_WITH_PRICES,
    ),
)


def ensure(session: WriteSession, *, strict: bool = True) -> tuple[str, ...]:
    """Rebuild what other code made than the code of this release; returns the names of what was rebuilt.

    Where the form of a domain's tables changed they are dropped and created empty; where only the code that fills them
    did, their rows stay until the step has made them again, so that readers are never left with nothing. Either way
    the domain's sessions are marked dirty under its name. Views are created again whenever one of them or any table
    changed. All in one transaction. A view that cannot be created is a `SchemaError`; without `strict` it is left out
    (tests of other things).
    """
    recorded = dict(session.rows("SELECT name, code_hash FROM ops.builds"))
    current = code_hashes()
    if recorded == current:
        return ()
    with session.transaction():
        return _rebuild(session, recorded, current, strict)


@functools.cache
def code_hashes() -> dict[str, str]:
    """The hash of the code behind each domain and behind the views, as this process would build them."""
    hashes = {
        f"{DERIVED}.{domain.name}": f"{hash_of(_forms_of(domain))}-{hash_of(_files_of(domain))}" for domain in DOMAINS
    }
    hashes[MARTS] = hash_of(
        [*views_loader.FOLDER.rglob("*.sql"), *views_loader.MACROS.glob("*.sql"), *(MODELS / "derived").glob("*.py")]
    )
    return hashes


def _rebuild(session: WriteSession, recorded: dict[str, str], current: dict[str, str], strict: bool) -> tuple[str, ...]:
    session.execute(f"DROP SCHEMA IF EXISTS {MARTS} CASCADE")
    session.execute(f"CREATE SCHEMA IF NOT EXISTS {DERIVED}")
    rebuilt = []
    for domain in DOMAINS:
        name = f"{DERIVED}.{domain.name}"
        if recorded.get(name) != current[name]:
            if _form(recorded.get(name, "")) != _form(current[name]):
                _make_tables(session, domain)
            days = [day for (day,) in session.rows(f"SELECT DISTINCT session_date FROM ({domain.sessions})")]
            session.mark_dirty(domain.name, days, "the code that fills these rows changed")
            rebuilt.append(name)
    _drop_undeclared(session)
    session.execute(f"CREATE SCHEMA {MARTS}")
    failures = views_loader.create_views(session.connection, [*views_loader.read_views(), *views_loader.read_macros()])
    if failures and strict:
        raise views_loader.failed(failures)
    rebuilt.append(MARTS)
    _record(session, current, rebuilt)
    return tuple(rebuilt)


def _make_tables(session: WriteSession, domain: Domain) -> None:
    module = f"warehouse.models.derived.{domain.models.removesuffix('.py')}"
    tables = [table for table in catalogue.tables_of([DERIVED]) if _module_of(table.name) == module]
    for table in tables:
        session.execute(f'DROP TABLE IF EXISTS {DERIVED}."{table.name}"')
    for statement in catalogue.create_statements(tables):
        session.execute(statement)


def _drop_undeclared(session: WriteSession) -> None:
    """Drop derived tables that no model declares any more."""
    declared = {table.name for table in catalogue.tables_of([DERIVED])}
    found = session.rows(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = ?", [DERIVED]
    )
    for (name,) in found:
        if name not in declared:
            session.execute(f'DROP TABLE {DERIVED}."{name}"')


def _record(session: WriteSession, current: dict[str, str], rebuilt: Iterable[str]) -> None:
    session.execute("DELETE FROM ops.builds WHERE NOT list_contains(?::VARCHAR[], name)", [list(current)])
    for name in rebuilt:
        session.execute("INSERT OR REPLACE INTO ops.builds VALUES (?, ?, ?)", [name, current[name], session.now])


@functools.cache
def _modules_by_table() -> dict[str, str]:
    return {
        mapper.local_table.name: mapper.class_.__module__
        for mapper in Base.registry.mappers
        if isinstance(mapper.local_table, Table) and mapper.local_table.schema == DERIVED
    }


def _module_of(table: str) -> str | None:
    return _modules_by_table().get(table)


def _form(code_hash: str) -> str:
    """The part of a recorded hash that stands for the tables' declaration."""
    return code_hash.partition("-")[0]


def _forms_of(domain: Domain) -> list[Path]:
    return [MODELS / "derived" / domain.models, MODELS / "base.py"]


def _files_of(domain: Domain) -> list[Path]:
    files = [*_forms_of(domain), *KERNEL.rglob("*.py")]
    for pattern in domain.code:
        files.extend(PACKAGES.glob(pattern))
    return files


def hash_of(files: Iterable[Path]) -> str:
    """The hash of names and contents; the folder they lie in makes no difference."""
    digest = hashlib.sha256()
    for path in sorted(set(files), key=lambda path: (path.name, path.parts)):
        digest.update(path.name.encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
