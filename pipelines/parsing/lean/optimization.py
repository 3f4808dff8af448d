"""An optimisation: the folder LEAN's optimizer leaves around the backtests it launched.

Holds: its log, its configuration, and the two put together.
Belongs here: a notation of the optimizer.
Never here: the backtests' own files, reading folders.

The log is the only place that names the winner; the configuration the only one with the whole search space. Either may
be missing.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

from msgspec import Raw

from pipelines.parsing.lean.exact_json import Unreadable, plain_text, read_file, read_object
from pipelines.parsing.lean.keys import first_of, plain_keys
from pipelines.parsing.lean.log import EngineMessages
from pipelines.parsing.refusals import Refused

CONFIGURATION = "optimizer-config.json"
LOG = "log.txt"

_MARK = b"LeanOptimizer."
_OPTIMIZATION = re.compile(r"\bOID:? ?(?P<id>[^\s,)]+)")
_LAUNCHED = re.compile(r"launched backtest '(?P<id>[^']+)' with parameters '(?P<parameters>[^']*)'")
_WAITING = re.compile(r"Waiting on (?P<count>\d{1,9}) backtests")
_ENDED = "Optimization has ended"
_BEST = re.compile(
    r"Target: (?P<target>.+?) at: (?P<value>\S+?): was reached using ParameterSet: \((?P<parameters>.*)\) "
    r"backtestId '(?P<id>[^']+)'"
)
_BEST_SO_FAR = re.compile(
    r"Best id:'(?P<id>[^']+)'\. Target: (?P<target>.+?) at: (?P<value>\S+)\. Parameters \((?P<parameters>.*)\)"
)
_CONSTRAINTS = re.compile(r"Constraints: \((?P<text>.*)\)\s*$")
_CONSTRAINT = re.compile(r"\[.*?\] '[^']*' [^\s,]+")


@dataclass(frozen=True, slots=True)
class LaunchedBacktest:
    """A backtest as the log announces it."""

    algorithm_id: str
    parameters: dict[str, str]
    launched_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Winner:
    """The best backtest: of the whole search once it ended, of what was finished before."""

    algorithm_id: str
    parameters: dict[str, str]
    target: str
    value_text: str

    @property
    def value(self) -> float | None:
        """The target's value, None where the text is no number."""
        try:
            value = float(self.value_text)
        except ValueError:
            return None
        return value if math.isfinite(value) else None


@dataclass(slots=True)
class OptimizerLog:
    """What the log says; None and empty for what it does not."""

    optimization_id: str | None = None
    backtests: int | None = None
    launched: list[LaunchedBacktest] = field(default_factory=list)
    winner: Winner | None = None
    constraints: tuple[str, ...] = ()
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    newest_at: dt.datetime | None = None
    has_ended: bool = False

    @property
    def status(self) -> str:
        """running, completed, or failed where it ended without a winner."""
        if not self.has_ended:
            return "running"
        return "completed" if self.winner else "failed"


@dataclass(frozen=True, slots=True)
class OptimizerConfiguration:
    """What was asked for; constraints and space as the JSON texts of the file."""

    strategy: str | None
    target: str | None
    extremum: str | None
    constraints_json: str
    space_json: str


def is_optimizer_log(head: bytes) -> bool:
    """Whether the first bytes of a `log.txt` are the optimizer's."""
    return _MARK in head


def parse_log(data: bytes) -> OptimizerLog:
    """Read the optimizer's `log.txt`; lines it cannot use are passed over."""
    log = OptimizerLog()
    launched: dict[str, LaunchedBacktest] = {}
    for message in EngineMessages(data):
        text, moment = message.message, message.stamped_at
        if moment is not None:
            log.started_at = log.started_at or moment
            log.newest_at = moment if log.newest_at is None else max(moment, log.newest_at)
        if log.optimization_id is None and (found := _OPTIMIZATION.search(text)):
            log.optimization_id = found["id"]
        if found := _LAUNCHED.search(text):
            one = LaunchedBacktest(found["id"], parse_parameters(found["parameters"]), moment)
            launched.setdefault(one.algorithm_id, one)
        if found := _WAITING.search(text):
            log.backtests = int(found["count"])
        if _ENDED in text:
            _end(log, text, moment)
        elif not log.has_ended and (found := _BEST_SO_FAR.search(text)):
            log.winner = _winner(found)
    log.launched = list(launched.values())
    return log


def parse_configuration(data: bytes) -> OptimizerConfiguration:
    """Read `optimizer-config.json`. Raises `Refused`."""
    members = plain_keys(read_file(data, dict[str, Raw]))
    try:
        criterion = _object(first_of(members, "optimizationcriterion", "criterion"), "$.optimization-criterion")
        return OptimizerConfiguration(
            strategy=plain_text(first_of(members, "optimizationstrategy", "strategy")),
            target=plain_text(first_of(criterion, "target", "objective")),
            extremum=plain_text(first_of(criterion, "extremum", "extremun")),
            constraints_json=_list(first_of(members, "constraints"), "$.constraints"),
            space_json=_list(first_of(members, "parameters"), "$.parameters"),
        )
    except Unreadable as error:
        raise Refused(error.refusal) from error


def parse_parameters(text: str) -> dict[str, str]:
    """`exit_dte:14,target:0.35` as a map; a value may hold commas, as long as no colon follows one."""
    parameters: dict[str, str] = {}
    name = None
    for part in text.split(",") if text else []:
        key, colon, value = part.partition(":")
        if colon:
            name = key.strip()
            parameters[name] = value.strip()
        elif name is not None:
            parameters[name] += "," + part
    return parameters


def space_of(launched: list[LaunchedBacktest]) -> str:
    """The search space as far as the log shows it: every parameter with the values it was given, as JSON."""
    values: dict[str, list[str]] = {}
    for backtest in launched:
        for name, value in backtest.parameters.items():
            seen = values.setdefault(name, [])
            if value not in seen:
                seen.append(value)
    return json.dumps([{"name": name, "values": seen} for name, seen in values.items()])


def _end(log: OptimizerLog, text: str, moment: dt.datetime | None) -> None:
    log.has_ended, log.ended_at = True, moment
    found = _BEST.search(text)
    log.winner = _winner(found) if found else None
    if constraints := _CONSTRAINTS.search(text):
        log.constraints = tuple(_CONSTRAINT.findall(constraints["text"])) or (constraints["text"],)


def _winner(found: re.Match[str]) -> Winner:
    return Winner(found["id"], parse_parameters(found["parameters"]), found["target"], found["value"])


def _object(raw: Raw, place: str) -> dict[str, Raw]:
    return plain_keys(read_object(raw, dict[str, Raw], place)) if bytes(raw) not in (b"", b"null") else {}


def _list(raw: Raw, place: str) -> str:
    if bytes(raw) in (b"", b"null"):
        return "[]"
    found: list[Any] = read_object(raw, list[Any], place)
    return json.dumps(found)
