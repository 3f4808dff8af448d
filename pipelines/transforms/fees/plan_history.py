"""The schedule of an account that changed its plan.

Holds: `PlanHistory`, a fee schedule that follows another plan from each of its days on.
Belongs here: choosing the plan of a day.
Never here: finding out which plan an account had (`plan_inference`), rates.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from tomking.kernel.fees import FeeFill, FeeSchedule, FillFees
from tomking.kernel.schedules.rates import FeeRate

_EPOCHS_OF_A_PLAN: Final = 100_000
"""More stretches than the rows of one plan divide time into."""


class PlanHistory(FeeSchedule):
    """Schedules of one broker, each from its first day on. An order belongs to the plan of its first fill."""

    def __init__(self, periods: Sequence[tuple[dt.date, FeeSchedule]]) -> None:
        self._periods: Final = tuple(sorted(periods, key=lambda period: period[0]))
        self._first_days: Final = [start for start, _ in self._periods]
        latest = self._periods[-1][1]
        super().__init__((row for _, schedule in self._periods for row in schedule.rows), latest.broker, latest.plan)

    def on(self, day: dt.date) -> FeeSchedule:
        """The schedule of the plan in force on a day."""
        return self._periods[self._place(day)][1]

    def _place(self, day: dt.date) -> int:
        return max(bisect_right(self._first_days, day) - 1, 0)

    def plan_on(self, day: dt.date) -> str:
        """The plan that is in force on a day."""
        return self.on(day).plan

    def known_on(self, day: dt.date) -> FeeSchedule:
        """Every plan as it was known on a day."""
        return PlanHistory([(start, schedule.known_on(day)) for start, schedule in self._periods])

    def with_rates(self, rows: Iterable[FeeRate]) -> FeeSchedule:
        """Every plan with further rows."""
        more = tuple(rows)
        return PlanHistory([(start, schedule.with_rates(more)) for start, schedule in self._periods])

    def rate(  # noqa: PLR0917  (as in FeeSchedule)
        self,
        component: str,
        product: str,
        day: dt.date,
        root: str | None = None,
        side: str | None = None,
        effect: str | None = None,
        *,
        event: str = "trade",
        quantity: Decimal | None = None,
        price: Decimal | None = None,
        series: str = "pass_through",
    ) -> FeeRate | None:
        """The row in force on a day, of the plan of that day."""
        return self.on(day).rate(
            component, product, day, root, side, effect, event=event, quantity=quantity, price=price, series=series
        )

    def epoch(self, day: dt.date) -> int:
        """The number of the stretch of days in which neither a plan nor a row begins."""
        return self._place(day) * _EPOCHS_OF_A_PLAN + self.on(day).epoch(day)

    def fees_for_leg(self, fills: Sequence[FeeFill]) -> tuple[FillFees, ...]:
        """The fees of an order leg under the plan of its first fill."""
        return self.on(fills[0].session_date).fees_for_leg(fills) if fills else ()
