"""The parts of a candidate set beside regime and fees: cache life times, ceilings by VIX, crisis weights.

Holds: reading their data from the warehouse, when each is due, and what was decided about proposed fee rates.
Belongs here: which prices and traces a part rests on.
Never here: fits (`pipelines.transforms`), the gate, storing sets (`calibrate`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.steps.parameters.log import sets_of
from pipelines.transforms.parameters.buying_power import calibrate_ceilings, outcomes_of
from pipelines.transforms.parameters.cache_lifetimes import Trace, calibrate_lifetime
from pipelines.transforms.parameters.calibrating import Part
from pipelines.transforms.parameters.candidate_parts import (
    LIFETIMES,
    RateDecision,
    ceiling_part,
    is_due,
    lifetime_part,
    weight_part,
)
from pipelines.transforms.parameters.crisis_weights import TYPED, calibrate_weight
from tomking.kernel.groups import members_of
from tomking.kernel.parameters import ParameterSet, default_values
from warehouse.access import WriteSession

WEEKLY: Final = 7
MONTHLY: Final = 28
"""Days between two judgements of a part: a candidate that is refused is then not stored again every night."""
INDICES: Final = ("SPX", "^GSPC", "SPY")
"""What stands for the stock market, the first that has prices."""
VIX_NAMES: Final = ("VIX", "^VIX", "VIX.INDEX")

_CLOSES = """
    SELECT session_date, coalesce({first}, {second}) FROM records.daily_prices
    WHERE upper(symbol) = ? AND session_date <= ?
        AND source = (
            SELECT source FROM records.daily_prices WHERE upper(symbol) = ?
            GROUP BY source ORDER BY max(session_date) DESC, count(*) DESC, source LIMIT 1)
    QUALIFY row_number() OVER (PARTITION BY session_date ORDER BY revision DESC) = 1
    ORDER BY session_date
"""
_TRACES = """
    SELECT j.run_id, CAST(j.payload ->> '$.session_date' AS DATE) AS day, j.payload ->> '$.traced', j.payload
    FROM records.journal_entries j
    WHERE j.kind = 'staleness' AND j.dialect = 'tomking-1' AND j.deployment = ? AND j.run_id IS NOT NULL
        AND (j.payload ->> '$.cache') = ? AND CAST(j.payload ->> '$.session_date' AS DATE) <= ?
        AND NOT EXISTS (
            -- A run that had values made from this very session is no evidence for them.
            SELECT 1 FROM records.journal_entries a JOIN records.parameter_sets s ON s.sha256 = (a.payload ->> '$.sha256')
            WHERE a.run_id = j.run_id AND a.kind = 'parameters_applied'
                AND s.data_through >= CAST(j.payload ->> '$.session_date' AS DATE))
    ORDER BY day, j.run_id, j.segment, j.line
"""

Array = NDArray[np.float64]
Closes = dict[dt.date, float]


def slow_parts(session: WriteSession, deployment: str, before: ParameterSet | None, through: dt.date) -> list[Part]:
    """The parts that are due on data through a day; a part without data is left out."""
    in_force = default_values() if before is None else before.values_with_defaults()
    judged = _judged(session, deployment)
    found: list[Part] = []
    for cache, name in LIFETIMES.items():
        if is_due(judged.get(f"caches.{cache}", ()), through, WEEKLY):
            evidence = calibrate_lifetime(_traces(session, deployment, cache, through), cache, int(in_force[name]))
            if evidence is not None:
                found.append(lifetime_part(evidence, in_force))
    market = next((symbol for symbol in INDICES if _has_prices(session, symbol)), None)
    if market is None:
        return found
    if is_due(judged.get("limits.ceilings", ()), through, MONTHLY):
        ceilings = _ceilings(session, market, in_force, through)
        found += [] if ceilings is None else [ceilings]
    for group in TYPED:
        if is_due(judged.get(f"limits.crisis_weight_{group}", ()), through, MONTHLY):
            weight = _weight(session, market, group, in_force, through)
            found += [] if weight is None else [weight]
    return found


def rate_decisions(
    session: WriteSession, account: str, component: str, product: str, through: dt.date
) -> list[RateDecision]:
    """What was decided by the end of a day about the proposed rates of an account."""
    rows = session.rows(
        "SELECT proposal_id, state = 'accepted', amount, effective_from, effective_to, coalesce(decided_by, ''), "
        "CAST(decided_at AS DATE) FROM records.fee_rate_proposals WHERE account = ? AND component = ? "
        "AND product = ? AND root IS NULL "
        "AND state IN ('accepted', 'rejected') AND CAST(decided_at AS DATE) <= ? ORDER BY effective_from, proposal_id",
        [account, component, product, through],
    )
    return [RateDecision(*row) for row in rows]


def _judged(session: WriteSession, deployment: str) -> dict[str, list[dt.date]]:
    """On data through which days each part was judged, whatever came of it."""
    found: dict[str, list[dt.date]] = {}
    for stored in sets_of(session, deployment):
        parts = json.loads(stored.evidence).get("parts", {})
        for name in parts if stored.data_through is not None else ():
            found.setdefault(name, []).append(stored.data_through or dt.date.min)
    return found


def _ceilings(session: WriteSession, market: str, in_force: dict[str, str], through: dt.date) -> Part | None:
    closes = _closes(session, market, through, adjusted=False)
    vix: Closes = {}
    for name in VIX_NAMES:
        vix = vix or _closes(session, name, through, adjusted=False)
    days = sorted(closes.keys() & vix.keys())
    evidence = calibrate_ceilings(outcomes_of(days, [closes[one] for one in days], [vix[one] for one in days]), through)
    return None if evidence is None else ceiling_part(evidence, market, in_force)


def _weight(session: WriteSession, market: str, group: str, in_force: dict[str, str], through: dt.date) -> Part | None:
    index = _closes(session, market, through, adjusted=True)
    days = sorted(index)
    members = {
        symbol: closes for symbol in members_of(group) if (closes := _closes(session, symbol, through, adjusted=True))
    }
    if not members or len(days) < 2:
        return None
    returns = {symbol: _returns(closes, days) for symbol, closes in members.items()}
    evidence = calibrate_weight(group, days[1:], _returns(index, days), returns)
    return None if evidence is None else weight_part(evidence, in_force)


def _returns(closes: Closes, days: Sequence[dt.date]) -> Array:
    """Log returns from one day of the list to the next; NaN where one of the two has no price."""
    prices = np.array([closes.get(day, np.nan) for day in days], dtype=np.float64)
    return np.asarray(np.diff(np.log(prices)), dtype=np.float64)


def _has_prices(session: WriteSession, symbol: str) -> bool:
    return bool(session.rows("SELECT 1 FROM records.daily_prices WHERE upper(symbol) = ? LIMIT 1", [symbol]))


def _closes(session: WriteSession, symbol: str, through: dt.date, *, adjusted: bool) -> Closes:
    columns = ("adjusted_close", "close") if adjusted else ("close", "adjusted_close")
    query = _CLOSES.format(first=columns[0], second=columns[1])
    rows = session.rows(query, [symbol.upper(), through, symbol.upper()])
    return {day: float(price) for day, price in rows if price and price > 0}


def _traces(session: WriteSession, deployment: str, cache: str, through: dt.date) -> list[Trace]:
    found = []
    for run_id, day, key, text in session.rows(_TRACES, [deployment, cache, through]):
        payload = json.loads(text)
        readings = {int(second): float(value) for second, value in payload["readings"].items()}
        found.append(Trace(day, f"{run_id} {key}", tuple(payload["requests"]), readings))
    return found
