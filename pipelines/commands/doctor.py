"""`tomking doctor`: prove that an instance can work, and name the command that mends what cannot.

Holds: the examinations, each returning what was found and its remedy.
Belongs here: anything that would otherwise fail at night.
Never here: repairs.
"""

from __future__ import annotations

import datetime as dt
import os
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import click

from pipelines.commands.output import Session, json_option, pass_session, print_json, print_table
from pipelines.config import Settings
from pipelines.connections.credentials import how_to_store, look_up
from pipelines.errors import TomkingError
from warehouse.access import Warehouse

FREE_SPACE_FACTOR = 3
"""A backup and a published copy stand beside the warehouse while a new copy is written."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One examination: `ok`, what was found, and what to do if it is not well."""

    subject: str
    ok: bool
    found: str
    remedy: str = ""


@click.command("doctor")
@json_option
@pass_session
def doctor(session: Session) -> None:
    """Examine paths, versions, schema, locks, clock and LEAN's folders; exit code 1 if something needs mending."""
    findings = examine(session.settings, session.warehouse)
    if session.as_json:
        print_json(findings)
    else:
        rows = [
            ("ok" if item.ok else "MEND", item.subject, item.found, "" if item.ok else item.remedy) for item in findings
        ]
        print_table(None, ("", "subject", "found", "do"), rows)
    if not all(item.ok for item in findings):
        raise click.exceptions.Exit(1)


def examine(settings: Settings, warehouse: Warehouse) -> list[Finding]:
    """Every examination in the order a newcomer would mend them; one that raises is a finding of its own."""
    examinations: list[tuple[str, Callable[[], list[Finding]]]] = [
        ("versions", _versions),
        ("folders", lambda: _folders(settings)),
        ("LEAN", lambda: _lean(settings)),
        ("connections", lambda: _connections(settings)),
        ("schema", lambda: _schema(warehouse)),
        ("lock", lambda: _lock(warehouse)),
        ("published copy", lambda: _published(warehouse)),
        ("clock", lambda: _clock(warehouse)),
        ("disk", lambda: _disk(settings)),
    ]
    findings: list[Finding] = []
    for subject, examination in examinations:
        try:
            findings += examination()
        except TomkingError as error:
            findings.append(
                Finding(subject, False, f"{error.what}: {error.why or ''}", error.remedy or "see the message")
            )
        except OSError as error:
            findings.append(Finding(subject, False, str(error), "check the path and its permissions"))
    return findings


def _versions() -> list[Finding]:
    python = sys.version.split()[0]
    findings = [Finding("Python", (3, 11) <= sys.version_info[:2] <= (3, 13), python, "use Python 3.11, 3.12 or 3.13")]
    packages = ("duckdb", "duckdb-sqlalchemy", "sqlalchemy", "alembic", "polars", "dagster")
    return findings + [Finding(package, True, metadata.version(package)) for package in packages]


def _folders(settings: Settings) -> list[Finding]:
    written = [("state", settings.state_dir), ("object store", settings.object_store)]
    read = [("inbox", settings.inbox)]
    read += [("LEAN results", folder) for folder in settings.lean_results]
    read += [("results of " + item.name, settings.path(name)) for item in settings.deployments for name in item.results]
    return [_folder(subject, folder, os.R_OK | os.W_OK | os.X_OK) for subject, folder in written] + [
        _folder(subject, folder, os.R_OK | os.X_OK) for subject, folder in read
    ]


def _folder(subject: str, folder: Path, rights: int) -> Finding:
    quoted = shlex.quote(str(folder))
    if not folder.exists():
        return Finding(subject, False, f"{folder} is missing", f"mkdir -p {quoted}")
    if not folder.is_dir():
        return Finding(subject, False, f"{folder} is a file", "name a folder in tomking.toml")
    if not os.access(folder, rights):
        needed, right = ("written", "rwx") if rights & os.W_OK else ("read", "rx")
        return Finding(subject, False, f"{folder} cannot be {needed}", f"chmod u+{right} {quoted}")
    return Finding(subject, True, str(folder))


def _lean(settings: Settings) -> list[Finding]:
    findings = []
    if settings.paths.lean_data:
        folder = settings.path(settings.paths.lean_data)
        daily = folder / "equity" / "usa" / "daily"
        remedy = "point paths.lean_data at LEAN's data folder (it holds equity/usa/daily)"
        findings.append(Finding("LEAN data", daily.is_dir(), str(folder), remedy))
    for deployment in settings.deployments:
        main = settings.path(deployment.project) / "main.py"
        found = str(main) if main.is_file() else f"{main} is missing (only needed to start LEAN from here)"
        findings.append(Finding(f"project of {deployment.name}", True, found))
    command = shutil.which("lean")
    findings.append(
        Finding("lean command", True, command or "not installed (optional: only needed to start LEAN from here)")
    )
    return findings


def _connections(settings: Settings) -> list[Finding]:
    """Whether each account's statements are fetched, and where its credentials come from; no service is asked."""
    connected = {connection.account for connection in settings.connections}
    findings = []
    for account in settings.accounts:
        subject = f"connection of {account.alias}"
        if account.alias not in connected:
            findings.append(Finding(subject, True, "none: its statements are dropped in the inbox by hand"))
            continue
        found = look_up(account.alias, account.broker)
        told = [f"{name} from {source}" for name, source in found.sources.items()]
        told += [f"{name} is missing" for name in found.missing]
        remedy = how_to_store(account.alias, found.missing) if found.missing else ""
        findings.append(Finding(subject, not found.missing, f"{account.broker}: {', '.join(told)}", remedy))
    return findings


def _schema(warehouse: Warehouse) -> list[Finding]:
    state = warehouse.schema_state()
    remedy = "tomking init (a new instance) or any command that writes, which migrates it after a backup"
    return [Finding("schema", state.ok, state.description, state.remedy or remedy)]


def _lock(warehouse: Warehouse) -> list[Finding]:
    holder = warehouse.lock_holder()
    return [Finding("writer lock", True, f"held by {holder}" if holder else "free")]


def _published(warehouse: Warehouse) -> list[Finding]:
    with warehouse.reader() as connection:
        runs = connection.execute("select count(*) from marts.runs").fetchall()[0][0]
    return [Finding("published copy", True, f"{warehouse.published_path}, {runs} runs")]


def _clock(warehouse: Warehouse) -> list[Finding]:
    with warehouse.reader() as connection:
        newest = connection.execute("select max(last_seen_at) from ops.files").fetchall()[0][0]
    now = dt.datetime.now(dt.UTC)
    ok = newest is None or newest <= now + dt.timedelta(minutes=5)
    return [Finding("clock", ok, f"{now:%Y-%m-%d %H:%M:%SZ}", f"the warehouse has seen {newest}: set the clock")]


def _disk(settings: Settings) -> list[Finding]:
    free = shutil.disk_usage(_existing(settings.state_dir)).free
    file = settings.state_dir / "warehouse.duckdb"
    needed = FREE_SPACE_FACTOR * (file.stat().st_size if file.exists() else 0) + 100_000_000
    return [Finding("disk", free >= needed, f"{free / 1e9:.1f} GB free", f"free at least {needed / 1e9:.1f} GB")]


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)
