"""How many contracts a new trade has, after what the portfolio rules leave of it.

Holds: that one rounding.
Belongs here: a size that several strategies work out alike.
Never here: limits (`kernel.limits`), base sizes (parameters).
"""

from __future__ import annotations

from decimal import Decimal

from tomking.strategies.market_view import MarketView


def contracts(base: int | Decimal, view: MarketView) -> int:
    """The whole contracts that are left of `base`; none where less than one is.

    A factor above 1 is read as 1: no state of the market makes a trade larger than its rule says.
    """
    factor = min(Decimal(1), max(Decimal(0), view.size_factor))
    return int(base * factor)
