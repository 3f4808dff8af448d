"""What the engine's bridge would not take is refused by the stand-in as well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.lean_double.algorithm import Environment, QCAlgorithm
from tests.lean_double.data import DataFolder
from tests.lean_double.names import Market, OptionRight, OptionStyle, OrderStatus, Resolution
from tests.lean_double.orders import CashAmount, Leg
from tests.lean_double.schedule import instant
from tests.lean_double.store import ObjectStore
from tests.lean_double.symbols import Symbol

SPY = Symbol.equity("SPY")
EXPIRY = datetime.combine(date(2020, 2, 21), time())


@pytest.fixture
def algorithm(tmp_path: Path) -> QCAlgorithm:
    QCAlgorithm.environment = Environment(DataFolder(tmp_path), ObjectStore(tmp_path), {})
    made = QCAlgorithm()
    made.set_start_date(2020, 1, 6)
    made.transactions.now = made.utc_time = instant(date(2020, 1, 6), time(12))
    made.add_equity("SPY", Resolution.HOUR)
    return made


def put(strike: Any = 300.0, expiry: Any = EXPIRY) -> Symbol:
    return Symbol.create_option(SPY, Market.USA, OptionStyle.AMERICAN, OptionRight.PUT, strike, expiry)


WRONG: dict[str, Callable[[QCAlgorithm], object]] = {
    "a Decimal as a price": lambda one: one.limit_order(SPY, 1, Decimal("1.2")),  # type: ignore[arg-type]
    "a Decimal as cash": lambda one: one.set_cash(Decimal(1)),  # type: ignore[arg-type]
    "a text as a quantity": lambda one: one.market_order(SPY, "1"),  # type: ignore[arg-type]
    "legs that are no list": lambda one: one.combo_limit_order((Leg.create(SPY, 1),), 1, 1.0),  # type: ignore[arg-type]
    "half a unit": lambda one: one.combo_limit_order([Leg.create(SPY, 1)], 0.5, 1.0),  # type: ignore[arg-type]
    "half a leg": lambda _: Leg.create(SPY, 0.5),  # type: ignore[arg-type]
    "a Decimal as a strike": lambda _: put(Decimal(300)),
    "a date as an expiry": lambda _: put(300, EXPIRY.date()),
    "a Decimal as a fee": lambda _: CashAmount(Decimal(1), "USD"),  # type: ignore[arg-type]
    "a number as a log line": lambda one: one.log(1),  # type: ignore[arg-type]
    "None as a statistic": lambda one: one.set_runtime_statistic("x", None),  # type: ignore[arg-type]
    "a path as a key": lambda one: one.object_store.contains_key(Path("x")),  # type: ignore[arg-type]
    "an argument LEAN has not": lambda one: one.add_equity("SPY", Resolution.HOUR, raw=True),  # type: ignore[call-arg]
    "a function as a fee model": lambda one: one.securities[SPY].set_fee_model(print),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_argument_that_the_bridge_cannot_convert_is_a_type_error(algorithm: QCAlgorithm, name: str) -> None:
    with pytest.raises(TypeError):
        WRONG[name](algorithm)


def test_a_name_that_nothing_has_is_an_attribute_error(algorithm: QCAlgorithm) -> None:
    security = algorithm.securities[SPY]
    objects: tuple[Any, ...] = (security, security.holdings, algorithm.universe_settings)
    for one in objects:
        with pytest.raises(AttributeError):
            one.leverages = 2
        with pytest.raises(AttributeError):
            one.Price  # noqa: B018


def test_a_contract_without_a_price_becomes_no_order_and_makes_no_event(algorithm: QCAlgorithm) -> None:
    told: list[object] = []
    algorithm.on_order_event = told.append  # type: ignore[assignment, method-assign]
    option = put()
    algorithm.add_option_contract(option, Resolution.HOUR)
    (ticket,) = algorithm.combo_limit_order([Leg.create(option, -1), Leg.create(SPY, -1)], 1, -1.0, tag="x")
    assert (ticket.order_id < 0, ticket.status, told) == (True, OrderStatus.INVALID, [])
    assert "accurate price" in ticket.submit_request.response.error_message
    assert algorithm.transactions.orders == {}


def test_ratios_with_a_common_divisor_and_a_net_price_of_nothing_are_refused(algorithm: QCAlgorithm) -> None:
    for legs, limit in (([Leg.create(SPY, 2), Leg.create(put(), -2)], 1.0), ([Leg.create(SPY, 1)], 0.0)):
        with pytest.raises(ValueError, match=r"common divisor|other than 0"):
            algorithm.combo_limit_order(legs, 1, limit)
