"""The two logs of a run: the algorithm's own, and the engine's trace.

Holds: how their lines are told apart, their levels, and what the engine's trace says about the run.
Belongs here: a notation of a log line, a fact that stands in no other file.
Never here: the decision about a run's state.

The algorithm's log names no levels, but the engine's trace repeats its messages with theirs: `with_levels` joins the
two.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from pipelines.parsing.plain_text import damage_in, text_of
from pipelines.parsing.refusals import Refusal

_CLOCK = r"\d{2}:\d{2}:\d{2}(?:\.\d+)?"
_ALGORITHM_STAMP = rf"\d{{4}}-\d{{2}}-\d{{2}}[T ]{_CLOCK}Z?|\d{{8}} {_CLOCK}"
_ALGORITHM_LINE = re.compile(rf"(?P<stamp>{_ALGORITHM_STAMP}) (?P<rest>.*)")
_ENGINE_LINE = re.compile(
    rf"(?P<stamp>\d{{4}}-\d{{2}}-\d{{2}}T{_CLOCK}Z|\d{{8}} {_CLOCK}) (?P<level>TRACE|DEBUG|ERROR):: ?(?P<rest>.*)",
    re.IGNORECASE,
)
# What the engine's trace repeats of the algorithm's log. Of an error it names no kind: the line's own level is one.
_REPEATED = re.compile(rf"(?:(?P<kind>Log|Debug|Error): )?(?P<stamp>{_ALGORITHM_STAMP}) (?P<rest>.*)")
_OWN_LEVEL = re.compile(r"(?P<level>TRACE|DEBUG|ERROR)::|(?P<error>Runtime Error):", re.IGNORECASE)
_Start = Callable[[str], "tuple[str | None, str | None, str] | None"]
_INITIALIZING = "Algorithm Initialization: "
_QUIT = "Quit():"
_QUIT_IN_ENGINE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} Quit\(\):")
_BROKERAGE = re.compile(r"creating brokerage '(?P<name>[^']+)'")
_BANNER = b"LEAN ALGORITHMIC TRADING ENGINE"
_HEAD = 1 << 16
_VERSION = re.compile(r"LEAN ALGORITHMIC TRADING ENGINE v(?P<version>\S+)")
# Lines without a stamp that are messages of their own, not the rest of the message before.
_REPORTS = ("STATISTICS:: ", "DATA USAGE:: ")


@dataclass(frozen=True, slots=True)
class LogMessage:
    """A message of a log; `line` is the 1-based line it starts on, later lines of it are joined by newlines.

    `stamp` is the text as printed, `stamped_at` the instant where the stamp is UTC. Levels are TRACE, DEBUG, ERROR and
    REPORT (the totals at the end) in the engine's trace; LOG, DEBUG, ERROR and INITIALIZATION in the algorithm's log,
    None where nothing tells.
    """

    line: int
    stamp: str | None
    level: str | None
    message: str
    stamped_at: dt.datetime | None = None


class EngineMessages:
    """Every message of the engine's trace, read anew each time: a live run's trace grows without an end."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[LogMessage]:
        for message in _joined(self._data, _engine_start):
            yield replace(message, stamped_at=_engine_moment(message.stamp)) if message.stamp else message


@dataclass(frozen=True, slots=True)
class EngineLog:
    """What the engine's trace says: its messages, the brokerage a live run used, the newest stamp (UTC)."""

    messages: Iterable[LogMessage]
    brokerage: str | None
    version: str | None
    newest_at: dt.datetime | None
    quit_called: bool
    reports: tuple[str, ...] = ()
    """The lines of totals at its end."""

    @property
    def errors(self) -> tuple[LogMessage, ...]:
        """The messages of level ERROR."""
        return tuple(message for message in self.messages if message.level == "ERROR")


def is_engine_log(head: bytes) -> bool:
    """Whether the first bytes of a `log.txt` are those of an engine's trace."""
    return _BANNER in head


