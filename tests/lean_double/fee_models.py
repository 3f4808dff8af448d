"""Fee models that an algorithm brings itself.

Holds: `FeeModel`, what it is asked with.
Belongs here: the interface.
Never here: the brokerages' own models (`brokerage`).
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.lean_double.orders import NO_FEE, Order, OrderFee
from tests.lean_double.securities import Security


@dataclass(frozen=True)
class OrderFeeParameters:
    """The order that is filled, and its security as it was before."""

    security: Security
    order: Order


class FeeModel:
    """Asked once per order, when it is completely filled."""

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        del parameters
        return NO_FEE
