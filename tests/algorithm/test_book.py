"""The book as a document: what is written is read back, what is damaged is refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.algorithm.support import CALL, EXPIRY, PUT, clock, open_trade
from tomking.strategies.book import Book, Leg, Trade, Working
from tomking.strategies.book_document import BookRefused, dump_book, parse_book

instants = st.datetimes(clock("2019-01-01T00:00"), clock("2030-01-01T00:00"), timezones=st.just(UTC))
amounts = st.decimals(-1000, 1000, places=4)
workings = st.builds(
    Working,
    action=st.sampled_from(["open", "close:dte"]),
    sent_at=instants,
    limit=amounts,
    attempt=st.integers(1, 9),
    order_ids=st.lists(st.integers(1, 999), max_size=4).map(tuple),
)
one_leg = st.builds(
    Leg,
    st.sampled_from([PUT, CALL]),
    st.integers(-9, 9),
    role=st.sampled_from(["", "naked"]),
    opened=st.none() | amounts,
    closed=st.none() | amounts,
)
legs = st.lists(one_leg, min_size=1, max_size=4).map(tuple)
trades = st.builds(
    Trade,
    id=st.from_regex(r"strangle-2020[0-9]{4}-[1-9]", fullmatch=True),
    strategy=st.just("strangle"),
    product=st.just("SPY"),
    state=st.sampled_from(["planned", "open"]),
    legs=legs,
    expiry=st.just(EXPIRY),
    planned_on=st.dates(date(2019, 1, 1), EXPIRY),
    opened_at=st.none() | instants,
    credit=st.none() | amounts,
    proceeds=st.none() | amounts,
    attempts=st.integers(0, 9),
    working=st.none() | workings,
    stance=st.sampled_from(["short", "long", "covered", "hedge"]),
    part=st.sampled_from(["", "leap"]),
    parent=st.none() | st.just("ipmcc-20200114-1"),
)


@given(st.lists(trades, max_size=3), st.integers(0, 99))
def test_a_book_survives_its_document(found: list[Trade], counter: int) -> None:
    book = Book({one.id: one for one in found}, {"strangle": EXPIRY}, counter)
    again = parse_book(dump_book(book))
    assert again == book
    assert dump_book(again) == dump_book(book)


@given(st.integers(0, 300))
def test_a_shortened_document_is_refused(length: int) -> None:
    document = dump_book(Book({"strangle-20200114-1": open_trade()}))
    with pytest.raises(BookRefused):
        parse_book(document[: min(length, len(document) - 1)])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"expiry":"2020-02-28"', b'"expiry":"2020-02-27"'),
        (b'"schema":1', b'"schema":2'),
        (b'"state":"open"', b'"state":"closed"'),
        (b'"credit":"2.00"', b'"credit":2'),
        (b'"quantity":-1', b'"quantity":"-1"'),
        (b'"legs":[', b'"legs":["'),
        (b'"opened_at":"2020-01-14T18:00:00+00:00"', b'"opened_at":"2020-01-14T18:00:00"'),
        (b'"stance":"short"', b'"stance":"both"'),
        (b'"counter":0', b'"counter":null'),
        (b'"credit":"2.00"', b'"credit":"many"'),
    ],
)
def test_a_damaged_document_is_refused(old: bytes, new: bytes) -> None:
    document = dump_book(Book({"strangle-20200114-1": open_trade()}))
    assert old in document
    with pytest.raises(BookRefused):
        parse_book(document.replace(old, new))


def test_a_book_of_an_earlier_release_is_read_with_what_it_did_not_name() -> None:
    document = dump_book(Book({"strangle-20200114-1": open_trade()}))
    fields = json.loads(document)
    del fields["sha256"]
    for trade in fields["trades"]:
        for name in ("stance", "part", "parent"):
            del trade[name]
        trade["legs"] = [{"key": leg["key"], "quantity": leg["quantity"]} for leg in trade["legs"]]
    older = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode("ascii")
    one = open_trade()
    unseen = tuple(replace(leg, closed=None) for leg in one.legs)
    assert parse_book(older).trades == {one.id: replace(one, legs=unseen)}


def test_ids_go_on_counting_after_a_restart_and_closed_trades_leave_the_book() -> None:
    book = Book(counter=4)
    assert book.next_id("strangle", EXPIRY) == "strangle-20200228-5"
    assert parse_book(dump_book(book)).next_id("strangle", EXPIRY) == "strangle-20200228-6"
    book.put(open_trade())
    book.change("strangle-20200114-1", state="closed")
    assert book.trades == {}


def test_the_book_says_what_the_portfolio_should_hold_and_whose_an_order_is() -> None:
    one = open_trade(quantity=2)
    book = Book({one.id: one})
    assert book.expected() == {PUT: -2, CALL: -2}
    book.change(one.id, working=Working("close:dte", clock("2020-02-07T10:00"), Decimal(2), 1, (7, 8)))
    found = book.trade_of_order(8)
    assert found is not None
    assert found.id == one.id
    assert book.trade_of_order(9) is None


def test_a_book_without_a_hash_is_taken_as_it_is() -> None:
    document = dump_book(Book({"strangle-20200114-1": open_trade()}))
    mended = re.sub(rb'"sha256":"[0-9a-f]{64}",', b"", document).replace(b'"2020-02-28"', b'"2020-02-27"')
    assert parse_book(mended).trades["strangle-20200114-1"].expiry == date(2020, 2, 27)


@given(st.lists(st.tuples(trades, st.booleans()), max_size=12))
def test_every_look_up_in_the_book_is_what_walking_through_it_finds(steps: list[tuple[Trade, bool]]) -> None:
    book, walked = Book(), dict[str, Trade]()
    for trade, closes in steps:
        book.put(replace(trade, state="closed") if closes else trade)
        if closes:
            walked.pop(trade.id, None)
        else:
            walked[trade.id] = trade
        assert book.live() == book.live("strangle") == tuple(walked.values())
        expected: dict[str, int] = {}
        for one in walked.values():
            for key, quantity in one.pairs if one.state == "open" else ():
                expected[key] = expected.get(key, 0) + quantity
        assert book.expected() == expected
        assert {key: book.expected_of(key) for key in (PUT, CALL)} == {PUT: 0, CALL: 0} | expected
        for order_id in range(1, 20):
            owners = [one.id for one in walked.values() if one.working and order_id in one.working.order_ids]
            found = book.trade_of_order(order_id)
            assert found.id in owners if found is not None else not owners
        assert book.is_intact()


def test_a_book_whose_indexes_are_damaged_says_so_and_is_rebuilt() -> None:
    book = Book({"strangle-20200114-1": open_trade()})
    book._held.clear()
    assert not book.is_intact()
    book.rebuild()
    assert book.is_intact()
    assert book.expected() == {PUT: -1, CALL: -1}
