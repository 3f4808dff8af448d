"""What the joining of strategy trades reads, many runs in one query.

Holds: the fills of histories with their orders, package after package, the contracts they are in, the engine's closed
trades.
Belongs here: a further column that the joining needs.
Never here: the rules (`pipelines.transforms.trades.strategy_trades`), or anything written.

Rows stay with the database until their turn comes.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines.parsing.lean.events import read_settlement
from pipelines.steps.accounting.inputs import read_reference
from pipelines.steps.kept_rows import KeptRows
from pipelines.transforms.accounting.contract_terms import Listing, TradeEvidence, implied_multiplier, terms_of
from pipelines.transforms.trades.excursions import EngineTrade, EngineTrades
from pipelines.transforms.trades.kinds import Contract
from pipelines.transforms.trades.packages import Outlook, Sent, TradedFill, TradedOrder, outlook_of
from pipelines.transforms.trades.strategy_trades import Trade

if TYPE_CHECKING:
    from warehouse.session import WriteSession

# A package is a combo (`group_id`) or one order; it stands where its first fill does.
_FILLS = """
SELECT o.group_id, e.order_id, o.tag, o.quantity, o.order_id IS NULL AS is_missing,
       e.event_id, e.occurred_at, e.session_date, e.kind, e.instrument_key, e.fill_quantity, e.fill_price, e.fee_amount,
       e.fee_currency, e.is_in_the_money, CASE WHEN e.kind IN ('expiry', 'exercise', 'assignment') THEN e.message END,
       w.place, first_value(e.occurred_at) OVER package AS began_at
FROM (SELECT unnest($1::VARCHAR[]) AS run_id, generate_subscripts($1::VARCHAR[], 1) AS place) w
JOIN records.order_events e ON e.run_id = w.run_id
LEFT JOIN records.orders o ON o.run_id = e.run_id AND o.order_id = e.order_id
WHERE e.fill_quantity <> 0
WINDOW package AS (
    PARTITION BY e.run_id, o.group_id, CASE WHEN o.group_id IS NULL THEN e.order_id END
    ORDER BY e.occurred_at, e.order_id
)
ORDER BY place, began_at, first_value(e.order_id) OVER package, e.occurred_at, e.order_id, e.event_id
"""
_KIND = 8
_SPANS = """
SELECT place, min(kept_row), max(kept_row) + 1, arg_min(began_at, kept_row), arg_max(began_at, kept_row),
       bool_and(coalesce(began_at >= before, true))
FROM (
    SELECT place, kept_row, began_at, lag(began_at) OVER (PARTITION BY place ORDER BY kept_row) AS before FROM {fills}
)
GROUP BY place
"""
_UNFILLED = """
SELECT run_id, group_id, order_id, tag, quantity
FROM records.orders o
WHERE run_id IN (SELECT unnest($1::VARCHAR[])) AND group_id IS NOT NULL
  AND NOT EXISTS (
      FROM records.order_events e WHERE e.run_id = o.run_id AND e.order_id = o.order_id AND e.fill_quantity <> 0
  )
"""
_CONTRACTS = """
SELECT instrument_key, security_type, ticker, root, lean_symbol_id, multiplier, strike, call_put, expiry, underlying
FROM records.instruments
WHERE instrument_key IN (SELECT instrument_key FROM records.order_events WHERE run_id IN (SELECT unnest($1::VARCHAR[])))
"""
_EVIDENCE = """
WITH priced AS (
    SELECT e.run_id, e.symbol_id, e.instrument_key,
           any_value(coalesce(nullif(e.fill_price_currency, ''), o.price_currency)) AS priced_in
    FROM records.order_events e
    JOIN records.orders o ON o.run_id = e.run_id AND o.order_id = e.order_id AND o.instrument_key = e.instrument_key
    WHERE e.run_id IN (SELECT unnest($1::VARCHAR[])) AND e.instrument_key IN (SELECT unnest($2::VARCHAR[]))
      AND e.fill_quantity <> 0
    GROUP BY ALL
)
SELECT p.run_id, p.instrument_key,
       CASE t.direction WHEN 'long' THEN t.exit_price - t.entry_price ELSE t.entry_price - t.exit_price END, t.quantity,
       t.profit_loss
