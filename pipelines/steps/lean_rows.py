"""A run as rows of the warehouse.

Holds: how each part of a parsed run becomes the columns of its table.
Belongs here: the mapping from LEAN's terms to ours, the session an event belongs to, the instrument behind a symbol.
Never here: writing, or deciding which version of a run stands.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import polars as pl

from pipelines.parsing.lean_events import LeanEvent
from pipelines.parsing.lean_orders import LeanOrder
from pipelines.parsing.lean_run import LeanRun
from pipelines.parsing.lean_statistics import parse_statistic
from pipelines.parsing.refusals import Refusal
from pipelines.privacy import redact_text
from tomking.kernel.instruments import Instrument, from_lean
from tomking.kernel.sessions import CalendarRange, expiry_session, new_york_date, session_of
from warehouse.errors import FrameError
from warehouse.frames import frame, frame_schema, money_if_it_fits, money_if_known, to_money
from warehouse.models.base import Base

Row = dict[str, Any]

ENDING_KINDS = frozenset({"expiry", "exercise", "assignment", "delivery", "delisting"})
"""Kinds of event that end a contract; the engine stamps them with the midnight after the session."""

_CHUNK = 10_000
_OVERNIGHT = frozenset({"future", "future_option"})


def chunked_frame(model: type[Base], rows: Iterable[Mapping[str, object]]) -> pl.DataFrame:
    """A frame of many rows, built in pieces so that no more than one piece exists as Python objects."""
    source = iter(rows)
    pieces = []
    while piece := list(islice(source, _CHUNK)):
        pieces.append(frame(model, piece))
    return pl.concat(pieces) if pieces else pl.DataFrame(schema=frame_schema(model))


class Instruments:
    """The instruments of one run by LEAN's symbol id, decoded once each."""

    def __init__(self, run: LeanRun) -> None:
        self.by_symbol: dict[str, Instrument] = {}
        for order in run.orders:
            if order.symbol_id not in self.by_symbol:
                self._add(order.symbol_id, order.symbol, order.security_type, order.underlying)
        for event in run.events:
            if event.symbol_id not in self.by_symbol:
                self._add(event.symbol_id, event.symbol, None, None)
        for holding in run.holdings:
            if holding.symbol_id not in self.by_symbol:
                self._add(holding.symbol_id, "", None, None)

    def key(self, symbol_id: str) -> str:
        """The key of a symbol of this run."""
        return self.by_symbol[symbol_id].key

    def security_type(self, symbol_id: str) -> str:
        """The security type of a symbol of this run."""
        return self.by_symbol[symbol_id].security_type

    def rows(self, now: dt.datetime) -> Iterator[Row]:
        """One row per instrument."""
        seen: set[str] = set()
        for symbol_id, found in self.by_symbol.items():
            if found.key in seen:
                continue
            seen.add(found.key)
            yield {
                "instrument_key": found.key,
                "security_type": found.security_type,
                "ticker": found.ticker,
                "underlying": found.underlying,
                "root": found.root,
                "expiry": found.expiry,
                "call_put": found.call_put,
                "strike": found.strike,
                "style": found.style,
                "multiplier": found.multiplier,
                "lean_symbol_id": symbol_id,
                "learnt_at": now,
            }

    def _add(self, symbol_id: str, value: str, security_type: str | None, underlying: str | None) -> None:
        try:
            found = from_lean(symbol_id, value, security_type, underlying=underlying)
        except ValueError:
            # Custom data and odd fixtures: LEAN's own text names it as well as anything can.
            found = Instrument(value or symbol_id, security_type or "base", value or symbol_id)
        self.by_symbol[symbol_id] = found


def session_date(event: LeanEvent, security_type: str) -> dt.date:
    """The session an event belongs to: for what ends a contract the one that ended, else the one it happened in."""
    try:
        if event.kind in ENDING_KINDS:
            return expiry_session(event.occurred_at)
        return session_of(event.occurred_at, overnight=security_type in _OVERNIGHT)
    except CalendarRange:
        return new_york_date(event.occurred_at)


