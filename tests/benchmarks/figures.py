"""Measured ratios, kept with the release they belong to, so that the next one is compared with them.

Holds: a figure, its file under tests/benchmarks/results, the comparison of two sets.
Belongs here: what counts as worse.
Never here: measuring.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"
MARGIN = 0.4
"""A ratio may be this share above the stored one: so far do runs of one and the same code differ on a machine that is
kept busy by ten other processes."""

COLUMNS = ("figure", "now", "at most", "stored", "in release", "")


@dataclass(frozen=True, slots=True)
class Figure:
    """What a piece of work costs as a multiple of its floor, the least that it could: less is better.

    `at_most` is what is asked of the ratio in any release; None where it is only compared with those before.
    `is_kept` is False for a ratio of wall-clock times that has one of processor times beside it: other work on the
    machine moves the former far more than any margin.
    """

    name: str
    ratio: float
    at_most: float | None = None
    is_kept: bool = True


def store(figures: Sequence[Figure], folder: Path = RESULTS) -> Path:
    """Keep the figures of this release; those it already has and that were not measured now stay."""
    release = version("tomking")
    path = folder / f"{release}.json"
    before = json.loads(path.read_bytes())["ratios"] if path.exists() else {}
    ratios = before | {figure.name: round(figure.ratio, 3) for figure in figures if figure.is_kept}
    folder.mkdir(exist_ok=True)
    document = {"release": release, "machine": machine(), "margin": MARGIN, "ratios": dict(sorted(ratios.items()))}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path


def stored(folder: Path = RESULTS) -> dict[str, tuple[str, float]]:
    """The newest release's ratio of each figure, with the release."""
    found: dict[str, tuple[str, float]] = {}
    for path in sorted(folder.glob("*.json"), key=lambda path: _parts(path.stem)):
        for name, ratio in json.loads(path.read_bytes())["ratios"].items():
            found[name] = (path.stem, float(ratio))
    return found


def compared(figures: Sequence[Figure], before: Mapping[str, tuple[str, float]]) -> list[tuple[str, ...]]:
    """Rows under `COLUMNS`."""
    rows: list[tuple[str, ...]] = []
    for figure in figures:
        release, ratio = before.get(figure.name, ("", None))
        known = figure.at_most is not None or ratio is not None
        said = "TOO MUCH" if is_too_much(figure) else "WORSE" if is_worse(figure, before) else "ok" if known else ""
        limits = ("" if limit is None else f"{limit:.2f}" for limit in (figure.at_most, ratio))
        rows.append((figure.name, f"{figure.ratio:.2f}", *limits, release, said))
    return rows


def is_too_much(figure: Figure) -> bool:
    """Whether a figure is above what is asked of it."""
    return figure.at_most is not None and figure.ratio > figure.at_most


def is_worse(figure: Figure, before: Mapping[str, tuple[str, float]]) -> bool:
    """Whether a figure is worse than the stored one by more than the margin."""
    return figure.name in before and figure.ratio > before[figure.name][1] * (1 + MARGIN)


def machine() -> dict[str, object]:
    """What the figures were measured on: kinds and sizes, no names."""
    described: dict[str, object] = {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        described["memory_gb"] = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9)
    return described | {name: version(name) for name in ("duckdb", "polars", "msgspec", "numpy")}


def _parts(release: str) -> list[tuple[int, str]]:
    return [(int(part) if part.isdigit() else -1, part) for part in release.split(".")]
