"""The 45-day strangle: sell an out-of-the-money put and call, leave at half the credit, at the stop, or at 21 days.

Holds: the strategy's rules, read from parameter values, and its decisions.
Belongs here: when to enter, which strikes, at what price to ask, when to leave.
Never here: limits over the whole portfolio (`gate`), orders, numbers (each one is a parameter).

Order of the exits: the stop is named before the target, the target before the date; all three end the trade at once.
The date rule counts calendar days and never lets a weekend or holiday run past it: the trade leaves on the last session
whose days to expiry are not fewer than `exit_dte`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal
from math import gcd

from tomking.kernel.parameter_specs import SPECS
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.intents import (
    AbandonTrade,
    CancelOrder,
    FlattenStock,
    Intent,
    PassEntry,
    PlanTrade,
    ReportLate,
    SendOrder,
)
from tomking.strategies.market_view import ChainRow, MarketView

NAME = "strangle"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class StrangleRules:
    """The strategy's parameters, converted. Units as in the parameter table."""

    vehicle: str
    target_dte: int
    dte_tolerance: int
    put_delta: Decimal
    call_delta: Decimal
    target_share: Decimal
    exit_dte: int
    stop_multiple: Decimal
    quantity: int
    max_open: int
    entry_weekday: int
    entry_week: int
    entry_from: time
    entry_until: time
    min_credit: Decimal
    reprice_minutes: int
    reprice_step: Decimal
    reprice_attempts: int

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> StrangleRules:
        """The rules in a complete table of parameter texts.

        Raises ValueRefused for a text out of bounds and KeyError for a missing one.
        """

        def text(name: str) -> str:
            return str(SPECS[f"{NAME}.{name}"].value(values[f"{NAME}.{name}"]))

        return cls(
            vehicle=text("vehicle"),
            target_dte=int(text("target_dte")),
            dte_tolerance=int(text("dte_tolerance")),
            put_delta=Decimal(text("put_delta")),
            call_delta=Decimal(text("call_delta")),
            target_share=Decimal(text("target_share")),
            exit_dte=int(text("exit_dte")),
            stop_multiple=Decimal(text("stop_multiple")),
            quantity=int(text("quantity")),
            max_open=int(text("max_open")),
            entry_weekday=_WEEKDAYS.index(text("entry_weekday")),
            entry_week=int(text("entry_week")),
            entry_from=time.fromisoformat(text("entry_from")),
            entry_until=time.fromisoformat(text("entry_until")),
            min_credit=Decimal(text("min_credit")),
            reprice_minutes=int(text("reprice_minutes")),
            reprice_step=Decimal(text("reprice_step")),
            reprice_attempts=int(text("reprice_attempts")),
        )


