"""Charles Schwab's trader API: transactions as statement rows.

Holds: recognising its replies, and how a record and its transfer items become a `StatementRow`.
Belongs here: what the members of a transaction mean together.
Never here: fetching, the web site's exports.

One record is one leg of an order: one item of an instrument, any number of items in dollars for what was charged, each
with its kind of fee; many of them are zero. The fee of the National Futures Association comes without a kind. The net
amount is the sum of all, which is checked. Orders tell when each part of a leg filled, and not what it cost: they are
refused, because the transactions of the same days hold the same fills with their charges.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, Literal

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.broker_json import Json, MemberError, amount_of, document_of, flat, shown, text_of
from pipelines.parsing.statements.csv_columns import CellError, Instant, plain
from pipelines.parsing.statements.rows import Charge, RowClass, StatementFile, StatementRow
from tomking.kernel.instruments import Instrument, SymbolError, from_schwab
from tomking.kernel.sessions import CalendarRange, expiry_session, new_york_date, session_of

PARSER_VERSION = "schwab_api/1"
BROKER = "schwab"
FORMAT, ORDERS = "schwab_transactions_json", "schwab_orders_json"

_COMPONENTS: Final = {
    "COMMISSION": "commission",
    "LOW_PROCEEDS_COMMISSION": "commission",
    "BASE_CHARGE": "commission",
    "SEC_FEE": "sec",
    "TAF_FEE": "taf",
    "OPT_REG_FEE": "orf",
    "INDEX_OPTION_FEE": "index",
    "FUTURES_CLEARING_FEE": "clearing",
    "FUTURES_EXCHANGE_FEE": "exchange",
    "FUTURES_GLOBEX_FEE": "exchange",
    "FUTURES_NFA_FEE": "nfa",
    "GST_FEE": "tax",
    "TEFRA_TAX": "tax",
    "STATE_TAX": "tax",
    "FTT": "tax",
    **dict.fromkeys(
        (
            "STR_FEE",
            "R_FEE",
            "CDSC_FEE",
            "ADDITIONAL_FEE",
            "MISCELLANEOUS_FEE",
            "FUTURES_DESK_OFFICE_FEE",
            "FUTURES_PIT_BROKERAGE_FEE",
            "FUTURES_TRANSACTION_FEE",
            "GENERAL_CHARGE",
            "UNKNOWN",
        ),
        "other",
    ),
}
"""Kind of fee → component of the fee schedules."""
_NFA: Final = frozenset({Decimal("0.01"), Decimal("0.02")})
"""What the National Futures Association takes of a contract."""
_CLASSES: Final[dict[str, RowClass]] = {
    "TRADE": "trade",
    "RECEIVE_AND_DELIVER": "transfer",
    "JOURNAL": "transfer",
    "WIRE_IN": "transfer",
    "WIRE_OUT": "transfer",
    "ACH_RECEIPT": "transfer",
    "ACH_DISBURSEMENT": "transfer",
    "CASH_RECEIPT": "transfer",
    "CASH_DISBURSEMENT": "transfer",
    "ELECTRONIC_FUND": "transfer",
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
_EFFECTS: Final[dict[str, Literal["open", "close"]]] = {"OPENING": "open", "CLOSING": "close"}
_PRICED: Final = frozenset({"EQUITY", "COLLECTIVE_INVESTMENT", "OPTION", "FUTURE", "INDEX"})
_HALF_CENT: Final = Decimal("0.005")
_CORRECTION: Final = "ACTIVITY_CORRECTION"


def recognise(data: bytes) -> str | None:
    """The name of the reply; None: something else."""
    if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"[", b"{"):
        return None
    if b'"transferItems"' in data and b'"activityId"' in data:
        return FORMAT
    return ORDERS if b'"orderLegCollection"' in data and b'"orderStrategyType"' in data else None


def parse(data: bytes) -> StatementFile:
    """Reads a list of transactions (or one); `line` of a row is its place in the list.

    Raises:
        Refused: no JSON, orders, net amounts that do not follow from their items throughout, or nothing readable.
    """
    if recognise(data) == ORDERS:
        raise Refused(
            Refusal(
                "Charles Schwab or TD Ameritrade orders (JSON): they tell fills without what these cost; "
                "save the transactions of the same days (types=TRADE) instead",
                line=1,
            )
        )
    document = document_of(data)
    records = document if isinstance(document, list) else [document]
    rows: dict[tuple[str | None, str | None], StatementRow] = {}
    refusals: list[Refusal] = []
    untied: list[Refusal] = []
    for line, record in enumerate(records, start=1):
        try:
            row = _row(line, record)
        except MemberError as error:
            refusal = Refusal(error.reason, line, error.name, shown(record, error.name))
            refusals.append(refusal)
            if error.name == "netAmount":
                untied.append(refusal)
        else:
            # A record that two replies show is one.
            rows[row.execution_id, row.instrument_key or row.symbol] = row
    if untied and 2 * len(untied) >= len(untied) + sum(row.row_class == "trade" for row in rows.values()):
        first = untied[0]
        reason = f"{first.reason} ({len(untied)} such records): not a reply as the broker writes it"
        raise Refused(Refusal(reason, first.line, first.field, first.value))
    if refusals and not rows:
        first = refusals[0]
        raise Refused(Refusal(f"no row could be read; the first: {first.reason}", first.line, first.field, first.value))
    found = _with_corrections(list(rows.values()))
    return StatementFile(FORMAT, tuple(found), tuple(refusals), ((0, len(found)),))


def _row(line: int, record: Any) -> StatementRow:
    if not isinstance(record, dict):
        raise MemberError("type", "expected a transaction")
    kind = text_of(record, "type") or ""
    if kind not in _CLASSES:
        raise MemberError("type", "unknown word")
    if (text_of(record, "status") or "VALID") != "VALID":
        raise MemberError("status", "only valid transactions are taken")
    moved, items = _items(record)
    symbol, asset, instrument = _instrument(moved, needed=kind == "TRADE")
    row_class = _class(kind, record, moved, asset)
    amount = amount_of(moved, "amount", optional=True) if moved else None
    contracts = abs(amount) if amount and symbol and symbol.startswith("/") else None
    charges = tuple(_charges(items, contracts, traded=row_class == "trade"))
    net = amount_of(record, "netAmount") or Decimal(0)
    value = net - sum((charge.amount for charge in charges), Decimal(0))
    price = amount_of(moved, "price", optional=True) if moved else None
    if row_class == "trade":
        _check_trade(moved, amount, price, value)
    multiplier = instrument.multiplier if instrument else None
    occurred_at, text = _moment(record)
    commission = [charge.amount for charge in charges if charge.component == "commission"]
    others = [charge.amount for charge in charges if charge.component != "commission"]
    sided = amount is not None and row_class in ("trade", "delivery")
    return StatementRow(
        line=line,
        occurred_at=occurred_at,
        occurred_text=text,
        session_date=_session(occurred_at, row_class),
        row_class=row_class,
        row_type=kind,
        sub_type=text_of(record, "activityType") or "",
        action=text_of(moved, "positionEffect") if moved else None,
        side=None if not sided or amount is None else ("buy" if amount > 0 else "sell"),
        effect=_EFFECTS.get(text_of(moved, "positionEffect") or "") if moved else None,
        symbol=symbol,
        instrument_key=instrument.key if instrument else None,
        instrument_type=asset,
        underlying=instrument.underlying if instrument and instrument.is_option else None,
        description=text_of(record, "description") or (text_of(moved["instrument"], "description") if moved else None),
        quantity=None if amount is None else abs(amount),
        price=price if row_class in ("trade", "delivery") else None,
        price_text=plain(price) if price is not None and price >= 0 and row_class in ("trade", "delivery") else None,
        price_exact=_price_exact(amount, price, multiplier, value) if row_class == "trade" else None,
        multiplier=multiplier,
        value=value,
        commission=sum(commission, Decimal(0)),
        fees=sum(others, Decimal(0)),
        total=net,
        currency="USD",
        order_number=text_of(record, "orderId"),
        raw=flat(record),
        execution_id=text_of(record, "activityId"),
        charges=charges,
    )


def _items(record: Json) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """What moved, and the items in dollars.

    Raises: MemberError where the items are no items, or several instruments moved at once.
    """
    items = record.get("transferItems") or []
    if not isinstance(items, list) or any(
        not isinstance(item, dict) or not isinstance(item.get("instrument"), dict) for item in items
    ):
        raise MemberError("transferItems", "expected items with an instrument each")
    moved = [item for item in items if item["instrument"].get("assetType") != "CURRENCY"]
    if len(moved) > 1:
        raise MemberError("transferItems", "several instruments in one record: their charges cannot be told apart")
    return (moved[0] if moved else None), [item for item in items if item not in moved]


def _instrument(moved: Json | None, *, needed: bool) -> tuple[str | None, str | None, Instrument | None]:
    if moved is None:
        if needed:
            raise MemberError("transferItems", "a trade without an instrument")
        return None, None, None
    told: Json = moved["instrument"]
    symbol, asset = text_of(told, "symbol"), text_of(told, "assetType")
    if symbol is None or asset is None:
        raise MemberError("symbol" if symbol is None else "assetType", "an instrument without one")
    if asset not in _PRICED:
        return symbol, asset, None
    expiry = text_of(told, "expirationDate")
    try:
        return (
            symbol,
            asset,
            from_schwab(
                asset,
                symbol,
                underlying_symbol=(text_of(told, "underlyingSymbol") or "").removeprefix("$") or None,
                expiry=None if expiry is None else _day(expiry),
                multiplier=amount_of(told, "optionPremiumMultiplier", optional=True),
            ),
        )
    except (SymbolError, CellError, ValueError) as error:
        if needed:
            raise MemberError("symbol", f"not an instrument: {error}") from error
        return symbol, asset, None


def _class(kind: str, record: Json, moved: Json | None, asset: str | None) -> RowClass:
    """What a record is about; deliveries of options tell by their wording why they left the account."""
    if kind != "RECEIVE_AND_DELIVER" or moved is None:
        return _CLASSES[kind]
    wording = f"{text_of(record, 'description') or ''} {text_of(record, 'activityType') or ''}".upper()
    found = next((row_class for word, row_class in _REMOVALS if word in wording), None)
    if found is None:
        return "transfer"
    return found if asset == "OPTION" else "delivery"


def _charges(items: Sequence[Json], contracts: Decimal | None, *, traded: bool) -> list[Charge]:
    """The charges that are not zero; `contracts` on futures, where an unnamed cent or two of each is the NFA's."""
    found = []
    for item in items:
        cost = amount_of(item, "cost", optional=True)
        if not cost:
            continue
        name = text_of(item, "feeType")
        if name is None and not traded:
            # Money that moved, not a charge.
            continue
        if name is None:
            component = "nfa" if contracts and -cost / contracts in _NFA else "other"
        elif name in _COMPONENTS:
            component = _COMPONENTS[name]
        else:
            raise MemberError("feeType", f"unknown word: {name}")
        found.append(Charge(component=component, name=name or "(none)", amount=cost, text=str(item["cost"])))
    return found


