"""Rows of Interactive Brokers that are no trade: cash, exercises without a trade, the statement of funds.

Holds: how `CashTransaction`, `OptionEAE` and `StatementOfFundsLine` become a `StatementRow`, and which of them are twins.
Belongs here: what their attributes mean.
Never here: trades (`ibkr_trades`), which sections of a report are read (`ibkr_flex`).

Late repairs of commissions are booked as deposits (`ADJUSTMENT: COMMISSION`); what they repair stands in the client's
reference. They belong to the account and to no fill.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from pipelines.parsing.ibkr.trades import (
    Attributes,
    Context,
    FieldError,
    currency_of,
    execution_id,
    instrument_of,
    session_for,
    side_of,
)
from pipelines.parsing.statements.rows import Charge, RowClass, StatementRow
from tomking.kernel.money import add
from tomking.kernel.occ import SymbolError, parse_occ

SUMMARY = "SUMMARY"
_EVENTS: dict[str, RowClass] = {
    "Assignment": "assignment",
    "Exercise": "exercise",
    "Expiration": "expiration",
    "Cash Settlement": "cash_settlement",
    "Buy": "delivery",
    "Sell": "delivery",
}
_FUNDS: dict[str, RowClass] = {
    "BUY": "trade",
    "SELL": "trade",
    "SHORT": "trade",
    "COVER": "trade",
    "EXE": "exercise",
    "ASSIGN": "assignment",
    "EXP": "expiration",
    "CORP": "corporate_action",
}
_REMOVALS = frozenset({"exercise", "assignment", "expiration"})
_ZERO = Decimal(0)


def is_repair(kind: str | None, description: str | None) -> bool:
    """Whether a cash row mends commissions charged before."""
    said = (description or "").upper()
    return (kind or "").upper() == "COMMISSION ADJUSTMENTS" or said.startswith("ADJUSTMENT: COMMISSION")


def cash_row(given: Attributes, known_currency: str | None) -> StatementRow:
    """The row of a CashTransaction. Raises: FieldError."""
    moment, text = given.moment("dateTime", "settleDate", "reportDate")
    value = given.number("amount")
    kind = given.text("type")
    if value is None:
        raise FieldError("amount", "a cash row without an amount")
    if kind is None:
        raise FieldError("type", "a cash row without a type")
    description = given.text("description")
    return replace(
        _blank(given, currency_of(given, known_currency)),
        occurred_at=moment.instant,
        occurred_text=text,
        # Dated back to the event it belongs to, booked on the day of the report.
        session_date=given.day("reportDate") or moment.day,
        row_class="account_adjustment" if is_repair(kind, description) else "money",
        row_type="CashTransaction",
        sub_type=kind,
        description=description,
        value=value,
        execution_id=given.identifier("transactionID"),
        client_reference=given.text("clientReference"),
        has_time=moment.has_time,
    )


def without_twins(rows: Iterable[tuple[Attributes, StatementRow]]) -> list[StatementRow]:
    """Cash rows once: a summary counts only where no detail of it is in the same statement."""
    rows = list(rows)
    detailed = {_twin(row) for given, row in rows if given.text("levelOfDetail") != SUMMARY}
    return [row for given, row in rows if given.text("levelOfDetail") != SUMMARY or _twin(row) not in detailed]


def _twin(row: StatementRow) -> tuple[object, ...]:
    return row.session_date, row.sub_type, row.currency, row.description


def event_class(given: Attributes) -> RowClass:
    """What a line among exercises, assignments and expirations says. Raises: FieldError."""
    word = given.text("transactionType", "type")
    found = _EVENTS.get(word or "")
    if found is None:
        raise FieldError("transactionType", "unknown word", word)
    return found


def event_row(given: Attributes, context: Context) -> StatementRow:
    """The row of an OptionEAE that no trade of its statement shows. Raises: FieldError.

    Assignments, exercises and expirations print the position's quantity, so the removal has the other side.
    """
    row_class = event_class(given)
    moment, text = given.moment("dateTime", "date", "reportDate", "tradeDate")
    symbol = given.text("symbol")
    category = given.text("assetCategory") or _category_of(symbol)
    quantity = given.number("quantity")
    instrument = instrument_of(given, category, moment.day)
    if symbol is None or quantity is None:
        raise FieldError("symbol" if symbol is None else "quantity", "an event without one")
    side = None if row_class in _REMOVALS or not quantity else side_of(given, quantity)[0]
    commission = given.number("commisionsAndTax", "commissionsAndTax", "ibCommission", "commission")
    return replace(
        _blank(given, currency_of(given, context.currency or _currency_of_symbol(symbol))),
        occurred_at=moment.instant,
        occurred_text=text,
        session_date=session_for(moment, row_class, category),
        row_class=row_class,
        row_type="OptionEAE",
        sub_type=given.text("transactionType", "type") or "",
        side=side,
        symbol=given.texts.get("symbol"),
        instrument_key=instrument.key if instrument else None,
        instrument_type=category,
        underlying=given.text("underlyingSymbol"),
        description=given.text("description"),
        quantity=abs(quantity),
        price=given.number("tradePrice", "price"),
        price_text=given.text("tradePrice", "price"),
        multiplier=given.number("multiplier") or (instrument.multiplier if instrument else None),
        value=given.number("proceeds") or _ZERO,
        commission=commission,
        execution_id=given.identifier("tradeID", "transactionID"),
        has_time=moment.has_time,
    )


def funds_row(given: Attributes, known_currency: str | None) -> StatementRow:
    """The row of a StatementOfFundsLine. Raises: FieldError.

    Lines in the account's base currency are converted ones, so they never pass for the execution itself.
    """
    moment, text = given.moment("date", "reportDate", "settleDate")
    code, booked = given.text("activityCode"), given.number("amount")
    if booked is None:
        raise FieldError("amount", "a line without an amount")
    commission, taxes = given.number("tradeCommission") or None, given.number("tradeTax") or None
    quantity = given.number("tradeQuantity") or None
    category = given.text("assetCategory")
    row_class = _FUNDS.get(code or "", "money") if quantity or code == "CORP" else "money"
    if row_class in _REMOVALS and category in ("STK", "FUT"):
        row_class = "delivery"
    instrument = instrument_of(given, category, moment.day) if quantity else None
    traded = row_class not in ("money", "corporate_action")
    return replace(
        _blank(given, currency_of(given, known_currency)),
        occurred_at=moment.instant,
        occurred_text=text,
        session_date=session_for(moment, row_class, category),
        row_class=row_class,
        row_type="StatementOfFunds",
        sub_type=code or "",
        action=given.text("buySell"),
        side=side_of(given, quantity)[0] if traded and quantity else None,
        symbol=given.text("symbol"),
        instrument_key=instrument.key if instrument else None,
        instrument_type=category,
        underlying=given.text("underlyingSymbol"),
        description=given.text("activityDescription", "description"),
        quantity=abs(quantity) if quantity else None,
        price=given.number("tradePrice") if quantity else None,
        price_text=given.text("tradePrice") if quantity else None,
        multiplier=given.number("multiplier") or None,
        value=add((booked, -(commission or _ZERO), -(taxes or _ZERO))),
        commission=commission,
        fees=taxes,
        total=booked if traded else None,
        order_number=given.identifier("orderID"),
        execution_id=execution_id(given) if given.text("levelOfDetail") != "BaseCurrency" else None,
        has_time=moment.has_time,
        charges=_taxed(commission, taxes),
    )


def _taxed(commission: Decimal | None, taxes: Decimal | None) -> tuple[Charge, ...]:
    if taxes is None:
        return ()
    parts = (("other", "tradeCommission", commission), ("tax", "tradeTax", taxes))
    return tuple(
        Charge(component=component, name=name, amount=part, text=str(part)) for component, name, part in parts if part
    )


def _blank(given: Attributes, currency: str) -> StatementRow:
    """A row of nothing, for what has no side, quantity or price."""
    moment, text = given.moment("dateTime", "date", "settleDate", "reportDate", "tradeDate")
    return StatementRow(
        line=given.line,
        occurred_at=moment.instant,
        occurred_text=text,
        session_date=moment.day,
        row_class="money",
        row_type="",
        sub_type="",
        action=None,
        side=None,
        effect=None,
        symbol=given.text("symbol"),
        instrument_key=None,
        instrument_type=given.text("assetCategory"),
        underlying=given.text("underlyingSymbol"),
        description=None,
        quantity=None,
        price=None,
        price_text=None,
        price_exact=None,
        multiplier=None,
        value=_ZERO,
        commission=None,
        fees=None,
        total=None,
        currency=currency,
        order_number=None,
        raw=dict(given.texts),
    )


def _category_of(symbol: str | None) -> str | None:
    """OPT for the text of the American clearing house, else unknown."""
    try:
        parse_occ(symbol or "")
    except SymbolError:
        return None
    return "OPT"


def _currency_of_symbol(symbol: str) -> str | None:
    return "USD" if _category_of(symbol) else None
