"""Hourly closes of LEAN's data folder: the middle of the quote, at the end of the hour, in UTC."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.lean.hour_bars import hour_closes

QUOTE = b"20200102 09:00,1122200,1125100,1122200,1125100,50,1149500,1152400,1149500,1152600,50\n"


def at(*moment: int) -> dt.datetime:
    return dt.datetime(*moment, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]


def test_a_quote_bar_gives_its_middle_at_the_end_of_its_hour() -> None:
    assert hour_closes(QUOTE) == {at(2020, 1, 2, 15): Decimal("113.885")}


def test_a_side_that_is_missing_leaves_the_other() -> None:
    assert hour_closes(b"20200702 09:00,,,,,,1,1,1,20000,50\n") == {at(2020, 7, 2, 14): Decimal(2)}
    assert hour_closes(b"20200702 09:00,,,,,,,,,,\n") == {}


def test_a_trade_bar_gives_its_close() -> None:
    assert hour_closes(b"20191001 09:00,2976700,2984500,2976000,2981900,6613256") == {
        at(2019, 10, 1, 14): Decimal("298.19")
    }


@given(st.binary(max_size=200))
def test_any_bytes_give_finite_prices_or_none(data: bytes) -> None:
    assert all(price.is_finite() for price in hour_closes(data + b"\n" + QUOTE).values())
