"""The gate: each reason to refuse a candidate is found, and named."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.parameters.gate import Candidate, GateLimits, Score, judge
from tomking.kernel.parameter_specs import SPECS
from tomking.kernel.parameters import default_values

THROUGH, EFFECTIVE = dt.date(2019, 11, 29), dt.date(2019, 12, 2)
SCORE = Score(
    metric="explained share",
    candidate=Decimal("0.20"),
    baseline=Decimal("0.15"),
    first_day=dt.date(2015, 1, 2),
    last_day=THROUGH,
    days=1200,
    in_sample=False,
)
GOOD = Candidate(values=default_values(), effective_from=EFFECTIVE, data_through=THROUGH, score=SCORE, fills=120)


def moved(name: str, text: str) -> Candidate:
    return replace(GOOD, values={**GOOD.values, name: text})


def test_a_candidate_that_keeps_every_condition_passes() -> None:
    decision = judge(GOOD, default_values())
    assert decision.passed
    assert decision.failures == ()
    assert decision.reason == "7 checks hold"


@pytest.mark.parametrize(
    ("candidate", "failure"),
    [
        (moved("limits.risk_per_trade", "0.021"), "bounds"),
        (moved("strangle.target_share", "NaN"), "bounds"),
        (moved("strangle.colour", "1"), "bounds"),
        (moved("strangle.target_share", "0.61"), "largest_step"),
        (moved("strangle.exit_dte", "29"), "largest_step"),
        (moved("strangle.vehicle", "QQQ"), "largest_step"),
        (moved("limits.group_positions", "2"), "largest_step"),
        (replace(GOOD, effective_from=THROUGH), "no_look_ahead"),
        (replace(GOOD, effective_from=EFFECTIVE + dt.timedelta(days=40)), "fresh_evidence"),
        (replace(GOOD, evidence_through=EFFECTIVE), "fresh_evidence"),
        (replace(GOOD, evidence_through=EFFECTIVE - dt.timedelta(days=31)), "fresh_evidence"),
        (replace(GOOD, score=replace(SCORE, in_sample=True)), "out_of_sample"),
        (replace(GOOD, score=replace(SCORE, days=249)), "enough_data"),
        (replace(GOOD, fills=9), "enough_data"),
        (replace(GOOD, score=replace(SCORE, candidate=Decimal("0.1599"))), "better_than_current"),
        (replace(GOOD, score=replace(SCORE, candidate=None)), "better_than_current"),
        (replace(GOOD, score=replace(SCORE, baseline=None, candidate=Decimal("0.009"))), "better_than_current"),
    ],
)
def test_what_fails_is_named(candidate: Candidate, failure: str) -> None:
    decision = judge(candidate, default_values())
    assert not decision.passed
    assert decision.failures == (failure,)
    assert failure in decision.reason


def test_the_first_set_has_no_step_to_keep() -> None:
    assert judge(moved("strangle.target_share", "0.90"), None).passed


def test_a_candidate_exactly_at_the_margin_and_the_step_passes() -> None:
    at_step = moved("strangle.target_share", "0.60")
    assert judge(replace(at_step, score=replace(SCORE, candidate=Decimal("0.16"))), default_values()).passed


def test_a_set_without_any_score_is_judged_by_the_rest() -> None:
    assert judge(replace(GOOD, score=None, fills=None), default_values()).passed


@given(st.sampled_from(sorted(name for name, spec in SPECS.items() if spec.largest_step)), st.integers(1, 10**6))
def test_no_value_moves_further_than_its_step(name: str, extra: int) -> None:
    spec = SPECS[name]
    assert spec.largest_step is not None
    before = Decimal(spec.default or "0")
    text = format(before + spec.largest_step + extra, "f")
    assert "largest_step" in judge(moved(name, text), {**default_values(), name: str(before)}).failures


def test_limits_are_data() -> None:
    strict = GateLimits(margin=Decimal("0.10"), minimum_days=2000, minimum_fills=500, maximum_evidence_age=1)
    assert judge(GOOD, None, strict).failures == ("fresh_evidence", "enough_data", "better_than_current")
