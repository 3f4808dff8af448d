"""Statements of recorded pairs, changed at random without changing what was filled.

Holds: the changes, and how many fills are matched rightly after each.
Belongs here: what another export, clock or clerk would have printed for the same fills.
Never here: faults (`damage`), charges.

A row remembers the rows it came from. A pair of a fill and a row is right when it was a pair before the change, or when
the fill is equal to the right one in contract, side, quantity and price: such fills are told apart by nothing that the
statement still shows, and swapping them changes no figure.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Final

from pipelines.transforms.matching.fills import BrokerFill, LeanFill, Leg, average_price, total
from pipelines.transforms.matching.leg_matching import match_trades

CENT: Final = Decimal("0.01")
MOST_JITTER: Final = 30
"""Seconds by which the times of single rows are put off."""
MOST_SHIFT: Final = 45
"""Seconds by which the clock of a whole statement is put off."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The trades of an account: LEAN's fills, the rows as booked, and the pairs of fill and row that are right."""

    broker: str
    lean: tuple[LeanFill, ...]
    rows: tuple[BrokerFill, ...]
    pairs: frozenset[tuple[str, str]]


@dataclass(slots=True)
class Changed:
    """Rows after a change, and the booked rows each of them stands for."""

    rows: list[BrokerFill]
    origins: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, row_id: str) -> tuple[str, ...]:
        """The booked rows behind a row."""
        return self.origins.get(row_id, (row_id,))


Change = Callable[[Changed, Random], Changed]


def split(given: Changed, chance: Random) -> Changed:
    """Half of the rows of several units come in two or three parts, some seconds apart."""
    found = Changed([], dict(given.origins))
    for row in given.rows:
        units = int(abs(row.quantity))
        if units < 2 or row.quantity % 1 or chance.random() < 0.5:
            found.rows.append(row)
            continue
        cuts = sorted(chance.sample(range(1, units), min(chance.randint(1, 2), units - 1)))
        for place, (start, stop) in enumerate(zip((0, *cuts), (*cuts, units), strict=True)):
            later = dt.timedelta(seconds=chance.randint(0, 20) if row.has_time else 0)
            part = replace(
                row,
                row_id=f"{row.row_id}/{place}",
                quantity=Decimal(stop - start).copy_sign(row.quantity),
                occurred_at=row.occurred_at + later,
            )
            found.origins[part.row_id] = given.of(row.row_id)
            found.rows.append(part)
    return found


def shuffled(given: Changed, chance: Random) -> Changed:
    """The rows in another order, under ids that say nothing of it."""
    rows = chance.sample(given.rows, len(given.rows))
    found = Changed([], {})
    for row in rows:
        name = f"{chance.getrandbits(64):016x}"
        found.origins[name] = given.of(row.row_id)
        found.rows.append(replace(row, row_id=name))
    return found


def clock_shifted(given: Changed, chance: Random) -> Changed:
    """The clock of the whole statement is off."""
    by = dt.timedelta(seconds=chance.randint(-MOST_SHIFT, MOST_SHIFT))
    return Changed([_later(row, by) for row in given.rows], given.origins)


def an_hour_off(given: Changed, chance: Random) -> Changed:
    """The statement was printed in another zone, or on the other side of a change of daylight saving."""
    by = dt.timedelta(hours=chance.choice((-1, 1)))
    return Changed([_later(row, by) for row in given.rows], given.origins)


def jittered(given: Changed, chance: Random) -> Changed:
    """Every row is printed some seconds early or late."""
    rows = [_later(row, dt.timedelta(seconds=chance.randint(-MOST_JITTER, MOST_JITTER))) for row in given.rows]
    return Changed(rows, given.origins)


def to_the_minute(given: Changed, _: Random) -> Changed:
    """Times are printed without seconds."""
    return Changed([replace(row, occurred_at=row.occurred_at.replace(second=0)) for row in given.rows], given.origins)


def ids_lost(given: Changed, _: Random) -> Changed:
    """No order numbers and execution ids."""
    return Changed([_without_ids(row) for row in given.rows], given.origins)


def some_ids_lost(given: Changed, chance: Random) -> Changed:
    """Half of the rows have none."""
    return Changed([_without_ids(row) if chance.random() < 0.5 else row for row in given.rows], given.origins)


def merged(given: Changed, _: Random) -> Changed:
    """All rows of an order at one price are one row."""
    return _merged(given, lambda row: (row.order_number or row.row_id, row.price))


