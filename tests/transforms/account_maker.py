"""An invented account: fills as LEAN had them, and what a broker would have booked for them.

Holds: a maker of both sides with the broker's own fee rules, and the faults that can be put into the broker's side.
Belongs here: what tests of matching, explanation and reconciliation share.
Never here: assertions.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pipelines.transforms.fees.explanation import Terms
from pipelines.transforms.matching.fills import BrokerFill, LeanFill
from pipelines.transforms.reconciliation import AccountInput
from pipelines.transforms.statements.adjustments import AccountRow
from pipelines.transforms.statements.coverage import Coverage, Trading
from pipelines.transforms.statements.day_totals import ChargedRow
from tomking.kernel.fees import FeeFill, FeeSchedule, schedule_for
from tomking.kernel.money import Rounding

PRINTED = Rounding("half_up", 2)
SCHEDULE = schedule_for("tastytrade")
DAY = dt.date(2020, 1, 6)
PRICES = 900
OPENING = dt.datetime(2020, 1, 6, 14, 30, tzinfo=dt.UTC)
CONTRACTS = tuple(f"SPY   200221{side}{strike:05d}000" for side in "CP" for strike in (300, 310, 320))
TERMS = {key: Terms("equity_option", Decimal(100), "SPY") for key in CONTRACTS}


@dataclass(slots=True)
class Account:
    """Both sides; faults change `broker`."""

    lean: list[LeanFill] = field(default_factory=list)
    broker: list[BrokerFill] = field(default_factory=list)
    account_rows: list[AccountRow] = field(default_factory=list)
    schedule: FeeSchedule = SCHEDULE

    def rows_of(self, fill: LeanFill) -> list[BrokerFill]:
        """The broker's rows of a fill."""
        return [row for row in self.broker if row.row_id.startswith(f"{fill.reference}|")]

    def change(self, fill: LeanFill, how: Callable[[Sequence[BrokerFill]], Iterable[BrokerFill]]) -> None:
        """Replaces the broker's rows of a fill."""
        mine = self.rows_of(fill)
        self.broker = [row for row in self.broker if row not in mine] + list(how(mine))

    def given(self, schedule: FeeSchedule = SCHEDULE) -> AccountInput:
        """As the reconciliation takes it."""
        span = (OPENING - dt.timedelta(days=400), OPENING + dt.timedelta(days=400))
        runs = [Trading(run, *span) for run in sorted({fill.run_id for fill in self.lean})]
        return AccountInput(
            account="main",
            lean=self.lean,
            broker=self.broker,
            account_rows=self.account_rows,
            charged_rows=[
                ChargedRow(row.row_id, row.session_date, (row.commission or Decimal(0)) + row.fees, None, "none")
                for row in self.broker
            ],
            terms=TERMS,
            underlyings=dict.fromkeys(TERMS, "SPY"),
            schedule=schedule,
            coverage=Coverage((span,)),
            runs=runs,
        )


def make_account(
    chance: random.Random, orders: int, *, step: Callable[[], dt.timedelta], schedule: FeeSchedule = SCHEDULE
) -> Account:
    """An account with as many orders, a step of time before each; every position opened is closed by a later order."""
    account, moment, order_id = Account(schedule=schedule), OPENING, 0
    position: dict[str, Decimal] = dict.fromkeys(CONTRACTS, Decimal(0))
    for number in range(1, orders + 1):
        moment += step()
        legs = chance.sample(CONTRACTS, chance.choice((1, 1, 2, 2, 3)))
        number_text = str(84_000_000 + 7 * number)
        for key in legs:
            order_id += 1
            held = position[key]
            quantity = -held if held else Decimal(chance.choice((-1, 1)) * chance.choice((1, 2, 2, 3, 12)))
            fill = LeanFill(
                reference=f"run/{order_id:05d}",
                run_id="run",
                order_id=order_id,
                instrument_key=key,
                leg_class="trade",
                occurred_at=moment,
                session_date=moment.date(),
                quantity=quantity,
                price=Decimal(chance.randint(1, PRICES)) / 100,
                fee=Decimal(0) if held else abs(quantity),
                group_id=number if len(legs) > 1 else None,
                broker_ids=(str(order_id),),
            )
            position[key] = held + quantity
            account.lean.append(fill)
            account.broker.extend(
                booked(fill, number_text, chance, effect="close" if held else "open", schedule=schedule)
            )
    return account


def booked(
    fill: LeanFill, order_number: str, chance: random.Random, *, effect: str, schedule: FeeSchedule = SCHEDULE
) -> list[BrokerFill]:
    """The rows a broker prints for a fill: up to half a minute later, at times in two parts, charged by the schedule."""
    size = abs(fill.quantity)
    parts = [size]
    if size > 1 and chance.random() < 0.4:
        first = Decimal(chance.randint(1, int(size) - 1))
        parts = [first, size - first]
    sign = 1 if fill.quantity > 0 else -1
    moments = sorted(fill.occurred_at + dt.timedelta(seconds=chance.randint(0, 30)) for _ in parts)
    rows = [
        BrokerFill(
            row_id=f"{fill.reference}|{place}",
            instrument_key=fill.instrument_key,
            leg_class="trade",
            occurred_at=moment,
            session_date=fill.session_date,
            quantity=part * sign,
            price=fill.price,
            commission=None,
            fees=Decimal(0),
            effect="open" if effect == "open" else "close",
            order_number=order_number,
        )
        for place, (part, moment) in enumerate(zip(parts, moments, strict=True))
    ]
    return charge(rows, schedule)


def charge(rows: Sequence[BrokerFill], schedule: FeeSchedule = SCHEDULE) -> list[BrokerFill]:
    """The rows with commission and fees as the schedule and the printing give them."""
    if not rows:
        return []
    fees = schedule.fees_for_leg([fee_fill(row) for row in rows])
    return [
        replace(
            row,
            commission=found.amount("commission"),
            fees=PRINTED.apply(found.total - found.amount("commission")),
        )
        for row, found in zip(rows, fees, strict=True)
    ]


def fee_fill(row: BrokerFill) -> FeeFill:
    """The row as the fee schedule takes it."""
    terms = TERMS[row.instrument_key]
    return FeeFill(
        product=terms.product,
        side="buy" if row.quantity > 0 else "sell",
        effect=row.effect,
        quantity=abs(row.quantity),
        price=row.price or Decimal(0),
        multiplier=terms.multiplier,
        session_date=row.session_date,
        root=terms.root,
    )
