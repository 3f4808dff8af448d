"""Interactive Brokers' reports of a set of fills.

Holds: Flex as XML and CSV, the activity statement with and without executions, the transaction history.
Belongs here: how IBKR lays out a file.
Never here: what is booked.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from decimal import Decimal
from xml.sax.saxutils import quoteattr

from tests.pairs.fill_set import NEW_YORK, Fill
from tests.pairs.writing import ACCOUNTS, OWNER, Fills, Writer, lines, merged


def _ibkr_attributes(fill: Fill) -> dict[str, str]:
    clock = fill.moment.astimezone(NEW_YORK)
    sign = 1 if fill.side == "buy" else -1
    option = (
        {"strike": fill.strike, "expiry": f"{fill.expiry:%Y%m%d}", "putCall": fill.right[0]} if fill.is_option else {}
    )
    return {
        "accountId": ACCOUNTS["ibkr"], "acctAlias": OWNER, "currency": "USD", "conid": "123456",
        "assetCategory": "OPT" if fill.is_option else "STK", "symbol": fill.key, "description": fill.key.strip(),
        "multiplier": str(fill.unit), "underlyingSymbol": fill.root if fill.is_option else "", **option,
        "tradeID": str(fill.execution), "transactionType": "ExchTrade", "buySell": fill.side.upper(),
        "dateTime": f"{clock:%Y%m%d;%H%M%S}", "tradeDate": f"{clock:%Y%m%d}", "quantity": str(sign * fill.quantity),
        "proceeds": f"{fill.value:f}", "levelOfDetail": "EXECUTION",
    }  # fmt: skip


def _flex(section: str, element: str, kind: str, fills: Fills, more: Callable[[Fill], dict[str, str]]) -> bytes:
    days = [fill.day for fill in fills]
    period = f'fromDate="{min(days):%Y%m%d}" toDate="{max(days):%Y%m%d}" period="" whenGenerated="20261121;043000"'
    rows = "\n".join(
        f"<{element} "
        + " ".join(f"{name}={quoteattr(text)}" for name, text in (_ibkr_attributes(fill) | more(fill)).items())
        + " />"
        for fill in fills
    )
    account = ACCOUNTS["ibkr"]
    information = f'<AccountInformation accountId="{account}" name="{OWNER}" street="12 Long Lane" city="Springfield" primaryEmail="jane@example.org" />'
    return (
        f'<FlexQueryResponse queryName="daily" type="{kind}">\n<FlexStatements count="1">\n'
        f'<FlexStatement accountId="{account}" {period}>\n{information}\n<{section}>\n{rows}\n</{section}>\n'
        "</FlexStatement>\n</FlexStatements>\n</FlexQueryResponse>\n"
    ).encode()


def _ibkr_activity_xml(fills: Fills) -> bytes:
    def more(fill: Fill) -> dict[str, str]:
        return {
            "ibOrderID": str(fill.order), "ibExecID": f"0000e0d5.{fill.execution}.01.01", "tradePrice": str(fill.price),
            "transactionID": str(fill.execution + 7), "taxes": "0", "ibCommission": f"{-fill.commission - fill.regulatory:f}",
            "ibCommissionCurrency": "USD", "netCash": f"{fill.net:f}", "openCloseIndicator": fill.effect[0].upper(), "notes": "P",
        }  # fmt: skip

    return _flex("Trades", "Trade", "AF", fills, more)


def _ibkr_confirmations_xml(fills: Fills) -> bytes:
    def more(fill: Fill) -> dict[str, str]:
        return {
            "orderID": str(fill.order), "execID": str(fill.execution + 3), "price": str(fill.price),
            "amount": f"{-fill.value:f}", "commission": f"{-fill.commission - fill.regulatory:f}",
            "commissionCurrency": "USD", "tax": "0", "code": f"{fill.effect[0].upper()};P",
        }  # fmt: skip

    return _flex("TradeConfirms", "TradeConfirm", "TCF", fills, more)


def _ibkr_words(fill: Fill) -> str:
    return f"{fill.root} {fill.expiry:%d%b%y} {fill.strike} {fill.right[0]}".upper() if fill.is_option else fill.key


def _ibkr_activity_csv(fills: Fills, *, executions: bool) -> bytes:
    days = sorted(fill.day for fill in fills)
    period = f"{days[0]:%B} {days[0].day}, {days[0].year} - {days[-1]:%B} {days[-1].day}, {days[-1].year}"
    columns = (
        "DataDiscriminator",
        "Asset Category",
        "Currency",
        "Symbol",
        "Date/Time",
        "Quantity",
        "T. Price",
        "C. Price",
    )
    rows: list[Sequence[object]] = [
        ("Statement", "Header", "Field Name", "Field Value"),
        ("Statement", "Data", "Title", "Activity Statement"),
        ("Statement", "Data", "Period", period),
        ("Account Information", "Header", "Field Name", "Field Value"),
        ("Account Information", "Data", "Name", OWNER),
        ("Account Information", "Data", "Account", ACCOUNTS["ibkr"]),
        ("Account Information", "Data", "Base Currency", "USD"),
        ("Trades", "Header", *columns, "Proceeds", "Comm/Fee", "Basis", "Realized P/L", "MTM P/L", "Code"),
    ]
    for order in merged(fills, by_price=False):
        parts = [order, *(fill for fill in fills if executions and fill.order == order.order)]
        for place, fill in enumerate(parts):
            clock, sign = fill.moment.astimezone(NEW_YORK), 1 if fill.side == "buy" else -1
            rows.append(
                (
                    "Trades", "Data", "Trade" if place else "Order",
                    "Equity and Index Options" if fill.is_option else "Stocks", "USD", _ibkr_words(fill),
                    f"{clock:%Y-%m-%d, %H:%M:%S}", f"{sign * fill.quantity:,}", f"{fill.price:.8f}", fill.price,
                    f"{fill.value:.8f}", f"{-fill.commission - fill.regulatory}", 0, 0, 0, f"{fill.effect[0].upper()};P",
                )
            )  # fmt: skip
    return ("\ufeff" + lines(rows)).encode()


def _ibkr_transactions(fills: Fills, *, merging: bool, base: str = "USD", rate: str = "1") -> bytes:
    columns = (
        "Date",
        "Account",
        "Description",
        "Transaction Type",
        "Symbol",
        "Quantity",
        "Price",
        "Gross Amount ",
        "Commission",
        "Net Amount",
    )
    rows: list[Sequence[object]] = [
        ("Statement", "Header", "Field Name", "Field Value"),
        ("Statement", "Data", "Title", "Transaction History"),
        ("Summary", "Header", "Field Name", "Field Value"),
        ("Summary", "Data", "Base Currency", base),
        ("Transaction History", "Header", *columns),
    ]
    for fill in merged(fills, by_price=False) if merging else fills:
        sign, charges = 1 if fill.side == "buy" else -1, fill.commission + fill.regulatory
        gross, charged = (amount * Decimal(rate) for amount in (fill.value, -charges))
        gross, charged = round(gross, 8), round(charged, 8)
        rows.append(
            (
                "Transaction History", "Data", str(fill.day), f"U***{ACCOUNTS['ibkr'][-4:]}", _ibkr_words(fill), fill.side.title(),
                fill.key, sign * fill.quantity, f"{fill.price:.8f}", f"{gross:f}",
                f"{charged:f}", f"{gross + charged:f}",
            )
        )  # fmt: skip
    return lines(rows).encode()


def _ibkr_trades_csv(fills: Fills) -> bytes:
    columns = ("ClientAccountID", "AccountAlias", "AssetClass", "Symbol", "UnderlyingSymbol", "Strike", "Expiry", "Put/Call", "Multiplier",
               "CurrencyPrimary", "TradeID", "IBOrderID", "DateTime", "TradeDate", "Quantity", "TradePrice", "Proceeds", "Taxes",
               "IBCommission", "IBCommissionCurrency", "NetCash", "Buy/Sell", "Open/CloseIndicator", "TransactionType")  # fmt: skip
    rows: list[Sequence[object]] = [columns]
    for fill in fills:
        clock, sign, option = fill.moment.astimezone(NEW_YORK), 1 if fill.side == "buy" else -1, fill.is_option
        rows.append(
            (
                ACCOUNTS["ibkr"], OWNER, "OPT" if option else "STK", fill.key, fill.root if option else "",
                fill.strike if option else "", f"{fill.expiry:%Y%m%d}" if option else "", fill.right[0] if option else "",
                fill.unit, "USD", fill.execution, fill.order, f"{clock:%Y%m%d;%H%M%S}", f"{clock:%Y%m%d}", sign * fill.quantity,
                fill.price, f"{fill.value:f}", 0, f"{-fill.commission - fill.regulatory:f}", "USD", f"{fill.net:f}",
                fill.side.upper(), fill.effect[0].upper(), "ExchTrade",
            )
        )  # fmt: skip
    return lines(rows, quoting=csv.QUOTE_ALL).encode()


def history_of_executions(fills: Fills, *, base: str = "USD", rate: str = "1") -> bytes:
    """A transaction history that merges nothing, in the currency the account is kept in."""
    return _ibkr_transactions(fills, merging=False, base=base, rate=rate)


WRITERS: dict[str, Writer] = {
    "flex.xml": _ibkr_activity_xml,
    "confirmations.xml": _ibkr_confirmations_xml,
    "orders.csv": lambda fills: _ibkr_activity_csv(fills, executions=False),
    "executions.csv": lambda fills: _ibkr_activity_csv(fills, executions=True),
    "history.csv": lambda fills: _ibkr_transactions(fills, merging=True),
    "flex.csv": _ibkr_trades_csv,
}
