"""When an open trade has to end: profit and loss against the credit, and days to expiry.

Holds: the profit of a trade at mid, and the date rule.
Belongs here: an exit rule that several strategies share.
Never here: numbers (parameters), orders.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from tomking.strategies.book import Leg, Trade
from tomking.strategies.intents import Intent, ReportLate
from tomking.strategies.market_view import MarketView


def profit_at_mid(trade: Trade, view: MarketView) -> Decimal | None:
    """What the trade has made if it ended at mid, USD per share over all contracts; None while something is unknown."""
    cost = view.net_mid(trade.closing_pairs)
    if cost is None or trade.proceeds is None or trade.credit is None:
        return None
    return trade.credit + trade.proceeds - cost


def credit_share(trade: Trade, view: MarketView) -> Decimal | None:
    """The profit at mid as a share of the credit, below 0 for a loss; None where there was no credit or it is unknown."""
    profit = profit_at_mid(trade, view)
    if profit is None or trade.credit is None or trade.credit <= 0:
        return None
    return profit / trade.credit


def credit_exit(trade: Trade, view: MarketView, target_share: Decimal, stop_multiple: Decimal) -> str | None:
    """`stop` where a trade has lost so many times its credit, `target` where it has made that share of it, or None."""
    share = credit_share(trade, view)
    if share is not None and share <= -stop_multiple:
        return "stop"
    if share is not None and share >= target_share:
        return "target"
    return None


def profit_of_legs(legs: Iterable[Leg], view: MarketView) -> Decimal | None:
    """What some legs have made if they ended at mid; None while something is unknown."""
    total = Decimal(0)
    for leg in legs:
        cost = view.net_mid(((leg.key, -leg.quantity),)) if leg.quantity else Decimal(0)
        if cost is None or leg.opened is None or leg.closed is None:
            return None
        total += leg.opened + leg.closed - cost
    return total


def date_is_due(expiry: date, exit_dte: int, view: MarketView) -> bool:
    """Whether this is the last session whose days to `expiry` are not fewer than `exit_dte`, or a later one.

    Days are calendar days; a weekend or holiday never lets the rule run past its date.
    """
    return (expiry - view.day).days <= exit_dte or (expiry - view.next_session).days < exit_dte


def report_late(trade: Trade, exit_dte: int, view: MarketView) -> list[Intent]:
    """The exception on record where a trade is alive although its date has passed."""
    return [ReportLate(trade.id, "alive_below_exit_dte")] if trade.days_left(view.day) < exit_dte else []
