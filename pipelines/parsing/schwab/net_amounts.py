"""What statements of Schwab and TD Ameritrade have in common: net amounts, and deliveries that look like trades.

Holds: the rule that quantity, price and charges give the amount, and which share trades an assignment explains.
Belongs here: rules over the rows of one file that more than one of these formats needs.
Never here: the cells of a format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.rows import StatementRow
from tomking.kernel.instruments import SymbolError, from_key

_HALF_CENT = Decimal("0.005")
_ROUNDED_FROM = 3
"""Prices with so many decimals may be cut: shares trade in parts of a cent."""


def price_exact(row: StatementRow) -> bool | None:
    """Whether quantity, price and multiplier give the value, as far as the printed decimals can tell."""
    if row.quantity is None or row.price is None or row.multiplier is None:
        return None
    size = row.quantity * row.multiplier
    gross = size * row.price * (-1 if row.side == "buy" else 1)
    places = len((row.price_text or "").partition(".")[2])
    slack = size * Decimal(5).scaleb(-places - 1) if places >= _ROUNDED_FROM else Decimal(0)
    return abs(row.value - gross) <= slack + _HALF_CENT


def judge(rows: Sequence[StatementRow], field: str) -> None:
    """Every trade nets to its amount; a single one that does not is marked (`price_exact`), its neighbours are not.

    Raises:
        Refused: at least half of the trades do not: the file was not written by the broker. `field` is the column.
    """
    told = [row for row in rows if row.price_exact is not None]
    wrong = [row for row in told if not row.price_exact]
    if wrong and 2 * len(wrong) >= len(told):
        first = wrong[0]
        reason = (
            f"quantity, price and charges do not give the amount ({len(wrong)} of {len(told)} trades): "
            "not a file as the broker writes it"
        )
        raise Refused(Refusal(reason, first.line, field, first.raw.get(field)))


def with_deliveries(rows: Sequence[StatementRow]) -> list[StatementRow]:
    """The rows, with share trades that an assignment or exercise of the same file explains as deliveries.

    Such a trade carries the days of the option's row, the strike as price, and at most the size of the contracts.
    """
    due: Counter[tuple[object, ...]] = Counter()
    for row in rows:
        if row.row_class not in ("assignment", "exercise") or row.instrument_key is None or not row.quantity:
            continue
        try:
            option = from_key(row.instrument_key)
        except SymbolError:
            continue
        # Whoever was assigned a call, or exercised a put, sells.
        side = "sell" if (option.call_put == "C") == (row.row_class == "assignment") else "buy"
        size = int(row.quantity * (row.multiplier or 0))
        due[option.underlying, row.occurred_at, row.session_date, side, option.strike] += size
    found = []
    for row in rows:
        place = (row.instrument_key, row.occurred_at, row.session_date, row.side, row.price)
        delivered = row.row_class == "trade" and row.quantity is not None and due[place] >= row.quantity
        if delivered and row.quantity is not None:
            due[place] -= int(row.quantity)
        found.append(replace(row, row_class="delivery") if delivered else row)
    return found
