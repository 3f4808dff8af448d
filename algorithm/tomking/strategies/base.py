"""What strategies have in common: vehicles, an entry calendar, how orders are worked, and one expiry aimed at.

Holds: `VehicleStrategy` and `SingleExpiry`, the first fields of a strategy with what follows from them alone.
Belongs here: a parameter that every strategy, or every one that aims at one expiry, has under its own prefix.
Never here: a rule of one strategy, numbers (each one is a parameter).

A strategy is a dataclass that adds its own parameters to these; `name` is the prefix of all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar, Self

from tomking.kernel.option_chain import ChainRequest
from tomking.kernel.vehicles import Vehicle, pair_vehicles
from tomking.strategies.book import Book, Trade
from tomking.strategies.entry import EntryWindow
from tomking.strategies.exits import report_late
from tomking.strategies.intents import Intent, PassEntry
from tomking.strategies.market_view import MarketView
from tomking.strategies.rules import read_rules
from tomking.strategies.working_orders import Opening, Pricing, work_closing, work_opening

ExitRule = Callable[[Trade, MarketView], str | None]
"""Why a trade has to be left now; None while it stays."""


@dataclass(frozen=True, slots=True)
class VehicleStrategy:
    """A strategy on one or more vehicles, entered by a calendar. Units as in the parameter table."""

    name: ClassVar[str]

    vehicle: str
    stands_for: str
    entry: EntryWindow
    pricing: Pricing
    max_open: int

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> Self:
        """The strategy in a complete table of parameter texts."""
        return read_rules(cls, cls.name, values)

    @property
    def vehicles(self) -> tuple[Vehicle, ...]:
        """What it trades, each with the product of the rule that it stands for."""
        return pair_vehicles(self.vehicle, self.stands_for)

    def may_enter_on(self, day: date, equity: Decimal | None = None) -> bool:
        """Whether the calendar allows an entry on this session; `equity` where larger accounts have more days."""
        del equity
        return self.entry.is_day(day)

    def looks(self, view: MarketView, book: Book, part: str = "") -> bool:
        """Whether an entry is looked for now: on its day, within its hours, once a day."""
        if not self.entry.is_hour(view) or not self.may_enter_on(view.day, view.equity):
            return False
        return not book.was_considered(self.name, view.underlying, view.day, part)

    def passing(self, view: MarketView, reason: str, part: str = "") -> tuple[PassEntry]:
        """The answer that there is nothing to open today."""
        return (PassEntry(self.name, view.underlying, reason, part),)

    def work_entry(self, trade: Trade, view: MarketView, terms: Opening) -> list[Intent]:
        """The next step of a planned trade, within the hours of the day it was planned on."""
        is_open = self.entry.is_open_for(trade.planned_on, view)
        return work_opening(trade, view, self.pricing, terms, window_open=is_open)

    def work_trades(
        self, view: MarketView, book: Book, terms: Opening, last_dte: int, reason_of: ExitRule
    ) -> tuple[Intent, ...]:
        """The next step of each trade in the view's underlying: entered on `terms`, or left for what `reason_of` says.

        A trade that is alive with fewer days than `last_dte` is put on record.
        """
        intents: list[Intent] = []
        for trade in book.live(self.name, view.underlying):
            if trade.state == "planned":
                intents += self.work_entry(trade, view, terms)
            else:
                intents += report_late(trade, last_dte, view)
                intents += work_closing(trade, view, self.pricing, reason_of(trade, view))
        return tuple(intents)


@dataclass(frozen=True, slots=True)
class SingleExpiry(VehicleStrategy):
    """A strategy whose entry aims at one expiry, so many days ahead; `wanted_side` is `P`, `C` or both (None)."""

    wanted_side: ClassVar[str | None] = None

    quantity: int
    target_dte: int
    dte_tolerance: int

    def tenors(self) -> tuple[int, ...]:
        """The days to expiry aimed at."""
        return (self.target_dte,)

    def chain_request(self, view: MarketView, book: Book) -> ChainRequest | None:
        """The chain around the expiry aimed at, once on each entry day."""
        return self.request_chain(view) if self.looks(view, book) else None

    def request_chain(self, view: MarketView) -> ChainRequest:
        """The contracts whose expiry is near enough to what is aimed at."""
        first, last = min(self.tenors()) - self.dte_tolerance, max(self.tenors()) + self.dte_tolerance
        return ChainRequest(
            view.underlying,
            view.day,
            view.day + timedelta(days=first),
            view.day + timedelta(days=last),
            call_put=self.wanted_side,
        )
