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
import math
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pipelines.config import Settings, load_settings
from warehouse.access import WAIT_SECONDS, Warehouse, WriteSession

WIDTH_WITHOUT_TERMINAL = 220
"""Columns of a table in a pipe or a log, where nothing tells how wide the reader is."""

console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)
errors = Console(stderr=True, soft_wrap=True)


@dataclasses.dataclass
class Session:
    """What a command works with: the configuration (read when first asked for) and the wished form of output."""

    config_path: Path | None
    as_json: bool = False
    wait_seconds: float = WAIT_SECONDS
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

    @contextmanager
    def writing(self, purpose: str) -> Iterator[WriteSession]:
        """The one writing session. Raises Busy when another process does not finish within `--wait` seconds."""
        with self.warehouse.writer(f"tomking {purpose}", wait_seconds=self.wait_seconds) as writer:
            yield writer

    @contextmanager
    def reading(self) -> Iterator[WriteSession]:
        """A session on the published copy, for steps that only read: no lock, and DuckDB refuses to write through it."""
        warehouse = self.warehouse
        with warehouse.reader() as connection:
            yield WriteSession(connection, path=warehouse.published_path, raw=warehouse.raw)


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
    """A value JSON can carry: decimals, instants (UTC) and ids as text, bytes in hex, what is not a number as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if isinstance(value, Decimal):
        return exact(value)
    if isinstance(value, dt.datetime):
        return instant(value, "T")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Path | dt.timedelta | uuid.UUID):
        return str(value)
    return value


def instant(value: dt.datetime, separator: str = " ") -> str:
    """A point in time in UTC with Z and as many digits of the second as it has; one without a zone stays without."""
    in_utc = value if value.tzinfo is None else value.astimezone(dt.UTC)
    text = in_utc.replace(tzinfo=None).isoformat(separator)
    if "." in text:
        text = text.rstrip("0")
    return text if value.tzinfo is None else text + "Z"


def exact(value: Decimal) -> str:
    """A decimal without exponent and without the zeros a DECIMAL column pads it with."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def cell(value: Any) -> str:
    """A value as a table shows it; what is unknown is shown as a dash."""
    if isinstance(value, dt.datetime):
        return instant(value)
    simple = plain(value)
    if simple is None:
        return "–"
    return simple if isinstance(simple, str) else json.dumps(simple, ensure_ascii=False)


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 row, 2 rows."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def print_json(value: Any) -> None:
    """Print any value of ours as indented JSON."""
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def print_table(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows as a table for the eye: numbers to the right, instants to the second, measurements to six digits."""
    shown = [[cell(_brief(value)) for value in row] for row in rows]
    console.print(_table(title, columns, rows, shown))


def print_answer(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print the answer to a query: whole values in a table, or one value a line where the table would be too wide."""
    shown = [[cell(value) for value in row] for row in rows]
    title = f"{counted(len(rows), 'row')}"
    if not rows:
        console.print(f"{title} of {', '.join(columns)}", markup=False)
        return
    # Borders and padding take three characters a column and one more.
    width = 1 + sum(
        3 + max(cell_len(text) for text in (name, *texts)) for name, *texts in zip(columns, *shown, strict=True)
    )
    if sys.stdout.isatty() and width > console.width:
        _print_records(columns, shown)
        console.print(title)
        return
    # In a pipe nothing limits a line, and a query's values are worth more than a neat margin.
    Console(soft_wrap=True, width=None if sys.stdout.isatty() else max(width, len(title))).print(
        _table(title, columns, rows, shown)
    )


def _print_records(columns: Sequence[str], shown: Sequence[Sequence[str]]) -> None:
    name_width = max(cell_len(name) for name in columns)
    for number, texts in enumerate(shown, start=1):
        console.print(f"── row {number} ──", style="bold", markup=False)
        for name, text in zip(columns, texts, strict=True):
            console.print(f"{name:{name_width}}  {text}", markup=False, highlight=False)


def _table(
    title: str | None, columns: Sequence[str], rows: Sequence[Sequence[Any]], shown: Sequence[Sequence[str]]
) -> Table:
    """A table whose texts are shown as they are: a bracket in a value is no markup."""
    table = Table(title=Text(title) if title else None, title_justify="left", header_style="bold")
    for position, column in enumerate(columns):
        numeric = any(isinstance(row[position], int | float | Decimal) for row in rows)
        table.add_column(Text(column), justify="right" if numeric else "left", overflow="fold")
    for texts in shown:
        table.add_row(*(Text(text) for text in texts))
    return table


def _brief(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.replace(microsecond=0)
    return float(f"{value:.6g}") if isinstance(value, float) else value


def print_rows(session: Session, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows in the form the user asked for; without rows the title says it all."""
    if session.as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif rows:
        print_table(title, columns, rows)
    else:
        console.print(title, markup=False)


def print_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows as CSV with a header; what is unknown is an empty field, lists and maps are JSON."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_csv_field(plain(value)) for value in row] for row in rows)


def _csv_field(simple: Any) -> str:
    if simple is None:
        return ""
    return simple if isinstance(simple, str) else json.dumps(simple, ensure_ascii=False)


def warn(what: str, remedy: str) -> None:
    """Say on standard error what was done that the user may not have meant, and what to do about it."""
    errors.print(f"note  {what}\n  do    {remedy}", highlight=False, markup=False)


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