def order_rows(run: LeanRun, run_id: str, known: Instruments, refused: list[Refusal]) -> Iterator[Row]:
    """Rows of `records.orders`; an order whose amounts no column can hold is refused."""
    for order in run.orders:
        try:
            yield _order_row(order, run_id, known.key(order.symbol_id))
        except FrameError as error:
            refused.append(Refusal(error.what, field=f"$.orders.{order.order_id}"))


def event_rows(run: LeanRun, run_id: str, known: Instruments, refused: list[Refusal]) -> Iterator[Row]:
    """Rows of `records.order_events`; an event whose amounts no column can hold is refused."""
    for event in run.events:
        try:
            yield _event_row(event, run_id, known)
        except FrameError as error:
            refused.append(Refusal(error.what, field=f"event {event.event_key}"))


def trade_rows(run: LeanRun, run_id: str, refused: list[Refusal]) -> Iterator[Row]:
    """Rows of `records.closed_trades`."""
    for name, position, trade in run.trades:
        try:
            yield {
                "run_id": run_id,
                "position": position,
                "source_file": name,
                "symbol_id": trade.symbol_id,
                "symbol": trade.symbol,
                "entry_at": trade.entry_at,
                "exit_at": trade.exit_at,
                "entry_price": to_money(trade.entry_price),
                "exit_price": to_money(trade.exit_price),
                "direction": trade.direction,
                "quantity": to_money(trade.quantity),
                "profit_loss": to_money(trade.profit_loss),
                "total_fees": to_money(trade.total_fees),
                "total_fees_text": trade.total_fees_text,
                "mae": money_if_known(trade.mae),
                "mfe": money_if_known(trade.mfe),
                "end_trade_drawdown": money_if_known(trade.end_trade_drawdown),
                "is_win": trade.is_win,
                "duration_seconds": money_if_known(trade.duration_seconds),
                "order_ids": json.dumps(trade.order_ids),
            }
        except FrameError as error:
            refused.append(Refusal(error.what, field=f"$.totalPerformance.closedTrades[{position}]"))


def equity_rows(run: LeanRun, run_id: str) -> Iterator[Row]:
    """Rows of `records.equity`. Chart figures are for display: one that no column can hold is unknown."""
    for sample in run.equity:
        yield {
            "run_id": run_id,
            "sampled_at": sample.sampled_at,
            "position": sample.position,
            "open_equity": money_if_it_fits(sample.open_value),
            "high_equity": money_if_it_fits(sample.high_value),
            "low_equity": money_if_it_fits(sample.low_value),
            "close_equity": money_if_it_fits(sample.close_value),
        }


def profit_loss_rows(run: LeanRun, run_id: str) -> Iterator[Row]:
    """Rows of `records.profit_loss`; two entries of one microsecond are told apart by their position."""
    seen: dict[dt.datetime, int] = {}
    for booked_at, value in run.profit_loss:
        position = seen.get(booked_at, 0)
        seen[booked_at] = position + 1
        yield {"run_id": run_id, "booked_at": booked_at, "position": position, "amount": to_money(value)}


def holding_rows(run: LeanRun, run_id: str, known: Instruments) -> Iterator[Row]:
    """Rows of `records.holdings`."""
    for line in run.holdings:
        yield {
            "run_id": run_id,
            "symbol_id": line.symbol_id,
            "instrument_key": known.key(line.symbol_id),
            "quantity": to_money(line.quantity),
            "average_price": to_money(line.average_price),
            "price": money_if_known(line.price),
            "market_value": money_if_known(line.market_value),
            "unrealized": money_if_known(line.unrealized),
            "currency_symbol": line.currency_symbol,
        }


def cash_rows(run: LeanRun, run_id: str) -> Iterator[Row]:
    """Rows of `records.cash`."""
    for line in run.cash:
        yield {
            "run_id": run_id,
            "currency": line.currency,
            "amount": to_money(line.amount),
            "conversion_rate": money_if_known(line.conversion_rate),
            "value_in_account_currency": money_if_known(line.value_in_account_currency),
        }


def parameter_rows(run: LeanRun, run_id: str) -> Iterator[Row]:
    """Rows of `records.run_parameters`."""
    parameters = run.configuration.parameters if run.configuration else {}
    for name, value in parameters.items():
        yield {"run_id": run_id, "name": name, "value": value}


