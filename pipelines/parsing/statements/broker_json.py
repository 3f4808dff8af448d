"""Members of brokers' JSON documents: read as decimals, checked by name, kept as text.

Holds: the document itself, a member of a kind, and the flat text form of a record.
Belongs here: what JSON replies of several brokers share.
Never here: the members of one broker.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.csv_columns import FRACTION_DIGITS, INTEGER_DIGITS

Json = Mapping[str, Any]


class MemberError(ValueError):
    """A member of a record is missing, of another kind, or contradicts the others."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name, self.reason = name, reason


def document_of(data: bytes) -> Any:
    """The document, every fraction a decimal with the digits it was written with.

    Raises:
        Refused: not UTF-8, not JSON, or nested beyond all reason.
    """
    try:
        return json.loads(data.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refused(Refusal(f"not a JSON document: {str(error)[:100]}", line=1)) from error


def text_of(record: Json, name: str) -> str | None:
    """A text, or a whole number as one (ids come as either); None where absent or blank.

    Raises: MemberError.
    """
    value = record.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise MemberError(name, "expected a text")
    return str(value)


def amount_of(record: Json, name: str, *, optional: bool = False) -> Decimal | None:
    """A number that money columns can hold; None where absent and that is allowed.

    Raises: MemberError.
    """
    value = record.get(name)
    if value is None and optional:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise MemberError(name, "expected a number")
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    if number.adjusted() >= INTEGER_DIGITS or not isinstance(exponent, int) or exponent < -FRACTION_DIGITS:
        raise MemberError(name, "a number with more digits than money has")
    return number


def shown(record: Any, name: str) -> str | None:
    """The beginning of a member, for a refusal; None where the record or the member is not there."""
    value = record.get(name) if isinstance(record, dict) else None
    return None if value is None else str(value)[:200]


def flat(record: Json) -> dict[str, str]:
    """Every member as text, by its path (`transferItems.0.cost`)."""
    return dict(_flat("", record))


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}" if path else str(name), inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _flat(f"{path}.{place}", inner)
    elif value is not None:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)


def _no_number(text: str) -> Decimal:
    raise ValueError(f"{text} is no number")
