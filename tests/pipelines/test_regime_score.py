"""`tomking regimes score` and `replay` on tables of every kind."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from pipelines.cli import cli
from pipelines.errors import TomkingError


def table(path: Path, days: int = 2300, columns: int = 4, *, holes: bool = False) -> Path:
    random = np.random.default_rng(days + columns)
    swell = 0.004 * (1.2 + np.sin(np.arange(days) / 80.0)) ** 2
    moves = (random.standard_t(5, days) * swell)[:, None] + random.normal(0, 0.004, (days, columns))
    prices = 50.0 * np.exp(np.cumsum(moves, axis=0))
    lines = ["date," + ",".join(f"Series {place}" for place in range(columns))]
    for day in range(days):
        date = dt.date(2008, 1, 1) + dt.timedelta(days=day)
        cells = [f"{price:.4f}" for price in prices[day]]
        if holes and day % 37 == 0:
            cells[day % columns] = ""
        lines.append(f"{date}," + ",".join(cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def run(*arguments: str) -> str:
    outcome = CliRunner().invoke(cli, ["regimes", "score", *arguments], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def test_a_table_under_any_names_is_scored_without_an_instance(tmp_path: Path) -> None:
    found = json.loads(run(str(table(tmp_path / "bonds and gold.csv", holes=True)), "--no-ablation", "--json"))
    assert found["series"] == [f"Series {place}" for place in range(4)]
    assert found["days_left_out"] > 0
    assert found["look_ahead_days"] == 0
    assert set(found["scores"]) == {"ours", "reference"}
    assert {verdict["verdict"] for verdict in found["verdicts"]} <= {"same", "better", "clearly better", "worse"}


def test_the_tables_name_what_was_left_out(tmp_path: Path) -> None:
    path = table(tmp_path / "closes.csv")
    lines = path.read_text().splitlines()
    wider = [lines[0] + ",Late", *(line + ",1" if place > 2000 else line + "," for place, line in enumerate(lines[1:]))]
    path.write_text("\n".join(wider) + "\n")
    printed = run(str(path), "--no-ablation")
    assert "left out: Late: 299 prices, 1800 are needed" in printed
    assert "days that change when later ones are cut off: 0" in printed


def test_what_cannot_be_scored_is_refused_by_name(tmp_path: Path) -> None:
    short = table(tmp_path / "short.csv", days=900)
    with pytest.raises(TomkingError) as refused:
        CliRunner().invoke(cli, ["regimes", "score", str(short)], catch_exceptions=False, standalone_mode=False)
    assert "Series 0: 900 prices, 1800 are needed" in str(refused.value.why)
    (tmp_path / "words.csv").write_text("date\n")
    with pytest.raises(TomkingError, match="refused"):
        CliRunner().invoke(
            cli, ["regimes", "score", str(tmp_path / "words.csv")], catch_exceptions=False, standalone_mode=False
        )


def test_a_book_is_replayed_and_one_that_names_no_series_is_refused(tmp_path: Path) -> None:
    path = str(table(tmp_path / "closes.csv", days=1900))
    command = ["regimes", "replay", path, "--book", "Series 0=3", "--book", "Series 2=-1"]
    outcome = CliRunner().invoke(cli, [*command, "--json"], catch_exceptions=False)
    found = json.loads(outcome.output)
    assert found["book"] == {"Series 0": 3.0, "Series 1": 0.0, "Series 2": -1.0, "Series 3": 0.0}
    assert 0.0 <= found["warnings"]["share_of_days"] <= 1.0
    assert found["suggestions"]["months"] > 50
    printed = CliRunner().invoke(cli, command, catch_exceptions=False).output
    assert "losses of 5% had a warning" in printed
    assert "gained over cutting all alike" in printed
    with pytest.raises(TomkingError, match="cannot be replayed"):
        CliRunner().invoke(cli, ["regimes", "replay", path, "--book", "Gold=1"], catch_exceptions=False)
