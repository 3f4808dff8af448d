"""The tables of instruments: descriptions in, one row per instrument and all of its names out.

Holds: writing what a run or a statement says about instruments, and merging it with what others said.
Belongs here: which source counts where two disagree.
Never here: reading a symbol (`tomking.kernel.instruments`).

Descriptions are only added, and everything else is made of all descriptions of an instrument together: whichever file
is read first, the same rows come out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tomking.kernel.instruments import (
    Instrument,
    SymbolError,
    equity_key,
    from_ibkr,
    from_key,
    from_tastytrade,
    spellings,
)
from tomking.kernel.keys import stable_id
from tomking.kernel.sessions import new_york_date
from warehouse.frames import frame, money_if_it_fits
from warehouse.models.records.instruments import InstrumentDescription, InstrumentSymbol
from warehouse.models.records.runs import InstrumentRow

if TYPE_CHECKING:
    from pipelines.parsing.statements.rows import StatementRow
    from warehouse.session import WriteSession

LEAN = "lean"
_SAID = ("security_type", "ticker", "underlying", "root", "expiry", "call_put", "strike", "style", "multiplier")

_MERGED = """
    WITH said AS (
        SELECT *,
            (source <> 'lean', description_id) AS lean_first,
            (source = 'lean', description_id) AS broker_first
        FROM records.instrument_descriptions
        WHERE instrument_key IN (SELECT unnest(?::VARCHAR[]))
    ),
    merged AS (
        SELECT instrument_key,
            arg_min(security_type, lean_first) AS security_type,
            arg_min(ticker, lean_first) AS ticker,
            arg_min(underlying, lean_first) FILTER (WHERE underlying IS NOT NULL) AS underlying,
            -- Only brokers know the series of an option on a future; LEAN writes the root of its standard series.
            arg_min(root, broker_first) FILTER (WHERE root IS NOT NULL) AS root,
            arg_min(expiry, lean_first) FILTER (WHERE expiry IS NOT NULL) AS expiry,
            arg_min(call_put, lean_first) FILTER (WHERE call_put IS NOT NULL) AS call_put,
            arg_min(strike, lean_first) FILTER (WHERE strike IS NOT NULL) AS strike,
            arg_min(style, lean_first) FILTER (WHERE style IS NOT NULL) AS style,
            arg_min(multiplier, lean_first) FILTER (WHERE multiplier IS NOT NULL) AS multiplier,
            arg_min(lean_symbol_id, lean_first) FILTER (WHERE lean_symbol_id IS NOT NULL) AS lean_symbol_id,
            min(learnt_at) AS learnt_at
        FROM said
        GROUP BY instrument_key
    )
    -- Rows of before there were descriptions keep what nobody has said again yet.
    SELECT m.instrument_key, m.security_type, m.ticker,
        coalesce(m.underlying, old.underlying) AS underlying,
        coalesce(m.root, old.root) AS root,
        coalesce(m.expiry, old.expiry) AS expiry,
        coalesce(m.call_put, old.call_put) AS call_put,
        coalesce(m.strike, old.strike) AS strike,
        coalesce(m.style, old.style) AS style,
        coalesce(m.multiplier, old.multiplier) AS multiplier,
        coalesce(m.lean_symbol_id, old.lean_symbol_id) AS lean_symbol_id,
        m.learnt_at
    FROM merged m
    LEFT JOIN records.instruments old USING (instrument_key)
    ORDER BY m.instrument_key
