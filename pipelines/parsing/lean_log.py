"""The two logs of a run: the algorithm's own, and the engine's trace.

Holds: how their lines are told apart and what the engine's trace says about the run.
Belongs here: a notation of a log line, a fact that stands in no other file.
Never here: the decision about a run's state.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_ALGORITHM_LINE = re.compile(
    r"(?P<stamp>\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d+)?|\d{8} \d{2}:\d{2}:\d{2}(?:\.\d+)?) (?P<rest>.*)"
)
_ENGINE_LINE = re.compile(
    r"(?P<stamp>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z|\d{8} \d{2}:\d{2}:\d{2}(?:\.\d+)?) "
    r"(?P<level>TRACE|DEBUG|ERROR)::? (?P<rest>.*)"
)
_Start = Callable[[str], "tuple[str | None, str | None, str] | None"]
_INITIALIZING = "Algorithm Initialization: "
_QUIT = "Quit():"
_QUIT_IN_ENGINE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} Quit\(\):")
_BROKERAGE = re.compile(r"creating brokerage '(?P<name>[^']+)'")
_VERSION = re.compile(r"LEAN ALGORITHMIC TRADING ENGINE v(?P<version>\S+)")
# Lines without a stamp that are messages of their own, not the rest of the message before.
_REPORTS = ("STATISTICS:: ", "DATA USAGE:: ")


@dataclass(frozen=True, slots=True)
class LogMessage:
    """A message of a log; `line` is the 1-based line it starts on, later lines of it are joined by newlines."""

    line: int
    stamp: str | None
    level: str | None
    message: str


@dataclass(frozen=True, slots=True)
class EngineLog:
    """What the engine's trace says: its errors, the brokerage a live run used, the newest stamp (UTC)."""

    errors: tuple[LogMessage, ...]
    brokerage: str | None
    version: str | None
    newest_at: dt.datetime | None
    quit_called: bool


def parse_algorithm_log(data: bytes) -> list[LogMessage]:
    """The messages of `<id>-log.txt`, stamped in the algorithm's own time zone; bytes that are no text are marked."""
    return list(_joined(data, _algorithm_start))


def quit_called(messages: list[LogMessage]) -> bool:
    """Whether the algorithm ended itself: the only trace of it is this line."""
    return any(message.stamp is not None and message.message.startswith(_QUIT) for message in messages)


def parse_engine_log(data: bytes) -> EngineLog:
    """Read `log.txt`. Only errors are kept as messages; the rest is read for what no other file says."""
    errors: list[LogMessage] = []
    brokerage = version = None
    newest = None
    ended_itself = False
    for message in _joined(data, _engine_start):
        if message.stamp is not None and (moment := _engine_moment(message.stamp)) is not None:
            newest = moment if newest is None else max(newest, moment)
        if brokerage is None and (found := _BROKERAGE.search(message.message)):
            brokerage = found["name"]
        if version is None and (found := _VERSION.search(message.message)):
            version = found["version"]
        ended_itself = ended_itself or _QUIT_IN_ENGINE.search(message.message) is not None
        if message.level == "ERROR":
            errors.append(message)
    return EngineLog(tuple(errors), brokerage, version, newest, ended_itself)


def _joined(data: bytes, start: _Start) -> Iterator[LogMessage]:
    """Messages with their later lines."""
    current: tuple[int, str | None, str | None] | None = None
    lines: list[str] = []
    for number, line in enumerate(data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n"), start=1):
        begun = start(line)
        if begun is None and current is not None:
            lines.append(line)
            continue
        if current is not None:
            yield LogMessage(*current, "\n".join(lines).rstrip("\n"))
        if begun is None:
            if not line:
                continue
            begun = (None, None, line)
        stamp, level, rest = begun
        current, lines = (number, stamp, level), [rest]
    if current is not None:
        yield LogMessage(*current, "\n".join(lines).rstrip("\n"))


def _algorithm_start(line: str) -> tuple[str | None, str | None, str] | None:
    if found := _ALGORITHM_LINE.fullmatch(line):
        return found["stamp"], None, found["rest"]
    if line.startswith(_INITIALIZING):
        return None, "initialization", line
    return None


def _engine_start(line: str) -> tuple[str | None, str | None, str] | None:
    if found := _ENGINE_LINE.fullmatch(line):
        return found["stamp"], found["level"], found["rest"]
    if line.startswith(_REPORTS):
        return None, "REPORT", line
    return None


def _engine_moment(stamp: str) -> dt.datetime | None:
    day, _, clock = stamp.rstrip("Z").replace("T", " ").partition(" ")
    clock, _, fraction = clock.partition(".")
    try:
        return dt.datetime.strptime(
            f"{day.replace('-', '')} {clock}.{fraction.ljust(6, '0')[:6]}+0000", "%Y%m%d %H:%M:%S.%f%z"
        )
    except ValueError:
        return None
