"""The delta of an option now, from a volatility that was observed earlier.

Holds: the Black-Scholes delta without dividends and interest.
Belongs here: what a choice of strikes on the last day needs, when the chain's deltas are those of the evening before.
Never here: prices, fits of volatility, Greeks of positions.

Source of the formula: Black and Scholes (1973); rates and dividends are left out, over a day they move a delta by less
than the difference between two strikes.
"""

from __future__ import annotations

import math
from decimal import Decimal

_HOURS_A_YEAR = 365.25 * 24


def delta_now(price: Decimal, strike: Decimal, hours: float, volatility: Decimal, call_put: str) -> Decimal | None:
    """The signed delta of an option that expires in `hours`; `volatility` is a share a year. None without its inputs."""
    if price <= 0 or strike <= 0 or volatility <= 0 or hours <= 0:
        return None
    spread = float(volatility) * math.sqrt(hours / _HOURS_A_YEAR)
    first = math.log(float(price) / float(strike)) / spread + spread / 2
    call = (1 + math.erf(first / math.sqrt(2))) / 2
    return Decimal(repr(round(call if call_put == "C" else call - 1, 12)))
