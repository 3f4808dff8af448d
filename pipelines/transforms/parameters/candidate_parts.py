"""Parts of a candidate set that are calibrated by scores of their own: cache life times, ceilings, crisis weights.

Holds: turning the evidence of each into parameter values with what they have to beat; what was decided of a fee level.
Belongs here: how far a value may go at once, and which score speaks for it.
Never here: fitting (`cache_lifetimes`, `buying_power`, `crisis_weights`), the gate, reading the warehouse.

A value goes towards what the data say by its largest step at most. Every score is of days that did not choose the value
it speaks for; the alternatives that were tried stand in the evidence with their figures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from pipelines.transforms.parameters.buying_power import METRIC as CEILING_METRIC
from pipelines.transforms.parameters.buying_power import CeilingEvidence
from pipelines.transforms.parameters.cache_lifetimes import CALL_PRICE, LEARNT_MARGIN, PURGE, WINDOW, LifetimeEvidence
from pipelines.transforms.parameters.calibrating import Part
from pipelines.transforms.parameters.crisis_weights import METRIC as WEIGHT_METRIC
from pipelines.transforms.parameters.crisis_weights import TYPED, WeightEvidence
from pipelines.transforms.parameters.gate import GateLimits, Score
from tomking.kernel.parameter_specs import SPECS

LIFETIMES: Mapping[str, str] = {"greeks": "caches.greeks_ttl_seconds", "chains": "caches.chain_ttl_seconds"}
"""The parameter of each cache's life time."""
LIFETIME_METRIC = "share of the cost of age and calls that is saved, on held-out sessions"
_LIFETIME_GATE = GateLimits(minimum_days=20)
"""Sessions have hundreds of requests each, so a month of them speaks."""
_CEILING_GATE = GateLimits(margin=Decimal("0.005"))
"""The score is a ratio of some hundredths."""
_WEIGHT_GATE = GateLimits(margin=Decimal("0.05"))
_PLACES = Decimal("0.0001")


def lifetime_part(found: LifetimeEvidence, in_force: Mapping[str, str]) -> Part:
    """The life time of one cache: the learnt one where it beats the best fixed one in hindsight, else the best fixed one.

    A learnt life is scored against the best fixed one, which knew the held-out days; a fixed one, chosen from the days
    before each, against the one in force.
    """
    name = LIFETIMES[found.cache]
    if found.is_learnt_better:
        target, cost, rival = found.next_learnt, found.learnt, found.fixed_best
        against = f"the best fixed life of {found.fixed_best_seconds} s, chosen in hindsight"
    else:
        target, cost, rival = found.next_fixed, found.fixed_ahead, found.in_force
        against = f"the life in force, {found.in_force_seconds} s"
    return Part(
        name=f"caches.{found.cache}",
        values={name: _towards(name, in_force[name], Decimal(target))},
        score=Score(
            metric=LIFETIME_METRIC,
            candidate=_rounded(1 - cost / rival) if rival > 0 else Decimal(0),
            baseline=Decimal(0),
            first_day=found.first_day,
            last_day=found.last_day,
            days=found.days,
            in_sample=False,
            against=against,
        ),
        evidence_through=found.last_day,
        limits=_LIFETIME_GATE,
        evidence={
            "metric": LIFETIME_METRIC,
            "against": against,
            "scored_from": found.first_day.isoformat(),
            "scored_sessions": found.days,
            "in_sample": False,
            "requests": found.requests,
            "chosen_from_sessions": WINDOW,
            "purged_sessions": PURGE,
            "price_of_a_call": str(CALL_PRICE[found.cache]),
            "learnt_margin": str(LEARNT_MARGIN),
            "is_learnt_better": found.is_learnt_better,
            "target": target,
            "costs": {
                "learnt": _six(found.learnt),
                "fixed_ahead": _six(found.fixed_ahead),
                "fixed_best": _six(found.fixed_best),
                "in_force": _six(found.in_force),
            },
            "alternatives": {str(seconds): _six(cost) for seconds, cost in sorted(found.by_lifetime.items())},
        },
    )


def ceiling_part(found: CeilingEvidence, index: str, in_force: Mapping[str, str]) -> Part:
    """The table of buying power by VIX; each ceiling goes towards its target, never above the rule set's."""
    last = found.data_through
    return Part(
        name="limits.ceilings",
        values={name: _towards(name, in_force[name], target) for name, target in found.ceilings.items()},
        score=Score(
            metric=CEILING_METRIC,
            candidate=None if found.candidate is None else _rounded(found.candidate),
            baseline=None if found.baseline is None else _rounded(found.baseline),
            first_day=found.first_scored or last,
            last_day=found.last_scored or last,
            days=found.scored,
            in_sample=False,
            against="the rule set's own ceilings",
        ),
        evidence_through=last,
        limits=_CEILING_GATE,
        evidence={
            "index": index,
            "metric": CEILING_METRIC,
            "against": "the rule set's own ceilings",
            "scored_from": (found.first_scored or last).isoformat(),
            "scored_sessions": found.scored,
            "in_sample": False,
            "targets": {name: str(target) for name, target in found.ceilings.items()},
            "tails": {name: None if tail is None else _six(tail) for name, tail in found.tail.items()},
            "outcomes": dict(found.outcomes),
            "alternatives": {
                "calibrated": None if found.candidate is None else _six(found.candidate),
                "rule set": None if found.baseline is None else _six(found.baseline),
            },
        },
    )


