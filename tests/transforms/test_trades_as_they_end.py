"""A history joined part by part gives the trades it gives in one piece, and closed trades do not wait for its end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.trades.packages import Outlook, Sent, outlook_of, sent_in
from pipelines.transforms.trades.strategy_trades import Trade, trades_as_they_end
from tests.transforms.test_random_strategies import Play
from tests.transforms.trade_maker import SHARE, Maker, option

TAGS = [
    None,
    None,
    "Liquidated",
    "abc12 in",
    "hello",
    "tk1|a|t1|open",
    "tk1|a|t1|close",
    "tk1|a|t2|open",
    "tk1|a|t2|roll",
]
DAYS = 60
MINUTES = st.one_of(st.integers(0, 40), st.sampled_from([0, 1, 3]))
"""Between two moves: short and long next to the time that the legs of one trade may be apart."""


def sent(make: Maker) -> tuple[list[Sent], Outlook]:
    history = sent_in(make.orders, make.fills)
    return history, outlook_of((one.orders for one in history), is_in_order=True)


def joined(history: list[Sent], outlook: Outlook) -> list[Trade]:
    return sorted(trades_as_they_end(history, outlook), key=lambda trade: trade.number)


def counted(history: list[Sent], read: list[Sent]) -> Iterator[Sent]:
    """The history one by one; `read` is what was asked for."""
    for one in history:
        read.append(one)
        yield one


@given(st.data())
def test_part_by_part_the_trades_are_those_of_one_piece(data: st.DataObject) -> None:
    make = Maker()
    for number in range(data.draw(st.integers(1, 4))):
        Play(make, number, data).tell()
    history, outlook = sent(make)
    assert joined(history, outlook) == joined(history, replace(outlook, is_in_order=False))


@given(st.data())
def test_part_by_part_fills_of_any_kind_go_where_they_go_in_one_piece(data: st.DataObject) -> None:
    make = Maker()
    contracts = [option("C", 300), option("P", 300), option("P", 290), SHARE]
    legs = st.lists(st.sampled_from(contracts), min_size=1, max_size=3, unique=True)
    moves = st.tuples(legs, st.sampled_from([-2, -1, 1, 2]), MINUTES, st.booleans(), st.sampled_from(TAGS))
    for bought, quantity, minutes, is_combo, tag in data.draw(st.lists(moves, max_size=25)):
        make.later(minutes=minutes)
        (make.combo if is_combo else make.singles)("any", [(contract, quantity) for contract in bought], tag=tag)
    history, outlook = sent(make)
    whole = joined(history, replace(outlook, is_in_order=False))
    assert [(trade.key, trade.parts, trade.fills, trade.legs) for trade in joined(history, outlook)] == [
        (trade.key, trade.parts, trade.fills, trade.legs) for trade in whole
    ]


def test_a_closed_trade_does_not_wait_for_the_end_of_the_history() -> None:
    make = Maker()
    make.singles("kept", [(SHARE, 100)])
    for _ in range(DAYS):
        make.later(days=1)
        make.combo("spread", [(option("P", 300), -1), (option("P", 290), 1)])
        make.later(hours=1)
        make.combo("spread", [(option("P", 300), 1), (option("P", 290), -1)])
    history, outlook = sent(make)
    read: list[Sent] = []
    trades = trades_as_they_end(counted(history, read), outlook)
    waited = [len(read) - 1 - 2 * (number + 1) for number, _ in enumerate(trades)]
    assert len(waited) == DAYS + 1
    assert max(waited[:DAYS]) <= 2


def test_where_something_is_opened_every_few_minutes_closed_trades_do_not_wait_either() -> None:
    make = Maker()
    for number in range(DAYS):
        legs = [(option("P", 300 + 10 * (number % 7)), -1), (option("P", 290 + 10 * (number % 7)), 1)]
        for sign in (1, -1):
            make.later(minutes=2)
            make.combo("spread", [(contract, sign * quantity) for contract, quantity in legs])
    history, outlook = sent(make)
    read: list[Sent] = []
    trades = trades_as_they_end(counted(history, read), outlook)
    waited = [len(read) - 2 * (number + 1) for number, _ in enumerate(trades)]
    # Half an hour has to pass until nobody can have rolled it.
    assert max(waited) <= 20


def test_trades_of_runs_that_overlap_are_joined_in_one_piece() -> None:
    first, second = Maker("first"), Maker("second")
    first.singles("held", [(SHARE, 100)])
    first.later(days=3)
    first.singles("held", [(SHARE, 50)])
    second.now = first.now - dt.timedelta(days=1)
    second.singles("held", [(SHARE, -150)])
    history = sent_in([*first.orders, *second.orders], [*first.fills, *second.fills])
    outlook = outlook_of((one.orders for one in history), is_in_order=False)
    assert [trade.ended_by for trade in joined(history, outlook)] == ["closed"]
