"""Every number the algorithm works with: default, bounds, unit, meaning and the rule it comes from.

Holds: the table `SPECS`, and the conversion of one value from its text.
Belongs here: a number that a strategy, a limit, a cache, a fee forecast or the regime monitor reads.
Never here: documents, history, or code that acts on a value.

Sources name a row of the rule set (`strangle: exit`, with the codes of its texts), or say that the figure is ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Kind = Literal["decimal", "integer", "flag", "text"]
Value = Decimal | int | bool | str

_DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,18})?")
_INTEGER = re.compile(r"-?[0-9]{1,12}")


class ValueRefused(ValueError):
    """A text is no acceptable value of a parameter; `reason` is a stable word."""

    def __init__(self, reason: str, field: str, detail: str) -> None:
        self.reason, self.field, self.detail = reason, field, detail
        super().__init__(f"{reason} in {field}: {detail}")


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One parameter.

    `lower` and `upper` are inclusive. `largest_step` is how far a calibration may move the value in one set.
    `required`: part of the first schema, so a document without it is damaged; the others fall back to `default`.
    `family`: values without a default that a set carries all together or not at all.
    """

    id: str
    default: str | None
    kind: Kind
    unit: str
    about: str
    source: str
    lower: Decimal | None = None
    upper: Decimal | None = None
    largest_step: Decimal | None = None
    pattern: str | None = None
    required: bool = False
    family: str | None = None

    def value(self, text: str) -> Value:
        """The value that `text` stands for.

        Raises ValueRefused: `not_a_number`, `not_a_flag`, `not_allowed` or `out_of_bounds`.
        """
        if self.kind == "flag":
            if text not in ("true", "false"):
                raise ValueRefused("not_a_flag", self.id, f"{text[:40]!r} is neither true nor false")
            return text == "true"
        if self.kind == "text":
            if self.pattern is None or not re.fullmatch(self.pattern, text):
                raise ValueRefused("not_allowed", self.id, f"{text[:40]!r} does not match {self.pattern}")
            return text
        if not (_DECIMAL if self.kind == "decimal" else _INTEGER).fullmatch(text):
            raise ValueRefused("not_a_number", self.id, f"{text[:40]!r} is no {self.kind}")
        number = Decimal(text)
        if (self.lower is not None and number < self.lower) or (self.upper is not None and number > self.upper):
            raise ValueRefused("out_of_bounds", self.id, f"{text} is outside {self.lower} to {self.upper} {self.unit}")
        return number if self.kind == "decimal" else int(text)


def _number(
    name: str,
    default: str | None,
    span: str,
    about: str,
    source: str,
    *,
    kind: Literal["decimal", "integer"] = "decimal",
    step: str | None = None,
    required: bool = False,
    family: str | None = None,
) -> ParameterSpec:
    """`span` reads `20 to 120 days`: lowest, highest, unit."""
    lower, _, rest = span.partition(" to ")
    upper, _, unit = rest.partition(" ")
    return ParameterSpec(
        id=name,
        default=default,
        kind=kind,
        unit=unit,
        about=about,
        source=source,
        lower=Decimal(lower),
        upper=Decimal(upper),
        largest_step=None if step is None else Decimal(step),
        required=required,
        family=family,
    )


def _whole(
    name: str, default: str, span: str, about: str, source: str, *, step: str | None = None, required: bool = False
) -> ParameterSpec:
    return _number(name, default, span, about, source, kind="integer", step=step, required=required)


def _word(name: str, default: str, pattern: str, about: str, source: str) -> ParameterSpec:
    return ParameterSpec(id=name, default=default, kind="text", unit="", about=about, source=source, pattern=pattern)


_WEEKDAY = "monday|tuesday|wednesday|thursday|friday"
_CLOCK = r"(0[9]|1[0-5]):[0-5][0-9]"
_TICKER = r"[A-Z]{1,6}"

