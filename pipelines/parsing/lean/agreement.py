"""What the files of one finished run say twice, held against each other.

Holds: counts of the state, totals of the statistics, the summary and the engine's trace, each against what is there.
Belongs here: a figure of one part of a run that another part must come to.
Never here: judging the run by it: a disagreement is named, everything that is there is kept.

LEAN writes most facts several times. A file of which something was cut out, and which is still valid JSON, contradicts
another one. Asked is only what every genuine finished run fulfils: a run that was killed, or goes on, is behind in some
of its files, and a reply of the cloud API leaves much out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipelines.parsing.lean import row_agreement as rows
from pipelines.parsing.lean.exact_json import state_instant
from pipelines.parsing.lean.log import EngineLog
from pipelines.parsing.lean.printed_statistics import parse_statistic
from pipelines.parsing.lean.result import LeanResult
from pipelines.parsing.lean.row_agreement import Contradiction
from pipelines.parsing.lean.spool import Batches
from pipelines.parsing.refusals import Refusal
from pipelines.transforms.runs.state import FINAL_STATUSES

Found = tuple[str, Refusal]
"""A file's name and what is missing in it."""

_ALWAYS_THERE = ("charts", "orders", "profitLoss", "statistics", "totalPerformance", "algorithmConfiguration")  # fmt: skip
_STATE = ("StartTime", "EndTime", "Status", "OrderCount", "LogCount", "InsightCount")
_CURVE, _BENCHMARK = "Strategy Equity", "Benchmark"
_BESIDE_BENCHMARK = frozenset({"Drawdown", "Exposure", "Capacity"})
"""Charts that the engine samples together with the benchmark."""
_WINDOWS = ("M1", "M3", "M6", "M12")
_MEMBER = {
    "statistics": "statistics",
    "runtime": "runtimeStatistics",
    "state": "state",
    "server": "serverStatistics",
    "trade": "totalPerformance.tradeStatistics",
    "portfolio": "totalPerformance.portfolioStatistics",
    "configuration": "algorithmConfiguration",
}
_STATISTIC = "STATISTICS:: "
_ONLY_IN_LOG = "OrderListHash "
_CENT = Decimal("0.005")
_ROUNDED = 0.0002
"""How far a sum of texts rounded to four decimals may be from the same sum elsewhere."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The parts of one run; `names` are those of its files by role."""

    main_name: str
    main: LeanResult
    orders: Batches
    events: Batches
    trades: Sequence[tuple[str, Batches]]
    messages: int
    engine: EngineLog | None
    insights: int
    summary: LeanResult | None
    is_live: bool
    names: Mapping[str, Sequence[str]]
    refused: Sequence[Found]
    """What was refused already: of a part with refused rows nothing is counted, they are named."""

    @property
    def state(self) -> Mapping[str, str]:
        """The state map of the main file."""
        return self.main.state

    @property
    def has_ended(self) -> bool:
        """Whether the engine wrote these files at its end: the state says so, or the block that comes last is there."""
        status = self.state.get("Status")
        if "Source" in self.state or (status and status not in FINAL_STATUSES):
            return False
        is_last = not self.is_live and self.main.has_performance
        return is_last or (bool(status) and bool(self.state.get("EndTime")))

    @property
    def has_begun(self) -> bool:
        """Whether the run came beyond its start: one that did not leaves most of its files empty."""
        return bool(self.main.statistics["statistics"])

    @property
    def event_names(self) -> Sequence[str]:
        """The files of events."""
        return [*self.names.get("order_events", ()), *self.names.get("day_order_events", ())]

    def name_of(self, role: str) -> str | None:
        """The file of a role, None where there is none."""
        return next(iter(self.names.get(role, ())), None)

    def is_unrefused(self, place: str) -> bool:
        """Whether no row of a part of the main file was refused."""
        return not any(name == self.main_name and (one.field or "").startswith(place) for name, one in self.refused)


def disagreements(run: Whole) -> Iterator[Found]:
    """What is missing in the files of a run, by what other files of it say; nothing of a run that has not ended."""
    if not run.has_ended:
        return
    yield from ((run.main_name, one) for one in _in_main(run))
    yield from _in_rows(run)
    yield from _in_lists(run)
    if run.summary is not None:
        yield from ((run.main_name, one) for one in _of_summary(run, run.summary))
    if run.engine is not None and (engine_name := run.name_of("engine_log")) is not None:
        yield from ((engine_name, one) for one in _in_engine_log(run, run.engine))
        if run.summary is None:
            yield from ((run.main_name, one) for one in _statistics_of_log(run, run.engine))


