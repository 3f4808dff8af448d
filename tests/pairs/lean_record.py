"""What a recorded LEAN run filled, read a second time.

Holds: fills of a run folder, from its raw JSON; variants of a run that no recording has (larger orders, shares).
Belongs here: reading with the plain json module, so that nothing under test takes part.
Never here: our parsers, statements, fees.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
SHIFT = 10_000
"""Order ids of the n-th deployment of an account are shifted by n times this."""
_EXERCISE, _SHARES = 6, 1
_APART = 300
"""Seconds between the parts of a fill."""
Kind = Literal["trade", "expiration", "assignment", "exercise", "delivery"]


@dataclass(frozen=True, slots=True)
class LeanLeg:
    """What one order filled in one contract: `quantity` signed, `fee` as LEAN set it, `effect` by the position."""

    order: int
    unit: tuple[int, str, int]
    symbol: str
    kind: Kind
    when: dt.datetime
    session: dt.date
    quantity: Decimal
    price: Decimal
    fee: Decimal
    effect: Literal["open", "close"]
    parts: tuple[tuple[dt.datetime, Decimal, Decimal], ...]
    """Time, signed quantity and price of every fill event."""
    settled_at: Decimal | None = None
    """The level at which an index option was settled in cash."""

    @property
    def is_option(self) -> bool:
        """Options have the 21 characters of the OCC."""
        return len(self.symbol) == 21

    @property
    def side(self) -> Literal["buy", "sell"]:
        """By the sign of the quantity."""
        return "buy" if self.quantity > 0 else "sell"


def read_legs(folders: Iterable[Path]) -> list[LeanLeg]:
    """The filled legs of one account's deployments, in time order."""
    found: list[LeanLeg] = []
    held: dict[str, Decimal] = {}
    for place, folder in enumerate(folders):
        orders, events = _read(folder)
        mine: dict[tuple[int, str, dt.date], LeanLeg] = {}
        for event in sorted(events, key=lambda event: (Decimal(str(event["time"])), event["orderId"])):
            leg = _leg(place, orders[str(event["orderId"])], event, held)
            held[leg.symbol] = held.get(leg.symbol, Decimal(0)) + leg.quantity
            name = (leg.order, leg.symbol, leg.session)
            mine[name] = _grown(mine[name], leg) if name in mine else leg
        found.extend(mine.values())
    return found


def _grown(leg: LeanLeg, part: LeanLeg) -> LeanLeg:
    """Partial fills are one leg; LEAN puts the fee on the last of them."""
    return replace(leg, quantity=leg.quantity + part.quantity, fee=leg.fee + part.fee, parts=(*leg.parts, *part.parts))


