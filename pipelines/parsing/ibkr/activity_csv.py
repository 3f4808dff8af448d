"""Interactive Brokers' Activity Statement as CSV.

Holds: which sections are rows, and their columns in terms of the Flex report's attributes.
Belongs here: what this export writes differently from Flex.
Never here: the sections themselves (`ibkr_sections`), what a trade's attributes mean (`ibkr_trades`).

The export names no executions: trades are orders (`Order`), unless it was told to show executions (`Trade`) below them.
A Flex report says more where there is one; the same day from both counts once (`transforms.statement_generations`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

from pipelines.parsing.ibkr.cash import cash_row
from pipelines.parsing.ibkr.sections import TITLES, Line, data_lines, format_of, period_of
from pipelines.parsing.ibkr.totals import day_charges
from pipelines.parsing.ibkr.trades import Attributes, Context, FieldError, trade_rows
from pipelines.parsing.ibkr.values import Dates, amount
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.csv_columns import CellError
from pipelines.parsing.statements.rows import StatementFile, StatementRow
from tomking.kernel.instruments import SymbolError, from_ibkr_description

BROKER = "ibkr"
PARSER_VERSION = "ibkr_activity_csv/2"
FORMAT, EXECUTIONS = "ibkr_activity_csv", "ibkr_activity_csv_executions"

_CATEGORIES = {
    "Stocks": "STK",
    "Equity and Index Options": "OPT",
    "Futures": "FUT",
    "Options On Futures": "FOP",
    "Options on Futures": "FOP",
    "Forex": "CASH",
    "Bonds": "BOND",
    "Warrants": "WAR",
    "CFDs": "CFD",
    "Treasury Bills": "BILL",
    "Mutual Funds": "FUND",
    "Crypto": "CRYPTO",
}
_CASH = frozenset(
    {"Deposits & Withdrawals", "Dividends", "Withholding Tax", "Interest", "Broker Interest Paid", "Broker Interest Received",
     "Payment In Lieu Of Dividends", "Fees", "Other Fees", "Broker Fees", "Advisor Fees", "Commission Adjustments",
     "Transaction Fees", "Bond Interest Received", "Bond Interest Paid", "871(m) Withholding", "Other Income"}
)  # fmt: skip
_COMMISSION_IN = "Comm in "
_BOOKED = frozenset({"A", "Ex", "AEx", "GEA", "Ep"})


def recognise(data: bytes) -> str | None:
    """The name of the format; None where the bytes are another one."""
    return FORMAT if format_of(data) == FORMAT else None


def parse(data: bytes) -> StatementFile:
    """Reads a statement.

    Raises:
        Refused: no text, another language than English, or no row that can be read.
    """
    lines = list(data_lines(data))
    trades = [line for line in lines if line.section == "Trades"]
    cash = [line for line in lines if line.section in _CASH and not _is_total(line)]
    read = ("Trades", "", *_CASH)
    refusals = [Refusal(line.problem, line.number) for line in lines if line.problem and line.section in read]
    dates = Dates(text for line in (*trades, *cash) for name, text in line.cells.items() if "Date" in name)
    context = Context(dates)
    multipliers = _multipliers(lines)
    executed = any(line.cells.get("DataDiscriminator") == "Trade" for line in trades)
    wanted = "Trade" if executed else "Order"
    rows: list[StatementRow] = []
    for line in trades:
        if line.problem is None and line.cells.get("DataDiscriminator") == wanted:
            rows += _read(line, refusals, lambda line: _trade(line, context, multipliers))
    for line in cash:
        if line.problem is None:
            rows += _read(line, refusals, lambda line: [_cash(line, dates)])
    if refusals and not rows:
        first = refusals[0]
        raise Refused(Refusal(f"no row could be read; the first: {first.reason}", first.line, first.field, first.value))
    said = {
        line.cells.get("Field Name"): line.cells.get("Field Value", "") for line in lines if line.section == "Statement"
    }
    title = said.get("Title", "")
    if title and title not in TITLES and not trades and not cash:
        raise Refused(
            Refusal(f"an IBKR statement titled {title[:60]!r}, without a section that is read", field="Title")
        )
    period = period_of(said.get("Period", ""))
    return StatementFile(
        EXECUTIONS if executed else FORMAT,
        tuple(rows),
        tuple(refusals),
        ((0, len(rows)),),
        day_charges=tuple(day_charges(period, rows, _commissions(lines))),
        period=period,
    )


def _read(
    line: Line, refusals: list[Refusal], read: Callable[[Line], Sequence[StatementRow]]
) -> Sequence[StatementRow]:
    try:
        return read(line)
    except FieldError as error:
        refusals.append(error.refusal(line.number))
        return ()


def _commissions(lines: Sequence[Line]) -> dict[str, Decimal]:
    """The commissions of the cash report by currency."""
    found: dict[str, Decimal] = {}
    for line in lines:
        if (
            line.section == "Cash Report"
            and line.problem is None
            and line.cells.get("Currency Summary") == "Commissions"
        ):
            with suppress(CellError):
                found[line.cells.get("Currency", "")] = amount(line.cells.get("Total", "").strip())
    return found


def _is_total(line: Line) -> bool:
    return any(text.startswith("Total") for text in list(line.cells.values())[:3])


def _multipliers(lines: Sequence[Line]) -> dict[str, str]:
    found = (line.cells for line in lines if line.section == "Financial Instrument Information")
    return {cells["Symbol"]: cells["Multiplier"] for cells in found if cells.get("Symbol") and cells.get("Multiplier")}


def _trade(line: Line, context: Context, multipliers: Mapping[str, str]) -> list[StatementRow]:
    cells = line.cells
    symbol, category = cells.get("Symbol", ""), cells.get("Asset Category", "")
    if category not in _CATEGORIES:
        raise FieldError("Asset Category", "unknown word", category)
    codes = {code.strip() for code in cells.get("Code", "").split(";")}
    elsewhere = next((name for name in cells if name.startswith(_COMMISSION_IN)), None)
    texts = {
        "assetCategory": _CATEGORIES[category],
        "symbol": _occ_text(symbol) if _CATEGORIES[category] == "OPT" else symbol,
        "multiplier": multipliers.get(symbol, ""),
        "currency": cells.get("Currency", ""),
        "dateTime": cells.get("Date/Time", ""),
        "quantity": cells.get("Quantity", ""),
        "tradePrice": cells.get("T. Price", ""),
        "proceeds": cells.get("Proceeds", ""),
        "ibCommission": cells.get(elsewhere, "") if elsewhere else cells.get("Comm/Fee", ""),
        "ibCommissionCurrency": elsewhere.removeprefix(_COMMISSION_IN) if elsewhere else "",
        "notes": cells.get("Code", ""),
        "transactionType": "TradeCancel" if "Ca" in codes else ("BookTrade" if codes & _BOOKED else "ExchTrade"),
    }
    return [replace(row, raw=dict(cells)) for row in trade_rows(line.number, texts, context)]


def _occ_text(symbol: str) -> str:
    """The clearing house's text of `SPY 17JAN20 331 C`; the symbol itself where it says something else."""
    try:
        return from_ibkr_description(symbol).key
    except SymbolError:
        return symbol


def _cash(line: Line, dates: Dates) -> StatementRow:
    cells = line.cells
    texts = {
        "type": cells.get("Subtitle") or line.section,
        "currency": cells.get("Currency", ""),
        "dateTime": cells.get("Date/Time") or cells.get("Date") or cells.get("Settle Date", ""),
        "description": cells.get("Description", ""),
        "amount": cells.get("Amount", ""),
        "symbol": cells.get("Symbol", ""),
    }
    return replace(cash_row(Attributes(line.number, texts, dates), None), raw=dict(cells))
