"""Hostile bytes against a parser, for as long as one likes: `python -m tests.fuzz TARGET --seconds N`.

Holds: the loop over mutated seeds, the same under atheris (where it is installed: coverage guides it), and what is
kept of a crash.
Belongs here: how a target is run.
Never here: what the targets are (`targets`), what the damage is (`mutations`).

Without atheris the loop is deterministic: the same seed number tries the same bytes. A crash ends the target; its
bytes are kept, and are small enough after shortening to become a case of `tests/fuzz/crashers/`.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fuzz.mutations import damaged_json, mutate


def has_atheris() -> bool:
    """Whether coverage can guide the fuzzing."""
    return importlib.util.find_spec("atheris") is not None


def run_all(names: list[str], *, seconds: int, seed: int, keep: Path, plain: bool) -> int:
    """Each target in a process of its own (atheris never returns). 0 where none crashed."""
    failed = [name for name in names if _run_one(name, seconds=seconds, seed=seed, keep=keep, plain=plain)]
    print(
        f"{len(names) - len(failed)} of {len(names)} targets without a crash"
        + "".join(f"\n  {name}" for name in failed)
    )
    return 1 if failed else 0


def _run_one(name: str, *, seconds: int, seed: int, keep: Path, plain: bool) -> bool:
    arguments = [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(seconds), "--seed", str(seed), "--keep", str(keep)]  # fmt: skip
    return subprocess.run([*arguments, *(["--plain"] if plain else [])], check=False).returncode != 0


def run_plain(name: str, *, seconds: float, seed: int, keep: Path) -> int:
    """The loop of our own. 0 where nothing crashed, 1 at the first crash."""
    from tests.fuzz.targets import TARGETS, check  # noqa: PLC0415 (under atheris they are imported watched)

    target = TARGETS[name]
    seeds = target.seeds()
    for data in seeds:
        check(target, data)
    chance = random.Random(f"{name} {seed}")
    until, tried = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        data = mutate(chance.choice(seeds), seeds, chance)
        tried += 1
        try:
            check(target, data)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is what we look for)
            return _crashed(name, data, error, keep)
    print(f"{name}: {tried} inputs, no crash")
    return 0


def run_atheris(name: str, *, seconds: int, seed: int, keep: Path) -> None:
    """Guided by coverage of our own modules; ends the process with atheris's exit code."""
    atheris: Any = importlib.import_module("atheris")  # not everybody has it
    with atheris.instrument_imports(include=["pipelines.parsing", "pipelines.transforms", "tomking"]):
        from tests.fuzz.targets import TARGETS, check  # noqa: PLC0415

    target = TARGETS[name]
    seeds = target.seeds()

    def one_input(data: bytes) -> None:
        try:
            check(target, data)
        except Exception as error:
            _crashed(name, data, error, keep)
            raise

    def mutated(data: bytes, limit: int, number: int) -> bytes:
        chance = random.Random(number)
        found = damaged_json(bytes(data), chance) if chance.random() < 0.5 else None
        if found is None or len(found) > limit:
            found = atheris.Mutate(bytes(data), limit)
        return bytes(found)

    with tempfile.TemporaryDirectory() as corpus:
        for number, data in enumerate(seeds):
            (Path(corpus) / f"seed-{number}").write_bytes(data)
        size = max(map(len, seeds)) * 2
        options = [
            f"-max_total_time={seconds}",
            f"-seed={seed + 1}",
            f"-max_len={size}",
            "-timeout=60",
            "-rss_limit_mb=4096",
        ]
        options += [f"-artifact_prefix={keep}/", "-print_final_stats=1", "-verbosity=0"]
        keep.mkdir(parents=True, exist_ok=True)
        atheris.Setup([sys.argv[0], *options, corpus], one_input, custom_mutator=mutated)
        atheris.Fuzz()


def _crashed(name: str, data: bytes, error: Exception, keep: Path) -> int:
    from tests.fuzz.targets import TARGETS, check  # noqa: PLC0415

    def still(candidate: bytes) -> bool:
        try:
            check(TARGETS[name], candidate)
        except Exception as found:  # noqa: BLE001
            return type(found) is type(error)
        return False

    small = shortened(data, still)
    keep.mkdir(parents=True, exist_ok=True)
    path = keep / f"{name}-{hashlib.sha256(small).hexdigest()[:8]}"
    path.write_bytes(small)
    print(f"{name}: {type(error).__name__}: {error}\n  {len(data)} bytes, shortened to {len(small)}: {path}")
    return 1


def shortened(data: bytes, still_fails: Callable[[bytes], bool], *, tries: int = 3000) -> bytes:
    """The bytes with pieces taken out as long as they fail in the same way."""
    size = max(1, len(data) // 2)
    while size and tries > 0:
        start = 0
        while start < len(data) and tries > 0:
            candidate = data[:start] + data[start + size :]
            tries -= 1
            if still_fails(candidate):
                data = candidate
            else:
                start += size
        size //= 2
    return data
