"""Handlers take turns: nothing runs inside another, nothing is lost, nobody waits for a thread that waits for him."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tomking.adapters.turns import Turns


def test_what_arrives_inside_an_act_runs_after_it() -> None:
    turns, done = Turns(), list[str]()

    def slice_of_data() -> None:
        turns.leave(lambda: done.append("event"))
        done.append("slice")

    turns.wait(slice_of_data)
    assert done == ["slice", "event"]


def test_what_is_left_while_another_thread_works_is_done_by_that_thread_and_the_caller_goes_on() -> None:
    turns, working, go_on = Turns(), threading.Event(), threading.Event()
    done: list[tuple[str, str]] = []

    def note(what: str) -> Callable[[], None]:
        return lambda: done.append((what, threading.current_thread().name))

    def slice_of_data() -> None:
        working.set()
        assert go_on.wait(10)
        note("slice")()

    thread = threading.Thread(target=lambda: turns.wait(slice_of_data), name="data")
    thread.start()
    assert working.wait(10)
    turns.leave(note("event"))
    assert done == []
    go_on.set()
    thread.join(10)
    assert done == [("slice", "data"), ("event", "data")]


def test_nothing_is_lost_and_nothing_overlaps_under_many_threads() -> None:
    turns, inside, most, count = Turns(), 0, 0, 0

    def act() -> None:
        nonlocal inside, most, count
        inside += 1
        most = max(most, inside)
        count += 1
        inside -= 1

    threads = [
        threading.Thread(target=lambda way=way: [way(act) for _ in range(500)])
        for way in (turns.wait, turns.leave, turns.leave, turns.wait)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (count, most) == (2_000, 1)


def test_an_act_that_raises_leaves_the_turn_to_the_next() -> None:
    turns, done = Turns(), list[int]()

    def fails() -> None:
        raise LookupError

    for way in (turns.wait, turns.leave):
        with pytest.raises(LookupError):
            way(fails)
    turns.wait(lambda: done.append(1))
    assert done == [1]
