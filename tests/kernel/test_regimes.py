"""The regime of a universe, day by day.

Covers: known days, labels that see the past only, batch and live feed, a restart in the middle of history, fixed
thresholds, missing data, agreement with an independent implementation, and the reason given for a label.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import math
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.kernel.regime_days import assert_same_days
from tests.shared import shared_path
from tomking.kernel.correlation import rolling_mean_correlation
from tomking.kernel.regime_settings import REFERENCE
from tomking.kernel.regimes import RegimeDay, RegimeModel, RegimeSettings, label_days
from tomking.kernel.thresholds import AxisThresholds, Calibration, ForecastWeights

Rows = NDArray[np.float64]
LEVELS = {None: -1, "Normal": 0, "Stressed": 1, "Crisis": 2}

QUICK = RegimeSettings(
    window=5,
    middle_window=10,
    long_window=30,
    decay_days=60,
    decay_minimum=11,
    horizon=5,
    forecast_start=60,
    forecast_refit=7,
    quantile_days=100,
    quantile_minimum=40,
    correlation_quantiles=(0.75, 0.92, 0.65, 0.85),
    minimum_stay=4,
    correlation_stay=4,
)
FIXED = Calibration(
    danger=AxisThresholds(0.15, 0.25, 0.13, 0.20),
    diversification=AxisThresholds(0.40, 0.60, 0.35, 0.50),
    forecast_weights=ForecastWeights(0.02, 0.2, 0.4, 0.3),
)


def calendar(days: int) -> list[dt.date]:
    return [dt.date(2001, 1, 1) + dt.timedelta(days=day) for day in range(days)]


def clustered(days: int, columns: int = 6, seed: int = 1) -> Rows:
    """Returns whose common part swells and shrinks, so that every level is visited."""
    random = np.random.default_rng(seed)
    swell = 0.006 * (1.1 + np.sin(np.arange(days) / 23.0)) ** 2
    common = random.standard_t(5, days) * swell
    rows: Rows = common[:, None] + random.normal(0, 0.006, (days, columns))
    return rows


@pytest.fixture(scope="module")
def stocks() -> tuple[list[dt.date], Rows]:
    """Daily log returns of the twenty stocks that ship with skfolio, 1990 to 2022."""
    datasets = pytest.importorskip("skfolio.datasets", reason="the optional extra `demo` is not installed")
    prices = datasets.load_sp500_dataset()
    returns: Rows = np.diff(np.log(prices.to_numpy()), axis=0)
    return [day.date() for day in prices.index[1:]], returns


@pytest.fixture(scope="module")
def labelled(stocks: tuple[list[dt.date], Rows]) -> list[RegimeDay]:
    return label_days(*stocks)


@pytest.fixture(scope="module")
def referee() -> Iterator[ModuleType]:
    """The independent implementation beside this checkout; skipped where it or pandas is absent."""
    path = shared_path("tools", "regimes", "regimes_proto.py")
    pytest.importorskip("pandas")
    spec = importlib.util.spec_from_file_location("regime_referee", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        patch.setattr(sys, "dont_write_bytecode", True)
        spec.loader.exec_module(module)
        yield module


def as_levels(days: list[RegimeDay]) -> NDArray[np.int64]:
    return np.array([LEVELS[day.regime] for day in days])


def column(days: list[RegimeDay], name: str) -> Rows:
    return np.array([math.nan if getattr(day, name) is None else getattr(day, name) for day in days])


def test_the_autumn_of_2008_and_march_2020_are_crisis_and_the_autumn_of_2017_is_normal(
    labelled: list[RegimeDay],
) -> None:
    by_month: dict[tuple[int, int], set[str | None]] = {}
    for day in labelled:
        by_month.setdefault((day.date.year, day.date.month), set()).add(day.regime)
    assert by_month[2008, 10] == {"Crisis"}
    assert by_month[2020, 3] == {"Crisis"}
    assert by_month[2017, 10] == {"Normal"}
    (volmageddon,) = [day for day in labelled if day.date == dt.date(2018, 2, 5)]
    assert volmageddon.regime == "Crisis"


@pytest.mark.parametrize("cut", [900, 2100, 5300])
def test_labels_from_data_cut_short_are_the_labels_of_the_whole_history(
    stocks: tuple[list[dt.date], Rows], labelled: list[RegimeDay], cut: int
) -> None:
    dates, returns = stocks
    assert label_days(dates[:cut], returns[:cut]) == labelled[:cut]


def means_with_flat_as_uncorrelated(returns: Rows, width: int) -> Rows:
    """Mean correlations that count a series which does not move as uncorrelated with everything."""
    count = returns.shape[1]
    found = np.full(len(returns), np.nan)
    for last in range(width - 1, len(returns)):
        centred = returns[last - width + 1 : last + 1] - returns[last - width + 1 : last + 1].mean(axis=0)
        length = np.sqrt((centred**2).sum(axis=0))
        total = (centred / np.where(length > 0.0, length, np.inf)).sum(axis=1)
        found[last] = ((total**2).sum() - count) / (count * (count - 1))
    return found


def two_axis_labels(referee: ModuleType, returns: Rows, means: dict[int, Rows]) -> NDArray[np.int64]:
    """The same definition through the independent implementation, with the mean correlations given."""
    pandas = importlib.import_module("pandas")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(referee, "meancorr", lambda rows, width=20: (means[width], None, None))
        forecast = referee.corrforecast(returns, means[20], 1260)

    def axis(values: Rows) -> NDArray[np.int64]:
        rolled = pandas.Series(values).rolling(1260, min_periods=750)
        limits = [rolled.quantile(quantile).to_numpy() for quantile in (0.75, 0.92, 0.65, 0.85)]
        found: NDArray[np.int64] = referee.hyst(values, *limits, dwell=10)
        return found

    danger, spread = axis(referee.semivol(np.log1p(np.expm1(returns).mean(axis=1)))), axis(forecast)
    return np.where((danger == 2) | ((danger == 1) & (spread == 2)), 2, np.where((danger == 1) | (spread == 2), 1, 0))


def test_the_reference_s_labels_agree_with_an_independent_implementation(
    referee: ModuleType, stocks: tuple[list[dt.date], Rows]
) -> None:
    dates, returns = stocks
    labelled = label_days(dates, returns, REFERENCE)
    since = next(place for place, day in enumerate(dates) if day >= dt.date(1996, 1, 2))
    ours = as_levels(labelled)[since:]
    exact = {width: rolling_mean_correlation(returns, width) for width in (20, 60, 250)}
    assert np.array_equal(ours, two_axis_labels(referee, returns, exact)[since:])
    # One stock did not move for weeks in 1990-92. The other implementation counts it as uncorrelated there, ours
    # leaves it out, and the forecast's weights remember those months.
    other = {width: means_with_flat_as_uncorrelated(returns, width) for width in (20, 60, 250)}
    assert np.mean(ours == two_axis_labels(referee, returns, other)[since:]) > 0.998


def test_the_labels_meet_the_measured_bar_on_the_twenty_stocks(
    referee: ModuleType, stocks: tuple[list[dt.date], Rows], labelled: list[RegimeDay]
) -> None:
    _, index = referee.load()
    index, returns = index.iloc[1:], stocks[1]
    since = next(place for place, day in enumerate(stocks[0]) if day >= dt.date(1996, 1, 2))
    volatility, drawdown = referee.forward(np.log1p(np.expm1(returns).mean(axis=1)))
    ahead = np.full(len(returns), np.nan)
    ahead[:-20] = column(labelled, "mean_correlation")[20:]
    levels = np.maximum(as_levels(labelled), 0)
    score: dict[str, Any] = referee.score(
        "labels", levels, index, np.log1p(np.expm1(returns).mean(axis=1)), ahead, volatility, drawdown, since,
        referee.episodes(index, since),
    )  # fmt: skip
    assert (score["hit_stress"], score["hit_crisis"]) == (8, 8)
    assert score["median_lag_stress"] <= -1.0
    assert score["median_lag_crisis"] <= 0.0
    assert score["false_stress_py"] <= 0.9
    assert score["false_crisis_py"] <= 0.5
    assert score["fwd_vol"] == sorted(score["fwd_vol"])
    assert score["fwd_vol"][2] / score["fwd_vol"][0] >= 1.95
    assert score["R2_logvol"] >= 0.30
    assert score["sized"]["mdd"] >= 0.60 * score["const_same_avg"]["mdd"]
    forecast = column(labelled, "forecast")
    both = np.isfinite(forecast) & np.isfinite(ahead)
    unexplained = ((forecast - ahead)[both] ** 2).sum() / ((ahead[both] - ahead[both].mean()) ** 2).sum()
    assert 1.0 - unexplained >= 0.22


def test_a_model_fed_day_by_day_gives_the_labels_of_the_batch() -> None:
    dates, returns = calendar(400), clustered(400)
    model = RegimeModel(6, QUICK)
    live = [model.step(date, row.tolist()) for date, row in zip(dates, returns, strict=True)]
    assert_same_days(live, label_days(dates, returns, QUICK))
    assert {day.regime for day in live} == {None, "Normal", "Stressed", "Crisis"}
    assert {day.diversification for day in live} >= {None, 0, 1, 2}


def test_batch_and_stream_agree_on_the_twenty_stocks_every_day(
    stocks: tuple[list[dt.date], Rows], labelled: list[RegimeDay]
) -> None:
    model = RegimeModel(20)
    assert_same_days([model.step(date, row) for date, row in zip(*stocks, strict=True)], labelled)


def test_labels_never_look_ahead() -> None:
    dates, returns = calendar(300), clustered(300, seed=3)
    whole = label_days(dates, returns, QUICK)
    for cut in range(50, 300, 17):
        wild = returns.copy()
        wild[cut:] = np.random.default_rng(cut).normal(0, 0.2, wild[cut:].shape)
        assert label_days(dates, wild, QUICK)[:cut] == whole[:cut]


def test_a_model_restarted_from_recent_days_goes_on_as_if_it_had_never_stopped() -> None:
    dates, returns = calendar(700), clustered(700, seed=4)
    model = RegimeModel(6, QUICK, FIXED)
    through = [model.step(date, row) for date, row in zip(dates, returns, strict=True)]
    for start in range(100, 500, 37):
        again = RegimeModel(6, QUICK, FIXED)
        compared = 0
        for place in range(start, 700):
            day = again.step(dates[place], returns[place])
            if place - start >= QUICK.buffer_days and again.settled:
                assert day == through[place]
                compared += 1
        assert compared > 50


def test_a_live_model_with_learnt_thresholds_labels_like_fixed_ones(stocks: tuple[list[dt.date], Rows]) -> None:
    dates, returns = stocks[0][4000:6000], stocks[1][4000:6000]
    learner = RegimeModel(20)
    assert learner.learnt() is None
    for date, row in zip(dates, returns, strict=True):
        learner.step(date, row)
    learnt = learner.learnt()
    assert learnt is None  # the correlation axis needs 750 forecasts first
    learner = RegimeModel(20, replace(RegimeSettings(), quantile_minimum=600))
    last = [learner.step(date, row) for date, row in zip(dates, returns, strict=True)][-1]
    learnt = learner.learnt()
    assert learnt is not None
    assert learnt.danger == last.danger_thresholds
    assert learnt.diversification == last.diversification_thresholds
    live = RegimeModel(20, calibration=learnt)
    day = [live.step(date, row) for date, row in zip(dates[-800:], returns[-800:], strict=True)][-1]
    assert day.danger_thresholds == learnt.danger
    assert day.semi_volatility == last.semi_volatility
    assert day.forecast == pytest.approx(last.forecast, abs=1e-12)


def test_published_thresholds_can_be_replaced_while_running() -> None:
    dates, returns = calendar(200), clustered(200)
    model = RegimeModel(6, QUICK, FIXED)
    for date, row in zip(dates[:199], returns[:199], strict=True):
        model.step(date, row)
    lower = replace(FIXED, danger=AxisThresholds(0.0001, 0.0002, 0.00005, 0.0001))
    model.recalibrate(lower)
    day = model.step(dates[199], returns[199])
    assert day.regime == "Crisis"
    assert day.danger_thresholds == lower.danger
    with pytest.raises(ValueError, match="cannot be given fixed ones half-way"):
        RegimeModel(6, QUICK).recalibrate(lower)


def test_a_shock_out_of_the_calm_is_a_crisis_the_same_day_and_a_slow_rise_is_not() -> None:
    dates, quiet = calendar(200), clustered(200) * 0.05
    danger = AxisThresholds(0.15, 0.25, 0.10, 0.20)
    fixed = replace(FIXED, danger=danger, diversification=AxisThresholds(2.0, 3.0, 1.0, 1.5))
    shocked, slow = quiet.copy(), quiet.copy()
    shocked[150] = -0.030
    slow[150:170] = np.where(np.arange(20)[:, None] % 2, 0.0, -0.0115)
    day = label_days(dates, shocked, QUICK, fixed)[150]
    assert (day.regime, day.danger) == ("Crisis", 1)
    assert day.reason.endswith("a shock: most of the way to Crisis in one day")
    assert label_days(dates, shocked, replace(QUICK, shock_share=1.0), fixed)[150].regime == "Stressed"
    risen = label_days(dates, slow, QUICK, fixed)[145:170]
    assert next(one.regime for one in risen if one.regime != "Normal") == "Stressed"
    assert {one.regime for one in risen} == {"Normal", "Stressed"}


def test_a_day_without_any_return_changes_nothing() -> None:
    dates, returns = calendar(201), clustered(201)
    empty = returns.copy()
    empty[150] = np.nan
    found = label_days(dates, empty, QUICK)
    without = label_days(dates[:150] + dates[151:], np.delete(returns, 150, axis=0), QUICK)
    assert found[:150] + found[151:] == without
    assert found[150].regime == found[149].regime
    assert found[150].semi_volatility is None
    assert "no series has a return" in found[150].reason


def test_a_series_missing_a_day_is_left_out_and_comes_back() -> None:
    dates, returns = calendar(120), clustered(120)
    holed = returns.copy()
    holed[80, 2] = np.nan
    found = label_days(dates, holed, QUICK, FIXED)
    others = label_days(dates, np.delete(returns, 2, axis=1), QUICK, FIXED)
    assert found[80].semi_volatility is not None
    assert found[84].mean_correlation == pytest.approx(others[84].mean_correlation, abs=1e-12)
    whole = label_days(dates, returns, QUICK, FIXED)
    assert_same_days(found[:80], whole[:80])
    assert found[85].mean_correlation == pytest.approx(whole[85].mean_correlation, abs=1e-12)
    assert found[109].forecast != pytest.approx(whole[109].forecast, abs=1e-9)
    assert found[110].forecast == pytest.approx(whole[110].forecast, abs=1e-12)


def test_flat_series_leave_the_correlation_axis_as_it_is() -> None:
    dates, returns = calendar(120), clustered(120)
    returns[90:, 1:] = 0.0
    found = label_days(dates, returns, QUICK, FIXED)
    assert found[96].mean_correlation is None
    assert found[96].forecast is None
    assert found[96].diversification == found[93].diversification
    assert "forecast correlation is missing" in found[96].reason


def test_no_label_is_given_before_the_danger_axis_has_thresholds(labelled: list[RegimeDay]) -> None:
    first = next(place for place, day in enumerate(labelled) if day.regime is not None)
    assert first == 60 + 750 - 1
    assert all(day.regime is None and day.danger is None for day in labelled[:first])
    assert labelled[0].reason.startswith("not known: semi-volatility has too little history")
    assert labelled[first].diversification is None
    assert labelled[first].thresholds()["diversification"] is None
    complete = next(day for day in labelled if day.diversification is not None)
    assert labelled.index(complete) == 1260 + 750 - 1


def test_the_reason_names_value_and_threshold_of_each_axis(labelled: list[RegimeDay]) -> None:
    (day,) = [day for day in labelled if day.date == dt.date(2020, 3, 16)]
    assert day.reason.startswith("Crisis: semi-volatility 121.0 % is at or above ")
    assert "level 2; forecast correlation 0.65 is at or above " in day.reason
    held = next(found for found in labelled if "still held at level 2" in found.reason)
    assert held.danger == 2 or held.diversification == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window": 1}, "must grow from 2 upwards"),
        ({"decay": 1.0}, "decay and fast_decay lie between 0 and 1"),
        ({"fast_share": 1.5}, "correlation_recent_share and shock_share lie between"),
        ({"correlation_quantiles": (0.9, 0.8, 0.7, 0.75)}, "enter_stressed must lie below enter_crisis"),
        ({"label_rest": -1}, "label_stay and label_rest start at 0"),
        ({"enter_stressed": 0.95}, "enter_stressed must lie below enter_crisis"),
        ({"leave_crisis": 0.96}, "leave_crisis must lie between"),
        ({"decay_minimum": 501}, "decay_minimum must lie between"),
        ({"quantile_minimum": 1}, "quantile_minimum must lie between"),
        ({"horizon": 0}, "horizon and forecast_refit start at 1"),
        ({"forecast_start": 100}, "forecast_start must leave the long window"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RegimeSettings(**change)


def test_days_out_of_sequence_and_wrong_widths_are_refused() -> None:
    model = RegimeModel(3)
    model.step(dt.date(2020, 1, 2), [0.0, 0.1, 0.2])
    with pytest.raises(ValueError, match="2020-01-02 is not after 2020-01-02"):
        model.step(dt.date(2020, 1, 2), [0.0, 0.1, 0.2])
    with pytest.raises(ValueError, match=r"a day has 3 returns, got shape \(2,\)"):
        model.step(dt.date(2020, 1, 3), [0.0, 0.1])
    with pytest.raises(ValueError, match="2 series are needed at least, got 1"):
        RegimeModel(1)
    with pytest.raises(ValueError, match="2 dates need as many rows"):
        label_days([dt.date(2020, 1, 2), dt.date(2020, 1, 3)], [[0.0, 0.1]])
