"""Attribution of each trade's day, fed by fills and by the end of a session.

Holds: `Attributions`.
Belongs here: observing contracts at the moments that the attribution asks for.
Never here: the split itself (`kernel.attribution`).

A process that starts with open trades knows their quotes from its first session's end on; the time before it is in no
line.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from AlgorithmImports import QCAlgorithm

from tomking.adapters import clock
from tomking.adapters.contracts import Contracts
from tomking.adapters.greeks import GreeksDesk
from tomking.adapters.journal import Journal
from tomking.kernel.attribution import Observation, TradeAttribution
from tomking.kernel.contracts import OrderTag
from tomking.kernel.occ import parse_occ
from tomking.kernel.products import OPTION_MULTIPLIER
from tomking.strategies.book import Book, Trade


class Attributions:
    """The running attribution of every trade that is alive."""

    def __init__(self, algorithm: QCAlgorithm, contracts: Contracts, greeks: GreeksDesk, journal: Journal) -> None:
        self._algorithm, self._contracts, self._greeks, self._journal = algorithm, contracts, greeks, journal
        self._trades: dict[str, tuple[str, TradeAttribution]] = {}

    def inherit(self, book: Book) -> None:
        """Trades that were open before this process began."""
        for trade in book.live():
            if trade.state == "open":
                self._of(trade.id, trade.strategy).held.update(dict(trade.pairs))

    def on_fill(self, whose: OrderTag, key: str, quantity: int, price: Decimal, fee: Decimal) -> None:
        """An order of a trade was filled."""
        self._of(whose.trade_id, whose.strategy).fill(key, quantity, price, fee, self._seen(key))

    def on_settlement(self, trades: tuple[Trade, ...], key: str) -> None:
        """A contract expired, was exercised or assigned: it was worth what it was in the money."""
        worth = self._worth(key)
        for trade in trades:
            held = self._of(trade.id, trade.strategy).held.get(key, 0)
            if held and worth is not None:
                self._of(trade.id, trade.strategy).fill(key, -held, worth.mark, Decimal(0), worth)

    def end_session(self, day: date) -> None:
        """Write the lines of a session; trades that hold nothing any more are forgotten."""
        for trade_id, (strategy, running) in list(self._trades.items()):
            for key in running.contracts:
                seen = self._seen(key)
                if seen is not None:
                    running.observe(key, seen)
            parts = running.take().rounded()
            if running.is_flat:
                del self._trades[trade_id]
            self._journal.write(
                "attribution",
                trade_id=trade_id,
                strategy=strategy,
                session_date=day,
                profit_loss=parts.total,
                theta=parts.theta,
                delta=parts.delta,
                gamma=parts.gamma,
                vega=parts.vega,
                fees=parts.fees,
                slippage=parts.slippage,
                residual=parts.residual,
            )

    def _of(self, trade_id: str, strategy: str) -> TradeAttribution:
        if trade_id not in self._trades:
            self._trades[trade_id] = strategy, TradeAttribution(OPTION_MULTIPLIER)
        return self._trades[trade_id][1]

    def _seen(self, key: str) -> Observation | None:
        """A contract now; None where it has no usable quote."""
        if key not in self._contracts.watched:
            return None
        underlying, mid = parse_occ(key).root, self._contracts.quote(key).mid
        if mid is None:
            return None
        now = clock.utc_now(self._algorithm)
        return Observation(now, mid, self._contracts.price(underlying), self._greeks.of(key, underlying))

    def _worth(self, key: str) -> Observation | None:
        parts = parse_occ(key)
        price = self._contracts.price(parts.root)
        if price is None:
            return None
        inside = price - parts.strike if parts.call_put == "C" else parts.strike - price
        return Observation(clock.utc_now(self._algorithm), max(inside, Decimal(0)), price)
