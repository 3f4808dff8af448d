"""The harness itself, a short run of it over every parser, and every input that ever crashed one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.__main__ import NAMES
from tests.fuzz.harness import run_plain, shortened
from tests.fuzz.mutations import damaged_json, mutate
from tests.fuzz.targets import CRASHERS, TARGETS, Target, check

TRIES = 40


def test_every_target_can_be_named() -> None:
    assert set(NAMES) == set(TARGETS)


@pytest.mark.parametrize("name", NAMES)
def test_real_files_and_damaged_ones_are_read_or_refused(name: str) -> None:
    target = TARGETS[name]
    seeds = target.seeds()
    assert seeds
    for data in seeds:
        check(target, data)
    chance = random.Random(name)
    small = sorted(seeds, key=len)[:4]
    for _ in range(TRIES):
        check(target, mutate(chance.choice(small), small, chance))


@pytest.mark.parametrize("path", sorted(CRASHERS.iterdir()), ids=lambda path: path.name)
def test_what_once_crashed_a_parser_is_read_or_refused(path: Path) -> None:
    check(TARGETS[path.name.partition("-")[0]], path.read_bytes())


def test_the_same_number_makes_the_same_damage() -> None:
    seeds = TARGETS["events"].seeds()
    first, again = ([mutate(seeds[0], seeds, chance) for _ in range(30)] for chance in map(random.Random, (7, 7)))
    assert first == again


def test_damaged_json_stays_json_or_says_that_it_was_none() -> None:
    assert damaged_json(b"{", random.Random(1)) is None
    found = [damaged_json(b'{"a": [1, {"b": 2}]}', random.Random(number)) for number in range(50)]
    assert len(set(found)) > 10


def test_a_crash_is_found_shortened_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fragile(data: bytes) -> None:
        if data.count(b'"') % 2:
            raise KeyError("odd")

    monkeypatch.setitem(TARGETS, "events", Target("events", (fragile,), lambda: [b'[{"id": "x"}]']))
    assert run_plain("events", seconds=60, seed=0, keep=tmp_path) == 1
    (kept,) = tmp_path.iterdir()
    assert kept.read_bytes() == b'"'
    assert "KeyError" in capsys.readouterr().out


def test_shortening_keeps_what_matters() -> None:
    assert shortened(b"a" * 500 + b"XY" + b"b" * 700, lambda data: b"X" in data and b"Y" in data) == b"XY"
