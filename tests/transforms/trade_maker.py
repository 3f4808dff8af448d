"""Runs made of trades that are known: what a tester needs to judge the joining of legs.

Holds: contracts, a market of one underlying, and a maker that writes orders and fills while it notes which trade each is
of.
Belongs here: a way in which trades are opened, changed or ended.
Never here: the rules under test.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.transforms.trades.kinds import Contract
from pipelines.transforms.trades.strategy_trades import TradedFill, TradedOrder

EXPIRY = dt.date(2020, 3, 20)
START = dt.datetime(2020, 2, 3, 15, tzinfo=dt.UTC)
SHARE = Contract("SPY", "equity", multiplier=Decimal(1))
FUTURE = Contract("/ESH0", "future", dt.date(2020, 3, 20), multiplier=Decimal(50))

Legs = Sequence[tuple[Contract, int]]


def option(right: str, strike: int, expiry: dt.date = EXPIRY) -> Contract:
    key = f"SPY   {expiry:%y%m%d}{right}{strike * 1000:08d}"
    return Contract(key, "option", expiry, right, Decimal(strike), Decimal(100), "SPY")


@dataclass
class Maker:
    """Writes a run. Every method returns the numbers of its orders; `truth` keeps the trade of each order."""

    run_id: str = "run"
    now: dt.datetime = START
    orders: list[TradedOrder] = field(default_factory=list)
    fills: list[TradedFill] = field(default_factory=list)
    truth: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _groups: int = 0

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.now += dt.timedelta(**span)

    def combo(self, trade: str | Sequence[str], legs: Legs, *, tag: str | None = None) -> list[int]:
        """All legs as one combo."""
        self._groups += 1
        return [self._order(trade, contract, quantity, group=self._groups, tag=tag) for contract, quantity in legs]

    def roll(self, old: str, closes: Legs, new: str, opens: Legs, *, tag: str | None = None) -> list[int]:
        """One combo that ends a trade and opens the next."""
        self._groups += 1
        return [
            self._order(trade, contract, quantity, group=self._groups, tag=tag)
            for trade, legs in ((old, closes), (new, opens))
            for contract, quantity in legs
        ]

    def singles(
        self, trade: str | Sequence[str], legs: Legs, *, tag: str | None = None, seconds: float = 0
    ) -> list[int]:
        """Leg by leg, so many seconds apart."""
        made = []
        for number, (contract, quantity) in enumerate(legs):
            if number:
                self.later(seconds=seconds)
            made.append(self._order(trade, contract, quantity, group=None, tag=tag))
        return made

    def expire(self, trade: str | Sequence[str], legs: Legs) -> list[int]:
        """The held legs end worthless; `legs` as held."""
        return [self._order(trade, contract, -held, kind="expiry", price="0") for contract, held in legs]

    def settle(
        self, trade: str | Sequence[str], contract: Contract, held: int, *, shares: Contract | None = SHARE
    ) -> int:
        """An option in the money is exercised or assigned, against shares or (None) cash."""
        kind = "assignment" if held < 0 else "exercise"
        number = self._order(trade, contract, -held, kind=kind, price="0", delivers=shares is not None)
        if shares is not None:
            sign = 1 if contract.call_put == "C" else -1
            lot = int(contract.multiplier or 1) if contract.security_type == "option" else 1
            assert contract.strike is not None
            self._fill(number, shares, sign * held * lot, kind="delivery", price=str(contract.strike))
        return number

    def _order(
        self,
        trade: str | Sequence[str],
        contract: Contract,
        quantity: int,
        *,
        group: int | None = None,
        tag: str | None = None,
        **more: object,
    ) -> int:
        number = len(self.orders) + 1
        self.orders.append(TradedOrder(number, group, tag, self.run_id, Decimal(quantity)))
        for name in [trade] if isinstance(trade, str) else trade:
            self.truth[name].add(number)
        self._fill(number, contract, quantity, **more)  # type: ignore[arg-type]
        return number

    def _fill(
        self, number: int, contract: Contract, quantity: int, *, kind: str = "trade", price: str = "2", **more: object
    ) -> None:
        fee = Decimal(1) if kind == "trade" else None
        self.fills.append(
            TradedFill(
                order_id=number,
                occurred_at=self.now,
                session_date=self.now.date(),
                kind=kind,
                contract=contract,
                quantity=Decimal(quantity),
                price=Decimal(price),
                fee=fee,
                fee_currency="USD" if fee is not None else None,
                run_id=self.run_id,
                event_id=len(self.fills) + 1,
                **more,  # type: ignore[arg-type]
            )
        )

    def known(self) -> set[frozenset[int]]:
        """The order ids of each trade."""
        return {frozenset(ids) for ids in self.truth.values()}


def reversed_legs(legs: Iterable[tuple[Contract, int]]) -> list[tuple[Contract, int]]:
    """The legs that close these."""
    return [(contract, -quantity) for contract, quantity in legs]


def times(legs: Iterable[tuple[Contract, int]], number: int) -> list[tuple[Contract, int]]:
    """The legs so many times."""
    return [(contract, quantity * number) for contract, quantity in legs]
