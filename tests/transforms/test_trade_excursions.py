"""How far a trade went: exactly along prices, exactly by the engine's own trade, or bounded by its legs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.trades.excursions import EngineTrade, EngineTrades, Step, along_path
from pipelines.transforms.trades.strategy_trades import Trade, strategy_trades
from tests.transforms.trade_maker import START, Maker, option, reversed_legs

D = Decimal
PUT, CALL = option("P", 290), option("C", 310)


def closed(*legs: object, ends: str = "close") -> Trade:
    make = Maker()
    make.combo("t", [(PUT, -1), (CALL, -1)] if len(legs) == 2 else [(PUT, -1)])
    make.later(days=1)
    if ends == "close":
        make.combo("t", reversed_legs([(PUT, -1), (CALL, -1)] if len(legs) == 2 else [(PUT, -1)]))
    (trade,) = strategy_trades(make.orders, make.fills)
    return trade


def engine(*trades: tuple[tuple[int, ...], int, int]) -> EngineTrades:
    return EngineTrades(EngineTrade("run", ids, D(mae), D(mfe), D(1)) for ids, mae, mfe in trades)


def test_one_contract_has_the_excursions_of_the_engines_trade() -> None:
    found = engine(((1, 2), -70, 30)).of(closed(PUT))
    assert found is not None
    assert (found.mae, found.mfe, found.basis) == (D(-70), D(30), "closed_trade")


def test_legs_give_bounds() -> None:
    found = engine(((1, 3), -70, 30), ((2, 4), -5, 0)).of(closed(PUT, CALL))
    assert found is not None
    assert (found.mae, found.mfe, found.basis) == (D(-75), D(30), "bounds")


def test_a_leg_that_the_engine_does_not_account_for_leaves_it_unknown() -> None:
    assert engine(((1, 3), -70, 30)).of(closed(PUT, CALL)) is None
    assert engine(((1, 9), -70, 30)).of(closed(PUT)) is None
    assert engine(((1, 2), -70, 30)).of(closed(PUT, ends="open")) is None


def hour(number: int) -> dt.datetime:
    return START + dt.timedelta(hours=number)


def test_a_path_counts_prices_while_something_is_held() -> None:
    steps = [Step(hour(0), {"x": D(-1)}, D(200)), Step(hour(3), {"x": D(0)}, D(50))]
    prices = {"x": {hour(0): D(9), hour(1): D("1.2"), hour(2): D(3), hour(3): D("1.0"), hour(4): D(99)}}
    found = along_path(steps, hour(3), prices, {"x": D(100)})
    assert found is not None
    assert (found.mae, found.mfe, found.basis) == (D(-100), D(100), "quotes")


def test_a_path_without_a_price_of_every_leg_is_unknown() -> None:
    steps = [Step(hour(0), {"x": D(-1), "y": D(1)}, D(0)), Step(hour(3), {}, D(0))]
    assert along_path(steps, hour(3), {"x": {hour(1): D(1)}}, {"x": D(1), "y": D(1)}) is None


@given(st.lists(st.tuples(st.integers(1, 900), st.integers(1, 900)), min_size=1, max_size=20))
def test_the_path_of_a_spread_stays_within_the_sums_of_its_legs(quotes: list[tuple[int, int]]) -> None:
    prices = {
        name: {hour(number + 1): D(quote[place]) for number, quote in enumerate(quotes)}
        for place, name in enumerate("xy")
    }
    end = hour(len(quotes) + 1)
    both = along_path(
        [Step(hour(0), {"x": D(1), "y": D(-1)}, D(0)), Step(end, {}, D(0))], end, prices, {"x": D(1), "y": D(1)}
    )
    legs = [
        along_path([Step(hour(0), {name: D(sign)}, D(0)), Step(end, {}, D(0))], end, prices, {name: D(1)})
        for name, sign in (("x", 1), ("y", -1))
    ]
    assert both is not None
    assert sum(leg.mae for leg in legs if leg) <= both.mae <= 0 <= both.mfe <= sum(leg.mfe for leg in legs if leg)
