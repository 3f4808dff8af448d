"""tastytrade's API replies: pages of transactions as statement rows.

Holds: recognising a page (or several in a list), and how a transaction becomes a `StatementRow`.
Belongs here: what the members of a transaction mean together.
Never here: fetching, day totals and dry runs (`tastytrade_quotes`), and which CSV row is the same transaction
(`transforms.statement_generations`).

Amounts are unsigned decimal texts, each with an effect: Debit is a cost, Credit an income, None nothing. The charges of
a fill come in five figures with more decimals than the exports print; together with the value they make the net value,
which is checked. `id` names a transaction for good, `reverses-id` the one that it takes back.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, Literal

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.csv_columns import CellError, Instant, number
from pipelines.parsing.statements.rows import POSITION_EVENTS, Charge, RowClass, StatementFile, StatementRow
from pipelines.parsing.tastytrade.layout import ACTIONS, FEE_REPAIRS, SUB_TYPES
from tomking.kernel.instruments import Instrument, from_tastytrade
from tomking.kernel.money import add
from tomking.kernel.sessions import CalendarRange, expiry_session, new_york_date, session_of

PARSER_VERSION = "tastytrade_json/1"
BROKER = "tastytrade"
FORMAT = "tastytrade_transactions_json"
CURRENCY = "USD"
"""The currency where the reply names none: older replies do not."""

Json = Mapping[str, Any]

_CHARGES: Final = (
    ("commission", "commission"),
    ("clearing-fees", "clearing"),
    ("regulatory-fees", "regulatory"),
    ("proprietary-index-option-fees", "index"),
    ("currency-conversion-fees", "other"),
    ("other-charge", "other"),
)
"""Member of a transaction → component of a fee schedule."""
_SIGNS: Final = {"Debit": -1, "Credit": 1, "None": 0}
_ADMINISTRATIVE = "Administrative Transfer"
_NOT_EVENTS = frozenset({"money", "adjustment", "account_adjustment", "mark_to_market", "transfer"})


def recognise(data: bytes) -> str | None:
    """The name of the format, or None. Never raises."""
    try:
        pages = pages_of(document_of(data))
    except Refused:
        return None
    return FORMAT if pages is not None else None


def parse(data: bytes) -> StatementFile:
    """Reads one page of transactions, or a list of pages; `line` of a row is its place among all transactions.

    Raises:
        Refused: not JSON, not transactions, or not one transaction can be read.
    """
    pages = pages_of(document_of(data))
    if pages is None:
        raise Refused(Refusal("not a page of transactions", line=1))
    rows: list[StatementRow] = []
    refusals: list[Refusal] = []
    for line, item in enumerate((item for page in pages for item in page), start=1):
        try:
            rows.append(_typed(line, item))
        except MemberError as error:
            refusals.append(Refusal(error.reason, line, error.name, _shown(item, error.name)))
    if refusals and not rows:
        first = refusals[0]
        raise Refused(Refusal(f"no row could be read; the first: {first.reason}", first.line, first.field, first.value))
    # A transaction that two overlapping pages show is one.
    unique = {row.execution_id: row for row in rows}
    return StatementFile(FORMAT, tuple(unique.values()), tuple(refusals), ((0, len(unique)),))


def document_of(data: bytes) -> Any:
    """The JSON document, numbers as decimals.

    Raises:
        Refused: not UTF-8, not JSON (a truncated download is not), or nested beyond all reason.
    """
    try:
        return json.loads(data.decode("utf-8-sig"), parse_float=Decimal, parse_int=int, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refused(Refusal(f"not a JSON document: {str(error)[:100]}", line=1)) from error


def _no_number(text: str) -> Decimal:
    raise ValueError(f"{text} is no number")


def pages_of(document: Any) -> list[list[Any]] | None:
    """The transactions of each page of a document; None where it holds something else."""
    replies = document if isinstance(document, list) else [document]
    pages = [_items(reply) for reply in replies]
    found = [page for page in pages if page is not None]
    return found if found and len(found) == len(pages) else None


def _items(reply: Any) -> list[Any] | None:
    if not isinstance(reply, dict):
        return None
    data = reply.get("data")
    if not isinstance(data, dict):
        return None
    # A single transaction is asked for by its id and comes without a list.
    items = data.get("items") if "items" in data else [data]
    if not isinstance(items, list):
        return None
    of_context = "/transactions" in str(reply.get("context", "")) and not items
    return items if of_context or _are_transactions(items) else None


def _are_transactions(items: list[Any]) -> bool:
    return bool(items) and all(isinstance(item, dict) and "transaction-type" in item for item in items)


class MemberError(ValueError):
    """A member of a transaction that is missing, unknown or contradicts the others."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name, self.reason = name, reason


