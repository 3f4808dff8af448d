"""Puts sold while VIX is high: off by default, each vehicle by its own figures, never above a cap."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.algorithm.support import clock, view
from tomking.kernel.limits.margin import OptionLeg, estimate_margin
from tomking.kernel.occ import occ_text, parse_occ
from tomking.kernel.parameters import default_values
from tomking.kernel.readings import Reading
from tomking.strategies.book import Book
from tomking.strategies.decisions import decide
from tomking.strategies.high_vix_puts import HighVixPuts
from tomking.strategies.intents import PassEntry, PlanTrade
from tomking.strategies.market_view import Chain, ChainRow, MarketView

ON = default_values() | {"high_vix_puts.enabled": "true"}
MONDAY = clock("2020-03-23T12:00")
THREE = ON | {
    "high_vix_puts.vehicle": "SPY+QQQ+IWM", "high_vix_puts.stands_for": "SPY+ES+IWM", "high_vix_puts.days": "45+60+45",
    "high_vix_puts.deltas": "0.20+0.15+0.25", "high_vix_puts.shares": "0.30+0.30+0.20",
    "high_vix_puts.quantity": "20",
}  # fmt: skip


def seen(vix: str | None = "32", underlying: str = "SPY", **changes: object) -> MarketView:
    made = view(MONDAY)
    level = None if vix is None else Reading(Decimal(vix), made.now, "index")
    return replace(made, vix=level, underlying=underlying, **changes)  # type: ignore[arg-type]


def chain(days: int = 45, underlying: str = "SPY") -> Chain:
    expiry = MONDAY.date() + timedelta(days=days)
    return Chain(
        tuple(
            ChainRow(
                occ_text(underlying, expiry, "P", Decimal(strike)), Decimal(strike), "P", expiry,
                Decimal(strike - 320) / 100,
            )
            for strike in range(290, 320)
        )
    )  # fmt: skip


@pytest.mark.parametrize(("vix", "looks"), [("29.99", False), ("30", True), (None, False)])
def test_it_looks_on_mondays_from_its_level_of_vix_and_only_where_it_is_on(vix: str | None, looks: bool) -> None:
    assert (HighVixPuts.from_values(ON).chain_request(seen(vix), Book()) is not None) == looks
    assert HighVixPuts.from_values(default_values()).chain_request(seen(vix), Book()) is None
    tuesday = replace(seen(vix), local=MONDAY + timedelta(days=1))
    assert HighVixPuts.from_values(ON).chain_request(tuesday, Book()) is None


@pytest.mark.parametrize(("underlying", "days", "delta"), [("SPY", 45, "20"), ("QQQ", 60, "15"), ("IWM", 45, "25")])
def test_each_vehicle_has_its_own_days_and_delta(underlying: str, days: int, delta: str) -> None:
    rules = HighVixPuts.from_values(THREE)
    request = rules.chain_request(seen(underlying=underlying), Book())
    assert request is not None
    assert request.expiry_from == MONDAY.date() + timedelta(days=days - 10)
    (found,) = rules.propose(chain(days, underlying), seen(underlying=underlying), Book())
    assert isinstance(found, PlanTrade)
    assert parse_occ(found.legs[0].key).strike == Decimal(320 - int(delta))


@given(st.integers(1_000, 5_000_000), st.integers(1, 20))
def test_a_trade_takes_no_more_than_its_share_of_the_allowed_buying_power(equity: int, quantity: int) -> None:
    rules = HighVixPuts.from_values(ON | {"high_vix_puts.quantity": str(quantity)})
    market = seen(equity=Decimal(equity))
    (found,) = rules.propose(chain(), market, Book())
    if isinstance(found, PassEntry):
        assert found.reason == "no_size"
        return
    assert isinstance(found, PlanTrade)
    sold = parse_occ(found.legs[0].key)
    legs = [OptionLeg("P", sold.strike, sold.expiry, found.legs[0].quantity)]
    assert market.price is not None
    assert estimate_margin(legs, market.price, Decimal(100)) <= Decimal(equity) * Decimal("0.25") * Decimal("0.30")


@pytest.mark.parametrize(("vix", "rule"), [("32", None), ("35", "vix_stop"), ("60", "vix_close")])
def test_no_cap_is_lifted_by_it(vix: str, rule: str | None) -> None:
    verdict = decide([HighVixPuts.from_values(ON)], {"SPY": seen(vix)}, lambda _: chain(), Book(), ON)
    assert [one.refusal.rule for one in verdict.refused] == ([] if rule is None else [rule])
    assert any(isinstance(one, PlanTrade) for one in verdict.allowed) == (rule is None)
