"""The interface of a strategy: what it trades, which chain it needs, what it wants.

Holds: the protocol `Strategy`.
Belongs here: what the rest may ask of any strategy.
Never here: a strategy.

A strategy is a frozen dataclass of its parameters. It is made once per set of values, decides from a view, a book and a
chain alone, and changes nothing: the same arguments give the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import ClassVar, Protocol

from tomking.kernel.option_chain import ChainRequest
from tomking.kernel.vehicles import Vehicle
from tomking.strategies.book import Book
from tomking.strategies.intents import Entry, Intent
from tomking.strategies.market_view import Chain, MarketView
from tomking.strategies.working_orders import Pricing


class Strategy(Protocol):
    """One strategy with its parameters; `name` is also the prefix of its parameters and the name in tags."""

    name: ClassVar[str]

    @property
    def vehicles(self) -> tuple[Vehicle, ...]:
        """What it trades; it is asked once for each, with that underlying's view."""

    @property
    def max_open(self) -> int:
        """Trades it may have live in one product."""

    @property
    def pricing(self) -> Pricing:
        """How its orders are worked; also where a portfolio rule closes its trades."""

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> Strategy:
        """The strategy in a complete table of parameter texts; ValueRefused, KeyError or VehicleRefused where none is."""

    def may_enter_on(self, day: date, equity: Decimal | None = None) -> bool:
        """Whether its calendar allows an entry on this session, for an account of this size."""

    def chain_request(self, view: MarketView, book: Book) -> ChainRequest | None:
        """The chain that has to be looked at now, or None while no entry is considered."""

    def propose(self, chain: Chain, view: MarketView, book: Book) -> tuple[Entry, ...]:
        """What to open, or why nothing; asked only where `chain_request` named a chain."""

    def manage(self, view: MarketView, book: Book) -> tuple[Intent, ...]:
        """What is to be done about the trades of this strategy in the view's underlying."""
