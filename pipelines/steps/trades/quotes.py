"""Prices between fills, from LEAN's data folder, for the excursions of strategy trades.

Holds: finding the hourly bars of a contract below a data folder, and walking a trade along them.
Belongs here: the layout of LEAN's hourly zips.
Never here: the bars' format (`parsing.lean_hour_bars`), or what an excursion is (`transforms.trade_excursions`).
"""

from __future__ import annotations

import datetime as dt
import functools
import zipfile
import zlib
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.parsing.lean.hour_bars import hour_closes
from pipelines.transforms.trades.excursions import Excursions, Step, along_path
from pipelines.transforms.trades.kinds import Contract
from pipelines.transforms.trades.strategy_trades import Trade

if TYPE_CHECKING:
    from pipelines.config import Settings

_RIGHTS = {"C": "call", "P": "put"}
_STRIKE_SCALE = 10_000


def quote_folder(settings: Settings) -> Path | None:
    """The data folder that `tomking.toml` names, where it is there."""
    if settings.paths.lean_data is None or not (root := settings.path(settings.paths.lean_data)).is_dir():
        return None
    return root


class HourlyQuotes:
    """Hourly prices of equities and their options below one data folder, each contract read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._bars = functools.lru_cache(maxsize=4096)(self._read)
        self._zips = functools.lru_cache(maxsize=64)(_entries)

    def excursions(self, trade: Trade) -> Excursions | None:
        """The excursions of a closed trade along the hourly prices; None where a contract has none."""
        contracts = {leg.contract.key: leg.contract for leg in trade.legs}
        multipliers = {key: contract.multiplier for key, contract in contracts.items()}
        known = {key: multiplier for key, multiplier in multipliers.items() if multiplier is not None}
        steps = _steps(trade)
        if trade.profit_loss is None or trade.closed_at is None or not steps or len(known) < len(contracts):
            return None
        prices = {}
        for key, contract in contracts.items():
            bars: dict[dt.datetime, Decimal] = {}
            for year in range(steps[0].since.year, trade.closed_at.year + 1):
                bars |= self._bars(contract, year)
            if not bars:
                return None
            prices[key] = bars
        return along_path(steps, trade.closed_at, prices, known)

    def _read(self, contract: Contract, year: int) -> dict[dt.datetime, Decimal]:
        ticker = contract.family.lower()
        if contract.security_type == "equity":
            path, ending = self._root / "equity" / "usa" / "hour" / f"{ticker}.zip", ".csv"
        elif contract.security_type == "option" and contract.strike is not None and contract.expiry is not None:
            path = self._root / "option" / "usa" / "hour" / f"{ticker}_{year}_quote_american.zip"
            strike = int(contract.strike * _STRIKE_SCALE)
            ending = f"_{_RIGHTS.get(contract.call_put or '', '')}_{strike}_{contract.expiry:%Y%m%d}.csv"
        else:
            return {}
        name = next((entry for entry in self._zips(path) if entry.endswith(ending)), None)
        if name is None:
            return {}
        try:
            with zipfile.ZipFile(path) as archive:
                return hour_closes(archive.read(name))
        except (OSError, zipfile.BadZipFile, zlib.error):
            return {}


def _entries(path: Path) -> tuple[str, ...]:
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return ()


def _steps(trade: Trade) -> list[Step]:
    """What the trade held and what had been paid, from fill to fill; empty where some cash is unknown."""
    held: dict[str, Decimal] = {}
    cash = Decimal(0)
    steps: list[Step] = []
    for fill in trade.fills:
        if fill.cash is None:
            return []
        cash += fill.cash
        held[fill.instrument_key] = held.get(fill.instrument_key, Decimal(0)) + fill.quantity
        if steps and steps[-1].since == fill.occurred_at:
            steps.pop()
        steps.append(Step(fill.occurred_at, dict(held), cash))
    return steps
