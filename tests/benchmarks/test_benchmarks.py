"""The benchmarks run, compare the same work, and say what they found; how fast anything is, no test asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import __main__ as command
from tests.benchmarks import figures
from tests.benchmarks.__main__ import CASES, main
from tests.benchmarks.figures import Figure
from tests.benchmarks.harness import Comparison, measure


@pytest.mark.slow
def test_every_comparison_runs_and_its_ways_agree(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--small", "--repeat", "1"])
    printed = capsys.readouterr().out
    assert all(what in printed for what in ("decode order events", "insert rows", "20-day", "publish a copy"))
    assert all(what in printed for what in ("a generated run", "bare read_json", "ours: one Dagster run"))
    assert "ours: matching" in printed
    assert "trade of an order" in printed
    assert "every window each minute" in printed
    assert len(CASES) == 14


def test_ratios_are_kept_and_the_next_ones_compared_with_them(tmp_path: Path) -> None:
    before = figures.store([Figure("reading", 2.0), Figure("writing", 1.0)], tmp_path)
    assert figures.store([Figure("writing", 1.5)], tmp_path) == before
    kept = json.loads(before.read_bytes())
    assert kept["ratios"] == {"reading": 2.0, "writing": 1.5}
    assert not {"host", "node", "path"} & kept["machine"].keys()
    known = figures.stored(tmp_path)
    now = [Figure("reading", 2.0 * (1 + figures.MARGIN) + 0.01), Figure("writing", 1.6), Figure("new", 9.0)]
    assert [figures.is_worse(figure, known) for figure in now] == [True, False, False]
    assert [row[-1] for row in figures.compared(now, known)] == ["WORSE", "ok", ""]


def test_a_ratio_above_what_is_asked_of_it_is_too_much_in_any_release(tmp_path: Path) -> None:
    asked = [Figure("reading", 2.1, 2.0), Figure("reading", 2.0, 2.0), Figure("time", 9.0, is_kept=False)]
    assert [figures.is_too_much(figure) for figure in asked] == [True, False, False]
    assert [row[-1] for row in figures.compared(asked, {})] == ["TOO MUCH", "ok", ""]
    assert json.loads(figures.store(asked, tmp_path).read_bytes())["ratios"] == {"reading": 2.0}


def test_of_several_releases_the_newest_counts(tmp_path: Path) -> None:
    for release, ratio in (("0.9.0", 3.0), ("0.10.0", 4.0)):
        (tmp_path / f"{release}.json").write_text(json.dumps({"ratios": {"reading": ratio}}))
    assert figures.stored(tmp_path) == {"reading": ("0.10.0", 4.0)}


@pytest.mark.parametrize(("ratio", "fails"), [(1.0, False), (1.25, True), (9.0, True)])
def test_a_worse_ratio_fails_the_command(
    ratio: float, fails: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    figures.store([Figure("reading", 1.0)], tmp_path)
    monkeypatch.setattr(figures, "stored", partial(figures.stored, tmp_path))
    monkeypatch.setattr(command, "_small", lambda _asked, _folder: [Figure("reading", ratio, 1.2)])
    monkeypatch.setattr(command, "_large", lambda _asked, _folder: [])
    if fails:
        with pytest.raises(SystemExit) as stopped:
            main(["decoding"])
        assert stopped.value.code == 1
    else:
        main(["decoding"])


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
