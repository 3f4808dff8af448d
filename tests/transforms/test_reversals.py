"""Bookings the broker took back: original, reversal and what replaced them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from itertools import permutations

from pipelines.transforms.matching.fills import ZERO, BrokerFill
from pipelines.transforms.statements.reversals import is_reversal, net_reversals

MOMENT = dt.datetime(2020, 3, 13, 18, 0, 7, tzinfo=dt.UTC)
SALE = BrokerFill(
    row_id="original",
    instrument_key="SPY   200403C00355000",
    leg_class="trade",
    occurred_at=MOMENT,
    session_date=MOMENT.date(),
    quantity=Decimal(-2),
    price=Decimal("1.00"),
    commission=Decimal(2),
    fees=Decimal("0.29"),
    effect="open",
    order_number="84",
    value=Decimal(200),
)


def turned_round(fill: BrokerFill, name: str = "reversal", seconds: int = 0) -> BrokerFill:
    return replace(
        fill,
        row_id=name,
        occurred_at=fill.occurred_at + dt.timedelta(seconds=seconds),
        commission=-(fill.commission or ZERO),
        fees=-fill.fees,
        value=-fill.value,
    )


def corrected(fill: BrokerFill, seconds: int = 0) -> BrokerFill:
    moment = fill.occurred_at + dt.timedelta(seconds=seconds)
    return replace(fill, row_id="corrected", price=Decimal("0.95"), value=Decimal(190), occurred_at=moment)


def test_a_reversal_is_told_by_its_value() -> None:
    assert is_reversal(turned_round(SALE))
    assert not is_reversal(SALE)
    assert not is_reversal(replace(SALE, value=Decimal(0)))


def test_the_corrected_row_stands_for_all_three_whatever_their_order() -> None:
    chain = [SALE, turned_round(SALE), corrected(SALE)]
    for rows in permutations(chain):
        (left,) = net_reversals(rows)
        assert (left.row_id, left.corrects) == ("corrected", ("original", "reversal"))


def test_what_was_put_right_later_is_still_the_fill_of_the_original() -> None:
    (left,) = net_reversals([SALE, turned_round(SALE, seconds=900), corrected(SALE, seconds=900)])
    assert left.occurred_at == SALE.occurred_at


def test_a_booking_that_was_only_taken_back_is_no_fill() -> None:
    assert net_reversals([SALE, turned_round(SALE)]) == []


def test_taking_back_a_double_booking_leaves_one() -> None:
    twin = replace(SALE, row_id="twin")
    (left,) = net_reversals([SALE, twin, turned_round(twin)])
    assert left.corrects
    assert left.price == SALE.price


def test_other_orders_and_earlier_reversals_take_nothing_back() -> None:
    foreign = replace(turned_round(SALE), order_number="85")
    early = turned_round(SALE, seconds=-5)
    assert {row.row_id for row in net_reversals([SALE, foreign])} == {"original", "reversal"}
    assert {row.row_id for row in net_reversals([SALE, early])} == {"original", "reversal"}
