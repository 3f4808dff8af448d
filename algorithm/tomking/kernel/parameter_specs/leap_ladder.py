"""Parameters of the ladder of LEAP puts.

Holds: `PARAMETERS`, and `ORDERED` where some may not exceed others.
Belongs here: a number that the LEAP ladder reads.
Never here: code that acts on a value.
"""

from __future__ import annotations

from tomking.kernel.parameter_specs import common
from tomking.kernel.parameter_specs.spec import ParameterSpec, number, whole, word

_RULE = "LEAP put ladder"
_DELTAS = r"0\.(0[3-9]|1[0-9]|20)(\+0\.(0[3-9]|1[0-9]|20)){0,7}"

PARAMETERS: tuple[ParameterSpec, ...] = (
    *common.vehicle("leap_ladder", "SPY", "SPY"),
    *common.entry("leap_ladder", "monday", "0", "10:30 to 15:30", f"{_RULE}: ladder (R1)"),
    *common.pricing("leap_ladder"),
    whole("leap_ladder.max_open", "2", "1 to 10 trades",
          "Rungs alive at one time; the limits of the group and on short volatility hold before it.",
          f"{_RULE}: ladder of at most 10 (R1); the group has three places, and the strategies of one vehicle share them",
          step="1"),
    whole("leap_ladder.quantity", "1", "1 to 20 contracts", "Contracts of a rung.", f"{_RULE}: one each Monday (R1)",
          step="1"),
    whole("leap_ladder.target_dte", "365", "180 to 400 days", "Days to expiry aimed at.",
          f"{_RULE}: side (R1, W5)", step="30"),
    whole("leap_ladder.dte_tolerance", "60", "0 to 120 days", "Furthest an expiry may lie from the target.",
          "ours: yearly expiries are listed monthly at best", step="30"),
    word("leap_ladder.deltas", "0.12+0.13+0.14+0.12", _DELTAS, "Deltas, unsigned, in turn, one a week.",
         f"{_RULE}: ladder (R1)"),
    number("leap_ladder.min_credit", "0.50", "0.05 to 50 USD per share", "Least mid credit.", "ours", step="0.50"),
    number("leap_ladder.target_share", "0.30", "0.10 to 0.95 share of credit",
           "Share of the credit at which a rung is closed in profit.", "decision: LEAP put ladder 30 %", step="0.10"),
    whole("leap_ladder.roll_dte", "150", "30 to 300 days",
          "Days to expiry at which a rung is closed, to be sold anew in a later week.", f"{_RULE}: exit (R1)", step="30"),
    number("leap_ladder.stop_multiple", "3", "1 to 5 credits", "Loss, in credits, at which a rung is closed.",
           "ours: the rule holds at half the credit lost and names no stop; a risk needs an end", step="0.5"),
    number("leap_ladder.vix_skip_below", "15", "10 to 25 points", "VIX below which no rung is sold.",
           f"{_RULE}: VIX (R1; its doubling above 20 is left out, it breaks the caps)", step="2"),
    number("leap_ladder.min_equity", "37000", "37000 to 10000000 account currency", "Equity from which rungs are sold.",
           f"{_RULE}: from (R1)"),
)  # fmt: skip

ORDERED: tuple[tuple[str, str], ...] = (
    ("leap_ladder.roll_dte", "leap_ladder.target_dte"),
    ("leap_ladder.entry_from", "leap_ladder.entry_until"),
)