def weight_part(found: WeightEvidence, in_force: Mapping[str, str]) -> Part:
    """The crisis weight of one group; the rule set's typed weight is what it has to beat."""
    name = f"limits.crisis_weight_{found.group}"
    saved = None
    if found.error is not None and found.typed_error:
        saved = _rounded(1 - found.error / found.typed_error)
    target = Decimal(repr(found.weight)).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    against = f"the rule set's {TYPED[found.group]:.2f}"
    return Part(
        name=name,
        values={name: _towards(name, in_force[name], target) if name in in_force else format(target, "f")},
        score=Score(
            metric=WEIGHT_METRIC,
            candidate=saved,
            baseline=Decimal(0),
            first_day=found.first_scored or found.last_day,
            last_day=found.last_day,
            days=found.scored,
            in_sample=False,
            against=against,
        ),
        evidence_through=found.last_day,
        limits=_WEIGHT_GATE,
        evidence={
            "symbols": list(found.symbols),
            "metric": WEIGHT_METRIC,
            "against": against,
            "scored_from": (found.first_scored or found.last_day).isoformat(),
            "scored_sessions": found.scored,
            "in_sample": False,
            "stress_sessions": found.stress_sessions,
            "years": list(found.years),
            "target": format(target, "f"),
            "alternatives": {
                "estimated": None if found.error is None else _six(found.error),
                "rule set": None if found.typed_error is None else _six(found.typed_error),
            },
        },
    )


@dataclass(frozen=True, slots=True)
class RateDecision:
    """What a person or a rule decided of a proposed rate; `effective_to` None: it still lasts."""

    proposal_id: str
    is_accepted: bool
    amount: Decimal
    effective_from: dt.date
    effective_to: dt.date | None
    decided_by: str
    decided_on: dt.date


def with_decision(part: Part, decisions: Sequence[RateDecision]) -> Part | None:
    """The part of a fitted fee level as it was decided about: the accepted rate in its place, none where it was rejected.

    The decision is the last one whose time covers the end of the fills behind the level; without one the part stands.
    """
    last = part.evidence_through or dt.date.max
    covering = [
        one
        for one in decisions
        if one.effective_from <= last and (one.effective_to is None or last <= one.effective_to)
    ]
    if not covering:
        return part
    decided = max(covering, key=lambda one: (one.effective_from, one.decided_on, one.proposal_id))
    if not decided.is_accepted:
        return None
    [name] = part.values
    said = {
        "proposal": decided.proposal_id,
        "rate_effective_from": decided.effective_from.isoformat(),
        "rate_effective_to": None if decided.effective_to is None else decided.effective_to.isoformat(),
        "decided_by": decided.decided_by,
        "decided_on": decided.decided_on.isoformat(),
        "fitted": part.values[name],
    }
    return replace(part, values={name: exact_text(decided.amount)}, evidence={**part.evidence, "decision": said})


def exact_text(amount: Decimal) -> str:
    """A rate as text, without the zeros that a column pads it with."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_due(judged_on: Sequence[dt.date], through: dt.date, days: int) -> bool:
    """Whether a part is to be judged on data through a day: not where it was within so many days before.

    A judgement on the same data does not count, so that doing it again gives the same candidate.
    """
    return not any(through - dt.timedelta(days=days) < one < through for one in judged_on)


def _towards(name: str, present: str, target: Decimal) -> str:
    """The value as near to the target as its bounds and largest step let it."""
    spec, before = SPECS[name], Decimal(present)
    step = spec.largest_step if spec.largest_step is not None else Decimal(0)
    found = min(max(target, before - step), before + step)
    if spec.lower is not None:
        found = max(found, spec.lower)
    if spec.upper is not None:
        found = min(found, spec.upper)
    return str(int(found)) if spec.kind == "integer" else format(found, "f")


def _rounded(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(_PLACES, rounding=ROUND_HALF_EVEN) + 0


def _six(value: float) -> str:
    """Six decimals as text: the same on every machine."""
    return format(Decimal(repr(value)).quantize(Decimal("0.000001"), rounding=ROUND_HALF_EVEN) + 0, "f")
