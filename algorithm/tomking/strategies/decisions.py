"""One decision: every strategy asked about every underlying it trades, its wishes past the gate.

Holds: `decide`.
Belongs here: the order in which strategies, portfolio rules and gate are asked.
Never here: rules of a strategy, limits, LEAN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from tomking.kernel.option_chain import ChainRequest
from tomking.strategies import gate
from tomking.strategies.book import Book
from tomking.strategies.intents import FlattenStock, Intent
from tomking.strategies.market_view import Chain, MarketView
from tomking.strategies.strategy import Strategy


def decide(
    strategies: Sequence[Strategy],
    views: Mapping[str, MarketView],
    chain_of: Callable[[ChainRequest], Chain | None],
    book: Book,
    values: Mapping[str, str],
    *,
    multiplier: Decimal,
) -> gate.Verdict:
    """What is to be done now, and what was refused.

    `views` holds one view per vehicle, by its symbol; `chain_of` answers a request, None where no chain can be had.
    `multiplier` is cash per share of premium and contract. Exits of all strategies come before any entry.
    """
    intents: list[Intent] = []
    pairs = [(one, views[vehicle.symbol]) for one in strategies for vehicle in one.vehicles]
    for strategy, view in pairs:
        intents += strategy.manage(view, book)
    owners = {view.underlying: strategy.name for strategy, view in reversed(pairs)}
    for underlying, owner in owners.items():
        view = views[underlying]
        shares = view.holding(underlying)
        if shares and view.is_open:
            intents.append(FlattenStock(owner, underlying, -shares))
    for strategy, view in pairs:
        request = strategy.chain_request(view, book)
        if request is None:
            continue
        chain = chain_of(request)
        # Without a chain nothing is known, which is no reason to pass: the next bar asks again.
        if chain is not None:
            intents += strategy.propose(chain, view, book)
    return gate.judge(
        intents,
        book,
        views,
        values,
        max_open={one.name: one.max_open for one in strategies},
        multiplier=multiplier,
    )
