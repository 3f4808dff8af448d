"""The IPMCC's rules on volume, on the level of the pull-back, and on a long call that has lost a fifth."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal

import pytest

from tests.algorithm.support import clock, view
from tomking.kernel.indicators import lower_band
from tomking.kernel.occ import occ_text, parse_occ
from tomking.kernel.parameters import default_values
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.intents import PassEntry, PlanTrade, SendOrder
from tomking.strategies.ipmcc import LEAP, WEEKLY, Ipmcc
from tomking.strategies.market_view import Chain, ChainRow, DailyBar, MarketView, Quote

FRIDAY = clock("2020-01-17T12:00")
YEAR, WEEK = date(2021, 1, 15), date(2020, 1, 24)
LONG = occ_text("SPY", YEAR, "C", Decimal(300))
BARS = tuple(
    DailyBar(date(2019, 10, 1) + timedelta(days=n), *(Decimal(one) for one in (p, p + 2, p - 2, p)))
    for n, p in enumerate([318, 322] * 30)
)
"""Closes that swing two around 320: the band lies four below its mean, the true range is six."""


def rules(**changes: str) -> Ipmcc:
    return Ipmcc.from_values(default_values() | {f"ipmcc.{name}": text for name, text in changes.items()})


def seen(price: str = "318", **changes: object) -> MarketView:
    return replace(view(FRIDAY), price=Decimal(price), daily_bars=BARS, **changes)  # type: ignore[arg-type]


def row(key: str, strike: int, expiry: date, volume: int | None = None) -> ChainRow:
    return ChainRow(key, Decimal(strike), "C", expiry, Decimal("0.8"), None, volume)


def bought(price: str, **changes: str) -> str:
    (found,) = rules(**changes).propose(Chain((row(LONG, 300, YEAR),)), seen(price), Book())
    assert isinstance(found, PlanTrade | PassEntry)
    return "bought" if isinstance(found, PlanTrade) else found.reason


@pytest.mark.parametrize(
    ("pull_back", "price", "answer"),
    [("average", "320", "bought"), ("average", "322.4", "at_high"), ("band", "317", "not_pulled_back"),
     ("band", "316", "bought"), ("atr", "303", "not_pulled_back"), ("atr", "301", "bought")],
)  # fmt: skip
def test_the_long_call_waits_for_the_level_that_is_chosen(pull_back: str, price: str, answer: str) -> None:
    assert bought(price, pull_back=pull_back) == answer


def test_the_band_is_two_deviations_below_the_mean_and_unknown_without_its_sessions() -> None:
    assert lower_band(BARS, 20, Decimal(2)) == Decimal(316)
    assert lower_band(BARS[:19], 20, Decimal(2)) is None


@pytest.mark.parametrize(("volume", "answer"), [(999, "volume_low"), (1000, "bought"), (None, "bought")])
def test_a_long_call_that_trades_too_little_is_not_bought_where_its_volume_is_known(
    volume: int | None, answer: str
) -> None:
    strict = rules(leap_volume="1000")
    (found,) = strict.propose(Chain((row(LONG, 300, YEAR, volume),)), seen(), Book())
    assert isinstance(found, PlanTrade | PassEntry)
    assert ("bought" if isinstance(found, PlanTrade) else found.reason) == answer
    (found,) = rules().propose(Chain((row(LONG, 300, YEAR, 0),)), seen(), Book())
    assert isinstance(found, PlanTrade)


def leap(quantity: int = 2) -> Trade:
    return Trade(
        "ipmcc-20191202-1", "ipmcc", "SPY", "open", (Leg(LONG, quantity),), YEAR, date(2019, 12, 2),
        credit=Decimal(-30) * quantity, stance="long", part=LEAP,
    )  # fmt: skip


@pytest.mark.parametrize(("worth", "strike", "count"), [("29", 318, -2), ("25.4", 318, -1), ("24", 300, -1)])
def test_from_a_fifth_lost_the_weekly_call_is_sold_at_the_long_calls_strike_or_below(
    worth: str, strike: int, count: int
) -> None:
    quote = Quote(Decimal(worth), Decimal(worth), FRIDAY.replace(tzinfo=UTC))
    keys = {one: occ_text("SPY", WEEK, "C", Decimal(one)) for one in range(296, 325)}
    chain = Chain(tuple(row(key, one, WEEK) for one, key in keys.items()))
    (found,) = rules(strikes_below="0").propose(chain, seen(quotes={LONG: quote}), Book({leap().id: leap()}))
    assert isinstance(found, PlanTrade)
    assert [(parse_occ(one.key).strike, one.quantity) for one in found.legs] == [(Decimal(strike), count)]


def test_a_call_below_the_long_calls_strike_plans_the_loss_that_the_cover_leaves() -> None:
    key = occ_text("SPY", WEEK, "C", Decimal(296))
    weekly = Trade(
        "ipmcc-20200117-2", "ipmcc", "SPY", "planned", (Leg(key, -1),), WEEK, FRIDAY.date(), stance="covered",
        part=WEEKLY, parent=leap().id,
    )  # fmt: skip
    now = FRIDAY.replace(tzinfo=UTC)
    quotes = {key: Quote(Decimal("22.4"), Decimal("22.6"), now), LONG: Quote(Decimal(24), Decimal(24), now)}
    market = seen("318", quotes=quotes)
    orders = rules().manage(market, Book({one.id: one for one in (leap(), weekly)}))
    (order,) = [one for one in orders if isinstance(one, SendOrder)]
    assert order.planned_loss == 0
    poor = seen("297", quotes={**quotes, key: Quote(Decimal("2.4"), Decimal("2.6"), now)})
    (order,) = [
        one
        for one in rules().manage(poor, Book({one.id: one for one in (leap(), weekly)}))
        if isinstance(one, SendOrder)
    ]
    assert order.planned_loss == Decimal(300 - 296) - Decimal("2.5")
