"""Orders priced on every route before they are sent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.fees import FeeFill, FeeSchedule, schedule_for
from tomking.kernel.routing import Quote, advise, other_size, quotes

TASTYTRADE, SCHWAB = schedule_for("tastytrade"), schedule_for("schwab")
FIXED, TIERED = schedule_for("ibkr", "fixed"), schedule_for("ibkr", "tiered")
TDA = schedule_for("tdameritrade")
DAY = date(2026, 8, 5)


def fill(
    product: str = "equity_option",
    quantity: int = 1,
    *,
    root: str = "SPY",
    side: str = "sell",
    effect: str | None = "open",
    price: str = "1.20",
    multiplier: int = 100,
    day: date = DAY,
) -> FeeFill:
    return FeeFill(product, side, effect, Decimal(quantity), Decimal(price), Decimal(multiplier), day, root)


def shares(quantity: int, price: str = "100", side: str = "buy") -> FeeFill:
    return fill("equity", quantity, side=side, price=price, multiplier=1)


def by_route(found: tuple[Quote, ...]) -> dict[tuple[str, str, str], Quote]:
    return {(one.broker, one.plan, one.size): one for one in found}


def test_large_orders_of_options_are_cheaper_where_a_limit_holds_and_small_ones_where_the_rate_is_low() -> None:
    routes = [TASTYTRADE, SCHWAB]
    small = advise(TASTYTRADE, routes, [[fill(quantity=1)]], DAY)
    large = advise(SCHWAB, routes, [[fill(quantity=40)]], DAY)
    assert small.best is not None
    assert large.best is not None
    assert (small.best.broker, large.best.broker) == ("schwab", "tastytrade")
    assert small.saving is not None
    assert small.saving > 0
    assert "present route" in small.reason


def test_a_lower_bound_is_shown_and_never_advised() -> None:
    advice = advise(TASTYTRADE, [FIXED, TIERED], [[fill()]], DAY)
    assert advice.best is not None
    assert advice.best.broker == "tastytrade"
    assert advice.saving == 0
    found = by_route(advice.quotes)
    assert not found["ibkr", "tiered", "same"].is_complete
    assert found["ibkr", "tiered", "same"].why is not None


def test_a_broker_that_has_closed_is_no_route_and_says_why() -> None:
    [found] = quotes([TDA], [[fill()]])
    assert found.total is None
    assert not found.is_feasible
    assert "moved to Schwab" in str(found.why)


def test_without_any_whole_price_there_is_no_advice() -> None:
    advice = advise(TDA, [TIERED], [[fill()]], DAY)
    assert advice.best is None
    assert advice.saving is None
    assert "no route" in advice.reason


def test_the_present_route_without_a_price_leaves_no_saving_to_count() -> None:
    advice = advise(TDA, [SCHWAB], [[fill()]], DAY)
    assert advice.best is not None
    assert advice.best.broker == "schwab"
    assert advice.saving is None


def test_ten_micros_could_be_one_full_contract_and_the_other_way_round() -> None:
    micros = fill("micro_future", 20, root="MES", effect=None, price="6000", multiplier=5)
    found = other_size([[micros]])
    assert found is not None
    name, [[full]] = found
    assert (name, full.product, full.root) == ("full", "future", "ES")
    assert (full.quantity, full.multiplier) == (Decimal(2), Decimal(50))
    assert full.notional == micros.notional
    back = other_size([[full]])
    assert back == ("micro", [[micros]])
    priced = by_route(quotes([TASTYTRADE], [[micros]]))
    same, larger = priced["tastytrade", "standard", "same"], priced["tastytrade", "standard", "full"]
    assert same.total == 20 * (Decimal("0.75") + Decimal("0.30") + Decimal("0.35") + Decimal("0.01"))
    assert larger.total == 2 * (Decimal("1.25") + Decimal("0.30") + Decimal("1.38") + Decimal("0.01"))


@pytest.mark.parametrize(
    "legs",
    [
        [[fill("micro_future", 15, root="MES", effect=None, multiplier=5)]],
        [[fill("index_option", 10, root="XSP")]],
        [[fill("micro_future", 10, root="MES", effect=None, multiplier=5)], [fill()]],
    ],
)
def test_what_does_not_make_whole_contracts_of_another_size_has_none(legs: list[list[FeeFill]]) -> None:
    assert other_size(legs) is None


def test_a_price_asked_for_before_it_was_known_is_not_used() -> None:
    day = date(2025, 9, 1)
    leg = [fill("future_option", root="ES E2B", multiplier=50, day=day)]
    later = by_route(quotes([TASTYTRADE], [leg]))["tastytrade", "standard", "same"]
    then = by_route(quotes([TASTYTRADE], [leg], known_on=day))["tastytrade", "standard", "same"]
    assert later.total is not None
    assert then.total is not None
    assert then.total - later.total == Decimal("1.25")


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(1, 900)), min_size=1, max_size=4),
    st.permutations([TASTYTRADE, SCHWAB, FIXED, TIERED, TDA]),
)
def test_the_advice_is_the_least_whole_price_whatever_the_order_of_routes(
    legs: list[tuple[int, int]], routes: list[FeeSchedule]
) -> None:
    order = [[fill(quantity=quantity, price=str(Decimal(cents) / 100))] for quantity, cents in legs]
    advice = advise(SCHWAB, routes, order, DAY)
    whole = [one.total for one in advice.quotes if one.is_feasible and one.total is not None]
    assert advice.best is not None
    assert advice.best.total == min(whole)
    assert advice.saving is not None
    assert advice.saving >= 0
    assert len(advice.quotes) == len(routes)


def test_shares_under_the_plans_of_one_broker_are_priced_apart() -> None:
    found = by_route(quotes([FIXED, TIERED], [[shares(10)]]))
    fixed, tiered = found["ibkr", "fixed", "same"], found["ibkr", "tiered", "same"]
    assert fixed.is_feasible
    assert not tiered.is_feasible
    assert fixed.total is not None
    assert tiered.total is not None
    assert fixed.total > tiered.total


def test_a_quote_names_the_parts_whose_price_nobody_showed() -> None:
    [found] = quotes([TASTYTRADE], [[fill(side="buy", day=date(2025, 9, 10))]])
    assert found.unproven == ("orf",)
    [proven] = quotes([TASTYTRADE], [[fill(side="buy", day=date(2019, 3, 1))]])
    assert proven.unproven == ()
