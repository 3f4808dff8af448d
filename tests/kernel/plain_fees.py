"""Fees of a leg as the schedule's documentation says it, with nothing remembered and nothing prepared.

Holds: the choice of a row by looking at every row, and the running amounts of a leg.
Belongs here: what is plain enough to be right by reading it.
Never here: anything of `FeeSchedule` but its rows: this is what that is compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tomking.kernel.fees import FeeFill, FeeSchedule
from tomking.kernel.products import INDEX_FAMILY
from tomking.kernel.schedules import CLOSED
from tomking.kernel.schedules.rates import COMPONENTS, FeeRate

MILLION = Decimal(1_000_000)
ZERO = Decimal(0)
Parts = list[tuple[str, Decimal]]


def fees_of_leg(schedule: FeeSchedule, fills: Sequence[FeeFill]) -> list[Parts] | None:
    """Component and amount for every fill of one leg; None where something is unknown."""
    size = sum((fill.quantity for fill in fills), ZERO)
    running: dict[object, list[Decimal]] = {}
    closed = CLOSED.get(schedule.broker)
    found: list[Parts] = []
    for fill in fills:
        if closed is not None and fill.session_date >= closed.since:
            return None
        parts: Parts = []
        for component in COMPONENTS:
            row = _row(schedule, component, fill, size)
            if row == "unknown":
                return None
            if isinstance(row, FeeRate):
                parts.append((component, _amount(row, fill, running, dict(parts).get("commission", ZERO))))
        if not parts:
            return None
        found.append(parts)
    return found


def _row(schedule: FeeSchedule, component: str, fill: FeeFill, size: Decimal) -> FeeRate | str | None:
    rows = [
        row
        for row in schedule.rows
        if row.series == "pass_through" and row.product == fill.product and row.component == component
        if fill.event in row.events and row.side in (None, fill.side)
    ]
    if fill.effect is None and any(row.effect is not None for row in rows):
        return "unknown"
    rows = [row for row in rows if row.effect in (None, fill.effect)]
    rows = [row for row in rows if row.fractional in (None, bool(fill.quantity % 1))]
    if not rows:
        listed = any(
            (row.series, row.product, row.component) == ("pass_through", fill.product, component)
            for row in schedule.rows
        )
        asks = component == "exchange" and "future" in fill.product and fill.event == "trade"
        return "unknown" if asks and not listed else None
    latest: dict[object, FeeRate] = {}
    for row in rows:
        if _fits(row, fill, size) and row.effective_from <= fill.session_date:
            before = latest.get(row.selector)
            if before is None or before.effective_from <= row.effective_from:
                latest[row.selector] = row
    return max(latest.values(), key=_rank, default="unknown")


def _fits(row: FeeRate, fill: FeeFill, size: Decimal) -> bool:
    root = INDEX_FAMILY.get(fill.root, fill.root)
    of_root = row.root is None or (
        root.startswith(row.root.rstrip("*")) if row.root.endswith("*") else root == row.root
    )
    return (
        of_root
        and (row.from_quantity or ZERO) <= size
        and (row.from_volume or ZERO) <= fill.month_quantity
        and (row.from_price is None or row.from_price <= fill.price)
    )


def _rank(row: FeeRate) -> tuple[object, ...]:
    return len(row.root or ""), row.from_quantity or ZERO, row.from_volume or ZERO, row.from_price or ZERO


def _amount(row: FeeRate, fill: FeeFill, running: dict[object, list[Decimal]], commission: Decimal) -> Decimal:
    so_far = running.setdefault(row.charge, [ZERO, ZERO, ZERO])
    first = not so_far[0] and not so_far[1]
    exact = {
        "per_unit": row.amount * fill.quantity,
        "per_million": row.amount * fill.notional / MILLION,
        "per_order": row.amount if first else ZERO,
        "per_event": row.amount,
        "of_commission": row.amount * commission,
    }[row.basis]
    if first:
        exact += row.order_amount or ZERO
    if row.cap_scope == "fill":
        exact = _within(exact, row, fill.notional)
    so_far[0] += exact
    so_far[2] += fill.notional
    total = _within(so_far[0], row, so_far[2]) if row.cap_scope == "order_leg" else so_far[0]
    if row.rounding.scope == "order_leg":
        total = row.rounding.apply(total)
    amount = total - so_far[1]
    so_far[1] = total
    return row.rounding.apply(amount) if row.rounding.scope == "fill" else amount


def _within(amount: Decimal, row: FeeRate, notional: Decimal) -> Decimal:
    amount = max(amount, amount if row.minimum is None else row.minimum)
    amount = min(amount, amount if row.cap_share is None else row.cap_share * notional)
    return min(amount, amount if row.cap is None else row.cap)
