"""An algorithm that sends the orders of a recording at their recorded times, and cancels what was cancelled.

Holds: the script of a recording, and its performance.
Belongs here: nothing but repetition; what becomes of the orders is the engine's business.
Never here: comparison (`replay`).

A contract is subscribed one slice before its first order, as the recorded algorithm did. Orders that the engine itself
makes (expiry, margin calls) are not sent.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.lean_double.algorithm import QCAlgorithm
from tests.lean_double.names import (
    AccountType,
    BrokerageName,
    DataNormalizationMode,
    Market,
    OptionRight,
    OptionStyle,
    OrderType,
    Resolution,
)
from tests.lean_double.orders import Leg
from tests.lean_double.symbols import Symbol
from tomking.kernel.occ import parse_occ

BROKERAGES = {
    "tastytrade": BrokerageName.TASTYTRADE,
    "schwab": BrokerageName.CHARLES_SCHWAB,
    "ibkr": BrokerageName.INTERACTIVE_BROKERS_BROKERAGE,
}
_SENT = (OrderType.MARKET, OrderType.LIMIT, OrderType.COMBO_LIMIT)
Recorded = dict[str, Any]


def moment(text: str) -> datetime:
    """A recorded time to the second, UTC."""
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)


def is_engine_made(order: Recorded) -> bool:
    """Whether the engine made this order, not the algorithm."""
    return order["type"] not in _SENT or order.get("tag") == "Margin Call"


class Replay(QCAlgorithm):
    """Performs the recording whose main file the parameter `recording` names."""

    def initialize(self) -> None:
        path = Path(self.get_parameter("recording"))
        document = json.loads(path.read_text(encoding="utf-8"))
        settings = document["algorithmConfiguration"]
        events = json.loads(path.with_name(f"{path.stem}-order-events.json").read_text(encoding="utf-8"))
        first, last = (datetime.fromisoformat(settings[name][:10]) for name in ("startDate", "endDate"))
        self.set_start_date(first.year, first.month, first.day)
        self.set_end_date(last.year, last.month, last.day)
        self.set_cash(float(settings["parameters"].get("cash", "250000")))
        self.set_brokerage_model(BROKERAGES[settings["parameters"].get("brokerage", "tastytrade")], AccountType.MARGIN)
        self.equity = self.add_equity("SPY", Resolution.HOUR, data_normalization_mode=DataNormalizationMode.RAW).symbol
        self.replayed: dict[int, int] = {}
        self._tickets: dict[int, Any] = {}
        self._groups = _groups(document["orders"].values())
        self._cancels = _cancels(events)
        self._subscriptions = self._first_needs()
        self._slices: list[datetime] = []

    def _first_needs(self) -> dict[str, datetime]:
        first: dict[str, datetime] = {}
        for when, groups in self._groups.items():
            for order in (one for group in groups for one in group):
                key = order["symbol"]["value"]
                first[key] = min(when, first.get(key, when))
        return first

    def _symbol(self, key: str) -> Any:
        if not key.startswith("SPY  "):
            return self.equity
        parts = parse_occ(key)
        right = OptionRight.PUT if parts.call_put == "P" else OptionRight.CALL
        expiry = datetime.combine(parts.expiry, time())
        return Symbol.create_option(self.equity, Market.USA, OptionStyle.AMERICAN, right, float(parts.strike), expiry)

    def on_data(self, data: Any) -> None:
        now = self.utc_time
        if not data.bars:
            return
        for order_id in self._cancels.pop(now, ()):
            if order_id in self._tickets:
                self._tickets[order_id].cancel("replayed")
        for group in self._groups.pop(now, ()):
            self._send(group)
        following = self._next_slice(now)
        for key in [key for key, when in self._subscriptions.items() if when <= following]:
            del self._subscriptions[key]
            if key.startswith("SPY  "):
                self.add_option_contract(self._symbol(key), Resolution.HOUR)

    def _next_slice(self, now: datetime) -> datetime:
        """The end of the next bar of the underlying; a contract that is needed then is subscribed now."""
        bars = self._data.trades("SPY")
        return next((one for step in range(1, 24 * 6) if (one := now + step * timedelta(hours=1)) in bars), now)

    def _send(self, group: list[Recorded]) -> None:
        first, manager = group[0], group[0].get("groupOrderManager")
        symbol, quantity = self._symbol(first["symbol"]["value"]), int(first["quantity"])
        if manager is not None:
            units = int(manager["quantity"])
            legs = [Leg.create(self._symbol(one["symbol"]["value"]), int(one["quantity"]) // units) for one in group]
            tickets = self.combo_limit_order(legs, units, manager["limitPrice"], tag=first.get("tag", ""))
        elif first["type"] == OrderType.LIMIT:
            tickets = [self.limit_order(symbol, quantity, first["limitPrice"], tag=first.get("tag", ""))]
        else:
            tickets = [self.market_order(symbol, quantity, tag=first.get("tag", ""))]
        for order, ticket in zip(group, tickets, strict=True):
            self.replayed[order["id"]], self._tickets[order["id"]] = ticket.order_id, ticket


def _groups(orders: Any) -> dict[datetime, list[list[Recorded]]]:
    """What the algorithm sent, by time: groups of orders in the order of their ids."""
    groups: dict[tuple[str, int], list[Recorded]] = {}
    for order in orders:
        if not is_engine_made(order):
            manager = order.get("groupOrderManager")
            groups.setdefault(("group", manager["id"]) if manager else ("order", order["id"]), []).append(order)
    found: dict[datetime, list[list[Recorded]]] = defaultdict(list)
    for group in groups.values():
        found[moment(group[0]["createdTime"])].append(group)
    return dict(found)


def _cancels(events: list[Recorded]) -> dict[datetime, list[int]]:
    found: dict[datetime, list[int]] = defaultdict(list)
    for event in events:
        if event["status"] == "cancelPending":
            found[datetime.fromtimestamp(int(Decimal(str(event["time"]))), UTC)].append(event["orderId"])
    return dict(found)
