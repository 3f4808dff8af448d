"""Every parser that reads bytes from outside, with files to begin from.

Holds: one target per kind of file: how its bytes are read, and where real ones lie.
Belongs here: a line for each new parser.
Never here: mutating (`mutations`), running (`harness`).

The contract of each: it returns, or it raises `Refused`. Anything else is a crash.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipelines.parsing.lean import analysis as lean_analysis
from pipelines.parsing.lean import charts as lean_charts
from pipelines.parsing.lean import eras as lean_eras
from pipelines.parsing.lean import insights as lean_insights
from pipelines.parsing.lean import journal, symbol_properties
from pipelines.parsing.lean import launch as lean_launch
from pipelines.parsing.lean import log as lean_log
from pipelines.parsing.lean import monitor as lean_monitor
from pipelines.parsing.lean import optimization as lean_optimization
from pipelines.parsing.lean import prices as lean_prices
from pipelines.parsing.lean import replies as lean_replies
from pipelines.parsing.lean import source_code as lean_code
from pipelines.parsing.lean import start as lean_start
from pipelines.parsing.lean.events import parse_events
from pipelines.parsing.lean.files import RunBytes
from pipelines.parsing.lean.result import parse_result
from pipelines.parsing.lean.run import assemble
from pipelines.parsing.prices import csv_files as price_csv
from pipelines.parsing.refusals import Refused
from pipelines.parsing.statements import formats as statement_formats
from pipelines.parsing.statements import unread_formats
from pipelines.parsing.statements.identity import identify_file
from tests.parsing.lean_ager import dump, hyphenated, load, mixed, pascal
from tests.shared import SHARED

DATA = Path(__file__).resolve().parent.parent / "data"
CRASHERS = Path(__file__).resolve().parent / "crashers"
_LARGEST_SEED = 200_000
_BLOCK = 777
"""Bytes handed to streaming readers at a time; small and odd, so that every value is cut somewhere."""

Reader = Callable[[bytes], object]


@dataclass(frozen=True)
class Target:
    """One kind of file. `readers` all get the same bytes."""

    name: str
    readers: tuple[Reader, ...]
    seeds: Callable[[], list[bytes]]


def check(target: Target, data: bytes) -> None:
    """Every reader takes the bytes or raises `Refused`; any other exception passes through."""
    for read in target.readers:
        with suppress(Refused):
            read(data)


def _blocks(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _BLOCK] for start in range(0, len(data), _BLOCK))


def _result(data: bytes) -> None:
    parse_result(_blocks(lean_eras.to_current(data)))


def _run(data: bytes) -> None:
    roles = ("main", "order_events", "insights", "engine_log", "algorithm_log", "orders", "portfolio")
    assemble("x", [RunBytes("main", "x.json", data)], is_live=False)
    for role in roles[1:]:
        files = [RunBytes("main", "x.json", _MAIN), RunBytes(role, f"x-{role}", data)]
        assemble("x", files, is_live=False)
    days = [RunBytes("main", "L-1.json", _STATUS), RunBytes("day_10minute", "L-1-2026-11-17_10minute.json", data)]
    run = assemble("L-1", days, is_live=True)
    _ = run.period, run.equity_at("Start Equity"), run.equity_at("End Equity"), list(run.raw_members)


def _events(data: bytes) -> None:
    list(parse_events(_blocks(lean_eras.to_current(data))))


def _replies(data: bytes) -> None:
    lean_eras.document_of(data)
    lean_eras.may_be_known(data)
    with suppress(Refused):
        lean_replies.with_parts(_MAIN, [lean_replies.part_of(data)])
    with suppress(Refused):
        list(parse_events([lean_replies.events_in(data)]))
    lean_replies.with_parts(data, [{"orders": b"{}"}])


def _insights(data: bytes) -> None:
    lean_insights.parse_insight_list(data)


def _current_insights(data: bytes) -> None:
    lean_insights.parse_insight_list(lean_eras.to_current(data))


def _charts(data: bytes) -> None:
    for name, chart in lean_charts.parse_charts(data).items():
        list(lean_charts.parse_chart(name, chart, []))


def _engine_log(data: bytes) -> None:
    engine = lean_log.parse_engine_log(data)
    lean_log.with_levels(lean_log.parse_algorithm_log(data), engine)
    lean_log.quit_called(lean_log.parse_algorithm_log(data))
    lean_start.parse_start(data)


def _optimizer(data: bytes) -> None:
    lean_optimization.is_optimizer_log(data)
    log = lean_optimization.parse_log(data)
    _ = lean_optimization.space_of(list(log.launched))
    lean_optimization.parse_parameters(data[:500].decode("utf-8", "replace"))


def _statement(data: bytes) -> None:
    for reader in statement_formats.READERS:
        reader.recognise(data)
        with suppress(Refused):
            file = reader.parse(data)
            identify_file(file, "main")
    unread_formats.name_of(data)
    statement_formats.reader_of(data)


def _prices(data: bytes) -> None:
    price_csv.sniff(data)
    price_csv.parse_price_csv(data, "x.csv")


def _lean_prices(data: bytes) -> None:
    for read in (
        lambda: lean_prices.parse_map_file(data, "spy"),
        lambda: lean_prices.parse_factor_file(data),
        lambda: lean_prices.parse_daily_zip(data, "SPY", scale=lean_prices.EQUITY_SCALE),
    ):
        with suppress(Refused):
            read()


def _found(*patterns: str, shared: str | None = None, limit: int = 6) -> list[bytes]:
    """The smallest files of these patterns in the repository's own data, and of `shared` where it is beside us."""
    files = [path for pattern in patterns for path in DATA.glob(pattern)]
    if shared is not None and SHARED.exists():
        files += SHARED.glob(shared)
    sized = sorted((path.stat().st_size, path) for path in files if path.is_file())
    return [path.read_bytes() for size, path in sized[:limit] if 0 < size <= _LARGEST_SEED]


