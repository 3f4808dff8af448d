"""One run of the algorithm: LEAN's events in, strategy decisions carried out.

Holds: the order of things on each event, and the journal lines about them.
Belongs here: calling the right part at the right time.
Never here: rules and numbers; anything two parts could do without it.

Events take turns (`turns`): what arrives while a slice is being handled is dealt with at its end. An exception in one
handler would end the run, so it is written down and survived; several in a row are not.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from tomking.adapters import clock
from tomking.adapters.contracts import Contracts
from tomking.adapters.entry_blocks import EntryBlocks
from tomking.adapters.fee_model import ScheduleFeeModel
from tomking.adapters.journal import Journal
from tomking.adapters.modules import Modules
from tomking.adapters.object_store import Store
from tomking.adapters.order_events import OrderEvents
from tomking.adapters.parameters import ParameterFeed
from tomking.adapters.settings import RunSettings
from tomking.adapters.turns import Turns
from tomking.kernel.contracts import run_key
from tomking.kernel.parameters import ParameterSet, values_sha256
from tomking.kernel.sessions import close_time_utc, is_session
from tomking.strategies.registry import make_strategies
from tomking.strategies.strategy import Strategy

if TYPE_CHECKING:
    from AlgorithmImports import OrderEvent, QCAlgorithm, Security, Slice, Symbol

# A cancellation answered at once (as in a backtest) lets the new price go out in the same slice; so does a plan whose
# quotes are watched already.
_PASSES_PER_SLICE = 2
_FAILURES_IN_A_ROW = 3
"""So many slices may fail one after the other before the run ends with the last error."""


class Runner:
    """The algorithm's run: `begin` in `initialize`, the rest on LEAN's events."""

    def __init__(self, algorithm: QCAlgorithm, settings: RunSettings) -> None:
        self._algorithm, self._settings = algorithm, settings
        self._live = bool(algorithm.live_mode)
        self._started = clock.wall_now()
        self._is_made = False
        store = Store(algorithm.object_store)
        self._journal = Journal(store, settings.deployment, lambda: clock.utc_now(algorithm))
        self._feed = ParameterFeed(
            store,
            settings.deployment,
            self._journal,
            live=self._live,
            always_current=settings.sets == "current",
            on_applied=self._on_applied,
        )
        # Read before the modules are made: their sizes and life times are parameters of the set.
        self._feed.refresh("start", clock.local_now(algorithm).date())
        self._blocks = EntryBlocks(store, settings.deployment, self._journal, live=self._live)
        self._contracts = Contracts(algorithm, settings.resolution, self._on_security)
        self._parts = Modules(
            algorithm, settings, store, self._journal, contracts=self._contracts, values=self._feed.values
        )
        self._events = OrderEvents(algorithm, self._parts, self._journal)
        self._turns = Turns()
        self._queue: deque[tuple[Callable[[OrderEvent], None], OrderEvent]] = deque()
        self._failures = 0
        self._strategies: tuple[Strategy, ...] = ()
        self._values: Mapping[str, str] = {}
        self._day: date | None = None
        self._closed_day: date | None = None
        self._is_made = True

    def begin(self) -> Symbol:
        """Read the book and subscribe what is traded; the first underlying, to measure the run against.

        Raises where a vehicle cannot be traded.
        """
        current = self._feed.current
        since = self._settings.start if current is None else current.effective_from
        self._parts.fees.use(self._feed.values, since)
        self._take_values()
        if self._settings.vix:
            self._parts.market.add_vix(self._settings.vix)
        self._parts.keeper.restore()
        for trade in self._parts.keeper.book.live():
            self._parts.add_underlying(trade.product)
            self._contracts.watch(leg.key for leg in trade.legs)
        return self._contracts.symbol(self._contracts.underlyings[0])

    # --- events ------------------------------------------------------------------------------------------------------

    def on_data(self, data: Slice) -> None:
        """A slice of data: check the book, decide, carry out."""
        started = clock.stopwatch()
        self._turns.wait(lambda: self._guarded("on_data", lambda: self._handle(data)))
        self._parts.end_of_day.times.add(clock.stopwatch() - started)

    def on_order_event(self, event: OrderEvent) -> None:
        """An order event: dealt with now, or at the end of the slice that is being handled."""
        self._queue.append((self._events.on_event, event))
        self._turns.leave(lambda: self._guarded("on_order_event", self._settle))

    def on_assignment(self, event: OrderEvent) -> None:
        """An option of ours was assigned: the cause of a holding that changes without an order."""
        self._queue.append((self._events.on_assignment, event))
        self._turns.leave(lambda: self._guarded("on_assignment", self._settle))

    def refresh(self, why: str) -> None:
        """Look for a newer parameter set, and store what the journal holds; never in the middle of a slice."""
        self._turns.leave(lambda: self._guarded("refresh", lambda: self._refresh(why)))

    def on_command(self, data: Any) -> bool:
        """A live command: whatever it says, it makes the algorithm look for parameters."""
        self._turns.leave(lambda: self._guarded("on_command", lambda: self._command(data)))
        return True

    def stop(self) -> None:
        """The end of the run in good order."""
        self._turns.wait(lambda: self._guarded("stop", self._stop))

    # --- parts of an event -------------------------------------------------------------------------------------------

    def _handle(self, data: Slice) -> None:
        self._first_event()
        now, local = clock.utc_now(self._algorithm), clock.local_now(self._algorithm)
        self._new_day(local.date())
        self._contracts.note_data(data, now)
        self._parts.market.note_data(data, local, now)
        self._parts.look_at_volatility()
        for _ in range(_PASSES_PER_SLICE):
            if not self._parts.trader.decide(self._strategies, self._values, self._blocks.stop(local.date())):
                break
            self._drain()
        self._drain()
        day = local.date()
        if day != self._closed_day and is_session(day) and now >= close_time_utc(day):
            self._end_session(day)
        self._parts.keeper.save()

    def _settle(self) -> None:
        if not self._queue:
            return
        self._first_event()
        self._drain()
        self._parts.trader.settle()
        self._parts.keeper.save()

    def _drain(self) -> None:
        while self._queue:
            take, event = self._queue.popleft()
            take(event)

    def _command(self, data: Any) -> None:
        self._first_event()
        try:
            name = str(getattr(data, "name", "") or "")
        except Exception:  # noqa: BLE001 - the engine's own error for a member that a command does not have
            name = ""
        self._journal.write("command", name=name[:100], payload=str(data)[:1000], accepted=True)
        self._refresh("command")

    def _refresh(self, why: str) -> None:
        self._first_event()
        if self._feed.refresh(why, clock.local_now(self._algorithm).date()):
            self._take_values()
        self._blocks.refresh(clock.local_now(self._algorithm).date())
        self._journal.flush()

    def _stop(self) -> None:
        self._first_event()
        self._drain()
        self._parts.trader.settle()
        self._parts.keeper.save()
        day = clock.local_now(self._algorithm).date()
        self._parts.end_of_day.write_counters(date.max)
        if day != self._closed_day:
            self._parts.attributions.end_session(day, self._parts.keeper.book)
            self._parts.end_of_day.write(self._parts.keeper.book, day)
        self._journal.write(
            "run_ended",
            reason="end of algorithm",
            entries=self._journal.entries + 1,
            open_trades=len(self._parts.keeper.book.live()),
        )
        self._journal.flush()
        # Last: what the engine may refuse here must not cost the journal its end.
        self._publish(self._algorithm.set_summary_statistic)

    def _guarded(self, where: str, act: Callable[[], None]) -> None:
        """Run a handler; what it raises is written down, and raised only where it keeps happening."""
        try:
            act()
            self._failures = 0
        except Exception as error:
            self._failures += 1
            # What the engine itself raises need not come with a place in Python.
            places = traceback.extract_tb(error.__traceback__)
            place = f" {places[-1].name}:{places[-1].lineno}" if places else ""
            text = f"{type(error).__name__}: {error}"[:400]
            self._journal.write("error", message=text, where=f"{where}{place}")
            self._algorithm.log(f"{where} failed ({self._failures} in a row): {text[:200]}")
            if self._failures >= _FAILURES_IN_A_ROW:
                self._journal.flush()
                raise

    def _first_event(self) -> None:
        """What `initialize` is too early for: the algorithm's id and inherited holdings are not there yet."""
        if self._journal.run_key is not None:
            return
        algorithm, settings = self._algorithm, self._settings
        algorithm_id = str(algorithm.algorithm_id or "")
        self._journal.begin(
            run_key(settings.run or algorithm_id, self._started),
            mode="live" if self._live else "backtest",
            algorithm_id=algorithm_id,
            deployment=settings.deployment,
            brokerage=settings.brokerage,
            start_cash=settings.cash,
            numpy=np.__version__,
        )
        self._parts.journal_values(self._journal, settings.without)
        if self._live:
            self._parts.take_over(self._contracts)
        self._publish(algorithm.set_runtime_statistic)

    def _new_day(self, day: date) -> None:
        if day == self._day:
            return
        before, self._day = self._day, day
        if before is not None and before != self._closed_day and is_session(before):
            # No slice came at the close: the day ends with what was seen of it.
            self._end_session(before)
        self._parts.end_of_day.write_counters(day)
        self._contracts.forget_before(clock.local_now(self._algorithm))
        if self._live:
            self._journal.flush()
        if self._feed.refresh("day", day):
            self._take_values()
        self._blocks.refresh(day)

    def _end_session(self, day: date) -> None:
        self._closed_day = day
        self._parts.close_session(day)
        self._parts.attributions.end_session(day, self._parts.keeper.book)
        self._parts.end_of_day.write(self._parts.keeper.book, day)

    def _take_values(self) -> None:
        """Make the strategies of the values in force; what they trade is subscribed."""
        self._values = self._settings.values(self._feed.values)
        self._strategies = make_strategies(self._settings.strategies, self._values)
        for strategy in self._strategies:
            for vehicle in strategy.vehicles:
                self._parts.add_underlying(vehicle.symbol)
        self._parts.watch_correlations(self._settings.correlations, self._values, self._feed.current)

    def _on_applied(self, parameters: ParameterSet) -> None:
        if self._is_made:
            self._parts.fees.use(parameters.values_with_defaults(), parameters.effective_from)
        if self._journal.run_key is not None:
            self._publish(self._algorithm.set_runtime_statistic)
        self._algorithm.log(f"parameters {parameters.id} {parameters.sha256[:12]}")

    def _on_security(self, security: Security) -> None:
        if self._settings.fee_model == "schedule":
            security.set_fee_model(ScheduleFeeModel(self._parts.fees))

    def _publish(self, publish: Callable[[str, str], None]) -> None:
        current = self._feed.current
        publish("Journal", str(self._journal.run_key))
        publish("Parameter set", current.id if current is not None else "defaults")
        publish("Parameter set sha256", current.sha256 if current is not None else "none")
        publish("Effective values sha256", values_sha256(dict(self._feed.values)))
