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

import polars as pl

from pipelines.parsing.lean import events as lean_events
from pipelines.parsing.lean.agreement import Whole, disagreements
from pipelines.parsing.lean.exact_json import state_instant
from pipelines.parsing.lean.files import RunBytes, in_todays_notation
from pipelines.parsing.lean.live import CashLine, HoldingLine
from pipelines.parsing.lean.log import (
    EngineLog,
    LogMessage,
    damage_in_algorithm_log,
    damage_in_engine_log,
    parse_algorithm_log,
    parse_engine_log,
    quit_called,
    with_levels,
)
from pipelines.parsing.lean.printed_statistics import parse_statistic
from pipelines.parsing.lean.raw_members import RawMember, RawMembers
from pipelines.parsing.lean.result import LeanConfiguration, LeanResult, parse_insights, parse_result
from pipelines.parsing.lean.row_agreement import Contradiction
from pipelines.parsing.lean.spool import Batches, Spool
from pipelines.parsing.lean.union import one_of_each, union_of_events, union_of_orders
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.transforms.runs.state import RunEvidence, decide_mode

PARSER_VERSION = "lean-4"
"""Goes up whenever the same bytes would give other rows."""

_DAY = dt.timedelta(days=1)
_SECTIONS = ("statistics", "runtime", "state", "server", "trade", "portfolio", "configuration")


@dataclass(frozen=True, slots=True)
class LeanRun:
    """One run, whole or as far as it has come. `refusals` are (file name, refusal), `unread` the files refused whole."""

    algorithm_id: str
    is_live: bool
    mode: str
    configuration: LeanConfiguration | None
    statistics: dict[str, dict[str, str]]
    orders: Batches
    """Rows of `lean_orders.SCHEMA`."""
    events: Batches
    """Rows of `lean_events.SCHEMA`."""
    trades: list[tuple[str, Batches]]
    """Rows of `lean_trades.SCHEMA` by the name of the file that lists them."""
    equity: pl.DataFrame
    """Rows of `lean_curves.EQUITY`."""
    profit_loss: pl.DataFrame
    """Rows of `lean_curves.PROFIT_LOSS`."""
    holdings: list[HoldingLine]
    cash: list[CashLine]
    messages: list[LogMessage]
    engine: EngineLog | None
    insights: int
    account_currency: str | None
    evidence: RunEvidence
    refusals: list[tuple[str, Refusal]] = field(default_factory=list)
    flaws: list[tuple[str, Refusal]] = field(default_factory=list)
    """What is damaged or missing though every row that is there could be read; (file name, what)."""
    unread: frozenset[str] = frozenset()
    raw_members: Iterable[RawMember] = ()
    """Charts and analysis of the main file, of a live run also of its day files, main file first. Take one at a time
    and do not keep their bytes."""

    @property
    def state_map(self) -> dict[str, str]:
        """The `state` map."""
        return self.statistics["state"]

    @property
    def missing_pieces(self) -> int:
        """How many of the flaws say that something was cut out or damaged."""
        return sum(not isinstance(flaw, Contradiction) for _, flaw in self.flaws)

    @property
    def fills(self) -> int:
        """How many events changed a position."""
        return int(self.events.keys["is_fill"].sum())

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

    @property
    def period(self) -> tuple[dt.date | None, dt.date | None]:
        """The first and last day simulated: as configured, else (older results) as the finished equity curve has it.

        Its first point is a midnight of the algorithm; where the last is one too, the day before it was the last.
        """
        found = self.configuration
        is_known = found is not None and found.period_start is not None
        if is_known or self.equity.is_empty() or not self.evidence.has_statistics or self.is_live:
            return (found.period_start, found.period_end) if found else (None, None)
        first, last = self.equity["sampled_at"][0], self.equity["sampled_at"][-1]
        over = (last - first) % _DAY
        is_midnight = min(over, _DAY - over) <= dt.timedelta(hours=1)  # clocks may have changed in between
        return first.date(), max(first.date(), (last - _DAY / 2 if is_midnight else last).date())

    def equity_at(self, name: str) -> Decimal | None:
        """`Start Equity` or `End Equity`; where there are no statistics yet, the first or last point of the curve."""
        text = self.statistics["statistics"].get(name)
        if text is not None:
            return parse_statistic(text)[0]
        if self.equity.is_empty():
            return None
        if name == "End Equity":
            return _decimal(self.equity["close"][-1])
        return _decimal(self.equity["open"][0] or self.equity["close"][0])


