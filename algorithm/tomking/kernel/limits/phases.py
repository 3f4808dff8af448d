"""Phases of an account by its size, with what each allows.

Holds: the phase, the number of trades, the ceiling on buying power.
Belongs here: a limit that depends on the size of the account alone.
Never here: market conditions.

Amounts are in the account's currency. A phase that has not been reached by time and losses yet (`brakes`) holds an account
below that of its size; promotion by win rate is left to a person, who may lower any value.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tomking.kernel.limits.terms import number

_SIZES = (150_000, 100_000, 75_000, 50_000, 40_000, 30_000)


def phase_of(equity: Decimal, values: Mapping[str, str], reached: int | None = None) -> int:
    """The phase, 1 to 4: that of the account's size, no higher than the one it has `reached` where that is known."""
    by_size = 1 + sum(equity >= number(values, f"limits.phase_{phase}_from") for phase in (2, 3, 4))
    return by_size if reached is None else min(by_size, reached)


def trades_allowed(equity: Decimal, values: Mapping[str, str], reached: int | None = None) -> int:
    """Trades alive at one time: the lower of the counts by size and by phase.

    Below the smallest size of the table its lowest row holds.
    """
    size = next((size for size in _SIZES if equity >= size), _SIZES[-1])
    by_phase = number(values, f"limits.phase_{phase_of(equity, values, reached)}_trades")
    return int(min(number(values, f"limits.trades_from_{size}"), by_phase))


def phase_ceiling(equity: Decimal, values: Mapping[str, str], reached: int | None = None) -> Decimal:
    """The share of equity that may be in use in this phase."""
    return number(values, f"limits.phase_{phase_of(equity, values, reached)}_ceiling")