def statistic_rows(run: LeanRun, run_id: str) -> Iterator[Row]:
    """Rows of `records.run_statistics`: the text always, the number where it is one that the column holds."""
    for section, texts in run.statistics.items():
        for name, text in texts.items():
            number, unit = (None, None) if section == "state" else parse_statistic(text)
            yield {
                "run_id": run_id,
                "section": section,
                "name": name,
                "value_text": text,
                "value_number": money_if_it_fits(number),
                "unit": unit,
            }


def message_rows(run: LeanRun, run_id: str) -> Iterator[Row]:
    """Rows of `records.run_messages`: the algorithm's log, and of the engine's trace the errors."""
    sources = (("algorithm", run.messages), ("engine", run.engine.errors if run.engine else ()))
    for source, messages in sources:
        for message in messages:
            yield {
                "run_id": run_id,
                "source": source,
                "line": message.line,
                "stamp_text": message.stamp,
                "level": message.level,
                "message": redact_text(message.message),
            }


def _order_row(order: LeanOrder, run_id: str, instrument_key: str) -> Row:
    group = order.group
    return {
        "run_id": run_id,
        "order_id": order.order_id,
        "group_id": group.id if group else None,
        "group_quantity": money_if_known(group.quantity) if group else None,
        "group_limit_price": money_if_known(group.limit_price) if group else None,
        "group_size": group.size if group else None,
        "group_direction": group.direction if group else None,
        "order_type": order.order_type,
        "status": order.status,
        "symbol_id": order.symbol_id,
        "symbol": order.symbol,
        "instrument_key": instrument_key,
        "security_type": order.security_type,
        "direction": order.direction,
        "quantity": to_money(order.quantity),
        "quantity_text": order.quantity_text,
        "price": to_money(order.price),
        "price_text": order.price_text,
        "price_currency": order.price_currency,
        "limit_price": money_if_known(order.limit_price),
        "stop_price": money_if_known(order.stop_price),
        "trigger_price": money_if_known(order.trigger_price),
        "trailing_amount": money_if_known(order.trailing_amount),
        "trailing_as_percentage": order.trailing_as_percentage,
        "created_at": order.created_at,
        "last_fill_at": order.last_fill_at,
        "last_update_at": order.last_update_at,
        "canceled_at": order.canceled_at,
        "time_in_force": order.time_in_force,
        "expires_at": order.expires_at,
        "tag": order.tag,
        "broker_ids": order.broker_ids,
        "value": money_if_it_fits(order.value),
        "submission_bid": money_if_known(order.submission_bid),
        "submission_ask": money_if_known(order.submission_ask),
        "submission_last": money_if_known(order.submission_last),
        "is_marketable": order.is_marketable,
        "price_adjustment_mode": order.price_adjustment_mode,
    }


def _event_row(event: LeanEvent, run_id: str, known: Instruments) -> Row:
    return {
        "run_id": run_id,
        "order_id": event.order_id,
        "event_id": event.event_id,
        "event_key": event.event_key,
        "occurred_at": event.occurred_at,
        "session_date": session_date(event, known.security_type(event.symbol_id)),
        "kind": event.kind,
        "status": event.status,
        "symbol_id": event.symbol_id,
        "symbol": event.symbol,
        "instrument_key": known.key(event.symbol_id),
        "direction": event.direction,
        "quantity": money_if_known(event.quantity),
        "fill_quantity": to_money(event.fill_quantity),
        "fill_quantity_text": event.fill_quantity_text,
        "fill_price": to_money(event.fill_price),
        "fill_price_text": event.fill_price_text,
        "fill_price_currency": event.fill_price_currency,
        "fee_amount": money_if_known(event.fee),
        "fee_text": event.fee_text,
        "fee_currency": event.fee_currency,
        "limit_price": money_if_known(event.limit_price),
        "stop_price": money_if_known(event.stop_price),
        "is_assignment": event.is_assignment,
        "is_in_the_money": event.is_in_the_money,
        "message": event.message,
    }
