"""The tables of a run: replacing all of its rows at once.

Holds: the writing of every `records` table a run fills, the exact fee totals, the run's own row.
Belongs here: SQL and frames of those tables.
Never here: deciding whether a version may replace another.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from decimal import Context, Decimal
from itertools import chain
from typing import TYPE_CHECKING

import polars as pl

from pipelines.ahead import ahead
from pipelines.parsing.lean.exact_json import state_instant
from pipelines.parsing.lean.run import LeanRun
from pipelines.parsing.refusals import Refusal
from pipelines.privacy import redact_text
from pipelines.steps.lean import rows
from pipelines.steps.lean.memory import bounded_memory
from pipelines.steps.market.instrument_tables import write_instruments
from warehouse.frames import frame, frame_schema, money_if_known, table_of, to_money
from warehouse.models.base import Base
from warehouse.models.records.runs import (
    CashBalance,
    ClosedTrade,
    EquityPoint,
    Holding,
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
_MANY_ROWS = 100_000


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
    """The rows that no table could hold: those of the result, and those of the events."""

    refused: list[Refusal] = field(default_factory=list)
    refused_events: list[Refusal] = field(default_factory=list)


def write_run(session: WriteSession, run: LeanRun, header: RunHeader, *, is_new: bool, keep_old: bool) -> Written:
    """Replace every row of a run. With `keep_old`, history that the newer files no longer carry stays.

    `is_new` says that nothing of the run is stored yet. Large tables are written batch by batch.
    """
    written, run_id = Written(), header.run_id
    known = rows.Instruments(run)
    write_instruments(session, known.descriptions())
    refused, fees = written.refused, _Fees()
    history: tuple[tuple[type[Base], Iterable[pl.DataFrame]], ...] = (
        (Order, (rows.order_frame(batch, run_id, known, refused) for batch in run.orders)),
        (
            OrderEvent,
            (fees.seen(rows.event_frame(batch, run_id, known, written.refused_events)) for batch in run.events),
        ),
        (
            ClosedTrade,
            (rows.trade_frame(batch, run_id, name, refused) for name, trades in run.trades for batch in trades),
        ),
        (EquityPoint, [rows.equity_frame(run.equity, run_id)]),
        (ProfitLossEntry, [rows.profit_loss_frame(run.profit_loss, run_id, refused)]),
    )
    is_large = len(run.orders) + len(run.events) >= _MANY_ROWS
    with bounded_memory(session, len(run.orders) + len(run.events)) if is_large else nullcontext():
        for model, frames in history:
            _write(session, model, ahead(frames) if is_large else frames, run_id, is_new=is_new, keep_old=keep_old)
    present: tuple[tuple[type[Base], Iterable[Mapping[str, object]]], ...] = (
        (Holding, rows.holding_rows(run, run_id, known)),
        (CashBalance, rows.cash_rows(run, run_id)),
        (RunParameter, rows.parameter_rows(run, run_id)),
        (RunStatistic, rows.statistic_rows(run, run_id)),
        (RunMessage, rows.message_rows(run, run_id)),
    )
    for model, given in present:
        _write(session, model, [rows.chunked_frame(model, given)], run_id, is_new=is_new, keep_old=False)
    if not is_new:
        fees.read(session, run_id)
    _write(session, RunFee, [frame(RunFee, fees.rows(run_id))], run_id, is_new=is_new, keep_old=False)
    row = frame(Run, [_run_row(session, run, header)])
    _ = session.insert(Run, row) if is_new else session.upsert(Run, row)
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


def exact_sum(texts: Iterable[tuple[str, int]]) -> Decimal:
    """The sum of amounts given as text, each with how often it stands there, to the last digit."""
    total = Decimal(0)
    for text, count in texts:
        total = _EXACT.add(total, _EXACT.multiply(Decimal(text), Decimal(count)))
    return total


def _write(
    session: WriteSession,
    model: type[Base],
    frames: Iterable[pl.DataFrame],
    run_id: str,
    *,
    is_new: bool,
    keep_old: bool,
) -> None:
    if is_new:
        for given in frames:
            session.insert(model, given)
    elif keep_old:
        for given in frames:
            session.upsert(model, given)
    else:
        _replace(session, model, iter(frames), run_id)


def _replace(session: WriteSession, model: type[Base], frames: Iterator[pl.DataFrame], run_id: str) -> None:
    first = next(frames, None)
    second = next(frames, None)
    only = pl.DataFrame(schema=frame_schema(model)) if first is None else first
    if second is None:
        session.replace(model, only, "run_id = ?", (run_id,))
        return
    # Too large to be compared with what is stored.
    session.execute(f"DELETE FROM {table_of(model).fullname} WHERE run_id = ?", (run_id,))
    for given in chain([only, second], frames):
        session.insert(model, given)


class _Fees:
    """The fees of a run's events by currency: each text with how often it stands there."""

    def __init__(self) -> None:
        self._texts: Counter[tuple[str, str]] = Counter()

    def seen(self, events: pl.DataFrame) -> pl.DataFrame:
        """Count the fees of some events, and pass them on."""
        with_fee = events.select("fee_currency", "fee_text").filter(pl.col("fee_text").is_not_null())
        for currency, text, count in with_fee.group_by("fee_currency", "fee_text").len().iter_rows():
            self._texts[currency, text] += count
        return events

    def read(self, session: WriteSession, run_id: str) -> None:
        """Count the fees of all stored events instead, also of those that stood there before."""
        found = session.rows(
            "SELECT fee_currency, fee_text, count(*) FROM records.order_events "
            "WHERE run_id = ? AND fee_text IS NOT NULL GROUP BY ALL",
            (run_id,),
        )
        self._texts = Counter({(currency, text): count for currency, text, count in found})

    def rows(self, run_id: str) -> Iterator[dict[str, object]]:
        """Rows of `records.run_fees`."""
        fees: dict[str, list[tuple[str, int]]] = {}
        for (currency, text), count in self._texts.items():
            fees.setdefault(currency, []).append((text, count))
        for currency, texts in sorted(fees.items()):
            total = exact_sum(texts)
            yield {
                "run_id": run_id,
                "currency": currency,
                "fee_text": format(total, "f"),
                "fee_amount": to_money(total),
                "events_with_fee": sum(count for _, count in texts),
            }


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
        "period_start": run.period[0],
        "period_end": run.period[1],
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
