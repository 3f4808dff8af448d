"""Rows in which a broker prints one figure for everything it charged, told apart into commission and the rest.

Holds: the two ways to take such a figure apart, and the order in which rows use up a cap.
Belongs here: what a row's own charges show before a cause is looked for.
Never here: causes (`fee_explanation`), rates.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from pipelines.transforms.matching.fills import ZERO, BrokerFill
from tomking.kernel.fees import FillFees

HALF_CENT = Decimal("0.005")


def left_in_fees(row: BrokerFill, due: FillFees, _fitted: FillFees) -> BrokerFill:
    """An all-in row as others are printed: the commission that is due, and the rest of what was charged.

    Where nothing is rounded, what is left over is what a venue took or paid.
    """
    if not row.all_in:
        return row
    commission = due.amount("commission")
    return replace(row, commission=commission, fees=(row.commission or ZERO) + row.fees - commission)


def left_in_commission(row: BrokerFill, due: FillFees, fitted: FillFees) -> BrokerFill:
    """An all-in row as others are printed, where every component is rounded to the cent.

    A charge that is what either schedule expects is made of its components. Of any other the commission is what the
    other components leave: those are passed on, the commission is the broker's own.
    """
    if not row.all_in:
        return row
    charged = (row.commission or ZERO) + row.fees
    commission = due.amount("commission")
    if all(abs(charged - fees.total) > HALF_CENT for fees in (due, fitted)):
        commission = charged - (fitted.total - fitted.amount("commission"))
    return replace(row, commission=commission, fees=charged - commission)


def cap_place(row: BrokerFill) -> tuple[object, ...]:
    """The order in which rows use up a cap: by time, and within a second as the charges themselves show."""
    return row.occurred_at, -(row.commission or ZERO) / abs(row.quantity), row.row_id
