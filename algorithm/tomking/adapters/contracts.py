"""Contracts: LEAN's symbols and quotes by our instrument keys.

Holds: symbols by key, subscriptions, quotes, prices and holdings of what is watched.
Belongs here: reading LEAN's securities (one attribute costs about ten dictionary look-ups, so each is read once).
Never here: chains (`chains`), choosing contracts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from AlgorithmImports import DataNormalizationMode, Market, OptionRight, OptionStyle, Resolution, Symbol

from tomking.kernel.occ import SymbolError, parse_occ
from tomking.strategies.market_view import Quote

if TYPE_CHECKING:
    from AlgorithmImports import QCAlgorithm, QuoteBar, Security, Slice

_RESOLUTIONS = {"minute": Resolution.MINUTE, "hour": Resolution.HOUR}


def resolution_of(name: str) -> Resolution:
    """LEAN's resolution by our name for it."""
    return _RESOLUTIONS[name]


def number(value: object) -> Decimal | None:
    """LEAN's number as a Decimal with the digits it prints; None for what is no finite number."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def key_of(symbol: Symbol) -> str:
    """The instrument key of a LEAN symbol."""
    value = str(symbol.value)
    try:
        return parse_occ(value).text
    except SymbolError:
        return value


class Contracts:
    """The underlyings, their options, and what is known of those that are watched.

    `on_added` is told of every security that is subscribed (so that it gets a fee model).
    """

    def __init__(self, algorithm: QCAlgorithm, resolution: str, on_added: Callable[[Security], None]) -> None:
        self._algorithm, self._resolution, self._on_added = algorithm, resolution_of(resolution), on_added
        self._shares: dict[str, Symbol] = {}
        self._canonical: dict[str, Symbol] = {}
        self._symbols: dict[str, Symbol] = {}
        self._watched: set[str] = set()
        self._quoted_at: dict[str, datetime] = {}
        self._without_bid: set[str] = set()
        self._without_ask: set[str] = set()
        self._prepared: dict[str, tuple[date, frozenset[str]]] = {}
        self._priced_at: dict[str, datetime] = {}

    @property
    def underlyings(self) -> tuple[str, ...]:
        """Tickers of the shares whose options are traded."""
        return tuple(self._canonical)

    @property
    def shares(self) -> tuple[str, ...]:
        """Tickers of all subscribed shares."""
        return tuple(self._shares)

    @property
    def watched(self) -> frozenset[str]:
        """Keys of the option contracts that are subscribed."""
        return frozenset(self._watched)

    def add_share(self, ticker: str) -> None:
        """Subscribe a share with raw prices: strikes and fills then match the broker's statements."""
        if ticker not in self._shares:
            security = self._algorithm.add_equity(
                ticker, self._resolution, data_normalization_mode=DataNormalizationMode.RAW
            )
            self._on_added(security)
            self._shares[ticker] = self._symbols[ticker] = security.symbol

    def add_underlying(self, ticker: str) -> None:
        """Subscribe a share whose options are traded."""
        self.add_share(ticker)
        self._canonical.setdefault(ticker, Symbol.create_canonical_option(self._shares[ticker]))

    def canonical(self, underlying: str) -> Symbol:
        """The symbol that stands for every option of an underlying."""
        return self._canonical[underlying]

    def remember(self, key: str, symbol: Symbol) -> None:
        """Keep LEAN's own symbol of a contract that a chain has shown."""
        self._symbols.setdefault(key, symbol)

    def symbol(self, key: str) -> Symbol:
        """LEAN's symbol of an instrument key; an option not met before is made from the key's own parts.

        Raises SymbolError for a key that names no option, KeyError for an option of a share that is not subscribed.
        """
        if key not in self._symbols:
            parts = parse_occ(key)
            self._symbols[key] = Symbol.create_option(
                self._shares[parts.root],
                Market.USA,
                OptionStyle.AMERICAN,
                OptionRight.CALL if parts.call_put == "C" else OptionRight.PUT,
                float(parts.strike),
                # LEAN takes an expiry as a time without a zone.
                datetime.combine(parts.expiry, time()),
            )
        return self._symbols[key]

    def watch(self, keys: Iterable[str]) -> None:
        """Subscribe to the quotes of these contracts, each once."""
        for key in keys:
            if key not in self._watched:
                self._on_added(self._algorithm.add_option_contract(self.symbol(key), self._resolution))
                self._watched.add(key)

    def forget_before(self, day: datetime) -> None:
        """Stop reading the quotes of contracts that expired before this New York day; LEAN removes them itself."""
        for key in [key for key in self._watched if parse_occ(key).expiry < day.date()]:
            self._watched.discard(key)
            self._quoted_at.pop(key, None)
            self._without_bid.discard(key)
            self._without_ask.discard(key)

    def note_data(self, data: Slice, now: datetime) -> None:
        """Remember what has a new price in this slice; repeats of the last bar are none."""
        for key in self._watched:
            symbol = self._symbols[key]
            if data.quote_bars.contains_key(symbol):
                self._note_quote(key, data.quote_bars[symbol], now)
        for ticker, symbol in self._shares.items():
            if data.bars.contains_key(symbol) and not data.bars[symbol].is_fill_forward:
                self._priced_at[ticker] = now

    def _note_quote(self, key: str, bar: QuoteBar, now: datetime) -> None:
        """A new bar of quotes. LEAN keeps the last price of a side that a bar leaves out, so that is remembered here."""
        if bar.is_fill_forward:
            return
        self._quoted_at[key] = now
        sides: tuple[tuple[object | None, set[str]], ...] = (
            (bar.bid, self._without_bid),
            (bar.ask, self._without_ask),
        )
        for side, without in sides:
            if side is None:
                without.add(key)
            else:
                without.discard(key)

    def prepare(self, underlying: str, keys: Iterable[str], day: date) -> None:
        """Watch contracts that may be traded later this day, before any trade has them."""
        found = frozenset(keys)
        self._prepared[underlying] = (day, found)
        self.watch(found)

    def prepared(self, underlying: str, day: date) -> frozenset[str]:
        """The contracts that are watched in order to choose among them this day."""
        known, keys = self._prepared.get(underlying, (None, frozenset[str]()))
        return keys if known == day else frozenset()

    def quote(self, key: str) -> Quote:
        """The best bid and ask of a watched contract; prices of 0 on both sides mean that nothing is known yet.

        A side that the newest bar leaves out has no bid (0) or no offer (None).
        """
        symbol, securities = self.symbol(key), self._algorithm.securities
        if not securities.contains_key(symbol):
            # LEAN takes a contract away after its last day, and where its share was split.
            return Quote(None, None, None)
        security = securities[symbol]
        bid, ask = number(security.bid_price), number(security.ask_price)
        if not bid and not ask:
            return Quote(None, None, None)
        if key in self._without_bid:
            bid = Decimal(0)
        return Quote(bid, None if key in self._without_ask else ask, self._quoted_at.get(key))

    def price(self, underlying: str) -> Decimal | None:
        """The underlying's last price, None before the first."""
        return number(self._algorithm.securities[self._shares[underlying]].price) or None

    def priced_at(self, underlying: str) -> datetime | None:
        """When a new bar of the underlying came last."""
        return self._priced_at.get(underlying)

    def is_open(self, underlying: str) -> bool:
        """Whether the underlying trades at this instant."""
        return bool(self._algorithm.is_market_open(self._shares[underlying]))

    def holdings(self, keys: Iterable[str]) -> dict[str, int]:
        """Signed quantities in the portfolio, for the shares and `keys`; the rest is not looked at."""
        algorithm, found = self._algorithm, dict[str, int]()
        for key in {*keys, *self._shares}:
            symbol = self.symbol(key)
            if algorithm.securities.contains_key(symbol):
                quantity = int(algorithm.portfolio[symbol].quantity)
                if quantity:
                    found[key] = quantity
        return found

    def everything_held(self) -> dict[str, tuple[int, Decimal | None]]:
        """Quantity and average price of all that the portfolio holds; walks through every security (start-up only)."""
        portfolio, found = self._algorithm.portfolio, dict[str, tuple[int, Decimal | None]]()
        for symbol in list(portfolio.keys()):
            holding = portfolio[symbol]
            if holding.invested:
                found[key_of(symbol)] = (int(holding.quantity), number(holding.average_price))
        return found
