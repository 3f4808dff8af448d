"""The option-chain cache: what is served, how old, and what happens when it cannot be.

Holds: life time, windows, events, failures, counters, and that nothing depends on the cache being there.
Belongs here: `tomking.kernel.chain_cache`, `option_chain`, `market_events`, `cache_counters`.
Never here: LEAN's chains.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.cache_counters import MISSES
from tomking.kernel.chain_cache import ChainCache
from tomking.kernel.market_events import (
    ExpiryListed,
    MarketEvent,
    MarketWatch,
    OrderFilled,
    SessionClosed,
    SessionOpened,
    SharesSplit,
    TradingHalted,
    UnderlyingMoved,
    VixJumped,
)
from tomking.kernel.option_chain import ChainRequest, OptionChain
from tomking.kernel.parameters import default_values

DAY = date(2020, 3, 16)
START = datetime(2020, 3, 16, 14, tzinfo=UTC)
TTL = timedelta(minutes=5)
EXPIRIES = (date(2020, 3, 20), date(2020, 4, 17), date(2020, 5, 15))
STRIKES = tuple(Decimal(strike) for strike in range(230, 271, 10))


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    strike: Decimal
    call_put: str
    expiry: date


def rows_of(root: str) -> tuple[Row, ...]:
    return tuple(
        Row(f"{root} {expiry} {call_put} {strike}", strike, call_put, expiry)
        for strike in STRIKES
        for call_put in "PC"
        for expiry in EXPIRIES
    )


@dataclass
class Engine:
    """Reads chains out of a listing, counts, and fails when told to."""

    fails: bool = False
    listed: dict[str, tuple[Row, ...]] = field(
        default_factory=lambda: {root: rows_of(root) for root in ("SPY", "SPX", "SPXW")}
    )
    calls: list[ChainRequest] = field(default_factory=list)

    def read(self, request: ChainRequest) -> Iterable[Row]:
        self.calls.append(request)
        if self.fails:
            raise RuntimeError("no universe file")
        return (row for row in self.listed[request.root] if OptionChain((row,)).select(request))


BYTES_A_ROW = 700
"""More than a row with its key and two decimals takes: 100 chains of 2,900 contracts stay under 200 MB."""


def cache(capacity: int = 100, **settings: bool) -> ChainCache[Row]:
    return ChainCache(TTL, capacity, **settings)


WHOLE = ChainRequest("SPY", DAY)
APRIL = ChainRequest("SPY", DAY, expiry_from=EXPIRIES[1], expiry_until=EXPIRIES[1])
APRIL_PUTS = ChainRequest(
    "SPY", DAY, EXPIRIES[1], EXPIRIES[1], strike_from=Decimal(240), strike_until=Decimal(250), call_put="P"
)

bounds = st.none() | st.sampled_from([*EXPIRIES, date(2020, 4, 1)])
strikes = st.none() | st.sampled_from([*STRIKES, Decimal("244.5")])
requests = st.builds(
    ChainRequest,
    root=st.sampled_from(["SPY", "SPX", "SPXW"]),
    day=st.just(DAY),
    expiry_from=bounds,
    expiry_until=bounds,
    strike_from=strikes,
    strike_until=strikes,
    call_put=st.sampled_from([None, "C", "P"]),
)
rows = st.builds(Row, st.uuids().map(str), st.sampled_from(STRIKES), st.sampled_from("CP"), st.sampled_from(EXPIRIES))


def inside(row: Row, request: ChainRequest) -> bool:
    return (
        (request.expiry_from is None or row.expiry >= request.expiry_from)
        and (request.expiry_until is None or row.expiry <= request.expiry_until)
        and (request.strike_from is None or row.strike >= request.strike_from)
        and (request.strike_until is None or row.strike <= request.strike_until)
        and request.call_put in (None, row.call_put)
    )


@given(st.lists(rows, max_size=30), requests)
def test_a_part_of_a_chain_is_every_row_inside_the_windows(found: list[Row], request: ChainRequest) -> None:
    chain = OptionChain(found)
    assert list(chain.select(request)) == [row for row in chain.rows if inside(row, request)]
    assert sorted(chain.rows, key=lambda row: row.key) == sorted(found, key=lambda row: row.key)


@given(requests, requests, st.lists(rows, max_size=10))
def test_what_a_request_covers_is_inside_it(wide: ChainRequest, narrow: ChainRequest, found: list[Row]) -> None:
    if wide.covers(narrow):
        assert wide.root == narrow.root
        assert all(inside(row, wide) for row in found if inside(row, narrow))
    assert wide.covers(wide)
    assert wide.whole().covers(wide)


def test_a_chain_is_read_once_and_served_until_it_is_five_minutes_old() -> None:
    engine, chains = Engine(), cache()
    first = chains.get(WHOLE, START, engine.read)
    again = chains.get(WHOLE, START + TTL - timedelta(seconds=1), engine.read)
    assert (first.source, again.source) == ("read", "cached")
    assert first.rows == again.rows == OptionChain(rows_of("SPY")).rows
    assert again.age == TTL - timedelta(seconds=1)
    assert again.read_at == START
    assert chains.get(WHOLE, START + TTL, engine.read).source == "read"
    assert len(engine.calls) == 2


def test_an_expired_chain_leaves_the_size_without_being_asked_for() -> None:
    chains = cache()
    chains.get(WHOLE, START, Engine().read)
    assert chains.size(START + TTL - timedelta(seconds=1)) == 1
    assert chains.size(START + TTL) == 0


def test_a_narrower_request_is_served_out_of_a_wider_one_and_never_the_reverse() -> None:
    engine, chains = Engine(), cache()
    chains.get(APRIL, START, engine.read)
    narrow = chains.get(APRIL_PUTS, START, engine.read)
    assert narrow.source == "filtered"
    assert [row.strike for row in narrow.rows or ()] == [240, 250]
    assert chains.get(WHOLE, START, engine.read).source == "read"
    assert [counts.misses for _, kind, counts in chains.counters.by_day_and_kind() if kind == "whole"] == [{"wider": 1}]
    assert engine.calls == [APRIL, WHOLE]


def test_where_only_whole_chains_can_be_read_every_window_is_cut_out_of_one_reading() -> None:
    engine, chains = Engine(), cache(reads_whole=True)
    first = chains.get(APRIL_PUTS, START, engine.read)
    assert first.source == "read"
    assert chains.get(APRIL, START, engine.read).source == "filtered"
    assert chains.get(WHOLE, START, engine.read).source == "cached"
    assert engine.calls == [WHOLE]
    assert [row.strike for row in first.rows or ()] == [240, 250]


def test_another_session_is_another_chain() -> None:
    engine, chains = Engine(), cache()
    chains.get(WHOLE, START, engine.read)
    chains.get(WHOLE.on(date(2020, 3, 17)), START, engine.read)
    assert len(engine.calls) == 2


@pytest.mark.parametrize("root", ["SPX", "SPXW"])
def test_roots_that_begin_alike_are_invalidated_apart(root: str) -> None:
    engine, chains = Engine(), cache()
    both = [ChainRequest(name, DAY) for name in ("SPX", "SPXW")]
    for request in both:
        chains.get(request, START, engine.read)
    assert chains.on_event(UnderlyingMoved(root, Decimal(100), Decimal(102)), START) == 1
    sources = {request.root: chains.get(request, START, engine.read).source for request in both}
    assert sources == {"SPX": "cached", "SPXW": "cached"} | {root: "read"}


EVENTS: tuple[MarketEvent, ...] = (
    UnderlyingMoved("SPY", Decimal(250), Decimal(255)),
    VixJumped(Decimal(40), Decimal(60)),
    TradingHalted("SPY"),
    TradingHalted(None),
    SessionOpened("SPY", DAY),
    SessionClosed("SPY", DAY),
    SharesSplit("SPY", Decimal(2)),
    ExpiryListed("SPY", date(2020, 6, 19)),
    OrderFilled("SPY"),
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_after_an_event_the_chain_is_read_anew(event: MarketEvent) -> None:
    engine, chains = Engine(), cache()
    chains.get(WHOLE, START, engine.read)
    assert chains.on_event(event, START) == 1
    assert chains.size(START) == 0
    engine.listed["SPY"] = engine.listed["SPY"][:3]
    assert chains.get(WHOLE, START, engine.read).rows == OptionChain(engine.listed["SPY"]).rows
    [counts] = [counts for _, _, counts in chains.counters.by_day_and_kind()]
    assert counts.misses == {"first_touch": 1, "invalidated": 1}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_after_an_event_a_failing_provider_gives_the_last_good_chain_only_where_the_listing_still_holds(
    event: MarketEvent,
) -> None:
    engine, chains = Engine(), cache()
    chains.get(WHOLE, START, engine.read)
    chains.on_event(event, START)
    engine.fails = True
    answer = chains.get(WHOLE, START, engine.read)
    assert answer.source == ("none" if event.relists else "last_good")
    assert (answer.rows is None) is event.relists


def test_a_failure_gives_the_last_good_chain_marked_stale_with_its_age_or_nothing() -> None:
    engine, chains = Engine(), cache()
    engine.fails = True
    none = chains.get(WHOLE, START, engine.read)
    assert (none.rows, none.source, none.age) == (None, "none", None)
    assert none.failure == "RuntimeError: no universe file"
    engine.fails = False
    good = chains.get(WHOLE, START, engine.read)
    engine.fails = True
    stale = chains.get(APRIL, START + 2 * TTL, engine.read)
    assert stale.is_stale
    assert stale.age == 2 * TTL
    assert list(stale.rows or ()) == [row for row in good.rows or () if row.expiry == EXPIRIES[1]]
    assert chains.get(WHOLE.on(date(2020, 3, 17)), START + 2 * TTL, engine.read).rows is None
    total = chains.counters.total()
    assert (total.failures, total.stale_served, total.provider_calls) == (3, 1, 4)


def test_no_contracts_is_an_answer_and_no_answer_is_none() -> None:
    chains = cache()
    empty = chains.get(WHOLE, START, lambda _: [])
    assert (empty.rows, empty.source) == ((), "read")
    assert chains.get(WHOLE, START, lambda _: None).rows == ()
    missing = chains.get(ChainRequest("SPX", DAY), START, lambda _: None)
    assert (missing.rows, missing.failure) == (None, "the provider has no answer")


def test_a_provider_that_fails_half_way_has_given_nothing() -> None:
    def half(_: ChainRequest) -> Iterable[Row]:
        yield rows_of("SPY")[0]
        raise OSError("disk")

    assert cache().get(WHOLE, START, half).rows is None


def test_every_kind_of_miss_is_told_apart_by_kind_of_key_and_day() -> None:
    engine, chains = Engine(), cache(capacity=1)
    chains.get(APRIL, START, engine.read)
    chains.get(WHOLE, START, engine.read)
    chains.get(ChainRequest("SPX", DAY), START, engine.read)
    chains.get(WHOLE, START, engine.read)
    chains.get(WHOLE, START + TTL, engine.read)
    chains.on_event(OrderFilled("SPY"), START + TTL)
    chains.get(WHOLE, START + TTL, engine.read)
    chains.get(WHOLE, START + TTL, engine.read)
    table = {kind: counts for _, kind, counts in chains.counters.by_day_and_kind()}
    assert table["expiry"].misses == {"first_touch": 1}
    assert table["expiry"].evictions == 1
    whole = table["whole"]
    assert whole.misses == {"wider": 1, "first_touch": 1, "evicted": 1, "expired": 1, "invalidated": 1}
    assert set(whole.misses) == set(MISSES)
    assert (whole.hits, whole.requests, whole.provider_calls) == (1, 6, 5)
    assert whole.hit_rate == pytest.approx(1 / 6)
    assert chains.counters.take(before=date(2020, 3, 17))
    assert chains.counters.total().hit_rate is None


steps = st.lists(
    st.tuples(
        st.integers(0, 200),
        requests,
        st.none()
        | st.sampled_from([SharesSplit("SPY", Decimal(2)), OrderFilled("SPX"), VixJumped(Decimal(1), Decimal(2))]),
    ),
    max_size=25,
)


@given(steps, st.integers(1, 3), st.booleans())
def test_with_the_cache_off_every_answer_is_the_same(
    taken: list[tuple[int, ChainRequest, MarketEvent | None]], capacity: int, whole: bool
) -> None:
    engine, now = Engine(), START
    on, off = cache(capacity, reads_whole=whole), cache(capacity, enabled=False, reads_whole=whole)
    for seconds, request, event in taken:
        now += timedelta(seconds=seconds)
        if event is not None:
            if isinstance(event, SharesSplit):
                engine.listed["SPY"] = engine.listed["SPY"][1:]
            for chains in (on, off):
                chains.on_event(event, now)
        assert on.get(request, now, engine.read).rows == off.get(request, now, engine.read).rows
        assert max(on.held, off.held) <= capacity
    assert off.counters.total().hits == 0
    assert off.counters.total().provider_calls == len(taken)


def test_life_time_and_capacity_come_from_the_parameters() -> None:
    values = default_values() | {"caches.chain_ttl_seconds": "60", "caches.chain_entries": "1"}
    engine, chains = Engine(), ChainCache[Row].from_values(values)
    chains.get(WHOLE, START, engine.read)
    assert chains.size(START + timedelta(seconds=59)) == 1
    assert chains.size(START + timedelta(seconds=60)) == 0
    chains.get(WHOLE, START + timedelta(seconds=60), engine.read)
    chains.get(ChainRequest("SPX", DAY), START + timedelta(seconds=60), engine.read)
    assert chains.held == 1


def test_the_watch_reports_a_move_from_any_price_that_a_chain_may_have_been_read_at() -> None:
    watch = MarketWatch.from_values(default_values() | {"caches.underlying_move": "0.01", "caches.vix_jump": "0.10"})
    assert [watch.price("SPY", Decimal(price)) for price in ("250", "252", "252.5", "250")] == [None] * 4
    assert watch.price("SPY", Decimal("249.97")) == UnderlyingMoved("SPY", Decimal("252.5"), Decimal("249.97"))
    assert watch.price("SPY", Decimal("252.4")) is None
    assert watch.price("SPX", Decimal("2500")) is None
    assert watch.vix(Decimal(40)) is None
    assert watch.vix(Decimal(44)) is None
    assert watch.vix(Decimal("44.1")) == VixJumped(Decimal(40), Decimal("44.1"))


@given(st.lists(st.decimals("1", "1000", places=2), min_size=2, max_size=30))
def test_no_price_since_the_last_event_is_further_off_than_the_threshold(prices: list[Decimal]) -> None:
    watch, share, since = MarketWatch(Decimal("0.05"), Decimal("0.1")), Decimal("0.05"), list[Decimal]()
    for price in prices:
        since = [*since, price] if watch.price("SPY", price) is None else [price]
        assert all(abs(price - before) <= share * before for before in since)


def test_the_watch_reports_openings_and_closings_once() -> None:
    watch, next_day = MarketWatch(Decimal("0.01"), Decimal("0.1")), date(2020, 3, 17)
    assert watch.session("SPY", DAY, is_open=False) is None
    assert watch.session("SPY", DAY, is_open=True) == SessionOpened("SPY", DAY)
    assert watch.session("SPY", DAY, is_open=True) is None
    assert watch.session("SPY", next_day, is_open=True) == SessionOpened("SPY", next_day)
    assert watch.session("SPY", next_day, is_open=False) == SessionClosed("SPY", next_day)
    assert watch.session("SPY", DAY, is_open=False) is None


def test_what_the_cache_takes_does_not_grow_over_sixty_days() -> None:
    size, chains = 300, cache(capacity=8)
    after: dict[int, int] = {}
    tracemalloc.start()
    try:
        for number in range(60):
            day, now = DAY + timedelta(days=number), START + timedelta(days=number)
            for root in range(12):
                listed = [Row(f"R{root}  {day} {place}", Decimal(place), "P", EXPIRIES[0]) for place in range(size)]
                chains.get(ChainRequest(f"R{root}", day), now, lambda _, made=listed: made)  # type: ignore[misc]
                assert chains.held <= 8
            after[number] = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert after[59] < 1.1 * after[4]
    assert after[59] < 8 * size * BYTES_A_ROW


def test_a_new_session_lets_go_of_what_earlier_ones_left() -> None:
    engine, chains = Engine(), cache()
    for root in ("SPY", "SPX"):
        chains.get(ChainRequest(root, DAY), START, engine.read)
    later = START + timedelta(days=1)
    assert chains.held == 2
    chains.get(WHOLE.on(date(2020, 3, 17)), later, engine.read)
    assert chains.held == 1
