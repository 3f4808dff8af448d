"""Schwab's exports and trader API: every layout, the golden totals of the samples, and what is refused."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.refusals import Refused
from pipelines.parsing.schwab import api as schwab_api
from pipelines.parsing.schwab import csv_export as schwab_csv
from pipelines.parsing.schwab import json_export as schwab_export_json
from pipelines.parsing.statements.formats import reader_of
from pipelines.parsing.statements.identity import identify_file
from pipelines.parsing.statements.rows import StatementFile
from tests.shared import shared_path

HEADER = '"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"'
SOLD = '"08/18/2025","Sell to Open","APP 08/22/2025 475.00 C","CALL APP","4","$1.10","$2.65","$437.35"'
EXPIRED = '"08/25/2025 as of 08/22/2025","Expired","APP 08/22/2025 475.00 C","CALL APP","-4","","",""'
ASSIGNED = (
    '"07/07/2025 as of 07/03/2025","Assigned","DELL 07/03/2025 125.00 C","CALL DELL","5","","",""',
    '"07/07/2025 as of 07/03/2025","Sell","DELL","DELL","500","$125.00","$0.08","$62499.92"',
)


def sample(name: str) -> bytes:
    return Path(shared_path("samples", "schwab", name)).read_bytes()


def statement(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *lines, "")).encode()


def read(data: bytes) -> StatementFile:
    return reader_of(data).parse(data)


@pytest.mark.parametrize(
    ("name", "layout", "rows", "charges"),
    [
        ("bankroll-py__schwab_transactions.CSV", "schwab_csv_titled", 39, "60.98"),
        ("coffee-cpu__schwab-transactions-example.csv", "schwab_csv", 27, "17.08"),
        ("KapJI__kapji_2023_transactions.csv", "schwab_csv", 7, "6.23"),
        ("KapJI__kapji_schwab_transactions.csv", "schwab_csv_reordered", 13, "45"),
    ],
)
def test_samples_are_read_with_their_golden_totals(name: str, layout: str, rows: int, charges: str) -> None:
    file = read(sample(name))
    assert (file.format, len(file.rows), file.refusals) == (layout, rows, ())
    assert -sum(row.commission or 0 for row in file.rows) == Decimal(charges)
    assert all(row.fees is None and not row.has_time and row.order_number is None for row in file.rows)


def test_the_trader_api_s_sample_has_its_golden_totals() -> None:
    file = read(sample("jwplatta__transactions_response_body.json"))
    totals: Counter[str] = Counter()
    for row in file.rows:
        totals.update({charge.name: charge.amount for charge in row.charges})
        assert sum((charge.amount for charge in row.charges), Decimal(0)) == (row.commission or 0) + (row.fees or 0)
    assert {name: Decimal(amount) for name, amount in totals.items()} == {
        "COMMISSION": Decimal("-11.00"),
        "FUTURES_EXCHANGE_FEE": Decimal("-1.10"),
        "SEC_FEE": Decimal("-0.06"),
        "OPT_REG_FEE": Decimal("-0.10"),
        "(none)": Decimal("-0.04"),
    }
    assert sum(row.total or 0 for row in file.rows) == Decimal("968.70")
    assert Counter(row.instrument_type for row in file.rows) == {"OPTION": 12}
    assert sum((row.instrument_key or "").startswith("./ESH5") for row in file.rows) == 2


@pytest.mark.parametrize("name", ["jwplatta__orders.json", "studerw__orders-resp2.json"])
def test_orders_are_refused_with_what_to_save_instead(name: str) -> None:
    with pytest.raises(Refused, match="save the transactions of the same days"):
        read(sample(name))


def test_a_reply_whose_net_amounts_do_not_follow_is_refused_whole() -> None:
    with pytest.raises(Refused, match="not a reply as the broker writes it"):
        read(sample("jwplatta__transactions.json"))


def test_a_row_stands_at_its_booking_and_belongs_to_the_day_it_took_place() -> None:
    sold, expired = read(statement(SOLD, EXPIRED)).rows
    assert sold.instrument_key == expired.instrument_key == "APP   250822C00475000"
    assert (sold.value, sold.commission, sold.total) == (Decimal("440.00"), Decimal("-2.65"), Decimal("437.35"))
    assert expired.session_date == dt.date(2025, 8, 22)
    assert expired.occurred_at == dt.datetime(2025, 8, 25, 4, tzinfo=dt.UTC)
    assert (expired.row_class, expired.side, expired.quantity) == ("expiration", None, Decimal(4))


def test_shares_of_an_assignment_are_deliveries_and_other_sales_are_not() -> None:
    classes = [row.row_class for row in read(statement(*ASSIGNED, *ASSIGNED[1:], SOLD)).rows]
    assert classes == ["assignment", "delivery", "trade", "trade"]


def test_bonds_are_read_by_their_quotation_and_have_no_instrument() -> None:
    bought = '"03/25/2018","Buy","912586AC5","US TREASURY BILL","10000","$99.568","","-$9956.80"'
    (row,) = read(statement(bought)).rows
    assert (row.instrument_type, row.instrument_key, row.price_exact) == ("Bond", None, True)


def test_title_closing_comma_total_and_order_of_columns_do_not_change_the_rows() -> None:
    plain = read(statement(SOLD, EXPIRED))
    titled = statement(
        HEADER + ",", SOLD + ",", EXPIRED + ",", '"Transactions Total","","","","","","","$437.35",',
        header='"Transactions  for account Trading XXXX-1234 as of 09/01/2025 07:00:00 ET"',
    )  # fmt: skip
    columns = ["Date", "Action", "Symbol", "Description", "Price", "Quantity", "Fees & Comm", "Amount"]
    records = [dict(zip(_cells(HEADER), _cells(line), strict=True)) for line in (SOLD, EXPIRED)]
    reordered = statement(
        *(",".join(f'"{record[name]}"' for name in columns) for record in records), header=",".join(columns)
    )
    exported = json.dumps(
        {
            "FromDate": "08/01/2025",
            "ToDate": "08/31/2025",
            "TotalTransactionsAmount": "$437.35",
            "BrokerageTransactions": [record | {"ItemIssueId": "1", "AcctgRuleCd": "1"} for record in records],
        }
    ).encode()
    wanted = identify_file(plain, "main")
    for data in (titled, reordered, exported):
        file = read(data)
        assert (identify_file(file, "main"), file.refusals) == (wanted, ())
    assert read(exported).period == (dt.date(2025, 8, 1), dt.date(2025, 8, 31))


def _cells(line: str) -> list[str]:
    return next(csv.reader([line]))


def test_a_total_that_is_not_that_of_the_rows_is_told() -> None:
    file = read(statement(SOLD, '"Transactions Total","","","","","","","$500.00"'))
    (refusal,) = file.refusals
    assert (len(file.rows), refusal.field, refusal.value) == (1, "Amount", "$500.00")


def test_identical_rows_of_one_file_are_separate_and_the_larger_count_stands() -> None:
    once, twice = (identify_file(read(statement(*[SOLD] * count)), "main") for count in (1, 2))
    assert len({row_id for row_id, _ in twice}) == 2
    assert set(once) < set(twice)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (SOLD.replace("Sell to Open", "Sell to Somebody"), "Action"),
        (SOLD.replace("08/18/2025", "18/08/2025"), "Date"),
        (SOLD.replace("$1.10", "1,10 USD"), "Price"),
        (SOLD.replace("APP 08/22/2025 475.00 C", "APP 08/22/2025 475 X"), "Symbol"),
        (SOLD.replace('"4"', '""'), "Quantity"),
        (SOLD.replace('"$437.35"', '""'), "Amount"),
        (SOLD + ',"9"', "Amount"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_alone_by_its_field(line: str, field: str) -> None:
    file = read(statement(EXPIRED, line))
    assert len(file.rows) == 1
    assert [(refusal.line, refusal.field) for refusal in file.refusals] == [(3, field)]


def test_one_amount_that_does_not_follow_is_marked_and_most_of_them_refuse_the_file() -> None:
    wrong = SOLD.replace("$437.35", "$473.35")
    assert [row.price_exact for row in read(statement(SOLD, SOLD, wrong)).rows] == [True, True, False]
    with pytest.raises(Refused, match="not a file as the broker writes it"):
        read(statement(SOLD, wrong, wrong))


@given(
    quantity=st.integers(1, 20_000),
    cents=st.integers(1, 99_999),
    charge=st.integers(0, 9_999),
    sells=st.booleans(),
)
def test_value_is_what_the_amount_leaves_without_the_charge(
    quantity: int, cents: int, charge: int, *, sells: bool
) -> None:
    price, fee = Decimal(cents) / 100, Decimal(charge) / 100
    gross = price * quantity * (1 if sells else -1)
    amount = gross - fee
    printed = f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"
    action = "Sell" if sells else "Buy"
    line = f'"01/02/2025","{action}","F","FORD","{quantity:,}","${price:.2f} ","${fee:.2f}","{printed}"'
    (row,) = read(statement(line)).rows
    assert (row.value, row.commission, row.total, row.price_exact) == (gross, -fee, amount, True)


def _record(**changes: object) -> dict[str, object]:
    dollars = {"assetType": "CURRENCY", "symbol": "CURRENCY_USD"}
    option = {"assetType": "OPTION", "symbol": "MRVL  250321P00090000", "underlyingSymbol": "MRVL"}
    items = [
        {"instrument": dollars, "amount": 0.65, "cost": -0.65, "feeType": "COMMISSION"},
        {"instrument": dollars, "amount": 0, "cost": 0},
        {"instrument": option, "amount": -1, "cost": 220, "price": 2.2, "positionEffect": "OPENING"},
    ]
    record: dict[str, object] = {
        "activityId": 1, "time": "2025-01-13T16:56:17+0000", "type": "TRADE", "status": "VALID", "orderId": 7,
        "netAmount": 219.35, "transferItems": items,
    }  # fmt: skip
    return record | changes


def api(*records: dict[str, object]) -> StatementFile:
    return read(json.dumps(records).encode())


def test_a_correction_names_the_record_it_takes_back() -> None:
    correction = _record(activityId=2, activityType="ACTIVITY_CORRECTION", netAmount=-219.35)
    correction["transferItems"] = json.loads(json.dumps(_record()["transferItems"]))
    for item in correction["transferItems"]:  # type: ignore[attr-defined]
        item["cost"], item["amount"] = -item["cost"], -item["amount"]
    first, second = api(_record(), correction).rows
    assert (first.cancels, second.cancels, second.commission) == (None, "1", Decimal("0.65"))


def test_a_record_twice_in_a_reply_is_one_and_strange_ones_are_refused_by_member() -> None:
    strange = [
        _record(activityId=3, status="PENDING"),
        _record(activityId=4, type="GIFT"),
        _record(activityId=5, transferItems=[]),
    ]
    file = api(_record(), _record(), *strange)
    assert len(file.rows) == 1
    assert [refusal.field for refusal in file.refusals] == ["status", "type", "transferItems"]


def test_an_expired_option_is_an_expiration_without_a_side() -> None:
    option = {"assetType": "OPTION", "symbol": "MRVL  250321P00090000"}
    removed = _record(
        type="RECEIVE_AND_DELIVER", description="Removed due to Expiration", netAmount=0,
        transferItems=[{"instrument": option, "amount": 1, "cost": 0, "price": 0}],
    )  # fmt: skip
    (row,) = api(removed).rows
    assert (row.row_class, row.side, row.quantity) == ("expiration", None, Decimal(1))


@given(st.binary(max_size=200))
def test_no_bytes_make_a_reader_raise_anything_but_a_refusal(data: bytes) -> None:
    for reader in (schwab_csv, schwab_export_json, schwab_api):
        reader.recognise(data)
        with contextlib.suppress(Refused):
            assert reader.parse(data).rows == ()
