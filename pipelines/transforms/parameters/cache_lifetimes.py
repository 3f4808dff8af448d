"""Life times of the algorithm's caches, from what age was seen to cost.

Holds: replaying traced requests under a life time, the best life time, and its score on days that did not choose it.
Belongs here: the trade between an old answer and another call of the provider.
Never here: reading journals, the gate, the caches themselves.

A trace is one key through one session: when it was asked for, and what a fresh reading said. Under a life time it has so
many calls of the provider, and each answer served from memory is off by the difference to the fresh reading at that
second. The cost of a request is

    error of the answer + price of a call * calls per request

in the unit of the value. The price says what one call is worth: `CALL_PRICE`, ours. Requests without a fresh reading
count for the calls, not for the error.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

CHOICES: Final[Mapping[str, tuple[int, ...]]] = {
    "greeks": (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600),
    "chains": (30, 60, 120, 180, 240, 300, 420, 600, 900, 1800, 3600),
}
"""Life times that are tried, seconds."""

CALL_PRICE: Final[Mapping[str, float]] = {"greeks": 0.002, "chains": 0.002}
"""What a call of the provider may save in error to be worth it: 0.002 of delta, 0.2 points of volatility."""

WINDOW: Final = 20
"""Sessions that a learnt life time is chosen from."""
PURGE: Final = 1
"""Sessions between those that chose and the one that is scored: a trace may straddle a night's positions."""
LEARNT_MARGIN: Final = 0.01
"""Share of the cost by which a learnt life has to beat the best fixed one."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One key of a cache through one session; seconds are those of the UTC day, in order."""

    day: dt.date
    key: str
    requests: tuple[int, ...]
    readings: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Usage:
    """What requests came to under a life time; `errors` counts the answers whose error is known."""

    requests: int = 0
    calls: int = 0
    errors: int = 0
    error: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.requests + other.requests,
            self.calls + other.calls,
            self.errors + other.errors,
            self.error + other.error,
        )

    def cost(self, price: float) -> float | None:
        """Cost of a request; None without a request, or where no answer's error is known."""
        if not self.requests or not self.errors:
            return None
        return self.error / self.errors + price * self.calls / self.requests


@dataclass(frozen=True, slots=True)
class LifetimeEvidence:
    """How each way of choosing a life time did on the held-out days.

    `learnt` chooses anew each day from the `WINDOW` sessions before; `fixed_ahead` takes for each day the best of all
    days before it; `fixed_best` is the best single life time in hindsight of the held-out days themselves, `in_force` the
    present one. Costs are per request, in the unit of the value. `by_lifetime` is the cost of each choice on those days.
    """

    cache: str
    first_day: dt.date
    last_day: dt.date
    days: int
    requests: int
    learnt: float
    fixed_ahead: float
    fixed_best: float
    fixed_best_seconds: int
    in_force: float
    in_force_seconds: int
    by_lifetime: Mapping[int, float]
    next_learnt: int
    next_fixed: int

    @property
    def is_learnt_better(self) -> bool:
        """Whether learning beats the best fixed life time by its margin, which that one knew the days to reach."""
        return self.learnt < self.fixed_best * (1 - LEARNT_MARGIN)


def replay(trace: Trace, seconds: int) -> Usage:
    """What the requests of a trace would have come to under a life time of so many seconds."""
    calls = errors = 0
    error = 0.0
    read_at: int | None = None
    held: float | None = None
    for second in trace.requests:
        fresh = trace.readings.get(second)
        if read_at is None or second - read_at >= seconds:
            calls, read_at, held = calls + 1, second, fresh
        if held is not None and fresh is not None:
            errors, error = errors + 1, error + abs(held - fresh)
    return Usage(len(trace.requests), calls, errors, error)


def calibrate_lifetime(traces: Iterable[Trace], cache: str, in_force: int) -> LifetimeEvidence | None:
    """Score the ways of choosing a life time; None where too few sessions were traced to hold any out.

    Every choice for a day rests on sessions that ended at least `PURGE` sessions before it, apart from the one in
    hindsight, which is there to be beaten.
    """
    choices = tuple(sorted({*CHOICES[cache], in_force}))
    by_day = _by_day(traces, choices)
    days = sorted(by_day)
    price = CALL_PRICE[cache]
    held_out = days[WINDOW + PURGE :]
    if not held_out:
        return None
    learnt = ahead = Usage()
    for place in range(WINDOW + PURGE, len(days)):
        known = days[: place - PURGE]
        today = by_day[days[place]]
        learnt += today[_best([by_day[day] for day in known[-WINDOW:]], choices, price, in_force)]
        ahead += today[_best([by_day[day] for day in known], choices, price, in_force)]
    totals = {seconds: _sum(by_day[day][seconds] for day in held_out) for seconds in choices}
    costs = {seconds: cost for seconds in choices if (cost := totals[seconds].cost(price)) is not None}
    costs_of = (learnt.cost(price), ahead.cost(price))
    if not costs or None in costs_of or in_force not in costs:
        return None
    best = min(costs, key=lambda seconds: (costs[seconds], seconds))
    return LifetimeEvidence(
        cache=cache,
        first_day=held_out[0],
        last_day=held_out[-1],
        days=len(held_out),
        requests=totals[in_force].requests,
        learnt=costs_of[0] or 0.0,
        fixed_ahead=costs_of[1] or 0.0,
        fixed_best=costs[best],
        fixed_best_seconds=best,
        in_force=costs[in_force],
        in_force_seconds=in_force,
        by_lifetime=costs,
        next_learnt=_best([by_day[day] for day in days[-WINDOW:]], choices, price, in_force),
        next_fixed=_best([by_day[day] for day in days], choices, price, in_force),
    )


def staleness_curve(traces: Iterable[Trace], edges: Sequence[int]) -> list[tuple[int, int, float]]:
    """(upper age in seconds, pairs, mean change) of fresh readings of one key and session, by their distance."""
    sums = [[0, 0.0] for _ in edges]
    for trace in traces:
        seen = sorted(trace.readings.items())
        for place, (second, value) in enumerate(seen):
            for later, other in seen[place + 1 :]:
                bucket = next((n for n, edge in enumerate(edges) if later - second <= edge), None)
                if bucket is None:
                    break
                sums[bucket][0] += 1
                sums[bucket][1] += abs(other - value)
    return [(edge, int(count), total / count) for edge, (count, total) in zip(edges, sums, strict=True) if count]


_Day = Mapping[int, Usage]


def _by_day(traces: Iterable[Trace], choices: Sequence[int]) -> dict[dt.date, dict[int, Usage]]:
    found: dict[dt.date, dict[int, Usage]] = {}
    for trace in traces:
        day = found.setdefault(trace.day, dict.fromkeys(choices, Usage()))
        for seconds in choices:
            day[seconds] += replay(trace, seconds)
    return found


def _best(days: Sequence[_Day], choices: Sequence[int], price: float, otherwise: int) -> int:
    """The cheapest life time over some days, the shortest of equals; `otherwise` where nothing is known."""
    costs = {seconds: _sum(day[seconds] for day in days).cost(price) for seconds in choices}
    known = {seconds: cost for seconds, cost in costs.items() if cost is not None}
    return min(known, key=lambda seconds: (known[seconds], seconds)) if known else otherwise


def _sum(usages: Iterable[Usage]) -> Usage:
    total = Usage()
    for usage in usages:
        total += usage
    return total
