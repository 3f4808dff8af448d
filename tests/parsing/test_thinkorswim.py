"""thinkorswim's account statement: sections, balances, and the legs of a fill."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.refusals import Refused
from pipelines.parsing.schwab import thinkorswim_statement
from pipelines.parsing.schwab.thinkorswim_sections import traded
from pipelines.parsing.statements.formats import reader_of
from pipelines.parsing.statements.rows import StatementFile
from tests.shared import shared_path

TITLE = "Account Statement for 12345678SCHW (Individual) since 1/2/25 through 1/31/25"
CASH = "Cash Balance\nDATE,TIME,TYPE,REF #,DESCRIPTION,Misc Fees,Commissions & Fees,AMOUNT,BALANCE"
BEGIN = '1/2/25,01:00:00,BAL,,Cash balance at the start of business day 02.01 CST,,,,"10,000.00"'
SPREAD = (
    '1/2/25,09:30:00,TRD,="129",SOLD -3 VERTICAL SPX 100 (Weeklys) 17 JAN 25 5900/5890 PUT @1.20 CBOE,'
    '-2.11,-3.91,360.00,"10,353.98"'
)
STOCK = '1/6/25,10:00:00,TRD,="130",BOT +100 AAPL @155.00,,,"-15,500.00","-5,146.02"'
SWEPT = '1/7/25,20:22:37,TRD,="131",BOT 50.0 SNSXX UPON ,,,-50.00,"-5,196.02"'
TOTAL = ',,,,TOTAL,($2.11),($3.91),"($15,190.00)","($5,196.02)"'
HISTORY = """Account Trade History
,Exec Time,Spread,Side,Qty,Pos Effect,Symbol,Exp,Strike,Type,Price,Net Price,Order Type
,1/6/25 10:00:00,STOCK,BUY,+100,TO OPEN,AAPL,,,STOCK,155.00,155.00,LMT
,1/2/25 09:30:00,VERTICAL,SELL,-3,TO OPEN,SPX,17 JAN 25,5900,PUT,2.50,1.20,LMT
,,,BUY,+3,TO OPEN,SPX,17 JAN 25,5890,PUT,1.30,CREDIT,"""


def statement(*rows: str, title: str = TITLE, header: str = CASH, history: str = HISTORY) -> bytes:
    return "\n".join((title, "", header, *rows, "", history, "")).encode("utf-8-sig")


def read(data: bytes) -> StatementFile:
    return reader_of(data).parse(data)


def test_the_sample_has_its_golden_totals_and_its_balance_ties() -> None:
    data = Path(shared_path("samples", "schwab", "ClaytonDuffin__exampleStatement.csv")).read_bytes()
    file = read(data)
    assert (file.format, len(file.rows), file.refusals) == ("thinkorswim_statement_paper", 103, ())
    assert sum(row.fees or 0 for row in file.rows) == Decimal("-70.56")
    assert sum(row.commission or 0 for row in file.rows) == Decimal("-283.50")
    assert sum(row.value for row in file.rows) == Decimal("660.00")
    assert {row.price_exact for row in file.rows} == {True}
    assert reader_of(data).BROKER == "tdameritrade"


def test_a_fill_of_several_legs_is_a_row_per_leg_and_its_charges_add_up() -> None:
    file = read(statement(BEGIN, SPREAD, STOCK, SWEPT, TOTAL))
    assert file.refusals == ()
    sold, bought, stock, swept = file.rows
    assert (sold.instrument_key, bought.instrument_key) == ("SPXW  250117P05900000", "SPXW  250117P05890000")
    assert (sold.side, sold.effect, bought.side) == ("sell", "open", "buy")
    assert sold.order_number == bought.order_number == "129"
    assert (sold.commission or 0) + (bought.commission or 0) == Decimal("-3.91")
    assert (sold.fees or 0) + (bought.fees or 0) == Decimal("-2.11")
    assert sold.value + bought.value == Decimal("360.00")
    assert (stock.instrument_key, stock.effect, swept.row_class) == ("AAPL", "open", "transfer")
    assert sold.occurred_at == dt.datetime(2025, 1, 2, 15, 30, tzinfo=dt.UTC)
    assert file.period == (dt.date(2025, 1, 2), dt.date(2025, 1, 31))


def test_who_kept_the_account_is_told_by_its_number_else_by_the_day() -> None:
    data = statement(BEGIN, title=TITLE.replace("SCHW", "").replace("/25", "/23"))
    assert reader_of(data).BROKER == "tdameritrade"
    assert reader_of(statement(BEGIN)).BROKER == "schwab"


def test_legs_that_no_trade_history_tells_are_refused_by_their_row() -> None:
    file = read(statement(BEGIN, SPREAD, STOCK, history=""))
    assert [(refusal.line, refusal.field) for refusal in file.refusals] == [(6, "DESCRIPTION")]
    assert [row.effect for row in file.rows] == [None]


def test_charges_that_show_in_the_balance_alone_are_recovered() -> None:
    header = "Cash Balance\nDATE,TIME,TYPE,DESCRIPTION,Commissions & Fees,AMOUNT,BALANCE"
    rows = (
        '3/1/17,01:00:00,BAL,Cash balance at the start of business day 01.03 CST,,,"1,000.00"',
        '3/1/17,09:31:00,TRD,SOLD -1 SPY 100 17 MAR 17 230 PUT @1.00,-1.50,100.00,"1,098.46"',
    )
    title = "Account Statement for D-12345 (margin) since 3/1/17 through 3/31/17"
    (row,) = read(statement(*rows, title=title, header=header, history="")).rows
    assert (row.commission, row.fees, row.instrument_key) == (
        Decimal("-1.50"),
        Decimal("-0.04"),
        "SPY   170317P00230000",
    )


def test_a_balance_that_does_not_follow_refuses_its_row_and_most_of_them_the_file() -> None:
    rows = [BEGIN]
    balance = Decimal(10_000)
    for place in range(6):
        balance -= Decimal("100")
        rows.append(f"1/3/25,10:00:0{place},TRD,{place},BOT +1 F @100.00,,,-100.00,{balance}")
    wrong = [*rows[:3], rows[3].replace("-100.00", "-101.00"), *rows[4:]]
    file = read(statement(*wrong))
    assert [(refusal.line, refusal.field) for refusal in file.refusals] == [(8, "BALANCE")]
    assert len(file.rows) == 5
    worse = [row.replace("-100.00", "-101.00") for row in rows]
    with pytest.raises(Refused, match="not a file as the broker writes it"):
        read(statement(*worse))


def test_a_total_that_is_not_that_of_the_rows_is_told() -> None:
    file = read(statement(BEGIN, SPREAD, STOCK, TOTAL))
    assert [refusal.field for refusal in file.refusals] == ["AMOUNT"]


def test_rows_of_ledgers_that_are_not_read_are_refused_by_the_section() -> None:
    forex = "Forex Statements\n,Date,Time,Type,Ref #,Description,Amount,Balance\n,1/3/25,10:00:00,TRD,1,BOT EUR,1,1"
    file = read(statement(BEGIN, STOCK.replace("-5,146.02", "-5,500.00"), history=forex))
    assert [refusal.reason for refusal in file.refusals] == ["Forex Statements: a section that is not read"]
    assert len(file.rows) == 1


@pytest.mark.parametrize(
    ("text", "quantity", "what", "price"),
    [
        ("tIP BOT +1 VERTICAL SPY 100 (Weeklys) 20 MAR 26 600/595 PUT @.50 CBOE", "1", None, "0.50"),
        ("SOLD -2,180 AIFF @1.7117", "-2180", "AIFF", "1.7117"),
        ("BOT 3 SPX 100 (Weeklys) 15 DEC 23 4500 CALL @12.00", "3", "SPX 100 (Weeklys) 15 DEC 23 4500 CALL", "12.00"),
        ("SOLD -1 1/2 BACKRATIO SPX 100 17 JAN 25 5900/5890 PUT @-.05", "-1", None, "-0.05"),
    ],
)
def test_a_description_says_what_was_traded(text: str, quantity: str, what: str | None, price: str) -> None:
    found = traded(text)
    assert found is not None
    assert (found.quantity, found.price) == (Decimal(quantity), Decimal(price))
    assert what is None or found.what == what


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_raise_anything_but_a_refusal(data: bytes) -> None:
    for given_bytes in (data, statement(BEGIN).replace(b"10,000", data)):
        thinkorswim_statement.SCHWAB.recognise(given_bytes)
        try:
            thinkorswim_statement.parse(given_bytes)
        except Refused:
            continue
