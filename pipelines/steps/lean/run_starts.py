"""The beginning of live runs into the warehouse: where they lay, what they took over.

Holds: the writing of `records.run_folders`, `records.starting_cash`, `records.starting_holdings`.
Belongs here: what is written once per start of the engine.
Never here: the rows of the run itself (`lean_tables`), joining runs to deployments (`deployments`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.parsing.lean.start import RunStart, parse_start
from warehouse.frames import frame, money_if_it_fits
from warehouse.models.records.run_starts import RunFolder, StartingCash, StartingHolding

if TYPE_CHECKING:
    from warehouse.session import WriteSession


def write_start(session: WriteSession, run_id: str, folder: Path, engine_log: str | None) -> None:
    """Note where a paper or live run lay and what it began with; does nothing for any other run.

    `engine_log` is the hash of its `log.txt` in the raw store. A log that says less than one read before (a copy made
    in the run's first seconds) changes nothing: the trace only grows.
    """
    if not session.rows("SELECT 1 FROM records.runs WHERE run_id = ? AND mode IN ('paper', 'live')", (run_id,)):
        return
    place = {"run_id": run_id, "folder": str(folder), "learnt_at": session.now}
    session.insert_new(RunFolder, frame(RunFolder, [place]))
    if engine_log is None:
        return
    start = parse_start(session.raw.read(engine_log))
    if start.cash or start.holdings:
        session.upsert(StartingCash, frame(StartingCash, _cash(run_id, start)))
        session.upsert(StartingHolding, frame(StartingHolding, _holdings(run_id, start)))


def _cash(run_id: str, start: RunStart) -> list[dict[str, object]]:
    return [
        {"run_id": run_id, "currency": currency, "amount": fitting}
        for currency, amount in start.cash.items()
        if (fitting := money_if_it_fits(amount)) is not None
    ]


def _holdings(run_id: str, start: RunStart) -> list[dict[str, object]]:
    return [
        {
            "run_id": run_id,
            "symbol": line.symbol,
            "quantity": fitting,
            "average_price": money_if_it_fits(line.average_price),
            "price": money_if_it_fits(line.price),
            "source_text": line.text,
        }
        for line in start.holdings or ()
        if (fitting := money_if_it_fits(line.quantity)) is not None
    ]
