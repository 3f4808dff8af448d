"""Price CSV files.

Covers: the three layouts told apart by their header, every kind of bad cell refused by line and column, missing
prices, arbitrary bytes, and the market histories beside this checkout.
"""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.prices.bars import PriceBar, read_date
from pipelines.parsing.prices.csv_files import parse_price_csv, sniff
from pipelines.parsing.refusals import Refused
from tests.shared import shared_path

MONDAY, TUESDAY = dt.date(2020, 3, 16), dt.date(2020, 3, 17)
SINGLE = b"date,open,high,low,close,adj_close,volume\n2020-03-16,24.1,25.0,23.9,24.2,23.5,100\n2020-03-17,,,,24.4,,\n"
WIDE = b"Date,SPY,BRK.B\n2020-03-16,239.85,180.1\n2020-03-17,252.80,\n"
LONG = b"date,symbol,close\n2020-03-16,spy,239.85\n2020-03-16,tlt,160.2\n"


def test_a_single_symbol_file_takes_its_symbol_from_the_files_name() -> None:
    found = parse_price_csv(SINGLE, "spy.csv")
    assert found.kind == "single"
    assert found.symbols == ("SPY",)
    assert found.bars == (
        PriceBar("SPY", MONDAY, 24.2, 23.5, open=24.1, high=25.0, low=23.9, volume=100.0, line=2),
        PriceBar("SPY", TUESDAY, 24.4, None, line=3),
    )
    assert found.refusals == ()


def test_a_wide_file_has_a_symbol_a_column_and_an_empty_cell_is_missing() -> None:
    found = parse_price_csv(WIDE, "closes.csv")
    assert found.kind == "wide"
    assert found.symbols == ("SPY", "BRK.B")
    assert [(bar.symbol, bar.session_date, bar.close) for bar in found.bars] == [
        ("SPY", MONDAY, 239.85), ("BRK.B", MONDAY, 180.1), ("SPY", TUESDAY, 252.8),
    ]  # fmt: skip


def test_a_long_file_has_a_symbol_a_row() -> None:
    found = parse_price_csv(LONG, "prices of the week.csv")
    assert found.kind == "long"
    assert [(bar.symbol, bar.close) for bar in found.bars] == [("SPY", 239.85), ("TLT", 160.2)]


def test_byte_order_mark_windows_lines_capitals_and_an_unnamed_index_are_read() -> None:
    assert parse_price_csv(b"\xef\xbb\xbf" + SINGLE.replace(b"\n", b"\r\n"), "spy.csv").bars[0].close == 24.2
    upper = b"DATE,OPEN,HIGH,LOW,CLOSE\n1990-01-02,17.24,17.24,17.24,17.24\n"
    assert parse_price_csv(upper, "vix.csv").bars[0].symbol == "VIX"
    assert parse_price_csv(b",SPY\n2020-03-16 00:00:00,239.85\n", "closes.csv").bars[0].session_date == MONDAY
    assert parse_price_csv(b"Date,Close,Adj Close\n2020-03-16,2,1\n", "x.csv").bars[0].adjusted_close == 1.0


@pytest.mark.parametrize(
    ("data", "layout"),
    [
        (SINGLE, "single"),
        (WIDE, "wide"),
        (LONG, "long"),
        (b"date,LOW,OPEN\n2020-03-16,1,2\n", "wide"),
        (b"Date,Type,Sub Type,Action\n", None),
        (b"Date,Symbol,Quantity\n", None),
        (b'{"orders": []}', None),
        (b"", None),
        (b"\xff\xfe\x00", None),
        (b'date,"SPY\n', None),
    ],
)
def test_the_layout_is_told_by_the_header(data: bytes, layout: str | None) -> None:
    assert sniff(data) == layout


