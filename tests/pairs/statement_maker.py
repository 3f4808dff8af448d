"""Statements for recorded LEAN runs, written apart from everything under test, then damaged by a seed.

Holds: one statement in two overlapping exports with its key, in the form of the recorded pairs.
Belongs here: what makes a statement look like the broker's.
Never here: our parsers, fees or matching; expectations beyond the key.

What a statement cannot show, and is therefore never damaged here:

- Which of two orders of the same contracts, sides and time is the missing, mispriced, short or overcharged one: both
  readings explain every row. (Combos with different other legs can be told apart, and are damaged.)
- A fill of the broker's alone within three minutes of a damaged fill of the same contract and side, or at its price:
  it may just as well be that fill.
- Price and quantity of an order of one leg at once: two fills on one side each explain it as well as one that
  deviates twice.
- A quantity that is one less and a row that is booked twice in one leg: together they are what LEAN filled.
- A commission rate that the $10 limit hides, and two wrong commissions in one leg.
- Which of two equal overcharges of one underlying and day a refund gives back.
- A trade that the broker both names and charges by the other class: the statement agrees with itself, and LEAN's model
  may be the one that is wrong (orders through zero). It is told as a difference to the model, not as a break.
- An order at the end of a run that the exports do not reach.
- A share order over several sessions in 2018 and 2019: whether $5 were charged per order or per session is not known.
- A new level of the regulatory fee that fewer than five fills contradict: single fills may be mischarged.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.pairs.booking import BrokerLeg, Level, book
from tests.pairs.damage import Damage
from tests.pairs.lean_record import NEW_YORK, LeanLeg
from tests.pairs.second_opinion import SETTLEMENT, other_fees, scheduled_orf
from tests.pairs.statement_csv import (
    Line,
    delivery_line,
    money_line,
    removal_line,
    settlement_line,
    trade_line,
    write_export,
)

STRUCTURAL = ("missing_at_broker", "price", "quantity", "missing_in_lean")
CHARGES = ("commission_rate", "open_close_class", "duplicate")
_LEVELS = {
    "0.0388": ("0.0341", "0.0300", "0.0425", "0.0290"),
    "0.0360": ("0.0300", "0.0450"),
    "0.02": ("0.0240", "0.0290", "0.0135"),
}
_ZONES = (NEW_YORK, NEW_YORK, NEW_YORK, ZoneInfo("Europe/Berlin"))
"""Exports print the zone of whoever downloads them."""
_PROOF = 5
"""A new level is only passed on if so many rows show it."""


@dataclass(frozen=True)
class Statement:
    """The exports in order of time, and the key to what was put wrong."""

    paths: tuple[Path, ...]
    key: dict[str, Any]


def make_statement(legs: Sequence[LeanLeg], folder: Path, seed: int, *, damages: int | None = None) -> Statement:
    """Writes the exports of one account into `folder`; `damages` is how much is put wrong (None: by the seed)."""
    random = Random(seed)
    booked = book(legs, random)
    days = sorted({leg.session for leg in booked})
    level, change = _level(booked, days, random)
    wanted = random.choices(
        (*STRUCTURAL, *CHARGES), k=random.randint(0, max(4, len(booked) // 12)) if damages is None else damages
    )
    damage = Damage(booked, level, random)
    damage.structural([name for name in wanted if name in STRUCTURAL])
    for leg in damage.legs:
        leg.charge(level)
    damage.charges([name for name in wanted if name in CHARGES])
    damage.give_back()
    overlap = (days[len(days) * 2 // 5], days[len(days) * 3 // 5])
    if damages != 0:
        for _ in range(random.randint(0, 2)):
            damage.correct(*overlap)
    lines, adjustments = _lines(legs, damage, random)
    # An export runs to the end of a week, whether or not the broker booked the last orders.
    until = legs[-1].session + dt.timedelta(days=(5 - legs[-1].session.weekday()) % 7)
    paths = _exports(lines, overlap, until, folder, random)
    breaks = [*damage.key, *([change] if change is not None else [])]
    return Statement(paths, _key(legs, damage, breaks, adjustments))


def _level(booked: Sequence[BrokerLeg], days: Sequence[dt.date], random: Random) -> tuple[Level, dict[str, Any] | None]:
    """The level passed on, half of the time another one from a session in the middle on."""
    old = scheduled_orf(days[0])
    start = random.choice(days[len(days) // 4 : len(days) * 3 // 4] or days)
    new = Decimal(random.choice(_LEVELS[str(old)]))
    cent = Decimal("0.01")
    rows = [row.quantity for leg in booked if leg.is_option and leg.session >= start for row in leg.rows]
    proof = sum(round(new * quantity / cent) != round(old * quantity / cent) for quantity in rows)
    if random.random() < 0.5 or proof < 2 * _PROOF or start == days[0]:
        return lambda day: old, None
    change = {
        "cause": "pass_through_rate_change", "component": "orf", "from": start.isoformat(),
        "old": str(old), "new": str(new),
    }  # fmt: skip
    return lambda day: new if day >= start else old, change


def _lines(legs: Sequence[LeanLeg], damage: Damage, random: Random) -> tuple[list[Line], Decimal]:
    lines = [trade_line(leg, row) for leg in damage.legs for row in (*leg.standing, *leg.withdrawn)]
    lines += _events(legs, damage.legs, follows_broker=random.random() < 0.5, settled_after=random.choice((0, 0, 3)))
    first, last = min(line.day for line in lines), max(line.day for line in lines)
    lines.append(
        money_line(_moment(first - dt.timedelta(days=3), 9), "Deposit", "Wire Funds Received", Decimal(250_000))
    )
    for leg, amount in damage.refunds:
        when = _moment(leg.session + dt.timedelta(days=random.randint(1, 9)), 17) + dt.timedelta(seconds=len(lines))
        text = f"Fee Correction {leg.symbol[:6].strip()} {leg.session:%m/%d/%y}"
        lines.append(money_line(when, "Balance Adjustment", text, amount))
    booked = Decimal(0)
    saturday = first + dt.timedelta(days=(5 - first.weekday()) % 7)
    while saturday <= last + dt.timedelta(days=6):
        week = {line.day for line in lines if 0 < (saturday - line.day).days < 6 and line.cells[1] == "Trade"}
        if week:
            amount = Decimal(random.choice(("-0.01", "-0.01", "-0.02", "0.01", "-0.04")))
            when = _moment(saturday, 0) + dt.timedelta(minutes=11)
            lines.append(money_line(when, "Balance Adjustment", "Regulatory fee adjustment", amount))
            booked += amount
        saturday += dt.timedelta(days=7)
    return lines, booked


def _events(
    legs: Sequence[LeanLeg], booked: Sequence[BrokerLeg], *, follows_broker: bool, settled_after: int
) -> list[Line]:
    """What happens to positions; an expiry shows what the broker holds where its books are followed."""
    lines = []
    for leg in legs:
        if leg.kind == "trade":
            continue
        if leg.kind == "delivery":
            lines.append(delivery_line(leg, sum(delivery_fees(leg).values(), Decimal(0))))
            continue
        quantity = abs(leg.quantity)
        if follows_broker and leg.kind == "expiration":
            moved = [
                sum((row.quantity for row in other.standing), Decimal(0)) * (1 if other.side == "buy" else -1)
                for other in booked
                if other.symbol == leg.symbol and other.session <= leg.session
            ]
            held = sum(moved, Decimal(0))
            quantity = abs(held) if held * leg.quantity < 0 else Decimal(0)
        if quantity:
            lines.append(removal_line(leg, quantity))
        if leg.settled_at is not None:
            day = leg.session + dt.timedelta(days=settled_after)
            lines.append(settlement_line(leg, leg.settled_at, SETTLEMENT, day))
    return lines


def delivery_fees(leg: LeanLeg) -> dict[str, Decimal]:
    """The charges of delivered shares."""
    return other_fees(
        leg.session,
        option=False,
        sells=leg.side == "sell",
        quantity=abs(leg.quantity),
        price=leg.price,
        orf=Decimal(0),
        delivery=True,
    )


def _exports(
    lines: Sequence[Line], overlap: tuple[dt.date, dt.date], until: dt.date, folder: Path, random: Random
) -> tuple[Path, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    first, last = min(line.day for line in lines), max(until, *(line.day for line in lines))
    paths = []
    for place, (start, stop) in enumerate(((first, overlap[1]), (overlap[0], last))):
        mine = [line for line in lines if start <= line.day <= stop and line.only_in in (None, place)]
        path = folder / f"tastytrade_transactions_history_x5WX00000_{start:%y%m%d}_to_{stop:%y%m%d}.csv"
        path.write_text(
            write_export(mine, columns=random.choice((21, 21, 20)), zone=random.choice(_ZONES)), encoding="utf-8"
        )
        paths.append(path)
    return tuple(paths)


def _key(legs: Sequence[LeanLeg], damage: Damage, breaks: list[dict[str, Any]], adjustments: Decimal) -> dict[str, Any]:
    """In the form of the recorded keys."""
    orders: list[dict[str, Any]] = []
    for leg in damage.legs:
        rows = leg.standing
        if not rows:
            continue
        parts: dict[str, Decimal] = {"commission": sum((row.commission for row in rows), Decimal(0))}
        for row in rows:
            for name, amount in row.fees.items():
                parts[name] = parts.get(name, Decimal(0)) + amount
        orders.append(
            {
                "lean_order": leg.lean.order if leg.lean is not None else None,
                "broker_order": leg.number,
                "symbol": leg.symbol,
                "modelled": str(leg.lean.fee if leg.lean is not None else 0),
                "charged": str(sum(parts.values(), Decimal(0))),
                "components": {name: str(amount) for name, amount in parts.items()},
                "broker_fills": len(rows),
            }
        )
    delivered = [sum(delivery_fees(leg).values(), Decimal(0)) for leg in legs if leg.kind == "delivery"]
    delivered += [SETTLEMENT for leg in legs if leg.settled_at is not None]
    charged = sum((Decimal(order["charged"]) for order in orders), Decimal(0)) + sum(delivered, Decimal(0))
    return {
        "broker": "tastytrade",
        "breaks": breaks,
        "orders": orders,
        "charged_total": str(charged),
        "modelled_total": str(sum((leg.fee for leg in legs), Decimal(0))),
        "fills_in_lean": len(legs),
        "adjustments": str(adjustments),
    }


def _moment(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), NEW_YORK)
