"""What a person has to look at.

Holds: the state of a leg, the cause that is shown for it, and the breaks that legs, corrections and levels make.
Belongs here: the definition of a break.
Never here: how a difference comes about (`fee_explanation`), ids of tables, what was decided about a break.

A break is a fill on one side only, a quantity or price that differs, a charge that is not what our schedule expects, a
fee correction, a changed pass-through level (one for the change, not for every leg it touches), and a cancel/correct
chain (explained, 0). Components LEAN does not model, settlement fees and weekly roundings never are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipelines.transforms.fees.explanation import ROUTINE, Explained, Part
from pipelines.transforms.fees.levels import LevelChange
from pipelines.transforms.matching.fills import ZERO, Leg, average_price, total
from pipelines.transforms.statements.adjustments import AccountRow

PRECEDENCE = (
    "missing_at_broker",
    "missing_in_lean",
    "quantity",
    "duplicate",
    "price",
    "open_close_class",
    "commission_rate",
    "cap",
    "earlier_fills",
    "unknown",
    "pass_through_rate_change",
    "timing",
    "cancel_correct",
)
"""Which cause is shown for a leg that has several."""
ONE_SIDED = frozenset({"missing_at_broker", "missing_in_lean"})
MATCHED, EXPLAINED, BREAK = "matched", "explained", "break"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of a leg, the cause shown for it, and the causes that are breaks."""

    state: str
    cause: str | None
    break_causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BreakFound:
    """A break: `identity` are the fields its id is made of, `detail` is written as JSON.

    `amount` is the part of the fee difference that the cause explains (costs positive); of a correction, the amount
    as the broker booked it (a refund is positive).
    """

    identity: tuple[str | int | None, ...]
    cause: str
    session_date: dt.date
    amount: Decimal | None
    detail: Mapping[str, object]
    run_id: str | None = None
    lean_order_id: int | None = None
    broker_order_id: str | None = None
    instrument_key: str | None = None
    component: str | None = None
    initial_state: str = "open"


def judge(leg: Leg, explained: Explained, *, expected_one_sided: bool) -> Verdict:
    """The verdict on a leg. With `expected_one_sided` LEAN was not trading, so it cannot miss what the broker has.

    An expiry that only one side shows moves no money and follows from fills that are breaks themselves.
    """
    faulty = {part.cause for part in explained.parts if part.faulty}
    if expected_one_sided or leg.leg_class == "expiration":
        faulty -= ONE_SIDED
    if leg.leg_class == "expiration":
        faulty.discard("quantity")
    shown = {part.cause for part in explained.parts if part.cause not in ROUTINE} | faulty
    cause = next((name for name in PRECEDENCE if name in shown), None)
    breaks = tuple(name for name in PRECEDENCE if name in faulty)
    state = BREAK if breaks else (EXPLAINED if cause else MATCHED)
    return Verdict(state, cause, breaks)


def breaks_of_leg(
    leg: Leg, leg_id: str, explained: Explained, verdict: Verdict, run_id: str | None
) -> list[BreakFound]:
    """One break per cause, and the chain of a booking that the broker corrected."""
    found = []
    for cause in (*verdict.break_causes, *(["cancel_correct"] if _was_corrected(leg) else [])):
        mine = [part for part in explained.parts if part.cause == cause and (part.faulty or cause == "cancel_correct")]
        found.append(
            BreakFound(
                identity=("leg", leg_id, cause),
                cause=cause,
                session_date=leg.session_date,
                amount=total(part.amount for part in mine),
                detail=_detail(leg, mine),
                run_id=leg.lean[0].run_id if leg.lean else run_id,
                lean_order_id=leg.lean[0].order_id if leg.lean else None,
                broker_order_id=leg.rows[0].order_number if leg.rows else None,
                instrument_key=leg.instrument_key,
                component=_component(mine),
                initial_state="explained" if cause == "cancel_correct" else "open",
            )
        )
    return found


def excess_of(explained: Explained) -> Decimal:
    """What a leg was charged beyond our schedule, as far as a cause says so."""
    wrong = {"commission_rate", "open_close_class", "cap", "unknown", "duplicate"}
    return total(part.amount for part in explained.parts if part.faulty and part.cause in wrong)


def break_of_correction(row: AccountRow, corrected: Leg | None, run_id: str | None) -> BreakFound:
    """A fee correction, with the order it gives money back for where that can be told."""
    lean = corrected.lean if corrected is not None else ()
    return BreakFound(
        identity=("row", row.row_id),
        cause="account_adjustment",
        session_date=row.session_date,
        amount=row.amount,
        detail={"row_id": row.row_id, "description": row.description, "booked": str(row.amount)},
        run_id=lean[0].run_id if lean else run_id,
        lean_order_id=lean[0].order_id if lean else None,
        broker_order_id=corrected.rows[0].order_number if corrected is not None and corrected.rows else None,
        instrument_key=corrected.instrument_key if corrected is not None else None,
    )


def break_of_level(change: LevelChange, account: str, amount: Decimal, legs: int, run_id: str | None) -> BreakFound:
    """A changed level, with the interval that the fills allow; `amount` is its effect on all legs it touches."""
    return BreakFound(
        identity=("level", account, change.component, change.effective_from.isoformat()),
        cause="pass_through_rate_change",
        session_date=change.effective_from,
        amount=amount,
        detail={
            "component": change.component,
            "effective_from": change.effective_from.isoformat(),
            "unchanged_until": change.after.isoformat() if change.after else None,
            "old": str(change.old),
            "low": str(change.low),
            "high": str(change.high),
            "estimate": str(change.estimate),
            "fills": change.fills,
            "legs": legs,
            "evidence": list(change.evidence),
        },
        run_id=run_id,
        component=change.component,
    )


def _was_corrected(leg: Leg) -> bool:
    return any(row.corrects for row in leg.rows)


def _component(parts: Sequence[Part]) -> str | None:
    components = {part.component for part in parts if part.amount}
    return next(iter(components)) if len(components) == 1 else None


def _detail(leg: Leg, parts: Sequence[Part]) -> dict[str, object]:
    lean_value = total(fill.quantity * fill.price for fill in leg.lean)
    broker_value = total(row.quantity * (row.price or ZERO) for row in leg.rows)
    return {
        "lean_quantity": _text(leg.lean_quantity) if leg.lean else None,
        "broker_quantity": _text(leg.broker_quantity) if leg.rows else None,
        "lean_price": _text(average_price(leg.lean)),
        "broker_price": _text(average_price(leg.rows)),
        "units_value_difference": _text(broker_value - lean_value) if leg.lean and leg.rows else None,
        "events": [fill.reference for fill in leg.lean],
        "rows": [row.row_id for row in leg.rows],
        "corrected_rows": [row_id for row in leg.rows for row_id in row.corrects],
        "parts": {part.component: _text(part.amount) for part in parts},
    }


def _text(amount: Decimal | None) -> str | None:
    if amount is None:
        return None
    text = format(amount.normalize(), "f")
    return text if text != "-0" else "0"
