"""Advice about routes is a line before the order, and nothing follows from it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.algorithm.conftest import Traded
from tests.algorithm.support import journal, of_kind, publish, trade
from tomking.kernel.parameters import default_values, dump, parse

FIRST = date(2019, 12, 2)


def traded_with(store: Path, **changes: str) -> tuple[list[dict[str, object]], list[str]]:
    values = default_values() | {"strangle.entry_week": "0", "strangle.min_iv_rank": "0"}
    values |= {f"fees.{name}": text for name, text in changes.items()}
    document = dump(values, effective_from=FIRST, data_through=date(2019, 11, 29), code_version="test", evidence={})
    publish(store, parse(document))
    done = trade(store, parameters={"end": "2020-01-17", "strategies": "strangle"})
    assert done.error == ""
    return journal(store), [repr(order) for order in done.algorithm.transactions.orders.values()]


def test_an_order_that_would_cost_less_elsewhere_says_so_before_it_is_sent(traded: Traded) -> None:
    advice: list[Any] = of_kind(traded.lines, "route_advice")
    sent: list[Any] = of_kind(traded.lines, "order_sent")
    assert advice
    for line in advice:
        here, best = Decimal(line["costs"][line["present"]]), Decimal(line["costs"][line["best"]])
        assert Decimal(line["saving"]) == here - best > 0
        assert best == min(map(Decimal, line["costs"].values()))
        following = next(one for one in sent if one["seq"] > line["seq"])
        assert (following["trade_id"], following["action"]) == (line["trade_id"], line["action"])
        assert following["time"] == line["time"]


def test_the_present_route_costs_what_the_order_s_forecast_says(traded: Traded) -> None:
    forecasts: list[Any] = of_kind(traded.lines, "order_forecast")
    advice: list[Any] = of_kind(traded.lines, "route_advice")
    for line in advice:
        forecast = next(one for one in forecasts if one["seq"] > line["seq"])
        assert line["costs"][line["present"]] == forecast["total"]


def test_advice_changes_no_order_and_parameters_bound_it(tmp_path: Path) -> None:
    some, orders = traded_with(tmp_path / "some")
    silent, same = traded_with(tmp_path / "silent", route_least_saving="1000")
    alone, again = traded_with(tmp_path / "alone", routes="tastytrade")
    assert orders
    assert orders == same == again
    assert of_kind(some, "route_advice")
    assert of_kind(silent, "route_advice") == of_kind(alone, "route_advice") == []
