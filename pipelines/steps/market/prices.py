"""Daily prices into the warehouse: CSV files, LEAN's data folder, and the history that a package ships.

Holds: the steps that take one price source and the one that takes every configured source.
Belongs here: raw store, ledger, quarantine and the order of these.
Never here: formats (`parsing`), LEAN's folder layout (`steps.lean_data`), the rule of revisions (`steps.price_tables`).
"""

from __future__ import annotations

import datetime as dt
import gzip
import importlib.resources
import importlib.util
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import ConfigurationError
from pipelines.parsing.lean import prices as lean_prices
from pipelines.parsing.prices import csv_files as price_csv
from pipelines.parsing.prices.bars import PriceBar
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.steps.market import lean_data
from pipelines.steps.market.price_tables import Stored, store_bars
from pipelines.steps.refusing import quarantine

if TYPE_CHECKING:
    from pipelines.config import Settings
    from warehouse.raw_store import RawFile
    from warehouse.session import WriteSession

CSV, LEAN, PACKAGE = "csv", "lean", "skfolio"
"""Names of the price sources, as universes name them."""
CSV_KIND, LEAN_KIND, PACKAGE_KIND = "price_csv", "lean_daily", "price_package"

PACKAGE_FILE = ("datasets", "data", "sp500_dataset.csv.gz")
"""Adjusted closes of twenty stocks, 1990-2022, inside skfolio's wheel (BSD-3-Clause)."""
PACKAGE_PARSER_VERSION = f"{price_csv.PARSER_VERSION}+package-1"


@dataclass(frozen=True, slots=True)
class PriceOutcome:
    """What became of one price source.

    `outcome`: ingested, partial (rows refused, the rest taken), refused (nothing taken), unchanged (known bytes).
    `first_day` and `last_day` are ISO text of the bars read; `corrected` counts further revisions of known bars.
    """

    path: str
    source: str
    outcome: str
    files: int = 0
    symbols: tuple[str, ...] = ()
    bars: int = 0
    new: int = 0
    corrected: int = 0
    refused: int = 0
    first_day: str | None = None
    last_day: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class _File:
    """A file in hand: the path it is known under, its bytes in the raw store, and what it is read as."""

    path: Path
    raw: RawFile
    kind: str
    parser_version: str


@dataclass(frozen=True, slots=True)
class PriceReport:
    """Outcomes of every configured source, in the order they were read."""

    outcomes: tuple[PriceOutcome, ...]


def ingest_configured_prices(session: WriteSession, settings: Settings) -> PriceReport:
    """Read every source that `tomking.toml` names.

    `paths.prices` (files and folders), `paths.lean_data` (only the symbols of universes, where there are any), and the
    package's history when a universe asks for it. A source that is not there is reported and stops nothing.
    """
    outcomes: list[PriceOutcome] = []
    if any(universe.source == PACKAGE for universe in settings.universes):
        outcomes.append(ingest_package_prices(session))
    if settings.paths.lean_data is not None:
        from_lean = [universe for universe in settings.universes if universe.source in (None, LEAN)]
        symbols = {symbol for universe in from_lean for symbol in universe.symbols} if settings.universes else None
        outcomes.extend(_configured(session, settings.path(settings.paths.lean_data), symbols))
    for name in settings.paths.prices:
        outcomes.extend(_configured(session, settings.path(name), None))
    return PriceReport(tuple(outcomes))


def ingest_prices(
    session: WriteSession, path: Path, *, source: str | None = None, symbols: Collection[str] | None = None
) -> PriceOutcome:
    """Take the prices at `path`: a CSV file, LEAN's data folder, a folder of it, or one of its daily zips.

    `source` names the source under which bars are kept (default `lean` or `csv`); `symbols` limits a data folder.
    Bars that differ from known ones become further revisions; rows that cannot be taken go to quarantine. Raises
    FileNotFoundError for a path that is not there.
    """
    path = path.absolute()
    if not path.exists():
        raise FileNotFoundError(path)
    if path.is_dir() or path.suffix.lower() == ".zip":
        root = lean_data.data_root(path)
        if root is None:
            return PriceOutcome(str(path), source or LEAN, "refused", message="this is no data folder of LEAN")
        with session.transaction():
            return _ingest_lean(session, path, root, source or LEAN, symbols)
    with session.transaction():
        return _ingest_csv(session, path, source or CSV)


def ingest_package_prices(session: WriteSession) -> PriceOutcome:
    """Take the twenty stocks that ship inside skfolio's wheel: adjusted closes only.

    The file is read as it lies in the wheel, so no other package has to be importable. Raises ConfigurationError with
    the command that installs the optional extra when skfolio is absent.
    """
    remedy = "install the extra: `pip install 'tomking[demo]'` (in a checkout: `uv sync --extra demo`)"
    if importlib.util.find_spec("skfolio") is None:
        raise ConfigurationError("the price source `skfolio` is not installed", remedy=remedy)
    location = importlib.resources.files("skfolio").joinpath(*PACKAGE_FILE)
    with importlib.resources.as_file(location) as path:
        if not path.is_file():
            raise ConfigurationError(
                "this version of skfolio holds no S&P 500 prices", where=str(location), remedy=remedy
            )
        with session.transaction():
            return _ingest_package(session, path)


def _configured(session: WriteSession, path: Path, symbols: Collection[str] | None) -> list[PriceOutcome]:
    """A configured file or folder; a folder that is no data folder of LEAN stands for the CSV files in it."""
    if not path.exists():
        source = LEAN if path.suffix == "" else CSV
        return [PriceOutcome(str(path), source, "refused", message="the configured path is not there")]
    if path.is_dir() and lean_data.data_root(path) is None:
        return [ingest_prices(session, file) for file in sorted(path.glob("*.csv"))]
    return [ingest_prices(session, path, symbols=symbols)]


