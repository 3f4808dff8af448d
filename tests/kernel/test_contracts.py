"""Keys, tags and journal lines: what one side writes, the other reads."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel import contracts
from tomking.kernel.contracts import KINDS, EntryRefused, OrderTag, format_entry, make_tag, parse_tag, validate_entry

LEAN_KEY = re.compile(r"^\.?[a-zA-Z0-9\\/_#\-$= ]+\.?[a-zA-Z0-9]*$")
NOW = datetime(2019, 12, 2, 15, 45, 0, 1, tzinfo=UTC)
NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)
PARTS = st.from_regex(r"[A-Za-z0-9_.:-]{1,60}", fullmatch=True)
EXAMPLES = {
    "text": "",
    "name": "x",
    "number": "-1.50",
    "whole": 3,
    "hash": "a" * 64,
    "day": "2019-12-02",
    "wholes": [1, 2],
    "numbers": {"orf": "0.04"},
    "counts": {"expired": 2},
    "flag": True,
}
WRONG = {
    "text": 1,
    "name": "",
    "number": "1e3",
    "whole": "3",
    "hash": "a",
    "day": "today",
    "wholes": [True],
    "numbers": {"orf": 0.04},
    "counts": {"expired": "2"},
    "flag": "true",
}


@given(NAMES, NAMES, st.integers(1, 10**6))
def test_every_key_is_one_that_the_engine_accepts(deployment: str, name: str, segment: int) -> None:
    keys = [
        contracts.parameter_key(deployment, name),
        contracts.history_key(deployment),
        contracts.current_key(deployment),
        contracts.journal_key(deployment, name, segment),
        contracts.state_key(deployment),
    ]
    assert len(set(keys)) == len(keys)
    for key in keys:
        assert key.startswith(contracts.prefix(deployment) + "/")
        assert LEAN_KEY.fullmatch(key)
        assert key.count(".") == 1


@pytest.mark.parametrize("name", ["", "a.b", "../x", "a/b", "ü", "a b", "x" * 101])
def test_a_name_that_would_leave_its_folder_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="deployment"):
        contracts.prefix(name)


def test_segments_count_from_one() -> None:
    with pytest.raises(ValueError, match="count from 1"):
        contracts.journal_key("d", "run", 0)


def test_a_run_key_names_the_start_in_utc_whatever_the_zone() -> None:
    eastern = timezone(timedelta(hours=-5))
    assert contracts.run_key("L-31", datetime(2026, 11, 18, 9, 28, 13, tzinfo=eastern)) == "L-31-20261118142813"
    assert contracts.run_key("a b/c", datetime(2026, 1, 1, tzinfo=UTC)) == "a_b_c-20260101000000"
    assert contracts.run_key("", datetime(2026, 1, 1, tzinfo=UTC)) == "run-20260101000000"
    with pytest.raises(ValueError, match="time zone"):
        contracts.run_key("x", datetime(2026, 1, 1))  # noqa: DTZ001


@given(PARTS, PARTS, PARTS)
def test_a_tag_is_read_back_as_it_was_made(strategy: str, trade: str, action: str) -> None:
    assert parse_tag(make_tag(strategy, trade, action)) == OrderTag(strategy, trade, action)


@given(st.none() | st.text(max_size=80))
def test_any_other_tag_is_not_ours(text: str | None) -> None:
    found = parse_tag(text)
    assert found is None or found.text == text


@pytest.mark.parametrize("text", ["tk1|a|b", "tk1|a|b|c|d", "tk2|a|b|c", "tk1|a||c", "tk1|a b|b|c", "re-price"])
def test_a_tag_of_another_shape_is_not_ours(text: str) -> None:
    assert parse_tag(text) is None


def test_a_part_that_would_break_the_tag_is_refused() -> None:
    with pytest.raises(ValueError, match="order tag"):
        make_tag("a|b", "t", "open")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_is_written_and_read_and_refused_without_any_of_its_fields(kind: str) -> None:
    spec = KINDS[kind]
    fields = {name: EXAMPLES[expected] for name, expected in {**spec.required, **spec.optional}.items()}
    line = format_entry(7, kind, NOW, **fields)
    entry = json.loads(line)
    assert validate_entry(entry) is spec
    assert (entry["schema"], entry["seq"], entry["kind"], entry["time"]) == (1, 7, kind, "2019-12-02T15:45:00.000001Z")
    for name in spec.required:
        with pytest.raises(EntryRefused) as refusal:
            validate_entry({key: value for key, value in entry.items() if key != name})
        assert (refusal.value.reason, refusal.value.field) == ("missing", name)
    for name, expected in {**spec.required, **spec.optional}.items():
        with pytest.raises(EntryRefused) as refusal:
            validate_entry({**entry, name: WRONG[expected]})
        assert (refusal.value.reason, refusal.value.field) == ("wrong_type", name)


def test_values_become_text_and_absent_ones_are_left_out() -> None:
    line = format_entry(
        1,
        "fee_forecast",
        NOW,
        order_id=3,
        event_id=None,
        symbol="SPY   200117P00295000",
        components={"orf": Decimal("0.08"), "sec": Decimal("1E-2")},
        total=Decimal("2.294"),
        modelled=2.0,
        session_date=date(2019, 12, 2),
    )
    entry = json.loads(line)
    assert entry["components"] == {"orf": "0.08", "sec": "0.01"}
    assert (entry["total"], entry["modelled"], entry["session_date"]) == ("2.294", "2.0", "2019-12-02")
    assert "event_id" not in entry
    assert "\n" not in line


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"schema": 2}, "unknown_schema", "schema"),
        ({"schema": "1"}, "wrong_type", "schema"),
        ({"seq": 0}, "wrong_type", "seq"),
        ({"time": "2019-12-02T15:45:00Z"}, "wrong_type", "time"),
        ({"time": "2019-13-02T15:45:00.000000Z"}, "not_a_time", "time"),
        ({"kind": "gossip"}, "unknown_kind", "kind"),
        ({"kind": 4}, "wrong_type", "kind"),
    ],
)
def test_what_is_wrong_with_a_line_is_named(change: dict[str, object], reason: str, field: str) -> None:
    entry = {**json.loads(format_entry(1, "note", NOW, message="hello")), **change}
    with pytest.raises(EntryRefused) as refusal:
        validate_entry(entry)
    assert (refusal.value.reason, refusal.value.field) == (reason, field)


@pytest.mark.parametrize("shared", ["schema", "seq", "kind", "time"])
def test_a_line_without_a_shared_field_is_refused(shared: str) -> None:
    entry = json.loads(format_entry(1, "note", NOW, message="hello"))
    del entry[shared]
    with pytest.raises(EntryRefused, match="missing"):
        validate_entry(entry)


def test_a_mistake_shows_where_the_line_is_written() -> None:
    with pytest.raises(EntryRefused, match="missing in message"):
        format_entry(1, "note", NOW)
    with pytest.raises(EntryRefused, match="not_a_number"):
        format_entry(1, "metric", NOW, name="x", value=float("nan"))
    with pytest.raises(ValueError, match="time zone"):
        format_entry(1, "note", NOW.replace(tzinfo=None), message="hello")


def test_a_field_that_a_newer_algorithm_adds_is_kept() -> None:
    entry = json.loads(format_entry(1, "note", NOW, message="hello", mood="good"))
    assert entry["mood"] == "good"
    validate_entry(entry)
