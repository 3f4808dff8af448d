"""Flex reports of trades as CSV: one header, one line per trade, the columns the user chose.

Holds: which attribute of the XML each column is.
Belongs here: the names of columns.
Never here: what the attributes mean (`ibkr_trades`).
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.parsing.ibkr.trades import Context, FieldError, trade_rows
from pipelines.parsing.ibkr.values import Dates
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.csv_columns import decode, records
from pipelines.parsing.statements.rows import StatementFile, StatementRow

BROKER = "ibkr"
PARSER_VERSION = "ibkr_trades_csv/1"
FORMAT = "ibkr_trades_csv"

_NAMES = {
    "Buy/Sell": "buySell",
    "Put/Call": "putCall",
    "Open/CloseIndicator": "openCloseIndicator",
    "Notes/Codes": "notes",
    "CurrencyPrimary": "currency",
    "AssetClass": "assetCategory",
    "IBCommission": "ibCommission",
    "IBCommissionCurrency": "ibCommissionCurrency",
    "IBOrderID": "ibOrderID",
    "IBExecID": "ibExecID",
    "ClientAccountID": "accountId",
    "Date/Time": "dateTime",
}
"""Columns whose name is not simply that of the attribute with a capital."""
_HEAD = 16_384
_NEEDED = frozenset({"buySell", "quantity", "tradePrice"})
_EXECUTIONS = frozenset({"", "EXECUTION"})


def recognise(data: bytes) -> str | None:
    """The name of the format; None where the bytes are another one."""
    try:
        # The header only: files of other formats are asked, too, however large they are.
        first = next(records(decode(data[:_HEAD].lstrip().splitlines()[0] if data[:_HEAD].strip() else b"")), None)
    except Refused:
        return None
    header = first.cells if first is not None else ()
    names = {_attribute(cell) for cell in header}
    return FORMAT if names >= _NEEDED and names & {"dateTime", "tradeDate"} and "Buy/Sell" in header else None


def parse(data: bytes) -> StatementFile:
    """Reads the trades. Orders count only where the file has no executions; `-` rows of other levels do not.

    Raises:
        Refused: no text, another header, or no row that can be read.
    """
    header, *body = records(decode(data))
    names = tuple(_attribute(cell) for cell in header.cells)
    if not set(names) >= _NEEDED:
        raise Refused(Refusal(f"unknown header: {','.join(header.cells)[:200]}", header.line))
    refusals: list[Refusal] = []
    given: list[tuple[int, dict[str, str], dict[str, str]]] = []
    for record in body:
        if record.problem is not None or len(record.cells) != len(names):
            reason = record.problem or f"the row has {len(record.cells)} fields, the header {len(names)}"
            refusals.append(Refusal(reason, record.line))
        elif record.cells != header.cells:
            texts = dict(zip(names, record.cells, strict=True))
            given.append((record.line, texts, dict(zip(header.cells, record.cells, strict=True))))
    levels = {texts.get("levelOfDetail", "") for _, texts, _ in given}
    wanted = _EXECUTIONS if levels & _EXECUTIONS else {"ORDER"}
    dates = Dates(text for _, texts, _ in given for name, text in texts.items() if "ate" in name)
    context = Context(dates, separators=False)
    rows: list[StatementRow] = []
    for line, texts, raw in given:
        if texts.get("levelOfDetail", "") in wanted:
            try:
                rows += [replace(row, raw=raw) for row in trade_rows(line, texts, context)]
            except FieldError as error:
                refusals.append(error.refusal(line))
    if refusals and not rows:
        first = refusals[0]
        raise Refused(Refusal(f"no row could be read; the first: {first.reason}", first.line, first.field, first.value))
    return StatementFile(FORMAT, tuple(rows), tuple(refusals), ((0, len(rows)),))


def _attribute(column: str) -> str:
    name = column.strip()
    return _NAMES.get(name) or name[:1].lower() + name[1:]
