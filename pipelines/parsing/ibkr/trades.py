"""One trade of Interactive Brokers, from the attributes of a Flex report.

Holds: how `Trade`, `TradeConfirm` and `Order` become a `StatementRow`: side, class, amounts, charges, instrument.
Belongs here: what the attributes of a trade mean together; the CSV form of Flex has the same ones.
Never here: which elements of a report are trades (`ibkr_flex`), cash (`ibkr_cash`), notation (`ibkr_values`).

`ibCommission` is all-in. It stands in `commission`; taxes, which are not part of it, in `fees`. A commission in another
currency than the trade's (forex) is a row of its own, because a row has one currency.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from pipelines.parsing.ibkr.charges import Details, parts_of
from pipelines.parsing.ibkr.values import ABSENT, Dates, Moment, amount
from pipelines.parsing.refusals import Refusal
from pipelines.parsing.statements.csv_columns import CellError
from pipelines.parsing.statements.rows import POSITION_EVENTS, RowClass, StatementRow
from tomking.kernel.instruments import Instrument, SymbolError, from_ibkr
from tomking.kernel.money import add, multiply
from tomking.kernel.sessions import CalendarRange, expiry_session, session_of

Side = Literal["buy", "sell"]

TRADE_TYPES = frozenset(
    {"ExchTrade", "BookTrade", "TradeCancel", "TradeCorrect", "FracShare", "FracShareCancel", "DvpTrade"}
)
CANCELS = frozenset({"TradeCancel", "FracShareCancel"})
OPTIONS = frozenset({"OPT", "FOP", "WAR", "FSOPT", "FSFOP", "IOPT"})
_SETTLED_DAILY = frozenset({"FUT", "CFD"})
_CHECKED = frozenset({"STK", "OPT"})
"""Categories whose net cash is proceeds, commission and taxes, and nothing else."""
_KEYED = frozenset({"STK", "OPT", "FUT", "FOP", "CASH"})
_EVENT_CODES: dict[str, RowClass] = {
    "A": "assignment",
    "Ex": "exercise",
    "AEx": "exercise",
    "GEA": "exercise",
    "Ep": "expiration",
}
_HALF_CENT = Decimal("0.005")
_ZERO = Decimal(0)


class FieldError(ValueError):
    """An attribute does not hold what it promises, or contradicts its row."""

    def __init__(self, name: str, reason: str, value: str | None = None) -> None:
        super().__init__(reason)
        self.name, self.reason, self.value = name, reason, value

    def refusal(self, line: int) -> Refusal:
        """The refusal of the row in this line."""
        return Refusal(self.reason, line, self.name, self.value)


@dataclass(frozen=True, slots=True)
class Attributes:
    """Typed access to one element; what is absent or blank is None. `separators`: of thousands, as statements for
    people have them; in a Flex report a comma is a sign that somebody converted it."""

    line: int
    texts: Mapping[str, str]
    dates: Dates
    separators: bool = True

    def text(self, *names: str) -> str | None:
        """The first of these attributes that says something."""
        return next((found for name in names if (found := self.texts.get(name, "").strip()) not in ABSENT), None)

    def number(self, *names: str) -> Decimal | None:
        """The first of these attributes that holds a number. Raises: FieldError."""
        name = next((name for name in names if self.texts.get(name, "").strip() not in ABSENT), None)
        if name is None:
            return None
        try:
            if not self.separators and "," in self.texts[name]:
                raise CellError("expected a decimal number without separators")
            return amount(self.texts[name].strip())
        except CellError as error:
            raise FieldError(name, str(error), self.texts[name]) from error

    def identifier(self, *names: str) -> str | None:
        """The first of these attributes that names something; 0 names nothing."""
        return next((found for name in names if (found := self.text(name)) not in (None, "0")), None)

    def day(self, name: str) -> dt.date | None:
        """A day. Raises: FieldError."""
        found = self.text(name)
        try:
            return None if found is None else self.dates.day(found)
        except CellError as error:
            raise FieldError(name, str(error), found) from error

    def moment(self, *names: str, clock: str = "tradeTime") -> tuple[Moment, str]:
        """The first of these attributes that has a time, else the first that has a day. Raises: FieldError."""
        given = [(name, text) for name in names if (text := self.text(name)) is not None]
        read: list[tuple[Moment, str]] = []
        apart = self.text(clock) or ""
        for name, text in given:
            try:
                moment, printed = self.dates.moment(text), text
                if not moment.has_time and apart:
                    moment, printed = self.dates.moment(text, apart), f"{text} {apart}"
            except CellError as error:
                raise FieldError(name, str(error), text) from error
            read.append((moment, printed))
        if not read:
            raise FieldError(names[0], "a row without a date")
        return next((found for found in read if found[0].has_time), read[0])


@dataclass(frozen=True, slots=True)
class Context:
    """What a trade needs to know of its statement.

    `details` are unbundled charges by trade id, `events` what the statement says of exercises, assignments and
    expirations, `currency` the account's own where a row prints none, `separators` as `Attributes` has it.
    """

    dates: Dates
    details: Details = field(default_factory=Details)
    events: Mapping[tuple[object, ...], RowClass] = field(default_factory=dict)
    currency: str | None = None
    separators: bool = True


def trade_rows(line: int, texts: Mapping[str, str], context: Context) -> list[StatementRow]:
    """The row of a trade, and where its commission has another currency, the row of that.

    Raises: FieldError.
    """
    given = Attributes(line, texts, context.dates, context.separators)
    currency = currency_of(given, context.currency)
    charged_in = given.text("ibCommissionCurrency", "commissionCurrency", "iBCommissionCurrency") or currency
    row = _trade(given, context, currency, with_commission=charged_in == currency)
    if charged_in == currency:
        return [row]
    commission = given.number("ibCommission", "commission")
    return [row, *([_commission_row(row, commission, charged_in)] if commission else [])]


def currency_of(given: Attributes, known: str | None = None) -> str:
    """The currency of a row. Raises: FieldError."""
    found = given.text("currency", "currencyPrimary") or known
    if found is None:
        raise FieldError("currency", "a row without a currency")
    if not (found.isascii() and found.isupper() and 3 <= len(found) <= 5):
        raise FieldError("currency", "expected a currency code", found)
    return found


def _commission_row(row: StatementRow, commission: Decimal, currency: str) -> StatementRow:
    return replace(
        row,
        row_class="money",
        sub_type="Commission",
        side=None,
        effect=None,
        instrument_key=None,
        quantity=None,
        price=None,
        price_text=None,
        price_exact=None,
        multiplier=None,
        value=commission,
        commission=None,
        fees=None,
        total=None,
        currency=currency,
        charges=(),
    )


def _trade(given: Attributes, context: Context, currency: str, *, with_commission: bool) -> StatementRow:
    category = given.text("assetCategory", "assetClass")
    transaction = given.text("transactionType") or "Trade"
    if transaction != "Trade" and transaction not in TRADE_TYPES:
        raise FieldError("transactionType", "unknown word", transaction)
    moment, moment_text = given.moment("dateTime", "tradeDate", "reportDate")
    signed = given.number("quantity")
    if not signed:
        raise FieldError("quantity", "a trade of nothing", given.texts.get("quantity"))
    side, cancels = side_of(given, signed)
    instrument = instrument_of(given, category, moment.day)
    row_class: RowClass = "trade"
    if transaction == "BookTrade":
        row_class = _booked_class(given, context, category=category, day=moment.day, signed=signed)
    multiplier = given.number("multiplier") or (instrument.multiplier if instrument else None)
    price_name = next((name for name in ("tradePrice", "price") if given.text(name) is not None), "tradePrice")
    price = given.number(price_name)
    value = _value(given, signed, price, multiplier)
    commission = given.number("ibCommission", "commission") if with_commission else None
    taxes = given.number("taxes", "tax") or None
    charges = parts_of(given.texts, context.details, given.identifier("tradeID"), commission, taxes)
    if isinstance(charges, str):
        raise FieldError("ibCommission", charges, given.texts.get("ibCommission") or given.texts.get("commission"))
    return StatementRow(
        line=given.line,
        occurred_at=moment.instant,
        occurred_text=moment_text,
        session_date=session_for(moment, row_class, category),
        row_class=row_class,
        row_type=transaction,
        sub_type=given.text("notes", "code", "notes/Codes") or "",
        action=given.text("buySell"),
        side=side,
        effect=_effect(given),
        symbol=given.text("symbol"),
        instrument_key=instrument.key if instrument else None,
        instrument_type=category,
        underlying=given.text("underlyingSymbol"),
        description=given.text("description"),
        quantity=abs(signed),
        price=price,
        price_text=given.text(price_name),
        price_exact=_price_exact(category, signed, price, multiplier, value),
        multiplier=multiplier,
        value=value,
        commission=commission,
        fees=taxes,
        total=_total(given, category, value, commission, taxes) if with_commission else None,
        currency=currency,
        order_number=given.identifier("ibOrderID", "orderID", "iBOrderID"),
        raw=dict(given.texts),
        execution_id=execution_id(given),
        client_reference=given.text("orderReference"),
        cancels=given.identifier("relatedTradeID", "origTradeID") if cancels or transaction == "TradeCorrect" else None,
        has_time=moment.has_time,
        charges=charges,
    )


def execution_id(given: Attributes) -> str | None:
    """The id that every product of the broker prints for an execution; book trades have no other one."""
    return given.identifier("tradeID", "ibExecID", "execID", "iBExecID", "transactionID")


def side_of(given: Attributes, signed: Decimal) -> tuple[Side, bool]:
    """The side, and whether the row takes a trade back: then the side is the original's, the quantity reversed.

    Raises: FieldError.
    """
    printed = given.text("buySell", "buy/Sell")
    word = (printed or "").upper()
    cancels = word.endswith("(CA.)") or given.text("transactionType") in CANCELS
    of_sign: Side = "buy" if (signed > 0) != cancels else "sell"
    if printed is None:
        return of_sign, cancels
    side = {"BUY": "buy", "SELL": "sell"}.get(word.removesuffix("(CA.)").strip())
    if side is None:
        raise FieldError("buySell", "unknown word", printed)
    if side != of_sign and word.endswith("(CA.)") == cancels:
        raise FieldError("quantity", f"contradicts {printed}", given.texts.get("quantity"))
    return of_sign, cancels


def instrument_of(given: Attributes, category: str | None, traded_on: dt.date) -> Instrument | None:
    """The instrument; None for what has no key (bonds, options of other countries, series that cannot be told).

    Raises: FieldError for an American option whose symbol contradicts its other attributes.
    """
    symbol = given.text("symbol")
    if symbol is None or category not in _KEYED:
        return None
    try:
        return from_ibkr(
            category or "",
            given.texts["symbol"],
            underlying_symbol=given.text("underlyingSymbol"),
            expiry=given.day("expiry"),
            strike=given.number("strike") or None,
            put_call={"PUT": "P", "CALL": "C"}.get(
                (given.text("putCall", "put/Call") or "").upper(), given.text("putCall", "put/Call")
            ),
            multiplier=given.number("multiplier"),
            traded_on=traded_on,
        )
    except SymbolError as error:
        if category == "OPT" and len(symbol) == 21 and symbol[12:13] in ("C", "P"):
            raise FieldError("symbol", f"not an instrument: {error}", symbol) from error
        return None


def _booked_class(
    given: Attributes, context: Context, *, category: str | None, day: dt.date, signed: Decimal
) -> RowClass:
    """What a book trade is, by its codes or by the statement's list of events. Raises: FieldError."""
    codes = (given.text("notes", "code", "notes/Codes") or "").split(";")
    said = next((_EVENT_CODES[code.strip()] for code in codes if code.strip() in _EVENT_CODES), None)
    said = said or context.events.get(event_key(given.text("symbol"), day, signed))
    if category in OPTIONS:
        if said is None:
            raise FieldError(
                "notes", "a book trade of an option without notes: whether it expired or was exercised is not known"
            )
        return said
    return "expiration" if said == "expiration" else "delivery"


