"""Matching by column comes to the same legs as matching fill by fill.

Holds: random accounts with every kind of fault, matched both ways; what must and must not be certain.
Never here: what a right match is (`test_leg_matching`).
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.transforms.matching import leg_matching
from pipelines.transforms.matching.certain_matching import match_certain
from pipelines.transforms.matching.fills import BrokerFill, LeanFill, Leg
from pipelines.transforms.matching.leg_matching import match_by_session, match_trades
from pipelines.transforms.matching.settings import DEFAULT
from tests.transforms.account_maker import OPENING, Account, make_account

Sides = tuple[list[LeanFill], list[BrokerFill]]
CENT = Decimal("0.01")


@pytest.fixture(autouse=True)
def by_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leg_matching, "LEAST_FOR_COLUMNS", 0)


def faulty(chance: random.Random, account: Account) -> Sides:
    """Both sides with faults, each kind in some accounts only."""
    lean, broker = list(account.lean), list(account.broker)
    for share, change in (
        (0.7, _damaged),
        (0.3, _some_without_number),
        (0.2, _without_times),
        (0.3, _with_numbers),
        (0.3, _all_at_one_price),
        (0.3, _in_parts),
        (0.1, _finer_than_columns),
    ):
        if chance.random() < share:
            lean, broker = change(chance, lean, broker)
    chance.shuffle(lean)
    chance.shuffle(broker)
    return lean, broker


def _damaged(chance: random.Random, lean: list[LeanFill], broker: list[BrokerFill]) -> Sides:
    found = []
    for row in broker:
        kind = chance.random()
        if kind < 0.08:
            found.append(replace(row, price=Decimal(chance.randint(1, 900)) / 100))
        elif kind < 0.12:
            found.append(replace(row, quantity=row.quantity * 2))
        elif kind < 0.16:
            found.append(replace(row, price=None))
        elif kind < 0.2:
            found += [row, replace(row, row_id=f"{row.row_id}*")]
        elif kind < 0.95:
            found.append(row)
    return lean, found


def _some_without_number(chance: random.Random, lean: list[LeanFill], broker: list[BrokerFill]) -> Sides:
    return lean, [replace(row, order_number=None) if chance.random() < 0.5 else row for row in broker]


def _without_times(_: random.Random, lean: list[LeanFill], broker: list[BrokerFill]) -> Sides:
    return lean, [replace(row, has_time=False, occurred_at=OPENING, order_number=None) for row in broker]


def _with_numbers(chance: random.Random, lean: list[LeanFill], broker: list[BrokerFill]) -> Sides:
    numbers = {row.row_id.split("|")[0]: row.order_number for row in broker if row.order_number is not None}
    wrong = list(numbers.values()) or ["1"]
    known = []
    for fill in lean:
        number = numbers.get(fill.reference) if chance.random() < 0.9 else chance.choice(wrong)
        known.append(replace(fill, broker_ids=(number,)) if number and chance.random() < 0.8 else fill)
    return known, broker


def _all_at_one_price(_: random.Random, lean: list[LeanFill], broker: list[BrokerFill]) -> Sides:
    return [replace(fill, price=Decimal(1)) for fill in lean], [replace(row, price=Decimal(1)) for row in broker]


def _in_parts(chance: random.Random, lean: list[LeanFill], broker: list[BrokerFill]) -> Sides:
    parts = []
    for fill in lean:
        if abs(fill.quantity) == 1 or chance.random() < 0.6:
            parts.append(fill)
            continue
        one = Decimal(1).copy_sign(fill.quantity)
        later = fill.occurred_at + dt.timedelta(seconds=chance.randint(0, 200))
        parts.append(replace(fill, reference=f"{fill.reference}a", quantity=fill.quantity - one))
        price = fill.price + CENT * (chance.random() < 0.3)
        parts.append(replace(fill, reference=f"{fill.reference}b", quantity=one, price=price, occurred_at=later))
    return parts, broker


def _finer_than_columns(chance: random.Random, lean: list[LeanFill], broker: list[BrokerFill]) -> Sides:
    shift = Decimal("0.000000000000000001")
    return [replace(fill, price=fill.price + shift) if chance.random() < 0.5 else fill for fill in lean], broker


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(5, 60), st.sampled_from([5, 40, 120, 400]))
def test_legs_are_the_same_however_they_are_found(seed: int, orders: int, most_seconds: int) -> None:
    chance = random.Random(seed)
    account = make_account(chance, orders, step=lambda: dt.timedelta(seconds=chance.randint(0, most_seconds)))
    lean, broker = faulty(chance, account)
    expected = tuple(match_by_session(lean, broker, DEFAULT))
    assert match_trades(lean, broker) == expected


def certain(lean: list[LeanFill], broker: list[BrokerFill]) -> list[Leg]:
    found = match_certain(lean, broker, DEFAULT)
    assert found is not None
    return found.legs


def sound(seed: int = 1, orders: int = 30, minutes: int = 3) -> Account:
    return make_account(random.Random(seed), orders, step=lambda: dt.timedelta(minutes=minutes))


def test_orders_that_agree_and_stand_apart_are_certain() -> None:
    account = sound()
    assert len(certain(account.lean, account.broker)) == len(account.lean)


def damage_price(row: BrokerFill) -> BrokerFill:
    return replace(row, price=(row.price or CENT) + CENT)


@pytest.mark.parametrize(
    "damage", [damage_price, lambda row: replace(row, quantity=row.quantity * 3)], ids=["price", "quantity"]
)
def test_a_damaged_order_is_left_to_be_scored_with_what_stands_beside_it(
    damage: Callable[[BrokerFill], BrokerFill],
) -> None:
    account = sound()
    fill = account.lean[7]
    account.change(fill, lambda rows: [damage(row) for row in rows])
    references = {found.lean[0].reference for found in certain(account.lean, account.broker)}
    assert fill.reference not in references
    assert len(references) >= len(account.lean) - 8


def test_two_equal_orders_within_the_window_are_not_certain() -> None:
    account = sound(orders=1)
    [fill, *_] = account.lean
    again = replace(fill, reference="run/99999", order_id=99_999, group_id=None)
    rows = [replace(row, row_id=f"{row.row_id}+", order_number="99") for row in account.rows_of(fill)]
    legs = certain([*account.lean, again], [*account.broker, *rows])
    assert fill.reference not in {leg.lean[0].reference for leg in legs}


def test_numbers_too_large_for_columns_are_compared_fill_by_fill() -> None:
    account = sound()
    huge = [replace(fill, quantity=fill.quantity * 10**12) for fill in account.lean]
    rows = [replace(row, quantity=row.quantity * 10**12) for row in account.broker]
    assert certain(huge, rows) == []
    assert match_trades(huge, rows) == tuple(match_by_session(huge, rows, DEFAULT))