@pytest.mark.parametrize(
    ("data", "reason", "field"),
    [
        (b"day,SPY\n", "the first column of a price file is the date", "day"),
        (b"date,open,close,mood\n", "the column is not known in a price file", "mood"),
        (b"date,SPY,Sub Type\n", "the column is neither a symbol nor known in a price file", "Sub Type"),
        (b"date,SPY,spy\n", "the column stands twice", "spy"),
        (b"date\n", "the first column of a price file is the date", "date"),
    ],
)
def test_an_unknown_header_is_refused_with_its_column(data: bytes, reason: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_price_csv(data, "closes.csv")
    assert (refused.value.refusal.reason, refused.value.refusal.field, refused.value.refusal.line) == (reason, field, 1)


def test_a_file_without_a_name_that_is_a_symbol_is_refused() -> None:
    with pytest.raises(Refused, match="the file's name is not a symbol"):
        parse_price_csv(SINGLE, "my prices.csv")
    with pytest.raises(Refused, match="the file is empty"):
        parse_price_csv(b"\n", "spy.csv")


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        (b"16.03.2020,1,2,1,2,2,0", "date", "expected a date"),
        (b"2020-03-16,1,2,1,NaN,2,0", "close", "expected a decimal number"),
        (b"2020-03-16,1,2,1,-2,2,0", "close", "expected a price above zero"),
        (b"2020-03-16,1,2,1,0,2,0", "close", "expected a price above zero"),
        (b"2020-03-16,1,2,1,2,inf,0", "adj_close", "expected a decimal number"),
        (b"2020-03-16,1,2,1,2,2,-1", "volume", "expected a volume of zero or more"),
        (b"2020-03-16,1,2,1,,,0", "close", "the row has no close"),
        (b"2020-03-16,1,2,3,2,2,0", "low", "the low is above the high"),
        (b"2020-03-16,1,2,1,2.5,2,0", "close", "the close lies outside the day's range"),
        (b"2020-03-16,1,2,1,2", None, "expected 7 cells, found 5"),
        (b'2020-03-16,"1,2,1,2,2,0', None, "the line is not comma separated text"),
    ],
)
def test_a_bad_row_is_refused_by_line_and_column_and_the_rest_stands(
    row: bytes, field: str | None, reason: str
) -> None:
    found = parse_price_csv(SINGLE + row.replace(b"03-16", b"03-18") + b"\n2020-03-19,,,,9,9,\n", "spy.csv")
    (refusal,) = found.refusals
    assert (refusal.line, refusal.field) == (4, field)
    assert refusal.reason.startswith(reason)
    assert [bar.line for bar in found.bars] == [2, 3, 5]


def test_an_impossible_open_is_taken_away_and_the_close_stands() -> None:
    found = parse_price_csv(b"date,open,high,low,close\n2006-02-08,41.6,13.61,12.76,12.83\n", "vix.csv")
    assert found.bars[0].close == 12.83
    assert found.bars[0].open is None
    assert (found.refusals[0].line, found.refusals[0].field) == (2, "open")


def test_a_second_bar_of_a_session_is_refused_and_the_first_stands() -> None:
    found = parse_price_csv(WIDE + b"20200316,999,\n", "closes.csv")
    assert [bar.close for bar in found.bars if bar.symbol == "SPY"] == [239.85, 252.8]
    assert "SPY has a bar for 2020-03-16 already (line 2)" in found.refusals[0].reason


def test_a_bad_cell_of_a_wide_file_costs_that_cell_only() -> None:
    found = parse_price_csv(WIDE + b"2020-03-18,n/a,181.0\nsoon,1,2\n", "closes.csv")
    assert [(refusal.line, refusal.field, refusal.value) for refusal in found.refusals] == [
        (4, "SPY", "n/a"), (5, "date", "soon"),
    ]  # fmt: skip
    assert found.bars[-1].symbol == "BRK.B"


@pytest.mark.parametrize("text", ["2020-03-16", "20200316", "2020-03-16 00:00:00", "2020-03-16T00:00:00.000Z"])
def test_dates_are_read_in_the_ways_files_write_them(text: str) -> None:
    assert read_date(text) == MONDAY


@pytest.mark.parametrize(
    "text", ["", "03/16/2020", "2020-3-16", "2020-13-01", "20201301", "2020-03-16 16:00", "٢٠٢٠٠٣١٦"]
)
def test_other_dates_are_not_guessed(text: str) -> None:
    assert read_date(text) is None


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: ("date,SPY\n" + text).encode())))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    sniff(data)
    try:
        found = parse_price_csv(data, "spy.csv")
    except Refused:
        return
    assert all(bar.close is None or bar.close > 0.0 for bar in found.bars)


@given(
    st.dictionaries(
        st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)),
        st.lists(st.one_of(st.none(), st.decimals("0.0001", "100000", places=4)), min_size=3, max_size=3),
        max_size=20,
    )
)
def test_a_table_of_closes_is_read_back_as_it_was_written(table: dict[dt.date, list[object]]) -> None:
    text = "date,AAA,BBB,CCC\n" + "".join(
        f"{day},{','.join('' if value is None else str(value) for value in values)}\n" for day, values in table.items()
    )
    found = parse_price_csv(text.encode(), "closes.csv")
    assert found.refusals == ()
    assert {(bar.symbol, bar.session_date): bar.close for bar in found.bars} == {
        (symbol, day): float(str(value))
        for day, values in table.items()
        for symbol, value in zip(("AAA", "BBB", "CCC"), values, strict=True)
        if value is not None
    }


@pytest.mark.parametrize(
    ("name", "rows", "refused"),
    [("spy", 8222, 0), ("qqq", 6680, 0), ("iwm", 6372, 0), ("gld", 5247, 0), ("tlt", 5829, 0), ("vix", 9235, 47)],
)
def test_the_market_histories_are_read_whole(name: str, rows: int, refused: int) -> None:
    path = shared_path("samples", "market", f"{name}.csv")
    found = parse_price_csv(path.read_bytes(), path.name)
    assert len(found.bars) == rows
    assert len(found.refusals) == refused
    assert {refusal.field for refusal in found.refusals} <= {"open"}
    assert found.symbols == (name.upper(),)
