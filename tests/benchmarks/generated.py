"""A LEAN result of any size, written from the format: always the same bytes for the same number of orders.

Holds: the writing of main file and events, and the totals that reading them must give.
Belongs here: the one made-up input of the benchmarks.
Never here: reading it (tests/benchmarks/large_run.py).

Every order is a leg of a two-legged combo on options of one index, filled at once and closed by the next combo; prices
have up to 16 decimals, tags hold quotes, backslashes and letters beyond ASCII. About 2,500 bytes an order.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import TextIO

ALGORITHM = "GeneratedProbe"
BYTES_PER_ORDER = 2500
"""About, main file and events together."""

_START = dt.datetime(2004, 1, 5, 14, 31, tzinfo=dt.UTC)
_STRIKES = range(3000, 3040)
_POINTS = 4000
_MONTHS = 120


@dataclass(frozen=True, slots=True)
class Totals:
    """What is in the files."""

    orders: int
    events: int
    trades: int
    fees: Decimal
    profit_loss: Decimal
    quantity: Decimal
    """The sum of all filled quantities' magnitudes."""


@dataclass(frozen=True, slots=True)
class _Leg:
    order_id: int
    minute: int
    strike: int
    quantity: int
    price: str
    fee: str
    is_opening: bool

    @property
    def time(self) -> str:
        return (_START + dt.timedelta(minutes=self.minute)).isoformat()[:19] + "Z"

    @property
    def seconds(self) -> str:
        return f"{int(_START.timestamp()) + 60 * self.minute}.0"


