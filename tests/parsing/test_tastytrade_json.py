"""tastytrade's API replies: signs from effects, charges that add up, quotes that are no bookings."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.refusals import Refused
from pipelines.parsing.statements.formats import reader_of
from pipelines.parsing.statements.rows import StatementRow
from pipelines.parsing.tastytrade import api as tastytrade_json
from pipelines.parsing.tastytrade import quotes as tastytrade_quotes
from tests.shared import shared_path

Json = dict[str, Any]


def sale(**changes: Any) -> Json:
    """A sale of two options in the API's words."""
    item = {
        "id": 301,
        "account-number": "5WX00000",
        "transaction-type": "Trade",
        "transaction-sub-type": "Sell to Open",
        "action": "Sell to Open",
        "symbol": "XYZ   261218P00050000",
        "underlying-symbol": "XYZ",
        "instrument-type": "Equity Option",
        "description": "Sold 2 XYZ 12/18/26 Put 50.00 @ 1.05",
        "quantity": "2",
        "price": "1.05",
        "executed-at": "2026-11-17T15:00:01.250+00:00",
        "value": "210.0",
        "value-effect": "Credit",
        "commission": "2.0",
        "commission-effect": "Debit",
        "clearing-fees": "0.2",
        "clearing-fees-effect": "Debit",
        "regulatory-fees": "0.055",
        "regulatory-fees-effect": "Debit",
        "proprietary-index-option-fees": "0.0",
        "proprietary-index-option-fees-effect": "None",
        "net-value": "207.745",
        "net-value-effect": "Credit",
        "order-id": 990001,
        "currency": "USD",
    }
    item.update(changes)
    return {name: value for name, value in item.items() if value is not None}


def page(*items: Json, **reply: Any) -> bytes:
    return json.dumps({"data": {"items": list(items)}, "context": "/accounts/5WX00000/transactions", **reply}).encode()


def read(*items: Json) -> tuple[StatementRow, ...]:
    return tastytrade_json.parse(page(*items)).rows


def test_the_published_page_is_read() -> None:
    path = shared_path("samples", "tastytrade", "joaquinbejar__transactions_listing.json")
    found = reader_of(path.read_bytes()).parse(path.read_bytes())
    assert found.format == "tastytrade_transactions_json"
    assert [(row.row_class, row.quantity, row.value, row.total) for row in found.rows] == [
        ("corporate_action", Decimal("1.68074"), Decimal(0), Decimal(0)),
        ("corporate_action", Decimal("0.55928"), Decimal(0), Decimal(0)),
        ("money", None, Decimal("27.74"), Decimal("27.74")),
    ]
    assert all(row.commission is None and row.fees is None and row.charges == () for row in found.rows)


def test_effects_give_the_signs_and_parts_stay_apart() -> None:
    [row] = read(sale())
    assert (row.value, row.commission, row.fees, row.total) == (
        Decimal(210),
        Decimal("-2.0"),
        Decimal("-0.255"),
        Decimal("207.745"),
    )
    assert [(charge.component, charge.amount) for charge in row.charges] == [
        ("commission", Decimal("-2.0")),
        ("clearing", Decimal("-0.2")),
        ("regulatory", Decimal("-0.055")),
        ("index", Decimal(0)),
    ]
    assert (row.execution_id, row.order_number, row.session_date) == ("301", "990001", dt.date(2026, 11, 17))
    assert (row.side, row.effect, row.price_exact) == ("sell", "open", True)


