"""Whatever an old file, a saved reply or a small side file holds, it is read or refused; nothing else happens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.lean.eras import document_of, is_current, to_current
from tests.fuzz.targets import TARGETS, check

SIDES = ("insights", "analysis", "monitor", "launch", "optimizer", "journal", "properties", "prices", "charts", "logs")
OLD = [json.loads(data) for data in (*TARGETS["replies"].seeds(), *TARGETS["results"].seeds()[-2:])]

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, depth: int = 4) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document down to a depth; lists only at their first entry."""
    if depth == 0 or not isinstance(value, dict | list) or not value:
        return []
    keys = list(value) if isinstance(value, dict) else [0]
    return [(value, key) for key in keys] + [found for key in keys for found in places(value[key], depth - 1)]


@given(st.integers(0, len(OLD) - 1), values, st.data())
def test_any_part_of_an_old_document_replaced_by_anything(which: int, value: object, data: st.DataObject) -> None:
    document = json.loads(json.dumps(OLD[which]))
    found = places(document)
    holder, key = found[data.draw(st.integers(0, len(found) - 1))]
    holder[key] = value
    written = json.dumps(document).encode()
    document_of(written)
    check(TARGETS["replies"], written)


@given(st.binary(max_size=300))
def test_any_bytes_have_a_notation(data: bytes) -> None:
    document_of(data)
    is_current(data)
    to_current(data)


@pytest.mark.parametrize("name", SIDES)
@given(data=st.data())
def test_side_files_with_a_piece_replaced(name: str, data: st.DataObject) -> None:
    target = TARGETS[name]
    whole = data.draw(st.sampled_from(sorted(target.seeds(), key=len)[:3]))
    start = data.draw(st.integers(0, len(whole)))
    end = min(len(whole), start + data.draw(st.integers(0, 40)))
    check(target, whole[:start] + data.draw(st.binary(max_size=12)) + whole[end:])
