"""Greeks of a book: sums of legs, each by its multiplier, and nothing made up for what is missing.

Holds: a book worked out by hand, properties over generated ones.
Belongs here: `tomking.kernel.portfolio_greeks`, `greeks`.
Never here: models of Greeks.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.greeks import SHARE, Greeks
from tomking.kernel.money import add
from tomking.kernel.portfolio_greeks import (
    SUMS,
    GreeksLeg,
    Missing,
    by_underlying,
    portfolio_greeks,
    position_greeks,
)

INDEX = Decimal(4000)
PUT = Greeks(Decimal("-0.16"), Decimal("0.01"), Decimal("-0.05"), Decimal("0.40"))
SHORT_PUTS = GreeksLeg("SPY P", "SPY", -2, Decimal(100), PUT, Decimal(400), Decimal(1))
FUTURE = GreeksLeg("/MESZ5", "/MESZ5", 3, Decimal(5), SHARE, Decimal(4000), Decimal(1))
CRUDE = GreeksLeg("/MCLZ5", "/MCLZ5", 1, Decimal(100), SHARE, Decimal(80), Decimal("0.5"))

numbers = st.none() | st.decimals("-1000", "1000", places=6)
greeks = st.none() | st.builds(Greeks, numbers, numbers, numbers, numbers)
legs = st.lists(
    st.builds(
        GreeksLeg,
        key=st.sampled_from("abc"),
        underlying=st.sampled_from(["SPY", "/ESZ5"]),
        quantity=st.integers(-50, 50),
        multiplier=st.none() | st.sampled_from([Decimal(5), Decimal(100)]),
        greeks=greeks,
        price=st.none() | st.decimals("0.01", "5000", places=2),
        beta=numbers,
    ),
    max_size=6,
)


def test_each_leg_counts_by_its_own_multiplier_and_deltas_are_weighted_to_the_index() -> None:
    book = portfolio_greeks([SHORT_PUTS, FUTURE, CRUDE], INDEX)
    assert [leg.delta for leg in book.legs] == [32, 15, 100]
    # 32 shares of 400 are 3.2 index units of 4,000; 15 units of the same index are 15; 100 barrels of 80 at half its move, 1.
    assert [leg.beta_weighted_delta for leg in book.legs] == [Decimal("3.2"), 15, 1]
    assert book.total.beta_weighted_delta == Decimal("19.2")
    assert [book.total.gamma, book.total.theta, book.total.vega] == [Decimal(-2), Decimal(10), Decimal(-80)]
    assert book.missing == ()
    assert book.total == book.known


@given(legs, st.none() | st.just(INDEX))
def test_the_legs_add_up_to_the_portfolio_and_what_is_missing_is_named(
    book: list[GreeksLeg], index: Decimal | None
) -> None:
    found = portfolio_greeks(book, index)
    for name in SUMS:
        parts = [getattr(leg, name) for leg in found.legs]
        assert (getattr(found.total, name) is None) == (None in parts)
        assert getattr(found.known, name) == add(part for part in parts if part is not None)
        assert sum(one.of == name for one in found.missing) == parts.count(None)
        if None not in parts:
            assert getattr(found.total, name) == add(parts)
    apart = by_underlying(book, index)
    assert sum(len(part.legs) for part in apart.values()) == len(book)
    assert add(part.known.delta or Decimal(0) for part in apart.values()) == found.known.delta


@given(legs)
def test_the_opposite_book_has_the_opposite_greeks(book: list[GreeksLeg]) -> None:
    there = portfolio_greeks(book, INDEX).known
    back = portfolio_greeks([replace(leg, quantity=-leg.quantity) for leg in book], INDEX).known
    assert [getattr(there, name) for name in SUMS] == [-getattr(back, name) for name in SUMS]


def test_every_missing_input_has_its_name_and_only_its_sums_are_unknown() -> None:
    no_vega = replace(SHORT_PUTS, greeks=replace(PUT, vega=None))
    book = portfolio_greeks([FUTURE, no_vega], INDEX)
    assert book.total.vega is None
    assert book.total.delta == 47
    assert book.missing == (Missing("SPY P", "vega", "vega"),)
    assert position_greeks(replace(SHORT_PUTS, beta=None), INDEX)[1] == (
        Missing("SPY P", "beta_weighted_delta", "beta"),
    )
    assert position_greeks(SHORT_PUTS, None)[1] == (Missing("SPY P", "beta_weighted_delta", "index_price"),)
    assert {one.input for one in position_greeks(replace(SHORT_PUTS, greeks=None), INDEX)[1]} == {"greeks"}
    assert {one.input for one in position_greeks(replace(SHORT_PUTS, multiplier=None), INDEX)[1]} == {"multiplier"}


def test_what_is_not_held_has_no_greeks_whatever_is_unknown_of_it() -> None:
    gone = GreeksLeg("gone", "SPY", 0, None, None)
    book = portfolio_greeks([gone], None)
    assert book.total.delta == 0
    assert book.missing == ()
