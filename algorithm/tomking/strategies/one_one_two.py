"""The 1-1-2: one put bought, one sold below it, two more sold far below, about 120 days out.

Holds: the strategy's rules, read from parameter values, and its decisions.
Belongs here: when to enter, which strikes, how the naked puts and the spread are left.
Never here: limits over the whole portfolio (`gate`), working of orders, numbers (each one is a parameter).

The name is the ratio of the legs. The naked puts have a credit, a target, a stop and a date of their own; the debit
spread stays as their hedge and is left near expiry, or before its short put can be assigned. In the calendarised variant
the naked puts expire earlier than the spread; the trade's date rule counts to the naked puts' expiry. Weekly call spreads
against it (`one_one_two_calls`) are trades of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

from tomking.kernel.indicators import highest_price
from tomking.kernel.occ import parse_occ
from tomking.kernel.option_chain import ChainRequest
from tomking.strategies.base import SingleExpiry
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.choosing import nearest_delta, nearest_expiry, taken_expiries
from tomking.strategies.exits import date_is_due, profit_of_legs
from tomking.strategies.intents import Entry, Intent, PlanTrade, ReportLate
from tomking.strategies.market_view import Chain, ChainRow, MarketView
from tomking.strategies.one_one_two_calls import WEEKLY, WeeklyCalls
from tomking.strategies.sizing import contracts
from tomking.strategies.working_orders import Opening, work_closing


@dataclass(frozen=True, slots=True)
class OneOneTwo(SingleExpiry):
    """The strategy's parameters, converted, and what follows from them. Units as in the parameter table."""

    name: ClassVar[str] = "one_one_two"
    wanted_side: ClassVar[str | None] = "P"

    second_from: Decimal
    third_from: Decimal
    fourth_from: Decimal
    naked_ratio: int
    calendarised: bool
    calendar_spread_dte: int
    calendar_naked_dte: int
    long_delta: Decimal
    spread_width: Decimal
    naked_delta: Decimal
    naked_distance: Decimal
    min_credit: Decimal
    high_margin: Decimal
    target_share: Decimal
    stop_credits: Decimal
    stop_share: Decimal
    stop_distance: Decimal
    exit_dte: int
    spread_exit_dte: int
    assignment_extrinsic: Decimal
    calls: WeeklyCalls

    # --- entry -------------------------------------------------------------------------------------------------------

    def may_enter_on(self, day: date, equity: Decimal | None = None) -> bool:
        """The first such weekday of a month; larger accounts have more of them."""
        first = self.entry.entry_week
        steps = (self.second_from, self.third_from, self.fourth_from)
        more = sum(equity is not None and equity >= step for step in steps)
        return self.entry.is_day(day, weeks=range(first, first + 1 + more) if first else (0,))

    def tenors(self) -> tuple[int, ...]:
        """Days to expiry of the spread and of the naked puts."""
        if self.calendarised:
            return self.calendar_spread_dte, self.calendar_naked_dte
        return self.target_dte, self.target_dte

    def chain_request(self, view: MarketView, book: Book) -> ChainRequest | None:
        """The chain of a 1-1-2 on its entry days, else that of the week's calls against one."""
        if self.looks(view, book):
            return self.request_chain(view)
        if self._writes_calls_for(view, book) is None:
            return None
        days, around = self.calls.weekly_dte, self.calls.weekly_tolerance
        first, last = (view.day + timedelta(days=count) for count in (days - around, days + around))
        return ChainRequest(view.underlying, view.day, first, last, call_put="C")

    def _writes_calls_for(self, view: MarketView, book: Book) -> Trade | None:
        """The 1-1-2 against which calls are to be sold now: once a week, within the hours."""
        is_due = self.entry.is_hour(view) and self.entry.is_day(view.day, weeks=(0,))
        if not is_due or book.was_considered(self.name, view.underlying, view.day, WEEKLY):
            return None
        return self.calls.due(book.live(self.name, view.underlying), view)

    def propose(self, chain: Chain, view: MarketView, book: Book) -> tuple[Entry, ...]:
        """The 1-1-2 to open today, or the week's calls, or why there is none."""
        parent = None if self.looks(view, book) else self._writes_calls_for(view, book)
        if parent is not None:
            found = self.calls.plan(chain.rows, view, parent, book)
            return self.passing(view, found, WEEKLY) if isinstance(found, str) else (found,)
        quantity = contracts(self.quantity, view)
        reason = "no_size" if quantity == 0 else self._blocked(view)
        legs = reason or self._legs(chain.rows, view, taken_expiries(book, view.underlying), quantity)
        if isinstance(legs, str):
            return self.passing(view, legs)
        expiry = min(parse_occ(leg.key).expiry for leg in legs if leg.role == "naked")
        return (PlanTrade(self.name, view.underlying, tuple(legs), expiry, "entry day of the month"),)

    def _blocked(self, view: MarketView) -> str | None:
        highest = highest_price(view.daily_bars)
        if view.price is None or highest is None:
            return "no_history"
        return "at_high" if view.price >= highest * (1 - self.high_margin) else None

    def _legs(self, rows: Sequence[ChainRow], view: MarketView, taken: set[date], quantity: int) -> list[Leg] | str:
        spread_days, naked_days = self.tenors()
        naked_expiry = nearest_expiry(rows, view.day, naked_days, self.dte_tolerance, without=taken)
        spread_expiry = naked_expiry
        if self.calendarised:
            spread_expiry = nearest_expiry(rows, view.day, spread_days, self.dte_tolerance)
        if naked_expiry is None or spread_expiry is None:
            return "no_expiry" if rows else "no_chain"
        if (naked_expiry - view.day).days <= self.exit_dte or spread_expiry < naked_expiry:
            return "expiry_below_exit"
        long = nearest_delta(rows, spread_expiry, "P", self.long_delta)
        naked = nearest_delta(rows, naked_expiry, "P", self.naked_delta)
        if long is None or naked is None:
            return "no_strike"
        short = self._below(rows, long)
        if short is None or short.strike <= naked.strike:
            return "no_strike"
        assert view.price is not None
        if naked.strike > view.price * (1 - self.naked_distance):
            return "naked_too_near"
        return [
            Leg(long.key, quantity, "hedge"),
            Leg(short.key, -quantity, "hedge"),
            Leg(naked.key, -quantity * self.naked_ratio, "naked"),
        ]

    def _below(self, rows: Sequence[ChainRow], long: ChainRow) -> ChainRow | None:
        """The put nearest to the spread's width below the long one."""
        wanted = long.strike - self.spread_width
        pool = [row for row in rows if row.call_put == "P" and row.expiry == long.expiry and row.strike < long.strike]
        return min(pool, key=lambda row: (abs(row.strike - wanted), row.strike, row.key), default=None)

    # --- trades ------------------------------------------------------------------------------------------------------

    def manage(self, view: MarketView, book: Book) -> tuple[Intent, ...]:
        """The next step of each trade in the view's underlying."""
        intents: list[Intent] = []
        for trade in book.live(self.name, view.underlying):
            if trade.part == WEEKLY:
                intents += self._work_calls(trade, view)
            else:
                intents += self._open(trade, view) if trade.state == "planned" else self._leave(trade, view)
        return tuple(intents)

    def _work_calls(self, trade: Trade, view: MarketView) -> list[Intent]:
        if trade.state == "planned":
            return self.work_entry(trade, view, self.calls.terms(trade))
        return work_closing(trade, view, self.pricing, self.calls.exit_reason(trade, view))

    def _open(self, trade: Trade, view: MarketView) -> list[Intent]:
        naked = view.net_mid((leg.key, leg.quantity) for leg in trade.legs_of("naked"))
        units = sum(leg.quantity for leg in trade.legs_of("hedge") if leg.quantity > 0)
        if naked is None:
            return self.work_entry(trade, view, Opening(-self.min_credit, abs))
        # The naked puts' own credit is what their stop multiplies; the spread costs its share of the net price at most.
        loss = (self.stop_credits - 1) * -naked / units
        return self.work_entry(trade, view, Opening(-self.min_credit, lambda net: max(loss, -net)))

    def _leave(self, trade: Trade, view: MarketView) -> list[Intent]:
        naked = trade.legs_of("naked")
        if naked:
            reason = self.naked_exit(trade, view)
            legs = tuple((leg.key, -leg.quantity) for leg in naked)
            late = trade.days_left(view.day) < self.exit_dte
            report: list[Intent] = [ReportLate(trade.id, "naked_alive_below_exit_dte")] if late else []
            return report + work_closing(trade, view, self.pricing, reason, legs=legs)
        report = (
            [ReportLate(trade.id, "spread_kept_as_hedge")] if date_is_due(trade.expiry, self.exit_dte, view) else []
        )
        return report + work_closing(trade, view, self.pricing, self.spread_exit(trade, view))

    def naked_exit(self, trade: Trade, view: MarketView) -> str | None:
        """Why the naked puts have to be closed now: `stop`, `loss`, `distance`, `target`, `dte`, or None."""
        naked = trade.legs_of("naked")
        credit = sum((leg.opened for leg in naked if leg.opened is not None), Decimal(0))
        profit = profit_of_legs(naked, view)
        if profit is not None and credit > 0:
            if profit <= -(self.stop_credits - 1) * credit:
                return "stop"
            if view.equity is not None and -profit * view.multiplier >= self.stop_share * view.equity:
                return "loss"
            if profit >= self.target_share * credit:
                return "target"
        nearest = max(parse_occ(leg.key).strike for leg in naked)
        if view.price is not None and view.price <= nearest + self.stop_distance:
            return "distance"
        return "dte" if date_is_due(trade.expiry, self.exit_dte, view) else None

    def spread_exit(self, trade: Trade, view: MarketView) -> str | None:
        """Why the spread that is left has to be closed now: `expiry`, `assignment`, or None."""
        if view.price is None:
            return None
        in_the_money = [leg for leg in trade.legs_of("hedge") if parse_occ(leg.key).strike > view.price]
        if not in_the_money:
            return None
        expiry = min(parse_occ(leg.key).expiry for leg in in_the_money)
        if date_is_due(expiry, self.spread_exit_dte, view):
            return "expiry"
        for leg in in_the_money:
            worth = view.net_mid(((leg.key, 1),)) if leg.quantity < 0 else None
            inner = parse_occ(leg.key).strike - view.price
            if worth is not None and worth - inner <= self.assignment_extrinsic:
                return "assignment"
        return None
