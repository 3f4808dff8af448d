"""LEAN's command line with containers: `lean backtest`, `lean optimize`, `lean live deploy`.

Holds: the argument vectors, and how their ends are judged.
Belongs here: what `lean --help` documents for local runs.
Never here: the cloud (`cloud`), the engine's own configuration.

The object store is the folder `storage` of the command line's workspace (its `object-store set` writes nothing locally),
so `paths.object_store` has to be that folder. Credentials stay where the command line keeps them: `lean.json` and
`lean login`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pipelines.deployment.launches import Command, Finished, LaunchRequest, Portfolio, exit_code_tells, last_lines
from pipelines.errors import ConfigurationError

WORKSPACE_FILE = "lean.json"
STORAGE = "storage"
WIDE = {"COLUMNS": "400"}
"""The command line wraps what it prints at the width of a terminal, error messages too."""
OUTPUT_NAME = "%Y-%m-%d_%H-%M-%S"
"""How the command line names the folder of a run, by the local time; `live command` and `live stop` look for it."""


@dataclass(frozen=True, slots=True)
class LeanCli:
    """Starts the engine in a container of LEAN's command line."""

    name: ClassVar[str] = "lean_cli"
    can: ClassVar[Mapping[str, str]] = {
        "backtest": "yes; run parameters and object store",
        "optimization": "yes; run parameters are what is searched",
        "paper": "yes; run parameters from the staged config.json, as `lean live deploy` takes none",
        "live": "as paper; brokerage and credentials as the command line keeps them",
        "refresh": "object store, then `lean live command`",
        "stop": "`lean live stop`",
        "exit codes": "1 where the engine ended with another code than 0, though its results may be whole",
    }

    def check(self, request: LaunchRequest) -> None:
        """Workspace, executable, object store, folders inside the workspace. Raises ConfigurationError."""
        check_executable(request)
        workspace = workspace_of(request)
        if request.object_store.resolve() != (workspace / STORAGE).resolve():
            raise ConfigurationError(
                "the object store is not the one that LEAN's command line mounts",
                where=str(request.object_store),
                why=f"containers see {workspace / STORAGE}",
                remedy=f'set object_store = "{workspace / STORAGE}" in [paths]',
            )
        for label, folder in (("results", request.results), ("project", request.project)):
            if not folder.resolve().is_relative_to(workspace.resolve()):
                raise ConfigurationError(
                    f"the {label} lie outside of the workspace of LEAN's command line",
                    where=str(folder),
                    why=f"the workspace is {workspace}",
                    remedy="put the instance, or the deployment's `results`, into the workspace",
                )
        if request.is_live and not request.engine.live_arguments:
            raise ConfigurationError(
                "`lean live deploy` would ask for brokerage and data provider",
                where="engine.live_arguments",
                remedy='set live_arguments in [engine], for example ["--environment", "live-paper"]',
            )

    def start(self, request: LaunchRequest) -> tuple[Command, ...]:
        """One command, by mode."""
        workspace = workspace_of(request)
        head = ["--lean-config", str(workspace / WORKSPACE_FILE), "--output", str(request.results)]
        if request.engine.image is not None:
            head += ["--image", request.engine.image]
        mode = request.deployment.mode
        if mode == "backtest":
            argv = ["backtest", str(request.project), *head, "--backtest-name", request.launch_id]
            # `--parameter` replaces the whole map of config.json, so all of them are named.
            argv += [part for name, value in request.parameters.items() for part in ("--parameter", name, value)]
        elif mode == "optimization":
            argv = ["optimize", str(request.project), *head, *_search(request)]
        else:
            argv = ["live", "deploy", str(request.project), *head, "--detach", *request.engine.live_arguments]
            argv += _portfolio(request.portfolio)
        about = f"lean {' '.join(argv[:2] if request.is_live else argv[:1])}"
        return (_lean(request, argv, about),)

    def refresh(self, request: LaunchRequest, command_id: str, sha256: str) -> tuple[Command, ...]:
        """`lean live command`; its text is read as a Python dict, so it must hold no single quote."""
        payload = {"id": command_id, "name": "refresh", "deployment": request.deployment.name, "sha256": sha256}
        argv = ["live", "command", str(request.project), *_config(request), "--data", json.dumps(payload)]
        return (_lean(request, argv, "lean live command"),)

    def stop(self, request: LaunchRequest) -> tuple[Command, ...]:
        """`lean live stop`."""
        argv = ["live", "stop", str(request.project), *_config(request)]
        return (_lean(request, argv, "lean live stop"),)


def check_executable(request: LaunchRequest) -> None:
    """Raise ConfigurationError where LEAN's command line is not installed."""
    if shutil.which(request.engine.lean) is None:
        raise ConfigurationError(
            "LEAN's command line is not there",
            where=request.engine.lean,
            remedy="`pip install lean` (or this project's extra `lean`), or set `lean` in [engine]",
        )


def workspace_of(request: LaunchRequest) -> Path:
    """The folder of `lean.json`. Raises ConfigurationError."""
    configured = request.engine.workspace
    folder = Path(configured).expanduser() if configured else None
    if folder is None or not (folder / WORKSPACE_FILE).is_file():
        raise ConfigurationError(
            "the workspace of LEAN's command line is not there",
            where=str(folder / WORKSPACE_FILE) if folder else "engine.workspace",
            remedy="run `lean init` in a folder and set `workspace` in [engine] to it",
        )
    return folder.absolute()


def _config(request: LaunchRequest) -> list[str]:
    return ["--lean-config", str(workspace_of(request) / WORKSPACE_FILE)]


def _lean(request: LaunchRequest, argv: list[str], about: str) -> Command:
    return Command((request.engine.lean, *argv), workspace_of(request), about, WIDE, fails=_fails)


def _fails(finished: Finished) -> str | None:
    """A detached start ends with 0 once the container runs; a backtest's own code says nothing about its results."""
    # Lines are wrapped at the width of a terminal.
    if finished.exit_code != 0 and "the output is stored in" in " ".join(finished.output.split()):
        # The engine ran and ended with another code than 0: its results tell how the run ended.
        return None
    if finished.exit_code == 0 and "Error:" in last_lines(finished.output, 1):
        return last_lines(finished.output)
    return exit_code_tells(finished)


def _search(request: LaunchRequest) -> list[str]:
    search = request.deployment.search
    assert search is not None, "the configuration refuses an optimization without a search"
    argv = ["--strategy", search.strategy, "--target", search.target, "--target-direction", search.direction]
    for name, (low, high, step) in search.parameters.items():
        argv += ["--parameter", name, low, high, step]
    return argv


def _portfolio(portfolio: Portfolio | None) -> list[str]:
    if portfolio is None:
        return []
    argv = []
    if portfolio.cash:
        argv += ["--live-cash-balance", ",".join(f"{name}:{amount:f}" for name, amount in portfolio.cash.items())]
    if portfolio.positions:
        held = (f"{one.value}:{one.symbol_id}:{one.quantity:f}:{one.average_price:f}" for one in portfolio.positions)
        argv += ["--live-holdings", ",".join(held)]
    return argv
