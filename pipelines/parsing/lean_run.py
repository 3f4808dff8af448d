"""The files of one run, put together.

Holds: the union of main file, events, day files and logs of a run, and what it says about the run's state.
Belongs here: which file is the authority for which part.
Never here: reading from disk, the clock, or the warehouse.

A main file that cannot be read refuses the run. Any other file that cannot be read is refused by itself, and the run is
kept without it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.parsing.lean_events import LeanEvent, parse_events
from pipelines.parsing.lean_json import state_instant
from pipelines.parsing.lean_live import CashLine, HoldingLine, union_of_events, union_of_orders
from pipelines.parsing.lean_log import EngineLog, LogMessage, parse_algorithm_log, parse_engine_log, quit_called
from pipelines.parsing.lean_orders import LeanOrder
from pipelines.parsing.lean_result import (
    EquitySample,
    LeanConfiguration,
    LeanResult,
    LeanTrade,
    parse_insights,
    parse_result,
)
from pipelines.parsing.lean_statistics import parse_statistic
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.transforms.run_state import RunEvidence, decide_mode

PARSER_VERSION = "lean-1"
"""Goes up whenever the same bytes would give other rows."""

STORED_ONLY = frozenset({"summary", "hour", "data_monitor", "data_requests"})
"""Roles that are kept as bytes and not read: what they say stands in other files of the run."""

_SECTIONS = ("statistics", "runtime", "state", "server", "trade", "portfolio")


@dataclass(frozen=True, slots=True)
class RunBytes:
    """One file of a run: its role, its name relative to the run's folder, its bytes."""

    role: str
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class LeanRun:
    """One run, whole or as far as it has come. `refusals` are (file name, refusal), `unread` the files refused whole."""

    algorithm_id: str
    is_live: bool
    mode: str
    configuration: LeanConfiguration | None
    statistics: dict[str, dict[str, str]]
    orders: list[LeanOrder]
    events: list[LeanEvent]
    trades: list[tuple[str, int, LeanTrade]]
    equity: list[EquitySample]
    profit_loss: list[tuple[dt.datetime, Decimal]]
    holdings: list[HoldingLine]
    cash: list[CashLine]
    messages: list[LogMessage]
    engine: EngineLog | None
    insights: int
    account_currency: str | None
    evidence: RunEvidence
    refusals: list[tuple[str, Refusal]] = field(default_factory=list)
    unread: frozenset[str] = frozenset()

    @property
    def state_map(self) -> dict[str, str]:
        """The `state` map."""
        return self.statistics["state"]

    @property
    def started_text(self) -> str | None:
        """`state.StartTime` as written: part of the run's identity."""
        return self.state_map.get("StartTime") or None

    @property
    def lean_version(self) -> str | None:
        """The engine's version."""
        return self.statistics["server"].get("LEAN Version") or (self.engine.version if self.engine else None)

    @property
    def journal_key(self) -> str | None:
        """The journal the algorithm says it writes."""
        return self.statistics["runtime"].get("Journal") or self.statistics["statistics"].get("Journal")

    def equity_at(self, name: str) -> Decimal | None:
        """`Start Equity` or `End Equity`; where there are no statistics yet, the first or last point of the curve."""
        text = self.statistics["statistics"].get(name)
        if text is not None:
            return parse_statistic(text)[0]
        if not self.equity:
            return None
        return self.equity[0].open_value if name == "Start Equity" else self.equity[-1].close_value


def assemble(algorithm_id: str, files: Sequence[RunBytes], *, is_live: bool) -> LeanRun:
    """Put the files of one run together. Raises `Refused` when there is no main file or it cannot be read."""
    main_file = next((file for file in files if file.role == "main"), None)
    if main_file is None:
        raise Refused(Refusal(f"the main result file {algorithm_id}.json is not there"))
    main = parse_result(main_file.data)
    is_live = is_live or main.is_live
    collected = _Collected([(main_file.name, refusal) for refusal in main.refusals])
    days = collected.results(files, "day_minute", "day_10minute") if is_live else []
    results = [main, *(result for _, result in days)]
    events = collected.events(files, "order_events", "day_order_events")
    orders = union_of_orders(result.orders for result in results) if is_live else main.orders
    statistics = {section: _newest_text(results, section) for section in _SECTIONS}
    engine = collected.engine(files)
    messages = collected.messages(files)
    configuration = next((found.configuration for found in (main, *reversed(results)) if found.configuration), None)
    return LeanRun(
        algorithm_id=algorithm_id,
        is_live=is_live,
        mode=decide_mode(
            is_live=is_live,
            brokerage=engine.brokerage if engine else None,
            optimization_id=statistics["state"].get("OptimizationId"),
        ),
        configuration=configuration,
        statistics=statistics,
        orders=orders,
        events=events,
        trades=_trades(_ten_minutes(days) if is_live else [(main_file.name, main)]),
        equity=_curve(results) if is_live else main.equity,
        profit_loss=main.profit_loss,
        holdings=main.holdings,
        cash=main.cash,
        messages=messages,
        engine=engine,
        insights=_claimed(statistics["state"].get("InsightCount"), collected.insights(files)),
        account_currency=(configuration.account_currency if configuration else None) or main.account_currency,
        evidence=_evidence(
            results=results,
            orders=orders,
            events=events,
            state=statistics["state"],
            messages=messages,
            engine=engine,
            collected=collected,
            is_live=is_live,
        ),
        refusals=collected.refusals,
        unread=frozenset(collected.unread),
    )


