"""A statement fit to be shown, proved to be read as before.

Holds: the choice of the form, which lines may name anybody, and the proof.
Belongs here: what holds for every format.
Never here: a format's own text (`csv_text`, `xml_text`, `json_text`).

What was masked is read again by the same reader, and its rows have to say the same: class, contract, side, quantity,
money and which rows share an order. A file for which that fails is not given out.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.errors import TomkingError
from pipelines.parsing.refusals import Refused
from pipelines.parsing.statements.formats import Reader, reader_of
from pipelines.parsing.statements.rows import StatementFile, StatementRow
from pipelines.privacy import redact_json, redact_text
from pipelines.redaction.csv_text import redact_csv
from pipelines.redaction.json_text import redact_json_text
from pipelines.redaction.policy import Masker
from pipelines.redaction.xml_text import redact_xml

_MOVES = frozenset({"transfer", "money", "adjustment", "account_adjustment"})
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def redact(data: bytes, also: Sequence[str] = ()) -> bytes:
    """The file without account numbers, names, addresses and ids; a file that is no statement loses account numbers.

    Raises TomkingError where the masked statement would not be read as the original is.
    """
    masker = Masker(also=tuple(text for text in also if text))
    try:
        reader = reader_of(data)
        before = reader.parse(data)
    except Refused:
        return _plain(data, masker)
    masked = _form(data, before, masker)
    _prove(reader, before, masked)
    return masked


def _plain(data: bytes, masker: Masker) -> bytes:
    text = masker.free(data.decode("utf-8", errors="replace"))
    try:
        return redact_json(text).encode() if text[:1] in "{[" else redact_text(text).encode()
    except ValueError:
        return redact_text(text).encode()


def _form(data: bytes, file: StatementFile, masker: Masker) -> bytes:
    private = {row.line for row in file.rows if _may_name_anybody(row)} | {
        refusal.line for refusal in file.refusals if refusal.line is not None
    }
    start = data[:64].removeprefix(_BYTE_ORDER_MARK).lstrip()[:1]
    if start == b"<":
        return redact_xml(data, private, masker).encode()
    text = data.decode("utf-8-sig")
    if start in (b"{", b"["):
        return redact_json_text(text, masker).encode()
    mark = _BYTE_ORDER_MARK if data.startswith(_BYTE_ORDER_MARK) else b""
    return mark + redact_csv(text, private, masker).encode()


def _may_name_anybody(row: StatementRow) -> bool:
    return row.row_class in _MOVES and not row.instrument_key and not (row.symbol or "").strip(" -")


def _prove(reader: Reader, before: StatementFile, masked: bytes) -> None:
    try:
        after = reader_of(masked).parse(masked)
    except Refused as error:
        raise _not_shown(f"the masked file is refused: {error}") from error
    if after.format != before.format:
        raise _not_shown(f"it would be taken for {after.format} instead of {before.format}")
    if [_said(row) for row in before.rows] != [_said(row) for row in after.rows]:
        line = next(
            (row.line for row, other in zip(before.rows, after.rows, strict=False) if _said(row) != _said(other)), None
        )
        raise _not_shown(f"its rows would not say the same (line {line})")
    if len(after.refusals) != len(before.refusals) or _orders(before) != _orders(after):
        raise _not_shown("rows would no longer belong together, or others would be refused")
    if (before.day_charges, len(before.quotes)) != (after.day_charges, len(after.quotes)):
        raise _not_shown("the figures beside its rows would differ")


def _said(row: StatementRow) -> tuple[object, ...]:
    return (
        row.occurred_at, row.session_date, row.row_class, row.side, row.effect, row.instrument_key, row.quantity, row.price,
        row.value, row.commission, row.fees, row.total, row.currency, row.charges,
    )  # fmt: skip


def _orders(file: StatementFile) -> list[tuple[int | None, int | None, int | None]]:
    """For every row the first row with its order, its execution, and with the execution it takes back."""
    orders: dict[str, int] = {}
    executions: dict[str, int] = {}
    for place, row in enumerate(file.rows):
        orders.setdefault(row.order_number or "", place)
        executions.setdefault(row.execution_id or "", place)
    return [
        (
            orders[row.order_number] if row.order_number else None,
            executions[row.execution_id] if row.execution_id else None,
            executions.get(row.cancels) if row.cancels else None,
        )
        for row in file.rows
    ]


def _not_shown(why: str) -> TomkingError:
    return TomkingError(
        "the statement cannot be masked without changing what it says",
        why=why,
        remedy="it is not shown; keep it to yourself and report which broker and export it is",
    )
