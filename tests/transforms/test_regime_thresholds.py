"""Regime thresholds with their evidence.

Covers: that nothing after the last day is looked at, that the values are the model's own, measures on made-up
labels, the comparison with the set in force, and the figures on the packaged universe.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict

import numpy as np
import pytest

from pipelines.transforms.regimes.returns import AlignedReturns
from pipelines.transforms.regimes.thresholds import calibrate_thresholds, log_volatility_ahead
from tests.kernel.test_regimes import QUICK, calendar, clustered
from tomking.kernel.regime_parameters import calibration_values
from tomking.kernel.regimes import RegimeModel


def history(days: int, seed: int = 1) -> AlignedReturns:
    return AlignedReturns(tuple("ABCDEF"), tuple(calendar(days)), clustered(days, seed=seed), left_out=3)


def test_the_values_are_those_the_model_has_learnt_by_that_day() -> None:
    returns = history(400)
    through = returns.dates[350]
    found = calibrate_thresholds(returns, through, settings=QUICK)
    model = RegimeModel(6, QUICK)
    for date, row in zip(returns.dates[:351], returns.rows[:351], strict=True):
        model.step(date, row)
    assert found is not None
    assert found.calibration == model.learnt()
    assert found.data_through == through
    assert len(calibration_values(found.calibration)) == 12


def test_nothing_after_the_last_day_is_looked_at() -> None:
    returns = history(700)
    through = returns.dates[550]
    wild = returns.rows.copy()
    wild[551:] = 0.5
    changed = AlignedReturns(returns.symbols, returns.dates, wild, returns.left_out)
    assert calibrate_thresholds(returns, through, settings=QUICK) == calibrate_thresholds(
        changed, through, settings=QUICK
    )
    assert calibrate_thresholds(returns.through(through), through, settings=QUICK) == calibrate_thresholds(
        returns, through, settings=QUICK
    )


def test_too_short_a_history_gives_no_candidate() -> None:
    returns = history(90)
    assert calibrate_thresholds(returns, returns.dates[-1], settings=QUICK) is None
    assert calibrate_thresholds(returns, dt.date(1999, 1, 1), settings=QUICK) is None


def test_the_evidence_says_what_it_rests_on_and_is_plain_json() -> None:
    returns = history(900)
    found = calibrate_thresholds(returns, returns.dates[-1], settings=QUICK)
    assert found is not None
    evidence = found.evidence
    assert (evidence.days, evidence.left_out, evidence.symbols) == (900, 3, tuple("ABCDEF"))
    assert evidence.data_through == returns.dates[-1].isoformat()
    assert evidence.candidate_since is None
    assert evidence.previous_since is None
    assert json.loads(json.dumps(asdict(evidence)))["walk_forward"]["days"] == evidence.walk_forward.days
    assert sum(evidence.walk_forward.share.values()) == pytest.approx(1.0)
    assert evidence.walk_forward.days == evidence.fixed.days


def test_labels_that_say_nothing_have_no_skill() -> None:
    random = np.random.default_rng(5)
    noise = AlignedReturns(tuple("ABCDEF"), tuple(calendar(1500)), random.normal(0, 0.01, (1500, 6)), 0)
    found = calibrate_thresholds(noise, noise.dates[-1], settings=QUICK)
    assert found is not None
    skill = found.evidence.walk_forward.r_squared
    assert skill is not None
    assert skill < 0.02


def test_two_ways_of_labelling_are_scored_on_the_same_days() -> None:
    returns = history(900)
    found = calibrate_thresholds(returns, returns.dates[-1], settings=QUICK)
    assert found is not None
    ours, fixed = found.evidence.walk_forward, found.evidence.fixed
    assert (ours.first_day, ours.last_day) == (fixed.first_day, fixed.last_day)
    assert (ours.scored, ours.scored_from) == (fixed.scored, fixed.scored_from)
    assert ours.first_day is not None
    assert ours.scored_from is not None
    first, scored_from = (returns.dates.index(dt.date.fromisoformat(day)) for day in (ours.first_day, ours.scored_from))
    # 250 finished windows of labelled days stand before the first score, and a window is over after `horizon` days.
    assert scored_from == first + QUICK.horizon + 249
    assert ours.scored == 900 - QUICK.horizon - scored_from


def test_volatility_ahead_is_of_later_days_only_and_missing_at_the_end() -> None:
    rows = np.array([[0.01], [0.02], [-0.03], [0.01], [0.0]])
    found = log_volatility_ahead(rows, 2)
    assert found[0] == pytest.approx(np.log(np.std(rows[1:3, 0]) * np.sqrt(252)))
    assert np.isnan(found[3:]).all()
    assert np.isnan(log_volatility_ahead(np.zeros((5, 2)), 2)).all()


def test_the_set_in_force_is_compared_on_days_neither_has_seen() -> None:
    returns = history(1200)
    then = returns.dates[700]
    previous = calibrate_thresholds(returns, then, settings=QUICK)
    assert previous is not None
    found = calibrate_thresholds(
        returns, returns.dates[-1], settings=QUICK, previous=previous.calibration, previous_through=then
    )
    assert found is not None
    ours, theirs = found.evidence.candidate_since, found.evidence.previous_since
    assert ours is not None
    assert theirs is not None
    assert ours.first_day == theirs.first_day == returns.dates[701].isoformat()
    assert ours.days == theirs.days == 499
    assert ours.scored == theirs.scored == 499 - QUICK.horizon
    assert ours.scored_from == theirs.scored_from == ours.first_day
    with pytest.raises(ValueError, match="comes with the date"):
        calibrate_thresholds(returns, returns.dates[-1], settings=QUICK, previous=previous.calibration)


def test_calibrated_thresholds_beat_fixed_ones_on_the_packaged_universe() -> None:
    datasets = pytest.importorskip("skfolio.datasets", reason="the optional extra `demo` is not installed")
    prices = datasets.load_sp500_dataset()
    returns = AlignedReturns(
        tuple(prices.columns),
        tuple(day.date() for day in prices.index[1:]),
        np.diff(np.log(prices.to_numpy()), axis=0),
        left_out=0,
    )
    found = calibrate_thresholds(returns, dt.date(2019, 12, 31))
    assert found is not None
    calibrated, fixed = found.evidence.walk_forward, found.evidence.fixed
    assert calibrated.r_squared is not None
    assert fixed.r_squared is not None
    assert calibrated.r_squared > 0.25
    assert calibrated.r_squared > fixed.r_squared + 0.15
    volatility = [calibrated.forward_volatility[name] for name in ("Normal", "Stressed", "Crisis")]
    assert None not in volatility
    assert volatility == sorted(value for value in volatility if value is not None)
    assert calibrated.switches_per_year is not None
    assert calibrated.switches_per_year < 6.5
    assert found.evidence.forecast_r_squared is not None
    assert found.evidence.forecast_r_squared > 0.2