def write(folder: Path, orders: int) -> Totals:
    """Write a finished backtest of `orders` orders (rounded up to a multiple of four) into a new folder."""
    folder.mkdir(parents=True)
    orders = -(-orders // 4) * 4
    with (folder / f"{ALGORITHM}.json").open("w", encoding="utf-8") as main:
        totals = _write_main(main, orders)
    with (folder / f"{ALGORITHM}-order-events.json").open("w", encoding="utf-8") as events:
        events.write("[")
        for leg in _legs(orders):
            events.write(("," if leg.order_id > 1 else "") + _events(leg))
        events.write("]")
    (folder / f"{ALGORITHM}-log.txt").write_text("2004-01-05 00:00:00 generated\n")
    return totals


def _legs(orders: int) -> Iterator[_Leg]:
    for order_id in range(1, orders + 1):
        combo, leg = divmod(order_id - 1, 2)
        is_opening = combo % 2 == 0
        strike = _STRIKES[(combo // 2) % len(_STRIKES)] + 25 * leg
        size = 1 + combo // 2 % 7
        sign = (1 if leg == 0 else -1) * (1 if is_opening else -1)
        # The decimals depend on the number of the order: short ones, long ones, and none.
        price = f"{10 + order_id % 50}.{order_id % 97:02}" + ("" if order_id % 3 else f"{order_id * 7919 % 10**14:014}")
        yield _Leg(
            order_id, combo * 5, strike, sign * size, price, f"{size * (1.0 if is_opening else 0.5):.2f}", is_opening
        )


def _write_main(main: TextIO, orders: int) -> Totals:
    main.write('{\n  "rollingWindow": ' + _indented(_windows(), 1) + ',\n  "charts": ' + _indented(_charts(), 1))
    main.write(',\n  "orders": {')
    for leg in _legs(orders):
        main.write((",\n" if leg.order_id > 1 else "\n") + f'    "{leg.order_id}": ' + _order(leg))
    main.write('\n  },\n  "profitLoss": {')
    profit_loss = []
    for position, (opening, closing) in enumerate(_round_trips(orders)):
        at = _START + dt.timedelta(minutes=closing.minute, milliseconds=position % 2)
        booked = f"{_profit(opening, closing) - 2 * Decimal(closing.fee)}0000"
        main.write((",\n" if position else "\n") + f'    "{at.isoformat()[:19]}.{at.microsecond:06}Z": {booked}')
    main.write('\n  },\n  "statistics": ' + _indented({"Total Orders": str(orders), "Start Equity": "100000"}, 1))
    state = {"StartTime": "2026-11-22T15:00:00Z", "EndTime": "2026-11-22T15:30:00Z", "RuntimeError": "", "StackTrace": "",
             "LogCount": "1", "OrderCount": str(orders), "InsightCount": "0", "Name": "local", "Status": "Completed"}  # fmt: skip
    configuration = {"name": "local", "tags": [], "accountCurrency": "USD", "brokerage": 36, "accountType": 0,
                     "parameters": {}, "startDate": "2004-01-05T00:00:00Z", "endDate": "2024-01-05T23:59:59Z"}  # fmt: skip
    main.write(',\n  "state": ' + _indented(state, 1) + ',\n  "algorithmConfiguration": ' + _indented(configuration, 1))
    main.write(',\n  "totalPerformance": {\n    "closedTrades": [')
    for position, (opening, closing) in enumerate(_round_trips(orders)):
        profit_loss.append(_profit(opening, closing))
        main.write((",\n" if position else "\n") + "      " + _trade(opening, closing, position))
    main.write("\n    ]\n  }\n}")
    with localcontext(prec=60):
        return Totals(
            orders=orders,
            events=2 * orders,
            trades=len(profit_loss),
            fees=sum((Decimal(leg.fee) for leg in _legs(orders)), Decimal(0)),
            profit_loss=sum(profit_loss, Decimal(0)),
            quantity=Decimal(sum(abs(leg.quantity) for leg in _legs(orders))),
        )


def _round_trips(orders: int) -> Iterator[tuple[_Leg, _Leg]]:
    """Every leg with the one that closed it."""
    waiting: list[_Leg] = []
    for leg in _legs(orders):
        if leg.is_opening:
            waiting.append(leg)
        else:
            yield waiting.pop(0), leg


def _profit(opening: _Leg, closing: _Leg) -> Decimal:
    return (Decimal(closing.price) - Decimal(opening.price)) * opening.quantity * 100


def _order(leg: _Leg) -> str:
    first = leg.order_id - (leg.order_id - 1) % 2
    action = "open" if leg.is_opening else "close"
    return f"""{{
      "type": 9,
      "limitPrice": 0.0,
      "id": {leg.order_id},
      "contingentId": 0,
      "brokerId": [
        "{leg.order_id}"
      ],
      "symbol": {_symbol(leg.strike, 3)},
      "price": {leg.price},
      "priceCurrency": "USD",
      "time": "{leg.time}",
      "createdTime": "{leg.time}",
      "lastFillTime": "{leg.time}",
      "quantity": {leg.quantity}.0,
      "status": 3,
      "tag": "tk1|\\"put \\\\ spread\\"|№{leg.order_id // 4}|{action}",
      "properties": {{
        "timeInForce": {{}}
      }},
      "securityType": 10,
      "direction": {0 if leg.quantity > 0 else 1},
      "value": {Decimal(leg.price) * leg.quantity},
      "orderSubmissionData": {{
        "bidPrice": 9.9,
        "askPrice": 10.1,
        "lastPrice": 10.0
      }},
      "isMarketable": false,
      "groupOrderManager": {{
        "id": {first},
        "quantity": 1.0,
        "count": 2,
        "limitPrice": -3.1,
        "orderIds": [
          {first},
          {first + 1}
        ],
        "direction": 0
      }},
      "priceAdjustmentMode": 0
    }}"""


def _trade(opening: _Leg, closing: _Leg, position: int) -> str:
    return f"""{{
        "id": "00000000-0000-0000-0000-{position:012}",
        "symbols": [
          {_symbol(opening.strike, 5)}
        ],
        "entryTime": "{opening.time}",
        "entryPrice": {opening.price},
        "direction": {0 if opening.quantity > 0 else 1},
        "quantity": {abs(opening.quantity)}.0,
        "exitTime": "{closing.time}",
        "exitPrice": {closing.price},
        "profitLoss": {_profit(opening, closing)},
        "totalFees": {Decimal(opening.fee) + Decimal(closing.fee)},
        "mae": -12.5,
        "mfe": 20.0,
        "duration": "00:05:00",
        "endTradeDrawdown": 1.5,
        "isWin": true,
        "orderIds": [
          {opening.order_id},
          {closing.order_id}
        ]
      }}"""


def _events(leg: _Leg) -> str:
    """The event of the sending and the event of the fill."""
    side = "buy" if leg.quantity > 0 else "sell"
    return ",".join(
        f'{{"id":"{ALGORITHM}-{leg.order_id}-{number}","algorithmId":"{ALGORITHM}","orderId":{leg.order_id},'
        f'"orderEventId":{number},"symbol":"{_identifier(leg.strike)}","symbolValue":"{_name(leg.strike)}",'
        f'"symbolPermtick":"SPXW","time":{leg.seconds},"status":"{status}",{fee}"fillPrice":{price},'
        f'"fillPriceCurrency":"USD","fillQuantity":{filled}.0,"direction":"{side}","isAssignment":false,'
        f'"quantity":{leg.quantity}.0}}'
        for number, status, fee, price, filled in (
            (1, "submitted", "", "0.0", 0),
            (2, "filled", f'"orderFeeAmount":{leg.fee},"orderFeeCurrency":"USD",', leg.price, leg.quantity),
        )
    )


@cache
def _symbol(strike: int, depth: int) -> str:
    underlying = {"value": "SPX", "id": "SPX 31", "permtick": "SPX"}
    named = {"value": _name(strike), "id": _identifier(strike), "permtick": "SPXW", "underlying": underlying}
    return _indented(named, depth)


def _name(strike: int) -> str:
    return f"SPXW  210115P{strike * 1000:08}"


def _identifier(strike: int) -> str:
    return f"SPXW XK{strike:X}BPQ4|SPX 31"


def _charts() -> dict[str, object]:
    values = [
        [int(_START.timestamp()) + 86_400 * day, 1e5, 1e5 + day, 1e5 - day, 1e5 + day / 2] for day in range(_POINTS)
    ]
    equity = {"name": "Equity", "unit": "$", "index": 0, "seriesType": 2, "values": values}
    return {"Strategy Equity": {"name": "Strategy Equity", "chartType": 0, "series": {"Equity": equity}}}


def _windows() -> dict[str, object]:
    figures = {"totalNumberOfTrades": 63, "totalProfit": "15837.23", "averageTradeDuration": "2.12:05:42.8571432"}
    return {
        f"M{months}_{2004 + month // 12}{month % 12 + 1:02}28": {"tradeStatistics": figures, "closedTrades": []}
        for month in range(_MONTHS)
        for months in (1, 3, 6, 12)
    }


def _indented(value: object, depth: int) -> str:
    return json.dumps(value, indent=2).replace("\n", "\n" + "  " * depth)
