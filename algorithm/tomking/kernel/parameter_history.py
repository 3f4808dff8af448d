"""The dated list of parameter sets that a backtest walks through.

Holds: `History`, its strict reader and canonical writer.
Belongs here: which set was in force on which day.
Never here: the sets' contents.

A document is a JSON object without a closing newline:
`{"schema":1,"sets":[{"id":"ps-2019-12-02-1a2b3c4d","sha256":"…","effective_from":"2019-12-02"},…]}`, days rising.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from tomking.kernel.documents import (
    DocumentRefused,
    day_from_text,
    decode_object,
    encode_object,
    text_field,
    whole_field,
)
from tomking.kernel.parameter_terms import HASH_PATTERN, ID_PATTERN, SCHEMA, ParametersRefused


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A set and the day from which it was in force; a set that was gone back to appears once more, later."""

    id: str
    sha256: str
    effective_from: date


@dataclass(frozen=True, slots=True)
class History:
    """The sets of a deployment in order of the day from which each was in force."""

    entries: tuple[HistoryEntry, ...]

    def effective_on(self, day: date) -> HistoryEntry | None:
        """The entry in force on `day`, or None before the first."""
        found = None
        for entry in self.entries:
            if entry.effective_from > day:
                break
            found = entry
        return found

    def changes_between(self, first: date, last: date) -> tuple[HistoryEntry, ...]:
        """The entries that take effect after `first`, up to and including `last`."""
        return tuple(entry for entry in self.entries if first < entry.effective_from <= last)


def dump_history(entries: Sequence[HistoryEntry]) -> bytes:
    """The canonical bytes of a history; one entry a day, sorted. Raises ParametersRefused for a day named twice."""
    ordered = sorted(entries, key=lambda entry: entry.effective_from)
    document = encode_object(
        {
            "schema": SCHEMA,
            "sets": [
                {"id": entry.id, "sha256": entry.sha256, "effective_from": entry.effective_from.isoformat()}
                for entry in ordered
            ],
        }
    )
    parse_history(document)
    return document


def parse_history(document: bytes) -> History:
    """The history in `document`; ParametersRefused where it is damaged, unsorted or names a day twice."""
    try:
        fields = decode_object(document)
        if whole_field(fields, "schema") != SCHEMA:
            raise ParametersRefused("unknown_schema", "schema")
        for name in fields:
            if name not in ("schema", "sets"):
                raise ParametersRefused("unknown_key", name[:80])
        raw = fields.get("sets")
        if not isinstance(raw, list):
            raise ParametersRefused("wrong_type" if "sets" in fields else "missing", "sets")
        entries = tuple(_history_entry(item, f"sets.{place}") for place, item in enumerate(raw))
    except DocumentRefused as error:
        raise ParametersRefused(error.reason, error.field, error.detail) from error
    for earlier, later in pairwise(entries):
        if earlier.effective_from >= later.effective_from:
            order = f"{later.effective_from} follows {earlier.effective_from}"
            raise ParametersRefused("not_sorted", "effective_from", order)
    return History(entries)


def _history_entry(item: object, field: str) -> HistoryEntry:
    if not isinstance(item, dict):
        raise ParametersRefused("wrong_type", field)
    for name in item:
        if name not in ("id", "sha256", "effective_from"):
            raise ParametersRefused("unknown_key", f"{field}.{name[:60]}")
    set_id, digest = text_field(item, "id"), text_field(item, "sha256")
    if not ID_PATTERN.fullmatch(set_id):
        raise ParametersRefused("id_mismatch", f"{field}.id")
    if not HASH_PATTERN.fullmatch(digest):
        raise ParametersRefused("hash_mismatch", f"{field}.sha256")
    if "effective_from" not in item:
        raise ParametersRefused("missing", f"{field}.effective_from")
    return HistoryEntry(set_id, digest, day_from_text(item["effective_from"], f"{field}.effective_from"))