def test_a_transaction_that_takes_another_back_names_it() -> None:
    [row] = read(sale(**{"id": 302, "reverses-id": 301}))
    assert row.cancels == "301"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"net-value": "207.70"}, "net-value"),
        ({"value-effect": "None"}, "value-effect"),
        ({"value-effect": "Debt"}, "value-effect"),
        ({"value": "-210.0"}, "value"),
        ({"commission": "two"}, "commission"),
        ({"action": "Sell to Shut"}, "action"),
        ({"action": None}, "action"),
        ({"transaction-sub-type": "Barter"}, "transaction-sub-type"),
        ({"transaction-type": "Barter"}, "transaction-type"),
        ({"symbol": ["XYZ"]}, "symbol"),
        ({"symbol": "XYZ 50 put"}, "symbol"),
        ({"executed-at": "yesterday"}, "executed-at"),
        ({"executed-at": None}, "executed-at"),
    ],
)
def test_a_transaction_that_contradicts_itself_is_refused_by_member(changes: Json, field: str) -> None:
    found = tastytrade_json.parse(page(sale(id=1), sale(**changes)))
    assert [(refusal.line, refusal.field) for refusal in found.refusals] == [(2, field)]
    assert len(found.rows) == 1


def test_pages_in_one_file_count_a_transaction_that_both_show_once() -> None:
    pages = [json.loads(page(sale(id=1), sale(id=2))), json.loads(page(sale(id=2), sale(id=3)))]
    found = tastytrade_json.parse(json.dumps(pages).encode())
    assert [row.execution_id for row in found.rows] == ["1", "2", "3"]


def test_a_single_transaction_is_a_page_of_one() -> None:
    reply = {"data": sale(), "context": "/accounts/5WX00000/transactions/301"}
    assert [row.execution_id for row in tastytrade_json.parse(json.dumps(reply).encode()).rows] == ["301"]


def test_a_truncated_reply_is_refused_and_no_row_taken() -> None:
    with pytest.raises(Refused, match="not a JSON document"):
        tastytrade_json.parse(page(sale(), sale())[:-40])


def test_a_dry_run_is_a_quote_and_no_booking() -> None:
    path = shared_path("samples", "tastytrade", "joaquinbejar__order_dry_run.json")
    found = reader_of(path.read_bytes()).parse(path.read_bytes())
    assert (found.format, found.rows) == ("tastytrade_dry_run_json", ())
    [quote] = found.quotes
    assert quote.total == Decimal("-2.302")
    assert [(leg.instrument_key, leg.side, leg.effect, leg.quantity) for leg in quote.legs] == [
        ("SPY   191018C00298000", "buy", "open", Decimal(1)),
        ("SPY   191018C00295000", "sell", "open", Decimal(1)),
    ]
    assert {charge.component: charge.amount for charge in quote.charges} == {
        "commission": Decimal("-2.0"),
        "clearing": Decimal("-0.2"),
        "regulatory": Decimal("-0.102"),
        "index": Decimal("0.0"),
    }


def test_a_day_total_needs_its_day() -> None:
    body = {
        "data": {"total-fees": "3.21", "total-fees-effect": "Debit"},
        "context": "/accounts/x/transactions/total-fees",
    }
    with pytest.raises(Refused, match="says no day"):
        tastytrade_quotes.parse(json.dumps(body).encode())
    body["context"] = "/accounts/x/transactions/total-fees?date=2026-11-20"
    [total] = tastytrade_quotes.parse(json.dumps(body).encode()).day_charges
    assert (total.session_date, total.amount) == (dt.date(2026, 11, 20), Decimal("-3.21"))


def test_a_quote_whose_parts_do_not_add_up_is_refused() -> None:
    path = shared_path("samples", "tastytrade", "joaquinbejar__order_dry_run.json")
    with pytest.raises(Refused, match="add up to"):
        tastytrade_quotes.parse(path.read_bytes().replace(b'"2.302"', b'"2.303"'))


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_any_bytes_end_in_a_refusal(data: bytes) -> None:
    for reader in (tastytrade_json, tastytrade_quotes):
        assert reader.recognise(data) is None
        with pytest.raises(Refused):
            reader.parse(data)


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.integers(), max_size=2)


@given(st.dictionaries(st.sampled_from(sorted(sale())), VALUES, max_size=4))
def test_members_of_any_type_end_in_rows_or_refusals(changes: Json) -> None:
    found = tastytrade_json.parse(page(sale(id=77), {**sale(), **changes, "transaction-type": "Trade"}))
    assert len(found.rows) + len(found.refusals) in (1, 2)
