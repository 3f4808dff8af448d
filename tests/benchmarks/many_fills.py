"""A million fills of LEAN against a million rows of a broker: the two sides, as columns.

Holds: the generator, and the plain join that matching is compared with.
Belongs here: the input of the comparison in `fill_matching`.
Never here: measuring.

Orders have one to four legs; contracts are traded over and over within a session, at times the same one twice within two
minutes. Some fills of either side come in parts, and one leg in five hundred is damaged: it is missing, or its price or
quantity is another.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

SESSIONS: Final = 1_250
CONTRACTS: Final = 120
PARTIAL: Final = 0.13
"""The share of order legs that fill in parts: what a real account of six years shows."""
DAMAGED: Final = 0.002
_FIRST: Final = dt.date(2020, 1, 6)
_SESSION_SECONDS: Final = 23_400
_OPENING_SECONDS: Final = 52_200
_MONEY: Final = pl.Decimal(38, 18)
_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides under the columns of `pipelines.transforms.matching.fill_columns`."""

    lean: pl.DataFrame
    broker: pl.DataFrame


def made_up(fills: int, seed: int = 20261130) -> Sides:
    """About `fills` fills on each side, the same ones for the same seed."""
    chance = np.random.default_rng(seed)
    legs = int(fills / (1 + PARTIAL))
    sizes = chance.choice([1, 2, 4], size=legs, p=[0.5, 0.35, 0.15])
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), legs)) + 1]
    order = np.repeat(np.arange(len(sizes)), sizes)
    legs = len(order)
    sessions = max(min(SESSIONS, legs // 200), 1)
    session = np.sort(chance.integers(0, sessions, len(sizes)))[order]
    placed = (chance.integers(0, _SESSION_SECONDS, len(sizes)) // 60 * 60)[order]
    first = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    place = np.arange(legs) - first[order]
    contract = (chance.integers(0, CONTRACTS, len(sizes))[order] + 7 * place) % CONTRACTS
    quantity = chance.integers(1, 11, legs) * chance.choice([-1, 1], legs)
    cents = chance.integers(1, 900, legs)
    lean = _parts(chance, quantity)
    lean_columns = _frame(
        lean, session, contract, quantity=lean.quantity, cents=cents[lean.leg], seconds=placed[lean.leg]
    ).with_columns(
        run_id=pl.lit("run"),
        order_id=pl.Series(lean.leg + 1),
        group_id=pl.Series(np.where(sizes[order] > 1, order + 1, -1)[lean.leg]).replace(-1, None),
        reference=pl.format("run/{}/{}", pl.Series(lean.leg + 1), pl.int_range(pl.len())),
        broker_ids=pl.lit(None, pl.List(pl.String)),
        fee=pl.lit(None, _MONEY),
    )
    booked_quantity, booked_cents, kept = _damaged(chance, quantity, cents)
    rows = _parts(chance, booked_quantity)
    late = placed[rows.leg] + chance.integers(0, 41, len(rows.leg))
    broker_columns = _frame(
        rows, session, contract, quantity=rows.quantity, cents=booked_cents[rows.leg], seconds=late
    ).with_columns(
        order_number=pl.Series(84_000_000 + 7 * order[rows.leg]).cast(pl.String),
        row_id=pl.format("row-{}", pl.int_range(pl.len())),
        has_time=pl.lit(value=True),
    )
    return Sides(lean_columns, broker_columns.filter(pl.Series(kept[rows.leg])))


@dataclass(frozen=True, slots=True)
class _Parts:
    leg: _Ints
    quantity: _Ints


def _parts(chance: np.random.Generator, quantity: _Ints) -> _Parts:
    """Legs of two contracts and more, some of them in two parts."""
    split = (chance.random(len(quantity)) < PARTIAL * 10 / 9) & (np.abs(quantity) > 1)
    size = np.where(split, np.ceil(np.abs(quantity) / 2), np.abs(quantity)).astype(np.int64) * np.sign(quantity)
    leg = np.repeat(np.arange(len(quantity)), np.where(split, 2, 1))
    is_second = np.concatenate(([False], leg[1:] == leg[:-1]))
    return _Parts(leg, np.where(is_second, quantity[leg] - size[leg], size[leg]))


def _damaged(chance: np.random.Generator, quantity: _Ints, cents: _Ints) -> tuple[_Ints, _Ints, NDArray[np.bool_]]:
    fault = np.where(chance.random(len(quantity)) < DAMAGED, chance.integers(1, 4, len(quantity)), 0)
    return quantity + np.where(fault == 1, np.sign(quantity), 0), cents + 2 * (fault == 2), fault != 3


def _frame(
    parts: _Parts, session: _Ints, contract: _Ints, *, quantity: _Ints, cents: _Ints, seconds: _Ints
) -> pl.DataFrame:
    days = session[parts.leg] * 7 // 5
    start = int(dt.datetime.combine(_FIRST, dt.time(), dt.UTC).timestamp())
    moments = (start + days * 86_400 + _OPENING_SECONDS + seconds) * 1_000_000
    names = np.array([f"SPY   {200_000 + place:06d}P{100 + place:05d}000" for place in range(CONTRACTS)])
    occurred_at = pl.Series("occurred_at", moments).cast(pl.Datetime("us", "UTC"))
    return pl.DataFrame(
        {
            "instrument_key": pl.Series(names[contract[parts.leg]]),
            "occurred_at": occurred_at,
            "session_date": occurred_at.dt.date(),
            "quantity": pl.Series(quantity).cast(_MONEY),
            "price": pl.Series(cents).cast(pl.Decimal(38, 2)) / pl.Series([100]).cast(pl.Decimal(38, 2)),
        }
    ).with_columns(pl.col("price").cast(_MONEY))


def plain_join(sides: Sides) -> int:
    """The same rows joined by DuckDB on contract, session, side, price and time, and brought back; returns how many."""
    lean, broker = sides.lean, sides.broker
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("lean", lean)
        connection.register("broker", broker)
        found = connection.execute(
            "SELECT l.reference, b.row_id, l.quantity AS ours, b.quantity AS theirs FROM lean l JOIN broker b "
            "ON l.session_date = b.session_date AND l.instrument_key = b.instrument_key "
            "AND sign(l.quantity) = sign(b.quantity) AND abs(l.price - b.price) <= 0.005 "
            "AND b.occurred_at BETWEEN l.occurred_at - INTERVAL 120 SECONDS AND l.occurred_at + INTERVAL 120 SECONDS"
        ).pl()
    return found.height
