"""The fill rule of the stand-in on single bars."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.lean_double.data import Bar, DataFolder, QuoteBar
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


def _option(text: str) -> Symbol:
    parts = parse_occ(text)
    right = OptionRight.PUT if parts.call_put == "P" else OptionRight.CALL
    expiry = datetime.combine(parts.expiry, datetime.min.time())
    return Symbol.create_option(Symbol.equity("SPY"), "usa", OptionStyle.AMERICAN, right, float(parts.strike), expiry)


def test_numbers_of_a_recording_are_where_they_should_be(tmp_path: Path) -> None:
    data = DataFolder(shared_path("runs", "data"))
    bars = data.quotes(_option("SPY   200117P00295000"), range(2019, 2021))
    first = min(bars.values(), key=lambda bar: bar.ends)
    data.close()
    assert first.ends == datetime(2019, 11, 1, 14, tzinfo=UTC)
    assert first.bid == Bar(Decimal("3.59"), Decimal("3.59"), Decimal("3.51"), Decimal("3.51"))
    assert DataFolder(tmp_path).quotes(_option("SPY   200117P00295000"), range(2019, 2021)) == {}
