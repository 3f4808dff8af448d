"""Parameters of the hard limits.

Holds: `PARAMETERS`, and `ORDERED` where some may not exceed others.
Belongs here: a number that a limit of the whole portfolio reads.
Never here: code that acts on a value.
"""

from __future__ import annotations

from tomking.kernel.parameter_specs.spec import ParameterSpec, flag, number, whole, word

_CORE: tuple[ParameterSpec, ...] = (
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

_COUNTS = (
    ("30000", "3"), ("40000", "5"), ("50000", "7"), ("75000", "10"), ("100000", "15"), ("150000", "20"),
)  # fmt: skip
_PHASES = (("1", "3", "0.30"), ("2", "5", "0.50"), ("3", "7", "0.65"), ("4", "10", "0.80"))

_ACCOUNT: tuple[ParameterSpec, ...] = (
    word("limits.currency", "USD", "[A-Z]{3}", "Currency of the account and of every threshold here.",
         "decision: account currency; R1's amounts are in pounds and read as the account's"),
    *(
        whole(f"limits.trades_from_{amount}", trades, f"0 to {trades} trades",
              f"Trades alive at one time where the account has {amount} or more.",
              "counts by account, the lower end of each range (R1)", step="2")
        for amount, trades in _COUNTS
    ),
    number("limits.phase_2_from", "40000", "40000 to 10000000 account currency", "Equity from which phase 2 begins.",
           "phases (R1, R2)"),
    number("limits.phase_3_from", "60000", "60000 to 10000000 account currency", "Equity from which phase 3 begins.",
           "phases (R1, R2)"),
    number("limits.phase_4_from", "75000", "75000 to 10000000 account currency", "Equity from which phase 4 begins.",
           "phases (R1, R2)"),
    whole("limits.promotion_days", "90", "30 to 365 days",
          "Days in a phase before the next one, where the account has grown into it; it falls back at once.",
          "phases: promotion also needs months in phase (R6 names no number; three are ours)", step="30"),
    *(
        number(f"limits.promotion_loss_{phase}", loss, f"0.02 to {loss} share of peak",
               f"Loss from the peak at which the account is not promoted to phase {phase}.",
               "phases: promotion, drawdown under 15/12/10 % (R6)", step="0.02")
        for phase, loss in (("2", "0.15"), ("3", "0.12"), ("4", "0.10"))
    ),
    *(
        whole(f"limits.phase_{phase}_trades", trades, f"0 to {trades} trades",
              f"Trades alive at one time in phase {phase}.", "counts by phase (R4, R8)", step="2")
        for phase, trades, _ in _PHASES
    ),
    *(
        number(f"limits.phase_{phase}_ceiling", share, f"0 to {share} share of equity",
               f"Buying power in use in phase {phase}.", "phase ceilings (R8)", step="0.10")
        for phase, _, share in _PHASES
    ),
    whole("limits.early_phase_group_positions", "2", "1 to 2 trades",
          "Trades of one correlation group before phase 4.", "correlation groups (R2)"),
    number("limits.crowded_vix", "30", "20 to 30 points", "VIX above which each group holds one trade less.",
           "correlation groups (R9)", step="5"),
)  # fmt: skip

_EVENTS: tuple[ParameterSpec, ...] = (
    word("limits.event_days", "", r"(20[0-9]{2}-[01][0-9]-[0-3][0-9]:[A-Z]{3,6}(\+|$))*",
         "Announcements beyond the tables, as 2026-01-28:FOMC+2026-01-13:CPI.", "Friday 0DTE: blocks (R6)"),
)  # fmt: skip

_RISK: tuple[ParameterSpec, ...] = (
    number("limits.entry_share", "0.25", "0.02 to 0.25 share of equity", "Buying power that one entry may take.",
           "Friday 0DTE: size (R6)", step="0.10"),
    number("limits.group_risk", "0.15", "0.02 to 0.15 share of equity",
           "Planned losses of one correlation group together.", "thresholds: group risk (R1)", step="0.05"),
    number("limits.calm_vix", "13", "13 to 20 points", "VIX below which a steep term structure means calm.",
           "lesson 5 of August 2024: reduce when everybody is bullish", step="2"),
    number("limits.calm_slope", "0.15", "0 to 0.15 share",
           "Three-month over one-month implied volatility, less one, from which the term structure is steep.",
           "lesson 5 of August 2024; the figure is ours", step="0.05"),
    number("limits.calm_ceiling", "0.30", "0 to 0.30 share of equity", "Buying power in use while the market is calm.",
           "lesson 5 of August 2024; buying power by VIX: lower end of R2", step="0.10"),
    whole("limits.correlation_max_age_days", "7", "1 to 7 days",
          "Oldest correlations, in calendar days, with which anything is opened.", "lesson 4 of August 2024"),
    number("limits.correlation_halt", "0.90", "0.60 to 0.90 correlation",
           "Mean correlation from which nothing is opened.", "thresholds: breakers (R4)", step="0.10"),
    number("limits.correlation_resume", "0.60", "0.30 to 0.70 correlation",
           "Mean correlation below which it may be again.", "thresholds: breakers (R4: 0.70, other table 0.60)",
           step="0.10"),
    number("limits.crisis_loss", "0.30", "0.05 to 0.30 share of equity",
           "Loss in the worst rehearsed crisis from which nothing is opened.",
           "drawdown: 30 % is where trading ends (R1), so no book may be that far from it on one bad day", step="0.05"),
    flag("limits.correlation_required", "false", "Whether unknown correlations stop every entry.",
         "ours: a run without the monitor's data says so and trades; live deployments set it"),
)  # fmt: skip

_BRAKES: tuple[ParameterSpec, ...] = (
    number("limits.drawdown_halve", "0.10", "0.02 to 0.10 share of peak", "Loss from the peak that halves new trades.",
           "drawdown (R1)", step="0.02"),
    number("limits.drawdown_stop", "0.15", "0.04 to 0.15 share of peak", "Loss from the peak that stops new trades.",
           "drawdown (R1)", step="0.02"),
    number("limits.drawdown_close", "0.20", "0.06 to 0.20 share of peak", "Loss from the peak that closes all trades.",
           "drawdown (R1)", step="0.02"),
    number("limits.drawdown_terminal", "0.30", "0.10 to 0.30 share of peak",
           "Loss from the highest peak that ends trading until a person clears it.", "drawdown (R1)", step="0.02"),
    whole("limits.pause_days", "14", "14 to 90 days", "Days without new trades after all were closed.",
          "drawdown: two weeks off (R1)"),
    number("limits.session_watch", "0.05", "0.01 to 0.05 share of equity", "Loss in a session that is put on record.",
           "thresholds: four levels (R4)", step="0.02"),
    number("limits.session_stop", "0.10", "0.02 to 0.10 share of equity", "Loss in a session that stops new trades.",
           "thresholds: four levels (R4)", step="0.02"),
    number("limits.session_losers", "0.15", "0.03 to 0.15 share of equity", "Loss in a session that closes losers.",
           "thresholds: four levels (R4)", step="0.02"),
    number("limits.session_close", "0.20", "0.04 to 0.20 share of equity", "Loss in a session that closes all trades.",
           "thresholds: four levels (R4)", step="0.02"),
    number("limits.fast_loss", "0.03", "0.005 to 0.03 share of equity",
           "Loss within the window below that stops new trades for a day.", "thresholds: -3 % in 5 minutes (R4)",
           step="0.01"),
    whole("limits.fast_loss_minutes", "5", "1 to 60 minutes",
          "That window; where bars are longer, since the last bar of the session.", "thresholds: -3 % in 5 minutes (R4)"),
    whole("limits.pause_hours", "24", "24 to 240 hours", "Hours without new trades after a breaker fired.",
          "thresholds: then 24 h (R4)"),
    number("limits.margin_calm", "0.80", "0.30 to 0.80 share of equity", "Margin in use that stops new trades.",
           "buying power: margin breaker below VIX 20 (R4)", step="0.10"),
    number("limits.margin_from_20", "0.70", "0.30 to 0.70 share of equity", "The same from VIX 20.",
           "buying power: margin breaker (R4)", step="0.10"),
    number("limits.margin_from_30", "0.60", "0.20 to 0.60 share of equity", "The same from VIX 30.",
           "buying power: margin breaker (R4)", step="0.10"),
    number("limits.margin_from_40", "0.50", "0.10 to 0.50 share of equity", "The same above VIX 40.",
           "buying power: margin breaker (R4)", step="0.10"),
    number("limits.vix_watch", "25", "15 to 25 points", "VIX that is put on record.", "thresholds: four levels (R4)",
           step="5"),
    number("limits.vix_stop", "35", "20 to 35 points", "VIX from which nothing is opened.",
           "published practice: stop entries above 35 (W10; R4's 30 would leave its own row above 30 unused)", step="5"),
    number("limits.vix_losers", "40", "25 to 40 points", "VIX from which losers are closed.",
           "published practice: leave near break-even above 40 (W10)", step="5"),
    number("limits.vix_close", "50", "30 to 50 points", "VIX from which all trades are closed.",
           "published practice: all out above 50 (W10)", step="5"),
    number("limits.vix_resume", "25", "15 to 25 points", "VIX below which trades are opened again after a breaker.",
           "thresholds: then VIX below 25 (R4)", step="5"),
    whole("limits.vix_max_age_minutes", "5760", "5 to 5760 minutes",
          "Oldest VIX that counts; the default lets Friday's close serve on the Tuesday after a long weekend.", "ours"),
    whole("limits.quote_max_age_seconds", "3900", "5 to 3900 seconds",
          "Oldest quote on which an opening is sent; the default lets one hourly bar pass.", "S95: stale data",
          step="1800"),
    whole("limits.chain_max_age_seconds", "86400", "30 to 86400 seconds",
          "Oldest chain from which an opening is planned; LEAN's is that of the session before.", "S95: stale data",
          step="43200"),
    number("limits.vix_jump", "0.50", "0.10 to 1 share",
           "Rise between two readings that needs a second reading before an emergency rule acts on it.",
           "input health: the print of 65.7 before the open of 2024-08-05 (W7)", step="0.20"),
)  # fmt: skip

_WEIGHTS: tuple[ParameterSpec, ...] = (
    number("limits.same_group_correlation", "0.70", "0.30 to 0.70 correlation",
           "Crisis weight from which a group counts with the equity groups against their joint limit.",
           "thresholds: above 0.70 the same group (R1)", step="0.10"),
    *(
        number(f"limits.crisis_weight_{group}", None, "-1 to 1 correlation",
               f"Correlation of group {group} with the stock market in stress; without it the group counts by itself.",
               "crisis weights are estimated from data, not typed (R9 has no derivation)", step="0.20",
               family=f"limits.crisis_weight_{group}")
        for group in ("B1", "B2", "C1", "C2", "D1", "D2", "E")
    ),
)  # fmt: skip

PARAMETERS: tuple[ParameterSpec, ...] = (*_CORE, *_ACCOUNT, *_EVENTS, *_RISK, *_BRAKES, *_WEIGHTS)

ORDERED: tuple[tuple[str, str], ...] = (
    ("limits.drawdown_halve", "limits.drawdown_stop"),
    ("limits.drawdown_stop", "limits.drawdown_close"),
    ("limits.drawdown_close", "limits.drawdown_terminal"),
    ("limits.session_watch", "limits.session_stop"),
    ("limits.session_stop", "limits.session_losers"),
    ("limits.session_losers", "limits.session_close"),
    ("limits.vix_watch", "limits.vix_stop"),
    ("limits.vix_stop", "limits.vix_losers"),
    ("limits.vix_losers", "limits.vix_close"),
    ("limits.correlation_resume", "limits.correlation_halt"),
)
