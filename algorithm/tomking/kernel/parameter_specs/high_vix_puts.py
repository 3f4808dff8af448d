"""Parameters of the puts that are sold while VIX is high.

Holds: `PARAMETERS`, and `ORDERED` where some may not exceed others.
Belongs here: a number that this module reads.
Never here: code that acts on a value.
"""

from __future__ import annotations

from tomking.kernel.parameter_specs import common
from tomking.kernel.parameter_specs.spec import ParameterSpec, flag, number, whole, word

_RULE = "buying power by VIX: sell more above 30 (R1)"
_MANY = r"(\+{0}){{0,9}}"
_DAYS, _DELTA, _SHARE = "(2[2-9]|[3-8][0-9]|90)", r"0\.(0[5-9]|1[0-9]|2[0-9]|30)", r"0\.(0[1-9]|1[0-9]|2[0-9]|30)"

PARAMETERS: tuple[ParameterSpec, ...] = (
    flag("high_vix_puts.enabled", "false", "Whether puts are sold because VIX is high.",
         "decision: high VIX; sell less by default, this module is off"),
    *common.vehicle("high_vix_puts", "SPY", "SPY"),
    *common.entry("high_vix_puts", "monday", "0", "10:30 to 15:30", "ours: the rule names no day"),
    *common.pricing("high_vix_puts"),
    whole("high_vix_puts.max_open", "1", "1 to 3 trades", "Trades open at one time in a vehicle.",
          "ours: one place of the group"),
    whole("high_vix_puts.quantity", "1", "1 to 20 contracts", "Most puts of one trade.", "ours: the smallest size",
          step="1"),
    number("high_vix_puts.vix_from", "30", "30 to 80 points", "VIX from which puts are sold.", _RULE, step="5"),
    word("high_vix_puts.days", "45", _DAYS + _MANY.format(_DAYS),
         "Days to expiry aimed at, by vehicle, joined by +; the last counts for the rest.",
         f"{_RULE}: SPY 45, ES 60, IWM 45"),
    whole("high_vix_puts.dte_tolerance", "10", "0 to 30 days", "Furthest an expiry may lie from that.", "ours",
          step="5"),
    word("high_vix_puts.deltas", "0.20", _DELTA + _MANY.format(_DELTA),
         "Delta, unsigned, of the put, by vehicle.", f"{_RULE}: SPY 20, ES 15, IWM 25 delta"),
    word("high_vix_puts.shares", "0.30", _SHARE + _MANY.format(_SHARE),
         "Share of the buying power below that a vehicle's trade may take.",
         f"{_RULE}: SPY 30 %, ES 30 %, IWM 20 %, the rest kept for VIX above 40"),
    number("high_vix_puts.ceiling", "0.25", "0 to 0.25 share of equity", "Buying power that the shares are parts of.",
           "buying power by VIX: the lowest of the tables from 30 on", step="0.10"),
    number("high_vix_puts.min_credit", "0.50", "0.05 to 50 USD per share", "Least mid credit.", "ours", step="0.50"),
    number("high_vix_puts.target_share", "0.50", "0.10 to 0.95 share of credit",
           "Share of the credit at which the trade is closed in profit.", "decision: 50 % target for credit trades",
           step="0.10"),
    number("high_vix_puts.stop_multiple", "2", "1 to 5 credits", "Loss, in credits, at which the trade is closed.",
           "ours: that of the other credit trades", step="0.5"),
    whole("high_vix_puts.exit_dte", "21", "1 to 60 days", "Days to expiry at which the trade is closed, always.",
          "decision: 21 DTE", step="7"),
)  # fmt: skip

ORDERED: tuple[tuple[str, str], ...] = (("high_vix_puts.entry_from", "high_vix_puts.entry_until"),)
