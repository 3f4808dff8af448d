"""The rolling windows of a backtest's performance.

Holds: one entry of `rollingWindow`, read into its statistics.
Belongs here: how a window is named and what it holds.
Never here: the statistics of the whole run (`lean_result`), or the trades a window names (the file leaves them out).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgspec
from msgspec import Raw

from pipelines.parsing.lean.exact_json import ABSENT, Unreadable, read_map, read_object, text_map
from pipelines.parsing.lean.printed_statistics import parse_statistic
from pipelines.parsing.refusals import Refusal, Refused

_NAME = re.compile(r"M(?P<months>\d{1,3})_(?P<day>\d{8})")


class WindowJson(msgspec.Struct, rename="camel"):
    """The two maps of figures of a window."""

    trade_statistics: Raw = ABSENT
    portfolio_statistics: Raw = ABSENT


@dataclass(frozen=True, slots=True)
class WindowStatistic:
    """One figure of a window of so many months that ends on a day; `section` is trade or portfolio."""

    months: int
    ends_on: dt.date
    section: str
    name: str
    text: str
    number: Decimal | None
    unit: str | None


def parse_window(key: str, data: bytes) -> list[WindowStatistic]:
    """The figures of one window. Raises `Refused` for a name or a content that is none."""
    place = f"$.rollingWindow.{key}"
    try:
        months, ends_on = _named(key, place)
        found = read_object(data, WindowJson, place)
        return [
            *_figures(months, ends_on, "trade", text_map(found.trade_statistics, f"{place}.tradeStatistics")),
            *_figures(
                months, ends_on, "portfolio", text_map(found.portfolio_statistics, f"{place}.portfolioStatistics")
            ),
        ]
    except Unreadable as error:
        raise Refused(error.refusal) from error


def figure_names(data: bytes) -> frozenset[str]:
    """The names of the figures of one window, each with its section, those without a value among them."""
    try:
        found = read_object(data, WindowJson)
        named = {
            "tradeStatistics": read_map(found.trade_statistics, "$"),
            "portfolioStatistics": read_map(found.portfolio_statistics, "$"),
        }
    except Unreadable:
        return frozenset()  # `parse_window` says what is wrong
    return frozenset(f"{section}.{name}" for section, names in named.items() for name in names)


def missing_figures(windows: Mapping[str, frozenset[str]]) -> Iterator[Refusal]:
    """Figures that a window lacks and another one of the file has: the engine writes the same ones in each."""
    everything = frozenset().union(*windows.values())
    for key, names in windows.items():
        if missing := sorted(everything - names):
            said = f"{len(missing)}: {', '.join(missing[:5])}"
            yield Refusal("a window lacks figures that others have", field=f"$.rollingWindow.{key}", value=said)


def _named(key: str, place: str) -> tuple[int, dt.date]:
    found = _NAME.fullmatch(key)
    try:
        if found is not None:
            return int(found["months"]), dt.date.fromisoformat(found["day"])
    except ValueError:
        pass
    raise Unreadable("not the name of a rolling window (M1_20200131)", field=place, value=key[:200])


def _figures(months: int, ends_on: dt.date, section: str, texts: dict[str, str]) -> Iterator[WindowStatistic]:
    for name, text in texts.items():
        number, unit = parse_statistic(text)
        yield WindowStatistic(months, ends_on, section, name, text, number, unit)
