"""Frames that fit a table exactly.

Holds: a model's schema in Polars terms, frames made from rows, frames checked before they are written.
Belongs here: everything that keeps a value exact between Python, Polars and DuckDB.
Never here: SQL, or a guess (a value that does not fit is an error that names table, column and row).
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import numbers
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

import polars as pl
from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Double, Integer, Numeric, Table, Text
from sqlalchemy.types import TypeEngine

from warehouse.errors import FrameError
from warehouse.models.base import MONEY_PRECISION, MONEY_SCALE, Base

INSTANT = pl.Datetime("us", "UTC")
MONEY = pl.Decimal(MONEY_PRECISION, MONEY_SCALE)

_QUANTUM = Decimal(1).scaleb(-MONEY_SCALE)
_MONEY_LIMIT = Decimal(10) ** (MONEY_PRECISION - MONEY_SCALE)
# Wide enough that no value which fits the column is ever rounded by the context itself. Elsewhere `copy_abs`, never
# `abs`: the latter rounds to the 28 digits of the default context.
_WIDE = Context(prec=200, rounding=ROUND_HALF_EVEN)
_INTEGER_LIMIT = 2**63

# What polars casts as `to_money` would: no more than the column's places, further zeros aside, and no exponent.
_PLAIN_AMOUNT = rf"^-?[0-9]{{1,{MONEY_PRECISION - MONEY_SCALE}}}(?:\.[0-9]{{1,{MONEY_SCALE}}}0*)?$"

# So many amounts are made one by one sooner than by column, where each expression has its price.
_FEW = 200

Convert = Callable[[object], object]


def money_if_known(value: Decimal | None) -> Decimal | None:
    """`to_money`, and None for what is unknown."""
    return None if value is None else to_money(value)


def money_if_it_fits(value: Decimal | None) -> Decimal | None:
    """`to_money` for a figure that is not money truth: None as well where the column cannot hold it."""
    try:
        return money_if_known(value)
    except FrameError:
        return None


def to_money(value: Decimal | str) -> Decimal:
    """The amount as the money column keeps it: rounded half-even to 18 places.

    Rounding is the caller's choice, made by calling this; the exact text belongs in the column beside the amount.
    Raises `FrameError` for a text that is no number, for NaN and infinities, and for more than 20 integer digits.
    """
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise FrameError(f"not a number: {value!r}") from None
    if not amount.is_finite():
        raise FrameError(f"not a finite amount: {value!r}")
    rounded = amount.quantize(_QUANTUM, context=_WIDE) if amount.copy_abs() < _MONEY_LIMIT else amount
    if rounded.copy_abs() >= _MONEY_LIMIT:
        raise FrameError(f"an amount of more than {MONEY_PRECISION - MONEY_SCALE} integer digits: {value!r}")
    return rounded


def money_series(texts: pl.Series) -> pl.Series:
    """Amounts given as the text of JSON numbers, each as `to_money` makes it; null where the text is, and where
    `to_money` would raise.
    """
    if texts.null_count() == texts.len():
        return texts.cast(MONEY)
    if texts.len() <= _FEW:
        return pl.Series(texts.name, [None if text is None else _money_or_none(text) for text in texts], dtype=MONEY)
    plain = texts.str.contains(_PLAIN_AMOUNT)
    amounts = texts.set(~plain, None).cast(MONEY, strict=False)
    odd = texts.is_not_null() & amounts.is_null()
    if not odd.any():
        return amounts
    rounded = [None if text is None else _money_or_none(text) for text in texts.filter(odd)]
    return amounts.scatter(odd.arg_true(), pl.Series(rounded, dtype=MONEY))


def table_of(model: type[Base]) -> Table:
    """The table a model declares."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is no table")
    return table


def polars_type(column_type: TypeEngine[Any]) -> pl.DataType:
    """The Polars type that carries a column's values exactly.

    Raises `TypeError` for a type the warehouse does not use.
    """
    found: pl.DataType | None = None
    if isinstance(column_type, Double):  # before Numeric, whose subclass it is
        found = pl.Float64()
    elif isinstance(column_type, Numeric) and column_type.precision and column_type.scale is not None:
        found = pl.Decimal(column_type.precision, column_type.scale)
    elif isinstance(column_type, DateTime) and column_type.timezone:
        found = INSTANT
    elif isinstance(column_type, Date):
        found = pl.Date()
    elif isinstance(column_type, Boolean):
        found = pl.Boolean()
    elif isinstance(column_type, Integer):
        found = pl.Int64() if isinstance(column_type, BigInteger) else pl.Int32()
    elif isinstance(column_type, Text):
        found = pl.String()
    if found is None:
        raise TypeError(f"no exact Polars type for {column_type!r}")
    return found


