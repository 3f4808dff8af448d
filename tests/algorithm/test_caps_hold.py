"""All strategies together on random markets: whatever the parameters, the regime and the events, no cap is passed."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.algorithm.paper import PaperAccount, hourly, sessions
from tomking.kernel.limits import group_name
from tomking.kernel.occ import occ_text, parse_occ
from tomking.kernel.parameter_specs import SPECS
from tomking.kernel.parameters import default_values
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.intents import PlanTrade, SendOrder
from tomking.strategies.registry import STRATEGIES, make_strategies
from tomking.strategies.strangle import Strangle

DAYS = sessions("2019-03-01", "2019-06-28")
MULTIPLIER = 100


def market(seed: int, shock: float, vix_known: bool) -> Iterator[tuple[float, float, float | None]]:
    """A random walk with one shock, volatility jumping with it."""
    draw, price, volatility = random.Random(seed), 300.0, 0.14
    for step in range(len(DAYS) * 7):
        price *= math.exp(draw.gauss(0, volatility / math.sqrt(252 * 7)))
        if step == len(DAYS) * 4:
            price, volatility = price * (1 - shock), volatility + 3 * shock
        volatility += (0.14 - volatility) * 0.003
        yield price, volatility, volatility * 100 if vix_known else None


def check_caps(account: PaperAccount) -> None:
    """The caps as the rule set states them, worked out anew from the book."""
    counted = [
        trade
        for trade in account.book.live()
        if trade.stance in ("short", "long") and not (trade.state == "open" and is_hedge_alone(trade))
    ]
    shorts = [trade for trade in counted if trade.stance == "short"]
    assert len(shorts) <= 5
    assert len([one for one in counted if group_name(one.product) == "A2"]) <= 3
    assert len({one.expiry for one in shorts}) == len(shorts)
    for trade in account.book.live():
        naked = [leg for leg in trade.legs_of("naked") if leg.quantity < 0]
        assert not naked or any(leg.quantity > 0 for leg in trade.legs_of("hedge"))
    assert sum(map(_sold_calls, _covered(account))) <= sum(
        _bought_calls(one) for one in counted if one.stance == "long"
    )


def is_hedge_alone(trade: Trade) -> bool:
    """Whether the naked puts of a 1-1-2 are gone and its debit spread is left."""
    return bool(trade.pairs) and not any(leg.quantity for leg in trade.legs if leg.role != "hedge")


def _covered(account: PaperAccount) -> list[Trade]:
    return [trade for trade in account.book.live() if trade.stance == "covered" and trade.state == "open"]


def _sold_calls(trade: Trade) -> int:
    return sum(-held for key, held in trade.pairs if held < 0 and parse_occ(key).call_put == "C")


def _bought_calls(trade: Trade) -> int:
    return sum(held for key, held in trade.pairs if held > 0 and parse_occ(key).call_put == "C")


def drawn_values(seed: int) -> dict[str, str]:
    """Every strategy and limit parameter somewhere in its bounds, the ordered pairs left alone."""
    draw, table = random.Random(seed), default_values()
    for spec in SPECS.values():
        prefix = spec.id.partition(".")[0]
        if prefix in (*STRATEGIES, "limits") and spec.kind in ("integer", "decimal") and draw.random() < 0.5:
            assert spec.lower is not None
            assert spec.upper is not None
            share = Decimal(str(round(draw.random(), 3)))
            value = spec.lower + (spec.upper - spec.lower) * share
            table[spec.id] = str(int(value) if spec.kind == "integer" else round(value, 4).normalize().__format__("f"))
    return table


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10**6),
    shock=st.sampled_from([0.0, 0.05, 0.12, 0.30]),
    vix_known=st.booleans(),
    regime=st.decimals(-1, 5, places=1) | st.none(),
    correlation=st.decimals(-1, 1, places=1) | st.none(),
)
def test_no_regime_parameter_or_shock_raises_exposure_above_a_cap(
    seed: int, shock: float, vix_known: bool, regime: Decimal | None, correlation: Decimal | None
) -> None:
    values = drawn_values(seed) if seed % 3 else default_values()
    account = PaperAccount(make_strategies(tuple(STRATEGIES), values), values)
    account.extra = {"regime_multiplier": regime, "mean_correlation": correlation}
    for decision in account.run(hourly(DAYS, market(seed, shock, vix_known))):
        check_caps(account)
        for intent in decision.allowed:
            if isinstance(intent, SendOrder) and intent.planned_loss is not None:
                assert intent.planned_loss * MULTIPLIER <= account.equity * Decimal("0.0201")
            if isinstance(intent, PlanTrade):
                assert decision.guards.closing is None


def test_every_strategy_that_is_on_trades_in_a_quiet_year() -> None:
    values = default_values()
    for name in STRATEGIES:
        account = PaperAccount(make_strategies((name,), values), values)
        for _ in account.run(hourly(DAYS, market(3, 0.03, True))):
            pass
        opened = {intent.strategy for _, intent in account.done if isinstance(intent, SendOrder)}
        assert opened == (set() if name in ("insurance_puts", "high_vix_puts") else {name})


def test_a_crash_closes_every_trade_within_the_session_that_a_brake_fires() -> None:
    values = default_values()
    expiry, opened = date(2019, 6, 21), date(2019, 3, 1)
    legs = tuple(Leg(occ_text("SPY", expiry, side, Decimal(strike)), -9) for side, strike in (("P", 270), ("C", 330)))
    trade = Trade("strangle-20190301-1", "strangle", "SPY", "open", legs, expiry, opened, credit=Decimal(20))
    calm = Strangle.from_values(values | {"strangle.stop_multiple": "5", "strangle.target_share": "0.95"})
    account = PaperAccount([calm], values, cash=Decimal(90_000), book=Book({trade.id: trade}))
    fired = []
    for decision in account.run(hourly(DAYS, market(5, 0.20, True))):
        if decision.guards.closing is not None:
            fired.append(account.market.bar.local)
        elif fired:
            assert not account.book.live()
            break
    assert fired
    assert fired[-1].date() == fired[0].date()
