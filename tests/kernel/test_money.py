"""Reading and rounding money.

Holds: properties of the strict reader and of rounding as data.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.money import MoneyError, Rounding, add, could_print, decimal_from_text, multiply

AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=9)


@given(AMOUNTS)
def test_what_is_printed_is_what_is_read(amount: Decimal) -> None:
    assert decimal_from_text(f"{amount:f}") == amount
    assert decimal_from_text(f"{amount:,f}") == amount
    assert decimal_from_text(f"{amount:e}") == amount


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,035.00", "1035.00"),
        ("-10,300.00", "-10300.00"),
        ("+.5", "0.5"),
        ("5.", "5"),
        ("-2.637591265E-4", "-0.0002637591265"),
        ("0.0000000000000000000000000001", "1E-28"),
    ],
)
def test_texts_that_statements_print_are_read(text: str, value: str) -> None:
    assert decimal_from_text(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        ".",
        "--",
        "1 0",
        " 1",
        "1\n",
        "1,00",
        "1,0000",
        ",1",
        "1_000",
        "NaN",
        "Infinity",
        "$1",
        "(1)",
        "1e99",
        "١",
    ],
)
def test_texts_that_are_no_plain_number_are_refused(text: str) -> None:
    with pytest.raises(MoneyError):
        decimal_from_text(text)


@given(st.text(max_size=12))
def test_no_text_is_read_as_anything_but_a_finite_number(text: str) -> None:
    try:
        value = decimal_from_text(text)
    except MoneyError:
        return
    assert value.is_finite()


@pytest.mark.parametrize(
    ("mode", "amount", "expected"),
    [
        ("half_up", "0.005", "0.01"),
        ("half_up", "0.0049", "0.00"),
        ("half_even", "0.005", "0.00"),
        ("half_even", "0.015", "0.02"),
        ("up", "0.0000001", "0.01"),
        ("up", "0", "0.00"),
        ("up", "0.01", "0.01"),
    ],
)
def test_rounding_follows_its_mode(mode: str, amount: str, expected: str) -> None:
    assert Rounding(mode, 2).apply(Decimal(amount)) == Decimal(expected)  # type: ignore[arg-type]


@given(AMOUNTS, st.sampled_from(["half_up", "up", "half_even"]), st.integers(0, 6))
def test_rounding_is_idempotent_and_never_moves_by_a_whole_unit(amount: Decimal, mode: str, places: int) -> None:
    rounding = Rounding(mode, places)  # type: ignore[arg-type]
    once = rounding.apply(amount)
    assert rounding.apply(once) == once
    assert abs(once - amount) < Decimal(1).scaleb(-places)


def test_exact_arithmetic_keeps_more_digits_than_the_default_context() -> None:
    small = Decimal("0.0000000000000000000000000001")
    assert str(add([Decimal(10**12), small])) == "1000000000000.0000000000000000000000000001"
    assert str(multiply(Decimal("1234567890.123456789"), small)) == "1.234567890123456789E-19"
    assert Rounding("half_up", 2).apply(Decimal("1" * 40 + ".005")) == Decimal("1" * 40 + ".01")


@pytest.mark.parametrize(("mode", "places"), [("exact", 2), ("half_up", None), ("down", 2), ("up", 99)])
def test_a_rounding_that_means_nothing_cannot_be_made(mode: str, places: int | None) -> None:
    with pytest.raises(MoneyError):
        Rounding(mode, places)  # type: ignore[arg-type]


def test_half_a_cent_may_print_as_either_neighbour() -> None:
    assert could_print(Decimal("0.945"), Decimal("0.94"))
    assert could_print(Decimal("0.945"), Decimal("0.95"))
    assert not could_print(Decimal("0.946"), Decimal("0.94"))
