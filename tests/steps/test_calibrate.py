"""Calibration stores a candidate once, with its evidence, and never lets it see a later day."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from pipelines.config import (
    AccountSettings,
    CalibrationSettings,
    DeploymentSettings,
    PathSettings,
    Settings,
    UniverseSettings,
)
from pipelines.errors import ConfigurationError, Conflict, NotFound
from pipelines.steps.parameters.calibrate import calibrate, calibrate_due, code_version
from pipelines.steps.parameters.publishing import publish, rollback
from pipelines.steps.reconciliation.fee_levels import decide_fee_level
from pipelines.steps.statements.ingesting import ingest_statement
from tests.shared import shared_path
from tests.steps.parameter_fixtures import store_set
from tests.transforms.market import market_returns
from tomking.kernel.parameters import dump, parse
from tomking.kernel.regime_parameters import regime_calibration
from tomking.kernel.sessions import next_session
from warehouse.access import Warehouse, WriteSession
from warehouse.frames import frame
from warehouse.models.records.market import DailyPrice

THROUGH, EFFECTIVE = dt.date(2019, 11, 29), dt.date(2019, 12, 2)
SYMBOLS = ("AAA", "BBB", "CCC")
ACCOUNT = AccountSettings(alias="main", broker="tastytrade")


def settings_in(root: Path, *, universe: bool = True, **calibration: object) -> Settings:
    return Settings(
        root=root,
        paths=PathSettings(object_store="storage"),
        accounts=(ACCOUNT,),
        deployments=(DeploymentSettings(name="demo", mode="backtest", rehearses="main"),),
        universes=(UniverseSettings(name="test", symbols=SYMBOLS),) if universe else (),
        calibration=CalibrationSettings(**calibration),  # type: ignore[arg-type]
    )


def store_prices(session: WriteSession, count: int = 2600) -> None:
    returns = market_returns(count, SYMBOLS)
    prices = 100.0 * np.exp(np.cumsum(returns.rows, axis=0))
    rows = [
        {
            "source": "test",
            "symbol": symbol,
            "session_date": day,
            "revision": 0,
            "close": float(prices[place, column]),
            "adjusted_close": float(prices[place, column]),
            "known_at": session.now,
        }
        for place, day in enumerate(returns.dates)
        for column, symbol in enumerate(SYMBOLS)
    ]
    session.insert(DailyPrice, frame(DailyPrice, rows))


def store_statements(session: WriteSession, pair: str) -> None:
    for file in sorted(shared_path("runs", "pairs", pair).glob("*.csv")):
        ingest_statement(session, file, account="main", accounts=[ACCOUNT])


def test_a_candidate_is_stored_once_and_the_same_inputs_give_the_same_bytes(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path)
    with warehouse.writer("calibrate") as session:
        store_prices(session)
        first = calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
        assert (first.state, first.is_new, first.parts_taken) == ("approved", True, ("regime",))
        [(document, digest)] = session.rows("SELECT document, sha256 FROM records.parameter_sets")
        found = parse(document.encode(), sha256=digest, deployment="demo", on=EFFECTIVE)
        assert regime_calibration(found) is not None
        assert found.code_version == code_version()
        part = found.evidence["parts"]["regime"]  # type: ignore[index]
        assert part["last_session"] == THROUGH.isoformat()
        assert all(check["passed"] for check in part["checks"])
    with warehouse.writer("again") as session:
        again = calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
        assert (again.sha256, again.is_new) == (first.sha256, False)
        assert not session.changed
    with warehouse.writer("after publishing") as session:
        publish(session, settings, "demo")
        after = calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
        assert (after.sha256, after.is_new, after.state) == (first.sha256, False, "published")
        events = session.rows("SELECT state, actor FROM records.parameter_events ORDER BY sequence")
    assert events == [("proposed", "schedule"), ("approved", "gate"), ("published", "rule")]


def test_prices_after_the_day_do_not_reach_the_set(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    early = market_returns(2600).dates[-200]
    with warehouse.writer("calibrate") as session:
        store_prices(session)
        first = calibrate(
            session, settings, deployment="demo", data_through=early, effective_from=early + dt.timedelta(days=4)
        )
        session.execute(
            "UPDATE records.daily_prices SET adjusted_close = adjusted_close * 2 WHERE session_date > ?", [early]
        )
        again = calibrate(
            session, settings, deployment="demo", data_through=early, effective_from=early + dt.timedelta(days=4)
        )
    assert first.sha256 == again.sha256


def test_without_any_data_the_first_set_carries_the_defaults(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, universe=False)
    with warehouse.writer("calibrate") as session:
        found = calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
        assert (found.state, found.parts_taken, found.parts_refused) == ("approved", (), ())
        publish(session, settings, "demo")
        later = calibrate(
            session,
            settings,
            deployment="demo",
            data_through=EFFECTIVE,
            effective_from=EFFECTIVE + dt.timedelta(days=1),
        )
    assert (later.parameter_set_id, later.reason) == (None, "every value is in force already")


def test_a_candidate_that_would_see_its_own_day_is_no_set(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("calibrate") as session:
        found = calibrate(
            session, settings_in(tmp_path), deployment="demo", data_through=EFFECTIVE, effective_from=EFFECTIVE
        )
        assert found.parameter_set_id is None
        assert found.reason is not None
        assert "looks_ahead" in found.reason
        assert session.rows("SELECT count(*) FROM records.parameter_sets") == [(0,)]


def test_a_person_approves_where_the_configuration_says_so(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, universe=False, approve_by_rule=False)
    with warehouse.writer("calibrate") as session:
        found = calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
        assert found.state == "proposed"
        assert not publish(session, settings, "demo").published


def test_values_no_better_than_those_in_force_are_stored_as_refused_with_the_reason(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path)
    before = market_returns(2600).dates[-330]
    with warehouse.writer("calibrate") as session:
        store_prices(session)
        calibrate(session, settings, deployment="demo", data_through=before, effective_from=next_session(before))
        publish(session, settings, "demo")
        found = calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
        assert (found.state, found.parts_refused) == ("refused", ("regime",))
        [(reason,)] = session.rows("SELECT reason FROM marts.parameter_sets WHERE state = 'refused'")
        assert "better_than_current" in reason
        assert not publish(session, settings, "demo").published
        again = calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
    assert (again.sha256, again.is_new) == (found.sha256, False)


def test_a_candidate_without_enough_unseen_sessions_waits_and_is_not_stored(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path)
    before = market_returns(2600).dates[-2]
    with warehouse.writer("calibrate") as session:
        store_prices(session)
        calibrate(session, settings, deployment="demo", data_through=before, effective_from=THROUGH)
        publish(session, settings, "demo")
        found = calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
        assert (found.parameter_set_id, found.parts_refused) == (None, ("regime",))
        assert found.reason is not None
        assert "enough_data" in found.reason
        assert session.rows("SELECT count(*) FROM records.parameter_sets") == [(1,)]


def test_thresholds_that_are_carried_on_are_compared_from_the_end_of_their_own_data(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    """A set that only moved a fee carries older thresholds: every session after their data is unseen by them."""
    settings = settings_in(tmp_path)
    dates = market_returns(2600).dates
    made, moved = dates[-330], dates[-30]
    with warehouse.writer("calibrate") as session:
        store_prices(session)
        calibrate(session, settings, deployment="demo", data_through=made, effective_from=next_session(made))
        publish(session, settings, "demo")
        [(document,)] = session.rows("SELECT document FROM records.parameter_sets")
        carried = parse(
            dump(
                {**parse(document.encode()).values, "fees.orf_per_contract": "0.0200"},
                effective_from=next_session(moved),
                data_through=moved,
                code_version="test",
                evidence={},
                deployment="demo",
            )
        )
        store_set(session, carried, "proposed", "approved")
        publish(session, settings, "demo", carried.id)
        found = calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
        [(text,)] = session.rows("SELECT document FROM records.parameter_sets WHERE sha256 = ?", [found.sha256])
    part = parse(text.encode()).evidence["parts"]["regime"]  # type: ignore[index]
    assert part["scored_from"] == dates[-329].isoformat()
    assert part["scored_sessions"] == 329 - 20
    assert "the set in force" in part["against"]
    assert "enough_data" not in {check["name"] for check in part["checks"] if not check["passed"]}


def test_a_level_that_only_later_fills_show_is_a_proposal_and_not_in_the_set(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path, universe=False)
    with warehouse.writer("calibrate") as session:
        store_statements(session, "tk-tastytrade-covid")
        found = calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
        assert found.fee_proposals == 1
        [(document,)] = session.rows("SELECT document FROM records.parameter_sets")
        assert "fees.orf_per_contract" not in json.loads(document)["values"]
        [row] = session.rows(
            "SELECT state, effective_from, replaces_amount, interval_low, interval_high, amount, fills, evidence "
            "FROM records.fee_rate_proposals"
        )
        state, effective_from, replaced, low, high, amount, fills, evidence = row
        assert (state, effective_from, replaced) == ("proposed", dt.date(2020, 3, 3), Decimal("0.0388"))
        assert low <= Decimal("0.0341") < high
        assert low <= amount < high
        assert json.loads(evidence)["last_fill_before"] == "2020-02-25"
        assert len(json.loads(evidence)["rows"]) == fills
    with warehouse.writer("again") as session:
        again = calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
        assert (again.fee_proposals, again.is_new) == (0, False)
        assert not session.changed


def test_a_level_that_did_not_change_proposes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, universe=False)
    day = dt.date(2026, 11, 18)
    with warehouse.writer("calibrate") as session:
        store_statements(session, "live-tastytrade")
        found = calibrate(
            session, settings, deployment="demo", data_through=day, effective_from=day + dt.timedelta(days=1)
        )
        assert (found.fee_proposals, found.parts_taken) == (0, ("fees.orf",))
        [(document,)] = session.rows("SELECT document FROM records.parameter_sets")
        assert Decimal(json.loads(document)["values"]["fees.orf_per_contract"]) == Decimal("0.02")


def test_an_accepted_rate_is_not_proposed_again(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, universe=False)
    with warehouse.writer("calibrate") as session:
        store_statements(session, "tk-tastytrade-covid")
        calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
        [(proposal,)] = session.rows("SELECT proposal_id FROM records.fee_rate_proposals")
        session.clear_dirty("reconciliation", session.dirty_days("reconciliation"))
        decide_fee_level(session, proposal[:8], accept=True, by="me", note="seen")
        decide_fee_level(session, proposal, accept=True, by="me")
        with pytest.raises(Conflict, match="accepted before"):
            decide_fee_level(session, proposal, accept=False, by="me")
        with pytest.raises(NotFound):
            decide_fee_level(session, "0" * 32, accept=True, by="me")
        dirty = session.dirty_days("reconciliation")
        assert (dirty[0], len(dirty) > 10) == (dt.date(2020, 3, 3), True)
        again = calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
        assert again.fee_proposals == 0
        assert session.rows("SELECT state FROM records.fee_rate_proposals") == [("accepted",)]


@pytest.mark.parametrize("accept", [True, False])
def test_a_decided_rate_goes_into_the_set_with_its_own_date_and_a_rejected_one_does_not(
    warehouse: Warehouse, tmp_path: Path, accept: bool
) -> None:
    settings = settings_in(tmp_path, universe=False)
    through = dt.date(2020, 6, 29)
    with warehouse.writer("calibrate") as session:
        store_statements(session, "tk-tastytrade-covid")
        calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
        [(proposal, since)] = session.rows("SELECT proposal_id, effective_from FROM records.fee_rate_proposals")
        decide_fee_level(session, proposal, accept=accept, by="me")
        # Decided in the wall clock's present, which a set through 2020 does not know yet.
        early = calibrate(
            session, settings, deployment="demo", data_through=through, effective_from=through + dt.timedelta(days=1)
        )
        assert early.parts_taken == ("fees.orf",)
        session.execute(
            "UPDATE records.fee_rate_proposals SET amount = 0.0345, decided_at = TIMESTAMPTZ '2020-04-01 12:00:00+00'"
        )
        found = calibrate(
            session, settings, deployment="demo", data_through=through, effective_from=through + dt.timedelta(days=1)
        )
        stored = session.rows("SELECT document FROM records.parameter_sets WHERE sha256 = ?", [found.sha256])
    document = json.loads(stored[0][0])
    if not accept:
        assert found.parts_taken == ()
        assert "fees.orf_per_contract" not in document["values"]
        return
    assert document["values"]["fees.orf_per_contract"] == "0.0345"
    decision = document["evidence"]["parts"]["fees.orf"]["decision"]
    assert (decision["rate_effective_from"], decision["decided_by"], decision["decided_on"]) == (
        since.isoformat(),
        "me",
        "2020-04-01",
    )
    assert decision["fitted"] != "0.0345"


def test_the_nightly_calibration_takes_its_days_from_the_configuration_or_the_prices(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with warehouse.writer("due") as session:
        nothing = calibrate_due(session, settings_in(tmp_path))
        assert nothing.sets[0].reason == "no prices and no fills to calibrate from"
        store_prices(session)
        found = calibrate_due(session, settings_in(tmp_path))
        assert (found.deployments, found.new_sets) == (1, 1)
        assert (found.sets[0].data_through, found.sets[0].effective_from) == (THROUGH, EFFECTIVE)
        fixed = calibrate_due(
            session,
            settings_in(tmp_path, data_through=dt.date(2019, 11, 1), effective_from=dt.date(2019, 11, 4)),
        )
        assert fixed.sets[0].effective_from == dt.date(2019, 11, 4)


def test_an_unknown_deployment_is_named(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("calibrate") as session, pytest.raises(ConfigurationError, match="nobody"):
        calibrate(session, settings_in(tmp_path), deployment="nobody", data_through=THROUGH, effective_from=EFFECTIVE)


def test_values_that_were_rolled_back_are_not_proposed_again_and_others_wait_for_a_person(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path, universe=False)
    gone_on = EFFECTIVE + dt.timedelta(days=2)
    with warehouse.writer("first and second") as session:
        first = calibrate(session, settings, deployment="demo", data_through=THROUGH, effective_from=EFFECTIVE)
        publish(session, settings, "demo")
        store_prices(session)
        settings = settings_in(tmp_path)
        second = calibrate(
            session,
            settings,
            deployment="demo",
            data_through=EFFECTIVE,
            effective_from=EFFECTIVE + dt.timedelta(days=1),
        )
        publish(session, settings, "demo")
        assert (first.state, second.state, second.parts_taken) == ("approved", "approved", ("regime",))
        rollback(session, settings, "demo", by="rule", why="drawdown 0.2 above 0.1", on=gone_on)
    with warehouse.writer("the same values") as session:
        again = calibrate(session, settings, deployment="demo", data_through=EFFECTIVE, effective_from=gone_on)
        assert (again.parameter_set_id, again.is_new) == (None, False)
        assert again.reason is not None
        assert f"{second.parameter_set_id} has these values and was rolled back" in again.reason
        assert "drawdown 0.2 above 0.1" in again.reason
        assert not session.changed
    with warehouse.writer("other values") as session:
        session.execute(
            "UPDATE records.daily_prices SET adjusted_close = adjusted_close * 1.01 WHERE session_date > ?",
            [dt.date(2018, 1, 2)],
        )
        other = calibrate(
            session, settings, deployment="demo", data_through=gone_on, effective_from=gone_on + dt.timedelta(days=1)
        )
        assert (other.state, other.is_new) == ("proposed", True)
        [(note,)] = session.rows(
            "SELECT note FROM records.parameter_events WHERE sha256 = ? AND state = 'proposed'", [other.sha256]
        )
        assert note.startswith(f"waits for a person: {second.parameter_set_id} was rolled back from {gone_on}")
    with warehouse.writer("much later") as session:
        later = calibrate(
            session, settings, deployment="demo", data_through=gone_on, effective_from=gone_on + dt.timedelta(days=30)
        )
        assert later.state in ("approved", "refused"), "the gate decides again"
