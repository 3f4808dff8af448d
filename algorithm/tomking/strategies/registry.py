"""Every strategy by name.

Holds: the table of strategies, and making those of a run from parameter values.
Belongs here: the one list of what can be traded.
Never here: rules.
"""

from __future__ import annotations

from collections.abc import Mapping

from tomking.strategies.friday0dte import Friday0dte
from tomking.strategies.high_vix_puts import HighVixPuts
from tomking.strategies.insurance_puts import InsurancePuts
from tomking.strategies.ipmcc import Ipmcc
from tomking.strategies.leap_ladder import LeapLadder
from tomking.strategies.one_one_two import OneOneTwo
from tomking.strategies.strangle import Strangle
from tomking.strategies.strategy import Strategy

STRATEGIES: Mapping[str, type[Strategy]] = {
    one.name: one for one in (Friday0dte, OneOneTwo, Strangle, Ipmcc, LeapLadder, InsurancePuts, HighVixPuts)
}
"""The strategies, in the order in which they are asked for entries."""


class StrategyRefused(ValueError):
    """A run asks for a strategy that does not exist; the message names it and those that do."""


def names_of(text: str) -> tuple[str, ...]:
    """Strategy names joined by `+`, each once, in the registry's order. Raises StrategyRefused."""
    wanted = [name.strip() for name in text.split("+") if name.strip()]
    for name in wanted:
        if name not in STRATEGIES:
            raise StrategyRefused(f"strategies: {name!r} is none of {', '.join(STRATEGIES)}")
    if not wanted:
        raise StrategyRefused(f"strategies: none named; known are {', '.join(STRATEGIES)}")
    return tuple(name for name in STRATEGIES if name in wanted)


def make_strategies(names: tuple[str, ...], values: Mapping[str, str]) -> tuple[Strategy, ...]:
    """The named strategies with these parameter values. Raises as `Strategy.from_values`."""
    return tuple(STRATEGIES[name].from_values(values) for name in names)
