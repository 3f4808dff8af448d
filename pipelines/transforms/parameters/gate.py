"""The gate between a calibrated candidate and its use.

Holds: the limits of the gate, what a candidate must show, the checks one by one.
Belongs here: a reason to refuse a candidate without asking a person.
Never here: fitting, approving by a person, publishing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tomking.kernel.parameter_specs import SPECS, ValueRefused


@dataclass(frozen=True, slots=True)
class GateLimits:
    """How much a candidate must show.

    `margin`: by how much the candidate's score must exceed the baseline, or zero where there is none.
    `minimum_days`: sessions scored. `minimum_fills`: statement rows behind a fitted fee level.
    `maximum_evidence_age`: calendar days between the end of the evidence and the first day of use.
    """

    margin: Decimal = Decimal("0.01")
    minimum_days: int = 250
    minimum_fills: int = 10
    maximum_evidence_age: int = 30


@dataclass(frozen=True, slots=True)
class Score:
    """What the candidate was measured by, on days that did not make it.

    `metric` names the measure; higher is better. `candidate` is None where no day could be scored. `baseline` is the
    score, on the same days, of what the candidate has to beat, and `against` names that; None where there is nothing
    to beat. `in_sample` says that the scored days also chose the values.
    """

    metric: str
    candidate: Decimal | None
    baseline: Decimal | None
    first_day: dt.date
    last_day: dt.date
    days: int
    in_sample: bool
    against: str = "the values in force"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A table of values and what it rests on.

    `evidence_through` is the last day of the evidence (None: the end of the data); `fills` counts the statement rows
    behind a fee level (None: none was fitted).
    """

    values: Mapping[str, str]
    effective_from: dt.date
    data_through: dt.date
    score: Score | None = None
    fills: int | None = None
    evidence_through: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: its name, whether it holds, and the figures it was judged by."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class GateDecision:
    """Every check in order; the candidate passes when all of them hold."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(check.passed for check in self.checks)

    @property
    def failures(self) -> tuple[str, ...]:
        """Names of the checks that do not hold."""
        return tuple(check.name for check in self.checks if not check.passed)

    @property
    def reason(self) -> str:
        """One line for a person: what failed, or that all checks hold."""
        failed = [f"{check.name} ({check.detail})" for check in self.checks if not check.passed]
        return "; ".join(failed) if failed else f"{len(self.checks)} checks hold"


def judge(candidate: Candidate, current: Mapping[str, str] | None, limits: GateLimits | None = None) -> GateDecision:
    """Judge a candidate against the values in force (`current`, None before the first set)."""
    limits = limits or GateLimits()
    return GateDecision(
        (
            _bounds(candidate),
            _steps(candidate, current),
            _no_look_ahead(candidate),
            _fresh_evidence(candidate, limits),
            _out_of_sample(candidate),
            _enough_data(candidate, limits),
            _better(candidate, limits),
        )
    )


def _bounds(candidate: Candidate) -> Check:
    wrong = []
    for name, text in sorted(candidate.values.items()):
        if name not in SPECS:
            wrong.append(f"{name} is no parameter")
            continue
        try:
            SPECS[name].value(text)
        except ValueRefused as error:
            wrong.append(str(error))
    return Check("bounds", not wrong, "; ".join(wrong) or f"{len(candidate.values)} values within their bounds")


def _steps(candidate: Candidate, current: Mapping[str, str] | None) -> Check:
    """No value moves further than its largest step; one without a step may not be moved by calibration at all."""
    if current is None:
        return Check("largest_step", True, "no set is in force")
    too_far = []
    for name in sorted(candidate.values.keys() & current.keys() & SPECS.keys()):
        spec, before, after = SPECS[name], current[name], candidate.values[name]
        if spec.kind not in ("decimal", "integer"):
            if before != after:
                too_far.append(f"{name} {before} to {after}, and a {spec.kind} is not calibrated")
            continue
        distance = _distance(before, after)
        if distance is not None and distance > (spec.largest_step or Decimal(0)):
            too_far.append(f"{name} {before} to {after}, at most {spec.largest_step or 0}")
    return Check("largest_step", not too_far, "; ".join(too_far) or "no value moves further than its step")


def _distance(before: str, after: str) -> Decimal | None:
    """How far apart two texts are; None where one is no number (the bounds say so)."""
    try:
        first, second = Decimal(before), Decimal(after)
    except ArithmeticError:
        return None
    return abs(second - first) if first.is_finite() and second.is_finite() else None


def _no_look_ahead(candidate: Candidate) -> Check:
    detail = f"data through {candidate.data_through}, effective from {candidate.effective_from}"
    return Check("no_look_ahead", candidate.effective_from > candidate.data_through, detail)


def _fresh_evidence(candidate: Candidate, limits: GateLimits) -> Check:
    """The evidence ends no later than the data, and not long before the first day of use."""
    last = candidate.evidence_through or candidate.data_through
    if last > candidate.data_through:
        return Check("fresh_evidence", False, f"evidence through {last}, after the data")
    age = (candidate.effective_from - last).days
    detail = f"{age} days before use, {limits.maximum_evidence_age} allowed"
    return Check("fresh_evidence", age <= limits.maximum_evidence_age, detail)


def _out_of_sample(candidate: Candidate) -> Check:
    if candidate.score is None:
        return Check("out_of_sample", True, "nothing was scored")
    detail = "the scored days chose the values" if candidate.score.in_sample else "the scored days chose nothing"
    return Check("out_of_sample", not candidate.score.in_sample, detail)


def _enough_data(candidate: Candidate, limits: GateLimits) -> Check:
    wanting = []
    if candidate.score is not None and candidate.score.days < limits.minimum_days:
        wanting.append(f"{candidate.score.days} sessions scored, {limits.minimum_days} needed")
    if candidate.fills is not None and candidate.fills < limits.minimum_fills:
        wanting.append(f"{candidate.fills} fills, {limits.minimum_fills} needed")
    return Check("enough_data", not wanting, "; ".join(wanting) or "enough sessions and fills")


def _better(candidate: Candidate, limits: GateLimits) -> Check:
    score = candidate.score
    if score is None:
        return Check("better_than_current", True, "no value was calibrated by a score")
    if score.candidate is None:
        return Check("better_than_current", False, f"{score.metric}: no session to compare with {score.against} on")
    needed = (score.baseline or Decimal(0)) + limits.margin
    against = "nothing" if score.baseline is None else f"{score.baseline} of {score.against}"
    detail = f"{score.metric}: {score.candidate} against {against}, margin {limits.margin}"
    return Check("better_than_current", score.candidate >= needed, detail)
