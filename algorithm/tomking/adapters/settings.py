"""What a run was started with: dates, cash, deployment, brokerage model.

Holds: the run parameters' names, defaults and conversion.
Belongs here: a setting of one run that LEAN hands over as a parameter.
Never here: numbers of a trading rule (those come in the published set).

Every value is taken as text and converted here, because LEAN answers a text it cannot convert with the default.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

DEFAULTS = {
    "start": "2019-12-02",
    "end": "2020-03-31",
    "cash": "250000",
    "deployment": "demo",
    "brokerage": "tastytrade",
    "resolution": "hour",
    "refresh_minutes": "10",
}
"""The run parameters and what holds where one is not given."""

BROKERAGES = ("tastytrade", "schwab", "ibkr")
RESOLUTIONS = ("minute", "hour")


class SettingRefused(ValueError):
    """A run parameter cannot be used; the message names it, its text and what would do."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """The settings of one run, converted. `cash` is USD; `refresh_minutes` counts for live runs."""

    start: date
    end: date
    cash: Decimal
    deployment: str
    brokerage: str
    resolution: str
    refresh_minutes: int

    @classmethod
    def read(cls, get_text: Callable[[str], str | None]) -> RunSettings:
        """The settings behind `get_text`, which answers a name with its text or None. Raises SettingRefused."""

        def text(name: str) -> str:
            return get_text(name) or DEFAULTS[name]

        start, end = _day("start", text("start")), _day("end", text("end"))
        if end < start:
            raise SettingRefused(f"end: {end} is before the start, {start}")
        return cls(
            start=start,
            end=end,
            cash=_cash(text("cash")),
            deployment=text("deployment"),
            brokerage=_one_of("brokerage", text("brokerage"), BROKERAGES),
            resolution=_one_of("resolution", text("resolution"), RESOLUTIONS),
            refresh_minutes=_minutes(text("refresh_minutes")),
        )


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingRefused(f"{name}: {text!r} is no date like 2019-12-02") from error


def _cash(text: str) -> Decimal:
    try:
        cash = Decimal(text)
    except InvalidOperation as error:
        raise SettingRefused(f"cash: {text!r} is no number") from error
    if not cash.is_finite() or cash <= 0:
        raise SettingRefused(f"cash: {text} is not above 0")
    return cash


def _minutes(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise SettingRefused(f"refresh_minutes: {text!r} is no whole number from 1")
    return int(text)


def _one_of(name: str, text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise SettingRefused(f"{name}: {text!r} is none of {', '.join(known)}")
    return text
