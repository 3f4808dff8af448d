"""The crisis rehearsal: a book taken through the days of past crises.

Holds: the shocks of each scenario, what a shock does to price, volatility and margin of a leg, the losses of a book.
Belongs here: arithmetic that the warehouse and the algorithm share.
Never here: the figures of the crises (`crisis_days`), reading books or prices, whether entries are blocked
(`entry_block`).

Rules of a shock, declared:

price       The underlying moves as it did that day: by its own prices where they are given, else as the measured fund it
            follows (`crisis_days.PROXIES`), else as the market; which of these is said with each leg.
volatility  Every leg's own implied volatility is multiplied by ratio ** min(1.25, sqrt(30 / days to expiry)), where ratio is
            VIX of the day over VIX before: VIX is 30 days, longer ones move by the square root of time, a rule of practice.
            In proportion all strikes move alike, so in points the wings, which stand higher, move more. The one measured
            fact asks for that: on 2024-08-05 sellers saw marks of 10 to 30 times their credit, and a test holds puts of
            5 delta, 30 to 90 days out, to that order at the low of the day.
time        Calendar days pass as they did. A leg that expires on the way is worth what it is then in the money.
margin      The exchange's minimum (`limits.margin`) at the shocked price, times min(2, sqrt(ratio)): houses and clearing
            houses raise their rates with volatility. The factor is ours.

A session is looked at twice: at its close, and at its low with VIX at its high, which need not have been one moment.
Prices are those of Black and Scholes without rates, which for options on futures is Black's formula of 1976 without
discounting. Computation is in floats: a model, no money.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal

from tomking.kernel.black_scholes import DAYS_A_YEAR, price_of
from tomking.kernel.crisis_days import MARKET, PROXIES, SCENARIOS, Scenario, Session
from tomking.kernel.limits.margin import OptionLeg, estimate_margin

Mark = Literal["close", "low"]
Span = Literal["day", "path"]

_VIX_DAYS = 30.0
_TENOR_CAP: Final = 1.25
_HIGHEST_VOLATILITY: Final = 5.0
_MARGIN_CAP: Final = 2.0

Bars = Mapping[date, tuple[float, float]]
"""(close, low) of one symbol by session."""


@dataclass(frozen=True, slots=True)
class HeldLeg:
    """A contract of the book.

    `call_put` is None for a share or a future; `volatility` a share a year; `quantity` signed; `price` that of the
    underlying, `multiplier` account currency per point and contract.
    """

    trade: str
    strategy: str
    underlying: str
    key: str
    quantity: float
    multiplier: float
    price: float
    call_put: str | None = None
    strike: float = 0.0
    expiry: date | None = None
    volatility: float | None = None


@dataclass(frozen=True, slots=True)
class Shock:
    """One look at one session of a scenario: alone (`day`), or as the end of the path that led there (`path`).

    `days` are the calendar days that pass; `factors` the price over that before, by measured symbol.
    """

    scenario: str
    span: Span
    session: date
    mark: Mark
    days: int
    vix_ratio: float
    factors: Mapping[str, float]

    @property
    def name(self) -> str:
        """How a person names it: `2020-03 path to 2020-03-16 low`."""
        return f"{self.scenario} {'path to' if self.span == 'path' else 'day'} {self.session} {self.mark}"

    @property
    def margin_factor(self) -> float:
        """What margin rates are multiplied by."""
        return min(_MARGIN_CAP, max(1.0, math.sqrt(self.vix_ratio)))


@dataclass(frozen=True, slots=True)
class LegAfter:
    """A leg under a shock: its change of value in account currency, and how it came about."""

    leg: HeldLeg
    change: float
    factor: float
    source: str
    volatility: float | None


@dataclass(frozen=True, slots=True)
class After:
    """A book under a shock: the loss (a gain is negative), each leg, and the margin it would take before and after."""

    shock: Shock
    loss: float
    legs: tuple[LegAfter, ...]
    margin_before: float
    margin_after: float


def shocks(own: Mapping[str, Bars] | None = None, scenarios: Sequence[Scenario] = SCENARIOS) -> tuple[Shock, ...]:
    """Every look of every scenario, in order; `own` holds prices that stand over the measured ones, by symbol.

    A symbol counts with its own prices on the sessions of which both ends are there.
    """
    found: list[Shock] = []
    for scenario in scenarios:
        first, *rest = scenario.sessions
        for before, session in zip(scenario.sessions, rest, strict=False):
            found += _looks(scenario.name, "day", before, session, own or {})
            if len(rest) > 1:
                found += _looks(scenario.name, "path", first, session, own or {})
    return tuple(found)


def _looks(name: str, span: Span, before: Session, session: Session, own: Mapping[str, Bars]) -> Iterable[Shock]:
    marks: tuple[tuple[Mark, float], ...] = (("close", session.vix), ("low", session.vix_high))
    for position, (mark, vix) in enumerate(marks):
        factors = {
            symbol: levels[position] / before.levels[symbol][0]
            for symbol, levels in session.levels.items()
            if symbol in before.levels
        }
        for symbol, bars in own.items():
            if before.day in bars and session.day in bars and bars[before.day][0] > 0:
                factors[symbol] = bars[session.day][position] / bars[before.day][0]
        days = (session.day - before.day).days
        yield Shock(name, span, session.day, mark, days, vix / before.vix, factors)


def factor_of(underlying: str, shock: Shock) -> tuple[float, str]:
    """What the price of an underlying is multiplied by, and whose move that is."""
    symbol = underlying.lstrip("/").upper()
    if symbol in shock.factors:
        return shock.factors[symbol], symbol
    proxy = PROXIES.get(symbol)
    if proxy is not None and proxy in shock.factors:
        return shock.factors[proxy], f"as {proxy}"
    return shock.factors[MARKET], f"as {MARKET}, for want of its own"


def volatility_after(volatility: float, days: float, ratio: float) -> float:
    """An implied volatility after VIX was multiplied by `ratio`; `days` are those to expiry, before."""
    if days <= 0:
        return volatility
    tenor = min(_TENOR_CAP, math.sqrt(_VIX_DAYS / days))
    return min(_HIGHEST_VOLATILITY, float(volatility * ratio**tenor))


def rehearse(legs: Sequence[HeldLeg], today: date, looks: Sequence[Shock]) -> tuple[After, ...]:
    """The book under each of the looks, in their order.

    Every option has to have a volatility. Raises ValueError for one without, or for a price or strike that is not
    above 0.
    """
    for leg in legs:
        if leg.price <= 0 or (leg.call_put is not None and (leg.strike <= 0 or not leg.volatility or not leg.expiry)):
            raise ValueError(f"{leg.key} cannot be priced")
    before = tuple(_value(leg, leg.price, leg.volatility or 0.0, today) for leg in legs)
    book = _Book(tuple(legs), today, before, _margin(legs, {}), _settled(legs, today, looks))
    return tuple(_after(book, look) for look in looks)


def worst(afters: Iterable[After]) -> After | None:
    """The look with the largest loss; None without any."""
    return max(afters, key=lambda after: after.loss, default=None)


def worst_by_scenario(afters: Sequence[After]) -> tuple[After, ...]:
    """The look with the largest loss of each scenario, in order."""
    names = dict.fromkeys(after.shock.scenario for after in afters)
    return tuple(max((one for one in afters if one.shock.scenario == name), key=lambda one: one.loss) for name in names)


_Settled = Mapping[tuple[int, str], float]
"""Value of a leg (its place) that expired on the path of a scenario."""


@dataclass(frozen=True, slots=True)
class _Book:
    """The legs with what does not depend on a shock: the value of one unit of each, the margin of all."""

    legs: tuple[HeldLeg, ...]
    today: date
    before: tuple[float, ...]
    margin: float
    settled: _Settled


def _settled(legs: Sequence[HeldLeg], today: date, looks: Sequence[Shock]) -> _Settled:
    """What legs that expire on a path are worth at the first close of it that is not before their expiry."""
    found: dict[tuple[int, str], float] = {}
    for look in looks:
        if look.span != "path" or look.mark != "close":
            continue
        for place, leg in enumerate(legs):
            if leg.expiry is not None and leg.expiry <= today + timedelta(days=look.days):
                factor, _ = factor_of(leg.underlying, look)
                found.setdefault((place, look.scenario), _value(leg, leg.price * factor, 0.0, leg.expiry))
    return found


def _after(book: _Book, look: Shock) -> After:
    found = tuple(_leg_after(book, place, look) for place in range(len(book.legs)))
    factors = {one.leg.underlying: one.factor for one in found}
    return After(
        shock=look,
        loss=-math.fsum(one.change for one in found),
        legs=found,
        margin_before=book.margin,
        margin_after=_margin(book.legs, factors) * look.margin_factor,
    )


def _leg_after(book: _Book, place: int, look: Shock) -> LegAfter:
    leg, then = book.legs[place], book.today + timedelta(days=look.days)
    factor, source = factor_of(leg.underlying, look)
    volatility = None
    is_settled = look.span == "path" and leg.expiry is not None and leg.expiry <= then
    if is_settled and (place, look.scenario) in book.settled:
        value = book.settled[place, look.scenario]
    else:
        if leg.volatility is not None and leg.expiry is not None:
            days = (leg.expiry - book.today).days
            volatility = volatility_after(leg.volatility, days, look.vix_ratio)
        value = _value(leg, leg.price * factor, volatility or 0.0, then)
    change = leg.quantity * leg.multiplier * (value - book.before[place])
    return LegAfter(leg, change, factor, source, volatility)


def _value(leg: HeldLeg, price: float, volatility: float, on: date) -> float:
    """One unit of a leg; an option on its last day is worth what it is in the money."""
    if leg.call_put is None or leg.expiry is None:
        return price
    years = max((leg.expiry - on).days, 0) / DAYS_A_YEAR
    return price_of(price, leg.strike, years, volatility, leg.call_put)


def _margin(legs: Sequence[HeldLeg], factors: Mapping[str, float]) -> float:
    """The exchange's minimum of each trade, added up."""
    trades: dict[tuple[str, str], list[HeldLeg]] = {}
    for leg in legs:
        if leg.call_put is not None:
            trades.setdefault((leg.trade, leg.underlying), []).append(leg)
    total = Decimal(0)
    for (_, underlying), options in trades.items():
        price = options[0].price * factors.get(underlying, 1.0)
        shapes = [
            OptionLeg(leg.call_put, Decimal(repr(leg.strike)), leg.expiry, int(leg.quantity))
            for leg in options
            if leg.call_put is not None and leg.expiry is not None
        ]
        total += estimate_margin(shapes, Decimal(repr(price)), Decimal(repr(options[0].multiplier)))
    return float(total)
