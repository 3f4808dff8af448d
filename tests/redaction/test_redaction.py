"""A masked statement shows nobody and nothing of the broker's books, and is read as before, in every format."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import TomkingError
from pipelines.parsing.refusals import Refused
from pipelines.parsing.statements.formats import reader_of
from pipelines.parsing.statements.rows import StatementFile
from pipelines.redaction import statements
from pipelines.redaction.statements import redact
from tests.pairs.every_format import WRITERS
from tests.pairs.fill_set import Fill, fill_sets
from tests.pairs.test_every_format import fills_for_the_warehouse
from tests.pairs.writing import ACCOUNTS
from tests.pipelines.command_line import run
from tests.redaction.planted import OWNERS, SECRETS, WORDS, planted
from tests.shared import SHARED, shared_path

FORMATS = [(broker, name) for broker, writers in WRITERS.items() for name in writers]
NAMES = [" ".join(one) for one in FORMATS]


def read(data: bytes) -> StatementFile:
    return reader_of(data).parse(data)


def money(file: StatementFile) -> list[tuple[object, ...]]:
    return [
        (
            row.session_date,
            row.row_class,
            row.instrument_key,
            row.side,
            row.quantity,
            row.value,
            row.commission,
            row.fees,
        )
        for row in file.rows
    ]


def sought(broker: str, fills: list[Fill]) -> list[str]:
    """Everything that must be gone."""
    ids = [
        str(number) for fill in fills for number in (fill.order, fill.execution, fill.execution + 7, fill.execution + 5)
    ]
    account = ACCOUNTS[broker]
    return [account, account[1:], *SECRETS, *OWNERS, *ids, "771234567", "88123123"]


@pytest.mark.parametrize(("broker", "name"), FORMATS, ids=NAMES)
def test_nothing_private_is_left_and_every_row_says_the_same(broker: str, name: str) -> None:
    fills = fills_for_the_warehouse(broker)
    data = planted(broker, name, WRITERS[broker][name](fills), day=str(fills[0].day))
    before = read(data)
    assert before.refusals == ()
    # A Flex report of trades as CSV has no section for cash.
    assert any(row.value == -250 and row.quantity in (None, 0) for row in before.rows) or name == "flex.csv"
    masked = redact(data)
    text = masked.decode()
    assert [secret for secret in sought(broker, fills) if secret.lower() in text.lower()] == []
    after = read(masked)
    assert (after.format, money(after), after.refusals) == (before.format, money(before), ())
    assert redact(masked).decode().count("REDACTED") >= text.count("REDACTED")


@pytest.mark.parametrize(("broker", "name"), FORMATS, ids=NAMES)
@settings(max_examples=15)
@given(data=st.data())
def test_any_fills_keep_their_money_and_their_orders(broker: str, name: str, data: st.DataObject) -> None:
    made = fill_sets() if broker != "tdameritrade" else fill_sets(fill_first(), "230721")
    fills = data.draw(made)
    original = WRITERS[broker][name](fills)
    before, after = read(original), read(redact(original))
    assert money(after) == money(before)
    for one, other in ((before, after), (after, before)):
        orders: dict[str | None, str | None] = {}
        for row, twin in zip(one.rows, other.rows, strict=True):
            assert orders.setdefault(row.order_number, twin.order_number) == twin.order_number


def fill_first() -> dt.date:
    return dt.date(2023, 6, 12)


@pytest.mark.parametrize(
    "path",
    sorted(path for broker in ("ibkr", "schwab", "tastytrade") for path in (SHARED / "samples" / broker).glob("*"))
    or [None],
    ids=lambda path: "absent" if path is None else path.name,
)
def test_real_statements_are_masked_and_read_as_before(path: Path | None) -> None:
    data = Path(path or shared_path("samples")).read_bytes()
    try:
        before = read(data)
    except Refused:
        return
    masked = redact(data)
    assert money(read(masked)) == money(before)
    for account in ("U1234567", "U5555555", "DU231262"):
        assert account not in masked.decode()


def test_what_the_user_names_is_gone_everywhere(tmp_path: Path) -> None:
    fills = fills_for_the_warehouse("schwab")
    data = WRITERS["schwab"]["export.csv"](fills).replace(b"XYZ CORP", b"XYZ CORP of Uncle Bob")
    (tmp_path / "export.csv").write_bytes(data)
    answer = run(["redact", str(tmp_path / "export.csv"), "--also", "Uncle Bob", "-o", str(tmp_path / "shown.csv")])
    assert answer.code == 0
    shown = (tmp_path / "shown.csv").read_bytes()
    assert b"Bob" not in shown
    assert money(read(shown)) == money(read(data))


def test_masks_of_several_accounts_stay_apart_and_ids_that_agree_agree() -> None:
    text = WRITERS["ibkr"]["flex.xml"](fills_for_the_warehouse("ibkr")).decode()
    cancel = text.replace('tradeID="88000001"', 'tradeID="88000001" origTradeID="88000000"', 1)
    masked = redact(cancel.encode()).decode()
    original, twin = (masked.split(f'{name}="')[1].split('"')[0] for name in (" tradeID", "origTradeID"))
    assert original == twin


def test_a_statement_that_masking_would_change_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    data = WRITERS["tastytrade"]["columns21.csv"](fills_for_the_warehouse("tastytrade"))
    monkeypatch.setattr(statements, "redact_csv", lambda text, _lines, _masker: text.replace("210.00", "211.00"))
    with pytest.raises(TomkingError, match="without changing what it says"):
        redact(data)
    monkeypatch.setattr(statements, "redact_csv", lambda text, _lines, _masker: "\n".join(text.split("\n")[1:]))
    with pytest.raises(TomkingError, match="is refused"):
        redact(data)


def test_numbers_of_a_reply_keep_their_digits() -> None:
    fills = fills_for_the_warehouse("tdameritrade")
    data = WRITERS["tdameritrade"]["api.json"](fills).replace(b'"cost": 210.0', b'"cost": 210.00000000000000000')
    assert b"210.00000000000000000" in redact(data)


def test_a_file_that_is_no_statement_loses_its_account_numbers_only() -> None:
    assert redact(b"log of 5WX12345, erika@example.net") == b"log of REDACTED, REDACTED"
    assert json.loads(redact(b'{"account": "U7654321", "n": 1}')) == {"account": "REDACTED", "n": 1}
    assert redact(b"{not json of U7654321") == b"{not json of REDACTED"


def test_words_that_name_nobody_stay() -> None:
    fills = fills_for_the_warehouse("tastytrade")
    row = "2026-11-16T17:00:00-0500,Money Movement,Balance Adjustment,,,,Regulatory fee adjustment,-0.01,0,,--,0.00,,,,,,,,-0.01,USD\n"
    masked = redact(WRITERS["tastytrade"]["columns21.csv"](fills) + row.encode()).decode()
    assert "Regulatory fee adjustment" in masked
    assert WORDS.split()[0] not in masked
    assert Decimal("-0.01") in [found.value for found in read(masked.encode()).rows]
