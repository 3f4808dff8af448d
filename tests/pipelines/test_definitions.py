"""Dagster's definitions load as the server loads them, and hold what the loop needs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from pipelines.definitions import build_defs
from pipelines.defs.operations.sensors import fingerprint
from pipelines.defs.partitions import TRADING_DAYS
from pipelines.steps.nightly import STAGES

CHAIN = {
    "lean_runs",
    "orders",
    "order_events",
    "closed_trades",
    "equity",
    "strategy_trades",
    "fetched_statements",
    "statements",
    "journal_entries",
    "daily_prices",
    "fee_reconciliation",
    "fee_causes",
    "fee_breaks",
    "day_totals",
    "regimes",
    "pair_correlations",
    "group_correlations",
    "breaches",
    "group_regimes",
    "parameter_sets",
    "shadow_runs",
    "published_parameters",
    "refreshed_deployments",
    "readiness",
    "nightly_report",
    "rules",
    "crisis_rehearsal",
}


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_defs()


def test_the_definitions_load(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_there_is_an_asset_for_every_table_of_the_chain(definitions: dg.Definitions) -> None:
    keys = {key.to_user_string() for key in definitions.resolve_all_asset_keys()}
    assert keys == CHAIN


def test_every_stage_that_fills_a_table_is_an_asset() -> None:
    assert set(STAGES) - {"checks", "journals", "retention"} <= CHAIN


def test_saturdays_partition_is_friday_and_holidays_have_none() -> None:
    keys = TRADING_DAYS.get_partition_keys(current_time=dt.datetime(2024, 7, 6, 12, tzinfo=dt.UTC))
    assert keys[-1] == "2024-07-05"
    assert "2024-07-04" not in keys
    assert "2024-07-06" not in keys


def test_a_changed_file_changes_the_fingerprint_of_a_folder(tmp_path: Path) -> None:
    before = fingerprint([tmp_path])
    (tmp_path / "statement.csv").write_text("x", encoding="utf-8")
    assert fingerprint([tmp_path]) != before
