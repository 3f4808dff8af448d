"""Orders that have to be worked: asked at a fair price, rested, taken back, asked again a step worse.

Holds: `Pricing` and the steps of an opening and of a closing.
Belongs here: how an order is priced and re-priced, the same for every strategy.
Never here: why a trade opens or closes, or what it may cost at worst (the strategy says).

Prices are net prices of one unit, the smallest whole combination of a trade: what buying it costs, negative where it
brings a credit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from math import gcd

from tomking.strategies.book import Trade
from tomking.strategies.intents import AbandonTrade, CancelOrder, Intent, SendOrder
from tomking.strategies.market_view import MarketView

_CENT = Decimal("0.01")
TARGET, ROLLING = "close:target", "roll:untested"
_PATIENT = (TARGET, ROLLING)
"""Orders that are worked from the mid; whatever has to be filled takes them back at once."""


@dataclass(frozen=True, slots=True)
class Pricing:
    """The parameters of a worked order. Units as in the parameter table."""

    reprice_minutes: int
    reprice_step: Decimal
    reprice_first: Decimal
    reprice_share: Decimal
    reprice_attempts: int

    def concession(self, attempt: int, reach: Decimal) -> Decimal:
        """How far from the mid the order after `attempt` others goes; `reach` is the way from there to the side that is there.

        A step, or a share of the way, more with each order. One that has gone the whole way pays a cent more, because the
        engine fills a combination only at better than its limit; none pays more than a step beyond the other side.
        """
        gone = min(Decimal(1), self.reprice_first + self.reprice_share * attempt)
        wanted = max(self.reprice_step * attempt, gone * reach + (_CENT if gone == 1 else 0))
        return min(wanted, max(reach, Decimal(0)) + self.reprice_step)


@dataclass(frozen=True, slots=True)
class Opening:
    """What an opening may cost at worst, what the trade then risks, and what to say where the market asks for more.

    `risk` turns the net price of one unit into the loss, USD per share over one unit, at which the trade is left.
    """

    worst: Decimal
    risk: Callable[[Decimal], Decimal]
    too_poor: str = "credit_too_small"


def units_of(legs: Sequence[tuple[str, int]]) -> int:
    """How many times the smallest whole combination is in these legs."""
    return gcd(*(abs(quantity) for _, quantity in legs)) or 1


def work_opening(
    trade: Trade, view: MarketView, pricing: Pricing, terms: Opening, *, window_open: bool
) -> list[Intent]:
    """The next step of a planned trade: ask, wait, take back, or give up."""
    if trade.working is not None:
        if trade.working.cancel_asked:
            return []
        if not window_open:
            return [CancelOrder(trade.id, "entry_window")]
        return [CancelOrder(trade.id, "re-price")] if _rested(pricing, trade, view.now) else []
    if not window_open:
        return [AbandonTrade(trade.id, "entry_window")]
    if trade.attempts >= pricing.reprice_attempts:
        return [AbandonTrade(trade.id, "attempts")]
    mid, natural = view.net_mid(trade.pairs), view.net_natural(trade.pairs)
    if mid is None or natural is None:
        return []
    units = units_of(trade.pairs)
    if mid > terms.worst * units:
        return [AbandonTrade(trade.id, terms.too_poor)]
    conceded = pricing.concession(trade.attempts, (natural - mid) / units)
    net = min(mid / units + conceded, terms.worst).quantize(_CENT, ROUND_HALF_EVEN)
    loss = terms.risk(net) * units
    return [
        SendOrder(
            trade_id=trade.id,
            strategy=trade.strategy,
            action="open",
            legs=trade.pairs,
            units=units,
            net=net or _CENT,
            reason="entry",
            planned_loss=loss,
            inputs={"mid_credit": -mid, "planned_loss": loss * view.multiplier, **_account(view)},
        )
    ]


def _account(view: MarketView) -> dict[str, Decimal]:
    """What the limits judged by, for the record."""
    known = {"equity": view.equity, "margin_used": view.margin_used, "vix": view.vix_level}
    return {name: value for name, value in known.items() if value is not None}


def work_closing(
    trade: Trade,
    view: MarketView,
    pricing: Pricing,
    reason: str | None,
    *,
    legs: Sequence[tuple[str, int]] | None = None,
    action: str | None = None,
) -> list[Intent]:
    """The next step of an open trade that should close (`reason`) or not (None).

    `legs` where only some of them should, `action` where it is no closing. A patient order (for the target, a roll) is
    worked from the mid; any other has to be filled, so it starts at the side that is there.
    """
    action = action or f"close:{reason}"
    working, is_patient = trade.working, action in _PATIENT
    if working is not None:
        if not view.is_open or working.cancel_asked:
            return []
        if reason is not None and not is_patient and working.action in _PATIENT:
            return [CancelOrder(trade.id, reason)]
        return [CancelOrder(trade.id, "re-price")] if _rested(pricing, trade, view.now) else []
    wanted = trade.closing_pairs if legs is None else tuple(legs)
    if reason is None or not view.is_open or not wanted:
        return []
    mid, natural = view.net_mid(wanted), view.net_natural(wanted)
    if mid is None or natural is None:
        return []
    units = units_of(wanted)
    if is_patient:
        price = mid / units + pricing.concession(trade.attempts, (natural - mid) / units)
    else:
        price = natural / units + pricing.reprice_step * (1 + trade.attempts)
    net = price.quantize(_CENT, ROUND_HALF_EVEN)
    inputs = {"mid_cost": mid}
    if trade.credit is not None:
        inputs["credit"] = trade.credit
    # The engine refuses a net price of zero.
    return [SendOrder(trade.id, trade.strategy, action, wanted, units, net or _CENT, reason, inputs=inputs)]


def _rested(pricing: Pricing, trade: Trade, now: datetime) -> bool:
    return trade.working is not None and (now - trade.working.sent_at).total_seconds() >= pricing.reprice_minutes * 60
