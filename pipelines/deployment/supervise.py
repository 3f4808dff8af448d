"""A process that goes on after its starter has ended, and somebody who sees its end.

Holds: starting a supervisor, the supervisor itself, and what it leaves in the launch's folder.
Belongs here: what has to outlive the command that asked for it.
Never here: what the process is.

    python -m pipelines.deployment.supervise FOLDER    with the command as JSON on standard input

The supervisor masks what the process prints (`output.log`), writes `process.json` once it runs and `ended.json` when it
has ended. Without it nobody would ever know the exit code of a process whose starter is gone.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pipelines.deployment.launches import Command
from pipelines.deployment.processes import Mask, NotStarted, ProcessId, environment, is_alive, run

PROCESS, ENDED, OUTPUT = "process.json", "ended.json", "output.log"
_STARTS_WITHIN = 60.0
_TELLS_EVERY = 10.0
_LIVES_FOR = 0.5
"""Seconds within which a process that cannot start has ended."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ended:
    """How a supervised process ended: its exit code (None: it was never started), when, and why not."""

    exit_code: int | None
    ended_at: str
    why: str | None


def spawn(command: Command, folder: Path, secrets: Iterable[str], *, goes_on: bool) -> None:
    """Start `command` under a supervisor of its own; answers once it runs.

    Raises NotStarted; for a process that is meant to go on, also where it ends at once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (PROCESS, ENDED):
        (folder / name).unlink(missing_ok=True)
    told = {
        "argv": command.argv,
        "cwd": str(command.cwd),
        "about": command.about,
        "environment": dict(command.environment),
        "private": {str(path): text for path, text in command.private.items()},
        "files": {str(path): text for path, text in command.files.items()},
        "secrets": list(secrets),
    }
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "pipelines.deployment.supervise", str(folder)],
        env=environment({}),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    supervisor.communicate(json.dumps(told).encode())
    if supervisor.returncode != 0:
        raise NotStarted(
            f"{command.about} has no supervisor", where=str(folder), why=f"exit code {supervisor.returncode}"
        )
    _await_start(folder, command.about, goes_on=goes_on)


def _await_start(folder: Path, about: str, *, goes_on: bool) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < deadline:
        ended = how_it_ended(folder)
        if ended is not None and (goes_on or ended.exit_code is None):
            raise NotStarted(
                f"{about} ended at once", where=str(folder / OUTPUT), why=ended.why or _tail(folder, ended)
            )
        if process_of(folder) is not None:
            if not goes_on:
                return
            time.sleep(_LIVES_FOR)
            if how_it_ended(folder) is None:
                return
        time.sleep(0.02)
    raise NotStarted(f"{about} could not be started", where=str(folder), why="its supervisor ended without a word")


def _tail(folder: Path, ended: Ended) -> str:
    output = folder / OUTPUT
    text = output.read_text(encoding="utf-8", errors="replace")[-500:].strip() if output.is_file() else ""
    return f"exit code {ended.exit_code}: {text or 'nothing was printed'}"


def process_of(folder: Path) -> ProcessId | None:
    """The process of a launch, None before it runs."""
    found = _read(folder / PROCESS)
    return None if found is None else ProcessId(found["pid"], found["began"])


def how_it_ended(folder: Path) -> Ended | None:
    """How the process of a launch ended; None while it runs, or where its supervisor was killed."""
    found = _read(folder / ENDED)
    return None if found is None else Ended(found["exit_code"], found["ended_at"], found["why"])


def wait(folder: Path, results: Path, report: Callable[[str], None]) -> Ended:
    """Wait for a supervised process to end, telling now and then how long it has run and how much it has written.

    A supervisor that was killed leaves no word: then the process itself is watched.
    """
    began = told = time.monotonic()
    while (ended := how_it_ended(folder)) is None:
        process = process_of(folder)
        if process is None or not is_alive(process):
            time.sleep(_LIVES_FOR)
            return how_it_ended(folder) or Ended(None, dt.datetime.now(dt.UTC).isoformat(), "its supervisor is gone")
        if time.monotonic() - told >= _TELLS_EVERY:
            told = time.monotonic()
            written = sum(path.stat().st_size for path in results.rglob("*") if path.is_file())
            report(f"runs for {told - began:.0f} s, {written / 1e6:.1f} MB of results")
        time.sleep(0.05)
    return ended


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found


def _write(path: Path, document: dict[str, object]) -> None:
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(json.dumps(document), encoding="utf-8")
    temporary.rename(path)


def main(folder: Path) -> None:
    """Be the supervisor."""
    told = json.loads(sys.stdin.buffer.read())
    if os.fork():
        # Whoever asked waits for this process, not for LEAN; the one that goes on belongs to nobody.
        os._exit(0)
    command = Command(
        argv=tuple(told["argv"]),
        cwd=Path(told["cwd"]),
        about=told["about"],
        environment=told["environment"],
        private={Path(path): text for path, text in told["private"].items()},
        files={Path(path): text for path, text in told["files"].items()},
    )
    why: str | None = None
    code: int | None = None
    try:
        code = run(
            command,
            folder / OUTPUT,
            Mask(told["secrets"]),
            timeout=None,
            on_start=lambda process: _write(folder / PROCESS, {"pid": process.pid, "began": process.began}),
        ).exit_code
    except NotStarted as error:
        why = str(error)
    finally:
        ended = dt.datetime.now(dt.UTC).isoformat()
        _write(folder / ENDED, {"exit_code": code, "ended_at": ended, "why": why})


if __name__ == "__main__":
    os.umask(0o077)
    # An engine that inherits an ignored SIGINT never stops on it; one that is handled here is the default again there.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    main(Path(sys.argv[1]))
