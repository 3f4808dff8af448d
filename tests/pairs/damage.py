"""What is put wrong in a statement on purpose, and what the key says of it.

Holds: the kinds of damage, where each may be done, and their entries in the key.
Belongs here: a fault that the statement itself proves. What no reader could tell is avoided, see `statement_maker`.
Never here: printing.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any, Literal

from tests.pairs.booking import BrokerLeg, Level, Row, printed
from tests.pairs.second_opinion import CENT, commissions

NEAR = dt.timedelta(seconds=170)
"""Fills of one contract and side closer than this may be taken for each other."""
Entry = dict[str, Any]
OVERCHARGES = ("commission_rate", "open_close_class", "duplicate")


class Damage:
    """Damages the legs of one statement; `key` says what was done."""

    def __init__(self, legs: list[BrokerLeg], level: Level, random: Random) -> None:
        self.legs, self.level, self.random = legs, level, random
        self.key: list[Entry] = []
        self.refunds: list[tuple[BrokerLeg, Decimal]] = []
        self._compositions = self._units()
        self._last: BrokerLeg | None = None

    def structural(self, names: list[str]) -> None:
        """Faults in what was filled."""
        known: dict[str, Callable[[], None]] = {
            "missing_at_broker": self._missing_at_broker,
            "price": self._price,
            "quantity": self._quantity,
            "missing_in_lean": self._missing_in_lean,
        }
        # Fills of the broker alone come last: they must not stand where a damaged fill could be meant.
        for name in sorted(names, key=list(known).index):
            known[name]()

    def charges(self, names: list[str]) -> None:
        """Faults in what was charged or booked; every row has its fees by now."""
        known: dict[str, Callable[[], None]] = {
            "commission_rate": self._commission_rate,
            "open_close_class": self._open_close_class,
            "duplicate": self._duplicate,
        }
        # A row is booked twice as it is, charges and all.
        for name in sorted(names, key=list(known).index):
            known[name]()

    def give_back(self) -> None:
        """Refunds of some overcharges, those that a refund can be told to belong to."""
        over = {id(leg): (leg, self._excess(leg)) for leg in self.legs if leg.causes & set(OVERCHARGES)}
        names = Counter((leg.session, leg.symbol[:6], excess) for leg, excess in over.values())
        for leg, excess in over.values():
            if excess <= 0 or names[leg.session, leg.symbol[:6], excess] > 1 or self.random.random() < 0.5:
                continue
            self.refunds.append((leg, excess))
            order = leg.lean.order if leg.lean is not None else None
            self.key.append({"cause": "account_adjustment", "lean_order": order, "amount": str(excess)})

    def _excess(self, leg: BrokerLeg) -> Decimal:
        """What the leg was charged beyond the broker's own rules, in printed cents."""
        due = deepcopy(leg)
        due.charge(self.level)
        paid, owed = (sum((row.commission for row in found.rows), Decimal(0)) for found in (leg, due))
        doubled = sum((row.commission + printed(row) for row in leg.doubled), Decimal(0))
        return paid - owed + doubled

    def correct(self, first: dt.date, last: dt.date) -> None:
        """A booking that is taken back and booked anew.

        Either the next export shows it differently (where both exports show the day), or a row reverses it: at once,
        or some time later.
        """
        legs = self._free("cancel_correct", "missing_at_broker", "missing_in_lean", "duplicate")
        silently = self.random.random() < 0.5
        leg = self._choose([leg for leg in legs if self._alone(leg) and (not silently or first <= leg.session <= last)])
        if leg is None or leg.lean is None:
            return
        row = self.random.choice(leg.rows)
        wrong = replace(row, price=row.price + 5 * CENT)
        leg.withdrawn.append(wrong)
        if silently:
            row.only_in, wrong.only_in = 1, 0
        else:
            later = dt.timedelta(seconds=self.random.choice((0, 0, 30, 900)))
            leg.withdrawn.append(replace(wrong, when=row.when + later, takes_back=True))
            row.when += later
        self._note(leg, "cancel_correct")

    def _missing_at_broker(self) -> None:
        leg = self._choose([leg for leg in self._free() if self._alone(leg)])
        if leg is not None:
            self._note(leg, "missing_at_broker")
            leg.rows = []

    def _price(self) -> None:
        # Price and quantity of a lone order: two fills as well as one.
        legs = [
            leg
            for leg in self._free("price")
            if self._alone(leg) and not ("quantity" in leg.causes and self._single(leg))
        ]
        leg = self._choose([leg for leg in legs if "missing_at_broker" not in leg.causes])
        if leg is None:
            return
        down = leg.rows[0].price > 5 * CENT and self.random.random() < 0.5
        step = CENT * self.random.choice((1, 1, 1, 2, 4)) * (-1 if down else 1)
        rows = leg.rows if self.random.random() < 0.7 else [self.random.choice(leg.rows)]
        for row in rows:
            row.price += step
        self._note(leg, "price")

    def _quantity(self) -> None:
        legs = [leg for leg in self._free("quantity", "missing_at_broker") if leg.quantity > 1 and self._alone(leg)]
        leg = self._choose([leg for leg in legs if not ("price" in leg.causes and self._single(leg))])
        if leg is None:
            return
        row = self.random.choice(leg.rows)
        if row.quantity == 1 and "price" in leg.causes:
            return  # the row that would go may be the mispriced one
        row.quantity -= 1
        leg.rows = [row for row in leg.rows if row.quantity]
        self._note(leg, "quantity")

    def _missing_in_lean(self) -> None:
        for _ in range(20):
            options = [leg for leg in self.legs if leg.lean is not None and leg.is_option]
            if not options:
                return
            model = self.random.choice(options)
            if model.lean is None:
                return
            near = self.random.random() < 0.4
            delay = self.random.randint(0, 60) if near else self.random.randint(300, 1500)
            when = model.lean.when + dt.timedelta(seconds=delay)
            price = max(model.lean.price + CENT * self.random.randint(-40, 40), CENT)
            quantity = Decimal(self.random.randint(1, 3))
            side: Literal["buy", "sell"] = model.side if near else self.random.choice(("buy", "sell"))
            clashes = [leg for leg in self.legs if self._clash(leg, model.symbol, side, when, price)]
            if clashes:
                continue
            number = str(84_990_001 + len(self.key) * 7)
            effect: Literal["open", "close"] = self.random.choice(("open", "open", "close"))
            manual = [BrokerLeg(None, number, model.symbol, model.session, side, effect, [Row(when, quantity, price)])]
            if self.random.random() < 0.3:
                manual.append(self._beside(manual[0], when))
            for leg in manual:
                self.legs.append(leg)
                self._note(leg, "missing_in_lean")
            return

    def _beside(self, leg: BrokerLeg, when: dt.datetime) -> BrokerLeg:
        """A second leg of an order placed by hand: the same contract at another strike, or shares against it."""
        side: Literal["buy", "sell"] = "buy" if leg.side == "sell" else "sell"
        if self.random.random() < 0.3:
            shares = Row(when, Decimal(100), Decimal("287.31"))
            return BrokerLeg(None, leg.number, leg.symbol[:6].strip(), leg.session, side, "open", [shares])
        symbol = f"{leg.symbol[:13]}{int(leg.symbol[13:]) + 7_500:08d}"
        row = Row(when, leg.rows[0].quantity, leg.rows[0].price + CENT)
        return BrokerLeg(None, leg.number, symbol, leg.session, side, leg.effect, [row])

    def _clash(self, leg: BrokerLeg, symbol: str, side: str, when: dt.datetime, price: Decimal) -> bool:
        if leg.symbol != symbol or leg.side != side:
            return False
        moments = [part[0] for part in leg.lean.parts] if leg.lean is not None else [leg.rows[0].when]
        if not min(moments) - NEAR <= when <= max(moments) + NEAR:
            return False
        # Beside a sound fill another one stands out; beside a damaged or an equal one it could be that one.
        own = leg.lean.price if leg.lean is not None else price
        return bool(leg.causes) or abs(own - price) < 4 * CENT or not self._alone(leg)

    def _commission_rate(self) -> None:
        legs = [
            leg for leg in self._charged() if leg.is_option and not {"commission_rate", "open_close_class"} & leg.causes
        ]
        leg = self._choose(legs)
        if leg is None:
            return
        rate = Decimal("0.50") if leg.effect == "close" or self.random.random() < 0.4 else Decimal("1.50")
        rows = list(leg.rows) if self.random.random() < 0.7 else [self.random.choice(leg.rows)]
        before = [row.commission for row in leg.rows]
        if len(rows) == len(leg.rows):
            charged = commissions([row.quantity for row in leg.rows], rate=rate, limit=leg.limit)
        else:
            charged = [rate * row.quantity if row is rows[0] else row.commission for row in leg.rows]
        other = commissions([row.quantity for row in leg.rows], rate=Decimal(leg.effect == "close"), limit=leg.limit)
        if sum(charged) in (sum(before), sum(other)):
            return  # the limit hides the rate, or it adds up to what the other class costs
        self._recharge(leg, charged, "commission_rate")

    def _open_close_class(self) -> None:
        legs = [
            leg for leg in self._charged() if leg.is_option and not {"commission_rate", "open_close_class"} & leg.causes
        ]
        leg = self._choose(legs)
        if leg is None:
            return
        rate = Decimal(1) if leg.effect == "close" else Decimal(0)
        charged = commissions([row.quantity for row in leg.rows], rate=rate, limit=leg.limit)
        one = self.random.choice(leg.rows)
        if self.random.random() < 0.3 and leg.quantity <= leg.limit:
            charged = [rate * row.quantity if row is one else row.commission for row in leg.rows]
        self._recharge(leg, charged, "open_close_class")

    def _recharge(self, leg: BrokerLeg, charged: list[Decimal], cause: str) -> None:
        for row, commission in zip(leg.rows, charged, strict=True):
            row.commission = commission
        self._note(leg, cause)

    def _duplicate(self) -> None:
        leg = self._choose(
            [leg for leg in self._charged() if not {"duplicate", "quantity"} & leg.causes and self._alone(leg)]
        )
        if leg is None:
            return
        row = self.random.choice(leg.rows)
        leg.doubled.append(Row(row.when, row.quantity, row.price, row.commission, row.fees))
        self._note(leg, "duplicate")

    def _note(self, leg: BrokerLeg, cause: str) -> None:
        leg.causes.add(cause)
        self._last = leg
        lean = leg.lean
        entry: Entry = {"cause": cause, "lean_order": None if lean is None else lean.order, "symbol": leg.symbol}
        if lean is None:
            entry |= {"broker_order": leg.number, "broker_quantity": str(leg.quantity)}
        self.key.append(entry)

    def _choose(self, legs: list[BrokerLeg]) -> BrokerLeg | None:
        """Any leg, but often one beside the last: damage likes company."""
        last = self._last
        if last is not None and legs and self.random.random() < 0.5:
            beside = [leg for leg in legs if leg is last or leg.unit == last.unit]
            beside = beside or [leg for leg in legs if leg.symbol == last.symbol]
            legs = beside or [leg for leg in legs if leg.session == last.session] or legs
        return self.random.choice(legs) if legs else None

    def _free(self, *causes: str) -> list[BrokerLeg]:
        """LEAN's legs without any of the causes; missing ones have nothing left to damage."""
        barred = {"missing_at_broker", *causes}
        return [leg for leg in self.legs if leg.lean is not None and not barred & leg.causes]

    def _charged(self) -> Iterator[BrokerLeg]:
        return (leg for leg in self.legs if leg.rows and "missing_in_lean" not in leg.causes and self._alone(leg))

    def _single(self, leg: BrokerLeg) -> bool:
        """An order of one leg, or the last one of its combo that the broker has."""
        return sum(bool(other.rows) for other in self.legs if other.unit == leg.unit) == 1

    def _alone(self, leg: BrokerLeg) -> bool:
        """No other order of the same contracts and sides filled at about the same time."""
        if leg.lean is None:
            return True
        mine = self._compositions[leg.unit]
        return not any(
            other.lean is not None
            and other.unit != leg.unit
            and (other.symbol, other.side) == (leg.symbol, leg.side)
            and abs(other.lean.when - leg.lean.when) <= NEAR
            and self._compositions[other.unit] == mine
            for other in self.legs
        )

    def _units(self) -> dict[object, Counter[tuple[str, str]]]:
        found: dict[object, Counter[tuple[str, str]]] = {}
        for leg in self.legs:
            found.setdefault(leg.unit, Counter())[leg.symbol, leg.side] += 1
        return found
