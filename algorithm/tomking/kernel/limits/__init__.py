"""Hard limits: what no strategy may do, whatever it wants.

Holds: `check_open`, which asks every limit about a trade, and the names that callers use.
Belongs here: the order in which limits are asked.
Never here: wishes of strategies, orders, or the limits' numbers (those are parameters).

A limit refuses by a stable name, with what it allows and what it found. One whose input is unknown does not refuse and is
named in `not_judged`, so that the gap is on record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tomking.kernel.limits.buying_power import buying_power_ceiling, check_buying_power
from tomking.kernel.limits.counts import check_counts, group_allowance, group_name
from tomking.kernel.limits.orders import (
    check_closing,
    check_cover,
    check_crossing,
    check_hedge,
    check_naked_call,
    check_roll,
)
from tomking.kernel.limits.risk import check_group_risk, check_inputs, check_planned_loss
from tomking.kernel.limits.terms import Account, Answer, Exposure, Proposal, Refusal

__all__ = [
    "Account",
    "Answer",
    "Exposure",
    "Proposal",
    "Refusal",
    "buying_power_ceiling",
    "check_closing",
    "check_cover",
    "check_crossing",
    "check_group_risk",
    "check_hedge",
    "check_naked_call",
    "check_open",
    "check_planned_loss",
    "check_roll",
    "group_allowance",
    "group_name",
]


def check_open(
    proposal: Proposal, exposures: Sequence[Exposure], account: Account, values: Mapping[str, str]
) -> Answer:
    """Whether one more trade may be opened."""
    not_judged: list[str] = []
    refusal = check_counts(proposal, exposures, account, values, not_judged)
    if refusal is None and proposal.stance in ("short", "long"):
        refusal = check_inputs(account, values, not_judged) or check_buying_power(proposal, account, values, not_judged)
    return Answer(refusal, tuple(not_judged))