def _results() -> list[bytes]:
    current = [
        path.read_bytes()
        for path in sorted(DATA.glob("runs/**/*.json"))
        if not path.name.endswith("order-events.json") and path.stat().st_size <= _LARGEST_SEED
    ]
    documents = [load(data) for data in current if lean_eras.is_result(data)]
    return [*current[:6], *(dump(age(document)) for document in documents[:4] for age in (pascal, mixed))]


def _event_files() -> list[bytes]:
    current = _found("runs/**/*order-events.json")
    return [*current, *(dump(hyphenated(load(data))) for data in current[:2])]


def _reply_files() -> list[bytes]:
    document = load(_MAIN)
    parts = {name: document[name] for name in ("charts", "statistics", "runtimeStatistics", "totalPerformance")}
    orders = [{**order, "events": []} for order in document["orders"].values()]
    backtest = {
        "backtestId": "0a1b",
        "status": "Completed.",
        "created": "2023-01-01 00:00:00",
        "parameterSet": [],
        **parts,
    }
    status = load(_STATUS)
    return [
        dump({"backtest": backtest, "success": True}),
        dump({"orders": orders, "length": len(orders), "success": True}),
        dump({"deployId": "L-1", "status": "Running", "launched": "2021-01-01 00:00:00", "LiveResults": {"results": pascal(status)}}),
        dump({"portfolio": {name: status[name] for name in ("holdings", "cash")}, "success": True}),
        dump(orders),
    ]  # fmt: skip


