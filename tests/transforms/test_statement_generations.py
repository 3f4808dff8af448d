"""Rows of two generations of an export: one booking each, two equal fills stay two."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.statements.generations import same_bookings
from pipelines.transforms.statements.printed_rows import Printed

NOON = dt.datetime(2020, 6, 15, 16, 0, 20, tzinfo=dt.UTC)


def row(row_id: str, generation: int, moment: dt.datetime = NOON, **changes: object) -> Printed:
    """A sale as one generation prints it."""
    cut = moment.replace(second=0) if generation == 0 else moment
    made = Printed(row_id, generation, ("trade", "XYZ", "sell"), Decimal("250.00"), cut, True, dt.date(2020, 6, 15))
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_row_without_seconds_is_the_row_of_the_same_minute() -> None:
    assert same_bookings([row("old", 0), row("new", 2)]) == {"old": "new"}


def test_a_clock_an_hour_off_is_still_the_same_booking_and_another_minute_is_not() -> None:
    hour, minute = dt.timedelta(hours=1), dt.timedelta(minutes=1)
    assert same_bookings([row("old", 0, NOON - hour), row("new", 2)]) == {"old": "new"}
    assert same_bookings([row("old", 0, NOON - minute), row("new", 2)]) == {}
    assert same_bookings([row("old", 0, NOON - 2 * hour), row("new", 2)]) == {}


def test_between_exports_with_seconds_a_second_decides() -> None:
    second = dt.timedelta(seconds=1)
    assert same_bookings([row("csv", 2), row("api", 3, NOON + second / 2)]) == {"csv": "api"}
    assert same_bookings([row("csv", 2), row("api", 3, NOON + 2 * second)]) == {}


def test_two_equal_fills_stay_two() -> None:
    old, new = [row("a", 0), row("b", 0)], [row("c", 2), row("d", 2)]
    assert set(same_bookings([*old, *new]).values()) == {"c", "d"}
    assert len(same_bookings([*old, new[0]])) == 1


def test_a_value_rounded_to_the_cent_is_the_same_and_a_cent_off_is_not() -> None:
    assert same_bookings([row("old", 0, value=Decimal("250.004")), row("new", 2)]) == {"old": "new"}
    assert same_bookings([row("old", 0, value=Decimal("250.01")), row("new", 2)]) == {}


def test_order_numbers_that_differ_keep_rows_apart() -> None:
    assert same_bookings([row("csv", 2, order_number="1"), row("api", 3, order_number="2")]) == {}
    assert same_bookings([row("csv", 2, order_number="1"), row("api", 3, order_number="1")]) == {"csv": "api"}


def test_a_row_without_a_time_needs_its_day_only() -> None:
    old = row("old", 0, NOON.replace(hour=4, minute=0), has_time=False)
    assert same_bookings([old, row("new", 2)]) == {"old": "new"}
    assert same_bookings([old, row("new", 2, session_date=dt.date(2020, 6, 16))]) == {}


def test_each_row_leads_to_the_next_newer_generation() -> None:
    assert same_bookings([row("first", 0), row("second", 2), row("third", 3)]) == {"first": "second", "second": "third"}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 2)), max_size=14), st.randoms())
def test_the_pairs_are_one_to_one_and_do_not_depend_on_the_order(
    drawn: list[tuple[int, int, int]], chance: random.Random
) -> None:
    rows = [
        row(f"{place:02d}", generation, NOON + dt.timedelta(minutes=30 * shift), value=Decimal(value))
        for place, (generation, shift, value) in enumerate(drawn)
    ]
    found = same_bookings(rows)
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert same_bookings(shuffled) == found
    generation_of = {one.row_id: one.generation for one in rows}
    assert all(generation_of[old] < generation_of[new] for old, new in found.items())
    taken = [(generation_of[old], new) for old, new in found.items()]
    assert len(taken) == len(set(taken))
