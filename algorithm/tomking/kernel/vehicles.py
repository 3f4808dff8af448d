"""Vehicles: the products whose options the engine trades, each with the product of the rule it stands for.

Holds: which products LEAN can trade options of and which it cannot, with the reason; `Vehicle` and its look-up.
Belongs here: what is known of a vehicle as data.
Never here: subscriptions, symbols of the engine, or the choice of a vehicle (a parameter).

LEAN has no option mapping or expiry rule for the micro futures, knows options of a future only at its monthly expiry,
and options of an index by their root. A vehicle it cannot trade is refused by name before a run begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from tomking.kernel.groups import group_of
from tomking.kernel.products import OPTION_MULTIPLIER

VehicleKind = Literal["equity", "index", "future"]

INDEX_ROOTS: Final[dict[str, str]] = {"SPX": "SPX", "SPXW": "SPX", "XSP": "XSP", "NDX": "NDX", "RUT": "RUT"}
"""Option roots on an index that may be a vehicle, with the index below."""

FUTURES: Final[dict[str, str]] = {"ES": "50", "NQ": "20", "CL": "1000", "GC": "100", "SI": "5000", "HG": "25000"}
"""Futures whose monthly options LEAN maps, with cash per point."""

UNTRADABLE: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("MES", "MNQ", "M2K", "MYM", "MCL", "MGC", "SIL", "M6A", "M6B", "M6E"),
        "LEAN has no option mapping and no expiry rule for options of micro futures",
    ),
    **dict.fromkeys(("QM", "QG"), "LEAN has no options of mini energy futures"),
    **dict.fromkeys(("DX", "VX"), "on the never-trade list"),
}
"""Products that the engine cannot trade options of, with the reason."""


class VehicleRefused(ValueError):
    """A product cannot be traded as a vehicle; the message names it, the reason and what could stand in."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """`symbol` is what the engine trades options of, `stands_for` the product that the rule names.

    `multiplier` is cash per point of an option's price and contract: the vehicle's, not that of what it stands for.
    """

    symbol: str
    stands_for: str

    @property
    def kind(self) -> VehicleKind:
        """What lies below the options."""
        return "index" if self.symbol in INDEX_ROOTS else "future" if self.symbol in FUTURES else "equity"

    @property
    def multiplier(self) -> Decimal:
        """Cash per point and contract."""
        return Decimal(FUTURES[self.symbol]) if self.kind == "future" else OPTION_MULTIPLIER

    @property
    def is_cash_settled(self) -> bool:
        """Whether expiry brings cash and no shares or futures."""
        return self.kind == "index"


def find_vehicle(symbol: str, stands_for: str) -> Vehicle:
    """The vehicle of that symbol. Raises VehicleRefused for a product that the engine cannot trade."""
    reason = UNTRADABLE.get(symbol)
    if reason is None and group_of(symbol) is None and symbol not in INDEX_ROOTS and symbol not in FUTURES:
        reason = "no correlation group knows it, so its limits cannot be judged"
    if reason is not None:
        raise VehicleRefused(f"{symbol} cannot be a vehicle (for {stands_for}): {reason}")
    return Vehicle(symbol, stands_for)


def pair_vehicles(symbols: str, stands_for: str) -> tuple[Vehicle, ...]:
    """Vehicles from two texts joined by `+`.

    Raises VehicleRefused where one cannot be traded, their numbers differ or a symbol repeats.
    """
    traded, named = symbols.split("+"), stands_for.split("+")
    if len(traded) != len(named):
        raise VehicleRefused(f"{len(traded)} vehicles ({symbols}) stand for {len(named)} products ({stands_for})")
    if len(set(traded)) != len(traded):
        raise VehicleRefused(f"a vehicle is named twice: {symbols}")
    return tuple(find_vehicle(*pair) for pair in zip(traded, named, strict=True))