def _shown(item: Json, name: str) -> str | None:
    value = item.get(name)
    return None if value is None else text_of(value)


def text_of(value: Any) -> str:
    """A member as text: what it prints, or JSON for what is nested."""
    plain = isinstance(value, str | Decimal)
    return str(value) if plain else json.dumps(value, default=str, ensure_ascii=False)


_WORDS: Final = (
    *("executed-at", "transaction-type", "transaction-sub-type", "action", "symbol", "instrument-type"),
    *("underlying-symbol", "description", "currency"),
)


def _typed(line: int, item: Json) -> StatementRow:
    for name in _WORDS:
        if not isinstance(item.get(name), str | None):
            raise MemberError(name, "is not a text")
    occurred_at = _instant(item)
    row_class = _row_class(item)
    side, effect = _side(item, row_class)
    instrument = _instrument(item, row_class, occurred_at)
    value = amount_of(item, "value")
    charges = tuple(_charges(item))
    net = amount_of(item, "net-value")
    if value is None:
        raise MemberError("value", "is missing")
    _check_net(net, value, charges)
    commission = next((charge.amount for charge in charges if charge.component == "commission"), None)
    others = [charge.amount for charge in charges if charge.component != "commission"]
    price, quantity = number_of(item, "price"), number_of(item, "quantity")
    return StatementRow(
        line=line,
        occurred_at=occurred_at,
        occurred_text=text_of(item["executed-at"]),
        session_date=_session_date(occurred_at, row_class),
        row_class=row_class,
        row_type=item["transaction-type"],
        sub_type=item.get("transaction-sub-type") or "",
        action=None if not item.get("action") else _action(item),
        side=side,
        effect=effect,
        symbol=item.get("symbol"),
        instrument_key=instrument.key if instrument else None,
        instrument_type=item.get("instrument-type"),
        underlying=item.get("underlying-symbol"),
        description=item.get("description"),
        quantity=quantity,
        price=price,
        price_text=None if price is None else text_of(item["price"]),
        price_exact=_price_exact(item, price, quantity, instrument, value),
        multiplier=instrument.multiplier if instrument else None,
        value=value,
        commission=commission,
        fees=add(others) if others else None,
        total=net,
        currency=item.get("currency") or CURRENCY,
        order_number=_identifier(item, "order-id"),
        raw={name: text_of(member) for name, member in item.items() if member is not None},
        execution_id=_identifier(item, "id"),
        cancels=_identifier(item, "reverses-id"),
        charges=charges,
    )


def _instant(item: Json) -> dt.datetime:
    text = item.get("executed-at")
    if not isinstance(text, str):
        raise MemberError("executed-at", "is missing")
    try:
        return Instant().read(text)
    except CellError as error:
        raise MemberError("executed-at", str(error)) from error


def _row_class(item: Json) -> RowClass:
    kind, sub_type = item.get("transaction-type"), item.get("transaction-sub-type")
    if kind == _ADMINISTRATIVE:
        return "transfer"
    if kind not in SUB_TYPES:
        raise MemberError("transaction-type", "is not one of the known words")
    row_class = SUB_TYPES[kind].get(sub_type or "")
    if row_class is None:
        raise MemberError("transaction-sub-type", f"unknown for a transaction of type {kind}")
    if row_class == "adjustment" and (item.get("description") or "").lower().startswith(FEE_REPAIRS):
        return "account_adjustment"
    return row_class


