"""Edges of matching: how far a price may be off, which rows are one order, and whose fills they are."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from pipelines.transforms.matching.leg_matching import match_trades
from pipelines.transforms.matching.order_units import broker_units, lean_units, merged_by_price, parts_together
from pipelines.transforms.matching.settings import DEFAULT
from tests.transforms.test_leg_matching import lean, row

CENT = Decimal("0.01")


@pytest.mark.parametrize("price", ["1.00", "200.00"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_price_may_be_off_by_exactly_its_reach_and_not_by_more(price: str, sign: int) -> None:
    reach = max(DEFAULT.price_reach_least, Decimal(price) * DEFAULT.price_reach)
    at, beyond = Decimal(price) + sign * reach, Decimal(price) + sign * (reach + CENT)
    [leg] = match_trades([lean(1, price=price)], [row("a", price=str(at))])
    assert leg.deviations == ("price",)
    apart = match_trades([lean(1, price=price)], [row("a", price=str(beyond))])
    assert [(bool(leg.lean), bool(leg.rows)) for leg in apart] == [(True, False), (False, True)]


def test_rows_without_times_are_one_order_where_each_is_one_of_its_prices_within_the_tolerance() -> None:
    ours = lean_units([lean(1, quantity="-2", price="1.00"), lean(1, quantity="-3", price="1.10", minutes=1)])

    def rows(second: str) -> list[int]:
        given = [
            row("a", quantity="-2", price="1.00", order_number=None, has_time=False),
            row("b", quantity="-3", price=second, order_number=None, has_time=False),
        ]
        return sorted(len(unit.legs[0].fills) for unit in merged_by_price(ours, broker_units(given), CENT))

    assert rows("1.10") == [2]
    assert rows("1.11") == [2]
    assert rows("1.12") == [1, 1]


def test_rows_with_a_number_or_a_time_are_not_put_together_by_price() -> None:
    ours = lean_units([lean(1, quantity="-2", price="1.00"), lean(1, quantity="-3", price="1.10", minutes=1)])
    for more in ({"order_number": "7"}, {"has_time": True}):
        given = [
            row("a", quantity="-2", price="1.00", **({"order_number": None, "has_time": False} | more)),
            row("b", quantity="-3", price="1.10", order_number=None, has_time=False),
        ]
        assert len(merged_by_price(ours, broker_units(given), CENT)) == 2


def test_parts_are_put_together_only_of_rows_without_a_number() -> None:
    ours = lean_units([lean(1, quantity="-5")])
    loose = [row(name, quantity=size, order_number=None) for name, size in (("a", "-2"), ("b", "-3"))]
    numbered = [row(name, quantity=size) for name, size in (("a", "-2"), ("bb", "-3"))]
    assert len(parts_together(ours, broker_units(loose), lambda *_: True)) == 1
    assert len(parts_together(ours, broker_units(numbered), lambda *_: True)) == 2
    assert len(parts_together(ours, broker_units(loose), lambda *_: False)) == 2


def test_bought_and_sold_rows_of_one_number_are_two_legs() -> None:
    [unit] = broker_units([row("a", quantity="-2", order_number="7"), row("b", quantity="2", order_number="7")])
    assert [leg.key[1] for leg in unit.legs] == [-1, 1]


def test_a_row_outside_of_the_window_is_no_part_of_an_order() -> None:
    late = DEFAULT.window + dt.timedelta(minutes=30)
    legs = match_trades(
        [lean(1, quantity="-5")],
        [
            row("a", quantity="-2", order_number=None),
            row("b", quantity="-3", order_number=None, seconds=late.total_seconds()),
        ],
    )
    assert ("a", "b") not in [tuple(found.row_id for found in leg.rows) for leg in legs]
