"""Hard limits: what no strategy may do, whatever it wants.

Holds: checks of a proposed trade against open trades and the account, and of an order against holdings.
Belongs here: a rule that refuses, by a stable name, with the limit and the value that broke it.
Never here: wishes of strategies, orders, or the limits' numbers (those are parameters).

Sources: the rule set's lessons of August 2024 (never two short-premium trades of one group at one expiry, at most three
in a group, count short-volatility trades, keep a reserve), its buying-power table by VIX and the 2 % rule on size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tomking.kernel.groups import group_of
from tomking.kernel.parameter_specs import SPECS

_CEILINGS: tuple[tuple[Decimal | None, str], ...] = (
    (Decimal(13), "limits.ceiling_vix_below_13"),
    (Decimal(18), "limits.ceiling_vix_13_18"),
    (Decimal(25), "limits.ceiling_vix_18_25"),
    (Decimal(30), "limits.ceiling_vix_25_30"),
    (None, "limits.ceiling_vix_from_30"),
)
"""Upper end of each VIX band (None: no end) and the parameter that holds its ceiling."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """A short-premium trade that is planned or open."""

    trade_id: str
    strategy: str
    product: str
    expiry: date


@dataclass(frozen=True, slots=True)
class Proposal:
    """A short-premium trade that is asked for; `max_open` is its strategy's own limit per product."""

    strategy: str
    product: str
    expiry: date
    max_open: int


@dataclass(frozen=True, slots=True)
class Account:
    """The account's state, in its currency; None where it is not known."""

    equity: Decimal | None
    margin_used: Decimal | None
    vix: Decimal | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The rule that refuses, what it allows and what it found."""

    rule: str
    reason: str
    limit: Decimal | None = None
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The first refusal, if any, and the rules that could not be judged for want of an input (`rule: input`)."""

    refusal: Refusal | None
    not_judged: tuple[str, ...]


def check_open(
    proposal: Proposal, exposures: Sequence[Exposure], account: Account, values: Mapping[str, str]
) -> Answer:
    """Whether one more short-premium trade may be opened.

    A rule whose input is unknown does not refuse and is named in `not_judged`, so that the gap is on record.
    """
    not_judged: list[str] = []
    refusal = _counts(proposal, exposures, values) or _buying_power(account, values, not_judged)
    return Answer(refusal, tuple(not_judged))


def _counts(proposal: Proposal, exposures: Sequence[Exposure], values: Mapping[str, str]) -> Refusal | None:
    same = [one for one in exposures if (one.strategy, one.product) == (proposal.strategy, proposal.product)]
    if len(same) >= proposal.max_open:
        return _full("max_open", f"{proposal.strategy} in {proposal.product}", proposal.max_open, len(same))
    shorts = int(_number(values, "limits.short_volatility_positions"))
    if len(exposures) >= shorts:
        return _full("short_volatility", "short-volatility trades", shorts, len(exposures))
    group = group_of(proposal.product) or proposal.product
    together = [one for one in exposures if (group_of(one.product) or one.product) == group]
    places = int(_number(values, "limits.group_positions"))
    if len(together) >= places:
        return _full("group_positions", f"group {group}", places, len(together))
    if any(one.expiry == proposal.expiry for one in together):
        return Refusal("same_expiry", f"group {group} already has a trade that expires on {proposal.expiry}")
    return None


def _full(rule: str, what: str, limit: int, value: int) -> Refusal:
    return Refusal(rule, f"{what}: {value} live, {limit} allowed", Decimal(limit), Decimal(value))


def buying_power_ceiling(vix: Decimal, values: Mapping[str, str]) -> Decimal:
    """The share of equity that may be in use at this level of VIX."""
    name = next(name for end, name in _CEILINGS if end is None or vix < end)
    return _number(values, name)


def _buying_power(account: Account, values: Mapping[str, str], not_judged: list[str]) -> Refusal | None:
    if account.equity is None or account.margin_used is None or account.equity <= 0:
        not_judged.extend(("reserve: margin_used", "buying_power_ceiling: margin_used"))
        return None
    used = account.margin_used / account.equity
    free = 1 - _number(values, "limits.reserve_share")
    if used > free:
        return Refusal("reserve", "buying power in use reaches into the reserve", free, used)
    if account.vix is None:
        not_judged.append("buying_power_ceiling: vix")
        return None
    ceiling = buying_power_ceiling(account.vix, values)
    if used > ceiling:
        return Refusal("buying_power_ceiling", f"buying power in use at VIX {account.vix}", ceiling, used)
    return None


def check_planned_loss(loss: Decimal, account: Account, values: Mapping[str, str]) -> Refusal | None:
    """Whether a trade may lose `loss` (account currency) at its stop; an unknown equity refuses, for size needs it."""
    if account.equity is None or account.equity <= 0:
        return Refusal("risk_per_trade", "the account's equity is not known")
    limit = _number(values, "limits.risk_per_trade") * account.equity
    if loss > limit:
        return Refusal("risk_per_trade", "the planned loss is larger than one trade may risk", limit, loss)
    return None


def check_crossing(legs: Iterable[tuple[str, int]], holdings: Mapping[str, int]) -> Refusal | None:
    """Whether an order would take a holding through zero, which brokerages refuse for a whole combination."""
    for key, quantity in legs:
        held = holdings.get(key, 0)
        if held * quantity < 0 and abs(quantity) > abs(held):
            reason = f"{key}: {quantity} ordered against {held} held"
            return Refusal("crosses_zero", reason, Decimal(-held), Decimal(quantity))
    return None


def check_closing(legs: Iterable[tuple[str, int]], holdings: Mapping[str, int]) -> Refusal | None:
    """Whether an order that is meant to close asks for more of a contract than is held against it."""
    for key, quantity in legs:
        held = holdings.get(key, 0)
        if held * quantity >= 0 or abs(quantity) > abs(held):
            reason = f"{key}: {quantity} ordered in order to close {held}"
            return Refusal("more_than_held", reason, Decimal(-held), Decimal(quantity))
    return None


def _number(values: Mapping[str, str], name: str) -> Decimal:
    return Decimal(str(SPECS[name].value(values[name])))
