"""What breaches are made of: a market, a book, plans and orders made up for one proof.

Holds: makers of those, and asking the gate and the brakes about them.
Belongs here: what several proofs need.
Never here: a proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tomking.kernel.limits.brakes import Brakes, Seen, advance
from tomking.kernel.limits.guards import GuardState
from tomking.kernel.limits.inputs import VixInput
from tomking.kernel.occ import occ_text
from tomking.kernel.readings import Reading
from tomking.kernel.sessions import NEW_YORK, next_session
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.gate import judge
from tomking.strategies.intents import Intent, PlanTrade, SendOrder
from tomking.strategies.market_view import DailyBar, MarketView
from tomking.strategies.registry import STRATEGIES

NOON = datetime.fromisoformat("2020-01-14T12:00")
FRIDAY = NOON.replace(day=17)
EXPIRY = date(2020, 2, 28)
BEFORE, LATER = date(2020, 1, 2), date(2020, 3, 2)
PRICE = Decimal(320)
RICH = Decimal(250_000)
BARS = tuple(DailyBar(date(2019, 3, 1) + timedelta(days=n), PRICE, PRICE + 2, PRICE - 2, PRICE) for n in range(300))


def made_view(when: datetime = NOON, **changes: Any) -> MarketView:
    """The market at noon of a quiet day, with what a proof changes of it."""
    now = when.replace(tzinfo=NEW_YORK).astimezone(UTC)
    made = MarketView(
        now=now,
        local=when,
        next_session=next_session(when.date()),
        is_open=True,
        underlying="SPY",
        price=PRICE,
        equity=RICH,
        margin_used=Decimal(0),
        vix=Reading(Decimal(16), now, "index"),
        session_open=PRICE,
        daily_bars=BARS,
        correlation_day=when.date(),
        term_slope=Decimal(0),
        events=(),
    )
    return replace(made, **changes)


def made_key(call_put: str, strike: int, expiry: date = EXPIRY) -> str:
    """The key of an option on SPY."""
    return occ_text("SPY", expiry, call_put, Decimal(strike))


STRANGLE = (Leg(made_key("P", 300), -1), Leg(made_key("C", 340), -1))


def made_plan(**changes: object) -> PlanTrade:
    """A strangle to be opened, with what a proof changes of it."""
    return replace(PlanTrade("strangle", "SPY", STRANGLE, EXPIRY, "a proof"), **changes)  # type: ignore[arg-type]


def made_book(*products: str, expiry: date | None = None, strategy: str = "other") -> Book:
    """A book with one open trade in each of these products."""
    trades = [
        Trade(f"{strategy}-20200102-{n}", strategy, product, "open", (), expiry or LATER + timedelta(days=n), BEFORE)
        for n, product in enumerate(products)
    ]
    return Book({trade.id: trade for trade in trades})


def refused_by(
    intent: Intent, values: Mapping[str, str], book: Book | None = None, view: MarketView | None = None
) -> str | None:
    """The rule by which the gate refuses, None where it lets the intent pass."""
    limits = dict.fromkeys((*STRATEGIES, "other"), 9)
    verdict = judge([intent], book or Book(), {"SPY": view or made_view()}, values, max_open=limits)
    return verdict.refused[0].refusal.rule if verdict.refused else None


def made_order(legs: tuple[tuple[str, int], ...], loss: str | None = None) -> SendOrder:
    """An order of a strangle; an opening where it risks something."""
    planned = None if loss is None else Decimal(loss)
    return SendOrder("strangle-20200102-0", "strangle", "open", legs, 1, Decimal(-2), "a proof", planned)


def brakes_after(values: Mapping[str, str], *looks: Seen) -> Brakes:
    """The brakes after a series of looks."""
    state = GuardState()
    for look in looks[:-1]:
        state, _ = advance(state, look, values)
    return advance(state, looks[-1], values)[1]


def made_look(equity: int = 100_000, *, days: float = 0, vix: int = 15, **changes: object) -> Seen:
    """A look at an account, days after the first."""
    now = datetime(2020, 1, 14, 17, 0, tzinfo=UTC) + timedelta(days=days)
    level = VixInput(Reading(Decimal(vix), now, "index"), may_close=True, problem=None)
    return replace(Seen(now, now.date(), Decimal(equity), level, None, None, is_flat=False), **changes)  # type: ignore[arg-type]


def made_slide(to: int) -> tuple[Seen, ...]:
    """A slow loss, so that no rule about a session comes first."""
    return tuple(made_look(100_000 - (100_000 - to) * n // 40, days=n) for n in range(41))


def stopped_by(found: Brakes) -> str | None:
    """The rule that stops entries."""
    return None if found.stop is None else found.stop.rule
