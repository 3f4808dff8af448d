"""A recorded run of the algorithm beside the stand-in's: nothing differs from itself, and each difference has its cause."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.algorithm.conftest import Traded
from tests.algorithm.support import DATA
from tests.lean_double.beside_engine import main

Document = dict[str, Any]


@pytest.fixture
def recording(traded: Traded, tmp_path: Path) -> tuple[Path, Path]:
    """The shared run as if the engine had left it."""
    results, store = tmp_path / "results", tmp_path / "store"
    shutil.copytree(traded.results, results)
    shutil.copytree(traded.store, store)
    return results, store


def told(recording: tuple[Path, Path], capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, list[str]]:
    results, store = recording
    code = main([str(results), "--object-store", str(store), "--data", str(DATA), *more])
    return code, capsys.readouterr().out.splitlines()


def changed(path: Path, change: Callable[[Any], object]) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def filled(document: Document) -> Document:
    found: Document = next(order for order in document["orders"].values() if order["status"] == 3)
    return found


def test_a_run_beside_itself_differs_in_nothing(
    recording: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = told(recording, capsys)
    assert code == 0
    assert lines[0].endswith("(100.00%)")
    assert lines[2:] == ["nothing differs"]


CHANGES: dict[str, Callable[[Document], object]] = {
    "price of the fill: 1": lambda one: filled(one).update(price=filled(one)["price"] + 0.01),
    "time of the fill: 1": lambda one: filled(one).update(lastFillTime="2020-01-02T15:00:00Z"),
    "status: 1": lambda one: filled(one).update(status=7),
    "order only on the engine: 1": lambda one: one["orders"].update({"9": {**filled(one), "tag": "another"}}),
    "order only on the stand-in: 1": lambda one: one["orders"].pop("1"),
}


@pytest.mark.parametrize("cause", CHANGES)
def test_what_differs_is_listed_by_cause(
    recording: tuple[Path, Path], cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(recording[0] / "1000000001.json", CHANGES[cause])
    _, lines = told(recording, capsys, "--at-least", "0")
    assert cause in lines
    assert lines[2].startswith("the first difference is at 20")


def test_a_fee_and_a_line_of_the_journal_that_differ_are_found(
    recording: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    results, store = recording
    events = results / "1000000001-order-events.json"
    changed(events, lambda found: next(one for one in found if "orderFeeAmount" in one).update(orderFeeAmount=7.5))
    segment = next((store / "tomking/demo/journal").rglob("1.jsonl"))
    text = segment.read_text(encoding="ascii")
    segment.write_text(text.replace('"reason":', '"reason": "another", "was":', 1), encoding="ascii")
    code, lines = told(recording, capsys, "--at-least", "1")
    assert code == 1
    assert "fee: 1" in lines
    assert sum(line.startswith("journal, ") for line in lines) == 2


def test_what_cannot_be_run_again_is_refused(
    recording: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, store = recording
    assert told((tmp_path, store), capsys)[0] == 2
    assert told((results, tmp_path / "nothing"), capsys)[0] == 2
    segment = next((store / "tomking/demo/journal").rglob("1.jsonl"))
    segment.write_text(segment.read_text(encoding="ascii").replace('"backtest"', '"live"', 1), encoding="ascii")
    code, lines = told(recording, capsys)
    assert (code, "live run" in lines[0]) == (2, True)
