"""The portfolio before any strategy is asked: which VIX to work with, which brakes hold, what is announced today.

Holds: `prepare`, and the closing of trades that a brake asks for.
Belongs here: what holds for every strategy alike, before their wishes.
Never here: the judgement of wishes (`gate`), the arithmetic of brakes (`kernel.limits`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from tomking.kernel.event_days import days_from_text, events_ahead, events_of
from tomking.kernel.indicators import realised_volatility
from tomking.kernel.limits.brakes import Brakes, Seen, advance
from tomking.kernel.limits.guards import GuardState
from tomking.kernel.limits.inputs import VixInput, judge_vix
from tomking.kernel.readings import Reading
from tomking.kernel.sessions import close_time_utc
from tomking.strategies.book import Book, Trade
from tomking.strategies.exits import profit_at_mid
from tomking.strategies.intents import AbandonTrade, CancelOrder, Intent
from tomking.strategies.market_view import MarketView
from tomking.strategies.working_orders import Pricing, work_closing

_POINTS = Decimal(100)
"""Points of VIX in one, the whole of a volatility."""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The views as the strategies see them, the brakes with their memory, VIX as judged, sentences for the record."""

    views: Mapping[str, MarketView]
    brakes: Brakes
    guards: GuardState
    vix: VixInput
    notes: tuple[str, ...]


def prepare(views: Mapping[str, MarketView], book: Book, values: Mapping[str, str]) -> Portfolio:
    """Judge what holds for all; the views come back with VIX as judged, today's announcements and the factor on size."""
    any_view = next(iter(views.values()))
    vix = _vix(any_view, book, values)
    seen = Seen(
        now=any_view.now,
        day=any_view.day,
        equity=any_view.equity,
        vix=vix,
        mean_correlation=any_view.mean_correlation,
        regime_multiplier=any_view.regime_multiplier,
        is_flat=not any(trade.stance != "hedge" for trade in book.live()),
    )
    guards, brakes = advance(book.guards, seen, values)
    extra = days_from_text(values["limits.event_days"])
    announced = events_ahead(any_view.day, extra)
    ready = {
        symbol: replace(
            view, vix=vix.reading, size_factor=brakes.size_factor, events=events_of(view.day, extra),
            announced=announced,
        )
        for symbol, view in views.items()
    }  # fmt: skip
    notes = tuple(filter(None, (vix.problem, *brakes.watch)))
    return Portfolio(ready, brakes, guards, vix, notes)


def _vix(view: MarketView, book: Book, values: Mapping[str, str]) -> VixInput:
    """VIX, or the volatility of the chain that came in its place, or that of the sessions behind."""
    realised = realised_volatility(view.daily_bars)
    stand_ins = []
    if realised is not None:
        observed = close_time_utc(view.daily_bars[-1].day)
        stand_ins.append(Reading(realised * _POINTS, observed, "realised_volatility"))
    return judge_vix(view.vix, book.guards.vix, view.now, values, stand_ins=stand_ins)


def closes(trade: Trade, view: MarketView, portfolio: Portfolio) -> bool:
    """Whether a brake ends this trade: all of them, or the losers. Hedges stay."""
    if trade.stance == "hedge" or portfolio.brakes.closing == "none":
        return False
    if portfolio.brakes.closing == "all" or trade.state == "planned":
        return True
    profit = profit_at_mid(trade, view)
    return profit is not None and profit < Decimal(0)


def close_for_brake(trade: Trade, view: MarketView, pricing: Pricing, rule: str, *, is_covering: bool) -> list[Intent]:
    """The next step of ending a trade for a rule; one that covers another waits until that one is gone."""
    if trade.state == "planned":
        if trade.working is None:
            return [AbandonTrade(trade.id, rule)]
        return [] if trade.working.cancel_asked else [CancelOrder(trade.id, rule)]
    return [] if is_covering else work_closing(trade, view, pricing, rule)
