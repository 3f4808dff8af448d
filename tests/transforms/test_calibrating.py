"""Candidates: what thresholds have to beat, fee levels from fills, parts taken or left whole."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal

import pytest

from pipelines.transforms.fees.levels import LevelObservation
from pipelines.transforms.parameters.calibrating import Part, assemble, orf_part, regime_part, rows_digest
from pipelines.transforms.parameters.gate import GateLimits, Score
from pipelines.transforms.regimes.returns import AlignedReturns
from pipelines.transforms.regimes.thresholds import ThresholdCandidate, calibrate_thresholds
from tests.transforms.market import market_returns
from tomking.kernel.parameters import default_values, dump, parse
from tomking.kernel.regime_parameters import calibration_values, regime_calibration

THROUGH, EFFECTIVE = dt.date(2019, 11, 29), dt.date(2019, 12, 2)
ORF = "fees.orf_per_contract"


@pytest.fixture(scope="module")
def returns() -> AlignedReturns:
    return market_returns(2600)


@pytest.fixture(scope="module")
def first(returns: AlignedReturns) -> ThresholdCandidate:
    found = calibrate_thresholds(returns, returns.dates[-400])
    assert found is not None
    return found


def later(returns: AlignedReturns, before: ThresholdCandidate, through: dt.date) -> ThresholdCandidate:
    found = calibrate_thresholds(returns, through, previous=before.calibration, previous_through=before.data_through)
    assert found is not None
    return found


def with_measure(candidate: ThresholdCandidate, name: str, r_squared: float | None) -> ThresholdCandidate:
    measure = replace(getattr(candidate.evidence, name), r_squared=r_squared)
    return replace(candidate, evidence=replace(candidate.evidence, **{name: measure}))


def failures(part: Part, in_force: dict[str, str] | None = None) -> tuple[str, ...]:
    through = part.evidence_through
    assert through is not None
    day = through + dt.timedelta(days=1)
    made = assemble([part], in_force, default_values(), effective_from=day, data_through=through)
    return made.judged[0].decision.failures


def test_a_first_set_is_scored_against_the_fixed_thresholds_on_the_same_sessions(first: ThresholdCandidate) -> None:
    part = regime_part(first, "test")
    assert part.score is not None
    assert part.score.days == first.evidence.walk_forward.scored == first.evidence.fixed.scored > 250
    assert (part.score.last_day, part.evidence_through) == (first.data_through, first.data_through)
    assert part.score.candidate is not None
    assert not part.score.in_sample
    assert failures(part) == ()


@pytest.mark.parametrize(
    ("ours", "fixed", "failed"),
    [
        (0.20, 0.19, ()),
        (0.20, 0.1902, ("better_than_current",)),
        (0.02, -0.50, ()),
        # A label that says nothing does not pass because the fixed one says less than nothing.
        (-0.10, -0.50, ("better_than_current",)),
    ],
)
def test_a_first_set_passes_when_it_beats_the_fixed_thresholds_and_no_label_by_the_margin(
    first: ThresholdCandidate, ours: float, fixed: float, failed: tuple[str, ...]
) -> None:
    measured = with_measure(with_measure(first, "walk_forward", ours), "fixed", fixed)
    assert failures(regime_part(measured, "test")) == failed


def test_a_later_set_is_scored_on_the_sessions_after_the_data_of_the_one_in_force(
    returns: AlignedReturns, first: ThresholdCandidate
) -> None:
    second = later(returns, first, returns.dates[-1])
    part = regime_part(second, "test")
    assert part.score is not None
    assert part.score.first_day == returns.dates[-399]
    assert part.score.days == 399 - 20
    in_force = {**default_values(), **regime_part(first, "test").values}
    for ours, failed in ((0.3101, ()), (0.3099, ("better_than_current",)), (0.25, ("better_than_current",))):
        measured = with_measure(with_measure(second, "candidate_since", ours), "previous_since", 0.30)
        # However well the method did on days that made the set in force.
        measured = with_measure(measured, "walk_forward", 0.99)
        judged = failures(regime_part(measured, "test"), in_force)
        assert tuple(name for name in judged if name != "largest_step") == failed


def test_too_few_unseen_sessions_are_no_evidence(returns: AlignedReturns, first: ThresholdCandidate) -> None:
    in_force = {**default_values(), **regime_part(first, "test").values}
    some = regime_part(later(returns, first, returns.dates[-200]), "test")
    assert some.score is not None
    assert some.score.days == 200 - 20
    assert "enough_data" in failures(some, in_force)
    none = regime_part(later(returns, first, returns.dates[-399]), "test")
    assert none.score is not None
    assert (none.score.candidate, none.score.baseline, none.score.days) == (None, None, 0)
    assert {"enough_data", "better_than_current"} <= set(failures(none, in_force))


def test_the_evidence_travels_as_plain_text_without_the_clock(first: ThresholdCandidate) -> None:
    evidence = json.loads(json.dumps(regime_part(first, "test").evidence))
    assert evidence == json.loads(json.dumps(regime_part(first, "test").evidence))
    assert evidence["symbols"] == ["AAA", "BBB", "CCC"]
    assert (evidence["last_session"], evidence["sessions"]) == (first.data_through.isoformat(), 2201)
    assert evidence["score"] == evidence["walk_forward"]["r_squared"]
    assert evidence["previous_since"] is None
    assert set(evidence["fixed"]["share"]) == {"Normal", "Stressed", "Crisis"}


def test_thresholds_survive_their_way_through_a_document(first: ThresholdCandidate) -> None:
    part = regime_part(first, "test")
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
    assert found.danger.enter_crisis == pytest.approx(first.calibration.danger.enter_crisis, abs=1e-6)
    assert regime_calibration(parse(dump(default_values(), effective_from=EFFECTIVE, data_through=THROUGH,
                                         code_version="test", evidence={}))) is None  # fmt: skip


def observe(day: dt.date, contracts: int, cents: str) -> LevelObservation:
    moment = dt.datetime(day.year, day.month, day.day, 15, tzinfo=dt.UTC)
    return LevelObservation.of_charge(day, moment, Decimal(contracts), Decimal(cents), f"{day}-{contracts}")


def test_the_level_of_a_set_knows_only_fills_through_its_day() -> None:
    fills = [observe(THROUGH - dt.timedelta(days=n), 3, "0.12") for n in range(12)]
    after = [observe(EFFECTIVE + dt.timedelta(days=n), 3, "0.03") for n in range(12)]
    part = orf_part([*fills, *after], lambda _: Decimal("0.0388"), "main", THROUGH)
    assert part is not None
    assert part.values == {ORF: "0.0388"}
    assert (part.fills, part.evidence_through) == (12, THROUGH)
    assert part.evidence["as_scheduled"] is True
    assert orf_part(after, lambda _: Decimal("0.0388"), "main", THROUGH) is None
    moved = orf_part([*fills, *after], lambda _: Decimal("0.0388"), "main", EFFECTIVE + dt.timedelta(days=30))
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
