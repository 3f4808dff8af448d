"""Whatever cuts a write of the book off, the next start goes on: from the one before, or from the portfolio."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.algorithm.support import as_lean, journal, make_set, of_kind, publish, trade
from tests.algorithm.test_restart import LATER, SET, TRADE, filled, go_on, holdings
from tests.lean_double.store import ObjectStore
from tomking.adapters.book_store import BookStore
from tomking.adapters.journal import Journal
from tomking.adapters.object_store import Store
from tomking.kernel.contracts import previous_state_key, state_key
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.book_rebuild import UNASSIGNED, trades_of

DAY = date(2019, 12, 16)


def book(quantity: int) -> Book:
    found = Book()
    legs = (Leg("SPY   200117P00295000", quantity),)
    found.put(Trade("leap_ladder-1", "leap_ladder", "SPY", "open", legs, date(2020, 1, 17), DAY))
    return found


def documents(folder: Path) -> tuple[BookStore, Journal]:
    store = Store(as_lean(ObjectStore(folder)))
    log = Journal(store, "demo", lambda: LATER)
    return BookStore(store, "demo", log), log


@pytest.mark.parametrize("length", [0, 1, 40, 200])
def test_a_write_that_was_cut_off_leaves_the_book_before_it(tmp_path: Path, length: int) -> None:
    keeper, _ = documents(tmp_path)
    keeper.save(book(-1))
    keeper.save(book(-2))
    path = tmp_path / state_key("demo")
    path.write_bytes(path.read_bytes()[:length])
    found = documents(tmp_path)[0].load()
    assert found.book == book(-1)
    assert found.source == previous_state_key("demo")
    assert found.damaged is not None
    assert (tmp_path / found.damaged).stat().st_size == length


def test_a_store_that_is_full_keeps_the_last_book_and_is_asked_again(tmp_path: Path) -> None:
    keeper, log = documents(tmp_path)
    keeper.save(book(-1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ObjectStore, "save", lambda self, key, text: False)
        keeper.save(book(-2))
    assert documents(tmp_path)[0].load().book == book(-1)
    keeper.save(book(-2))
    assert documents(tmp_path)[0].load().book == book(-2)
    log.begin("run-1", mode="live")
    log.flush()
    assert [line["where"] for line in of_kind(journal(tmp_path), "error")] == [state_key("demo")]


def test_a_damaged_book_is_kept_aside_and_made_again_from_the_portfolio(tmp_path: Path) -> None:
    publish(tmp_path, SET)
    first = trade(tmp_path, parameters={"end": "2020-01-10"}, live=True, stop_after=DAY)
    held = holdings(first)
    for key in (state_key("demo"), previous_state_key("demo")):
        (tmp_path / key).write_text('{"schema":2,"tra')
    second = go_on(tmp_path, first, "2019-12-17")
    lines = journal(tmp_path)
    (rebuilt,) = of_kind(lines, "book_rebuilt")
    assert rebuilt["trades"] == 1
    assert (tmp_path / str(rebuilt["kept_as"])).read_text() == '{"schema":2,"tra'
    # The strangle is recognised by its shape and leaves by its date, at what the portfolio paid for it.
    (ended,) = of_kind(lines, "trade_ended")
    assert (ended["strategy"], ended["ended_by"]) == ("strangle", "closed")
    credit = sum((-quantity * price * 100 for quantity, price in held.values()), Decimal(0))
    assert Decimal(str(ended["credit"])) == credit
    assert {key for _, key, _, _ in filled(second)} == set(held)
    assert TRADE not in {line.get("trade_id") for line in of_kind(lines, "trade_ended")}


def test_shapes_of_no_strategy_stay_unassigned() -> None:
    ratio = {"SPY   200117C00330000": (3, Decimal(1)), "SPY   200117P00300000": (-1, None), "SPY": (100, Decimal(320))}
    (one,) = trades_of(ratio, LATER)
    assert (one.strategy, one.credit, len(one.legs)) == (UNASSIGNED, None, 2)


def test_a_one_one_two_is_made_again_with_its_hedge_and_its_naked_puts() -> None:
    held = {
        "SPY   200403P00315000": (1, Decimal("2.33")),
        "SPY   200403P00305000": (-1, Decimal("1.16")),
        "SPY   200403P00285000": (-2, Decimal("0.38")),
    }
    (one,) = trades_of(held, LATER)
    assert one.strategy == "one_one_two"
    assert {leg.key[-8:]: leg.role for leg in one.legs} == {
        "00315000": "hedge",
        "00305000": "hedge",
        "00285000": "naked",
    }
    assert one.credit == Decimal("-0.41")


def test_a_set_of_another_run_does_not_touch_this_book(tmp_path: Path) -> None:
    publish(tmp_path, make_set(date(2019, 12, 2), date(2019, 11, 29)))
    trade(tmp_path, parameters={"end": "2019-12-12", "deployment": "other"}, live=True)
    assert not (tmp_path / state_key("demo")).exists()
    assert (tmp_path / state_key("other")).exists()


def test_a_margin_call_ends_the_trade_that_it_closes(tmp_path: Path) -> None:
    publish(tmp_path, SET)
    first = trade(tmp_path, parameters={"end": "2019-12-20"}, live=True, stop_after=DAY)
    # The money is taken away over night: the engine closes both legs by itself.
    second = trade(
        tmp_path,
        parameters={"start": "2019-12-17", "end": "2019-12-20", "brokerage": "schwab"},
        live=True,
        holdings=holdings(first),
        cash=Decimal(2000),
        started_at=LATER,
    )
    assert second.error == ""
    orders = list(second.algorithm.transactions.orders.values())
    assert {order.tag for order in orders} == {"Margin Call"}
    lines = journal(tmp_path)
    assert {line["reason"] for line in of_kind(lines, "book_adjusted")} == {"margin_call"}
    (ended,) = of_kind(lines, "trade_ended")
    assert (ended["trade_id"], ended["ended_by"]) == (TRADE, "margin_call")
    assert of_kind(lines, "error") == []
