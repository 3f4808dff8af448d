"""TD Ameritrade's API, historical: transactions as statement rows (accounts moved to Schwab by May 2024).

Holds: recognising its replies, and how a record and its block of fees become a `StatementRow`.
Belongs here: what the members of a transaction mean together.
Never here: its CSV, Schwab's trader API (which refuses the orders of both).

Fees are positive and stand apart from the cost; cost less fees is the net amount, which is checked. The regulators' fee
is either one of them or their sum: of the two readings the one counts that gives the net amount.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, Literal

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.schwab.net_amounts import price_exact
from pipelines.parsing.statements.broker_json import Json, MemberError, amount_of, document_of, flat, shown, text_of
from pipelines.parsing.statements.csv_columns import CellError, Instant, plain
from pipelines.parsing.statements.rows import Charge, RowClass, StatementFile, StatementRow
from tomking.kernel.instruments import Instrument, SymbolError, from_tdameritrade
from tomking.kernel.sessions import CalendarRange, expiry_session, new_york_date, session_of

PARSER_VERSION = "tdameritrade_api/1"
BROKER = "tdameritrade"
FORMAT = "tdameritrade_transactions_json"

_COMPONENTS: Final = {
    "commission": "commission",
    "regFee": "regulatory",
    "optRegFee": "orf",
    "secFee": "sec",
    "rFee": "other",
    "additionalFee": "other",
    "cdscFee": "other",
    "otherCharges": "other",
}
_WITHIN_REGULATORY: Final = ("optRegFee", "secFee")
_CLASSES: Final[dict[str, RowClass]] = {
    "TRADE": "trade",
    "RECEIVE_AND_DELIVER": "transfer",
    "JOURNAL": "transfer",
    "ACH_RECEIPT": "transfer",
    "ACH_DISBURSEMENT": "transfer",
    "CASH_RECEIPT": "transfer",
    "CASH_DISBURSEMENT": "transfer",
    "ELECTRONIC_FUND": "transfer",
    "WIRE_IN": "transfer",
    "WIRE_OUT": "transfer",
    "MONEY_MARKET": "transfer",
    "DIVIDEND_OR_INTEREST": "money",
    "MARGIN_CALL": "money",
    "MEMORANDUM": "money",
    "SMA_ADJUSTMENT": "adjustment",
}
_REMOVALS: Final[tuple[tuple[str, RowClass], ...]] = (
    ("ASSIGN", "assignment"),
    ("EXERCISE", "exercise"),
    ("EXPIR", "expiration"),
)
_REINVESTED: Final = "DR"
_EFFECTS: Final[dict[str, Literal["open", "close"]]] = {"OPENING": "open", "CLOSING": "close"}
_ORDER: Final = re.compile(r"[A-Za-z]*(?P<digits>[0-9]+)(?:\.[0-9]+)?")
_HALF_CENT: Final = Decimal("0.005")


def recognise(data: bytes) -> str | None:
    """The name of the reply; None: something else."""
    if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"[", b"{"):
        return None
    return FORMAT if b'"transactionItem"' in data and b'"transactionSubType"' in data else None


def parse(data: bytes) -> StatementFile:
    """Reads a list of transactions (or one); `line` of a row is its place in the list.

    Raises:
        Refused: no JSON, net amounts that do not follow from cost and fees throughout, or nothing readable.
    """
    document = document_of(data)
    records = document if isinstance(document, list) else [document]
    rows: dict[str | None, StatementRow] = {}
    refusals: list[Refusal] = []
    for line, record in enumerate(records, start=1):
        try:
            row = _row(line, record)
        except MemberError as error:
            refusals.append(Refusal(error.reason, line, error.name, shown(record, error.name)))
        else:
            rows[row.execution_id] = row
    untied = [refusal for refusal in refusals if refusal.field == "netAmount"]
    if untied and 2 * len(untied) >= len(untied) + sum(row.row_class == "trade" for row in rows.values()):
        first = untied[0]
        reason = f"{first.reason} ({len(untied)} such records): not a reply as the broker writes it"
        raise Refused(Refusal(reason, first.line, first.field, first.value))
    if refusals and not rows:
        first = refusals[0]
        raise Refused(Refusal(f"no row could be read; the first: {first.reason}", first.line, first.field, first.value))
    return StatementFile(FORMAT, tuple(rows.values()), tuple(refusals), ((0, len(rows)),))


def _row(line: int, record: Any) -> StatementRow:
    if not isinstance(record, dict):
        raise MemberError("type", "expected a transaction")
    kind = text_of(record, "type") or ""
    if kind not in _CLASSES:
        raise MemberError("type", "unknown word")
    item, told = _parts(record)
    symbol, asset = text_of(told, "symbol"), text_of(told, "assetType")
    description = text_of(record, "description")
    row_class = _class(kind, text_of(record, "transactionSubType"), description, asset)
    instrument = _instrument(symbol, asset, needed=row_class == "trade")
    amount, price = amount_of(item, "amount", optional=True), amount_of(item, "price", optional=True)
    net = amount_of(record, "netAmount") or Decimal(0)
    charges = _charges(record, net, amount_of(item, "cost", optional=True) or Decimal(0), checked=kind == "TRADE")
    occurred_at, text = _moment(record)
    traded = row_class in ("trade", "delivery")
    if row_class == "trade" and (not amount or price is None):
        raise MemberError("amount" if not amount else "price", "a trade of nothing or without a price")
    row = StatementRow(
        line=line,
        occurred_at=occurred_at,
        occurred_text=text,
        session_date=_session(occurred_at, row_class),
        row_class=row_class,
        row_type=kind,
        sub_type=text_of(record, "transactionSubType") or "",
        action=text_of(item, "instruction"),
        side=_side(item) if traded else None,
        effect=_EFFECTS.get(text_of(item, "positionEffect") or ""),
        symbol=symbol,
        instrument_key=instrument.key if instrument else None,
        instrument_type=asset,
        underlying=instrument.underlying if instrument and instrument.is_option else None,
        description=description,
        quantity=None if amount is None else abs(amount),
        price=price if traded else None,
        price_text=plain(price) if traded and price is not None and price >= 0 else None,
        price_exact=None,
        multiplier=instrument.multiplier if instrument else None,
        value=net - sum((charge.amount for charge in charges), Decimal(0)),
        commission=sum((charge.amount for charge in charges if charge.component == "commission"), Decimal(0)),
        fees=sum((charge.amount for charge in charges if charge.component != "commission"), Decimal(0)),
        total=net,
        currency="USD",
        order_number=_order(text_of(record, "orderId")),
        raw=flat(record),
        execution_id=text_of(record, "transactionId"),
        charges=charges,
    )
    return replace(row, price_exact=price_exact(row)) if row_class == "trade" else row


def _parts(record: Json) -> tuple[Json, Json]:
    item = record.get("transactionItem") or {}
    if not isinstance(item, dict):
        raise MemberError("transactionItem", "expected an item")
    told = item.get("instrument") or {}
    if not isinstance(told, dict):
        raise MemberError("transactionItem", "expected an instrument")
    return item, told


def _class(kind: str, sub_type: str | None, description: str | None, asset: str | None) -> RowClass:
    wording = (description or "").upper()
    removed = next((row_class for word, row_class in _REMOVALS if word in wording), None)
    if kind == "TRADE" and sub_type == _REINVESTED:
        return "corporate_action"
    if removed is None or kind not in ("TRADE", "RECEIVE_AND_DELIVER"):
        return _CLASSES[kind]
    return removed if asset == "OPTION" else "delivery"


def _instrument(symbol: str | None, asset: str | None, *, needed: bool) -> Instrument | None:
    if symbol is None or asset not in ("EQUITY", "OPTION", "ETF"):
        if needed and symbol is None:
            raise MemberError("transactionItem", "a trade without an instrument")
        return None
    try:
        return from_tdameritrade(symbol)
    except SymbolError as error:
        if not needed:
            return None
        raise MemberError("symbol", f"not an instrument: {error}") from error


def _side(item: Json) -> Literal["buy", "sell"]:
    instruction = text_of(item, "instruction")
    if instruction not in ("BUY", "SELL"):
        raise MemberError("instruction", "expected BUY or SELL")
    return "buy" if instruction == "BUY" else "sell"


def _charges(record: Json, net: Decimal, cost: Decimal, *, checked: bool) -> tuple[Charge, ...]:
    """The fees that are not zero, signed; of trades in the reading that gives the net amount."""
    block = record.get("fees") or {}
    if not isinstance(block, dict):
        raise MemberError("fees", "expected a block of fees")
    unknown = [name for name in block if name not in _COMPONENTS]
    if unknown:
        raise MemberError("fees", f"unknown fee: {unknown[0]}")
    fees = {name: amount_of(block, name) or Decimal(0) for name in block}
    within = sum((fees.get(name, Decimal(0)) for name in _WITHIN_REGULATORY), Decimal(0))
    readings = [fees]
    if fees.get("regFee", Decimal(0)) >= within > 0:
        readings.append(fees | {"regFee": fees["regFee"] - within})
    for reading in readings:
        if not checked or abs(cost - sum(reading.values(), Decimal(0)) - net) <= _HALF_CENT:
            return tuple(
                Charge(component=_COMPONENTS[name], name=name, amount=-amount, text=str(block[name]))
                for name, amount in reading.items()
                if amount
            )
    raise MemberError("netAmount", f"is not the cost {cost} less the fees {sum(fees.values(), Decimal(0))}")


def _order(text: str | None) -> str | None:
    """The number of the order; what follows the point counts its legs."""
    match = _ORDER.fullmatch(text or "")
    return match["digits"] if match else text


def _moment(record: Json) -> tuple[dt.datetime, str]:
    text = text_of(record, "transactionDate")
    if text is None:
        raise MemberError("transactionDate", "a transaction without a time")
    try:
        return Instant().read(text), text
    except CellError as error:
        raise MemberError("transactionDate", str(error)) from error


def _session(occurred_at: dt.datetime, row_class: RowClass) -> dt.date:
    try:
        if row_class == "trade":
            return session_of(occurred_at)
        if row_class in ("expiration", "assignment", "exercise", "delivery"):
            return expiry_session(occurred_at)
    except CalendarRange as error:
        raise MemberError("transactionDate", str(error)) from error
    return new_york_date(occurred_at)
