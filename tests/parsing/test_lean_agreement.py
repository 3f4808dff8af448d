"""What is cut out of a finished run's files is named, and nothing is said of files as LEAN leaves them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.parsing.identify import RUN, identify, runs_in
from pipelines.parsing.lean.files import RunBytes
from pipelines.parsing.lean.row_agreement import Contradiction
from pipelines.parsing.lean.run import assemble
from pipelines.parsing.refusals import Refusal
from tests.shared import SHARED

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"
RECORDED = sorted(SHARED.glob("runs/*/*/"))
Document = Any


def files_of(folder: Path) -> tuple[str, dict[str, tuple[str, bytes]], bool]:
    (run,) = runs_in(folder)
    found = {path.relative_to(folder).as_posix(): (role, path.read_bytes()) for role, path in run.files}
    return run.algorithm_id, found, run.is_live


def flaws(folder: Path, edit: Callable[[str, str, bytes], bytes] = lambda role, name, data: data) -> list[Refusal]:
    """What is said of a run's files after an edit."""
    algorithm_id, files, is_live = files_of(folder)
    given = [RunBytes(role, name, edit(role, name, data)) for name, (role, data) in files.items()]
    run = assemble(algorithm_id, given, is_live=is_live)
    assert {name for name, _ in run.flaws} <= files.keys()
    return [flaw for _, flaw in run.flaws]


def in_json(role: str, change: Callable[[Document], object]) -> Callable[[str, str, bytes], bytes]:
    """An edit of the JSON file of one role."""

    def edit(found: str, name: str, data: bytes) -> bytes:
        if found != role:
            return data
        document = json.loads(data)
        change(document)
        return json.dumps(document).encode()

    return edit


def test_nothing_is_missing_in_the_recordings_of_this_repository() -> None:
    for folder in sorted({path.parent for path in DATA.rglob("log.txt")}):
        assert flaws(folder) == [], folder.name


@pytest.mark.slow
def test_nothing_is_missing_in_any_recorded_run() -> None:
    if not RECORDED:
        pytest.skip(f"reference material is not beside this checkout: {SHARED}")
    seen = 0
    for root in ("lean", "lean-python", "own", "live", "optimization", "unfinished"):
        for found in identify(SHARED / "runs" / root):
            if found.kind == RUN and found.run is not None:
                given = [RunBytes(role, path.name, path.read_bytes()) for role, path in found.run.files]
                run = assemble(found.run.algorithm_id, given, is_live=found.run.is_live)
                assert run.flaws == [], found.run.name
                seen += 1
    assert seen > 100


MAIN_CUTS: list[tuple[str, Callable[[Document], object], str]] = [
    ("settled", lambda main: main["orders"].pop("4"), "$.orders.4"),
    ("settled", lambda main: main["orders"].pop("8"), "$.orders.8"),
    ("settled", lambda main: main["orders"]["2"].pop("createdTime") and main["orders"]["2"].pop("time"), "$.orders.2.createdTime"),
    ("settled", lambda main: main["orders"]["2"].pop("value"), "$.orders.2.value"),
    ("combo", lambda main: main["orders"]["2"].pop("groupOrderManager"), "$.orders.2.groupOrderManager"),
    ("settled", lambda main: main["totalPerformance"]["closedTrades"].pop(1), "$.totalPerformance.closedTrades"),
    ("settled", lambda main: main["profitLoss"].pop(sorted(main["profitLoss"])[1]), "$.profitLoss"),
    ("settled", lambda main: main.pop("profitLoss"), "$.profitLoss"),
    ("quits", lambda main: main.pop("runtimeStatistics"), "$.runtimeStatistics"),
    ("settled", lambda main: main["state"].pop("OrderCount"), "$.state.OrderCount"),
    ("settled", lambda main: main["statistics"].pop("Sharpe Ratio"), "$.statistics"),
    ("quits", lambda main: main["statistics"].pop("Sharpe Ratio"), "$.statistics.Sharpe Ratio"),
    ("quits", lambda main: main["totalPerformance"]["portfolioStatistics"].pop("beta"), "$.totalPerformance.portfolioStatistics.beta"),
    ("settled", lambda main: main["charts"].pop("Benchmark"), "$.charts.Benchmark"),
    ("settled", lambda main: main["charts"]["Strategy Equity"]["series"]["Equity"].update(values=main["charts"]["Strategy Equity"]["series"]["Equity"]["values"][:1]), "$.charts.Strategy Equity.series.Equity.values"),
    ("settled", lambda main: main.pop("totalPerformance"), "$.totalPerformance"),
    ("quits", lambda main: main.pop("state"), "$.state."),
    ("settled", lambda main: main["state"].pop("EndTime"), "$.state.EndTime"),
    ("settled", lambda main: main["totalPerformance"]["closedTrades"][1].pop("mae"), "$.totalPerformance.closedTrades[1].mae"),
    ("settled", lambda main: main["orders"]["2"]["orderSubmissionData"].pop("bidPrice"), "$.orders.2.orderSubmissionData"),
    ("settled", lambda main: main["orders"]["2"].pop("tag"), "$.orders.2.tag"),
    ("combo", lambda main: main["orders"]["2"]["groupOrderManager"]["orderIds"].pop(), "$.orders.2.groupOrderManager.orderIds"),
    ("settled", lambda main: main["rollingWindow"].pop(min(main["rollingWindow"])), "$.rollingWindow"),
]  # fmt: skip


