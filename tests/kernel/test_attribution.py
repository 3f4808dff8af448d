"""The parts of a day add up to the change of value, to the last digit, whatever happened in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.attribution import Observation, TradeAttribution, change
from tomking.kernel.attribution_document import AttributionRefused, dump_attribution, parse_attribution
from tomking.kernel.black_scholes import greeks_of, implied_volatility, price_of
from tomking.kernel.greeks import Greeks

NOW = datetime(2020, 1, 14, 21, tzinfo=UTC)
HUNDRED = Decimal(100)
marks = st.decimals("0", "50", places=2)
steps = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(-3, 3), marks, marks | st.none(), st.decimals("0", "5", places=2)),
    max_size=12,
)


def seen(mark: Decimal, hours: int = 0, greeks: Greeks | None = None) -> Observation:
    return Observation(NOW + timedelta(hours=hours), mark, Decimal(320), greeks)


@given(steps)
def test_the_parts_add_up_to_cash_and_value(events: list[tuple[str, int, Decimal, Decimal | None, Decimal]]) -> None:
    running, cash = TradeAttribution(HUNDRED), Decimal(0)
    last: dict[str, Decimal] = {}
    for number, (key, quantity, price, mid, fee) in enumerate(events):
        running.fill(key, quantity, price, fee, None if mid is None else seen(mid, number))
        cash -= quantity * price * HUNDRED + fee
        if mid is not None:
            last[key] = mid
        elif key in last:
            last[key] = price
        elif quantity:
            # Never seen before: the fill itself is all that is known of its value.
            running.observe(key, seen(price, number))
            last[key] = price
    value = sum((quantity * last[key] * HUNDRED for key, quantity in running.held.items() if quantity), Decimal(0))
    assert running.take().total == cash + value
    assert running.take().total == 0


def test_a_small_move_is_explained_by_its_greeks() -> None:
    before_price, after_price, strike, years = Decimal(320), Decimal("321.5"), Decimal(300), 45 / 365
    level, later = Decimal("0.20"), Decimal("0.205")
    before = Decimal(repr(price_of(320.0, 300.0, years, 0.20, "P")))
    after = Decimal(repr(price_of(321.5, 300.0, years - 1 / 365, 0.205, "P")))
    start = greeks_of(before_price, strike, years, level, "P")
    assert start is not None
    parts = change(
        -2,
        Observation(NOW, before, before_price, start),
        Observation(NOW + timedelta(days=1), after, after_price, Greeks(implied_volatility=later)),
        HUNDRED,
    )
    assert parts.total == -200 * (after - before)
    assert parts.theta > 0
    assert parts.delta > 0
    assert parts.gamma < 0
    assert parts.vega < 0
    share = parts.residual_share
    assert share is not None
    assert share < Decimal("0.02")


@given(st.floats(0.08, 1.5), st.integers(200, 450), st.integers(1, 700), st.sampled_from("CP"))
def test_the_volatility_that_a_price_implies_is_the_one_it_was_made_with(
    volatility: float, strike: int, days: int, call_put: str
) -> None:
    price = price_of(320.0, float(strike), days / 365, volatility, call_put)
    found = implied_volatility(Decimal(repr(price)), Decimal(320), Decimal(strike), days / 365, call_put)
    if found is not None and greeks_of(Decimal(320), Decimal(strike), days / 365, found, call_put) is not None:
        again = price_of(320.0, float(strike), days / 365, float(found), call_put)
        assert abs(again - price) < 1e-6


def test_calls_and_puts_differ_by_the_forward() -> None:
    call, put = (greeks_of(Decimal(320), Decimal(310), 0.3, Decimal("0.25"), one) for one in "CP")
    assert call is not None
    assert put is not None
    assert call.delta is not None
    assert put.delta is not None
    assert call.delta - put.delta == 1
    assert (call.gamma, call.vega, call.theta) == (put.gamma, put.vega, put.theta)
    assert abs(price_of(320, 310, 0.3, 0.25, "C") - price_of(320, 310, 0.3, 0.25, "P") - 10) < 1e-9


@given(steps, st.booleans())
def test_what_is_stored_is_read_back_and_goes_on_the_same(
    events: list[tuple[str, int, Decimal, Decimal | None, Decimal]], with_greeks: bool
) -> None:
    greeks = (
        Greeks(Decimal("-0.16"), Decimal("1E-7"), None, Decimal("0.4"), None, Decimal("0.21")) if with_greeks else None
    )
    running = TradeAttribution(HUNDRED)
    for number, (key, quantity, price, mid, fee) in enumerate(events):
        running.fill(key, quantity, price, fee, None if mid is None else seen(mid, number, greeks))
    document = dump_attribution({"t-1": ("strangle", running)})
    strategy, again = parse_attribution(document, HUNDRED)["t-1"]
    assert (strategy, again) == ("strangle", running)
    assert dump_attribution({"t-1": ("strangle", again)}) == document
    for one in (running, again):
        one.fill("a", 1, Decimal(2), Decimal(1), seen(Decimal(3), 99, greeks))
    assert again.take() == running.take()


def test_a_damaged_document_is_refused_whatever_is_wrong_with_it() -> None:
    running = TradeAttribution(HUNDRED)
    running.fill("a", -1, Decimal(2), Decimal(1), seen(Decimal(2), 1, Greeks(Decimal("0.2"))))
    document = dump_attribution({"t-1": ("strangle", running)})
    for damaged in (b"", b"[]", b"{}", document[:-1], document.replace(b"strangle", b"strangld"), b"\xff" + document):
        with pytest.raises(AttributionRefused):
            parse_attribution(damaged, HUNDRED)
