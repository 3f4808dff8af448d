"""LEAN's own launcher: `dotnet QuantConnect.Lean.Launcher.dll --config FILE` in the folder of its binaries.

Holds: the generated configuration, the command line, the command files of a live run.
Belongs here: what the engine itself reads.
Never here: containers, the cloud, processes.

The configuration is the smallest that runs (everything else has a default in the engine); a live one adds the handlers
of its environment, taken from the engine's own `config.json`, and for paper what the account begins with. Credentials
stand only in the file that the engine reads (0600, removed once it has), never in the copy that is kept.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pipelines.deployment.launches import Command, LaunchRequest, Portfolio
from pipelines.errors import ConfigurationError
from pipelines.parsing.lean.commented_json import parse_commented
from pipelines.parsing.refusals import Refused
from pipelines.privacy import MASK
from warehouse.files import temporary_beside

LAUNCHER = "QuantConnect.Lean.Launcher.dll"
SAMPLE = "config.json"
PYTHON_LIBRARY = "PYTHONNET_PYDLL"
_QUEUE = "data-queue-handler"
_OURS = frozenset(
    {
        "algorithm-type-name", "algorithm-language", "algorithm-location", "algorithm-id", "data-folder",
        "results-destination-folder", "object-store-root", "close-automatically", "parameters", "environment",
        "environments", "live-cash-balance", "live-holdings",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NativeEngine:
    """Starts the engine without a container."""

    name: ClassVar[str] = "native_engine"
    can: ClassVar[Mapping[str, str]] = {
        "backtest": "yes; run parameters and object store",
        "optimization": "no: use lean_cli",
        "paper": "yes; begins with what the run before left",
        "live": "yes; credentials from [engine.secrets]",
        "refresh": "object store, then a command file in the engine's working directory",
        "stop": "SIGINT, then SIGTERM, then SIGKILL",
        "exit codes": "not trusted: the engine may end with 1, or by a signal, though its results are whole",
    }

    def check(self, request: LaunchRequest) -> None:
        """Whatever keeps the engine from starting. Raises ConfigurationError."""
        engine = request.engine
        _launcher_folder(request)
        if shutil.which(engine.dotnet) is None:
            raise ConfigurationError(
                "dotnet is not there", where=engine.dotnet, remedy="install .NET, or set `dotnet` in [engine]"
            )
        if engine.python_library is not None and not Path(engine.python_library).is_file():
            raise ConfigurationError(
                "Python's library is not there", where=engine.python_library, remedy=_LIBRARY_REMEDY
            )
        if request.deployment.mode == "optimization":
            raise ConfigurationError(
                f"deployment {request.deployment.name!r}: the native engine starts no optimization",
                remedy='set backend = "lean_cli"',
            )
        if request.data_folder is None or not request.data_folder.is_dir():
            raise ConfigurationError(
                "LEAN's data folder is not there",
                where=str(request.data_folder or "paths.lean_data"),
                remedy="set `lean_data` in [paths] to the folder that holds equity/, option/, symbol-properties/",
            )
        secret_values(request)
        configuration(request)

    def start(self, request: LaunchRequest) -> tuple[Command, ...]:
        """One process; what it reads is private where credentials stand in it."""
        folder = _launcher_folder(request)
        shown = request.work / "engine.json"
        document = configuration(request)
        secrets = secret_values(request)
        read = request.work / "engine-private.json" if secrets else shown
        kept = json.dumps({**document, **dict.fromkeys(secrets, MASK)}, indent=2)
        private = {read: json.dumps({**document, **secrets}, indent=2)} if secrets else {}
        environment = {}
        library = request.engine.python_library or os.environ.get(PYTHON_LIBRARY)
        if library is not None:
            environment[PYTHON_LIBRARY] = library
        return (
            Command(
                argv=(request.engine.dotnet, LAUNCHER, "--config", str(read)),
                cwd=folder,
                about="LEAN's launcher",
                environment=environment,
                fails=None,
                private=private,
                files={shown: kept},
                supervised=True,
            ),
        )

    def refresh(self, request: LaunchRequest, command_id: str, sha256: str) -> tuple[Command, ...]:
        """Put a command file beside the engine, by rename: the engine reads and deletes even a half-written one."""
        folder = _launcher_folder(request)
        payload = {"id": command_id, "name": "refresh", "deployment": request.deployment.name, "sha256": sha256}
        path = folder / f"command-{command_id}.json"
        temporary = temporary_beside(path)
        try:
            temporary.write_text(json.dumps(payload), encoding="utf-8")
            temporary.rename(path)
        finally:
            temporary.unlink(missing_ok=True)
        return ()

    def stop(self, request: LaunchRequest) -> None:
        """Its process is signalled."""


_LIBRARY_REMEDY = "set `python_library` in [engine] to libpython3.11.so (python311.dll, libpython3.11.dylib)"


def _launcher_folder(request: LaunchRequest) -> Path:
    configured = request.engine.launcher
    folder = Path(configured).expanduser() if configured else None
    if folder is None or not (folder / LAUNCHER).is_file():
        raise ConfigurationError(
            "LEAN's launcher is not there",
            where=str(folder / LAUNCHER) if folder else "engine.launcher",
            remedy=f"set `launcher` in [engine] to the folder of {LAUNCHER} (Launcher/bin/Debug of a built LEAN)",
        )
    return folder.absolute()


def secret_values(request: LaunchRequest) -> dict[str, str]:
    """The credentials of this launch by engine key, from the environment. Raises ConfigurationError naming what is unset."""
    if not request.is_live:
        return {}
    found = {}
    for name, variable in request.engine.secrets.items():
        value = os.environ.get(variable)
        if not value:
            raise ConfigurationError(
                f"a credential is missing: {name}", where=variable, remedy=f"set the environment variable {variable}"
            )
        found[name] = value
    return found


def configuration(request: LaunchRequest) -> dict[str, Any]:
    """The engine's configuration without credentials. Raises ConfigurationError."""
    taken = sorted(_OURS & request.engine.settings.keys())
    if taken:
        raise ConfigurationError(
            f"[engine.settings] may not set {', '.join(taken)}", remedy="these keys are made anew for every launch"
        )
    document: dict[str, Any] = {
        **request.engine.settings,
        "algorithm-type-name": request.class_name,
        "algorithm-language": "Python",
        "algorithm-location": str(request.project / "main.py"),
        "algorithm-id": request.algorithm_id,
        "data-folder": str(request.data_folder),
        "results-destination-folder": str(request.results),
        "object-store-root": str(request.object_store),
        "close-automatically": True,
        "parameters": dict(request.parameters),
    }
    if request.is_live:
        document.update(_live(request))
    return document


