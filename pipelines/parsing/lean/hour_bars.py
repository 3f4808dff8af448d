"""LEAN's hourly bars: what a contract was worth at the end of each hour.

Holds: the hourly CSV of options (quotes) and of equities (trades) inside LEAN's zips.
Belongs here: their columns, scale and clock.
Never here: the folder layout, or daily history (`lean_prices`).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
SCALE = Decimal(10_000)
_HOUR = dt.timedelta(hours=1)
_BID_CLOSE, _ASK_CLOSE, _TRADE_CLOSE = 4, 9, 4
_QUOTE_COLUMNS = 11


def hour_closes(data: bytes) -> dict[dt.datetime, Decimal]:
    """The price at the end of each hour (UTC): the middle of bid and ask, the one there is, or the last trade.

    Rows are `yyyyMMdd HH:mm` of the bar's start in New York, then bid and ask bars (11 columns) or one trade bar, prices
    times 10,000. A row that cannot be read is left out: a missing price makes an excursion unknown, not wrong.
    """
    closes = {}
    for line in data.decode("ascii", "replace").splitlines():
        fields = line.strip().split(",")
        price = _middle(fields) if len(fields) >= _QUOTE_COLUMNS else _amount(fields, _TRADE_CLOSE)
        try:
            start = dt.datetime.strptime(fields[0], "%Y%m%d %H:%M").replace(tzinfo=NEW_YORK)
        except ValueError:
            continue
        if price is not None:
            closes[start.astimezone(dt.UTC) + _HOUR] = price / SCALE
    return closes


def _middle(fields: list[str]) -> Decimal | None:
    bid, ask = _amount(fields, _BID_CLOSE), _amount(fields, _ASK_CLOSE)
    if bid is None or ask is None:
        return ask if bid is None else bid
    return (bid + ask) / 2


def _amount(fields: list[str], column: int) -> Decimal | None:
    try:
        value = Decimal(fields[column])
    except (IndexError, InvalidOperation):
        return None
    return value if value.is_finite() else None
