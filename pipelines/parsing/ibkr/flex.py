"""Interactive Brokers' Flex reports in XML: activity (AF) and trade confirmations (TCF).

Holds: recognising them, and which elements of a report are rows.
Belongs here: sections, levels of detail, and what is shown twice within one statement.
Never here: XML (`ibkr_xml`), what the attributes of a row mean (`ibkr_trades`, `ibkr_cash`).

Every column is the user's choice, so any attribute may be missing. One section may hold executions, orders and summaries
of symbols: executions count; orders only where there are no executions; anything coarser is refused by name. Exercises,
assignments and expirations stand among the trades as book trades and once more in a section of their own, confirmations
may stand beside trades, cash rows beside their summaries: each is one row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.parsing.ibkr.cash import cash_row, event_class, event_row, funds_row, without_twins
from pipelines.parsing.ibkr.charges import Details
from pipelines.parsing.ibkr.flex_xml import Element, Report, Statement, read_report
from pipelines.parsing.ibkr.totals import day_charges
from pipelines.parsing.ibkr.trades import Attributes, Context, FieldError, event_key, trade_rows
from pipelines.parsing.ibkr.values import Dates
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.csv_columns import CellError
from pipelines.parsing.statements.rows import DayCharge, RowClass, StatementFile, StatementRow

BROKER = "ibkr"
PARSER_VERSION = "ibkr_flex/2"
FORMATS = {"AF": "ibkr_flex_activity", "TCF": "ibkr_flex_confirmations"}

_HEAD = 4096
_EXECUTIONS = frozenset({"EXECUTION", ""})
_ORDERS = "ORDER"
_SUMMARIES = frozenset({"SYMBOL_SUMMARY", "ASSET_SUMMARY", "CLOSED_LOT", "WASH_SALE"})
_LEVEL_OF_TAG = {
    "Order": _ORDERS,
    "SymbolSummary": "SYMBOL_SUMMARY",
    "AssetSummary": "ASSET_SUMMARY",
    "Lot": "CLOSED_LOT",
    "WashSale": "WASH_SALE",
}
_DATED = ("dateTime", "tradeDate", "reportDate", "date", "settleDate", "settleDateTarget", "expiry", "whenGenerated")
_PERIOD = ("fromDate", "toDate")


def recognise(data: bytes) -> str | None:
    """The name of the format; None where the bytes are no Flex report."""
    head = data[:_HEAD].decode("utf-8", errors="replace")
    if "<FlexQueryResponse" not in head:
        return None
    return FORMATS["TCF"] if 'type="TCF"' in head or "type='TCF'" in head else FORMATS["AF"]


def parse(data: bytes) -> StatementFile:
    """Reads a report.

    Raises:
        Refused: no well-formed Flex report, one that declares a document type, statements of several accounts, or
            rows of which not one can be read.
    """
    report = read_report(data)
    _one_account(report)
    dates = Dates(_date_texts(report))
    rows: list[StatementRow] = []
    refusals: list[Refusal] = []
    parts: list[tuple[int, int]] = []
    charges: list[DayCharge] = []
    for statement in report.statements:
        reading = _Reading(statement, dates)
        reading.read()
        parts.append((len(rows), len(rows) + len(reading.rows)))
        rows += reading.rows
        refusals += reading.refusals
        charges += day_charges(_days(statement, dates), reading.rows, reading.commissions())
    if refusals and not rows:
        first = refusals[0]
        raise Refused(Refusal(f"no row could be read; the first: {first.reason}", first.line, first.field, first.value))
    name = FORMATS.get(report.attributes.get("type", "AF"), FORMATS["AF"])
    return StatementFile(
        name,
        tuple(rows),
        tuple(refusals),
        tuple(parts),
        day_charges=tuple(charges),
        period=_period(report, dates),
    )


def _one_account(report: Report) -> None:
    """A file is taken for one account; `-` stands for all of them in summaries."""
    accounts = {statement.attributes.get("accountId", "") for statement in report.statements} - {"", "-"}
    if len(accounts) > 1:
        raise Refused(
            Refusal(
                f"the report holds statements of {len(accounts)} accounts; fetch one report for each",
                line=report.statements[1].line,
                field="accountId",
            )
        )


def _date_texts(report: Report) -> Iterator[str]:
    for statement in report.statements:
        yield from (statement.attributes.get(name, "") for name in (*_PERIOD, "whenGenerated"))
        for elements in statement.sections.values():
            for element in elements:
                yield from (element.attributes.get(name, "") for name in _DATED)


def _period(report: Report, dates: Dates) -> tuple[dt.date, dt.date] | None:
    """The days the report speaks about, rows or none."""
    periods = [_days(statement, dates) for statement in report.statements]
    days = [day for period in periods if period is not None for day in period]
    return (min(days), max(days)) if days and None not in periods else None


def _days(statement: Statement, dates: Dates) -> tuple[dt.date, dt.date] | None:
    """First and last day of a statement; None where it does not say them."""
    try:
        first, last = (dates.day(statement.attributes.get(name, "")) for name in _PERIOD)
    except CellError:
        return None
    return first, last


@dataclass
class _Reading:
    """The reading of one statement."""

    statement: Statement
    dates: Dates
    rows: list[StatementRow] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def read(self) -> None:
        """Fills rows and refusals, in the order of the sections below."""
        details = Details(self._details())
        context = Context(self.dates, details, self._events(), self._account_currency(), separators=False)
        trades = self._trades("Trades", context)
        shown = _Shown(trades)
        confirmed = [row for row in self._trades("TradeConfirms", context) if row not in shown]
        self.rows += [*trades, *confirmed]
        self._unclaimed(details)
        booked = _booked_events(self.rows)
        self.rows += [row for row in self._event_rows(context) if not _names_of_event(row) & booked]
        cash = list(self._each("CashTransactions", lambda given: cash_row(given, context.currency)))
        self.rows += without_twins(cash)
        if not trades and not confirmed and not cash:
            self.rows += [row for _, row in self._funds(context)]

    def commissions(self) -> dict[str, Decimal]:
        """The commissions of the cash report by currency; one that cannot be read is left out: it is no booking."""
        found: dict[str, Decimal] = {}
        for element in self._section("CashReport"):
            given = self._given(element)
            with suppress(FieldError):
                amount, currency = given.number("commissions"), given.text("currency")
                if amount is not None and currency is not None:
                    found[currency] = amount
        return found

    def _section(self, name: str) -> list[Element]:
        return self.statement.sections.get(name, [])

    def _given(self, element: Element) -> Attributes:
        return Attributes(element.line, element.attributes, self.dates, separators=False)

    def _each(
        self, section: str, read: Callable[[Attributes], StatementRow]
    ) -> Iterator[tuple[Attributes, StatementRow]]:
        for element in self._section(section):
            given = self._given(element)
            try:
                yield given, read(given)
            except FieldError as error:
                self.refusals.append(error.refusal(element.line))

    def _account_currency(self) -> str | None:
        return next((self._given(found).text("currency") for found in self._section("AccountInformation")), None)

    def _details(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        for element in self._section("UnbundledCommissionDetails"):
            trade = self._given(element).identifier("tradeID")
            if trade is None:
                self.refusals.append(
                    Refusal("a commission detail without the trade it belongs to", element.line, "tradeID")
                )
            else:
                yield trade, element.attributes

    def _unclaimed(self, details: Details) -> None:
        """A detail of a trade that the statement does not show would be lost silently."""
        shown = {row.raw.get("tradeID") for row in self.rows}
        refused = {refusal.line for refusal in self.refusals}
        lost = {
            element.attributes.get("tradeID")
            for section in ("Trades", "TradeConfirms")
            for element in self._section(section)
            if element.line in refused
        }
        for element in self._section("UnbundledCommissionDetails"):
            trade = self._given(element).identifier("tradeID")
            if trade is not None and trade not in shown | lost:
                reason = "a commission detail of a trade that is not in the statement"
                self.refusals.append(Refusal(reason, element.line, "tradeID", trade))

    def _trades(self, section: str, context: Context) -> list[StatementRow]:
        elements = [(element, _level(element)) for element in self._section(section)]
        levels = {level for _, level in elements}
        wanted = _EXECUTIONS if levels & _EXECUTIONS else {_ORDERS}
        rows: list[StatementRow] = []
        for element, level in elements:
            if level not in _EXECUTIONS | _SUMMARIES | {_ORDERS}:
                self.refusals.append(Refusal("unknown word", element.line, "levelOfDetail", level))
            elif level in wanted:
                try:
                    rows += trade_rows(element.line, element.attributes, context)
                except FieldError as error:
                    self.refusals.append(error.refusal(element.line))
        if elements and not levels & (_EXECUTIONS | {_ORDERS}):
            first = elements[0][0]
            reason = "the section has summaries only; choose executions (or orders) in the query"
            self.refusals.append(Refusal(reason, first.line, "levelOfDetail", _level(first)))
        return rows

    def _events(self) -> dict[tuple[object, ...], RowClass]:
        found: dict[tuple[object, ...], RowClass] = {}
        for element in self._section("OptionEAE"):
            given = self._given(element)
            try:
                moment, _ = given.moment("dateTime", "date", "reportDate", "tradeDate")
                quantity = given.number("quantity")
                if quantity is not None:
                    found.setdefault(event_key(given.text("symbol"), moment.day, quantity), event_class(given))
            except FieldError:
                continue  # told when the row itself is read
        return found

    def _event_rows(self, context: Context) -> list[StatementRow]:
        return [row for _, row in self._each("OptionEAE", lambda given: event_row(given, context))]

    def _funds(self, context: Context) -> Iterable[tuple[Attributes, StatementRow]]:
        """Lines in their own currency where there are such, else those converted to the account's."""
        found = list(self._each("StmtFunds", lambda given: funds_row(given, context.currency)))
        own = [(given, row) for given, row in found if given.text("levelOfDetail") != "BaseCurrency"]
        return own or found


