"""QuantConnect's cloud through LEAN's command line: `lean cloud push`, `backtest`, `live deploy`, `object-store set`.

Holds: the argument vectors, and how their ends are judged.
Belongs here: what `lean cloud --help` documents.
Never here: QuantConnect's API, credentials (`lean login` keeps them).

The cloud's object store is one for the whole organisation; a deployment's documents lie below its own prefix. Results do
not come back by themselves: a run of the cloud is read once its result is saved as a file (`tomking ingest`), and is then
joined to its launch by the id that the command line printed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from pipelines.deployment.launches import CloudRun, Command, Finished, LaunchRequest, exit_code_tells, last_lines
from pipelines.deployment.lean_cli import WIDE, check_executable, workspace_of
from pipelines.errors import ConfigurationError

_BACKTEST_ID = re.compile(r"Backtest id: (\S+)")
_ADDRESS = re.compile(r"(?:Backtest|Live) url: (https?://\S+)")
_NOT_PUSHED = re.compile(r"Cannot push|don't have an internet connection")


@dataclass(frozen=True, slots=True)
class Cloud:
    """Starts the engine at QuantConnect."""

    name: ClassVar[str] = "cloud"
    can: ClassVar[Mapping[str, str]] = {
        "backtest": "yes; run parameters and object store",
        "optimization": "no: use lean_cli",
        "paper": "yes; run parameters from the pushed project",
        "live": "yes; brokerage and node from [engine.live_arguments]",
        "refresh": "`object-store set`, then `lean cloud live command`",
        "stop": "`lean cloud live stop`",
        "exit codes": "not trusted: `push` ends with 0 though it failed",
    }

    def check(self, request: LaunchRequest) -> None:
        """Executable, workspace, arguments of a live run. Raises ConfigurationError."""
        check_executable(request)
        workspace = workspace_of(request)
        if request.deployment.mode == "optimization":
            raise ConfigurationError(
                f"deployment {request.deployment.name!r}: no optimization is started in the cloud",
                remedy='set backend = "lean_cli"',
            )
        if not request.project.resolve().is_relative_to(workspace.resolve()):
            raise ConfigurationError(
                "the project lies outside of the workspace of LEAN's command line",
                where=str(request.project),
                why=f"the workspace is {workspace}",
                remedy="put the instance into the workspace",
            )
        if request.is_live and not {"--brokerage", "--node"} <= set(request.engine.live_arguments):
            raise ConfigurationError(
                "`lean cloud live deploy` would ask for brokerage and node",
                where="engine.live_arguments",
                remedy='set live_arguments in [engine]: "--brokerage", "--data-provider-live", "--node", …',
            )

    def start(self, request: LaunchRequest) -> tuple[Command, ...]:
        """Documents, project, run: in that order, so that what starts finds what it needs."""
        name = project_name(request)
        push = _lean(request, ["push", "--project", str(request.project), "--force"], "lean cloud push", _push_fails)
        if request.is_live:
            argv = ["live", "deploy", name, *request.engine.live_arguments]
            argv += ["--auto-restart", "false", "--notify-order-events", "false", "--notify-insights", "false"]
            run = _lean(request, argv, "lean cloud live deploy", exit_code_tells, _run_of)
        else:
            argv = ["backtest", name, "--name", request.launch_id]
            argv += [part for key, value in request.parameters.items() for part in ("--parameter", key, value)]
            run = _lean(request, argv, "lean cloud backtest", _backtest_fails, _run_of)
        return (*_documents(request), push, run)

    def refresh(self, request: LaunchRequest, command_id: str, sha256: str) -> tuple[Command, ...]:
        """The documents anew, then the command."""
        payload = {"id": command_id, "name": "refresh", "deployment": request.deployment.name, "sha256": sha256}
        argv = ["live", "command", project_name(request), "--data", json.dumps(payload)]
        return (*_documents(request), _lean(request, argv, "lean cloud live command", exit_code_tells))

    def stop(self, request: LaunchRequest) -> tuple[Command, ...]:
        """`lean cloud live stop`; positions stay."""
        return (_lean(request, ["live", "stop", project_name(request)], "lean cloud live stop", exit_code_tells),)


def project_name(request: LaunchRequest) -> str:
    """A cloud project's name: the path of its folder below the workspace."""
    return request.project.resolve().relative_to(workspace_of(request).resolve()).as_posix()


def _documents(request: LaunchRequest) -> tuple[Command, ...]:
    return tuple(
        _lean(
            request,
            ["object-store", "set", key, str(request.object_store / key)],
            "lean cloud object-store set",
            _set_fails,
        )
        for key in request.documents
    )


def _lean(
    request: LaunchRequest,
    argv: list[str],
    about: str,
    fails: Callable[[Finished], str | None],
    tells: Callable[[Finished], CloudRun | None] | None = None,
) -> Command:
    return Command((request.engine.lean, "cloud", *argv), workspace_of(request), about, WIDE, fails=fails, tells=tells)


def _run_of(finished: Finished) -> CloudRun | None:
    """The address of the run that was started, and its id where it is a backtest: of a live run none is printed."""
    address, backtest = _ADDRESS.search(finished.output), _BACKTEST_ID.search(finished.output)
    return None if address is None else CloudRun(address[1], backtest[1] if backtest else None)


def _push_fails(finished: Finished) -> str | None:
    found = _NOT_PUSHED.search(finished.output)
    if found is not None:
        line = next(line for line in finished.output.splitlines() if found[0] in line)
        return f"exit code {finished.exit_code}, but: {line.strip()}"
    return exit_code_tells(finished)


def _set_fails(finished: Finished) -> str | None:
    if "Error:" in finished.output:
        return last_lines(finished.output)
    return exit_code_tells(finished)


def _backtest_fails(finished: Finished) -> str | None:
    if "An error occurred during this backtest" in finished.output:
        return f"the backtest ended in an error: {last_lines(finished.output)}"
    return exit_code_tells(finished)
