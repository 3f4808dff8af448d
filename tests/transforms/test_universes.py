"""Tables of closes become universes: what is missing is joined, left out by name or refused."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.parsing.prices.closes_csv import parse_closes
from pipelines.parsing.refusals import Refused
from pipelines.transforms.regimes.universes import UniverseRefused, make_universe

Rows = NDArray[np.float64]


def closes(days: int = 60, columns: int = 3, seed: int = 0) -> tuple[tuple[str, ...], tuple[dt.date, ...], Rows]:
    random = np.random.default_rng(seed)
    dates = tuple(dt.date(2020, 1, 1) + dt.timedelta(days=day) for day in range(days))
    prices: Rows = 100.0 * np.exp(np.cumsum(0.01 * random.standard_normal((days, columns)), axis=0))
    return tuple(f"series {place}" for place in range(columns)), dates, prices


def test_a_table_is_read_whatever_its_columns_are_called() -> None:
    table = parse_closes(b"day,Gold (spot),foreign shares\n2020-01-03,2.5e3,11\n2020-01-02,N/A,10\n20200106,2,\n")
    assert table.names == ("Gold (spot)", "foreign shares")
    assert table.dates == (dt.date(2020, 1, 2), dt.date(2020, 1, 3), dt.date(2020, 1, 6))
    assert np.array_equal(table.closes, [[np.nan, 10.0], [2500.0, 11.0], [2.0, np.nan]], equal_nan=True)
    assert table.refusals == ()


def test_rows_and_cells_that_cannot_be_read_are_named_and_the_rest_is_kept() -> None:
    table = parse_closes(b"date,A,B\n2020-01-02,1,-3\nyesterday,1,2\n2020-01-02,1,2\n2020-01-03,1\n2020-01-06,x,2\n")
    told = [(refusal.line, refusal.field, refusal.reason) for refusal in table.refusals]
    assert told == [
        (2, "B", "expected a price above zero"),
        (3, "date", "expected a date"),
        (4, "date", "the day stands twice"),
        (5, None, "expected 3 cells, found 2"),
        (6, "A", "expected a price above zero"),
    ]
    assert np.array_equal(table.closes, [[1.0, np.nan], [np.nan, 2.0]], equal_nan=True)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"date\n2020-01-02\n", "a table of closes has a date and one column a series"),
        (b"date,A,A\n", "the column stands twice"),
        (b"date,A,\n", "column 3 has no name"),
    ],
)
def test_a_header_that_names_no_series_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_closes(data)
    assert refused.value.refusal.reason == reason


@pytest.mark.parametrize(
    "data",
    [
        "Datum;A;B\n2.1.2020;1,5;1000\n13.1.2020;2,25;1100\n",
        "date\tA\tB\n01/02/2020\t1.5\t1000\n01/13/2020\t2.25\t1100\n",
        'Date,A,B\n2020-01-02 00:00:00,1.50,"1,000.00"\n2020-01-13,2.25,"1,100"\n',
        "date|A|B\r\n20200102|1.5|1000\r\n20200113|2.25|1100\r\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_of_other_countries_and_programs_say_the_same(data: str, encoding: str) -> None:
    table = parse_closes(data.encode(encoding))
    assert table.dates == (dt.date(2020, 1, 2), dt.date(2020, 1, 13))
    assert np.array_equal(table.closes, [[1.5, 1000.0], [2.25, 1100.0]])
    assert table.refusals == ()


def test_days_that_can_be_read_in_two_ways_are_refused() -> None:
    with pytest.raises(Refused, match="cannot be told apart"):
        parse_closes(b"date,A\n01/02/2020,1\n03/04/2020,2\n")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        table = parse_closes(b"date,A,B\n" + data)
    except Refused:
        return
    assert table.closes.shape == (len(table.dates), 2)
    assert not (table.closes <= 0.0).any()


def test_different_holidays_are_joined_before_returns_are_taken() -> None:
    names, dates, prices = closes()
    prices[10, 0] = prices[30, 1] = np.nan
    universe = make_universe(names, dates, prices, least_prices=50)
    assert universe.days_left_out == 2
    assert dates[10] not in universe.dates
    place = universe.dates.index(dates[11])
    assert universe.returns[place] == pytest.approx(np.log(prices[11] / prices[9]))


def test_short_still_and_gappy_series_are_left_out_by_name() -> None:
    names, dates, prices = closes(columns=5)
    prices[:40, 0] = np.nan
    prices[:, 1] = 7.0
    prices[5:25, 2] = np.nan
    universe = make_universe(names, dates, prices, least_prices=40)
    assert universe.names == ("series 3", "series 4")
    assert dict(universe.left_out) == {
        "series 0": "20 prices, 40 are needed",
        "series 1": "the price never moves",
        "series 2": "33% of its days have no price, 10% are allowed",
    }


def test_a_day_of_one_exchange_alone_is_no_session_of_the_universe() -> None:
    names, dates, prices = closes()
    prices[20, 1:] = np.nan
    universe = make_universe(names, dates, prices, least_prices=50)
    assert universe.days_left_out == 0
    assert dates[20] not in universe.dates


def test_holes_and_impossible_moves_are_no_returns() -> None:
    names, dates, prices = closes()
    later = (*dates[:30], *(day + dt.timedelta(days=30) for day in dates[30:]))
    prices[40:, 2] *= 3.0
    universe = make_universe(names, later, prices, least_prices=50)
    assert np.isnan(universe.returns[29]).all()
    [(name, day, change)] = universe.errors
    assert (name, day) == ("series 2", later[40])
    assert change == pytest.approx(2.0, abs=0.2)
    assert universe.returns[universe.dates.index(day), 2] == 0.0
    assert make_universe(names, later, prices, least_prices=50, largest_move=None).errors == ()


def test_too_little_is_refused_with_the_reasons() -> None:
    names, dates, prices = closes()
    with pytest.raises(UniverseRefused, match="series 0: 60 prices, 1800 are needed"):
        make_universe(names, dates, prices)
    prices[:30, 0], prices[30:, 1] = np.nan, np.nan
    with pytest.raises(UniverseRefused, match="0 days in common, 30 are needed"):
        make_universe(names[:2], dates, prices[:, :2], least_prices=30)
