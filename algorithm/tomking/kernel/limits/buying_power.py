"""Limits on the buying power in use: by VIX, by phase, in calm, and the reserve that is never touched.

Holds: the ceilings and the checks of an entry against them.
Belongs here: a limit on margin against equity.
Never here: counts of trades, planned losses.

Sources: the rule set's buying-power tables (the lowest of each band), lessons 5 and 7 of August 2024, its margin
breakers. An entry is judged with the margin it will take, where that can be estimated.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tomking.kernel.limits.phases import phase_ceiling
from tomking.kernel.limits.terms import Account, Proposal, Refusal, number

_CEILINGS: tuple[tuple[Decimal | None, str], ...] = (
    (Decimal(13), "limits.ceiling_vix_below_13"),
    (Decimal(18), "limits.ceiling_vix_13_18"),
    (Decimal(25), "limits.ceiling_vix_18_25"),
    (Decimal(30), "limits.ceiling_vix_25_30"),
    (None, "limits.ceiling_vix_from_30"),
)
"""Upper end of each VIX band (None: no end) and the parameter that holds its ceiling."""

_BREAKERS: tuple[tuple[Decimal | None, str], ...] = (
    (Decimal(20), "limits.margin_calm"),
    (Decimal(30), "limits.margin_from_20"),
    (Decimal(40), "limits.margin_from_30"),
    (None, "limits.margin_from_40"),
)


def buying_power_ceiling(vix: Decimal, values: Mapping[str, str]) -> Decimal:
    """The share of equity that may be in use at this level of VIX."""
    name = next(name for end, name in _CEILINGS if end is None or vix < end)
    return number(values, name)


def is_calm(account: Account, values: Mapping[str, str]) -> bool | None:
    """Whether everybody is bullish: VIX low and the term structure steep; None where one of them is not known."""
    if account.vix is None or account.term_slope is None:
        return None
    low = account.vix < number(values, "limits.calm_vix")
    return low and account.term_slope >= number(values, "limits.calm_slope")


def check_buying_power(
    proposal: Proposal, account: Account, values: Mapping[str, str], not_judged: list[str]
) -> Refusal | None:
    """The first limit on buying power that the proposal would break."""
    if account.equity is None or account.margin_used is None or account.equity <= 0:
        not_judged.extend(("reserve: margin_used", "buying_power_ceiling: margin_used"))
        return None
    entry = None if proposal.margin is None else proposal.margin / account.equity
    if entry is None:
        not_judged.append("entry_share: margin")
    elif entry > number(values, "limits.entry_share"):
        what = "one entry would take too much buying power"
        return Refusal("entry_share", what, number(values, "limits.entry_share"), entry)
    before = account.margin_used / account.equity
    used = before + (entry or Decimal(0))
    free = 1 - number(values, "limits.reserve_share")
    if used > free:
        return Refusal("reserve", "buying power in use would reach into the reserve", free, used)
    return _breaker(before, account, values) or _ceilings(used, account, values, not_judged)


def _breaker(used: Decimal, account: Account, values: Mapping[str, str]) -> Refusal | None:
    vix = account.vix if account.vix is not None else Decimal(0)
    name = next(name for end, name in _BREAKERS if end is None or vix < end)
    limit = number(values, name)
    return Refusal("margin_breaker", "margin in use stops new trades", limit, used) if used >= limit else None


def _ceilings(used: Decimal, account: Account, values: Mapping[str, str], not_judged: list[str]) -> Refusal | None:
    assert account.equity is not None
    phase = phase_ceiling(account.equity, values, account.phase)
    if used > phase:
        return Refusal("phase_ceiling", "buying power in use for an account of this size", phase, used)
    if account.vix is None:
        not_judged.append("buying_power_ceiling: vix")
        return None
    ceiling = buying_power_ceiling(account.vix, values)
    if used > ceiling:
        return Refusal("buying_power_ceiling", f"buying power in use at VIX {account.vix}", ceiling, used)
    calm = is_calm(account, values)
    if calm is None:
        not_judged.append("calm_ceiling: term_slope")
    elif calm and used > number(values, "limits.calm_ceiling"):
        limit = number(values, "limits.calm_ceiling")
        return Refusal(
            "calm_ceiling", f"buying power in use while VIX is {account.vix} and falls into the past", limit, used
        )
    return None
