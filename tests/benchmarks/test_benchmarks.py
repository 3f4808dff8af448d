"""The benchmarks run, compare the same work, and say what they found; how fast anything is, no test asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.benchmarks.__main__ import CASES, main
from tests.benchmarks.harness import Comparison, measure


def test_every_comparison_runs_and_its_ways_agree(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--small", "--repeat", "1"])
    printed = capsys.readouterr().out
    assert all(what in printed for what in ("decode order events", "insert rows", "20-day", "publish a copy"))
    assert len(CASES) == 4


def test_an_unknown_comparison_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["guessing"])
    assert stopped.value.code == 2
    assert "guessing" in capsys.readouterr().err


def test_ways_that_come_to_different_results_are_no_comparison() -> None:
    different = Comparison("sum", "2 numbers", {"ours": lambda: 3, "other": lambda: 4}, lambda one, other: one == other)
    with pytest.raises(AssertionError, match="another result"):
        measure(different, 1)


def test_ways_take_turns_and_the_first_is_the_measure() -> None:
    calls: list[str] = []
    ways: dict[str, Callable[[], Any]] = {name: partial(calls.append, name) for name in ("ours", "other")}
    found = measure(Comparison("turns", "", ways, lambda _one, _other: True), 2)
    assert calls == ["ours", "other", "ours", "other", "other", "ours"]
    assert found[0].ratio == 1
    assert all(one.fastest <= one.median <= one.slowest for one in found)