def _read(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    orders: dict[str, Any] = {}
    events: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        if path.name.endswith("order-events.json"):
            events |= {event["id"]: event for event in content if event.get("fillQuantity")}
        elif isinstance(content, dict) and isinstance(content.get("orders"), dict):
            orders |= content["orders"]
    return orders, list(events.values())


def _leg(place: int, order: dict[str, Any], event: dict[str, Any], held: dict[str, Decimal]) -> LeanLeg:
    when = dt.datetime.fromtimestamp(int(event["time"]), dt.UTC)
    quantity = Decimal(event["fillQuantity"])
    before = held.get(event["symbolValue"], Decimal(0))
    number = int(order["id"]) + place * SHIFT
    manager = order.get("groupOrderManager")
    return LeanLeg(
        order=number,
        unit=(place, "order", number) if manager is None else (place, "group", int(manager["id"])),
        symbol=event["symbolValue"],
        kind=_kind(order, event),
        when=when,
        session=_session(when),
        quantity=quantity,
        price=Decimal(event["fillPrice"]),
        fee=Decimal(event.get("orderFeeAmount", 0)),
        effect="close" if before * quantity < 0 else "open",
        parts=((when, quantity, Decimal(event["fillPrice"])),),
        settled_at=_settled_at(event),
    )


def _settled_at(event: dict[str, Any]) -> Decimal | None:
    said = re.match(r"(?:Assigned|Automatic Exercise|Exercised)\. Underlying: ([0-9.]+[0-9])", event.get("message", ""))
    return Decimal(said[1]) if said and is_index_option(event["symbolValue"]) else None


def is_index_option(symbol: str) -> bool:
    """Of the index in the recordings."""
    return len(symbol) == 21 and symbol[:6].strip() in ("SPX", "SPXW")


def _kind(order: dict[str, Any], event: dict[str, Any]) -> Kind:
    if order["type"] != _EXERCISE:
        return "trade"
    if len(event["symbolValue"]) != 21:
        return "delivery"
    if event.get("isAssignment"):
        return "assignment"
    return "exercise" if "Exercise" in event.get("message", "") else "expiration"


def _session(when: dt.datetime) -> dt.date:
    local = when.astimezone(NEW_YORK)
    # LEAN ends a contract at the midnight after its last session.
    return local.date() - dt.timedelta(days=1) if local.hour < 4 else local.date()


def write_variant(source: Path, folder: Path, *, scale: int = 1, shares: int = 0, partial: bool = False) -> Path:
    """A copy of a backtest with every order `scale` times as large and `shares` round trips in SPY shares added.

    With `partial` every other order of several contracts fills in two parts, some minutes apart.
    """
    (events_path,) = source.glob("*-order-events.json")
    main_path = source / events_path.name.replace("-order-events", "")
    main = json.loads(main_path.read_text(encoding="utf-8"))
    events = json.loads(events_path.read_text(encoding="utf-8"))
    for order in main["orders"].values():
        _scale(order, scale, "quantity", "value")
        _scale(order.get("groupOrderManager"), scale, "quantity")
    for event in events:
        _scale(event, scale, "quantity", "fillQuantity", "orderFeeAmount")
    _add_shares(main["orders"], events, shares)
    if partial:
        events = [part for event in events for part in _parts(event)]
    folder.mkdir(parents=True)
    (folder / main_path.name).write_text(json.dumps(main), encoding="utf-8")
    (folder / events_path.name).write_text(json.dumps(events), encoding="utf-8")
    return folder


def _scale(record: dict[str, Any] | None, scale: int, *names: str) -> None:
    for name in names:
        if record is not None and record.get(name):
            record[name] *= scale


def _parts(event: dict[str, Any]) -> list[dict[str, Any]]:
    filled = event["fillQuantity"]
    if event["status"] != "filled" or not event.get("orderFeeCurrency") or abs(filled) < 2 or event["orderId"] % 2:
        return [event]
    first = filled / abs(filled)
    early = {name: value for name, value in event.items() if not name.startswith("orderFee")}
    late = event | {
        "id": f"{event['algorithmId']}-{event['orderId']}-{event['orderEventId'] + 1}",
        "orderEventId": event["orderEventId"] + 1,
        "fillQuantity": filled - first,
    }
    earlier = {"status": "partiallyFilled", "fillQuantity": first, "time": event["time"] - _APART}
    return [early | earlier, late]


def _add_shares(orders: dict[str, Any], events: list[dict[str, Any]], shares: int) -> None:
    """Round trips of odd lots: orders at market that fill at once, in the hours in which the run trades options."""
    fills = [event for event in events if event["fillQuantity"] and "-1" not in event["id"][-2:]]
    hours = sorted({event["time"] for event in fills if event["status"] == "filled" and event.get("orderFeeCurrency")})
    example = next(event for event in events if event["fillQuantity"])
    underlying = next(order["symbol"]["underlying"] for order in orders.values() if "underlying" in order["symbol"])
    number = max(int(name) for name in orders)
    chosen = hours[:: max(1, len(hours) // (2 * shares))][: 2 * shares] if shares else []
    for place, moment in enumerate(chosen):
        number += 1
        quantity, price = (137.0 if place % 2 == 0 else -137.0), 300.0 + place * 1.37
        stamp = dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        direction = 0 if quantity > 0 else 1
        common = {"quantity": quantity, "price": price, "time": stamp, "createdTime": stamp, "lastFillTime": stamp}
        orders[str(number)] = {
            **common, "type": 0, "id": number, "contingentId": 0, "brokerId": [str(number)], "symbol": underlying,
            "priceCurrency": "USD", "status": 3, "properties": {"timeInForce": {}}, "securityType": _SHARES,
            "direction": direction, "value": quantity * price, "isMarketable": True, "priceAdjustmentMode": 0,
        }  # fmt: skip
        run = example["algorithmId"]
        event = {
            "algorithmId": run, "orderId": number, "symbol": underlying["id"], "symbolValue": underlying["value"],
            "symbolPermtick": underlying["value"], "time": moment, "fillPriceCurrency": "USD",
            "direction": "buy" if quantity > 0 else "sell", "isAssignment": False, "quantity": quantity,
        }  # fmt: skip
        events.append(
            event | {"id": f"{run}-{number}-1", "orderEventId": 1, "status": "submitted", "fillPrice": 0.0,
                     "fillQuantity": 0.0}
        )  # fmt: skip
        events.append(
            event | {"id": f"{run}-{number}-2", "orderEventId": 2, "status": "filled", "fillPrice": price,
                     "fillQuantity": quantity, "orderFeeAmount": 0.0, "orderFeeCurrency": "USD"}
        )  # fmt: skip
