"""Command: how far each strategy's entries come on recorded quotes, and what stopped the others.

`python -m tests.algorithm.funnel [--data DIR] [--parameter NAME=VALUE …] [--value ID=TEXT …]`: plays the algorithm on the
stand-in (the recorded seven months where no folder is named) and prints per strategy: sessions of the run, sessions on
its entry calendar, looks at a chain, what each look ended with, orders, openings, and how the trades ended.

Holds: the counts, made of a run's journal alone, and the command.
Belongs here: why a strategy did not trade.
Never here: a rule, an assertion.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MONTHS = {"start": "2019-12-02", "end": "2020-06-30"}
"""The months that the recorded quotes cover."""


@dataclass
class Funnel:
    """The way of one strategy's entries; `stopped` and `ended` count by reason, most frequent first."""

    strategy: str
    sessions: int
    on_calendar: int
    looked: int = 0
    planned: int = 0
    sent: int = 0
    opened: int = 0
    stopped: Counter[str] = field(default_factory=Counter)
    exits: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)


def funnels(lines: Sequence[Mapping[str, Any]], calendar: Mapping[str, int], sessions: int) -> dict[str, Funnel]:
    """Every strategy's funnel from journal lines; `calendar` says on how many sessions each may look for an entry."""
    found = {name: Funnel(name, sessions, days) for name, days in calendar.items()}
    opened: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        strategy = str(line.get("strategy") or str(line.get("tag") or "").split("|")[1:2] or "")
        one = found.get(strategy)
        if one is not None:
            _count(one, line)
        if line["kind"] == "order_event" and line["status"] == "filled":
            parts = str(line.get("tag") or "").split("|")
            if len(parts) == 4 and parts[3] == "open":
                opened[parts[1]].add(parts[2])
    for name, trades in opened.items():
        if name in found:
            found[name].opened = len(trades)
    return found


def _count(one: Funnel, line: Mapping[str, Any]) -> None:
    kind, action, reason = line["kind"], str(line.get("action") or ""), str(line.get("reason") or "")
    if kind == "decision" and action == "plan":
        one.looked += 1
        one.planned += 1
    elif kind == "decision" and action == "pass":
        one.looked += 1
        one.stopped[f"pass: {reason}"] += 1
    elif kind == "decision" and action == "abandon":
        one.stopped[f"abandoned: {reason}"] += 1
    elif kind == "refused":
        if line.get("trade_id") is None:
            one.looked += 1
        one.stopped[f"refused: {line['rule']}"] += 1
    elif kind == "order_sent" and action == "open" and str(line.get("attempt")) == "1":
        one.sent += 1
    elif kind == "order_sent" and action.startswith("close") and str(line.get("attempt")) == "1":
        one.exits[action] += 1
    elif kind == "trade_ended":
        one.ended[str(line["ended_by"])] += 1


def calendar_days(
    names: Sequence[str], values: Mapping[str, str], first: date, last: date, equity: Decimal
) -> tuple[dict[str, int], int]:
    """Sessions of each strategy's entry calendar, and all sessions, between two days."""
    from tomking.kernel.sessions import is_session  # noqa: PLC0415 - the import path is only complete in the command
    from tomking.strategies.registry import make_strategies  # noqa: PLC0415

    days = [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]
    sessions = [day for day in days if is_session(day)]
    strategies = make_strategies(tuple(names), values)
    return {one.name: sum(one.may_enter_on(day, equity) for day in sessions) for one in strategies}, len(sessions)


def text_of(found: Mapping[str, Funnel]) -> str:
    """The funnels as lines to read."""
    rows = []
    for one in found.values():
        rows.append(
            f"{one.strategy}: {one.sessions} sessions, {one.on_calendar} on its calendar, {one.looked} looks at a chain, "
            f"{one.planned} planned, {one.sent} sent, {one.opened} opened"
        )
        for title, counts in (("stopped", one.stopped), ("exits asked", one.exits), ("ended by", one.ended)):
            if counts:
                rows.append(f"    {title}: " + ", ".join(f"{name} {count}" for name, count in counts.most_common()))
    return "\n".join(rows)


def play(data: Path, settings: Mapping[str, str], changes: Mapping[str, str]) -> tuple[dict[str, Funnel], str]:
    """Run the algorithm on `data` and count; the second part is the run's error, empty without one."""
    from tests.algorithm.scenario import play as played  # noqa: PLC0415
    from tomking.adapters.settings import RunSettings  # noqa: PLC0415
    from tomking.kernel.parameters import default_values, dump, parse  # noqa: PLC0415
    from tomking.kernel.sessions import previous_session  # noqa: PLC0415

    run = RunSettings.read(settings.get)
    values = run.values(default_values() | dict(changes))
    published = None
    if changes:
        document = dump(
            default_values() | dict(changes), effective_from=run.start, data_through=previous_session(run.start),
            code_version="funnel", evidence={"why": "a question"},
        )  # fmt: skip
        published = parse(document)
    with tempfile.TemporaryDirectory() as folder:
        done = played(data, Path(folder), settings, published=published)
    calendar, sessions = calendar_days(run.strategies, values, run.start, run.end, run.cash)
    return funnels(done.lines, calendar, sessions), done.runs[-1].error


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the funnels; 1 where the run ended in an error."""
    from tests.lean_double.__main__ import _pair  # noqa: PLC0415
    from tests.lean_double.engine import install  # noqa: PLC0415
    from tests.lean_double.replay import unpacked_data  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="python -m tests.algorithm.funnel", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="data folder in LEAN's layout; the recorded months without one")
    parser.add_argument("--parameter", type=_pair, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--value", type=_pair, action="append", default=[], metavar="ID=TEXT", help="a rule's number")
    options = parser.parse_args(arguments)
    install()
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or unpacked_data(Path(folder))
        found, error = play(data, MONTHS | dict(options.parameter), dict(options.value))
    print(text_of(found))
    if error:
        print(error, file=sys.stderr)
    return 1 if error else 0


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "algorithm")]
    raise SystemExit(main())