class _Collected:
    """Reads the files beside the main one; what cannot be read is refused by itself."""

    def __init__(self, refusals: list[tuple[str, Refusal]]) -> None:
        self.refusals = refusals
        self.unread: set[str] = set()

    def results(self, files: Iterable[RunBytes], *roles: str) -> list[tuple[str, LeanResult]]:
        found = []
        for file in _of(files, *roles):
            try:
                result = parse_result(file.data)
            except Refused as error:
                self._refuse(file, error)
            else:
                found.append((file.name, result))
                self.refusals += [(file.name, refusal) for refusal in result.refusals]
        return found

    def events(self, files: Iterable[RunBytes], *roles: str) -> list[LeanEvent]:
        days = []
        for file in _of(files, *roles):
            try:
                events, refusals = parse_events(file.data)
            except Refused as error:
                self._refuse(file, error)
            else:
                days.append(events)
                self.refusals += [(file.name, refusal) for refusal in refusals]
        return union_of_events(days)

    def insights(self, files: Iterable[RunBytes]) -> int:
        count = 0
        for file in _of(files, "insights"):
            try:
                count = parse_insights(file.data)
            except Refused as error:
                self._refuse(file, error)
        return count

    def engine(self, files: Iterable[RunBytes]) -> EngineLog | None:
        return next((parse_engine_log(file.data) for file in _of(files, "engine_log")), None)

    def messages(self, files: Iterable[RunBytes]) -> list[LogMessage]:
        return next((parse_algorithm_log(file.data) for file in _of(files, "algorithm_log")), [])

    def _refuse(self, file: RunBytes, error: Refused) -> None:
        self.refusals.append((file.name, error.refusal))
        self.unread.add(file.name)


def _of(files: Iterable[RunBytes], *roles: str) -> list[RunBytes]:
    return sorted((file for file in files if file.role in roles), key=lambda file: file.name)


def _ten_minutes(days: Iterable[tuple[str, LeanResult]]) -> Iterable[tuple[str, LeanResult]]:
    # Only the ten-minute files list closed trades: each the exits of its own day.
    return [(name, result) for name, result in days if name.endswith("_10minute.json")]


def _trades(results: Iterable[tuple[str, LeanResult]]) -> list[tuple[str, int, LeanTrade]]:
    return [(name, number, trade) for name, result in results for number, trade in enumerate(result.trades)]


def _newest_text(results: Sequence[LeanResult], section: str) -> dict[str, str]:
    """A section from the main file; where that has none (yet), from the newest file that has."""
    for result in (results[0], *reversed(results)):
        if found := result.statistics[section]:
            return dict(found)
    return {}


def _curve(results: Iterable[LeanResult]) -> list[EquitySample]:
    points = {(sample.sampled_at, sample.position): sample for result in results for sample in result.equity}
    return [points[key] for key in sorted(points)]


def _claimed(text: str | None, counted: int) -> int:
    return max(counted, int(text) if text and text.isascii() and text.isdigit() else 0)


def _evidence(
    *,
    results: Sequence[LeanResult],
    orders: Sequence[LeanOrder],
    events: Sequence[LeanEvent],
    state: dict[str, str],
    messages: list[LogMessage],
    engine: EngineLog | None,
    collected: _Collected,
    is_live: bool,
) -> RunEvidence:
    filled = {event.order_id for event in events if event.status == "filled"}
    claimed = [count for result in results if (count := result.orders_claimed) is not None]
    return RunEvidence(
        is_live=is_live,
        status=state.get("Status", ""),
        has_end_time=bool(state.get("EndTime")),
        error=state.get("RuntimeError", ""),
        has_performance=any(result.has_performance for result in results),
        has_configuration=any(result.configuration for result in results),
        orders_present=len(orders),
        orders_claimed=max(claimed, default=None),
        filled_without_event=sum(order.status == "filled" and order.order_id not in filled for order in orders),
        refused_rows=len(collected.refusals),
        quit_called=quit_called(messages) or (not messages and engine is not None and engine.quit_called),
        newest_at=_newest_at(
            results=results, orders=orders, events=events, state=state, engine=engine, is_live=is_live
        ),
    )


def _newest_at(
    *,
    results: Sequence[LeanResult],
    orders: Sequence[LeanOrder],
    events: Sequence[LeanEvent],
    state: dict[str, str],
    engine: EngineLog | None,
    is_live: bool,
) -> dt.datetime | None:
    """The newest wall-clock time in the files. A backtest's orders and events are in the time it simulates."""
    times = [state_instant(state.get("StartTime")), state_instant(state.get("EndTime"))]
    if engine is not None:
        times.append(engine.newest_at)
    if is_live:
        times += [order.touched_at for order in orders]
        times += [event.occurred_at for event in events[-1:]]
        times += [sample.sampled_at for result in results for sample in result.equity[-1:]]
    return max((moment for moment in times if moment is not None), default=None)
