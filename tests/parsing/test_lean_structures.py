"""The names and numbers of LEAN's structures that the readers rely on are those that stand in recordings of the engine.

What one part of a recording writes as a number another writes as a word: orders and their events say the same status
and direction, an identifier has the type of its security packed inside. The readers' tables are held against these.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipelines.parsing.lean.enums import (
    EVENT_STATUSES,
    ORDER_DIRECTIONS,
    ORDER_STATUSES,
    ORDER_TYPES,
    SECURITY_TYPES,
    TRADE_DIRECTIONS,
)
from pipelines.parsing.lean.eras import RESULT_MEMBERS
from pipelines.parsing.lean.events import EventJson
from pipelines.parsing.lean.orders import GroupJson, OrderJson, SubmissionJson, SymbolJson
from pipelines.parsing.lean.result import ConfigurationJson
from pipelines.parsing.lean.trades import TradeJson
from tests.run_copies import RECORDINGS
from tests.shared import SHARED
from tomking.kernel.security_id import unpack

LARGEST = 20_000_000
OF_EVERY_ORDER = {
    "id", "type", "status", "symbol", "quantity", "securityType", "direction", "price", "priceCurrency", "brokerId",
    "contingentId", "time", "createdTime", "properties", "value", "orderSubmissionData", "isMarketable",
    "priceAdjustmentMode",
}  # fmt: skip
OF_SOME_ORDERS = {"tag", "lastFillTime", "lastUpdateTime", "canceledTime"}
OF_ORDERS_OF_TYPE = {
    "limit": {"limitPrice"},
    "stop_market": {"stopPrice"},
    "stop_limit": {"stopPrice", "limitPrice", "stopTriggered"},
    "limit_if_touched": {"triggerPrice", "limitPrice", "triggerTouched"},
    "combo_market": {"groupOrderManager"},
    "combo_limit": {"groupOrderManager"},
    "combo_leg_limit": {"groupOrderManager", "limitPrice"},
    "trailing_stop": {"stopPrice", "trailingAmount", "trailingAsPercentage"},
}
EARLIER = {"symbol"}
"""Members of closed trades that the engine wrote in earlier years."""


@cache
def results() -> list[tuple[Path, dict[str, Any]]]:
    """The recorded result files of today's notation: ours, and those beside this checkout where there are any."""
    found = []
    for folder in (RECORDINGS, SHARED / "runs"):
        for path in sorted(folder.rglob("*.json")):
            if path.stat().st_size > LARGEST:
                continue
            try:
                document = json.loads(path.read_bytes())
            except ValueError:  # LEAN was writing when the copy was taken
                continue
            if isinstance(document, dict) and "runtimeStatistics" in document:
                found.append((path, document))
    return found


def orders() -> Iterator[dict[str, Any]]:
    for _, document in results():
        yield from (document.get("orders") or {}).values()


def orders_with_events() -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Every order of a backtest with its events in their sequence."""
    for path, document in results():
        listed = path.with_name(f"{path.stem}-order-events.json")
        if not listed.is_file():
            continue
        events = defaultdict(list)
        for event in json.loads(listed.read_bytes()):
            events[event["orderId"]].append(event)
        for order in (document.get("orders") or {}).values():
            yield order, sorted(events[order["id"]], key=lambda event: event["orderEventId"])


def read_by(struct: type[msgspec.Struct]) -> set[str]:
    """The members that a reader asks for, under LEAN's names."""
    return {field.encode_name for field in msgspec.structs.fields(struct)}


def written(things: Iterator[dict[str, Any] | None]) -> set[str]:
    return {name for thing in things for name in thing or {}}


# --- names --------------------------------------------------------------------------------------------------------


def test_every_member_of_a_recorded_result_is_a_known_one() -> None:
    assert written(document for _, document in results()) - RESULT_MEMBERS == set()


def test_every_order_has_the_members_of_its_type_and_no_others() -> None:
    for order in orders():
        names = set(order)
        of_type = OF_ORDERS_OF_TYPE.get(ORDER_TYPES[order["type"]], set())
        assert names >= OF_EVERY_ORDER | of_type
        assert names - OF_EVERY_ORDER - of_type <= OF_SOME_ORDERS


def test_the_reader_of_orders_asks_for_what_orders_have() -> None:
    known = OF_EVERY_ORDER | OF_SOME_ORDERS | set().union(*OF_ORDERS_OF_TYPE.values())
    assert read_by(OrderJson) <= known
    assert set(OF_ORDERS_OF_TYPE) <= set(ORDER_TYPES.values())


@pytest.mark.parametrize(
    ("struct", "member"),
    [(SymbolJson, "symbol"), (GroupJson, "groupOrderManager"), (SubmissionJson, "orderSubmissionData")],
)
def test_what_is_read_inside_an_order_stands_there(struct: type[msgspec.Struct], member: str) -> None:
    assert read_by(struct) <= written(order.get(member) for order in orders())


def test_what_is_read_of_events_and_of_the_configuration_stands_there() -> None:
    events = written(event for _, listed in orders_with_events() for event in listed)
    optional = {"stopPrice", "limitPrice"}
    """Only of orders with such a price, which the recordings in this repository do not have."""
    assert read_by(EventJson) - optional <= events
    configurations = (document.get("algorithmConfiguration") for _, document in results())
    assert read_by(ConfigurationJson) <= written(configurations)


def test_what_is_read_of_closed_trades_stands_there() -> None:
    trades = (
        trade
        for _, document in results()
        for trade in (document.get("totalPerformance") or {}).get("closedTrades") or []
    )
    assert read_by(TradeJson) - EARLIER <= written(trades)


# --- numbers ------------------------------------------------------------------------------------------------------


def test_the_status_of_an_order_is_that_of_its_last_event() -> None:
    compared = set()
    for order, events in orders_with_events():
        if events:
            compared.add((ORDER_STATUSES[order["status"]], EVENT_STATUSES[events[-1]["status"]]))
    assert ("filled", "filled") in compared
    assert {number for number, word in compared if number != word} == set()


def test_the_direction_of_an_order_is_that_of_its_events() -> None:
    compared = {
        (ORDER_DIRECTIONS[order["direction"]], event["direction"])
        for order, events in orders_with_events()
        if ORDER_TYPES[order["type"]] != "option_exercise"  # its events are those of two securities
        for event in events
    }
    assert compared == {("buy", "buy"), ("sell", "sell")}


def test_the_security_type_of_an_order_is_that_of_its_identifier() -> None:
    compared = set()
    for order in orders():
        identifier = unpack(order["symbol"]["id"])
        compared.add((SECURITY_TYPES[order["securityType"]], identifier.type_name))
    assert ("option", "option") in compared
    assert {number for number, packed in compared if number != packed} == set()


def test_a_long_trade_is_one_that_gains_when_the_price_rises() -> None:
    seen = set()
    for _, document in results():
        for trade in (document.get("totalPerformance") or {}).get("closedTrades") or []:
            rise, gain = trade["exitPrice"] - trade["entryPrice"], trade["profitLoss"]
            if rise and gain:
                seen.add((TRADE_DIRECTIONS[trade["direction"]], rise * gain > 0))
    assert seen == {("long", True), ("short", False)}


def test_combos_are_the_orders_that_share_a_group() -> None:
    kinds = {ORDER_TYPES[order["type"]] for order in orders() if order.get("groupOrderManager")}
    assert {"combo_market", "combo_limit"} <= kinds
    assert all(kind.startswith("combo_") for kind in kinds)
