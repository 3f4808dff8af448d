"""Ceilings by VIX, crisis weights and life times as parts of a candidate: scored ahead, moved by steps, gated like any."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from pipelines.transforms.parameters.buying_power import BANDS, Outcomes, calibrate_ceilings, outcomes_of
from pipelines.transforms.parameters.cache_lifetimes import calibrate_lifetime
from pipelines.transforms.parameters.calibrating import Part, assemble
from pipelines.transforms.parameters.candidate_parts import ceiling_part, is_due, lifetime_part, weight_part
from pipelines.transforms.parameters.crisis_weights import TYPED, calibrate_weight, stress_sessions
from tests.transforms.test_cache_lifetimes import walks
from tomking.kernel.black_scholes import price_of
from tomking.kernel.parameter_specs import SPECS
from tomking.kernel.parameters import default_values

DEFAULTS = default_values()
FIRST = dt.date(2000, 1, 3)


def outcomes(years: int, results: Mapping[int, tuple[float, float]]) -> Outcomes:
    """Daily outcomes that cycle through the bands; each is `usual`, and every fifteenth of a band is `bad`."""
    days, bands, values = [], [], []
    for place in range(365 * years):
        band = place % len(BANDS)
        usual, bad = results[band]
        days.append(FIRST + dt.timedelta(days=place))
        bands.append(band)
        values.append(bad if (place // len(BANDS)) % 15 == 0 else usual)
    ended = tuple(day + dt.timedelta(days=24) for day in days)
    return Outcomes(tuple(days), ended, np.array(bands), np.array(values))


CALM = (0.02, -0.05)
RUINOUS = {0: CALM, 1: CALM, 2: CALM, 3: CALM, 4: (0.001, -0.9)}


def judged(part: Part, *, through: dt.date, in_force: Mapping[str, str] = DEFAULTS) -> tuple[bool, tuple[str, ...]]:
    made = assemble([part], in_force, DEFAULTS, effective_from=through + dt.timedelta(days=1), data_through=through)
    (one,) = made.judged
    return one.decision.passed, one.decision.failures


def test_a_band_whose_tail_is_too_long_is_lowered_by_a_step_and_no_band_is_ever_raised() -> None:
    made = outcomes(12, RUINOUS)
    found = calibrate_ceilings(made, made.ended[-1])
    assert found is not None
    assert found.ceilings["limits.ceiling_vix_from_30"] == Decimal("0.11")
    for _, name in BANDS[:4]:
        assert found.ceilings[name] == SPECS[name].upper
    part = ceiling_part(found, "SPY", DEFAULTS)
    assert part.values["limits.ceiling_vix_from_30"] == "0.15"
    assert all(Decimal(part.values[name]) <= (SPECS[name].upper or 0) for _, name in BANDS)
    assert judged(part, through=found.data_through) == (True, ())
    again = ceiling_part(found, "SPY", {**DEFAULTS, **part.values})
    assert again.values["limits.ceiling_vix_from_30"] == "0.11"


def test_where_the_tail_was_paid_for_the_lower_table_is_refused_with_both_figures() -> None:
    made = outcomes(12, {**RUINOUS, 4: (0.9, -0.9)})
    found = calibrate_ceilings(made, made.ended[-1])
    assert found is not None
    part = ceiling_part(found, "SPY", DEFAULTS)
    assert judged(part, through=found.data_through) == (False, ("better_than_current",))
    assert part.score is not None
    assert part.score.candidate is not None
    assert part.score.baseline is not None
    assert part.score.candidate < part.score.baseline


def test_a_years_ceilings_rest_on_outcomes_that_were_over_before_it() -> None:
    made = outcomes(12, RUINOUS)
    cut = dt.date(2011, 6, 30)
    known = sum(day <= cut for day in made.ended)
    some = Outcomes(made.days[:known], made.ended[:known], made.bands[:known], made.results[:known])
    wild = replace(made, results=np.where(np.arange(len(made.days)) < known, made.results, 5.0))
    assert calibrate_ceilings(wild, cut) == calibrate_ceilings(some, cut) == calibrate_ceilings(made, cut)
    assert calibrate_ceilings(made, FIRST) is None


def test_the_standard_trade_is_a_short_put_of_sixteen_delta_over_the_margin_it_takes() -> None:
    days = [FIRST + dt.timedelta(days=place) for place in range(30)]
    closes = [100.0 + place / 10 for place in range(30)]
    found = outcomes_of(days, closes, [20.0] * 30)
    assert len(found.days) == 30 - 24
    spread = 0.20 * (45 / 365) ** 0.5
    strike = 100 * np.exp(-0.994457883 * spread + spread**2 / 2)
    gained = price_of(100, strike, 45 / 365, 0.2, "P") - price_of(102.4, strike, 21 / 365, 0.2, "P")
    assert found.results[0] == pytest.approx(gained / (0.20 * 100 - (100 - strike)))
    assert set(found.bands.tolist()) == {2}


def market(days: int, seed: int = 3) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Log returns of a market with calm and wild stretches of a quarter each."""
    random = np.random.default_rng(seed)
    scale = np.where((np.arange(days) // 63) % 4 == 3, 0.03, 0.006)
    return np.asarray(random.normal(0, 1, days) * scale, dtype=np.float64)


def test_a_group_that_moves_with_stocks_in_stress_gets_the_weight_it_shows() -> None:
    moves = market(4000)
    random = np.random.default_rng(5)
    gold = 0.9 * moves + random.normal(0, 0.006, len(moves))
    days = [FIRST + dt.timedelta(days=place) for place in range(len(moves))]
    found = calibrate_weight("B1", days, moves, {"GLD": gold})
    assert found is not None
    is_stress = stress_sessions(moves)
    assert not is_stress[:500].any()
    assert found.weight == pytest.approx(np.corrcoef(moves[is_stress], gold[is_stress])[0, 1])
    assert found.weight > 0.9
    assert found.error is not None
    assert found.typed_error is not None
    assert found.error < found.typed_error
    part = weight_part(found, DEFAULTS)
    assert judged(part, through=days[-1]) == (True, ())
    moved = weight_part(found, {**DEFAULTS, "limits.crisis_weight_B1": "0.10"})
    assert moved.values == {"limits.crisis_weight_B1": "0.30"}


def test_an_estimate_that_foretells_worse_than_the_typed_weight_is_refused() -> None:
    moves = market(4000)
    random = np.random.default_rng(5)
    # Every second year against the market, so that the past says nothing.
    days = [FIRST + dt.timedelta(days=place) for place in range(len(moves))]
    sign = np.array([1.0 if day.year % 2 else -1.0 for day in days])
    fickle = sign * moves + random.normal(0, 0.006, len(moves))
    found = calibrate_weight("E", days, moves, {"6E": fickle})
    assert found is not None
    passed, failures = judged(weight_part(found, DEFAULTS), through=days[-1])
    assert not passed
    assert "better_than_current" in failures
    assert calibrate_weight("E", days[:400], moves[:400], {"6E": fickle[:400]}) is None
    assert set(TYPED) == {name.rsplit("_", 1)[1] for name in SPECS if name.startswith("limits.crisis_weight_")}


def test_a_life_time_goes_to_what_costs_least_by_its_step_and_says_what_else_was_tried() -> None:
    found = calibrate_lifetime(walks(60, [0.003]), "greeks", 120)
    assert found is not None
    part = lifetime_part(found, {**DEFAULTS, "caches.greeks_ttl_seconds": "120"})
    assert found.next_fixed < 105
    assert part.values == {"caches.greeks_ttl_seconds": "105"}
    assert judged(part, through=found.last_day, in_force={**DEFAULTS, "caches.greeks_ttl_seconds": "120"}) == (True, ())
    alternatives = part.evidence["alternatives"]
    assert isinstance(alternatives, dict)
    assert "30" in alternatives
    at_best = calibrate_lifetime(walks(60, [0.003]), "greeks", found.next_fixed)
    assert at_best is not None
    passed, failures = judged(
        lifetime_part(at_best, {**DEFAULTS, "caches.greeks_ttl_seconds": str(found.next_fixed)}),
        through=found.last_day,
        in_force={**DEFAULTS, "caches.greeks_ttl_seconds": str(found.next_fixed)},
    )
    # What is in force already needs no score.
    assert (passed, failures) == (True, ())


def made_parts() -> list[tuple[Part, dt.date]]:
    """A part of each kind that passes, with the end of its data."""
    table = outcomes(12, RUINOUS)
    ceilings = calibrate_ceilings(table, table.ended[-1])
    moves = market(4000)
    days = [FIRST + dt.timedelta(days=place) for place in range(len(moves))]
    weight = calibrate_weight("B1", days, moves, {"GLD": 0.9 * moves + np.random.default_rng(5).normal(0, 0.006, 4000)})
    life = calibrate_lifetime(walks(60, [0.003]), "greeks", 30)
    assert ceilings is not None
    assert weight is not None
    assert life is not None
    return [
        (ceiling_part(ceilings, "SPY", DEFAULTS), ceilings.data_through),
        (weight_part(weight, DEFAULTS), weight.last_day),
        (lifetime_part(life, DEFAULTS), life.last_day),
    ]


@pytest.mark.parametrize("place", range(3), ids=["ceilings", "weight", "life time"])
def test_every_kind_is_refused_where_its_evidence_is_old_in_sample_thin_or_goes_too_far(place: int) -> None:
    part, through = made_parts()[place]
    assert part.score is not None
    assert judged(part, through=through) == (True, ())
    assert judged(part, through=through + dt.timedelta(days=40)) == (False, ("fresh_evidence",))
    within = replace(part, score=replace(part.score, in_sample=True))
    assert judged(within, through=through) == (False, ("out_of_sample",))
    thin = replace(part, score=replace(part.score, days=19))
    assert judged(thin, through=through) == (False, ("enough_data",))
    (name, text), *_ = [(name, text) for name, text in part.values.items() if DEFAULTS.get(name) != text]
    step, spec = SPECS[name].largest_step, SPECS[name]
    assert step is not None
    assert spec.upper is not None
    back = format(max(Decimal(text) - 2 * step, spec.lower or Decimal(0)), "f")
    far = format(Decimal(text) + 2 * step, "f") if Decimal(text) + 2 * step <= spec.upper else back
    too_far = replace(part, values={**part.values, name: far})
    assert judged(too_far, through=through, in_force={**DEFAULTS, name: text})[1][:1] == ("largest_step",)
    above = replace(part, values={**part.values, name: format(spec.upper + 1, "f")})
    assert "bounds" in judged(above, through=through)[1]


def test_a_part_is_due_once_in_its_time_and_again_on_the_same_data() -> None:
    day = dt.date(2026, 3, 20)
    assert is_due([], day, 28)
    assert is_due([day], day, 28)
    assert not is_due([day - dt.timedelta(days=27)], day, 28)
    assert is_due([day - dt.timedelta(days=28)], day, 28)
