"""A candidate labels and sizes days that it has not seen, beside the set in force, and nothing is applied."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from pipelines.steps.parameters import publishing as steps
from pipelines.steps.parameters.calibrate import calibrate
from pipelines.steps.parameters.shadow import run_shadows
from pipelines.steps.regimes.labels import universe_returns
from tests.steps.asking import ask
from tests.steps.parameter_fixtures import DEPLOYMENT, store_set
from tests.steps.test_calibrate import store_prices
from tests.steps.test_life_cycle import DATES, settings_in
from tomking.kernel.parameters import ParameterSet, dump, parse
from tomking.kernel.regime_parameters import regime_calibration
from tomking.kernel.regimes import RegimeModel, RegimeSettings
from tomking.kernel.sessions import next_session
from warehouse.access import Warehouse, WriteSession

LIVE_THROUGH, CANDIDATE_THROUGH = DATES[-330], DATES[-300]
SEEN = -300


def sets(session: WriteSession, root: Path) -> tuple[ParameterSet, ParameterSet]:
    """The calibrated set in force, and a proposed one with nervous thresholds and another size in bad times."""
    settings = settings_in(root)
    store_prices(session)
    made = calibrate(
        session, settings, deployment=DEPLOYMENT, data_through=LIVE_THROUGH, effective_from=next_session(LIVE_THROUGH)
    )
    steps.publish(session, settings, DEPLOYMENT)
    [(document,)] = session.rows("SELECT document FROM records.parameter_sets WHERE sha256 = ?", [made.sha256])
    live = parse(document.encode())
    nervous = {name: str(float(text) * 0.7) for name, text in live.values.items() if name.startswith("regime.danger_")}
    candidate = parse(
        dump(
            {**live.values, **nervous, "monitor.size_stressed": "0.5"},
            effective_from=next_session(CANDIDATE_THROUGH),
            data_through=CANDIDATE_THROUGH,
            code_version="test",
            evidence={},
            deployment=DEPLOYMENT,
        )
    )
    store_set(session, candidate, "proposed")
    return live, candidate


def by_hand(session: WriteSession, root: Path, found: ParameterSet) -> list[str | None]:
    """Labels of the days after the candidate's data, from the live model fed day by day."""
    returns, _ = universe_returns(session, settings_in(root).universes[0])
    assert returns is not None
    model = RegimeModel(len(returns.symbols), RegimeSettings(), regime_calibration(found))
    days = [model.step(day, row) for day, row in zip(returns.dates, returns.rows, strict=True)]
    return [day.regime for day in days if day.date > CANDIDATE_THROUGH]


def test_a_candidate_is_evaluated_on_the_days_it_has_not_seen_as_the_live_model_would(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with warehouse.writer("shadow") as session:
        live, candidate = sets(session, tmp_path)
        published = {path: path.read_bytes() for path in (tmp_path / "storage").rglob("*.json")}
        outcome = run_shadows(session, settings_in(tmp_path))
        assert (outcome.candidates, outcome.new_days) == (1, -SEEN - 1)
        ours, theirs = by_hand(session, tmp_path, candidate), by_hand(session, tmp_path, live)
        rows = session.rows("SELECT * FROM marts.shadow_days ORDER BY session_date")
        columns = [name for (name,) in session.rows("SELECT column_name FROM (DESCRIBE marts.shadow_days)")]
        days = [dict(zip(columns, row, strict=True)) for row in rows]
        assert [day["session_date"] for day in days] == list(DATES[SEEN + 1 :])
        assert [(day["regime"], day["live_regime"]) for day in days] == list(zip(ours, theirs, strict=True))
        shares = {"Normal": 1.0, "Stressed": 0.5, "Crisis": 0.3}
        live_shares = shares | {"Stressed": 0.6}
        assert [day["size_share"] for day in days] == [shares[str(label)] for label in ours]
        assert [day["live_size_share"] for day in days] == [live_shares[str(label)] for label in theirs]
        [summary] = session.rows(
            "SELECT candidate, live, state, sessions, sessions_differing, exposure_difference, larger_sessions, "
            "smaller_sessions FROM marts.shadow_runs"
        )
    differing = sum(one != other for one, other in zip(ours, theirs, strict=True))
    assert differing > 0, "thresholds this much lower say something else"
    gap = [shares[str(one)] - live_shares[str(other)] for one, other in zip(ours, theirs, strict=True)]
    assert summary[:5] == (candidate.id, live.id, "proposed", len(ours), differing)
    assert summary[5] == pytest.approx(sum(gap) / len(gap))
    assert summary[6:] == (sum(one > 0 for one in gap), sum(one < 0 for one in gap))
    assert {path: path.read_bytes() for path in (tmp_path / "storage").rglob("*.json")} == published
    states = dict(ask(warehouse, "SELECT parameter_set_id, state FROM marts.parameter_sets"))
    assert states == {live.id: "published", candidate.id: "proposed"}


def test_what_a_candidate_said_of_a_day_stays_and_new_days_are_added(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with warehouse.writer("shadow") as session:
        sets(session, tmp_path)
        session.execute(
            "CREATE TEMP TABLE later AS SELECT * FROM records.daily_prices WHERE session_date > ?", [DATES[-10]]
        )
        session.execute("DELETE FROM records.daily_prices WHERE session_date > ?", [DATES[-10]])
        assert run_shadows(session, settings).new_days == -SEEN - 10
        assert run_shadows(session, settings).new_days == 0
        before = session.rows("SELECT * FROM records.shadow_days ORDER BY ALL")
        session.execute("INSERT INTO records.daily_prices SELECT * FROM later")
        assert run_shadows(session, settings).new_days == 9
        rows = session.rows("SELECT * FROM records.shadow_days WHERE session_date <= ? ORDER BY ALL", [DATES[-10]])
    assert rows == before


def test_without_a_set_in_force_or_prices_there_is_no_shadow(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("nothing") as session:
        assert run_shadows(session, settings_in(tmp_path)).candidates == 0
        store_prices(session, 100)
        assert run_shadows(session, settings_in(tmp_path)).candidates == 0
        assert session.rows("SELECT count(*) FROM records.shadow_days") == [(0,)]
    assert dt.date(2019, 11, 29) == DATES[-1]
