"""Life times, ceilings and crisis weights from the warehouse to a set: traced, judged in their time, evidence in SQL."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest

from pipelines.config import DeploymentSettings, PathSettings, Settings
from pipelines.parsing.prices.bars import PriceBar
from pipelines.steps.ingest import ingest_paths
from pipelines.steps.lean.journals import ingest_journals, link_journals
from pipelines.steps.market.price_tables import store_bars
from pipelines.steps.parameters.calibrate import CalibrationOutcome, calibrate
from pipelines.steps.parameters.publishing import publish as publish_set
from tests.algorithm.support import make_set, publish, trade
from tests.lean_double.results import write_results
from tests.steps.asking import ask
from tests.transforms.test_cache_lifetimes import walks
from tests.transforms.test_candidate_parts import market
from tomking.kernel.parameters import ParameterSet, parse
from tomking.kernel.sessions import next_session
from warehouse.access import Warehouse, WriteSession
from warehouse.frames import frame
from warehouse.models.records.journal import JournalEntry

TRACES = walks(60, [0.003])
THROUGH = TRACES[-1].day
EFFECTIVE = next_session(THROUGH)
OPEN = 14 * 3600 + 1800


def settings(root: Path) -> Settings:
    return Settings(
        root=root,
        paths=PathSettings(object_store="storage"),
        deployments=(DeploymentSettings(name="demo", mode="paper", results=("results",)),),
    )


def store_lines(session: WriteSession, lines: list[dict[str, object]]) -> None:
    rows = [
        {
            "journal_key": "demo/run",
            "segment": "1",
            "line": number,
            "deployment": "demo",
            "run_key": "run",
            "run_id": "r",
            "dialect": "tomking-1",
            "kind": line["kind"],
            "occurred_at": session.now,
            "payload": json.dumps(line),
            "sha256": f"{number}",
            "learnt_at": session.now,
        }
        for number, line in enumerate(lines, start=1)
    ]
    session.insert(JournalEntry, frame(JournalEntry, rows))


def staleness_lines() -> list[dict[str, object]]:
    return [
        {
            "kind": "staleness",
            "cache": "greeks",
            "traced": "SPY   260320P00500000",
            "session_date": trace.day.isoformat(),
            "requests": list(trace.requests),
            "readings": {str(second): repr(value) for second, value in trace.readings.items()},
            "unit": "delta",
        }
        for trace in TRACES
    ]


def run(session: WriteSession, root: Path, through: dt.date = THROUGH) -> CalibrationOutcome:
    return calibrate(
        session, settings(root), deployment="demo", data_through=through, effective_from=next_session(through)
    )


def in_force(session: WriteSession, outcome: CalibrationOutcome) -> ParameterSet:
    [(document,)] = session.rows("SELECT document FROM records.parameter_sets WHERE sha256 = ?", [outcome.sha256])
    return parse(document.encode())


def test_traces_lead_to_a_life_time_with_both_ways_of_choosing_in_the_evidence(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with warehouse.writer("calibrate") as session:
        store_lines(session, staleness_lines())
        outcome = run(session, tmp_path)
        assert outcome.parts_taken == ("caches.greeks",)
        assert in_force(session, outcome).values["caches.greeks_ttl_seconds"] == "15"
        assert run(session, tmp_path).is_new is False
        publish_set(session, settings(tmp_path), "demo")
        later = run(session, tmp_path, next_session(THROUGH))
        assert (later.is_new, later.reason) == (False, "every value is in force already")
    [(taken, against, sessions, in_sample, alternatives, evidence)] = ask(
        warehouse,
        "SELECT is_taken, against, scored_sessions, in_sample, alternatives, evidence FROM marts.calibration_parts "
        "WHERE part = 'caches.greeks'",
    )
    assert (taken, against, sessions, in_sample) == (True, "the life in force, 30 s", 39, False)
    costs = json.loads(evidence)["costs"]
    assert set(costs) == {"learnt", "fixed_ahead", "fixed_best", "in_force"}
    assert float(costs["fixed_best"]) == min(map(float, json.loads(alternatives).values()))
    [(change, later_change)] = ask(
        warehouse,
        "SELECT avg(mean_change) FILTER (age_seconds = 5), avg(mean_change) FILTER (age_seconds = 300) "
        "FROM marts.cache_staleness",
    )
    assert change == pytest.approx(0.003 * (2 / np.pi) ** 0.5, rel=0.05)
    assert later_change > 3 * change


def test_a_run_that_was_given_values_made_from_its_own_days_is_no_evidence(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with warehouse.writer("calibrate") as session:
        store_lines(session, staleness_lines())
        outcome = run(session, tmp_path)
        applied: dict[str, object] = {
            "kind": "parameters_applied",
            "sha256": outcome.sha256,
            "set_id": outcome.parameter_set_id,
        }
        session.execute("DELETE FROM records.journal_entries")
        store_lines(session, [*staleness_lines(), applied])
        session.execute("UPDATE records.parameter_sets SET evidence = '{}'")
        again = run(session, tmp_path)
    assert again.parts_taken == ()


def test_ceilings_and_weights_come_from_prices_and_are_judged_once_a_month(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    moves = market(3000)
    days = [dt.date(2018, 1, 1) + dt.timedelta(days=place) for place in range(len(moves))]
    gold = 0.9 * moves + np.random.default_rng(5).normal(0, 0.006, len(moves))
    calm = (np.arange(len(moves)) // 63) % 4 != 3
    through = days[-1]
    with warehouse.writer("prices") as session:
        for symbol, prices in (
            ("SPY", 100 * np.exp(np.cumsum(moves))),
            ("GLD", 50 * np.exp(np.cumsum(gold))),
            ("VIX", np.where(calm, 12.0, 45.0)),
        ):
            bars = [PriceBar(symbol, day, float(price), float(price)) for day, price in zip(days, prices, strict=True)]
            store_bars(session, "csv", [(bar, None) for bar in bars])
        outcome = run(session, tmp_path, through)
        assert "limits.crisis_weight_B1" in outcome.parts_taken
        assert {*outcome.parts_taken, *outcome.parts_refused} == {"limits.ceilings", "limits.crisis_weight_B1"}
        weight = in_force(session, outcome).values["limits.crisis_weight_B1"]
        assert float(weight) > 0.9
        publish_set(session, settings(tmp_path), "demo")
        assert run(session, tmp_path, next_session(through)).is_new is False
    [(symbols, failed)] = ask(
        warehouse,
        "SELECT evidence -> '$.symbols', failed FROM marts.calibration_parts WHERE part = 'limits.crisis_weight_B1'",
    )
    assert (json.loads(symbols), failed) == (["GLD"], None)
    [(figures,)] = ask(warehouse, "SELECT alternatives FROM marts.calibration_parts WHERE part = 'limits.ceilings'")
    assert set(json.loads(figures)) == {"calibrated", "rule set"}


def test_the_algorithm_follows_a_few_keys_of_each_session(warehouse: Warehouse, tmp_path: Path) -> None:
    publish(tmp_path / "storage", make_set(dt.date(2019, 12, 2), dt.date(2019, 11, 29), entry_week="0"))
    played = trade(tmp_path / "storage", parameters={"end": "2019-12-31"})
    write_results(played, tmp_path / "results" / "run")
    with warehouse.writer("read") as session:
        ingest_paths(session, settings(tmp_path), [tmp_path / "results"])
        ingest_journals(session, tmp_path / "storage")
        link_journals(session)
        lines = session.rows(
            "SELECT payload ->> '$.cache', payload ->> '$.session_date', payload FROM records.journal_entries "
            "WHERE kind = 'staleness' ORDER BY segment::int, line"
        )
    greeks = [json.loads(payload) for cache, _, payload in lines if cache == "greeks"]
    assert len(greeks) > 10
    assert max(sum(day == other for cache, other, _ in lines if cache == "greeks") for _, day, _ in lines) == 2
    for line in greeks:
        assert line["requests"] == sorted(set(line["requests"]))
        assert {int(second) for second in line["readings"]} <= set(line["requests"])
    assert any(len(line["readings"]) > 3 for line in greeks)
    curve = ask(
        warehouse, "SELECT age_seconds, sum(pairs) FROM marts.cache_staleness WHERE cache = 'greeks' GROUP BY ALL"
    )
    assert dict(curve)[3600] > 0
