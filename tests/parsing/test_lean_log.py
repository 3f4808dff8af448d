"""Logs: every line kept, with its level and, where its stamp is UTC, its instant."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.lean.log import LogMessage, parse_algorithm_log, parse_engine_log, with_levels

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"
LINES = st.lists(st.text(st.characters(exclude_characters=":\r\n", codec="utf-8")))


@pytest.mark.parametrize(
    ("line", "level", "moment"),
    [
        ("2026-11-22T15:20:09.7409313Z TRACE:: text", "TRACE", dt.datetime(2026, 11, 22, 15, 20, 9, 740931, dt.UTC)),
        ("2026-11-22T15:20:09Z ERROR:: text", "ERROR", dt.datetime(2026, 11, 22, 15, 20, 9, 0, dt.UTC)),
        ("20261122 15:20:09.740 DEBUG:: text", "DEBUG", dt.datetime(2026, 11, 22, 15, 20, 9, 740_000, dt.UTC)),
        ("20181122 15:20:09 Trace:: text", "TRACE", dt.datetime(2018, 11, 22, 15, 20, 9, 0, dt.UTC)),
    ],
)
def test_the_engines_stamps_of_every_era_are_instants(line: str, level: str, moment: dt.datetime) -> None:
    (message,) = parse_engine_log(line.encode()).messages
    assert (message.level, message.stamped_at, message.message) == (level, moment, "text")


def test_the_totals_at_the_end_are_a_report_each() -> None:
    data = b"2026-11-22T15:20:33Z TRACE:: \nSTATISTICS:: Total Orders 416\nDATA USAGE:: Total data requests 3\nmore\n"
    assert [(message.line, message.level, message.message) for message in parse_engine_log(data).messages] == [
        (1, "TRACE", ""),
        (2, "REPORT", "STATISTICS:: Total Orders 416"),
        (3, "REPORT", "DATA USAGE:: Total data requests 3\nmore"),
    ]


@given(LINES)
def test_no_line_of_a_log_is_lost(lines: list[str]) -> None:
    data = "\n".join(lines).encode()
    for messages in (list(parse_engine_log(data).messages), parse_algorithm_log(data)):
        text = "\n".join(message.message for message in messages)
        assert all(line in text for line in lines)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_readers(data: bytes) -> None:
    engine = parse_engine_log(data)
    with_levels(parse_algorithm_log(data), engine)
    assert list(engine.messages) == list(engine.messages)


def test_the_engines_trace_tells_the_levels_of_the_algorithms_log() -> None:
    engine = parse_engine_log(
        b"2026-01-01T15:00:00Z TRACE:: Log: 2026-01-01 10:00:00 said\n"
        b"2026-01-01T15:00:01Z TRACE:: Debug: 2026-01-01 10:00:01 first line\nsecond line\n"
        b"2026-01-01T15:00:02Z ERROR:: 2026-01-01 10:00:02 went wrong\n"
    )
    own = parse_algorithm_log(
        b"Algorithm Initialization: start\n2026-01-01 10:00:00 said\n2026-01-01 10:00:01 first line\nsecond line\n"
        b"2026-01-01 10:00:02 went wrong\n2026-01-01 10:00:03 unheard\n2026-01-01 10:00:04 Runtime Error: x\n"
    )
    assert [message.level for message in with_levels(own, engine)] == [
        "INITIALIZATION", "LOG", "DEBUG", "ERROR", None, "ERROR",
    ]  # fmt: skip
    assert [message.level for message in with_levels(own, None)] == ["INITIALIZATION"] + [None] * 4 + ["ERROR"]


@pytest.mark.parametrize("run", ["boom", "quits", "combo", "live/3-L-3100000003"])
def test_every_message_of_a_recorded_run_has_a_level(run: str) -> None:
    engine = parse_engine_log((DATA / run / "log.txt").read_bytes())
    (own,) = (DATA / run).glob("*-log.txt")
    messages: list[LogMessage] = with_levels(parse_algorithm_log(own.read_bytes()), engine)
    assert messages
    assert all(message.level for message in [*messages, *engine.messages])
    assert engine.newest_at == max(message.stamped_at for message in engine.messages if message.stamped_at)
