"""Stop and start again in the middle of a trade: same trade, same clock, no order twice."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.algorithm.support import STARTED, journal, make_set, of_kind, publish, trade
from tests.lean_double.engine import Run
from tests.lean_double.names import OrderStatus
from tomking.kernel.attribution import Parts, TradeAttribution
from tomking.kernel.attribution_document import dump_attribution
from tomking.kernel.contracts import attribution_key, state_key
from tomking.strategies.book import Book

SET = make_set(date(2019, 12, 2), date(2019, 11, 29))
TRADE = "strangle-20191210-1"
LATER = STARTED + timedelta(hours=1)


def filled(run: Run) -> list[tuple[str, str, float, float]]:
    """(time, contract, quantity, price) of every fill."""
    return [
        (event.utc_time.isoformat(), event.symbol.value, event.fill_quantity, event.fill_price)
        for event in run.algorithm.transactions.events
        if event.status == OrderStatus.FILLED
    ]


def holdings(run: Run) -> dict[str, tuple[Decimal, Decimal]]:
    return {
        one.symbol.value: (one.holdings.exact_quantity, one.holdings.average_price)
        for one in run.algorithm.portfolio.held()
    }


def go_on(store: Path, first: Run, day: str, **changes: tuple[Decimal, Decimal] | None) -> Run:
    """A second process from `day`, with what the first one held; `changes` alter a holding (None: gone)."""
    held = {**holdings(first), **changes}
    kept = {key: value for key, value in held.items() if value is not None}
    cash = first.algorithm.portfolio.cash
    parameters = {"start": day, "end": "2020-01-10"}
    return trade(store, parameters=parameters, live=True, holdings=kept, cash=cash, started_at=LATER)


def test_a_restart_goes_on_with_the_trade_as_if_nothing_had_been(tmp_path: Path) -> None:
    publish(tmp_path / "a", SET)
    publish(tmp_path / "b", SET)
    whole = trade(tmp_path / "a", parameters={"end": "2020-01-10"}, live=True)
    first = trade(tmp_path / "b", parameters={"end": "2020-01-10"}, live=True, stop_after=date(2019, 12, 16))
    second = go_on(tmp_path / "b", first, "2019-12-17")
    assert len(filled(whole)) == 4
    assert filled(first) + filled(second) == filled(whole)
    lines = journal(tmp_path / "b")
    assert [line["trades"] for line in of_kind(lines, "book_restored")] == [1]
    assert {line["trade_id"] for line in of_kind(lines, "order_sent")} == {TRADE}
    (ended,) = of_kind(lines, "trade_ended")
    assert (ended["trade_id"], ended["ended_by"], ended["credit"]) == (TRADE, "closed", "272.00")


def test_a_restart_between_order_and_fill_sends_no_second_opening(tmp_path: Path) -> None:
    publish(tmp_path, SET)
    first = trade(tmp_path, parameters={"end": "2019-12-20"}, live=True, stop_after=date(2019, 12, 16))
    path = tmp_path / state_key("demo")
    state = json.loads(path.read_text())
    (one,) = state["trades"]
    # As if the process had died after the order was sent and before its fill was seen.
    one |= {"state": "planned", "credit": None, "opened_at": None}
    one["working"] = {
        "action": "open",
        "sent_at": "2019-12-10T19:00:00+00:00",
        "limit": "-2.66",
        "attempt": 3,
        "order_ids": [5, 6],
    }
    # The hash tells of every change; a book changed on purpose has none.
    del state["sha256"]
    path.write_text(json.dumps(state))
    second = go_on(tmp_path, first, "2019-12-17")
    tags = {order.tag for order in second.algorithm.transactions.orders.values()}
    assert tags == {f"tk1|strangle|{TRADE}|close:dte"}
    reasons = {line["reason"] for line in of_kind(journal(tmp_path), "book_adjusted")}
    assert reasons == {"filled_unseen"}
    (ended,) = of_kind(journal(tmp_path), "trade_ended")
    assert ended["credit"] == "266.00"


def test_a_lost_opening_order_is_not_taken_for_a_position(tmp_path: Path) -> None:
    publish(tmp_path, SET)
    first = trade(tmp_path, parameters={"end": "2019-12-20"}, live=True, stop_after=date(2019, 12, 16))
    second = trade(
        tmp_path,
        parameters={"start": "2019-12-17", "end": "2019-12-20"},
        live=True,
        started_at=LATER,
        holdings={},
        cash=first.algorithm.portfolio.cash,
    )
    assert second.algorithm.transactions.orders == {}
    (ended,) = of_kind(journal(tmp_path), "trade_ended")
    assert ended["ended_by"] == "closed"
    assert "profit_loss" not in ended


def test_a_leg_that_is_gone_is_not_closed_again(tmp_path: Path) -> None:
    publish(tmp_path, SET)
    first = trade(tmp_path, parameters={"end": "2019-12-20"}, live=True, stop_after=date(2019, 12, 16))
    gone = next(key for key in holdings(first) if "P00" in key)
    kept = next(key for key in holdings(first) if "C00" in key)
    second = go_on(tmp_path, first, "2019-12-17", **{gone: None})
    orders = [order for order in second.algorithm.transactions.orders.values() if order.status == OrderStatus.FILLED]
    assert [(order.symbol.value, int(order.quantity)) for order in orders] == [(kept, 1)]
    (line,) = of_kind(journal(tmp_path), "book_adjusted")
    assert (line["symbol"], line["book"], line["portfolio"]) == (gone, "-1", "0")


def test_more_held_than_booked_is_reported_and_left_alone(tmp_path: Path) -> None:
    publish(tmp_path, SET)
    first = trade(tmp_path, parameters={"end": "2019-12-20"}, live=True, stop_after=date(2019, 12, 16))
    put = next(key for key in holdings(first) if "P00" in key)
    second = go_on(tmp_path, first, "2019-12-17", **{put: (Decimal(-3), Decimal("1.59"))})
    assert {line["reason"] for line in of_kind(journal(tmp_path), "book_adjusted")} == {"more_held_than_booked"}
    assert holdings(second)[put][0] == Decimal(-2)


def test_a_damaged_book_is_reported_and_not_used(tmp_path: Path) -> None:
    publish(tmp_path, SET)
    path = tmp_path / state_key("demo")
    path.parent.mkdir(parents=True)
    path.write_text('{"schema":1,"tra')
    run = trade(tmp_path, parameters={"end": "2019-12-06"}, live=True)
    assert run.error == ""
    (error,) = of_kind(journal(tmp_path), "error")
    assert error["where"] == state_key("demo")


def test_indexes_that_were_damaged_in_a_run_are_reported_and_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intact, sessions = Book.is_intact, iter(range(1000))

    def damaged_once(book: Book) -> bool:
        if next(sessions) == 10:
            assert book.trades
            book._held.clear()
        return intact(book)

    monkeypatch.setattr(Book, "is_intact", damaged_once)
    publish(tmp_path / "a", SET)
    run = trade(tmp_path / "a", parameters={"end": "2020-01-10"})
    (error,) = [line for line in of_kind(journal(tmp_path / "a"), "error") if line.get("where") == "book"]
    assert str(error["time"]).startswith("2019-12-1")
    assert len(filled(run)) == 4


def attributed(store: Path) -> list[tuple[object, ...]]:
    """Trade, session and every part of each line of attribution."""
    parts = ("profit_loss", "theta", "delta", "gamma", "vega", "fees", "slippage", "residual")
    lines = of_kind(journal(store), "attribution")
    return [tuple(line[name] for name in ("trade_id", "session_date", *parts)) for line in lines]


def test_the_day_of_a_restart_is_attributed_as_if_nothing_had_been(tmp_path: Path) -> None:
    publish(tmp_path / "a", SET)
    publish(tmp_path / "b", SET)
    trade(tmp_path / "a", parameters={"end": "2020-01-10"}, live=True)
    first = trade(tmp_path / "b", parameters={"end": "2020-01-10"}, live=True, stop_after=date(2019, 12, 16))
    go_on(tmp_path / "b", first, "2019-12-17")
    assert attributed(tmp_path / "a") == attributed(tmp_path / "b")
    assert "2019-12-17" in {line[1] for line in attributed(tmp_path / "b")}


def test_a_damaged_attribution_is_named_and_the_account_begins_anew(tmp_path: Path) -> None:
    publish(tmp_path, SET)
    first = trade(tmp_path, parameters={"end": "2020-01-10"}, live=True, stop_after=date(2019, 12, 16))
    path = tmp_path / attribution_key("demo")
    path.write_bytes(path.read_bytes()[:-20])
    second = go_on(tmp_path, first, "2019-12-17")
    assert second.error == ""
    (error,) = of_kind(journal(tmp_path), "error")
    assert error["where"] == attribution_key("demo")
    whole = {line[1]: line[2] for line in attributed(tmp_path)}
    assert Decimal(str(whole["2019-12-17"])) == 0
    assert Decimal(str(whole["2019-12-18"])) != 0


def test_what_a_trade_brought_before_a_kill_is_written_after_it(tmp_path: Path) -> None:
    """The last document from before the closing session's end: closed trades with parts that no line has yet."""
    publish(tmp_path, SET)
    whole = trade(tmp_path, parameters={"end": "2020-01-10"}, live=True)
    assert whole.error == ""
    stored = TradeAttribution(Decimal(100), {}, {}, Parts(fees=Decimal("-1.50")))
    (tmp_path / attribution_key("demo")).write_bytes(dump_attribution({TRADE: ("strangle", stored)}))
    trade(tmp_path, parameters={"start": "2020-01-13", "end": "2020-01-13"}, live=True, started_at=LATER)
    late = [line for line in attributed(tmp_path) if str(line[1]) >= "2020-01-13"]
    assert [(line[0], line[1], line[2]) for line in late] == [(TRADE, "2020-01-13", "-1.500000")]