def assemble(algorithm_id: str, files: Sequence[RunBytes], *, is_live: bool, spool: Spool | None = None) -> LeanRun:
    """Put the files of one run together; what is large goes to the spool, which must stay open as long as the run.

    Raises `Refused` when there is no main file or it cannot be read.
    """
    spool = spool or Spool()
    files, refused_parts = in_todays_notation(files)
    main_file = next((file for file in files if file.role == "main"), None)
    if main_file is None:
        raise Refused(Refusal(f"the result {algorithm_id}.json is not there; put it beside the other files of its run"))
    main = parse_result(main_file.blocks(), spool)
    is_live = is_live or main.is_live
    collected = _Collected(spool, [(main_file.name, refusal) for refusal in main.refusals])
    for part, error in refused_parts:
        collected.refuse(part, error)
    days = collected.results(files, "day_minute", "day_10minute") if is_live else []
    results = [main, *(result for _, result in days)]
    events = collected.events(files, "order_events", "day_order_events")
    orders = union_of_orders([result.orders for result in results])
    statistics = {section: _newest_text(results, section) for section in _SECTIONS}
    engine = collected.engine(files)
    messages = with_levels(collected.messages(files), engine)
    insights = collected.insights(files)
    trades = [(name, result.trades) for name, result in (_ten_minutes(days) if is_live else [(main_file.name, main)])]
    summary = next((result for _, result in collected.results(files, "summary")), None)
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
        trades=trades,
        equity=_curve(results),
        profit_loss=main.profit_loss,
        holdings=main.holdings,
        cash=main.cash,
        messages=messages,
        engine=engine,
        insights=_claimed(statistics["state"].get("InsightCount"), insights),
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
        flaws=[
            *collected.damages,
            *disagreements(
                Whole(
                    main_name=main_file.name,
                    main=main,
                    orders=orders,
                    events=events,
                    trades=trades,
                    messages=len(messages),
                    engine=engine,
                    insights=insights,
                    summary=summary,
                    is_live=is_live,
                    names={file.role: [other.name for other in _of(files, file.role)] for file in files},
                    refused=collected.refusals,
                )
            ),
        ],
        unread=frozenset(collected.unread),
        raw_members=RawMembers([(main_file.name, main), *days]),
    )


class _Collected:
    """Reads the files beside the main one; what cannot be read is refused by itself."""

    def __init__(self, spool: Spool, refusals: list[tuple[str, Refusal]]) -> None:
        self._spool = spool
        self.refusals = refusals
        self.damages: list[tuple[str, Refusal]] = []
        self.unread: set[str] = set()

    def results(self, files: Iterable[RunBytes], *roles: str) -> list[tuple[str, LeanResult]]:
        found = []
        for file in _of(files, *roles):
            try:
                result = parse_result(file.blocks(), self._spool)
            except Refused as error:
                self.refuse(file, error)
            else:
                found.append((file.name, result))
                self.refusals += [(file.name, refusal) for refusal in result.refusals]
        return found

    def events(self, files: Iterable[RunBytes], *roles: str) -> Batches:
        found = [self._events(file) for file in _of(files, *roles)]
        return union_of_events([events for events in found if events is not None] or [self._no_events()])

    def _events(self, file: RunBytes) -> Batches | None:
        events, refusals = self._no_events(), list[Refusal]()
        try:
            for batch, refused in lean_events.parse_events(file.blocks()):
                events.append(batch)
                refusals += refused
        except Refused as error:
            self.refuse(file, error)
            return None
        events, doubles = one_of_each(events, ["order_id", "event_id"], lambda row: f"event {row['event_key']}")
        self.refusals += [(file.name, refusal) for refusal in (*refusals, *doubles)]
        return events

    def _no_events(self) -> Batches:
        return Batches(lean_events.SCHEMA, keys=lean_events.KEYS, distinct=lean_events.SYMBOLS, spool=self._spool)

    def insights(self, files: Iterable[RunBytes]) -> int:
        count = 0
        for file in _of(files, "insights"):
            try:
                count = parse_insights(file.data)
            except Refused as error:
                self.refuse(file, error)
        return count

    def engine(self, files: Iterable[RunBytes]) -> EngineLog | None:
        for file in _of(files, "engine_log"):
            data = file.data
            self.damages += ((file.name, damage) for damage in damage_in_engine_log(data))
            return parse_engine_log(data)
        return None

    def messages(self, files: Iterable[RunBytes]) -> list[LogMessage]:
        for file in _of(files, "algorithm_log"):
            data = file.data
            self.damages += ((file.name, damage) for damage in damage_in_algorithm_log(data))
            return parse_algorithm_log(data)
        return []

    def refuse(self, file: RunBytes, error: Refused) -> None:
        """Keep the run without this file."""
        self.refusals.append((file.name, error.refusal))
        self.unread.add(file.name)


