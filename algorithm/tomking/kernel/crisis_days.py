"""What markets did on the days of four crises: index levels and VIX, as figures.

Holds: the four scenarios with every session of theirs, and which product follows which of the measured funds.
Belongs here: measured figures, with what they were measured on.
Never here: what they do to a book (`crisis`), prices of the user's own warehouse (callers put them over these).

Levels are in per cent of the close of the session before the scenario (its first row), prices as traded (no dividends
added back). Sources: Cboe's daily VIX; daily prices of SPY, QQQ, IWM, TLT and GLD; USO from LEAN's own data folder, which
ends in 2021. A `-` is unknown. `tomking rehearse derive FOLDER` prints this table from a folder of such files
(`spy.csv`, `vix.csv`, …, or LEAN's `uso.zip`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

SYMBOLS: Final = ("SPY", "QQQ", "IWM", "TLT", "GLD", "USO")
MARKET: Final = "SPY"
"""What stands for a product that nothing better is known for."""

_TABLES: Final = {
    "2018-02-05": """
        2018-02-02 17.31 17.86 100.00 99.99 100.00 99.91 100.00 99.79 100.00 99.72 100.00 99.66 100.00 99.08
        2018-02-05 37.32 38.80 95.82 95.59 96.06 95.98 96.16 96.12 100.94 99.21 100.25 100.04 97.93 97.62
    """,
    "2020-03": """
        2020-02-28 40.11 49.48 100.00 96.38 100.00 96.29 100.00 98.35 100.00 99.26 100.00 99.10 100.00 97.14
        2020-03-02 33.42 43.77 104.33 99.39 105.16 100.07 103.21 99.36 99.12 99.00 100.55 100.44 104.97 100.95
        2020-03-03 36.82 41.06 101.34 100.44 101.79 100.88 101.11 99.99 100.66 98.10 103.71 101.59 104.66 102.96
        2020-03-04 31.99 35.58 105.60 102.39 106.03 102.71 103.98 101.50 99.59 99.28 103.90 103.59 104.34 103.28
        2020-03-05 39.62 42.84 102.09 101.27 102.81 102.09 100.68 99.43 102.07 100.97 106.14 104.95 101.69 101.06
        2020-03-06 41.94 54.39 100.41 97.96 101.08 98.60 98.68 96.35 107.38 105.67 106.18 104.15 92.38 91.01
        2020-03-09 54.46 62.12 92.56 92.30 94.06 93.35 89.09 89.02 110.29 109.68 106.36 105.36 68.99 68.78
        2020-03-10 47.30 55.66 97.35 92.32 99.18 94.11 91.87 87.49 104.64 104.33 104.11 104.05 76.61 72.59
        2020-03-11 53.90 55.82 92.61 91.43 94.86 93.65 86.02 84.86 100.79 100.21 103.74 103.52 73.44 72.38
        2020-03-12 75.47 76.83 83.75 83.60 86.16 85.98 76.52 76.27 101.41 100.23 99.60 98.97 69.21 68.04
        2020-03-13 57.83 77.57 90.91 83.89 93.46 86.55 81.64 74.87 99.12 97.99 96.56 95.42 73.65 69.26
        2020-03-16 82.69 83.56 80.96 80.12 82.26 82.20 70.81 69.32 105.54 101.61 95.46 91.74 64.02 63.49
        2020-03-17 75.91 84.83 85.33 80.02 88.50 82.50 74.06 68.76 98.50 98.33 96.75 94.31 60.42 59.63
        2020-03-18 76.45 85.47 81.01 76.97 85.81 81.05 68.32 65.78 92.94 89.50 94.82 93.34 49.84 45.40
        2020-03-19 72.00 84.26 81.18 78.38 86.33 83.40 70.98 65.39 95.47 93.52 93.03 92.90 56.83 48.68
        2020-03-20 66.04 69.51 77.23 77.13 82.94 82.65 69.30 68.65 102.65 97.94 94.43 93.77 52.28 49.52
        2020-03-23 61.59 76.74 75.25 73.67 82.83 80.14 68.27 65.54 106.88 100.81 98.60 95.89 51.64 47.88
        2020-03-24 61.67 61.88 82.07 78.92 89.24 86.47 74.52 68.29 104.89 103.28 103.38 102.47 52.70 50.69
        2020-03-25 63.95 68.86 83.30 80.93 88.58 87.45 75.15 72.45 104.66 104.06 101.97 101.77 53.76 50.26
        2020-03-26 61.00 67.06 88.17 84.06 93.25 89.22 79.83 75.99 105.17 104.48 103.28 102.49 51.11 49.10
        2020-03-27 65.54 69.10 85.54 84.74 90.04 89.73 76.92 75.77 107.98 105.98 102.61 102.44 47.30 45.82
        2020-03-30 57.08 67.69 88.32 85.58 93.31 90.54 78.62 75.72 107.09 106.84 103.06 102.15 44.76 42.65
        2020-03-31 53.54 58.75 87.00 86.48 92.52 91.93 78.22 76.51 106.22 105.96 99.78 99.72 44.55 44.02
    """,
    "2024-08-05": """
        2024-08-02 23.39 29.66 100.00 99.19 100.00 99.05 100.00 99.08 100.00 98.59 100.00 98.90 - -
        2024-08-05 38.57 65.73 97.09 95.75 97.02 94.36 96.78 94.15 100.53 99.61 98.73 97.74 - -
    """,
    "2025-04": """
        2025-04-03 30.02 30.02 100.00 100.00 100.00 99.88 100.00 99.76 100.00 99.99 100.00 98.61 - -
        2025-04-04 45.31 45.61 94.15 94.10 93.79 93.79 95.54 93.16 101.09 101.06 97.66 97.07 - -
        2025-04-07 46.98 60.13 93.98 89.77 94.02 89.29 94.67 90.55 98.04 97.77 95.56 95.17 - -
        2025-04-08 52.33 57.52 92.51 91.14 92.32 90.93 92.18 90.87 96.19 96.05 96.08 95.75 - -
        2025-04-09 33.62 57.96 102.22 91.87 103.40 92.18 100.02 90.56 96.76 93.51 99.64 98.12 - -
    """,
}
"""Per session: date, VIX close, VIX high, then close and low of each symbol."""

_FOLLOWERS: Final = {
    "SPY": "SPX SPXW XSP ES MES DIA YM MYM OEX XEO DJX VOO IVV",
    "QQQ": "NDX NDXP NQX XND NQ MNQ",
    "IWM": "RUT RUTW MRUT RTY M2K",
    "TLT": "ZB UB",
    "GLD": "GC MGC",
    "USO": "CL MCL QM BNO XLE XOP",
}
PROXIES: Final = {name: symbol for symbol, names in _FOLLOWERS.items() for name in names.split()}
"""Products that move with a measured one, by root or ticker."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session of a scenario; `levels` are (close, low) by symbol, in per cent of the scenario's base close."""

    day: date
    vix: float
    vix_high: float
    levels: dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A crisis: its name, and its sessions in order, the first being the one before it began."""

    name: str
    sessions: tuple[Session, ...]


def _session(line: str) -> Session:
    day, vix, high, *levels = line.split()
    pairs = zip(SYMBOLS, levels[::2], levels[1::2], strict=True)
    known = {symbol: (float(close), float(low)) for symbol, close, low in pairs if close != "-"}
    return Session(date.fromisoformat(day), float(vix), float(high), known)


SCENARIOS: Final[tuple[Scenario, ...]] = tuple(
    Scenario(name, tuple(_session(line) for line in table.strip().splitlines())) for name, table in _TABLES.items()
)
"""The four crises, oldest first."""
