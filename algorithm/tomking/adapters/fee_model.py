"""Our dated fee schedule as a fee model of LEAN.

Holds: `ScheduleFeeModel`.
Belongs here: answering LEAN with a number.
Never here: rates (`kernel.schedules`), the choice between this model and the brokerage's own (a run parameter).

LEAN asks once per order, when it is completely filled. An exception here would turn the order into an error, so none
leaves: what cannot be computed costs 0 and is an `error` line.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from AlgorithmImports import CashAmount, FeeModel, OrderFee

from tomking.adapters.contracts import key_of, number
from tomking.adapters.fees import FeeForecaster

if TYPE_CHECKING:
    from AlgorithmImports import OrderFeeParameters


class ScheduleFeeModel(FeeModel):
    """Charges what the schedule in force expects."""

    def __init__(self, forecaster: FeeForecaster) -> None:
        super().__init__()
        self._forecaster = forecaster

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """The fee of a filled order, USD."""
        order, security = parameters.order, parameters.security
        total = self._forecaster.total_of(
            key_of(order.symbol),
            Decimal(int(order.quantity)),
            number(security.price) or Decimal(0),
            held=Decimal(int(security.holdings.quantity)),
        )
        return OrderFee(CashAmount(float(total), "USD"))
