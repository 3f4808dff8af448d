"""Tables of LEAN runs: what the engine wrote, typed, with its own text kept where it matters.

Holds: runs, their files, parameters, statistics, orders, order events, closed trades, equity, holdings, cash, messages.
Belongs here: a column for something LEAN writes.
Never here: anything computed over several runs, or from broker statements.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, day, instant, key, key_number, money, references, text

RUN_MODES = ("backtest", "paper", "live", "optimization")
RUN_STATES = ("completed", "running", "stopped", "killed", "runtime_error")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} in ({', '.join(repr(value) for value in values)})"


def run_reference() -> Mapped[str]:
    """The run a row belongs to: first part of its primary key."""
    return mapped_column(Text, primary_key=True, info=references("records.runs.run_id"))


class Run(Base):
    """One run of the engine: a backtest, a paper or live deployment (every restart is a run), an optimisation child."""

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint(_one_of("mode", RUN_MODES)),
        CheckConstraint(_one_of("state", RUN_STATES)),
        {"schema": RECORDS},
    )

    run_id: Mapped[key]
    algorithm_id: Mapped[text]
    name: Mapped[text]
    mode: Mapped[text]
    state: Mapped[text]
    is_complete: Mapped[bool]
    """The files pass the completeness test; a run still going is stored with what it has so far."""
    account_currency: Mapped[str | None]
    brokerage_model: Mapped[str | None]
    title: Mapped[str | None]
    """The name the algorithm gave itself (`algorithmConfiguration.name`)."""
    optimization_id: Mapped[str | None]
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    newest_at: Mapped[dt.datetime | None]
    """The newest time found inside the files; decides between running and killed."""
    period_start: Mapped[dt.date | None]
    period_end: Mapped[dt.date | None]
    start_equity: Mapped[Decimal | None]
    end_equity: Mapped[Decimal | None]
    orders_claimed: Mapped[int | None]
    """`state.OrderCount`: the true number of orders even where the file carries only the newest hundred."""
    insights: Mapped[int]
    error: Mapped[str | None]
    stack_trace: Mapped[str | None]
    lean_version: Mapped[str | None]
    journal_key: Mapped[str | None]
    code_hash: Mapped[str | None]
    """Hash over path and hash of every file of `records.run_code`: equal code, equal hash. None without `code/`."""
    source_path: Mapped[text]
    main_sha256: Mapped[text] = mapped_column(Text, info=references("ops.files.sha256"))
    parser_version: Mapped[text]
    learnt_at: Mapped[instant]
    updated_at: Mapped[instant]


class RunFile(Base):
    """A file a run was read from; the bytes are in the raw store under `sha256`."""

    __tablename__ = "run_files"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    file_name: Mapped[key]
    sha256: Mapped[key]
    """Part of the key: LEAN rewrites its files, and every version read is kept."""
    role: Mapped[text]
    learnt_at: Mapped[instant]


class RunAccount(Base):
    """The account a run trades in (`live`) or was declared a rehearsal of (`rehearsal`)."""

    __tablename__ = "run_accounts"
    __table_args__ = (CheckConstraint("relation in ('live', 'rehearsal')"), {"schema": RECORDS})

    run_id: Mapped[str] = run_reference()
    account: Mapped[key]
    relation: Mapped[text]
    learnt_at: Mapped[instant]


class RunParameter(Base):
    """A parameter the run was started with (`algorithmConfiguration.parameters`), as text."""

    __tablename__ = "run_parameters"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    name: Mapped[key]
    value: Mapped[text]


class RunStatistic(Base):
    """One statistic as LEAN printed it, and as a number where it is one.

    `section`: statistics, runtime, state, server, trade, portfolio, configuration. Percentages are kept in percent
    (`12.5%` is 12.5).
    """

    __tablename__ = "run_statistics"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    section: Mapped[key]
    name: Mapped[key]
    value_text: Mapped[text]
    value_number: Mapped[Decimal | None]
    unit: Mapped[str | None]


class Order(Base):
    """An order; each leg of a combo is its own order, joined by `group_id`."""

    __tablename__ = "orders"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    order_id: Mapped[key_number]
    group_id: Mapped[int | None]
    group_quantity: Mapped[Decimal | None]
    group_limit_price: Mapped[Decimal | None]
    group_size: Mapped[int | None]
    group_direction: Mapped[str | None]
    """buy or sell: with sell, the group's limit is the price of the unit sold."""
    order_type: Mapped[text]
    status: Mapped[text]
    symbol_id: Mapped[text]
    symbol: Mapped[text]
    instrument_key: Mapped[text] = mapped_column(Text, info=references("records.instruments.instrument_key"))
    security_type: Mapped[text]
    direction: Mapped[text]
    quantity: Mapped[money]
    quantity_text: Mapped[text]
    price: Mapped[money]
    price_text: Mapped[text]
    price_currency: Mapped[str | None]
    limit_price: Mapped[Decimal | None]
    stop_price: Mapped[Decimal | None]
    trigger_price: Mapped[Decimal | None]
    trailing_amount: Mapped[Decimal | None]
    trailing_as_percentage: Mapped[bool | None]
    created_at: Mapped[dt.datetime | None]
    last_fill_at: Mapped[dt.datetime | None]
    last_update_at: Mapped[dt.datetime | None]
    canceled_at: Mapped[dt.datetime | None]
    time_in_force: Mapped[str | None]
    expires_at: Mapped[dt.datetime | None]
    tag: Mapped[str | None]
    broker_ids: Mapped[text]
    """JSON array of texts."""
    value: Mapped[Decimal | None]
    submission_bid: Mapped[Decimal | None]
    submission_ask: Mapped[Decimal | None]
    submission_last: Mapped[Decimal | None]
    is_marketable: Mapped[bool | None]
    price_adjustment_mode: Mapped[str | None]
    stop_triggered: Mapped[bool | None]
    trigger_touched: Mapped[bool | None]
    contingent_id: Mapped[int | None]
    properties: Mapped[str | None]
    """JSON object as written, where a brokerage added members to the time in force."""
    group_order_ids: Mapped[str | None]
    """JSON array: the orders of the combo, in LEAN's order."""


