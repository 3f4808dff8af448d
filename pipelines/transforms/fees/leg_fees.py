"""A leg of a statement as a fee schedule sees it.

Holds: the fills of a leg with everything that fees depend on.
Belongs here: the one step from rows of a broker to `tomking.kernel.fees`.
Never here: fills of LEAN, what a difference means.
"""

from __future__ import annotations

from pipelines.transforms.fees.explanation import Terms
from pipelines.transforms.matching.fills import ZERO, Leg
from tomking.kernel.fees import FeeFill


def fee_fills(leg: Leg, terms: Terms) -> list[FeeFill]:
    """The rows of a statement leg as a schedule sees them, in the order in which they use up limits."""
    event = "assignment" if leg.leg_class == "delivery" else leg.leg_class
    effect = next((row.effect for row in leg.rows if row.effect is not None), None)
    return [
        FeeFill(
            product=terms.product,
            side="buy" if row.quantity > 0 else "sell",
            effect=effect,
            quantity=abs(row.quantity),
            price=row.price or ZERO,
            multiplier=terms.multiplier,
            session_date=row.session_date,
            root=terms.root,
            event="cash_settlement" if row.settles_cash else event,
            month_quantity=row.month_volume,
        )
        for row in leg.rows
    ]
