"""Entries of a LEAN file by column: many at a time, and each refused by itself where it cannot be read.

Holds: decoding a batch of entries, and the columns of numbers, instants, names and counts made from their members.
Belongs here: what the columns of orders, events and trades share.
Never here: which columns one of them has; the meaning of one value (`lean_json`), which a column only asks for less often.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, TypeVar, cast

import msgspec
import polars as pl
from msgspec import Raw

from pipelines.parsing.lean.exact_json import (
    Unreadable,
    instant,
    instant_from_seconds,
    named,
    number_text,
    read_object,
)
from pipelines.parsing.refusals import Refusal

T = TypeVar("T")
V = TypeVar("V")

INSTANT = pl.Datetime("us", "UTC")

# Numbers that `number_text` returns as they are, and what it returns None for, one a line.
_PLAIN_LINES = re.compile(r"(?:(?:-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+|null|)\n)*+")
_NOTHING = ("", "null")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_INTEGER_LIMIT = 2**63
_REMEMBERED = 1 << 16


class Rows:
    """The entries of one batch while they become columns.

    `place(row)` says where an entry stands in its document; `member` of a column is what follows there, "" for the
    entry itself. An entry that any column refuses is left out of the frame; of its refusals the first counts.
    """

    def __init__(self, count: int, place: Callable[[int], str]) -> None:
        self._count = count
        self._place = place
        self._refused: dict[int, Refusal] = {}

    @property
    def refusals(self) -> list[Refusal]:
        """What was refused, in the order of the entries."""
        return [self._refused[row] for row in sorted(self._refused)]

    def refuse(self, row: int, refusal: Refusal) -> None:
        """Leave an entry out."""
        self._refused.setdefault(row, refusal)

    def refuse_where(self, rows: pl.Series, reason: str, member: str = "") -> None:
        """Leave out the entries for which a column says true."""
        for row in rows.arg_true():
            self.refuse(row, Refusal(reason, field=self._where(row, member)))

    def numbers(self, member: str, raws: Sequence[Raw], *, required: bool = False) -> pl.Series:
        """Numbers as the text that stands in the file; null where absent."""
        # Put together, cut and matched all at once: that costs far less than one by one. No number holds a newline.
        together = b"\n".join(raws).decode("utf-8", "replace")
        if not required and len(together) < len(raws):
            return pl.repeat(None, len(raws), dtype=pl.String, eager=True)
        texts: list[str | None] = [text if text not in _NOTHING else None for text in together.split("\n")]
        if not raws or (_PLAIN_LINES.fullmatch(together + "\n") and not (required and None in texts)):
            return pl.Series(texts[: len(raws)], dtype=pl.String)
        texts = [self._one(row, member, partial(_number, raw, required)) for row, raw in enumerate(raws)]
        return pl.Series(texts, dtype=pl.String)

    def instants(self, member: str, texts: Sequence[str | None], *, required: bool = False) -> pl.Series:
        """ISO times; null where absent."""
        found = self._each(member, texts, _micros)
        if required:
            for row, value in enumerate(found):
                if value is None:
                    self.refuse(row, Refusal("a required time is missing", field=self._where(row, member)))
        return _as_instants(found)

    def seconds(self, member: str, texts: pl.Series) -> pl.Series:
        """Unix seconds, given as the text of numbers."""
        return _as_instants(self._each(member, texts.to_list(), _micros_of_seconds))

    def names(self, member: str, numbers: Sequence[int | None], names: Mapping[int, str]) -> pl.Series:
        """The names behind enum numbers; null where absent."""
        found = [None if number is None else names.get(number) for number in numbers]
        for row, name in enumerate(found):
            number = numbers[row]
            if name is None and number is not None:
                self._one(row, member, partial(named, names, number))
        return pl.Series(found, dtype=pl.String)

    def words(self, member: str, words: Sequence[str], known: Mapping[str, str], reason: str) -> pl.Series:
        """The names behind words; one that is not known is refused."""
        found = [known.get(word) for word in words]
        for row, name in enumerate(found):
            if name is None:
                self.refuse(row, Refusal(reason, field=self._where(row, member), value=words[row][:200]))
        return pl.Series(found, dtype=pl.String)

    def integers(self, member: str, values: Sequence[int | None]) -> pl.Series:
        """Counts and ids of up to 64 bits; null where absent."""
        try:
            return pl.Series(values, dtype=pl.Int64)
        except (OverflowError, TypeError):
            kept = list(values)
        for row, value in enumerate(kept):
            if value is not None and not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
                self.refuse(row, Refusal("more than 64 bits", field=self._where(row, member), value=str(value)[:200]))
                kept[row] = None
        return pl.Series(kept, dtype=pl.Int64)

    def values(self, member: str, given: Sequence[V], read: Callable[[V, str], T]) -> list[T | None]:
        """One value per entry, read one by one."""
        found: list[T | None] = []
        for row, value in enumerate(given):
            try:
                found.append(read(value, self._where(row, member)))
            except Unreadable as error:
                self.refuse(row, error.refusal)
                found.append(None)
        return found

    def frame(self, schema: pl.Schema, columns: Mapping[str, pl.Series]) -> pl.DataFrame:
        """The entries that no column refused."""
        found = pl.DataFrame(dict(columns), schema=schema)
        if not self._refused:
            return found
        kept = pl.Series([row not in self._refused for row in range(self._count)], dtype=pl.Boolean)
        return found.filter(kept)

    def _where(self, row: int, member: str) -> str:
        return f"{self._place(row)}.{member}" if member else self._place(row)

    def _each(self, member: str, texts: Sequence[str | None], read: Callable[[str], int | None]) -> list[int | None]:
        try:
            return [None if text is None else read(text) for text in texts]
        except Unreadable:
            return self.values(member, texts, partial(_placed, read))

    def _one(self, row: int, member: str, read: Callable[[str], T]) -> T | None:
        try:
            return read(self._where(row, member))
        except Unreadable as error:
            self.refuse(row, error.refusal)
            return None


def texts(values: Sequence[str | None]) -> pl.Series:
    """A column of texts."""
    return pl.Series(values, dtype=pl.String)


def flags(values: Sequence[bool | None]) -> pl.Series:
    """A column of yes and no."""
    return pl.Series(values, dtype=pl.Boolean)


def is_zero(numbers: pl.Series) -> pl.Series:
    """Whether the number that a text writes is zero; null where unknown."""
    return pl.Series([None if text is None else _is_zero(text) for text in numbers], dtype=pl.Boolean)


def read_entries(
    data: bytes, kind: type[T], *, is_map: bool, place: Callable[[str | int], str]
) -> tuple[list[str], list[T], list[int], list[Refusal]]:
    """Decode a batch of entries of one kind: keys, entries, their positions in the batch, and a refusal for each that
    has another shape. Keys are empty for a list. Raises `Unreadable` where the batch is no JSON at all.
    """
    whole = _decoder(cast("Hashable", kind), is_map)
    try:
        found: Any = whole.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _one_by_one(data, kind, is_map=is_map, place=place)
    keys = list(found) if is_map else []
    entries = list(found.values()) if is_map else found
    return keys, entries, list(range(len(entries))), []


def _one_by_one(
    data: bytes, kind: type[T], *, is_map: bool, place: Callable[[str | int], str]
) -> tuple[list[str], list[T], list[int], list[Refusal]]:
    raws: Any = read_object(data, cast("type[Any]", dict[str, Raw] if is_map else list[Raw]))
    keys: list[str] = []
    entries: list[T] = []
    positions: list[int] = []
    refusals: list[Refusal] = []
    for position, (key, raw) in enumerate(raws.items() if is_map else enumerate(raws)):
        try:
            entries.append(read_object(raw, kind, place(key)))
        except Unreadable as error:
            refusals.append(error.refusal)
        else:
            positions.append(position)
            if is_map:
                keys.append(key)
    return keys, entries, positions, refusals


@lru_cache(maxsize=64)
def _decoder(kind: Any, is_map: bool) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(dict[str, kind] if is_map else list[kind])


def _number(raw: Raw, required: bool, place: str) -> str | None:
    text = number_text(raw, place)
    if text is None and required:
        raise Unreadable("a required number is missing", field=place)
    return text


def _placed(read: Callable[[str], int | None], text: str | None, place: str) -> int | None:
    try:
        return None if text is None else read(text)
    except Unreadable as error:
        raise Unreadable(error.refusal.reason, field=place, value=error.refusal.value) from error


@lru_cache(maxsize=_REMEMBERED)
def _is_zero(text: str) -> bool:
    return not Decimal(text)


@lru_cache(maxsize=_REMEMBERED)
def _micros(text: str) -> int | None:
    moment = instant(text, "")
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=_REMEMBERED)
def _micros_of_seconds(text: str) -> int:
    return (instant_from_seconds(Decimal(text), "") - _EPOCH) // _MICROSECOND


def _as_instants(micros: Sequence[int | None]) -> pl.Series:
    return pl.Series(micros, dtype=pl.Int64).cast(INSTANT)
