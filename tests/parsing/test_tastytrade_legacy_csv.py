"""The old export without zones: what is read exactly, whose clock it is, what is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.refusals import Refused
from pipelines.parsing.statements.rows import StatementFile
from pipelines.parsing.tastytrade import legacy_csv as tastytrade_legacy_csv
from pipelines.parsing.tastytrade.clock import clock_of
from pipelines.parsing.tastytrade.layout import LEGACY_15
from tests.shared import shared_path
from tomking.kernel.sessions import NEW_YORK

HEADER = ",".join(LEGACY_15)
SALE = "06/15/2020 3:31 PM,Trade,Sell to Open,XYZ,Sell,Open,1,07/17/2020,26,P,2.46,1.152,246,Sold 1 XYZ,Individual...60"
PURCHASE = (
    "06/16/2020 9:59 PM,Trade,Buy to Close,XYZ,Buy,Close,1,07/17/2020,26,P,1.1,0.14,-110,Bought 1 XYZ,Individual...60"
)


def read(*lines: str) -> StatementFile:
    return tastytrade_legacy_csv.parse("\n".join((HEADER, *lines)).encode())


@pytest.mark.parametrize(
    ("name", "rows", "fees", "amount"),
    [
        ("avion23__legacy_raw_2021-05-27_part1.csv", 250, "244.244", "-7748.364"),
        ("avion23__legacy_raw_2021-07-25_jan2021.csv", 37, "18.291", "7814.01"),
    ],
)
def test_real_exports_have_their_golden_totals(name: str, rows: int, fees: str, amount: str) -> None:
    found = tastytrade_legacy_csv.parse(shared_path("samples", "tastytrade", name).read_bytes())
    assert (len(found.rows), found.refusals) == (rows, ())
    assert -sum(row.commission or Decimal(0) for row in found.rows) == Decimal(fees)
    assert sum(row.value for row in found.rows) == Decimal(amount)
    assert all(row.fees is None and row.has_time and row.order_number is None for row in found.rows)


def test_a_charge_in_one_figure_is_a_cost_and_keeps_its_third_decimal() -> None:
    sale, purchase = read(SALE, PURCHASE).rows
    assert (sale.commission, sale.fees, sale.value) == (Decimal("-1.152"), None, Decimal(246))
    assert (sale.instrument_key, sale.side, sale.effect) == ("XYZ   200717P00026000", "sell", "open")
    assert (purchase.side, purchase.effect, purchase.price_exact) == ("buy", "close", True)
    assert sale.raw["Fees"] == "1.152"


def test_a_clock_that_only_one_difference_explains_gives_instants() -> None:
    sale, purchase = read(SALE, PURCHASE).rows
    assert (sale.has_time, sale.occurred_at) == (True, dt.datetime(2020, 6, 15, 13, 31, tzinfo=dt.UTC))
    assert purchase.session_date == dt.date(2020, 6, 16)


def test_a_clock_that_several_differences_explain_gives_days_only() -> None:
    [sale] = read(SALE).rows
    assert sale.has_time is False
    assert sale.session_date == dt.date(2020, 6, 15)
    assert sale.occurred_at.astimezone(NEW_YORK).time() == dt.time(0)


@given(
    st.integers(-10, 34),
    st.lists(st.tuples(st.integers(0, 250), st.integers(0, 389)), min_size=3, max_size=20),
)
def test_a_busy_file_gives_away_its_clock(half_hours: int, moments: list[tuple[int, int]]) -> None:
    ahead = dt.timedelta(minutes=30) * (half_hours - half_hours % 2)
    days = [dt.date(2019, 6, 3) + dt.timedelta(days=count) for count in range(250)]
    weekdays = [day for day in days if day.weekday() < 5 and day not in (dt.date(2019, 7, 4),)]
    local = [
        dt.datetime.combine(weekdays[day % 20], dt.time(9, 30)) + dt.timedelta(minutes=minute)
        for day, minute in moments
    ]
    edges = [dt.datetime.combine(weekdays[1], dt.time(9, 30)), dt.datetime.combine(weekdays[2], dt.time(16, 14))]
    clock = clock_of([moment + ahead for moment in (*local, *edges)], [])
    assert (clock.ahead, clock.is_certain) == (ahead, True)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("3:31 PM", "15:31", "Date/Time"),
        ("Sell to Open", "Sell to Shut", "Transaction Subcode"),
        (",Sell,Open,", ",Sell,Close,", "Buy/Sell"),
        (",Sell,Open,", ",Buy,Open,", "Amount"),
        (",26,P,", ",26,,", "Call/Put"),
        (",1,07/17/2020", ",,07/17/2020", "Quantity"),
        ("1.152", "1.152x", "Fees"),
        (",XYZ,Sell", ",,Sell", "Symbol"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_alone_by_line_and_field(old: str, new: str, field: str) -> None:
    assert old in SALE
    broken = SALE.replace(old, new, 1)
    found = read(PURCHASE, PURCHASE, broken)
    assert [(refusal.line, refusal.field) for refusal in found.refusals] == [(4, field)]
    assert len(found.rows) == 2


def test_a_file_whose_charges_are_negative_is_refused_whole() -> None:
    with pytest.raises(Refused, match="costs as positive"):
        read(SALE.replace("1.152", "-1.152"), PURCHASE.replace("0.14", "-0.14"))


def test_an_index_option_has_the_root_of_its_day() -> None:
    third_friday = SALE.replace("XYZ", "SPX")
    weekly = third_friday.replace("07/17/2020", "07/15/2020")
    assert [row.instrument_key for row in read(third_friday, weekly).rows] == [
        "SPX   200717P00026000",
        "SPXW  200715P00026000",
    ]


@given(st.binary(max_size=200))
def test_any_bytes_end_in_rows_or_a_refusal(data: bytes) -> None:
    assert tastytrade_legacy_csv.recognise(data) is None
    with pytest.raises(Refused):
        tastytrade_legacy_csv.parse(data)


@given(st.lists(st.sampled_from([*SALE, ",", "\n", '"', "é"]), max_size=120))
def test_any_row_below_the_header_ends_in_rows_or_refusals(characters: list[str]) -> None:
    try:
        found = read("".join(characters))
    except Refused:
        return
    assert all(row.raw for row in found.rows)
