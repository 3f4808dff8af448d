"""Attribution of each trade's day, fed by fills and by the end of a session.

Holds: `Attributions`, and `Documents`, its stored form.
Belongs here: observing contracts at the moments that the attribution asks for.
Never here: the split itself (`kernel.attribution`).

A live run stores what it last saw of each contract, so that a process that starts with open trades goes on from there and
the day of the restart is in its lines. Where nothing good is stored, its first session's end begins the account; what a
holding did behind the process's back is in no line.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from tomking.adapters import clock
from tomking.adapters.contracts import Contracts
from tomking.adapters.greeks import GreeksDesk
from tomking.adapters.journal import Journal
from tomking.adapters.object_store import Store
from tomking.kernel.attribution import Observation, TradeAttribution
from tomking.kernel.attribution_document import AttributionRefused, Running, dump_attribution, parse_attribution
from tomking.kernel.contracts import OrderTag, attribution_key
from tomking.kernel.occ import parse_occ
from tomking.kernel.products import OPTION_MULTIPLIER
from tomking.strategies.book import Book, Trade

if TYPE_CHECKING:
    from AlgorithmImports import QCAlgorithm


class Documents:
    """The stored attribution of one deployment; a store that fails or holds a damaged one is an `error` line."""

    def __init__(self, store: Store, deployment: str, journal: Journal) -> None:
        self._store, self._key, self._journal = store, attribution_key(deployment), journal

    def load(self) -> dict[str, tuple[str, TradeAttribution]]:
        """What was stored; nothing where there is nothing good."""
        try:
            document = self._store.read(self._key)
            return {} if document is None else parse_attribution(document, OPTION_MULTIPLIER)
        except (OSError, AttributionRefused) as error:
            self._journal.write("error", message=str(error)[:500], where=self._key)
            return {}

    def save(self, running: Running) -> None:
        """Store it."""
        try:
            self._store.write(self._key, dump_attribution(running))
        except OSError as error:
            self._journal.write("error", message=str(error)[:500], where=self._key)


class Attributions:
    """The running attribution of every trade that is alive."""

    def __init__(
        self,
        algorithm: QCAlgorithm,
        contracts: Contracts,
        greeks: GreeksDesk,
        journal: Journal,
        *,
        documents: Documents | None,
    ) -> None:
        self._algorithm, self._contracts, self._greeks, self._journal = algorithm, contracts, greeks, journal
        self._documents = documents
        self._trades: dict[str, tuple[str, TradeAttribution]] = {}

    def inherit(self, book: Book) -> None:
        """Trades that were open before this process began, with what an earlier one last saw of them."""
        stored = {} if self._documents is None else self._documents.load()
        for trade_id, (strategy, one) in stored.items():
            if trade_id not in book.trades:
                # It ended after its last line: what it brought is still to be written.
                one.held.clear()
                self._trades[trade_id] = strategy, one
        for trade in book.live():
            if trade.state != "open":
                continue
            if trade.id in stored:
                self._trades[trade.id] = stored[trade.id]
            held = self._of(trade.id, trade.strategy).held
            held.clear()
            held.update(dict(trade.pairs))

    def on_fill(self, whose: OrderTag, key: str, quantity: int, price: Decimal, fee: Decimal) -> None:
        """An order of a trade was filled."""
        self._of(whose.trade_id, whose.strategy).fill(key, quantity, price, fee, self._seen(key))
        self._save()

    def on_settlement(self, trades: tuple[Trade, ...], key: str) -> None:
        """A contract expired, was exercised or assigned: it was worth what it was in the money."""
        worth = self._worth(key)
        for trade in trades:
            held = self._of(trade.id, trade.strategy).held.get(key, 0)
            if held and worth is not None:
                self._of(trade.id, trade.strategy).fill(key, -held, worth.mark, Decimal(0), worth)
        self._save()

    def end_session(self, day: date, book: Book) -> None:
        """Write the lines of a session; trades that hold nothing any more, or are not in the book, are forgotten."""
        for trade_id, (strategy, running) in list(self._trades.items()):
            for key in running.contracts:
                seen = self._seen(key)
                if seen is not None:
                    running.observe(key, seen)
            parts = running.take().rounded()
            if running.is_flat or trade_id not in book.trades:
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
        self._save()

    def _save(self) -> None:
        if self._documents is not None:
            self._documents.save(self._trades)

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