FROM priced p
JOIN records.runs r ON r.run_id = p.run_id AND r.mode NOT IN ('paper', 'live')
JOIN records.closed_trades t ON t.run_id = p.run_id AND t.symbol_id = p.symbol_id
WHERE coalesce(p.priced_in, r.account_currency) = r.account_currency
"""
_PRICED_IN = """
SELECT instrument_key, min(price_currency) FROM records.orders
WHERE run_id IN (SELECT unnest($1::VARCHAR[])) AND security_type = 'crypto_future'
GROUP BY instrument_key HAVING count(DISTINCT price_currency) = 1
"""
_CLOSED_TRADES = """
SELECT run_id, CAST(order_ids AS BIGINT[]) AS order_ids, mae, mfe, quantity
FROM records.closed_trades
WHERE run_id IN (SELECT unnest($1::VARCHAR[]))
ORDER BY run_id, source_file, position
"""
_OF_CLOSED_TRADES = "SELECT kept_row AS number, run_id, unnest(order_ids) AS order_id FROM {trades}"
_AROUND = """
SELECT * EXCLUDE (kept_row) FROM {trades}
WHERE kept_row IN (
    SELECT number FROM {orders} SEMI JOIN (SELECT unnest($1::VARCHAR[]) AS run_id, unnest($2::BIGINT[]) AS order_id)
    USING (run_id, order_id)
)
ORDER BY kept_row
"""


class _Span(NamedTuple):
    """Where the fills of a run are, when its first and its last package began, whether those between are in order."""

    start: int
    end: int
    first_began_at: dt.datetime
    last_began_at: dt.datetime
    is_in_order: bool


class Histories:
    """The fills and orders of runs, to be read history by history, each as often as needed."""

    def __init__(self, session: WriteSession, run_ids: Sequence[str]) -> None:
        wanted = (list(run_ids),)
        self._contracts = _contracts(session, wanted)
        self._implied = _implied(session, run_ids, self._contracts)
        self._unfilled: dict[tuple[str, int], list[TradedOrder]] = defaultdict(list)
        for run_id, group_id, order_id, tag, quantity in session.rows(_UNFILLED, wanted):
            self._unfilled[run_id, group_id].append(TradedOrder(order_id, group_id, tag, run_id, quantity))
        self._fills = KeptRows(session, _FILLS, wanted)
        self._spans = {
            run_ids[place - 1]: _Span(*span) for place, *span in session.rows(_SPANS.format(fills=self._fills.name))
        }

    def close(self) -> None:
        """Nothing more is read."""
        self._fills.close()

    def sent_by(self, run_ids: Iterable[str]) -> Iterator[Sent]:
        """What these runs sent, one run after the other."""
        for run_id in run_ids:
            for package in self._packages_of(run_id):
                yield Sent(self._orders(run_id, package), self._fills_of(run_id, package))

    def outlook(self, run_ids: Sequence[str]) -> Outlook:
        """The outlook on the history that these runs are."""
        orders = (self._orders(run_id, package) for run_id in run_ids for package in self._packages_of(run_id))
        spans = [self._spans[run_id] for run_id in run_ids if run_id in self._spans]
        is_in_order = all(span.is_in_order for span in spans) and all(
            one.last_began_at <= other.first_began_at for one, other in pairwise(spans)
        )
        return outlook_of(orders, is_in_order=is_in_order)

    def _packages_of(self, run_id: str) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of each package: of a combo (`group_id`), or of one order."""
        span = self._spans.get(run_id)
        if span is None:
            return
        rows = (row for frame in self._fills.between(span.start, span.end) for row in frame.rows())
        for _, together in groupby(rows, key=lambda row: (row[0], row[1] if row[0] is None else None)):
            yield list(together)

    def _orders(self, run_id: str, package: Sequence[tuple[Any, ...]]) -> Sequence[TradedOrder]:
        """The orders of a package, of a combo also those that were never filled."""
        orders = {
            order_id: TradedOrder(order_id, group_id, tag, run_id, quantity)
            for group_id, order_id, tag, quantity, is_missing, *_ in package
            if not is_missing
        }
        if (group_id := package[0][0]) is not None:
            for order in self._unfilled.get((run_id, group_id), ()):
                orders[order.order_id] = order
        return [orders[order_id] for order_id in sorted(orders)]

    def _fills_of(self, run_id: str, package: Sequence[tuple[Any, ...]]) -> list[TradedFill]:
        delivering = {row[1] for row in package if row[_KIND] == "delivery"}
        fills = []
        for row in package:
            _, order_id, _, _, _, event_id, at, day, kind, key, quantity, price, fee, currency, itm, message, *_ = row
            note = None if message is None else read_settlement(message)
            fills.append(
                TradedFill(
                    order_id,
                    at,
                    day,
                    kind,
                    self._implied.get((run_id, key)) or self._contracts[key],
                    quantity,
                    price,
                    fee,
                    currency,
                    note.underlying if note else None,
                    itm,
                    kind != "delivery" and order_id in delivering,
                    run_id,
                    event_id,
                )
            )
        return fills


