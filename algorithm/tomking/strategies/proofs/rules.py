"""Proofs of the strategies' own rules: each is offered what it may not take.

Holds: one proof per rule, and the table `PROOFS` of them.
Belongs here: a breach of a rule that a strategy keeps by itself.
Never here: breaches of the portfolio (`limits`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tomking.kernel.readings import Reading
from tomking.kernel.vehicles import VehicleRefused, pair_vehicles
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.friday0dte import Friday0dte
from tomking.strategies.high_vix_puts import HighVixPuts
from tomking.strategies.insurance_puts import InsurancePuts
from tomking.strategies.intents import AbandonTrade, Intent, PassEntry, PlanRoll, PlanTrade, WatchQuotes
from tomking.strategies.ipmcc import Ipmcc
from tomking.strategies.leap_ladder import LeapLadder
from tomking.strategies.market_view import Chain, ChainRow, MarketView, Quote
from tomking.strategies.one_one_two import OneOneTwo
from tomking.strategies.proofs.material import BARS, EXPIRY, FRIDAY, NOON, PRICE, STRANGLE, made_key, made_view
from tomking.strategies.registry import STRATEGIES
from tomking.strategies.strangle import Strangle
from tomking.strategies.strategy import Strategy

Values = Mapping[str, str]
Prove = Callable[[Values], str | None]


def _entry_hours(values: Values) -> str | None:
    """Every strategy, at every quarter of an hour outside its own window of an entry day."""
    for name, kind in STRATEGIES.items():
        strategy = kind.from_values(values)
        first, last = values[f"{name}.entry_from"], values[f"{name}.entry_until"]
        for day in range(6, 32):
            for quarter in range(96):
                when = datetime.combine(date(2020, 1, day), datetime.min.time()) + timedelta(minutes=15 * quarter)
                clock = when.strftime("%H:%M")
                if not first <= clock <= last and _enters(strategy, made_view(when)):
                    return None
    return "entry_hours"


def _enters(strategy: Strategy, view: MarketView) -> bool:
    """Whether it would look for an entry now; quotes may be watched before."""
    if strategy.chain_request(view, Book()) is None:
        return False
    return not all(isinstance(one, WatchQuotes) for one in strategy.propose(Chain(()), view, Book()))


def _entry_days(values: Values) -> str | None:
    strategy = Friday0dte.from_values(values)
    days = (FRIDAY + timedelta(days=n) for n in range(1, 7))
    asked = [day for day in days if strategy.chain_request(made_view(day), Book()) is not None]
    return "entry_days" if not asked else None


def _open_strangle(values: Values, worth: str, when: datetime = NOON) -> str | None:
    """The exit that a strangle sold for 2.00 asks for where each leg is worth so much."""
    strategy = Strangle.from_values(values)
    quote = Quote(Decimal(worth), Decimal(worth), None)
    view = made_view(when, quotes={leg.key: quote for leg in STRANGLE})
    trade = Trade("t", "strangle", "SPY", "open", STRANGLE, EXPIRY, date(2020, 1, 14), credit=Decimal(2))
    return strategy.exit_reason(trade, view)


def _exit_dte(values: Values) -> str | None:
    day = EXPIRY - timedelta(days=int(values["strangle.exit_dte"]))
    return "exit_dte" if _open_strangle(values, "0.99", NOON.replace(month=day.month, day=day.day)) == "dte" else None


def _target(values: Values) -> str | None:
    return "profit_target" if _open_strangle(values, "0.01") == "target" else None


def _stop(values: Values) -> str | None:
    return "stop_loss" if _open_strangle(values, "9") == "stop" else None


def _friday(values: Values, rule: str, **changes: Any) -> str | None:
    strategy, view = Friday0dte.from_values(values), made_view(FRIDAY, **changes)
    (found,) = strategy.propose(Chain((_row("P", 318, FRIDAY.date()),)), view, Book())
    wanted = {"event_day", "events_unknown"} if rule == "friday0dte_events" else {"vix_block"}
    return rule if isinstance(found, PassEntry) and found.reason in wanted else None


def _events(values: Values) -> str | None:
    answers = [_friday(values, "friday0dte_events", events=events) for events in (("FOMC",), ("CPI",), None)]
    return None if None in answers else "friday0dte_events"


def _clock(values: Values) -> str | None:
    strategy = Friday0dte.from_values(values)
    legs = (Leg(made_key("C", 330, FRIDAY.date()), -1), Leg(made_key("C", 333, FRIDAY.date()), 1))
    trade = Trade("t", "friday0dte", "SPY", "open", legs, FRIDAY.date(), FRIDAY.date(), credit=Decimal(1))
    late = made_view(datetime.combine(FRIDAY.date(), strategy.close_at))
    return "friday0dte_clock" if strategy.exit_reason(trade, late) == "time" else None


def _row(call_put: str, strike: int, expiry: date, delta: str = "0.20") -> ChainRow:
    signed = Decimal(delta) * (1 if call_put == "C" else -1)
    return ChainRow(made_key(call_put, strike, expiry), Decimal(strike), call_put, expiry, signed)


def _high(values: Values) -> str | None:
    (found,) = OneOneTwo.from_values(values).propose(Chain(()), made_view(price=PRICE + 2), Book())
    return "one_one_two_high" if isinstance(found, PassEntry) and found.reason == "at_high" else None


def _in_the_money(values: Values) -> str | None:
    """Offered strikes on both sides of the price, the weekly call is sold at one that is not above it."""
    strategy = Ipmcc.from_values(values)
    leap = _leap()
    expiry = FRIDAY.date() + timedelta(days=strategy.weekly_dte)
    rows = tuple(_row("C", strike, expiry) for strike in range(305, 336))
    (found,) = strategy.propose(Chain(rows), made_view(FRIDAY), Book({leap.id: leap}))
    if not isinstance(found, PlanTrade):
        return None
    sold = Decimal(found.reason.removeprefix("strike ").partition(" ")[0])
    return "ipmcc_in_the_money" if sold <= PRICE else None


def _ladder(values: Values) -> str | None:
    view = made_view(vix=Reading(Decimal("9.9"), made_view().now, "index"))
    (found,) = LeapLadder.from_values(values).propose(Chain(()), view, Book())
    return "leap_ladder_vix" if isinstance(found, PassEntry) and found.reason == "vix_low" else None


def _insurance(values: Values) -> str | None:
    strategy = InsurancePuts.from_values({**values, "insurance_puts.enabled": "false"})
    asked = [strategy.chain_request(made_view(NOON.replace(day=day)), Book()) for day in range(1, 32)]
    return "insurance_off" if not any(asked) else None


def _too_near(values: Values) -> str | None:
    """A planned spread whose short strike was touched, and one whose delta has grown."""
    strategy, day = Friday0dte.from_values(values), FRIDAY.date()
    legs = (Leg(made_key("C", 325, day), -1), Leg(made_key("C", 328, day), 1))
    trade = Trade("t", "friday0dte", "SPY", "planned", legs, day, day)
    quotes = {leg.key: Quote(Decimal(1), Decimal(1), None) for leg in legs}
    near = made_view(FRIDAY, quotes=quotes, deltas={legs[0].key: strategy.delta_never})
    touched = made_view(FRIDAY, quotes=quotes, price=Decimal(325))
    given_up = [isinstance(one, AbandonTrade) for view in (near, touched) for one in _managed(strategy, trade, view)]
    return "friday0dte_delta" if given_up == [True, True] else None


def _managed(strategy: Strategy, trade: Trade, view: MarketView) -> tuple[Intent, ...]:
    return strategy.manage(view, Book({trade.id: trade}))


def _strangle_passes(values: Values, rule: str, reason: str, **changes: Any) -> str | None:
    """A strangle offered in a market that breaks one filter, with the others as wide as they go."""
    wide = {"strangle.vix_lowest": "0", "strangle.min_iv_rank": "0", "strangle.quantity": "20"}
    strategy = Strangle.from_values({**values, **wide})
    (found,) = strategy.propose(Chain(()), made_view(**changes), Book())
    return rule if isinstance(found, PassEntry) and found.reason == reason else None


def _event(values: Values) -> str | None:
    if int(values["strangle.event_days"]) == 0:
        return "strangle_events"
    name = values["strangle.event_names"].partition("+")[0]
    wide = {**values, "strangle.range_most": "1"}
    return _strangle_passes(wide, "strangle_events", "event_near", announced=((NOON.date(), name),))


def _range(values: Values) -> str | None:
    bars = (*BARS[:-1], replace(BARS[-1], high=PRICE * 2, low=PRICE / 2))
    return _strangle_passes(values, "strangle_range", "range_wide", daily_bars=bars)


def _rolled(values: Values) -> str | None:
    """A call that is tested as far as a roll: the put is to come nearer, or more than a roll happens."""
    strategy = Strangle.from_values(values)
    put, call = (leg.key for leg in STRANGLE)
    deltas = {put: Decimal("-0.01"), call: strategy.delta_roll_untested}
    view = made_view(deltas=deltas)
    trade = Trade("t", "strangle", "SPY", "open", STRANGLE, EXPIRY, date(2020, 1, 7), credit=Decimal(2))
    book = Book({trade.id: trade})
    if strategy.delta_roll_untested >= strategy.delta_close_tested:
        return "strangle_roll"
    if strategy.exit_reason(trade, view) is not None:
        # A tighter date or delta ends the whole trade first.
        return "exit_dte"
    if strategy.chain_request(view, book) is None:
        return None
    (found,) = strategy.propose(Chain((_row("P", 310, EXPIRY, str(strategy.put_delta)),)), view, book)
    return "strangle_roll" if isinstance(found, PlanRoll) and found.replaces == put else None


def _calls(values: Values) -> str | None:
    """Off, nothing is looked for; on, a 1-1-2 of a month gets a spread above its long put, a younger one nothing."""
    legs = (
        Leg(made_key("P", 315), 1, "hedge"), Leg(made_key("P", 310), -1, "hedge"), Leg(made_key("P", 260), -2, "naked"),
    )  # fmt: skip
    wednesday = made_view(NOON.replace(day=15))
    opened = wednesday.now - timedelta(days=int(values["one_one_two.weekly_from_days"]))
    old = Trade("t", "one_one_two", "SPY", "open", legs, EXPIRY, opened.date(), opened)
    young = replace(old, opened_at=opened + timedelta(days=1))
    off, on = (OneOneTwo.from_values({**values, "one_one_two.weekly_calls": text}) for text in ("false", "true"))
    spread = on.calls.plan((), wednesday, old, Book())
    due = [strategy.calls.due([trade], wednesday) for strategy, trade in ((off, old), (on, young), (on, old))]
    return "one_one_two_calls" if [one is not None for one in due] == [False, False, True] and spread else None


def _leap() -> Trade:
    """A long call without a known cost."""
    return Trade(
        "ipmcc-20200102-1", "ipmcc", "SPY", "open", (Leg(made_key("C", 250, date(2021, 1, 15)), 1),), date(2021, 1, 15),
        date(2020, 1, 2), stance="long", part="leap",
    )  # fmt: skip


def _bought(values: Values, rows: tuple[ChainRow, ...], **changes: Any) -> PlanTrade | PassEntry | None:
    (found,) = Ipmcc.from_values(values).propose(Chain(rows), made_view(FRIDAY, **changes), Book())
    return found if isinstance(found, PlanTrade | PassEntry) else None


def _pull_back(values: Values) -> str | None:
    """Above every level that the long call may be bought at."""
    high = (*BARS[:-30], replace(BARS[-30], high=PRICE * 2), *BARS[-29:])
    found = _bought(values, (), price=PRICE * Decimal("1.5"), daily_bars=high)
    highest = _bought(values, (), price=PRICE + 2)
    reasons = {one.reason for one in (found, highest) if isinstance(one, PassEntry)}
    return "ipmcc_pull_back" if reasons == {"not_pulled_back", "at_high"} else None


def _volume(values: Values) -> str | None:
    expiry = FRIDAY.date() + timedelta(days=int(values["ipmcc.leap_dte"]))
    row = replace(_row("C", 250, expiry, "0.80"), volume=999)
    table = {**values, "ipmcc.leap_volume": "1000", "ipmcc.pull_back": "average", "ipmcc.high_margin": "0"}
    found = _bought(table, (row,), price=PRICE - 5)
    return "ipmcc_volume" if isinstance(found, PassEntry) and found.reason == "volume_low" else None


def _below(values: Values) -> str | None:
    """The long call at three quarters of what it cost: the weekly call is sold at its strike or below."""
    strategy = Ipmcc.from_values({**values, "ipmcc.quantity": "2"})
    leap = replace(_leap(), legs=(Leg(made_key("C", 310, date(2021, 1, 15)), 2),), credit=Decimal(-80))
    quote = Quote(Decimal(30), Decimal(30), None)
    expiry = FRIDAY.date() + timedelta(days=strategy.weekly_dte)
    rows = tuple(_row("C", strike, expiry) for strike in range(300, 336))
    view = made_view(FRIDAY, quotes={leap.legs[0].key: quote})
    (found,) = strategy.propose(Chain(rows), view, Book({leap.id: leap}))
    if not isinstance(found, PlanTrade):
        return None
    sold = Decimal(found.reason.removeprefix("strike ").partition(" ")[0])
    return "ipmcc_sell_below" if sold <= Decimal(310) else None


def _high_vix(values: Values) -> str | None:
    """Off it never looks; on, it does not look while VIX is lower."""
    off = HighVixPuts.from_values({**values, "high_vix_puts.enabled": "false"})
    on = HighVixPuts.from_values({**values, "high_vix_puts.enabled": "true"})
    for day in range(1, 32):
        view = made_view(NOON.replace(day=day))
        high = replace(view, vix=Reading(Decimal(90), view.now, "index"))
        if off.chain_request(high, Book()) is not None or on.chain_request(view, Book()) is not None:
            return None
    return "high_vix_off"


def _vehicle(values: Values) -> str | None:
    del values
    try:
        pair_vehicles("MES", "MES")
    except VehicleRefused:
        return "vehicle"
    return None


PROOFS: Mapping[str, Prove] = {
    "entry_hours": _entry_hours,
    "entry_days": _entry_days,
    "exit_dte": _exit_dte,
    "profit_target": _target,
    "stop_loss": _stop,
    "friday0dte_events": _events,
    "friday0dte_vix": lambda values: _friday(
        values, "friday0dte_vix", vix=Reading(Decimal(40), made_view().now, "index")
    ),
    "friday0dte_clock": _clock,
    "one_one_two_high": _high,
    "ipmcc_in_the_money": _in_the_money,
    "leap_ladder_vix": _ladder,
    "insurance_off": _insurance,
    "friday0dte_delta": _too_near,
    "strangle_events": _event,
    "strangle_range": _range,
    "strangle_roll": _rolled,
    "one_one_two_calls": _calls,
    "ipmcc_pull_back": _pull_back,
    "ipmcc_volume": _volume,
    "ipmcc_sell_below": _below,
    "high_vix_off": _high_vix,
    "vehicle": _vehicle,
}
"""The proof of each rule, by its id."""