_STRANGLE = (
    _word("strangle.vehicle", "SPY", _TICKER, "Underlying whose options are sold.", "decision: vehicle on LEAN"),
    _word("strangle.stands_for", "MES", _TICKER, "Product of the rule it stands for.", "decision: vehicle on LEAN"),
    _whole("strangle.target_dte", "45", "20 to 120 days", "Days to expiry aimed at when opening.",
           "universal exits: open near 45 days (W9); strangle: calendar, 45-60 in R5", step="15", required=True),
    _whole("strangle.dte_tolerance", "10", "0 to 30 days", "Furthest an expiry may lie from the target.",
           "ours: weekly and monthly listings leave no larger gap", step="5"),
    _number("strangle.put_delta", "0.16", "0.03 to 0.30 delta", "Delta, unsigned, of the put that is sold.",
            "universal exits: 16-delta studies at 45 days (W9); 30 is the exit line (R1)", step="0.04", required=True),
    _number("strangle.call_delta", "0.16", "0.03 to 0.30 delta", "Delta of the call that is sold.",
            "universal exits: 16-delta studies at 45 days (W9); 30 is the exit line (R1)", step="0.04", required=True),
    _number("strangle.target_share", "0.50", "0.10 to 0.95 share of credit",
            "Share of the credit at which the trade is closed in profit.", "strangle: exit; decision: 50 % target",
            step="0.10", required=True),
    _whole("strangle.exit_dte", "21", "1 to 60 days", "Days to expiry at which the trade is closed, always.",
           "strangle: exit; decision: 21 DTE is absolute for strangles", step="7", required=True),
    _number("strangle.stop_multiple", "2", "1 to 5 credits", "Loss, in credits, at which the trade is closed.",
            "strangle: stop (R5; 2.5 in R6)", step="0.5", required=True),
    _whole("strangle.quantity", "1", "1 to 20 contracts", "Contracts of each leg.",
           "ours: the smallest size until sizing is calibrated", step="1", required=True),
    _whole("strangle.max_open", "1", "1 to 3 trades", "Strangles open at one time in the vehicle.",
           "strangle: one per product at a time (R5); never more than 3 in a group (R9)", step="1", required=True),
    _word("strangle.entry_weekday", "tuesday", _WEEKDAY, "Weekday on which a strangle may be opened.",
          "strangle: calendar and tenor (R1, R6)"),
    _whole("strangle.entry_week", "2", "0 to 4 week of the month",
           "Which such weekday of the month; 0 stands for each of them.", "strangle: calendar and tenor (R1, R6)"),
    _word("strangle.entry_from", "11:00", _CLOCK, "New York time from which a strangle may be opened.",
          "ours: quotes of the first ninety minutes are wide"),
    _word("strangle.entry_until", "15:30", _CLOCK, "New York time after which none is opened.",
          "ours: leaves time to work the order before the close"),
    _number("strangle.min_credit", "0.50", "0.05 to 50 USD per share",
            "Least mid credit of both legs for which the trade is worth its fees.",
            "ours: four fills cost about 0.05 a share", step="0.50"),
    _whole("strangle.reprice_minutes", "30", "1 to 390 minutes", "Time an order rests before it is priced anew.",
           "ours", step="30"),
    _number("strangle.reprice_step", "0.05", "0.01 to 1 USD per share",
            "Concession from the mid with each new price.", "ours: the option's price increment", step="0.05"),
    _whole("strangle.reprice_attempts", "6", "1 to 50 orders",
           "Orders after which an opening is given up; a close is never given up.", "ours", step="5"),
)  # fmt: skip

_LIMITS = (
    _whole("limits.group_positions", "3", "1 to 3 trades", "Trades of one correlation group open at one time.",
           "lesson 1 of August 2024 (R1)"),
    _whole("limits.short_volatility_positions", "5", "1 to 5 trades",
           "Short-volatility trades open at one time.", "lesson 6 of August 2024 (R7)"),
    _number("limits.reserve_share", "0.20", "0.20 to 0.90 share of equity", "Buying power that is never used.",
            "lesson 7 of August 2024; buying power: always keep 20 % (R1)", step="0.10"),
    _number("limits.risk_per_trade", "0.02", "0.001 to 0.02 share of equity",
            "Largest planned loss of one trade.", "size: 2 % risk per trade (W4, R1)", step="0.005"),
    _number("limits.ceiling_vix_below_13", "0.45", "0 to 0.45 share of equity",
            "Buying power in use while VIX is below 13.", "buying power by VIX: lowest of R1, R2, R6, R4", step="0.10"),
    _number("limits.ceiling_vix_13_18", "0.60", "0 to 0.60 share of equity",
            "Buying power in use while VIX is from 13 to below 18.", "buying power by VIX: lowest of R1, R2, R6, R4",
            step="0.10"),
    _number("limits.ceiling_vix_18_25", "0.60", "0 to 0.60 share of equity",
            "Buying power in use while VIX is from 18 to below 25.", "buying power by VIX: lowest of R1, R2, R6, R4",
            step="0.10"),
    _number("limits.ceiling_vix_25_30", "0.40", "0 to 0.40 share of equity",
            "Buying power in use while VIX is from 25 to below 30.", "buying power by VIX: lowest of R1, R2, R6, R4",
            step="0.10"),
    _number("limits.ceiling_vix_from_30", "0.25", "0 to 0.25 share of equity",
            "Buying power in use while VIX is 30 or more.", "buying power by VIX: lowest of R1, R2, R6, R4",
            step="0.10"),
)  # fmt: skip

