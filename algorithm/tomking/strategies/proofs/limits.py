"""Proofs of the limits and brakes: each is fed a breach through the gate that trades.

Holds: one proof per limit, and the table `PROOFS` of them.
Belongs here: a breach of a rule of the whole portfolio.
Never here: breaches of a single strategy (`rules`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tomking.kernel.entry_block import EntryBlock
from tomking.kernel.limits.brakes import Seen, advance
from tomking.kernel.limits.crisis import check_crisis, exceeds_cap
from tomking.kernel.limits.guards import GuardState
from tomking.kernel.limits.inputs import judge_vix
from tomking.kernel.readings import Reading
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.gate import judge
from tomking.strategies.market_view import Quote
from tomking.strategies.proofs.material import (
    BEFORE,
    EXPIRY,
    RICH,
    STRANGLE,
    brakes_after,
    made_book,
    made_key,
    made_look,
    made_order,
    made_plan,
    made_slide,
    made_view,
    refused_by,
    stopped_by,
)
from tomking.strategies.strangle import Strangle
from tomking.strategies.working_orders import ROLLING

Values = Mapping[str, str]
Prove = Callable[[Values], str | None]


def _max_open(values: Values) -> str | None:
    strategy = Strangle.from_values(values)
    book = made_book(*["CL"] * strategy.max_open, strategy="strangle")
    plan = made_plan(product="CL")
    verdict = judge([plan], book, {"SPY": made_view()}, values, max_open={"strangle": strategy.max_open})
    return verdict.refused[0].refusal.rule if verdict.refused else None


def _used(share: str, values: Values, **changes: Any) -> str | None:
    return refused_by(made_plan(), values, view=made_view(margin_used=Decimal(share) * RICH, **changes))


def _entry_share(values: Values) -> str | None:
    return refused_by(made_plan(legs=tuple(replace(leg, quantity=-20) for leg in STRANGLE)), values)


def _hedge(values: Values) -> str | None:
    return refused_by(made_plan(legs=(Leg(made_key("P", 300), -2, "naked"),)), values)


def _cover(values: Values) -> str | None:
    plan = made_plan(
        strategy="ipmcc", legs=(Leg(made_key("C", 320), -1),), stance="covered", part="weekly", parent="none"
    )
    return refused_by(plan, values)


def _group_risk(values: Values) -> str | None:
    """Trades of unknown risk count in full; as many of them as the group's share has room for, and two more."""
    room = Decimal(values["limits.group_risk"]) / Decimal(values["limits.risk_per_trade"])
    book = made_book(*["SPY"] * (int(room) + 2))
    own = Trade("strangle-20200102-own", "strangle", "SPY", "planned", STRANGLE, EXPIRY, date(2020, 1, 14))
    book.put(own)
    order = replace(made_order(tuple((leg.key, leg.quantity) for leg in STRANGLE), "0.01"), trade_id=own.id)
    return refused_by(order, values, book)


def _fresh_inputs(values: Values) -> str | None:
    view = made_view()
    old = view.now - timedelta(days=2)
    quotes = {leg.key: Quote(Decimal(1), Decimal("1.1"), old) for leg in STRANGLE}
    order = made_order(tuple((leg.key, leg.quantity) for leg in STRANGLE), "1")
    return refused_by(order, values, view=replace(view, quotes=quotes))


def _vix_health(values: Values) -> str | None:
    now = datetime(2024, 8, 5, 12, 0, tzinfo=UTC)
    print_ = Reading(Decimal("65.7"), now, "index")
    before = Reading(Decimal("23.4"), now - timedelta(days=3), "index")
    judged = (
        judge_vix(print_, before, now, values),
        judge_vix(replace(print_, observed_at=now - timedelta(days=30)), None, now, values),
        judge_vix(replace(print_, source="chain"), None, now, values),
        judge_vix(replace(print_, value=Decimal(900)), None, now, values),
    )
    return None if any(one.may_close for one in judged) else "vix_health"


def _crisis_rehearsal(values: Values) -> str | None:
    view, loss = made_view(), Decimal(values["limits.crisis_loss"]) + Decimal("0.01")
    is_blocked, cap = exceeds_cap(loss, values)
    block = EntryBlock("a proof", is_blocked, view.day, view.day, "2020-03", loss, cap)
    verdict = judge(
        [made_plan()], Book(), {"SPY": view}, values, max_open={"strangle": 9}, stop=check_crisis(block, view.day)
    )
    return verdict.refused[0].refusal.rule if verdict.refused else None


def _regime_size(values: Values) -> str | None:
    larger = brakes_after(values, made_look(regime_multiplier=Decimal(3)))
    smaller = brakes_after(values, made_look(regime_multiplier=Decimal("0.4")))
    held = larger.size_factor <= 1 and smaller.size_factor == Decimal("0.4")
    return "regime_size" if held else None


def _halved(values: Values) -> str | None:
    return "drawdown_halve" if brakes_after(values, *made_slide(89_000)).size_factor <= Decimal("0.5") else None


def _closing(values: Values, *looks: Seen) -> str | None:
    found = brakes_after(values, *looks)
    return found.closing_rule if found.closing != "none" else None


