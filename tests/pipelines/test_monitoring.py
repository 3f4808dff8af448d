"""What goes wrong at night is seen in the morning: in SQL, in Dagster, on the status page, in the alert file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import dagster as dg
import pytest

from pipelines.config import Settings
from pipelines.definitions import build_defs
from pipelines.errors import TomkingError
from pipelines.steps.alerts import ALERT_FILE
from pipelines.steps.nightly import STAGES
from tests.pipelines.command_line import run, tomking
from tests.shared import ROOT
from warehouse.access import WriteSession

BROKEN = "Date,Amount,Remark\n2026-11-20,1.00,typed by hand\n"
STATEMENT = ROOT / "demo" / "statements" / "paper" / "tastytrade_transactions_history_x5WX00000_261116_to_261122.csv"
FAILING = "select check_name, severity, failures from marts.checks where not passed"


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """A fresh instance whose first night has passed."""
    assert run(["init", str(tmp_path / "instance"), "--yes"]).code == 0
    config = tmp_path / "instance" / "tomking.toml"
    assert tomking(config, "nightly").code == 0
    return config


def failing(config: Path) -> set[str]:
    """The names of the checks that fail."""
    return {row["check_name"] for row in tomking(config, "sql", FAILING, "--json").document}


def alerts(config: Path, source: str) -> list[dict[str, str]]:
    """The lines of the alert file that a check wrote."""
    file = config.parent / "state" / ALERT_FILE
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [line for line in map(json.loads, lines) if line["source"] == source]


@pytest.mark.slow
def test_a_refused_file_fails_a_check_raises_one_alert_and_is_well_again_once_it_is_mended(instance: Path) -> None:
    assert "statements_refused" not in failing(instance)
    broken = instance.parent / "inbox" / "broken.csv"
    broken.write_text(BROKEN, encoding="utf-8")
    assert tomking(instance, "nightly").code == 0
    assert "statements_refused" in failing(instance)
    [alert] = alerts(instance, "statements_refused")
    assert alert["severity"] == "warn"
    recorded = tomking(
        instance, "sql", "select source, message from ops.alerts where source = 'statements_refused'", "--json"
    )
    assert [row["message"] for row in recorded.document] == [alert["message"]]
    page = tomking(instance, "status", "--json").document
    assert "statements_refused" in {row["check"] for row in page["failing checks"]}
    assert [row["file"] for row in page["quarantine"]] == [str(broken)]

    assert tomking(instance, "nightly").code == 0
    assert len(alerts(instance, "statements_refused")) == 1, "a failure that stands is no news"

    shutil.copyfile(STATEMENT, broken)
    assert tomking(instance, "nightly").code == 0
    assert "statements_refused" not in failing(instance)


def test_every_check_in_sql_is_a_check_in_dagster(instance: Path) -> None:
    in_sql = {
        row["check_name"] for row in tomking(instance, "sql", "select check_name from marts.checks", "--json").document
    }
    graph = build_defs().resolve_asset_graph()
    in_dagster = {key.name for key in graph.asset_check_keys}
    assert in_sql == in_dagster


def test_a_night_that_fails_is_recorded_with_its_error_and_ends_there(
    instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_session: WriteSession, _settings: Settings) -> object:
        raise TomkingError("prices could not be read", where="prices.csv", remedy="mend it")

    monkeypatch.setitem(STAGES, "daily_prices", fails)
    answer = tomking(instance, "nightly")
    assert answer.code == 1
    assert "prices could not be read" in answer.err
    newest = tomking(instance, "status", "--json").document["jobs"][0]
    assert newest["outcome"] == "failed"
    assert "prices.csv" in newest["detail"]


def test_definitions_name_no_check_twice() -> None:
    keys: list[dg.AssetCheckKey] = list(build_defs().resolve_asset_graph().asset_check_keys)
    assert len({key.name for key in keys}) == len(keys)
