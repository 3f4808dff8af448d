"""A market on paper for the strategies: option prices by formula, orders filled as asked, expiries carried out.

Holds: `PaperMarket`, and `PaperAccount`, which lets `decide` trade in it.
Belongs here: just enough of a market for rules to act on; no engine, no brokerage, no journal.
Never here: assertions.

Prices are Black-Scholes without rates at one volatility with a slope for lower strikes. Bars are hourly, Fridays are
listed to 60 days and monthly expiries to 400, as in the recorded data.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from tomking.kernel.occ import occ_text, parse_occ
from tomking.kernel.option_chain import ChainRequest, OptionChain
from tomking.kernel.readings import Reading
from tomking.kernel.sessions import (
    NEW_YORK,
    close_time_utc,
    is_session,
    next_session,
    session_on_or_before,
    sessions_between,
)
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.booking import Filled, traded_legs
from tomking.strategies.decisions import Decision, decide
from tomking.strategies.intents import (
    AbandonTrade,
    FlattenStock,
    Intent,
    PassEntry,
    PlanRoll,
    PlanTrade,
    ReportLate,
    SendOrder,
    WatchQuotes,
)
from tomking.strategies.market_view import Chain, ChainRow, DailyBar, MarketView, Quote
from tomking.strategies.rolls import ROLL, is_unfilled_roll
from tomking.strategies.strategy import Strategy

_CENT = Decimal("0.01")
_SPREAD = Decimal("0.01")
HOURS = tuple(time(hour) for hour in range(10, 17))


@dataclass(frozen=True)
class Bar:
    """One hourly bar's end: New York time, price, volatility as a share a year, VIX in points (None: not to be had)."""

    local: datetime
    price: float
    volatility: float
    vix: float | None


def hourly(days: Iterable[date], path: Iterable[tuple[float, float, float | None]]) -> Iterator[Bar]:
    """Bars of whole sessions; `path` gives price, volatility and VIX of each."""
    values = iter(path)
    for day in days:
        end = close_time_utc(day).astimezone(NEW_YORK).time()
        for hour in HOURS:
            if hour <= end:
                price, volatility, vix = next(values)
                yield Bar(datetime.combine(day, hour), price, volatility, vix)


def expiries(day: date) -> list[date]:
    """Listed on that day: every Friday to 60 days, the third one of a month to 400, moved before holidays."""
    found = set()
    for ahead in range(401):
        one = day + timedelta(days=ahead)
        if one.weekday() == 4 and (ahead <= 60 or 15 <= one.day <= 21):
            found.add(session_on_or_before(one))
    return sorted(one for one in found if one >= day)


class PaperMarket:
    """Prices and chains at one bar."""

    def __init__(self, underlying: str = "SPY") -> None:
        self.underlying = underlying
        self.bar: Bar

    def value(self, key: str) -> Decimal:
        """The fair price of a contract."""
        parts = parse_occ(key)
        return Decimal(str(round(self._black_scholes(parts.strike, parts.expiry, parts.call_put)[0], 2)))

    def _black_scholes(self, strike_: Decimal, expiry: date, call_put: str) -> tuple[float, float, float]:
        """Price, delta and volatility."""
        bar, strike = self.bar, float(strike_)
        end = datetime.combine(expiry, time(16))
        years = max((end - bar.local).total_seconds(), 0) / (365.25 * 86400)
        volatility = bar.volatility * (1 + max(0.0, 0.6 * (1 - strike / bar.price)))
        inner = max(0.0, bar.price - strike if call_put == "C" else strike - bar.price)
        if years == 0:
            return inner, float(inner > 0) * (1 if call_put == "C" else -1), volatility
        spread = volatility * math.sqrt(years)
        first = math.log(bar.price / strike) / spread + spread / 2
        over, under = _normal(first), _normal(first - spread)
        call = bar.price * over - strike * under
        if call_put == "C":
            return call, over, volatility
        return call - bar.price + strike, over - 1, volatility

    def quote(self, key: str, now: datetime) -> Quote:
        """A bid and ask of two cents around the fair price."""
        value = self.value(key)
        return Quote(max(value - _SPREAD, Decimal(0)), value + _SPREAD, now)

    def chain(self, request: ChainRequest) -> tuple[ChainRow, ...]:
        """The contracts inside the window."""
        day, price = self.bar.local.date(), self.bar.price
        rows = []
        for expiry in expiries(day):
            if not (request.expiry_from or day) <= expiry <= (request.expiry_until or date.max):
                continue
            near = (expiry - day).days <= 60
            for strike in range(int(price * 0.5), int(price * 1.3)):
                if strike % 5 and not (near and abs(strike / price - 1) < 0.06):
                    continue
                for side in ("P", "C"):
                    _, delta, volatility = self._black_scholes(Decimal(strike), expiry, side)
                    key = occ_text(self.underlying, expiry, side, Decimal(strike))
                    rows.append(ChainRow(key, Decimal(strike), side, expiry, _decimal(delta), _decimal(volatility)))
        return OptionChain(rows).select(request)