def _of(files: Iterable[RunBytes], *roles: str) -> list[RunBytes]:
    return sorted((file for file in files if file.role in roles), key=lambda file: file.name)


def _ten_minutes(days: Iterable[tuple[str, LeanResult]]) -> list[tuple[str, LeanResult]]:
    # Only the ten-minute files list closed trades: each the exits of its own day.
    return [(name, result) for name, result in days if name.endswith("_10minute.json")]


def _newest_text(results: Sequence[LeanResult], section: str) -> dict[str, str]:
    """A section from the main file; where that has none (yet), from the newest file that has."""
    for result in (results[0], *reversed(results)):
        if found := result.statistics[section]:
            return dict(found)
    return {}


def _curve(results: Sequence[LeanResult]) -> pl.DataFrame:
    """The points of all files; of one that stands in several, the last file's."""
    if len(results) == 1:
        return results[0].equity
    together = pl.concat([result.equity for result in results])
    return together.unique(["sampled_at", "position"], keep="last").sort("sampled_at", "position")


def _claimed(text: str | None, counted: int) -> int:
    return max(counted, int(text) if text and text.isascii() and text.isdigit() else 0)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _evidence(
    *,
    results: Sequence[LeanResult],
    orders: Batches,
    events: Batches,
    state: dict[str, str],
    messages: list[LogMessage],
    engine: EngineLog | None,
    collected: _Collected,
    is_live: bool,
) -> RunEvidence:
    filled, seen = (rows.keys.filter(pl.col("is_filled")) for rows in (orders, events))
    without_event = filled.join(seen, on="order_id", how="anti")
    claimed = [count for result in results if (count := result.orders_claimed) is not None]
    return RunEvidence(
        is_live=is_live,
        status=state.get("Status", ""),
        has_end_time=bool(state.get("EndTime")),
        has_state=bool(state),
        has_statistics=any(result.statistics["statistics"] for result in results),
        has_events=len(events) > 0,
        # A reply about a backtest names its beginning only.
        may_end=state.get("Source") != "backtests/read",
        error=state.get("RuntimeError", ""),
        has_performance=any(result.has_performance for result in results),
        has_configuration=any(result.configuration for result in results),
        orders_present=len(orders),
        orders_claimed=max(claimed, default=None),
        filled_without_event=without_event.height,
        refused_rows=len(collected.refusals),
        quit_called=quit_called(messages) or (not messages and engine is not None and engine.quit_called),
        newest_at=_newest_at(
            results=results, orders=orders, events=events, state=state, engine=engine, is_live=is_live
        ),
    )


def _newest_at(
    *,
    results: Sequence[LeanResult],
    orders: Batches,
    events: Batches,
    state: dict[str, str],
    engine: EngineLog | None,
    is_live: bool,
) -> dt.datetime | None:
    """The newest wall-clock time in the files. A backtest's orders and events are in the time it simulates."""
    times = [state_instant(state.get("StartTime")), state_instant(state.get("EndTime"))]
    if engine is not None:
        times.append(engine.newest_at)
    if is_live:
        columns = [orders.keys["touched_at"], events.keys["occurred_at"], *(r.equity["sampled_at"] for r in results)]
        times += [_utc(column.max()) for column in columns]
    return max((moment for moment in times if moment is not None), default=None)


def _utc(moment: object) -> dt.datetime | None:
    return moment.astimezone(dt.UTC) if isinstance(moment, dt.datetime) else None
