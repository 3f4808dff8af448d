"""The Greeks of one contract.

Holds: the five of them with implied volatility, in our units.
Belongs here: what the numbers mean.
Never here: models that compute them, positions.

Units, per share (or per point of the underlying): `delta` price per 1 of the underlying; `gamma` delta per 1 of the
underlying; `theta` price per calendar day (LEAN's chains state it per year, its daily files per day: the adapter
divides); `vega` price per volatility point (0.01); `rho` price per percentage point of interest;
`implied_volatility` as a share a year (0.20 = 20 %).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Greeks:
    """Greeks of one contract, of the bought side; None is unknown, and never the same as 0."""

    delta: Decimal | None = None
    gamma: Decimal | None = None
    theta: Decimal | None = None
    vega: Decimal | None = None
    rho: Decimal | None = None
    implied_volatility: Decimal | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of those that are unknown."""
        return tuple(one.name for one in fields(self) if getattr(self, one.name) is None)


SHARE = Greeks(Decimal(1), Decimal(0), Decimal(0), Decimal(0), Decimal(0))
"""The Greeks of the underlying itself: known without a model."""
