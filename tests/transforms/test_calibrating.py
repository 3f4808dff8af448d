"""Candidates: thresholds are learnt without seeing the future, fee levels from fills, parts taken or left whole."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.calibrating import (
    Part,
    assemble,
    explained_share,
    fit_regime,
    forward_log_volatility,
    orf_part,
    regime_part,
    rows_digest,
)
from pipelines.transforms.gate import GateLimits, Score
from pipelines.transforms.levels import LevelObservation
from pipelines.transforms.returns import AlignedReturns
from tests.transforms.market import market_returns
from tomking.kernel.parameters import default_values, dump, parse
from tomking.kernel.regime_parameters import calibration_values, regime_calibration

THROUGH, EFFECTIVE = dt.date(2019, 11, 29), dt.date(2019, 12, 2)
ORF = "fees.orf_per_contract"


@pytest.fixture(scope="module")
def returns() -> AlignedReturns:
    return market_returns(2600)


def test_the_same_history_gives_the_same_thresholds_and_less_of_it_knows_nothing_more(returns: AlignedReturns) -> None:
    fit, again = fit_regime(returns, None), fit_regime(returns, None)
    assert fit is not None
    assert fit == again
    day = returns.dates[-300]
    shorter = fit_regime(returns.through(day), None)
    assert shorter is not None
    assert shorter.score.last_day == day
    # What came after the day cannot be in it: the same history with another future gives the same fit.
    rows = returns.rows.copy()
    rows[-299:] *= 3.0
    other = fit_regime(AlignedReturns(returns.symbols, returns.dates, rows, 0).through(day), None)
    assert other == shorter


def test_labels_explain_what_follows_and_no_session_is_scored_by_itself(returns: AlignedReturns) -> None:
    fit = fit_regime(returns, None, scored_sessions=600)
    assert fit is not None
    assert fit.score.days == 600
    assert not fit.score.in_sample
    assert Decimal("0.1") < fit.score.candidate < 1
    assert sum(fit.labels.values()) == 600


def test_the_thresholds_in_force_are_scored_on_the_same_sessions(returns: AlignedReturns) -> None:
    first = fit_regime(returns.through(returns.dates[-400]), None)
    assert first is not None
    second = fit_regime(returns, first.calibration)
    assert second is not None
    assert second.score.baseline is not None
    assert 0 < second.score.baseline < 1


def test_too_little_history_gives_no_thresholds() -> None:
    assert fit_regime(market_returns(400), None) is None


def test_thresholds_survive_their_way_through_a_document(returns: AlignedReturns) -> None:
    fit = fit_regime(returns, None)
    assert fit is not None
    part = regime_part(fit, "test", returns)
    document = dump(
        {**default_values(), **part.values},
        effective_from=EFFECTIVE,
        data_through=THROUGH,
        code_version="test",
        evidence=part.evidence,
    )
    found = regime_calibration(parse(document))
    assert found is not None
    assert calibration_values(found) == dict(part.values)
    assert found.danger.enter_crisis == pytest.approx(fit.calibration.danger.enter_crisis, abs=1e-6)
    assert regime_calibration(parse(dump(default_values(), effective_from=EFFECTIVE, data_through=THROUGH,
                                         code_version="test", evidence={}))) is None  # fmt: skip


def test_forward_volatility_looks_ahead_only_and_is_missing_at_the_end() -> None:
    rows = np.array([[0.01], [0.02], [-0.03], [0.01], [0.0]])
    found = forward_log_volatility(rows, 2)
    portfolio = rows[:, 0]
    assert found[0] == pytest.approx(np.log(np.std(portfolio[1:3], ddof=1)))
    assert np.isnan(found[3:]).all()
    flat = forward_log_volatility(np.zeros((5, 2)), 2)
    assert np.isnan(flat).all()


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-100, 100)), max_size=40))
def test_the_explained_share_is_a_share(rows: list[tuple[int, float]]) -> None:
    groups, values = [row[0] for row in rows], [row[1] for row in rows]
    assert 0.0 <= explained_share(groups, values) <= 1.0


def test_groups_that_settle_the_value_explain_all_of_it() -> None:
    assert explained_share(["a", "a", "b"], [1.0, 1.0, 5.0]) == pytest.approx(1.0)
    assert explained_share(["a", "a", "a"], [1.0, 2.0, 5.0]) == pytest.approx(0.0)
    assert explained_share([], []) == 0.0
    with pytest.raises(ValueError, match="groups"):
        explained_share(["a"], [])


def observe(day: dt.date, contracts: int, cents: str) -> LevelObservation:
    moment = dt.datetime(day.year, day.month, day.day, 15, tzinfo=dt.UTC)
    return LevelObservation.of_charge(day, moment, Decimal(contracts), Decimal(cents), f"{day}-{contracts}")


def test_the_level_of_a_set_knows_only_fills_through_its_day() -> None:
    fills = [observe(THROUGH - dt.timedelta(days=n), 3, "0.12") for n in range(12)]
    later = [observe(EFFECTIVE + dt.timedelta(days=n), 3, "0.03") for n in range(12)]
    part = orf_part([*fills, *later], lambda _: Decimal("0.0388"), "main", THROUGH)
    assert part is not None
    assert part.values == {ORF: "0.0388"}
    assert (part.fills, part.evidence_through) == (12, THROUGH)
    assert part.evidence["as_scheduled"] is True
    assert orf_part(later, lambda _: Decimal("0.0388"), "main", THROUGH) is None
    moved = orf_part([*fills, *later], lambda _: Decimal("0.0388"), "main", EFFECTIVE + dt.timedelta(days=30))
    assert moved is not None
    assert moved.evidence["as_scheduled"] is False
    assert Decimal("0.0083") < Decimal(moved.values[ORF]) < Decimal("0.0117")


def part_of(name: str, values: dict[str, str], candidate: str, baseline: str | None = None) -> Part:
    score = Score(
        metric="test",
        candidate=Decimal(candidate),
        baseline=None if baseline is None else Decimal(baseline),
        first_day=THROUGH - dt.timedelta(days=2000),
        last_day=THROUGH,
        days=1000,
        in_sample=False,
    )
    return Part(name, values, {"why": name}, score=score, evidence_through=THROUGH)


def test_a_part_that_fails_leaves_the_others_alone() -> None:
    good = part_of("good", {"strangle.target_share": "0.55"}, "0.30", "0.10")
    bad = part_of("bad", {"strangle.exit_dte": "20"}, "0.10", "0.10")
    made = assemble([good, bad], default_values(), default_values(), effective_from=EFFECTIVE, data_through=THROUGH)
    assert made.values == {**default_values(), "strangle.target_share": "0.55"}
    assert made.moved
    assert [found.decision.failures for found in made.judged] == [(), ("better_than_current",)]
    evidence = made.evidence["bad"]
    assert isinstance(evidence, dict)
    assert (evidence["taken"], evidence["proposed"]) == (False, {"strangle.exit_dte": "20"})


def test_values_that_are_in_force_already_move_nothing_and_need_not_be_better() -> None:
    same = part_of("same", {"strangle.target_share": "0.50"}, "0.10", "0.10")
    made = assemble([same], default_values(), default_values(), effective_from=EFFECTIVE, data_through=THROUGH)
    assert not made.moved
    assert made.judged[0].decision.passed


def test_a_fee_level_without_fills_gives_way_to_the_schedule() -> None:
    in_force = {**default_values(), ORF: "0.0400"}
    made = assemble([], in_force, default_values(), effective_from=EFFECTIVE, data_through=THROUGH)
    assert ORF not in made.values
    assert made.moved


def test_the_gate_limits_of_a_caller_count() -> None:
    part = part_of("p", {"strangle.target_share": "0.55"}, "0.30")
    strict = GateLimits(minimum_days=5000)
    made = assemble([part], None, default_values(), effective_from=EFFECTIVE, data_through=THROUGH, limits=strict)
    assert made.judged[0].decision.failures == ("enough_data",)
    assert not made.moved


def test_a_digest_of_rows_forgets_their_order() -> None:
    assert rows_digest(["a", "b"]) == rows_digest(["b", "a"]) != rows_digest(["a"])
