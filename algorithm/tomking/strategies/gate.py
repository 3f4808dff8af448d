"""The risk gate: the one place where intents meet the hard limits.

Holds: the translation of intents into the limits' terms, and the split into allowed and refused.
Belongs here: whatever must hold for every strategy alike.
Never here: the limits' arithmetic (`kernel.limits`), strategy rules, orders.

Exits are never held back by a limit on risk, only where they ask for more than is held. No order may cross zero
holdings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tomking.kernel.limits import (
    Account,
    Exposure,
    Proposal,
    Refusal,
    check_closing,
    check_crossing,
    check_open,
    check_planned_loss,
)
from tomking.strategies.book import Book
from tomking.strategies.intents import Intent, PlanTrade, SendOrder
from tomking.strategies.market_view import MarketView


@dataclass(frozen=True, slots=True)
class RefusedIntent:
    """An intent that a rule stopped."""

    intent: PlanTrade | SendOrder
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be carried out, what may not, and which limits could not be judged (with the input that is missing)."""

    allowed: tuple[Intent, ...]
    refused: tuple[RefusedIntent, ...]
    not_judged: tuple[str, ...]


def judge(
    intents: Sequence[Intent],
    book: Book,
    views: Mapping[str, MarketView],
    values: Mapping[str, str],
    *,
    max_open: Mapping[str, int],
    multiplier: Decimal,
) -> Verdict:
    """Sort intents into allowed and refused; `max_open` is each strategy's own limit on live trades per product.

    `views` holds one view per underlying, by its symbol; what they say of the account is the same in all.
    `multiplier` is cash per share of premium and contract. Intents are judged in order, each with those allowed before
    it counted as done.
    """
    view = next(iter(views.values()))
    account = Account(view.equity, view.margin_used, view.vix_level)
    holdings = {key: held for one in views.values() for key, held in one.holdings.items()}
    exposures = [Exposure(t.id, t.strategy, t.product, t.expiry) for t in book.live()]
    ordered: dict[str, int] = {}
    allowed: list[Intent] = []
    refused: list[RefusedIntent] = []
    not_judged: list[str] = []
    for intent in intents:
        refusal: Refusal | None = None
        if isinstance(intent, PlanTrade):
            proposal = Proposal(intent.strategy, intent.product, intent.expiry, max_open[intent.strategy])
            answer = check_open(proposal, exposures, account, values)
            refusal = answer.refusal
            not_judged.extend(answer.not_judged)
            if refusal is None:
                exposures.append(Exposure("", intent.strategy, intent.product, intent.expiry))
        elif isinstance(intent, SendOrder):
            refusal = _judge_order(intent, holdings, ordered, account, loss_limits=(values, multiplier))
        if refusal is None:
            allowed.append(intent)
        elif isinstance(intent, PlanTrade | SendOrder):
            refused.append(RefusedIntent(intent, refusal))
    return Verdict(tuple(allowed), tuple(refused), tuple(dict.fromkeys(not_judged)))


def _judge_order(
    intent: SendOrder,
    holdings: Mapping[str, int],
    ordered: dict[str, int],
    account: Account,
    *,
    loss_limits: tuple[Mapping[str, str], Decimal],
) -> Refusal | None:
    values, multiplier = loss_limits
    if intent.planned_loss is not None:
        refusal = check_planned_loss(intent.planned_loss * multiplier, account, values)
        if refusal is not None:
            return refusal
    after = {key: holdings.get(key, 0) + ordered.get(key, 0) for key, _ in intent.legs}
    opens = intent.planned_loss is not None
    refusal = check_crossing(intent.legs, after) if opens else check_closing(intent.legs, after)
    if refusal is None:
        for key, quantity in intent.legs:
            ordered[key] = ordered.get(key, 0) + quantity
    return refusal
