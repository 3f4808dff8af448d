"""Damaged statements of every format: read, or refused by name; never a wrong number and never another error."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable

import pytest

from pipelines.parsing.refusals import Refused
from pipelines.parsing.statements.formats import reader_of
from pipelines.parsing.statements.identity import identify_file
from pipelines.parsing.statements.rows import StatementFile, StatementRow
from tests.pairs.every_format import WRITERS
from tests.pairs.test_every_format import fills_for_the_warehouse

FORMATS = [(broker, name) for broker, writers in WRITERS.items() for name in writers]
NAMES = [" ".join(one) for one in FORMATS]
CSV = [one for one in FORMATS if one[1].endswith(".csv")]
CSV_NAMES = [" ".join(one) for one in CSV]


def original(broker: str, name: str) -> bytes:
    return WRITERS[broker][name](fills_for_the_warehouse(broker))


def outcome(data: bytes) -> StatementFile | Refused:
    """What became of the bytes; whatever is refused says why, and any other error fails the test."""
    try:
        file = reader_of(data).parse(data)
    except Refused as refused:
        return refused if refused.refusal.reason else pytest.fail("refused without a reason")
    assert all(refusal.reason for refusal in file.refusals)
    identify_file(file, "main")
    return file


def said(row: StatementRow) -> tuple[object, ...]:
    return row.instrument_key, row.side, row.quantity, row.price, row.value, row.commission, row.fees


def rows_of(data: bytes) -> Counter[tuple[object, ...]]:
    file = outcome(data)
    assert isinstance(file, StatementFile)
    return Counter(said(row) for row in file.rows)


def check_no_wrong_number(data: bytes, true: Counter[tuple[object, ...]]) -> None:
    """Every row that is taken is a row of the original."""
    file = outcome(data)
    if isinstance(file, StatementFile):
        taken = Counter(said(row) for row in file.rows)
        assert taken <= true, [row for row in taken if row not in true][:2]


@pytest.mark.parametrize(("broker", "name"), FORMATS, ids=NAMES)
def test_a_file_cut_off_anywhere_gives_its_whole_rows_or_says_that_it_is_cut(broker: str, name: str) -> None:
    data = original(broker, name)
    true = rows_of(data)
    if name == "executions.csv":
        # Where the executions are cut off, the order above them counts.
        true |= rows_of(original(broker, "orders.csv"))
    for stop in range(0, len(data), 23):
        check_no_wrong_number(data[:stop], true)


@pytest.mark.parametrize(("broker", "name"), CSV, ids=CSV_NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_rows_in_another_order_are_the_same_rows_or_refused(broker: str, name: str, seed: int) -> None:
    data = original(broker, name)
    lines = data.split(b"\n")
    body = [place for place, line in enumerate(lines) if re.search(rb"[0-9]\.[0-9]", line)]
    shuffled = [lines[place] for place in body]
    random.Random(seed).shuffle(shuffled)
    for place, line in zip(body, shuffled, strict=True):
        lines[place] = line
    check_no_wrong_number(b"\n".join(lines), rows_of(data))


@pytest.mark.parametrize(("broker", "name"), CSV, ids=CSV_NAMES)
def test_a_row_that_stands_twice_counts_twice_only_where_rows_have_no_id(broker: str, name: str) -> None:
    data = original(broker, name)
    lines = data.split(b"\n")
    place = max(at for at, line in enumerate(lines) if re.search(rb"[0-9]\.[0-9]", line))
    lines.insert(place, lines[place])
    file = outcome(b"\n".join(lines))
    if isinstance(file, StatementFile):
        before = outcome(data)
        assert isinstance(before, StatementFile)
        ids = {row_id for row_id, _ in identify_file(file, "main")}
        assert {row_id for row_id, _ in identify_file(before, "main")} <= ids
        assert len(file.rows) - len(before.rows) in (0, 1) or file.refusals


@pytest.mark.parametrize(("broker", "name"), FORMATS, ids=NAMES)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: re.sub(r"([0-9])\.([0-9])", r"\1,\2", text),
        lambda text: re.sub(r"([0-9])\.([0-9]{2})\b", r"\1,\g<2>0", text),
        lambda text: re.sub(r"\b([0-9]{3})\.([0-9]{2})\b", r"\1.\g<2>0,00", text),
        lambda text: re.sub(r"([0-9])\.([0-9])", "\\1\u066b\\2", text),
        lambda text: re.sub(r"([0-9]+)\.([0-9]{2})\b", r"\1.\2E0", text),
    ],
    ids=["comma", "comma and three digits", "German thousands", "Arabic separator", "exponent"],
)
def test_decimals_of_another_country_never_make_another_amount(
    broker: str, name: str, spoil: Callable[[str], str]
) -> None:
    data = original(broker, name)
    check_no_wrong_number(spoil(data.decode()).encode(), rows_of(data))


@pytest.mark.parametrize(("broker", "name"), [one for one in FORMATS if not one[1].endswith(".xml")], ids=str)
def test_a_header_in_another_language_is_refused_by_name(broker: str, name: str) -> None:
    words = {"Date": "Datum", "DATE": "DATUM", "Quantity": "Menge", "QUANTITY": "MENGE", "quantity": "menge", "Description": "Text",
             "DESCRIPTION": "TEXT", "Trades": "Transaktionen", "Trade": "Handel", "Transaction": "Transaktion"}  # fmt: skip
    text = original(broker, name).decode()
    for word, foreign in words.items():
        text = text.replace(word, foreign)
    file = outcome(text.encode())
    # The trader API's members that change here are none that a row is made of.
    untouched = isinstance(file, StatementFile) and Counter(map(said, file.rows)) == rows_of(original(broker, name))
    assert isinstance(file, Refused) or file.refusals or untouched


@pytest.mark.parametrize(("broker", "name"), FORMATS, ids=NAMES)
def test_byte_order_mark_and_line_ends_change_nothing(broker: str, name: str) -> None:
    data = original(broker, name)
    true, plain = rows_of(data), data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    variants = [plain, b"\xef\xbb\xbf" + plain, plain.replace(b"\n", b"\r\n"), plain.replace(b"\n", b"\r")]
    for variant in variants:
        assert rows_of(variant) == true


@pytest.mark.parametrize(("broker", "name"), FORMATS, ids=NAMES)
def test_nul_bytes_and_other_encodings_are_named(broker: str, name: str) -> None:
    data = original(broker, name)
    text = data.decode("utf-8-sig")
    for spoiled in (data[: len(data) // 2] + b"\x00" + data[len(data) // 2 :], b"\x00" * 50 + data, data + b"\x00"):
        file = outcome(spoiled)
        assert isinstance(file, Refused) or file.refusals
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        file = outcome(text.encode(encoding))
        assert isinstance(file, Refused)
    latin = outcome(text.replace("XYZ", "X\u00dcZ", 1).encode("latin-1"))
    assert isinstance(latin, Refused) or latin.rows


@pytest.mark.parametrize(("broker", "name"), CSV, ids=CSV_NAMES)
def test_a_bad_row_is_named_by_its_line_and_the_others_are_taken_or_all_are_refused(broker: str, name: str) -> None:
    data = original(broker, name)
    true, lines = rows_of(data), data.split(b"\n")
    # A fee, where it stands by itself, else a price; a description is no number.
    wrong = rb"-0\.04" if b"-0.04" in data else rb"1\.0[0-9]"
    place = max(at for at, line in enumerate(lines) if re.search(wrong, line))
    lines[place] = re.sub(wrong, b"oops", lines[place])
    file = outcome(b"\n".join(lines))
    if isinstance(file, StatementFile):
        assert place + 1 in {refusal.line for refusal in file.refusals} or Counter(map(said, file.rows)) == true
        assert Counter(map(said, file.rows)) <= true
    else:
        assert file.refusal.line is not None or file.refusal.field
