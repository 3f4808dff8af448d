"""Documents in LEAN's object store beside the journals: parameter sets, their history, the book of open trades.

Holds: which keys are such documents, in our own layout and in the older one of the first probes, and reading one.
Belongs here: telling a whole document from a broken one.
Never here: the meaning of a parameter (`tomking.kernel.parameters`) or of a trade (`tomking.strategies`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from pipelines.parsing.refusals import Refusal, Refused

PARSER_VERSION = "1"
PARAMETERS, HISTORY, BOOK, STATE = "parameter_set", "parameter_history", "book", "state"
"""Kinds: a parameter set, the dated list of them, the book of trades, anything else below `state/`."""

_KEY = re.compile(r"(?:tomking/(?P<deployment>[A-Za-z0-9_-]+)/)?(?P<part>parameters|state)/(?P<name>[^/]+)\.json")


@dataclass(frozen=True, slots=True)
class DocumentPlace:
    """Where a document lies; `deployment` None in the older layout."""

    deployment: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class StoreDocument:
    """A whole document: its text, and the id it calls itself by where it has one."""

    text: str
    document_id: str | None


def document_place(key: str) -> DocumentPlace | None:
    """What an object-store key (`/` between folders) says of a document; None for any other key."""
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    if found["part"] == "parameters":
        return DocumentPlace(found["deployment"], HISTORY if found["name"] == "history" else PARAMETERS)
    return DocumentPlace(found["deployment"], BOOK if found["name"] == "book" else STATE)


def parse_document(data: bytes) -> StoreDocument:
    """Read a document. Raises `Refused`: a half-written one is whole when it is read again."""
    try:
        document: Any = msgspec.json.decode(data)
        text = data.decode("utf-8").strip()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(Refusal("not_json", value=f"{data[:120].decode('utf-8', 'replace')} ({error})")) from error
    if not isinstance(document, dict | list):
        raise Refused(Refusal("not_an_object", value=text[:200]))
    named = document.get("id") if isinstance(document, dict) else None
    return StoreDocument(text, named if isinstance(named, str) else None)
