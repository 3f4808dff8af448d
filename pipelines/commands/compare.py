"""`tomking compare`: two runs side by side.

Holds: the command, its sections and the unified diff of changed source files.
Belongs here: how a comparison is shown.
Never here: how rows are aligned or trades paired (`warehouse/macros`).
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.output import Session, console, counted, json_option, pass_session, print_json, print_rows
from pipelines.steps.lean.run_lookup import RunName, find_run

if TYPE_CHECKING:
    from warehouse.session import WriteSession

MOST_ROWS = 40


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the comparison: the macro that answers it, the columns that are shown, what is shown of it in brief."""

    title: str
    macro: str
    columns: tuple[str, ...]
    brief: str = "WHERE differs"


SECTIONS = (
    Section("parameters", "compare_parameters", ("parameter", "value_a", "value_b")),
    Section("code", "compare_code", ("path", "change", "size_a", "size_b"), "WHERE change <> 'same'"),
    Section(
        "statistics",
        "compare_statistics",
        ("section", "statistic", "value_a", "value_b", "difference"),
        # The sections trade and portfolio tell the same with more digits.
        "WHERE differs AND section IN ('statistics', 'runtime') ORDER BY section DESC, statistic",
    ),
    Section("fees", "compare_fees", ("currency", "fee_a", "fee_b", "difference"), ""),
    Section(
        "equity at the end of each month",
        "compare_equity",
        ("day", "equity_a", "equity_b", "difference", "return_a", "return_b"),
        "QUALIFY row_number() OVER (PARTITION BY date_trunc('month', day) ORDER BY day DESC) = 1 ORDER BY day",
    ),
    Section(
        "trades",
        "compare_trades",
        (
            "matched",
            "session_date",
            "strategy",
            "kind",
            "trade_a",
            "trade_b",
            "price_a",
            "price_b",
            "ended_by_a",
            "ended_by_b",
            "fees_a",
            "fees_b",
            "profit_loss_a",
            "profit_loss_b",
        ),
    ),
)


@click.command("compare")
@click.argument("run_a")
@click.argument("run_b")
@click.option("--all", "show_all", is_flag=True, help="also what is the same in both, and every row")
@json_option
@pass_session
def compare(session: Session, run_a: str, run_b: str, show_all: bool) -> None:
    """Compare RUN_A with RUN_B (ids, names or folders): parameters, code, statistics, fees, equity, trades.

    Differences are B less A. Of what differs the first rows are shown; --all and --json give every row.
    """
    everything = show_all or session.as_json
    with session.reading() as reader:
        first, second = find_run(reader, run_a), find_run(reader, run_b)
        found = {section.macro: _rows(reader, section, first, second, everything) for section in SECTIONS}
        diff = code_diff(reader, first, second)
        without_code = [run for run in (first, second) if not _has_code(reader, run)]
    if session.as_json:
        parts = {
            section.macro.removeprefix("compare_"): [
                dict(zip(section.columns, row, strict=True)) for row in found[section.macro]
            ]
            for section in SECTIONS
        }
        print_json({"run_a": first, "run_b": second, **parts, "code_diff": diff})
        return
    console.print(f"a  {first}\nb  {second}", markup=False, highlight=False)
    for section in SECTIONS:
        _print(session, section, found[section.macro], show_all)
    for run in without_code:
        console.print(f"the source of {run} is not known: LEAN kept none with it", markup=False)
    if diff:
        click.echo("\n".join(diff))


def code_diff(session: WriteSession, first: RunName, second: RunName) -> list[str]:
    """Unified diff of every source file that differs, in order of path; a file that is no text is only named."""
    rows = session.rows(
        "SELECT c.path, c.sha256_a, c.sha256_b, a.text, b.text FROM marts.compare_code(?, ?) c "
        "LEFT JOIN records.source_files a ON a.sha256 = c.sha256_a "
        "LEFT JOIN records.source_files b ON b.sha256 = c.sha256_b WHERE c.change <> 'same' ORDER BY c.path",
        (first.run_id, second.run_id),
    )
    lines: list[str] = []
    for path, sha256_a, sha256_b, text_a, text_b in rows:
        if (sha256_a and text_a is None) or (sha256_b and text_b is None):
            lines.append(f"{path}: differs and is no text")
            continue
        lines += difflib.unified_diff(
            (text_a or "").splitlines(),
            (text_b or "").splitlines(),
            f"a/{path}" if sha256_a else "/dev/null",
            f"b/{path}" if sha256_b else "/dev/null",
            lineterm="",
        )
    return lines


def _rows(
    session: WriteSession, section: Section, first: RunName, second: RunName, everything: bool
) -> list[tuple[Any, ...]]:
    return session.rows(
        f"SELECT {', '.join(section.columns)} FROM marts.{section.macro}(?, ?) {'' if everything else section.brief}",
        (first.run_id, second.run_id),
    )


def _has_code(session: WriteSession, run: RunName) -> bool:
    return bool(session.rows("SELECT 1 FROM records.run_code WHERE run_id = ? LIMIT 1", (run.run_id,)))


def _print(session: Session, section: Section, rows: Sequence[Sequence[Any]], show_all: bool) -> None:
    if not rows:
        console.print(f"{section.title}: {'none' if show_all else 'nothing that differs'}", markup=False)
        return
    shown = rows if show_all else rows[:MOST_ROWS]
    more = f", the first {len(shown)}" if len(rows) > len(shown) else ""
    print_rows(session, f"{section.title}: {counted(len(rows), 'row')}{more}", section.columns, shown)
