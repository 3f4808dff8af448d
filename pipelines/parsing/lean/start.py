"""What a live run began with, from the engine's trace: cash and positions taken over from the brokerage.

Holds: the lines of the brokerage's set-up in `log.txt`.
Belongs here: a fact of the start that no result file says.
Never here: errors and other messages of the trace (`pipelines.parsing.lean.log`).

The engine prints `… Setting USD cash to 251150.0`, then for each position
`… Has existing holding: SPY   261231C00640000: -2 @ $0.61 - Market: $0.62`, and nothing where there is none; result
files show only what is held at the time of writing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_CASH = re.compile(
    rb"BrokerageSetupHandler\.Setup\(\): Setting (?P<currency>\S{1,20}) cash to (?P<amount>-?[0-9][0-9.]*(?:E[-+]?[0-9]+)?)\r?\n"
)
_FETCHED = re.compile(rb"BrokerageSetupHandler\.Setup\(\): Fetching holdings from brokerage\.\.\.\r?\n")
_HOLDING = re.compile(
    rb"BrokerageSetupHandler\.Setup\(\): (?P<line>Has existing holding: (?P<symbol>[^\r\n]{1,200}?): "
    rb"(?P<quantity>-?[0-9.]+(?:E[-+]?[0-9]+)?) @ (?P<average>[^\r\n]{1,60}?) - Market: (?P<market>[^\r\n]{1,60}?)"
    rb"(?: - Conversion: [^\r\n]{1,60})?)\r?\n"
)
_NUMBER = re.compile(r"-?[0-9][0-9.]*(?:E[-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class InheritedHolding:
    """A position that was there at the start; prices per unit in its own currency, None where not printed as one."""

    symbol: str
    quantity: Decimal
    average_price: Decimal | None
    price: Decimal | None
    text: str


@dataclass(frozen=True, slots=True)
class RunStart:
    """Cash by currency, and positions; `holdings` is None where the engine did not come to ask for them."""

    cash: dict[str, Decimal]
    holdings: tuple[InheritedHolding, ...] | None


def parse_start(log: bytes) -> RunStart:
    """Read the engine's trace. A last line without its newline may be half of one and does not count."""
    cash = {
        found["currency"].decode("utf-8", "replace"): amount
        for found in _CASH.finditer(log)
        if (amount := _number(found["amount"])) is not None
    }
    asked = _FETCHED.search(log)
    if asked is None:
        return RunStart(cash, None)
    lines = [_holding(found) for found in _HOLDING.finditer(log, asked.end())]
    return RunStart(cash, tuple(line for line in lines if line is not None))


def _holding(found: re.Match[bytes]) -> InheritedHolding | None:
    quantity = _number(found["quantity"])
    if quantity is None:
        return None
    return InheritedHolding(
        symbol=found["symbol"].decode("utf-8", "replace"),
        quantity=quantity,
        average_price=_price(found["average"]),
        price=_price(found["market"]),
        text=found["line"].decode("utf-8", "replace"),
    )


def _price(text: bytes) -> Decimal | None:
    """The number after the currency's symbol, whatever that symbol is."""
    found = _NUMBER.search(text.decode("utf-8", "replace"))
    return _number(found[0].encode()) if found else None


def _number(text: bytes) -> Decimal | None:
    try:
        return Decimal(text.decode("ascii"))
    except (InvalidOperation, UnicodeDecodeError):
        return None