@pytest.mark.parametrize(("run", "cut", "place"), MAIN_CUTS)
def test_what_is_cut_out_of_a_result_is_named_by_its_place(
    run: str, cut: Callable[[Document], object], place: str
) -> None:
    assert any((flaw.field or "").startswith(place) for flaw in flaws(DATA / run, in_json("main", cut)))


@pytest.mark.parametrize("run", ["settled", "combo", "boom", "live/3-L-3100000003"])
def test_every_single_event_that_is_cut_out_is_noticed(run: str) -> None:
    _, files, _ = files_of(DATA / run)
    for name, (role, data) in files.items():
        if role not in ("order_events", "day_order_events"):
            continue
        for number in range(len(json.loads(data))):
            found = flaws(DATA / run, lambda role, one, data, number=number, name=name: _without(data, number) if one == name else data)  # type: ignore[misc]  # fmt: skip
            assert any("event" in flaw.reason for flaw in found), (name, number)


def _without(data: bytes, number: int) -> bytes:
    document = json.loads(data)
    del document[number]
    return json.dumps(document).encode()


@pytest.mark.parametrize("member", ["quantity", "symbolValue"])
def test_a_member_cut_out_of_one_event_is_noticed(member: str) -> None:
    found = flaws(DATA / "settled", in_json("order_events", lambda events: events[3].pop(member)))
    assert any(member in flaw.reason for flaw in found)


def test_a_fee_and_a_message_cut_out_of_an_event_are_noticed() -> None:
    def without_fee(events: Document) -> None:
        (first, *_) = [event for event in events if event.get("orderFeeAmount")]
        del first["orderFeeAmount"], first["orderFeeCurrency"]

    def without_message(events: Document) -> None:
        (first, *_) = [event for event in events if event.get("message", "").startswith("Assigned")]
        del first["message"]
        first["isAssignment"] = False

    assert any("fees" in flaw.reason for flaw in flaws(DATA / "combo", in_json("order_events", without_fee)))
    assert any("settles" in flaw.reason for flaw in flaws(DATA / "settled", in_json("order_events", without_message)))


def test_a_corrected_figure_is_a_contradiction_and_no_missing_piece() -> None:
    def correct(main: Document) -> None:
        main["statistics"]["End Equity"] = "1"

    found = flaws(DATA / "quits", in_json("main", correct))
    assert found
    assert all(isinstance(flaw, Contradiction) for flaw in found)


@pytest.mark.parametrize("role", ["algorithm_log", "engine_log"])
@pytest.mark.parametrize("run", ["boom", "settled", "live/2-L-3100000002"])
def test_a_log_that_was_cut_or_overwritten_is_named_by_its_line(run: str, role: str) -> None:
    def damaged(change: Callable[[bytes], bytes]) -> list[Refusal]:
        return flaws(DATA / run, lambda found, name, data: change(data) if found == role else data)

    (half,) = [flaw for flaw in damaged(lambda data: data[: len(data) // 2].rstrip(b"\n")) if flaw.line]
    assert half.reason == "the file ends within this line"
    _, files, _ = files_of(DATA / run)
    (whole,) = [data for found, data in files.values() if found == role]
    assert half.line == whole[: len(whole) // 2].rstrip(b"\n").count(b"\n") + 1
    lines = whole.split(b"\n")
    assert damaged(lambda data: b"\n".join(lines[: len(lines) // 3]) + b"\n")
    overwritten = b"\n".join([lines[0], b"\xff\xfe\0\0", *lines[1:]])
    assert 2 in [flaw.line for flaw in damaged(lambda data: overwritten)]
    assert 1 in [flaw.line for flaw in damaged(lambda data: b"no log at all\n")]
    assert 1 in [flaw.line for flaw in damaged(lambda data: bytes(range(128, 256)))]


def test_a_message_cut_out_of_the_middle_of_a_log_is_counted() -> None:
    def without_third(role: str, name: str, data: bytes) -> bytes:
        lines = data.split(b"\n")
        return b"\n".join(lines[:2] + lines[3:]) if role == "algorithm_log" else data

    assert [flaw.field for flaw in flaws(DATA / "settled", without_third)] == ["$.state.LogCount"]


def test_a_run_that_has_not_ended_is_not_asked() -> None:
    def killed(main: Document) -> None:
        main["state"] |= {"Status": "Running", "EndTime": ""}
        main["orders"].pop("2")

    assert flaws(DATA / "settled", in_json("main", killed)) == []
