"""From closes to aligned daily returns.

Holds: laying prices of several symbols side by side, and the returns between the days that all of them have.
Belongs here: calendars and alignment.
Never here: reading prices, correlations.

A return is one observation a symbol a day, so a day on which any symbol has no price is no observation: the days are
joined first and returns are taken between the days that remain, never across calendars. Two markets with different
holidays thus give equally many returns over the same spans of time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomking.kernel.correlation_monitor import LONGEST_GAP_DAYS

LONG_SCHEMA = pl.Schema({"session_date": pl.Date, "symbol": pl.String, "price": pl.Float64})
"""Closes, one row a symbol and session; a missing price has no row or a null."""


@dataclass(frozen=True, slots=True)
class AlignedReturns:
    """Log returns of several symbols on the days all of them have.

    `rows[k]` belongs to `dates[k]`, the later of its two days; a row across a hole is all NaN. `left_out` counts the
    days that some symbol lacks.
    """

    symbols: tuple[str, ...]
    dates: tuple[dt.date, ...]
    rows: NDArray[np.float64]
    left_out: int

    def through(self, day: dt.date) -> AlignedReturns:
        """The same up to and including a day."""
        count = sum(date <= day for date in self.dates)
        return AlignedReturns(self.symbols, self.dates[:count], self.rows[:count], self.left_out)


def to_wide(prices: pl.DataFrame, symbols: Sequence[str]) -> pl.DataFrame:
    """Closes with one column a symbol, sorted by day; null where a symbol has none. Takes `LONG_SCHEMA`."""
    _check(prices)
    days = prices.select("session_date").unique().sort("session_date")
    for symbol in symbols:
        one = prices.filter(pl.col("symbol") == symbol).select("session_date", pl.col("price").alias(symbol))
        days = days.join(one, on="session_date", how="left", validate="1:1")
    return days.sort("session_date")


def to_long(wide: pl.DataFrame) -> pl.DataFrame:
    """The inverse of `to_wide`; missing prices get no row."""
    return (
        wide.unpivot(index="session_date", variable_name="symbol", value_name="price")
        .drop_nulls("price")
        .select(pl.col("session_date"), pl.col("symbol"), pl.col("price"))
        .sort("symbol", "session_date")
        .cast(LONG_SCHEMA)
    )


def aligned_returns(
    prices: pl.DataFrame, symbols: Sequence[str], *, longest_gap: int = LONGEST_GAP_DAYS
) -> AlignedReturns:
    """Log returns of `symbols` between the days on which all of them have a price.

    `prices` has `LONG_SCHEMA`, positive prices. Days that some symbol lacks are left out from the first to the last
    day on which any has a price, and counted. Raises ValueError for another schema or two prices of one day.
    """
    wide = to_wide(prices, symbols)
    whole = wide.drop_nulls()
    dates: list[dt.date] = whole.get_column("session_date").to_list()
    table = whole.select(symbols).to_numpy().astype(np.float64)
    if len(dates) < 2:
        return AlignedReturns(tuple(symbols), (), np.empty((0, len(symbols))), wide.height - whole.height)
    rows: NDArray[np.float64] = np.diff(np.log(table), axis=0)
    days = np.array(dates, dtype="datetime64[D]")
    rows[np.diff(days).astype(np.int64) > longest_gap] = np.nan
    return AlignedReturns(tuple(symbols), tuple(dates[1:]), rows, wide.height - whole.height)


def _check(prices: pl.DataFrame) -> None:
    if prices.schema != LONG_SCHEMA:
        raise ValueError(f"expected {LONG_SCHEMA}, got {prices.schema}")
    if prices.select(pl.struct("session_date", "symbol").is_duplicated().any()).item():
        raise ValueError("a symbol has two prices on one day")
