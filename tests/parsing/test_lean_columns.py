"""Columns read many at a time: the same values, and the same refusals, as one by one."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from pipelines.parsing.lean.columns import Rows
from pipelines.parsing.lean.events import parse_events
from pipelines.parsing.lean.exact_json import ABSENT, Unreadable, instant, number_text
from pipelines.parsing.lean.orders import parse_orders
from pipelines.parsing.refusals import Refusal
from tests.parsing.reading import objects

SCRAPS = st.sampled_from(
    [b"", b"0", b"-0.0", b"12.50", b"1e5", b"1E-7", b"null", b"true", b'"3.5"', b'"x"', b"{}", b"[1]", b'"1\\n2"',
     b"1e999999999", b"8.967430763425134001234567890"]
)  # fmt: skip
NUMBERS = SCRAPS | st.decimals(allow_nan=False, allow_infinity=False, places=4).map(
    lambda number: format(number, "f").encode()
)
INSTANTS = st.sampled_from(
    [None, "", "2020-01-02T03:04:05Z", "2020-01-02 03:04:05", "2020-01-02T03:04:05.1234567Z", "0001-01-01T00:00:00Z",
     "2020-W01-1T00:00:00Z", "2020-13-02T03:04:05Z", "2020-01-02T03:04:05+05:30", "2020-01-02T03:04:60Z", "soon"]
)  # fmt: skip
FIELDS: st.SearchStrategy[tuple[str, Any]] = st.sampled_from(
    [("price", "abc"), ("price", None), ("status", 99), ("quantity", 10**30), ("createdTime", "soon"), ("id", 10**20),
     ("symbol", {}), ("properties", []), ("limitPrice", 1.25), ("tag", 'a "b" \\ {'), ("groupOrderManager", {"id": 1})]
)  # fmt: skip
ORDER: dict[str, Any] = {
    "id": 1, "type": 0, "status": 3, "symbol": {"value": "SPY", "id": "SPY R735QTJ8XC9X"}, "quantity": 1.0, "price": 2.5,
    "securityType": 1, "direction": 0, "createdTime": "2020-01-02T14:30:00Z",
}  # fmt: skip


def place(row: int) -> str:
    return f"$[{row}]"


@given(st.lists(NUMBERS, max_size=8), st.booleans())
def test_a_column_of_numbers_is_each_number_read_by_itself(written: list[bytes], required: bool) -> None:
    rows = Rows(len(written), place)
    found = rows.numbers("x", [Raw(data) if data else ABSENT for data in written], required=required).to_list()
    expected: list[str | None] = []
    refused: list[Refusal] = []
    for row, data in enumerate(written):
        try:
            text = number_text(Raw(data), f"$[{row}].x")
            if text is None and required:
                raise Unreadable("a required number is missing", f"$[{row}].x")
            expected.append(text)
        except Unreadable as error:
            expected.append(None)
            refused.append(error.refusal)
    assert (found, rows.refusals) == (expected, refused)


@given(st.lists(INSTANTS, max_size=8))
def test_a_column_of_instants_is_each_instant_read_by_itself(written: list[str | None]) -> None:
    rows = Rows(len(written), place)
    found = rows.instants("x", written).to_list()
    refused = []
    for row, text in enumerate(written):
        try:
            assert found[row] == instant(text, f"$[{row}].x")
        except Unreadable as error:
            refused.append(error.refusal)
    assert rows.refusals == refused


@given(st.lists(st.lists(FIELDS, max_size=2), min_size=1, max_size=6))
def test_orders_read_together_are_the_orders_read_alone(changes: list[list[tuple[str, Any]]]) -> None:
    orders = {str(number): {**ORDER, "id": number, **dict(change)} for number, change in enumerate(changes, start=1)}
    together, refused = parse_orders(json.dumps(orders).encode())
    alone = [parse_orders(json.dumps({key: order}).encode()) for key, order in orders.items()]
    assert objects(together) == [order for found, _ in alone for order in objects(found)]
    assert sorted(refused, key=str) == sorted((refusal for _, one in alone for refusal in one), key=str)
    assert together.height + len(refused) == len(orders)


@given(st.integers(1, 400))
def test_the_place_of_an_event_does_not_depend_on_where_blocks_end(size: int) -> None:
    event = {"id": "x", "orderId": 1, "orderEventId": 1, "symbol": "S", "time": 1, "status": "filled", "direction": "buy",
             "fillPrice": 1, "fillQuantity": 1}  # fmt: skip
    events: list[object] = [{**event, "orderId": number} for number in range(6)]
    events[2], events[4] = {**event, "fillPrice": "x"}, 5
    data = json.dumps(events).encode()
    found = list(parse_events(data[start : start + size] for start in range(0, len(data), size)))
    assert [number for batch, _ in found for number in batch["order_id"]] == [0, 1, 3, 5]
    places = {refusal.field for _, refused in found for refusal in refused}
    assert places == {"$[2].fillPrice", "$[4]"}
