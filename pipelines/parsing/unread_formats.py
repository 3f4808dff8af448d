"""Statement formats that are known by sight and not read yet.

Holds: how to tell them, and their names.
Belongs here: a format until its reader exists; then its line moves to that reader.
Never here: reading one.
"""

from __future__ import annotations

import re

HEAD = 4096
"""Bytes that are looked at: every format shows itself in its first lines."""

_BY_SIGHT: tuple[tuple[str, str], ...] = (
    ("Interactive Brokers Flex query (XML)", r"<FlexQueryResponse\b"),
    ("Interactive Brokers transaction history (CSV)", r"^Statement,Header,Field Name.*?Title,Transaction History"),
    ("Interactive Brokers activity statement (CSV)", r"^Statement,Header,Field Name"),
    ("Interactive Brokers Flex trades (CSV)", r'^"?Buy/Sell"?,"?TradeDate"?,.*IBCommission'),
    (
        "Charles Schwab transactions (CSV)",
        r'^("Transactions +for account|"?Date"?,"?Action"?,"?Symbol"?,"?Description"?)',
    ),
    ("Charles Schwab transactions (JSON export)", r'^\{\s*"FromDate"\s*:'),
    (
        "thinkorswim account statement (CSV)",
        r"^(This document was exported from the paperMoney|Account Statement for )",
    ),
    ("TD Ameritrade transactions (CSV)", r"^DATE,TRANSACTION ID,DESCRIPTION,QUANTITY"),
    ("Charles Schwab orders (JSON)", r'^\[\s*\{[^}]*"complexOrderStrategyType"'),
    ("Charles Schwab transactions (JSON)", r'^\[\s*\{\s*"activityId"\s*:'),
    ("TD Ameritrade transactions (JSON)", r'^\[\s*\{[^}]*"settlementDate"'),
    ("tastytrade API reply (JSON)", r'^\{\s*"(data|api-version|context)"\s*:'),
    ("a JSON document of unknown kind", r"^[\[{]"),
    ("an XML document of unknown kind", r"^<"),
)
_COMPILED = tuple((name, re.compile(pattern, re.DOTALL)) for name, pattern in _BY_SIGHT)


def name_of(data: bytes) -> str | None:
    """The name of a format that is known and not read yet; None where the bytes show none."""
    head = data[:HEAD].decode("utf-8", errors="replace").lstrip("\ufeff \r\n\t")
    return next((name for name, pattern in _COMPILED if pattern.search(head)), None)
