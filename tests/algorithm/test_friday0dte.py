"""The Friday 0DTE on paper: which side is sold, where, how much, and how the day ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.algorithm.paper import Bar, PaperMarket
from tomking.kernel.occ import parse_occ
from tomking.kernel.parameters import default_values
from tomking.kernel.readings import Reading
from tomking.kernel.sessions import NEW_YORK, next_session
from tomking.strategies.book import Book, Trade, Working
from tomking.strategies.friday0dte import Friday0dte
from tomking.strategies.intents import (
    AbandonTrade,
    CancelOrder,
    PassEntry,
    PlanTrade,
    ReportLate,
    SendOrder,
    WatchQuotes,
)
from tomking.strategies.market_view import Chain, DailyBar, MarketView

RULES = Friday0dte.from_values(default_values())
FRIDAY = datetime.fromisoformat("2020-01-17T11:00")
BARS = tuple(
    DailyBar(date(2019, 12, 1) + timedelta(days=n), *(Decimal(p) for p in ("320", "322", "318", "320")))
    for n in range(20)
)


def seen(when: datetime = FRIDAY, price: str = "320", **changes: Any) -> MarketView:
    now = when.replace(tzinfo=NEW_YORK).astimezone(UTC)
    made = MarketView(
        now=now,
        local=when,
        next_session=next_session(when.date()),
        is_open=True,
        underlying="SPY",
        price=Decimal(price),
        equity=Decimal(250_000),
        session_open=Decimal(320),
        daily_bars=BARS,
        vix=Reading(Decimal(16), now, "index"),
        events=(),
    )
    return replace(made, **changes)


def propose(view: MarketView, rules: Friday0dte = RULES) -> PlanTrade | PassEntry:
    market = PaperMarket()
    market.bar = Bar(view.local, float(view.price or 0), 0.20, None)
    request = rules.chain_request(view, Book())
    assert request is not None
    (found,) = rules.propose(Chain(market.chain(request)), view, Book())
    assert isinstance(found, PlanTrade | PassEntry)
    return found


def sides(plan: PlanTrade | PassEntry) -> list[tuple[str, Decimal, int]]:
    assert isinstance(plan, PlanTrade)
    return [(parse_occ(leg.key).call_put, parse_occ(leg.key).strike, leg.quantity) for leg in plan.legs]


def test_a_rise_sells_a_call_spread_a_fall_a_put_spread_and_neither_a_condor() -> None:
    assert {side for side, _, _ in sides(propose(seen(price="321.61")))} == {"C"}
    assert {side for side, _, _ in sides(propose(seen(price="318.39")))} == {"P"}
    assert [side for side, _, _ in sides(propose(seen(price="321.60")))] == ["P", "P", "C", "C"]


def test_short_strikes_keep_their_bounds_of_delta_and_wings_their_width() -> None:
    (_, put, sold), (_, wing, bought), (_, call, _), (_, far, _) = sides(propose(seen()))
    assert (sold, bought) == (-5, 5)
    assert put - wing == far - call == 3
    assert put < 320 < call
    market = PaperMarket()
    market.bar = Bar(FRIDAY, 320.0, 0.20, None)
    request = RULES.chain_request(seen(), Book())
    assert request is not None
    deltas = {row.strike: abs(row.delta or Decimal(0)) for row in market.chain(request) if row.call_put == "P"}
    assert deltas[put] <= RULES.highest_delta


def test_the_tested_side_has_the_wider_wing_where_the_wing_is_broken() -> None:
    rules = Friday0dte.from_values(default_values() | {"friday0dte.broken_wing": "true"})
    found = {side: abs(a - b) for side, a, b in _widths(sides(propose(seen(price="321"), rules)))}
    assert found == {"P": 3, "C": 5}


def _widths(legs: list[tuple[str, Decimal, int]]) -> list[tuple[str, Decimal, Decimal]]:
    return [(legs[n][0], legs[n][1], legs[n + 1][1]) for n in range(0, len(legs), 2)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"vix": Reading(Decimal(40), datetime(2020, 1, 17, tzinfo=UTC), "index")}, "vix_block"),
        ({"events": None}, "events_unknown"),
        ({"events": ("CPI",)}, "event_day"),
        ({"events": ("FOMC",)}, "event_day"),
        ({"session_open": None}, "no_open"),
        ({"daily_bars": BARS[:14]}, "no_history"),
        ({"equity": Decimal(29_999)}, "no_size"),
        ({"equity": None}, "no_size"),
        ({"size_factor": Decimal("0.1")}, "no_size"),
    ],
)
def test_a_day_is_passed_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    assert propose(seen(**changes)) == PassEntry("friday0dte", "SPY", reason)


@pytest.mark.parametrize(
    ("equity", "contracts"), [(30_000, 1), (49_999, 2), (75_000, 3), (149_999, 4), (150_000, 5), (9_000_000, 5)]
)
def test_the_ladder_of_sizes_ends_at_five(equity: int, contracts: int) -> None:
    assert sides(propose(seen(equity=Decimal(equity))))[0][2] == -contracts


def opened(view: MarketView) -> tuple[Trade, PaperMarket]:
    plan = propose(view)
    assert isinstance(plan, PlanTrade)
    market = PaperMarket()
    market.bar = Bar(view.local, float(view.price or 0), 0.20, None)
    trade = Trade(
        "friday0dte-20200117-1", "friday0dte", "SPY", "open", plan.legs, plan.expiry, view.day, credit=Decimal(5)
    )
    return trade, market


def priced(market: PaperMarket, trade: Trade, when: datetime, price: str) -> MarketView:
    market.bar = Bar(when, float(price), 0.20, None)
    now = when.replace(tzinfo=NEW_YORK).astimezone(UTC)
    return seen(when, price, quotes={key: market.quote(key, now) for key, _ in trade.pairs})


def test_the_day_takes_any_profit_then_closes_whatever_is_left() -> None:
    trade, market = opened(seen())
    sold = {(parts := parse_occ(key)).call_put: parts.strike for key, held in trade.pairs if held < 0}
    near = str(sold["C"] - Decimal("0.30"))
    profit = priced(market, trade, FRIDAY.replace(hour=14, minute=30), near)
    worth = profit.net_mid(trade.closing_pairs)
    assert worth is not None
    small = replace(trade, credit=worth * Decimal("1.2"))
    assert RULES.exit_reason(small, priced(market, trade, FRIDAY.replace(hour=14, minute=29), near)) is None
    assert RULES.exit_reason(small, profit) == "profit"
    assert RULES.exit_reason(replace(trade, credit=worth), profit) is None
    assert RULES.exit_reason(small, priced(market, trade, FRIDAY.replace(hour=15), near)) == "time"
    touched = priced(market, trade, FRIDAY.replace(hour=14, minute=45), str(sold["C"]))
    assert RULES.exit_reason(replace(trade, credit=worth), touched) == "touched"


def test_half_the_credit_is_the_target_and_twice_the_credit_the_stop() -> None:
    trade, market = opened(seen())
    view = priced(market, trade, FRIDAY.replace(hour=12), "320")
    worth = view.net_mid(trade.closing_pairs)
    assert worth is not None
    assert RULES.exit_reason(replace(trade, credit=worth * 2), view) == "target"
    assert RULES.exit_reason(replace(trade, credit=worth / Decimal("3.001")), view) == "stop"
    assert RULES.exit_reason(replace(trade, credit=worth / Decimal("2.9")), view) is None


def test_being_alive_after_the_last_exit_is_put_on_record() -> None:
    trade, market = opened(seen())
    view = priced(market, trade, FRIDAY.replace(hour=15, minute=31), "320")
    late, order = RULES.manage(view, Book({trade.id: trade}))
    assert late == ReportLate(trade.id, "alive_after_last_exit")
    assert isinstance(order, SendOrder)
    assert order.action == "close:time"


def test_an_opening_risks_no_more_than_its_wings() -> None:
    trade, market = opened(seen())
    planned = replace(trade, state="planned", credit=None)
    (order,) = RULES.manage(priced(market, trade, FRIDAY, "320"), Book({trade.id: planned}))
    assert isinstance(order, SendOrder)
    assert order.planned_loss is not None
    assert order.planned_loss <= 5 * (3 + order.net)
    assert order.planned_loss <= 5 * 2 * -order.net


def test_quotes_in_reach_are_watched_from_the_first_bar_on_and_once() -> None:
    early = seen(FRIDAY.replace(hour=10, minute=0))
    market = PaperMarket()
    market.bar = Bar(early.local, 320.0, 0.20, None)
    request = RULES.chain_request(early, Book())
    assert request is not None
    (found,) = RULES.propose(Chain(market.chain(request)), early, Book())
    assert isinstance(found, WatchQuotes)
    strikes = {parse_occ(key).strike for key in found.keys}
    # Four is the average true range: six on either side, and the wider wing.
    assert (min(strikes), max(strikes)) == (Decimal(309), Decimal(331))
    watched = Book()
    watched.consider("friday0dte", "SPY", early.day, found.part)
    assert RULES.chain_request(early, watched) is None
    assert RULES.chain_request(seen(), watched) is not None


def test_a_plan_is_given_up_once_its_strike_is_touched_or_too_near_and_a_resting_order_is_taken_back() -> None:
    plan = propose(seen(price="323"))
    assert isinstance(plan, PlanTrade)
    sold = plan.legs[0].key
    trade = Trade("t", "friday0dte", "SPY", "planned", plan.legs, plan.expiry, FRIDAY.date())
    touched = seen(price=str(parse_occ(sold).strike))
    near = seen(price="323", deltas={sold: Decimal("0.30")})
    for view, reason in ((touched, "touched"), (near, "too_near")):
        assert RULES.manage(view, Book({"t": trade})) == (AbandonTrade("t", reason),)
        resting = replace(trade, working=Working("open", view.now, Decimal("-0.5"), 1, (1, 2)))
        assert RULES.manage(view, Book({"t": resting})) == (CancelOrder("t", reason),)
    far = seen(price="323", deltas={sold: Decimal("0.29")})
    assert RULES.manage(far, Book({"t": trade})) == ()
