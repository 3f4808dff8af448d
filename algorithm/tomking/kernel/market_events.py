"""Market events after which what was read before is not to be used any more.

Holds: the events as values, and the watch that tells which of them an observation is.
Belongs here: what makes earlier observations worthless, with its threshold.
Never here: who reacts to an event.

`root` names the option root whose chain an event is about; None: all of them. An event of the index SPX does not touch
the chain of SPXW by itself: whoever watches an index reports it for each root that hangs on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from tomking.kernel.parameter_specs import SPECS


@dataclass(frozen=True, slots=True)
class UnderlyingMoved:
    """The underlying trades further from `reference` than the threshold allows."""

    root: str
    reference: Decimal
    price: Decimal
    name: ClassVar[str] = "underlying_moved"
    relists: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class VixJumped:
    """VIX is further from `reference` than the threshold allows; every chain is concerned."""

    reference: Decimal
    level: Decimal
    root: ClassVar[None] = None
    name: ClassVar[str] = "vix_jumped"
    relists: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class TradingHalted:
    """Trading in the underlying stopped (or, None, in the whole market)."""

    root: str | None
    name: ClassVar[str] = "halted"
    relists: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """The session of `day` began."""

    root: str | None
    day: date
    name: ClassVar[str] = "session_opened"
    relists: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """The session of `day` ended."""

    root: str | None
    day: date
    name: ClassVar[str] = "session_closed"
    relists: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class SharesSplit:
    """The underlying was split: strikes and keys of its options are others now."""

    root: str
    factor: Decimal
    name: ClassVar[str] = "split"
    relists: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class ExpiryListed:
    """A new expiry is listed, which chains read before do not have."""

    root: str
    expiry: date
    name: ClassVar[str] = "new_listing"
    relists: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """An order of ours in the underlying or one of its options was filled."""

    root: str
    name: ClassVar[str] = "order_filled"
    relists: ClassVar[bool] = False


MarketEvent = (
    UnderlyingMoved
    | VixJumped
    | TradingHalted
    | SessionOpened
    | SessionClosed
    | SharesSplit
    | ExpiryListed
    | OrderFilled
)
"""`relists`: the listed contracts themselves have changed, so that an older chain is wrong and not only old."""


class _Band:
    """The span of a value since it last left the span: wherever in it something was read, the value is near that."""

    def __init__(self, share: Decimal) -> None:
        self._share = share
        self._low: Decimal | None = None
        self._high = Decimal(0)

    def step(self, value: Decimal) -> Decimal | None:
        """Take in a value; where it is further than the share from either end, that end, and the span starts anew."""
        if self._low is None:
            self._low = self._high = value
            return None
        left = None
        if value - self._low > self._share * abs(self._low):
            left = self._low
        elif self._high - value > self._share * abs(self._high):
            left = self._high
        if left is None:
            self._low, self._high = min(self._low, value), max(self._high, value)
        else:
            self._low = self._high = value
        return left


class MarketWatch:
    """Turns observations into events.

    `move` and `vix_jump` are shares (0.01 = 1 %) of an earlier level; a change of more than that is an event. The
    earlier level is any that was seen since the last event, so nothing read in between is further off than that.
    """

    def __init__(self, move: Decimal, vix_jump: Decimal) -> None:
        self._move = move
        self._prices: dict[str, _Band] = {}
        self._vix = _Band(vix_jump)
        self._sessions: dict[str | None, tuple[date, bool]] = {}

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> MarketWatch:
        """The watch with the thresholds of a complete table of parameters."""
        return cls(
            Decimal(str(SPECS["caches.underlying_move"].value(values["caches.underlying_move"]))),
            Decimal(str(SPECS["caches.vix_jump"].value(values["caches.vix_jump"]))),
        )

    def price(self, root: str, price: Decimal) -> UnderlyingMoved | None:
        """The underlying of `root` trades at `price`."""
        band = self._prices.setdefault(root, _Band(self._move))
        reference = band.step(price)
        return None if reference is None else UnderlyingMoved(root, reference, price)

    def vix(self, level: Decimal) -> VixJumped | None:
        """VIX stands at `level`."""
        reference = self._vix.step(level)
        return None if reference is None else VixJumped(reference, level)

    def session(self, root: str | None, day: date, *, is_open: bool) -> SessionOpened | SessionClosed | None:
        """The market of `root` (None: the whole market) is open or not, in the session of `day`."""
        before, self._sessions[root] = self._sessions.get(root), (day, is_open)
        if before is None or before == (day, is_open):
            return None
        if is_open:
            return SessionOpened(root, day)
        return SessionClosed(root, before[0]) if before[1] else None
