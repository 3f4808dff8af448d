"""The rule table: every rule that holds while trading, with its parameters, what enforces it and what proves it.

Holds: `Rule` and the table `RULES`.
Belongs here: a rule that refuses, closes or limits something, by the id that refusals and exits carry.
Never here: the rule's arithmetic (where `enforced_by` points), its proof (`strategies.proofs`), its SQL.

`enforced_by` reads `module:function` below `tomking`. `test` is the test that feeds a synthetic breach. `is_traded` tells
whether `marts.rule_violations` looks for the rule in what was really traded; where it does not, what was traded does not
show whether the rule held (a margin estimate, a level of VIX at the minute) and the proof alone speaks.
"""

from __future__ import annotations

from dataclasses import dataclass

_LIMITS = "tests/kernel/test_limits.py"
_BRAKES = "tests/kernel/test_brakes.py"
_GATE = "tests/algorithm/test_gate_and_limits.py"
_PROOFS = "tests/algorithm/test_rules.py"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `lesson` is its number among the seven of August 2024, None for the others."""

    id: str
    about: str
    parameters: tuple[str, ...]
    source: str
    enforced_by: str
    test: str
    is_traded: bool = False
    lesson: int | None = None


def _limit(
    name: str, about: str, parameters: str, source: str, place: str, *, traded: bool = False, lesson: int | None = None
) -> Rule:
    full = tuple(f"limits.{one}" if "." not in one else one for one in parameters.split())
    test = _BRAKES if place.startswith(("brakes", "inputs")) else _LIMITS
    test = _GATE if place.startswith("orders") else test
    return Rule(name, about, full, source, f"kernel.limits.{place}", test, traded, lesson)


_ENTRIES = (
    _limit("never_trade", "Products on the never-trade list are not opened.", "", "never-trade list (R1)",
           "counts:check_counts", traded=True),
    _limit("max_open", "A strategy has no more trades in a product than its own limit.",
           "strangle.max_open one_one_two.max_open friday0dte.max_open ipmcc.max_open leap_ladder.max_open "
           "high_vix_puts.max_open",
           "strangle: one per product (R5)", "counts:check_counts", traded=True),
    _limit("account_trades", "An account of its size holds no more trades than its counts allow.",
           "trades_from_30000 trades_from_150000 phase_1_trades phase_4_trades", "counts by account (R1, R4, R8)",
           "counts:check_counts"),
    _limit("group_positions", "No correlation group holds more trades than its limit, never more than three.",
           "group_positions early_phase_group_positions crowded_vix", "correlation groups (R1, R9)",
           "counts:check_counts", traded=True, lesson=1),
    _limit("joint_groups", "Index futures and index funds together hold no more than three.", "crowded_vix same_group_correlation",
           "correlation groups (R1)", "counts:check_counts", traded=True),
    _limit("same_expiry", "No two short-premium trades of one group share an expiry.", "", "lessons of August 2024 (R1)",
           "counts:check_counts", traded=True, lesson=2),
    _limit("short_volatility", "No more than five short-volatility trades live at one time.",
           "short_volatility_positions", "lessons of August 2024 (R7)", "counts:check_counts", traded=True, lesson=6),
    _limit("correlation_age", "Nothing is opened on correlations older than a week.",
           "correlation_max_age_days correlation_required", "lessons of August 2024 (R1)", "risk:check_inputs", lesson=4),
    _limit("calm_ceiling", "While VIX is low and its term structure steep, less buying power is used.",
           "calm_vix calm_slope calm_ceiling", "lessons of August 2024 (R1)", "buying_power:check_buying_power", lesson=5),
    _limit("reserve", "A fifth of the account stays free.", "reserve_share", "lessons of August 2024 (R1, R7)",
           "buying_power:check_buying_power", traded=True, lesson=7),
    _limit("buying_power_ceiling", "Buying power in use stays below the lowest of the tables for this VIX.",
           "ceiling_vix_below_13 ceiling_vix_13_18 ceiling_vix_18_25 ceiling_vix_25_30 ceiling_vix_from_30",
           "buying power by VIX", "buying_power:check_buying_power"),
    _limit("phase_ceiling", "Buying power in use stays below the ceiling of the account's phase.",
           "phase_1_ceiling phase_2_ceiling phase_3_ceiling phase_4_ceiling", "phase ceilings (R8)",
           "buying_power:check_buying_power"),
    _limit("promotion", "An account rises one phase at a time, after its days and without a deep loss; it falls at once.",
           "promotion_days promotion_loss_2 promotion_loss_3 promotion_loss_4", "phases: promotion (R6)",
           "brakes:advance"),
    _limit("entry_share", "One entry takes no more than a quarter of the buying power.", "entry_share",
           "Friday 0DTE: size (R6)", "buying_power:check_buying_power"),
    _limit("margin_breaker", "Above its level of margin nothing is opened.",
           "margin_calm margin_from_20 margin_from_30 margin_from_40", "buying power: margin breaker (R4)",
           "buying_power:check_buying_power", traded=True),
    _limit("currency", "The account is in the currency of the thresholds.", "currency", "decision: account currency",
           "risk:check_inputs"),
    Rule("crisis_rehearsal", "Nothing is opened while the evening's rehearsal of past crises lost more than its cap.",
         ("limits.crisis_loss",), "ours: August 2024 taken as a test of every evening's book (W6-W8)",
         "kernel.limits.crisis:check_crisis", "tests/kernel/test_entry_block.py"),
    _limit("naked_call", "No call is sold alone.", "", "never-trade list (R1)", "orders:check_naked_call", traded=True),
)  # fmt: skip

_ORDERS = (
    _limit("risk_per_trade", "No opening risks more than 2 % of the account at its stop.", "risk_per_trade",
           "size (W4, R1)", "risk:check_planned_loss", traded=True),
    _limit("group_risk", "Planned losses of a correlation group stay below 15 % of the account.", "group_risk",
           "thresholds: group risk (R1)", "risk:check_group_risk"),
    _limit("hedge", "Naked puts stand only beside their debit spread.", "", "lessons of August 2024 (R1)",
           "orders:check_hedge", lesson=3),
    _limit("roll", "A roll sells no more contracts of a side than it buys back there.", "", "strangle: defence (R1); ours",
           "orders:check_roll", traded=True),
    _limit("cover", "No more calls are sold against a long call than it has.", "", "IPMCC", "orders:check_cover"),
    _limit("crosses_zero", "No order takes a holding through zero.", "", "ours: brokerages refuse it",
           "orders:check_crossing"),
    _limit("more_than_held", "No closing asks for more than is held.", "", "ours", "orders:check_closing"),
)  # fmt: skip

_BRAKE_RULES = (
    _limit("drawdown_halve", "From 10 % below the peak new trades are half as large.", "drawdown_halve",
           "drawdown (R1)", "brakes:advance"),
    _limit("drawdown_stop", "From 15 % below the peak nothing is opened.", "drawdown_stop", "drawdown (R1)",
           "brakes:advance"),
    _limit("drawdown_close", "From 20 % below the peak all is closed, then two weeks off.",
           "drawdown_close pause_days", "drawdown (R1)", "brakes:advance"),
    _limit("drawdown_terminal", "From 30 % below the highest peak trading ends.", "drawdown_terminal", "drawdown (R1)",
           "brakes:advance"),
    _limit("session_stop", "A session's loss of 10 % stops entries.", "session_stop", "thresholds (R4)",
           "brakes:advance"),
    _limit("session_losers", "A session's loss of 15 % closes losers.", "session_losers", "thresholds (R4)",
           "brakes:advance"),
    _limit("session_close", "A session's loss of 20 % closes all.", "session_close", "thresholds (R4)",
           "brakes:advance"),
    _limit("fast_loss", "3 % lost within minutes stop entries for a day, until calm returns.",
           "fast_loss fast_loss_minutes pause_hours vix_resume correlation_resume", "thresholds: breakers (R4)",
           "brakes:advance"),
    _limit("vix_stop", "From its level of VIX nothing is opened.", "vix_stop", "published practice (W10)",
           "brakes:advance"),
    _limit("vix_losers", "From its level of VIX losers are closed.", "vix_losers", "published practice (W10)",
           "brakes:advance"),
    _limit("vix_close", "From its level of VIX all is closed.", "vix_close", "published practice (W10)",
           "brakes:advance"),
    _limit("vix_health", "A VIX that is old, implausible, unconfirmed or a stand-in closes nothing.",
           "vix_max_age_minutes vix_jump", "input health (W7, W8)", "inputs:judge_vix"),
    _limit("correlation_halt", "From a mean correlation of 0.90 nothing is opened, until it is below 0.60.",
           "correlation_halt correlation_resume", "thresholds: breakers (R4)", "brakes:advance"),
    _limit("regime_size", "The regime's factor only lowers the size of a trade.", "", "decision: high VIX, S61",
           "brakes:advance"),
)  # fmt: skip


def _strategy(
    name: str, about: str, parameters: str, source: str, place: str, *, traded: bool = False, test: str = _PROOFS
) -> Rule:
    return Rule(name, about, tuple(parameters.split()), source, f"strategies.{place}", test, traded)


_STRATEGY_RULES = (
    _strategy("entry_hours", "Nothing is opened outside a strategy's hours.",
              "friday0dte.entry_from friday0dte.entry_until one_one_two.entry_from one_one_two.entry_until "
              "strangle.entry_from strangle.entry_until ipmcc.entry_from ipmcc.entry_until leap_ladder.entry_from "
              "leap_ladder.entry_until high_vix_puts.entry_from high_vix_puts.entry_until", "entry windows",
              "entry:EntryWindow", traded=True,
              test="tests/algorithm/test_entry_windows.py"),
    _strategy("entry_days", "The Friday 0DTE is opened on a Friday, or before one that is closed.",
              "friday0dte.entry_weekday", "Friday 0DTE: day (R1, R6)", "friday0dte:Friday0dte", traded=True,
              test="tests/algorithm/test_entry_windows.py"),
    _strategy("exit_dte", "No short leg that is managed by date is alive below its days to expiry without an exception "
              "on record.", "strangle.exit_dte one_one_two.exit_dte high_vix_puts.exit_dte", "decision: 21 DTE", "exits:date_is_due",
              traded=True, test="tests/algorithm/test_strangle.py"),
    _strategy("profit_target", "A trade at its target is being closed.",
              "strangle.target_share one_one_two.target_share friday0dte.target_share leap_ladder.target_share "
              "ipmcc.target_share high_vix_puts.target_share", "decision: 50 % target and the others", "working_orders:work_closing",
              traded=True),
    _strategy("stop_loss", "A trade at its stop is being closed.",
              "strangle.stop_multiple one_one_two.stop_credits friday0dte.stop_multiple", "stops",
              "working_orders:work_closing"),
    _strategy("friday0dte_events", "No 0DTE on days of FOMC or CPI, nor where the calendar is unknown.",
              "limits.event_days", "Friday 0DTE: blocks (R6)", "friday0dte:Friday0dte",
              test="tests/algorithm/test_friday0dte.py"),
    _strategy("friday0dte_vix", "No 0DTE from its level of VIX.", "friday0dte.vix_block", "Friday 0DTE: blocks (R6)",
              "friday0dte:Friday0dte", test="tests/algorithm/test_friday0dte.py"),
    _strategy("friday0dte_clock", "A 0DTE is being closed from its hour on.", "friday0dte.close_at friday0dte.last_exit",
              "Friday 0DTE: time (R1)", "friday0dte:Friday0dte", test="tests/algorithm/test_friday0dte.py"),
    _strategy("friday0dte_delta", "A 0DTE whose short strike is touched or too near before it is filled is given up.",
              "friday0dte.delta_never friday0dte.highest_delta", "Friday 0DTE: short strikes, never 30+ (R1)",
              "friday0dte:Friday0dte", test="tests/algorithm/test_friday0dte.py"),
    _strategy("strangle_events", "No strangle while an announcement of its kind lies within its days.",
              "strangle.event_days strangle.event_names", "strangle: filters (R1)", "strangle:Strangle",
              test="tests/algorithm/test_strangle_filters.py"),
    _strategy("strangle_range", "No strangle after sessions whose range is wide.",
              "strangle.range_days strangle.range_most", "strangle: filters (implementation report)",
              "strangle:Strangle", test="tests/algorithm/test_strangle_filters.py"),
    _strategy("strangle_roll", "The other side of a strangle that is tested is rolled to its entry's delta.",
              "strangle.delta_roll_untested", "strangle: defence, 20 roll untested (R1)", "strangle:Strangle",
              test="tests/algorithm/test_rolls.py"),
    _strategy("one_one_two_calls", "Calls against a 1-1-2 are sold only where a parameter says so, after a month, as "
              "spreads above the long put.",
              "one_one_two.weekly_calls one_one_two.weekly_from_days one_one_two.weekly_distance",
              "LT112: spread, weekly calls (R1)", "one_one_two_calls:WeeklyCalls", traded=True,
              test="tests/algorithm/test_weekly_calls.py"),
    _strategy("one_one_two_high", "No 1-1-2 at a 52-week high.", "one_one_two.high_margin", "LT112: not when (R1)",
              "one_one_two:OneOneTwo", test="tests/algorithm/test_one_one_two.py"),
    _strategy("ipmcc_in_the_money", "No weekly call is sold out of the money.",
              "ipmcc.strikes_below ipmcc.strikes_extended", "IPMCC: weekly short call (R1)", "ipmcc:Ipmcc",
              test="tests/algorithm/test_other_strategies.py"),
    _strategy("ipmcc_pull_back", "The long call is bought on a pull-back only, never at a 52-week high.",
              "ipmcc.pull_back ipmcc.entry_above ipmcc.band_deviations ipmcc.atr_multiple ipmcc.high_margin",
              "IPMCC: entry timing (R1)", "ipmcc:Ipmcc", test="tests/algorithm/test_ipmcc_rules.py"),
    _strategy("ipmcc_volume", "A long call that trades too little is not bought, where its volume is known.",
              "ipmcc.leap_volume", "IPMCC: long call (R1)", "ipmcc:Ipmcc", test="tests/algorithm/test_ipmcc_rules.py"),
    _strategy("ipmcc_sell_below", "Once the long call has lost a fifth, calls are sold at its strike or below.",
              "ipmcc.sell_below", "IPMCC: LEAP drawdown (R1)", "ipmcc:Ipmcc",
              test="tests/algorithm/test_ipmcc_rules.py"),
    _strategy("high_vix_off", "Puts are sold because VIX is high only where a parameter says so.",
              "high_vix_puts.enabled high_vix_puts.vix_from", "decision: high VIX", "high_vix_puts:HighVixPuts",
              traded=True, test="tests/algorithm/test_high_vix_puts.py"),
    _strategy("leap_ladder_vix", "No rung is sold while VIX is low.", "leap_ladder.vix_skip_below",
              "LEAP put ladder: VIX (R1)", "leap_ladder:LeapLadder", test="tests/algorithm/test_other_strategies.py"),
    _strategy("insurance_off", "Insurance is bought only where a parameter says so.", "insurance_puts.enabled",
              "decision: LEAP puts", "insurance_puts:InsurancePuts", traded=True,
              test="tests/algorithm/test_other_strategies.py"),
    Rule("fresh_inputs", "No order is decided on inputs older than their limit.",
         ("limits.quote_max_age_seconds", "limits.chain_max_age_seconds", "limits.vix_max_age_minutes"),
         "S95: stale data", "strategies.gate:judge", _PROOFS, True),
    Rule("vehicle", "A product that the engine cannot trade is refused by name before a run begins.",
         ("strangle.vehicle", "one_one_two.vehicle", "friday0dte.vehicle", "ipmcc.vehicle", "leap_ladder.vehicle",
          "high_vix_puts.vehicle"),
         "decision: vehicle on LEAN", "kernel.vehicles:pair_vehicles", "tests/kernel/test_market_figures.py"),
)  # fmt: skip

RULES: tuple[Rule, ...] = (*_ENTRIES, *_ORDERS, *_BRAKE_RULES, *_STRATEGY_RULES)
"""Every rule, by what it is about."""
