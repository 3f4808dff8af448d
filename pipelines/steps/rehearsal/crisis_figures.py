"""The figures of past crises, worked out again from market data.

Holds: reading folders of daily prices, and the lines of the table in `tomking.kernel.crisis_days`.
Belongs here: how those figures come from prices.
Never here: the figures themselves, what they do to a book.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.errors import NotFound
from pipelines.parsing.lean.prices import EQUITY_SCALE, parse_daily_zip
from pipelines.parsing.prices.bars import PriceBar
from pipelines.parsing.prices.csv_files import parse_price_csv
from tomking.kernel.crisis_days import SCENARIOS, SYMBOLS

_VIX = "VIX"

Bars = Mapping[dt.date, PriceBar]


def derive_figures(folders: Sequence[Path]) -> dict[str, list[str]]:
    """The lines of each scenario, its base session first: date, VIX close and high, close and low of each symbol.

    Levels are per cent of the base session's close with two decimals; `-` where no price is. Raises NotFound where the
    folders hold no `vix.csv` or no prices of the base session at all.
    """
    bars = {name: _bars(name, folders) for name in (_VIX, *SYMBOLS)}
    found = {}
    for scenario in SCENARIOS:
        days = [session.day for session in scenario.sessions]
        if any(day not in bars[_VIX] for day in days):
            raise NotFound(
                f"no daily VIX of {days[0]} to {days[-1]}",
                where=", ".join(str(folder) for folder in folders),
                remedy="put vix.csv with date, open, high, low and close there",
            )
        found[scenario.name] = [_line(day, days[0], bars) for day in days]
    return found


def _line(day: dt.date, base: dt.date, bars: Mapping[str, Bars]) -> str:
    vix = bars[_VIX][day]
    cells = [day.isoformat(), f"{vix.close:.2f}", f"{vix.high:.2f}"]
    for symbol in SYMBOLS:
        now, before = bars[symbol].get(day), bars[symbol].get(base)
        if now is None or before is None or not before.close or now.close is None or now.low is None:
            cells += ["-", "-"]
        else:
            cells += [f"{100 * now.close / before.close:.2f}", f"{100 * now.low / before.close:.2f}"]
    return " ".join(cells)


def _bars(name: str, folders: Sequence[Path]) -> Bars:
    for folder in folders:
        table, archive = folder / f"{name.lower()}.csv", folder / f"{name.lower()}.zip"
        if table.is_file():
            return {bar.session_date: bar for bar in parse_price_csv(table.read_bytes(), table.name).bars}
        if archive.is_file():
            prices = parse_daily_zip(archive.read_bytes(), name, scale=EQUITY_SCALE)
            return {bar.session_date: bar for bar in prices.bars}
    return {}
