"""What only a live run's files hold: open positions, cash, and days that overlap.

Holds: the one-letter holdings, the cash book, the union of day files.
Belongs here: a rule about how the files of one live run fit together.
Never here: reading files from disk.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgspec
from msgspec import Raw

from pipelines.parsing.lean_events import LeanEvent, in_order
from pipelines.parsing.lean_json import ABSENT, Unreadable, amount, read_object, required_amount
from pipelines.parsing.lean_orders import LeanOrder
from pipelines.parsing.refusals import Refusal

_ZERO = Decimal(0)
_LONG_AGO = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
# How far an order has come: an order never goes back from a later row of this list to an earlier one.
_PROGRESS = ("new", "none", "submitted", "update_submitted", "partially_filled", "cancel_pending", "invalid", "canceled", "filled")  # fmt: skip


class HoldingJson(msgspec.Struct):
    """A position: one letter per figure, figures that are zero left out."""

    average_price: Raw = msgspec.field(default=ABSENT, name="a")
    quantity: Raw = msgspec.field(default=ABSENT, name="q")
    price: Raw = msgspec.field(default=ABSENT, name="p")
    market_value: Raw = msgspec.field(default=ABSENT, name="v")
    unrealized: Raw = msgspec.field(default=ABSENT, name="u")
    currency_symbol: str = msgspec.field(default="$", name="c")


class CashJson(msgspec.Struct, rename="camel"):
    """A currency of the cash book."""

    amount: Raw
    conversion_rate: Raw = ABSENT
    value_in_account_currency: Raw = ABSENT


@dataclass(frozen=True, slots=True)
class HoldingLine:
    """An open position; quantity signed, money in the position's currency."""

    symbol_id: str
    quantity: Decimal
    average_price: Decimal
    price: Decimal
    market_value: Decimal
    unrealized: Decimal
    currency_symbol: str


@dataclass(frozen=True, slots=True)
class CashLine:
    """What the cash book holds of one currency."""

    currency: str
    amount: Decimal
    conversion_rate: Decimal | None
    value_in_account_currency: Decimal | None


def parse_holdings(entries: Mapping[str, Raw]) -> tuple[list[HoldingLine], list[Refusal]]:
    """Open positions by symbol id; flat subscriptions, which day files list too, are left out."""
    holdings: list[HoldingLine] = []
    refusals: list[Refusal] = []
    for symbol_id, raw in entries.items():
        place = f"$.holdings.{symbol_id}"
        try:
            keys = read_object(raw, dict[str, Raw], place).keys()
            if "symbol" in keys or "averagePrice" in keys:
                raise Unreadable("a holding with long names (written before 2025-02-13)", field=place)
            found = read_object(raw, HoldingJson, place)
            line = HoldingLine(
                symbol_id=symbol_id,
                quantity=amount(found.quantity, f"{place}.q") or _ZERO,
                average_price=amount(found.average_price, f"{place}.a") or _ZERO,
                price=amount(found.price, f"{place}.p") or _ZERO,
                market_value=amount(found.market_value, f"{place}.v") or _ZERO,
                unrealized=amount(found.unrealized, f"{place}.u") or _ZERO,
                currency_symbol=found.currency_symbol,
            )
        except Unreadable as error:
            refusals.append(error.refusal)
        else:
            if line.quantity:
                holdings.append(line)
    return holdings, refusals


def parse_cash(entries: Mapping[str, Raw]) -> list[CashLine]:
    """The cash book. Raises `Unreadable`: a cash book is read whole or not at all."""
    lines = []
    for currency, raw in entries.items():
        place = f"$.cash.{currency}"
        found = read_object(raw, CashJson, place)
        lines.append(
            CashLine(
                currency=currency,
                amount=required_amount(found.amount, f"{place}.amount")[0],
                conversion_rate=amount(found.conversion_rate, f"{place}.conversionRate"),
                value_in_account_currency=amount(found.value_in_account_currency, f"{place}.valueInAccountCurrency"),
            )
        )
    return lines


def union_of_events(days: Iterable[Iterable[LeanEvent]]) -> list[LeanEvent]:
    """All events of the day files; one that stands in two of them (the rollover writes both) counts once."""
    return in_order({event.event_key: event for day in days for event in day}.values())


def union_of_orders(files: Iterable[Iterable[LeanOrder]]) -> list[LeanOrder]:
    """All orders of status and day files; of an order in several, the version that came furthest."""
    newest: dict[int, LeanOrder] = {}
    for orders in files:
        for order in orders:
            known = newest.get(order.order_id)
            if known is None or _progress(order) > _progress(known):
                newest[order.order_id] = order
    return [newest[order_id] for order_id in sorted(newest)]


def _progress(order: LeanOrder) -> tuple[dt.datetime, int]:
    return order.touched_at or _LONG_AGO, _PROGRESS.index(order.status)
