"""Limits on how many trades live at one time, and of what.

Holds: counts by strategy, account, correlation group and short volatility, one expiry per group, the never-trade list.
Belongs here: a limit that counts or compares trades.
Never here: money (`buying_power`, `risk`).

Sources: the lessons of August 2024, the rule set's correlation groups, counts by account and phase.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from tomking.kernel.groups import GROUPS, JOINT_LIMITS, NEVER_TRADE, PORTFOLIO, group_of
from tomking.kernel.limits.phases import phase_of, trades_allowed
from tomking.kernel.limits.terms import Account, Exposure, Proposal, Refusal, number

_LAST_PHASE = 4
_WEIGHT = "limits.crisis_weight_"


def check_counts(
    proposal: Proposal,
    exposures: Sequence[Exposure],
    account: Account,
    values: Mapping[str, str],
    not_judged: list[str],
) -> Refusal | None:
    """The first count that the proposal would break."""
    refusal = _never_trade(proposal) or _own_limit(proposal, exposures)
    if refusal is not None or proposal.stance not in ("short", "long"):
        return refusal
    counted = [one for one in exposures if one.is_counted]
    return (
        _account_trades(counted, account, values, not_judged)
        or _short_volatility(proposal, counted, values)
        or _group_positions(proposal, counted, account, values)
        or _same_expiry(proposal, counted)
    )


def _full(rule: str, what: str, limit: int, value: int) -> Refusal:
    return Refusal(rule, f"{what}: {value} live, {limit} allowed", Decimal(limit), Decimal(value))


def _never_trade(proposal: Proposal) -> Refusal | None:
    reason = NEVER_TRADE.get(proposal.product.lstrip("/").upper())
    return None if reason is None else Refusal("never_trade", f"{proposal.product} is never traded: {reason}")


def _own_limit(proposal: Proposal, exposures: Sequence[Exposure]) -> Refusal | None:
    mine = (proposal.strategy, proposal.product, proposal.part)
    same = [one for one in exposures if (one.strategy, one.product, one.part) == mine]
    if len(same) < proposal.max_open:
        return None
    return _full("max_open", f"{proposal.strategy} in {proposal.product}", proposal.max_open, len(same))


def _account_trades(
    counted: Sequence[Exposure], account: Account, values: Mapping[str, str], not_judged: list[str]
) -> Refusal | None:
    if account.equity is None:
        not_judged.append("account_trades: equity")
        return None
    allowed = trades_allowed(account.equity, values, account.phase)
    return _full("account_trades", "trades of the account", allowed, len(counted)) if len(counted) >= allowed else None


def _short_volatility(proposal: Proposal, counted: Sequence[Exposure], values: Mapping[str, str]) -> Refusal | None:
    shorts = sum(one.stance == "short" for one in counted)
    allowed = int(number(values, "limits.short_volatility_positions"))
    if proposal.stance != "short" or shorts < allowed:
        return None
    return _full("short_volatility", "short-volatility trades", allowed, shorts)


def group_name(product: str) -> str:
    """The correlation group of a product; one that the table does not know is a group of its own."""
    return group_of(product) or product


def group_allowance(group: str, account: Account, values: Mapping[str, str]) -> int:
    """Trades that one group may hold: the lowest of the table, the lesson and the phase, one less when VIX is high."""
    allowed = int(number(values, "limits.group_positions"))
    of_table = next((one.limit for one in GROUPS if (one.scheme, one.name) == (PORTFOLIO, group)), None)
    allowed = min(allowed, of_table or allowed)
    if account.equity is not None and phase_of(account.equity, values, account.phase) < _LAST_PHASE:
        allowed = min(allowed, int(number(values, "limits.early_phase_group_positions")))
    return _less_when_crowded(allowed, account, values)


def groups_like_equities(values: Mapping[str, str]) -> tuple[str, ...]:
    """Groups whose estimated crisis weight makes them count with the equity groups; the table's own are not among them."""
    least = number(values, "limits.same_group_correlation")
    weighted = {name.removeprefix(_WEIGHT): name for name in values if name.startswith(_WEIGHT)}
    return tuple(sorted(group for group, name in weighted.items() if number(values, name) >= least))


def _less_when_crowded(allowed: int, account: Account, values: Mapping[str, str]) -> int:
    if account.vix is not None and account.vix > number(values, "limits.crowded_vix"):
        return max(1, allowed - 1)
    return allowed


def _group_positions(
    proposal: Proposal, counted: Sequence[Exposure], account: Account, values: Mapping[str, str]
) -> Refusal | None:
    group = group_name(proposal.product)
    names = [group_name(one.product) for one in counted]
    crowd = groups_like_equities(values)
    allowed = group_allowance(group, account, values)
    if names.count(group) >= allowed:
        return _full("group_positions", f"group {group}", allowed, names.count(group))
    for joint in JOINT_LIMITS:
        groups = (*joint.groups, *crowd)
        together = sum(name in groups for name in names)
        allowed = _less_when_crowded(joint.limit, account, values)
        if group in groups and together >= allowed:
            return _full("joint_groups", f"groups {' and '.join(groups)}", allowed, together)
    return None


def _same_expiry(proposal: Proposal, counted: Sequence[Exposure]) -> Refusal | None:
    if proposal.stance != "short":
        return None
    group = group_name(proposal.product)
    for one in counted:
        if one.stance == "short" and group_name(one.product) == group and one.expiry == proposal.expiry:
            return Refusal("same_expiry", f"group {group} already has a trade that expires on {proposal.expiry}")
    return None
