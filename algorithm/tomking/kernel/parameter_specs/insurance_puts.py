"""Parameters of the insurance puts.

Holds: `PARAMETERS`, and `ORDERED` where some may not exceed others.
Belongs here: a number that the purchase of insurance reads.
Never here: code that acts on a value.
"""

from __future__ import annotations

from tomking.kernel.parameter_specs import common
from tomking.kernel.parameter_specs.spec import ParameterSpec, flag, number, whole

_RULE = "LEAP put ladder: side"

PARAMETERS: tuple[ParameterSpec, ...] = (
    flag("insurance_puts.enabled", "false", "Whether insurance is bought at all.",
         "decision: insurance is a module of its own, off by default"),
    *common.vehicle("insurance_puts", "SPY", "SPY"),
    *common.entry("insurance_puts", "monday", "1", "10:30 to 15:30", "ours: once a month is enough to renew"),
    *common.pricing("insurance_puts"),
    whole("insurance_puts.max_open", "1", "1 to 3 trades", "Trades open at one time.", "ours"),
    whole("insurance_puts.quantity", "1", "1 to 20 contracts", "Puts bought.", "ours: the smallest size", step="1"),
    whole("insurance_puts.target_dte", "365", "60 to 400 days", "Days to expiry aimed at.", f"{_RULE} (R5)", step="30"),
    whole("insurance_puts.dte_tolerance", "60", "0 to 120 days", "Furthest an expiry may lie from the target.", "ours",
          step="30"),
    number("insurance_puts.distance", "0.10", "0.05 to 0.20 share of price", "Distance of the strike below the price.",
           f"{_RULE}: 5-20 % out of the money (R5)", step="0.05"),
    number("insurance_puts.budget", "0.005", "0.0005 to 0.02 share of equity", "Most that one trade may cost.",
           "ours: a quarter of the 2 % that one trade may risk", step="0.005"),
    number("insurance_puts.target_multiple", "3", "1 to 20 debits", "Worth, in debits, at which it is sold.", "ours",
           step="1"),
    whole("insurance_puts.exit_dte", "90", "7 to 300 days", "Days to expiry at which it is sold, to be renewed.",
          "ours", step="30"),
)  # fmt: skip

ORDERED: tuple[tuple[str, str], ...] = (("insurance_puts.exit_dte", "insurance_puts.target_dte"),)