def _level(element: Element) -> str:
    return element.attributes.get("levelOfDetail") or _LEVEL_OF_TAG.get(element.tag, "")


class _Shown:
    """The trades of a statement: a confirmation of one of them is not another trade."""

    def __init__(self, trades: Iterable[StatementRow]) -> None:
        self._named: set[tuple[str, str]] = set()
        self._alike: dict[tuple[object, ...], list[set[str]]] = {}
        for trade in trades:
            names = _ids(trade)
            self._named |= names
            self._alike.setdefault(_plain(trade), []).append({kind for kind, _ in names})

    def __contains__(self, row: object) -> bool:
        """By an id that both print; where they have no kind of id in common, by the trade itself."""
        if not isinstance(row, StatementRow):
            return False
        names = _ids(row)
        kinds = {kind for kind, _ in names}
        return bool(names & self._named) or any(not kinds & known for known in self._alike.get(_plain(row), ()))


def _ids(row: StatementRow) -> set[tuple[str, str]]:
    given = Attributes(row.line, row.raw, Dates())
    trade, execution = given.identifier("tradeID"), given.identifier("ibExecID", "execID")
    return {(kind, name) for kind, name in (("trade", trade), ("execution", execution)) if name is not None}


def _plain(row: StatementRow) -> tuple[object, ...]:
    return row.symbol, row.session_date, row.side, row.quantity, row.price


def _booked_events(rows: Iterable[StatementRow]) -> set[tuple[object, ...]]:
    return {name for row in rows if row.row_type == "BookTrade" for name in _names_of_event(row)}


def _names_of_event(row: StatementRow) -> set[tuple[object, ...]]:
    """A book trade shows an event: the same id, or the same symbol, day and quantity."""
    plain = ((row.symbol or "").strip(), row.session_date, row.quantity)
    return {plain} | ({("id", row.execution_id)} if row.execution_id else set())
