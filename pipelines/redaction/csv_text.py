"""CSV statements without what is private.

Holds: finding the header in force for each line, and masking its cells.
Belongs here: how the CSV statements of all brokers are laid out: one header, sections, titles.
Never here: which column is private (`policy`).

A line that holds nothing private keeps its bytes; the others are written anew with the same cells otherwise.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Sequence

from pipelines.redaction.policy import ACCOUNTS, DESCRIPTIONS, IDS, KEPT_OF_ACCOUNT, OWNERS, Masker, plain_name

_ANNOUNCING = frozenset(
    {"date", "datetime", "symbol", "quantity", "description", "price", "amount", "value", "type", "fees", "commission", "commissions",
     "balance", "refno", "ref", "time", "action", "fieldname", "fieldvalue", "currency", "account", "tradeprice", "qty", "side",
     "exectime", "spread", "strike", "tradedate", "buysell", "name", "address", "username", "currencyprimary"}
)  # fmt: skip
_ENOUGH = 2
"""So many known names of columns make a line a header."""
_ABOUT_THE_ACCOUNT = "Account Information"
_SCHWAB_TITLE = re.compile(r"(?P<before>Transactions  for account ).*(?P<after> as of .*)")
_THINKORSWIM_TITLE = re.compile(r"(?P<before>Account Statement for )\S+?(?P<schwab>SCHW)?(?P<after> \(.*)")
_PLACE = re.compile(r"(?P<digits>[0-9]+)")


def redact_csv(text: str, private_lines: Collection[int], masker: Masker) -> str:
    """The text with its private cells masked. `private_lines` are those whose description may name anybody."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    parsed = [_cells(line) for line in lines]
    _learn(parsed, masker)
    header: Sequence[str] = ()
    done = []
    for number, (line, cells) in enumerate(zip(lines, parsed, strict=True), start=1):
        if cells is None or not any(cells):
            done.append(masker.free(line))
        elif _is_header(cells):
            header = [plain_name(cell) for cell in cells]
            done.append(line)
        else:
            masked = _masked(cells, header, masker, private=number in private_lines)
            done.append(line if masked == cells else _line(masked, quoted=line.startswith('"')))
    return _ending(text).join(done)


def _cells(line: str) -> list[str] | None:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return None


def _learn(parsed: Sequence[list[str] | None], masker: Masker) -> None:
    """What private columns and fields hold, before anything is written."""
    header: Sequence[str] = ()
    for cells in parsed:
        if not cells:
            continue
        if _is_header(cells):
            header = cells
            continue
        for name, cell in zip(header, cells, strict=False):
            masker.learn(name, cell)
        if cells[0] == _ABOUT_THE_ACCOUNT and len(cells) >= 4:
            masker.learn(cells[2], cells[3])


def _is_header(cells: Sequence[str]) -> bool:
    """Sections say so themselves; elsewhere several cells are names of columns and none holds a digit."""
    if len(cells) > 1 and cells[1] == "Header":
        return True
    if len(cells) > 1 and cells[1] == "Data":
        return False
    known = sum(plain_name(cell) in _ANNOUNCING for cell in cells)
    return known > _ENOUGH and not any(_PLACE.search(cell) for cell in cells)


def _masked(cells: list[str], header: Sequence[str], masker: Masker, *, private: bool) -> list[str]:
    if cells[0] == _ABOUT_THE_ACCOUNT:
        return _of_the_account(cells, header, masker)
    if len(cells) <= _ENOUGH or not any(cells[1:]):
        return [_title(cell, masker) for cell in cells]
    return [
        _cell(cell, header[place] if place < len(header) else "", masker, private=private)
        for place, cell in enumerate(cells)
    ]


def _of_the_account(cells: list[str], header: Sequence[str], masker: Masker) -> list[str]:
    names = [plain_name(cells[2])] * len(cells) if "fieldvalue" in header and len(cells) > 2 else list(header)
    first_value = 3 if "fieldvalue" in header else 2
    return [
        cell
        if place < first_value or not cell or (place < len(names) and names[place] in KEPT_OF_ACCOUNT)
        else masker.account(cell)
        for place, cell in enumerate(cells)
    ]


def _title(cell: str, masker: Masker) -> str:
    if (found := _SCHWAB_TITLE.fullmatch(cell)) is not None:
        return f"{found['before']}REDACTED{found['after']}"
    if (found := _THINKORSWIM_TITLE.search(cell)) is not None:
        return masker.free(f"{found['before']}########{found['schwab'] or ''}{found['after']}")
    return masker.free(cell)


def _cell(cell: str, name: str, masker: Masker, *, private: bool) -> str:
    if not cell:
        return cell
    if name in ACCOUNTS:
        return masker.account(cell)
    if name in OWNERS:
        return masker.account(cell)
    if name in IDS:
        return masker.quoted_identifier(cell)
    if name in DESCRIPTIONS:
        return masker.of_money(cell) if private else masker.free(cell)
    return masker.free(cell) if any(letter.isalpha() for letter in cell) else cell


def _line(cells: Sequence[str], *, quoted: bool) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="", quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL).writerow(cells)
    return text.getvalue()


def _ending(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