def _losers(values: Values) -> str | None:
    """Between the levels that close losers and all of them; a drawdown may come first and closes more."""
    return _closing(values, made_look(), made_look(84_500, days=0.01))


def _promotion(values: Values) -> str | None:
    """Grown into phase 3 within its days and beyond them, with a loss and without: up one at a time, down at once."""
    days = int(values["limits.promotion_days"])
    sizes = [int(Decimal(values[f"limits.phase_{phase}_from"])) for phase in (2, 3, 4)]
    small, large = min(sizes), max(sizes) + 1
    state = GuardState()
    seen = []
    for look in (
        made_look(small - 1),
        made_look(large, days=days - 1),
        made_look(large, days=days),
        made_look(large, days=days + 1),
        made_look(small - 1, days=days + 2),
    ):
        state, _ = advance(state, look, values)
        seen.append(state.phase)
    deep, _ = advance(
        replace(state, phase=1, phase_since=BEFORE, peak=Decimal(large * 2)), made_look(large, days=days * 3), values
    )
    return "promotion" if seen == [1, 1, 2, 2, 1] and deep.phase == 1 else None


def _roll(values: Values) -> str | None:
    """An order that would sell two calls for the one it buys back."""
    old, new = made_key("C", 340), made_key("C", 335)
    order = replace(made_order(((old, 1), (new, -2))), action=ROLLING)
    return refused_by(order, values, view=made_view(holdings={old: -1}))


PROOFS: Mapping[str, Prove] = {
    "never_trade": lambda values: refused_by(made_plan(product="VX"), values),
    "max_open": _max_open,
    "account_trades": lambda values: refused_by(
        made_plan(), values, made_book("CL", "GC", "6E"), made_view(equity=Decimal(20_000))
    ),
    "group_positions": lambda values: refused_by(made_plan(), values, made_book("SPY", "QQQ", "IWM")),
    "joint_groups": lambda values: refused_by(made_plan(), values, made_book("SPX", "ES", "QQQ")),
    "same_expiry": lambda values: refused_by(made_plan(), values, made_book("QQQ", expiry=EXPIRY)),
    "short_volatility": lambda values: refused_by(made_plan(), values, made_book("CL", "GC", "6E", "ZC", "LE")),
    "correlation_age": lambda values: refused_by(made_plan(), values, view=made_view(correlation_day=date(2020, 1, 1))),
    "calm_ceiling": lambda values: _used(
        "0.35", values, term_slope=Decimal("0.5"), vix=Reading(Decimal("12.5"), made_view().now, "index")
    ),
    "reserve": lambda values: _used("0.79", values),
    "buying_power_ceiling": lambda values: _used("0.595", values),
    "phase_ceiling": lambda values: refused_by(
        made_plan(), values, view=made_view(equity=Decimal(39_000), margin_used=Decimal(11_000))
    ),
    "entry_share": _entry_share,
    "margin_breaker": lambda values: _used("0.55", values, vix=Reading(Decimal(45), made_view().now, "index")),
    "crisis_rehearsal": _crisis_rehearsal,
    "currency": lambda values: refused_by(made_plan(), values, view=made_view(currency="XXX")),
    "naked_call": lambda values: refused_by(made_plan(legs=(Leg(made_key("C", 340), -1),)), values),
    "risk_per_trade": lambda values: refused_by(made_order(((made_key("P", 300), -1),), "51"), values),
    "group_risk": _group_risk,
    "promotion": _promotion,
    "hedge": _hedge,
    "roll": _roll,
    "cover": _cover,
    "crosses_zero": lambda values: refused_by(
        made_order(((made_key("P", 300), -2),), "1"), values, view=made_view(holdings={made_key("P", 300): 1})
    ),
    "more_than_held": lambda values: refused_by(
        made_order(((made_key("P", 300), 2),)), values, view=made_view(holdings={made_key("P", 300): -1})
    ),
    "drawdown_halve": _halved,
    "drawdown_stop": lambda values: stopped_by(brakes_after(values, *made_slide(84_500))),
    "drawdown_close": lambda values: _closing(values, *made_slide(80_000)),
    "drawdown_terminal": lambda values: _closing(values, made_look(), made_look(69_000, days=1)),
    "session_stop": lambda values: stopped_by(brakes_after(values, made_look(days=-0.9), made_look(89_500))),
    "session_losers": _losers,
    "session_close": lambda values: _closing(values, made_look(), made_look(79_500, days=0.01)),
    "fast_loss": lambda values: stopped_by(brakes_after(values, made_look(), made_look(96_500, days=0.003))),
    "vix_stop": lambda values: stopped_by(brakes_after(values, made_look(vix=35))),
    "vix_losers": lambda values: _closing(values, made_look(vix=40)),
    "vix_close": lambda values: _closing(values, made_look(vix=50)),
    "vix_health": _vix_health,
    "correlation_halt": lambda values: stopped_by(brakes_after(values, made_look(mean_correlation=Decimal("0.90")))),
    "regime_size": _regime_size,
    "fresh_inputs": _fresh_inputs,
}
"""The proof of each limit, by the id of its rule."""
