"""thinkorswim's account statement, of TD Ameritrade and now Schwab: the ledgers of cash, with the legs of each fill.

Holds: recognising it, its balances and totals, and how rows of two sections become `StatementRow`s.
Belongs here: what rows mean, and which rows of the sections belong together.
Never here: how sections and descriptions are written (`thinkorswim_sections`), activity reports without fees.

A ledger has one row per fill of an order, whatever its legs, with all its charges; the trade history has the legs and
whether they open or close, but no number (`thinkorswim_legs`).

The balance moves by the amount and the charges, which is checked row by row. In statements of before 2022 one of the
two kinds of charges shows in the balance alone; it is recovered from there. Times are in the zone that the row of the
first balance names. Who kept the account, TD Ameritrade or Schwab, is told by its number, else by the day.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.schwab.thinkorswim_legs import History, instrument_of, legged, moment_of
from pipelines.parsing.schwab.thinkorswim_sections import (
    LEDGERS,
    UNREAD,
    Section,
    Title,
    amount_of,
    clock_of,
    day_of,
    moved,
    reference_of,
    sections,
    title_of,
    traded,
)
from pipelines.parsing.statements.csv_columns import CellError, Record, decode, plain, records
from pipelines.parsing.statements.rows import POSITION_EVENTS, Charge, RowClass, StatementFile, StatementRow
from tomking.kernel.schedules.td_ameritrade import MOVED
from tomking.kernel.sessions import CalendarRange, expiry_session, session_of

PARSER_VERSION = "thinkorswim_statement/1"

_HEAD: Final = 4096
_ZONES: Final = {
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
}
_ZONE = re.compile(r"\b(?P<zone>[CEMP][SD]T)\b")
_CLASSES: Final[dict[str, RowClass]] = {
    "TRD": "trade",
    "RAD": "expiration",
    "EXP": "delivery",
    "ASN": "delivery",
    "DOI": "money",
    "INT": "money",
    "ADJ": "adjustment",
    "CRC": "adjustment",
    "JRN": "transfer",
    "LIQ": "transfer",
    "FND": "transfer",
    "DEP": "transfer",
    "WIN": "transfer",
    "WOU": "transfer",
    "EFN": "transfer",
    "CMP": "corporate_action",
}
_REMOVALS: Final[tuple[tuple[str, RowClass], ...]] = (
    ("ASSIGN", "assignment"),
    ("EXERCISE", "exercise"),
    ("EXPIR", "expiration"),
)


class Reader:
    """The reader of one broker's statements."""

    def __init__(self, broker: str) -> None:
        self.BROKER = broker
        self.PARSER_VERSION = PARSER_VERSION

    def recognise(self, data: bytes, /) -> str | None:
        """The name of the format where this broker kept the account; None: not a statement, or not this broker's."""
        name, title = _sight(data)
        return name if name is not None and broker_of(title) == self.BROKER else None

    def parse(self, data: bytes, /) -> StatementFile:
        """The rows. Raises `Refused`."""
        return parse(data)


TD_AMERITRADE: Final = Reader("tdameritrade")
SCHWAB: Final = Reader("schwab")


def broker_of(title: Title | None) -> str:
    """Schwab's accounts carry its name behind the number; else the day decides."""
    if title is not None and ((title.account or "").upper().endswith("SCHW") or title.first >= MOVED):
        return "schwab"
    return "tdameritrade"


def _sight(data: bytes) -> tuple[str | None, Title | None]:
    head = data[:_HEAD].decode("utf-8", errors="replace").lstrip("\ufeff \r\n\t")
    paper = head.startswith("This document was exported from the paperMoney")
    if not paper and not head.startswith("Account Statement"):
        return None, None
    title = next((found for line in head.splitlines() if (found := title_of(line)) is not None), None)
    if title is None:
        return None, None
    return ("thinkorswim_statement_paper" if paper else "thinkorswim_statement"), title


def parse(data: bytes) -> StatementFile:
    """Reads a statement.

    Raises:
        Refused: the bytes are no text, no title, no ledger, or balances that do not follow from their rows throughout.
    """
    name, title = _sight(data)
    if name is None or title is None:
        raise Refused(Refusal("no line 'Account Statement for … since … through …'", line=1))
    tables = list(sections(records(decode(data))))
    ledgers = [table for table in tables if table.title in LEDGERS]
    if not ledgers:
        raise Refused(Refusal("no section of cash: expected Cash Balance or Futures Statements"))
    zone = _zone(ledgers)
    history = History(tables, title)
    refusals = list(history.refusals)
    rows: list[StatementRow] = []
    for table in ledgers:
        ledger = _Ledger(table, zone, history)
        ledger.read()
        rows.extend(ledger.rows)
        refusals.extend(ledger.refusals)
    for table in tables:
        if table.title in UNREAD or (table.title.endswith(" Statements") and table.title not in LEDGERS):
            refusals.extend(_unread(table))
    if refusals and not rows:
        first = refusals[0]
        raise Refused(Refusal(f"no row could be read; the first: {first.reason}", first.line, first.field, first.value))
    return StatementFile(name, tuple(rows), tuple(refusals), ((0, len(rows)),), period=(title.first, title.last))


