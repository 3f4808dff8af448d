"""Damaged statements in the warehouse: what is refused stands in quarantine with its place, and is resolved when mended."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import pytest

from pipelines.config import AccountSettings
from pipelines.steps.statements import ingesting as statements
from pipelines.steps.statements.ingesting import StatementOutcome, ingest_statement
from tests.pairs.every_format import WRITERS
from tests.pairs.test_every_format import fills_for_the_warehouse
from tests.steps.asking import ask
from warehouse.access import Warehouse

FORMATS = [(broker, name) for broker, writers in WRITERS.items() for name in writers if name.endswith(".csv")]
QUARANTINE = "SELECT file, line, field, reason, state FROM marts.quarantine ORDER BY ALL"


def ingest(warehouse: Warehouse, broker: str, path: Path) -> StatementOutcome:
    with warehouse.writer("test") as session:
        return ingest_statement(session, path, account=None, accounts=(AccountSettings(alias="main", broker=broker),))


@pytest.mark.parametrize(("broker", "name"), FORMATS, ids=[" ".join(one) for one in FORMATS])
def test_a_bad_row_waits_in_quarantine_until_the_file_is_mended(
    warehouse: Warehouse, tmp_path: Path, broker: str, name: str
) -> None:
    good = WRITERS[broker][name](fills_for_the_warehouse(broker))
    lines = good.split(b"\n")
    # A fee, where it stands by itself, else a price; a description is no number.
    wrong = rb"-0\.04" if b"-0.04" in good else rb"1\.0[0-9]"
    place = max(at for at, line in enumerate(lines) if re.search(wrong, line))
    lines[place] = re.sub(wrong, b"oops", lines[place])
    path = tmp_path / name
    path.write_bytes(b"\n".join(lines))
    outcome = ingest(warehouse, broker, path)
    assert outcome.outcome in ("partial", "refused")
    found = ask(warehouse, QUARANTINE)
    assert found
    assert all(reason and state == "open" and str(file).endswith(name) for file, _, _, reason, state in found)
    assert any(line == place + 1 or field for _, line, field, _, _ in found)
    path.write_bytes(good)
    assert ingest(warehouse, broker, path).outcome == "ingested"
    assert {state for *_, state in ask(warehouse, QUARANTINE)} == {"resolved"}


def test_a_file_too_large_is_refused_by_its_size_without_being_read(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "LARGEST", 1_000_000)
    path = tmp_path / "huge.csv"
    path.write_bytes(WRITERS["tastytrade"]["columns21.csv"](fills_for_the_warehouse("tastytrade")) * 40_000)
    tracemalloc.start()
    outcome = ingest(warehouse, "tastytrade", path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (outcome.outcome, outcome.format) == ("refused", None)
    assert "export it in parts" in (outcome.message or "")
    assert peak < 12_000_000 < path.stat().st_size
    assert ask(warehouse, "SELECT state FROM marts.quarantine") == [("open",)]
