"""One step ahead: the same pieces, and an error in its place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.ahead import ahead


def test_pieces_come_in_their_order() -> None:
    assert list(ahead(range(50))) == list(range(50))
    assert list(ahead([])) == []


def test_an_error_comes_after_the_pieces_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("third")

    pieces = ahead(broken())
    assert [next(pieces), next(pieces)] == [1, 2]
    with pytest.raises(ValueError, match="third"):
        next(pieces)


def test_a_source_may_be_left_early() -> None:
    pieces = ahead(range(1000))
    assert next(iter(pieces)) == 0
    pieces.close()  # type: ignore[attr-defined]
