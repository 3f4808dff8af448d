"""Journals are read line by line: whole lines are kept, broken ones are named and read again when they are whole."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.parsing.lean.journal import OLDER, OURS, JournalPlace, journal_place, parse_segment
from tests.shared import shared_path
from tomking.kernel.contracts import format_entry, journal_key

OLDER_FILES = Path(__file__).parent.parent / "data" / "journal" / "older" / "journal"
NOW = dt.datetime(2019, 12, 2, 15, 45, tzinfo=dt.UTC)


def segment(count: int) -> bytes:
    lines = [format_entry(n, "note", NOW + dt.timedelta(seconds=n), message=f"line {n} ä") for n in range(1, count + 1)]
    return ("\n".join(lines) + "\n").encode()


def test_a_whole_segment_is_read_whole() -> None:
    found = parse_segment(segment(5))
    assert (found.dialect, len(found.lines), found.refusals) == (OURS, 5, ())
    assert [line.line for line in found.lines] == [1, 2, 3, 4, 5]
    assert found.lines[0].occurred_at == NOW + dt.timedelta(seconds=1)
    assert json.loads(found.lines[2].payload)["message"] == "line 3 ä"


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 5), st.data())
def test_wherever_a_write_stops_whole_lines_are_kept_and_the_rest_comes_later(count: int, data: st.DataObject) -> None:
    whole = segment(count)
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    found = parse_segment(cut)
    complete = cut.count(b"\n")
    assert len(found.lines) in (complete, complete + 1)
    for refusal in found.refusals:
        assert (refusal.reason, refusal.line) == ("half_written", complete + 1)
    assert len(found.lines) + len(found.refusals) == len([chunk for chunk in cut.split(b"\n") if chunk])
    later = parse_segment(whole)
    assert later.lines[: len(found.lines)] == found.lines
    assert len(later.lines) == count


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200))
def test_no_bytes_can_break_the_reader(data: bytes) -> None:
    found = parse_segment(data)
    assert len(found.lines) + len(found.refusals) == len([chunk for chunk in data.split(b"\n") if chunk.strip()])


def test_a_broken_line_in_the_middle_loses_nothing_else() -> None:
    first, second, third = segment(3).splitlines()
    found = parse_segment(b"\n".join((first, second[:20], third, b"")))
    assert [line.line for line in found.lines] == [1, 3]
    assert [(refusal.reason, refusal.line) for refusal in found.refusals] == [("not_json", 2)]


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"kind": "gossip"}, "unknown_kind", "kind"),
        ({"schema": 9}, "unknown_schema", "schema"),
        ({"seq": 1}, "not_in_sequence", "seq"),
        ({"message": 5}, "wrong_type", "message"),
        ({"time": "yesterday"}, "wrong_type", "time"),
    ],
)
def test_a_line_that_breaks_the_schema_is_named(change: dict[str, object], reason: str, field: str) -> None:
    first, second = segment(2).splitlines()
    spoilt = json.dumps({**json.loads(second), **change}).encode()
    found = parse_segment(first + b"\n" + spoilt + b"\n")
    [refusal] = found.refusals
    assert (refusal.reason, refusal.line, refusal.field) == (reason, 2, field)
    assert len(found.lines) == 1


def test_the_older_dialect_is_read_with_both_its_times() -> None:
    live = parse_segment((OLDER_FILES / "L-3100000003.jsonl").read_bytes())
    assert (live.dialect, len(live.lines), live.refusals) == (OLDER, 16, ())
    assert live.lines[0].set_id == "ps-0004"
    assert live.lines[0].occurred_at == dt.datetime(2026, 11, 18, 14, 28, 13, 386143, tzinfo=dt.UTC)
    backtest = parse_segment((OLDER_FILES / "tk-tastytrade-covid.jsonl").read_bytes())
    assert backtest.lines[0].occurred_at == dt.datetime(2019, 12, 2, 5, tzinfo=dt.UTC)
    assert {line.kind for line in backtest.lines} == {"parameters_applied", "order_sent", "order_event"}
    assert sum('"kind": "filled"' in line.payload for line in backtest.lines) > 0


def test_a_kind_of_the_older_dialect_that_ours_does_not_know_keeps_its_name() -> None:
    lines = [b'{"kind":"%s","time":"2026-11-18T14:28:13Z"}' % kind for kind in (b"assigned", b"gone", b"command")]
    assert [line.kind for line in parse_segment(b"\n".join(lines)).lines] == ["assignment", "gone", "command"]


def test_without_its_first_line_an_older_journal_waits_until_it_is_readable() -> None:
    whole = (OLDER_FILES / "L-3100000003.jsonl").read_bytes()
    found = parse_segment(b"\x00" + whole[1:])
    assert (found.lines, found.first_line_hash) == ((), None)
    assert [(refusal.reason, refusal.line) for refusal in found.refusals] == [
        ("not_json", 1),
        ("first_line_unreadable", 1),
    ]


def test_a_journal_without_a_name_is_read_like_any_other() -> None:
    nameless = parse_segment((OLDER_FILES / ".jsonl").read_bytes())
    named = parse_segment((OLDER_FILES / "L-3100000003.jsonl").read_bytes())
    assert len(nameless.lines) == 1
    assert nameless.first_line_hash == named.first_line_hash


@pytest.mark.parametrize(
    ("line", "reason", "field"),
    [
        (b'{"time":"2026-11-18T14:28:13Z"}', "missing", "kind"),
        (b'{"kind":1,"time":"2026-11-18T14:28:13Z"}', "wrong_type", "kind"),
        (b'{"kind":"x"}', "missing", "time"),
        (b'{"kind":"x","time":7}', "wrong_type", "time"),
        (b'{"kind":"x","time":"soon"}', "not_a_time", "time"),
        (b"[1]", "not_an_object", None),
    ],
)
def test_an_older_line_without_kind_or_time_is_named(line: bytes, reason: str, field: str | None) -> None:
    good = b'{"kind":"note","time":"2026-11-18T14:28:13Z"}\n'
    [refusal] = parse_segment(good + line + b"\n").refusals
    assert (refusal.reason, refusal.line, refusal.field) == (reason, 2, field)


def test_every_recorded_journal_is_read_to_its_last_line() -> None:
    stores = [shared_path("runs", "live", "storage"), *sorted(shared_path("runs", "own").glob("*/storage"))]
    files = [file for store in stores for file in sorted((store / "journal").glob("*.jsonl"))]
    assert len(files) >= 5
    for file in files:
        found = parse_segment(file.read_bytes())
        assert found.refusals == ()
        assert len(found.lines) == file.read_bytes().count(b"\n")


def test_a_key_says_whose_journal_it_is() -> None:
    key = journal_key("paper-1", "L-31-20261118142813", 12)
    assert journal_place(key) == JournalPlace("paper-1", "L-31-20261118142813", 12)
    assert journal_place("journal/L-3100000001.jsonl") == JournalPlace(None, "L-3100000001", 0)
    assert journal_place("journal/.jsonl") == JournalPlace(None, "", 0)
    for other in ("tomking/paper-1/state/book.json", "parameters/current.json", "journal/a/b.jsonl", "journal/x.json"):
        assert journal_place(other) is None
