"""The layout of tastytrade's transaction history: headers, words, columns.

Holds: the header of every generation, the words the export writes, and what each column holds.
Belongs here: a word or column seen in an export.
Never here: what a row means, and rules between columns.
"""

from __future__ import annotations

from typing import Literal

from pipelines.parsing.statements.csv_columns import (
    Choice,
    Column,
    Currency,
    Instant,
    Number,
    OrderNumber,
    ShortDate,
    Text,
)
from pipelines.parsing.statements.rows import RowClass

HEADER_20 = (
    "Date",
    "Type",
    "Sub Type",
    "Action",
    "Symbol",
    "Instrument Type",
    "Description",
    "Value",
    "Quantity",
    "Average Price",
    "Commissions",
    "Fees",
    "Multiplier",
    "Root Symbol",
    "Underlying Symbol",
    "Expiration Date",
    "Strike Price",
    "Call or Put",
    "Order #",
    "Currency",
)
HEADER_21 = (*HEADER_20[:-1], "Total", "Currency")

LEGACY_15 = (
    "Date/Time",
    "Transaction Code",
    "Transaction Subcode",
    "Symbol",
    "Buy/Sell",
    "Open/Close",
    "Quantity",
    "Expiration Date",
    "Strike",
    "Call/Put",
    "Price",
    "Fees",
    "Amount",
    "Description",
    "Account Reference",
)
INTERMEDIATE_16 = (
    "Date",
    "Type",
    "Action",
    "Symbol",
    "Instrument Type",
    "Description",
    "Value",
    "Quantity",
    "Average Price",
    "Commissions",
    "Fees",
    "Multiplier",
    "Underlying Symbol",
    "Expiration Date",
    "Strike Price",
    "Call or Put",
)
FORMATS = {
    INTERMEDIATE_16: "tastytrade_csv_16",
    HEADER_20: "tastytrade_csv_20",
    HEADER_21: "tastytrade_csv_21",
}

TRADE, RECEIVE_DELIVER, MONEY_MOVEMENT = "Trade", "Receive Deliver", "Money Movement"
SIDED = ("Buy to Open", "Buy to Close", "Sell to Open", "Sell to Close")
ACTIONS: dict[str, tuple[Literal["buy", "sell"], Literal["open", "close"] | None]] = {
    "BUY_TO_OPEN": ("buy", "open"),
    "BUY_TO_CLOSE": ("buy", "close"),
    "SELL_TO_OPEN": ("sell", "open"),
    "SELL_TO_CLOSE": ("sell", "close"),
    # Outright futures: the broker does not say whether they open or close.
    "BUY": ("buy", None),
    "SELL": ("sell", None),
}
SUB_TYPES: dict[str, dict[str, RowClass]] = {
    TRADE: dict.fromkeys((*SIDED, "Buy", "Sell"), "trade"),
    RECEIVE_DELIVER: {
        **dict.fromkeys((*SIDED, "Buy", "Sell"), "delivery"),
        "Expiration": "expiration",
        "Assignment": "assignment",
        "Exercise": "exercise",
        "Cash Settled Assignment": "cash_settlement",
        "Cash Settled Exercise": "cash_settlement",
        "Futures Settlement": "cash_settlement",
        "Symbol Change": "corporate_action",
        "Stock Merger": "corporate_action",
        "Stock Merger Removal": "corporate_action",
        "Cash Merger": "corporate_action",
        "Forward Split": "corporate_action",
        "Reverse Split": "corporate_action",
        "Reverse Split Removal": "corporate_action",
        "Special Dividend": "corporate_action",
        "Dividend": "corporate_action",
        "Maturity": "corporate_action",
        "ACAT": "transfer",
        "Transfer": "transfer",
    },
    MONEY_MOVEMENT: {
        "Balance Adjustment": "adjustment",
        "Mark to Market": "mark_to_market",
        "Transfer": "transfer",
        "ACAT": "transfer",
        "Deposit": "money",
        "Withdrawal": "money",
        "Dividend": "money",
        "Special Dividend": "money",
        "Cash Merger": "money",
        "Maturity": "money",
        "Fee": "money",
        "Credit Interest": "money",
        "Debit Interest": "money",
        "Fully Paid Stock Lending Income": "money",
    },
}
FEE_REPAIRS = ("regulatory fee adjustment", "reg fee adjustment", "fee correction")
"""How the description of a balance adjustment that mends fees begins, in lower case."""
INSTRUMENT_TYPES = frozenset({"Equity", "Equity Option", "Future", "Future Option", "Cryptocurrency"})

_AMOUNT = Number(absent=frozenset({"--"}))
_OPTIONAL = Number(absent=frozenset({"", "--"}))
COLUMNS: dict[str, Column] = {
    "Date": Instant(),
    "Type": Choice(frozenset(SUB_TYPES)),
    "Sub Type": Choice(frozenset(name for names in SUB_TYPES.values() for name in names)),
    "Action": Choice(frozenset(ACTIONS), required=False),
    "Symbol": Text(),
    "Instrument Type": Choice(INSTRUMENT_TYPES, required=False),
    "Description": Text(),
    "Value": Number(),
    "Quantity": Number(absent=frozenset({""}), unsigned=True),
    "Average Price": _OPTIONAL,
    "Commissions": _AMOUNT,
    "Fees": _AMOUNT,
    "Multiplier": Number(absent=frozenset({"", "--"}), unsigned=True),
    "Root Symbol": Text(),
    "Underlying Symbol": Text(),
    "Expiration Date": ShortDate(),
    "Strike Price": _OPTIONAL,
    "Call or Put": Choice(frozenset({"CALL", "PUT"}), required=False),
    "Order #": OrderNumber(),
    "Total": Number(),
    "Currency": Currency(),
}
