"""Instances of the demonstration for tests: made in a temporary folder, without touching the repository's own.

Holds: making such an instance and describing what its views say.
Belongs here: helpers of several test files.
Never here: tests.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from pipelines.commands.demo import prepare
from pipelines.config import CONFIG_NAME, CONFIG_VARIABLE, load_settings
from warehouse.access import Warehouse

ROOT = Path(__file__).resolve().parents[2]
VIEWS = {
    "runs": "name, mode, state, orders, events, fills, start_equity, end_equity",
    "run_fees": "run_id, currency, fee, events_with_fee",
    "orders": "run_id, order_id, status, symbol, quantity, price, tag",
    "fills": "run_id, order_id, event_id, session_date, symbol, quantity, price, fee",
    "strategy_trades": "run_id, trade_id, strategy, kind, ended_by, credit, profit_loss, fees",
    "fee_reconciliation": "account, lean_order_id, symbol, session_date, modelled, expected, charged, difference, cause, state",
    "fee_causes": "account, lean_order_id, symbol, component, cause, amount",
    "breaks": "break_id, account, lean_order_id, symbol, session_date, cause, amount, state",
    "regimes": "session_date, universe, regime, danger, diversification, mean_correlation, score",
    "parameter_sets": "parameter_set_id, sha256, effective_from, data_through",
    "quarantine": "file, line, field, reason",
}
"""The columns of each view that do not depend on when the loop ran."""


def make_instance(folder: Path) -> Path:
    """An instance over the demonstration's recordings in `folder`, with an empty warehouse; returns its configuration."""
    config = prepare(folder)
    Warehouse(load_settings(config).state_dir).create_or_upgrade()
    return config


def make_demonstration(folder: Path) -> Path:
    """The whole demonstration in `folder`, as `tomking demo` leaves it; returns its configuration."""
    made = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "demo", "--instance", str(folder)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise AssertionError(f"the demonstration ended with {made.returncode}:\n{made.stderr[-4000:]}")
    return folder / CONFIG_NAME


def shared_demonstration(folder: Path) -> Path:
    """The demonstration in `folder`, made by whichever test process asks first; the others wait for it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "done"
        if not done.exists():
            make_demonstration(folder / "instance")
            done.touch()
    return folder / "instance" / CONFIG_NAME


def tomking(config: Path, *arguments: str) -> list[str]:
    """The command line of a `tomking` process for that instance."""
    return [sys.executable, "-m", "pipelines.cli", "--config", str(config), *arguments]


def environment() -> dict[str, str]:
    """The environment of such a process: this checkout, no instance of the user's."""
    cleaned = {name: value for name, value in os.environ.items() if name != CONFIG_VARIABLE}
    return {**cleaned, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "algorithm")))}


def run(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a `tomking` command to its end."""
    return subprocess.run(
        tomking(config, *arguments), cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )


def digests(config: Path) -> dict[str, tuple[int, str]]:
    """Rows and a hash of every view of the published copy, over the columns that do not depend on the clock."""
    found = {}
    with Warehouse(load_settings(config).state_dir).reader() as connection:
        for view, columns in VIEWS.items():
            rows = connection.execute(f"select {columns} from marts.{view} order by all").fetchall()
            found[view] = (len(rows), hashlib.sha256(repr(rows).encode()).hexdigest())
    return found
