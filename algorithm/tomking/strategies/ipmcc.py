"""The income poor man's covered call: a deep call a year out, and a call sold against it each week.

Holds: the strategy's rules, read from parameter values, and its decisions.
Belongs here: when the long call is bought and left, which weekly call is sold and when it is bought back.
Never here: limits over the whole portfolio (`gate`), working of orders, numbers (each one is a parameter).

Two parts: `leap`, a trade that is long, and `weekly`, trades it covers (`parent`). The long call is bought on a pull-back,
looked for once a day. The weekly call is never sold out of the money; once the long call has lost much, it is sold below
the long call's strike. An assignment is accepted: the shares are traded out and the next call is sold on the other
weekday.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

from tomking.kernel.indicators import average_true_range, exponential_average, highest_price, lower_band
from tomking.kernel.occ import parse_occ
from tomking.kernel.option_chain import ChainRequest
from tomking.strategies.base import VehicleStrategy
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.choosing import nearest_delta, nearest_expiry
from tomking.strategies.exits import date_is_due, profit_at_mid
from tomking.strategies.intents import AbandonTrade, Entry, Intent, PassEntry, PlanTrade, ReportLate
from tomking.strategies.market_view import Chain, ChainRow, MarketView
from tomking.strategies.sizing import contracts
from tomking.strategies.working_orders import Opening, work_closing

LEAP, WEEKLY = "leap", "weekly"


@dataclass(frozen=True, slots=True)
class Ipmcc(VehicleStrategy):
    """The strategy's parameters, converted, and what follows from them. Units as in the parameter table."""

    name: ClassVar[str] = "ipmcc"

    other_weekday: str
    quantity: int
    leap_dte: int
    leap_tolerance: int
    leap_delta: Decimal
    leap_extrinsic: Decimal
    leap_spread: Decimal
    leap_volume: int
    leap_exit_dte: int
    fast_average: int
    slow_average: int
    pull_back: str
    entry_above: Decimal
    band_days: int
    band_deviations: Decimal
    atr_days: int
    atr_multiple: Decimal
    high_margin: Decimal
    weekly_dte: int
    weekly_tolerance: int
    extended_share: Decimal
    strikes_below: int
    strikes_extended: int
    min_credit: Decimal
    target_share: Decimal
    fewer_calls: Decimal
    sell_below: Decimal
    leap_stop: Decimal

    def may_enter_on(self, day: date, equity: Decimal | None = None) -> bool:
        """The long call may be bought on any session; the week's call has days of its own."""
        del day, equity
        return True

    # --- entry -------------------------------------------------------------------------------------------------------

    def chain_request(self, view: MarketView, book: Book) -> ChainRequest | None:
        """The chain of the part that is wanting: the long call while there is none, else the week's call."""
        part = self._wanted(view, book)
        if part is None or book.was_considered(self.name, view.underlying, view.day, part):
            return None
        days, around = (
            (self.leap_dte, self.leap_tolerance) if part == LEAP else (self.weekly_dte, self.weekly_tolerance)
        )
        first, last = (view.day + timedelta(days=count) for count in (days - around, days + around))
        return ChainRequest(view.underlying, view.day, first, last, call_put="C")

    def _wanted(self, view: MarketView, book: Book) -> str | None:
        if not self.entry.is_hour(view):
            return None
        leap = _part(book, self.name, view.underlying, LEAP)
        if leap is None:
            return LEAP
        is_due = self.entry.is_day(view.day) or view.day.strftime("%A").lower() == self.other_weekday
        if leap.state != "open" or not is_due or _part(book, self.name, view.underlying, WEEKLY) is not None:
            return None
        return WEEKLY

    def propose(self, chain: Chain, view: MarketView, book: Book) -> tuple[Entry, ...]:
        """The long call or the week's call, or why there is none."""
        leap = _part(book, self.name, view.underlying, LEAP)
        return (self._leap(chain.rows, view) if leap is None else self._weekly(chain.rows, view, leap),)

    def _leap(self, rows: Sequence[ChainRow], view: MarketView) -> PlanTrade | PassEntry:
        quantity = contracts(self.quantity, view)
        reason = self._not_pulled_back(view) if quantity else "no_size"
        if reason is not None:
            return PassEntry(self.name, view.underlying, reason, LEAP)
        expiry = nearest_expiry(rows, view.day, self.leap_dte, self.leap_tolerance)
        traded = [row for row in rows if row.volume is None or row.volume >= self.leap_volume]
        call = None if expiry is None else nearest_delta(traded, expiry, "C", self.leap_delta)
        if expiry is None or call is None:
            reason = "no_expiry" if expiry is None else "volume_low" if len(traded) < len(rows) else "no_strike"
            return PassEntry(self.name, view.underlying, reason, LEAP)
        legs = (Leg(call.key, quantity),)
        return PlanTrade(self.name, view.underlying, legs, expiry, f"call delta {call.delta}", "long", LEAP)

    def _not_pulled_back(self, view: MarketView) -> str | None:
        """Why the long call is not bought today: at a 52-week high, above the level of its pull-back, unknown history."""
        level, highest = self._entry_level(view), highest_price(view.daily_bars)
        if view.price is None or level is None or highest is None:
            return "no_history"
        if view.price >= highest * (1 - self.high_margin):
            return "at_high"
        return "not_pulled_back" if view.price > level else None

    def _entry_level(self, view: MarketView) -> Decimal | None:
        """The price up to which the long call is bought: near the slow average, at the lower band, or ATRs below."""
        average = exponential_average(view.daily_bars, self.slow_average)
        if self.pull_back == "band":
            return lower_band(view.daily_bars, self.band_days, self.band_deviations)
        if self.pull_back == "atr":
            atr = average_true_range(view.daily_bars, self.atr_days)
            return None if average is None or atr is None else average - self.atr_multiple * atr
        return None if average is None else average * (1 + self.entry_above)

    def _weekly(self, rows: Sequence[ChainRow], view: MarketView, leap: Trade) -> PlanTrade | PassEntry:
        expiry = nearest_expiry(rows, view.day, self.weekly_dte, self.weekly_tolerance)
        if expiry is None or view.price is None:
            return PassEntry(self.name, view.underlying, "no_expiry", WEEKLY)
        quantity = self._calls(leap, view)
        if quantity == 0:
            return PassEntry(self.name, view.underlying, "leap_drawdown", WEEKLY)
        deeper = self._strikes_in(view)
        if deeper is None:
            return PassEntry(self.name, view.underlying, "no_history", WEEKLY)
        highest = view.price
        if self._sells_below(leap, view):
            highest, deeper = min(highest, parse_occ(leap.pairs[0][0]).strike), 0
        calls = sorted(
            (row.strike, row.key)
            for row in rows
            if row.expiry == expiry and row.call_put == "C" and row.strike <= highest
        )
        if len(calls) <= deeper:
            return PassEntry(self.name, view.underlying, "no_strike", WEEKLY)
        strike, key = calls[-1 - deeper]
        return PlanTrade(
            self.name, view.underlying, (Leg(key, -quantity),), expiry, f"strike {strike} at {view.price}", "covered",
            WEEKLY, leap.id,
        )  # fmt: skip

    def _sells_below(self, leap: Trade, view: MarketView) -> bool:
        """Whether the long call has lost so much that calls are sold at its strike or below."""
        loss = _loss_share(leap, view)
        return loss is not None and loss >= self.sell_below

    def _strikes_in(self, view: MarketView) -> int | None:
        """How many strikes in the money, by the averages: at the money, below, or extended above."""
        fast = exponential_average(view.daily_bars, self.fast_average)
        slow = exponential_average(view.daily_bars, self.slow_average)
        if fast is None or slow is None or view.price is None:
            return None
        if view.price > fast * (1 + self.extended_share):
            return self.strikes_extended
        return self.strikes_below if fast < slow else 0

    def _calls(self, leap: Trade, view: MarketView) -> int:
        held = sum(quantity for _, quantity in leap.pairs)
        loss = _loss_share(leap, view)
        return held // 2 if loss is not None and loss >= self.fewer_calls else held

    # --- trades ------------------------------------------------------------------------------------------------------

    def manage(self, view: MarketView, book: Book) -> tuple[Intent, ...]:
        """The next step of the long call and of what is sold against it."""
        intents: list[Intent] = []
        leap = _part(book, self.name, view.underlying, LEAP)
        leaves = None if leap is None or leap.state == "planned" else self.leap_exit(leap, view)
        weekly = [trade for trade in book.live(self.name, view.underlying) if trade.part == WEEKLY]
        for trade in weekly:
            intents += self._manage_weekly(trade, view, leap, leaves)
        if leap is not None and leap.state == "planned":
            intents += self._buy(leap, view)
        elif leap is not None:
            # What is sold against the long call goes first.
            intents += work_closing(leap, view, self.pricing, None if weekly else leaves)
        return tuple(intents)

    def _buy(self, leap: Trade, view: MarketView) -> list[Intent]:
        key, _ = leap.pairs[0]
        quote, strike = view.quotes.get(key), parse_occ(key).strike
        if quote is not None and quote.mid is not None and leap.working is None:
            assert quote.bid is not None
            assert quote.ask is not None
            if quote.ask - quote.bid > self.leap_spread * quote.mid:
                return [AbandonTrade(leap.id, "spread_too_wide")]
        worst = strike * self.leap_extrinsic + max((view.price or Decimal(0)) - strike, Decimal(0))
        return self.work_entry(leap, view, Opening(worst, lambda net: self.leap_stop * net, "extrinsic_too_large"))

    def _manage_weekly(self, trade: Trade, view: MarketView, leap: Trade | None, leaves: str | None) -> list[Intent]:
        if trade.state == "planned":
            if leaves is not None and trade.working is None:
                return [AbandonTrade(trade.id, leaves)]
            strike = parse_occ(trade.pairs[0][0]).strike
            inner = max((view.price or Decimal(0)) - strike, Decimal(0))
            bought = strike if leap is None or not leap.pairs else parse_occ(leap.pairs[0][0]).strike
            # Covered: the call can lose no more than the long call gains, but for the part below the long call's strike.
            terms = Opening(-(inner + self.min_credit), lambda net: max(bought - strike + net, Decimal(0)))
            return self.work_entry(trade, view, terms)
        # Short and near its expiry by design, and covered: an exception from the date rule, on record.
        report: list[Intent] = [ReportLate(trade.id, "covered_weekly_call")]
        return report + work_closing(trade, view, self.pricing, leaves or self.weekly_exit(trade, view))

    def weekly_exit(self, trade: Trade, view: MarketView) -> str | None:
        """`target` once the time value that was sold has gone, as far as it is known; assignment is not defended."""
        cost = view.net_mid(trade.closing_pairs)
        if cost is None or view.price is None or trade.credit is None or trade.entry_price is None:
            return None
        key, quantity = trade.pairs[0]
        strike, count = parse_occ(key).strike, abs(quantity)
        sold = trade.credit - count * max(trade.entry_price - strike, Decimal(0))
        left = cost - count * max(view.price - strike, Decimal(0))
        return "target" if sold > 0 and left <= (1 - self.target_share) * sold else None

    def leap_exit(self, leap: Trade, view: MarketView) -> str | None:
        """Why the long call has to be sold now: `stop`, `dte`, or None."""
        loss = _loss_share(leap, view)
        if loss is not None and loss >= self.leap_stop:
            return "stop"
        return "dte" if date_is_due(leap.expiry, self.leap_exit_dte, view) else None


def _part(book: Book, strategy: str, product: str, part: str) -> Trade | None:
    return next((trade for trade in book.live(strategy, product) if trade.part == part), None)


def _loss_share(leap: Trade, view: MarketView) -> Decimal | None:
    """The loss of the long call at mid as a share of what it cost; below 0 while it gains."""
    profit = profit_at_mid(leap, view)
    if profit is None or leap.credit is None or leap.credit >= 0:
        return None
    return -profit / -leap.credit