_MAIN = (DATA / "runs" / "combo" / "ComboLimitOrderAlgorithm.json").read_bytes()
_STATUS = (DATA / "runs" / "live" / "2-L-3100000002" / "L-3100000002.json").read_bytes()
_INSIGHT = {
    "id": "e0", "groupId": None, "sourceModel": "m", "generatedTime": 1520711961.5, "createdTime": 1520711961.5,
    "closeTime": 1520711962.5, "symbol": "BTCUSD XJ", "ticker": "BTCUSD", "type": "price", "reference": 9143.53,
    "referenceValueFinal": 0.0, "direction": "up", "period": 5.0, "magnitude": "0.025", "confidence": None, "weight": 1,
    "scoreIsFinal": False, "scoreMagnitude": "0", "scoreDirection": "0", "estimatedValue": "0", "tag": None,
}  # fmt: skip
_REPORT = {
    "succeeded-data-requests-count": 9, "failed-data-requests-count": 1, "total-data-requests-count": 10,
    "failed-data-requests-percentage": 10.0, "data-request-rates": [1.5, 2],
}  # fmt: skip
_ANALYSIS = [{"name": "Flat", "issue": "It is flat.", "sample": {"a": [1]}, "count": 2, "solutions": ["Trade."]}]
_LAUNCH = {"id": 1234567890, "container": "lean", "brokerage": {"name": "x", "token": "secret"}, "n": None}
_OPTIMIZER_LOG = (
    b"20261122 15:20:33.118 TRACE:: LeanOptimizer(0).PushNewResult(): ParameterSet: (fast:5,slow:20) backtestId 'a-b'\n"
    b"2026-11-22T15:20:33Z ERROR:: LeanOptimizer.Start(): failed\n"
)
_OPTIMIZER_SETTINGS = {"parameters": [{"name": "fast", "min": 1, "max": 5, "step": 1}]}
_PRICES = b"date,open,high,low,close\n2020-01-02,1.5,2,1,1.75\n2020-01-03,1.5,2,1,1.75\n"
_PROPERTIES = (
    b"market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size\n"
    b"usa,[*],equity,,USD,1,0.01,1\n"
)


def _as_json(*documents: object) -> Callable[[], list[bytes]]:
    return lambda: [json.dumps(document).encode() for document in documents]


def _price_files() -> list[bytes]:
    lean = "samples/lean-data/equity/usa"
    factors, maps = _found(shared=f"{lean}/factor_files/g*.csv"), _found(shared=f"{lean}/map_files/g*.csv")
    return [_PRICES, *factors, *maps, *_found(shared=f"{lean}/daily/*.zip", limit=2)]


def _optimizer_files() -> list[bytes]:
    folder = "runs/optimization/*"
    logs, settings = _found(shared=f"{folder}/log.txt"), _found(shared=f"{folder}/optimizer-config.json")
    return [_OPTIMIZER_LOG, *_as_json(_OPTIMIZER_SETTINGS)(), *logs, *settings]


def _statement_files() -> list[bytes]:
    return [
        *_found("statements/**/*.csv", "statements/**/*.xml"),
        *(
            data
            for broker in ("ibkr", "schwab", "tastytrade")
            for data in _found(shared=f"samples/{broker}/*", limit=3)
        ),
    ]


def _targets() -> Iterator[Target]:
    yield Target("results", (_result, lambda data: parse_result([data])), _results)
    yield Target("runs", (_run,), lambda: [*_results()[:8], *_event_files()[:2], *_reply_files()])
    yield Target("events", (_events,), _event_files)
    yield Target("replies", (_replies, _result), _reply_files)
    insights = _as_json([_INSIGHT], hyphenated([_INSIGHT]), [pascal(_INSIGHT)])
    yield Target("insights", (_insights, _current_insights), insights)
    yield Target("analysis", (lean_analysis.parse_analysis,), _as_json(_ANALYSIS))
    yield Target("charts", (_charts,), lambda: [*_found("runs/**/*second*.json", "runs/**/L-*.json"), _MAIN])
    yield Target("logs", (_engine_log,), lambda: _found("runs/**/*log.txt"))
    yield Target("optimizer", (_optimizer, lean_optimization.parse_configuration), _optimizer_files)
    reports = (lean_monitor.parse_report, lean_monitor.parse_requests)
    yield Target("monitor", reports, lambda: [*_as_json(_REPORT)(), b"equity/usa/daily/spy.zip\n"])
    yield Target("launch", (lean_launch.parse_settings, lean_launch.without_secrets), _as_json(_LAUNCH))
    yield Target("code", (lean_code.text_of,), lambda: [b"from AlgorithmImports import *\n", b"\xff\xfe\x00"])
    yield Target("journal", (journal.parse_segment,), lambda: _found("journal/**/*.jsonl"))
    yield Target("statements", (_statement,), _statement_files)
    yield Target("prices", (_prices, _lean_prices), _price_files)
    yield Target("properties", (symbol_properties.parse_symbol_properties,), lambda: [_PROPERTIES])


TARGETS = {target.name: target for target in _targets()}
