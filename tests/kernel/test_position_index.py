"""The indexes of positions against walking through all of them, after any sequence of events.

Holds: equality with the scan, order of answers, damage and rebuilding.
Belongs here: `tomking.kernel.position_index`.
Never here: the book of trades (tests/algorithm/test_book.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tomking.kernel.instruments import SymbolError, from_key
from tomking.kernel.occ import occ_text
from tomking.kernel.position_index import Component, PositionIndex

EXPIRIES = (date(2020, 3, 20), date(2020, 4, 17))
STRIKES = tuple(Decimal(text) for text in ("240", "242.5", "250"))
KEYS = (
    *(occ_text(root, day, right, strike) for root in ("SPX", "SPXW") for day in EXPIRIES for right in "PC" for strike in STRIKES),
    "./ESZ5 251111C6880",
    "SPY",
    "no key at all",
)  # fmt: skip
STRATEGIES, PRODUCTS, STATES = ("strangle", "lt112"), ("SPX", "SPY"), ("planned", "open", "closed")


@dataclass(frozen=True, slots=True)
class Leg:
    key: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Trade:
    id: str
    product: str
    strategy: str
    expiry: date
    state: str
    legs: tuple[Leg, ...]


legs = st.lists(st.builds(Leg, st.sampled_from(KEYS), st.integers(-3, 3)), max_size=4).map(tuple)


def walk(positions: list[Trade], **fields: object) -> list[Trade]:
    return [one for one in positions if all(getattr(one, name) == value for name, value in fields.items())]


def components(positions: list[Trade]) -> list[Component]:
    found = []
    for position in positions:
        for place, leg in enumerate(position.legs):
            try:
                what = from_key(leg.key)
                about = (what.underlying or what.root or what.key, what.strike, what.call_put, what.expiry)
            except SymbolError:
                about = (leg.key, None, None, None)
            found.append(Component(position.id, place, leg.key, leg.quantity, *about))
    return found


def there_is(machine: AgainstAScan, *states: str) -> bool:
    return any(trade.state in states for trade in machine.all)


class AgainstAScan(RuleBasedStateMachine):
    """`self.all` is the reference: every position in the order in which it came."""

    def __init__(self) -> None:
        super().__init__()
        self.index: PositionIndex[Trade] = PositionIndex()
        self.all: list[Trade] = []
        self.opened = 0

    def any_of(self, data: st.DataObject, *states: str) -> Trade:
        return data.draw(st.sampled_from([trade for trade in self.all if trade.state in states]))

    def change(self, trade: Trade, **fields: Any) -> None:
        changed = replace(trade, **fields)
        self.all[self.all.index(trade)] = changed
        self.index.put(changed)

    @rule(
        product=st.sampled_from(PRODUCTS),
        strategy=st.sampled_from(STRATEGIES),
        expiry=st.sampled_from(EXPIRIES),
        parts=legs,
    )
    def plan(self, product: str, strategy: str, expiry: date, parts: tuple[Leg, ...]) -> None:
        self.opened += 1
        trade = Trade(f"t{self.opened}", product, strategy, expiry, "planned", parts)
        self.all.append(trade)
        self.index.put(trade)

    @precondition(lambda self: there_is(self, "planned"))
    @rule(data=st.data())
    def fill(self, data: st.DataObject) -> None:
        self.change(self.any_of(data, "planned"), state="open")

    @precondition(lambda self: there_is(self, "open"))
    @rule(data=st.data(), parts=legs, expiry=st.sampled_from(EXPIRIES))
    def roll(self, data: st.DataObject, parts: tuple[Leg, ...], expiry: date) -> None:
        self.change(self.any_of(data, "open"), legs=parts, expiry=expiry)

    @precondition(lambda self: there_is(self, "open"))
    @rule(data=st.data())
    def assign(self, data: st.DataObject) -> None:
        trade = self.any_of(data, "open")
        self.change(trade, legs=(*trade.legs[1:], Leg("SPY", 100)))

    @precondition(lambda self: there_is(self, "planned", "open"))
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        self.change(self.any_of(data, "planned", "open"), state="closed")

    @precondition(lambda self: there_is(self, "planned", "open", "closed"))
    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        trade = self.any_of(data, *STATES)
        self.all.remove(trade)
        assert self.index.remove(trade.id) == trade
        assert self.index.remove(trade.id) is None

    @rule()
    def rebuild(self) -> None:
        before = self.index.checksum()
        self.index.rebuild()
        assert self.index.checksum() == before

    @invariant()
    def every_index_answers_as_the_scan(self) -> None:
        index, everything = self.index, self.all
        assert list(index.all()) == everything
        assert all(index.get(trade.id) == trade for trade in everything)
        for product in PRODUCTS:
            assert list(index.by_symbol(product)) == walk(everything, product=product)
        for expiry in EXPIRIES:
            assert list(index.by_expiry(expiry)) == walk(everything, expiry=expiry)
        for state in STATES:
            assert list(index.by_status(state)) == walk(everything, state=state)
        for strategy in STRATEGIES:
            assert list(index.by_strategy(strategy)) == walk(everything, strategy=strategy)
            for product in PRODUCTS:
                both = walk(everything, strategy=strategy, product=product)
                assert list(index.find(strategy, product)) == both
                assert list(index.find(strategy, product, "open")) == walk(both, state="open")

    @invariant()
    def every_component_is_found_by_contract_and_by_strike(self) -> None:
        parts = components(self.all)
        for key in KEYS:
            assert list(self.index.components_in(key)) == [part for part in parts if part.key == key]
            held = [trade for trade in self.all if any(leg.key == key for leg in trade.legs)]
            assert list(self.index.holding(key)) == held
        by_strike = sorted((part for part in parts if part.strike is not None), key=lambda part: part.strike or 0)
        for low, high, right, expiry in (
            (None, None, None, None),
            (STRIKES[1], STRIKES[1], None, None),
            (Decimal(241), None, "P", None),
            (None, Decimal(249), None, EXPIRIES[0]),
        ):
            found = self.index.components_between("SPX", low, high, call_put=right, expiry=expiry)
            assert list(found) == [
                part
                for part in by_strike
                if part.symbol == "SPX"
                and part.strike is not None
                and (low is None or part.strike >= low)
                and (high is None or part.strike <= high)
                and right in (None, part.call_put)
                and expiry in (None, part.expiry)
            ]

    @invariant()
    def it_is_intact(self) -> None:
        assert self.index.is_intact()


TestAgainstAScan = AgainstAScan.TestCase
TestAgainstAScan.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

PUT, CALL = (occ_text("SPX", EXPIRIES[0], right, STRIKES[0]) for right in "PC")
ONE = Trade("t1", "SPX", "strangle", EXPIRIES[0], "open", (Leg(PUT, -1), Leg(CALL, -1)))
TWO = replace(ONE, id="t2", strategy="lt112")


def test_a_position_that_is_closed_leaves_the_entry_of_its_old_status() -> None:
    index = PositionIndex([ONE, TWO])
    index.put(replace(ONE, state="closed"))
    assert index.by_status("open") == (TWO,)
    assert [trade.id for trade in index.by_status("closed")] == ["t1"]


def test_nothing_is_found_where_nothing_is() -> None:
    index: PositionIndex[Trade] = PositionIndex()
    assert not index.by_status("open")
    assert not index.all()
    assert not index.find("strangle", "SPX")
    assert not index.components_between("SPX")
    assert index.get("t1") is None
    assert index.is_intact()


def damages() -> dict[str, Callable[[PositionIndex[Trade]], object]]:
    return {
        "an entry is lost": lambda index: index._buckets.pop(("status", "open")),
        "a component is lost": lambda index: index._by_key.pop(PUT),
        "a strike is lost": lambda index: index._by_strike["SPX"].pop(),
        "strikes are out of order": lambda index: index._by_strike["SPX"].reverse(),
        "an old state is kept": lambda index: index._buckets[("status", "open")].put(0, replace(ONE, state="planned")),
        "an order is lost": lambda index: index._sequence.pop("t1"),
    }


@pytest.mark.parametrize("damage", damages().values(), ids=damages())
def test_a_damaged_index_is_detected_and_rebuilt(damage: Callable[[PositionIndex[Trade]], object]) -> None:
    index = PositionIndex([ONE, TWO])
    whole = index.checksum()
    damage(index)
    assert not index.is_intact()
    index.rebuild()
    assert index.is_intact()
    assert index.checksum() == whole
    assert index.all() == index.by_status("open") == (ONE, TWO)


@pytest.mark.parametrize("writes", range(12))
@pytest.mark.parametrize("kind", ["put", "remove"])
def test_a_change_that_was_cut_off_between_two_writes_is_mended_by_a_rebuild(
    writes: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is stopped after some of the writes of one change; the positions say what the indexes have to be."""
    index = PositionIndex([ONE, TWO])
    left = iter(range(writes))

    class Cut(BaseException):
        pass

    def counted(write: Callable[..., object]) -> Callable[..., object]:
        def one(*arguments: object) -> object:
            if next(left, None) is None:
                raise Cut
            return write(*arguments)

        return one

    bucket = type(index._buckets[("status", "open")])
    for name in ("put", "drop"):
        monkeypatch.setattr(bucket, name, counted(getattr(bucket, name)))
    changed = replace(ONE, state="closed", expiry=EXPIRIES[1])
    try:
        if kind == "put":
            index.put(changed)
        else:
            index.remove("t1")
    except Cut:
        monkeypatch.undo()
        assert writes == 0 or not index.is_intact()
        index.rebuild()
        assert index.all() in ((ONE, TWO), (changed, TWO))
    else:
        monkeypatch.undo()
        assert index.all() == ((changed, TWO) if kind == "put" else (TWO,))
    assert index.is_intact()
