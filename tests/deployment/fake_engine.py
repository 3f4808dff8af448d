"""A stand-in for `dotnet QuantConnect.Lean.Launcher.dll`, started as a process of its own.

Holds: reading the generated configuration as the engine does, a backtest on the stand-in for LEAN, a live loop that
takes command files and parameter sets, and the ways in which an engine goes wrong.
Belongs here: what is seen of the engine from outside: files, exit code, signals.
Never here: trading.

`behaviour.json` beside the launcher says what goes wrong: `{"start": "no_result"}`, `{"exit_code": 1}`,
`{"deaf": true}` (a live run that takes no command), `{"ignores_interrupt": true}`; `{"equity": [100000, 99000]}` is what
a live run is worth from now on, one point each time something is new. A live run looks at it again and again.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tomking.kernel.contracts import current_key, format_entry, journal_key
from tomking.kernel.parameter_book import Applied, ParameterBook, Refused

HEAD = "TRACE:: Engine.Main(): LEAN ALGORITHMIC TRADING ENGINE v2.5.0.0 Mode: RELEASE (64bit) Host: fake\n"
ENVIRONMENT_SEEN = "seen-environment.json"
CONFIGURATION_SEEN = "seen-configuration.json"
_LOOKS_EVERY = 0.02


def main(argv: list[str]) -> int:
    """Be the engine; the exit code."""
    if argv[0] != "QuantConnect.Lean.Launcher.dll" or argv[1] != "--config" or len(argv) != 3:
        print("usage: dotnet QuantConnect.Lean.Launcher.dll --config FILE")
        return 64
    if not Path("QuantConnect.Lean.Launcher.dll").is_file():
        print("the working directory is not the folder of the binaries")
        return 65
    behaviour = _told()
    configuration: dict[str, Any] = json.loads(Path(argv[2]).read_text(encoding="utf-8"))
    Path(ENVIRONMENT_SEEN).write_text(json.dumps(dict(os.environ)))
    Path(CONFIGURATION_SEEN).write_text(json.dumps(configuration))
    print(HEAD, end="", flush=True)
    if "print" in behaviour:
        print(configuration[behaviour["print"]], flush=True)
    if behaviour.get("start") == "no_result":
        print("Engine.Main(): Sorry we could not process this algorithm request.")
        return 1
    environment = configuration.get("environments", {}).get(configuration.get("environment"), {})
    if environment.get("live-mode") in (True, "true"):
        return _Live(configuration, behaviour).run()
    code = _backtest(configuration)
    return int(behaviour.get("exit_code", code))


def _told() -> dict[str, Any]:
    path = Path("behaviour.json")
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return found


def _backtest(configuration: dict[str, Any]) -> int:
    from tests.lean_double.engine import run  # noqa: PLC0415 - a live run needs none of it
    from tests.lean_double.results import write_results  # noqa: PLC0415

    finished = run(
        Path(configuration["algorithm-location"]),
        Path(configuration["data-folder"]),
        Path(configuration["object-store-root"]),
        configuration["parameters"],
        algorithm_id=configuration["algorithm-id"],
    )
    results = Path(configuration["results-destination-folder"])
    write_results(finished, results)
    log = results / "log.txt"
    log.write_text(f"{finished.started_at:%Y-%m-%dT%H:%M:%S}.0000000Z {HEAD}{log.read_text()}", encoding="utf-8")
    return 1 if finished.error else 0


class _Live:
    """A live run: applies the published set at the start and on each command, and says so in its journal."""

    def __init__(self, configuration: dict[str, Any], behaviour: dict[str, Any]) -> None:
        self._configuration, self._behaviour = configuration, behaviour
        self._results = Path(configuration["results-destination-folder"])
        self._store = Path(configuration["object-store-root"])
        self._parameters: dict[str, str] = configuration["parameters"]
        self._deployment = self._parameters["deployment"]
        self._book = ParameterBook(deployment=self._deployment)
        self._started = datetime.now(UTC)
        self._sequence = self._segment = 0
        self._stopping = False
        self._points: list[list[float]] = []

    def run(self) -> int:
        signal.signal(signal.SIGINT, signal.SIG_IGN if self._behaviour.get("ignores_interrupt") else self._interrupted)
        self._results.mkdir(parents=True, exist_ok=True)
        self._log()
        self._journal("run_started", run_key=self._parameters["run"], mode="live", deployment=self._deployment)
        self._apply("start")
        self._write("Running")
        while not self._stopping:
            self._look_around()
            if not self._behaviour.get("deaf"):
                self._commands()
            time.sleep(_LOOKS_EVERY)
        self._write("Completed")
        return int(self._behaviour.get("exit_code", 0))

    def _look_around(self) -> None:
        before, self._behaviour = self._behaviour, _told()
        if self._behaviour.get("equity", []) != before.get("equity", []):
            now = datetime.now(UTC).timestamp()
            self._points += [
                [now + place / 1000, *([worth] * 4)] for place, worth in enumerate(self._behaviour["equity"])
            ]
            self._write("Running")

    def _interrupted(self, *_: object) -> None:
        self._stopping = True

    def _commands(self) -> None:
        for path in sorted(Path().glob("command*.json")):
            text = path.read_text()
            path.unlink()
            command = json.loads(text)
            if "AlgorithmStatusCommand" in command.get("$type", ""):
                self._stopping = True
                Path(f"result-command-{command['Id']}.json").write_text(json.dumps({"Success": True}))
                continue
            self._journal("command", name=command["name"], payload=text, accepted=True)
            self._apply("command")
            Path(f"result-command-{command['id']}.json").write_text(json.dumps({"Success": True}))

    def _apply(self, why: str) -> None:
        path = self._store / current_key(self._deployment)
        if not path.is_file():
            self._journal("parameters_missing", why=why)
            return
        answer = self._book.offer(path.read_bytes(), why, datetime.now(UTC))
        if isinstance(answer, Applied):
            self._journal("parameters_applied", **answer.journal_fields())
        elif isinstance(answer, Refused):
            self._journal("parameters_refused", **answer.journal_fields())

    def _journal(self, kind: str, **fields: object) -> None:
        self._sequence += 1
        self._segment += 1
        line = format_entry(self._sequence, kind, datetime.now(UTC), **fields)
        path = self._store / journal_key(self._deployment, self._parameters["run"], self._segment)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(line + "\n", encoding="ascii")

    def _log(self) -> None:
        stamp = f"{self._started:%Y-%m-%dT%H:%M:%S}.0000000Z "
        lines = [
            stamp + HEAD,
            stamp + "TRACE:: BrokerageSetupHandler.CreateBrokerage(): creating brokerage 'PaperBrokerage'\n",
        ]
        (self._results / "log.txt").write_text("".join(lines), encoding="utf-8")

    def _write(self, status: str) -> None:
        ended = "" if status == "Running" else f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        cash = {row["currency"]: row for row in _list(self._configuration.get("live-cash-balance", "[]"))}
        document = {
            "holdings": {
                held["symbol"]["id"]: {name: held[name] for name in ("a", "q", "p") if name in held}
                for held in _list(self._configuration.get("live-holdings", "[]"))
            },
            "cash": {
                name: {"symbol": name, "amount": row["amount"], "conversionRate": 1, "currencySymbol": "$"}
                for name, row in cash.items()
            },
            "accountCurrency": "USD",
            "accountCurrencySymbol": "$",
            "charts": self._charts(),
            "orders": {},
            "profitLoss": {},
            "statistics": {},
            "runtimeStatistics": {"Journal": self._parameters["run"]},
            "state": {
                "StartTime": f"{self._started:%Y-%m-%dT%H:%M:%SZ}",
                "EndTime": ended,
                "RuntimeError": "",
                "StackTrace": "",
                "LogCount": "1",
                "OrderCount": "0",
                "InsightCount": "0",
                "Hostname": "fake",
                "Status": status,
            },
            "serverStatistics": {},
        }
        path = self._results / f"{self._configuration['algorithm-id']}.json"
        path.write_text(json.dumps(document), encoding="utf-8")

    def _charts(self) -> dict[str, Any]:
        if not self._points:
            return {}
        series = {"name": "Equity", "unit": "$", "index": 0, "seriesType": 2, "values": self._points}
        return {"Strategy Equity": {"name": "Strategy Equity", "chartType": 0, "series": {"Equity": series}}}


def _list(value: Any) -> list[dict[str, Any]]:
    """A list as the engine takes it: written out, or as a text."""
    found: list[dict[str, Any]] = json.loads(value) if isinstance(value, str) else value
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
