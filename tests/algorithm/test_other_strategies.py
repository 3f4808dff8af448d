"""IPMCC, LEAP ladder and insurance on paper; the strangle's filters and defence."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.algorithm.paper import PaperAccount, hourly, sessions
from tests.algorithm.support import CALL, PUT, clock, open_trade, values, view
from tomking.kernel.occ import parse_occ
from tomking.kernel.parameters import default_values
from tomking.kernel.readings import Reading
from tomking.strategies.book import Book
from tomking.strategies.intents import PassEntry, PlanTrade, ReportLate, SendOrder
from tomking.strategies.market_view import Chain
from tomking.strategies.registry import make_strategies
from tomking.strategies.strangle import Strangle

DAYS = sessions("2019-03-01", "2019-12-31")
NOON = clock("2020-01-14T12:00")


def run(name: str, path: list[tuple[float, float, float | None]], **changes: str) -> PaperAccount:
    table = default_values() | {f"{name}.{key}": text for key, text in changes.items()}
    one = PaperAccount(make_strategies((name,), table), table)
    for _ in one.run(hourly(DAYS, path)):
        pass
    return one


def waves(height: float, drift: float = 0.0, vix: float | None = 18.0) -> list[tuple[float, float, float | None]]:
    return [(300 + drift * n + height * math.sin(n / 35), 0.18, vix) for n in range(len(DAYS) * 7)]


def plans(one: PaperAccount, part: str = "") -> list[PlanTrade]:
    return [intent for _, intent in one.done if isinstance(intent, PlanTrade) and intent.part == part]


@pytest.fixture(scope="module")
def covered() -> PaperAccount:
    return run("ipmcc", waves(6.0))


def test_one_deep_call_a_year_out_carries_a_call_each_week(covered: PaperAccount) -> None:
    leaps, weeklies = plans(covered, "leap"), plans(covered, "weekly")
    assert len(leaps) >= 1
    assert len(weeklies) > 20
    for plan in weeklies:
        assert plan.parent is not None
        assert plan.stance == "covered"
        assert 4 <= (plan.expiry - next(d for d, i in covered.done if i is plan).date()).days <= 10


def test_a_weekly_call_is_never_sold_out_of_the_money(covered: PaperAccount) -> None:
    for plan in plans(covered, "weekly"):
        strike, price = (Decimal(text) for text in plan.reason.removeprefix("strike ").split(" at "))
        assert strike <= price


def test_a_weekly_call_lives_only_beside_its_long_call_and_is_an_exception_on_record(covered: PaperAccount) -> None:
    calls = {(intent.strategy, intent.action) for _, intent in covered.done if isinstance(intent, SendOrder)}
    assert ("ipmcc", "close:target") in calls
    reports = [intent for _, intent in covered.done if isinstance(intent, ReportLate)]
    assert {one.reason for one in reports} == {"covered_weekly_call"}


def test_the_long_call_is_not_bought_at_a_high_nor_above_its_average() -> None:
    assert plans(run("ipmcc", waves(0.0, drift=0.05)), "leap") == []


def test_the_long_call_is_left_after_a_loss_of_thirty_percent_and_the_sold_call_first() -> None:
    crash: list[tuple[float, float, float | None]] = [
        (300 - 3 * math.sin(n / 30) - max(0, n - 700) * 0.08, 0.18, 18.0) for n in range(len(DAYS) * 7)
    ]
    one = run("ipmcc", crash, extended_share="0.10")
    stops = [
        (when, intent) for when, intent in one.done if isinstance(intent, SendOrder) and intent.action == "close:stop"
    ]
    assert stops
    leap = next(intent for _, intent in stops if intent.legs[0][1] < 0)
    assert leap.legs[0][1] == -1


@pytest.fixture(scope="module")
def ladder() -> PaperAccount:
    return run("leap_ladder", waves(4.0))


def test_rungs_are_sold_on_mondays_a_year_out_in_turn_of_their_deltas(ladder: PaperAccount) -> None:
    assert plans(ladder)
    for when, intent in ladder.done:
        if isinstance(intent, PlanTrade):
            assert when.weekday() == 0 or when.date() - timedelta(days=1) not in DAYS
            assert 305 <= (intent.expiry - when.date()).days <= 425
            assert intent.legs[0].quantity == -1
            delta = abs(Decimal(intent.reason.removeprefix("put delta ")))
            assert Decimal("0.09") < delta < Decimal("0.17")


def test_a_rung_leaves_at_thirty_percent_of_its_credit(ladder: PaperAccount) -> None:
    assert {trade.ended_by or cause for trade, cause in ladder.ended} <= {"close:target", "close:stop", "close:roll"}
    assert any(cause == "close:target" for _, cause in ladder.ended)


def test_no_rung_is_sold_while_vix_is_low_or_the_account_small() -> None:
    low = run("leap_ladder", waves(4.0, vix=14.9))
    assert plans(low) == []
    assert {intent.reason for _, intent in low.done if isinstance(intent, PassEntry)} == {"vix_low"}


def test_insurance_is_off_until_a_parameter_turns_it_on_and_keeps_its_budget() -> None:
    assert run("insurance_puts", waves(4.0)).done == []
    one = run("insurance_puts", waves(4.0), enabled="true", budget="0.01")
    assert {plan.stance for plan in plans(one)} == {"hedge"}
    orders = [intent for _, intent in one.done if isinstance(intent, SendOrder) and intent.action == "open"]
    assert orders
    assert all(0 < order.net * 100 <= 2500 for order in orders)
    assert all(parse_occ(order.legs[0][0]).strike < 300 for order in orders)


def propose(rules: Strangle, **changes: object) -> PlanTrade | PassEntry:
    (found,) = rules.propose(Chain(()), replace(view(NOON), **changes), Book())  # type: ignore[arg-type]
    assert isinstance(found, PlanTrade | PassEntry)
    return found


def test_a_strangle_passes_in_calm_and_where_its_volatility_ranks_low_as_far_as_known() -> None:
    rules = Strangle.from_values(values())
    calm = Reading(Decimal("12.99"), view(NOON).now, "index")
    assert propose(rules, vix=calm) == PassEntry("strangle", "SPY", "vix_low")
    assert propose(rules, iv_rank=Decimal("0.29")) == PassEntry("strangle", "SPY", "iv_rank_low")
    assert propose(rules, iv_rank=Decimal("0.30")) == PassEntry("strangle", "SPY", "no_chain")
    assert propose(rules, size_factor=Decimal("0.99")) == PassEntry("strangle", "SPY", "no_size")


def test_scaling_by_vix_is_off_and_where_it_is_on_it_ends_at_twice_the_size() -> None:
    plain = Strangle.from_values(values(quantity="4"))
    scaled = Strangle.from_values(values(quantity="4", vix_scaling="true"))
    for vix, wanted in ((10, 2), (20, 4), (30, 6), (80, 8)):
        seen = replace(view(NOON), vix=Reading(Decimal(vix), view(NOON).now, "index"))
        assert (plain._quantity(seen), scaled._quantity(seen)) == (4, wanted)
        assert scaled._quantity(replace(seen, size_factor=Decimal("0.5"))) == wanted // 2


def test_a_tested_side_is_closed_alone_and_the_whole_trade_at_the_higher_delta() -> None:
    rules, trade = Strangle.from_values(values()), open_trade()
    seen = view(clock("2020-01-28T12:00"), holdings={PUT: -1, CALL: -1})

    def orders(**deltas: str) -> list[SendOrder]:
        known = {PUT: Decimal(deltas.get("put", "-0.10")), CALL: Decimal(deltas.get("call", "0.10"))}
        found = rules.manage(replace(seen, deltas=known), Book({trade.id: trade}))
        return [one for one in found if isinstance(one, SendOrder)]

    assert orders() == []
    (tested,) = orders(put="-0.25")
    assert (tested.action, tested.legs) == ("close:tested", ((PUT, 1),))
    (whole,) = orders(call="0.30")
    assert (whole.action, len(whole.legs)) == ("close:defence", 2)
