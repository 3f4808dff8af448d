"""Fills of both sides as columns.

Holds: the columns that matching needs of a fill, made from fills, and their exact whole numbers.
Belongs here: going from rows to columns without losing a digit.
Never here: deciding which fills are one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.transforms.matching.fills import BrokerFill, LeanFill

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
_MONEY: Final = pl.Decimal(38, 18)
_TIME: Final = pl.Datetime("us", "UTC")
_PLACES: Final = 8
"""Decimals kept in whole numbers; a fill with more is left to exact arithmetic on itself."""
LARGEST: Final = 2**62

_SHARED: Final = {
    "instrument_key": pl.String(),
    "session_date": pl.Date(),
    "occurred_at": _TIME,
    "quantity": _MONEY,
    "price": _MONEY,
}
LEAN_COLUMNS: Final[Mapping[str, pl.DataType]] = {
    **_SHARED,
    "reference": pl.String(),
    "run_id": pl.String(),
    "order_id": pl.Int64(),
    "group_id": pl.Int64(),
    "broker_ids": pl.List(pl.String),
}
"""Of a fill of LEAN; `broker_ids` are null where the order has no number but its own."""
BROKER_COLUMNS: Final[Mapping[str, pl.DataType]] = {
    **_SHARED,
    "row_id": pl.String(),
    "order_number": pl.String(),
    "has_time": pl.Boolean(),
}
"""Of a row of a statement."""


class TooWide(ValueError):
    """Numbers that do not fit into the columns; the fills themselves have to be compared."""


def lean_columns(fills: Sequence[LeanFill]) -> pl.DataFrame:
    """The columns of LEAN's fills, in their order. Raises TooWide."""
    foreign = [foreign_ids(fill) or None for fill in fills]
    return _frame(
        fills,
        LEAN_COLUMNS,
        {
            "reference": [fill.reference for fill in fills],
            "run_id": [fill.run_id for fill in fills],
            "order_id": [fill.order_id for fill in fills],
            "group_id": [fill.group_id for fill in fills],
            "broker_ids": foreign,
        },
    )


def broker_columns(fills: Sequence[BrokerFill]) -> pl.DataFrame:
    """The columns of a statement's rows, in their order. Raises TooWide."""
    return _frame(
        fills,
        BROKER_COLUMNS,
        {
            "row_id": [fill.row_id for fill in fills],
            "order_number": [fill.order_number for fill in fills],
            "has_time": [fill.has_time for fill in fills],
        },
    )


def foreign_ids(fill: LeanFill) -> list[str]:
    """The broker's numbers of an order; backtests and paper runs write the order's own number there."""
    own = str(fill.order_id)
    return [number for number in fill.broker_ids if number != own]


def _frame(
    fills: Sequence[LeanFill] | Sequence[BrokerFill],
    schema: Mapping[str, pl.DataType],
    own: Mapping[str, object],
) -> pl.DataFrame:
    shared: dict[str, object] = {
        "instrument_key": [fill.instrument_key for fill in fills],
        "session_date": [fill.session_date for fill in fills],
        "occurred_at": [fill.occurred_at for fill in fills],
        "quantity": [fill.quantity for fill in fills],
        "price": [fill.price for fill in fills],
    }
    try:
        return pl.DataFrame(shared | dict(own), schema=dict(schema))
    except (pl.exceptions.PolarsError, OverflowError, TypeError, ValueError) as error:
        raise TooWide(str(error)) from error


@dataclass(frozen=True, slots=True)
class Whole:
    """A column of decimals as whole numbers of 1e-8, and where it is exactly that."""

    numbers: Ints
    exact: Flags


def whole(column: pl.Series) -> Whole:
    """The column in units of 1e-8; null is 0 and not exact."""
    scaled = column.cast(pl.Decimal(38, _PLACES))
    exact = (scaled.cast(_MONEY) == column).fill_null(value=False)
    numbers = scaled.to_physical().cast(pl.Int64, strict=False)
    exact &= numbers.is_not_null()
    return Whole(numbers.fill_null(0).to_numpy(), exact.to_numpy())


def whole_of(number: Decimal) -> int:
    """A number in the same units, rounded towards zero."""
    return int(number.scaleb(_PLACES))


def microseconds(span: dt.timedelta) -> int:
    """A span of time in the units of `occurred_at`."""
    return span // dt.timedelta(microseconds=1)


def packed(*columns: Ints) -> Ints:
    """One number for each combination of the columns, in their order of significance. Raises TooWide."""
    found = np.zeros(len(columns[0]), dtype=np.int64)
    if not len(found):
        return found
    room = 1
    for column in columns:
        lowest = int(column.min())
        size = int(column.max()) - lowest + 1
        room *= size
        if room >= LARGEST:
            raise TooWide(f"{room} combinations")
        found = found * size + (column - lowest)
    return found


def numbered(values: Ints) -> tuple[Ints, int]:
    """The place of each value among the different ones, and how many these are."""
    different, places = np.unique(values, return_inverse=True)
    return places.astype(np.int64), len(different)


def coded(*columns: pl.Series) -> list[Ints]:
    """Texts as numbers, the same text in any of the columns as the same number; null is -1."""
    codes = pl.concat([column.cast(pl.String) for column in columns]).cast(pl.Categorical).to_physical()
    numbers = codes.cast(pl.Int64).fill_null(-1).to_numpy()
    found = []
    start = 0
    for column in columns:
        found.append(numbers[start : start + len(column)])
        start += len(column)
    return found
