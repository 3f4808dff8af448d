"""The crisis rehearsal: shocks as the days were, legs repriced as declared, losses that add up."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.crisis import (
    After,
    HeldLeg,
    Shock,
    factor_of,
    rehearse,
    shocks,
    volatility_after,
    worst,
    worst_by_scenario,
)
from tomking.kernel.crisis_days import SCENARIOS, SYMBOLS

TODAY = date(2026, 11, 30)
LOOKS = shocks()
SHARE = HeldLeg("t", "s", "SPY", "SPY", -100, 1, 600.0)


def option(call_put: str, strike: float, quantity: float, *, days: int = 90, **changes: object) -> HeldLeg:
    made = HeldLeg(
        "t",
        "s",
        "SPY",
        f"{call_put}{strike}",
        quantity,
        100,
        600.0,
        call_put,
        strike,
        TODAY + timedelta(days=days),
        0.20,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def look(scenario: str, span: str, session: date, mark: str) -> Shock:
    (found,) = [
        one for one in LOOKS if (one.scenario, one.span, one.session, one.mark) == (scenario, span, session, mark)
    ]
    return found


def by_hand(price: float, strike: float, years: float, volatility: float, sign: int) -> float:
    """Black and Scholes once more, by the error function."""
    spread = volatility * math.sqrt(years)
    first = (math.log(price / strike) + spread**2 / 2) / spread
    below = [0.5 * (1 + math.erf(sign * one / math.sqrt(2))) for one in (first, first - spread)]
    return sign * (price * below[0] - strike * below[1])


def test_the_days_are_those_of_the_four_crises() -> None:
    assert [one.name for one in SCENARIOS] == ["2018-02-05", "2020-03", "2024-08-05", "2025-04"]
    assert [len(one.sessions) for one in SCENARIOS] == [2, 23, 2, 5]
    assert all(
        later.day > before.day
        for one in SCENARIOS
        for before, later in zip(one.sessions, one.sessions[1:], strict=False)
    )
    for scenario in SCENARIOS:
        assert {levels[0] for levels in scenario.sessions[0].levels.values()} == {100.0}
        for session in scenario.sessions:
            assert session.vix <= session.vix_high
            assert all(low <= close for close, low in session.levels.values())
    august = look("2024-08-05", "day", date(2024, 8, 5), "low")
    assert august.vix_ratio == pytest.approx(65.73 / 23.39)
    assert august.days == 3


def test_a_day_stands_alone_and_a_path_reaches_back_to_the_first_day() -> None:
    worst_day = look("2020-03", "day", date(2020, 3, 16), "close")
    path = look("2020-03", "path", date(2020, 3, 16), "close")
    assert worst_day.factors["SPY"] == pytest.approx(80.96 / 90.91)
    assert worst_day.vix_ratio == pytest.approx(82.69 / 57.83)
    assert path.factors["SPY"] == pytest.approx(0.8096)
    assert path.days == (date(2020, 3, 16) - date(2020, 2, 28)).days
    assert not any(one.span == "path" for one in LOOKS if one.scenario == "2018-02-05")


def test_an_option_is_worth_what_the_formula_says_after_the_shock() -> None:
    shock = look("2018-02-05", "day", date(2018, 2, 5), "close")
    leg = option("P", 540, -1)
    (after,) = rehearse([leg], TODAY, [shock])
    volatility = 0.20 * (37.32 / 17.31) ** math.sqrt(30 / 90)
    before = by_hand(600, 540, 90 / 365, 0.20, -1)
    now = by_hand(600 * 0.9582, 540, 87 / 365, volatility, -1)
    assert after.legs[0].volatility == pytest.approx(volatility)
    assert after.loss == pytest.approx(100 * (now - before))
    assert after.loss > 0


def test_shares_lose_what_their_price_loses() -> None:
    long = replace(SHARE, quantity=100)
    for after in rehearse([long], TODAY, LOOKS):
        assert after.loss == pytest.approx(100 * 600 * (1 - after.shock.factors["SPY"]))


def test_a_leg_that_expires_on_the_path_keeps_what_it_was_worth_then() -> None:
    leg = option("P", 590, -1, days=10)
    afters = rehearse([leg], TODAY, LOOKS)
    march = [after for after in afters if (after.shock.scenario, after.shock.span) == ("2020-03", "path")]
    settled = [after for after in march if after.shock.days >= 10]
    # Ten days after 2020-02-28 is the session of 2020-03-09.
    in_the_money = 590 - 600 * 0.9256
    before = by_hand(600, 590, 10 / 365, 0.20, -1)
    assert {round(after.loss, 6) for after in settled} == {round(100 * (in_the_money - before), 6)}


def test_own_prices_stand_over_proxies_and_each_leg_says_whose_move_it_is() -> None:
    own = {"KO": {date(2018, 2, 2): (50.0, 49.0), date(2018, 2, 5): (45.0, 44.0)}}
    first, low, *_ = shocks(own)
    assert factor_of("KO", first) == (0.9, "KO")
    assert factor_of("KO", low) == (0.88, "KO")
    assert factor_of("/ES", first) == (first.factors["SPY"], "as SPY")
    assert factor_of("MGC", first) == (first.factors["GLD"], "as GLD")
    assert factor_of("XYZ", first) == (first.factors["SPY"], "as SPY, for want of its own")
    later = look("2024-08-05", "day", date(2024, 8, 5), "close")
    assert factor_of("CL", later)[1] == "as SPY, for want of its own"


def test_margin_is_the_minimum_at_the_shocked_price_with_raised_rates() -> None:
    shock = look("2018-02-05", "day", date(2018, 2, 5), "close")
    (after,) = rehearse([option("P", 590, -1)], TODAY, [shock])
    factor = math.sqrt(37.32 / 17.31)
    price = 600 * 0.9582
    assert after.margin_before == pytest.approx(100 * (0.20 * 600 - 10))
    assert after.margin_after == pytest.approx(100 * 0.20 * price * factor)
    assert max(one.margin_factor for one in LOOKS) <= 2
    assert min(one.margin_factor for one in LOOKS) == 1


def test_what_cannot_be_priced_is_refused_by_name() -> None:
    for broken in (option("P", 540, -1, volatility=None), option("P", 0, -1), replace(SHARE, price=0.0)):
        with pytest.raises(ValueError, match=broken.key):
            rehearse([broken], TODAY, LOOKS)


def test_the_worst_look_of_each_scenario_and_of_all() -> None:
    afters = rehearse([option("P", 540, -1)], TODAY, LOOKS)
    each = worst_by_scenario(afters)
    assert [one.shock.scenario for one in each] == [one.name for one in SCENARIOS]
    found = worst(afters)
    assert found is not None
    assert found.loss == max(one.loss for one in each) == max(one.loss for one in afters)
    assert worst([]) is None
    assert rehearse([], TODAY, LOOKS)[0].loss == 0


legs = st.builds(
    option,
    st.sampled_from("CP"),
    st.floats(300, 900),
    st.integers(-5, 5).filter(bool).map(float),
    days=st.integers(0, 400),
    volatility=st.floats(0.05, 1.5),
    underlying=st.sampled_from([*SYMBOLS, "ES", "KO"]),
)


@given(st.lists(legs, min_size=1, max_size=4), st.lists(legs, min_size=1, max_size=4))
def test_losses_of_two_books_add_up_and_those_of_legs_to_the_whole(one: list[HeldLeg], other: list[HeldLeg]) -> None:
    looks = LOOKS[::9]

    def losses(book: list[HeldLeg]) -> list[After]:
        return list(rehearse(book, TODAY, looks))

    for first, second, both in zip(losses(one), losses(other), losses(one + other), strict=True):
        assert both.loss == pytest.approx(first.loss + second.loss, abs=1e-6)
        assert both.loss == pytest.approx(-sum(leg.change for leg in both.legs), abs=1e-6)


@given(legs)
def test_what_is_bought_and_sold_alike_loses_nothing(leg: HeldLeg) -> None:
    for after in rehearse([leg, replace(leg, quantity=-leg.quantity)], TODAY, LOOKS[::7]):
        assert after.loss == pytest.approx(0, abs=1e-9)


@given(st.floats(0.05, 1.5), st.integers(1, 400), st.floats(0.5, 3), st.floats(0.5, 3))
def test_volatility_rises_with_vix_in_proportion_and_less_the_further_out(
    volatility: float, days: int, ratio: float, other: float
) -> None:
    low, high = sorted((ratio, other))
    assert volatility_after(volatility, days, 1.0) == pytest.approx(volatility)
    assert volatility_after(volatility, days, low) <= volatility_after(volatility, days, high)
    assert volatility_after(volatility / 2, days, low) <= volatility_after(volatility, days, low)
    if high >= 1:
        assert volatility_after(volatility, days + 100, high) <= volatility_after(volatility, days, high) + 1e-12


@pytest.mark.parametrize("days", [30, 60, 90])
@pytest.mark.parametrize("volatility", [0.24, 0.28, 0.32])
def test_far_puts_are_marked_on_2024_08_05_as_sellers_saw_it(days: int, volatility: float) -> None:
    spread = volatility * math.sqrt(days / 365)
    strike = 600 * math.exp(-NormalDist().inv_cdf(0.95) * spread + spread**2 / 2)
    leg = option("P", strike, -1, days=days, volatility=volatility)
    (after,) = rehearse([leg], TODAY, [look("2024-08-05", "day", date(2024, 8, 5), "low")])
    credit = 100 * by_hand(600, strike, days / 365, volatility, -1)
    assert 9 <= (credit + after.loss) / credit <= 30
