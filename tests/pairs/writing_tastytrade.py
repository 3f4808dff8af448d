"""tastytrade's exports and API of a set of fills.

Holds: one writer per generation.
Belongs here: how tastytrade lays out a file.
Never here: what is booked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pipelines.parsing.tastytrade.layout import HEADER_20, HEADER_21, INTERMEDIATE_16, LEGACY_15
from tests.pairs.fill_set import NEW_YORK
from tests.pairs.writing import ACCOUNTS, Fills, Writer, lines, money, sub_type, words


def _tastytrade_csv(header: tuple[str, ...]) -> Writer:
    def write(fills: Fills) -> bytes:
        rows: list[Sequence[object]] = [header]
        for fill in sorted(fills, key=lambda fill: fill.moment, reverse=True):
            option = fill.is_option
            cells = {
                "Date": fill.moment.astimezone(NEW_YORK).strftime("%Y-%m-%dT%H:%M:%S%z"),
                "Type": "Trade", "Sub Type": sub_type(fill), "Action": sub_type(fill).upper().replace(" ", "_"),
                "Symbol": fill.key, "Instrument Type": "Equity Option" if option else "Equity",
                "Description": words(fill), "Value": money(fill.value), "Quantity": fill.quantity,
                "Average Price": money(fill.value / fill.quantity), "Commissions": money(-fill.commission),
                "Fees": money(-fill.regulatory), "Multiplier": 100 if option else "", "Root Symbol": fill.root if option else "",
                "Underlying Symbol": fill.root if option else fill.key,
                "Expiration Date": f"{fill.expiry.month}/{fill.expiry:%d/%y}" if option else "",
                "Strike Price": fill.strike if option else "", "Call or Put": fill.right if option else "",
                "Order #": fill.order, "Total": money(fill.net), "Currency": "USD",
            }  # fmt: skip
            rows.append([cells[name] for name in header])
        return lines(rows).encode()

    return write


def _tastytrade_legacy(fills: Fills) -> bytes:
    rows: list[Sequence[object]] = [LEGACY_15]
    for fill in sorted(fills, key=lambda fill: fill.moment, reverse=True):
        option, clock = fill.is_option, fill.moment.astimezone(NEW_YORK)
        rows.append(
            (
                f"{clock:%m/%d/%Y} {clock.hour % 12 or 12}:{clock:%M %p}", "Trade", sub_type(fill),
                fill.root if option else fill.key, fill.side.title(), fill.effect.title(), fill.quantity,
                f"{fill.expiry:%m/%d/%Y}" if option else "", fill.strike if option else "",
                fill.right[0] if option else "", fill.price, f"{fill.commission + fill.regulatory:.3f}",
                f"{fill.value:f}", words(fill), "Individual...45",
            )
        )  # fmt: skip
    return lines(rows).encode()


def _effect(amount: Decimal) -> str:
    return "Credit" if amount > 0 else "Debit" if amount < 0 else "None"


def _tastytrade_api(fills: Fills) -> bytes:
    items = []
    for fill in fills:
        amounts = {
            "value": fill.value, "commission": -fill.commission, "clearing-fees": Decimal(0),
            "regulatory-fees": -fill.regulatory, "proprietary-index-option-fees": Decimal(0), "net-value": fill.net,
        }  # fmt: skip
        item: dict[str, Any] = {
            "id": fill.execution, "account-number": ACCOUNTS["tastytrade"], "transaction-type": "Trade",
            "transaction-sub-type": sub_type(fill), "action": sub_type(fill), "symbol": fill.key,
            "underlying-symbol": fill.root, "instrument-type": "Equity Option" if fill.is_option else "Equity",
            "description": words(fill), "quantity": str(fill.quantity), "price": str(fill.price),
            "executed-at": fill.moment.isoformat(timespec="milliseconds"), "transaction-date": str(fill.day),
            "order-id": fill.order, "exec-id": f"E-{fill.execution}", "ext-exec-id": f"X{fill.execution}", "currency": "USD",
        }  # fmt: skip
        for name, amount in amounts.items():
            item[name], item[f"{name}-effect"] = str(abs(amount)), _effect(amount)
        items.append(item)
    context = f"/accounts/{ACCOUNTS['tastytrade']}/transactions"
    return json.dumps({"data": {"items": items}, "api-version": "v1", "context": context}, indent=1).encode()


WRITERS: dict[str, Writer] = {
    "legacy.csv": _tastytrade_legacy,
    "early.csv": _tastytrade_csv(INTERMEDIATE_16),
    "columns20.csv": _tastytrade_csv(HEADER_20),
    "columns21.csv": _tastytrade_csv(HEADER_21),
    "api.json": _tastytrade_api,
}