def _in_main(run: Whole) -> Iterator[Refusal]:
    """Members and charts that every finished result has."""
    lacking = []
    if run.state:
        # A result of before 2023 has no state; what else it had then is not asked.
        lacking += [f"$.{name}" for name in _ALWAYS_THERE if name not in run.main.members and not run.is_live]
        lacking += [f"$.state.{name}" for name in _STATE if not run.state.get(name)]
    charts = {key for member, key, _ in run.main.raw_members if member == "charts"}
    if run.has_begun and not run.is_live and charts:
        wanted = (_CURVE, _BENCHMARK) if charts & _BESIDE_BENCHMARK else (_CURVE,)
        lacking += [f"$.charts.{name}" for name in wanted if name not in charts]
    windows = {key for member, key, _ in run.main.raw_members if member == "rollingWindow" and key}
    for month in sorted({key.partition("_")[2] for key in windows}):
        lacking += [f"$.rollingWindow.{span}_{month}" for span in _WINDOWS if f"{span}_{month}" not in windows]
    for place in lacking:
        yield Refusal("a member is not there that every finished result has", field=place)


def _in_rows(run: Whole) -> Iterator[Found]:
    orders, lacking = rows.order_rows(run.orders)
    main, event_name = run.main_name, run.event_names[0] if len(run.event_names) == 1 else run.main_name
    yield from ((main, one) for one in lacking)
    if run.is_unrefused(rows.ORDERS):
        yield from ((main, one) for one in rows.missing_orders(orders, run.main.orders_claimed))
        yield from ((main, one) for one in _order_count(run))
        if run.event_names and not any(name in run.event_names for name, _ in run.refused):
            events = rows.event_rows(run.events)
            found = [*rows.missing_events(orders, events), *rows.lacking_events(run.events)]
            yield from ((event_name, one) for one in found)
            if not found and run.is_unrefused(rows.BOOKED):
                yield from ((main, one) for one in rows.missing_profits(events, run.main.profit_loss.height))
            yield from ((event_name, one) for one in _fees(run, rows.fees_by_currency(events)))
    if run.is_unrefused(rows.TRADES) and not run.is_live:
        yield from ((main, one) for one in _trades(run))
        yield from ((main, one) for one in rows.lacking_trades(batch for _, trades in run.trades for batch in trades))
    yield from ((main, one) for one in _equity(run))


def _order_count(run: Whole) -> Iterator[Refusal]:
    for name in ("Total Orders", "Total Trades"):
        claimed = _count(run.main.statistics["statistics"].get(name))
        if claimed is not None and claimed != len(run.orders) and not run.is_live:
            yield _counted(
                "there are other orders than the statistics count", f"$.statistics.{name}", len(run.orders), claimed
            )


def _fees(run: Whole, fees: Mapping[str, float]) -> Iterator[Refusal]:
    """The total of the statistics is the sum of the events where every fee is in the account's currency."""
    total = run.main.statistics["statistics"].get("Total Fees")
    own = run.main.configuration.account_currency if run.main.configuration else None
    if total is None or run.is_live or own is None or fees.keys() - {own}:
        return
    said, charged = parse_statistic(total)[0], Decimal(fees.get(own, 0.0))
    if said is not None and abs(abs(said) - charged) > _CENT + abs(charged) * Decimal("1e-9"):
        yield Contradiction(
            "the fees of the events do not come to the total of the statistics",
            field="$[*].orderFeeAmount",
            value=f"{charged:.2f} of {total}",
        )


def _trades(run: Whole) -> Iterator[Refusal]:
    count, profit, fees = rows.trade_totals(trades for _, trades in run.trades)
    said = run.main.statistics["trade"]
    claimed = _count(said.get("totalNumberOfTrades"))
    if claimed is not None and claimed != count:
        yield _counted("there are other closed trades than the statistics count", rows.TRADES, count, claimed)
        return
    for name, found in (("totalProfitLoss", profit), ("totalFees", fees)):
        number = parse_statistic(said.get(name, ""))[0]
        if number is not None and abs(float(number) - found) > _ROUNDED + abs(found) * 1e-9:
            place = f"$.totalPerformance.tradeStatistics.{name}"
            yield Contradiction(
                "the closed trades do not come to their total", field=place, value=f"{found:.4f} of {number}"
            )


