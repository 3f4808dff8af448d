"""Quotes of orders and totals of days into the warehouse.

Holds: writing what a broker states about fees without booking anything.
Belongs here: the tables of `warehouse.models.records.fee_quotes`.
Never here: statement rows (`statement_tables`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import TYPE_CHECKING

from pipelines.privacy import redact_json
from warehouse.frames import frame, to_money
from warehouse.keys import stable_id
from warehouse.models.records.fee_quotes import BrokerDayFees, FeeQuote, FeeQuoteCharge

if TYPE_CHECKING:
    from pipelines.parsing.statements.rows import StatementFile
    from warehouse.session import WriteSession


def write_fee_figures(
    session: WriteSession, file: StatementFile, *, account: str, broker: str, sha256: str
) -> set[dt.date]:
    """Write the quotes and day totals of a file; returns the sessions whose total this changed."""
    told = {"account": account, "broker": broker, "sha256": sha256, "learnt_at": session.now}
    quotes, charges = [], []
    for place, quote in enumerate(file.quotes):
        quote_id = stable_id("fee-quote", account, sha256, str(place))
        legs = [dataclasses.asdict(leg) for leg in quote.legs]
        quotes.append(
            told
            | {
                "quote_id": quote_id,
                "legs": json.dumps(legs, default=str),
                "limit_price": quote.limit_price,
                "total": to_money(quote.total),
                "raw": redact_json(quote.raw),
            }
        )
        charges += [
            {
                "quote_id": quote_id,
                "position": position,
                "component": charge.component,
                "name": charge.name,
                "amount": to_money(charge.amount),
                "amount_text": charge.text,
            }
            for position, charge in enumerate(quote.charges)
        ]
    session.insert_new(FeeQuote, frame(FeeQuote, quotes))
    session.insert_new(FeeQuoteCharge, frame(FeeQuoteCharge, charges))
    known = dict(session.rows("SELECT session_date, amount FROM records.broker_day_fees WHERE account = ?", (account,)))
    totals = {total.session_date: to_money(total.amount) for total in file.day_charges}
    changed = {day for day, amount in totals.items() if known.get(day) != amount}
    rows = [told | {"session_date": day, "amount": totals[day]} for day in sorted(changed)]
    session.upsert(BrokerDayFees, frame(BrokerDayFees, rows))
    return changed
