"""Recorded orders sent again end as they did on the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lean_double.replay import RUNS, compare, report, unpacked_data
from tests.shared import shared_path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked_data(tmp_path_factory.mktemp("recorded"))


@pytest.mark.parametrize("name", [RUNS[0], *(pytest.param(name, marks=pytest.mark.slow) for name in RUNS[1:])])
def test_every_order_ends_as_on_the_engine(data: Path, name: str) -> None:
    found = compare(shared_path("runs", "own", name, "TkProbe.json"), data)
    assert found.orders > 400
    assert found.share >= 0.99, "\n".join(report(found))
