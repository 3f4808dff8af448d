"""Margin calls: which groups the engine wants to reduce, and in which order.

Holds: the decision that there is a call, and its proposals.
Belongs here: what the recorded calls show.
Never here: sending the orders (`transactions`).

A call comes once the margin in use is more than a tenth above the account's value. Of every group it asks for as many
units as bring the margin back, and begins with the group whose contracts have lost most.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from tests.lean_double import margin
from tests.lean_double.margin import Group
from tests.lean_double.securities import Portfolio

_BUFFER = Decimal("1.1")


def proposals(portfolio: Portfolio) -> list[tuple[Group, int]]:
    """Groups to reduce and the units of each, biggest loss first; empty where the margin suffices."""
    used, total = portfolio.margin_used, portfolio.total
    if used <= 0 or used <= total * _BUFFER:
        return []
    prices, found = portfolio.prices(), []
    for group in portfolio.groups():
        each = margin.reserved(group, prices) / group.units
        if each > 0:
            units = int(((used - total) / each).to_integral_value(ROUND_CEILING))
            found.append((group, min(units, group.units)))
    return sorted(found, key=lambda one: _profit(portfolio, one[0]))


def _profit(portfolio: Portfolio, group: Group) -> Decimal:
    """What the group's contracts have gained so far, over all that is held of them."""
    prices = portfolio.prices()
    return sum(
        (
            (prices[symbol] - portfolio[symbol].average_price) * portfolio[symbol].exact_quantity
            for symbol, _ in group.legs
        ),
        Decimal(0),
    )
