"""Scores of regime labels: known answers, the independent scorer's figures, error bars and verdicts."""

from __future__ import annotations

import datetime as dt
import importlib.util
import math
import sys
import warnings
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.parsing.lean.prices import EQUITY_SCALE, adjust, parse_daily_zip, parse_factor_file
from pipelines.parsing.prices.csv_files import parse_price_csv
from pipelines.transforms.regimes import scores
from pipelines.transforms.regimes.intervals import score_intervals
from pipelines.transforms.regimes.scene import Episode, Scene, make_scene
from pipelines.transforms.regimes.scoring import label_levels, look_ahead_days, score_universe
from pipelines.transforms.regimes.universes import make_universe
from tests.shared import shared_path
from tomking.kernel.regime_settings import ABLATIONS, REFERENCE, RegimeSettings
from tomking.kernel.regimes import RegimeDay, label_days

Rows = NDArray[np.float64]


def made_up(days: int = 2600, columns: int = 4, seed: int = 0) -> tuple[tuple[dt.date, ...], Rows]:
    random = np.random.default_rng(seed)
    swell = 0.006 * (1.1 + np.sin(np.arange(days) / 60.0)) ** 2
    common = random.standard_t(5, days) * swell
    rows: Rows = common[:, None] + random.normal(0, 0.005, (days, columns))
    return tuple(dt.date(2010, 1, 1) + dt.timedelta(days=day) for day in range(days)), rows


def small_scene(**changes: Any) -> Scene:
    days = 200
    flat = np.zeros(days)
    scene = Scene(
        dates=tuple(dt.date(2020, 1, 1) + dt.timedelta(days=day) for day in range(days)),
        portfolio=flat,
        index=np.concatenate([np.full(50, 100.0), np.linspace(100, 80, 21), np.full(129, 80.0)]),
        volatility=np.full(days, 0.1),
        drawdown=flat,
        correlation=flat,
        episodes=(Episode("fall", peak=49, broken=55, trough=70),),
        start=0,
    )
    return replace(scene, **changes)


def test_lag_and_share_taken_count_from_the_break_of_the_fall() -> None:
    scene = small_scene()
    labels = np.zeros(200, dtype=np.int64)
    labels[60:90] = 1
    assert scores.episode_lags(labels, scene, 1) == [5]
    assert scores.episode_taken(labels, scene, 1)[0] == pytest.approx(0.5)
    assert scores.episode_lags(labels, scene, 2) == [None]
    assert scores.episode_taken(labels, scene, 2)[0] == 1.0


def test_an_alarm_is_false_when_nothing_bad_follows_its_first_days() -> None:
    volatility = np.full(200, 0.1)
    volatility[120] = 0.3
    labels = np.zeros(200, dtype=np.int64)
    labels[10:12] = labels[100:150] = labels[110:115] = 1
    starts, false = scores.alarms(labels, small_scene(volatility=volatility), 1)
    assert starts.tolist() == [10, 100]
    assert false.tolist() == [True, True]
    volatility[119] = 0.3
    assert scores.alarms(labels, small_scene(volatility=volatility), 1)[1].tolist() == [True, False]


def test_switches_short_runs_and_sizing_have_known_answers() -> None:
    labels = np.zeros(200, dtype=np.int64)
    labels[50:53], labels[100:150] = 2, 1
    found = scores.score_labels(labels, small_scene(portfolio=np.full(200, 0.001)), placebo=False)
    assert found["switches"] == pytest.approx(4 / (200 / 252))
    assert found["short_runs"] == pytest.approx(1 / 5)
    exposure, returns = scores.exposure_returns(labels, small_scene(portfolio=np.full(200, 0.001)))
    assert exposure[50:55].tolist() == [1.0, 0.3, 0.3, 0.3, 1.0]
    assert returns[51] == pytest.approx(0.3 * math.expm1(0.001) - 0.7 * scores.COST)


