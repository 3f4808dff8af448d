"""Puts the stand-in for LEAN in place, and shares one run of it between the tests that only look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from tests.algorithm.support import journal, make_set, publish, trade
from tests.lean_double.engine import Run, install
from tests.lean_double.results import write_results
from tomking.kernel.parameters import ParameterSet

install()


@dataclass(frozen=True)
class Traded:
    """A finished run with everything it left."""

    run: Run
    parameters: ParameterSet
    store: Path
    results: Path
    lines: list[dict[str, object]]


@pytest.fixture(scope="session")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Traded:
    """Four months with an entry each week, so that every kind of exit occurs."""
    folder = tmp_path_factory.mktemp("traded")
    chosen = make_set(date(2019, 12, 2), date(2019, 11, 29), entry_week="0", max_open="3")
    publish(folder / "store", chosen)
    run = trade(folder / "store")
    write_results(run, folder / "results")
    return Traded(run, chosen, folder / "store", folder / "results", journal(folder / "store"))
