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
PATIENT = "close:target"
"""The closing that is worked from the mid; whatever has to be filled takes it back at once."""


@dataclass(frozen=True, slots=True)
class Pricing:
    """The parameters of a worked order. Units as in the parameter table."""

    reprice_minutes: int
    reprice_step: Decimal
    reprice_attempts: int


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
    mid = view.net_mid(trade.pairs)
    if mid is None:
        return []
    units = units_of(trade.pairs)
    if mid > terms.worst * units:
        return [AbandonTrade(trade.id, terms.too_poor)]
    net = min(mid / units + pricing.reprice_step * trade.attempts, terms.worst).quantize(_CENT, ROUND_HALF_EVEN)
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
) -> list[Intent]:
    """The next step of an open trade that should close (`reason`) or not (None); `legs` where only some of them should.

    A patient closing (for the `target`) is worked from the mid; any other has to be filled, so it starts at the side that is there.
    """
    working, is_patient = trade.working, reason == "target"
    if working is not None:
        if not view.is_open or working.cancel_asked:
            return []
        if reason is not None and not is_patient and working.action == PATIENT:
            return [CancelOrder(trade.id, reason)]
        return [CancelOrder(trade.id, "re-price")] if _rested(pricing, trade, view.now) else []
    wanted = trade.closing_pairs if legs is None else tuple(legs)
    if reason is None or not view.is_open or not wanted:
        return []
    mid, natural = view.net_mid(wanted), view.net_natural(wanted)
    if mid is None or natural is None:
        return []
    units = units_of(wanted)
    start = mid if is_patient else natural + pricing.reprice_step * units
    net = (start / units + pricing.reprice_step * trade.attempts).quantize(_CENT, ROUND_HALF_EVEN)
    inputs = {"mid_cost": mid}
    if trade.credit is not None:
        inputs["credit"] = trade.credit
    # The engine refuses a net price of zero.
    action = f"close:{reason}"
    return [SendOrder(trade.id, trade.strategy, action, wanted, units, net or _CENT, reason, inputs=inputs)]


def _rested(pricing: Pricing, trade: Trade, now: datetime) -> bool:
    return trade.working is not None and (now - trade.working.sent_at).total_seconds() >= pricing.reprice_minutes * 60
