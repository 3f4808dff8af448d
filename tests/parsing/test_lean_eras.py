"""Documents of earlier eras become today's, and nothing else of them changes."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.parsing.lean.enums import ORDER_DIRECTIONS, ORDER_STATUSES, ORDER_TYPES, SECURITY_TYPES
from pipelines.parsing.lean.eras import document_of, is_current, is_result, to_current
from pipelines.parsing.lean.events import parse_events
from pipelines.parsing.lean.notation import current_name
from pipelines.parsing.lean.result import parse_result
from pipelines.parsing.refusals import Refused
from tests.parsing.lean_ager import Figure, dump, hyphenated, load, mixed, pascal

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"
RESULTS = sorted(
    path
    for path in DATA.rglob("*.json")
    if not path.name.endswith(("-order-events.json", "alpha-results.json")) and is_result(path.read_bytes())
)
EVENTS = sorted(DATA.rglob("*-order-events.json"))

# Names that are members of LEAN's classes too: as keys of a dictionary they are data.
keys = st.sampled_from(
    ["Name", "Series", "Id", "order-id", "AAPL", "Strategy Equity", "x-y", "SPY 2U|SPY R735QTJ8XC9X"]
)
figures = st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**12), max_value=10**12).map(
    lambda number: Figure(format(number, "f"))
)
counts = st.integers(0, 9).map(lambda number: Figure(str(number)))
instants = st.sampled_from(["2020-01-02T14:31:00Z", "2020-01-03 10:00:00", "2021-05-06T20:00:00.1234567Z"])
symbols = st.fixed_dictionaries(
    {"value": st.text(max_size=9), "id": st.just("SPY R735QTJ8XC9X"), "permtick": st.text(max_size=5)},
    optional={"underlying": st.just({"value": "SPY", "id": "SPY R735QTJ8XC9X", "permtick": "SPY"})},
)
orders = st.fixed_dictionaries(
    {
        "type": st.sampled_from(sorted(ORDER_TYPES)).map(lambda number: Figure(str(number))),
        "contingentId": st.just(Figure("0")),
        "brokerId": st.lists(st.from_regex(r"[0-9]{1,4}", fullmatch=True), max_size=2),
        "symbol": symbols,
        "price": figures,
        "priceCurrency": st.just("USD"),
        "time": instants,
        "createdTime": instants,
        "quantity": figures,
        "status": st.sampled_from(sorted(ORDER_STATUSES)).map(lambda number: Figure(str(number))),
        "tag": st.text(max_size=12),
        "properties": st.sampled_from(
            [
                {"timeInForce": {}},
                {"timeInForce": {"$type": "QuantConnect.Orders.TimeInForces.DayTimeInForce"}, "outsideRegularTradingHours": True},
                {"timeInForce": {"$type": "QuantConnect.Orders.TimeInForces.GoodTilDateTimeInForce", "Expiry": "2021-01-01T00:00:00Z"}},
            ]
        ),
        "securityType": st.sampled_from(sorted(SECURITY_TYPES)).map(lambda number: Figure(str(number))),
        "direction": st.sampled_from(sorted(ORDER_DIRECTIONS)).map(lambda number: Figure(str(number))),
        "value": figures,
        "orderSubmissionData": st.none() | st.fixed_dictionaries({"bidPrice": figures, "askPrice": figures, "lastPrice": figures}),
        "isMarketable": st.booleans(),
    },
    optional={
        "limitPrice": figures,
        "groupOrderManager": st.fixed_dictionaries(
            {"id": counts, "quantity": figures, "count": counts, "limitPrice": figures, "orderIds": st.lists(counts, max_size=3), "direction": st.just(Figure("1"))}
        ),
    },
)  # fmt: skip
points = st.fixed_dictionaries({"x": counts, "y": figures | st.none()}) | st.lists(figures, min_size=2, max_size=2)
trades = st.fixed_dictionaries(
    {
        "entryTime": instants, "entryPrice": figures, "direction": st.just(Figure("0")), "quantity": figures,
        "exitTime": instants, "exitPrice": figures, "profitLoss": figures, "totalFees": figures, "mae": figures,
        "mfe": figures, "duration": st.just("1.02:03:04.5"), "endTradeDrawdown": figures,
    },
    optional={"symbol": symbols, "symbols": st.lists(symbols, min_size=1, max_size=2), "isWin": st.booleans()},
)  # fmt: skip
performances = st.fixed_dictionaries(
    {
        "tradeStatistics": st.fixed_dictionaries({"totalProfitLoss": st.just("16.96"), "averageMAE": st.just("-2.0")}),
        "portfolioStatistics": st.fixed_dictionaries({"valueAtRisk99": st.just("0.1")}),
        "closedTrades": st.lists(trades, max_size=3),
    }
)
texts = st.dictionaries(keys, st.text(max_size=8), max_size=4)
backtests = st.fixed_dictionaries(
    {
        "rollingWindow": st.dictionaries(st.just("M1_20200131"), performances, max_size=1),
        "totalPerformance": performances,
        "charts": st.dictionaries(
            keys,
            st.fixed_dictionaries(
                {
                    "name": keys,
                    "chartType": counts,
                    "series": st.dictionaries(
                        keys,
                        st.fixed_dictionaries({"name": keys, "index": counts, "values": st.lists(points, max_size=3)}),
                        max_size=2,
                    ),
                }
            ),
            max_size=3,
        ),
        "orders": st.lists(orders, max_size=4).map(
            lambda found: {str(number): {"id": Figure(str(number)), **order} for number, order in enumerate(found, 1)}
        ),
        "profitLoss": st.dictionaries(instants, figures, max_size=2),
        "statistics": texts,
        "runtimeStatistics": texts,
    },
    optional={
        "state": texts,
        "algorithmConfiguration": st.fixed_dictionaries(
            {"accountCurrency": st.just("USD"), "brokerage": counts, "parameters": texts, "startDate": instants}
        ),
    },
)
holdings = st.fixed_dictionaries(
    {"symbol": symbols, "type": counts, "currencySymbol": st.just("€"), "averagePrice": figures},
    optional={"quantity": figures, "marketPrice": figures, "marketValue": figures, "unrealizedPnL": figures},
)
lives = st.fixed_dictionaries(
    {
        "holdings": st.dictionaries(keys, holdings, max_size=3),
        "cash": st.dictionaries(
            keys,
            st.fixed_dictionaries({"securitySymbol": symbols, "amount": figures, "conversionRate": figures}),
            max_size=2,
        ),
        "serverStatistics": texts,
        "orders": st.just({}),
        "statistics": texts,
    }
)


@settings(max_examples=60)
@given(backtests | lives, st.sampled_from([pascal, mixed]))
def test_an_older_document_becomes_the_one_of_today(document: dict[str, Any], age: Any) -> None:
    current, older = dump(document), dump(age(document))
    assert load(to_current(older)) == load(current)
    assert parse_outcome(to_current(older)) == parse_outcome(current)


def parse_outcome(data: bytes) -> object:
    """Everything a reader makes of a document, in a form that can be compared."""
    try:
        found = parse_result([data])
    except Refused as error:
        return error.refusal
    return (
        found.orders.frame().rows(), found.trades.frame().rows(), found.equity.rows(), found.profit_loss.rows(),
        found.statistics, found.configuration, found.holdings, found.cash, found.refusals,
    )  # fmt: skip


def event_rows(data: bytes) -> list[object]:
    return [(batch.rows(), refusals) for batch, refusals in parse_events([data])]


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("age", [pascal, mixed])
def test_a_recorded_run_reads_the_same_in_older_names(path: Path, age: Any) -> None:
    data = path.read_bytes()
    assert to_current(data) is data
    assert load(to_current(dump(age(load(data))))) == load(data)


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_recorded_events_read_the_same_with_hyphens(path: Path) -> None:
    data = path.read_bytes()
    older = dump(hyphenated(load(data)))
    assert to_current(data) is data
    assert load(to_current(older)) == load(data)
    assert event_rows(to_current(older)) == event_rows(data)


@pytest.mark.parametrize(
    ("older", "today"),
    [("ID", "id"), ("MAE", "mae"), ("AverageMAE", "averageMAE"), ("UnrealizedPnL", "unrealizedPnL"), ("id", "id"),
     ("order-event-id", "orderEventId"), ("triggerPrice", "triggerPrice"), ("$type", "$type"), ("", "")],
)  # fmt: skip
def test_names_change_as_the_serializer_changed_them(older: str, today: str) -> None:
    assert current_name(older) == today


def old_order(**fields: object) -> dict[str, Any]:
    order = {
        "Type": 0, "Value": 99986.827413672, "Id": 1, "ContingentId": 0, "BrokerId": [1],
        "Symbol": {"Value": "SPY", "Permtick": "SPY"}, "Price": 100.086914328, "Time": "2010-03-04T14:31:00Z",
        "Quantity": 999, "Status": 3, "Tag": "", "SecurityType": 1, "Direction": 0, "AbsoluteQuantity": 999,
    }  # fmt: skip
    return {**order, **fields}


def read_old(**fields: object) -> Any:
    older = json.dumps({"Charts": {}, "Orders": {"1": old_order(**fields)}}).encode()
    result = parse_result([to_current(older)])
    assert result.refusals == []
    (order,) = result.orders.frame().to_dicts()
    return SimpleNamespace(**order)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, None),
        ({"TimeInForce": 0}, "good_til_canceled"),
        ({"TimeInForce": 1}, "day"),
        ({"Duration": 1}, "day"),
        ({"Properties": {"TimeInForce": 1}}, "day"),
        ({"TimeInForce": {}, "Properties": {"TimeInForce": {}}}, "good_til_canceled"),
        ({"TimeInForce": []}, "good_til_canceled"),
        ({"Properties": []}, None),
    ],
)
def test_the_times_in_force_of_older_orders(fields: dict[str, object], name: str | None) -> None:
    assert read_old(**fields).time_in_force == name


def test_a_duration_value_is_the_date_until_which_an_order_is_good() -> None:
    order = read_old(Duration=2, DurationValue="2010-04-04T14:31:00Z")
    assert order.time_in_force == "good_til_date"
    assert order.expires_at is not None
    assert order.expires_at.isoformat() == "2010-04-04T14:31:00+00:00"


@pytest.mark.parametrize("symbol", ["SPY", {"Value": "SPY", "Permtick": "SPY"}])
def test_the_oldest_orders_name_only_a_ticker(symbol: object) -> None:
    order = read_old(Symbol=symbol)
    assert (order.symbol, order.symbol_id) == ("SPY", "SPY")
    assert order.broker_ids == '["1"]'


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Type": "StopMarket", "Status": "filled"}, ("stop_market", "filled", "equity", "buy")),
        ({"Type": "limitIfTouched", "Status": "partiallyFilled"}, ("limit_if_touched", "partially_filled", "equity", "buy")),
        ({"Type": "marketOnOpen", "SecurityType": "IndexOption"}, ("market_on_open", "filled", "index_option", "buy")),
        ({"Direction": "Sell", "SecurityType": "1"}, ("market", "filled", "equity", "sell")),
        ({"Direction": None, "Quantity": -2}, ("market", "filled", "equity", "sell")),
        ({"Direction": None, "Quantity": 0.0}, ("market", "filled", "equity", "hold")),
    ],
)  # fmt: skip
def test_enums_written_as_names_are_read_like_numbers(fields: dict[str, object], expected: tuple[str, ...]) -> None:
    order = read_old(**fields)
    assert (order.order_type, order.status, order.security_type, order.direction) == expected


def test_an_enum_name_that_lean_does_not_have_is_refused_by_its_place() -> None:
    older = json.dumps({"Orders": {"1": old_order(Type="Surprise")}}).encode()
    (refusal,) = parse_result([to_current(older)]).refusals
    assert refusal.field is not None
    assert refusal.field.startswith("$.orders.1")


def test_a_number_keeps_every_digit_on_its_way_through_an_era() -> None:
    text = "100.08691432800000000000012345"
    older = json.dumps({"Orders": {"1": old_order()}}).replace("100.086914328", text).encode()
    assert parse_result([to_current(older)]).orders.frame()["price"].to_list() == [text]


def test_holdings_with_long_names_are_positions_by_their_identifier() -> None:
    put = {"Value": "SPY   210716P00385000", "ID": "SPY 31PB4NZP2BWX2|SPY R735QTJ8XC9X", "Permtick": "SPY"}
    long = {
        "Symbol": put, "Type": 2, "CurrencySymbol": "$", "AveragePrice": 23.42, "Quantity": -2.0, "MarketPrice": 20.0,
        "ConversionRate": 1.0, "MarketValue": -4000.0, "UnrealizedPnL": 684.0,
    }  # fmt: skip
    flat = {"Symbol": {"Value": "SPY", "ID": "SPY R735QTJ8XC9X"}, "CurrencySymbol": "$", "MarketPrice": 384.02}
    for document in ({"Holdings": {"SPY P": long, "SPY": flat}}, {"holdings": {"SPY P": long, "SPY": flat}}):
        result = parse_result([to_current(json.dumps(document).encode())])
        assert result.is_live
        (line,) = result.holdings
        assert (line.symbol_id, line.symbol) == (put["ID"], put["Value"])
        assert (line.quantity, line.average_price, line.price) == (Decimal("-2.0"), Decimal("23.42"), Decimal("20.0"))
        assert (line.market_value, line.unrealized) == (Decimal("-4000.0"), Decimal("684.0"))


def test_camel_case_holdings_of_2024_need_no_conversion() -> None:
    long = {"symbol": {"value": "SPY", "id": "SPY R735QTJ8XC9X"}, "type": 1, "averagePrice": 1.5, "quantity": 3.0}
    data = json.dumps({"holdings": {"SPY R735QTJ8XC9X": long}, "cash": {}}).encode()
    assert to_current(data) is data
    (line,) = parse_result([data]).holdings
    assert (line.symbol_id, line.quantity, line.currency_symbol) == ("SPY R735QTJ8XC9X", Decimal("3.0"), "$")


@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"[", b"{", b'"text"', b"[1]", b'{"rows": []}', b"\xff\xfe", b"[" * 5000, b'{"Orders":' * 5000],
)
def test_what_is_nothing_of_leans_comes_back_as_it_is(data: bytes) -> None:
    assert to_current(data) == data
    assert document_of(data) is None


def test_the_notation_is_told_by_the_first_bytes() -> None:
    assert is_current(b'{\n  "rollingWindow": {},')
    assert is_current(b'{"holdings":{}')
    assert not is_current(b'{"Holdings":{}')
    assert not is_current(b'{"rollingWindow": {"M1_20200101": {"TradeStatistics": {}}}}')
    assert not is_current(b'{"backtest": {}}')
    assert is_result(b'{"AlphaRuntimeStatistics": {}')
    assert not is_result(b'{"rows": []')
