"""Charles Schwab's, thinkorswim's and TD Ameritrade's statements of a set of fills.

Holds: one writer per export and API of the two brokers.
Belongs here: how they lay out a file.
Never here: what is booked.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.pairs.fill_set import CHICAGO, Fill
from tests.pairs.writing import ACCOUNTS, OWNER, Fills, Writer, lines, merged, money, sub_type

_SCHWAB = ("Date", "Action", "Symbol", "Description", "Quantity", "Price", "Fees & Comm", "Amount")


def _schwab_records(fills: Fills) -> list[dict[str, str]]:
    return [
        {
            "Date": f"{fill.day:%m/%d/%Y}",
            "Action": sub_type(fill) if fill.is_option else fill.side.title(),
            "Symbol": f"{fill.root} {fill.expiry:%m/%d/%Y} {Decimal(fill.strike):.2f} {fill.right[0]}"
            if fill.is_option
            else fill.key,
            "Description": "XYZ CORP",
            "Quantity": str(fill.quantity),
            "Price": money(fill.price, dollar="$"),
            "Fees & Comm": money(fill.commission + fill.regulatory, dollar="$"),
            "Amount": money(fill.net, dollar="$"),
        }
        for fill in merged(fills, by_price=True)
    ]


def _schwab_csv(fills: Fills) -> bytes:
    rows: list[Sequence[object]] = [_SCHWAB, *(tuple(record.values()) for record in _schwab_records(fills))]
    return lines(rows, quoting=csv.QUOTE_ALL).encode()


def _schwab_titled(fills: Fills) -> bytes:
    total = sum((fill.net for fill in fills), Decimal(0))
    rows = [
        _SCHWAB,
        *(tuple(record.values()) for record in _schwab_records(fills)),
        ("Transactions Total", *("",) * 6, money(total, dollar="$")),
    ]
    body = "".join(line + ",\n" for line in lines(rows, quoting=csv.QUOTE_ALL).splitlines())
    title = f'"Transactions  for account {OWNER} {ACCOUNTS["schwab"]} as of 12/01/2026 07:00:00 ET"\n'
    return (title + body).encode()


def _schwab_reordered(fills: Fills) -> bytes:
    columns = ("Date", "Action", "Symbol", "Description", "Price", "Quantity", "Fees & Comm", "Amount")
    rows: list[Sequence[object]] = [columns, *([record[name] for name in columns] for record in _schwab_records(fills))]
    return lines(rows, quoting=csv.QUOTE_ALL).encode()


def _schwab_json(fills: Fills) -> bytes:
    days, total = [fill.day for fill in fills], sum((fill.net for fill in fills), Decimal(0))
    return json.dumps(
        {
            "FromDate": f"{min(days):%m/%d/%Y}",
            "ToDate": f"{max(days):%m/%d/%Y}",
            "TotalTransactionsAmount": money(total, dollar="$"),
            "BrokerageTransactions": [
                record | {"ItemIssueId": "1", "AcctgRuleCd": "1"} for record in _schwab_records(fills)
            ],
        },
        indent=2,
    ).encode()


def _schwab_api(fills: Fills) -> bytes:
    records = []
    for fill in merged(fills, by_price=False):
        dollars = {"assetType": "CURRENCY", "status": "ACTIVE", "symbol": "CURRENCY_USD", "description": "USD currency"}
        charged = [("COMMISSION", fill.commission), ("OPT_REG_FEE", fill.regulatory), ("TAF_FEE", Decimal(0))]
        instrument: dict[str, Any] = {"assetType": "EQUITY", "symbol": fill.key, "description": "XYZ CORP"}
        if fill.is_option:
            instrument |= {
                "assetType": "OPTION", "putCall": fill.right, "strikePrice": float(fill.strike), "underlyingSymbol": fill.root,
                "expirationDate": f"{fill.expiry}T05:00:00+0000", "optionPremiumMultiplier": 100,
            }  # fmt: skip
        sign = 1 if fill.side == "buy" else -1
        moment = fill.moment.strftime("%Y-%m-%dT%H:%M:%S+0000")
        records.append(
            {
                "activityId": fill.execution, "time": moment, "user": {"userId": 99001122, "firstName": "Jane", "lastName": "Public"},
                "accountNumber": ACCOUNTS["schwab"], "type": "TRADE", "status": "VALID", "subAccount": "MARGIN", "tradeDate": moment,
                "positionId": 27091953, "orderId": fill.order + 10**12, "netAmount": float(fill.net),
                "transferItems": [
                    *({"instrument": dollars, "amount": float(cost), "cost": float(-cost), "feeType": kind} for kind, cost in charged),
                    {
                        "instrument": instrument, "amount": sign * fill.quantity, "cost": float(fill.value),
                        "price": float(round(fill.price, 6)), "positionEffect": "OPENING" if fill.effect == "open" else "CLOSING",
                    },
                ],
            }
        )  # fmt: skip
    return json.dumps(records, indent=1).encode()


# thinkorswim, of Schwab and of TD Ameritrade


def _thinkorswim(account: str) -> Writer:
    def write(fills: Fills) -> bytes:
        ordered = sorted(fills, key=lambda fill: (fill.moment, fill.execution))
        first, last = (clock.astimezone(CHICAGO) for clock in (ordered[0].moment, ordered[-1].moment))
        balance = Decimal(100_000)
        start = f'{_short(first)},01:00:00,BAL,,Cash balance at the start of business day {first:%d.%m} CST,,,,"{balance:,.2f}"'
        text = [
            f"Account Statement for {account} (Individual) since {_short(first)} through {_short(last)}", "", "Cash Balance",
            "DATE,TIME,TYPE,REF #,DESCRIPTION,Misc Fees,Commissions & Fees,AMOUNT,BALANCE", start,
        ]  # fmt: skip
        history = []
        for fill in ordered:
            balance += fill.net
            clock, sign = fill.moment.astimezone(CHICAGO), "+" if fill.side == "buy" else "-"
            what = (
                f"{fill.root} 100 {fill.expiry:%d %b %y} {fill.strike} {fill.right}".upper()
                if fill.is_option
                else fill.key
            )
            said = f"{'BOT' if fill.side == 'buy' else 'SOLD'} {sign}{fill.quantity} {what} @{fill.price}"
            text.append(
                f'{_short(clock)},{clock:%H:%M:%S},TRD,="{fill.order}",{said},{-fill.regulatory},{-fill.commission},'
                f'"{fill.value:,.2f}","{balance:,.2f}"'
            )
            kind = "SINGLE" if fill.is_option else "STOCK"
            contract = f"{fill.expiry:%d %b %y},{fill.strike},{fill.right}".upper() if fill.is_option else ",,STOCK"
            history.append(
                f",{_short(clock)} {clock:%H:%M:%S},{kind},{fill.side.upper()},{sign}{fill.quantity},TO {fill.effect.upper()},"
                f"{fill.root if fill.is_option else fill.key},{contract},{fill.price},{fill.price},LMT"
            )
        text += [
            "",
            "Account Trade History",
            ",Exec Time,Spread,Side,Qty,Pos Effect,Symbol,Exp,Strike,Type,Price,Net Price,Order Type",
        ]
        return "\n".join([*text, *history, ""]).encode("utf-8-sig")

    return write


def _short(clock: dt.datetime) -> str:
    return f"{clock.month}/{clock.day}/{clock:%y}"


# TD Ameritrade


def _tda_symbol(fill: Fill) -> str:
    if not fill.is_option:
        return fill.key
    return f"{fill.root} {fill.expiry:%b} {fill.expiry.day} {fill.expiry.year} {Decimal(fill.strike):.1f} {fill.right.title()}"


def _tda_csv(*, balances: bool) -> Writer:
    def write(fills: Fills) -> bytes:
        columns = [
            "DATE",
            "TRANSACTION ID",
            "DESCRIPTION",
            "QUANTITY",
            "SYMBOL",
            "PRICE",
            "COMMISSION",
            "AMOUNT",
            "REG FEE",
        ]
        columns += ["SHORT-TERM RDM FEE", "FUND REDEMPTION FEE", " DEFERRED SALES CHARGE"]
        if balances:
            columns.insert(8, "NET CASH BALANCE")
        rows: list[list[object]] = [list(columns)]
        balance = Decimal(50_000)
        for fill in fills:
            balance += fill.net
            verb = "Bought" if fill.side == "buy" else "Sold"
            row: list[object] = [
                f"{fill.day:%m/%d/%Y}", fill.execution + 5, f"{verb} {fill.quantity} {_tda_symbol(fill)} @ {fill.price}",
                fill.quantity, _tda_symbol(fill), fill.price, f"{fill.commission:.2f}", f"{fill.net:.2f}",
            ]  # fmt: skip
            rows.append([*row, *([f"{balance:.2f}"] if balances else []), f"{fill.regulatory:.2f}", "", "", ""])
        return (lines(rows) + "***END OF FILE***\n").replace("\n", "\r\n").encode()

    return write


def _tda_api(fills: Fills) -> bytes:
    records = []
    for fill in fills:
        symbol = f"{fill.root}_{fill.expiry:%m%d%y}{fill.right[0]}{fill.strike}" if fill.is_option else fill.key
        fees = dict.fromkeys(("rFee", "additionalFee", "cdscFee", "otherCharges", "secFee"), 0.0)
        fees |= {
            "commission": float(fill.commission),
            "optRegFee": float(fill.regulatory),
            "regFee": float(fill.regulatory),
        }
        records.append(
            {
                "type": "TRADE", "subAccount": "2", "settlementDate": str(fill.day), "orderId": f"T{fill.order}",
                "netAmount": float(fill.net), "transactionDate": fill.moment.strftime("%Y-%m-%dT%H:%M:%S+0000"),
                "transactionSubType": "BY" if fill.side == "buy" else "SL", "transactionId": fill.execution,
                "cashBalanceEffectFlag": True, "description": f"{fill.side.upper()} TRADE", "fees": fees,
                "transactionItem": {
                    "accountId": int(ACCOUNTS["tdameritrade"]), "amount": float(fill.quantity), "price": float(fill.price),
                    "cost": float(fill.value), "instruction": fill.side.upper(),
                    "positionEffect": "OPENING" if fill.effect == "open" else "CLOSING",
                    "instrument": {"symbol": symbol, "assetType": "OPTION" if fill.is_option else "EQUITY"},
                },
            }
        )  # fmt: skip
    return json.dumps(records).encode()


SCHWAB: dict[str, Writer] = {
    "export.csv": _schwab_csv,
    "titled.csv": _schwab_titled,
    "reordered.csv": _schwab_reordered,
    "export.json": _schwab_json,
    "api.json": _schwab_api,
    "thinkorswim.csv": _thinkorswim(ACCOUNTS["schwab"] + "SCHW"),
}
TD_AMERITRADE: dict[str, Writer] = {
    "export.csv": _tda_csv(balances=False),
    "balances.csv": _tda_csv(balances=True),
    "api.json": _tda_api,
    "thinkorswim.csv": _thinkorswim(ACCOUNTS["tdameritrade"]),
}
