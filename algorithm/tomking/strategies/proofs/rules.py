"""Proofs of the strategies' own rules: each is offered what it may not take.

Holds: one proof per rule, and the table `PROOFS` of them.
Belongs here: a breach of a rule that a strategy keeps by itself.
Never here: breaches of the portfolio (`limits`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tomking.kernel.readings import Reading
from tomking.kernel.vehicles import VehicleRefused, pair_vehicles
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.friday0dte import Friday0dte
from tomking.strategies.insurance_puts import InsurancePuts
from tomking.strategies.intents import PassEntry, PlanTrade
from tomking.strategies.ipmcc import Ipmcc
from tomking.strategies.leap_ladder import LeapLadder
from tomking.strategies.market_view import Chain, ChainRow, Quote
from tomking.strategies.one_one_two import OneOneTwo
from tomking.strategies.proofs.material import EXPIRY, FRIDAY, NOON, PRICE, STRANGLE, made_key, made_view
from tomking.strategies.registry import STRATEGIES
from tomking.strategies.strangle import Strangle

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
                if not first <= clock <= last and strategy.chain_request(made_view(when), Book()) is not None:
                    return None
    return "entry_hours"


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
    leap = Trade(
        "ipmcc-20200102-1", "ipmcc", "SPY", "open", (Leg(made_key("C", 250, date(2021, 1, 15)), 1),), date(2021, 1, 15),
        date(2020, 1, 2), stance="long", part="leap",
    )  # fmt: skip
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
    "vehicle": _vehicle,
}
"""The proof of each rule, by its id."""
