"""Rolls: a sold contract bought back and another one sold in its place, in one order, within an open trade.

Holds: how a leg that is to come stands in a trade, which pair an order trades, and working that order.
Belongs here: what any strategy that rolls needs.
Never here: when to roll and to which contract (the strategy says).

The leg that is to come is in the book with nothing held and with the role `roll`, so that its quotes are seen. It is
traded on the day it was taken in only, patiently, and only for a credit.
"""

from __future__ import annotations

from decimal import Decimal

from tomking.kernel.occ import parse_occ
from tomking.strategies.book import Leg, Trade
from tomking.strategies.intents import Intent
from tomking.strategies.market_view import MarketView
from tomking.strategies.working_orders import ROLLING, Pricing, work_closing

ROLL = "roll"
"""The role of a leg that came by a roll, and the part of the day's work under which rolls are looked for."""


def is_unfilled_roll(leg: Leg) -> bool:
    """Whether a leg was taken in for a roll that has not been filled."""
    return leg.role == ROLL and not leg.quantity and leg.opened is None


def roll_pair(trade: Trade) -> tuple[tuple[str, int], ...]:
    """The order that rolls: the sold contract of the coming leg's side bought back, the coming one sold; () without one."""
    coming = next((leg for leg in trade.legs if is_unfilled_roll(leg)), None)
    if coming is None:
        return ()
    side = parse_occ(coming.key).call_put
    for key, quantity in trade.pairs:
        if quantity < 0 and parse_occ(key).call_put == side and key != coming.key:
            return ((key, -quantity), (coming.key, quantity))
    return ()


def work_roll(trade: Trade, view: MarketView, pricing: Pricing, *, is_due: bool) -> list[Intent]:
    """The next step of a roll that is due on this day, or of an order for one that still rests."""
    pair = roll_pair(trade) if is_due else ()
    cost = view.net_mid(pair) if pair else None
    wanted = cost is not None and cost < Decimal(0)
    return work_closing(trade, view, pricing, "untested" if wanted else None, legs=pair, action=ROLLING)
