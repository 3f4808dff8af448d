"""What LEAN's data folder says about contracts and companies, into the warehouse.

Holds: the step that takes the symbol properties and the factor files of a data folder.
Belongs here: which of its files are read, and asking for the money of runs again when they say something new.
Never here: formats (`pipelines.parsing`), prices (`prices`).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.parsing.lean import corporate_actions, symbol_properties
from pipelines.parsing.lean.prices import parse_map_file
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.steps.market.lean_data import EQUITY
from pipelines.steps.refusing import quarantine
from tomking.kernel.security_id import SecurityIdError, unpack
from warehouse.frames import frame, money_if_known, to_money
from warehouse.models.records.contract_reference import CorporateAction, SymbolProperty

if TYPE_CHECKING:
    from pipelines.config import Settings
    from warehouse.session import WriteSession

DIRTY_DOMAIN = "money"
PROPERTIES = Path("symbol-properties", "symbol-properties-database.csv")

_TRADED = """
SELECT DISTINCT i.instrument_key, i.lean_symbol_id
FROM records.order_events e JOIN records.instruments i USING (instrument_key)
WHERE i.security_type = 'equity' AND e.fill_quantity <> 0
ORDER BY ALL
"""
_SESSIONS = "SELECT DISTINCT session_date FROM records.order_events"


def take_reference(session: WriteSession, root: Path, *, everything: bool = False) -> int:
    """Read the symbol properties of a data folder, and the factor files of shares that runs traded; returns new rows.

    With `everything` all factor files are read: asked for by name, a folder is taken whole, whatever comes first.
    """
    with session.transaction():
        new = _take_properties(session, root / PROPERTIES)
        folder = root / EQUITY / "factor_files"
        files = {path.stem.upper(): path for path in sorted(folder.glob("*.csv"))} if everything else {}
        names = _Names(root / EQUITY / "map_files")
        for key, symbol_id in session.rows(_TRADED):
            files[key] = folder / f"{names.of(key, symbol_id)}.csv"
        new += sum(_take_actions(session, path, key) for key, path in files.items() if path.is_file())
        if new:
            days: list[dt.date] = [day for (day,) in session.rows(_SESSIONS)]
            session.mark_dirty(DIRTY_DOMAIN, days, "LEAN's data folder says more about contracts or companies")
    return new


def take_configured_reference(session: WriteSession, settings: Settings) -> int:
    """`take_reference` of the data folder that `tomking.toml` names, where it is there."""
    if settings.paths.lean_data is None or not (root := settings.path(settings.paths.lean_data)).is_dir():
        return 0
    return take_reference(session, root)


class _Names:
    """Names of the files of shares, which are those of their last ticker: map files tell which company used one when."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._by_start: dict[tuple[str, dt.date], str] | None = None

    def of(self, key: str, symbol_id: str | None) -> str:
        """The stem of the files of a share that a run knew by this ticker; the ticker itself where nothing tells."""
        stem = key.lower()
        try:
            identifier = unpack(symbol_id) if symbol_id else None
        except SecurityIdError:
            identifier = None
        if identifier is None or identifier.day is None:
            return stem
        start = identifier.root.lower(), identifier.day
        if _start_of(self._folder / f"{stem}.csv") in (start, None) and stem == start[0]:
            return stem
        if self._by_start is None:
            self._by_start = {
                begun: path.stem
                for path in sorted(self._folder.glob("*.csv"))
                if (begun := _start_of(path)) is not None
            }
        return self._by_start.get(start, stem)


def _start_of(path: Path) -> tuple[str, dt.date] | None:
    """The first ticker of a company and its first day, which its security identifier carries."""
    try:
        spans = parse_map_file(path.read_bytes(), path.stem).spans
    except (OSError, Refused):
        return None
    return (spans[0].ticker, spans[0].first) if spans else None


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


def _take_actions(session: WriteSession, path: Path, symbol: str) -> int:
    """The actions of one factor file. A file that is also read for prices keeps its line in the ledger."""
    raw = session.raw.put(path)
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
