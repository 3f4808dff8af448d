"""What LEAN's data folder says about contracts and companies, into the warehouse.

Holds: the step that takes the symbol properties and the factor files of a data folder.
Belongs here: which of its files are read, and asking for the money of runs again when they say something new.
Never here: formats (`pipelines.parsing`), prices (`prices`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.parsing import corporate_actions, symbol_properties
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.steps.lean_data import EQUITY
from pipelines.steps.refusing import quarantine
from warehouse.frames import frame, money_if_known, to_money
from warehouse.models.records.contract_reference import CorporateAction, SymbolProperty

if TYPE_CHECKING:
    from pipelines.config import Settings
    from warehouse.session import WriteSession

DIRTY_DOMAIN = "money"
PROPERTIES = Path("symbol-properties", "symbol-properties-database.csv")

_TRADED = """
SELECT DISTINCT i.ticker FROM records.order_events e JOIN records.instruments i USING (instrument_key)
WHERE i.security_type = 'equity' AND e.fill_quantity <> 0
"""
_SESSIONS = "SELECT DISTINCT session_date FROM records.order_events"


def take_reference(session: WriteSession, root: Path, *, everything: bool = False) -> int:
    """Read the symbol properties of a data folder, and the factor files of shares that runs traded; returns new rows.

    With `everything` all factor files are read: asked for by name, a folder is taken whole, whatever comes first.
    """
    with session.transaction():
        new = _take_properties(session, root / PROPERTIES)
        folder = root / EQUITY / "factor_files"
        if everything:
            files: Iterable[Path] = sorted(folder.glob("*.csv"))
        else:
            files = (folder / f"{ticker.lower()}.csv" for (ticker,) in session.rows(_TRADED))
        new += sum(_take_actions(session, path) for path in files if path.is_file())
        if new:
            days: list[dt.date] = [day for (day,) in session.rows(_SESSIONS)]
            session.mark_dirty(DIRTY_DOMAIN, days, "LEAN's data folder says more about contracts or companies")
    return new


def take_configured_reference(session: WriteSession, settings: Settings) -> int:
    """`take_reference` of the data folder that `tomking.toml` names, where it is there."""
    if settings.paths.lean_data is None or not (root := settings.path(settings.paths.lean_data)).is_dir():
        return 0
    return take_reference(session, root)


def _take_properties(session: WriteSession, path: Path) -> int:
    if not path.is_file():
        return 0
    raw = session.raw.put(path)
    kind, version = symbol_properties.KIND, symbol_properties.PARSER_VERSION
    if session.known_file(raw.sha256, kind, version):
        return 0
    refusals: list[Refusal] = []
    lines: list[symbol_properties.PropertyLine] = []
    try:
        lines, refusals = symbol_properties.parse_symbol_properties(session.raw.read(raw.sha256))
    except Refused as error:
        refusals = [error.refusal]
    quarantine(session, refusals, path=path, sha256=raw.sha256)
    outcome = "refused" if not lines else "partial" if refusals else "ingested"
    session.record_file(path=path, sha256=raw.sha256, size=raw.size, kind=kind, parser_version=version, outcome=outcome)
    rows = [
        {
            "market": line.market,
            "symbol": line.symbol,
            "security_type": line.security_type,
            "description": line.description,
            "quote_currency": line.quote_currency,
            "multiplier": to_money(line.multiplier),
            "strike_multiplier": to_money(line.strike_multiplier),
            "minimum_price_variation": money_if_known(line.minimum_price_variation),
            "lot_size": money_if_known(line.lot_size),
            "sha256": raw.sha256,
            "learnt_at": session.now,
        }
        for line in lines
    ]
    return session.upsert(SymbolProperty, frame(SymbolProperty, rows))


def _take_actions(session: WriteSession, path: Path) -> int:
    """The actions of one factor file. A file that is also read for prices keeps its line in the ledger."""
    raw = session.raw.put(path)
    symbol = path.stem.upper()
    try:
        actions = corporate_actions.parse_corporate_actions(session.raw.read(raw.sha256))
    except Refused as error:
        quarantine(session, [error.refusal], path=path, sha256=raw.sha256)
        return 0
    if not session.rows("SELECT 1 FROM ops.files WHERE sha256 = ? AND path = ?", (raw.sha256, str(path))):
        session.record_file(
            path=path,
            sha256=raw.sha256,
            size=raw.size,
            kind=corporate_actions.KIND,
            parser_version=corporate_actions.PARSER_VERSION,
            outcome="ingested",
        )
    rows = [
        {
            "symbol": symbol,
            "session_date": action.session_date,
            "kind": action.kind,
            "amount": to_money(action.amount),
            "reference_price": money_if_known(action.reference_price),
            "sha256": raw.sha256,
            "learnt_at": session.now,
        }
        for action in actions
    ]
    return session.replace(CorporateAction, frame(CorporateAction, rows), "symbol = ?", (symbol,))
