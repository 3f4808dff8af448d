"""What a run writes once a session: where the money came from, Greeks, caches, what the handlers cost."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.algorithm.conftest import Traded
from tests.algorithm.support import DATA, MAIN, journal, make_set, of_kind, publish, trade
from tests.lean_double.engine import run
from tests.lean_double.names import OrderStatus
from tomking.kernel.contracts import parse_tag

PARTS = ("theta", "delta", "gamma", "vega", "fees", "slippage", "residual")


def amount(line: dict[str, Any], name: str) -> Decimal:
    return Decimal(str(line[name]))


def test_the_parts_of_every_day_add_up_to_its_profit(traded: Traded) -> None:
    lines = of_kind(traded.lines, "attribution")
    assert len(lines) > 20
    for line in lines:
        assert sum(amount(line, part) for part in PARTS) == amount(line, "profit_loss")


def test_the_days_of_a_trade_add_up_to_its_profit_after_fees(traded: Traded) -> None:
    by_trade: dict[str, Decimal] = defaultdict(Decimal)
    fees: dict[str, Decimal] = defaultdict(Decimal)
    for line in of_kind(traded.lines, "attribution"):
        by_trade[str(line["trade_id"])] += amount(line, "profit_loss")
        fees[str(line["trade_id"])] += amount(line, "fees")
    ended = [line for line in of_kind(traded.lines, "trade_ended") if "profit_loss" in line]
    assert ended
    for line in ended:
        trade_id = str(line["trade_id"])
        assert by_trade[trade_id] == amount(line, "profit_loss") + fees[trade_id]


def test_most_of_a_run_s_profit_is_explained(traded: Traded) -> None:
    lines = of_kind(traded.lines, "attribution")
    gross = sum(abs(amount(line, part)) for line in lines for part in PARTS)
    left = sum(abs(amount(line, "residual")) for line in lines)
    assert left < Decimal("0.2") * gross


def test_every_open_trade_has_its_greeks_at_the_end_of_a_session(traded: Traded) -> None:
    lines = of_kind(traded.lines, "trade_greeks")
    assert lines
    for line in lines:
        quantities, deltas, marks = line["quantities"], line["deltas"], line["marks"]
        assert isinstance(quantities, dict)
        assert isinstance(deltas, dict)
        assert isinstance(marks, dict)
        # A Greek that is not known is left out, never 0.
        assert deltas.keys() <= quantities.keys()
        assert all(Decimal(delta) != 0 for delta in deltas.values())
        assert marks.keys() <= quantities.keys()
    sums = of_kind(traded.lines, "portfolio_greeks")
    assert {line["session_date"] for line in lines} == {line["session_date"] for line in sums}


def test_caches_count_their_misses_by_kind_and_day(traded: Traded) -> None:
    lines = of_kind(traded.lines, "cache")
    assert {line["cache"] for line in lines} == {"chains", "greeks"}
    for line in lines:
        misses = line["misses"]
        assert isinstance(misses, dict)
        assert sum(misses.values()) == line["provider_calls"]
    days = [(line["cache"], line["key_kind"], line["session_date"]) for line in lines]
    assert len(days) == len(set(days))


def test_every_order_has_a_forecast_of_its_fees_per_leg(traded: Traded) -> None:
    forecasts = {str(line["orders"]): line for line in of_kind(traded.lines, "order_forecast")}
    for sent in of_kind(traded.lines, "order_sent"):
        line = forecasts[str(sent["orders"])]
        legs = line["legs"]
        assert isinstance(legs, dict)
        assert len(legs) == len(line["orders"])  # type: ignore[arg-type]
        assert sum(Decimal(fee) for fee in legs.values()) == amount(line, "total")


def test_handlers_tell_what_they_cost_and_nothing_where_nothing_was_measured(traded: Traded, tmp_path: Path) -> None:
    assert not [line for line in of_kind(traded.lines, "metric") if str(line["name"]).startswith("handler")]
    trade(tmp_path, parameters={"end": "2019-12-06"}, started_at=None)
    figures: dict[str, list[Decimal]] = {}
    for line in of_kind(journal(tmp_path), "metric"):
        figures.setdefault(str(line["name"]), []).append(amount(line, "value"))
    assert figures.keys() == {"handler_p50", "handler_p95", "handler_p99", "handler_total"}
    for p50, p95, p99, total in zip(*(figures[name] for name in sorted(figures)), strict=True):
        assert 0 < p50 <= p95 <= p99 <= total


def test_an_event_that_comes_twice_counts_once(traded: Traded) -> None:
    done = traded.run.algorithm
    event = next(one for one in done.transactions.events if one.status == OrderStatus.FILLED)
    events = done.runner._events  # type: ignore[attr-defined]
    before = events._journal.entries
    events.on_event(event)
    assert events._journal.entries == before


@pytest.mark.parametrize("brokerage", ["tastytrade", "schwab", "ibkr"])
def test_the_schedule_can_be_the_engine_s_fee_model(tmp_path: Path, brokerage: str) -> None:
    parameters = {"end": "2020-01-10", "fee_model": "schedule", "brokerage": brokerage, "strategies": "strangle"}
    publish(tmp_path, make_set(date(2019, 12, 2), date(2019, 11, 29)))
    trade(tmp_path, parameters=parameters)
    forecasts = of_kind(journal(tmp_path), "fee_forecast")
    assert forecasts
    for line in forecasts:
        # LEAN asks once per order, with its own idea of the price: only what depends on the price may differ.
        assert abs(amount(line, "modelled") - amount(line, "total")) <= Decimal("0.02")


def test_an_exception_is_written_down_and_the_next_slice_goes_on(tmp_path: Path) -> None:
    from tomking.adapters.market import Market  # noqa: PLC0415 - needs the stand-in's names

    real, failed = Market.note_data, list[int]()

    def once(self: Market, *arguments: Any) -> None:
        if len(failed) < 2:
            failed.append(1)
            raise KeyError("KeyNotFoundException: The given key was not present in the dictionary.")
        real(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Market, "note_data", once)
        done = trade(tmp_path, parameters={"end": "2019-12-13"})
    assert done.error == ""
    errors = of_kind(journal(tmp_path), "error")
    assert [line["where"] for line in errors] == [errors[0]["where"]] * 2
    assert str(errors[0]["where"]).startswith("on_data once:")


def test_what_keeps_failing_ends_the_run_with_its_error(tmp_path: Path) -> None:
    from tomking.adapters.market import Market  # noqa: PLC0415 - needs the stand-in's names

    def always(self: Market, *arguments: Any) -> None:
        raise RuntimeError("lost")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Market, "note_data", always)
        done = run(MAIN, DATA, tmp_path, {"end": "2019-12-13"}, algorithm_id="1000000001")
    assert done.error == "RuntimeError: lost"
    assert len(of_kind(journal(tmp_path), "error")) == 3


def test_every_tag_can_be_read_back(traded: Traded) -> None:
    for line in of_kind(traded.lines, "order_sent"):
        tag = parse_tag(str(line["tag"]))
        assert tag is not None
        assert tag.strategy == line["strategy"]
