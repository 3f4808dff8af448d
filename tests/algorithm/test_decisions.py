"""All strategies together: who is asked, in which order, and what happens to delivered shares."""

from __future__ import annotations

import pytest

from tests.algorithm.support import clock, open_trade, values, view
from tomking.kernel.option_chain import ChainRequest
from tomking.strategies.book import Book
from tomking.strategies.decisions import Decision, decide
from tomking.strategies.intents import FlattenStock
from tomking.strategies.market_view import Chain, MarketView
from tomking.strategies.registry import STRATEGIES, StrategyRefused, make_strategies, names_of

NOON = clock("2020-01-14T12:00")


def decided(seen: MarketView, book: Book, chain: Chain | None = None) -> tuple[Decision, list[ChainRequest]]:
    asked: list[ChainRequest] = []

    def chain_of(request: ChainRequest) -> Chain | None:
        asked.append(request)
        return chain

    strategies = make_strategies(("strangle",), values())
    return decide(strategies, {"SPY": seen}, chain_of, book, values()), asked


def test_delivered_shares_are_traded_out_while_the_market_is_open() -> None:
    verdict, _ = decided(view(clock("2020-01-28T12:00"), holdings={"SPY": 100}), Book())
    assert verdict.allowed == (FlattenStock("strangle", "SPY", -100),)
    shut, _ = decided(view(clock("2020-01-28T16:00"), holdings={"SPY": 100}, is_open=False), Book())
    assert shut.allowed == ()


def test_a_chain_that_cannot_be_had_is_no_reason_to_pass() -> None:
    verdict, asked = decided(view(NOON), Book(), None)
    assert verdict.allowed == ()
    assert len(asked) == 1


def test_a_chain_is_asked_for_only_where_an_entry_is_considered() -> None:
    assert decided(view(clock("2020-01-15T12:00")), Book({"t": open_trade()}))[1] == []


def test_strategies_are_named_with_a_plus_and_come_in_the_order_of_the_registry() -> None:
    every = tuple(STRATEGIES)
    assert names_of("+".join(reversed(every))) == every
    assert [one.name for one in make_strategies(every, values())] == list(every)
    for text in ("strangle+nothing", ""):
        with pytest.raises(StrategyRefused):
            names_of(text)
