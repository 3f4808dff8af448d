"""Limits on planned losses, and on the inputs without which nothing is opened.

Holds: the 2 % rule, the risk of a correlation group, the age of correlations, the account's currency.
Belongs here: a limit in money on what may be lost.
Never here: margin, counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from tomking.kernel.limits.counts import group_name
from tomking.kernel.limits.terms import Account, Exposure, Refusal, flag, number


def check_planned_loss(loss: Decimal, account: Account, values: Mapping[str, str]) -> Refusal | None:
    """Whether a trade may lose `loss` (account currency) at its stop; an unknown equity refuses, for size needs it."""
    if account.equity is None or account.equity <= 0:
        return Refusal("risk_per_trade", "the account's equity is not known")
    limit = number(values, "limits.risk_per_trade") * account.equity
    if loss > limit:
        return Refusal("risk_per_trade", "the planned loss is larger than one trade may risk", limit, loss)
    return None


def check_group_risk(
    loss: Decimal, product: str, others: Iterable[Exposure], account: Account, values: Mapping[str, str]
) -> Refusal | None:
    """Whether the planned losses of the product's group stay within their share of the account.

    `others` are the trades besides the one that is opened. One whose loss is not known counts with the most that one
    trade may risk.
    """
    if account.equity is None or account.equity <= 0:
        return Refusal("group_risk", "the account's equity is not known")
    group, total = group_name(product), loss
    worst = number(values, "limits.risk_per_trade") * account.equity
    for one in others:
        if one.is_counted and group_name(one.product) == group:
            total += worst if one.planned_loss is None else one.planned_loss
    limit = number(values, "limits.group_risk") * account.equity
    return Refusal("group_risk", f"planned losses of group {group}", limit, total) if total > limit else None


def check_inputs(account: Account, values: Mapping[str, str], not_judged: list[str]) -> Refusal | None:
    """Whether the inputs that every entry needs are there and recent."""
    currency = values["limits.currency"]
    if account.currency is not None and account.currency != currency:
        return Refusal("currency", f"the account is in {account.currency}, the limits are in {currency}")
    if account.correlation_day is None or account.day is None:
        if flag(values, "limits.correlation_required"):
            return Refusal("correlation_age", "no correlations are known")
        not_judged.append("correlation_age: correlation_day")
        return None
    age, limit = (account.day - account.correlation_day).days, number(values, "limits.correlation_max_age_days")
    if age > limit:
        return Refusal("correlation_age", "correlations are too old for an entry", limit, Decimal(age))
    return None
