"""What charges say about every component of a schedule but the options regulatory fee.

Holds: from parts that a statement prints, and from what is left where the schedule lacks one rate, to observations.
Belongs here: which component, product and root an amount speaks about, and for how many units.
Never here: the regulatory fee of options (`orf_evidence`), the fit over time (`levels`), proposals.

Two kinds of amounts speak. A part that the statement names is the component itself. Where the schedule lacks exactly one
rate for a contract (an exchange's fee on a future, an index's fee), all that the other components leave of a charge is
that rate. What venues take from shares and options is no rate: it is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pipelines.transforms.fees.explanation import Terms
from pipelines.transforms.fees.leg_fees import fee_fills
from pipelines.transforms.fees.levels import LevelObservation
from pipelines.transforms.matching.fills import ZERO, BrokerFill, Leg
from tomking.kernel.fees import FeeFill, FeeSchedule, FillFees, UnknownRate
from tomking.kernel.money import EXACT, Rounding
from tomking.kernel.schedules.rates import FUTURES, FeeRate

NAMED: Final = ("clearing", "index", "exchange", "nfa", "taf", "sec", "cat")
"""Components whose printed parts are compared with the schedule."""
MISSING: Final = ("exchange", "index", "nfa", "clearing")
"""Components that may be all that a schedule lacks."""
_ROOTED: Final = ("exchange", "index")
_NEAREST_CENT: Final = Rounding("half_up", 2, "fill")
_PRINTED_EXACTLY: Final = Decimal("0.000005")
_MILLION: Final = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, order=True)
class RateKey:
    """What a rate is for; `root` None where it holds for every root of the product."""

    component: str
    product: str
    root: str | None = None


def component_evidence(
    legs: Sequence[Leg],
    terms: Mapping[str, Terms],
    schedule: FeeSchedule,
    printed: Mapping[str, Mapping[str, Decimal]],
) -> dict[RateKey, list[LevelObservation]]:
    """The observations of each rate; `printed` are the parts of rows as costs, by row and component."""
    found: defaultdict[RateKey, list[LevelObservation]] = defaultdict(list)
    for leg in legs:
        of_leg = terms.get(leg.instrument_key)
        if leg.leg_class != "trade" or of_leg is None:
            continue
        fills = fee_fills(leg, of_leg)
        for row, fill in zip(leg.rows, fills, strict=True):
            named = dict(_named(fill, printed.get(row.row_id, {})))
            for key, amount in named.items():
                _observe(found, key, row, _units(key.component, fill), _interval(schedule, key, fill, amount))
        for key, row, fill, amount in _left(leg, fills, schedule):
            if key.component in printed.get(row.row_id, {}):
                continue
            _observe(found, key, row, fill.quantity, _interval(schedule, key, fill, amount))
    return dict(found)


def rate_for(key: RateKey, schedule: FeeSchedule, amount: Decimal) -> FeeRate:
    """A row for a rate that the schedule lacks: rounded, sided and applied like others of its component."""
    rows = [row for row in schedule.rows if (row.component, row.series) == (key.component, "pass_through")]
    like = next((row for row in rows if row.product == key.product), rows[0] if rows else None)
    return FeeRate(
        key.component,
        key.product,
        amount,
        min(row.effective_from for row in schedule.rows),
        "V",
        "charges of an account",
        basis=like.basis if like is not None else "per_unit",
        rounding=like.rounding if like is not None else EXACT if schedule.is_exact else _NEAREST_CENT,
        side=like.side if like is not None else None,
        root=key.root,
        events=like.events if like is not None else ("trade",),
    )


def _named(fill: FeeFill, parts: Mapping[str, Decimal]) -> list[tuple[RateKey, Decimal]]:
    amounts = dict(parts)
    if fill.product in FUTURES and "regulatory" in amounts:
        # The only regulator that takes something from a future.
        amounts["nfa"] = amounts.pop("regulatory") + amounts.get("nfa", ZERO)
    return [
        (_key(component, fill), amounts[component])
        for component in NAMED
        if component in amounts and (component != "exchange" or fill.product in FUTURES)
    ]


def _key(component: str, fill: FeeFill) -> RateKey:
    if component not in _ROOTED:
        return RateKey(component, fill.product)
    # An option on a future is named after the future and its own series; an exchange asks the same of all series.
    root = f"{fill.root.split()[0]} *" if fill.product.endswith("future_option") else fill.root
    return RateKey(component, fill.product, root)


def _left(
    leg: Leg, fills: Sequence[FeeFill], schedule: FeeSchedule
) -> list[tuple[RateKey, BrokerFill, FeeFill, Decimal]]:
    """What is left of each row where exactly one rate is missing."""
    try:
        schedule.fees_for_leg(fills)
    except UnknownRate as unknown:
        component = unknown.component
    except ValueError:
        return []
    else:
        return []
    if component not in MISSING:
        return []
    key = _key(component, fills[0])
    due = _without(key, fills, schedule)
    if due is None:
        return []
    return [
        (key, row, fill, rest)
        for row, fill, fees in zip(leg.rows, fills, due, strict=True)
        if (rest := (row.commission or ZERO) + row.fees - fees.total) >= 0
    ]


def _without(key: RateKey, fills: Sequence[FeeFill], schedule: FeeSchedule) -> tuple[FillFees, ...] | None:
    """The fees of all other components; None where another rate is missing, too."""
    try:
        return schedule.with_rates([rate_for(key, schedule, ZERO)]).fees_for_leg(fills)
    except (UnknownRate, ValueError):
        return None


def _units(component: str, fill: FeeFill) -> Decimal:
    return fill.notional / _MILLION if component == "sec" else fill.quantity


def _interval(schedule: FeeSchedule, key: RateKey, fill: FeeFill, amount: Decimal) -> tuple[Decimal, Decimal]:
    """Between which amounts the exact one lay, before it was rounded as the schedule rounds the component."""
    row = schedule.rate(key.component, key.product, fill.session_date, fill.root, fill.side, fill.effect)
    rounding = row.rounding if row is not None else rate_for(key, schedule, ZERO).rounding
    if rounding.places is None:
        return amount - _PRINTED_EXACTLY, amount + _PRINTED_EXACTLY
    last = Decimal(1).scaleb(-rounding.places)
    if rounding.mode == "up":
        return amount - last, amount + last.scaleb(-6)
    return amount - last / 2, amount + last / 2


def _observe(
    found: defaultdict[RateKey, list[LevelObservation]],
    key: RateKey,
    row: BrokerFill,
    units: Decimal,
    interval: tuple[Decimal, Decimal],
) -> None:
    low, high = interval
    if units > 0 and low < high and high > 0:
        found[key].append(LevelObservation(row.session_date, row.occurred_at, units, low, high, row.row_id))
