"""The strangle on paper: entry calendar, choice of strikes, prices, exits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.algorithm.support import CALL, EXPIRY, PUT, clock, open_trade, values, view
from tomking.kernel.occ import occ_text
from tomking.kernel.option_chain import ChainRequest
from tomking.kernel.parameter_specs import ValueRefused
from tomking.kernel.sessions import is_session, next_session, sessions_between
from tomking.strategies.book import Book, Leg, Trade, Working
from tomking.strategies.intents import (
    AbandonTrade,
    CancelOrder,
    PassEntry,
    PlanTrade,
    ReportLate,
    SendOrder,
)
from tomking.strategies.market_view import Chain, ChainRow
from tomking.strategies.strangle import Strangle

RULES = Strangle.from_values(values())
NOON = clock("2020-01-14T12:00")


def chain(*rows: tuple[str, str, int, str]) -> list[ChainRow]:
    """Rows of (right, strike, days left on 2020-01-14, delta)."""
    found = []
    for right, strike, days, delta in rows:
        expiry = NOON.date() + timedelta(days=days)
        key = occ_text("SPY", expiry, right, Decimal(strike))
        found.append(ChainRow(key, Decimal(strike), right, expiry, Decimal(delta)))
    return found


def propose(rows: list[ChainRow]) -> PlanTrade | PassEntry:
    (found,) = RULES.propose(Chain(tuple(rows)), view(NOON), Book())
    assert isinstance(found, PlanTrade | PassEntry)
    return found


def planned(**changes: object) -> Trade:
    plan = Trade(
        "strangle-20200114-1", "strangle", "SPY", "planned", (Leg(PUT, -1), Leg(CALL, -1)), EXPIRY, NOON.date()
    )
    return replace(plan, **changes)  # type: ignore[arg-type]


def book_of(*trades: Trade) -> Book:
    return Book({one.id: one for one in trades})


def test_rules_come_from_the_parameters_and_refuse_a_text_out_of_bounds() -> None:
    rules = Strangle.from_values(values(target_share="0.25", exit_dte="10"))
    assert (rules.target_share, rules.exit_dte) == (Decimal("0.25"), 10)
    with pytest.raises(ValueRefused):
        Strangle.from_values(values(exit_dte="0"))


def test_the_second_tuesday_is_the_entry_day_of_a_month() -> None:
    days = [day for day in sessions_between(date(2020, 1, 1), date(2020, 3, 31)) if RULES.entry.is_day(day)]
    assert days == [date(2020, 1, 14), date(2020, 2, 11), date(2020, 3, 10)]
    weekly = Strangle.from_values(values(entry_week="0"))
    assert sum(weekly.entry.is_day(day) for day in sessions_between(date(2020, 1, 1), date(2020, 1, 31))) == 4


def test_the_chain_is_wanted_once_a_day_and_only_inside_the_window() -> None:
    wanted = ChainRequest("SPY", NOON.date(), date(2020, 2, 18), date(2020, 3, 9))
    assert RULES.chain_request(view(NOON), Book()) == wanted
    assert RULES.chain_request(view(NOON.replace(hour=10)), Book()) is None
    assert RULES.chain_request(view(NOON.replace(hour=15, minute=31)), Book()) is None
    assert RULES.chain_request(view(NOON, is_open=False), Book()) is None
    assert RULES.chain_request(view(NOON), Book(considered={"strangle:SPY": NOON.date()})) is None


def test_the_nearest_expiry_and_deltas_are_sold() -> None:
    rows = chain(
        ("P", "300", 45, "-0.15"),
        ("P", "290", 45, "-0.10"),
        ("C", "340", 45, "0.18"),
        ("C", "350", 45, "0.10"),
        ("P", "300", 38, "-0.16"),
        ("C", "340", 38, "0.16"),
    )
    plan = propose(rows)
    assert isinstance(plan, PlanTrade)
    assert plan.legs == (Leg(rows[0].key, -1), Leg(rows[2].key, -1))
    assert plan.expiry == EXPIRY


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (chain(), "no_chain"),
        (chain(("P", "300", 80, "-0.16"), ("C", "340", 80, "0.16")), "no_expiry"),
        (chain(("P", "300", 45, "-0.16")), "no_strike"),
        (chain(("P", "300", 45, "0"), ("C", "340", 45, "0.16")), "no_strike"),
        (chain(("P", "340", 45, "-0.16"), ("C", "340", 45, "0.16")), "strikes_crossed"),
    ],
)
def test_a_chain_without_a_fit_is_passed_with_its_reason(rows: list[ChainRow], reason: str) -> None:
    assert propose(rows) == PassEntry("strangle", "SPY", reason)


@given(st.randoms(use_true_random=False), st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_the_choice_does_not_depend_on_the_order_of_the_chain(random: object, deltas: list[int]) -> None:
    rows = []
    for place, delta in enumerate(deltas):
        rows += chain(
            ("P", str(250 + place), 42 + place % 5, f"-0.{delta:02d}"),
            ("C", str(330 + place), 42 + place % 5, f"0.{delta:02d}"),
        )
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert propose(rows) == propose(shuffled)


def test_an_opening_asks_the_mid_and_gives_way_to_a_step_beyond_the_bids_down_to_the_least_credit() -> None:
    prices = []
    for attempts in range(3):
        (order,) = RULES.manage(view(NOON), book_of(planned(attempts=attempts)))
        assert isinstance(order, SendOrder)
        prices.append(order.net)
    assert prices == [Decimal("-2.04"), Decimal("-1.99"), Decimal("-1.95")]
    strict = Strangle.from_values(values(min_credit="2"))
    (order,) = strict.manage(view(NOON), book_of(planned(attempts=3)))
    assert isinstance(order, SendOrder)
    assert order.net == Decimal("-2.00")


def test_an_opening_waits_for_quotes_and_is_given_up_for_too_little_credit() -> None:
    assert RULES.manage(view(NOON, put=None), book_of(planned())) == ()
    (intent,) = RULES.manage(view(NOON, put=("0.10", "0.12"), call=("0.10", "0.12")), book_of(planned()))
    assert intent == AbandonTrade("strangle-20200114-1", "credit_too_small")


def test_an_opening_is_given_up_after_its_window_and_after_its_attempts() -> None:
    late = view(NOON.replace(hour=15, minute=45))
    assert RULES.manage(late, book_of(planned())) == (AbandonTrade("strangle-20200114-1", "entry_window"),)
    tired = planned(attempts=RULES.pricing.reprice_attempts)
    assert RULES.manage(view(NOON), book_of(tired)) == (AbandonTrade("strangle-20200114-1", "attempts"),)


def test_a_resting_order_is_cancelled_after_its_time_and_at_the_end_of_the_window() -> None:
    sent = view(NOON).now
    resting = planned(working=Working("open", sent, Decimal("-2.04"), 1, (1, 2)))
    assert RULES.manage(view(NOON + timedelta(minutes=29)), book_of(resting)) == ()
    (intent,) = RULES.manage(view(NOON + timedelta(minutes=30)), book_of(resting))
    assert intent == CancelOrder("strangle-20200114-1", "re-price")
    (intent,) = RULES.manage(view(NOON.replace(hour=16), is_open=False), book_of(resting))
    assert intent == CancelOrder("strangle-20200114-1", "entry_window")


@pytest.mark.parametrize(
    ("bid", "reason"), [("0.49", "target"), ("0.48", "target"), ("0.50", None), ("2.97", None), ("2.99", "stop")]
)
def test_half_the_credit_or_twice_the_credit_lost_end_a_trade(bid: str, reason: str | None) -> None:
    ask = str(Decimal(bid) + Decimal("0.02"))
    seen = view(clock("2020-01-28T12:00"), put=(bid, ask), call=(bid, ask))
    assert RULES.exit_reason(open_trade("2.00"), seen) == reason


@given(st.dates(date(2020, 1, 15), date(2020, 2, 27)).filter(is_session))
def test_no_session_passes_on_which_the_next_one_would_be_below_the_exit_date(day: date) -> None:
    seen = view(datetime.combine(day, time(12)), put=("0.90", "0.94"), call=("0.90", "0.94"))
    due = RULES.exit_reason(open_trade("2.00"), seen) == "dte"
    assert due == ((EXPIRY - day).days <= 21 or (EXPIRY - next_session(day)).days < 21)


def test_a_closing_for_the_date_starts_at_the_offered_side_and_one_for_the_target_at_the_mid() -> None:
    due = view(clock("2020-02-07T12:00"), put=("0.90", "0.94"), call=("0.90", "0.94"))
    (order,) = RULES.manage(due, book_of(open_trade("2.00")))
    assert isinstance(order, SendOrder)
    assert (order.action, order.net) == ("close:dte", Decimal("1.93"))
    cheap = view(clock("2020-01-28T12:00"), put=("0.40", "0.44"), call=("0.40", "0.44"))
    (order,) = RULES.manage(cheap, book_of(open_trade("2.00")))
    assert isinstance(order, SendOrder)
    assert (order.action, order.net, order.legs) == ("close:target", Decimal("0.84"), ((PUT, 1), (CALL, 1)))


def test_a_trade_alive_below_the_exit_date_is_reported_and_still_being_closed() -> None:
    seen = view(clock("2020-02-10T12:00"))
    report, order = RULES.manage(seen, book_of(open_trade()))
    assert report == ReportLate("strangle-20200114-1", "alive_below_exit_dte")
    assert isinstance(order, SendOrder)


def test_nothing_is_sent_while_the_market_is_closed() -> None:
    shut = view(clock("2020-02-07T16:00"), put=("0.10", "0.12"), call=("0.10", "0.12"), is_open=False)
    assert RULES.manage(shut, book_of(open_trade("2.00"))) == ()


money = st.decimals("0.01", "60", places=2)
moments = st.datetimes(clock("2020-01-14T00:00"), clock("2020-02-27T00:00"))


@given(st.data())
def test_deciding_changes_nothing_and_repeats_itself(data: st.DataObject) -> None:
    bid, when, attempts = data.draw(money), data.draw(moments), data.draw(st.integers(0, 8))
    sides = (str(bid), str(bid + data.draw(money)))
    held = replace(open_trade(str(data.draw(money)), data.draw(st.integers(1, 5))), attempts=attempts)
    book = book_of(held, planned(id="strangle-20200114-2", attempts=attempts))
    before = dict(book.trades)
    seen = view(when, put=sides, call=sides, is_open=time(10) <= when.time() < time(16))
    first, second = RULES.manage(seen, book), RULES.manage(seen, book)
    assert first == second
    assert book.trades == before
    for intent in first:
        if isinstance(intent, SendOrder):
            assert intent.net != 0
            assert (intent.net < 0) == (intent.action == "open")
            assert all(amount % intent.units == 0 for _, amount in intent.legs)


def test_ages_of_quotes_are_given_in_seconds() -> None:
    seen = view(NOON)
    late = replace(seen, now=seen.now + timedelta(seconds=90))
    assert late.ages((PUT, "unknown")) == {PUT: Decimal("90.0")}
    assert seen.now.tzinfo is UTC
