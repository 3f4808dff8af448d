"""One run of the algorithm: LEAN's events in, strategy decisions carried out.

Holds: the order of things on each event, and the journal lines about them.
Belongs here: calling the right part at the right time.
Never here: rules and numbers; anything two parts could do without it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from AlgorithmImports import OrderStatus

from tomking.adapters import clock
from tomking.adapters.book_keeper import BookKeeper
from tomking.adapters.chains import Contracts, number
from tomking.adapters.fees import FeeForecaster, modelled_fee
from tomking.adapters.journal import Journal
from tomking.adapters.object_store import Store
from tomking.adapters.orders import OrderDesk
from tomking.adapters.parameters import ParameterFeed
from tomking.adapters.settings import RunSettings
from tomking.adapters.trader import Trader
from tomking.kernel.contracts import make_tag, run_key
from tomking.kernel.occ import SymbolError, parse_occ
from tomking.kernel.parameters import ParameterSet, values_sha256
from tomking.kernel.products import OPTION_MULTIPLIER
from tomking.strategies.registry import make_strategies
from tomking.strategies.strategy import Strategy

# A cancellation answered at once (as in a backtest) lets the new price go out in the same slice.
_PASSES_PER_SLICE = 2
_STATUS_NAMES = (
    (OrderStatus.NEW, "new"),
    (OrderStatus.SUBMITTED, "submitted"),
    (OrderStatus.PARTIALLY_FILLED, "partiallyFilled"),
    (OrderStatus.FILLED, "filled"),
    (OrderStatus.CANCELED, "canceled"),
    (OrderStatus.INVALID, "invalid"),
    (OrderStatus.CANCEL_PENDING, "cancelPending"),
    (OrderStatus.UPDATE_SUBMITTED, "updateSubmitted"),
)


class Runner:
    """The algorithm's run; `prepare` before the underlying is known, `begin` with it, the rest on LEAN's events."""

    def __init__(self, algorithm: Any, settings: RunSettings) -> None:
        self._algorithm, self._settings = algorithm, settings
        self._started = clock.wall_now()
        self._store = Store(algorithm.object_store)
        self._journal = Journal(self._store, settings.deployment, lambda: clock.utc_now(algorithm))
        self._fees = FeeForecaster(settings.brokerage, self._journal)
        self._feed = ParameterFeed(
            self._store,
            settings.deployment,
            self._journal,
            live=bool(algorithm.live_mode),
            on_applied=self._on_applied,
        )
        self._keeper = BookKeeper(
            self._store,
            settings.deployment,
            self._journal,
            OPTION_MULTIPLIER,
            persistent=bool(algorithm.live_mode),
        )
        self._day: date | None = None
        self._contracts: Contracts
        self._desk: OrderDesk
        self._trader: Trader

    def prepare(self) -> str:
        """Read parameters and book; the ticker that the strategy trades."""
        self._fees.use(self._feed.values, self._settings.start)
        self._feed.refresh("start", clock.local_now(self._algorithm).date())
        self._keeper.restore()
        return self._strategies()[0].vehicles[0].symbol

    def _strategies(self) -> tuple[Strategy, ...]:
        return make_strategies(("strangle",), self._feed.values)

    def begin(self, underlying: Any) -> None:
        """Take the subscribed underlying; contracts of restored trades are subscribed as well."""
        self._contracts = Contracts(self._algorithm, underlying, self._settings.resolution)
        self._desk = OrderDesk(self._algorithm, self._contracts)
        self._trader = Trader(self._algorithm, self._contracts, self._desk, self._keeper, self._journal)
        for trade in self._keeper.book.live():
            self._contracts.watch(leg.key for leg in trade.legs)

    # --- events ------------------------------------------------------------------------------------------------------

    def on_data(self, data: Any) -> None:
        """A slice of data: check the book, decide, carry out."""
        self._first_event()
        self._new_day()
        self._contracts.note_data(data, clock.utc_now(self._algorithm))
        for _ in range(_PASSES_PER_SLICE):
            if not self._trader.decide(self._strategies(), self._feed.values):
                break
        self._keeper.save()

    def refresh(self, why: str) -> None:
        """Look for a newer parameter set, and store what the journal holds."""
        self._first_event()
        self._feed.refresh(why, clock.local_now(self._algorithm).date())
        self._journal.flush()

    def on_order_event(self, event: Any) -> None:
        """An order event: into the journal, with a fee forecast where something was traded."""
        self._first_event()
        key, quantity, price = _key_of(event.symbol), number(event.fill_quantity), number(event.fill_price)
        tag, (fee, currency) = self._tag_of(int(event.order_id)), modelled_fee(event)
        traded = event.status in (OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED) and bool(quantity)
        self._journal.write(
            "order_event",
            order_id=int(event.order_id),
            event_id=int(event.id),
            symbol=key,
            status=_status_name(event.status),
            fill_quantity=quantity if traded else None,
            fill_price=price if traded else None,
            fee=fee if traded else None,
            fee_currency=currency if traded else None,
            message=str(event.message) if event.message else None,
            tag=tag,
        )
        if traded and quantity is not None and price is not None:
            self._on_fill(event, key, quantity, price, tag)
        if not self._trader.is_sending:
            self._trader.settle()
            self._keeper.save()

    def on_assignment(self, event: Any) -> None:
        """An option of ours was assigned: the cause of a holding that changes without an order."""
        key = _key_of(event.symbol)
        self._keeper.note_cause(key, "assigned")
        self._journal.write(
            "assignment",
            symbol=key,
            quantity=number(event.fill_quantity),
            order_id=int(event.order_id),
            trade_id=next((t.id for t in self._keeper.book.live() if key in dict(t.pairs)), None),
        )

    def on_command(self, data: Any) -> bool:
        """A live command: whatever it says, it makes the algorithm look for parameters."""
        self._first_event()
        self._journal.write("command", name=str(getattr(data, "name", "") or ""), payload=str(data), accepted=True)
        self.refresh("command")
        return True

    def stop(self) -> None:
        """The end of the run in good order."""
        self._first_event()
        self._trader.settle()
        self._keeper.save()
        self._publish(self._algorithm.set_summary_statistic)
        self._journal.write(
            "run_ended",
            reason="end of algorithm",
            entries=self._journal.entries + 1,
            open_trades=len(self._keeper.book.live()),
        )
        self._journal.flush()

    # --- parts of an event -------------------------------------------------------------------------------------------

    def _first_event(self) -> None:
        """What `initialize` is too early for: the algorithm's id and inherited holdings are not there yet."""
        if self._journal.run_key is not None:
            return
        algorithm, settings = self._algorithm, self._settings
        algorithm_id = str(algorithm.algorithm_id or "")
        mode = "live" if algorithm.live_mode else "backtest"
        self._journal.begin(
            run_key(algorithm_id, self._started),
            mode=mode,
            algorithm_id=algorithm_id,
            deployment=settings.deployment,
            brokerage=settings.brokerage,
            start_cash=settings.cash,
            numpy=np.__version__,
        )
        self._publish(algorithm.set_runtime_statistic)
        book = self._keeper.book
        holdings = self._contracts.holdings({leg.key for trade in book.live() for leg in trade.legs})
        self._fees.inherit(holdings)
        self._keeper.take_over(self._desk, holdings)

    def _new_day(self) -> None:
        day = clock.local_now(self._algorithm).date()
        if day == self._day:
            return
        self._day = day
        self._journal.flush()
        self._feed.refresh("day", day)

    def _on_applied(self, parameters: ParameterSet) -> None:
        self._fees.use(parameters.values_with_defaults(), parameters.effective_from)
        if self._journal.run_key is not None:
            self._publish(self._algorithm.set_runtime_statistic)
        self._algorithm.log(f"parameters {parameters.id} {parameters.sha256[:12]}")

    def _publish(self, publish: Any) -> None:
        current = self._feed.current
        publish("Journal", self._journal.run_key)
        publish("Parameter set", current.id if current is not None else "defaults")
        publish("Parameter set sha256", current.sha256 if current is not None else "none")
        publish("Effective values sha256", values_sha256(dict(self._feed.values)))

    def _on_fill(self, event: Any, key: str, quantity: Decimal, price: Decimal, tag: str | None) -> None:
        message = str(event.message or "")
        if _is_settlement(message):
            self._fees.move(key, quantity)
            if message.startswith("OTM"):
                self._keeper.note_cause(key, "expired")
            return
        if tag is not None and tag.startswith("Margin Call"):
            self._keeper.note_cause(key, "margin_call")
        self._fees.on_fill(event, key, quantity, price, now=clock.utc_now(self._algorithm), tag=tag)

    def _tag_of(self, order_id: int) -> str | None:
        trade = self._keeper.book.trade_of_order(order_id)
        if trade is not None and trade.working is not None:
            return make_tag(trade.strategy, trade.id, trade.working.action)
        order = self._algorithm.transactions.get_order_by_id(order_id)
        tag = str(order.tag) if order is not None and order.tag else ""
        return tag or None


def _status_name(status: Any) -> str:
    return next((name for known, name in _STATUS_NAMES if status == known), str(status))


def _key_of(symbol: Any) -> str:
    """The instrument key of a LEAN symbol."""
    value = str(symbol.value)
    try:
        return parse_occ(value).text
    except SymbolError:
        return value


def _is_settlement(message: str) -> bool:
    """Whether a fill event reports an expiry, exercise or assignment instead of a trade."""
    return message.startswith(("Automatic Exercise", "Assigned", "OTM", "Option Exercise", "Option Assignment"))
