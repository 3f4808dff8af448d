"""A run as rows of the warehouse.

Holds: how each part of a parsed run becomes the columns of its table.
Belongs here: the mapping from LEAN's terms to ours, the session an event belongs to, the instrument behind a symbol.
Never here: writing, or deciding which version of a run stands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import polars as pl

from pipelines.parsing.lean.printed_statistics import parse_statistic
from pipelines.parsing.lean.run import LeanRun
from pipelines.parsing.refusals import Refusal
from pipelines.privacy import redact_text
from pipelines.steps.market.instrument_tables import LEAN, Description
from tomking.kernel.instruments import Instrument, from_lean
from tomking.kernel.sessions import CalendarRange, expiry_session, new_york_date, session_of
from warehouse.errors import FrameError
from warehouse.frames import (
    conform,
    frame,
    frame_schema,
    money_if_it_fits,
    money_if_known,
    money_series,
    to_money,
)
from warehouse.models.base import Base
from warehouse.models.records.runs import ClosedTrade, EquityPoint, Order, OrderEvent, ProfitLossEntry

Row = dict[str, Any]

ENDING_KINDS = frozenset({"expiry", "exercise", "assignment", "delivery", "delisting"})
"""Kinds of event that end a contract; the engine stamps them with the midnight after the session."""

_CHUNK = 10_000
_WHOLE_HOURS_SINCE = 1970
_ORDER_MONEY = (
    "quantity", "price", "group_quantity", "group_limit_price", "limit_price", "stop_price", "trigger_price",
    "trailing_amount", "submission_bid", "submission_ask", "submission_last",
)  # fmt: skip
_EVENT_MONEY = ("quantity", "fill_quantity", "fill_price", "fee_amount", "limit_price", "stop_price")
_TRADE_MONEY = (
    "entry_price", "exit_price", "quantity", "profit_loss", "total_fees", "mae", "mfe", "end_trade_drawdown",
    "duration_seconds",
)  # fmt: skip
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
        self.values: dict[str, str] = {}
        for symbol_id, symbol, security_type, underlying in run.orders.distinct.iter_rows():
            if symbol_id not in self.by_symbol:
                self._add(symbol_id, symbol, security_type, underlying)
        for symbol_id, symbol in run.events.distinct.iter_rows():
            if symbol_id not in self.by_symbol:
                self._add(symbol_id, symbol, None, None)
        for holding in run.holdings:
            if holding.symbol_id not in self.by_symbol:
                self._add(holding.symbol_id, holding.symbol, None, None)

    def key(self, symbol_id: str) -> str:
        """The key of a symbol of this run."""
        return self.by_symbol[symbol_id].key

    def keys(self, symbol_ids: pl.Series) -> pl.Series:
        """The keys of a column of symbols."""
        names = {symbol_id: found.key for symbol_id, found in self.by_symbol.items()}
        return symbol_ids.replace_strict(names, return_dtype=pl.String)

    def overnight(self, symbol_ids: pl.Series) -> pl.Series:
        """Whether each symbol's trading day begins on the evening before."""
        late = [symbol_id for symbol_id, found in self.by_symbol.items() if found.security_type in _OVERNIGHT]
        return symbol_ids.is_in(late)

    def descriptions(self) -> Iterator[Description]:
        """What the run says about each symbol."""
        for symbol_id, found in self.by_symbol.items():
            yield Description(LEAN, self.values[symbol_id], found, symbol_id)

    def _add(self, symbol_id: str, value: str, security_type: str | None, underlying: str | None) -> None:
        try:
            found = from_lean(symbol_id, value, security_type, underlying=underlying)
        except ValueError:
            # Custom data and odd fixtures: LEAN's own text names it as well as anything can.
            found = Instrument(value or symbol_id, security_type or "base", value or symbol_id)
        self.by_symbol[symbol_id] = found
        self.values[symbol_id] = value or found.ticker


def session_date(occurred_at: dt.datetime, *, ends: bool, overnight: bool) -> dt.date:
    """The session an event belongs to: for what ends a contract the one that ended, else the one it happened in."""
    try:
        return expiry_session(occurred_at) if ends else session_of(occurred_at, overnight=overnight)
    except CalendarRange:
        return new_york_date(occurred_at)


def order_frame(orders: pl.DataFrame, run_id: str, known: Instruments, refused: list[Refusal]) -> pl.DataFrame:
    """Rows of `records.orders`; an order whose amounts no column can hold is refused."""
    found = orders.with_columns(
        pl.lit(run_id).alias("run_id"),
        known.keys(orders["symbol_id"]).alias("instrument_key"),
        orders["quantity"].alias("quantity_text"),
        orders["price"].alias("price_text"),
        money_series(orders["value"]),
    ).drop("underlying", "touched_at", "is_filled")
    return conform(Order, _with_money(found, _ORDER_MONEY, refused, lambda row: f"$.orders.{row['order_id']}"))