def _action(item: Json) -> str:
    return str(item["action"]).upper().replace(" ", "_")


def _side(item: Json, row_class: RowClass) -> tuple[Literal["buy", "sell"] | None, Literal["open", "close"] | None]:
    if not item.get("action"):
        if row_class in ("trade", "delivery"):
            raise MemberError("action", "a trade without an action has no side")
        return None, None
    known = ACTIONS.get(_action(item))
    if known is None:
        raise MemberError("action", "is not one of the known words")
    if row_class in ("trade", "delivery"):
        for name in ("symbol", "instrument-type", "quantity"):
            if not item.get(name):
                raise MemberError(name, "a trade without it")
    return known


def _instrument(item: Json, row_class: RowClass, occurred_at: dt.datetime) -> Instrument | None:
    symbol, kind = item.get("symbol"), item.get("instrument-type")
    if not symbol or not kind:
        return None
    try:
        return from_tastytrade(
            symbol, kind, underlying=item.get("underlying-symbol"), traded_on=new_york_date(occurred_at)
        )
    except ValueError as error:
        if row_class in _NOT_EVENTS:
            return None
        raise MemberError("symbol", f"not an instrument: {error}") from error


def number_of(item: Json, name: str) -> Decimal | None:
    """An unsigned or signed number from its text, exactly; None where the reply does not carry it."""
    text = item.get(name)
    if text is None or text == "":
        return None
    try:
        if "," in text_of(text):
            raise CellError("expected a decimal number without separators")
        return number(text_of(text))
    except CellError as error:
        raise MemberError(name, str(error)) from error


def amount_of(item: Json, name: str) -> Decimal | None:
    """A signed amount from its text and its effect; None where the reply does not carry it."""
    amount = number_of(item, name)
    if amount is None:
        return None
    effect = item.get(f"{name}-effect")
    sign = _SIGNS.get(str(effect))
    if sign is None:
        raise MemberError(f"{name}-effect", "is not Debit, Credit or None")
    if amount < 0:
        raise MemberError(name, "is negative; the effect says which way it goes")
    if amount and not sign:
        raise MemberError(f"{name}-effect", f"says None beside {amount}")
    return amount * sign if amount else amount


def _charges(item: Json) -> Iterator[Charge]:
    for name, component in _CHARGES:
        amount = amount_of(item, name)
        if amount is not None:
            yield Charge(component=component, name=name, amount=amount, text=text_of(item[name]))


def _check_net(net: Decimal | None, value: Decimal, charges: tuple[Charge, ...]) -> None:
    """Value and charges make the net value, within what rounding each printed figure may cost."""
    if net is None:
        return
    added = add((value, *(charge.amount for charge in charges)))
    places = max(_places(figure) for figure in (net, value, *(charge.amount for charge in charges)))
    if abs(net - added) > Decimal(len(charges) + 1).scaleb(-places) / 2:
        raise MemberError("net-value", f"differs from value and charges ({added})")


def _places(figure: Decimal) -> int:
    exponent = figure.as_tuple().exponent
    return max(-exponent, 2) if isinstance(exponent, int) else 2


def _price_exact(
    item: Json, price: Decimal | None, quantity: Decimal | None, instrument: Instrument | None, value: Decimal
) -> bool | None:
    multiplier = instrument.multiplier if instrument else None
    if price is None or not quantity or multiplier is None or not value or item.get("instrument-type") == "Future":
        return None
    return abs(quantity * price * multiplier - abs(value)) <= Decimal("0.005")


def _identifier(item: Json, name: str) -> str | None:
    value = item.get(name)
    return None if value in (None, "", 0) else str(value)


def _session_date(occurred_at: dt.datetime, row_class: RowClass) -> dt.date:
    try:
        if row_class == "trade":
            return session_of(occurred_at)
        if row_class in POSITION_EVENTS:
            return expiry_session(occurred_at)
    except CalendarRange as error:
        raise MemberError("executed-at", str(error)) from error
    return new_york_date(occurred_at)
