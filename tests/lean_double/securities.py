"""Securities and the portfolio: last prices, holdings, cash, margin.

Holds: `Security`, `Holding`, `Portfolio`.
Belongs here: what is held and what it is worth.
Never here: orders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.lean_double import margin
from tests.lean_double.data import QuoteBar, TradeBar
from tests.lean_double.schedule import is_market_open
from tests.lean_double.symbols import Symbol


@dataclass(slots=True)
class Holding:
    """What is held of one security; quantity and price are exact inside."""

    exact_quantity: Decimal = Decimal(0)
    average_price: Decimal = Decimal(0)

    @property
    def quantity(self) -> float:
        return float(self.exact_quantity)

    @property
    def invested(self) -> bool:
        return bool(self.exact_quantity)


class ExchangeHours:
    """Opening hours of the US share market."""

    def is_open(self, local: datetime, extended: bool = False) -> bool:
        del extended
        return is_market_open(local)


class Exchange:
    """Where a security trades."""

    hours = ExchangeHours()


@dataclass(slots=True)
class Security:
    """A subscribed security with the last prices that arrived."""

    symbol: Symbol
    bid: Decimal = Decimal(0)
    ask: Decimal = Decimal(0)
    last: Decimal = Decimal(0)
    trade_bar: TradeBar | None = None
    quote_bar: QuoteBar | None = None
    subscribed_at: datetime | None = None
    holdings: Holding = field(default_factory=Holding)
    exchange: Exchange = field(default_factory=Exchange)
    fee_model: Any = None

    def set_fee_model(self, model: Any) -> None:
        """A model of the algorithm's own instead of the brokerage's."""
        if not callable(getattr(model, "get_order_fee", None)):
            raise TypeError(f"{model!r} is no fee model: it has no get_order_fee")
        self.fee_model = model

    @property
    def multiplier(self) -> int:
        return 100 if self.symbol.is_option else 1

    @property
    def price(self) -> float:
        return float(self.last)

    @property
    def bid_price(self) -> float:
        return float(self.bid)

    @property
    def ask_price(self) -> float:
        return float(self.ask)

    def side(self, *, buys: bool) -> Decimal:
        """What a market order trades at: the ask or the bid where one is known, else the last price."""
        return (self.ask if buys else self.bid) or self.last

    def delist(self) -> None:
        """After its last day a contract has no price any more."""
        self.bid = self.ask = self.last = Decimal(0)
        self.quote_bar = None

    def take(self, bar: TradeBar | QuoteBar) -> None:
        """A new bar. A side without quotes keeps its last price, as the engine's cache does."""
        if isinstance(bar, TradeBar):
            self.trade_bar, self.last = bar, bar.bar.close
            return
        self.quote_bar = bar
        if bar.bid is not None:
            self.bid = bar.bid.close
        if bar.ask is not None:
            self.ask = bar.ask.close
        sides = [side for side in (self.bid, self.ask) if side]
        if sides:
            self.last = sum(sides, Decimal(0)) / len(sides)


class Securities:
    """Every subscribed security."""

    def __init__(self) -> None:
        self._by_symbol: dict[Symbol, Security] = {}

    def __getitem__(self, symbol: Symbol) -> Security:
        return self._by_symbol[symbol]

    def __iter__(self) -> Iterator[Security]:
        return iter(self._by_symbol.values())

    def contains_key(self, symbol: Symbol) -> bool:
        return symbol in self._by_symbol

    def add(self, symbol: Symbol) -> Security:
        """Subscribe; it takes effect at the end of the running slice, or of the next one."""
        return self._by_symbol.setdefault(symbol, Security(symbol))

    def start_waiting(self, now: datetime) -> bool:
        """Let the subscriptions that wait take effect; True where there are any. Bars that end later are delivered."""
        waiting = [security for security in self if security.subscribed_at is None]
        for security in waiting:
            security.subscribed_at = now
        return bool(waiting)


class Portfolio:
    """Holdings and cash of a USD margin account."""

    def __init__(self, securities: Securities) -> None:
        self._securities = securities
        self.cash = Decimal(0)
        self.fees = Decimal(0)
        self.volume = Decimal(0)

    def __getitem__(self, symbol: Symbol) -> Holding:
        return self._securities[symbol].holdings

    def keys(self) -> list[Symbol]:
        return [security.symbol for security in self._securities]

    def held(self) -> list[Security]:
        return [security for security in self._securities if security.holdings.exact_quantity]

    def holdings_value(self) -> Decimal:
        return sum((s.holdings.exact_quantity * s.last * s.multiplier for s in self.held()), Decimal(0))

    @property
    def total(self) -> Decimal:
        """Cash and holdings at last prices."""
        return self.cash + self.holdings_value()

    @property
    def total_portfolio_value(self) -> float:
        return float(self.total)

    @property
    def total_margin_used(self) -> float:
        return float(self.margin_used)

    def apply(self, security: Security, quantity: Decimal, price: Decimal) -> None:
        """Book a fill: holding at average cost, cash."""
        holding = security.holdings
        before, after = holding.exact_quantity, holding.exact_quantity + quantity
        if before * quantity >= 0:
            holding.average_price = (before * holding.average_price + quantity * price) / after
        elif before * after < 0:
            holding.average_price = price
        holding.exact_quantity = after
        self.cash -= quantity * price * security.multiplier
        self.volume += abs(quantity * price * security.multiplier)

    def prices(self) -> dict[Symbol, Decimal]:
        """The last price of every subscribed security."""
        return {security.symbol: security.last for security in self._securities}

    def groups(self) -> list[margin.Group]:
        """What is held, as the groups that are margined together."""
        return margin.resolve({security.symbol: security.holdings.exact_quantity for security in self.held()})

    @property
    def margin_used(self) -> Decimal:
        """What every held group reserves."""
        prices = self.prices()
        return sum((margin.reserved(group, prices) for group in self.groups()), Decimal(0))

    @property
    def free(self) -> Decimal:
        """What new positions may need."""
        return self.total - self.margin_used

    def extra_margin(self, changes: Mapping[Symbol, Decimal]) -> Decimal:
        """What orders need beyond what the groups they touch reserve already; 0 where they only reduce holdings."""
        held = {symbol: self[symbol].exact_quantity for symbol in changes}
        if all(held[one] * change < 0 and abs(change) <= abs(held[one]) for one, change in changes.items()):
            return Decimal(0)
        prices = self.prices()
        touched = [group for group in self.groups() if group.symbols & changes.keys()]
        needed = margin.needed(margin.resolve(changes), prices)
        return needed - sum((margin.reserved(group, prices) for group in touched), Decimal(0))
