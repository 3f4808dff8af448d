"""What each charged option fill says about the options regulatory fee (ORF) that the broker passed on.

Holds: the step from a statement's one lumped fee figure to an interval for its ORF part.
Belongs here: taking the known components off a printed figure.
Never here: fitting levels over time (that is `levels`), reading statements.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from pipelines.transforms.fees.levels import LevelObservation
from tomking.kernel.fees import FeeFill, FeeSchedule, FillFees, UnknownRate
from tomking.kernel.parameter_specs import SPECS

_CENT = Decimal("0.01")
_PRINTED_EXACTLY = Decimal("0.00005")
"""Parts of an unrounded charge are printed with five decimals and more."""
_SOUGHT = ("orf",)
_APART = ("commission", *_SOUGHT)
"""Components that are not in the printed figure, or are the one looked for."""
_HIGHEST = SPECS["fees.orf_per_contract"].upper or Decimal(0)
"""No ORF per contract is above this: what is left of a fill beyond it is another component."""


@dataclass(frozen=True, slots=True)
class ChargedFill:
    """One option trade row of a statement, in time order within its order leg `leg`.

    `charged` is the figure in the fees column as a cost (positive), printed with `places` decimals: everything but the
    commission, so ORF plus clearing plus what regulators take.
    """

    row_id: str
    leg: str
    instant: dt.datetime
    fill: FeeFill
    charged: Decimal
    places: int = 2
    all_in: bool = False
    """`charged` is the commission, too."""


@dataclass(frozen=True, slots=True)
class OrfEvidence:
    """The observations, and rows that no whole number of ORF cents explains (another component is off)."""

    observations: tuple[LevelObservation, ...]
    unexplained: tuple[str, ...]


def orf_evidence(fills: Iterable[ChargedFill], schedule: FeeSchedule) -> OrfEvidence:
    """The interval of ORF that each fill allows.

    The broker adds ORF in whole cents to parts that may carry three decimals, and prints the sum with `places`
    decimals. Both roundings are undone: every number of cents that leads to the printed figure is allowed.
    """
    legs: dict[str, list[ChargedFill]] = defaultdict(list)
    for found in fills:
        legs[found.leg].append(found)
    observations: list[LevelObservation] = []
    unexplained: list[str] = []
    for leg in legs.values():
        ordered = sorted(leg, key=lambda item: (item.instant, item.row_id))
        try:
            expected = schedule.fees_for_leg([item.fill for item in ordered])
        except (UnknownRate, ValueError):
            unexplained.extend(item.row_id for item in ordered)
            continue
        for item, fees in zip(ordered, expected, strict=True):
            seen = _observation(item, fees)
            if seen is None:
                unexplained.append(item.row_id)
            else:
                observations.append(seen)
    return OrfEvidence(tuple(observations), tuple(unexplained))


def _observation(item: ChargedFill, fees: FillFees) -> LevelObservation | None:
    rest = item.charged - _known(fees, all_in=item.all_in)
    if _is_exact(fees):
        # One unrounded figure for everything may hold what a venue took: it says nothing about ORF.
        return None if item.all_in else _exact_observation(item, rest)
    slack = Decimal(5).scaleb(-item.places - 1)
    low = ((rest - slack) / _CENT).to_integral_value(ROUND_CEILING) * _CENT
    high = ((rest + slack) / _CENT).to_integral_value(ROUND_FLOOR) * _CENT
    half = _CENT / 2
    if high < low or low < 0 or (low - half) / item.fill.quantity > _HIGHEST:
        return None
    return LevelObservation(
        session_date=item.fill.session_date,
        instant=item.instant,
        contracts=item.fill.quantity,
        amount_low=low - half,
        amount_high=high + half,
        row_id=item.row_id,
    )


def _is_exact(fees: FillFees) -> bool:
    """Whether the broker passes ORF on without rounding it."""
    rate = next((fee.rate for fee in fees.fees if fee.component == "orf"), None)
    return rate is not None and rate.rounding.mode == "exact"


def _exact_observation(item: ChargedFill, rest: Decimal) -> LevelObservation | None:
    if rest < 0 or rest / item.fill.quantity > _HIGHEST:
        return None
    return LevelObservation(
        session_date=item.fill.session_date,
        instant=item.instant,
        contracts=item.fill.quantity,
        amount_low=rest - _PRINTED_EXACTLY,
        amount_high=rest + _PRINTED_EXACTLY,
        row_id=item.row_id,
    )


def _known(fees: FillFees, *, all_in: bool) -> Decimal:
    apart = _SOUGHT if all_in else _APART
    parts: Sequence[Decimal] = [fee.amount for fee in fees.fees if fee.component not in apart]
    return sum(parts, Decimal(0))
