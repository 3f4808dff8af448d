"""Processes of LEAN and of its tools: started, watched, stopped.

Holds: running a command to its end, starting one that goes on, telling whether it lives, ending it.
Belongs here: what is true of any process (signals, output, secrets in files of its own).
Never here: a command line.

What a process prints goes to a file beside the launch, with credentials and account numbers masked.
"""

from __future__ import annotations

import collections
import contextlib
import math
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.deployment.launches import Command, Finished
from pipelines.errors import TomkingError
from pipelines.privacy import MASK, redact_text

LINES_KEPT = 2_000
"""Lines of a process's output that stay in memory for judging it; the file has all of it."""
_SHORTEST_SECRET = 4
# Handed on to children; everything else, credentials of other programs among it, stays here.
_PASSED_ON = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|LC_.*|TZ|TMPDIR|TEMP|TMP|XDG_.*|DOTNET_.*|DOCKER_.*|QC_API|SSL_CERT_.*|"
    r"HTTPS?_PROXY|NO_PROXY|REQUESTS_CA_BUNDLE|PYTHONPATH|PYTHONHOME|LD_LIBRARY_PATH|VIRTUAL_ENV|SYSTEMROOT",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process, told apart from a later one of the same number by when it began (clock ticks since the boot)."""

    pid: int
    began: int


class NotStarted(TomkingError):
    """A process could not be started at all."""


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """What a child sees: the plain settings of this process and `extra`."""
    kept = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    return {**kept, **extra}


class Mask:
    """Takes secrets and account numbers out of lines."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({one for one in secrets if len(one) >= _SHORTEST_SECRET}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without any of them."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return redact_text(text)


def run(
    command: Command,
    output: Path,
    mask: Mask,
    *,
    timeout: float | None,
    on_line: Callable[[str], None] | None = None,
    on_start: Callable[[ProcessId], None] | None = None,
) -> Finished:
    """Run a command to its end; its output is appended to `output`, masked.

    `timeout` in seconds (None: as long as it takes): after it the process is asked to stop, then killed, and the outcome
    says so. Private files are removed with its first output: it has read them by then. Raises NotStarted.
    """
    with _files(command), output.open("a", encoding="utf-8") as log:
        child = _popen(command)
        if on_start is not None:
            on_start(ProcessId(child.pid, _began(child.pid) or 0))
        kept: collections.deque[str] = collections.deque(maxlen=LINES_KEPT)
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        try:
            for line in _lines(child, deadline):
                _remove_private(command)
                shown = mask(line)
                log.write(shown)
                log.flush()
                kept.append(shown)
                if on_line is not None:
                    on_line(shown.rstrip())
            code = child.wait(timeout=None if timeout is None else max(deadline - time.monotonic(), 1))
        except (TimeoutError, subprocess.TimeoutExpired):
            _end_child(child)
            kept.append(f"stopped after {timeout:.0f} seconds\n")
            code = -signal.SIGTERM
        except BaseException:
            # Ctrl+C: the child must not go on without anybody watching it.
            _end_child(child)
            raise
        finally:
            if child.stdout is not None:
                child.stdout.close()
    return Finished(code, "".join(kept))


def _lines(child: subprocess.Popen[bytes], deadline: float) -> Iterator[str]:
    """Lines as they come; TimeoutError once the deadline is over."""
    stream = child.stdout
    assert stream is not None
    os.set_blocking(stream.fileno(), False)
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if not selector.select(min(left, 1.0)):
                continue
            chunk = stream.read(1 << 16)
            if chunk == b"":
                break
            *whole, rest = (rest + (chunk or b"")).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace") + "\n"
    if rest:
        yield rest.decode("utf-8", "replace") + "\n"


def _popen(command: Command) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(command.argv),
            cwd=command.cwd,
            env=environment(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise NotStarted(
            f"{command.about} could not be started",
            where=command.argv[0],
            why=error.strerror or str(error),
            remedy="`tomking doctor` says what is missing",
        ) from error


@contextlib.contextmanager
def _files(command: Command) -> Iterator[None]:
    """Write a command's files; private ones are gone when this ends."""
    for path, text in command.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    try:
        for path, text in command.private.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
        yield
    finally:
        _remove_private(command)


def _remove_private(command: Command) -> None:
    for path in command.private:
        path.unlink(missing_ok=True)


def is_alive(process: ProcessId) -> bool:
    """Whether that very process still runs; one that has ended and waits to be collected does not."""
    with contextlib.suppress(ChildProcessError, ProcessLookupError):
        os.waitpid(process.pid, os.WNOHANG)
    return _began(process.pid) == process.began


def _began(pid: int) -> int | None:
    """Start of a process in clock ticks since the boot; None where it is gone (field 22 of proc(5), state in field 3)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def stop(process: ProcessId, *, patience: float) -> str:
    """End a process: SIGINT, which LEAN takes for an orderly stop, after `patience` seconds SIGTERM, then SIGKILL.

    Returns the name of the signal it ended on, or `gone` where it had ended before.
    """
    if not is_alive(process):
        return "gone"
    for number, seconds in ((signal.SIGINT, patience), (signal.SIGTERM, patience / 3), (signal.SIGKILL, 10.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
        if _waited(process, seconds):
            return number.name
    raise TomkingError(f"process {process.pid} does not end", remedy="look at the machine: it ignores SIGKILL")


def _waited(process: ProcessId, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not is_alive(process):
            return True
        time.sleep(0.05)
    return not is_alive(process)


def _end_child(child: subprocess.Popen[bytes]) -> None:
    """Ask the child's whole group to stop; then make it."""
    for number, seconds in ((signal.SIGINT, 10.0), (signal.SIGKILL, 10.0)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=seconds)
            return
