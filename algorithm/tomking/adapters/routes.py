"""Where an order would cost least, asked before it is sent: a line for a person, never a reason not to trade.

Holds: `RouteAdviser`.
Belongs here: which routes are compared under the parameter set in force, and when advice is worth a line.
Never here: prices of routes (`kernel.routing`), choosing a broker, holding an order back.

Nothing here raises: what cannot be compared is an `error` line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from tomking.adapters.journal import Journal
from tomking.kernel.contracts import OrderTag
from tomking.kernel.fees import FeeFill, FeeSchedule
from tomking.kernel.parameter_specs import SPECS
from tomking.kernel.routing import Quote, advise


class RouteAdviser:
    """Compares the present route with those that the parameter `fees.routes` names."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._present: FeeSchedule | None = None
        self._routes: tuple[FeeSchedule, ...] = ()
        self._least = Decimal(0)

    def use(
        self, present: FeeSchedule | None, values: Mapping[str, str], schedule_of: Callable[[str], FeeSchedule]
    ) -> None:
        """Take the schedule in force and the routes of the parameters; without a schedule nothing is advised."""
        self._present = present
        names = str(SPECS["fees.routes"].value(values["fees.routes"])).split("+")
        self._routes = tuple(schedule_of(name) for name in names)
        self._least = Decimal(str(SPECS["fees.route_least_saving"].value(values["fees.route_least_saving"])))

    def before_order(self, legs: Sequence[FeeFill], session: date, tag: OrderTag) -> None:
        """An order is about to be sent; `legs` are its legs at their mids. A saving below the bound is no line."""
        if self._present is None or not legs:
            return
        try:
            advice = advise(self._present, self._routes, [[leg] for leg in legs], session)
        except (LookupError, ValueError, ArithmeticError) as error:
            self._journal.write("error", message=str(error)[:500], where="route advice")
            return
        if advice.best is None or advice.saving is None or advice.saving < self._least:
            return
        self._journal.write(
            "route_advice",
            strategy=tag.strategy,
            trade_id=tag.trade_id,
            action=tag.action,
            session_date=session,
            present=f"{self._present.broker}/{self._present.plan}",
            best=_name(advice.best),
            saving=advice.saving,
            reason=advice.reason,
            costs={_name(one): one.total for one in advice.quotes if one.is_feasible},
        )


def _name(one: Quote) -> str:
    size = "" if one.size == "same" else f"/{one.size}"
    return f"{one.broker}/{one.plan}{size}"
