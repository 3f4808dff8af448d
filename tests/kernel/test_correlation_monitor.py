"""The correlation monitor: one observation a session, and what it says about market and book.

Holds: alignment, agreement with the parts it joins, restarts, assessment of books.
Belongs here: `tomking.kernel.correlation_monitor`, `concentration`, `regime_sizing`.
Never here: the arithmetic of correlations, regimes and scores (each has its own tests).
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.kernel.regime_days import assert_same_days
from tomking.kernel.concentration import (
    COMMON_MOVEMENT,
    FALLING,
    LOW_SCORE,
    ConcentrationLimits,
    common_share,
    suggestions,
    warning,
)
from tomking.kernel.correlation import correlation_matrix
from tomking.kernel.correlation_monitor import LONGEST_GAP_DAYS, SCORE_DAYS, CorrelationMonitor
from tomking.kernel.parameters import default_values
from tomking.kernel.regime_sizing import RegimeSizing
from tomking.kernel.regimes import CRISIS, NORMAL, STRESSED, RegimeSettings, label_days
from tomking.kernel.thresholds import AxisThresholds, Calibration, ForecastWeights

VALUES = default_values()
SYMBOLS = ("SPY", "QQQ", "GLD", "TLT")
FIXED = Calibration(
    danger=AxisThresholds(0.15, 0.25, 0.13, 0.20),
    diversification=AxisThresholds(0.40, 0.60, 0.35, 0.50),
    forecast_weights=ForecastWeights(0.02, 0.2, 0.4, 0.3),
)
Rows = NDArray[np.float64]


def sessions(count: int) -> list[dt.date]:
    return [dt.date(2019, 1, 1) + dt.timedelta(days=day) for day in range(count)]


def closes(count: int, columns: int = 4, seed: int = 3) -> Rows:
    random = np.random.default_rng(seed)
    swell = 0.006 * (1.1 + np.sin(np.arange(count) / 23.0)) ** 2
    rows: Rows = 100.0 * np.exp(np.cumsum(random.normal(0, 1, (count, columns)) * swell[:, None], axis=0))
    rows[:, 1] = rows[:, 0] * np.exp(np.cumsum(random.normal(0, 0.002, count)))
    return rows


def fed(prices: Rows, days: list[dt.date] | None = None, calibration: Calibration | None = FIXED) -> CorrelationMonitor:
    monitor = CorrelationMonitor(SYMBOLS, VALUES, calibration)
    for day, row in zip(days or sessions(len(prices)), prices, strict=True):
        monitor.observe(day, dict(zip(SYMBOLS, row.tolist(), strict=True)))
    return monitor


def test_labels_are_those_of_the_state_machine_on_the_same_returns() -> None:
    prices, days = closes(400), sessions(400)
    monitor = CorrelationMonitor(SYMBOLS, VALUES, FIXED)
    live = [
        monitor.observe(day, dict(zip(SYMBOLS, row, strict=True)))
        for day, row in zip(days, prices.tolist(), strict=True)
    ]
    batch = label_days(days[1:], np.diff(np.log(prices), axis=0), RegimeSettings(), FIXED)
    assert live[0] is None
    assert_same_days([day for day in live if day is not None], batch)
    assert {day.regime for day in batch} >= {NORMAL, STRESSED, CRISIS}
    assert monitor.regime == batch[-1].regime
    # The monitor sums another way than the day by day model: equal within the bound for features.
    assert monitor.mean().mean == pytest.approx(batch[-1].mean_correlation, abs=1e-12)


def test_markets_with_different_holidays_are_joined_by_date() -> None:
    days = sessions(120)
    prices = closes(120)
    holidays = {10: "SPY", 40: "GLD", 41: "SPY"}
    monitor = CorrelationMonitor(SYMBOLS, VALUES, FIXED)
    for place, day in enumerate(days):
        row = dict(zip(SYMBOLS, prices[place].tolist(), strict=True))
        row.pop(holidays.get(place, ""), None)
        assert (monitor.observe(day, row) is None) == (place == 0 or place in holidays)
    assert monitor.left_out == 3
    kept = [place for place in range(120) if place not in holidays]
    window = np.diff(np.log(prices[kept]), axis=0)[-20:]
    found = monitor.matrix()
    assert found is not None
    assert np.allclose(found, correlation_matrix(window), rtol=0, atol=1e-12)


@pytest.mark.parametrize("gap", [LONGEST_GAP_DAYS, LONGEST_GAP_DAYS + 1])
def test_a_hole_in_the_data_is_no_return(gap: int) -> None:
    prices = closes(62)
    days = sessions(62)
    days[31:] = [day + dt.timedelta(days=gap - 1) for day in days[31:]]
    monitor = fed(prices, days)
    assert (monitor.universe_score() is None) == (gap > LONGEST_GAP_DAYS)


@pytest.mark.parametrize("close", [None, float("nan"), float("inf"), 0.0, -37.63])
def test_what_is_no_price_is_no_observation_and_makes_the_input_older(close: float | None) -> None:
    monitor = fed(closes(3))
    assert monitor.observe(dt.date(2019, 1, 4), {"SPY": 300.0, "QQQ": Decimal(200), "GLD": close, "TLT": 130.0}) is None
    assert monitor.session == dt.date(2019, 1, 3)
    assert monitor.age_days(dt.date(2019, 1, 10)) == 7
    assert monitor.newest_input("SPY") == dt.date(2019, 1, 4)
    assert monitor.newest_input("GLD") == dt.date(2019, 1, 3)
    assert monitor.newest_input("USO") is None


def test_sessions_come_in_sequence_and_symbols_once() -> None:
    monitor = fed(closes(2))
    with pytest.raises(ValueError, match="in sequence"):
        monitor.observe(dt.date(2019, 1, 2), {})
    with pytest.raises(ValueError, match="twice"):
        CorrelationMonitor(("SPY", "SPY"), VALUES)


def test_before_the_windows_are_full_nothing_is_made_up() -> None:
    monitor = fed(closes(15))
    assert math.isnan(monitor.mean().mean)
    assert monitor.group_means() == ()
    assert monitor.matrix() is None
    assert monitor.assess({"SPY": 1.0}) is None
    assert monitor.beta("SPY", "QQQ") is None
    assert CorrelationMonitor(SYMBOLS, VALUES).age_days(dt.date(2019, 1, 1)) is None


def test_a_monitor_that_is_fed_its_recent_past_again_says_the_same() -> None:
    prices, days = closes(900), sessions(900)
    whole, again = fed(prices, days), fed(prices[-700:], days[-700:])
    assert again.settled
    assert again.day == whole.day
    assert again.group_means() == whole.group_means()
    book = {"SPY": 5_000.0, "QQQ": -2_000.0, "GLD": 1_000.0}
    assert again.assess(book) == whole.assess(book)


def test_groups_are_the_tables_unless_given() -> None:
    assert fed(closes(30)).groups == ("A2", "A2", "B1", "B1")
    named = CorrelationMonitor(SYMBOLS, VALUES, groups={"GLD": "gold"})
    assert named.groups == ("A2", "A2", "gold", "B1")
    pairs = {(one.first, one.second): one.pairs for one in fed(closes(30)).group_means()}
    assert pairs == {("A2", "A2"): 1, ("A2", "B1"): 4, ("B1", "B1"): 1}


def test_a_beta_is_the_slope_of_the_returns() -> None:
    prices = closes(200)
    doubled = np.column_stack([prices[:, 0], prices[:, 0] ** 2 / 100, prices[:, 2], prices[:, 3]])
    monitor = fed(doubled)
    assert monitor.beta("QQQ", "SPY") == pytest.approx(2.0)
    assert monitor.beta("SPY", "SPY") == pytest.approx(1.0)


def test_an_exposure_that_cannot_be_judged_is_named_and_nothing_is_said() -> None:
    prices = closes(80)
    prices[:, 3] = 50.0
    found = fed(prices).assess({"SPY": 1.0, "TLT": 1.0, "USO": 2.0, "DIA": 0.0})
    assert found is not None
    assert found.unknown == ("TLT", "USO")
    assert found.score is None
    assert found.suggestions == ()


def test_two_names_for_one_movement_are_one_bet_and_closing_one_or_adding_a_hedge_helps() -> None:
    monitor = fed(closes(80))
    both = monitor.assess({"SPY": 10_000.0, "QQQ": 10_000.0})
    hedged = monitor.assess({"SPY": 10_000.0, "QQQ": -9_000.0})
    assert both is not None
    assert hedged is not None
    assert both.warning is not None
    assert both.warning.level == "warning"
    assert set(both.warning.reasons) >= {LOW_SCORE, COMMON_MOVEMENT}
    assert both.score is not None
    assert hedged.score is not None
    assert hedged.score.score > both.score.score
    assert hedged.warning is None or COMMON_MOVEMENT not in hedged.warning.reasons


def independent(rows: int, columns: int, seed: int = 5) -> Rows:
    made: Rows = np.random.default_rng(seed).normal(0, 0.01, (rows, columns))
    return made


LIMITS = ConcentrationLimits.from_values(VALUES)


def test_one_sign_alone_is_watched_and_together_with_a_low_score_it_is_a_warning() -> None:
    spread, moved = independent(60, 4), independent(60, 4)
    moved[:, 1] = 0.4 * moved[:, 1] + 0.8 * moved[:, 0]
    assert warning([1, 1, 1, 1], spread, None, LIMITS) is None
    falling = warning([1, 1, 1, 1], moved, spread, ConcentrationLimits(10, 1, 5, 0.99))
    assert falling is not None
    assert (falling.level, falling.reasons) == ("watch", (FALLING,))
    assert falling.change is not None
    assert falling.change <= -1
    low = warning([1, 0, 0, 0], spread, None, LIMITS)
    assert low is not None
    assert low.level == "warning"
    assert low.score == 0


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), st.integers(0, 20))
def test_every_suggestion_only_cuts_and_states_the_change_it_brings(book: list[float], seed: int) -> None:
    book = [round(amount, 2) for amount in book]
    rows = independent(60, 4, seed)
    rows[:, 1] += rows[:, 0]
    found = suggestions(SYMBOLS, book, rows)
    assert [one.points for one in found] == sorted((one.points for one in found), reverse=True)
    for one in found:
        assert 0 <= one.factor < 1
        assert book[SYMBOLS.index(one.symbol)] != 0
        assert one.points > 0
        assert one.effect.volatility_after < one.effect.volatility_before
        assert one.symbol in str(one)
        again = suggestions(
            SYMBOLS, [a * one.factor if s == one.symbol else a for s, a in zip(SYMBOLS, book, strict=True)], rows
        )
        assert all(other.effect.score_before == pytest.approx(one.effect.score_after) for other in again)


def test_the_share_of_the_first_movement_is_one_for_one_bet_and_small_for_a_hedge() -> None:
    rows = independent(60, 2)
    rows[:, 1] = rows[:, 0] + 0.1 * rows[:, 1]
    matrix, volatility = correlation_matrix(rows), rows.std(axis=0, ddof=1)
    assert common_share([1, 0], volatility, matrix) == pytest.approx(1.0)
    together, apart = common_share([1, 1], volatility, matrix), common_share([1, -1], volatility, matrix)
    assert together is not None
    assert apart is not None
    assert together > 0.9
    assert apart < 0.5
    assert common_share([0, 0], volatility, matrix) is None
    assert common_share([1, 1], [math.nan, 1], matrix) is None


shares = st.decimals("0", "1", places=2)


@given(st.lists(shares, min_size=3, max_size=3), shares, st.integers(-500, 500))
def test_no_regime_makes_a_size_larger_or_turns_it_round(
    three: list[Decimal], unknown: Decimal, contracts: int
) -> None:
    crisis, stressed, normal = sorted(three)
    sizing = RegimeSizing(normal, stressed, crisis, unknown)
    left = {regime: sizing.sized(contracts, regime) for regime in (NORMAL, STRESSED, CRISIS, None)}
    for size in left.values():
        assert abs(size) <= abs(contracts)
        assert size * contracts >= 0
    assert abs(left[CRISIS]) <= abs(left[STRESSED]) <= abs(left[NORMAL])


@pytest.mark.parametrize(("label", "share"), [(NORMAL, "1"), (STRESSED, "0.6"), (CRISIS, "0.3"), (None, "1")])
def test_each_label_has_its_share_in_the_parameters(label: str | None, share: str) -> None:
    assert RegimeSizing.from_values(VALUES).multiplier(label) == Decimal(share)


@pytest.mark.parametrize(
    "wrong", [("1.1", "1", "1", "1"), ("0.5", "0.6", "0.3", "1"), ("1", "1", "-0.1", "1"), ("1", "1", "1", "2")]
)
def test_shares_that_could_raise_a_size_are_refused(wrong: tuple[str, str, str, str]) -> None:
    with pytest.raises(ValueError, match="do not hold"):
        RegimeSizing(*(Decimal(text) for text in wrong))
    with pytest.raises(ValueError, match="no regime"):
        RegimeSizing.from_values(VALUES).multiplier("Calm")


def test_the_monitor_names_what_is_left_of_a_size() -> None:
    monitor = fed(closes(400))
    assert monitor.size_multiplier == RegimeSizing.from_values(VALUES).multiplier(monitor.regime)
    assert CorrelationMonitor(SYMBOLS, VALUES).size_multiplier == 1


def test_a_score_needs_its_sessions() -> None:
    assert fed(closes(SCORE_DAYS)).universe_score() is None
    assert fed(closes(SCORE_DAYS + 1)).universe_score() is not None
