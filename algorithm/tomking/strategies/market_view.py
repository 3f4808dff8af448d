"""What a strategy sees of the market at one instant.

Holds: contracts of a chain, quotes, and the view that joins them with holdings, calendar and account.
Belongs here: an observation, with the time it was made.
Never here: where observations come from, or what to do about them.

Unknown is None. A bid of zero is an observation: nobody bids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

from tomking.kernel.products import OPTION_MULTIPLIER
from tomking.kernel.readings import Reading
from tomking.kernel.sessions import NEW_YORK, close_time_utc, is_session


@dataclass(frozen=True, slots=True)
class ChainRow:
    """A listed contract as the chain describes it.

    `delta` is signed; it, `implied_volatility` (a share a year) and `volume` (contracts traded) belong to the session the
    chain was made of.
    """

    key: str
    strike: Decimal
    call_put: str
    expiry: date
    delta: Decimal | None
    implied_volatility: Decimal | None = None
    volume: int | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """The contracts that answer a request, and the instant (UTC) they were read; `is_stale`: a newer one was not had."""

    rows: tuple[ChainRow, ...]
    observed_at: datetime | None = None
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class DailyBar:
    """A completed session of the underlying, prices as they were that day."""

    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask of a contract, USD per share, and the instant (UTC) they were last refreshed."""

    bid: Decimal | None
    ask: Decimal | None
    quoted_at: datetime | None

    @property
    def is_usable(self) -> bool:
        """Whether both sides are known, somebody offers, and the sides are not crossed."""
        return self.bid is not None and self.ask is not None and self.ask > 0 and self.bid >= 0 and self.ask >= self.bid

    @property
    def mid(self) -> Decimal | None:
        """Half way between bid and ask; None where the quote is not usable."""
        if not self.is_usable or self.bid is None or self.ask is None:
            return None
        return (self.bid + self.ask) / 2


@dataclass(frozen=True, slots=True)
class MarketView:
    """Everything a decision about one underlying may depend on, besides the book and the parameters.

    `now` is UTC; `local` the same instant on New York's clocks, whose date is the session. `is_open`: the underlying
    trades at this instant. `next_session` is the first session after the local date. `holdings` are signed quantities
    by instrument key, as the portfolio reports them; `equity` and `margin_used` are in the account's currency.

    Of the underlying: `session_open` is the first price of this session, `daily_bars` its completed sessions, oldest
    first, `iv_rank` and `implied_volatility` (of the chain at the money, 30 days) are shares of one. `deltas` are
    signed and known for watched contracts only. Of the market: `vix` in points, `term_slope` is three-month over
    one-month implied volatility less one. `regime` is the monitor's state, `regime_multiplier` its factor on size,
    `correlation_day` the last session its correlations count, `mean_correlation` their mean. `currency` is the
    account's, `multiplier` cash per point and contract. `halted`: trading in the underlying is stopped.

    Three fields are filled by the portfolio rules (`portfolio.prepare`), for strategies to read: `size_factor`, at most
    1, is what they leave of a new trade's size; `events` names what is announced today (`FOMC`, `CPI`), None where no
    calendar is known; `announced` are the announcements of the coming weeks, as they are known today.
    """

    now: datetime
    local: datetime
    next_session: date
    is_open: bool
    underlying: str
    price: Decimal | None = None
    quotes: Mapping[str, Quote] = field(default_factory=dict)
    holdings: Mapping[str, int] = field(default_factory=dict)
    equity: Decimal | None = None
    margin_used: Decimal | None = None
    vix: Reading | None = None
    session_open: Decimal | None = None
    daily_bars: tuple[DailyBar, ...] = ()
    iv_rank: Decimal | None = None
    implied_volatility: Decimal | None = None
    deltas: Mapping[str, Decimal] = field(default_factory=dict)
    term_slope: Decimal | None = None
    regime: str | None = None
    regime_multiplier: Decimal | None = None
    correlation_day: date | None = None
    mean_correlation: Decimal | None = None
    events: tuple[str, ...] | None = None
    announced: tuple[tuple[date, str], ...] = ()
    currency: str | None = None
    multiplier: Decimal = OPTION_MULTIPLIER
    size_factor: Decimal = Decimal(1)
    halted: bool = False

    @property
    def day(self) -> date:
        """The New York date."""
        return self.local.date()

    @property
    def close_time(self) -> time:
        """The New York time at which this session ends; 16:00 on a day without a session."""
        if not is_session(self.day):
            return time(16)
        return close_time_utc(self.day).astimezone(NEW_YORK).time()

    @property
    def vix_level(self) -> Decimal | None:
        """The VIX, or what stands in for it; None where nothing is known."""
        return None if self.vix is None else self.vix.value

    def events_ahead(self, days: int) -> tuple[tuple[date, str], ...]:
        """What is announced in the next `days` calendar days, today being the first; none for 0."""
        return tuple(one for one in self.announced if 0 <= (one[0] - self.day).days < days)

    def holding(self, key: str) -> int:
        """The signed quantity held of one instrument; 0 where the portfolio has none."""
        return self.holdings.get(key, 0)

    def net_mid(self, legs: Iterable[tuple[str, int]]) -> Decimal | None:
        """What buying `legs` (key, signed quantity) costs at mid, per share; None while a leg has no usable quote."""
        total = Decimal(0)
        for key, quantity in legs:
            quote = self.quotes.get(key)
            mid = quote.mid if quote is not None else None
            if mid is None:
                return None
            total += quantity * mid
        return total

    def net_natural(self, legs: Iterable[tuple[str, int]]) -> Decimal | None:
        """What buying `legs` costs when each is traded at the side that is there: asks for buys, bids for sells."""
        total = Decimal(0)
        for key, quantity in legs:
            quote = self.quotes.get(key)
            if quote is None or not quote.is_usable or quote.bid is None or quote.ask is None:
                return None
            total += quantity * (quote.ask if quantity > 0 else quote.bid)
        return total

    def ages(self, keys: Iterable[str]) -> dict[str, Decimal]:
        """Age in seconds of each quote whose time is known."""
        found: dict[str, Decimal] = {}
        for key in keys:
            quote = self.quotes.get(key)
            if quote is not None and quote.quoted_at is not None:
                found[key] = Decimal(str((self.now - quote.quoted_at).total_seconds()))
        return found