@functools.cache
def frame_schema(model: type[Base]) -> pl.Schema:
    """Column names and types of a model's table, in the table's own order."""
    return pl.Schema({column.name: polars_type(column.type) for column in table_of(model).columns})


def frame(model: type[Base], rows: Iterable[Mapping[str, object]]) -> pl.DataFrame:
    """A frame of these rows with the exact schema of the model's table.

    A nullable column that a row does not carry is null. Raises `FrameError`, naming table, column and row, for a
    missing required value, an unknown column, a value of another type, an amount of more than 18 decimal places
    (see `to_money`), a NaN or infinite statistic, or an instant without a time zone.
    """
    table, schema, data = table_of(model), frame_schema(model), list(rows)
    known = set(schema)
    for number, row in enumerate(data):
        if unknown := row.keys() - known:
            raise FrameError(f"{_full_name(table)} has no column {_listed(unknown)}", where=f"row {number}")
    columns = [
        pl.Series(column.name, _values(table, column, data), dtype=schema[column.name], strict=True)
        for column in table.columns
    ]
    return pl.DataFrame(columns, schema=schema)


def frame_of_tuples(model: type[Base], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> pl.DataFrame:
    """A frame from many rows, each the values of these columns: faster than `frame`, and amounts may be of any length.

    Amounts are rounded as `to_money` rounds, and null where it would raise. Raises `FrameError` for a value of another
    type; columns that are missing and required values that are null are found when the frame is written.
    """
    schema = frame_schema(model)
    columns = []
    for name, values in zip(names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True):
        dtype = schema[name]
        try:
            if dtype == MONEY:
                texts = [None if value is None else str(value) for value in values]
                columns.append(money_series(pl.Series(name, texts, dtype=pl.String)))
            else:
                columns.append(pl.Series(name, values, dtype=dtype, strict=True))
        except (TypeError, pl.exceptions.PolarsError) as error:
            raise FrameError(f"{_full_name(table_of(model))}.{name} cannot hold every value", why=str(error)) from error
    return pl.DataFrame(columns)


def conform(model: type[Base], given: pl.DataFrame) -> pl.DataFrame:
    """The frame with the model's columns in the table's order and of its exact types, nulls where a column is absent.

    Only widening that cannot change a value is done by itself (a shorter integer, a decimal of smaller scale, an
    all-null column). Raises `FrameError` for anything else, and for a null in a required column.
    """
    table, schema = table_of(model), frame_schema(model)
    if unknown := set(given.columns) - set(schema):
        raise FrameError(f"{_full_name(table)} has no column {_listed(unknown)}")
    columns = []
    for column in table.columns:
        wanted = schema[column.name]
        if column.name not in given.columns:
            series = pl.Series(column.name, [None] * given.height, dtype=wanted)
        else:
            series = _widened(table, given.get_column(column.name), wanted)
        if not column.nullable and series.null_count():
            row = series.is_null().arg_max()
            raise FrameError(f"{_full_name(table)}.{column.name} is required and has no value", where=f"row {row}")
        columns.append(series)
    return pl.DataFrame(columns, schema=schema)


def _money_or_none(text: str) -> Decimal | None:
    try:
        return to_money(text)
    except FrameError:
        return None


def _widened(table: Table, series: pl.Series, wanted: pl.DataType) -> pl.Series:
    have = series.dtype
    if have == wanted:
        return series
    exact = (
        have == pl.Null
        or (have.is_integer() and wanted.is_integer())
        or (have.is_integer() and isinstance(wanted, pl.Decimal))
        or (isinstance(have, pl.Decimal) and isinstance(wanted, pl.Decimal) and have.scale <= wanted.scale)
        or (have == pl.Float32 and wanted == pl.Float64)
        or (isinstance(have, pl.Datetime) and wanted == INSTANT and have.time_zone == "UTC" and have.time_unit == "ms")
        or (isinstance(have, pl.Categorical | pl.Enum) and wanted == pl.String)
    )
    if not exact:
        raise FrameError(f"{_full_name(table)}.{series.name} takes {wanted}, not {have}")
    try:
        return series.cast(wanted, strict=True)
    except pl.exceptions.PolarsError as error:
        raise FrameError(f"{_full_name(table)}.{series.name} cannot hold every value", why=str(error)) from error


def _values(table: Table, column: Column[Any], rows: list[Mapping[str, object]]) -> list[object]:
    convert = _converter(column.type)
    given = [row.get(column.name) for row in rows]
    if _are_plain(column, convert, given):
        return given
    values: list[object] = []
    for number, (row, value) in enumerate(zip(rows, given, strict=True)):
        if value is None:
            if not column.nullable:
                said = "is required" if column.name in row else "is required and missing"
                raise FrameError(f"{_full_name(table)}.{column.name} {said}", where=f"row {number}")
            values.append(None)
            continue
        try:
            values.append(convert(value))
        except (TypeError, ValueError) as error:
            raise FrameError(
                f"{_full_name(table)}.{column.name} cannot hold {value!r}", where=f"row {number}", why=str(error)
            ) from error
    return values


def _are_plain(column: Column[Any], convert: Convert, values: Sequence[Any]) -> bool:
    """Whether every value is already what its converter would return: all at once this costs far less to tell."""
    kinds = set(map(type, values))
    if type(None) in kinds and not column.nullable:
        return False
    kinds.discard(type(None))
    if not kinds:
        return True
    wanted, holds = _PLAIN.get(convert, (None, all))
    return kinds == {wanted} and holds(value for value in values if value is not None)


def _converter(column_type: TypeEngine[Any]) -> Convert:
    for kind, convert in _CONVERTERS:
        if isinstance(column_type, kind):
            return convert
    raise TypeError(f"no conversion for {column_type!r}")


def _money(value: object) -> Decimal:
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise TypeError(f"an amount is a Decimal, never {type(value).__name__}")
    if not value.is_finite():
        raise ValueError("not a finite amount")
    if value.copy_abs() >= _MONEY_LIMIT:
        raise ValueError(f"more than {MONEY_PRECISION - MONEY_SCALE} integer digits")
    exact = value.quantize(_QUANTUM, context=_WIDE)
    if exact != value:
        raise ValueError(f"more than {MONEY_SCALE} decimal places; round it with to_money and keep the text beside it")
    return exact


def _statistic(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"a statistic is a float, not {type(value).__name__}")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not finite; what is unknown is None")
    return number


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"a count is an integer, not {type(value).__name__}")
    number = int(value)
    if not -_INTEGER_LIMIT <= number < _INTEGER_LIMIT:
        raise ValueError("more than 64 bits")
    return number