"""


@dataclass(frozen=True, slots=True)
class Description:
    """What a source says about an instrument; `symbol` is its name there."""

    source: str
    symbol: str
    instrument: Instrument
    lean_symbol_id: str | None = None


def write_instruments(session: WriteSession, given: Iterable[Description]) -> int:
    """Add what is said about instruments, and make their rows and names anew; returns how many descriptions were new.

    A strike or multiplier that no column can hold is unknown.
    """
    rows = {row["description_id"]: row for row in map(_row, given)}
    known = session.rows(
        "SELECT description_id FROM records.instrument_descriptions "
        "WHERE description_id IN (SELECT unnest(?::VARCHAR[]))",
        (list(rows),),
    )
    for (description_id,) in known:
        del rows[description_id]
    if not rows:
        return 0
    added = [row | {"learnt_at": session.now} for row in rows.values()]
    keys = sorted({row["instrument_key"] for row in added})
    with session.transaction():
        session.insert(InstrumentDescription, frame(InstrumentDescription, added))
        session.upsert(InstrumentRow, session.frame(_MERGED, (keys,)))
        _write_symbols(session, keys, added)
    return len(added)


def of_statement(rows: Iterable[StatementRow], broker: str) -> list[Description]:
    """What the rows of a statement say about instruments. A row whose symbol has no meaning says nothing."""
    found: dict[tuple[object, ...], Description] = {}
    for row in rows:
        if row.symbol is None or row.instrument_key is None:
            continue
        said = (row.symbol, row.instrument_key, row.instrument_type, row.underlying, row.multiplier)
        if said not in found:
            instrument = _of_row(row, broker)
            if instrument is not None:
                found[said] = Description(broker, row.symbol, instrument)
    return list(found.values())


def _of_row(row: StatementRow, broker: str) -> Instrument | None:
    key = row.instrument_key or ""
    try:
        if broker == "tastytrade" and row.instrument_type is not None:
            made = from_tastytrade(
                row.symbol or "",
                row.instrument_type,
                underlying=row.underlying,
                traded_on=new_york_date(row.occurred_at),
            )
        elif broker == "ibkr" and row.instrument_type is not None:
            known = from_key(key)
            made = from_ibkr(
                row.instrument_type,
                row.symbol or "",
                underlying_symbol=row.underlying,
                expiry=known.expiry,
                strike=known.strike,
                put_call=known.call_put,
                multiplier=row.multiplier,
                traded_on=new_york_date(row.occurred_at),
            )
        else:
            made = from_key(key)
            if made.security_type == "option" and row.underlying:
                made = dataclasses.replace(made, underlying=equity_key(row.underlying))
    except SymbolError:
        return None
    if made.key != key:
        return None
    return dataclasses.replace(made, multiplier=row.multiplier or made.multiplier)


def _row(given: Description) -> dict[str, Any]:
    said: dict[str, Any] = {name: getattr(given.instrument, name) for name in _SAID}
    for name in ("strike", "multiplier"):
        said[name] = money_if_it_fits(said[name])
    row = {
        "instrument_key": given.instrument.key,
        "source": given.source,
        "symbol": given.symbol,
        "lean_symbol_id": given.lean_symbol_id,
        **said,
    }
    return {"description_id": stable_id(*(_text(value) for value in row.values())), **row}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _write_symbols(session: WriteSession, keys: Sequence[str], added: Iterable[dict[str, Any]]) -> None:
    names: set[tuple[str, str, str]] = set()
    for row in added:
        names.add((row["instrument_key"], row["source"], row["symbol"]))
        if row["lean_symbol_id"] is not None:
            names.add((row["instrument_key"], "lean_id", row["lean_symbol_id"]))
    merged = session.frame(
        "SELECT * FROM records.instruments WHERE instrument_key IN (SELECT unnest(?::VARCHAR[]))", (list(keys),)
    )
    for row in merged.iter_rows(named=True):
        instrument = Instrument(row["instrument_key"], **{name: row[name] for name in _SAID})
        names |= {(instrument.key, source, symbol) for source, symbol in spellings(instrument).items()}
    columns = ("instrument_key", "source", "symbol")
    given = [dict(zip(columns, name, strict=True)) | {"learnt_at": session.now} for name in sorted(names)]
    session.insert_new(InstrumentSymbol, frame(InstrumentSymbol, given))