def test_rank_correlation_counts_ties_by_their_mean_rank() -> None:
    assert scores.rank_correlation(np.array([0, 0, 1, 2]), np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(
        0.9486832980505138
    )
    assert math.isnan(scores.rank_correlation(np.array([1, 1]), np.array([1.0, 2.0])))


def test_error_bars_hold_the_figures_of_days_and_repeat_themselves() -> None:
    dates, rows = made_up()
    scene = make_scene(dates, rows, 1500)
    labels = label_levels(dates, rows, REFERENCE)
    found = score_intervals(labels, scene, draws=60)
    assert found == score_intervals(labels, scene, draws=60)
    figures = scores.score_labels(labels, scene, placebo=False)
    for name in ("r_squared", "switches", "volatility_ratio", "rank_correlation"):
        assert found[name][0] <= figures[name] <= found[name][1]
    with pytest.raises(ValueError, match="no more than one block"):
        score_intervals(labels[:1600], make_scene(dates[:1560], rows[:1560], 1500), draws=1)


def test_a_whole_score_compares_every_detector_and_finds_no_look_ahead() -> None:
    dates, rows = made_up()
    scene = make_scene(dates, rows, 1500)
    told: list[str] = []
    found = score_universe(dates, rows, scene, told=told.append)
    assert list(found.scores) == ["ours", "reference", *ABLATIONS]
    assert told[:2] == ["ours", "reference"]
    assert found.look_ahead_days == 0
    assert len(found.verdicts) == len(scores.MEASURES)
    assert not set(found.worse) & set(found.clearly_better)


def test_labels_that_look_ahead_are_caught() -> None:
    dates, rows = made_up()
    honest = label_levels(dates, rows, RegimeSettings())
    assert look_ahead_days(dates, rows, honest) == 0
    assert look_ahead_days(dates, rows, np.roll(honest, -30)) > 0


def test_a_scene_with_nothing_to_judge_is_refused() -> None:
    dates, rows = made_up(1510)
    with pytest.raises(ValueError, match="nothing to judge"):
        make_scene(dates, rows, 1500)


@pytest.mark.parametrize(
    ("day", "regime"),
    [
        ("2018-02-05", "Crisis"),
        ("2020-03-09", "Crisis"),
        ("2020-03-16", "Crisis"),
        ("2024-08-05", "Stressed"),
        ("2025-04-04", "Crisis"),
        ("2017-10-16", "Normal"),
    ],
)
def test_known_days_of_the_equity_funds_have_their_label(
    equity_funds: dict[dt.date, RegimeDay], day: str, regime: str
) -> None:
    found = equity_funds[dt.date.fromisoformat(day)]
    assert found.regime == regime
    assert found.reason.startswith(f"{regime}: semi-volatility ")


@pytest.fixture(scope="module")
def equity_funds() -> dict[dt.date, RegimeDay]:
    """Labels of three equity funds from the price histories beside this checkout."""
    tables = [
        parse_price_csv(shared_path("samples", "market", f"{name}.csv").read_bytes(), f"{name}.csv")
        for name in ("spy", "qqq", "iwm")
    ]
    closes = [{bar.session_date: bar.adjusted_close or bar.close or math.nan for bar in table.bars} for table in tables]
    days = sorted(day for day in set.intersection(*(set(one) for one in closes)) if day >= dt.date(2006, 1, 1))
    prices = np.array([[one[day] for one in closes] for day in days])
    labelled = label_days(days[1:], np.diff(np.log(prices), axis=0))
    return {day.date: day for day in labelled}


@pytest.fixture(scope="module")
def referee() -> ModuleType:
    """The independent scorer beside this checkout; skipped where it, pandas or the packaged prices are absent."""
    path = shared_path("tools", "regimes", "regimes_proto.py")
    pytest.importorskip("pandas")
    pytest.importorskip("skfolio.datasets", reason="the optional extra `demo` is not installed")
    spec = importlib.util.spec_from_file_location("regime_scorer", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        patch.setattr(sys, "dont_write_bytecode", True)
        spec.loader.exec_module(module)
    return module


def test_every_figure_is_the_independent_scorer_s(referee: ModuleType) -> None:
    prices, index = referee.load()
    rows = np.diff(np.log(prices.to_numpy()), axis=0)
    dates = tuple(day.date() for day in prices.index[1:])
    index = index.iloc[1:]
    scene = make_scene(dates, rows, dt.date(1996, 1, 2), index.to_numpy())
    labels = label_levels(dates, rows, REFERENCE)
    ours = scores.score_labels(labels, scene)
    portfolio = np.log1p(np.expm1(rows).mean(axis=1))
    volatility, drawdown = referee.forward(portfolio)
    theirs: dict[str, Any] = referee.score(
        "labels", labels, index, portfolio, scene.correlation, volatility, drawdown, scene.start,
        referee.episodes(index, scene.start),
    )  # fmt: skip
    expected = {
        "hits_stressed": theirs["hit_stress"],
        "hits_crisis": theirs["hit_crisis"],
        "lag_stressed": theirs["median_lag_stress"],
        "lag_crisis": theirs["median_lag_crisis"],
        "taken_stressed": theirs["dd_taken_stress"],
        "taken_crisis": theirs["dd_taken_crisis"],
        "placebo_stressed": theirs["placebo_taken_stress"],
        "placebo_crisis": theirs["placebo_taken_crisis"],
        "false_stressed": theirs["false_stress_py"],
        "false_crisis": theirs["false_crisis_py"],
        "r_squared": theirs["R2_logvol"],
        "rank_correlation": theirs["spearman_corr"],
        "switches": theirs["switches_py"],
        "short_runs": theirs["short_runs"],
        "sharpe": theirs["sized"]["sharpe"],
        "worst_drawdown": -theirs["sized"]["mdd"],
        "constant_drawdown": -theirs["const_same_avg"]["mdd"],
        "constant_sharpe": theirs["const_same_avg"]["sharpe"],
    }
    for place, name in enumerate(("normal", "stressed", "crisis")):
        expected |= {f"share_{name}": theirs["share"][place], f"volatility_{name}": theirs["fwd_vol"][place]}
        expected |= {f"drawdown_{name}": theirs["fwd_mdd"][place], f"correlation_{name}": theirs["fwd_corr"][place]}
    for name, value in expected.items():
        assert ours[name] == pytest.approx(value, abs=1e-9), name


def test_our_labels_are_worse_than_the_reference_nowhere_on_the_twenty_stocks(referee: ModuleType) -> None:
    prices, index = referee.load()
    rows = np.diff(np.log(prices.to_numpy()), axis=0)
    dates = tuple(day.date() for day in prices.index[1:])
    scene = make_scene(dates, rows, dt.date(1996, 1, 2), index.iloc[1:].to_numpy())
    found = score_universe(dates, rows, scene, ablation=False)
    assert found.worse == ()
    assert set(found.clearly_better) >= {"false_stressed", "switches", "short_runs"}
    assert found.look_ahead_days == 0


LEAN_SERIES = ("SPY", "IWM", "EEM", "USO", "AAPL", "BAC", "IBM", "AIG")


def lean_closes() -> tuple[tuple[dt.date, ...], Rows]:
    """Adjusted closes of eight of LEAN's own series on the days that all have, from 2006-04-10."""
    folder, found = shared_path("samples", "lean-data", "equity", "usa"), []
    for symbol in LEAN_SERIES:
        zipped = (folder / "daily" / f"{symbol.lower()}.zip").read_bytes()
        factors = parse_factor_file((folder / "factor_files" / f"{symbol.lower()}.csv").read_bytes())
        bars = adjust(parse_daily_zip(zipped, symbol, scale=EQUITY_SCALE).bars, factors)
        found.append({bar.session_date: bar.adjusted_close or bar.close or math.nan for bar in bars})
    days = sorted(day for day in set.intersection(*map(set, found)) if day >= dt.date(2006, 4, 10))
    return tuple(days), np.array([[one[day] for one in found] for day in days])


@pytest.mark.parametrize("largest_move", [0.6, None])
def test_on_lean_s_own_series_nothing_is_worse_and_two_measures_are_clearly_better(largest_move: float | None) -> None:
    dates, closes = lean_closes()
    universe = make_universe(LEAN_SERIES, dates, closes, largest_move=largest_move)
    found = score_universe(
        universe.dates, universe.returns, make_scene(universe.dates, universe.returns, 1499), ablation=False
    )
    assert found.worse == ()
    assert set(found.clearly_better) >= {"switches", "short_runs"}
    assert found.look_ahead_days == 0