class OrderEvent(Base):
    """An order event: the only exact source of fills, fees, assignments and expiries."""

    __tablename__ = "order_events"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    order_id: Mapped[key_number] = mapped_column(
        primary_key=True, autoincrement=False, info=references("records.orders.order_id")
    )
    event_id: Mapped[key_number]
    event_key: Mapped[text]
    occurred_at: Mapped[instant]
    session_date: Mapped[day]
    """The New York session; for an expiry or assignment the session that ended, not the midnight after it."""
    kind: Mapped[text]
    """trade, expiry, exercise, assignment, delivery (the underlying leg), delisting; else the bare status."""
    status: Mapped[text]
    symbol_id: Mapped[text]
    symbol: Mapped[text]
    instrument_key: Mapped[text] = mapped_column(Text, info=references("records.instruments.instrument_key"))
    direction: Mapped[text]
    quantity: Mapped[Decimal | None]
    fill_quantity: Mapped[money]
    fill_quantity_text: Mapped[text]
    fill_price: Mapped[money]
    fill_price_text: Mapped[text]
    fill_price_currency: Mapped[str | None]
    fee_amount: Mapped[Decimal | None]
    """None: the engine set no fee. An explicit zero fee is 0."""
    fee_text: Mapped[str | None]
    fee_currency: Mapped[str | None]
    limit_price: Mapped[Decimal | None]
    stop_price: Mapped[Decimal | None]
    is_assignment: Mapped[bool]
    is_in_the_money: Mapped[bool]
    message: Mapped[str | None]


class RunFee(Base):
    """The fees of a run per currency, added up exactly over its events (the text has every digit)."""

    __tablename__ = "run_fees"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    currency: Mapped[key]
    fee_text: Mapped[text]
    fee_amount: Mapped[money]
    events_with_fee: Mapped[int]


