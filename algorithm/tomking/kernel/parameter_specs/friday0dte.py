"""Parameters of the Friday 0DTE.

Holds: `PARAMETERS`, and `ORDERED` where some may not exceed others.
Belongs here: a number that the Friday 0DTE reads.
Never here: code that acts on a value.
"""

from __future__ import annotations

from tomking.kernel.parameter_specs import common
from tomking.kernel.parameter_specs.spec import CLOCK, ParameterSpec, flag, number, whole, word

_SIZES = (("30000", "1"), ("40000", "2"), ("50000", "2"), ("75000", "3"), ("100000", "4"), ("150000", "5"))
_RULE = "Friday 0DTE"

PARAMETERS: tuple[ParameterSpec, ...] = (
    *common.vehicle("friday0dte", "SPY", "ES"),
    *common.entry("friday0dte", "friday", "0", "10:30 to 14:00", f"{_RULE}: earliest entry (R1, R6)"),
    *common.pricing("friday0dte", minutes="15", step="0.05", first="1", attempts="6"),
    whole("friday0dte.max_open", "1", "1 to 2 trades", "Trades open at one time in the vehicle.",
          f"{_RULE}: one entry a Friday (R1)"),
    number("friday0dte.direction_move", "0.005", "0.001 to 0.03 share of the session's open",
           "Move since the open above which a call spread, below whose negative a put spread is sold.",
           f"{_RULE}: direction (R1)", step="0.002"),
    number("friday0dte.directional_atr", "0.7", "0.2 to 3 average true ranges",
           "Distance of the short strike of a spread.", f"{_RULE}: short strikes (R1)", step="0.2"),
    number("friday0dte.condor_atr", "0.5", "0.2 to 3 average true ranges",
           "Distance of each short strike of an iron condor.", f"{_RULE}: short strikes (R1)", step="0.2"),
    whole("friday0dte.atr_days", "14", "5 to 60 sessions", "Sessions of the average true range.",
          "ours: the usual length; the rule names none"),
    number("friday0dte.lowest_delta", "0.15", "0.03 to 0.29 delta", "Least delta, unsigned, of a short strike.",
           f"{_RULE}: delta 15-25 (R1)", step="0.03"),
    number("friday0dte.highest_delta", "0.25", "0.05 to 0.29 delta",
           "Largest delta, unsigned, of a short strike; 0.30 is never reached.", f"{_RULE}: never 30+ (R1)", step="0.03"),
    number("friday0dte.delta_never", "0.30", "0.20 to 0.30 delta",
           "Delta, unsigned, of a short strike at which a plan that is not filled yet is given up.",
           f"{_RULE}: never 30+ (R1)", step="0.03"),
    number("friday0dte.watched_atr", "1.5", "0.5 to 3 average true ranges",
           "Distance from the price within which quotes are watched before the entry window.",
           "ours: the short strike's distance and a morning's move", step="0.5"),
    number("friday0dte.wing_width", "3", "1 to 20 USD", "Distance of the long strike from the short one.",
           f"{_RULE}: wings 30 ES points (R1), a tenth of it in SPY", step="1"),
    flag("friday0dte.broken_wing", "false", "Whether the side of the move has the wider wing.",
         f"{_RULE}: broken wing (R1)"),
    number("friday0dte.broken_wing_width", "5", "1 to 30 USD", "Distance of the long strike on that side.",
           f"{_RULE}: broken wing 50 ES points on the tested side (R1)", step="1"),
    number("friday0dte.min_credit", "0.10", "0.02 to 20 USD per share", "Least mid credit of one unit.",
           "ours: the fees of four legs are about 0.05 a share", step="0.10"),
    number("friday0dte.target_share", "0.50", "0.10 to 0.95 share of credit", "Profit at which the trade is closed.",
           "decision: 50 % target for credit trades", step="0.10"),
    number("friday0dte.stop_multiple", "2", "0.5 to 4 credits", "Loss, in credits, at which the trade is closed.",
           "decision: 0DTE stop", step="0.5"),
    word("friday0dte.evaluate_at", "14:30", CLOCK, "From here on any profit is taken and a touched strike left.",
         f"{_RULE}: time (R1)"),
    word("friday0dte.close_at", "15:00", CLOCK, "From here on the trade is closed.", f"{_RULE}: time (R1)"),
    word("friday0dte.last_exit", "15:30", CLOCK, "Being alive after this is an exception on record.",
         f"{_RULE}: hard limit (R1)"),
    number("friday0dte.vix_block", "40", "20 to 40 points", "VIX from which nothing is opened.",
           f"{_RULE}: blocks (R6)", step="5"),
    *(
        number(f"friday0dte.size_from_{amount}", contracts, "0 to 5 contracts",
               f"Contracts of the vehicle where the account has {amount} or more of its currency.",
               f"{_RULE}: size (R1, read in the account's currency)", kind="integer", step="1")
        for amount, contracts in _SIZES
    ),
)  # fmt: skip

ORDERED: tuple[tuple[str, str], ...] = (
    ("friday0dte.lowest_delta", "friday0dte.highest_delta"),
    ("friday0dte.highest_delta", "friday0dte.delta_never"),
    ("friday0dte.entry_from", "friday0dte.entry_until"),
    ("friday0dte.evaluate_at", "friday0dte.close_at"),
    ("friday0dte.close_at", "friday0dte.last_exit"),
)