def _zone(ledgers: Iterable[Section]) -> ZoneInfo:
    """The zone of the printed times; statements that do not say are in the exchange's."""
    for table in ledgers:
        for record in table.rows:
            if (match := _ZONE.search(" ".join(record.cells))) is not None:
                return ZoneInfo(_ZONES[match["zone"]])
    return ZoneInfo("America/New_York")


def _unread(table: Section) -> list[Refusal]:
    """Rows of a ledger that is not read, but for balances: nothing is passed over silently."""
    place = next((at for at, name in enumerate(table.header) if name.lower() == "type"), None)
    return [
        Refusal(f"{table.title}: a section that is not read", line=record.line)
        for record in table.rows
        if place is not None and len(record.cells) > place and record.cells[place].strip() not in ("", "BAL")
    ]


class _Ledger:
    """One ledger: its rows, and the balance they lead to."""

    def __init__(self, table: Section, zone: ZoneInfo, history: History) -> None:
        self.table, self.zone, self.history = table, zone, history
        self.rows: list[StatementRow] = []
        self.refusals: list[Refusal] = []
        self.names = {name.lower(): name for name in table.header if name}
        self.hidden = "misc fees" not in self.names
        self.checked = 0
        self.untied: list[Refusal] = []

    def read(self) -> None:
        """Reads every row. Raises: Refused."""
        needed = ("type", "description", "amount", "balance", "commissions & fees")
        missing = [name for name in needed if name not in self.names]
        if missing and self.table.rows:
            raise Refused(Refusal(f"{self.table.title}: no column {missing[0]}", line=self.table.rows[0].line))
        balance: Decimal | None = None
        for record in self.table.rows:
            cells = {name.lower(): cell for name, cell in self.table.cells(record).items()}
            try:
                balance = self._one(record, cells, balance)
            except _Cell as error:
                self.refusals.append(Refusal(error.reason, record.line, error.field, cells.get(error.field.lower())))
                balance = None
        self._judge()

    def _one(self, record: Record, cells: dict[str, str], before: Decimal | None) -> Decimal | None:
        if record.problem is not None or len(record.cells) < len(self.table.header):
            raise _Cell("BALANCE", record.problem or f"the row has {len(record.cells)} fields")
        if cells["description"] == "TOTAL":
            self._total(record, cells)
            return before
        balance = _amount(cells, "balance")
        if cells["type"] == "BAL":
            return balance
        misc, commission = _amount(cells, "misc fees"), _amount(cells, "commissions & fees")
        amount = _amount(cells, "amount") or Decimal(0)
        if before is not None and balance is not None:
            rest = balance - before - amount - (commission or Decimal(0)) - (misc or Decimal(0))
            if self.hidden and rest <= 0:
                misc, rest = (rest or None), Decimal(0)
            self.checked += 1
            if rest:
                reason = f"does not follow from the row before it: {rest} too much"
                self.untied.append(Refusal(reason, record.line, "BALANCE", cells["balance"]))
                return balance
        self.rows.extend(self._rows(record, cells, amount, misc, commission))
        return balance

    def _rows(
        self, record: Record, cells: dict[str, str], amount: Decimal, misc: Decimal | None, commission: Decimal | None
    ) -> list[StatementRow]:
        row_class = _class(cells)
        day, clock = cells.get("exec date") or cells.get("date", ""), cells.get("exec time") or cells.get("time", "")
        try:
            occurred_at = dt.datetime.combine(day_of(day), clock_of(clock), self.zone).astimezone(dt.UTC)
        except CellError as error:
            raise _Cell("DATE", str(error)) from error
        whole = _row(record, cells, row_class, occurred_at, amount, misc, commission)
        told = traded(cells["description"]) if row_class == "trade" else None
        if row_class != "trade":
            return [_moved(whole)]
        if told is None:
            if moved(cells["description"]) is not None:
                # Cash swept into a money market fund: no execution.
                return [replace(_moved(whole), row_class="transfer")]
            raise _Cell("DESCRIPTION", "an execution that does not say what was traded")
        legs = self.history.legs_of(told, moment_of(f"{day} {clock}"), amount, occurred_at)
        if not legs:
            raise _Cell(
                "DESCRIPTION", "an instrument without meaning to us, or several legs that no trade history tells"
            )
        return legged(whole, legs)

    def _total(self, record: Record, cells: dict[str, str]) -> None:
        """The last row, checked where every row was read."""
        if self.refusals or self.untied:
            return
        for name, added in (
            ("misc fees", sum((_named(row, "Misc Fees") for row in self.rows), Decimal(0))),
            ("commissions & fees", sum((_named(row, "Commissions & Fees") for row in self.rows), Decimal(0))),
            ("amount", sum((row.value for row in self.rows), Decimal(0))),
        ):
            printed = _amount(cells, name) if name in cells else None
            if printed is not None and printed != added:
                reason = f"the total is not that of the rows ({added}): rows are missing"
                self.refusals.append(Refusal(reason, record.line, self.names[name], cells[name]))

    def _judge(self) -> None:
        if self.untied and 2 * len(self.untied) >= self.checked:
            first = self.untied[0]
            reason = f"{first.reason} ({len(self.untied)} of {self.checked} rows): not a file as the broker writes it"
            raise Refused(Refusal(reason, first.line, first.field, first.value))
        self.refusals.extend(self.untied)


