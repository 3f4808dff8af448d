"""Daily prices in LEAN's own layout: zips of bars, map files (ticker history), factor files (splits and dividends).

Holds: the three formats, and joining them into the history of one security.
Belongs here: which rows of a ticker's file belong to which company, scales, adjustment.
Never here: walking folders (the step does), minute and option data.

LEAN files daily bars under the ticker of the day: `goog.zip` holds today's GOOGL until 2014-04-02 and today's GOOG
from 2014-04-03. Only the map files tell them apart, so rows are assigned by them and by nothing else. A row that no
map file claims belongs to a company that used the ticker earlier: it is refused, with the dates in the reason. Days
under a ticker whose zip is absent stay missing.

Equity bars are multiplied by 10,000 and unadjusted. Forex, cfd and crypto bars are in natural units; the quote bars of
forex and cfd have a bid and an ask, of which the mean is taken. Their days do not end at the New York close.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pipelines.parsing.prices.bars import PriceBar, PriceFile, collect, read_date, read_price, read_volume
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.csv_columns import CellError, Record, decode, records

PARSER_VERSION = "lean-daily-1"

EQUITY_SCALE = 10_000.0
MAXIMUM_BYTES = 64 * 1024 * 1024
"""Largest unpacked size that is read; a century of daily bars has two megabytes."""
ONE_DAY = dt.timedelta(days=1)

_TRADE_CELLS = 6
_QUOTE_CELLS = 11
_BAR_FIELDS = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class TickerSpan:
    """A security traded under `ticker` from `first` to `last`, both included."""

    ticker: str
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class MapFile:
    """Ticker history of one security; `symbol` is its newest ticker, in capitals."""

    symbol: str
    spans: tuple[TickerSpan, ...]


@dataclass(frozen=True, slots=True)
class FactorRow:
    """Price and split factor of all days up to and including `last`."""

    last: dt.date
    price: float
    split: float


@dataclass(frozen=True, slots=True)
class FactorFile:
    """Factors of one security, oldest first; days before `first_known` cannot be adjusted."""

    rows: tuple[FactorRow, ...]
    first_known: dt.date

    def factor(self, day: dt.date) -> float | None:
        """What a raw price of that day is multiplied with; None where the file does not say."""
        if day < self.first_known:
            return None
        for row in self.rows:
            if day <= row.last:
                return row.price * row.split
        return None


@dataclass(frozen=True, slots=True)
class AssignedBars:
    """The rows of one ticker's zip: those of each security that used the ticker, and the refused rest."""

    by_symbol: Mapping[str, tuple[PriceBar, ...]]
    refusals: tuple[Refusal, ...]


def parse_map_file(data: bytes, name: str) -> MapFile:
    """The ticker history in a map file; `name` is its stem.

    Each line is `yyyyMMdd,ticker[,exchange]`: the ticker was used up to and including that date; the first line gives
    the first day of the history. Raises `Refused`, with the line, for anything else.
    """
    rows: list[tuple[dt.date, str]] = []
    for record in records(decode(data)):
        day = _dated(record, (2, 3), "expected date, ticker and exchange")
        if rows and day <= rows[-1][0]:
            raise Refused(Refusal("dates of a map file grow", line=record.line, field="date", value=record.cells[0]))
        rows.append((day, record.cells[1].strip().lower()))
    if len(rows) < 2:
        raise Refused(Refusal("a map file has a first and a last line at least"))
    spans: list[TickerSpan] = []
    first = rows[0][0]
    for day, ticker in rows[1:]:
        spans.append(TickerSpan(ticker, first, day))
        first = day + ONE_DAY
    return MapFile(name.upper(), tuple(spans))


def _dated(record: Record, widths: tuple[int, ...], otherwise: str) -> dt.date:
    """The date that a line of one of these widths begins with. Raises `Refused`."""
    if record.problem is not None or len(record.cells) not in widths:
        raise Refused(Refusal(otherwise, line=record.line))
    day = read_date(record.cells[0])
    if day is None:
        raise Refused(Refusal("expected a date", line=record.line, field="date", value=record.cells[0]))
    return day


def parse_factor_file(data: bytes) -> FactorFile:
    """The factors in a factor file: `yyyyMMdd,price factor,split factor[,reference price]` a line.

    Rows written as `inf` or with an exponent have lost their digits; LEAN takes nothing before them, and neither does
    this: `first_known` lies behind them. Raises `Refused`, with the line, for anything else.
    """
    rows: list[FactorRow] = []
    for record in records(decode(data)):
        day = _dated(record, (3, 4), "expected date, price factor and split factor")
        if any("inf" in cell.lower() or "e+" in cell.lower() for cell in record.cells[1:3]):
            continue
        try:
            price, split = (read_price(cell) for cell in record.cells[1:3])
        except CellError as error:
            raise Refused(Refusal(f"factor: {error}", line=record.line)) from error
        if price is None or split is None:
            raise Refused(Refusal("a factor is empty", line=record.line))
        rows.append(FactorRow(day, price, split))
    if not rows:
        raise Refused(Refusal("the factor file has no usable row"))
    rows.sort(key=lambda row: row.last)
    return FactorFile(tuple(rows), rows[0].last)


