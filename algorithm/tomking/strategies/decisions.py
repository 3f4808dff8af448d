"""One decision: every strategy asked about every underlying it trades, its wishes past the gate.

Holds: `decide`.
Belongs here: the order in which portfolio rules, strategies and gate are asked.
Never here: rules of a strategy, limits, LEAN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tomking.kernel.limits.guards import GuardState
from tomking.kernel.limits.inputs import VixInput
from tomking.kernel.limits.terms import Refusal
from tomking.kernel.option_chain import ChainRequest
from tomking.strategies import gate
from tomking.strategies.book import Book
from tomking.strategies.intents import FlattenStock, Intent
from tomking.strategies.market_view import Chain, MarketView
from tomking.strategies.portfolio import Portfolio, close_for_brake, closes, prepare
from tomking.strategies.strategy import Strategy

ChainOf = Callable[[ChainRequest], Chain | None]


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be carried out, what a rule stopped, which limits could not be judged.

    `guards` is the memory to keep in the book; `vix` the level that was worked with; `notes` sentences for the record.
    """

    allowed: tuple[Intent, ...]
    refused: tuple[gate.RefusedIntent, ...]
    not_judged: tuple[str, ...]
    guards: GuardState
    vix: VixInput
    notes: tuple[str, ...]


def decide(
    strategies: Sequence[Strategy],
    views: Mapping[str, MarketView],
    chain_of: ChainOf,
    book: Book,
    values: Mapping[str, str],
    *,
    stop: Refusal | None = None,
) -> Decision:
    """What is to be done now, and what was refused.

    `views` holds one view per vehicle, by its symbol; `chain_of` answers a request, None where no chain can be had.
    `stop` refuses every entry, as a brake does; a brake that holds comes first. Exits of all strategies come before any entry. Nothing is changed: the caller keeps `guards`.
    """
    portfolio = prepare(views, book, values)
    pairs = [(one, portfolio.views[vehicle.symbol]) for one in strategies for vehicle in one.vehicles]
    intents = [*_exits(pairs, book, portfolio), *_shares(pairs)]
    intents += _entries(pairs, chain_of, book)
    verdict = gate.judge(
        intents, book, portfolio.views, values, max_open={one.name: one.max_open for one in strategies},
        stop=portfolio.brakes.stop or stop,
    )  # fmt: skip
    return Decision(
        verdict.allowed, verdict.refused, verdict.not_judged, portfolio.guards, portfolio.vix, portfolio.notes
    )


def _exits(pairs: Sequence[tuple[Strategy, MarketView]], book: Book, portfolio: Portfolio) -> list[Intent]:
    """What the strategies want of their trades, and in its place what a brake wants of those it ends."""
    covering = {trade.parent for trade in book.live() if trade.parent is not None}
    intents: list[Intent] = []
    for strategy, view in pairs:
        ended = {trade.id for trade in book.live(strategy.name, view.underlying) if closes(trade, view, portfolio)}
        rule = portfolio.brakes.closing_rule or ""
        for trade in book.live(strategy.name, view.underlying):
            if trade.id in ended:
                covers = trade.id in covering
                intents += close_for_brake(trade, view, strategy.pricing, rule, is_covering=covers)
        intents += [one for one in strategy.manage(view, book) if getattr(one, "trade_id", None) not in ended]
    return intents


def _shares(pairs: Sequence[tuple[Strategy, MarketView]]) -> list[Intent]:
    """Shares that an assignment delivered are traded out, once per underlying."""
    owners = {view.underlying: (strategy.name, view) for strategy, view in reversed(pairs)}
    return [
        FlattenStock(owner, underlying, -view.holding(underlying))
        for underlying, (owner, view) in owners.items()
        if view.is_open and view.holding(underlying)
    ]


def _entries(pairs: Sequence[tuple[Strategy, MarketView]], chain_of: ChainOf, book: Book) -> list[Intent]:
    intents: list[Intent] = []
    for strategy, view in pairs:
        request = None if view.halted else strategy.chain_request(view, book)
        chain = None if request is None else chain_of(request)
        # Without a chain nothing is known, which is no reason to pass: the next bar asks again.
        if chain is not None:
            intents += strategy.propose(chain, view, book)
    return intents