class _Cell(ValueError):
    """A cell that cannot be read, or contradicts its row."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


def _amount(cells: dict[str, str], name: str) -> Decimal | None:
    try:
        return amount_of(cells.get(name, ""))
    except CellError as error:
        raise _Cell(name, str(error)) from error


def _class(cells: dict[str, str]) -> RowClass:
    kind = cells["type"]
    if kind not in _CLASSES:
        raise _Cell("TYPE", "unknown word")
    if kind != "RAD":
        return _CLASSES[kind]
    wording = cells["description"].upper()
    return next((row_class for word, row_class in _REMOVALS if word in wording), "corporate_action")


def _row(  # noqa: PLR0917  (the cells of a row)
    record: Record,
    cells: dict[str, str],
    row_class: RowClass,
    occurred_at: dt.datetime,
    amount: Decimal,
    misc: Decimal | None,
    commission: Decimal | None,
) -> StatementRow:
    """A row of a ledger as it stands, without instrument."""
    charges = [
        Charge(component=component, name=name, amount=value, text=plain(value))
        for component, name, value in (("commission", "Commissions & Fees", commission), ("other", "Misc Fees", misc))
        if value
    ]
    try:
        session = _session(occurred_at, row_class)
    except CalendarRange as error:
        raise _Cell("DATE", str(error)) from error
    return StatementRow(
        line=record.line,
        occurred_at=occurred_at,
        occurred_text=" ".join(cells[name] for name in ("date", "exec date", "time", "exec time") if name in cells),
        session_date=session,
        row_class=row_class,
        row_type=cells["type"],
        sub_type="",
        action=None,
        side=None,
        effect=None,
        symbol=None,
        instrument_key=None,
        instrument_type=None,
        underlying=None,
        description=cells["description"],
        quantity=None,
        price=None,
        price_text=None,
        price_exact=None,
        multiplier=None,
        value=amount,
        commission=commission,
        fees=misc,
        total=None,
        currency="USD",
        order_number=reference_of(cells.get("ref #", "")) if row_class == "trade" else None,
        raw=dict(cells),
        execution_id=None if row_class == "trade" else reference_of(cells.get("ref #", "")),
        charges=tuple(charges),
    )


def _session(occurred_at: dt.datetime, row_class: RowClass) -> dt.date:
    if row_class == "trade":
        return session_of(occurred_at)
    if row_class in POSITION_EVENTS:
        return expiry_session(occurred_at)
    return occurred_at.astimezone(ZoneInfo("America/New_York")).date()


def _moved(row: StatementRow) -> StatementRow:
    """A row without execution, with the shares or the option that it moved where the description names one."""
    found = moved(row.description or "")
    if found is None:
        return row
    quantity, symbol = found
    instrument = instrument_of(symbol, row.occurred_at)
    return replace(
        row,
        side="buy" if quantity > 0 else "sell",
        quantity=abs(quantity),
        symbol=symbol,
        instrument_key=instrument.key if instrument else None,
        instrument_type=instrument.security_type if instrument else None,
        multiplier=instrument.multiplier if instrument else None,
        price=abs(row.value / quantity) if row.row_class == "delivery" and row.value and quantity else None,
    )


def _named(row: StatementRow, name: str) -> Decimal:
    return next((charge.amount for charge in row.charges if charge.name == name), Decimal(0))
