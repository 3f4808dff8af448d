"""The tables of a run: replacing all of its rows at once.

Holds: the writing of every `records` table a run fills, the exact fee totals, the run's own row.
Belongs here: SQL and frames of those tables.
Never here: deciding whether a version may replace another.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import TYPE_CHECKING

import polars as pl

from pipelines.parsing.lean_json import state_instant
from pipelines.parsing.lean_run import LeanRun
from pipelines.parsing.refusals import Refusal
from pipelines.privacy import redact_text
from pipelines.steps import lean_rows as rows
from warehouse.frames import conform, frame, money_if_known, table_of, to_money
from warehouse.models.base import Base
from warehouse.models.records.runs import (
    CashBalance,
    ClosedTrade,
    EquityPoint,
    Holding,
    InstrumentRow,
    Order,
    OrderEvent,
    ProfitLossEntry,
    Run,
    RunFee,
    RunMessage,
    RunParameter,
    RunStatistic,
)

if TYPE_CHECKING:
    from warehouse.session import WriteSession

# Crypto fees have 28 decimals; this many digits add up any number of them without rounding.
_EXACT = Context(prec=400)


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What the step decided about a run."""

    run_id: str
    algorithm_id: str
    name: str
    state: str
    is_complete: bool
    source_path: str
    main_sha256: str
    parser_version: str


@dataclass(slots=True)
class Written:
    """The rows that no table could hold."""

    refused: list[Refusal] = field(default_factory=list)


def write_run(session: WriteSession, run: LeanRun, header: RunHeader, *, keep_old: bool) -> Written:
    """Replace every row of a run. With `keep_old`, history that the newer files no longer carry stays."""
    written, run_id = Written(), header.run_id
    known = rows.Instruments(run)
    session.insert_new(InstrumentRow, frame(InstrumentRow, known.rows(session.now)))
    refused = written.refused
    history: tuple[tuple[type[Base], Iterable[Mapping[str, object]]], ...] = (
        (Order, rows.order_rows(run, run_id, known, refused)),
        (OrderEvent, rows.event_rows(run, run_id, known, refused)),
        (ClosedTrade, rows.trade_rows(run, run_id, refused)),
        (EquityPoint, rows.equity_rows(run, run_id)),
        (ProfitLossEntry, rows.profit_loss_rows(run, run_id)),
    )
    for model, given in history:
        _replace(session, model, rows.chunked_frame(model, given), run_id, keep_old=keep_old)
    present: tuple[tuple[type[Base], Iterable[Mapping[str, object]]], ...] = (
        (Holding, rows.holding_rows(run, run_id, known)),
        (CashBalance, rows.cash_rows(run, run_id)),
        (RunParameter, rows.parameter_rows(run, run_id)),
        (RunStatistic, rows.statistic_rows(run, run_id)),
        (RunMessage, rows.message_rows(run, run_id)),
    )
    for model, given in present:
        _replace(session, model, rows.chunked_frame(model, given), run_id, keep_old=False)
    _write_fees(session, run_id)
    session.upsert(Run, frame(Run, [_run_row(session, run, header)]))
    return written


def fill_days(session: WriteSession, run_id: str) -> set[dt.date]:
    """The sessions in which a position of the run changed: fills, expiries, assignments."""
    found = session.rows(
        "SELECT DISTINCT session_date FROM records.order_events WHERE run_id = ? AND fill_quantity <> 0", (run_id,)
    )
    return {day for (day,) in found}


def ended_at(run: LeanRun) -> dt.datetime | None:
    """When the run ended, by the wall clock."""
    return state_instant(run.state_map.get("EndTime"))


def exact_sum(texts: Iterable[str]) -> Decimal:
    """The sum of amounts given as text, to the last digit."""
    total = Decimal(0)
    for text in texts:
        total = _EXACT.add(total, Decimal(text))
    return total


def _replace(session: WriteSession, model: type[Base], new: pl.DataFrame, run_id: str, *, keep_old: bool) -> None:
    if keep_old:
        table = table_of(model)
        names = [column.name for column in table.primary_key.columns]
        old = conform(model, session.frame(f"SELECT * FROM {table.schema}.{table.name} WHERE run_id = ?", (run_id,)))
        new = pl.concat([new, old.join(new.select(names), on=names, how="anti")])
    session.replace(model, new, "run_id = ?", (run_id,))


def _write_fees(session: WriteSession, run_id: str) -> None:
    texts: dict[str, list[str]] = {}
    for currency, text in session.rows(
        "SELECT fee_currency, fee_text FROM records.order_events WHERE run_id = ? AND fee_text IS NOT NULL", (run_id,)
    ):
        texts.setdefault(currency, []).append(text)
    totals = [(currency, exact_sum(fees), len(fees)) for currency, fees in sorted(texts.items())]
    given = [
        {
            "run_id": run_id,
            "currency": currency,
            "fee_text": format(total, "f"),
            "fee_amount": to_money(total),
            "events_with_fee": count,
        }
        for currency, total, count in totals
    ]
    session.replace(RunFee, frame(RunFee, given), "run_id = ?", (run_id,))


def _run_row(session: WriteSession, run: LeanRun, header: RunHeader) -> dict[str, object]:
    configuration, state = run.configuration, run.state_map
    return {
        "run_id": header.run_id,
        "algorithm_id": header.algorithm_id,
        "name": header.name,
        "mode": run.mode,
        "state": header.state,
        "is_complete": header.is_complete,
        "account_currency": run.account_currency,
        "brokerage_model": configuration.brokerage if configuration else None,
        "title": configuration.name if configuration else None,
        "optimization_id": state.get("OptimizationId") or None,
        "started_at": state_instant(run.started_text),
        "ended_at": ended_at(run),
        "newest_at": run.evidence.newest_at,
        "period_start": configuration.period_start if configuration else None,
        "period_end": configuration.period_end if configuration else None,
        "start_equity": money_if_known(run.equity_at("Start Equity")),
        "end_equity": money_if_known(run.equity_at("End Equity")),
        "orders_claimed": run.evidence.orders_claimed,
        "insights": run.insights,
        "error": redact_text(state.get("RuntimeError", "")) or None,
        "stack_trace": redact_text(state.get("StackTrace", "")) or None,
        "lean_version": run.lean_version,
        "journal_key": run.journal_key,
        "source_path": header.source_path,
        "main_sha256": header.main_sha256,
        "parser_version": header.parser_version,
        "learnt_at": session.now,
        "updated_at": session.now,
    }
