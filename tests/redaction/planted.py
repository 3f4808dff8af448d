"""Private things planted into statements of every format.

Holds: a booking of money that names a person, a bank and an account, as each broker prints it.
Belongs here: what must not survive masking.
Never here: assertions.
"""

from __future__ import annotations

import json
from decimal import Decimal

from tests.pairs.writing import ACCOUNTS, OWNER

WORDS = "WIRE TRANSFER TO Erika Mustermann DE89370400440532013000 erika@example.net Heidestrasse"
SECRETS = ("Erika", "Mustermann", "DE89370400440532013000", "370400440532013000", "example.net", "Heidestrasse")
OWNERS = (*OWNER.replace(".", "").split()[::2], "Long Lane", "Springfield", "jane@example.org", "99001122")


def planted(broker: str, name: str, data: bytes, *, day: str) -> bytes:
    """The statement with a wire of 250 dollars more; `day` is an ISO date inside of it."""
    year, month, date = day.split("-")
    american = f"{month}/{date}/{year}"
    if name.endswith(".json"):
        return _in_json(broker, name, data, day, american)
    text = data.decode("utf-8-sig")
    if name.endswith(".xml"):
        cash = (
            f'<CashTransactions><CashTransaction accountId="{ACCOUNTS["ibkr"]}" currency="USD" type="Deposits/Withdrawals" '
            f'dateTime="{year}{month}{date}" amount="-250" description="{WORDS}" transactionID="771234567" '
            'levelOfDetail="DETAIL"/></CashTransactions></FlexStatement>'
        )
        return text.replace("</FlexStatement>", cash).encode()
    rows = {
        "legacy.csv": f"{american} 4:00 PM,Money Movement,Withdrawal,,,,0,,,,,0.00,-250,{WORDS},Individual...45",
        "early.csv": f"{day}T16:00:00-0500,Money Movement,,,,{WORDS},-250.00,0,,--,0.00,,,,,",
        "columns20.csv": f"{day}T16:00:00-0500,Money Movement,Withdrawal,,,,{WORDS},-250.00,0,,--,0.00,,,,,,,,USD",
        "columns21.csv": f"{day}T16:00:00-0500,Money Movement,Withdrawal,,,,{WORDS},-250.00,0,,--,0.00,,,,,,,,-250.00,USD",
        "history.csv": f"Transaction History,Data,{day},U***4321,{WORDS},Withdrawal,-,-,-,-250.0,-,-250.0",
        "reordered.csv": f'"{american}","MoneyLink Transfer","","{WORDS}","","","","-$250.00"',
        "flex.csv": "",
    }
    deposits = (
        f"Deposits & Withdrawals,Header,Currency,Settle Date,Description,Amount\n"
        f"Deposits & Withdrawals,Data,USD,{day},{WORDS},-250\n"
    )
    if name in ("orders.csv", "executions.csv"):
        return ("\ufeff" + text + deposits).encode()
    if name == "thinkorswim.csv":
        return _in_thinkorswim(text)
    if broker == "tdameritrade":
        return _in_tda(text, american, balances=name == "balances.csv")
    if name == "export.csv":
        return (text + rows["reordered.csv"] + "\n").encode()
    if name == "titled.csv":
        total = '"Transactions Total"'
        before, _, after = text.partition(total)
        amount = after.split('"')[-2]
        less = _dollars(Decimal(amount.replace("$", "").replace(",", "")) - 250)
        return (before + rows["reordered.csv"] + ",\n" + total + after.replace(amount, less)).encode()
    return (text + rows[name] + "\n").encode()


def _dollars(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def _in_thinkorswim(text: str) -> bytes:
    lines = text.split("\n")
    last = max(place for place, line in enumerate(lines) if ",TRD," in line)
    day, clock = lines[last].split(",")[:2]
    balance = Decimal(lines[last].rsplit('"', 2)[1].replace(",", "")) - 250
    lines.insert(last + 1, f'{day},{clock},WOU,="131",{WORDS},,,-250.00,"{balance:,.2f}"')
    return "\n".join(lines).encode("utf-8-sig")


def _in_tda(text: str, american: str, *, balances: bool) -> bytes:
    lines = text.rstrip().split("\r\n")
    balance = ""
    if balances:
        balance = f"{Decimal(lines[-2].split(',')[8]) - 250:.2f},"
    lines.insert(-1, f"{american},88123123,{WORDS},,,,,-250.00,{balance},,,")
    return ("\r\n".join(lines) + "\r\n").encode()


def _in_json(broker: str, name: str, data: bytes, day: str, american: str) -> bytes:
    document = json.loads(data)
    if broker == "tastytrade":
        document["data"]["items"].append(
            {
                "id": 771234567, "account-number": ACCOUNTS[broker], "transaction-type": "Money Movement",
                "transaction-sub-type": "Withdrawal", "description": WORDS, "executed-at": f"{day}T21:00:00.000+00:00",
                "value": "250.0", "value-effect": "Debit", "net-value": "250.0", "net-value-effect": "Debit",
            }
        )  # fmt: skip
    elif name == "export.json":
        cells = {
            "Date": american,
            "Action": "MoneyLink Transfer",
            "Symbol": "",
            "Description": WORDS,
            "Quantity": "",
            "Price": "",
        }
        document["BrokerageTransactions"].append(cells | {"Fees & Comm": "", "Amount": "-$250.00"})
        before = Decimal(document["TotalTransactionsAmount"].replace("$", "").replace(",", ""))
        document["TotalTransactionsAmount"] = _dollars(before - 250)
    elif broker == "schwab":
        dollars = {"assetType": "CURRENCY", "symbol": "CURRENCY_USD", "description": "USD currency"}
        document.append(
            {
                "activityId": 771234567, "time": f"{day}T21:00:00+0000", "accountNumber": ACCOUNTS[broker], "type": "WIRE_OUT",
                "status": "VALID", "subAccount": "CASH", "description": WORDS, "netAmount": -250.0,
                "transferItems": [{"instrument": dollars, "amount": -250.0, "cost": -250.0}],
            }
        )  # fmt: skip
    else:
        fees = dict.fromkeys(
            ("rFee", "additionalFee", "cdscFee", "regFee", "otherCharges", "commission", "optRegFee", "secFee"), 0.0
        )
        document.append(
            {
                "type": "WIRE_OUT", "transactionSubType": "WO", "transactionDate": f"{day}T21:00:00+0000", "transactionId": 771234567,
                "netAmount": -250.0, "description": WORDS, "fees": fees, "transactionItem": {"accountId": 498213375, "cost": -250.0},
            }
        )  # fmt: skip
    return json.dumps(document).encode()
