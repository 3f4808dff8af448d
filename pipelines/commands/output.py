"""How commands speak: tables, JSON, progress, errors.

Holds: the context every command shares and the printing helpers.
Belongs here: the form of output.
Never here: what is printed (each command knows that) or any work on data.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.config import Settings, load_settings
from warehouse.access import Warehouse

WIDTH_WITHOUT_TERMINAL = 220
"""Columns of a table in a pipe or a log, where nothing tells how wide the reader is."""

console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)
errors = Console(stderr=True, soft_wrap=True)


@dataclasses.dataclass
class Session:
    """What a command works with: the configuration (read when first asked for) and the wished form of output."""

    config_path: Path | None
    as_json: bool = False
    _settings: Settings | None = None

    @property
    def settings(self) -> Settings:
        """The configuration. Raises ConfigurationError with the command that makes one."""
        if self._settings is None:
            self._settings = load_settings(self.config_path)
        return self._settings

    @property
    def warehouse(self) -> Warehouse:
        """The instance's warehouse."""
        return Warehouse(self.settings.state_dir, backups_kept=self.settings.retention.backups)


pass_session = click.make_pass_decorator(Session)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--json` to a command; the value reaches the shared context."""

    def remember(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value:
            context.find_object(Session).as_json = True  # type: ignore[union-attr]

    return click.option(
        "--json", "as_json", is_flag=True, expose_value=False, callback=remember, help="print JSON instead of a table"
    )(command)


def plain(value: Any) -> Any:
    """A value JSON can carry: decimals and dates as text, dataclasses as objects."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return exact(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Path | dt.timedelta):
        return str(value)
    return value


def exact(value: Decimal) -> str:
    """A decimal without exponent and without the zeros a DECIMAL column pads it with."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def cell(value: Any) -> str:
    """A value as a table shows it; what is unknown is shown as a dash."""
    if value is None:
        return "–"
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    simple = plain(value)
    return simple if isinstance(simple, str) else json.dumps(simple, ensure_ascii=False)


def print_json(value: Any) -> None:
    """Print any value of ours as indented JSON."""
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def print_table(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows as a table; numbers to the right."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for position, column in enumerate(columns):
        numeric = any(isinstance(row[position], int | float | Decimal) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    console.print(table)


def print_rows(session: Session, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows in the form the user asked for."""
    if session.as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(title, columns, rows)


def print_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows as CSV with a header."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(["" if value is None else plain(value) for value in row] for row in rows)


@contextmanager
def progress_bar(label: str, *, quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar on standard error; yields `report(done, total, what)`. Silent with --json or without a terminal."""
    if quiet or not errors.is_terminal:
        yield lambda done, total, what: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=errors, transient=True) as progress:
        task = progress.add_task(label, total=None)

        def report(done: int, total: int, what: str) -> None:
            progress.update(task, completed=done, total=total, description=f"{label}: {what}")

        yield report
