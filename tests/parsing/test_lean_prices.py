"""Daily prices in LEAN's layout.

Covers: scales, quote bars, which company a row belongs to, holes, splits and dividends, damaged files, and the
sample data folder beside this checkout.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import zipfile
from itertools import pairwise
from pathlib import Path
from statistics import correlation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.lean.prices import (
    EQUITY_SCALE,
    AssignedBars,
    MapFile,
    TickerSpan,
    adjust,
    assign,
    parse_daily_zip,
    parse_factor_file,
    parse_map_file,
)
from pipelines.parsing.prices.bars import PriceBar
from pipelines.parsing.prices.csv_files import parse_price_csv
from pipelines.parsing.refusals import Refused
from tests.shared import shared_path


def zipped(text: str, name: str = "spy.csv") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_equity_prices_are_divided_by_ten_thousand() -> None:
    found = parse_daily_zip(zipped("19980102 00:00,973100,975300,965300,973600,2150000"), "SPY", scale=EQUITY_SCALE)
    assert found.bars == (
        PriceBar("SPY", day("1998-01-02"), 97.36, open=97.31, high=97.53, low=96.53, volume=2150000.0, line=1),
    )


def test_quote_bars_give_the_middle_in_natural_units() -> None:
    row = "20070102 00:00,1.30,1.34,1.29,1.32,0,1.32,1.36,1.31,1.34,0"
    (bar,) = parse_daily_zip(zipped(row), "EURUSD", scale=1.0).bars
    assert (bar.open, bar.high, bar.low, bar.close) == pytest.approx((1.31, 1.35, 1.30, 1.33))
    assert bar.volume is None
    (bar,) = parse_daily_zip(zipped(row.replace("1.32,0,1.32", "1.32,0,")), "EURUSD", scale=1.0).bars
    assert bar.open is None
    assert bar.close == pytest.approx(1.33)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("19980105 00:00,1,2,1,x,5", "close"),
        ("19980105 09:30,1,2,1,2,5", "time"),
        ("19980105 00:00,1,2,1,2", None),
        ("19980105 00:00,1,2,1,2,-5", "volume"),
        ("19980102 00:00,1,2,1,2,5", "date"),
        ("19980105 00:00,1,2,1,,5", "close"),
    ],
)
def test_a_bad_row_is_refused_by_line_and_field(row: str, field: str | None) -> None:
    found = parse_daily_zip(zipped(f"19980102 00:00,1,2,1,2,5\n{row}\n19980106 00:00,1,2,1,2,5"), "SPY", scale=1.0)
    assert [bar.line for bar in found.bars] == [1, 3]
    assert [(refusal.line, refusal.field) for refusal in found.refusals] == [(2, field)]


def test_a_map_file_gives_the_tickers_in_time() -> None:
    found = parse_map_file(b"19980102,uw,N\n19980716,uw,N\n20090804,wmi,N\n20501231,wm,N\n", "wm")
    assert found == MapFile(
        "WM",
        (
            TickerSpan("uw", day("1998-01-02"), day("1998-07-16")),
            TickerSpan("wmi", day("1998-07-17"), day("2009-08-04")),
            TickerSpan("wm", day("2009-08-05"), day("2050-12-31")),
        ),
    )
    assert parse_map_file(b"20140327,gooav\n20140402,gooav", "gooav").spans[0].last == day("2014-04-02")


@pytest.mark.parametrize(
    "text", [b"20140327,gooav\n", b"x,a\n20200101,a\n", b"20200101,a\n20200101,a\n", b"1\n2\n", b""]
)
def test_a_damaged_map_file_is_refused(text: bytes) -> None:
    with pytest.raises(Refused):
        parse_map_file(text, "spy")


def test_rows_are_given_to_the_company_that_used_the_ticker_that_day() -> None:
    old = MapFile("GOOGL", (TickerSpan("goog", day("2004-08-19"), day("2014-04-02")),))
    new = MapFile("GOOG", (TickerSpan("goog", day("2014-04-03"), day("2050-12-31")),))
    rows = "\n".join(f"{date} 00:00,1,2,1,2,5" for date in (20040818, 20140402, 20140403, 20140404))
    found = assign(parse_daily_zip(zipped(rows), "GOOG", scale=1.0), "goog", [old, new])
    assert [(symbol, [bar.line for bar in bars]) for symbol, bars in found.by_symbol.items()] == [
        ("GOOGL", [2]),
        ("GOOG", [3, 4]),
    ]
    assert {bar.symbol for bar in found.by_symbol["GOOGL"]} == {"GOOGL"}
    (refusal,) = found.refusals
    assert refusal.reason == (
        "1 rows from 2004-08-18 to 2004-08-18 belong to another company: no map file has the ticker GOOG on these days"
    )
    assert (refusal.line, refusal.field) == (1, "date")


def test_each_run_of_foreign_rows_is_refused_once() -> None:
    spans = (
        TickerSpan("wm", day("2000-01-03"), day("2000-01-04")),
        TickerSpan("wm", day("2000-01-07"), day("2000-01-08")),
    )
    rows = "\n".join(f"200001{date:02} 00:00,1,2,1,2,5" for date in range(1, 10))
    found = assign(parse_daily_zip(zipped(rows), "WM", scale=1.0), "WM", [MapFile("WM", spans)])
    assert [refusal.reason.split(" belong")[0] for refusal in found.refusals] == [
        "2 rows from 2000-01-01 to 2000-01-02", "2 rows from 2000-01-05 to 2000-01-06",
        "1 rows from 2000-01-09 to 2000-01-09",
    ]  # fmt: skip


def test_a_ticker_without_a_map_file_is_one_security() -> None:
    found = assign(parse_daily_zip(zipped("20000103 00:00,1,2,1,2,5"), "FOXA", scale=1.0), "foxa", [])
    assert list(found.by_symbol) == ["FOXA"]


def test_closes_are_adjusted_by_the_factors_of_their_day() -> None:
    factors = parse_factor_file(b"20140101,0.5,0.25,1\n20140606,0.5,0.5,600\n20501231,1,1,0")
    bars = [PriceBar("X", day(date), 100.0) for date in ("2013-12-31", "2014-01-01", "2014-01-02", "2014-06-07")]
    assert [bar.adjusted_close for bar in adjust(bars, factors)] == [None, 12.5, 25.0, 100.0]
    assert [bar.adjusted_close for bar in adjust(bars, None)] == [None] * 4
    assert factors.factor(day("2051-01-01")) is None


def test_factors_that_lost_their_digits_leave_earlier_days_unadjusted() -> None:
    factors = parse_factor_file(b"20100101,inf,1\n20110101,1,1.6e+6\n20120101,0.5,1\n20501231,1,1")
    assert factors.factor(day("2011-06-01")) is None
    assert factors.factor(day("2012-01-01")) == 0.5


@pytest.mark.parametrize(
    "text", [b"20100101,1\n", b"soon,1,1\n", b"20100101,-1,1\n", b"20100101,,1\n", b"20100101,inf,1\n"]
)
def test_a_damaged_factor_file_is_refused(text: bytes) -> None:
    with pytest.raises(Refused):
        parse_factor_file(text)


def test_a_damaged_zip_is_refused_whole() -> None:
    whole = zipped("19980102 00:00,1,2,1,2,5\n" * 50)
    for broken in (b"", b"no zip", whole[: len(whole) // 2], whole[:40] + b"\0\0\0\0" + whole[44:]):
        with pytest.raises(Refused, match="the zip cannot be read"):
            parse_daily_zip(broken, "SPY", scale=1.0)
    two = io.BytesIO()
    with zipfile.ZipFile(two, "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "x")
    with pytest.raises(Refused, match="holds one file, this holds 2"):
        parse_daily_zip(two.getvalue(), "SPY", scale=1.0)


@given(st.text(max_size=200))
def test_no_text_inside_a_zip_breaks_the_parser(text: str) -> None:
    try:
        found = parse_daily_zip(zipped(text), "SPY", scale=EQUITY_SCALE)
    except Refused:
        return
    assert all(bar.close is not None and bar.close > 0.0 for bar in found.bars)


# --- the sample data folder -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def usa() -> Path:
    return shared_path("samples", "lean-data", "equity", "usa")


def maps_of(usa: Path) -> list[MapFile]:
    return [parse_map_file(path.read_bytes(), path.stem) for path in sorted((usa / "map_files").glob("*.csv"))]


def assigned(usa: Path, ticker: str) -> AssignedBars:
    data = (usa / "daily" / f"{ticker}.zip").read_bytes()
    return assign(parse_daily_zip(data, ticker.upper(), scale=EQUITY_SCALE), ticker, maps_of(usa))


@pytest.mark.parametrize(
    ("ticker", "first"),
    [("uso", "2006-04-10"), ("bno", "2010-06-02"), ("fb", "2012-05-18"), ("eem", "2003-04-11"), ("wm", "2009-08-05")],
)
def test_earlier_users_of_a_ticker_are_not_mixed_in(usa: Path, ticker: str, first: str) -> None:
    found = assigned(usa, ticker)
    assert found.by_symbol[ticker.upper()][0].session_date >= day(first)
    assert all("belong to another company" in refusal.reason for refusal in found.refusals)
    assert len(found.refusals) == 1


def test_a_security_is_joined_from_the_files_of_its_tickers(usa: Path) -> None:
    assert {symbol: len(bars) for symbol, bars in assigned(usa, "goog").by_symbol.items()} == {
        "GOOGL": 2422,
        "GOOG": 1761,
    }
    dates = [
        bar.session_date for ticker in ("uw", "wmi", "wm") for bar in assigned(usa, ticker).by_symbol.get("WM", ())
    ]
    assert dates == sorted(set(dates))
    assert dates[0] == day("1998-01-02")
    assert max(later - earlier for earlier, later in pairwise(dates)) <= dt.timedelta(days=7)


def test_a_hole_stays_missing(usa: Path) -> None:
    dates = [bar.session_date for bar in assigned(usa, "qqq").by_symbol["QQQ"]]
    assert not [date for date in dates if day("2004-12-01") <= date <= day("2011-03-22")]
    assert len(dates) == 3964


def test_adjusted_returns_pass_over_splits_and_dividends_without_a_jump(usa: Path) -> None:
    factors = parse_factor_file((usa / "factor_files" / "aapl.csv").read_bytes())
    bars = {bar.session_date: bar for bar in adjust(assigned(usa, "aapl").by_symbol["AAPL"], factors)}
    before, after = bars[day("2014-06-06")], bars[day("2014-06-09")]
    assert before.close is not None
    assert after.close is not None
    assert before.close / after.close > 6.5
    assert before.adjusted_close is not None
    assert after.adjusted_close is not None
    assert after.adjusted_close / before.adjusted_close == pytest.approx(1.016, abs=0.001)


def test_adjusted_returns_are_those_of_another_vendor(usa: Path) -> None:
    factors = parse_factor_file((usa / "factor_files" / "spy.csv").read_bytes())
    ours = {bar.session_date: bar.adjusted_close for bar in adjust(assigned(usa, "spy").by_symbol["SPY"], factors)}
    path = shared_path("samples", "market", "spy.csv")
    theirs = {bar.session_date: bar.adjusted_close for bar in parse_price_csv(path.read_bytes(), path.name).bars}
    dates = sorted(ours.keys() & theirs.keys())
    assert len(dates) > 5800

    def moves(prices: dict[dt.date, float | None]) -> list[float]:
        closes = [prices[date] for date in dates]
        assert None not in closes
        return [math.log(later / earlier) for earlier, later in pairwise(close for close in closes if close)]

    ours_moves, theirs_moves = moves(ours), moves(theirs)
    assert correlation(ours_moves, theirs_moves) > 0.98
    assert sum(ours_moves) == pytest.approx(sum(theirs_moves), abs=0.02)
    differences = sorted(abs(one - other) for one, other in zip(ours_moves, theirs_moves, strict=True))
    assert differences[len(differences) // 2] < 0.001
