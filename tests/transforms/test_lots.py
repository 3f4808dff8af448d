"""Lots and average cost of one instrument."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.accounting.lots import Book, Fill, RoundTrip, Terms

START = dt.datetime(2024, 1, 2, 15, tzinfo=dt.UTC)
OPTION = Terms("SPXW  240119P04500000", "index_option", "USD", Decimal(100), Decimal(4500), "P")
STOCK = Terms("SPY", "equity", "USD", Decimal(1))

prices = st.decimals(min_value=0, max_value=10_000, places=2)
quantities = st.integers(min_value=-20, max_value=20).filter(bool).map(Decimal)
fees = st.decimals(min_value=0, max_value=10, places=4)
trades = st.lists(st.tuples(quantities, prices, fees), min_size=1, max_size=30)


def fill(number: int, quantity: Decimal, price: Decimal, terms: Terms = OPTION, fee: Decimal | None = None) -> Fill:
    moment = START + dt.timedelta(hours=number)
    return Fill(number, 2, moment, moment.date(), "trade", terms, quantity, price, fee, "USD")


def booked(fills: list[Fill], terms: Terms = OPTION) -> tuple[Book, list[RoundTrip]]:
    book = Book(terms)
    return book, [trip for one in fills for trip in book.take(one)]


def numbered(given: list[tuple[Decimal, Decimal, Decimal]]) -> list[Fill]:
    return [fill(number, quantity, price, fee=fee) for number, (quantity, price, fee) in enumerate(given, start=1)]


@given(given=trades, last=prices)
def test_bought_and_sold_back_to_flat_the_profit_is_the_cash(
    given: list[tuple[Decimal, Decimal, Decimal]], last: Decimal
) -> None:
    fills = numbered(given)
    held = sum((one.quantity for one in fills), Decimal(0))
    if held:
        fills.append(fill(len(fills) + 1, -held, last))
    book, trips = booked(fills)
    assert book.quantity == 0
    assert book.realised == book.realised_at_average == book.cash
    assert sum((trip.profit_loss or Decimal(0) for trip in trips), Decimal(0)) == book.cash
    assert book.fifo_open_cost == book.average_open_cost == 0
    assert book.average_price is None


@given(given=trades)
def test_an_open_position_keeps_its_cost_and_the_rest_is_realised(
    given: list[tuple[Decimal, Decimal, Decimal]],
) -> None:
    book, trips = booked(numbered(given))
    realised = sum((trip.profit_loss or Decimal(0) for trip in trips), Decimal(0))
    assert book.realised == realised
    assert book.cash is not None
    assert book.fifo_open_cost is not None
    assert book.cash + book.fifo_open_cost == realised


@given(given=trades, last=prices)
def test_round_trips_carry_every_cent_of_the_fees_once_flat(
    given: list[tuple[Decimal, Decimal, Decimal]], last: Decimal
) -> None:
    fills = numbered(given)
    held = sum((one.quantity for one in fills), Decimal(0))
    if held:
        fills.append(fill(len(fills) + 1, -held, last, fee=Decimal("0.65")))
    _, trips = booked(fills)
    assert sum((trip.fees for trip in trips), Decimal(0)) == sum((one.fee or Decimal(0) for one in fills), Decimal(0))


@given(given=trades, seed=st.randoms(use_true_random=False))
def test_the_order_of_simultaneous_fills_changes_no_cash_and_no_position(
    given: list[tuple[Decimal, Decimal, Decimal]], seed: object
) -> None:
    fills = [replace(one, occurred_at=START) for one in numbered(given)]
    shuffled = list(fills)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    one, _ = booked(fills)
    other, _ = booked(shuffled)
    assert (one.cash, one.quantity) == (other.cash, other.quantity)
    if not one.quantity:
        assert one.realised == other.realised


def settled(quantity: int, underlying: str, result: str | None = None, terms: Terms = OPTION) -> Fill:
    made = fill(9, Decimal(quantity), Decimal(0), terms)
    return replace(
        made,
        kind="assignment" if quantity > 0 else "exercise",
        underlying_price=Decimal(underlying),
        settled_result=None if result is None else Decimal(result),
    )


def test_a_short_put_settled_in_cash_costs_its_intrinsic_value() -> None:
    book, trips = booked([fill(1, Decimal(-2), Decimal(12)), settled(2, "4480.5")])
    assert book.flows == 2400
    assert book.settlement == -3900
    assert book.realised == -1500
    assert trips[0].exit_price == Decimal("19.5")
    assert trips[0].ended_by == "assignment"


def test_a_strike_on_another_scale_takes_the_settlement_from_the_result_in_the_message() -> None:
    reduced = Terms("NQX   210319P03000000", "index_option", "USD", Decimal(100), Decimal(3000), "P")
    book, _ = booked(
        [fill(1, Decimal(1), Decimal("400.3"), reduced), settled(-1, "12859.217", "174048.300", reduced)], reduced
    )
    assert book.settlement == Decimal("214078.3")
    assert book.realised == Decimal("174048.3")


def test_without_a_result_such_a_settlement_is_unknown_not_zero() -> None:
    reduced = Terms("NQX   210319P03000000", "index_option", "USD", Decimal(100), Decimal(3000), "P")
    fills = [fill(1, Decimal(1), Decimal("400.3"), reduced), settled(-1, "12859.217", None, reduced)]
    book, trips = booked(fills, reduced)
    assert book.settlement is None
    assert book.realised is None
    assert trips[0].profit_loss is None


def test_a_position_without_a_multiplier_has_a_quantity_and_no_money() -> None:
    unknown = Terms("/HSIV3", "future", "HKD")
    fills = [fill(1, Decimal(2), Decimal(23462), unknown), fill(2, Decimal(-1), Decimal(23477), unknown)]
    book, _ = booked(fills, unknown)
    assert book.quantity == 1
    assert book.realised is None
    assert book.average_price is None


@pytest.mark.parametrize(("price", "profit"), [(Decimal("9.37"), Decimal(20)), (None, None)])
def test_an_inherited_position_gives_profit_only_where_its_price_is_known(
    price: Decimal | None, profit: Decimal | None
) -> None:
    book = Book(OPTION)
    book.inherit(Decimal(-2), price)
    (trip,) = book.take(fill(1, Decimal(2), Decimal("9.27")))
    assert trip.entry_order_id is None
    assert trip.profit_loss == profit
    assert book.realised == profit
    assert book.realised_at_average == profit
    assert book.cash == Decimal("-1854")


def test_a_split_cuts_to_whole_shares_and_realises_nothing() -> None:
    book, _ = booked([fill(1, Decimal(100), Decimal("647.86"), STOCK, fee=Decimal(1))], STOCK)
    fraction = book.split(Decimal("0.142857143"))
    assert book.quantity == 699
    assert 0 < fraction < 1
    assert book.realised == 0
    (trip,) = book.take(fill(2, Decimal(-699), Decimal("93.70"), STOCK))
    assert trip.entry_price == Decimal("647.86") * Decimal("0.142857143")
    assert trip.fees == 1
    assert book.quantity == 0
    assert trip.profit_loss == book.realised


@given(given=st.lists(st.tuples(quantities, prices, fees), min_size=1, max_size=6))
def test_a_split_without_a_remainder_changes_no_money(given: list[tuple[Decimal, Decimal, Decimal]]) -> None:
    book, _ = booked([replace(one, terms=STOCK) for one in numbered(given)], STOCK)
    before = (book.realised, book.fifo_open_cost, book.cash)
    assert book.split(Decimal("0.25")) == 0
    assert (book.realised, book.fifo_open_cost, book.cash) == before