def parse_algorithm_log(data: bytes) -> list[LogMessage]:
    """The messages of `<id>-log.txt`, stamped in the algorithm's own time zone; bytes that are no text are marked."""
    return list(_joined(data, _algorithm_start))


def damage_in_algorithm_log(data: bytes) -> list[Refusal]:
    """What shows that an algorithm's log was cut short or overwritten; its messages are read all the same."""
    return damage_in(data, lambda line: _algorithm_start(line) is not None)


def damage_in_engine_log(data: bytes) -> list[Refusal]:
    """What shows that an engine's trace was cut short or overwritten. Other output may stand before its banner."""
    if _BANNER in data[:_HEAD]:
        return damage_in(data, lambda line: True)
    return damage_in(data, lambda line: _engine_start(line) is not None)


def quit_called(messages: list[LogMessage]) -> bool:
    """Whether the algorithm ended itself: the only trace of it is this line."""
    return any(message.stamp is not None and message.message.startswith(_QUIT) for message in messages)


def parse_engine_log(data: bytes) -> EngineLog:
    """Read `log.txt`: its messages, and what no other file says."""
    messages = EngineMessages(data)
    brokerage = version = None
    newest = None
    ended_itself = False
    reports = []
    for message in messages:
        if message.level == "REPORT":
            reports.append(message.message)
        if message.stamped_at is not None:
            newest = message.stamped_at if newest is None else max(newest, message.stamped_at)
        if brokerage is None and (found := _BROKERAGE.search(message.message)):
            brokerage = found["name"]
        if version is None and (found := _VERSION.search(message.message)):
            version = found["version"]
        ended_itself = ended_itself or _QUIT_IN_ENGINE.search(message.message) is not None
    return EngineLog(messages, brokerage, version, newest, ended_itself, tuple(reports))


def with_levels(messages: list[LogMessage], engine: EngineLog | None) -> list[LogMessage]:
    """The algorithm's messages with the levels under which the engine's trace repeats them."""
    if engine is None or not messages:
        return messages
    levels: dict[tuple[str, str], str] = {}
    for message in engine.messages:
        if message.level is not None and (found := _REPEATED.match(message.message)):
            levels[found["stamp"], found["rest"]] = (found["kind"] or message.level).upper()
    # A message of several lines is known by its first.
    return [
        message
        if message.level is not None or message.stamp is None
        else replace(message, level=levels.get((message.stamp, message.message.partition("\n")[0])))
        for message in messages
    ]


def _joined(data: bytes, start: _Start) -> Iterator[LogMessage]:
    """Messages with their later lines."""
    current: tuple[int, str | None, str | None] | None = None
    lines: list[str] = []
    for number, line in enumerate(text_of(data).replace("\r\n", "\n").split("\n"), start=1):
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
        return found["stamp"], _own_level(found["rest"]), found["rest"]
    if line.startswith(_INITIALIZING):
        return None, "INITIALIZATION", line
    return None


def _own_level(message: str) -> str | None:
    found = _OWN_LEVEL.match(message)
    if found is None:
        return None
    return "ERROR" if found["error"] else found["level"].upper()


def _engine_start(line: str) -> tuple[str | None, str | None, str] | None:
    if found := _ENGINE_LINE.fullmatch(line):
        return found["stamp"], found["level"].upper(), found["rest"]
    if line.startswith(_REPORTS):
        return None, "REPORT", line
    return None


def _engine_moment(stamp: str) -> dt.datetime | None:
    """The instant of a stamp; the compact form of the console names no zone and is UTC as well."""
    day, _, clock = stamp.rstrip("Z").replace("T", " ").partition(" ")
    clock, _, fraction = clock.partition(".")
    try:
        return dt.datetime.fromisoformat(f"{day.replace('-', '')}T{clock}.{fraction.ljust(6, '0')[:6]}+00:00")
    except ValueError:
        return None