def event_frame(events: pl.DataFrame, run_id: str, known: Instruments, refused: list[Refusal]) -> pl.DataFrame:
    """Rows of `records.order_events`; an event whose amounts no column can hold is refused."""
    found = events.rename({"fee": "fee_text"}).with_columns(
        pl.lit(run_id).alias("run_id"),
        known.keys(events["symbol_id"]).alias("instrument_key"),
        _session_dates(events, known).alias("session_date"),
        events["fill_quantity"].alias("fill_quantity_text"),
        events["fill_price"].alias("fill_price_text"),
        events["fee"].alias("fee_amount"),
    )
    found = found.drop("is_fill", "is_filled")
    return conform(OrderEvent, _with_money(found, _EVENT_MONEY, refused, lambda row: f"event {row['event_key']}"))


def trade_frame(trades: pl.DataFrame, run_id: str, source_file: str, refused: list[Refusal]) -> pl.DataFrame:
    """Rows of `records.closed_trades`; a trade whose amounts no column can hold is refused."""
    found = trades.with_columns(
        pl.lit(run_id).alias("run_id"),
        pl.lit(source_file).alias("source_file"),
        trades["total_fees"].alias("total_fees_text"),
    )
    return conform(
        ClosedTrade,
        _with_money(found, _TRADE_MONEY, refused, lambda row: f"$.totalPerformance.closedTrades[{row['position']}]"),
    )


def equity_frame(equity: pl.DataFrame, run_id: str) -> pl.DataFrame:
    """Rows of `records.equity`. Chart figures are for display: one that no column can hold is unknown."""
    amounts = [money_series(equity[name]).alias(f"{name}_equity") for name in ("open", "high", "low", "close")]
    return conform(EquityPoint, equity.select("sampled_at", "position", pl.lit(run_id).alias("run_id"), *amounts))


def profit_loss_frame(entries: pl.DataFrame, run_id: str, refused: list[Refusal]) -> pl.DataFrame:
    """Rows of `records.profit_loss`; an entry whose amount no column can hold is refused."""
    found = _with_money(entries, ("amount",), refused, lambda row: f"$.profitLoss.{row['booked_at'].isoformat()}")
    return conform(ProfitLossEntry, found.with_columns(pl.lit(run_id).alias("run_id")))


def _with_money(
    rows: pl.DataFrame, columns: Sequence[str], refused: list[Refusal], place: Callable[[Row], str]
) -> pl.DataFrame:
    """The rows with these columns of texts as amounts; a row with an amount that does not fit is left out."""
    amounts = {name: money_series(rows[name]) for name in columns}
    found = rows.with_columns(**amounts)
    unfit = {name: amount.is_null() & rows[name].is_not_null() for name, amount in amounts.items()}
    is_unfit = pl.DataFrame(unfit).select(pl.any_horizontal(pl.all())).to_series()
    if not is_unfit.any():
        return found
    refused += [_refusal(row, columns, place(row)) for row in rows.filter(is_unfit).iter_rows(named=True)]
    return found.filter(~is_unfit)


def _refusal(row: Row, columns: Sequence[str], place: str) -> Refusal:
    for name in columns:
        try:
            if row[name] is not None:
                to_money(row[name])
        except FrameError as error:
            return Refusal(error.what, field=place, value=str(row[name])[:200])
    raise AssertionError("every amount of a row that does not fit fits")


def _session_dates(events: pl.DataFrame, known: Instruments) -> pl.Series:
    """The session of each event, asked for once per hour: no session begins or ends within one."""
    asked = events.select(
        # Clocks went by minutes and seconds long ago; no calendar reaches back so far.
        pl.when(pl.col("occurred_at").dt.year() >= _WHOLE_HOURS_SINCE)
        .then(pl.col("occurred_at").dt.truncate("1h"))
        .otherwise(pl.col("occurred_at"))
        .alias("occurred_at"),
        pl.col("kind").is_in(list(ENDING_KINDS)).alias("ends"),
        known.overnight(events["symbol_id"]).alias("overnight"),
    )
    distinct = asked.unique()
    days = [
        session_date(occurred_at.astimezone(dt.UTC), ends=ends, overnight=overnight)
        for occurred_at, ends, overnight in distinct.iter_rows()
    ]
    found = distinct.with_columns(session_date=pl.Series(days, dtype=pl.Date))
    return asked.join(found, on=distinct.columns, how="left", maintain_order="left")["session_date"]


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
            # Of the state only the counts are figures; a name or a host may look like one.
            is_figure = section != "state" or name.endswith("Count")
            number, unit = parse_statistic(text) if is_figure else (None, None)
            yield {
                "run_id": run_id,
                "section": section,
                "name": name,
                "value_text": text,
                "value_number": money_if_it_fits(number),
                "unit": unit,
            }


def message_rows(run: LeanRun, run_id: str) -> Iterator[Row]:
    """Rows of `records.run_messages`: the algorithm's log and the engine's trace."""
    sources = (("algorithm", run.messages), ("engine", run.engine.messages if run.engine else ()))
    for source, messages in sources:
        for message in messages:
            yield {
                "run_id": run_id,
                "source": source,
                "line": message.line,
                "stamp_text": message.stamp,
                "stamped_at": message.stamped_at,
                "level": message.level,
                "message": redact_text(message.message),
            }
