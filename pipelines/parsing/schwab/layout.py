"""The words and cells of Schwab's exports, the CSV and the JSON of the web site alike.

Holds: the columns, what each action is about, and how money, quantities and days are printed.
Belongs here: a word or spelling seen in an export.
Never here: what a row means as a whole (`schwab_rows`), the trader API.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pipelines.parsing.statements.csv_columns import CellError, Column, Text, number
from pipelines.parsing.statements.rows import RowClass

Side = Literal["buy", "sell"]
Effect = Literal["open", "close"]

CELLS = ("Date", "Action", "Symbol", "Description", "Quantity", "Price", "Fees & Comm", "Amount")
EXTRA_CELLS = frozenset({"ItemIssueId", "AcctgRuleCd", "Acctg Rule Code"})
"""Numbers of the broker's own bookkeeping, kept as text only."""

TRADES: dict[str, tuple[Side, Effect | None]] = {
    "Buy": ("buy", None),
    "Sell": ("sell", None),
    "Sell Short": ("sell", "open"),
    "Buy to Cover": ("buy", "close"),
    "Buy to Open": ("buy", "open"),
    "Buy to Close": ("buy", "close"),
    "Sell to Open": ("sell", "open"),
    "Sell to Close": ("sell", "close"),
}
_REMOVALS: dict[str, RowClass] = {
    "Expired": "expiration",
    "Assigned": "assignment",
    "Exchange or Exercise": "exercise",
}
_CORPORATE = (
    "Cash In Lieu",
    "Cash Merger",
    "Cash Merger Adj",
    "Cash/Stock Merger",
    "Full Redemption",
    "Full Redemption Adj",
    "Mandatory Reorg Exc",
    "Name Change",
    "Options Frwd Split",
    "Options Frwd Split Adj",
    "Options Reverse Split",
    "Reinvest Shares",
    "Return of Capital",
    "Reverse Split",
    "Spin-off",
    "Stock Merger",
    "Stock Split",
    "Tender Offer",
)
_TRANSFERS = (
    "Funds Paid",
    "Funds Received",
    "Internal Transfer",
    "Journal",
    "Journaled Shares",
    "MoneyLink Adj",
    "MoneyLink Deposit",
    "MoneyLink Transfer",
    "Security Transfer",
    "Stock Plan Activity",
    "Wire Funds",
    "Wire Funds Adj",
    "Wire Funds Received",
    "Wire Received",
    "Wire Sent",
)
_ADJUSTMENTS = ("Adjustment", "Misc Cash Entry", "Misc Credits")
_MONEY = (
    "ADR Mgmt Fee",
    "ATM Withdrawal",
    "Advisor Fee",
    "Bank Interest",
    "Bond Interest",
    "Cash Dividend",
    "Credit Interest",
    "Div Adjustment",
    "Dividend",
    "Foreign Tax Paid",
    "Futures MM Sweep",
    "IRS Withhold Adj",
    "Long Term Cap Gain",
    "Long Term Cap Gain Reinvest",
    "Margin Interest",
    "NRA Tax Adj",
    "NRA Withholding",
    "Non-Qualified Div",
    "Pr Yr Cash Div",
    "Pr Yr Div Reinvest",
    "Pr Yr Non-Qual Div",
    "Pr Yr Special Div",
    "Promotional Award",
    "Qual Div Reinvest",
    "Qualified Dividend",
    "Reinvest Dividend",
    "Schwab ATM Rebate",
    "Service Fee",
    "Short Term Cap Gain",
    "Short Term Cap Gain Reinvest",
    "Special Dividend",
    "Special Non Qual Div",
    "Special Qual Div",
    "Visa Purchase",
)
CLASSES: dict[str, RowClass] = {
    **dict.fromkeys(TRADES, "trade"),
    **_REMOVALS,
    **dict.fromkeys(_CORPORATE, "corporate_action"),
    **dict.fromkeys(_TRANSFERS, "transfer"),
    **dict.fromkeys(_ADJUSTMENTS, "adjustment"),
    **dict.fromkeys(_MONEY, "money"),
}
"""Every action and the class of its rows. Shares bought by a dividend plan are no orders: a corporate action."""

# Separators of thousands come with cents only: `$1,010` is a decimal comma of somebody's spreadsheet.
_CASH = re.compile(r"(?P<sign>-?)\$?(?P<number>[0-9][0-9,]*\.[0-9]+|[0-9]+|\.[0-9]+)")
_DAYS = re.compile(r"(?P<booked>[0-9]{2}/[0-9]{2}/[0-9]{4})(?: as of (?P<event>[0-9]{2}/[0-9]{2}/[0-9]{4}))?")


@dataclass(frozen=True, slots=True)
class Days:
    """When a row was booked, and when what it books took place."""

    booked: dt.date
    event: dt.date


class BookingDays(Column):
    """`08/25/2025` or `08/25/2025 as of 08/22/2025`: booked on the first day, of the second."""

    def read(self, text: str) -> Days:
        """Both days; they are the same where one is printed."""
        match = _DAYS.fullmatch(text.strip())
        if match is None:
            raise CellError("expected MM/DD/YYYY or MM/DD/YYYY as of MM/DD/YYYY")
        booked = _day(match["booked"])
        return Days(booked, _day(match["event"]) if match["event"] else booked)


class Dollars(Column):
    """`$1.10`, `-$67526.50`, `-$1,500.00`, with stray blanks; None where blank."""

    def read(self, text: str) -> Decimal | None:
        """The amount, signed as printed."""
        cell = text.strip()
        if not cell:
            return None
        match = _CASH.fullmatch(cell)
        if match is None:
            raise CellError("expected an amount such as -$1,500.00")
        digits = match["number"]
        amount = number("0" + digits if digits.startswith(".") else digits)
        return -amount if match["sign"] else amount


class Count(Column):
    """A quantity; the sign some rows carry is kept for the reader of the row to drop."""

    def read(self, text: str) -> Decimal | None:
        """The number, None where blank."""
        return number(text.strip()) if text.strip() else None


class Action(Column):
    """One of the broker's actions."""

    def read(self, text: str) -> str:
        """The word; an unknown one is an error, never a guess."""
        word = " ".join(text.split())
        if word not in CLASSES:
            raise CellError("unknown word")
        return word


COLUMNS: dict[str, Column] = {
    "Date": BookingDays(),
    "Action": Action(),
    "Symbol": Text(),
    "Description": Text(),
    "Quantity": Count(),
    "Price": Dollars(),
    "Fees & Comm": Dollars(),
    "Amount": Dollars(),
    **dict.fromkeys(EXTRA_CELLS, Text()),
}


def _day(text: str) -> dt.date:
    month, day, year = (int(part) for part in text.split("/"))
    if not 1990 <= year <= 2100:
        raise CellError("expected a year between 1990 and 2100")
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        raise CellError(f"no such date: {error}") from error
