"""Daily prices from CSV files: one symbol a file, one symbol a column, or one symbol a row.

Holds: telling the three layouts apart by their header, and reading them.
Belongs here: the layouts

    single   date, close and any of open, high, low, adj_close, volume; the symbol is the name of the file
    long     the same with a column `symbol`
    wide     date, then one column a symbol holding closes; an empty cell is a missing price

Never here: prices in LEAN's own layout (`lean_prices`), broker statements.

Header names may be written in any case, with blanks for underscores. A header that fits none of the layouts is
refused with the column that does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Literal

from pipelines.parsing.prices.bars import PriceBar, PriceFile, collect, read_date, read_price, read_volume
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.csv_columns import CellError, Record, decode, records

PARSER_VERSION = "price-csv-1"

Layout = Literal["single", "long", "wide"]

_DATE_NAMES = frozenset({"date", "session_date", ""})
"""A frame written with its index has no name over the dates."""
_PRICE_FIELDS = {
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "adj_close": "adjusted_close",
    "adjusted_close": "adjusted_close",
}
_FIELDS = frozenset({*_PRICE_FIELDS, "symbol", "volume"})
_TICKER = re.compile(r"[A-Z0-9^/][A-Z0-9.^=/_-]{0,19}")
_NOT_TICKERS = frozenset(
    [
        "SYMBOL",
        "TICKER",
        "PRICE",
        "LAST",
        "VALUE",
        "SETTLE",
        "NAV",
        "BID",
        "ASK",
        "VWAP",
        "TIME",
        "CURRENCY",
        "ISIN",
        "NAME",
        "TYPE",
        "ACTION",
        "QUANTITY",
        "AMOUNT",
        "FEES",
        "COMMISSION",
        "COMMISSIONS",
        "DESCRIPTION",
        "DIVIDENDS",
        "SPLITS",
        "SIDE",
        "STRIKE",
        "EXPIRY",
        "MULTIPLIER",
        "VOLUME",
        "ADJ_CLOSE",
        "ADJUSTED_CLOSE",
        "MULTIPLE",
        "UNDERLYING",
        "INSTRUMENT",
        "ACCOUNT",
        "BALANCE",
    ]
)
"""Words that head a column of something else; a file with one of them and no `close` is not a table of closes."""


def sniff(data: bytes) -> Layout | None:
    """Which layout the first line of `data` announces; None where it is no price file."""
    try:
        header = next(records(decode(data[:65536].partition(b"\n")[0])), None)
    except Refused:
        return None
    if header is None or header.problem is not None:
        return None
    try:
        return _layout(header)
    except Refused:
        return None


def parse_price_csv(data: bytes, name: str) -> PriceFile:
    """Every bar of a price file.

    `name` is the file's name; its stem, in capitals, is the symbol of a `single` file. Rows that cannot be read are
    refused with line and column and do not stop the rest.

    Raises
    ------
    Refused
        Not text, empty, or with a header that no layout has.
    """
    lines = records(decode(data))
    header = next(lines, None)
    if header is None:
        raise Refused(Refusal("the file is empty"))
    if header.problem is not None:
        raise Refused(Refusal(header.problem, line=header.line))
    layout = _layout(header)
    if layout == "wide":
        symbols = [cell.strip().upper() for cell in header.cells[1:]]
        return collect(layout, _wide_bars(lines, symbols), symbols)
    fields = [_normal(cell) for cell in header.cells]
    symbol = PurePath(name).stem.upper()
    if layout == "single" and not _TICKER.fullmatch(symbol):
        raise Refused(Refusal("the file's name is not a symbol, and no column names one", field="symbol", value=name))
    return collect(layout, _field_bars(lines, fields, symbol))


def _normal(cell: str) -> str:
    return "_".join(cell.strip().lower().split())


def _layout(header: Record) -> Layout:
    """The layout of a header row. Raises `Refused`, naming the column, where it has none."""
    names = [_normal(cell) for cell in header.cells]
    if len(names) < 2 or names[0] not in _DATE_NAMES:
        raise Refused(
            Refusal("the first column of a price file is the date", line=header.line, field=header.cells[0].strip())
        )
    rest = names[1:]
    for place, name in enumerate(rest):
        if name in rest[:place]:
            raise Refused(Refusal("the column stands twice", line=header.line, field=header.cells[place + 1].strip()))
    if "close" in rest or "adj_close" in rest or "adjusted_close" in rest:
        unknown = next((cell for cell, name in zip(header.cells[1:], rest, strict=True) if name not in _FIELDS), None)
        if unknown is not None:
            raise Refused(Refusal("the column is not known in a price file", line=header.line, field=unknown.strip()))
        return "long" if "symbol" in rest else "single"
    for cell in header.cells[1:]:
        # Only what is printed in capitals is a symbol: a table of ordinary words is not a table of prices.
        symbol = cell.strip()
        if not _TICKER.fullmatch(symbol) or symbol in _NOT_TICKERS:
            raise Refused(
                Refusal(
                    "the column is neither a symbol nor known in a price file", line=header.line, field=cell.strip()
                )
            )
    return "wide"


def _wide_bars(lines: Iterator[Record], symbols: Sequence[str]) -> Iterator[PriceBar | Refusal]:
    for record in lines:
        if (problem := _shape(record, len(symbols) + 1)) is not None:
            yield problem
            continue
        day = read_date(record.cells[0])
        if day is None:
            yield Refusal("expected a date", line=record.line, field="date", value=record.cells[0])
            continue
        for symbol, cell in zip(symbols, record.cells[1:], strict=True):
            try:
                close = read_price(cell)
            except CellError as error:
                yield Refusal(str(error), line=record.line, field=symbol, value=cell)
                continue
            if close is not None:
                yield PriceBar(symbol, day, close, line=record.line)


def _field_bars(lines: Iterator[Record], fields: Sequence[str], symbol: str) -> Iterator[PriceBar | Refusal]:
    for record in lines:
        yield _shape(record, len(fields)) or _field_bar(record, fields, symbol)


def _field_bar(record: Record, fields: Sequence[str], symbol: str) -> PriceBar | Refusal:
    day = read_date(record.cells[0])
    if day is None:
        return Refusal("expected a date", line=record.line, field="date", value=record.cells[0])
    values: dict[str, float | None] = {}
    for field, cell in zip(fields[1:], record.cells[1:], strict=True):
        if field == "symbol":
            symbol = cell.strip().upper()
            if not _TICKER.fullmatch(symbol):
                return Refusal("expected a symbol", line=record.line, field=field, value=cell)
            continue
        try:
            if field == "volume":
                values["volume"] = read_volume(cell)
            else:
                values[_PRICE_FIELDS[field]] = read_price(cell)
        except CellError as error:
            return Refusal(str(error), line=record.line, field=field, value=cell)
    return PriceBar(
        symbol,
        day,
        close=values.get("close"),
        adjusted_close=values.get("adjusted_close"),
        open=values.get("open"),
        high=values.get("high"),
        low=values.get("low"),
        volume=values.get("volume"),
        line=record.line,
    )


def _shape(record: Record, expected: int) -> Refusal | None:
    if record.problem is not None:
        return Refusal(record.problem, line=record.line)
    if len(record.cells) != expected:
        return Refusal(f"expected {expected} cells, found {len(record.cells)}", line=record.line)
    return None
