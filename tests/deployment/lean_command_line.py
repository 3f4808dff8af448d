"""The real `lean` command line, made runnable without the internet.

Holds: a copy of the installed package with the list of modules it would download, a home folder, a workspace.
Belongs here: what the command line needs around it.
Never here: a stand-in for the command line.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.parsing.lean.commented_json import parse_commented
from tests.deployment.instances import ENVIRONMENTS

MODULES = {
    "modules": [
        {
            "id": "LocalDisk", "display-id": "Local", "type": ["data-downloader"], "platform": ["cli"],
            "configurations": [
                {"id": "data-provider", "type": "info", "value": "QuantConnect.Lean.Engine.DataFeeds.DefaultDataProvider"}
            ],
        },
        {
            "id": "PaperBrokerage", "display-id": "Paper Trading", "type": ["brokerage"], "platform": ["cli", "cloud"],
            "live-cash-balance-state": "optional", "live-holdings-state": "optional",
            "configurations": [{"id": "environments", "type": "filter-env", "value": [
                {"name": "lean-cli", "configurations": [{"name": "live-mode-brokerage", "value": "PaperBrokerage"},
                {"name": "transaction-handler",
                 "value": "QuantConnect.Lean.Engine.TransactionHandlers.BacktestingTransactionHandler"}]}]}],
        },
        {
            "id": "ExampleFeed", "display-id": "Example Feed", "type": ["data-queue-handler"], "platform": ["cli", "cloud"],
            "configurations": [],
        },
    ]
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Where the command line lies and works."""

    executable: Path
    home: Path
    workspace: Path


def make_command_line(folder: Path, api_address: str) -> CommandLine:
    """A `lean` of its own in `folder`; the calling test is skipped where the package is not installed."""
    spec = importlib.util.find_spec("lean")
    if spec is None or spec.origin is None:
        pytest.skip("LEAN's command line is not installed (dependency group dev)")
    code = folder / "code"
    shutil.copytree(Path(spec.origin).parent, code / "lean", ignore=shutil.ignore_patterns("__pycache__"))
    (code / "lean" / "modules-1.14.json").write_text(json.dumps(MODULES))
    constants = code / "lean" / "constants.py"
    # QC_API=local means this address; a test's server cannot choose its port.
    constants.write_text(constants.read_text().replace("http://localhost:5612/api/v2/", api_address))
    home = folder / "home"
    (home / ".lean").mkdir(parents=True)
    (home / ".lean" / "credentials").write_text(json.dumps({"user-id": "1", "api-token": "abc"}))
    workspace = folder / "workspace"
    (workspace / "data").mkdir(parents=True)
    document = {**parse_commented(ENVIRONMENTS.encode()), "data-folder": "data", "organization-id": "abc"}
    (workspace / "lean.json").write_text(json.dumps(document, indent=4))
    executable = folder / "bin" / "lean"
    executable.parent.mkdir()
    executable.write_text(
        f'#!/bin/sh\nPYTHONPATH="{code}" HOME="{home}" QC_API=local exec "{sys.executable}" -W ignore -m lean "$@"\n'
    )
    executable.chmod(0o755)
    return CommandLine(executable, home, workspace)