def _check_trade(moved: Json | None, amount: Decimal | None, price: Decimal | None, value: Decimal) -> None:
    if moved is None or not amount or price is None:
        raise MemberError("amount" if not amount else "price", "a trade of nothing or without a price")
    cost = amount_of(moved, "cost") or Decimal(0)
    if abs(value - cost) > _HALF_CENT:
        raise MemberError("netAmount", f"is not the sum of the items: without its charges {value}, the item {cost}")


def _price_exact(
    amount: Decimal | None, price: Decimal | None, multiplier: Decimal | None, value: Decimal
) -> bool | None:
    if amount is None or price is None or multiplier is None:
        return None
    return abs(value + amount * price * multiplier) <= _HALF_CENT


def _moment(record: Json) -> tuple[dt.datetime, str]:
    text = text_of(record, "time") or text_of(record, "tradeDate")
    if text is None:
        raise MemberError("time", "a transaction without a time")
    try:
        return Instant().read(text), text
    except CellError as error:
        raise MemberError("time", str(error)) from error


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text) if len(text) == 10 else new_york_date(Instant().read(text))


def _session(occurred_at: dt.datetime, row_class: RowClass) -> dt.date:
    try:
        if row_class == "trade":
            return session_of(occurred_at)
        if row_class in ("expiration", "assignment", "exercise", "delivery"):
            return expiry_session(occurred_at)
    except CalendarRange as error:
        raise MemberError("time", str(error)) from error
    return new_york_date(occurred_at)


def _with_corrections(rows: Sequence[StatementRow]) -> list[StatementRow]:
    """Corrections with the record they take back: the same leg of the same order, turned round."""
    free = {row.execution_id: row for row in rows if row.sub_type != _CORRECTION and row.row_class == "trade"}
    found = []
    for row in rows:
        if row.sub_type == _CORRECTION and row.row_class == "trade":
            same = [
                other
                for other in free.values()
                if (other.order_number, other.instrument_key, other.quantity, other.price, other.value)
                == (row.order_number, row.instrument_key, row.quantity, row.price, -row.value)
            ]
            if same:
                row = replace(row, cancels=same[0].execution_id)  # noqa: PLW2901
                free.pop(same[0].execution_id)
        found.append(row)
    return found
