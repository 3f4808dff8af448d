"""Instances that deploy: a folder with a configuration, an engine that is a stand-in, published sets.

Holds: making such an instance, its launcher folder, its parameter sets.
Belongs here: what several tests of deployments need.
Never here: expectations.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.config import CONFIG_NAME, Settings, load_settings
from pipelines.steps.parameters import publishing as steps
from tests.shared import ROOT
from tests.steps.parameter_fixtures import store_set
from tomking.kernel.parameters import ParameterSet, default_values, dump, parse
from warehouse.access import Warehouse

ENVIRONMENTS = """{
    // the engine's own sample, shortened
    "environment": "backtesting",
    "environments": {
        "backtesting": {"live-mode": false},
        "live-paper": {
            "live-mode": true,
            /* paper needs the backtest's transactions */
            "live-mode-brokerage": "PaperBrokerage",
            "setup-handler": "QuantConnect.Lean.Engine.Setup.BrokerageSetupHandler",
            "result-handler": "QuantConnect.Lean.Engine.Results.LiveTradingResultHandler",
            "data-feed-handler": "QuantConnect.Lean.Engine.DataFeeds.LiveTradingDataFeed",
            "data-queue-handler": [],
            "real-time-handler": "QuantConnect.Lean.Engine.RealTime.LiveTradingRealTimeHandler",
            "transaction-handler": "QuantConnect.Lean.Engine.TransactionHandlers.BacktestingTransactionHandler",
        },
        "live-tastytrade": {"live-mode": true, "live-mode-brokerage": "TastytradeBrokerage"},
    },
}
"""


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance in a folder of its own."""

    config: Path
    launcher: Path

    @property
    def settings(self) -> Settings:
        return load_settings(self.config)

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.settings.state_dir)

    def behave(self, **behaviour: object) -> None:
        """What the engine does wrong from now on."""
        told = self.launcher / "behaviour.json.new"
        told.write_text(json.dumps(behaviour))
        told.rename(self.launcher / "behaviour.json")

    def seen(self, name: str) -> dict[str, object]:
        """What the engine was last started with."""
        found: dict[str, object] = json.loads((self.launcher / name).read_text())
        return found

    def approve(self, deployment: str, effective_from: str, values: Mapping[str, str] | None = None) -> ParameterSet:
        """Store an approved set, not published yet."""
        return self.propose(deployment, effective_from, values, states=("proposed", "approved"))

    def propose(
        self,
        deployment: str,
        effective_from: str,
        values: Mapping[str, str] | None = None,
        *,
        states: tuple[str, ...] = ("proposed",),
    ) -> ParameterSet:
        """Store a set that waits for a decision."""
        found = parse(
            dump(
                {**default_values(), **(values or {})},
                effective_from=date.fromisoformat(effective_from),
                data_through=date.fromisoformat("2019-11-29"),
                code_version="test",
                evidence={},
                deployment=deployment,
            )
        )
        with self.warehouse.writer("test") as session, session.transaction():
            store_set(session, found, *states)
        return found

    def publish(self, deployment: str, effective_from: str = "2019-12-02") -> ParameterSet:
        """Store an approved set and publish it."""
        found = self.approve(deployment, effective_from)
        with self.warehouse.writer("test") as session:
            steps.publish(session, self.settings, deployment)
        return found


def fake_launcher(folder: Path) -> Path:
    """A folder that looks like LEAN's binaries, with a `dotnet` that starts the stand-in."""
    folder.mkdir(parents=True)
    (folder / "QuantConnect.Lean.Launcher.dll").touch()
    (folder / "config.json").write_text(ENVIRONMENTS)
    dotnet = folder / "dotnet"
    paths = f"{ROOT}:{ROOT / 'algorithm'}"
    dotnet.write_text(
        f'#!/bin/sh\nPYTHONPATH="{paths}" exec "{sys.executable}" "{ROOT / "tests/deployment/fake_engine.py"}" "$@"\n'
    )
    dotnet.chmod(0o755)
    return folder


def make_instance(folder: Path, deployments: str, engine: str = "") -> Instance:
    """An instance with an empty warehouse; `deployments` and `engine` are TOML."""
    launcher = fake_launcher(folder / "launcher")
    config = folder / CONFIG_NAME
    config.write_text(
        f"""
[paths]
state = "state"
lean_results = ["backtests", "live"]
object_store = "storage"
inbox = "inbox"
lean_data = "{ROOT / "demo" / "lean_data"}"

[engine]
launcher = "{launcher}"
dotnet = "{launcher / "dotnet"}"
acknowledge_seconds = 30
{engine}

{deployments}
"""
    )
    instance = Instance(config, launcher)
    instance.warehouse.create_or_upgrade()
    return instance
