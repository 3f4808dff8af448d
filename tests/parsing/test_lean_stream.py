"""Cutting JSON into pieces: whatever the document and the blocks, the pieces together are the document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.parsing.lean.exact_json import Unreadable, read_object
from pipelines.parsing.lean.stream import Path, split

KEYS = st.sampled_from(["orders", "deep", "inner", "\\", '"', "{", "é\u2028"]) | st.text(max_size=4)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.text(alphabet='\\"{}[],: ', max_size=8)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=30
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "orders": VALUES | st.dictionaries(KEYS, VALUES, max_size=6),
        "deep": VALUES | st.fixed_dictionaries({"inner": st.lists(VALUES, max_size=6)}, optional={"beside": VALUES}),
        "other": VALUES,
    },
)
CONTAINERS: tuple[Path, ...] = (("orders",), ("deep", "inner"))


def blocks(data: bytes, size: int) -> Iterator[bytes]:
    for first in range(0, len(data), size):
        yield data[first : first + size]


def joined(data: bytes, size: int, containers: tuple[Path, ...]) -> Any:
    """The document the pieces make together."""
    found: dict[Path, Any] = {}
    for part in split(blocks(data, size), containers):
        value = json.loads(part.data)
        if not part.is_batch or part.path not in found:
            assert part.path not in found
            found[part.path] = value
        elif isinstance(value, dict):
            assert not found[part.path].keys() & value.keys()
            found[part.path] |= value
        else:
            found[part.path] += value
    if () in found:
        return found[()]
    document: dict[str, Any] = {}
    # A parent comes whole only where nothing was opened in it.
    for path, value in found.items():
        inside = document
        for key in path[:-1]:
            inside = inside.setdefault(key, {})
        inside[path[-1]] = value
    return document


def written(document: object, indent: int | None, separators: tuple[str, str], is_ascii: bool) -> bytes:
    text = json.dumps(document, indent=indent, separators=separators, ensure_ascii=is_ascii)
    return text.encode("utf-8", "surrogatepass")


@given(
    document=DOCUMENTS,
    size=st.integers(1, 40),
    indent=st.sampled_from([None, 0, 2]),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,\r\n", " :\t")]),
    is_ascii=st.booleans(),
)
@example(document={"orders": {'\\"': "\\\\"}}, size=1, indent=None, separators=(",", ":"), is_ascii=True)
def test_pieces_of_a_result_put_together_are_the_result(
    document: dict[str, Any], size: int, indent: int | None, separators: tuple[str, str], is_ascii: bool
) -> None:
    data = written(document, indent, separators, is_ascii)
    assert joined(data, size, CONTAINERS) == json.loads(data)


@given(document=VALUES, size=st.integers(1, 40))
def test_pieces_of_a_list_put_together_are_the_list(document: object, size: int) -> None:
    data = b" \n" + json.dumps(document).encode() + b" "
    assert joined(data, size, ((),)) == json.loads(data)


@given(document=DOCUMENTS, size=st.integers(1, 40), cut=st.integers(0, 400))
def test_a_document_that_stops_early_is_refused_by_name(document: dict[str, Any], size: int, cut: int) -> None:
    data = json.dumps(document).encode()
    with pytest.raises(Unreadable):
        taken(data[: min(cut, len(data) - 1)], size)


@given(
    document=DOCUMENTS,
    size=st.integers(1, 40),
    place=st.integers(0, 400),
    damage=st.sampled_from(['"', "\\", "{", "}", "[", "]", ",", ":", "x", " ", ""]),
    kept=st.integers(0, 1),
)
def test_what_python_refuses_is_refused_here(
    document: dict[str, Any], size: int, place: int, damage: str, kept: int
) -> None:
    data = json.dumps(document)
    place = min(place, len(data) - 1)
    broken = (data[:place] + damage + data[place + kept :]).encode()
    try:
        json.loads(broken)
    except ValueError:
        with pytest.raises(Unreadable):
            taken(broken, size)


def taken(data: bytes, size: int) -> None:
    """Every piece decoded, as whoever takes it does."""
    for part in split(blocks(data, size), CONTAINERS):
        read_object(part.data, object)


def test_a_batch_is_about_as_large_as_a_block() -> None:
    data = json.dumps({"orders": {str(number): {"id": number} for number in range(1000)}}).encode()
    sizes = [len(part.data) for part in split(blocks(data, 1000), CONTAINERS)]
    assert len(sizes) > 10
    assert max(sizes) < 2100


def test_a_member_that_stands_twice_is_refused() -> None:
    with pytest.raises(Unreadable, match="twice"):
        taken(b'{"orders": {}, "orders": {}}', 7)


@pytest.mark.parametrize(
    "data", [b"", b"  ", b"{}}", b"{} {}", b'{"orders": {"a": 1,}}', b'{"orders": {,"a": 1}}', b'{"a" 1}']
)
def test_small_breaks_are_refused_at_every_block_size(data: bytes) -> None:
    for size in range(1, len(data) + 2):
        with pytest.raises(Unreadable):
            taken(data, size)
