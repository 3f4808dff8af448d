"""Profit and loss: each product by its own multiplier, many positions as exactly as one.

Holds: known products, missing prices, generated batches.
Belongs here: `tomking.kernel.profit_loss`.
Never here: money of recorded runs.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.instruments import Instrument, from_occ, from_tastytrade
from tomking.kernel.money import MoneyError, add
from tomking.kernel.profit_loss import Position, PositionBatch, batch_profit_loss, position_in, profit_loss

SPXW = "SPXW  231215P04500000"
PRODUCTS = {
    "ES": (from_tastytrade("/ESZ5", "Future"), 50),
    "MES": (from_tastytrade("/MESZ5", "Future"), 5),
    "MCL": (from_tastytrade("/MCLZ5", "Future"), 100),
    "MES option": (from_tastytrade("./MESZ5EXX5  251128P6300", "Future Option"), 5),
    "equity option": (from_occ("SPY   231215C00450000"), 100),
    "index option": (from_occ(SPXW), 100),
    "share": (from_tastytrade("SPY", "Equity"), 1),
}

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-100_000, max_value=100_000, places=4)
LONG = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=18)
POSITIONS = st.builds(
    Position,
    instrument_key=st.sampled_from("ABCDEF"),
    quantity=st.one_of(st.integers(-500, 500).map(Decimal), LONG),
    entry_price=st.one_of(AMOUNTS, LONG),
    multiplier=st.one_of(st.none(), st.sampled_from([Decimal(n) for n in ("1", "5", "50", "100", "0.1", "12500000")])),
)
PRICES = st.dictionaries(st.sampled_from("ABCDE"), st.one_of(st.none(), AMOUNTS, LONG))


@pytest.mark.parametrize(("instrument", "dollars"), PRODUCTS.values(), ids=PRODUCTS)
def test_a_point_is_worth_what_the_product_says(instrument: Instrument, dollars: int) -> None:
    long = position_in(instrument, Decimal(2), Decimal("10.25"))
    short = position_in(instrument, Decimal(-2), Decimal("10.25"))
    assert profit_loss(long, Decimal("11.25")) == 2 * dollars
    assert profit_loss(short, Decimal("11.25")) == -2 * dollars


@given(st.lists(POSITIONS, max_size=30), PRICES)
def test_a_batch_gives_the_digits_of_each_position(
    positions: list[Position], prices: dict[str, Decimal | None]
) -> None:
    batch = batch_profit_loss(positions, prices)
    alone = tuple(profit_loss(position, prices.get(position.instrument_key)) for position in positions)
    assert batch.amounts == alone
    assert batch.unknown == alone.count(None)
    assert (batch.total is None) is (None in alone)


@given(st.lists(POSITIONS, max_size=30), st.lists(PRICES, max_size=4))
def test_positions_prepared_once_are_priced_again_and_again(
    positions: list[Position], evenings: list[dict[str, Decimal | None]]
) -> None:
    batch = PositionBatch(positions)
    for prices in evenings:
        alone = [profit_loss(position, prices.get(position.instrument_key)) for position in positions]
        found = batch.at(prices)
        assert list(found.amounts) == alone
        assert found.known_total == add(amount for amount in alone if amount is not None)


@pytest.mark.parametrize("size", ["1", "1E+17", "123456789012345678901234567890", "-0.000000000000000001"])
def test_results_of_any_size_keep_every_digit(size: str) -> None:
    position = Position("A", Decimal(size), Decimal("9999999.9999"), Decimal(100))
    for price in (Decimal("0.0001"), Decimal("-37.63"), Decimal("12345678.123456789"), Decimal("9E+40")):
        batch = batch_profit_loss([position, position], {"A": price})
        alone = profit_loss(position, price)
        assert alone is not None
        assert batch.amounts == (alone, alone)
        assert batch.total == add((alone, alone))


@given(st.lists(POSITIONS, min_size=1, max_size=10))
def test_without_prices_nothing_is_known_and_nothing_is_zero(positions: list[Position]) -> None:
    batch = batch_profit_loss(positions, {})
    assert set(batch.amounts) == {None}
    assert batch.total is None
    assert batch.unknown == len(positions)


def test_one_missing_price_makes_the_sum_unknown_and_leaves_the_rest() -> None:
    known = position_in(PRODUCTS["ES"][0], Decimal(1), Decimal(5000))
    missing = position_in(PRODUCTS["share"][0], Decimal(1), Decimal(400))
    batch = batch_profit_loss([known, missing], {known.instrument_key: Decimal("5000.25")})
    assert batch.amounts == (Decimal("12.50"), None)
    assert (batch.total, batch.known_total) == (None, Decimal("12.50"))


def test_a_product_of_unknown_size_has_an_unknown_result() -> None:
    adjusted = position_in(from_occ("GREE1 210917P00022000"), Decimal(1), Decimal(1))
    assert profit_loss(adjusted, Decimal(2)) is None


def test_no_positions_come_to_nothing() -> None:
    assert batch_profit_loss([], {}).total == 0


def test_numbers_that_are_no_amounts_are_refused() -> None:
    position = position_in(PRODUCTS["share"][0], Decimal(1), Decimal(1))
    for price in (Decimal("NaN"), Decimal("Infinity")):
        with pytest.raises(MoneyError):
            profit_loss(position, price)
        with pytest.raises(MoneyError):
            batch_profit_loss([position], {"SPY": price})
