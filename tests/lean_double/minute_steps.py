"""An hourly data folder walked through in minutes: straight lines between the hours.

Holds: `MinuteSteps`.
Belongs here: how often the algorithm is called; what it asks for at such a pace can then be counted.
Never here: prices that anything is judged by: between two hours they are made up.

Each hourly bar becomes the minutes from the bar before it (or the opening) to its end; a side nobody quoted stays without
a quote. History keeps its hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from tests.lean_double.data import NEW_YORK, Bar, DataFolder, QuoteBar, TradeBar
from tests.lean_double.names import Resolution
from tests.lean_double.symbols import Symbol

_MINUTE = timedelta(minutes=1)
_OPENING = time(9, 30)
_CENT = Decimal("0.01")


@dataclass
class MinuteSteps(DataFolder):
    """The same folder, a bar a minute."""

    _minute_shares: dict[str, dict[datetime, TradeBar]] = field(default_factory=dict)
    _minute_quotes: dict[str, dict[datetime, QuoteBar]] = field(default_factory=dict)

    @property
    def resolution(self) -> Resolution:
        return Resolution.MINUTE

    def trades(self, ticker: str) -> dict[datetime, TradeBar]:
        """Bars of a minute by their end."""
        if ticker not in self._minute_shares:
            found: dict[datetime, TradeBar] = {}
            before: TradeBar | None = None
            for end, bar in sorted(self.hourly_trades(ticker).items()):
                for moment, share in _minutes(None if before is None else before.ends, end):
                    price = _line((bar if before is None else before).bar, bar.bar, share)
                    found[moment] = TradeBar(moment, price, bar.volume // 60)
                before = bar
            self._minute_shares[ticker] = found
        return self._minute_shares[ticker]

    def quotes(self, symbol: Symbol, years: range) -> dict[datetime, QuoteBar]:
        """Quotes of a minute by their end."""
        if symbol.value not in self._minute_quotes:
            found: dict[datetime, QuoteBar] = {}
            before: QuoteBar | None = None
            for end, bar in sorted(super().quotes(symbol, years).items()):
                for moment, share in _minutes(None if before is None else before.ends, end):
                    old = bar if before is None else before
                    found[moment] = QuoteBar(moment, _side(old.bid, bar.bid, share), _side(old.ask, bar.ask, share))
                before = bar
            self._minute_quotes[symbol.value] = found
        return self._minute_quotes[symbol.value]


def _minutes(before: datetime | None, end: datetime) -> Iterator[tuple[datetime, Decimal | None]]:
    """The minutes up to `end` and how far each is on the way from the bar before; None in a session's first bar."""
    local = end.astimezone(NEW_YORK)
    opening = datetime.combine(local.date(), _OPENING, NEW_YORK)
    follows = before is not None and _day(before) == local.date() and end - before <= timedelta(hours=1)
    first = (
        before if follows and before is not None else max(opening, local - timedelta(hours=1)).astimezone(end.tzinfo)
    )
    count = int((end - first) / _MINUTE)
    for number in range(1, count + 1):
        yield first + number * _MINUTE, Decimal(number) / count if follows else None


def _day(moment: datetime) -> date:
    return moment.astimezone(NEW_YORK).date()


def _side(old: Bar | None, new: Bar | None, share: Decimal | None) -> Bar | None:
    return None if new is None else _line(old or new, new, share)


def _line(old: Bar, new: Bar, share: Decimal | None) -> Bar:
    price = new.close if share is None else (old.close + (new.close - old.close) * share).quantize(_CENT)
    return Bar(price, price, price, price)
