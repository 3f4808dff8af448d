"""Slices: what arrived at one instant, as the algorithm is handed it.

Holds: `Slice`.
Belongs here: collections by symbol.
Never here: prices' arithmetic, the event loop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from tests.lean_double.data import QuoteBar, TradeBar
from tests.lean_double.symbols import Symbol

T = TypeVar("T")


class SliceData(dict[Symbol, T], Generic[T]):
    """One kind of data of a slice, by symbol."""

    def contains_key(self, symbol: Symbol) -> bool:
        return symbol in self


@dataclass(slots=True)
class Slice:
    """What arrived at one instant."""

    bars: SliceData[TradeBar] = field(default_factory=SliceData)
    quote_bars: SliceData[QuoteBar] = field(default_factory=SliceData)
    option_chains: SliceData[Any] = field(default_factory=SliceData)
    splits: SliceData[Any] = field(default_factory=SliceData)
