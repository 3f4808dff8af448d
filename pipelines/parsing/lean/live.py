"""What only a live run's files hold: open positions and cash.

Holds: holdings in one-letter and in long names, the cash book.
Belongs here: what an account holds by a live run's word.
Never here: reading files from disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgspec
from msgspec import Raw

from pipelines.parsing.lean.exact_json import ABSENT, Unreadable, amount, read_object, required_amount
from pipelines.parsing.lean.orders import SymbolJson
from pipelines.parsing.refusals import Refusal

_ZERO = Decimal(0)
_LONG_NAMES = frozenset({"symbol", "averagePrice", "quantity", "marketPrice", "marketValue", "currencySymbol"})


class HoldingJson(msgspec.Struct):
    """A position: one letter per figure, figures that are zero left out."""

    average_price: Raw = msgspec.field(default=ABSENT, name="a")
    quantity: Raw = msgspec.field(default=ABSENT, name="q")
    price: Raw = msgspec.field(default=ABSENT, name="p")
    market_value: Raw = msgspec.field(default=ABSENT, name="v")
    unrealized: Raw = msgspec.field(default=ABSENT, name="u")
    currency_symbol: str = msgspec.field(default="$", name="c")


class LongHoldingJson(msgspec.Struct, rename="camel"):
    """A position as written before 2025-02-13, in the words of the engine, with its symbol inside."""

    symbol: SymbolJson | None = None
    average_price: Raw = ABSENT
    quantity: Raw = ABSENT
    market_price: Raw = ABSENT
    market_value: Raw = ABSENT
    unrealized: Raw = msgspec.field(default=ABSENT, name="unrealizedPnL")
    currency_symbol: str | None = None


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
    symbol: str = ""
    """The symbol's own text; only holdings with long names carry it."""


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
    for key, raw in entries.items():
        place = f"$.holdings.{key}"
        try:
            names = read_object(raw, dict[str, Raw], place).keys()
            line = (_long_holding if _LONG_NAMES & names else _holding)(key, raw, place)
        except Unreadable as error:
            refusals.append(error.refusal)
        else:
            if line.quantity:
                holdings.append(line)
    return holdings, refusals


def _holding(symbol_id: str, raw: Raw, place: str) -> HoldingLine:
    found = read_object(raw, HoldingJson, place)
    return HoldingLine(
        symbol_id=symbol_id,
        quantity=amount(found.quantity, f"{place}.q") or _ZERO,
        average_price=amount(found.average_price, f"{place}.a") or _ZERO,
        price=amount(found.price, f"{place}.p") or _ZERO,
        market_value=amount(found.market_value, f"{place}.v") or _ZERO,
        unrealized=amount(found.unrealized, f"{place}.u") or _ZERO,
        currency_symbol=found.currency_symbol,
    )


def _long_holding(key: str, raw: Raw, place: str) -> HoldingLine:
    # The oldest files have the ticker for a key; the identifier stands in the symbol.
    found = read_object(raw, LongHoldingJson, place)
    return HoldingLine(
        symbol_id=found.symbol.id if found.symbol else key,
        quantity=amount(found.quantity, f"{place}.quantity") or _ZERO,
        average_price=amount(found.average_price, f"{place}.averagePrice") or _ZERO,
        price=amount(found.market_price, f"{place}.marketPrice") or _ZERO,
        market_value=amount(found.market_value, f"{place}.marketValue") or _ZERO,
        unrealized=amount(found.unrealized, f"{place}.unrealizedPnL") or _ZERO,
        currency_symbol=found.currency_symbol or "$",
        symbol=found.symbol.value if found.symbol else "",
    )


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
