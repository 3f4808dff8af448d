"""How much of a trade's size a regime leaves: never more than all of it.

Holds: the multiplier of each regime, and its use on a number of contracts.
Belongs here: making a size smaller.
Never here: what the regime is, the hard limits (they hold whatever comes out here).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from tomking.kernel.parameter_specs import SPECS
from tomking.kernel.regimes import CRISIS, NORMAL, STRESSED


@dataclass(frozen=True, slots=True)
class RegimeSizing:
    """Shares of size by regime; `unknown` where there is none.

    Raises ValueError for a share outside 0 to 1 and for a worse regime with a larger one.
    """

    normal: Decimal
    stressed: Decimal
    crisis: Decimal
    unknown: Decimal

    def __post_init__(self) -> None:
        if not 0 <= self.crisis <= self.stressed <= self.normal <= 1 or not 0 <= self.unknown <= 1:
            raise ValueError(f"0 <= crisis <= stressed <= normal <= 1 and 0 <= unknown <= 1 do not hold: {self}")

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> RegimeSizing:
        """The shares of a complete table of parameters."""
        normal, stressed, crisis, unknown = (
            Decimal(str(SPECS[name].value(values[name])))
            for name in ("monitor.size_normal", "monitor.size_stressed", "monitor.size_crisis", "monitor.size_unknown")
        )
        return cls(normal, stressed, crisis, unknown)

    def multiplier(self, regime: str | None) -> Decimal:
        """The share that a regime leaves, 0 to 1. Raises ValueError for a regime of another name."""
        if regime is None:
            return self.unknown
        shares = {NORMAL: self.normal, STRESSED: self.stressed, CRISIS: self.crisis}
        if regime not in shares:
            raise ValueError(f"no regime is called {regime!r}")
        return shares[regime]

    def sized(self, contracts: int, regime: str | None) -> int:
        """Whole contracts that are left of `contracts`, its sign kept: rounded towards none."""
        left = int((abs(contracts) * self.multiplier(regime)).to_integral_value(ROUND_FLOOR))
        return left if contracts >= 0 else -left