class ClosedTrade(Base):
    """LEAN's own closed trade (FIFO per contract, gross of fees); kept beside ours, never used as money truth."""

    __tablename__ = "closed_trades"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    position: Mapped[key_number]
    source_file: Mapped[key]
    """Live day files each list that day's exits, so the position counts per file."""
    symbol_id: Mapped[text]
    symbol: Mapped[text]
    entry_at: Mapped[instant]
    exit_at: Mapped[instant]
    entry_price: Mapped[money]
    exit_price: Mapped[money]
    direction: Mapped[text]
    quantity: Mapped[money]
    profit_loss: Mapped[money]
    total_fees: Mapped[money]
    total_fees_text: Mapped[text]
    mae: Mapped[Decimal | None]
    mfe: Mapped[Decimal | None]
    end_trade_drawdown: Mapped[Decimal | None]
    """LEAN's figure: before 2026-01-30 what was given back from the best moment to the exit (zero or negative), since
    then the greatest amount given back while open (zero or positive)."""
    is_win: Mapped[bool | None]
    duration_seconds: Mapped[Decimal | None]
    order_ids: Mapped[text]


class EquityPoint(Base):
    """A point of the run's equity curve (`Strategy Equity` / `Equity`), account currency, as sampled by the engine."""

    __tablename__ = "equity"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    sampled_at: Mapped[instant] = mapped_column(primary_key=True)
    position: Mapped[key_number]
    """0, or a count where the engine repeats a time."""
    open_equity: Mapped[Decimal | None]
    high_equity: Mapped[Decimal | None]
    low_equity: Mapped[Decimal | None]
    close_equity: Mapped[Decimal | None]


class ProfitLossEntry(Base):
    """LEAN's `profitLoss` map: one entry per closing fill (average cost minus twice the closing fee)."""

    __tablename__ = "profit_loss"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    booked_at: Mapped[instant] = mapped_column(primary_key=True)
    position: Mapped[key_number]
    amount: Mapped[money]


class Holding(Base):
    """An open position in the newest status file of a live run."""

    __tablename__ = "holdings"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    symbol_id: Mapped[key]
    instrument_key: Mapped[str | None]
    quantity: Mapped[money]
    average_price: Mapped[money]
    price: Mapped[Decimal | None]
    market_value: Mapped[Decimal | None]
    unrealized: Mapped[Decimal | None]
    currency_symbol: Mapped[text]


class CashBalance(Base):
    """A currency of the cash book in the newest status file of a live run."""

    __tablename__ = "cash"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    currency: Mapped[key]
    amount: Mapped[money]
    conversion_rate: Mapped[Decimal | None]
    value_in_account_currency: Mapped[Decimal | None]


class RunMessage(Base):
    """A line of the algorithm's log or of the engine's trace."""

    __tablename__ = "run_messages"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    source: Mapped[key]
    """algorithm or engine."""
    line: Mapped[key_number]
    stamp_text: Mapped[str | None]
    """The stamp as printed: algorithm time for the algorithm's log, UTC for the engine's."""
    stamped_at: Mapped[dt.datetime | None]
    """The instant, where the stamp is one: of the engine's lines."""
    level: Mapped[str | None]
    """TRACE, DEBUG, ERROR or REPORT of the engine's lines; LOG, DEBUG, ERROR or INITIALIZATION of the algorithm's."""
    message: Mapped[text]


class InstrumentRow(Base):
    """Something that can be traded, under the one key that LEAN and brokers share."""

    __tablename__ = "instruments"
    __table_args__ = ({"schema": RECORDS},)

    instrument_key: Mapped[key]
    security_type: Mapped[text]
    ticker: Mapped[text]
    underlying: Mapped[str | None]
    root: Mapped[str | None]
    expiry: Mapped[dt.date | None]
    call_put: Mapped[str | None]
    strike: Mapped[Decimal | None]
    style: Mapped[str | None]
    multiplier: Mapped[Decimal | None]
    lean_symbol_id: Mapped[str | None]
    learnt_at: Mapped[instant]
