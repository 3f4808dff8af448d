"""Parameters of the 1-1-2.

Holds: `PARAMETERS`, and `ORDERED` where some may not exceed others.
Belongs here: a number that the 1-1-2 reads.
Never here: code that acts on a value.
"""

from __future__ import annotations

from tomking.kernel.parameter_specs import common
from tomking.kernel.parameter_specs.spec import ParameterSpec, flag, number, whole

_RULE = "LT112"

PARAMETERS: tuple[ParameterSpec, ...] = (
    *common.vehicle("one_one_two", "SPY", "ES"),
    *common.entry("one_one_two", "wednesday", "1", "10:30 to 15:30", f"{_RULE}: calendar (R1)"),
    *common.pricing("one_one_two"),
    number("one_one_two.second_from", "75000", "40000 to 10000000 account currency",
           "Equity from which the second such weekday counts too.", f"{_RULE}: calendar (R1)"),
    number("one_one_two.third_from", "100000", "40000 to 10000000 account currency",
           "Equity from which the third such weekday counts too.", f"{_RULE}: calendar (R1)"),
    number("one_one_two.fourth_from", "150000", "40000 to 10000000 account currency",
           "Equity from which the fourth such weekday counts too.", f"{_RULE}: calendar (R1)"),
    whole("one_one_two.max_open", "1", "1 to 3 trades", "Trades open at one time in the vehicle.",
          f"{_RULE}: at most three per correlation group (R1; W4's ladder of eight breaks lesson 1); one, because the "
          "strategies of one vehicle share the three places of its group", step="1"),
    whole("one_one_two.quantity", "1", "1 to 20 contracts", "Debit spreads of one trade.",
          "ours: the smallest size until sizing is calibrated", step="1"),
    whole("one_one_two.naked_ratio", "2", "1 to 2 puts", "Naked puts for each debit spread.",
          "decision: 1-1-2 is a leg ratio; one or two in the calendarised variant (W2)"),
    whole("one_one_two.target_dte", "120", "60 to 150 days", "Days to expiry aimed at.",
          f"{_RULE}: tenor (W3, W4, R1)", step="15"),
    whole("one_one_two.dte_tolerance", "30", "0 to 60 days", "Furthest an expiry may lie from the target.",
          f"{_RULE}: tenor 60-120 in use, XL 150 (W4)", step="10"),
    flag("one_one_two.calendarised", "false", "Whether the naked puts have an expiry of their own.",
         f"{_RULE}: calendarised variant (W2)"),
    whole("one_one_two.calendar_spread_dte", "150", "90 to 180 days", "Days to expiry of the spread in that variant.",
          f"{_RULE}: calendarised variant (W2)", step="15"),
    whole("one_one_two.calendar_naked_dte", "30", "22 to 60 days", "Days to expiry of the naked puts in that variant.",
          f"{_RULE}: calendarised variant (W2)", step="10"),
    number("one_one_two.long_delta", "0.25", "0.15 to 0.35 delta", "Delta, unsigned, of the long put.",
           f"{_RULE}: debit spread 22-25 delta (W4)", step="0.03"),
    number("one_one_two.spread_width", "5", "1 to 30 USD", "Distance of the spread's short put below its long put.",
           f"{_RULE}: debit spread 50 ES points (R1), a tenth of it in SPY", step="1"),
    number("one_one_two.naked_delta", "0.05", "0.02 to 0.10 delta", "Delta, unsigned, of the naked puts.",
           "decision: naked-put strikes by delta 5", step="0.02"),
    number("one_one_two.naked_distance", "0.12", "0.05 to 0.40 share of price",
           "Least distance of the naked puts below the price.", "decision: the percent distance as a floor (R1)",
           step="0.04"),
    number("one_one_two.min_credit", "0.10", "0.01 to 50 USD per share", "Least net mid credit of one trade unit.",
           "ours: the trade is a credit; W4's 21 to 27 ES points are of its own market", step="0.50"),
    number("one_one_two.high_margin", "0.005", "0 to 0.05 share of price",
           "How near below the highest price of 52 weeks counts as being there.", f"{_RULE}: not when (R1)",
           step="0.005"),
    number("one_one_two.target_share", "0.90", "0.40 to 0.99 share of credit",
           "Share of their own credit at which the naked puts are closed in profit.",
           "decision: naked puts' own target", step="0.10"),
    number("one_one_two.stop_credits", "3", "1.5 to 5 credits",
           "Price of the naked puts, in their credit, at which they are closed.",
           f"{_RULE}: naked-put stop (W4)", step="0.5"),
    number("one_one_two.stop_share", "0.02", "0.002 to 0.02 share of equity",
           "Loss of the naked puts at which they are closed, if it comes first.",
           f"{_RULE}: naked-put stop (W4, R1)", step="0.005"),
    number("one_one_two.stop_distance", "2.5", "0 to 20 USD",
           "Distance of the price above the naked strike at which they are closed.",
           f"{_RULE}: distance ladder, last step 25 ES points (R1), a tenth of it in SPY", step="1"),
    whole("one_one_two.exit_dte", "21", "1 to 60 days", "Days to expiry at which the naked puts are closed, always.",
          "decision: 21 DTE for the naked puts only", step="7"),
    whole("one_one_two.spread_exit_dte", "3", "0 to 30 days",
          "Days to expiry at which a spread with a leg in the money is closed.",
          f"{_RULE}: close legs in the money before assignment (W4)", step="3"),
    flag("one_one_two.weekly_calls", "false", "Whether weekly call spreads are sold against the debit spread.",
         f"{_RULE}: spread, after day 30 sell weekly calls (R1); off: alone they are naked calls (never-trade list), "
         "and as spreads they take a place of the group"),
    whole("one_one_two.weekly_from_days", "30", "7 to 90 days", "Age of the trade from which they are sold.",
          f"{_RULE}: spread, after day 30 (R1)", step="7"),
    whole("one_one_two.weekly_dte", "7", "2 to 14 days", "Days to expiry of the calls.", f"{_RULE}: weekly calls (R1)"),
    whole("one_one_two.weekly_tolerance", "4", "0 to 7 days", "Furthest their expiry may lie from that.",
          "ours: Fridays from a Wednesday, and holidays"),
    number("one_one_two.weekly_distance", "0.5", "0 to 10 USD", "Least distance of the sold call above the long put.",
           f"{_RULE}: at long strike + 5 ES points (R1), a tenth of it in SPY", step="1"),
    number("one_one_two.weekly_wing", "5", "1 to 20 USD", "Distance of the bought call above the sold one.",
           "ours: the width of the debit spread; a call sold alone is never traded", step="1"),
    number("one_one_two.weekly_min_credit", "0.10", "0.05 to 5 USD per share", "Least mid credit of the call spread.",
           f"{_RULE}: $50-100 (R1), 1 to 2 ES points, a tenth of it in SPY", step="0.10"),
    number("one_one_two.weekly_target_share", "0.50", "0.10 to 0.95 share of credit",
           "Profit at which the call spread is closed.", "decision: 50 % target for credit trades", step="0.10"),
    number("one_one_two.assignment_extrinsic", "0.10", "0 to 2 USD per share",
           "Time value of the spread's short put in the money at which the spread is closed, whatever the date.",
           f"{_RULE}: close legs in the money before assignment (W4)", step="0.10"),
)  # fmt: skip

ORDERED: tuple[tuple[str, str], ...] = (
    ("one_one_two.exit_dte", "one_one_two.target_dte"),
    ("one_one_two.exit_dte", "one_one_two.calendar_naked_dte"),
    ("one_one_two.entry_from", "one_one_two.entry_until"),
    ("one_one_two.naked_delta", "one_one_two.long_delta"),
)
