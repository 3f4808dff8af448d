"""Daily price bars, whatever file they come from.

Holds: the bar, the result of reading one price file, and the checks that every bar passes.
Belongs here: what LEAN zips and CSV files share.
Never here: the layout of one format.

Prices are float64: they feed statistics only. Money of fills and fees never passes through here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipelines.parsing.refusals import Refusal
from pipelines.parsing.statements.csv_columns import CellError, number


@dataclass(frozen=True, slots=True)
class PriceBar:
    """One symbol on one session; what the source does not give is None.

    `close` is as traded, `adjusted_close` corrected for splits and dividends. `line` is the 1-based line of the file.
    """

    symbol: str
    session_date: dt.date
    close: float | None
    adjusted_close: float | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    volume: float | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class PriceFile:
    """What one file gave: bars in the file's sequence, and the rows or cells that were not taken."""

    kind: str
    symbols: tuple[str, ...]
    bars: tuple[PriceBar, ...]
    refusals: tuple[Refusal, ...]


def read_date(text: str) -> dt.date | None:
    """A date written `2020-03-16`, `20200316`, or either with a midnight behind it; None for anything else."""
    day, _, clock = text.strip().replace("T", " ").partition(" ")
    if clock and clock.strip("0:.Z+"):
        return None
    if len(day) == 8 and day.isascii() and day.isdigit():
        day = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    if len(day) != 10:
        return None
    try:
        return dt.date.fromisoformat(day)
    except ValueError:
        return None


def read_price(text: str, scale: float = 1.0) -> float | None:
    """A price above zero, divided by `scale`; None for an empty cell. Raises `CellError` for anything else.

    Zero and below are refused although a future once settled below zero: a relative change from there has no meaning.
    """
    if not text.strip():
        return None
    value = float(number(text.strip()))
    if value <= 0.0:
        raise CellError("expected a price above zero")
    return value / scale


def read_volume(text: str) -> float | None:
    """A volume of zero or more; None for an empty cell. Raises `CellError` for anything else."""
    if not text.strip():
        return None
    value = float(number(text.strip()))
    if value < 0.0:
        raise CellError("expected a volume of zero or more")
    return value


def check_bar(bar: PriceBar) -> tuple[PriceBar | None, Refusal | None]:
    """The bar as far as it can be believed, with the refusal of what cannot.

    A close outside the day's range, or a range upside down, refuses the row. An open outside the range is taken away
    and the rest stands: index providers are known for it, and nothing here rests on the open.
    """
    if bar.close is None and bar.adjusted_close is None:
        return None, Refusal("the row has no close", line=bar.line, field="close")
    low, high = bar.low, bar.high
    if low is not None and high is not None and low > high:
        return None, Refusal("the low is above the high", line=bar.line, field="low", value=str(low))
    if bar.close is not None and _outside(bar.close, low, high):
        return None, Refusal(
            "the close lies outside the day's range", line=bar.line, field="close", value=str(bar.close)
        )
    if bar.open is not None and _outside(bar.open, low, high):
        refusal = Refusal(
            "the open lies outside the day's range; the row is kept without it",
            line=bar.line,
            field="open",
            value=str(bar.open),
        )
        return replace(bar, open=None), refusal
    return bar, None


def collect(kind: str, bars: Iterable[PriceBar | Refusal], symbols: Iterable[str] = ()) -> PriceFile:
    """Bars and refusals of a file, each bar checked, a second bar of one symbol and session refused.

    `symbols` are those the header promises, bars or not.
    """
    kept: list[PriceBar] = []
    refusals: list[Refusal] = []
    seen: dict[tuple[str, dt.date], int | None] = {}
    for found in bars:
        if isinstance(found, Refusal):
            refusals.append(found)
            continue
        bar, refusal = check_bar(found)
        if refusal is not None:
            refusals.append(refusal)
        if bar is None:
            continue
        place = (bar.symbol, bar.session_date)
        if place in seen:
            first = seen[place]
            refusals.append(
                Refusal(
                    f"{bar.symbol} has a bar for {bar.session_date} already (line {first})",
                    line=bar.line,
                    field="date",
                    value=str(bar.session_date),
                )
            )
            continue
        seen[place] = bar.line
        kept.append(bar)
    names = dict.fromkeys([*symbols, *(bar.symbol for bar in kept)])
    return PriceFile(kind, tuple(names), tuple(kept), tuple(refusals))


def _outside(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)
