"""Which row of a statement corrects which row of another."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.statements.corrections import Correction, Seen, corrections

EARLY, LATE = dt.datetime(2026, 11, 17, tzinfo=dt.UTC), dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
IDS = st.sets(st.sampled_from("abcdefgh"), max_size=6)


def seen(ids: str | list[str], reach: dt.datetime, slot: str = "fill") -> list[Seen]:
    return [Seen(row_id, (slot,), reach) for row_id in ids]


def test_the_version_only_the_later_statement_shows_replaces_the_one_only_the_earlier_shows() -> None:
    assert corrections(seen("ac", LATE), seen("ab", EARLY)) == [Correction("b", "c")]


def test_an_earlier_statement_read_afterwards_brings_the_originals() -> None:
    assert corrections(seen("ab", EARLY), seen("ac", LATE)) == [Correction("b", "c")]


def test_between_statements_of_the_same_reach_the_one_read_last_counts() -> None:
    assert corrections(seen("b", LATE), seen("a", LATE)) == [Correction("a", "b")]


def test_rows_of_other_slots_and_rows_left_over_correct_nothing() -> None:
    assert corrections(seen("a", LATE, "one"), seen("b", EARLY, "two")) == []
    assert corrections(seen("abc", LATE), seen("a", EARLY)) == []
    assert corrections(seen("a", LATE), seen("abc", EARLY)) == []


@given(IDS, IDS)
def test_corrections_never_touch_what_both_show_and_pair_every_row_at_most_once(
    ours: set[str], others: set[str]
) -> None:
    found = corrections(seen(sorted(ours), LATE), seen(sorted(others), EARLY))
    originals, replacements = [pair.original for pair in found], [pair.replacement for pair in found]
    assert set(originals) <= others - ours
    assert set(replacements) <= ours - others
    assert len(set(originals)) == len(originals) == len(set(replacements))
    assert len(found) == min(len(ours - others), len(others - ours))
