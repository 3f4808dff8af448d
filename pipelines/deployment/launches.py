"""What a launch is, whichever way LEAN is started.

Holds: the request, the commands it becomes, what became of them, and the interface of a backend.
Belongs here: facts that all backends share.
Never here: one backend's command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from pipelines.config import DeploymentSettings, EngineSettings


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """A position that the run before left: LEAN's identifier, its `value`, signed quantity, prices per unit."""

    symbol_id: str
    value: str
    quantity: Decimal
    average_price: Decimal
    price: Decimal | None
    underlying_id: str | None = None
    underlying_value: str | None = None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What a paper run begins with: cash by currency, and positions. A live account knows its own."""

    cash: Mapping[str, Decimal]
    positions: tuple[HeldPosition, ...] = ()


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """Everything a backend needs to start LEAN once.

    `project` is the staged copy, `results` the folder this run writes into, `documents` the parameter documents of the
    deployment in the object store, in the order in which they have to appear there.
    """

    launch_id: str
    deployment: DeploymentSettings
    engine: EngineSettings
    project: Path
    results: Path
    work: Path
    """The launch's own folder below the state folder: generated configuration and output."""
    object_store: Path
    data_folder: Path | None
    algorithm_id: str
    class_name: str
    parameters: Mapping[str, str]
    documents: tuple[str, ...] = ()
    portfolio: Portfolio | None = None

    @property
    def is_live(self) -> bool:
        """Paper and live runs go on until they are stopped."""
        return self.deployment.mode in ("paper", "live")


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that ended: its exit code (negative: the signal that ended it) and the end of what it printed."""

    exit_code: int
    output: str


@dataclass(frozen=True, slots=True)
class CloudRun:
    """Where a run in the cloud is looked at, and its id there; None where only its project is told."""

    address: str
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One process to start. `fails` tells from its end why it did not do its work, where exit codes lie; None: it did.
    `tells` reads from the same which run it started in the cloud.

    `private` are files that hold secrets: written for this process alone (0600) and removed as soon as it has read them.
    `supervised`: the process is LEAN itself; it may go on by itself and is watched by a supervisor of its own.
    """

    argv: tuple[str, ...]
    cwd: Path
    about: str
    environment: Mapping[str, str] = field(default_factory=dict)
    fails: Callable[[Finished], str | None] | None = None
    tells: Callable[[Finished], CloudRun | None] | None = None
    private: Mapping[Path, str] = field(default_factory=dict)
    files: Mapping[Path, str] = field(default_factory=dict)
    supervised: bool = False


class Backend(Protocol):
    """One way to start LEAN."""

    @property
    def name(self) -> str:
        """The name in `tomking.toml`."""
        ...

    @property
    def can(self) -> Mapping[str, str]:
        """What it can and cannot do, by mode and action, for people (`tomking deployments --backends`)."""
        ...

    def check(self, request: LaunchRequest) -> None:
        """Raise ConfigurationError for whatever would keep this launch from starting."""
        ...

    def start(self, request: LaunchRequest) -> tuple[Command, ...]:
        """The commands that start it, in order; the first that fails ends the launch."""
        ...

    def refresh(self, request: LaunchRequest, command_id: str, sha256: str) -> tuple[Command, ...]:
        """Tell a running launch to look for its parameter set; the commands that are still to run for it."""
        ...

    def stop(self, request: LaunchRequest) -> tuple[Command, ...] | None:
        """The commands that stop a running launch; None where its process is to be signalled instead."""
        ...


def exit_code_tells(finished: Finished) -> str | None:
    """The usual judge: any exit code but 0 is a failure, told by the last lines of the output."""
    if finished.exit_code == 0:
        return None
    return f"exit code {finished.exit_code}: {last_lines(finished.output)}"


def last_lines(output: str, count: int = 3) -> str:
    """The last lines with something on them, for an error message."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return " | ".join(lines[-count:]) or "nothing was printed"
