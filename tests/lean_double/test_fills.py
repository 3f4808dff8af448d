"""The fill rule of the stand-in, on single bars and against every limit order of recorded runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lean_double.data import NEW_YORK, Bar, DataFolder, QuoteBar
from tests.lean_double.fills import LegQuote, combination_fill, limit_fill
from tests.lean_double.names import OptionRight, OptionStyle
from tests.lean_double.symbols import Symbol
from tests.shared import shared_path
from tomking.kernel.occ import parse_occ

NOW = datetime(2020, 1, 14, 18, tzinfo=UTC)
price = st.decimals("0.01", "50", places=2)


def flat(text: str) -> Bar:
    return Bar(*(Decimal(text),) * 4)


def quote(bid: str | None, ask: str | None) -> QuoteBar:
    return QuoteBar(NOW, None if bid is None else flat(bid), None if ask is None else flat(ask))


def test_a_combination_fills_only_strictly_below_its_limit() -> None:
    legs = [LegQuote(Decimal(-1), quote("1.00", "1.04")), LegQuote(Decimal(-1), quote("0.50", "0.53"))]
    assert combination_fill(legs, Decimal("-1.50")) is None
    assert combination_fill(legs, Decimal("-1.49")) == [Decimal("1.00"), Decimal("0.50")]


def test_a_side_nobody_quotes_takes_its_last_price_and_else_the_other_side() -> None:
    assert LegQuote(Decimal(-1), quote(None, "0.01"), last_bid=Decimal("0.02")).price == Decimal("0.02")
    assert LegQuote(Decimal(-1), quote(None, "0.01")).price == Decimal("0.01")
    assert LegQuote(Decimal(1), quote(None, None)).price is None


@given(price, price, price)
def test_a_limit_order_never_fills_at_a_worse_price_than_its_limit(low: Decimal, high: Decimal, limit: Decimal) -> None:
    low, high = min(low, high), max(low, high)
    side = Bar(low, high, low, high)
    bought, sold = limit_fill(side, limit, buys=True), limit_fill(side, limit, buys=False)
    assert (bought is None) == (low >= limit)
    assert bought is None or bought <= limit
    assert (sold is None) == (high <= limit)
    assert sold is None or sold >= limit


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)


def _option(text: str) -> Symbol:
    parts = parse_occ(text)
    right = OptionRight.PUT if parts.call_put == "P" else OptionRight.CALL
    expiry = datetime.combine(parts.expiry, datetime.min.time())
    return Symbol.create_option(Symbol.equity("SPY"), "usa", OptionStyle.AMERICAN, right, float(parts.strike), expiry)


def _replay(group: list[dict[str, Any]], data: DataFolder) -> tuple[datetime, list[Decimal]] | None:
    """When and at which prices the rule fills a recorded group of orders; None where it never does."""
    created = _moment(group[0]["createdTime"])
    until = _moment(group[0]["canceledTime"]) if "canceledTime" in group[0] else created + timedelta(days=30)
    bars = [data.quotes(_option(order["symbol"]["value"]), range(2019, 2021)) for order in group]
    sent = [order["orderSubmissionData"] for order in group]
    last = [(Decimal(str(one["bidPrice"])), Decimal(str(one["askPrice"]))) for one in sent]
    for moment in sorted(set.intersection(*(set(one) for one in bars))):
        here = [one[moment] for one in bars]
        # A cancellation comes with the hour's data, after the hour's fills.
        if not created < moment <= until:
            continue
        if moment.astimezone(NEW_YORK).hour < 16:
            prices = _fill(group, here, last)
            if prices is not None:
                return moment, prices
        last = [
            (bar.bid.close if bar.bid else seen[0], bar.ask.close if bar.ask else seen[1])
            for bar, seen in zip(here, last, strict=True)
        ]
    return None


def _fill(
    group: list[dict[str, Any]], bars: list[QuoteBar], last: list[tuple[Decimal, Decimal]]
) -> list[Decimal] | None:
    manager = group[0].get("groupOrderManager")
    if manager is None:
        buys = group[0]["quantity"] > 0
        found = limit_fill(bars[0].ask if buys else bars[0].bid, Decimal(str(group[0]["limitPrice"])), buys=buys)
        return None if found is None else [found]
    units = Decimal(str(manager["quantity"]))
    legs = [
        LegQuote(Decimal(str(order["quantity"])) / units, bar, *seen)
        for order, bar, seen in zip(group, bars, last, strict=True)
    ]
    return combination_fill(legs, Decimal(str(manager["limitPrice"])))


@pytest.mark.parametrize("name", ["tk-tastytrade-covid", "tk-ibkr"])
def test_recorded_limit_orders_fill_at_the_recorded_bar_and_prices(name: str) -> None:
    folder = shared_path("runs", "own", name)
    data = DataFolder(shared_path("runs", "data"))
    orders = json.loads((folder / "TkProbe.json").read_text())["orders"]
    events = json.loads((folder / "TkProbe-order-events.json").read_text())
    filled = {e["orderId"]: (int(e["time"]), Decimal(str(e["fillPrice"]))) for e in events if e["status"] == "filled"}
    groups: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for order in orders.values():
        if order["type"] in (1, 9):
            manager = order.get("groupOrderManager")
            groups.setdefault(("g", manager["id"]) if manager else ("o", order["id"]), []).append(order)
    same = 0
    for group in groups.values():
        recorded = [filled[order["id"]] for order in group if order["id"] in filled]
        found = _replay(group, data)
        if found is None:
            same += not recorded
        else:
            same += recorded == [(int(found[0].timestamp()), price) for price in found[1]]
    data.close()
    assert len(groups) > 150
    # Two groups fill in the very hour they were sent in, in a second slice that the stand-in does not have.
    assert same >= len(groups) - 2


def test_numbers_of_a_recording_are_where_they_should_be(tmp_path: Path) -> None:
    data = DataFolder(shared_path("runs", "data"))
    bars = data.quotes(_option("SPY   200117P00295000"), range(2019, 2021))
    first = min(bars.values(), key=lambda bar: bar.end_time)
    data.close()
    assert first.end_time == datetime(2019, 11, 1, 14, tzinfo=UTC)
    assert first.bid == Bar(Decimal("3.59"), Decimal("3.59"), Decimal("3.51"), Decimal("3.51"))
    assert DataFolder(tmp_path).quotes(_option("SPY   200117P00295000"), range(2019, 2021)) == {}
