"""The journal's segments: numbered, never rewritten, valid whatever is thrown at them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.algorithm.support import as_lean, journal
from tests.lean_double.store import ObjectStore
from tomking.adapters.journal import LINES_PER_SEGMENT, Journal
from tomking.adapters.object_store import Store
from tomking.kernel.contracts import journal_key, validate_entry

NOW = datetime(2020, 2, 3, 15, tzinfo=UTC)


def make(folder: Path) -> Journal:
    return Journal(Store(as_lean(ObjectStore(folder))), "demo", lambda: NOW)


def test_lines_from_before_the_run_has_a_key_follow_its_first_line(tmp_path: Path) -> None:
    log = make(tmp_path)
    log.write("note", message="early")
    log.flush()
    assert list(tmp_path.iterdir()) == []
    log.begin("run-1", mode="backtest")
    log.flush()
    assert [line["kind"] for line in journal(tmp_path)] == ["run_started", "note"]


def test_each_flush_makes_a_new_segment_and_an_empty_one_makes_none(tmp_path: Path) -> None:
    log = make(tmp_path)
    log.begin("run-1", mode="backtest")
    log.flush()
    log.flush()
    first = (tmp_path / journal_key("demo", "run-1", 1)).read_bytes()
    log.write("note", message="later")
    log.flush()
    assert (tmp_path / journal_key("demo", "run-1", 1)).read_bytes() == first
    assert json.loads((tmp_path / journal_key("demo", "run-1", 2)).read_text())["seq"] == 2
    assert not (tmp_path / journal_key("demo", "run-1", 3)).exists()


def test_a_full_buffer_is_stored_at_once(tmp_path: Path) -> None:
    log = make(tmp_path)
    log.begin("run-1", mode="backtest")
    for _ in range(LINES_PER_SEGMENT):
        log.write("note", message="one of many")
    assert (tmp_path / journal_key("demo", "run-1", 1)).exists()


def test_a_segment_that_is_there_already_is_not_overwritten(tmp_path: Path) -> None:
    for message in ("first", "second"):
        log = make(tmp_path)
        log.begin("run-1", mode="backtest")
        log.write("note", message=message)
        log.flush()
    assert [line.get("message") for line in journal(tmp_path)] == [None, "first", None, "second"]


def test_lines_wait_while_the_store_takes_nothing(tmp_path: Path) -> None:
    class Full(ObjectStore):
        full = True

        def save(self, key: str, text: str) -> bool:
            return not self.full and super().save(key, text)

    store = Full(tmp_path)
    log = Journal(Store(as_lean(store)), "demo", lambda: NOW)
    log.begin("run-1", mode="backtest")
    log.flush()
    store.full = False
    log.write("note", message="later")
    log.flush()
    assert [line["seq"] for line in journal(tmp_path)] == [1, 2]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["note", "metric", "refused", "nonsense"]),
            st.dictionaries(st.sampled_from(["message", "rule", "name", "value"]), st.none() | st.text() | st.floats()),
        ),
        max_size=5,
    )
)
def test_a_line_that_breaks_the_schema_becomes_an_error_line(lines: list[tuple[str, dict[str, object]]]) -> None:
    class Memory(ObjectStore):
        def __init__(self) -> None:
            super().__init__(Path())

        def contains_key(self, key: str) -> bool:
            return False

        def save(self, key: str, text: str) -> bool:
            for line in text.splitlines():
                validate_entry(json.loads(line))
            return True

    log = Journal(Store(as_lean(Memory())), "demo", lambda: NOW)
    log.begin("run-1", mode="backtest")
    for kind, fields in lines:
        log.write(kind, **fields)
    log.flush()
    assert log.entries == len(lines) + 1