_CACHES = (
    _whole("caches.chain_ttl_seconds", "300", "1 to 3600 seconds", "Age after which a cached chain is not served.",
           "option-chain cache: 5 minutes", step="120"),
    _whole("caches.chain_entries", "100", "1 to 10000 chains", "Chains that the cache holds at most.",
           "option-chain cache: 100 entries", step="50"),
    _whole("caches.greeks_ttl_seconds", "30", "1 to 600 seconds", "Age after which cached Greeks are not served.",
           "Greeks cache: 30 seconds", step="15"),
)  # fmt: skip

_FEEDBACK = (
    _whole("parameters.refresh_minutes", "10", "1 to 1440 minutes", "Time between two looks for a newer set, live.",
           "ours"),
    _whole("parameters.max_age_days", "30", "1 to 400 days",
           "Oldest data, in calendar days, that a newly read set may rest on in a live or paper run.", "ours"),
)  # fmt: skip

_FEES = (
    _number("fees.orf_per_contract", None, "0 to 0.10 USD per contract",
            "Options regulatory fee as the broker passes it on; without it the schedule's rate is forecast.",
            "broker statements", step="0.02", family="fees.orf"),
)  # fmt: skip


def _regime(name: str, span: str, about: str, step: str) -> ParameterSpec:
    source = "calibrated: two-axis state, thresholds of a rolling five years"
    return _number(f"regime.{name}", None, span, about, source, step=step, family="regime")


def _axis(axis: str, span: str, value: str, step: str) -> tuple[ParameterSpec, ...]:
    return (
        _regime(f"{axis}_enter_stressed", span, f"{value} at which the axis goes to level 1.", step),
        _regime(f"{axis}_enter_crisis", span, f"{value} at which the axis goes to level 2.", step),
        _regime(f"{axis}_leave_stressed", span, f"{value} below which the axis leaves level 1.", step),
        _regime(f"{axis}_leave_crisis", span, f"{value} below which the axis leaves level 2.", step),
    )


_REGIME = (
    _whole("regime.window", "20", "5 to 250 sessions", "Window of the displayed correlations.",
           "correlation monitor: window 20"),
    _whole("regime.minimum_stay", "10", "0 to 60 sessions", "Sessions an axis stays before it may come down.",
           "two-axis state: no dwell on the way up, ten sessions on the way down"),
    *_axis("danger", "0.01 to 5 semi-volatility a year", "Semi-volatility", "0.10"),
    *_axis("diversification", "-0.2 to 1 correlation", "Forecast mean correlation", "0.10"),
    _regime("forecast_constant", "-2 to 2 Fisher scale", "Constant of the correlation forecast.", "0.10"),
    _regime("forecast_short", "-3 to 3 weight", "Weight of the 20-session mean in the forecast.", "0.25"),
    _regime("forecast_middle", "-3 to 3 weight", "Weight of the 60-session mean in the forecast.", "0.25"),
    _regime("forecast_long", "-3 to 3 weight", "Weight of the 250-session mean in the forecast.", "0.25"),
)  # fmt: skip


def _axis_order(axis: str) -> tuple[tuple[str, str], ...]:
    name = f"regime.{axis}"
    return (
        (f"{name}_leave_stressed", f"{name}_enter_stressed"),
        (f"{name}_enter_stressed", f"{name}_enter_crisis"),
        (f"{name}_leave_stressed", f"{name}_leave_crisis"),
        (f"{name}_leave_crisis", f"{name}_enter_crisis"),
    )


ORDERED: tuple[tuple[str, str], ...] = (
    *_axis_order("danger"),
    *_axis_order("diversification"),
    ("strangle.exit_dte", "strangle.target_dte"),
    ("strangle.entry_from", "strangle.entry_until"),
)
"""Pairs of which the first may not exceed the second, where both are set."""

SPECS: Mapping[str, ParameterSpec] = {
    spec.id: spec for spec in (*_STRANGLE, *_LIMITS, *_CACHES, *_FEEDBACK, *_FEES, *_REGIME)
}
"""Every parameter by id."""

FAMILIES: Mapping[str, tuple[str, ...]] = {
    family: tuple(spec.id for spec in SPECS.values() if spec.family == family)
    for family in sorted({spec.family for spec in SPECS.values() if spec.family is not None})
}
"""Ids that come together or not at all, by family."""
