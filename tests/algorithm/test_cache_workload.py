"""Hit rates on a stated workload: every strategy's window each minute of twenty sessions (tests.benchmarks.cache_workload).

Holds: the rate with the cache, without it, and how many fewer calls that is.
Belongs here: what the cache is worth where it is asked often.
Never here: how often the algorithm asks (its journal counts that; `python -m tests.benchmarks caches` prints it).
"""

from __future__ import annotations

import datetime as dt

import pytest

from tests.algorithm.support import DATA
from tests.benchmarks.cache_workload import replay
from tests.benchmarks.chain_requests import asked
from tests.lean_double.data import DataFolder
from tests.lean_double.minute_steps import MinuteSteps
from tomking.kernel.parameters import default_values

FIRST, LAST = dt.date(2019, 12, 2), dt.date(2019, 12, 31)

pytestmark = pytest.mark.slow


def test_on_every_one_of_twenty_sessions_more_than_four_of_five_requests_are_hits() -> None:
    days = replay(default_values(), FIRST, LAST)
    assert len(days) > 20
    assert min(day.hit_rate for day in days) > 0.85
    assert min(day.factor for day in days) > 10


def test_without_the_cache_every_request_is_a_call_of_the_provider() -> None:
    days = replay(default_values(), FIRST, FIRST + dt.timedelta(days=1), enabled=False)
    assert [day.hit_rate for day in days] == [0, 0]
    assert all(day.calls == day.requests for day in days)


def test_in_a_storm_events_cost_hits_and_the_rate_is_still_told() -> None:
    calm = replay(default_values(), FIRST, FIRST + dt.timedelta(days=4))
    storm = replay(default_values(), dt.date(2020, 3, 16), dt.date(2020, 3, 20))
    assert sum(day.calls for day in storm) > sum(day.calls for day in calm)


@pytest.mark.parametrize("folder", [DataFolder, MinuteSteps])
def test_no_moment_of_a_run_reads_a_chain_twice_whoever_asks_for_it(folder: type[DataFolder]) -> None:
    found = asked(folder(DATA), ("2019-12-02", "2019-12-13"))
    assert len(found.requests) > 10
    assert set(found.reads.values()) == {1}
    assert {moment for moment, _ in found.reads} == found.requests.keys()
