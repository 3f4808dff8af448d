"""Parameters of the hard limits.

Holds: `PARAMETERS`, and `ORDERED` where some may not exceed others.
Belongs here: a number that a limit of the whole portfolio reads.
Never here: code that acts on a value.
"""

from __future__ import annotations

from tomking.kernel.parameter_specs.spec import ParameterSpec, number, whole

PARAMETERS: tuple[ParameterSpec, ...] = (
    whole("limits.group_positions", "3", "1 to 3 trades", "Trades of one correlation group open at one time.",
           "lesson 1 of August 2024 (R1)"),
    whole("limits.short_volatility_positions", "5", "1 to 5 trades",
           "Short-volatility trades open at one time.", "lesson 6 of August 2024 (R7)"),
    number("limits.reserve_share", "0.20", "0.20 to 0.90 share of equity", "Buying power that is never used.",
            "lesson 7 of August 2024; buying power: always keep 20 % (R1)", step="0.10"),
    number("limits.risk_per_trade", "0.02", "0.001 to 0.02 share of equity",
            "Largest planned loss of one trade.", "size: 2 % risk per trade (W4, R1)", step="0.005"),
    number("limits.ceiling_vix_below_13", "0.45", "0 to 0.45 share of equity",
            "Buying power in use while VIX is below 13.", "buying power by VIX: lowest of R1, R2, R6, R4", step="0.10"),
    number("limits.ceiling_vix_13_18", "0.60", "0 to 0.60 share of equity",
            "Buying power in use while VIX is from 13 to below 18.", "buying power by VIX: lowest of R1, R2, R6, R4",
            step="0.10"),
    number("limits.ceiling_vix_18_25", "0.60", "0 to 0.60 share of equity",
            "Buying power in use while VIX is from 18 to below 25.", "buying power by VIX: lowest of R1, R2, R6, R4",
            step="0.10"),
    number("limits.ceiling_vix_25_30", "0.40", "0 to 0.40 share of equity",
            "Buying power in use while VIX is from 25 to below 30.", "buying power by VIX: lowest of R1, R2, R6, R4",
            step="0.10"),
    number("limits.ceiling_vix_from_30", "0.25", "0 to 0.25 share of equity",
            "Buying power in use while VIX is 30 or more.", "buying power by VIX: lowest of R1, R2, R6, R4",
            step="0.10"),
)  # fmt: skip