def _equity(run: Whole) -> Iterator[Refusal]:
    """The last point of the curve is the equity at the end, which two lists of statistics name."""
    text = run.main.statistics["statistics"].get("End Equity")
    said = parse_statistic(text)[0] if text else None
    if said is None or run.is_live or run.main.equity.is_empty():
        return
    tolerance = max(Decimal("0.01"), abs(said) * Decimal("1e-6"))
    last = run.main.equity["close"][-1]
    if last is None or abs(Decimal(last) - said) > tolerance:
        yield Contradiction(
            "the equity curve does not end with the equity of the statistics",
            field="$.charts.Strategy Equity.series.Equity.values",
            value=f"{last} of {text}",
        )


def _in_lists(run: Whole) -> Iterator[Found]:
    """The state counts messages and insights; in a backtest one message more than the log ever gets."""
    log_name, insights_name = run.name_of("algorithm_log"), run.name_of("insights")
    if log_name is not None and run.has_begun:
        claimed = _count(run.state.get("LogCount"))
        expected = None if claimed is None else claimed - (0 if run.is_live else 1)
        if expected is not None and run.messages < expected:
            yield (
                log_name,
                _counted("there are fewer messages than the state counts", "$.state.LogCount", run.messages, expected),
            )
    claimed = _count(run.state.get("InsightCount"))
    place = insights_name or run.main_name
    is_beside = insights_name is not None or log_name is not None
    is_read = insights_name is None or not any(name == insights_name for name, _ in run.refused)
    if claimed is not None and claimed != run.insights and is_beside and is_read:
        yield (
            place,
            _counted("there are other insights than the state counts", "$.state.InsightCount", run.insights, claimed),
        )


def _in_engine_log(run: Whole, engine: EngineLog) -> Iterator[Refusal]:
    ended = state_instant(run.state.get("EndTime"))
    if ended is not None and (engine.newest_at is None or engine.newest_at < ended):
        yield Refusal("the trace breaks off before the run ends", field="$.state.EndTime", value=f"{ended:%FT%TZ}")


def _statistics_of_log(run: Whole, engine: EngineLog) -> Iterator[Refusal]:
    """The trace repeats every statistic."""
    known = {f"{name} {text}".partition("\n")[0] for name, text in run.main.statistics["statistics"].items()}
    for line in engine.reports:
        said = line.removeprefix(_STATISTIC)
        if line.startswith(_STATISTIC) and not said.startswith(_ONLY_IN_LOG) and said not in known:
            yield Refusal("a statistic of the engine's trace is missing", field="$.statistics", value=said)


def _of_summary(run: Whole, summary: LeanResult) -> Iterator[Refusal]:
    """The summary repeats every text of the result, and was written just before it."""
    if (own := _parameters(run.main)) != (theirs := _parameters(summary)):
        said = f"{len(own)} here, {len(theirs)} in the summary"
        yield Refusal("other parameters than in the summary", field="$.algorithmConfiguration.parameters", value=said)
    for section, texts in summary.statistics.items():
        main, place = run.main.statistics[section], f"$.{_MEMBER[section]}"
        if missing := [name for name in texts if name not in main]:
            said = f"{len(missing)}: {', '.join(missing)}"
            yield Refusal("figures of the summary are missing in the result", field=f"{place}.{missing[0]}", value=said)
        others = [name for name, text in texts.items() if main.get(name, text) != text]
        if others and section != "state":
            first = others[0]
            said = f"{len(others)}, the first {main[first]} and in the summary {texts[first]}"
            yield Contradiction("figures of the summary are others in the result", field=f"{place}.{first}", value=said)


def _parameters(result: LeanResult) -> Mapping[str, str]:
    return result.configuration.parameters if result.configuration else {}


def _counted(reason: str, place: str, there: int, claimed: int) -> Refusal:
    kind = Refusal if there < claimed else Contradiction
    return kind(reason, field=place, value=f"{there} of {claimed}")


def _count(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
