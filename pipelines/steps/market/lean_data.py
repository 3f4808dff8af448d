"""LEAN's data folder: which files make up the daily history of which symbol.

Holds: finding daily zips, map and factor files below a data folder, and joining them per symbol.
Belongs here: LEAN's folder layout.
Never here: the formats (`parsing.lean_prices`) or the warehouse.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.parsing.lean.prices import (
    EQUITY_SCALE,
    MapFile,
    adjust,
    assign,
    parse_daily_zip,
    parse_factor_file,
    parse_map_file,
)
from pipelines.parsing.prices.bars import PriceBar
from pipelines.parsing.refusals import Refusal, Refused

EQUITY = "equity/usa"
NATURAL_UNITS = ("forex", "cfd", "crypto")
"""Security types whose daily bars are in natural units and have neither map nor factor files."""


@dataclass(frozen=True, slots=True)
class SymbolFiles:
    """The files one symbol's history comes from; `zips` are (ticker, path)."""

    symbol: str
    zips: tuple[tuple[str, Path], ...]
    map_file: Path | None = None
    factor_file: Path | None = None
    equity: bool = True

    def paths(self) -> Iterator[Path]:
        """Every file the history depends on."""
        yield from (path for _, path in self.zips)
        yield from (path for path in (self.map_file, self.factor_file) if path is not None)


@dataclass(slots=True)
class LeanHistory:
    """Bars with the file each came from, and what was refused where."""

    bars: list[tuple[PriceBar, Path]] = field(default_factory=list)
    refusals: list[tuple[Path, Refusal]] = field(default_factory=list)


def data_root(path: Path) -> Path | None:
    """The data folder that `path` is, or lies in (a daily zip, or any folder below); None where it is none."""
    for folder in (path, *path.parents):
        if (folder / EQUITY / "daily").is_dir() or any(
            market.is_dir() for kind in NATURAL_UNITS for market in folder.glob(f"{kind}/*/daily")
        ):
            return folder
    return None


def read_maps(root: Path) -> tuple[dict[str, MapFile], list[tuple[Path, Refusal]]]:
    """Every map file by its stem, and the damaged ones."""
    maps: dict[str, MapFile] = {}
    refused: list[tuple[Path, Refusal]] = []
    for path in sorted((root / EQUITY / "map_files").glob("*.csv")):
        try:
            maps[path.stem.lower()] = parse_map_file(path.read_bytes(), path.stem)
        except Refused as error:
            refused.append((path, error.refusal))
    return maps, refused


def symbols_in(root: Path, maps: Mapping[str, MapFile]) -> list[SymbolFiles]:
    """The files of every symbol that has a daily history, equities first, each sorted by symbol.

    Of a pair or coin that several markets quote, the first market by name is taken: two day boundaries in one history
    would be two histories.
    """
    equity = root / EQUITY
    zips = {path.stem.lower(): path for path in sorted((equity / "daily").glob("*.zip"))}
    found: list[SymbolFiles] = []
    claimed: set[str] = set()
    for stem, history in maps.items():
        tickers = dict.fromkeys(span.ticker for span in history.spans)
        claimed.update(tickers)
        if used := tuple((ticker, zips[ticker]) for ticker in tickers if ticker in zips):
            found.append(
                SymbolFiles(history.symbol, used, equity / "map_files" / f"{stem}.csv", _factor_file(equity, stem))
            )
    for ticker, path in zips.items():
        if ticker not in claimed:
            found.append(SymbolFiles(ticker.upper(), ((ticker, path),), None, _factor_file(equity, ticker)))
    found.sort(key=lambda files: files.symbol)
    taken = {files.symbol for files in found}
    for kind in NATURAL_UNITS:
        for path in sorted(root.glob(f"{kind}/*/daily/*.zip")):
            ticker, _, ticks = path.stem.partition("_")
            if ticks in ("", "trade") and ticker.upper() not in taken:
                taken.add(ticker.upper())
                found.append(SymbolFiles(ticker.upper(), ((ticker, path),), equity=False))
    return found


def wanted(
    files: Collection[SymbolFiles], path: Path, root: Path, symbols: Collection[str] | None
) -> list[SymbolFiles]:
    """Those of `files` that a request for `path` means: all below a folder, or those a single zip is part of."""
    chosen = []
    for found in files:
        below = path == root or any(zipped == path or path in zipped.parents for _, zipped in found.zips)
        if below and (symbols is None or found.symbol in symbols):
            chosen.append(found)
    return chosen


def read_symbol(files: SymbolFiles, maps: Mapping[str, MapFile], contents: Mapping[Path, bytes]) -> LeanHistory:
    """The history of one symbol from the bytes of its files; a damaged file costs what it holds."""
    history = LeanHistory()
    factors = None
    if files.factor_file is not None:
        try:
            factors = parse_factor_file(contents[files.factor_file])
        except Refused as error:
            history.refusals.append((files.factor_file, error.refusal))
    for ticker, path in files.zips:
        try:
            found = parse_daily_zip(contents[path], ticker.upper(), scale=EQUITY_SCALE if files.equity else 1.0)
        except Refused as error:
            history.refusals.append((path, error.refusal))
            continue
        if not files.equity:
            history.bars.extend((bar, path) for bar in found.bars)
            history.refusals.extend((path, refusal) for refusal in found.refusals)
            continue
        assigned = assign(found, ticker, maps.values())
        history.bars.extend((bar, path) for bar in adjust(assigned.by_symbol.get(files.symbol, ()), factors))
        history.refusals.extend((path, refusal) for refusal in assigned.refusals)
    return history


def _factor_file(equity: Path, stem: str) -> Path | None:
    path = equity / "factor_files" / f"{stem}.csv"
    return path if path.is_file() else None
