"""The files a finished backtest leaves, in the order LEAN writes them.

Holds: `write_results`.
Belongs here: names, layout and completeness of the result folder.
Never here: figures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.lean_double.engine import Run
from tests.lean_double.orders import iso
from tests.lean_double.statistics import portfolio_texts, runtime_statistics, statistics, trade_figures

VERSION = "lean-double"


def write_results(run: Run, folder: Path) -> Path:
    """Write the result files of `run` into `folder`; the path of the main file."""
    folder.mkdir(parents=True, exist_ok=True)
    name = run.algorithm_id
    texts = statistics(run)
    _engine_log(run, folder / "log.txt", texts)
    _data_requests(run, folder)
    _messages(run, folder / f"{name}-log.txt")
    shared = _shared(run, texts)
    points = _equity_chart(run)
    _write(folder / f"{name}-summary.json", {"rollingWindow": {}, "charts": points, **shared, **_performance(run, [])})
    main = {
        "rollingWindow": {},
        "charts": _charts(run, points),
        "orders": {str(order.id): order.as_json() for order in run.algorithm.transactions.orders.values()},
        "profitLoss": run.algorithm.transactions.trades.profit_loss,
        **shared,
        **_performance(run, [trade.as_json() for trade in run.algorithm.transactions.trades.closed]),
        "analysis": [],
    }
    _write(folder / f"{name}.json", main)
    events = [event.as_json(name) for event in run.algorithm.transactions.events]
    if events:
        (folder / f"{name}-order-events.json").write_text(json.dumps(events, separators=(",", ":")), encoding="utf-8")
    _monitor_report(run, folder)
    return folder / f"{name}.json"


def _write(path: Path, document: Mapping[str, object]) -> None:
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False), encoding="utf-8")


def _shared(run: Run, texts: dict[str, str]) -> dict[str, object]:
    algorithm = run.algorithm
    return {
        "statistics": texts,
        "runtimeStatistics": dict(sorted(runtime_statistics(run).items())),
        "state": {
            "StartTime": iso(run.started_at.replace(microsecond=0)),
            "EndTime": iso(run.ended_at.replace(microsecond=0)),
            "RuntimeError": run.error,
            "StackTrace": run.stack_trace,
            "LogCount": str(len(algorithm.messages) + 3),
            "OrderCount": str(len(algorithm.transactions.orders)),
            "InsightCount": "0",
            "Name": algorithm.name,
            "Hostname": VERSION,
            "Status": run.status,
        },
        "serverStatistics": {
            "CPU Usage": "0.0%",
            "Used RAM (MB)": "0",
            "Total RAM (MB)": "0",
            "Hostname": VERSION,
            "LEAN Version": VERSION,
            "Up Time": "0d 00:00:00",
        },
        "algorithmConfiguration": {
            "name": algorithm.name,
            "tags": algorithm.tags,
            "accountCurrency": "USD",
            "brokerage": int(algorithm.brokerage),
            "accountType": 0,
            "parameters": run.parameters,
            "outOfSampleMaxEndDate": None,
            "outOfSampleDays": 0,
            "startDate": f"{algorithm.start_date}T00:00:00Z",
            "endDate": f"{algorithm.end_date}T23:59:59Z",
            "tradingDaysPerYear": 252,
        },
    }


def _performance(run: Run, closed: list[dict[str, object]]) -> dict[str, object]:
    blocks = {"tradeStatistics": trade_figures(run), "portfolioStatistics": portfolio_texts(run)}
    return {"totalPerformance": {**blocks, "closedTrades": closed}}


def _equity_chart(run: Run) -> dict[str, object]:
    points = []
    previous = float(run.start_cash)
    for moment, total in run.equity:
        value = float(total)
        points.append([int(moment.timestamp()), previous, max(previous, value), min(previous, value), value])
        previous = value
    series = {"name": "Equity", "unit": "$", "index": 0, "seriesType": 2, "values": points}
    return {"Strategy Equity": {"name": "Strategy Equity", "chartType": 0, "series": {"Equity": series}}}


def _charts(run: Run, equity: dict[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for chart in run.algorithm.charts.values():
        series = {
            one.name: {
                "name": one.name,
                "unit": one.unit,
                "index": 0,
                "seriesType": int(one.series_type),
                "values": one.values,
                "color": "",
                "scatterMarkerSymbol": "none",
            }
            for one in chart.series.values()
        }
        found[chart.name] = {"name": chart.name, "chartType": 0, "series": series}
    return found | equity


def _messages(run: Run, path: Path) -> None:
    algorithm = run.algorithm
    start = datetime.combine(algorithm.start_date, datetime.min.time())  # the log prints New York time without a zone
    lines = [(start, f"Launching analysis for {run.algorithm_id} with LEAN Engine {VERSION}")]
    lines += [(max(moment, start), text) for moment, text in algorithm.messages]
    if run.error:
        lines.append((algorithm.time, f"Runtime Error: {run.error}"))
    lines.append((algorithm.time, f"Algorithm Id:({run.algorithm_id}) completed"))
    path.write_text("".join(f"{moment:%Y-%m-%d %H:%M:%S} {text}\n" for moment, text in lines), encoding="utf-8")


def _engine_log(run: Run, path: Path, texts: dict[str, str]) -> None:
    stamp, last = (f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z" for moment in (run.started_at, run.ended_at))
    algorithm = run.algorithm
    lines = [
        f"{stamp} TRACE:: Engine.Main(): LEAN ALGORITHMIC TRADING ENGINE {VERSION} Mode: RELEASE (64bit)",
        f"{stamp} TRACE:: AlgorithmPythonWrapper(): Creating IAlgorithm instance.",
        f"{stamp} TRACE:: Dates: Start: {algorithm.start_date:%m/%d/%Y} End: {algorithm.end_date:%m/%d/%Y}",
    ]
    lines += [f"{stamp} ERROR:: {line}" for line in run.stack_trace.splitlines()]
    lines.append(f"{stamp} TRACE:: ")
    lines += [f"STATISTICS:: {name} {value}" for name, value in texts.items()]
    lines.append(f"{last} TRACE:: Engine.Main(): Analysis Completed and Results Posted.")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _stamp(run: Run) -> str:
    return f"{run.ended_at.astimezone(UTC):%Y%m%d%H%M%S}{run.ended_at.microsecond // 1000:03d}"


def _data_requests(run: Run, folder: Path) -> None:
    for word, wanted in (("succeeded", True), ("failed", False)):
        lines = [path for path, found in run.data.requests if found is wanted]
        text = "".join(f"{line}\n" for line in lines)
        (folder / f"{word}-data-requests-{_stamp(run)}.txt").write_text(text, encoding="utf-8")


def _monitor_report(run: Run, folder: Path) -> None:
    universe = [found for path, found in run.data.requests if "/universes/" in path]
    every = [found for _, found in run.data.requests]

    def share(found: list[bool]) -> float:
        return round(100 * found.count(False) / len(found), 0) if found else 0.0

    report = {
        "succeeded-data-requests-count": every.count(True),
        "failed-data-requests-count": every.count(False),
        "succeeded-universe-data-requests-count": universe.count(True),
        "failed-universe-data-requests-count": universe.count(False),
        "total-data-requests-count": len(every),
        "failed-data-requests-percentage": share(every),
        "total-universe-data-requests-count": len(universe),
        "failed-universe-data-requests-percentage": share(universe),
        "data-request-rates": [],
    }
    path = folder / f"data-monitor-report-{_stamp(run)}.json"
    path.write_text(json.dumps(report, separators=(",", ":")), encoding="utf-8")
