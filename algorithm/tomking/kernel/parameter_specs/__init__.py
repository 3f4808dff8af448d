"""Every number the algorithm works with: default, bounds, unit, meaning and the rule it comes from.

Holds: one table per part of the algorithm, and here `SPECS`, which joins them.
Belongs here: a number that a strategy, a limit, a cache, a fee forecast or the regime monitor reads.
Never here: documents, history, or code that acts on a value.

Sources name a row of the rule set (`strangle: exit`, with the codes of its texts), or say that the figure is ours.
"""

from __future__ import annotations

from collections.abc import Mapping

from tomking.kernel.parameter_specs import (
    caches,
    feedback,
    friday0dte,
    high_vix_puts,
    insurance_puts,
    ipmcc,
    leap_ladder,
    limits,
    monitor,
    one_one_two,
    regime,
    strangle,
)
from tomking.kernel.parameter_specs.spec import Kind, ParameterSpec, Value, ValueRefused

__all__ = ["FAMILIES", "ORDERED", "SPECS", "Kind", "ParameterSpec", "Value", "ValueRefused"]

_STRATEGIES = (friday0dte, one_one_two, strangle, ipmcc, leap_ladder, insurance_puts, high_vix_puts)
_TABLES = (*_STRATEGIES, limits, caches, feedback, regime, monitor)

SPECS: Mapping[str, ParameterSpec] = {spec.id: spec for table in _TABLES for spec in table.PARAMETERS}
"""Every parameter by id."""

ORDERED: tuple[tuple[str, str], ...] = (
    *regime.ORDERED,
    *limits.ORDERED,
    *monitor.ORDERED,
    *(pair for table in _STRATEGIES for pair in table.ORDERED),
)
"""Pairs of which the first may not exceed the second, where both are set."""

FAMILIES: Mapping[str, tuple[str, ...]] = {
    family: tuple(spec.id for spec in SPECS.values() if spec.family == family)
    for family in sorted({spec.family for spec in SPECS.values() if spec.family is not None})
}
"""Ids that come together or not at all, by family."""
