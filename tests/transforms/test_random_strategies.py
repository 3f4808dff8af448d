"""Random runs whose trades are known come out with exactly the same orders per trade, without any tag."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.trades.strategy_trades import Trade, strategy_trades
from tests.transforms.test_trade_kinds import STRATEGIES
from tests.transforms.trade_maker import EXPIRY, SHARE, Legs, Maker, option, reversed_legs, times

LATER = EXPIRY + dt.timedelta(days=28)
SHAPES = [row for row in STRATEGIES if len(row[3]) > 1]


def placed(number: int, shape: list[tuple[str, int, int, int]], *, days: int = 0) -> Legs:
    """The strategy on strikes of its own, so that no two trades share a contract unless they share shares."""
    first = EXPIRY + dt.timedelta(days=days)
    months = sorted({month for _, _, month, _ in shape if month})
    legs = []
    for right, strike, month, ratio in shape:
        if right == "S":
            legs.append((SHARE, ratio))
        else:
            expiry = first + dt.timedelta(days=28 * months.index(month))
            legs.append((option(right, strike + 500 * number, expiry), ratio))
    return legs


class Play:
    """One trade of a random run, told step by step."""

    def __init__(self, make: Maker, number: int, data: st.DataObject) -> None:
        self.make, self.number, self.data = make, number, data
        self.shape = data.draw(st.sampled_from(SHAPES))[3]
        self.has_shares = any(right == "S" for right, *_ in self.shape)
        self.name = f"t{number}"
        self.legs = placed(number, self.shape)
        self.units = data.draw(st.integers(1, 4))

    def tell(self) -> None:
        self.open()
        if self.data.draw(st.booleans()):
            self.make.later(hours=1)
            self.make.combo(self.name, self.legs)
            self.units += 1
        if self.units > 1 and self.data.draw(st.booleans()):
            self.make.later(hours=1)
            self.close(1)
            self.units -= 1
        self.make.later(hours=self.data.draw(st.integers(1, 30)))
        self.end()
        self.make.later(hours=1)

    def open(self) -> None:
        legs = times(self.legs, self.units)
        way = self.data.draw(st.sampled_from(["combo", "at once", "legged in"]))
        if way == "combo":
            self.make.combo(self.name, legs)
        else:
            self.make.singles(self.name, legs, seconds=0 if way == "at once" else 20)

    def close(self, units: int) -> None:
        legs = reversed_legs(times(self.legs, units))
        way = self.data.draw(st.sampled_from(["combo", "at once", "leg by leg", "liquidated", "margin call"]))
        if way == "combo":
            self.make.combo(self.name, legs)
        elif way == "leg by leg":
            self.make.singles(self.name, legs, seconds=3600)
        else:
            tag = {"liquidated": "Liquidated", "margin call": "Margin Call"}.get(way)
            self.make.singles(self.name, legs, tag=tag)

    def end(self) -> None:
        ways = ["close", "leave"] if self.has_shares else ["close", "leave", "expire", "roll", "assign"]
        way = self.data.draw(st.sampled_from(ways))
        held = times(self.legs, self.units)
        if way == "close":
            self.close(self.units)
        elif way == "expire":
            self.make.expire(self.name, held)
        elif way == "roll":
            following = f"{self.name}-rolled"
            number = self.data.draw(st.sampled_from([0, 1]))
            new = times(placed(self.number + 100 * number, self.shape, days=3), self.units)
            self.make.roll(self.name, reversed_legs(held), following, new)
            self.make.later(hours=2)
            self.make.combo(following, reversed_legs(new))
        elif way == "assign":
            (contract, quantity), *others = held
            number = self.make.settle(self.name, contract, quantity)
            shares = next(
                fill.quantity for fill in self.make.fills if fill.order_id == number and fill.kind == "delivery"
            )
            self.make.singles(self.name, [(SHARE, -int(shares))])
            self.make.expire(self.name, others)


def parts(trades: list[Trade]) -> set[frozenset[int]]:
    """The orders of each trade, as the trades take of fills."""
    return {frozenset(fill.order_id for fill in trade.fills) for trade in trades}


@given(st.data())
def test_the_trades_of_a_random_run_are_found_without_tags(data: st.DataObject) -> None:
    make = Maker()
    has_shares = False
    for number in range(data.draw(st.integers(1, 5))):
        play = Play(make, number, data)
        if play.has_shares and has_shares:
            continue  # the shares of two trades are one position: whose are sold first is a convention
        has_shares = has_shares or play.has_shares
        play.tell()
    trades = strategy_trades(make.orders, make.fills)
    assert parts(trades) == make.known()


@given(st.data())
def test_every_fill_belongs_to_trades_and_its_fee_to_one(data: st.DataObject) -> None:
    make = Maker()
    contracts = [option("C", 300), option("P", 300), option("P", 290), SHARE]
    moves = st.tuples(st.sampled_from(contracts), st.integers(-3, 3).filter(bool), st.integers(0, 20), st.booleans())
    for contract, quantity, minutes, is_combo in data.draw(st.lists(moves, max_size=25)):
        make.later(minutes=minutes)
        legs = [(contract, quantity)]
        (make.combo if is_combo else make.singles)("any", legs)
    trades = strategy_trades(make.orders, make.fills)
    taken: dict[int, Decimal] = defaultdict(Decimal)
    paid: dict[int, int] = defaultdict(int)
    for trade in trades:
        for fill in trade.fills:
            taken[fill.event_id] += fill.quantity
            paid[fill.event_id] += fill.pays_fee
    assert taken == {fill.event_id: fill.quantity for fill in make.fills}
    assert set(paid.values()) <= {1}
    assert sum((trade.fees or Decimal(0) for trade in trades), Decimal(0)) == len(make.fills)


@given(st.data())
def test_what_all_trades_earned_is_what_the_account_earned(data: st.DataObject) -> None:
    make = Maker()
    for number in range(data.draw(st.integers(1, 4))):
        Play(make, number, data).tell()
    trades = strategy_trades(make.orders, make.fills)
    cash = sum((fill.cash or Decimal(0) for trade in trades for fill in trade.fills), Decimal(0))
    account = sum(
        (
            -fill.quantity * fill.price * (fill.contract.multiplier or 0)
            for fill in make.fills
            if fill.kind in ("trade", "delivery")
        ),
        Decimal(0),
    )
    assert cash == account
