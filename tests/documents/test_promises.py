"""Every promise names a command and files that are there, and the six modules have the values they were described with."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.instances import environment
from tests.shared import ROOT
from tomking.kernel.correlation import WINDOW
from tomking.kernel.parameter_specs import SPECS

DOCUMENT = ROOT / "docs" / "promises.md"
PROMISED = {
    "S01",
    "S02",
    "S03",
    "S04",
    "S05",
    "S06",
    "S07",
    "S10",
    "S11",
    "S12",
    "S13",
    "S14",
    "S15",
    "S16",
    "S17",
    "S18",
    "S19",
    "S20",
    "S25",
    "S26",
    "S27",
    "S28",
    "S29",
    "S30",
    "S31",
    "S32",
    "S40",
    "S41",
    "S42",
    "S43",
    "S44",
    "S45",
    "S46",
    "S47",
    "S48",
    "S49",
    "S50",
    "S55",
    "S56",
    "S57",
    "S58",
    "S59",
    "S60",
    "S61",
    "S62",
    "S65",
    "S66",
    "S67",
    "S68",
    "S69",
    "S75",
    "S76",
    "S77",
    "S78",
    "S79",
    "S85",
    "S86",
    "S87",
    "S88",
    "S91",
    "S92",
    "S93",
    "S95",
    "S96",
    "S97",
    "S98",
    "S100",
    "S101",
    "S103",
    "S104",
    "S105",
    "S107",
    "S108",
    "S109",
    "S110",
    "S115",
    "S116",
    "S117",
    "S118",
    "S119",
    "S120",
    "S121",
    "S123",
    "S124",
    "S125",
}
ROW = re.compile(r"^\| (?P<id>S\d+) \| (?P<promise>[^|]+) \| (?P<command>[^|]+) \| (?P<tests>[^|]+) \|$", re.MULTILINE)
ROWS = {match["id"]: match for match in ROW.finditer(DOCUMENT.read_text(encoding="utf-8"))}
CONSTRUCTOR_VALUES = {
    "caches.chain_ttl_seconds": "300",
    "caches.chain_entries": "100",
    "caches.greeks_ttl_seconds": "30",
    "regime.window": "20",
}


def paths_of(promise: str) -> list[Path]:
    """The tests that a promise's command runs."""
    [command] = re.findall(r"`([^`]+)`", ROWS[promise]["command"])
    if command == "make bench":
        return [ROOT / "tests" / "benchmarks"]
    runner, *paths = command.split()
    assert runner == ".venv/bin/pytest"
    return [ROOT / path for path in paths]


def test_the_promises_of_this_release_are_listed_once() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert set(ROWS) == PROMISED
    assert re.findall(r"^\| (S\d+) \|", text, re.MULTILINE) == sorted(PROMISED, key=lambda promise: int(promise[1:]))


@pytest.mark.parametrize("promise", sorted(ROWS))
def test_a_promise_names_tests_that_exist(promise: str) -> None:
    for path in paths_of(promise):
        assert path.exists(), path
        files = sorted(path.glob("test_*.py")) if path.is_dir() else [path]
        assert any("\ndef test_" in file.read_text(encoding="utf-8") for file in files), path


@pytest.mark.parametrize("promise", sorted(ROWS))
def test_a_promise_s_command_runs_the_tests_it_links_to(promise: str) -> None:
    run = paths_of(promise)
    linked = [(DOCUMENT.parent / name).resolve() for name in re.findall(r"\]\(([^)]+)\)", ROWS[promise]["tests"])]
    tests = [path for path in linked if path.name.startswith("test_")]
    assert tests
    for test in tests:
        assert test.is_file(), test
        assert any(test == path or path in test.parents for path in run), test


@pytest.mark.slow
def test_the_commands_find_their_tests() -> None:
    paths = sorted({str(path.relative_to(ROOT)) for promise in ROWS for path in paths_of(promise)})
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n0", *paths],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-2000:]
    for path in paths:
        assert path in found.stdout


def test_the_six_modules_have_the_values_they_were_described_with() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, value in CONSTRUCTOR_VALUES.items():
        assert SPECS[name].default == value
        assert f"`{name}`" in text
    assert WINDOW == 20


def test_each_of_the_six_modules_names_a_file_that_is_there() -> None:
    table = DOCUMENT.read_text(encoding="utf-8").split("| Module |")[1]
    rows = [row.split("|") for row in table.splitlines()[2:] if row.startswith("|")]
    assert len(rows) == 6
    for row in rows:
        linked = re.findall(r"\]\(([^)]+)\)", row[4])
        assert linked, row[1]
        assert all((DOCUMENT.parent / name).is_file() for name in linked), row[1]
