"""Contracts, chains and quotes: LEAN's objects to plain data, once.

Holds: symbols by instrument key, subscriptions, the chain as rows, quotes and holdings of the watched contracts.
Belongs here: reading LEAN's market objects (one attribute costs about ten dictionary look-ups, so each is read once).
Never here: choosing contracts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from AlgorithmImports import Market, OptionRight, OptionStyle, Resolution, Symbol

from tomking.kernel.occ import occ_text, parse_occ
from tomking.strategies.market_view import ChainRow, Quote

_RESOLUTIONS = {"minute": Resolution.MINUTE, "hour": Resolution.HOUR}


def resolution_of(name: str) -> Any:
    """LEAN's resolution by our name for it."""
    return _RESOLUTIONS[name]


def number(value: Any) -> Decimal | None:
    """LEAN's number as a Decimal with the digits it prints; None for what is no finite number."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


class Contracts:
    """The underlying, its options, and what is known of those that are watched."""

    def __init__(self, algorithm: Any, underlying: Any, resolution: str) -> None:
        self._algorithm, self._underlying = algorithm, underlying
        self._resolution = resolution_of(resolution)
        self._canonical = Symbol.create_canonical_option(underlying)
        self._symbols: dict[str, Any] = {str(underlying.value): underlying}
        self._watched: set[str] = set()
        self._quoted_at: dict[str, datetime] = {}

    @property
    def underlying_key(self) -> str:
        """The key of the underlying: its ticker."""
        return str(self._underlying.value)

    @property
    def watched(self) -> frozenset[str]:
        """Keys of the option contracts that are subscribed."""
        return frozenset(self._watched)

    def symbol(self, key: str) -> Any:
        """LEAN's symbol of an instrument key; an option not met before is made from the key's own parts."""
        if key not in self._symbols:
            parts = parse_occ(key)
            self._symbols[key] = Symbol.create_option(
                self._underlying,
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
                self._algorithm.add_option_contract(self.symbol(key), self._resolution)
                self._watched.add(key)

    def chain(self) -> tuple[ChainRow, ...]:
        """The chain of the previous day; a contract that cannot be read is left out."""
        rows = []
        for contract in self._algorithm.option_chain(self._canonical):
            strike, delta = number(contract.strike), number(contract.greeks.delta)
            if strike is None:
                continue
            call_put = "C" if contract.right == OptionRight.CALL else "P"
            expiry = contract.expiry.date()
            key = occ_text(self.underlying_key, expiry, call_put, strike.normalize())
            self._symbols.setdefault(key, contract.symbol)
            rows.append(ChainRow(key, strike, call_put, expiry, delta))
        return tuple(rows)

    def note_data(self, data: Any, now: datetime) -> None:
        """Remember which watched contracts have a new quote in this slice; repeats of the last bar are none."""
        for key in self._watched:
            bar = data.quote_bars.get(self._symbols[key])
            if bar is not None and not getattr(bar, "is_fill_forward", False):
                self._quoted_at[key] = now

    def quote(self, key: str) -> Quote:
        """The best bid and ask of a watched contract; prices of 0 on both sides mean that nothing is known yet."""
        security = self._algorithm.securities[self.symbol(key)]
        bid, ask = number(security.bid_price), number(security.ask_price)
        if not bid and not ask:
            return Quote(None, None, None)
        return Quote(bid, ask, self._quoted_at.get(key))

    def price(self) -> Decimal | None:
        """The underlying's last price, None before the first."""
        return number(self._algorithm.securities[self._underlying].price) or None

    def holdings(self, keys: Iterable[str]) -> dict[str, int]:
        """Signed quantities in the portfolio, for the underlying and `keys`; the rest is not looked at."""
        algorithm, found = self._algorithm, dict[str, int]()
        for key in {*keys, self.underlying_key}:
            symbol = self.symbol(key)
            if algorithm.securities.contains_key(symbol):
                quantity = int(algorithm.portfolio[symbol].quantity)
                if quantity:
                    found[key] = quantity
        return found