def _live(request: LaunchRequest) -> dict[str, Any]:
    name = request.engine.environment
    handlers = _environment(_launcher_folder(request) / SAMPLE, name)
    queue = request.engine.settings.get(_QUEUE)
    if queue is not None:
        handlers[_QUEUE] = queue
    is_paper = "paper" in str(handlers.get("live-mode-brokerage", "")).lower()
    if is_paper != (request.deployment.mode == "paper"):
        raise ConfigurationError(
            f"environment {name!r} is {'paper' if is_paper else 'no paper'} trading, deployment "
            f"{request.deployment.name!r} is {request.deployment.mode}",
            remedy="set `environment` in [engine] to one of the engine's config.json that fits",
        )
    found: dict[str, Any] = {"environment": name, "environments": {name: handlers}}
    if request.portfolio is not None:
        found["live-cash-balance"] = cash_text(request.portfolio)
        found["live-holdings"] = holdings_text(request.portfolio)
    return found


def _environment(sample: Path, name: str) -> dict[str, Any]:
    try:
        environments = parse_commented(sample.read_bytes()).get("environments")
    except (OSError, Refused) as error:
        raise ConfigurationError(
            "the engine's own configuration cannot be read", where=str(sample), why=str(error)
        ) from error
    known = environments if isinstance(environments, dict) else {}
    if not isinstance(known.get(name), dict):
        raise ConfigurationError(
            f"the engine knows no environment {name!r}", where=str(sample), why=f"it has: {', '.join(sorted(known))}"
        )
    return dict(known[name])


def cash_text(portfolio: Portfolio) -> str:
    """`live-cash-balance`: a JSON text inside the configuration."""
    rows = ",".join(
        f'{{"amount":{amount:f},"currency":{json.dumps(currency)}}}' for currency, amount in portfolio.cash.items()
    )
    return f"[{rows}]"


def holdings_text(portfolio: Portfolio) -> str:
    """`live-holdings`: the positions in the short members that the engine itself writes, as a JSON text.

    The engine reads `id`, `value` and `underlying` of a symbol; `permtick` it writes beside them, as the value once more
    (not the ticker of the identifier, which may be an older one), and never reads.
    """
    rows = []
    for held in portfolio.positions:
        symbol: dict[str, Any] = {"value": held.value, "id": held.symbol_id, "permtick": held.value}
        if held.underlying_id is not None:
            ticker = held.underlying_value or held.underlying_id.split(" ")[0]
            symbol["underlying"] = {"value": ticker, "id": held.underlying_id, "permtick": ticker}
        numbers = f'"a":{held.average_price:f},"q":{held.quantity:f}'
        if held.price is not None:
            numbers += f',"p":{held.price:f}'
        rows.append(f'{{"symbol":{json.dumps(symbol)},{numbers}}}')
    return f"[{','.join(rows)}]"