def _contracts(session: WriteSession, wanted: tuple[list[str]]) -> dict[str, Contract]:
    """Every instrument traded with its multiplier, and its strike on the scale of the underlying."""
    properties = read_reference(session).properties
    priced_in: dict[str, str] = dict(session.rows(_PRICED_IN, wanted))
    contracts = {}
    for *listed, expiry, underlying in session.rows(_CONTRACTS, wanted):
        listing = replace(Listing(*listed), priced_in=priced_in.get(listed[0]))
        terms, _ = terms_of(listing, properties)
        contracts[terms.key] = Contract(
            key=terms.key,
            security_type=terms.security_type,
            expiry=expiry,
            call_put=terms.call_put,
            strike=terms.strike,
            multiplier=terms.multiplier,
            underlying=underlying,
        )
    return contracts


def _implied(
    session: WriteSession, run_ids: Sequence[str], contracts: Mapping[str, Contract]
) -> dict[tuple[str, str], Contract]:
    """By backtest, the contracts whose multiplier only the engine's closed trades of that run tell."""
    unknown = [key for key, contract in contracts.items() if contract.multiplier is None]
    if not unknown:
        return {}
    trades: dict[tuple[str, str], list[TradeEvidence]] = defaultdict(list)
    for run_id, key, moved, quantity, profit_loss in session.rows(_EVIDENCE, (list(run_ids), unknown)):
        trades[run_id, key].append(TradeEvidence(moved * quantity, profit_loss))
    found = {
        (run_id, key): replace(contracts[key], multiplier=implied_multiplier(told))
        for (run_id, key), told in trades.items()
    }
    return {place: contract for place, contract in found.items() if contract.multiplier is not None}


class ClosedTrades:
    """The closed trades that the engine wrote for runs."""

    def __init__(self, session: WriteSession, run_ids: Sequence[str]) -> None:
        self._session = session
        self._trades = KeptRows(session, _CLOSED_TRADES, (list(run_ids),))
        self._orders = KeptRows(session, _OF_CLOSED_TRADES.format(trades=self._trades.name))

    def close(self) -> None:
        """Nothing more is read."""
        self._orders.close()
        self._trades.close()

    def around(self, trades: Sequence[Trade]) -> EngineTrades:
        """Those that share an order with any of these trades."""
        keys = {(part.run_id, part.order_id) for trade in trades for part in trade.parts}
        if not keys:
            return EngineTrades(())
        sql = _AROUND.format(trades=self._trades.name, orders=self._orders.name)
        wanted = [[run_id for run_id, _ in keys], [order_id for _, order_id in keys]]
        return EngineTrades(
            EngineTrade(run_id, tuple(order_ids), mae, mfe, quantity)
            for run_id, order_ids, mae, mfe, quantity in self._session.frame(sql, wanted).iter_rows()
        )
