"""tastyworks' transaction history of until about 2023: fifteen columns, local times without a zone, three decimals.

Holds: the layout of the old web export, the rules it keeps, and how a row becomes a `StatementRow`.
Belongs here: what the cells of a row of this generation mean.
Never here: the later generations (`tastytrade_csv`); which row of a later export is the same trade
(`transforms.statement_generations`).

Charges are one positive figure: commission and everything else, with the third decimal that later exports lack. It
stands in `commission` as a cost. There are no order numbers. Times are the customer's own and lack seconds; the clock is
found from the trades (`tastytrade_clock`), and where they do not tell, a row has its day only.

The same trades reappear in later exports with other texts throughout. What both generations agree on is the minute of
the hour (the zone of the moment of download leaked into some rows, so that whole hours differ), instrument, side,
quantity and value: rows of two generations are one row where these are the same within a day.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal, cast

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.csv_columns import (
    CellError,
    Choice,
    Column,
    Number,
    Record,
    ShortDate,
    Text,
    decode,
    read_record,
    records,
)
from pipelines.parsing.statements.rows import POSITION_EVENTS, RowClass, StatementFile, StatementRow
from pipelines.parsing.tastytrade import rules as tastytrade_rules
from pipelines.parsing.tastytrade.clock import Clock, clock_of, third_friday
from pipelines.parsing.tastytrade.layout import FEE_REPAIRS, LEGACY_15, SUB_TYPES, TRADE
from tomking.kernel.instruments import Instrument, from_tastytrade
from tomking.kernel.occ import occ_text
from tomking.kernel.products import WEEKLY_ROOTS
from tomking.kernel.sessions import CalendarRange, expiry_session, new_york_date, session_of

PARSER_VERSION = "tastytrade_legacy_csv/1"
BROKER = "tastytrade"
FORMAT = "tastytrade_csv_15"
CURRENCY = "USD"
"""The export has no currency; the broker kept accounts in US dollars only."""

_CENT = Decimal("0.01")
_LOCAL = "%m/%d/%Y %I:%M %p"
_SIDES: dict[str, Literal["buy", "sell"]] = {"Buy": "buy", "Sell": "sell"}
_EFFECTS: dict[str, Literal["open", "close"]] = {"Open": "open", "Close": "close"}


class _LocalTime(Column):
    """`MM/DD/YYYY h:mm AM`, without a zone."""

    def read(self, text: str) -> dt.datetime:
        """The local time, naive: nobody says where."""
        if not re.fullmatch(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} [0-9]{1,2}:[0-9]{2} [AP]M", text):
            raise CellError("expected MM/DD/YYYY h:mm AM or PM")
        try:
            printed = dt.datetime.strptime(text, _LOCAL)  # noqa: DTZ007  (the export has no zone)
        except ValueError as error:
            raise CellError(f"no such date or time: {error}") from error
        if not 1990 <= printed.year <= 2100:
            raise CellError("expected a year between 1990 and 2100")
        return printed


COLUMNS: dict[str, Column] = {
    "Date/Time": _LocalTime(),
    "Transaction Code": Choice(frozenset(SUB_TYPES)),
    "Transaction Subcode": Choice(frozenset(name for names in SUB_TYPES.values() for name in names)),
    "Symbol": Text(),
    "Buy/Sell": Choice(frozenset(_SIDES), required=False),
    "Open/Close": Choice(frozenset(_EFFECTS), required=False),
    "Quantity": Number(absent=frozenset({""}), unsigned=True),
    "Expiration Date": ShortDate(),
    "Strike": Number(absent=frozenset({""}), unsigned=True),
    "Call/Put": Choice(frozenset({"C", "P"}), required=False),
    "Price": Number(absent=frozenset({""}), unsigned=True),
    "Fees": Number(absent=frozenset({""})),
    "Amount": Number(),
    "Description": Text(),
    "Account Reference": Text(),
}


def recognise(data: bytes) -> str | None:
    """The name of the format, or None. Never raises."""
    try:
        first = next(records(decode(data)), None)
    except Refused:
        return None
    return FORMAT if first is not None and first.cells == LEGACY_15 else None


def parse(data: bytes) -> StatementFile:
    """Reads a statement.

    Raises:
        Refused: the bytes are no text, the header is another, the file breaks the broker's own rules throughout, or
            not one of its rows can be read.
    """
    found = list(records(decode(data)))
    if not found or found[0].cells != LEGACY_15:
        raise Refused(Refusal("not the export of 15 columns", line=found[0].line if found else None))
    # Exports pasted one under the other with their headers are read as one file: rows carry no order.
    body = [record for record in found[1:] if record.cells != LEGACY_15]
    breaches = tastytrade_rules.judge(body, LEGACY_15, _RULES)
    typed: list[tuple[Record, dict[str, Any] | Refusal]] = [
        (record, breaches.get(record.line) or read_record(record, LEGACY_15, COLUMNS)) for record in body
    ]
    clock = _clock([cells for _, cells in typed if not isinstance(cells, Refusal)])
    rows: list[StatementRow] = []
    refusals: list[Refusal] = []
    for record, cells in typed:
        row = cells if isinstance(cells, Refusal) else _row(record, cells, clock)
        if isinstance(row, Refusal):
            refusals.append(row)
        else:
            rows.append(row)
    if refusals and not rows:
        first = refusals[0]
        raise Refused(Refusal(f"no row could be read; the first: {first.reason}", first.line, first.field, first.value))
    return StatementFile(FORMAT, tuple(rows), tuple(refusals), ((0, len(rows)),))


def fees_are_positive(rows: Sequence[tastytrade_rules.Row]) -> Iterator[tastytrade_rules.Verdict]:
    """Charges of a trade are printed as a positive figure; applies to trades that carry one."""
    for row in rows:
        fees = row.amount("Fees")
        if row.text("Transaction Code") == TRADE and fees:
            yield row.verdict(fees < 0, "Fees", "a charge on a trade is negative; this export prints costs as positive")


def amount_follows_the_side(rows: Sequence[tastytrade_rules.Row]) -> Iterator[tastytrade_rules.Verdict]:
    """Buying pays, selling earns; applies to trades with an amount, except futures (theirs is a day's settlement)."""
    for row in rows:
        amount, side = row.amount("Amount"), row.text("Buy/Sell")
        is_future = (row.text("Symbol") or "").startswith("/") and not row.text("Strike")
        if row.text("Transaction Code") == TRADE and amount and side in _SIDES and not is_future:
            yield row.verdict((side == "Buy") == (amount > 0), "Amount", f"its sign contradicts the side {side}")


_RULES = (fees_are_positive, amount_follows_the_side, tastytrade_rules.quantities_are_unsigned)


def _clock(rows: Sequence[dict[str, Any]]) -> Clock:
    trades = [
        row["Date/Time"]
        for row in rows
        # Futures trade around the clock.
        if row["Transaction Code"] == TRADE and "/" not in (row["Symbol"] or "")
    ]
    removals = ("expiration", "assignment", "exercise")
    booked = [
        row["Date/Time"]
        for row in rows
        if SUB_TYPES[row["Transaction Code"]].get(row["Transaction Subcode"]) in removals
    ]
    return clock_of(trades, booked)


class _Field(ValueError):
    """A cell that is well formed but contradicts its row."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


def _row(record: Record, cells: dict[str, Any], clock: Clock) -> StatementRow | Refusal:
    raw = dict(zip(LEGACY_15, record.cells, strict=True))
    try:
        return _typed(record.line, cells, raw, clock)
    except _Field as error:
        return Refusal(error.reason, line=record.line, field=error.field, value=raw.get(error.field))


def _typed(line: int, cells: dict[str, Any], raw: dict[str, str], clock: Clock) -> StatementRow:
    row_class = _row_class(cells)
    side, effect = _side(cells, row_class)
    occurred_at = clock.instant(cells["Date/Time"])
    instrument_type, instrument = _instrument(cells, row_class, new_york_date(occurred_at))
    fees: Decimal | None = cells["Fees"]
    price, price_exact = _price(cells, instrument_type, instrument)
    return StatementRow(
        line=line,
        occurred_at=occurred_at,
        occurred_text=raw["Date/Time"],
        session_date=_session_date(occurred_at, row_class, clock),
        row_class=row_class,
        row_type=cells["Transaction Code"],
        sub_type=cells["Transaction Subcode"],
        action=None if side is None or effect is None else f"{side}_to_{effect}".upper(),
        side=side,
        effect=effect,
        # The export names the underlying of an option; its later symbol is the OCC text.
        symbol=instrument.key if instrument_type == "Equity Option" and instrument else cells["Symbol"],
        instrument_key=instrument.key if instrument else None,
        instrument_type=instrument_type,
        underlying=cells["Symbol"] if cells["Strike"] is not None else None,
        description=cells["Description"],
        quantity=cells["Quantity"],
        price=price,
        price_text=raw["Price"] or None,
        price_exact=price_exact,
        multiplier=instrument.multiplier if instrument else None,
        value=cells["Amount"],
        commission=-fees if fees else fees,
        fees=None,
        total=None,
        currency=CURRENCY,
        order_number=None,
        raw=raw,
        has_time=clock.is_certain,
    )


def _row_class(cells: dict[str, Any]) -> RowClass:
    row_class = SUB_TYPES[cells["Transaction Code"]].get(cells["Transaction Subcode"])
    if row_class is None:
        raise _Field("Transaction Subcode", f"unknown for a row of type {cells['Transaction Code']}")
    if row_class == "adjustment" and (cells["Description"] or "").lower().startswith(FEE_REPAIRS):
        return "account_adjustment"
    return row_class


def _side(
    cells: dict[str, Any], row_class: RowClass
) -> tuple[Literal["buy", "sell"] | None, Literal["open", "close"] | None]:
    side, effect = _SIDES.get(cells["Buy/Sell"] or ""), _EFFECTS.get(cells["Open/Close"] or "")
    if row_class not in ("trade", "delivery"):
        return side, effect
    if side is None:
        raise _Field("Buy/Sell", "a trade without a side")
    if not cells["Quantity"] or not cells["Symbol"]:
        raise _Field("Symbol" if not cells["Symbol"] else "Quantity", "a trade of nothing")
    words = cells["Transaction Subcode"].lower().split()
    said = words[-1] if len(words) > 1 else None
    if words[0] != side or (effect is not None and effect != said):
        raise _Field("Buy/Sell", f"contradicts the subcode {cells['Transaction Subcode']}")
    return side, effect or cast('Literal["open", "close"] | None', said)


def _instrument(cells: dict[str, Any], row_class: RowClass, traded_on: dt.date) -> tuple[str | None, Instrument | None]:
    symbol: str | None = cells["Symbol"]
    if symbol is None:
        return None, None
    is_option = cells["Strike"] is not None
    try:
        if is_option and not symbol.startswith(("/", ".")):
            return "Equity Option", from_tastytrade(_occ_text(cells), "Equity Option", underlying=symbol)
        kind = "Future Option" if symbol.startswith("./") else "Future" if symbol.startswith("/") else "Equity"
        if kind == "Future" and is_option:
            raise ValueError("options on futures are read from the later exports, which name their series")
        if "/" in symbol[1:] and kind == "Equity":
            kind = "Cryptocurrency"
        return kind, from_tastytrade(symbol, kind, traded_on=traded_on)
    except _Field:
        raise
    except ValueError as error:
        if row_class == "money":
            return None, None
        raise _Field("Symbol", f"not an instrument: {error}") from error


def _occ_text(cells: dict[str, Any]) -> str:
    root, expiry, right = cells["Symbol"], cells["Expiration Date"], cells["Call/Put"]
    if expiry is None or right is None:
        raise _Field("Call/Put" if right is None else "Expiration Date", "an option without it")
    if root in WEEKLY_ROOTS and expiry != _standard_expiry(root, expiry):
        # The export names the index; what does not expire on the standard day is of the weekly root.
        root = WEEKLY_ROOTS[root]
    return occ_text(root, expiry, right, cells["Strike"])


def _standard_expiry(root: str, expiry: dt.date) -> dt.date:
    try:
        if root != "VIX":
            return third_friday(expiry)
        next_month = expiry.replace(day=1) + dt.timedelta(days=32)
        return third_friday(next_month) - dt.timedelta(days=30)
    except CalendarRange as error:
        raise _Field("Expiration Date", str(error)) from error


def _price(
    cells: dict[str, Any], instrument_type: str | None, instrument: Instrument | None
) -> tuple[Decimal | None, bool | None]:
    """Price per unit and whether it gives the amount; shares that traded in parts of a cent: amount over quantity."""
    price, quantity, amount = cells["Price"], cells["Quantity"], abs(cells["Amount"])
    multiplier = instrument.multiplier if instrument else None
    if price is None or not quantity or multiplier is None or instrument_type == "Future":
        return price, None
    if abs(quantity * price * multiplier - amount) <= _CENT / 2:
        return price, True
    if instrument_type != "Equity":
        return price, False
    return (amount / quantity).quantize(Decimal("0.000001")), True


def _session_date(occurred_at: dt.datetime, row_class: RowClass, clock: Clock) -> dt.date:
    # Without a time of day a row stands at midnight of its own day, which is no event's hour.
    moment = occurred_at if clock.is_certain else occurred_at + dt.timedelta(hours=12)
    try:
        if row_class == "trade":
            return session_of(moment)
        if row_class in POSITION_EVENTS:
            return expiry_session(moment)
    except CalendarRange as error:
        raise _Field("Date/Time", str(error)) from error
    return new_york_date(moment)