def is_entry_day(rules: StrangleRules, day: date) -> bool:
    """Whether the calendar rule allows an entry: the weekday, and which one of the month (0: each)."""
    if day.weekday() != rules.entry_weekday:
        return False
    return rules.entry_week in (0, (day.day - 1) // 7 + 1)


def wants_chain(rules: StrangleRules, view: MarketView, book: Book) -> bool:
    """Whether an entry has to be considered now, which needs the chain; at most once a day."""
    if not view.is_open or not is_entry_day(rules, view.day) or book.considered.get(NAME) == view.day:
        return False
    return rules.entry_from <= view.local.time() <= rules.entry_until


def propose(rules: StrangleRules, chain: Sequence[ChainRow], view: MarketView) -> PlanTrade | PassEntry:
    """The strangle to open today, or why there is none."""
    expiries = {row.expiry for row in chain}
    near = [day for day in expiries if abs((day - view.day).days - rules.target_dte) <= rules.dte_tolerance]
    # A tie goes to the later expiry: the exit date is absolute, so more days leave more room.
    late_first = sorted(near, reverse=True)
    expiry = min(late_first, key=lambda day: abs((day - view.day).days - rules.target_dte), default=None)
    if expiry is None:
        return PassEntry(NAME, "no_expiry" if chain else "no_chain")
    if (expiry - view.day).days <= rules.exit_dte:
        return PassEntry(NAME, "expiry_below_exit")
    put = _nearest(chain, expiry, "P", rules.put_delta)
    call = _nearest(chain, expiry, "C", rules.call_delta)
    if put is None or call is None:
        return PassEntry(NAME, "no_strike")
    if put.strike >= call.strike:
        return PassEntry(NAME, "strikes_crossed")
    legs = (Leg(put.key, -rules.quantity), Leg(call.key, -rules.quantity))
    return PlanTrade(NAME, view.underlying, legs, expiry, f"put delta {put.delta}, call delta {call.delta}")


def _nearest(chain: Sequence[ChainRow], expiry: date, call_put: str, target: Decimal) -> ChainRow | None:
    pool = [
        # Distance first, then strike and key: the choice must not depend on the order of the chain.
        (abs(abs(row.delta) - target), row.strike, row.key, row)
        for row in chain
        if row.expiry == expiry and row.call_put == call_put and row.delta
    ]
    return min(pool, key=lambda found: found[:3])[3] if pool else None


def manage(rules: StrangleRules, view: MarketView, book: Book) -> tuple[Intent, ...]:
    """What is to be done about the trades that exist."""
    intents: list[Intent] = []
    for trade in book.live(NAME):
        step = _manage_planned if trade.state == "planned" else _manage_open
        intents.extend(step(rules, view, trade))
    shares = view.holding(view.underlying)
    if shares and view.is_open:
        intents.append(FlattenStock(NAME, view.underlying, -shares))
    return tuple(intents)


def _manage_planned(rules: StrangleRules, view: MarketView, trade: Trade) -> list[Intent]:
    window_open = view.day == trade.planned_on and view.local.time() <= rules.entry_until and view.is_open
    if trade.working is not None:
        if trade.working.cancel_asked:
            return []
        if not window_open:
            return [CancelOrder(trade.id, "entry_window")]
        return [CancelOrder(trade.id, "re-price")] if _rested(rules, trade, view.now) else []
    if not window_open:
        return [AbandonTrade(trade.id, "entry_window")]
    if trade.attempts >= rules.reprice_attempts:
        return [AbandonTrade(trade.id, "attempts")]
    mid = view.net_mid(trade.pairs)
    if mid is None:
        return []
    if -mid < rules.min_credit * _units(trade.pairs):
        return [AbandonTrade(trade.id, "credit_too_small")]
    return [_opening(rules, trade, -mid)]


def _opening(rules: StrangleRules, trade: Trade, credit: Decimal) -> SendOrder:
    units = _units(trade.pairs)
    asked = max(credit / units - rules.reprice_step * trade.attempts, rules.min_credit)
    net = -asked.quantize(_CENT, ROUND_HALF_EVEN)
    return SendOrder(
        trade_id=trade.id,
        strategy=NAME,
        action="open",
        legs=trade.pairs,
        units=units,
        net=net,
        reason="entry",
        planned_loss=rules.stop_multiple * -net * units,
        inputs={"mid_credit": credit},
    )


def exit_reason(rules: StrangleRules, view: MarketView, trade: Trade) -> str | None:
    """Why an open trade has to end now: `stop`, `target`, `dte`, or None."""
    cost = view.net_mid(trade.closing_pairs)
    if cost is not None and trade.proceeds is not None and trade.credit is not None and trade.credit > 0:
        profit = trade.credit + trade.proceeds - cost
        if profit <= -rules.stop_multiple * trade.credit:
            return "stop"
        if profit >= rules.target_share * trade.credit:
            return "target"
    return "dte" if _date_is_due(rules, view, trade) else None


def _date_is_due(rules: StrangleRules, view: MarketView, trade: Trade) -> bool:
    return trade.days_left(view.day) <= rules.exit_dte or trade.days_left(view.next_session) < rules.exit_dte


def _manage_open(rules: StrangleRules, view: MarketView, trade: Trade) -> list[Intent]:
    late = trade.days_left(view.day) < rules.exit_dte
    intents: list[Intent] = [ReportLate(trade.id, "alive_below_exit_dte")] if late else []
    working = trade.working
    if working is not None:
        if view.is_open and not working.cancel_asked and _rested(rules, trade, view.now):
            intents.append(CancelOrder(trade.id, "re-price"))
        return intents
    reason = exit_reason(rules, view, trade)
    if reason is None or not view.is_open or not trade.pairs:
        return intents
    closing = _closing(rules, view, trade, reason)
    if closing is not None:
        intents.append(closing)
    return intents


def _closing(rules: StrangleRules, view: MarketView, trade: Trade, reason: str) -> SendOrder | None:
    legs = trade.closing_pairs
    mid, natural = view.net_mid(legs), view.net_natural(legs)
    if mid is None or natural is None:
        return None
    # A target may be worked from the mid; a stop or the date has to be filled, so it starts at the side that is there.
    units = _units(legs)
    start = mid if reason == "target" else natural + rules.reprice_step * units
    net = (start / units + rules.reprice_step * trade.attempts).quantize(_CENT, ROUND_HALF_EVEN)
    inputs = {"mid_cost": mid}
    if trade.credit is not None:
        inputs["credit"] = trade.credit
    # The engine refuses a net price of zero.
    return SendOrder(trade.id, NAME, f"close:{reason}", legs, units, net or _CENT, reason, inputs=inputs)


def _units(legs: Sequence[tuple[str, int]]) -> int:
    return gcd(*(abs(quantity) for _, quantity in legs)) or 1


def _rested(rules: StrangleRules, trade: Trade, now: datetime) -> bool:
    return trade.working is not None and (now - trade.working.sent_at).total_seconds() >= rules.reprice_minutes * 60
