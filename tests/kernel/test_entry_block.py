"""The entry block: read back as written, refused by field, in force until its end."""

from __future__ import annotations

import contextlib
import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.contracts import block_key
from tomking.kernel.documents import DocumentRefused, encode_object
from tomking.kernel.entry_block import EntryBlock, dump_block, parse_block
from tomking.kernel.limits.crisis import check_crisis, exceeds_cap
from tomking.kernel.parameters import default_values

BLOCK = EntryBlock(
    "main",
    True,
    date(2026, 11, 27),
    date(2026, 12, 1),
    "2020-03 path to 2020-03-23 low",
    Decimal("0.41"),
    Decimal("0.30"),
)
shares = st.decimals(-10, 10, places=6)


@given(
    st.builds(
        EntryBlock,
        deployment=st.just("main"),
        is_blocked=st.booleans(),
        book_date=st.just(BLOCK.book_date),
        expires_on=st.dates(BLOCK.book_date, date(2099, 1, 1)),
        scenario=st.text(max_size=40),
        loss_share=shares,
        cap=shares,
        is_complete=st.booleans(),
    )
)
def test_what_is_written_is_read_back(block: EntryBlock) -> None:
    assert parse_block(dump_block(block), "main") == block


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("schema", 2, "unknown_schema"),
        ("rule", "another", "unknown_rule"),
        ("fallback", "nothing", "unknown_fallback"),
        ("deployment", "other", "other_deployment"),
        ("book_date", "27.11.2026", "not_a_date"),
        ("expires_on", "2026-11-26", "wrong_order"),
        ("is_blocked", "true", "wrong_type"),
        ("is_complete", None, "wrong_type"),
        ("loss_share", "much", "not_a_number"),
        ("cap", 1, "wrong_type"),
    ],
)
def test_a_document_that_is_not_right_is_refused_by_field(field: str, value: object, reason: str) -> None:
    fields = json.loads(dump_block(BLOCK))
    with pytest.raises(DocumentRefused) as refused:
        parse_block(encode_object({**fields, field: value}), "main")
    assert (refused.value.reason, refused.value.field) == (reason, field)
    without = {name: one for name, one in fields.items() if name != field}
    with pytest.raises(DocumentRefused) as missing:
        parse_block(encode_object(without), "main")
    assert (missing.value.reason, missing.value.field) == ("missing", field)


@given(st.integers(0, 400))
def test_a_document_that_is_cut_short_is_refused(length: int) -> None:
    document = dump_block(BLOCK)
    with pytest.raises(DocumentRefused):
        parse_block(document[: min(length, len(document) - 1)], "main")


@given(st.binary(max_size=200), st.integers(0, 300))
def test_whatever_bytes_are_in_a_document_it_is_read_or_refused(noise: bytes, place: int) -> None:
    document = dump_block(BLOCK)
    for mixed in (noise, document[:place] + noise + document[place + len(noise) :]):
        with contextlib.suppress(DocumentRefused):
            assert parse_block(mixed, "main").deployment == "main"


def test_entries_are_refused_until_the_last_day_and_not_after() -> None:
    refusal = check_crisis(BLOCK, BLOCK.expires_on)
    assert refusal is not None
    assert (refusal.rule, refusal.limit, refusal.value) == ("crisis_rehearsal", BLOCK.cap, BLOCK.loss_share)
    assert check_crisis(BLOCK, BLOCK.expires_on + timedelta(days=1)) is None
    assert check_crisis(None, BLOCK.book_date) is None
    passed = EntryBlock("main", False, BLOCK.book_date, BLOCK.expires_on, "", Decimal(0), Decimal("0.30"))
    assert check_crisis(passed, BLOCK.book_date) is None


def test_the_cap_itself_is_allowed() -> None:
    values = default_values() | {"limits.crisis_loss": "0.25"}
    assert exceeds_cap(Decimal("0.25"), values) == (False, Decimal("0.25"))
    assert exceeds_cap(Decimal("0.250001"), values) == (True, Decimal("0.25"))


def test_the_document_lies_beside_the_parameters_of_its_deployment() -> None:
    assert block_key("main") == "tomking/main/blocks/crisis.json"
