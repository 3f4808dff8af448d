"""Quotes that are computed instead of read: a chain on a given path of the underlying and of volatility.

Holds: `SyntheticData`, a data folder without files, `CombinedData` of several, and `FaultyData`, which fails on demand.
Belongs here: declared scenarios; nothing here claims to be a recording.
Never here: what an algorithm should do about them.

The underlying goes through its session's open, low and high (the nearer one first) and close. Volatility goes from its
opening to its closing level, with a skew: a put ten per cent out of the money has about a third more. Prices are those
of Black and Scholes; a quote is 0.6 per cent wide, at least two cents. Expiries: each Friday to 60 days, each third
Friday to 400; strikes 5 apart from 30 per cent below to 20 per cent above.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from tests.lean_double.data import Bar, DataFolder, Greeks, OptionContract, QuoteBar, TradeBar
from tests.lean_double.names import OptionRight, OptionStyle
from tests.lean_double.schedule import instant
from tests.lean_double.symbols import Symbol
from tomking.kernel.black_scholes import DAYS_A_YEAR, greeks_of, price_of
from tomking.kernel.sessions import close_time_utc, previous_session, session_on_or_before, sessions_between

T = TypeVar("T")
_SKEW = 3.0
_HALF_WIDTH, _CENT = Decimal("0.003"), Decimal("0.01")
_HOURS = tuple(time(hour) for hour in range(10, 17))


@dataclass(frozen=True)
class Session:
    """A session of the underlying and of volatility (in points, as VIX)."""

    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    vix_open: Decimal
    vix_close: Decimal

    def price(self, share: float) -> Decimal:
        """The underlying after a share of the session."""
        first, second = (self.low, self.high) if self.open - self.low < self.high - self.open else (self.high, self.low)
        return _along(((0.0, self.open), (0.25, first), (0.65, second), (1.0, self.close)), share)

    def vix(self, share: float) -> Decimal:
        """Volatility in points after a share of the session."""
        return _along(((0.0, self.vix_open), (1.0, self.vix_close)), share)


def _along(points: Sequence[tuple[float, Decimal]], share: float) -> Decimal:
    for (start, low), (end, high) in itertools.pairwise(points):
        if share <= end:
            part = Decimal(repr((share - start) / (end - start)))
            return (low + (high - low) * part).quantize(_CENT)
    return points[-1][1]


class SyntheticData(DataFolder):
    """The data of one underlying and of `VIX` over some sessions."""

    def __init__(self, ticker: str, sessions: Iterable[Session]) -> None:
        super().__init__(Path())
        self._ticker = ticker
        self._sessions = {one.day: one for one in sessions}
        self._chains: dict[date, list[OptionContract]] = {}

    def hourly_trades(self, ticker: str) -> dict[datetime, TradeBar]:
        if ticker not in self._shares:
            if ticker == self._ticker:
                level: Callable[[Session, float], Decimal] = Session.price
            elif ticker == "VIX":
                level = Session.vix
            else:
                return {}
            bars = {}
            for session in self._sessions.values():
                for end, before, after in _hours(session.day):
                    first, last = level(session, before), level(session, after)
                    bars[end] = TradeBar(end, Bar(first, max(first, last), min(first, last), last), 1_000_000)
            self._shares[ticker] = bars
        return self._shares[ticker]

    def quotes(self, symbol: Symbol, years: range) -> dict[datetime, QuoteBar]:
        del years
        if symbol.value not in self._quotes:
            assert symbol.expiry is not None
            bars = {}
            for session in self._sessions.values():
                if session.day <= symbol.expiry and (symbol.expiry - session.day).days <= 420:
                    for end, before, after in _hours(session.day):
                        bars[end] = self._quote(symbol, session, end, (before, after))
            self._quotes[symbol.value] = bars
        return self._quotes[symbol.value]

    def _quote(self, symbol: Symbol, session: Session, end: datetime, part: tuple[float, float]) -> QuoteBar:
        sides = [_sides(model_price(symbol, session.price(share), session.vix(share), end)) for share in part]
        bids, asks = [bid for bid, _ in sides], [ask for _, ask in sides]
        bid = Bar(bids[0], max(bids), min(bids), bids[1]) if min(bids) > 0 else None
        return QuoteBar(end, bid, Bar(asks[0], max(asks), min(asks), asks[1]))

    def chain(self, underlying: Symbol, day: date) -> list[OptionContract]:
        """The contracts as of the close of the session before."""
        before = previous_session(day)
        if underlying.value != self._ticker or before not in self._sessions:
            return []
        if before not in self._chains:
            self._chains[before] = list(self._listed(underlying, self._sessions[before]))
        return self._chains[before]

    def _listed(self, underlying: Symbol, session: Session) -> Iterable[OptionContract]:
        spot, vix, now = session.close, session.vix_close, close_time_utc(session.day)
        low, high = int(spot * Decimal("0.7") / 5) * 5, int(spot * Decimal("1.2") / 5) * 5
        for expiry in expiries(session.day):
            years = years_left(expiry, now)
            for strike in range(low, high + 1, 5):
                volatility = volatility_of(spot, Decimal(strike), years, vix)
                for right in (OptionRight.CALL, OptionRight.PUT):
                    letter = "P" if right == OptionRight.PUT else "C"
                    found = greeks_of(spot, Decimal(strike), years, Decimal(repr(volatility)), letter)
                    if found is None:
                        continue
                    moment = datetime.combine(expiry, time())
                    symbol = Symbol.create_option(underlying, "usa", OptionStyle.AMERICAN, right, strike, moment)
                    numbers = (found.delta, found.gamma, found.vega, found.theta, found.rho)
                    greeks = Greeks(*(float(one or 0) for one in numbers))
                    yield OptionContract(symbol, float(strike), right, moment, volatility, greeks)


class CombinedData(DataFolder):
    """Several folders of one underlying each; what the first has, the others are not asked for."""

    def __init__(self, parts: Mapping[str, DataFolder]) -> None:
        super().__init__(Path())
        self._parts = parts

    def hourly_trades(self, ticker: str) -> dict[datetime, TradeBar]:
        order = [self._parts[ticker]] if ticker in self._parts else list(self._parts.values())
        return next((bars for part in order if (bars := part.hourly_trades(ticker))), {})

    def quotes(self, symbol: Symbol, years: range) -> dict[datetime, QuoteBar]:
        assert symbol.underlying is not None
        return self._parts[symbol.underlying.value].quotes(symbol, years)

    def chain(self, underlying: Symbol, day: date) -> list[OptionContract]:
        return self._parts[underlying.value].chain(underlying, day)


class FaultyData(DataFolder):
    """Another data folder that fails when it is told to.

    `silent`: on these days the provider raises; `unlisted`: it has no contract; `halted`: between these instants no bar
    of anything comes.
    """

    def __init__(
        self,
        source: DataFolder,
        *,
        silent: Iterable[date] = (),
        unlisted: Iterable[date] = (),
        halted: Sequence[tuple[datetime, datetime]] = (),
    ) -> None:
        super().__init__(source.root, source.requests)
        self._source, self._halted = source, halted
        self._silent, self._unlisted = set(silent), set(unlisted)

    def close(self) -> None:
        self._source.close()

    def hourly_trades(self, ticker: str) -> dict[datetime, TradeBar]:
        if ticker not in self._shares:
            self._shares[ticker] = self._without(self._source.hourly_trades(ticker))
        return self._shares[ticker]

    def quotes(self, symbol: Symbol, years: range) -> dict[datetime, QuoteBar]:
        if symbol.value not in self._quotes:
            self._quotes[symbol.value] = self._without(self._source.quotes(symbol, years))
        return self._quotes[symbol.value]

    def _without(self, bars: Mapping[datetime, T]) -> dict[datetime, T]:
        return {when: bar for when, bar in bars.items() if not any(a <= when <= b for a, b in self._halted)}

    def chain(self, underlying: Symbol, day: date) -> list[OptionContract]:
        if day in self._silent:
            raise ConnectionError(f"the provider of chains does not answer on {day}")
        return [] if day in self._unlisted else self._source.chain(underlying, day)


def expiries(day: date) -> list[date]:
    """The expiries that are listed on a day."""
    found = []
    for distance in range(1, 401):
        one = day + timedelta(days=distance)
        if one.weekday() == 4 and (distance <= 60 or 15 <= one.day <= 21):
            found.append(session_on_or_before(one))
    return found


def years_left(expiry: date, now: datetime) -> float:
    """Time to the close of the last session, at least a minute."""
    left = close_time_utc(expiry) - now
    return max(left / timedelta(days=1), 1 / 1440) / DAYS_A_YEAR


def volatility_of(spot: Decimal, strike: Decimal, years: float, vix: Decimal) -> float:
    """The skewed volatility of a strike (a share a year); long expiries follow VIX less than short ones."""
    level = float(vix) / 100
    calm = 0.19 + (level - 0.19) * math.exp(-2 * max(years - 0.1, 0.0))
    distance = math.log(float(spot / strike))
    return round(max(calm * (1 + _SKEW * max(distance, -0.08)), 0.05), 6)


def model_price(symbol: Symbol, spot: Decimal, vix: Decimal, now: datetime) -> float:
    """The model's price of a contract."""
    assert symbol.strike is not None
    assert symbol.expiry is not None
    years = years_left(symbol.expiry, now)
    letter = "P" if symbol.right == OptionRight.PUT else "C"
    return price_of(float(spot), float(symbol.strike), years, volatility_of(spot, symbol.strike, years, vix), letter)


def _sides(price: float) -> tuple[Decimal, Decimal]:
    middle = Decimal(repr(round(price, 4)))
    half = max(middle * _HALF_WIDTH, _CENT)
    return max((middle - half).quantize(_CENT), Decimal(0)), (middle + half).quantize(_CENT)


def _hours(day: date) -> list[tuple[datetime, float, float]]:
    """End of each hourly bar, with the shares of the session at its beginning and end."""
    opens, closes = instant(day, time(9, 30)), close_time_utc(day)
    ends = [end for clock in _HOURS if (end := instant(day, clock)) <= closes]
    found, start = [], opens
    for end in ends:
        found.append((end, (start - opens) / (closes - opens), (end - opens) / (closes - opens)))
        start = end
    return found


def sessions_of(
    prices: Mapping[date, tuple[Decimal, Decimal, Decimal, Decimal]],
    vix: Mapping[date, tuple[Decimal, Decimal]],
    first: date,
    last: date,
) -> list[Session]:
    """Sessions between two days for which both are known; `prices` are open, high, low, close, `vix` open and close."""
    return [
        Session(day, *prices[day], *vix[day]) for day in sessions_between(first, last) if day in prices and day in vix
    ]
