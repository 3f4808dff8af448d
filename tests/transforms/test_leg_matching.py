"""Which fills of both sides are one order leg."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.matching.fills import BrokerFill, LeanFill, Leg
from pipelines.transforms.matching.leg_matching import match_trades
from tests.transforms.account_maker import CONTRACTS, OPENING, make_account

PUT, CALL = CONTRACTS[3], CONTRACTS[0]
seeds = st.integers(0, 10**6)


def lean(
    order: int, key: str = PUT, quantity: str = "-2", price: str = "1.00", minutes: float = 0, **more: object
) -> LeanFill:
    moment = OPENING + dt.timedelta(minutes=minutes)
    fill = LeanFill(
        reference=f"run/{order:05d}",
        run_id="run",
        order_id=order,
        instrument_key=key,
        leg_class="trade",
        occurred_at=moment,
        session_date=moment.date(),
        quantity=Decimal(quantity),
        price=Decimal(price),
        broker_ids=(str(order),),
    )
    return replace(fill, **more)  # type: ignore[arg-type]


def row(
    name: str, key: str = PUT, quantity: str = "-2", price: str = "1.00", seconds: float = 10, **more: object
) -> BrokerFill:
    moment = OPENING + dt.timedelta(seconds=seconds)
    fill = BrokerFill(
        row_id=name,
        instrument_key=key,
        leg_class="trade",
        occurred_at=moment,
        session_date=moment.date(),
        quantity=Decimal(quantity),
        price=Decimal(price),
        commission=Decimal(0),
        fees=Decimal(0),
        effect="open",
        order_number=f"9{len(name)}{ord(name[0])}",
    )
    return replace(fill, **more)  # type: ignore[arg-type]


def outline(legs: tuple[Leg, ...]) -> list[tuple[list[int], list[str], tuple[str, ...]]]:
    return [
        ([fill.order_id for fill in leg.lean], [found.row_id for found in leg.rows], leg.deviations) for leg in legs
    ]


@given(seeds, st.integers(1, 40))
def test_a_faithful_copy_matches_fully(seed: int, orders: int) -> None:
    account = make_account(random.Random(seed), orders, step=lambda: dt.timedelta(minutes=3))
    legs = match_trades(account.lean, account.broker)
    assert len(legs) == len(account.lean)
    for leg in legs:
        (fill,) = leg.lean
        assert {found.row_id for found in leg.broker} == {found.row_id for found in account.rows_of(fill)}
        assert not leg.deviations
        assert leg.tier in ("group", "fill")


@given(seeds, seeds)
def test_the_result_does_not_depend_on_the_order_of_the_fills(seed: int, shuffle: int) -> None:
    account = make_account(
        random.Random(seed), 15, step=lambda: dt.timedelta(seconds=random.Random(seed).randint(0, 90))
    )
    damaged = [found for at, found in enumerate(account.broker) if at % 5]
    expected = match_trades(account.lean, damaged)
    chance = random.Random(shuffle)
    chance.shuffle(account.lean)
    chance.shuffle(damaged)
    assert match_trades(account.lean, damaged) == expected


@given(seeds)
def test_every_fill_is_used_exactly_once_whatever_is_wrong(seed: int) -> None:
    chance = random.Random(seed)
    account = make_account(chance, 20, step=lambda: dt.timedelta(seconds=chance.randint(0, 120)))
    broker = [
        replace(found, price=Decimal(chance.randint(1, 900)) / 100) if chance.random() < 0.3 else found
        for found in account.broker
        if chance.random() < 0.8
    ]
    legs = match_trades(account.lean, broker)
    assert sorted(fill.reference for leg in legs for fill in leg.lean) == sorted(
        fill.reference for fill in account.lean
    )
    assert sorted(found.row_id for leg in legs for found in leg.rows) == sorted(found.row_id for found in broker)


def test_partial_fills_of_the_broker_belong_to_one_leg() -> None:
    rows = [row("a", quantity="-1", order_number="84"), row("b", quantity="-1", seconds=25, order_number="84")]
    assert outline(match_trades([lean(1)], rows)) == [([1], ["a", "b"], ())]


def test_partial_fills_under_several_order_numbers_belong_to_one_leg() -> None:
    rows = [row("a", quantity="-1", order_number="84"), row("b", quantity="-1", seconds=25, order_number="91")]
    assert outline(match_trades([lean(1)], rows)) == [([1], ["a", "b"], ())]


def test_rows_without_order_numbers_are_put_together() -> None:
    rows = [row(name, quantity="-1", order_number=None) for name in "abc"]
    assert outline(match_trades([lean(1, quantity="-3")], rows)) == [([1], ["a", "b", "c"], ())]


def test_a_missing_fill_does_not_pull_the_next_ones_along() -> None:
    fills = [lean(number, minutes=45 * number) for number in range(4)]
    rows = [row(f"r{number}", seconds=45 * 60 * number + 8, order_number=f"8{number}") for number in (0, 2, 3)]
    assert outline(match_trades(fills, rows)) == [
        ([0], ["r0"], ()),
        ([1], [], ()),
        ([2], ["r2"], ()),
        ([3], ["r3"], ()),
    ]


def test_equal_fills_a_minute_apart_keep_their_order() -> None:
    fills = [lean(number, minutes=number) for number in range(5)]
    rows = [row(f"r{number}", seconds=60 * number + 29, order_number=f"8{number}") for number in range(5)]
    assert outline(match_trades(fills, rows)) == [([number], [f"r{number}"], ()) for number in range(5)]


def test_a_price_that_differs_is_the_same_fill() -> None:
    assert outline(match_trades([lean(1)], [row("a", price="1.01")])) == [([1], ["a"], ("price",))]


def test_one_of_several_rows_at_another_price_is_seen() -> None:
    rows = [row("a", quantity="-1", order_number="84"), row("b", quantity="-1", price="1.01", order_number="84")]
    assert outline(match_trades([lean(1)], rows)) == [([1], ["a", "b"], ("price",))]


def test_lean_prices_finer_than_a_cent_are_the_printed_ones() -> None:
    assert outline(match_trades([lean(1, price="1.0049")], [row("a")])) == [([1], ["a"], ())]


def test_a_quantity_that_differs_is_the_same_fill() -> None:
    assert outline(match_trades([lean(1)], [row("a", quantity="-1")])) == [([1], ["a"], ("quantity",))]


def test_another_trade_in_the_contract_is_not_the_missing_fill() -> None:
    strange = row("a", quantity="-1", price="0.87", seconds=40)
    assert outline(match_trades([lean(1)], [strange])) == [([1], [], ()), ([], ["a"], ())]


def test_an_exact_pair_beats_two_that_deviate() -> None:
    fills = [lean(1, price="1.02"), lean(2, minutes=0.5)]
    rows = [row("a", seconds=40, order_number="84"), row("b", price="1.03", seconds=95, order_number="91")]
    assert outline(match_trades(fills, rows)) == [([1], ["b"], ("price",)), ([2], ["a"], ())]


def test_the_legs_of_a_combo_tell_equal_orders_apart() -> None:
    first = [lean(1, PUT, group_id=1), lean(2, CALL, price="2.00", group_id=1)]
    second = [lean(3, PUT, group_id=2), lean(4, CALL, price="3.00", group_id=2)]
    rows = [
        row("a", PUT, order_number="91"),
        row("b", CALL, price="2.00", order_number="91"),
        row("c", PUT, order_number="84"),
        row("d", CALL, price="3.00", order_number="84"),
    ]
    found = {leg.lean[0].order_id: [booked.row_id for booked in leg.rows] for leg in match_trades(first + second, rows)}
    assert found == {1: ["a"], 2: ["b"], 3: ["c"], 4: ["d"]}


def test_a_leg_the_broker_does_not_have_stays_alone() -> None:
    fills = [lean(1, PUT, group_id=1), lean(2, CALL, group_id=1)]
    legs = match_trades(fills, [row("a", CALL, order_number="84")])
    assert outline(legs) == [([2], ["a"], ()), ([1], [], ())]


def test_a_combo_split_over_order_numbers_matches_leg_by_leg() -> None:
    fills = [lean(1, PUT, group_id=1), lean(2, CALL, group_id=1)]
    legs = match_trades(fills, [row("a", CALL, order_number="84"), row("b", PUT, order_number="91")])
    assert outline(legs) == [([2], ["a"], ()), ([1], ["b"], ())]


def test_the_broker_s_order_number_is_believed_over_the_time() -> None:
    (leg,) = match_trades([lean(1, broker_ids=("555",))], [row("a", seconds=3000, price="1.30", order_number="555")])
    assert (leg.tier, leg.deviations) == ("broker_id", ("price",))


def test_an_order_s_own_number_is_no_number_of_the_broker() -> None:
    legs = match_trades([lean(7)], [row("a", seconds=3000, order_number="7")])
    assert outline(legs) == [([7], [], ()), ([], ["a"], ())]


def test_a_fill_booked_twice_is_a_duplicate() -> None:
    twice = [row("a", order_number="84"), row("b", order_number="84")]
    (leg,) = match_trades([lean(1)], twice)
    assert leg.deviations == ("duplicate",)
    assert len(leg.broker) == len(leg.duplicates) == 1


def test_equal_partial_fills_are_no_duplicates() -> None:
    rows = [row(name, quantity="-1", order_number="84") for name in "ab"]
    assert outline(match_trades([lean(1)], rows)) == [([1], ["a", "b"], ())]


def test_the_other_side_is_never_a_partner() -> None:
    legs = match_trades([lean(1)], [row("a", quantity="2")])
    assert sorted(outline(legs), key=str) == [([1], [], ()), ([], ["a"], ())]


@pytest.mark.parametrize("seconds", [0, 60, 119])
def test_the_score_falls_with_the_time_between(seconds: int) -> None:
    (near,) = match_trades([lean(1)], [row("a", seconds=0)])
    (leg,) = match_trades([lean(1)], [row("a", seconds=seconds)])
    assert near.score == 1
    assert leg.score is not None
    assert (leg.score < 1) == (seconds > 0)


def test_the_rows_booked_twice_are_those_that_make_up_the_surplus() -> None:
    quantities = ("-1", "-1", "-3", "-3")
    rows = [row(name, quantity=of, order_number="84") for name, of in zip("abcd", quantities, strict=True)]
    (leg,) = match_trades([lean(1, quantity="-5")], rows)
    assert leg.deviations == ("duplicate",)
    assert [found.quantity for found in leg.duplicates] == [Decimal(-3)]


def test_a_lone_fill_booked_twice_at_another_price_is_one_leg() -> None:
    rows = [row(name, price="1.01", order_number="84") for name in "ab"]
    (leg,) = match_trades([lean(1)], rows)
    assert set(leg.deviations) == {"duplicate", "price"}