def averaged(given: Changed, _: Random) -> Changed:
    """All rows of an order are one row, at their average price."""
    return _merged(given, lambda row: row.order_number or row.row_id)


def cents_rounded(given: Changed, _: Random) -> Changed:
    """Prices are printed to the cent."""
    rows = [
        row if row.price is None else replace(row, price=row.price.quantize(CENT, ROUND_HALF_UP)) for row in given.rows
    ]
    return Changed(rows, given.origins)


def everything(given: Changed, chance: Random) -> Changed:
    """Most of it at once."""
    for change in (split, cents_rounded, jittered, some_ids_lost, shuffled):
        given = change(given, chance)
    return given


CHANGES: Final[Mapping[str, Change]] = {
    "split fills": split,
    "shuffled rows": shuffled,
    "clock off by up to 45 s": clock_shifted,
    "clock off by an hour": an_hour_off,
    "times off by up to 30 s": jittered,
    "times to the minute": to_the_minute,
    "order numbers lost": ids_lost,
    "half of them lost": some_ids_lost,
    "rows of a price merged": merged,
    "rows of an order averaged": averaged,
    "prices to the cent": cents_rounded,
    "most of it at once": everything,
}
"""By the name that is printed."""


def _later(row: BrokerFill, by: dt.timedelta) -> BrokerFill:
    return replace(row, occurred_at=row.occurred_at + by) if row.has_time else row


def _without_ids(row: BrokerFill) -> BrokerFill:
    return replace(row, order_number=None, execution_id=None)


def _merged(given: Changed, name: Callable[[BrokerFill], object]) -> Changed:
    together: defaultdict[object, list[BrokerFill]] = defaultdict(list)
    for row in given.rows:
        together[name(row), row.session_date, row.instrument_key, row.quantity > 0].append(row)
    found = Changed([], dict(given.origins))
    for rows in together.values():
        last = max(rows, key=lambda row: (row.occurred_at, row.row_id))
        one = replace(last, quantity=total(row.quantity for row in rows), price=_printed(average_price(rows)))
        found.origins[one.row_id] = tuple(origin for row in rows for origin in given.of(row.row_id))
        found.rows.append(one)
    return found


def _printed(price: Decimal | None) -> Decimal | None:
    return None if price is None else price.quantize(Decimal("0.0001"), ROUND_HALF_UP)


# --- judging -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Tally:
    """Pairs of a fill and a booked row: how many were made, how many are right, how many there are."""

    made: int = 0
    right: int = 0
    there: int = 0

    @property
    def precision(self) -> float:
        """The share of right ones among those made."""
        return self.right / self.made if self.made else 1.0

    @property
    def recall(self) -> float:
        """The share of those found among those that are there."""
        return self.right / self.there if self.there else 1.0

    def add(self, other: Tally) -> None:
        """Counts another statement in."""
        self.made, self.right, self.there = (
            self.made + other.made,
            self.right + other.right,
            self.there + other.there,
        )


def pairs_of(legs: Iterable[Leg], changed: Changed | None = None) -> set[tuple[str, str]]:
    """Fills and booked rows that stand in one leg."""
    found: set[tuple[str, str]] = set()
    for leg in legs:
        for fill in leg.lean:
            for row in leg.rows:
                names = (row.row_id,) if changed is None else changed.of(row.row_id)
                found.update((fill.reference, name) for name in names)
    return found


def judged(statement: Statement, change: Change, seed: int) -> Tally:
    """The pairs of a statement after one change."""
    chance = Random(seed)
    changed = change(Changed(list(statement.rows)), chance)
    kinds = _kinds(statement.lean)
    # A pair counts by the kind of its fill: equal fills may be swapped.
    wanted = {(kinds[fill], row) for fill, row in statement.pairs}
    found = {(kinds[fill], row) for fill, row in pairs_of(match_trades(statement.lean, changed.rows), changed)}
    return Tally(len(found), len(found & wanted), len(wanted))


def _kinds(fills: Sequence[LeanFill]) -> dict[str, tuple[object, ...]]:
    by_order: defaultdict[tuple[object, ...], list[LeanFill]] = defaultdict(list)
    for fill in fills:
        by_order[fill.run_id, fill.order_id, fill.instrument_key, fill.session_date].append(fill)
    return {
        fill.reference: (
            fill.instrument_key,
            fill.session_date,
            total(part.quantity for part in parts),
            average_price(parts),
        )
        for parts in by_order.values()
        for fill in parts
    }