def event_key(symbol: str | None, day: dt.date, quantity: Decimal) -> tuple[object, ...]:
    """What a book trade and its line among the exercises share; the line's quantity is the position's."""
    return symbol, day, abs(quantity)


def _effect(given: Attributes) -> Literal["open", "close"] | None:
    """Open or close; one execution may do both (`C;O`), then neither."""
    printed = (
        given.text("openCloseIndicator", "open/CloseIndicator") or given.text("code", "notes", "notes/Codes") or ""
    )
    words = {word.strip() for word in printed.split(";")}
    if ("O" in words) == ("C" in words):
        return None
    return "open" if "O" in words else "close"


def _value(given: Attributes, signed: Decimal, price: Decimal | None, multiplier: Decimal | None) -> Decimal:
    proceeds = given.number("proceeds")
    if proceeds is not None:
        return proceeds
    paid = given.number("tradeMoney", "amount")
    if paid is not None:
        return -paid
    if price is None:
        raise FieldError("proceeds", "a trade with neither proceeds nor price")
    return -multiply(signed, price, multiplier if multiplier is not None else Decimal(1))


def _price_exact(
    category: str | None, signed: Decimal, price: Decimal | None, multiplier: Decimal | None, value: Decimal
) -> bool | None:
    if price is None or multiplier is None or category not in _KEYED:
        return None
    return abs(multiply(signed, price, multiplier) + value) <= _HALF_CENT


