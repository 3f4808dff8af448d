"""Today's LEAN documents as the engine and the cloud would have written them years ago.

Holds: the renaming the serializer of before 2024-05-08 did, and the order forms of before that, as a second and
independent account of what `pipelines.parsing.lean.eras` undoes. Numbers keep their text.
"""

from __future__ import annotations

import json
from typing import Any

DICTIONARIES = frozenset(
    {
        "rollingWindow", "charts", "charts/*/series", "orders", "profitLoss", "statistics", "runtimeStatistics",
        "serverStatistics", "state", "algorithmConfiguration/parameters", "holdings", "cash",
    }
)  # fmt: skip
"""Objects whose keys are data; every other object is one of LEAN's classes."""
UNTOUCHED = frozenset({"charts/*/series/*/values", "orders/*/properties/timeInForce", "analysis"})
"""Spelled by converters of their own, or younger than the change of names."""
SPELLINGS = {"id": "ID", "mae": "MAE", "mfe": "MFE"}
SPELLED_AT = ("symbol", "underlying", "symbols/*", "closedTrades/*", "securitySymbol")


class Figure:
    """A number as its text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Figure) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return self.text


def load(data: bytes) -> Any:
    """A document whose numbers are `Figure`s."""
    return json.loads(data, parse_float=Figure, parse_int=Figure)


def dump(value: Any) -> bytes:
    """The document as bytes, numbers as they were written."""
    return _text(value).encode()


def pascal(document: Any, path: str = "") -> Any:
    """A result in the names of before 2024-05-08."""
    if path in UNTOUCHED:
        return document
    if isinstance(document, list):
        return [pascal(item, f"{path}/*") for item in document]
    if not isinstance(document, dict):
        return document
    aged = {}
    for name, value in document.items():
        inner = f"{path}/{'*' if path in DICTIONARIES else name}".lstrip("/")
        aged[name if path in DICTIONARIES else _older(name, path)] = pascal(value, inner)
    return aged


def mixed(document: dict[str, Any]) -> dict[str, Any]:
    """As the cloud wrote it in 2023: the top level in today's names, everything below in older ones."""
    return {name: next(iter(pascal({name: value}).values())) for name, value in document.items()}


def hyphenated(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Order events of before 2024-04-02."""
    return [{_hyphenated(name): value for name, value in entry.items()} for entry in entries]


def _hyphenated(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)


def _older(name: str, path: str) -> str:
    if name in SPELLINGS and path.endswith(SPELLED_AT):
        return SPELLINGS[name]
    return name[:1].upper() + name[1:]


def _text(value: Any) -> str:
    if isinstance(value, Figure):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return json.dumps(value)
