"""When a resting order fills, and at which prices.

Holds: the rule for limit orders and for combinations, on one bar.
Belongs here: what recordings of the engine show, as functions of quotes alone.
Never here: orders' state.

Seen on recordings: a combination fills as a whole as soon as the sum over its legs is strictly better than the limit,
each leg taken and filled at the *low* of its side (asks for buys, bids for sells).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tests.lean_double.data import Bar, QuoteBar


@dataclass(frozen=True)
class LegQuote:
    """A leg on one bar: signed ratio, the bar, and the last bid and ask known from before."""

    ratio: Decimal
    quotes: QuoteBar
    last_bid: Decimal = Decimal(0)
    last_ask: Decimal = Decimal(0)

    @property
    def price(self) -> Decimal | None:
        """What this leg trades at; where nobody quotes its side, the last price seen there, else the other side's."""
        own, other = (self.quotes.ask, self.quotes.bid) if self.ratio > 0 else (self.quotes.bid, self.quotes.ask)
        if own is not None:
            return own.low
        last = self.last_ask if self.ratio > 0 else self.last_bid
        if last:
            return last
        return other.low if other is not None else None


def combination_fill(legs: Sequence[LegQuote], limit: Decimal, *, buys: bool = True) -> list[Decimal] | None:
    """The fill price of each leg, or None where the combination does not fill; `limit` is the net price of one unit."""
    prices: list[Decimal] = []
    for leg in legs:
        price = leg.price
        if price is None:
            return None
        prices.append(price)
    net = sum((leg.ratio * price for leg, price in zip(legs, prices, strict=True)), Decimal(0))
    return prices if (net < limit if buys else net > limit) else None


def limit_fill(side: Bar | None, limit: Decimal, *, buys: bool) -> Decimal | None:
    """The price a single limit order fills at; `side` is the ask for a buy and the bid for a sell."""
    if side is None:
        return None
    if buys:
        return min(side.high, limit) if side.low < limit else None
    return max(side.low, limit) if side.high > limit else None
