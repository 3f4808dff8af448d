"""A LEAN data folder: hourly bars of shares, hourly quotes of options, daily option universes.

Holds: readers that load each file once, and the list of what was asked for.
Belongs here: the formats (prices in ten-thousandths, New York time of the bar's start, empty fields).
Never here: time in the run.
"""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.lean_double.names import OptionRight, OptionStyle, Resolution
from tests.lean_double.symbols import Symbol

NEW_YORK = ZoneInfo("America/New_York")
_SCALE = Decimal(10_000)
_HOUR = timedelta(hours=1)
_LOOK_BACK = 7


@dataclass(frozen=True)
class Bar:
    """Open, high, low, close."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


@dataclass(frozen=True)
class TradeBar:
    """An hour of trades of a share; `ends` is UTC."""

    ends: datetime
    bar: Bar
    volume: int
    is_fill_forward: bool = False

    @property
    def end_time(self) -> datetime:
        """New York's clock, without a zone, as LEAN has it."""
        return self.ends.astimezone(NEW_YORK).replace(tzinfo=None)

    @property
    def open(self) -> float:
        return float(self.bar.open)

    @property
    def high(self) -> float:
        return float(self.bar.high)

    @property
    def low(self) -> float:
        return float(self.bar.low)

    @property
    def close(self) -> float:
        return float(self.bar.close)


@dataclass(frozen=True)
class QuoteBar:
    """An hour of quotes of an option, `ends` UTC; a side nobody quotes is None."""

    ends: datetime
    bid: Bar | None
    ask: Bar | None
    is_fill_forward: bool = False


@dataclass(frozen=True)
class Greeks:
    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float


@dataclass(frozen=True)
class OptionContract:
    """A contract as the daily universe lists it."""

    symbol: Symbol
    strike: float
    right: OptionRight
    expiry: datetime
    implied_volatility: float
    greeks: Greeks
    volume: int = 0


@dataclass
class DataFolder:
    """A folder in LEAN's layout."""

    root: Path
    requests: list[tuple[str, bool]] = field(default_factory=list)
    _shares: dict[str, dict[datetime, TradeBar]] = field(default_factory=dict)
    _quotes: dict[str, dict[datetime, QuoteBar]] = field(default_factory=dict)
    _zips: dict[Path, zipfile.ZipFile | None] = field(default_factory=dict)
    _universes: dict[tuple[str, date], list[OptionContract] | None] = field(default_factory=dict)

    def close(self) -> None:
        """Close every open file."""
        for found in self._zips.values():
            if found is not None:
                found.close()
        self._zips.clear()

    @property
    def resolution(self) -> Resolution:
        """How long a bar is."""
        return Resolution.HOUR

    def trades(self, ticker: str) -> dict[datetime, TradeBar]:
        """Bars by their end."""
        return self.hourly_trades(ticker)

    def hourly_trades(self, ticker: str) -> dict[datetime, TradeBar]:
        """Hourly bars by their end."""
        if ticker not in self._shares:
            lines = self._entry(Path("equity/usa/hour") / f"{ticker.lower()}.zip", f"{ticker.lower()}.csv")
            bars = {}
            for row in lines or ():
                end = _end(row[0])
                bars[end] = TradeBar(end, Bar(*(_price(text) for text in row[1:5])), int(row[5]))
            self._shares[ticker] = bars
        return self._shares[ticker]

    def quotes(self, symbol: Symbol, years: range) -> dict[datetime, QuoteBar]:
        """Hourly quotes of a contract by their end, over several yearly files."""
        if symbol.value not in self._quotes:
            assert symbol.underlying is not None
            assert symbol.strike is not None
            assert symbol.expiry is not None
            ticker = symbol.underlying.value.lower()
            right = "put" if symbol.right == OptionRight.PUT else "call"
            entry = f"{ticker}_quote_american_{right}_{int(symbol.strike * 10_000)}_{symbol.expiry:%Y%m%d}.csv"
            bars = {}
            for year in years:
                for row in self._entry(Path("option/usa/hour") / f"{ticker}_{year}_quote_american.zip", entry) or ():
                    end = _end(row[0])
                    bars[end] = QuoteBar(end, _side(row[1:5]), _side(row[6:10]))
            self._quotes[symbol.value] = bars
        return self._quotes[symbol.value]

    def chain(self, underlying: Symbol, day: date) -> list[OptionContract]:
        """The newest universe from before `day`; empty where the folder has none within a week."""
        for back in range(1, _LOOK_BACK + 1):
            found = self._universe(underlying, day - timedelta(days=back))
            if found is not None:
                return found
        return []

    def _universe(self, underlying: Symbol, day: date) -> list[OptionContract] | None:
        key = (underlying.value, day)
        if key not in self._universes:
            relative = Path("option/usa/universes") / underlying.value.lower() / f"{day:%Y%m%d}.csv"
            path = self.root / relative
            if day.weekday() < 5:
                self.requests.append((str(relative), path.exists()))
            self._universes[key] = _read_universe(path, underlying) if path.exists() else None
        return self._universes[key]

    def _entry(self, relative: Path, name: str) -> list[list[str]] | None:
        archive = self._archive(relative)
        if archive is None or name not in archive.NameToInfo:
            return None
        return list(csv.reader(io.StringIO(archive.read(name).decode("ascii"))))

    def _archive(self, relative: Path) -> zipfile.ZipFile | None:
        path = self.root / relative
        if path not in self._zips:
            self._zips[path] = zipfile.ZipFile(path) if path.exists() else None
        self.requests.append((str(relative), self._zips[path] is not None))
        return self._zips[path]


def _end(text: str) -> datetime:
    start = datetime.strptime(text, "%Y%m%d %H:%M").replace(tzinfo=NEW_YORK)
    return start.astimezone(UTC) + _HOUR


def _price(text: str) -> Decimal:
    return Decimal(text) / _SCALE


def _side(texts: list[str]) -> Bar | None:
    return Bar(*(_price(text) for text in texts)) if all(texts) else None


def _read_universe(path: Path, underlying: Symbol) -> list[OptionContract]:
    found = []
    with path.open(newline="", encoding="ascii") as lines:
        for row in csv.reader(lines):
            if row[0].startswith("#") or not row[0]:
                continue
            symbol = _listed(underlying.value, *row[:3])
            assert symbol.expiry is not None
            assert symbol.right is not None
            expiry = datetime.combine(symbol.expiry, time())
            greeks = Greeks(*(float(text) for text in row[10:15]))
            volume = int(row[7] or 0)
            found.append(OptionContract(symbol, float(row[1]), symbol.right, expiry, float(row[9]), greeks, volume))
    return found


@lru_cache(maxsize=50_000)
def _listed(underlying: str, day: str, strike: str, letter: str) -> Symbol:
    """The symbol of a universe row; a contract is listed again every day."""
    expiry = datetime(int(day[:4]), int(day[4:6]), int(day[6:]))  # noqa: DTZ001 - LEAN's expiries have no zone
    right = OptionRight.CALL if letter == "C" else OptionRight.PUT
    return Symbol.create_option(Symbol.equity(underlying), "usa", OptionStyle.AMERICAN, right, float(strike), expiry)
