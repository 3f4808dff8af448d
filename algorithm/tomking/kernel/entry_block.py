"""The entry block: the document by which an evening's rehearsal stops new trades of a running algorithm.

Holds: its fields, the one encoding of it, the strict reader.
Belongs here: what both sides have to spell alike.
Never here: the rehearsal (`crisis`), the refusal that follows (`limits.crisis`), reading or writing any store.

The document lies in the object store under `contracts.block_key` and is replaced each evening, whether it blocks or not.
It has an end: past `expires_on` it says nothing any more, and what holds instead is named (`fallback`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from tomking.kernel.documents import (
    DocumentRefused,
    day_from_text,
    decode_object,
    encode_object,
    text_field,
    whole_field,
)

SCHEMA: Final = 1
RULE: Final = "crisis_rehearsal"
FALLBACK: Final = "own_limits"
"""What holds without a block in force: the limits that the algorithm works out by itself."""

_SHARE = re.compile(r"-?[0-9]{1,6}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class EntryBlock:
    """What an evening's rehearsal came to.

    `book_date` is the session whose book was rehearsed, `expires_on` the last day on which the document counts.
    `scenario` names the worst look, `loss_share` its loss and `cap` what is allowed, as shares of equity. `is_complete`
    tells whether every leg of the book could be priced.
    """

    deployment: str
    is_blocked: bool
    book_date: date
    expires_on: date
    scenario: str
    loss_share: Decimal
    cap: Decimal
    is_complete: bool = True

    def is_in_force(self, day: date) -> bool:
        """Whether the document still counts on a day."""
        return day <= self.expires_on


def dump_block(block: EntryBlock) -> bytes:
    """The document of a block."""
    return encode_object(
        {
            "schema": SCHEMA,
            "rule": RULE,
            "deployment": block.deployment,
            "is_blocked": block.is_blocked,
            "book_date": block.book_date.isoformat(),
            "expires_on": block.expires_on.isoformat(),
            "scenario": block.scenario,
            "loss_share": format(block.loss_share, "f"),
            "cap": format(block.cap, "f"),
            "is_complete": block.is_complete,
            "fallback": FALLBACK,
        }
    )


def parse_block(document: bytes, deployment: str) -> EntryBlock:
    """The block in a document.

    Raises DocumentRefused, naming the field: what `decode_object` refuses, `missing`, `wrong_type`, `not_a_date`,
    `not_a_number`, `unknown_schema`, `unknown_rule`, `unknown_fallback`, `other_deployment`, `wrong_order` (it would end
    before its book).
    """
    fields = decode_object(document)
    if whole_field(fields, "schema") != SCHEMA:
        raise DocumentRefused("unknown_schema", "schema", str(fields["schema"]))
    for name, wanted, reason in (
        ("rule", RULE, "unknown_rule"),
        ("fallback", FALLBACK, "unknown_fallback"),
        ("deployment", deployment, "other_deployment"),
    ):
        if (found := text_field(fields, name)) != wanted:
            raise DocumentRefused(reason, name, found[:60])
    book_date = day_from_text(text_field(fields, "book_date"), "book_date")
    expires_on = day_from_text(text_field(fields, "expires_on"), "expires_on")
    if expires_on < book_date:
        raise DocumentRefused("wrong_order", "expires_on", f"{expires_on} is before {book_date}")
    return EntryBlock(
        deployment=deployment,
        is_blocked=_flag(fields, "is_blocked"),
        book_date=book_date,
        expires_on=expires_on,
        scenario=text_field(fields, "scenario"),
        loss_share=_share(fields, "loss_share"),
        cap=_share(fields, "cap"),
        is_complete=_flag(fields, "is_complete"),
    )


def _flag(fields: dict[str, object], name: str) -> bool:
    if name not in fields:
        raise DocumentRefused("missing", name)
    value = fields[name]
    if not isinstance(value, bool):
        raise DocumentRefused("wrong_type", name, f"a flag expected, not {type(value).__name__}")
    return value


def _share(fields: dict[str, object], name: str) -> Decimal:
    text = text_field(fields, name)
    if not _SHARE.fullmatch(text):
        raise DocumentRefused("not_a_number", name, text[:40])
    return Decimal(text)
