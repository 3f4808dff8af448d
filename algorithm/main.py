"""The Tom King algorithm as LEAN starts it.

Holds: the class LEAN looks for, its settings of the engine, its event handlers.
Belongs here: one line from an event to the part that handles it.
Never here: rules, prices, arithmetic.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from AlgorithmImports import *

from tomking.adapters.runner import Runner
from tomking.adapters.settings import RunSettings

BROKERAGES = {
    "tastytrade": BrokerageName.TASTYTRADE,
    "schwab": BrokerageName.CHARLES_SCHWAB,
    "ibkr": BrokerageName.INTERACTIVE_BROKERS_BROKERAGE,
}


class TomKing(QCAlgorithm):
    """Trades the published parameter set, or the defaults; every event goes to the runner."""

    def initialize(self) -> None:
        """Set the engine up, then let the runner read parameters and book and subscribe what is traded."""
        settings = RunSettings.read(self.get_parameter)
        self.set_start_date(settings.start.year, settings.start.month, settings.start.day)
        self.set_end_date(settings.end.year, settings.end.month, settings.end.day)
        self.set_cash(float(settings.cash))
        self.set_brokerage_model(BROKERAGES[settings.brokerage], AccountType.MARGIN)
        # Raw prices: quantities, strikes and fills then match the broker's statements.
        self.universe_settings.data_normalization_mode = DataNormalizationMode.RAW
        self.set_name("tomking")
        self.add_tag(settings.deployment)
        self.runner = Runner(self, settings)
        benchmark = self.runner.begin()
        # A live run needs no history of a benchmark to start.
        self.set_benchmark((lambda time: 0) if self.live_mode else benchmark)
        if self.live_mode:
            minutes = timedelta(minutes=settings.refresh_minutes)
            self.schedule.on(
                self.date_rules.every_day(), self.time_rules.every(minutes), lambda: self.runner.refresh("schedule")
            )

    def on_data(self, data: Slice) -> None:
        """A slice of market data."""
        self.runner.on_data(data)

    def on_order_event(self, order_event: OrderEvent) -> None:
        """Something happened to an order."""
        self.runner.on_order_event(order_event)

    def on_assignment_order_event(self, assignment_event: OrderEvent) -> None:
        """A short option was assigned."""
        self.runner.on_assignment(assignment_event)

    def on_command(self, data: Any) -> bool:
        """A live command without a type of its own."""
        return self.runner.on_command(data)

    def on_end_of_algorithm(self) -> None:
        """The run is over."""
        self.runner.stop()
