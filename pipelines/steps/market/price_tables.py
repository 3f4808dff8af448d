"""Rows of `records.daily_prices`.

Holds: comparing bars with the newest revision and inserting what differs as a further one.
Belongs here: the rule of revisions.
Never here: where bars come from.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from pipelines.parsing.prices.bars import PriceBar
from warehouse.frames import frame_schema
from warehouse.models.records.market import DailyPrice

if TYPE_CHECKING:
    from warehouse.session import WriteSession

DIRTY_DOMAIN = "correlations"
VALUES = ("open", "high", "low", "close", "adjusted_close", "volume")

_NEWEST = """
    SELECT symbol, session_date, revision AS known_revision,
           open AS known_open, high AS known_high, low AS known_low, close AS known_close,
           adjusted_close AS known_adjusted_close, volume AS known_volume
    FROM records.daily_prices
    WHERE source = ? AND list_contains(?::VARCHAR[], symbol)
    QUALIFY row_number() OVER (PARTITION BY symbol, session_date ORDER BY revision DESC) = 1
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """How many bars were new and how many corrected an earlier one, with the days of the latter."""

    new: int
    corrected: int
    corrected_days: tuple[dt.date, ...]


def store_bars(session: WriteSession, source: str, bars: Sequence[tuple[PriceBar, str | None]]) -> Stored:
    """Insert bars (each with the hash of its file) that are not there yet or differ from their newest revision.

    Revisions count from 1; what is there is never changed. Sessions that were corrected, or filled in before days that
    are labelled already, are marked dirty.
    """
    given = _frame(source, bars)
    symbols = given.get_column("symbol").unique().sort().to_list()
    known = session.frame(_NEWEST, [source, symbols])
    joined = given.join(known, on=["symbol", "session_date"], how="left", validate="1:1")
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"known_{name}")) for name in VALUES)
    changed = joined.filter(pl.col("known_revision").is_null() | ~same)
    rows = changed.with_columns(
        (pl.col("known_revision").fill_null(0) + 1).cast(frame_schema(DailyPrice)["revision"]).alias("revision"),
        pl.lit(session.now, dtype=frame_schema(DailyPrice)["known_at"]).alias("known_at"),
    ).select(list(frame_schema(DailyPrice)))
    session.insert(DailyPrice, rows)
    corrected = changed.filter(pl.col("known_revision").is_not_null())
    fresh: list[dt.date] = (
        changed.filter(pl.col("known_revision").is_null()).get_column("session_date").unique().to_list()
    )
    corrected_days: list[dt.date] = corrected.get_column("session_date").unique().sort().to_list()
    late = _labelled_already(session, fresh)
    if corrected_days or late:
        session.mark_dirty(DIRTY_DOMAIN, {*corrected_days, *late}, f"prices of {source} were corrected or came late")
    return Stored(changed.height - corrected.height, corrected.height, tuple(corrected_days))


def _frame(source: str, bars: Sequence[tuple[PriceBar, str | None]]) -> pl.DataFrame:
    schema = frame_schema(DailyPrice)
    columns: dict[str, list[object]] = {
        "source": [source] * len(bars),
        "symbol": [bar.symbol for bar, _ in bars],
        "session_date": [bar.session_date for bar, _ in bars],
        **{name: [getattr(bar, name) for bar, _ in bars] for name in VALUES},
        "sha256": [sha256 for _, sha256 in bars],
    }
    return pl.DataFrame(columns, schema={name: schema[name] for name in columns})


def _labelled_already(session: WriteSession, days: Sequence[dt.date]) -> list[dt.date]:
    newest = session.rows("SELECT max(session_date) FROM records.regime_days")[0][0]
    return [day for day in days if newest is not None and day <= newest]
