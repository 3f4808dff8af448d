"""What a run was started with: dates, cash, what is traded, deployment, brokerage model.

Holds: the run parameters' names, defaults and conversion.
Belongs here: a setting of one run that LEAN hands over as a parameter.
Never here: numbers of a trading rule (those come in the published set).

Every value is taken as text and converted here, because LEAN answers a text it cannot convert with the default. Lists
are joined by `+`: the engine's command line breaks on commas and colons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from tomking.strategies.registry import STRATEGIES, StrategyRefused, names_of

AS_PUBLISHED = "as_published"
"""The `underlying` that leaves each strategy's vehicles as the parameter set names them."""

DEFAULTS: Mapping[str, str] = {
    "start": "2019-12-02",
    "end": "2020-03-31",
    "cash": "250000",
    "underlying": "SPY",
    "resolution": "hour",
    "strategies": "+".join(STRATEGIES),
    "brokerage": "tastytrade",
    "deployment": "demo",
    "run": "",
    "fee_model": "brokerage",
    "vix": "",
    "correlations": "",
    "without": "",
    "sets": "dated",
    "refresh_minutes": "10",
}
"""The run parameters and what holds where one is not given."""

BROKERAGES = ("tastytrade", "schwab", "ibkr")
RESOLUTIONS = ("minute", "hour")
FEE_MODELS = ("brokerage", "schedule")
SETS = ("dated", "current")
MODULES = ("chain_cache", "greeks_cache")
"""What `without` may switch off; the orders stay the same."""


class SettingRefused(ValueError):
    """A run parameter cannot be used; the message names it, its text and what would do."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """The settings of one run, converted.

    `cash` is USD; `refresh_minutes` counts for live runs. `underlyings` is empty where the vehicles are those of the
    parameter set. `run` names the run in its journal's key (LEAN's algorithm id is empty in `initialize`). `fee_model`:
    the brokerage's own, or our dated `schedule`. `vix` is the ticker of the index, empty without one. `without` names
    modules that are switched off. `sets`: a backtest walks through the dated history, or works with the current set on
    every day, which then has seen the days it trades.
    """

    start: date
    end: date
    cash: Decimal
    underlyings: tuple[str, ...]
    resolution: str
    strategies: tuple[str, ...]
    brokerage: str
    deployment: str
    run: str
    fee_model: str
    vix: str
    correlations: tuple[str, ...]
    without: frozenset[str]
    sets: str
    refresh_minutes: int

    @classmethod
    def read(cls, get_text: Callable[[str], str | None]) -> RunSettings:
        """The settings behind `get_text`, which answers a name with its text or None. Raises SettingRefused."""

        def text(name: str) -> str:
            return str(get_text(name) or DEFAULTS[name]).strip()

        start, end = _day("start", text("start")), _day("end", text("end"))
        if end < start:
            raise SettingRefused(f"end: {end} is before the start, {start}")
        try:
            strategies = names_of(text("strategies"))
        except StrategyRefused as error:
            raise SettingRefused(str(error)) from error
        underlying = text("underlying")
        return cls(
            start=start,
            end=end,
            cash=_cash(text("cash")),
            underlyings=() if underlying == AS_PUBLISHED else _list(underlying.upper()),
            resolution=_one_of("resolution", text("resolution"), RESOLUTIONS),
            strategies=strategies,
            brokerage=_one_of("brokerage", text("brokerage"), BROKERAGES),
            deployment=text("deployment"),
            run=text("run"),
            fee_model=_one_of("fee_model", text("fee_model"), FEE_MODELS),
            vix=text("vix").upper(),
            correlations=_list(text("correlations").upper()),
            without=frozenset(_one_of("without", name, MODULES) for name in _list(text("without"))),
            sets=_one_of("sets", text("sets"), SETS),
            refresh_minutes=_minutes(text("refresh_minutes")),
        )

    def values(self, published: Mapping[str, str]) -> dict[str, str]:
        """Parameter values with the vehicles that this run trades instead of the published ones."""
        found = dict(published)
        if self.underlyings:
            traded = "+".join(self.underlyings)
            for name in (name for name in found if name.endswith(".vehicle")):
                stands_for = name.removesuffix("vehicle") + "stands_for"
                found[name] = traded
                if found.get(stands_for, "").count("+") != traded.count("+"):
                    found[stands_for] = traded
        return found


def _list(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split("+") if part.strip()))


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
