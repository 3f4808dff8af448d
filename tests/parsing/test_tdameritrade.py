"""TD Ameritrade's CSV and API: charges, balances, and the two readings of the regulators' fee."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.refusals import Refused
from pipelines.parsing.schwab import tdameritrade_api, tdameritrade_csv
from pipelines.parsing.statements.formats import reader_of
from pipelines.parsing.statements.rows import StatementFile
from tests.shared import shared_path

HEADER = (
    "DATE,TRANSACTION ID,DESCRIPTION,QUANTITY,SYMBOL,PRICE,COMMISSION,AMOUNT,REG FEE,SHORT-TERM RDM FEE,"
    "FUND REDEMPTION FEE, DEFERRED SALES CHARGE"
)
BALANCES = HEADER.replace("AMOUNT,", "AMOUNT,NET CASH BALANCE,")
CALLS = "10/31/2023,56568972652,Sold 3 EQT Dec 15 2023 45.0 Call @ 1.13,3,EQT Dec 15 2023 45.0 Call,1.13,1.95,337.01,0.04,,,"
END = "***END OF FILE***"
FEES = dict.fromkeys(
    ("rFee", "additionalFee", "cdscFee", "regFee", "otherCharges", "commission", "optRegFee", "secFee"), 0.0
)


def statement(*lines: str, header: str = HEADER) -> bytes:
    return "\r\n".join((header, *lines, "")).encode()


def read(data: bytes) -> StatementFile:
    return reader_of(data).parse(data)


def test_three_calls_sold_have_their_charges_apart() -> None:
    (row,) = read(statement(CALLS, END)).rows
    assert (row.instrument_key, row.side, row.quantity) == ("EQT   231215C00045000", "sell", Decimal(3))
    assert (row.value, row.commission, row.fees) == (Decimal("339.00"), Decimal("-1.95"), Decimal("-0.04"))
    assert [(charge.component, charge.name) for charge in row.charges] == [
        ("commission", "COMMISSION"),
        ("regulatory", "REG FEE"),
    ]
    assert (row.execution_id, row.price_exact, row.has_time) == ("56568972652", True, False)


def test_a_file_without_its_end_says_so_and_keeps_its_rows() -> None:
    file = read(statement(CALLS))
    assert (len(file.rows), [refusal.line for refusal in file.refusals]) == (1, [None])


def test_balances_have_to_follow_from_the_amounts() -> None:
    rows = [
        "07/02/2013,1,ORDINARY DIVIDEND (HDV),,HDV,,,31.04,31.04,,,,",
        "07/02/2013,2,MONEY MARKET PURCHASE,,,,,-31.04,0.00,,,,",
        "09/30/2013,3,ORDINARY DIVIDEND (HDV),,HDV,,,31.19,31.19,,,,",
    ]
    file = read(statement(*rows, END, header=BALANCES))
    assert [(row.row_class, row.total) for row in file.rows] == [
        ("money", Decimal("31.04")),
        ("transfer", Decimal("-31.04")),
        ("money", Decimal("31.19")),
    ]
    assert read(statement(*reversed(rows), END, header=BALANCES)).refusals == ()
    with pytest.raises(Refused, match="rows are missing or edited"):
        read(statement(*(row.replace("31.", "32.", 1) for row in rows), END, header=BALANCES))


def test_options_leave_by_wording_and_their_shares_are_deliveries() -> None:
    rows = read(
        statement(
            "01/21/2020,1,REMOVAL OF OPTION DUE TO ASSIGNMENT (SPY Jan 17 2020 310.0 Call),1,"
            "SPY Jan 17 2020 310.0 Call,,0.00,0.00,,,,",
            "01/21/2020,2,Sold 100 SPY @ 310,100,SPY,310,0.00,30999.36,0.64,,,",
            "01/21/2020,3,REMOVAL OF OPTION DUE TO EXPIRATION (SPY Jan 17 2020 300.0 Put),2,"
            "SPY Jan 17 2020 300.0 Put,,0.00,0.00,,,,",
            END,
        )
    ).rows
    assert [row.row_class for row in rows] == ["assignment", "delivery", "expiration"]


def test_the_sample_of_the_api_is_read_whole() -> None:
    data = Path(shared_path("samples", "schwab", "studerw__transactions-resp.json")).read_bytes()
    file = read(data)
    assert (file.format, len(file.rows), file.refusals) == ("tdameritrade_transactions_json", 27, ())
    assert sum(row.row_class == "corporate_action" for row in file.rows) == 2
    assert {charge for row in file.rows for charge in row.charges} == set()


def _trade(fees: dict[str, float], net: float) -> StatementFile:
    record = {
        "type": "TRADE", "transactionSubType": "SL", "transactionDate": "2020-11-11T15:00:00+0000",
        "transactionId": 5, "orderId": "T3141592653.2", "netAmount": net, "description": "SELL TRADE",
        "fees": FEES | fees,
        "transactionItem": {
            "accountId": 999999999, "amount": 2.0, "price": 1.5, "cost": 300.0, "instruction": "SELL",
            "positionEffect": "OPENING", "instrument": {"symbol": "SPY_121820P300", "assetType": "OPTION"},
        },
    }  # fmt: skip
    return read(json.dumps([record]).encode())


def test_the_regulators_fee_is_one_of_several_or_their_sum() -> None:
    (apart,) = _trade({"commission": 1.3, "optRegFee": 0.08, "secFee": 0.01}, 298.61).rows
    (summed,) = _trade({"commission": 1.3, "regFee": 0.1, "optRegFee": 0.08, "secFee": 0.01}, 298.6).rows
    assert (apart.fees, summed.fees) == (Decimal("-0.09"), Decimal("-0.10"))
    assert {charge.component: charge.amount for charge in summed.charges} == {
        "commission": Decimal("-1.3"),
        "regulatory": Decimal("-0.01"),
        "orf": Decimal("-0.08"),
        "sec": Decimal("-0.01"),
    }
    assert (summed.order_number, summed.effect, summed.side) == ("3141592653", "open", "sell")
    with pytest.raises(Refused, match="less the fees"):
        _trade({"commission": 1.3}, 300.0)


@given(st.binary(max_size=200))
def test_no_bytes_make_a_reader_raise_anything_but_a_refusal(data: bytes) -> None:
    for reader in (tdameritrade_csv, tdameritrade_api):
        reader.recognise(data)
        with contextlib.suppress(Refused):
            assert reader.parse(data).rows == ()
