"""Parameters of the income poor man's covered call.

Holds: `PARAMETERS`, and `ORDERED` where some may not exceed others.
Belongs here: a number that the IPMCC reads.
Never here: code that acts on a value.
"""

from __future__ import annotations

from tomking.kernel.parameter_specs import common
from tomking.kernel.parameter_specs.spec import WEEKDAY, ParameterSpec, number, whole, word

_RULE = "IPMCC"

PARAMETERS: tuple[ParameterSpec, ...] = (
    *common.vehicle("ipmcc", "SPY", "SPY"),
    *common.entry("ipmcc", "friday", "0", "09:30 to 15:45", f"{_RULE}: weekly short call, clock (R1)"),
    *common.pricing("ipmcc"),
    word("ipmcc.other_weekday", "monday", WEEKDAY,
         "Weekday on which a weekly call is sold where none is alive, as after an assignment.",
         f"{_RULE}: assignment (R1)"),
    whole("ipmcc.max_open", "1", "1 to 1 trades", "Long calls, and weekly calls, alive at one time in the vehicle.",
          f"{_RULE}: never two LEAPs on one symbol (R5)"),
    whole("ipmcc.quantity", "1", "1 to 20 contracts", "Long calls bought.", "ours: the smallest size", step="1"),
    whole("ipmcc.leap_dte", "365", "180 to 730 days", "Days to expiry of the long call aimed at.",
          f"{_RULE}: long call (R1)", step="60"),
    whole("ipmcc.leap_tolerance", "60", "0 to 185 days", "Furthest its expiry may lie from the target.",
          f"{_RULE}: long call 180-730 days (R1)", step="30"),
    number("ipmcc.leap_delta", "0.80", "0.70 to 0.90 delta", "Delta of the long call.", f"{_RULE}: long call (R1)",
           step="0.05"),
    number("ipmcc.leap_extrinsic", "0.05", "0.005 to 0.10 share of strike", "Largest time value of the long call.",
           f"{_RULE}: long call (R1)", step="0.02"),
    number("ipmcc.leap_spread", "0.03", "0.001 to 0.05 share of mid", "Widest bid-ask spread of the long call.",
           f"{_RULE}: long call, spread below 0.5 % (R1), which hourly quotes of calls a year out do not have: they are "
           "about 2 % wide; the order is worked from the mid", step="0.005"),
    whole("ipmcc.leap_volume", "0", "0 to 10000 contracts",
          "Least volume of the session before with which the long call is bought, where it is known.",
          f"{_RULE}: long call, above 1 000 contracts a day (R1), which single contracts a year out seldom reach: off, "
          "the spread's limit stands for it", step="500"),
    whole("ipmcc.leap_exit_dte", "90", "30 to 300 days", "Days to expiry at which the long call is sold.",
          "ours: the rule names no end; time value falls faster from here on", step="30"),
    whole("ipmcc.fast_average", "8", "2 to 60 sessions", "Length of the fast exponential average.",
          f"{_RULE}: weekly short call (R1)"),
    whole("ipmcc.slow_average", "21", "5 to 200 sessions", "Length of the slow one.", f"{_RULE}: entry timing (R1)"),
    word("ipmcc.pull_back", "average", "average|band|atr",
         "Where the long call is bought: near the slow average, at the lower band, or so many ATRs below the average.",
         f"{_RULE}: entry timing, 21-day average, best at lower band or -3 ATR (R1)"),
    whole("ipmcc.band_days", "20", "10 to 60 sessions", "Sessions of the lower band.",
          f"{_RULE}: entry timing (R1); the usual length, the rule names none"),
    number("ipmcc.band_deviations", "2", "1 to 3 standard deviations", "Distance of the lower band from its mean.",
           f"{_RULE}: entry timing (R1); the usual distance, the rule names none", step="0.5"),
    whole("ipmcc.atr_days", "14", "5 to 60 sessions", "Sessions of the average true range.", "ours: the usual length"),
    number("ipmcc.atr_multiple", "3", "1 to 4 average true ranges", "Distance below the slow average.",
           f"{_RULE}: entry timing, -3 ATR (R1)", step="0.5"),
    number("ipmcc.entry_above", "0.01", "0 to 0.10 share of price",
           "How far above the slow average the price may be when the long call is bought.",
           f"{_RULE}: entry timing, at the 21-day average or below (R1)", step="0.01"),
    number("ipmcc.high_margin", "0.005", "0 to 0.05 share of price",
           "How near below the highest price of 52 weeks counts as being there.",
           f"{_RULE}: never at a 52-week high (R1)", step="0.005"),
    whole("ipmcc.weekly_dte", "7", "2 to 14 days", "Days to expiry of the short call.",
          f"{_RULE}: weekly short call (R1)"),
    whole("ipmcc.weekly_tolerance", "3", "0 to 7 days", "Furthest its expiry may lie from the target.",
          "ours: holidays and Monday's sale"),
    number("ipmcc.extended_share", "0.02", "0.005 to 0.10 share of price",
           "Distance above the fast average from which the call is sold deeper in the money.",
           f"{_RULE}: weekly short call (R1)", step="0.01"),
    whole("ipmcc.strikes_below", "1", "0 to 5 strikes",
          "Strikes in the money where the fast average is below the slow one.",
          f"{_RULE}: 1-2 strikes in the money (R1)", step="1"),
    whole("ipmcc.strikes_extended", "2", "0 to 6 strikes", "Strikes in the money where the price is extended.",
          f"{_RULE}: 2-3 strikes in (R1)", step="1"),
    number("ipmcc.min_credit", "0.20", "0.01 to 50 USD per share", "Least time value of the call that is sold.",
           "ours", step="0.50"),
    number("ipmcc.target_share", "0.90", "0.40 to 0.99 share of time value",
           "Share of the time value at which the weekly call is bought back.",
           "decision: IPMCC weekly call 90 % of extrinsic", step="0.10"),
    number("ipmcc.fewer_calls", "0.15", "0.05 to 0.15 share of debit",
           "Loss of the long call from which half as many calls are sold.", f"{_RULE}: LEAP drawdown (R1)", step="0.05"),
    number("ipmcc.sell_below", "0.20", "0.15 to 0.25 share of debit",
           "Loss of the long call from which the weekly call is sold at its strike or below.",
           f"{_RULE}: LEAP drawdown, -20 % sell below the LEAP strike (R1)", step="0.05"),
    number("ipmcc.leap_stop", "0.30", "0.10 to 0.30 share of debit", "Loss of the long call at which it is sold.",
           f"{_RULE}: LEAP drawdown (R1)", step="0.05"),
)  # fmt: skip

ORDERED: tuple[tuple[str, str], ...] = (
    ("ipmcc.fast_average", "ipmcc.slow_average"),
    ("ipmcc.leap_exit_dte", "ipmcc.leap_dte"),
    ("ipmcc.fewer_calls", "ipmcc.sell_below"),
    ("ipmcc.fewer_calls", "ipmcc.leap_stop"),
    ("ipmcc.entry_from", "ipmcc.entry_until"),
)
