"""Vehicles: the products that the engine trades, and the product of the rule that each stands for.

Holds: `Vehicle`, and the pairing of two parameters that name vehicles and what they stand for.
Belongs here: what is known of a vehicle as data.
Never here: subscriptions, symbols of the engine, or the choice of a vehicle (a parameter).
"""

from __future__ import annotations

from dataclasses import dataclass


class VehicleRefused(ValueError):
    """A product cannot be traded as a vehicle; the message names it and the reason."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """`symbol` is what the engine trades options of, `stands_for` the product that the rule names."""

    symbol: str
    stands_for: str


def pair_vehicles(symbols: str, stands_for: str) -> tuple[Vehicle, ...]:
    """Vehicles from two texts joined by `+`. Raises VehicleRefused where their lengths differ or a symbol repeats."""
    traded, named = symbols.split("+"), stands_for.split("+")
    if len(traded) != len(named):
        raise VehicleRefused(f"{len(traded)} vehicles ({symbols}) stand for {len(named)} products ({stands_for})")
    if len(set(traded)) != len(traded):
        raise VehicleRefused(f"a vehicle is named twice: {symbols}")
    return tuple(Vehicle(*pair) for pair in zip(traded, named, strict=True))
