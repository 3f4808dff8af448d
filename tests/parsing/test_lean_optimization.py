"""Optimisations: the winner from the log, the space from the configuration, either without the other."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.lean.optimization import (
    is_optimizer_log,
    parse_configuration,
    parse_log,
    parse_parameters,
    space_of,
)
from pipelines.parsing.refusals import Refused
from tests.shared import shared_path

FOLDER = "2026-11-22_15-20-00"
CONFIGURATION = {
    "optimization-strategy": "QuantConnect.Optimizer.Strategies.GridSearchOptimizationStrategy",
    "optimization-criterion": {"target": "Statistics.Sharpe Ratio", "extremum": "max"},
    "constraints": [{"target": "Statistics.Drawdown", "operator": "LessOrEqual", "target-value": 0.5}],
    "parameters": [{"name": "exit_dte", "min": 14, "max": 28, "step": 7}],
}


def recorded() -> bytes:
    return shared_path("runs", "optimization", FOLDER, "log.txt").read_bytes()


def test_the_recorded_search_names_its_backtests_and_its_winner() -> None:
    log = parse_log(recorded())
    children = {path.name for path in shared_path("runs", "optimization", FOLDER).iterdir() if path.is_dir()}
    assert {backtest.algorithm_id for backtest in log.launched} == children
    assert log.backtests == len(children)
    assert log.status == "completed"
    assert log.winner is not None
    best = {}
    for child in children:
        result = json.loads(shared_path("runs", "optimization", FOLDER, child, f"{child}.json").read_bytes())
        assert result["state"]["OptimizationId"] == log.optimization_id
        launched = next(backtest for backtest in log.launched if backtest.algorithm_id == child)
        assert result["algorithmConfiguration"]["parameters"].items() >= launched.parameters.items()
        best[child] = float(result["statistics"]["Sharpe Ratio"])
    assert log.winner.algorithm_id == max(best, key=lambda child: best[child])
    assert log.winner.value == best[log.winner.algorithm_id]


def test_the_values_launched_are_the_space_where_nothing_else_says_it() -> None:
    space = {one["name"]: one["values"] for one in json.loads(space_of(parse_log(recorded()).launched))}
    assert {name: len(values) for name, values in space.items()} == {"exit_dte": 3, "target": 3}


@given(st.integers(0, 4667))
def test_a_log_cut_anywhere_is_a_search_that_still_runs(length: int) -> None:
    data = recorded()[:length]
    log = parse_log(data)
    assert log.status == ("completed" if b"Optimization has ended" in data and log.winner else log.status)
    assert len(log.launched) <= len(re.findall(rb"launched backtest", data))
    if b"has ended" not in data:
        assert (log.status, log.ended_at) == ("running", None)


def test_the_best_so_far_stands_until_the_search_ends() -> None:
    data = recorded()
    log = parse_log(data[: data.index(b"LeanOptimizer.TriggerOnEndEvent")])
    assert log.status == "running"
    assert log.winner is not None
    assert log.winner.value_text == "-0.44"


def test_a_search_that_ended_without_a_result_failed() -> None:
    line = b"2026-01-01T00:00:00.0Z TRACE:: LeanOptimizer.TriggerOnEndEvent(OID 7): Optimization has ended. Result was not reached"
    log = parse_log(line)
    assert (log.optimization_id, log.status, log.winner) == ("7", "failed", None)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters=":,", exclude_categories=["C", "Z"]), min_size=1),
        st.text(st.characters(exclude_characters=":", exclude_categories=["C", "Z"])),
    )
)
def test_parameters_survive_the_notation_of_the_log(parameters: dict[str, str]) -> None:
    text = ",".join(f"{name}:{value}" for name, value in parameters.items())
    assert parse_parameters(text) == parameters


def test_a_configuration_gives_the_whole_space() -> None:
    found = parse_configuration(json.dumps(CONFIGURATION).encode())
    assert found.strategy == CONFIGURATION["optimization-strategy"]
    assert (found.target, found.extremum) == ("Statistics.Sharpe Ratio", "max")
    assert json.loads(found.space_json) == CONFIGURATION["parameters"]
    assert json.loads(found.constraints_json) == CONFIGURATION["constraints"]


@pytest.mark.parametrize("data", [b"", b"[]", b'{"parameters": 3}', b'{"optimization-criterion": "x"}'])
def test_a_broken_configuration_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        parse_configuration(data)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_log_reader(data: bytes) -> None:
    assert parse_log(data).status in ("running", "failed", "completed")


def test_the_log_of_an_engine_is_no_optimizers_log() -> None:
    assert is_optimizer_log(recorded()[:65_536])
    child = next(path for path in shared_path("runs", "optimization", FOLDER).iterdir() if path.is_dir())
    assert not is_optimizer_log((child / "log.txt").read_bytes()[:65_536])
