"""Fee schedules as data: one module per broker, one for the regulators.

Holds: dated rows, each with its source in a few words and how sure it is, and the list of plans.
Belongs here: rates, and how each is rounded, capped and selected.
Never here: arithmetic, and rates that statements have only suggested (those are proposals in the warehouse until a
person or a rule accepts them; `FeeSchedule.with_rates` then adds them).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from tomking.kernel.schedules import ibkr, schwab, tastytrade, td_ameritrade
from tomking.kernel.schedules.rates import FeeRate

PLANS: Final[dict[tuple[str, str], tuple[FeeRate, ...]]] = {
    ("ibkr", "fixed"): ibkr.FIXED,
    ("ibkr", "lite"): ibkr.LITE,
    ("ibkr", "standard"): ibkr.FIXED,
    ("ibkr", "tiered"): ibkr.TIERED,
    ("schwab", "standard"): schwab.RATES,
    ("tastytrade", "standard"): tastytrade.RATES,
    ("tdameritrade", "standard"): td_ameritrade.RATES,
}
"""Accepted rows by broker and plan."""

PROPOSED: Final[dict[tuple[str, str], tuple[FeeRate, ...]]] = {
    ("ibkr", "fixed"): ibkr.PROPOSED_RATES,
    ("ibkr", "tiered"): ibkr.PROPOSED_RATES,
    ("schwab", "standard"): schwab.PROPOSED_RATES,
    ("tastytrade", "standard"): tastytrade.PROPOSED_RATES,
    ("tdameritrade", "standard"): td_ameritrade.PROPOSED_RATES,
}
"""Rows seen somewhere without evidence: listed, never used."""


@dataclass(frozen=True, slots=True)
class Closure:
    """A broker that charges nothing any more from a day on, and why."""

    since: date
    why: str


CLOSED: Final[dict[str, Closure]] = {
    "tdameritrade": Closure(
        td_ameritrade.MOVED, f"accounts of TD Ameritrade moved to Schwab by {td_ameritrade.MOVED}; price with 'schwab'"
    ),
}
"""Brokers whose schedules are history: a later day is refused, not priced at the last rates."""
