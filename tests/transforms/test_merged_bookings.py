"""Sums of rows: an order in one export, its executions in another; nothing is taken for a sum that is none."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from pipelines.transforms.statements.generations import same_bookings
from pipelines.transforms.statements.merged_bookings import LARGEST_SEARCH, merged_bookings
from pipelines.transforms.statements.printed_rows import Printed

NOON = dt.datetime(2026, 11, 16, 17, 0, tzinfo=dt.UTC)


def row(row_id: str, generation: int, quantity: int, cents: int = 100, **changes: object) -> Printed:
    """A purchase."""
    made = Printed(
        row_id,
        generation,
        ("fill", "XYZ", "buy"),
        Decimal(-quantity * cents) / 100,
        NOON,
        True,
        dt.date(2026, 11, 16),
        quantity=Decimal(quantity),
        price=Decimal(cents) / 100,
        currency="USD",
        merges=True,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_an_order_stands_for_its_executions_and_the_first_is_named() -> None:
    late = NOON + dt.timedelta(seconds=9)
    parts = [row("b", 6, 2, occurred_at=late), row("a", 6, 3)]
    assert same_bookings([row("order", 2, 5), *parts]) == {"order": "a"}


def test_several_old_rows_stand_aside_for_one_new_row() -> None:
    assert same_bookings([row("x", 0, 2), row("y", 0, 3), row("leg", 3, 5)]) == {"x": "leg", "y": "leg"}


def test_rows_of_one_order_go_before_others_of_the_same_sum() -> None:
    parts = [row("a", 6, 2, order_number="1"), row("b", 6, 3, order_number="2"), row("c", 6, 3, order_number="1")]
    assert merged_bookings([row("order", 2, 5)], parts) == {"order": "a"}
    again = merged_bookings([row("order", 2, 5)], list(reversed(parts)))
    assert again == {"order": "a"}


def test_a_day_counts_once_as_a_whole_where_no_row_is_a_sum() -> None:
    old, new = [row("o1", 0, 4), row("o2", 0, 5)], [row("n1", 3, 3), row("n2", 3, 6)]
    assert merged_bookings(old, new) == {"o1": "n1", "o2": "n1"}


def test_another_value_another_day_or_another_time_is_no_sum() -> None:
    parts = [row("a", 6, 2), row("b", 6, 3)]
    assert merged_bookings([row("order", 2, 5, cents=101)], parts) == {}
    assert merged_bookings([row("order", 2, 5, session_date=dt.date(2026, 11, 17))], parts) == {}
    assert merged_bookings([row("order", 2, 4)], parts) == {}
    apart = row("order", 2, 5, occurred_at=NOON + dt.timedelta(minutes=1))
    unlike = [*parts, row("c", 6, 1)]
    assert merged_bookings([apart], unlike) == {}


def test_exports_that_never_merge_are_left_alone() -> None:
    assert merged_bookings([row("order", 1, 5, merges=False)], [row("a", 2, 2), row("b", 2, 3)]) == {}


def test_converted_amounts_are_compared_by_price() -> None:
    parts = [row("a", 6, 2, cents=100), row("b", 6, 3, cents=110)]
    order = row("order", 1, 5, price=Decimal("1.06000000"), value=Decimal("-4.80"), currency="EUR")
    assert merged_bookings([order], parts) == {"order": "a"}
    assert merged_bookings([replace(order, price=Decimal("1.07"))], parts) == {}
    assert merged_bookings([replace(order, price=None)], parts) == {}


def test_many_rows_are_compared_in_bounded_time() -> None:
    many = [row(f"n{place:03d}", 6, 1 + place % 7, order_number=str(place)) for place in range(30 * LARGEST_SEARCH)]
    total = sum(int(one.quantity) for one in many)
    assert merged_bookings([row("day", 2, total)], many) == {"day": "n000"}
    assert merged_bookings([row("day", 2, total + 1)], many) == {}