def parse_daily_zip(data: bytes, symbol: str, *, scale: float) -> PriceFile:
    """Every bar in a daily zip, under `symbol`, unadjusted; prices are divided by `scale`.

    Trade bars have six cells (time, open, high, low, close, volume), quote bars eleven. Rows that cannot be read are
    refused by line. Raises `Refused` when the zip cannot be opened or does not hold exactly one file.
    """
    lines = records(decode(_unzip(data)))
    return collect("lean_daily", (_bar(record, symbol, scale) for record in lines))


def assign(bars: PriceFile, ticker: str, maps: Iterable[MapFile]) -> AssignedBars:
    """Give the bars filed under `ticker` to the securities that used it, by their map files.

    Without any map file that names the ticker its whole file is one security's. Runs of rows that no map file claims
    are refused, one refusal a run.
    """
    ticker = ticker.lower()
    claims = [(span, found.symbol) for found in maps for span in found.spans if span.ticker == ticker]
    if not claims:
        return AssignedBars({ticker.upper(): bars.bars} if bars.bars else {}, bars.refusals)
    owned: dict[str, list[PriceBar]] = {}
    foreign: list[list[PriceBar]] = []
    previous_foreign = False
    for bar in sorted(bars.bars, key=lambda bar: bar.session_date):
        owner = next((symbol for span, symbol in claims if span.first <= bar.session_date <= span.last), None)
        if owner is not None:
            owned.setdefault(owner, []).append(replace(bar, symbol=owner))
        elif previous_foreign:
            foreign[-1].append(bar)
        else:
            foreign.append([bar])
        previous_foreign = owner is None
    return AssignedBars(
        {symbol: tuple(found) for symbol, found in owned.items()},
        (*bars.refusals, *(_another_company(ticker, run) for run in foreign)),
    )


def adjust(bars: Iterable[PriceBar], factors: FactorFile | None) -> Iterator[PriceBar]:
    """The bars with adjusted closes: raw close times price factor times split factor of the day.

    Without a factor file, and on days it does not cover, the adjusted close stays unknown.
    """
    for bar in bars:
        factor = factors.factor(bar.session_date) if factors is not None else None
        if bar.close is None or factor is None:
            yield bar
        else:
            yield replace(bar, adjusted_close=bar.close * factor)


def _another_company(ticker: str, run: list[PriceBar]) -> Refusal:
    first, last = run[0], run[-1]
    return Refusal(
        f"{len(run)} rows from {first.session_date} to {last.session_date} belong to another company: "
        f"no map file has the ticker {ticker.upper()} on these days",
        line=first.line,
        field="date",
        value=str(first.session_date),
    )


def _unzip(data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # Not `is_dir`: before Python 3.12 it fails on an entry without a name.
            entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
            if len(entries) != 1:
                raise Refused(Refusal(f"a daily zip holds one file, this holds {len(entries)}"))
            if entries[0].file_size > MAXIMUM_BYTES:
                raise Refused(Refusal(f"the file inside is larger than {MAXIMUM_BYTES} bytes"))
            return archive.read(entries[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Refused(Refusal(f"the zip cannot be read: {error}")) from error


def _bar(record: Record, symbol: str, scale: float) -> PriceBar | Refusal:
    cells = record.cells
    if record.problem is not None:
        return Refusal(record.problem, line=record.line)
    if len(cells) not in (_TRADE_CELLS, _QUOTE_CELLS):
        return Refusal(f"expected {_TRADE_CELLS} or {_QUOTE_CELLS} cells, found {len(cells)}", line=record.line)
    day = read_date(cells[0])
    if day is None:
        return Refusal("expected a day at midnight", line=record.line, field="time", value=cells[0])
    values: dict[str, float | None] = {}
    for place, field in enumerate(_BAR_FIELDS, start=1):
        try:
            values[field] = read_price(cells[place], scale)
            if len(cells) == _QUOTE_CELLS:
                values[field] = _middle(values[field], read_price(cells[place + 5], scale))
        except CellError as error:
            return Refusal(str(error), line=record.line, field=field, value=cells[place])
    try:
        volume = read_volume(cells[5]) if len(cells) == _TRADE_CELLS else None
    except CellError as error:
        return Refusal(str(error), line=record.line, field="volume", value=cells[5])
    return PriceBar(symbol, day, volume=volume, line=record.line, **values)


def _middle(bid: float | None, ask: float | None) -> float | None:
    return None if bid is None or ask is None else (bid + ask) / 2.0
