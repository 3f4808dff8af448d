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
    (
        "Charles Schwab equity awards (CSV)",
        r'^"?Date"?,"?Action"?,"?Symbol"?,"?Description"?,"?Quantity"?,"?FeesAndCommissions',
    ),
    ("TD Ameritrade institutional transactions (CSV)", r"^DATE,DESCRIPTION,SYMBOL,TRANS TYPE,"),
    ("thinkorswim trade activity (CSV, without fees)", r"^\S*Today's Trade Activity "),
    ("tastytrade API reply (JSON)", r'^\{\s*"(data|api-version|context)"\s*:'),
    ("a JSON document of unknown kind", r"^[\[{]"),
    ("an XML document of unknown kind", r"^<"),
)
_COMPILED = tuple((name, re.compile(pattern, re.DOTALL)) for name, pattern in _BY_SIGHT)


def name_of(data: bytes) -> str | None:
    """The name of a format that is known and not read yet; None where the bytes show none."""
    head = data[:HEAD].decode("utf-8", errors="replace").lstrip("\ufeff \r\n\t")
    return next((name for name, pattern in _COMPILED if pattern.search(head)), None)