def _instant(value: object) -> dt.datetime:
    if not isinstance(value, dt.datetime):
        raise TypeError(f"an instant is a datetime, not {type(value).__name__}")
    if value.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return value.astimezone(dt.UTC)


def _day(value: object) -> dt.date:
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        raise TypeError(f"a day is a date, not {type(value).__name__}")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"a flag is True or False, not {type(value).__name__}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is a str, not {type(value).__name__}")
    return str(value)


# Double stands before Numeric, whose subclass it is.
_CONVERTERS: tuple[tuple[type[TypeEngine[Any]], Convert], ...] = (
    (Double, _statistic),
    (Numeric, _money),
    (DateTime, _instant),
    (Date, _day),
    (Boolean, _flag),
    (Integer, _integer),
    (Text, _text),
)


def _always(_values: Iterable[Any]) -> bool:
    return True


_PLAIN: Mapping[Convert, tuple[type, Callable[[Iterable[Any]], bool]]] = {
    _statistic: (float, lambda values: all(map(math.isfinite, values))),
    _instant: (dt.datetime, lambda values: all(value.tzinfo is dt.UTC for value in values)),
    _day: (dt.date, _always),
    _flag: (bool, _always),
    _integer: (int, lambda values: all(-_INTEGER_LIMIT <= value < _INTEGER_LIMIT for value in values)),
    _text: (str, _always),
}
"""By converter, the type of values that need none, and what must hold of them besides. Amounts always need one."""


def _full_name(table: Table) -> str:
    return f"{table.schema}.{table.name}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names))
