"""Ids are the same everywhere and differ where the fields differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warehouse.keys import ID_LENGTH, stable_id

fields = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.none(), max_size=4)


def test_an_id_never_changes_between_releases() -> None:
    assert stable_id("run", "Strangle", "2026-11-20T22:00:00Z") == "b4b7630fa0f005f16ffbc653817ed40e"


@given(fields, fields)
def test_different_fields_have_different_ids(one: list[str | None], other: list[str | None]) -> None:
    assert (stable_id(*one) == stable_id(*other)) == (one == other)


@given(fields)
def test_an_id_is_short_hex_text(one: list[str | None]) -> None:
    made = stable_id(*one)
    assert len(made) == ID_LENGTH
    assert set(made) <= set("0123456789abcdef")
