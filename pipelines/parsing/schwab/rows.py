"""What the cells of Schwab's exports mean together.

Holds: the statement row of one set of cells.
Belongs here: what the CSV and the JSON export of the web site share; both give the same rows, with the same ids.
Never here: the two notations, the trader API.

A row prints the day only, one all-in charge and the net amount; the value is what is left of the amount without the
charge. `as of` tells when something took place that was booked later: the row stands at its booking day, its session is
the day it took place.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.parsing.schwab.layout import CLASSES, TRADES, Days
from pipelines.parsing.schwab.net_amounts import price_exact
from pipelines.parsing.statements.csv_columns import plain
from pipelines.parsing.statements.rows import StatementRow
from tomking.kernel.instruments import Instrument, SymbolError, from_schwab_export

BROKER = "schwab"
NEW_YORK = ZoneInfo("America/New_York")

_BOND = re.compile(r"(?=.*[0-9])[0-9A-Z]{8}[0-9]")
_BOND_UNIT = Decimal("0.01")
"""Bonds are quoted per hundred of face value."""
_TYPES = {"equity": "Equity", "option": "Option", "index_option": "Index Option"}


class FieldError(ValueError):
    """A cell that is well formed but contradicts its row."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


def midnight(day: dt.date) -> dt.datetime:
    """New York midnight of a day, as UTC: where rows without a time of day stand."""
    return dt.datetime.combine(day, dt.time(), NEW_YORK).astimezone(dt.UTC)


def statement_row(line: int, cells: Mapping[str, Any], raw: Mapping[str, str]) -> StatementRow:
    """The row of one set of typed cells.

    Raises: FieldError.
    """
    days: Days = cells["Date"]
    action: str = cells["Action"]
    row_class = CLASSES[action]
    side, effect = TRADES.get(action, (None, None))
    quantity = None if cells["Quantity"] is None else abs(cells["Quantity"])
    symbol: str | None = cells["Symbol"].strip() if cells["Symbol"] else None
    if row_class == "trade" and (not quantity or symbol is None or cells["Price"] is None or cells["Amount"] is None):
        missing = {"Quantity": quantity, "Symbol": symbol, "Price": cells["Price"], "Amount": cells["Amount"]}
        raise FieldError(next(name for name, value in missing.items() if not value), "a trade needs one")
    kind, instrument = _instrument(symbol, needed=row_class in ("trade", "expiration", "assignment", "exercise"))
    multiplier = _BOND_UNIT if kind == "Bond" else (instrument.multiplier if instrument else None)
    charge: Decimal | None = cells["Fees & Comm"]
    net: Decimal | None = cells["Amount"]
    value = (net or Decimal(0)) + (charge or Decimal(0))
    row = StatementRow(
        line=line,
        occurred_at=midnight(days.booked),
        occurred_text=raw["Date"],
        session_date=days.event,
        row_class=row_class,
        row_type="Trade" if row_class == "trade" else "Other",
        sub_type=action,
        action=action,
        side=side,
        effect=effect,
        symbol=symbol,
        instrument_key=instrument.key if instrument else None,
        instrument_type=kind,
        underlying=instrument.underlying if instrument and instrument.is_option else None,
        description=cells["Description"],
        quantity=quantity,
        price=cells["Price"] if row_class == "trade" else None,
        price_text=None if row_class != "trade" else plain(cells["Price"]),
        price_exact=None,
        multiplier=multiplier,
        value=value,
        commission=None if charge is None else -charge,
        fees=None,
        total=net,
        currency="USD",
        order_number=None,
        raw=raw,
        has_time=False,
    )
    return replace(row, price_exact=price_exact(row)) if row_class == "trade" else row


def _instrument(symbol: str | None, *, needed: bool) -> tuple[str | None, Instrument | None]:
    """The type and the instrument. Bonds are named by their CUSIP and have no instrument of ours."""
    if symbol is None:
        return None, None
    if _BOND.fullmatch(symbol):
        return "Bond", None
    try:
        found = from_schwab_export(symbol)
    except SymbolError as error:
        if not needed:
            return None, None
        raise FieldError("Symbol", f"not an instrument: {error}") from error
    return _TYPES[found.security_type], found
