"""Parameters of the strangle.

Holds: `PARAMETERS`, and `ORDERED` where some may not exceed others.
Belongs here: a number that the strangle reads.
Never here: code that acts on a value.
"""

from __future__ import annotations

from tomking.kernel.parameter_specs import common
from tomking.kernel.parameter_specs.spec import CLOCK, TICKERS, WEEKDAY, ParameterSpec, flag, number, whole, word

PARAMETERS: tuple[ParameterSpec, ...] = (
    word("strangle.vehicle", "SPY", TICKERS, "Underlying whose options are sold.", "decision: vehicle on LEAN"),
    word("strangle.stands_for", "MES", TICKERS, "Product of the rule it stands for.", "decision: vehicle on LEAN"),
    whole("strangle.target_dte", "45", "20 to 120 days", "Days to expiry aimed at when opening.",
           "universal exits: open near 45 days (W9); strangle: calendar, 45-60 in R5", step="15", required=True),
    whole("strangle.dte_tolerance", "10", "0 to 30 days", "Furthest an expiry may lie from the target.",
           "ours: weekly and monthly listings leave no larger gap", step="5"),
    number("strangle.put_delta", "0.16", "0.03 to 0.30 delta", "Delta, unsigned, of the put that is sold.",
            "universal exits: 16-delta studies at 45 days (W9); 30 is the exit line (R1)", step="0.04", required=True),
    number("strangle.call_delta", "0.16", "0.03 to 0.30 delta", "Delta of the call that is sold.",
            "universal exits: 16-delta studies at 45 days (W9); 30 is the exit line (R1)", step="0.04", required=True),
    number("strangle.target_share", "0.50", "0.10 to 0.95 share of credit",
            "Share of the credit at which the trade is closed in profit.", "strangle: exit; decision: 50 % target",
            step="0.10", required=True),
    whole("strangle.exit_dte", "21", "1 to 60 days", "Days to expiry at which the trade is closed, always.",
           "strangle: exit; decision: 21 DTE is absolute for strangles", step="7", required=True),
    number("strangle.stop_multiple", "2", "1 to 5 credits", "Loss, in credits, at which the trade is closed.",
            "strangle: stop (R5; 2.5 in R6)", step="0.5", required=True),
    whole("strangle.quantity", "1", "1 to 20 contracts", "Contracts of each leg.",
           "ours: the smallest size until sizing is calibrated", step="1", required=True),
    whole("strangle.max_open", "1", "1 to 3 trades", "Strangles open at one time in the vehicle.",
           "strangle: one per product at a time (R5); never more than 3 in a group (R9)", step="1", required=True),
    word("strangle.entry_weekday", "tuesday", WEEKDAY, "Weekday on which a strangle may be opened.",
          "strangle: calendar and tenor (R1, R6)"),
    whole("strangle.entry_week", "2", "0 to 4 week of the month",
           "Which such weekday of the month; 0 stands for each of them.", "strangle: calendar and tenor (R1, R6)"),
    word("strangle.entry_from", "11:00", CLOCK, "New York time from which a strangle may be opened.",
          "ours: quotes of the first ninety minutes are wide"),
    word("strangle.entry_until", "15:30", CLOCK, "New York time after which none is opened.",
          "ours: leaves time to work the order before the close"),
    number("strangle.min_credit", "0.50", "0.05 to 50 USD per share",
            "Least mid credit of both legs for which the trade is worth its fees.",
            "ours: four fills cost about 0.05 a share", step="0.50"),
    *common.pricing("strangle"),
    number("strangle.min_iv_rank", "0.30", "0 to 0.90 share", "Least rank of implied volatility, where it is known.",
           "strangle: filters (R1)", step="0.10"),
    whole("strangle.event_days", "2", "0 to 60 days",
          "Days, the entry's own included, in which nothing of the kind below is announced; 0 looks at none.",
          "strangle: filters, no event in 30 days (R1); rate decisions come every 42 days or so, so that 30 would leave "
          "about one entry in three: the default keeps off the decision and its eve", step="7"),
    word("strangle.event_names", "FOMC", r"(FOMC|CPI)(\+(FOMC|CPI))?", "Announcements that count.",
         "strangle: filters (R1 names none)"),
    whole("strangle.range_days", "20", "5 to 60 sessions", "Sessions whose range is looked at.",
          "strangle: filters (implementation report)"),
    number("strangle.range_most", "0.08", "0.02 to 1 share of price",
           "Widest such range, highest less lowest price, with which a strangle is sold.",
           "strangle: filters, 20-day range below 8 % (implementation report)", step="0.04"),
    number("strangle.vix_lowest", "13", "0 to 20 points", "VIX below which no strangle is sold, where it is known.",
           "strangle: VIX (R1)", step="2"),
    flag("strangle.vix_scaling", "false", "Whether the quantity follows VIX / 20; it never lifts a limit.",
         "strangle: VIX, contracts = base x VIX/20 (R1); decision: sell less at high VIX by default"),
    number("strangle.vix_scaling_most", "2", "1 to 2 times the quantity", "Most that scaling may reach.",
           "strangle: VIX, at most 2x (R1)"),
    number("strangle.delta_roll_untested", "0.20", "0.15 to 1 delta",
           "Delta, unsigned, of a short leg from which the other side is rolled to its entry's delta; 1 rolls nothing.",
           "strangle: defence, 20 roll untested (R1)", step="0.05"),
    number("strangle.delta_close_tested", "0.25", "0.15 to 1 delta",
           "Delta, unsigned, of a short leg at which its side is closed; 1 defends nothing.", "strangle: defence (R1)", step="0.05"),
    number("strangle.delta_exit", "0.30", "0.20 to 1 delta",
           "Delta, unsigned, of a short leg at which the whole trade is closed; 1 defends nothing.", "strangle: defence (R1)", step="0.05"),
)  # fmt: skip

ORDERED: tuple[tuple[str, str], ...] = (
    ("strangle.exit_dte", "strangle.target_dte"),
    ("strangle.entry_from", "strangle.entry_until"),
    ("strangle.delta_roll_untested", "strangle.delta_close_tested"),
    ("strangle.delta_close_tested", "strangle.delta_exit"),
)
