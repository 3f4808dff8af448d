"""What the writers of statements share: CSV, money, merged fills, the account that has to be masked.

Holds: the small pieces of every writer.
Belongs here: what more than one broker's writer needs.
Never here: a broker's layout.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from tests.pairs.fill_set import Fill

ACCOUNTS = {"tastytrade": "5WX12345", "ibkr": "U7654321", "schwab": "48213377", "tdameritrade": "498213375"}
OWNER = "Jane Q. Public"

Fills = Sequence[Fill]
Writer = Callable[[Fills], bytes]


def lines(rows: Sequence[Sequence[object]], *, quoting: Any = csv.QUOTE_MINIMAL) -> str:
    """CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(rows)
    return text.getvalue()


def money(amount: Decimal, *, dollar: str = "") -> str:
    """An amount to the cent with separators of thousands."""
    return f"{'-' if amount < 0 else ''}{dollar}{abs(amount):,.2f}"


def words(fill: Fill) -> str:
    """A fill as tastytrade describes it."""
    verb = "Bought" if fill.side == "buy" else "Sold"
    what = (
        f"{fill.root} {fill.expiry:%m/%d/%y} {fill.right.title()} {Decimal(fill.strike):.2f}"
        if fill.is_option
        else fill.key
    )
    return f"{verb} {fill.quantity} {what} @ {fill.price}"


def sub_type(fill: Fill) -> str:
    """Sell to Open, and its like."""
    return f"{fill.side.title()} to {fill.effect.title()}"


def merged(fills: Fills, *, by_price: bool) -> list[Fill]:
    """Fills of an order as one, or as one per price; the average price has as many digits as it needs."""
    groups: defaultdict[tuple[object, ...], list[Fill]] = defaultdict(list)
    for fill in fills:
        groups[(fill.order, fill.price if by_price else None)].append(fill)
    made = []
    for group in groups.values():
        quantity = sum(fill.quantity for fill in group)
        average = sum((fill.quantity * fill.price for fill in group), Decimal(0)) / quantity
        first = group[0]
        made.append(
            Fill(
                first.order, first.execution, first.key, first.side, first.effect, quantity, average, group[-1].moment,
                sum((fill.commission for fill in group), Decimal(0)), sum((fill.regulatory for fill in group), Decimal(0)),
            )
        )  # fmt: skip
    return made
