"""Fee schedules as data: one module per broker, one for the regulators.

Holds: dated rows, each with its source in a few words and how sure it is, and the list of plans.
Belongs here: rates, and how each is rounded, capped and selected.
Never here: arithmetic, and rates that statements have only suggested (those are proposals in the warehouse until a
person or a rule accepts them; `FeeSchedule.with_rates` then adds them).
"""

from __future__ import annotations

from typing import Final

from tomking.kernel.schedules import tastytrade
from tomking.kernel.schedules.rates import FeeRate

PLANS: Final[dict[tuple[str, str], tuple[FeeRate, ...]]] = {
    ("tastytrade", "standard"): tastytrade.RATES,
}
"""Accepted rows by broker and plan."""
