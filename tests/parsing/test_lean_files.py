"""The parts of LEAN's files: exact numbers, notations, messages, refusals by name."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.lean.eras import to_current
from pipelines.parsing.lean.events import read_settlement
from pipelines.parsing.lean.exact_json import Unreadable, instant, instant_from_seconds
from pipelines.parsing.lean.log import parse_algorithm_log, parse_engine_log, quit_called
from pipelines.parsing.lean.printed_statistics import parse_statistic
from pipelines.parsing.lean.result import parse_result
from pipelines.parsing.lean.trades import duration_seconds
from pipelines.parsing.refusals import Refused
from tests.parsing.reading import events_of, objects, result_of
from tests.shared import shared_path

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"
COMBO = (DATA / "combo" / "ComboLimitOrderAlgorithm.json").read_bytes()
EVENT: dict[str, Any] = {
    "id": "x-1-1", "algorithmId": "x", "orderId": 1, "orderEventId": 1, "symbol": "BTCEUR XJ", "symbolValue": "BTCEUR",
    "symbolPermtick": "BTCEUR", "time": 1580000000.5, "status": "filled", "orderFeeAmount": 0, "orderFeeCurrency": "BTC",
    "fillPrice": 1.0, "fillPriceCurrency": "EUR", "fillQuantity": 1.0, "direction": "buy", "isAssignment": False,
    "quantity": 1.0,
}  # fmt: skip


def event_file(fee: str) -> bytes:
    return json.dumps([EVENT]).replace('"orderFeeAmount": 0,', f'"orderFeeAmount": {fee},').encode()


def changed(**members: object) -> bytes:
    return json.dumps({**json.loads(COMBO), **members}).encode()


def with_order(order_id: str, **fields: object) -> bytes:
    document = json.loads(COMBO)
    document["orders"][order_id].update(fields)
    return json.dumps(document).encode()


def test_a_fee_keeps_all_of_its_28_digits() -> None:
    fee = "0.0000123456789012345678901234"
    (event,), refusals = events_of(event_file(fee))
    assert (event.fee, refusals) == (fee, [])


@given(st.decimals(allow_nan=False, allow_infinity=False, places=28, min_value=-(10**9), max_value=10**9))
def test_any_number_comes_back_as_it_was_written(number: Decimal) -> None:
    text = format(number, "f")
    (event,), _ = events_of(event_file(text))
    assert event.fee == text
    assert Decimal(event.fee) == number


def test_an_absent_fee_is_unknown_and_an_explicit_zero_is_zero() -> None:
    without = {key: value for key, value in EVENT.items() if not key.startswith("orderFee")}
    (event,), _ = events_of(json.dumps([without]).encode())
    assert (event.fee, event.fee_currency) == (None, None)
    (event,), _ = events_of(event_file("0.0"))
    assert event.fee == "0.0"


@pytest.mark.parametrize("value", ["1e999999999", "NaN", "Infinity", "true", "{}", '"abc"', "01", "-"])
def test_what_is_no_number_is_refused_with_its_place(value: str) -> None:
    try:
        events, refusals = events_of(event_file(value))
    except Refused:
        return  # not JSON at all
    assert events == []
    assert refusals[0].field == "$[0].orderFeeAmount"


def test_events_of_before_april_2024_are_read_with_their_hyphens() -> None:
    data = shared_path("samples", "lean", "order-event-kebab-pre-2024-04.json").read_bytes()
    (event,), refusals = events_of(to_current(data))
    assert (Decimal(event.fee), event.fee_currency, event.status, refusals) == (Decimal(88), "USD", "none", [])


def test_the_time_of_an_event_keeps_its_fraction() -> None:
    events, _ = events_of(json.dumps([EVENT]).encode())
    assert events[0].occurred_at == dt.datetime(2020, 1, 26, 0, 53, 20, 500_000, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("message", "kind", "underlying", "result", "tag"),
    [
        ("OTM. Underlying: 3795.54. Loss: -80.0", "expiry", "3795.54", "-80.0", None),
        ("Assigned. Underlying: 300. Profit: +6425", "assignment", "300", "6425", None),
        ("Automatic Exercise. Underlying: 748.4000. Loss: -400", "exercise", "748.4000", "-400", None),
        (
            "Assigned. Underlying: 9. Profit: +1.5. Simulated option assignment before expiration",
            "assignment",
            "9",
            "1.5",
            "Simulated option assignment before expiration",
        ),
        ("OTM. Underlying: 1. Profit: +0. a\nb. c", "expiry", "1", "0", "a\nb. c"),
    ],
)
def test_the_message_of_an_expiry_says_price_and_result(
    message: str, kind: str, underlying: str, result: str, tag: str | None
) -> None:
    note = read_settlement(message)
    assert note is not None
    assert (note.kind, note.underlying, note.result, note.tag) == (kind, Decimal(underlying), Decimal(result), tag)


@pytest.mark.parametrize("message", [None, "", "Option Exercise", "OTM", "Warning: OTM. Underlying: 1. Loss: -1"])
def test_any_other_message_is_no_settlement(message: str | None) -> None:
    assert read_settlement(message) is None


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("$1,234.50", "1234.50", "$"), ("-$3.44", "-3.44", "$"), ("$-63.00", "-63.00", "$"), ("-2.25 %", "-2.25", "%"),
        ("0.289%", "0.289", "%"), ("BUSD99.75", "99.75", "BUSD"), ("₹-5", "-5", "₹"), ("1.2E-05", "0.000012", None),
        ("10028.93", "10028.93", None), ("Ξ2", "2", "Ξ"), ("31.00:00:00", "2678400", "s"), ("0d 00:00:10", "10", "s"),
        ("00:00:06.6666668", "6.6666668", "s"), ("-1.06:51:25.5", "-111085.5", "s"),
    ],
)  # fmt: skip
def test_printed_figures_become_numbers(text: str, number: str, unit: str | None) -> None:
    assert parse_statistic(text) == (Decimal(number), unit)


@pytest.mark.parametrize("text", ["", "SPY R735QTJ8XC9X", "1:2:3", "2026-11-22T15:02:26Z", "-$-1", "vm1", "1,23"])
def test_other_texts_are_no_numbers(text: str) -> None:
    assert parse_statistic(text) == (None, None)


@given(st.text())
def test_no_text_breaks_the_reading_of_figures(text: str) -> None:
    number, _ = parse_statistic(text)
    assert number is None or number.is_finite()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("31.00:00:00", "2678400"),
        ("00:01:02.5000000", "62.5000000"),
        ("-1.00:00:01", "-86401"),
        ("7", None),
        (None, None),
    ],
)
def test_dotnet_durations_become_seconds(text: str | None, seconds: str | None) -> None:
    assert duration_seconds(text) == (None if seconds is None else Decimal(seconds))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-17T17:45:32.3114728Z", dt.datetime(2026, 11, 17, 17, 45, 32, 311472, tzinfo=dt.UTC)),
        ("2013-10-07 09:31:00", dt.datetime(2013, 10, 7, 9, 31, tzinfo=dt.UTC)),
        ("2013-10-07T09:31:00-04:00", dt.datetime(2013, 10, 7, 13, 31, tzinfo=dt.UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
    ],
)
def test_instants_in_every_notation(text: str, moment: dt.datetime | None) -> None:
    assert instant(text, "f") == moment


@pytest.mark.parametrize("text", ["soon", "2013-13-01T00:00:00Z", "2013-10-07"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        instant(text, "f")


def test_seconds_outside_of_any_calendar_are_refused() -> None:
    for seconds in (Decimal("1e20"), Decimal("-1e11")):
        with pytest.raises(Unreadable):
            instant_from_seconds(seconds, "f")


def test_a_combo_has_its_group_on_every_leg() -> None:
    result = result_of(COMBO)
    legs = [order for order in objects(result.orders) if order.group_id is not None]
    assert {(order.group_id, order.group_size, order.group_direction) for order in legs} == {(1, 3, "buy")}
    assert all(order.limit_price is None for order in legs)
    assert len(result.orders) == 6


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"quantity": None}, "$.orders.1.quantity"),
        ({"price": "abc"}, "$.orders.1.price"),
        ({"type": 99}, "$.orders.1.type"),
        ({"status": 4}, "$.orders.1.status"),
        ({"id": 2}, "$.orders.1.id"),
        ({"symbol": {"value": "SPY"}}, "$.orders.1.symbol"),
        ({"createdTime": "yesterday"}, "$.orders.1.createdTime"),
    ],
)
def test_a_bad_order_is_refused_by_its_place_and_the_others_stay(fields: dict[str, object], place: str) -> None:
    result = result_of(with_order("1", **fields))
    assert [refusal.field for refusal in result.refusals] == [place]
    assert len(result.orders) == 5


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (COMBO[: len(COMBO) // 2], "not whole JSON"),
        (b"", "not whole JSON"),
        (b"[]", "does not have the shape"),
        (b'{"Orders": {}, "Charts": {}}', "without any member"),
        (b'{"rows": []}', "without any member"),
        (changed(state=[1]), "a list stands where a map belongs"),
    ],
)
def test_a_file_that_is_no_result_is_refused_by_name(data: bytes, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        result_of(data)
    assert reason in refused.value.refusal.reason


@pytest.mark.parametrize(
    ("data", "place", "reason"),
    [
        (changed(profitLoss={"x": 1, "2020-01-02T00:00:00Z": 2}), "$.profitLoss.x", "not an instant"),
        (changed(profitLoss={"2020-01-02T00:00:00Z": None, "2020-01-02 00:00:00": 2}),
         "$.profitLoss.2020-01-02T00:00:00Z", "a required number is missing"),
        (changed(charts={"Strategy Equity": {"series": {"Equity": {"values": [[1, 2, 3], [1, 2]]}}}}),
         "$.charts.Strategy Equity.series.Equity.values[0]", "neither a point nor a candle"),
        (changed(charts={"Strategy Equity": {"series": {"Equity": {"values": [5, [1, 2]]}}}}),
         "$.charts.Strategy Equity.series.Equity.values[0]", "does not have the shape"),
        (changed(charts={"Strategy Equity": {"series": {"Equity": {"values": [{"x": 1, "equity": 5}, [1, 2]]}}}}),
         "$.charts.Strategy Equity.series.Equity.values[0]", "neither a point nor a candle"),
    ],
)  # fmt: skip
def test_a_bad_entry_of_a_curve_is_refused_by_its_place_and_the_others_stay(
    data: bytes, place: str, reason: str
) -> None:
    result = result_of(data)
    ((refused, said),) = [(refusal.field, refusal.reason) for refusal in result.refusals]
    assert (refused, reason in said) == (place, True)
    assert 1 in (result.profit_loss.height, result.equity.height)


def test_a_trade_is_refused_by_its_place_and_the_others_keep_theirs() -> None:
    trades = json.loads(COMBO)["totalPerformance"]["closedTrades"]
    assert len(trades) > 2
    trades[1]["quantity"] = "many"
    result = result_of(changed(totalPerformance={"closedTrades": trades}))
    assert [refusal.field for refusal in result.refusals] == ["$.totalPerformance.closedTrades[1].quantity"]
    assert [trade.position for trade in objects(result.trades)] == [0, *range(2, len(trades))]


def test_an_order_that_stands_twice_is_named_and_the_last_counts() -> None:
    document = json.loads(COMBO)
    first = json.dumps(document["orders"]["1"])
    second = json.dumps({**document["orders"]["1"], "tag": "again"})
    data = json.dumps({**document, "orders": {}}).replace(
        '"orders": {}', f'"orders": {{"1": {first}, "2": 5, "1": {second}}}'
    )
    result = parse_result(data[start : start + 200].encode() for start in range(0, len(data), 200))
    assert [order.tag for order in objects(result.orders)] == ["again"]
    assert {refusal.field for refusal in result.refusals} == {"$.orders.1", "$.orders.2"}


def test_empty_maps_written_as_lists_are_empty() -> None:
    result = result_of(changed(orders=[], statistics=[], profitLoss=None))
    assert (len(result.orders), result.profit_loss.height, result.statistics["statistics"]) == (0, 0, {})


def test_points_of_every_era_are_samples_of_the_curve() -> None:
    values = [
        [10, 1, 2, 0.5, 1.5],
        [10, None],
        {"x": 20, "y": 3.25},
        {"x": 30, "open": 4, "high": 6, "low": 3, "close": 5.5},
        {"Time": 40, "Value": 7},
    ]
    result = result_of(changed(charts={"Strategy Equity": {"series": {"Equity": {"values": values}}}}))
    assert [(sample.position, sample.open, sample.close) for sample in objects(result.equity)] == [
        (0, "1", "1.5"),
        (1, None, None),
        (0, None, "3.25"),
        (0, "4", "5.5"),
        (0, None, "7"),
    ]


def test_the_order_of_the_day_and_of_a_date_are_times_in_force() -> None:
    prefix = "QuantConnect.Orders.TimeInForces."
    day = {"timeInForce": {"$type": f"{prefix}DayTimeInForce, QuantConnect.Common"}}
    until = {"timeInForce": {"$type": f"{prefix}GoodTilDateTimeInForce", "Expiry": "2020-01-02T00:00:00"}}
    orders = objects(result_of(with_order("1", properties=day)).orders)
    assert (orders[0].time_in_force, orders[0].expires_at) == ("day", None)
    orders = objects(result_of(with_order("1", properties=until)).orders)
    assert orders[0].time_in_force == "good_til_date"
    assert orders[0].expires_at == dt.datetime(2020, 1, 2, tzinfo=dt.UTC)


def test_a_message_of_several_lines_is_one_message() -> None:
    log = (
        b"Algorithm Initialization: hello\n2013-10-07 00:00:00 one\n two\n\nthree\n2013-10-08 09:40:00 Quit(): limit\n"
    )
    messages = parse_algorithm_log(log)
    assert [(message.line, message.message) for message in messages] == [
        (1, "Algorithm Initialization: hello"),
        (2, "one\n two\n\nthree"),
        (6, "Quit(): limit"),
    ]
    assert quit_called(messages)
    assert not quit_called(messages[:2])


def test_the_trace_tells_brokerage_version_and_errors() -> None:
    log = parse_engine_log((DATA / "live" / "2-L-3100000002" / "log.txt").read_bytes())
    assert (log.brokerage, log.version) == ("PaperBrokerage", "2.5.0.0")
    assert [message.line for message in log.errors] == [198]
    assert log.newest_at is not None
    assert log.newest_at.date() == dt.date(2026, 11, 17)
    boom = parse_engine_log((DATA / "boom" / "log.txt").read_bytes())
    assert any("Runtime Error" in message.message for message in boom.errors)


@given(st.binary())
def test_any_bytes_are_a_log(data: bytes) -> None:
    parse_algorithm_log(data)
    parse_engine_log(data)
