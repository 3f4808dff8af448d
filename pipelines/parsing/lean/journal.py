"""The algorithm's journal: lines of JSON, in our own layout and in the older one of the first probes.

Holds: where journals lie in an object store, the reader of one segment, the two dialects.
Belongs here: telling whole lines from broken ones, naming what is wrong with a line.
Never here: storing entries, joining them to runs, or what an entry means for a trade.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from pipelines.parsing.refusals import Refusal
from tomking.kernel.contracts import EntryRefused, validate_entry

PARSER_VERSION = "2"
OURS = "tomking-1"
OLDER = "probe"

SAME_MEANING = {"filled": "order_event", "assigned": "assignment"}
"""Kinds of the older dialect under the name ours has for the same thing; every other kind keeps its own name."""

_KEY = re.compile(r"tomking/(?P<deployment>[A-Za-z0-9_-]+)/journal/(?P<run>[A-Za-z0-9_-]+)/(?P<segment>[0-9]+)\.jsonl")
_OLDER_KEY = re.compile(r"journal/(?P<stem>[^/]*)\.jsonl")


@dataclass(frozen=True, slots=True)
class JournalPlace:
    """Where a segment lies: deployment (None in the older layout), run key and segment number."""

    deployment: str | None
    run_key: str
    segment: int


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One whole line; `kind` by our name for it, `payload` its text as written, `fields` the same decoded."""

    line: int
    kind: str
    occurred_at: dt.datetime
    payload: str
    fields: Mapping[str, Any]

    @property
    def set_id(self) -> str | None:
        """The parameter set an entry speaks of, under either dialect's name."""
        found = self.fields.get("set_id", self.fields.get("id"))
        return found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True)
class JournalSegment:
    """What one file holds: whole lines, and refusals with their line numbers."""

    dialect: str
    lines: tuple[JournalLine, ...]
    refusals: tuple[Refusal, ...]
    first_line_hash: str | None
    """Eight hex digits of the sha256 of the first line; tells apart journals that share a name in the older layout."""


def journal_place(key: str) -> JournalPlace | None:
    """What an object-store key (`/` between folders) says of a journal; None for any other key."""
    if found := _KEY.fullmatch(key):
        return JournalPlace(found["deployment"], found["run"], int(found["segment"]))
    if found := _OLDER_KEY.fullmatch(key):
        return JournalPlace(None, found["stem"], 0)
    return None


def store_root(path: str) -> str | None:
    """The root of the object store that a segment's path lies in; None where the path is no segment's."""
    parts = path.rstrip("/").split("/")
    for depth in (5, 2):  # tomking/<deployment>/journal/<run>/<n>.jsonl, or journal/<run>.jsonl
        if journal_place("/".join(parts[-depth:])) is not None:
            return "/".join(parts[:-depth]) or "/"
    return None


def parse_segment(data: bytes) -> JournalSegment:
    """Read one segment.

    A broken line is refused with its number and the rest is kept; a last line without its newline that is no whole
    object is refused as `half_written`, and is whole when the file is read again. The dialect is that of the first
    line that can be read.
    """
    lines: list[JournalLine] = []
    refusals: list[Refusal] = []
    dialect: str | None = None
    last_seq = 0
    chunks = data.split(b"\n")
    for number, chunk in enumerate(chunks, start=1):
        if not chunk.strip():
            continue
        found = _decode(chunk, number, is_last=number == len(chunks))
        if isinstance(found, Refusal):
            refusals.append(found)
            continue
        dialect = dialect or (OURS if "schema" in found else OLDER)
        line = _ours(found, chunk, number, last_seq) if dialect == OURS else _older(found, chunk, number)
        if isinstance(line, Refusal):
            refusals.append(line)
            continue
        last_seq = line.fields.get("seq", 0) if dialect == OURS else 0
        lines.append(line)
    if dialect == OLDER and lines and lines[0].line > 1:
        # The first line tells this journal from others of its name: without it, whose lines these are is not known.
        return JournalSegment(OLDER, (), (*refusals, Refusal("first_line_unreadable", line=1)), None)
    # Without a whole line there is nothing to store under a name, and a half-written first line still changes.
    first_hash = hashlib.sha256(chunks[0]).hexdigest()[:8] if lines else None
    return JournalSegment(dialect or OURS, tuple(lines), tuple(refusals), first_hash)


def _decode(chunk: bytes, number: int, *, is_last: bool) -> dict[str, Any] | Refusal:
    try:
        found = msgspec.json.decode(chunk)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # Only a writer that was interrupted leaves a line without its newline.
        reason = "half_written" if is_last else "not_json"
        return Refusal(reason, line=number, value=f"{_shown(chunk)} ({error})")
    if not isinstance(found, dict):
        return Refusal("not_an_object", line=number, value=_shown(chunk))
    return found


def _ours(fields: dict[str, Any], chunk: bytes, number: int, last_seq: int) -> JournalLine | Refusal:
    try:
        validate_entry(fields)
    except EntryRefused as error:
        return Refusal(error.reason, line=number, field=error.field, value=error.detail)
    if fields["seq"] <= last_seq:
        return Refusal("not_in_sequence", line=number, field="seq", value=f"{fields['seq']} after {last_seq}")
    occurred_at = dt.datetime.fromisoformat(fields["time"])
    return JournalLine(number, fields["kind"], occurred_at, chunk.decode("utf-8").strip(), fields)


def _older(fields: dict[str, Any], chunk: bytes, number: int) -> JournalLine | Refusal:
    kind, time = fields.get("kind"), fields.get("time")
    if not isinstance(kind, str) or not kind:
        return Refusal("missing" if "kind" not in fields else "wrong_type", line=number, field="kind")
    if not isinstance(time, str):
        return Refusal("missing" if "time" not in fields else "wrong_type", line=number, field="time")
    moment = _older_time(time)
    if moment is None:
        return Refusal("not_a_time", line=number, field="time", value=time[:60])
    return JournalLine(number, SAME_MEANING.get(kind, kind), moment, chunk.decode("utf-8").strip(), fields)


def _older_time(text: str) -> dt.datetime | None:
    """Times end in `Z`, or in `+00:00Z`, an offset and a `Z` after it; both are UTC."""
    try:
        found = dt.datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return None
    return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)


def _shown(chunk: bytes) -> str:
    return chunk[:120].decode("utf-8", errors="replace")
