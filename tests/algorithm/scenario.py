"""Scenarios for the whole algorithm: seven recorded months with faults, and declared shocks on synthetic chains.

Holds: the shocks, runs with restarts, and what is read out of a run's journal to judge it.
Belongs here: making things happen, and facts about what happened.
Never here: assertions.

A shock takes the underlying's and VIX's real sessions around a day and prices a synthetic chain on them.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.algorithm.support import MAIN, STARTED, journal, publish
from tests.lean_double.data import DataFolder
from tests.lean_double.engine import Run, run
from tests.lean_double.synthetic import Session, sessions_of
from tests.shared import shared_path
from tomking.kernel.contracts import parse_tag
from tomking.kernel.groups import group_of
from tomking.kernel.parameters import ParameterSet, default_values, dump, parse
from tomking.kernel.sessions import next_session, previous_session

SHOCKS: Mapping[str, tuple[date, date]] = {
    "2018-02-05": (date(2018, 1, 16), date(2018, 3, 9)),
    "2020-03": (date(2020, 2, 10), date(2020, 4, 9)),
    "2024-08-05": (date(2024, 7, 8), date(2024, 8, 30)),
    "2025-04-04": (date(2025, 3, 10), date(2025, 5, 2)),
}
"""First and last session of each declared shock."""

CHANGES: Mapping[str, str] = {
    "strangle.entry_week": "0",
    "leap_ladder.max_open": "1",
    "strangle.min_iv_rank": "0",
    "strangle.range_most": "1",
    "strangle.delta_roll_untested": "1",
    "strangle.delta_close_tested": "1",
    "strangle.delta_exit": "1",
    "leap_ladder.vix_skip_below": "10",
}
"""What makes every kind of exit occur on the recorded quotes: an entry each week, in any market, held to its date."""

Lines = list[dict[str, Any]]


def lively(effective_from: date) -> ParameterSet:
    """The defaults with these changes."""
    return parse(
        dump(
            default_values() | dict(CHANGES),
            effective_from=effective_from,
            data_through=previous_session(effective_from),
            code_version="test",
            evidence={"why": "a scenario"},
        )
    )


def shock_sessions(name: str, ticker: str = "SPY", *, past: int = 60) -> list[Session]:
    """The sessions of a shock, with so many days before it that indicators have a past."""
    first, last = SHOCKS[name]
    prices = {day: (row[0], row[1], row[2], row[3]) for day, row in _market(f"{ticker.lower()}.csv").items()}
    vix = {day: (row[0], row[3]) for day, row in _market("vix.csv").items()}
    return sessions_of(prices, vix, first - timedelta(days=past), last)


def _market(name: str) -> dict[date, list[Decimal]]:
    with shared_path("samples", "market", name).open(newline="", encoding="ascii") as lines:
        rows = list(csv.reader(lines))
    return {date.fromisoformat(row[0]): [Decimal(text) for text in row[1:5]] for row in rows[1:]}


@dataclass(frozen=True)
class Played:
    """A scenario that was played: the processes it took, one after the other, and their journal."""

    runs: tuple[Run, ...]
    lines: Lines

    @property
    def orders(self) -> list[tuple[str, str, float, float | None]]:
        """(created, contract, quantity, limit) of every order, over all processes."""
        return [
            (
                order.created.isoformat(),
                order.symbol.value,
                float(order.quantity),
                float(order.group.limit_price if order.group is not None else order.limit_price or 0),
            )
            for one in self.runs
            for order in one.algorithm.transactions.orders.values()
        ]


def play(
    data: DataFolder | Path,
    store: Path,
    parameters: Mapping[str, str],
    *,
    restarts: Iterable[date] = (),
    published: ParameterSet | None = None,
    cash_left: Decimal | None = None,
) -> Played:
    """Run the algorithm; with `restarts` live, killed after each of those days and started again on the next session.

    `cash_left`: at the first restart all cash but this has been taken out of the account.
    """
    if published is not None:
        publish(store, published)
    found: list[Run] = []
    state: dict[str, Any] = {}
    settings = dict(parameters)
    stops: list[date | None] = [*restarts, None]
    for number, stop in enumerate(stops):
        found.append(
            run(
                MAIN,
                data,
                store,
                settings,
                algorithm_id=f"played{number}",
                started_at=STARTED + timedelta(hours=number),
                stop_after=stop,
                live=len(stops) > 1,
                **state,
            )
        )
        if found[-1].error or stop is None:
            break
        portfolio = found[-1].algorithm.portfolio
        held = {one.symbol.value: (one.holdings.exact_quantity, one.holdings.average_price) for one in portfolio.held()}
        cash = portfolio.cash if cash_left is None or number else cash_left
        state = {"holdings": held, "cash": cash}
        settings["start"] = next_session(stop).isoformat()
    return Played(tuple(found), journal(store))


@dataclass(frozen=True)
class Life:
    """A strategy trade as its fills and its end tell it; `ended` is None while it is alive.

    A 1-1-2 ends here with its first closing order: that takes the naked puts, and the hedge that is left takes no place.
    """

    trade_id: str
    strategy: str
    symbols: frozenset[str]
    opened: str
    ended: str | None
    ended_by: str | None


def lives(lines: Lines) -> list[Life]:
    """Every trade that was opened, in order."""
    opened: dict[str, str] = {}
    strategy: dict[str, str] = {}
    symbols: dict[str, set[str]] = defaultdict(set)
    ends: dict[str, tuple[str, str]] = {}
    for line in lines:
        tag = parse_tag(line.get("tag"))
        if line["kind"] == "order_event" and line["status"] == "filled" and tag is not None and tag.action == "open":
            opened.setdefault(tag.trade_id, line["time"])
            strategy[tag.trade_id] = tag.strategy
            symbols[tag.trade_id].add(line["symbol"])
        elif line["kind"] == "order_event" and line["status"] == "filled" and tag is not None:
            if tag.strategy == "one_one_two" and tag.action.startswith("close:"):
                ends.setdefault(tag.trade_id, (line["time"], "closed"))
        elif line["kind"] == "trade_ended":
            ends.setdefault(line["trade_id"], (line["time"], line["ended_by"]))
    return [
        Life(one, strategy[one], frozenset(symbols[one]), when, *(ends.get(one) or (None, None)))
        for one, when in opened.items()
    ]


def most_alive(found: list[Life]) -> tuple[Counter[str], Counter[str]]:
    """The most trades that were alive at one time: by strategy and product, and by correlation group."""
    moments = sorted(
        [(one.opened, 1, one) for one in found] + [(one.ended, -1, one) for one in found if one.ended is not None],
        key=lambda event: (str(event[0]), event[1]),
    )
    alive: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    most: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for _, step, one in moments:
        root = next(iter(one.symbols))[:6].strip()
        for counts, peaks, name in zip(alive, most, (f"{one.strategy} {root}", str(group_of(root))), strict=True):
            counts[name] += step
            peaks[name] = max(peaks[name], counts[name])
    return most


def refused_by_the_brokerage(played: Played) -> list[str]:
    """Messages of orders that the brokerage model does not take, which none of ours may be."""
    return [
        str(line["message"])
        for line in played.lines
        if line["kind"] == "order_event"
        and line["status"] == "invalid"
        and "NotSupported" in str(line.get("message"))
        and parse_tag(line.get("tag")) is not None
    ]
