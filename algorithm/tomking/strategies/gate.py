"""The risk gate: the one place where intents meet the hard limits.

Holds: the translation of intents into the limits' terms, and the split into allowed and refused.
Belongs here: whatever must hold for every strategy alike.
Never here: the limits' arithmetic (`kernel.limits`), strategy rules, orders.

Exits are never held back by a limit on risk, only where they ask for more than is held, or would leave something without
its hedge or cover. No order may cross zero holdings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from tomking.kernel.limits import (
    Account,
    Exposure,
    Proposal,
    Refusal,
    check_closing,
    check_cover,
    check_crossing,
    check_group_risk,
    check_hedge,
    check_naked_call,
    check_open,
    check_planned_loss,
    check_roll,
)
from tomking.kernel.limits.buying_power import check_buying_power
from tomking.kernel.limits.margin import OptionLeg, estimate_margin
from tomking.kernel.limits.terms import number
from tomking.kernel.occ import parse_occ
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.intents import Intent, PlanRoll, PlanTrade, SendOrder
from tomking.strategies.market_view import MarketView
from tomking.strategies.working_orders import ROLLING


@dataclass(frozen=True, slots=True)
class RefusedIntent:
    """An intent that a rule stopped."""

    intent: PlanTrade | PlanRoll | SendOrder
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
    stop: Refusal | None = None,
) -> Verdict:
    """Sort intents into allowed and refused.

    `views` holds one view per underlying, by its symbol; what they say of the account is the same in all. `max_open` is
    each strategy's own limit on live trades per product and part; `stop` refuses every entry. Intents are judged in
    order, each with those allowed before it counted as done.
    """
    bench = _Bench(book, views, values, max_open, stop)
    allowed: list[Intent] = []
    refused: list[RefusedIntent] = []
    for intent in intents:
        refusal: Refusal | None = None
        if isinstance(intent, PlanTrade):
            refusal = bench.judge_plan(intent)
        elif isinstance(intent, PlanRoll):
            refusal = bench.judge_roll(intent)
        elif isinstance(intent, SendOrder):
            refusal = bench.judge_order(intent)
        if refusal is None:
            allowed.append(intent)
        elif isinstance(intent, PlanTrade | PlanRoll | SendOrder):
            refused.append(RefusedIntent(intent, refusal))
    return Verdict(tuple(allowed), tuple(refused), tuple(dict.fromkeys(bench.not_judged)))


@dataclass(slots=True)
class _Bench:
    """The state of one judgement: what is held and ordered so far, which trades count."""

    book: Book
    views: Mapping[str, MarketView]
    values: Mapping[str, str]
    max_open: Mapping[str, int]
    stop: Refusal | None
    not_judged: list[str] = field(default_factory=list)
    ordered: dict[str, int] = field(default_factory=dict)
    exposures: list[Exposure] = field(init=False)
    account: Account = field(init=False)
    margin_planned: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        view = next(iter(self.views.values()))
        self.account = Account(
            equity=view.equity,
            margin_used=view.margin_used,
            vix=view.vix_level,
            day=view.day,
            term_slope=view.term_slope,
            correlation_day=view.correlation_day,
            currency=view.currency,
            phase=self.book.guards.phase,
        )
        self.exposures = [self._exposure(trade) for trade in self.book.live()]

    def _multiplier(self, product: str) -> Decimal:
        view = self.views.get(product) or next(iter(self.views.values()))
        return view.multiplier

    def _exposure(self, trade: Trade) -> Exposure:
        loss = None if trade.planned_loss is None else trade.planned_loss * self._multiplier(trade.product)
        # What is left of a 1-1-2 without its naked puts is bought protection: it takes no place and no expiry.
        stance = "hedge" if _is_hedge_alone(trade) else trade.stance
        return Exposure(trade.id, trade.strategy, trade.product, trade.expiry, stance, trade.part, loss)

    # --- entries -----------------------------------------------------------------------------------------------------

    def judge_plan(self, plan: PlanTrade) -> Refusal | None:
        """A new trade against every limit on entries."""
        legs = [_option(leg) for leg in plan.legs]
        refusal = self.stop or _check_shape(plan, legs) or self._check_cover(plan)
        if refusal is not None:
            return refusal
        margin = self._margin(plan, legs)
        used = self.account.margin_used
        # Trades allowed in this pass take their margin before the account shows it.
        counted = replace(self.account, margin_used=None if used is None else used + self.margin_planned)
        limit = self.max_open[plan.strategy]
        proposal = Proposal(plan.strategy, plan.product, plan.expiry, limit, plan.stance, plan.part, margin)
        answer = check_open(proposal, self.exposures, counted, self.values)
        self.not_judged.extend(answer.not_judged)
        if answer.refusal is None:
            self.margin_planned += margin or Decimal(0)
            self.exposures.append(Exposure("", plan.strategy, plan.product, plan.expiry, plan.stance, plan.part))
        return answer.refusal

    def _margin(self, plan: PlanTrade, legs: Sequence[OptionLeg]) -> Decimal | None:
        view = self.views.get(plan.product)
        if view is None or view.price is None:
            return None
        return estimate_margin(legs, view.price, view.multiplier)

    def _check_cover(self, plan: PlanTrade) -> Refusal | None:
        """What is sold against another trade must find as many calls there that nothing else is sold against."""
        if plan.stance != "covered":
            return None
        parent = self.book.trades.get(plan.parent or "")
        bought = 0 if parent is None or parent.state != "open" else _calls(parent.legs, sold=False)
        sold = sum(_calls(trade.legs, sold=True) for trade in self.book.live() if trade.parent == plan.parent)
        return check_cover(sold + _calls(plan.legs, sold=True), bought)

    def judge_roll(self, plan: PlanRoll) -> Refusal | None:
        """A contract that is to be sold in the place of another: stopped like an entry, and by the margin it adds."""
        trade, view = self.book.trades.get(plan.trade_id), self.views.get(plan.product)
        if self.stop is not None or trade is None or view is None or view.price is None:
            return self.stop
        before = [_option(leg) for leg in trade.legs if leg.quantity]
        coming = parse_occ(plan.leg.key)
        after = [
            replace(leg, strike=coming.strike, expiry=coming.expiry) if one.key == plan.replaces else leg
            for leg, one in zip(before, (leg for leg in trade.legs if leg.quantity), strict=True)
        ]
        margins = [estimate_margin(legs, view.price, view.multiplier) for legs in (before, after)]
        added = max(margins[1] - margins[0], Decimal(0))
        proposal = Proposal(plan.strategy, plan.product, trade.expiry, 0, trade.stance, trade.part, added)
        return check_buying_power(proposal, self.account, self.values, self.not_judged) if added else None

    # --- orders ------------------------------------------------------------------------------------------------------

    def judge_order(self, order: SendOrder) -> Refusal | None:
        """An order against the holdings, and against what it would risk or lay bare."""
        after = {key: self._held(key) + self.ordered.get(key, 0) for key, _ in order.legs}
        if order.planned_loss is not None:
            refusal = (
                self._check_ages(order)
                or self._check_loss(order, order.planned_loss)
                or check_crossing(order.legs, after)
            )
        elif order.action == ROLLING:
            refusal = check_roll([_option(Leg(*leg)) for leg in order.legs]) or self._check_rolled(order, after)
        else:
            refusal = check_closing(order.legs, after) or self._check_protection(order)
        if refusal is None:
            for key, quantity in order.legs:
                self.ordered[key] = self.ordered.get(key, 0) + quantity
        return refusal

    def _check_rolled(self, order: SendOrder, after: Mapping[str, int]) -> Refusal | None:
        """What a roll buys back is held, what it sells crosses nothing."""
        bought = [leg for leg in order.legs if leg[1] > 0]
        return check_closing(bought, after) or check_crossing(order.legs, after)

    def _held(self, key: str) -> int:
        return next((view.holdings[key] for view in self.views.values() if key in view.holdings), 0)

    def _check_ages(self, order: SendOrder) -> Refusal | None:
        """An opening is not priced by quotes that are too old; an exit takes what there is."""
        limit = number(self.values, "limits.quote_max_age_seconds")
        for view in self.views.values():
            for key, age in view.ages(key for key, _ in order.legs).items():
                if age > limit:
                    return Refusal("fresh_inputs", f"the quote of {key} is too old", limit, age)
        return None

    def _check_loss(self, order: SendOrder, planned_loss: Decimal) -> Refusal | None:
        trade = self.book.trades.get(order.trade_id)
        product = trade.product if trade is not None else next(iter(self.views))
        loss = planned_loss * self._multiplier(product)
        refusal = check_planned_loss(loss, self.account, self.values)
        if refusal is not None or trade is None or trade.stance not in ("short", "long"):
            return refusal
        others = [one for one in self.exposures if one.trade_id not in ("", trade.id)]
        return check_group_risk(loss, product, others, self.account, self.values)

    def _check_protection(self, order: SendOrder) -> Refusal | None:
        trade = self.book.trades.get(order.trade_id)
        if trade is None:
            return None
        traded = dict(order.legs)
        after: dict[str, list[int]] = {}
        for leg in trade.legs:
            after.setdefault(leg.role, []).append(leg.quantity + traded.get(leg.key, 0))
        refusal = check_hedge(after)
        children = [one for one in self.book.live() if one.parent == trade.id]
        if refusal is None and children:
            left = [Leg(leg.key, leg.quantity + traded.get(leg.key, 0)) for leg in trade.legs]
            sold = sum(_calls(one.legs, sold=True) for one in children)
            refusal = check_cover(sold, _calls(left, sold=False))
        return refusal


def _is_hedge_alone(trade: Trade) -> bool:
    left = [leg for leg in trade.legs if leg.quantity]
    return trade.state == "open" and bool(left) and all(leg.role == "hedge" for leg in left)


def _check_shape(plan: PlanTrade, legs: Sequence[OptionLeg]) -> Refusal | None:
    roles: dict[str, list[int]] = {}
    for leg in plan.legs:
        roles.setdefault(leg.role, []).append(leg.quantity)
    return check_hedge(roles) or (check_naked_call(legs) if plan.stance == "short" else None)


def _option(leg: Leg) -> OptionLeg:
    parts = parse_occ(leg.key)
    return OptionLeg(parts.call_put, parts.strike, parts.expiry, leg.quantity)


def _calls(legs: Sequence[Leg], *, sold: bool) -> int:
    side = -1 if sold else 1
    return sum(abs(leg.quantity) for leg in legs if leg.quantity * side > 0 and parse_occ(leg.key).call_put == "C")
