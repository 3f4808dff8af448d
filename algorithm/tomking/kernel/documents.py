"""Strict JSON and content hashes for the documents that both sides exchange.

Holds: a decoder that refuses what ordinary JSON reading lets through, the one canonical encoding, the hash.
Belongs here: rules that hold for every exchanged document, whatever it says.
Never here: the meaning of any document (parameters, journal).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from typing import NoReturn

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class DocumentRefused(ValueError):
    """A document is not what it has to be; `reason` is a stable word, `field` the key at fault where there is one."""

    def __init__(self, reason: str, field: str | None = None, detail: str | None = None) -> None:
        self.reason, self.field, self.detail = reason, field, detail
        place = f" in {field}" if field else ""
        super().__init__(f"{reason}{place}" + (f": {detail}" if detail else ""))


def _no_constant(word: str) -> NoReturn:
    raise DocumentRefused("not_a_number", detail=f"{word} is not a JSON number")


def _no_fraction(text: str) -> NoReturn:
    # A binary float would change the digits on the way; every exchanged number with a fraction is text.
    raise DocumentRefused("wrong_type", detail=f"{text} has to travel as text")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise DocumentRefused("duplicate_key", name)
        found[name] = value
    return found


def decode_object(document: bytes) -> dict[str, object]:
    """The JSON object in `document`.

    Raises DocumentRefused: `not_utf8`, `not_json` (half-written included), `not_an_object`, `duplicate_key`,
    `not_a_number` (NaN, infinity) and `wrong_type` (a number with a fraction or an exponent).
    """
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentRefused("not_utf8", detail=str(error)) from error
    try:
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_no_fraction)
    except DocumentRefused:
        raise
    except (ValueError, RecursionError) as error:
        raise DocumentRefused("not_json", detail=str(error)[:200]) from error
    if not isinstance(found, dict):
        raise DocumentRefused("not_an_object", detail=type(found).__name__)
    return found


def encode_object(fields: Mapping[str, object]) -> bytes:
    """The one encoding of an object: sorted keys, no blanks, ASCII, no closing newline.

    Without a closing newline every shortened document is broken JSON, so a half-written file cannot pass.
    """
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True).encode("ascii")


def sha256_of(document: bytes) -> str:
    """The sha256 of the exact bytes, as 64 hex digits."""
    return hashlib.sha256(document).hexdigest()


def day_from_text(value: object, field: str) -> date:
    """The date that an ISO text (`2019-12-02`) names; DocumentRefused `wrong_type` or `not_a_date` otherwise."""
    if not isinstance(value, str):
        raise DocumentRefused("wrong_type", field, f"a date has to be text, not {type(value).__name__}")
    if not _DAY.fullmatch(value):
        raise DocumentRefused("not_a_date", field, value[:40])
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise DocumentRefused("not_a_date", field, value[:40]) from error


def text_field(fields: Mapping[str, object], name: str) -> str:
    """The text under `name`; DocumentRefused `missing` or `wrong_type` otherwise."""
    if name not in fields:
        raise DocumentRefused("missing", name)
    value = fields[name]
    if not isinstance(value, str):
        raise DocumentRefused("wrong_type", name, f"text expected, not {type(value).__name__}")
    return value


def whole_field(fields: Mapping[str, object], name: str) -> int:
    """The whole number under `name`; DocumentRefused `missing` or `wrong_type` otherwise (true and false are none)."""
    if name not in fields:
        raise DocumentRefused("missing", name)
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise DocumentRefused("wrong_type", name, f"a whole number expected, not {type(value).__name__}")
    return value