def _total(
    given: Attributes, category: str | None, value: Decimal, commission: Decimal | None, taxes: Decimal | None
) -> Decimal | None:
    """The net cash, where it is made of this row's amounts. Raises: FieldError where it should be and is not."""
    net = given.number("netCash")
    if net is None or category in _SETTLED_DAILY:
        return None
    if commission is None:
        # The commission is a column of its own that the user may leave out.
        return net
    if abs(add((value, commission or _ZERO, taxes or _ZERO)) - net) <= _HALF_CENT:
        return net
    if category in _CHECKED:
        raise FieldError("netCash", "is not proceeds, commission and taxes together", given.texts.get("netCash"))
    return None


def session_for(moment: Moment, row_class: RowClass, category: str | None) -> dt.date:
    """The session in New York that a row belongs to; money keeps its calendar day. Raises: FieldError."""
    try:
        if row_class in POSITION_EVENTS:
            # Without a time there is only the day itself, which midnight would move to the one before.
            at = moment.instant if moment.has_time else moment.instant + dt.timedelta(hours=16)
            return expiry_session(at)
        if row_class == "trade":
            return session_of(moment.instant, overnight=category in ("FUT", "FOP"))
    except CalendarRange as error:
        raise FieldError("dateTime", str(error)) from error
    return moment.day
