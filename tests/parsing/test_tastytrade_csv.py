"""The tastytrade export: what is read exactly, what is refused and with which words."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.parsing.refusals import Refused
from pipelines.parsing.statements.rows import StatementFile, StatementRow
from pipelines.parsing.tastytrade import csv_export as tastytrade_csv
from pipelines.parsing.tastytrade.layout import HEADER_21, INTERMEDIATE_16, LEGACY_15
from tests.parsing.statement_golden import as_json, golden_path
from tests.shared import shared_path

DATA = Path(__file__).resolve().parent.parent / "data" / "statements"
HEADER = ",".join(HEADER_21)
SALE = (
    "2025-03-10T09:45:07-0400,Trade,Sell to Open,SELL_TO_OPEN,XYZ   250314P00050000,Equity Option,"
    "Sold 1 XYZ 03/14/25 Put 50.00 @ 1.05,105.00,1,105.00,-1.00,-0.13,100,XYZ,XYZ,3/14/25,50,PUT,401000003,103.87,USD"
)
INTEREST = "2025-03-07T17:00:00-0500,Money Movement,Credit Interest,,,,INTEREST,0.05,0,,--,0.00,,,,,,,,0.05,USD"


def read(*lines: str) -> StatementFile:
    return tastytrade_csv.parse("\n".join((HEADER, *lines)).encode())


def changed(line: str, column: str, value: str) -> str:
    cells = line.split(",")
    cells[HEADER_21.index(column)] = value
    return ",".join(cells)


def refused_rows(*lines: str) -> list[tuple[int | None, str | None]]:
    return [(refusal.line, refusal.field) for refusal in read(*lines).refusals]


@pytest.mark.parametrize("path", sorted(DATA.glob("*.csv")), ids=lambda path: path.name)
def test_a_statement_reads_as_the_file_beside_it_says(path: Path) -> None:
    assert as_json(tastytrade_csv.parse(path.read_bytes())) == golden_path(path).read_text()


@pytest.mark.parametrize(
    ("name", "form", "types", "commission", "fees", "value", "total"),
    [
        (
            "avion23__tastytrade_transactions_history_180201_to_240817.csv",
            "tastytrade_csv_20",
            {"Trade": 772, "Receive Deliver": 84, "Money Movement": 226},
            "-691.00",
            "-375.76",
            "-553.12",
            None,
        ),
        (
            "DarioAlonsoCerezo__FutureOptions.csv",
            "tastytrade_csv_21",
            {"Trade": 17, "Receive Deliver": 4},
            "-24.75",
            "-15.24",
            "539.25",
            "499.26",
        ),
        (
            "DarioAlonsoCerezo__TsllImportTest.csv",
            "tastytrade_csv_21",
            {"Trade": 200, "Receive Deliver": 6, "Money Movement": 6},
            "-235.00",
            "-79.77",
            "9454.15",
            "9139.37",
        ),
        (
            "DarioAlonsoCerezo__TastytradeDeposits.csv",
            "tastytrade_csv_21",
            {"Money Movement": 20},
            "0",
            "0",
            "19363.40",
            "19363.40",
        ),
        ("DarioAlonsoCerezo__LendingRebate.csv", "tastytrade_csv_20", {"Money Movement": 2}, "0", "0", "0.29", None),
    ],
)
def test_real_statements_give_their_published_totals(
    *, name: str, form: str, types: dict[str, int], commission: str, fees: str, value: str, total: str | None
) -> None:
    file = tastytrade_csv.parse(shared_path("samples", "tastytrade", name).read_bytes())
    assert file.format == form
    assert file.refusals == ()
    assert Counter(row.row_type for row in file.rows) == types

    def added(amounts: list[Decimal | None]) -> Decimal:
        return sum((amount for amount in amounts if amount is not None), Decimal(0))

    assert added([row.commission for row in file.rows]) == Decimal(commission)
    assert added([row.fees for row in file.rows]) == Decimal(fees)
    assert added([row.value for row in file.rows]) == Decimal(value)
    assert (added([row.total for row in file.rows]) if total else None) == (Decimal(total) if total else None)


def test_the_long_history_has_its_orders_adjustments_and_exact_prices() -> None:
    name = "avion23__tastytrade_transactions_history_180201_to_240817.csv"
    file = tastytrade_csv.parse(shared_path("samples", "tastytrade", name).read_bytes())
    assert len({row.order_number for row in file.rows if row.order_number}) == 551
    assert sum(row.row_class == "account_adjustment" for row in file.rows) == 110
    assert all(row.price_exact for row in file.rows if row.row_class in ("trade", "delivery"))


@pytest.mark.parametrize(
    ("name", "line", "field"),
    [
        ("avion23__converted20_jan2021.csv", 4, "Fees"),
        ("avion23__converted20_uso_reverse_split.csv", 2, "Fees"),
        ("ADCarthan88__sample_transactions.csv", 3, "Commissions"),
    ],
)
def test_look_alikes_with_reversed_signs_are_refused_whole(name: str, line: int, field: str) -> None:
    with pytest.raises(Refused) as caught:
        tastytrade_csv.parse(shared_path("samples", "tastytrade", name).read_bytes())
    assert (caught.value.refusal.line, caught.value.refusal.field) == (line, field)
    assert "positive" in caught.value.refusal.reason


@pytest.mark.parametrize(
    ("first_line", "words"),
    [
        (",".join(LEGACY_15), "unknown header: Date/Time,Transaction Code"),
        (",".join(reversed(INTERMEDIATE_16)), "unknown header"),
        (HEADER.replace("Order #", "Order"), "unknown header: Date,Type,Sub Type"),
        (HEADER.replace(",", ";"), "unknown header: Date;Type"),
        (",".join(("", *HEADER_21)), "unknown header"),
        (",".join(reversed(HEADER_21)), "unknown header"),
        ('{"data": {"items": []}}', "unknown header"),
        ("Date,Action,Symbol,Description,Quantity,Price,Fees & Comm,Amount", "unknown header"),
    ],
)
def test_any_other_header_is_refused_by_name(first_line: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        tastytrade_csv.parse((first_line + "\n" + SALE + "\n").encode())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "unknown header"),
        ((HEADER + "\n" + SALE).encode("utf-16"), "UTF-16"),
        ((HEADER + "\n").encode() + b"\xff\xfe\n", "not UTF-8"),
        ((HEADER + "\n").encode() + b"a\x00b\n", "NUL"),
        (b"PK\x03\x04", "unknown header"),
    ],
)
def test_what_is_no_text_is_refused_by_name(data: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        tastytrade_csv.parse(data)


def test_recognise_names_the_generation_without_reading_it() -> None:
    assert tastytrade_csv.recognise(HEADER.encode()) == "tastytrade_csv_21"
    assert tastytrade_csv.recognise(",".join(INTERMEDIATE_16).encode()) == "tastytrade_csv_16"
    assert tastytrade_csv.recognise(",".join(LEGACY_15).encode()) is None
    assert tastytrade_csv.recognise(b"Date,Open,High,Low,Close\n") is None
    assert tastytrade_csv.recognise(b"\x00\x01") is None


EARLY = (
    "2018-06-26T09:54:40-0400,Trade,SELL_TO_OPEN,XYZ   180921P00057500,Equity Option,"
    "Sold 1 XYZ 09/21/18 Put 57.50 @ 6.56,656.00,1,656.00,-1.00,-0.15,100,XYZ,9/21/18,57.5,PUT",
    "2018-06-22T17:00:00-0400,Receive Deliver,,XYZ   180622C00060000,Equity Option,"
    "Removal of option due to expiration,0.00,2,0.00,--,0.00,100,XYZ,6/22/18,60,CALL",
    "2018-06-22T17:00:00-0400,Receive Deliver,BUY_TO_OPEN,XYZ,Equity,Buy to Open 100 XYZ @ 50.00,"
    '"-5,000.00",100,-50.00,--,-5.00,,,,,',
    "2018-06-23T10:00:00-0400,Money Movement,,,,Regulatory fee adjustment,-0.01,0,,--,0.00,,,,,",
    "2018-06-16T17:00:00-0400,Money Movement,,,,INTEREST ON CREDIT BALANCE,0.02,0,,--,0.00,,,,,",
    "2018-06-15T17:00:00-0400,Money Movement,,,,Something nobody has seen,7.00,0,,--,0.00,,,,,",
)


def test_the_export_of_2018_says_in_words_what_its_successors_say_in_columns() -> None:
    read_file = tastytrade_csv.parse("\n".join((",".join(INTERMEDIATE_16), *EARLY)).encode())
    assert read_file.format == "tastytrade_csv_16"
    assert read_file.refusals == ()
    assert [(row.row_class, row.sub_type, row.side, row.effect, row.order_number) for row in read_file.rows] == [
        ("trade", "Sell to Open", "sell", "open", None),
        ("expiration", "Expiration", None, None, None),
        ("delivery", "Buy to Open", "buy", "open", None),
        ("account_adjustment", "Balance Adjustment", None, None, None),
        ("money", "Credit Interest", None, None, None),
        ("money", "", None, None, None),
    ]
    sale = read_file.rows[0]
    assert (sale.price, sale.price_exact, sale.commission, sale.fees, sale.currency) == (
        Decimal("6.56"),
        True,
        Decimal("-1.00"),
        Decimal("-0.15"),
        "USD",
    )


def test_a_delivery_of_2018_that_says_nothing_is_refused_by_its_description() -> None:
    line = "2018-06-22T17:00:00-0400,Receive Deliver,,XYZ,Equity,What is this,0.00,1,0.00,--,0.00,,,,,"
    read_file = tastytrade_csv.parse("\n".join((",".join(INTERMEDIATE_16), EARLY[0], line)).encode())
    assert [(refusal.line, refusal.field) for refusal in read_file.refusals] == [(3, "Description")]


@pytest.mark.parametrize("shape", ["crlf", "no final newline", "bom", "blank lines", "old mac"])
def test_line_ends_marks_and_blank_lines_change_nothing_but_line_numbers(shape: str) -> None:
    text = (DATA / "all_types_21.csv").read_text()
    data = {
        "crlf": text.replace("\n", "\r\n").encode(),
        "no final newline": text.rstrip("\n").encode(),
        "bom": b"\xef\xbb\xbf" + text.encode(),
        "blank lines": text.replace("\n", "\n\n").encode(),
        "old mac": text.replace("\n", "\r").encode(),
    }[shape]
    plain, shaped = tastytrade_csv.parse(text.encode()), tastytrade_csv.parse(data)
    assert [row.raw for row in shaped.rows] == [row.raw for row in plain.rows]


def test_a_header_without_rows_is_a_statement_without_rows() -> None:
    assert read().rows == ()


def test_padding_inside_symbols_is_kept() -> None:
    rows = tastytrade_csv.parse((DATA / "all_types_21.csv").read_bytes()).rows
    option = next(row for row in rows if row.instrument_type == "Future Option")
    assert option.raw["Root Symbol"] == "./MESM5EXM5  "
    assert next(row.symbol for row in rows if row.instrument_type == "Equity Option") == "XYZ   250314P00050000"


def test_the_printed_offset_only_says_where_the_reader_sat() -> None:
    (here,) = read(SALE).rows
    (there,) = read(changed(SALE, "Date", "2025-03-10T14:45:07+0100")).rows
    assert here.occurred_at == there.occurred_at == dt.datetime(2025, 3, 10, 13, 45, 7, tzinfo=dt.UTC)
    assert here.session_date == there.session_date == dt.date(2025, 3, 10)


@pytest.mark.parametrize(
    ("line", "day"),
    [
        (changed(INTEREST, "Date", "2025-03-15T23:30:00-0400"), dt.date(2025, 3, 15)),
        (changed(INTEREST, "Date", "2025-03-16T04:30:00+0100"), dt.date(2025, 3, 15)),
        (changed(SALE, "Date", "2025-03-09T18:30:00-0400"), dt.date(2025, 3, 10)),
    ],
)
def test_money_keeps_its_new_york_day_and_executions_take_their_session(line: str, day: dt.date) -> None:
    assert [row.session_date for row in read(line).rows] == [day]


def test_events_stamped_after_the_close_or_after_midnight_belong_to_the_session_that_ended() -> None:
    expiry = (
        "{},Receive Deliver,Expiration,,XYZ   250314C00060000,Equity Option,Removal of option due to expiration,"
        "0.00,2,0.00,--,0.00,100,XYZ,XYZ,3/14/25,60,CALL,,0.00,USD"
    )
    stamps = ("2025-03-14T17:00:00-0400", "2025-03-14T22:00:00+0100", "2025-03-15T00:00:00-0400")
    file = read(*(expiry.format(stamp) for stamp in stamps))
    assert {row.session_date for row in file.rows} == {dt.date(2025, 3, 14)}


def test_numbers_re_saved_by_a_spreadsheet_are_the_same_numbers() -> None:
    saved = SALE
    for column, value in {
        "Order #": "401000003.0",
        "Strike Price": "50.0",
        "Multiplier": "100.0",
        "Quantity": "1.0",
        "Commissions": "-1.0",
        "Date": "2025-03-10 09:45:07-04:00",
    }.items():
        saved = changed(saved, column, value)
    (plain,), (again,) = read(SALE).rows, read(saved).rows

    def comparable(row: StatementRow) -> tuple[object, ...]:
        return (row.occurred_at, row.quantity, row.commission, row.order_number, row.instrument_key, row.multiplier)

    assert comparable(plain) == comparable(again)


def test_absent_charges_are_unknown_and_printed_zeros_are_zero() -> None:
    row, free = read(INTEREST, changed(changed(SALE, "Commissions", "0.00"), "Total", "104.87")).rows
    assert (row.commission, row.fees) == (None, Decimal(0))
    assert free.commission == Decimal(0)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Date", "2025-03-10T09:45:07"),
        ("Date", "03/10/2025 9:45 AM"),
        ("Date", "2025-13-40T09:45:07-0400"),
        ("Date", "2051-03-10T09:45:07-0400"),
        ("Type", "Administrative Transfer"),
        ("Sub Type", "Sell to Sell"),
        ("Sub Type", "Expiration"),
        ("Action", "SOLD"),
        ("Action", ""),
        ("Action", "SELL_TO_CLOSE"),
        ("Symbol", ""),
        ("Symbol", "XYZ   250314X00050000"),
        ("Instrument Type", "Warrant"),
        ("Instrument Type", ""),
        ("Value", "105.00 USD"),
        ("Value", "-105.00"),
        ("Value", "1e2"),
        ("Value", "NaN"),
        ("Value", "１０５"),
        ("Value", "1_05"),
        ("Value", ""),
        ("Quantity", "-1"),
        ("Quantity", "0"),
        ("Quantity", "one"),
        ("Commissions", "1.00"),
        ("Fees", "0.13"),
        ("Fees", ""),
        ("Fees", "-1" + "0" * 25),
        ("Total", "103.85"),
        ("Strike Price", "fifty"),
        ("Expiration Date", "2025-03-14"),
        ("Expiration Date", "2/30/25"),
        ("Call or Put", "P"),
        ("Order #", "pending"),
        ("Order #", "15592682.5"),
        ("Order #", "0"),
        ("Currency", "$"),
    ],
)
def test_an_impossible_cell_costs_its_row_and_no_other(column: str, value: str) -> None:
    file = read(SALE, changed(SALE, column, value), SALE, INTEREST)
    assert len(file.rows) == 3
    (refusal,) = file.refusals
    assert refusal.line == 3
    assert refusal.field == column or (column, refusal.field) == ("Sub Type", "Action")
    assert refusal.reason


def test_hand_trimmed_rows_are_refused_with_their_line() -> None:
    short = SALE.rsplit(",", 3)[0]
    long = SALE + ",USD"
    broken = SALE.replace("Sold 1", '"Sold 1')
    assert refused_rows(SALE, short, long, broken, SALE, SALE, SALE) == [(3, "Order #"), (4, "Currency"), (5, None)]


def test_a_file_of_which_nothing_can_be_read_is_refused_whole() -> None:
    with pytest.raises(Refused, match=r"no row could be read.*fields"):
        read(SALE.rsplit(",", 3)[0])


@pytest.mark.parametrize(
    ("column", "value"),
    [("Commissions", "1.00"), ("Fees", "0.13"), ("Value", "-105.00"), ("Quantity", "-1"), ("Total", "99.00")],
)
def test_a_rule_broken_by_half_of_the_rows_condemns_the_file(column: str, value: str) -> None:
    wrong = changed(SALE, column, value)
    with pytest.raises(Refused) as caught:
        read(SALE, wrong)
    assert (caught.value.refusal.line, caught.value.refusal.field) == (3, column)
    assert refused_rows(SALE, wrong, SALE) == [(3, column)]


def test_order_numbers_on_money_rows_condemn_the_file() -> None:
    with pytest.raises(Refused) as caught:
        read(changed(INTEREST, "Order #", "123456"), SALE)
    assert caught.value.refusal.field == "Order #"


def test_one_order_number_over_many_underlyings_condemns_the_file() -> None:
    lines = [SALE.replace("XYZ", name) for name in ("AAA", "BBB", "CCC")]
    with pytest.raises(Refused, match="3 underlyings"):
        read(*lines)
    assert refused_rows(*lines[:2]) == []


def test_the_total_may_be_a_cent_off_because_every_column_is_rounded() -> None:
    assert refused_rows(changed(SALE, "Total", "103.88"), changed(SALE, "Total", "103.86")) == []


def test_exports_pasted_with_their_headers_are_separate_statements() -> None:
    file = read(SALE, SALE, HEADER, SALE, INTEREST)
    assert file.parts == ((0, 2), (2, 4))


def test_shares_that_traded_in_parts_of_a_cent_are_priced_by_their_value() -> None:
    line = (
        "2025-03-12T15:59:59-0400,Trade,Buy to Open,BUY_TO_OPEN,XYZ,Equity,Bought 100 XYZ @ 13.34,"
        '"-1,333.50",100,-13.33,0.00,-0.08,,,,,,,401000008,"-1,333.58",USD'
    )
    (row,) = read(line).rows
    assert (row.price, row.price_text, row.price_exact) == (Decimal("13.335"), "13.34", True)


def test_a_description_without_a_price_leaves_the_price_unknown() -> None:
    (row,) = read(changed(SALE, "Description", "Sold 1 XYZ")).rows
    assert (row.price, row.price_text, row.price_exact) == (None, None, None)


def test_the_size_of_an_option_on_a_future_is_not_the_printed_one() -> None:
    rows = tastytrade_csv.parse((DATA / "all_types_21.csv").read_bytes()).rows
    option = next(row for row in rows if row.instrument_type == "Future Option")
    assert (option.raw["Multiplier"], option.multiplier, option.price_exact) == ("1", Decimal(5), True)


def reversal(line: str) -> str:
    for column, value in (("Value", "-105.00"), ("Commissions", "1.00"), ("Fees", "0.13"), ("Total", "-103.87")):
        line = changed(line, column, value)
    return line


def test_a_row_turned_round_is_a_reversal_of_the_row_beside_it() -> None:
    file = read(SALE, reversal(SALE))
    assert not file.refusals
    assert [(row.value, row.commission, row.side) for row in file.rows] == [
        (Decimal(105), Decimal(-1), "sell"),
        (Decimal(-105), Decimal(1), "sell"),
    ]


def test_a_reversal_of_nothing_is_refused() -> None:
    other = changed(SALE, "Order #", "401000004")
    assert refused_rows(SALE, SALE, SALE, reversal(other)) == [(5, "Commissions")]
    assert refused_rows(SALE, SALE, SALE, *[reversal(SALE)] * 4) == [(8, "Commissions")]
