"""From closes to aligned returns.

Covers: two calendars with different holidays, holes, wide and long tables, input that does not fit, and the regime of
known days on returns made from the market histories beside this checkout.
"""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.prices.csv_files import parse_price_csv
from pipelines.transforms.regimes.returns import LONG_SCHEMA, aligned_returns, to_long, to_wide
from tests.shared import shared_path
from tomking.kernel.regimes import label_days

MONDAY = dt.date(2024, 7, 1)


def table(*rows: tuple[int, str, float | None]) -> pl.DataFrame:
    """Rows of (days after Monday, symbol, price)."""
    return pl.DataFrame(
        {
            "session_date": [MONDAY + dt.timedelta(days=day) for day, _, _ in rows],
            "symbol": [symbol for _, symbol, _ in rows],
            "price": [price for _, _, price in rows],
        },
        schema=LONG_SCHEMA,
    )


def test_two_calendars_with_different_holidays_are_joined_before_returns_are_taken() -> None:
    home = [(0, "SPY", 100.0), (1, "SPY", 101.0), (2, "SPY", 102.0), (4, "SPY", 104.0)]
    abroad = [(0, "EWU", 50.0), (2, "EWU", 51.0), (3, "EWU", 52.0), (4, "EWU", 53.0)]
    found = aligned_returns(table(*home, *abroad), ["SPY", "EWU"])
    assert found.dates == (MONDAY + dt.timedelta(days=2), MONDAY + dt.timedelta(days=4))
    assert found.left_out == 2
    assert found.rows.tolist() == [
        pytest.approx([math.log(102 / 100), math.log(51 / 50)]),
        pytest.approx([math.log(104 / 102), math.log(53 / 51)]),
    ]


def test_a_missing_price_leaves_its_day_out() -> None:
    found = aligned_returns(
        table((0, "A", 1.0), (1, "A", None), (2, "A", 4.0), (0, "B", 1.0), (1, "B", 2.0), (2, "B", 4.0)), ["A", "B"]
    )
    assert found.dates == (MONDAY + dt.timedelta(days=2),)
    assert found.rows[0].tolist() == pytest.approx([math.log(4), math.log(4)])


def test_a_return_across_a_hole_is_missing() -> None:
    days = (0, 1, 8, 30, 31)
    prices = table(*[(day, symbol, 10.0 + day) for day in days for symbol in ("A", "B")])
    found = aligned_returns(prices, ["A", "B"])
    assert np.isnan(found.rows).all(axis=1).tolist() == [False, False, True, False]
    assert not np.isnan(aligned_returns(prices, ["A", "B"], longest_gap=40).rows).any()


def test_symbols_without_a_common_session_have_no_returns() -> None:
    found = aligned_returns(table((0, "A", 1.0), (1, "B", 2.0)), ["A", "B"])
    assert (found.dates, found.rows.shape, found.left_out) == ((), (0, 2), 2)
    assert aligned_returns(table(), ["A", "B"]).dates == ()


def test_a_history_can_be_cut_at_a_day() -> None:
    found = aligned_returns(table(*[(day, symbol, 1.0 + day) for day in range(4) for symbol in "AB"]), ["A", "B"])
    cut = found.through(MONDAY + dt.timedelta(days=2))
    assert cut.dates == found.dates[:2]
    assert np.array_equal(cut.rows, found.rows[:2])


def test_other_columns_and_double_prices_are_refused() -> None:
    with pytest.raises(ValueError, match="expected Schema"):
        to_wide(table().rename({"price": "close"}), ["A"])
    with pytest.raises(ValueError, match="two prices on one day"):
        aligned_returns(table((0, "A", 1.0), (0, "A", 2.0)), ["A"])


@given(st.dictionaries(st.tuples(st.integers(0, 30), st.sampled_from("ABC")), st.floats(0.01, 1e6), max_size=40))
def test_wide_and_long_hold_the_same_prices(prices: dict[tuple[int, str], float]) -> None:
    long = table(*[(day, symbol, price) for (day, symbol), price in prices.items()]).sort("symbol", "session_date")
    assert to_long(to_wide(long, ["A", "B", "C"])).equals(long)


def test_known_days_have_their_regime_on_index_funds_bonds_and_gold() -> None:
    frames = []
    symbols = ["SPY", "QQQ", "IWM", "GLD", "TLT"]
    for symbol in symbols:
        path = shared_path("samples", "market", f"{symbol.lower()}.csv")
        bars = parse_price_csv(path.read_bytes(), path.name).bars
        columns = {
            "session_date": [bar.session_date for bar in bars],
            "symbol": [symbol] * len(bars),
            "price": [bar.adjusted_close for bar in bars],
        }
        frames.append(pl.DataFrame(columns, schema=LONG_SCHEMA))
    returns = aligned_returns(pl.concat(frames), symbols)
    regimes = {day.date: day.regime for day in label_days(returns.dates, returns.rows)}
    assert regimes[dt.date(2018, 2, 5)] == "Crisis"
    assert {regimes[day] for day in regimes if (day.year, day.month) == (2020, 3)} == {"Crisis"}
    assert regimes[dt.date(2024, 8, 2)] == "Normal"
    # A label that became milder on 9 July rests for some sessions: this mix is a day late, equity funds are not.
    assert regimes[dt.date(2024, 8, 6)] == "Stressed"
    assert regimes[dt.date(2025, 4, 4)] == "Crisis"
