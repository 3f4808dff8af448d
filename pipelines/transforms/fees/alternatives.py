"""What the legs of a statement would have cost on other routes.

Holds: the fills of a statement leg as a schedule sees them, the routes an account had, and their costs by month.
Belongs here: counterfactual costs of what was filled.
Never here: pricing an order (`tomking.kernel.routing`), tables.

A route counts only where it could have been taken: another plan of the same broker, or a plan of a broker at which an
account was open that day. Everything else is priced for information. Fills are taken as they were: that another venue
would have filled at another price is not known.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pipelines.transforms.fees.explanation import Terms
from pipelines.transforms.fees.leg_fees import fee_fills
from pipelines.transforms.fees.statement_pricing import PricedLeg
from pipelines.transforms.matching.fills import ZERO, Leg
from tomking.kernel.fees import FeeSchedule, UnknownRate, schedule_for
from tomking.kernel.routing import Quote, quotes
from tomking.kernel.schedules import PLANS

ROUTES: Final = tuple(plan for plan in PLANS if plan not in {("ibkr", "standard"), ("ibkr", "lite")})
"""Every plan once, without the one that only some residents may have."""
SCHEDULES: Final = {route: schedule_for(*route) for route in ROUTES}


@dataclass(frozen=True, slots=True)
class Access:
    """A broker at which an account was open from the first to the last day (None: no end is known)."""

    broker: str
    opened: dt.date | None = None
    closed: dt.date | None = None

    def on(self, day: dt.date) -> bool:
        """Whether it was open that day."""
        return (self.opened is None or self.opened <= day) and (self.closed is None or day < self.closed)


@dataclass(slots=True)
class Alternative:
    """All legs of an account and month on one route; costs positive.

    `charged` and `cost` are of the `priced` legs only; the route could have been taken for the whole month where it
    prices every leg in full and was `available` for every one.
    """

    account: str
    month: dt.date
    broker: str
    plan: str
    size: str
    legs: int = 0
    priced: int = 0
    available: int = 0
    charged: Decimal = ZERO
    cost: Decimal = ZERO
    why: str | None = None
    """Why a leg is not priced, or not in full: the first reason."""


def forecast_of(schedule: FeeSchedule, leg: Leg, terms: Terms) -> Decimal | None:
    """What the rows known on the leg's own day said it would cost; None where they did not say."""
    try:
        fees = schedule.known_on(leg.session_date).fees_for_leg(fee_fills(leg, terms))
    except (UnknownRate, ValueError):
        return None
    return sum((found.total for found in fees), ZERO)


def alternatives(
    account: str, broker: str, legs: Iterable[PricedLeg], terms: Mapping[str, Terms], access: Sequence[Access]
) -> list[Alternative]:
    """Every route by month, for all legs whose contract has terms."""
    found: dict[tuple[object, ...], Alternative] = {}
    sizes: dict[dt.date, set[str]] = {}
    monthly: dict[dt.date, list[tuple[PricedLeg, tuple[Quote, ...]]]] = {}
    for leg in legs:
        of_leg = terms.get(leg.leg.instrument_key)
        if of_leg is None:
            continue
        month = leg.leg.session_date.replace(day=1)
        asked = quotes(SCHEDULES.values(), [fee_fills(leg.leg, of_leg)])
        monthly.setdefault(month, []).append((leg, asked))
        sizes.setdefault(month, {"same"}).update(quote.size for quote in asked)
    for month, priced in monthly.items():
        for size in sorted(sizes[month]):
            for route in ROUTES:
                one = found.setdefault((month, route, size), Alternative(account, month, *route, size))
                for leg, asked in priced:
                    _count(one, leg, asked, is_open=_is_open(route[0], broker, leg.leg.session_date, access))
    return list(found.values())


def _count(one: Alternative, leg: PricedLeg, asked: Sequence[Quote], *, is_open: bool) -> None:
    mine = [quote for quote in asked if (quote.broker, quote.plan) == (one.broker, one.plan)]
    # What has no other size stays as it is.
    quote = next((quote for quote in mine if quote.size == one.size), mine[0])
    one.legs += 1
    one.available += is_open
    if not quote.is_feasible or quote.total is None:
        one.why = one.why or quote.why
        return
    one.priced += 1
    one.charged += leg.charged
    one.cost += quote.total


def _is_open(route: str, broker: str, day: dt.date, access: Sequence[Access]) -> bool:
    return route == broker or any(one.broker == route and one.on(day) for one in access)
