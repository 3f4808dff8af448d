"""Whatever bytes a run's files hold, they are read or refused; nothing else happens."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.lean.events import parse_events
from pipelines.parsing.lean.files import RunBytes
from pipelines.parsing.lean.result import parse_insights, parse_result
from pipelines.parsing.lean.run import assemble
from pipelines.parsing.refusals import Refused

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"
MAIN = (DATA / "quits" / "QuitProbe.json").read_bytes()
EVENTS = (DATA / "quits" / "QuitProbe-order-events.json").read_bytes()
STATUS = (DATA / "live" / "2-L-3100000002" / "L-3100000002.json").read_bytes()
SCRAPS = [
    b"null",
    b"{}",
    b"[]",
    b'""',
    b"1e999",
    b"-",
    b"\xff",
    b"1E-400",
    b"9" * 60,
    b'"\\ud800"',
    b"[" * 2000,
    b'{"a":',
]


def readable(data: bytes) -> None:
    """Every reader takes the bytes or raises `Refused`; any other exception fails the test."""
    files = [RunBytes("main", "x.json", data), RunBytes("order_events", "x-order-events.json", data)]
    readers: tuple[Callable[[bytes], object], ...] = (
        lambda data: parse_result([data]),
        lambda data: list(parse_events([data])),
        parse_insights,
        lambda _: assemble("x", files, is_live=False),
    )
    for read in readers:
        with suppress(Refused):
            read(data)


@given(st.binary(max_size=300))
def test_random_bytes(data: bytes) -> None:
    readable(data)


@given(st.sampled_from([MAIN, EVENTS, STATUS]), st.data())
def test_files_cut_off_anywhere(whole: bytes, data: st.DataObject) -> None:
    readable(whole[: data.draw(st.integers(0, len(whole)))])


@given(st.sampled_from([MAIN, EVENTS, STATUS]), st.data())
def test_files_with_a_piece_replaced(whole: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(whole)))
    end = min(len(whole), start + data.draw(st.integers(0, 40)))
    readable(whole[:start] + data.draw(st.sampled_from(SCRAPS) | st.binary(max_size=8)) + whole[end:])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(json.loads(MAIN))), values)
def test_any_member_of_a_result_replaced_by_anything(member: str, value: object) -> None:
    readable(json.dumps({**json.loads(MAIN), member: value}).encode())


@given(st.sampled_from(sorted(json.loads(EVENTS)[0])), values)
def test_any_field_of_an_event_replaced_by_anything(field: str, value: object) -> None:
    events = json.loads(EVENTS)
    events[0][field] = value
    readable(json.dumps(events).encode())


@given(st.sampled_from(sorted(next(iter(json.loads(MAIN)["orders"].values())))), values)
def test_any_field_of_an_order_replaced_by_anything(field: str, value: object) -> None:
    document = json.loads(MAIN)
    next(iter(document["orders"].values()))[field] = value
    readable(json.dumps(document).encode())