def _normal(value: float) -> float:
    return (1 + math.erf(value / math.sqrt(2))) / 2


def _decimal(value: float) -> Decimal:
    return Decimal(str(round(value, 6)))


@dataclass
class PaperAccount:
    """An account that follows `decide`; orders are filled at the price they ask, at once."""

    strategies: Sequence[Strategy]
    values: dict[str, str]
    market: PaperMarket = field(default_factory=PaperMarket)
    cash: Decimal = Decimal(250_000)
    book: Book = field(default_factory=Book)
    bars: list[DailyBar] = field(default_factory=list)
    today: list[Bar] = field(default_factory=list)
    done: list[tuple[datetime, Intent]] = field(default_factory=list)
    ended: list[tuple[Trade, str]] = field(default_factory=list)
    extra: dict[str, object] = field(default_factory=dict)

    def run(self, bars: Iterable[Bar]) -> Iterator[Decision]:
        """Decide on each bar, carry out, and hand back what was decided."""
        for bar in bars:
            self._next_day(bar)
            self.today.append(bar)
            self.market.bar = bar
            decision = decide(
                self.strategies, {self.market.underlying: self.view()}, self._chain, self.book, self.values
            )
            self.book.guards = decision.guards
            for intent in decision.allowed:
                self._carry_out(intent)
                self.done.append((bar.local, intent))
            for refused in decision.refused:
                if isinstance(refused.intent, PlanTrade):
                    plan = refused.intent
                    self.book.consider(plan.strategy, plan.product, bar.local.date(), plan.part)
            yield decision

    def view(self) -> MarketView:
        """What the strategies see."""
        bar = self.market.bar
        now = bar.local.replace(tzinfo=NEW_YORK).astimezone(UTC)
        day = bar.local.date()
        keys = {leg.key for trade in self.book.live() for leg in trade.legs}
        seen = MarketView(
            now=now,
            local=bar.local,
            next_session=next_session(day),
            is_open=is_session(day) and now < close_time_utc(day),
            underlying=self.market.underlying,
            price=Decimal(str(round(bar.price, 2))),
            quotes={key: self.market.quote(key, now) for key in keys},
            holdings={key: held for key, held in self.book.expected().items() if held},
            equity=self.equity,
            margin_used=Decimal(0),
            vix=None if bar.vix is None else Reading(Decimal(str(round(bar.vix, 2))), now, "index"),
            session_open=Decimal(str(round(self.today[0].price, 2))),
            daily_bars=tuple(self.bars[-260:]),
        )
        return replace(seen, **self.extra)  # type: ignore[arg-type]

    @property
    def equity(self) -> Decimal:
        """Cash and the worth of what is held."""
        held = self.book.expected().items()
        return self.cash + 100 * sum((count * self.market.value(key) for key, count in held), Decimal(0))

    def _chain(self, request: ChainRequest) -> Chain:
        return Chain(self.market.chain(request))

    def _next_day(self, bar: Bar) -> None:
        if not self.today or self.today[-1].local.date() == bar.local.date():
            return
        prices = [Decimal(str(round(one.price, 2))) for one in self.today]
        day = self.today[0].local.date()
        self.bars.append(DailyBar(day, prices[0], max(prices), min(prices), prices[-1]))
        self.today = []
        for trade in self.book.live():
            if trade.state == "open":
                self._expire(trade, day)

    def _expire(self, trade: Trade, day: date) -> None:
        """Contracts whose day is over leave at what they are worth inside."""
        legs = [self._settled(leg, day) for leg in trade.legs]
        self._store(replace(trade, legs=tuple(legs)), "expired")

    def _settled(self, leg: Leg, day: date) -> Leg:
        if not leg.quantity or parse_occ(leg.key).expiry > day:
            return leg
        worth = leg.quantity * self.market.value(leg.key)
        self.cash += 100 * worth
        return replace(leg, quantity=0, closed=(leg.closed or Decimal(0)) + worth)

    def _store(self, trade: Trade, cause: str) -> None:
        if trade.state == "open" and not trade.pairs:
            self.ended.append((trade, cause))
            trade = replace(trade, state="closed", ended_by=cause)
        self.book.put(trade)

    def _carry_out(self, intent: Intent) -> None:
        day = self.market.bar.local.date()
        if isinstance(intent, PlanTrade):
            self.book.consider(intent.strategy, intent.product, day, intent.part)
            self.book.put(
                Trade(
                    id=self.book.next_id(intent.strategy, day),
                    strategy=intent.strategy,
                    product=intent.product,
                    state="planned",
                    legs=intent.legs,
                    expiry=intent.expiry,
                    planned_on=day,
                    stance=intent.stance,
                    part=intent.part,
                    parent=intent.parent,
                )
            )
        elif isinstance(intent, PassEntry | WatchQuotes):
            self.book.consider(intent.strategy, intent.product, day, intent.part)
        elif isinstance(intent, PlanRoll):
            self.book.consider(intent.strategy, intent.product, day, ROLL)
            trade = self.book.trades[intent.trade_id]
            legs = (*(leg for leg in trade.legs if not is_unfilled_roll(leg)), intent.leg)
            self.book.change(trade.id, legs=legs)
        elif isinstance(intent, AbandonTrade):
            self.book.change(intent.trade_id, state="closed")
        elif isinstance(intent, SendOrder):
            self._fill(intent)
        else:
            assert isinstance(intent, ReportLate | FlattenStock)

    def _fill(self, order: SendOrder) -> None:
        """Fill at the limit: the legs at their fair price, the difference on the first one."""
        trade, prices = self.book.trades[order.trade_id], {key: self.market.value(key) for key, _ in order.legs}
        fair = sum((quantity * prices[key] for key, quantity in order.legs), Decimal(0))
        key, quantity = order.legs[0]
        prices[key] += (order.net * order.units - fair) / quantity
        filled = dict(order.legs)
        self.cash -= 100 * order.net * order.units
        if trade.state == "planned":
            legs = [Leg(leg.key, leg.quantity, leg.role, -leg.quantity * prices[leg.key]) for leg in trade.legs]
            credit = -order.net * order.units
            now = self.market.bar.local.replace(tzinfo=NEW_YORK).astimezone(UTC)
            price = Decimal(str(round(self.market.bar.price, 2)))
            self.book.put(
                replace(
                    trade, legs=tuple(legs), state="open", credit=credit, opened_at=now,
                    planned_loss=order.planned_loss, entry_price=price,
                )
            )  # fmt: skip
            return
        fills = {key: Filled(quantity, prices[key]) for key, quantity in filled.items()}
        legs = list(traded_legs(trade.legs, fills))
        proceeds = (trade.proceeds or Decimal(0)) - order.net * order.units
        self._store(replace(trade, legs=tuple(legs), proceeds=proceeds), order.action)


def sessions(first: str, last: str) -> list[date]:
    """The sessions between two days."""
    return sessions_between(date.fromisoformat(first), date.fromisoformat(last))
