"""What an IBKR statement of one day says all commissions of it came to.

Holds: the control figure of a cash report, where it can be held against the rows of the same statement.
Belongs here: when such a figure is a day's total and in which currency.
Never here: rows.

A cash report has a line per currency and one converted into the base currency. It is a day's total where the statement
covers a single day and all its commissions have one currency.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from pipelines.parsing.statements.rows import DayCharge, StatementRow


def day_charges(
    period: tuple[dt.date, dt.date] | None, rows: Iterable[StatementRow], commissions: Mapping[str, Decimal]
) -> Sequence[DayCharge]:
    """The total of the day, or nothing; `commissions` are the report's by currency, negative = cost."""
    charged = {row.currency for row in rows if row.commission or row.sub_type == "Commission"}
    if period is None or period[0] != period[1] or len(charged) != 1:
        return ()
    told = commissions.get(charged.pop())
    return () if told is None else (DayCharge(period[0], told),)
