"""Brokers' JSON without what is private.

Holds: walking through a document with every number as it was written.
Belongs here: how JSON is read and written.
Never here: which member is private (`policy`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pipelines.redaction.policy import ACCOUNTS, DESCRIPTIONS, IDS, OWNERS, Masker, plain_name

_MONEY = ("CURRENCY_USD", "")


class _Number(str):
    """A number with the digits it was written with."""

    __slots__ = ()


def redact_json_text(text: str, masker: Masker) -> str:
    """The document with its private members masked, numbers with the digits they were written with."""
    document = json.loads(text, parse_float=_Number, parse_int=_Number)
    _learn(document, masker)
    return _write(_masked(document, "", masker, private=False), 0) + "\n"


def _learn(value: Any, masker: Masker, name: str = "") -> None:
    if isinstance(value, dict):
        for inner, member in value.items():
            _learn(member, masker, inner)
    elif isinstance(value, list):
        for member in value:
            _learn(member, masker, name)
    elif isinstance(value, str):
        masker.learn(name, value)


def _masked(value: Any, name: str, masker: Masker, *, private: bool) -> Any:
    if isinstance(value, dict):
        # Whoever moves money may be named; whoever trades is not.
        moves = private or ("description" in map(plain_name, value) and not _names_an_instrument(value))
        return {inner: _masked(member, inner, masker, private=moves) for inner, member in value.items()}
    if isinstance(value, list):
        return [_masked(member, name, masker, private=private) for member in value]
    if not isinstance(value, str):
        return value
    known = plain_name(name)
    if isinstance(value, _Number):
        return _masked_number(value, known, masker)
    if known in ACCOUNTS or known in OWNERS:
        return masker.account(value)
    if known in IDS:
        return masker.identifier(value)
    if known in DESCRIPTIONS and private:
        return masker.of_money(value)
    return masker.free(value)


def _masked_number(value: _Number, known: str, masker: Masker) -> _Number:
    if known in ACCOUNTS or known in OWNERS:
        return _Number("0")
    return _Number(masker.identifier(str(value))) if known in IDS else value


def _names_an_instrument(value: Mapping[str, Any]) -> bool:
    """Whether a record, or a part of it, has a symbol that is not money."""
    for name, member in value.items():
        if plain_name(name) == "symbol" and isinstance(member, str) and member.strip() not in _MONEY:
            return True
        parts = member if isinstance(member, list) else [member]
        if any(isinstance(part, dict) and _names_an_instrument(part) for part in parts):
            return True
    return False


def _write(value: Any, depth: int) -> str:
    """As `json.dumps` would, but a number keeps its digits."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        inside = [
            f"{json.dumps(name, ensure_ascii=False)}: {_write(member, depth + 1)}" for name, member in value.items()
        ]
        return _enclosed("{", inside, "}", depth)
    if isinstance(value, list):
        return _enclosed("[", [_write(member, depth + 1) for member in value], "]", depth)
    return json.dumps(value, ensure_ascii=False, default=lambda found: str(Decimal(found)))


def _enclosed(first: str, inside: list[str], last: str, depth: int) -> str:
    if not inside:
        return first + last
    margin = " " * (depth + 1)
    return first + "\n" + ",\n".join(margin + part for part in inside) + "\n" + " " * depth + last
