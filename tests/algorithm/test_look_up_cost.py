"""The work of a look-up does not grow with the book: calls are counted, not seconds.

Holds: the slope of work over size for every look-up, and for the scan it replaces.
Belongs here: growth; `python -m tests.benchmarks modules` measures time.
Never here: right answers (tests/algorithm/test_book.py, tests/kernel/test_position_index.py).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import pytest

from tests.benchmarks.kernel_modules import LookUp, look_ups, made_book, slope, ten_strikes

SIZES = (10, 100, 1_000)
BOOKS = {size: made_book(size) for size in SIZES}
LOOK_UPS = {size: {one.name: one for one in look_ups(size)} for size in SIZES}
STEEPEST = 0.2


def work(call: Callable[[], Any]) -> int:
    """Calls and returns, of Python's functions and of C's, that a call makes."""
    count = 0

    def note(_frame: FrameType, _event: str, _argument: Any) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(before)
    return count


def grows(way: Callable[[LookUp], Callable[[Any], Any]], name: str) -> float:
    counted = []
    for size, book in BOOKS.items():
        call = partial(way(LOOK_UPS[size][name]), book)
        call()
        counted.append(float(work(call)))
    return slope(SIZES, counted)


@pytest.mark.parametrize("name", LOOK_UPS[SIZES[0]])
def test_the_work_of_a_look_up_stays_the_same_where_a_scan_grows(name: str) -> None:
    assert grows(lambda one: one.ours, name) < STEEPEST
    if name != "trade of an order":  # its scan makes no calls that could be counted
        assert grows(lambda one: one.scan, name) > 0.6


def test_the_work_of_a_change_stays_nearly_the_same() -> None:
    counted = [float(work(partial(book.change, f"t{size // 2}", attempts=1))) for size, book in BOOKS.items()]
    assert slope(SIZES, counted) < STEEPEST


def test_a_strike_range_costs_what_it_answers() -> None:
    ranges = [ten_strikes(book) for book in BOOKS.values()]
    assert slope(SIZES, [float(work(one)) for one in ranges]) < STEEPEST
