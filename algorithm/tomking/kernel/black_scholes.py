"""Black and Scholes: the price of an option, the volatility that a price implies, and its Greeks.

Holds: those three, for one contract, without dividends and interest.
Belongs here: the one model by which Greeks of a quoted contract are computed inside the algorithm.
Never here: quotes, caches, sums over positions.

Source of the formulas: Black and Scholes (1973), Merton (1973). Rates and dividends are taken as 0, and an American
option as a European one: what that leaves out ends in the residual of the attribution, which is reported. Computation
is in floats (a model, no money); results come as Decimals of twelve digits behind the point. A year has 365 days.
"""

from __future__ import annotations

import math
from decimal import Decimal

from tomking.kernel.greeks import Greeks

DAYS_A_YEAR = 365.0
_LOWEST, _HIGHEST = 0.005, 5.0
_STEPS = 60


def price_of(spot: float, strike: float, years: float, volatility: float, call_put: str) -> float:
    """The price of a `C` or `P` at a volatility (share a year); its intrinsic value where time or volatility is 0."""
    sign = 1 if call_put == "C" else -1
    spread = volatility * math.sqrt(years)
    if spread <= 0:
        return max(sign * (spot - strike), 0.0)
    first = math.log(spot / strike) / spread + spread / 2
    return sign * (spot * _below(sign * first) - strike * _below(sign * (first - spread)))


def implied_volatility(price: Decimal, spot: Decimal, strike: Decimal, years: float, call_put: str) -> Decimal | None:
    """The volatility at which the model gives `price`; None where none between 0.5 % and 500 % does, or an input is bad."""
    if price <= 0 or spot <= 0 or strike <= 0 or years <= 0:
        return None
    wanted, inputs = float(price), (float(spot), float(strike), years)
    low, high = _LOWEST, _HIGHEST
    if not price_of(*inputs, low, call_put) < wanted < price_of(*inputs, high, call_put):
        return None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if price_of(*inputs, middle, call_put) < wanted:
            low = middle
        else:
            high = middle
        if high - low < 1e-10:
            break
    return _number((low + high) / 2)


def greeks_of(spot: Decimal, strike: Decimal, years: float, volatility: Decimal, call_put: str) -> Greeks | None:
    """The Greeks of the bought side in the units of `kernel.greeks`; None where an input is not above 0."""
    if spot <= 0 or strike <= 0 or years <= 0 or volatility <= 0:
        return None
    price, level = float(spot), float(volatility)
    root = math.sqrt(years)
    spread = level * root
    first = math.log(price / float(strike)) / spread + spread / 2
    density = math.exp(-first * first / 2) / math.sqrt(2 * math.pi)
    call = _below(first)
    in_the_money = _below(first - spread) if call_put == "C" else _below(spread - first)
    return Greeks(
        delta=_number(call if call_put == "C" else call - 1),
        gamma=_number(density / (price * spread)),
        theta=_number(-price * density * level / (2 * root) / DAYS_A_YEAR),
        vega=_number(price * density * root / 100),
        rho=_number((1 if call_put == "C" else -1) * float(strike) * years * in_the_money / 100),
        implied_volatility=volatility,
    )


def _below(value: float) -> float:
    """The standard normal distribution; `erfc` keeps the digits of its tail."""
    return math.erfc(-value / math.sqrt(2)) / 2


def _number(value: float) -> Decimal:
    return Decimal(repr(round(value, 12)))