def _ingest_csv(session: WriteSession, path: Path, source: str) -> PriceOutcome:
    file = _File(path, session.raw.put(path), CSV_KIND, price_csv.PARSER_VERSION)
    if _known(session, file):
        return _unchanged(session, file, source)
    try:
        found = price_csv.parse_price_csv(session.raw.read(file.raw.sha256), path.name)
    except Refused as error:
        return _refuse_file(session, file, source, error.refusal)
    return _take(session, file, source, found.bars, found.refusals)


def _ingest_package(session: WriteSession, path: Path) -> PriceOutcome:
    name = Path("skfolio", *PACKAGE_FILE)
    file = _File(name, session.raw.put(path), PACKAGE_KIND, PACKAGE_PARSER_VERSION)
    if _known(session, file):
        return _unchanged(session, file, PACKAGE)
    try:
        found = price_csv.parse_price_csv(_gunzip(session.raw.read(file.raw.sha256)), "sp500.csv")
    except Refused as error:
        return _refuse_file(session, file, PACKAGE, error.refusal)
    # The package says that its closes are adjusted; it has no unadjusted ones.
    bars = [replace(bar, close=None, adjusted_close=bar.close) for bar in found.bars]
    return _take(session, file, PACKAGE, bars, found.refusals)


def _ingest_lean(
    session: WriteSession, path: Path, root: Path, source: str, symbols: Collection[str] | None
) -> PriceOutcome:
    maps, damaged_maps = lean_data.read_maps(root)
    chosen = lean_data.wanted(lean_data.symbols_in(root, maps), path, root, symbols)
    raws = {file: session.raw.put(file) for file in dict.fromkeys(file for found in chosen for file in found.paths())}
    version = lean_prices.PARSER_VERSION
    # Asked before anything is recorded: one zip can hold the history of two symbols.
    known = {file: session.known_file(raw.sha256, LEAN_KIND, version) for file, raw in raws.items()}
    contents = {file: session.raw.read(raw.sha256) for file, raw in raws.items()}
    bars: list[tuple[PriceBar, str | None]] = []
    refused: dict[Path, list[Refusal]] = {file: [] for file in raws}
    for found in chosen:
        if all(known[file] for file in found.paths()):
            continue
        history = lean_data.read_symbol(found, maps, contents)
        bars.extend((bar, raws[file].sha256) for bar, file in history.bars)
        for file, refusal in history.refusals:
            if refusal not in refused[file]:
                refused[file].append(refusal)
    for path_of_map, refusal in damaged_maps:
        raw = session.raw.put(path_of_map)
        quarantine(session, [refusal], path=path_of_map, sha256=raw.sha256)
    for place, raw in raws.items():
        read = _File(place, raw, LEAN_KIND, version)
        quarantine(session, refused[place], path=read.path, sha256=raw.sha256)
        whole = any(refusal.line is None for refusal in refused[place])
        _record(
            session,
            read,
            "unchanged" if known[place] else "refused" if whole else "partial" if refused[place] else "ingested",
        )
    if raws and all(known.values()):
        return PriceOutcome(str(path), source, "unchanged", files=len(raws))
    count = len(damaged_maps) + sum(len(found) for found in refused.values())
    stored = store_bars(session, source, bars)
    return _counted(str(path), source, [bar for bar, _ in bars], stored, count, files=len(raws))


def _known(session: WriteSession, file: _File) -> bool:
    return session.known_file(file.raw.sha256, file.kind, file.parser_version)


def _unchanged(session: WriteSession, file: _File, source: str) -> PriceOutcome:
    _record(session, file, "unchanged")
    return PriceOutcome(str(file.path), source, "unchanged", files=1)


def _take(
    session: WriteSession, file: _File, source: str, bars: Sequence[PriceBar], refusals: Sequence[Refusal]
) -> PriceOutcome:
    quarantine(session, refusals, path=file.path, sha256=file.raw.sha256)
    stored = store_bars(session, source, [(bar, file.raw.sha256) for bar in bars])
    outcome = _counted(str(file.path), source, bars, stored, len(refusals), files=1)
    _record(session, file, outcome.outcome, outcome.message)
    return outcome


def _counted(
    path: str, source: str, bars: Sequence[PriceBar], stored: Stored, refused: int, *, files: int
) -> PriceOutcome:
    days: list[dt.date] = [bar.session_date for bar in bars]
    return PriceOutcome(
        path=path,
        source=source,
        outcome="refused" if not bars else "partial" if refused else "ingested",
        files=files,
        symbols=tuple(sorted({bar.symbol for bar in bars})),
        bars=len(bars),
        new=stored.new,
        corrected=stored.corrected,
        refused=refused,
        first_day=min(days).isoformat() if days else None,
        last_day=max(days).isoformat() if days else None,
        message=None if bars else "no bar could be taken",
    )


def _refuse_file(session: WriteSession, file: _File, source: str, refusal: Refusal) -> PriceOutcome:
    quarantine(session, [refusal], path=file.path, sha256=file.raw.sha256)
    _record(session, file, "refused", refusal.reason)
    return PriceOutcome(str(file.path), source, "refused", files=1, refused=1, message=refusal.reason)


def _record(session: WriteSession, file: _File, outcome: str, message: str | None = None) -> None:
    session.record_file(
        path=file.path,
        sha256=file.raw.sha256,
        size=file.raw.size,
        kind=file.kind,
        parser_version=file.parser_version,
        outcome=outcome,
        message=message,
    )


def _gunzip(data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise Refused(Refusal(f"the file cannot be unpacked: {error}")) from error
