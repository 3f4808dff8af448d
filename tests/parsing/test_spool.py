"""What a spool is given comes back, from memory or from disk, and nothing of it stays behind."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.parsing.lean import spool as spools
from pipelines.parsing.lean.spool import Batches, Spool

SCHEMA = pl.Schema({"number": pl.Int64(), "text": pl.String(), "is_odd": pl.Boolean()})


def rows(first: int, count: int) -> pl.DataFrame:
    numbers = range(first, first + count)
    columns = {
        "number": numbers,
        "text": [f"text {number % 3}" for number in numbers],
        "is_odd": [n % 2 == 1 for n in numbers],
    }
    return pl.DataFrame(columns, schema=SCHEMA)


@pytest.mark.parametrize(("unpacked", "limit"), [(1 << 20, 1 << 20), (0, 1 << 20), (0, 0), (500, 900)])
def test_rows_come_back_in_their_order_wherever_they_lay(
    unpacked: int, limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spools, "_UNPACKED", unpacked)
    monkeypatch.setattr(spools, "_HANDED_OUT", 70)
    with Spool(tmp_path / "spool", limit) as spool:
        batches = Batches(SCHEMA, keys=["number"], distinct=["text"], spool=spool)
        for first in range(0, 1000, 20):
            batches.append(rows(first, 20))
        assert batches.frame().equals(rows(0, 1000))
        assert batches.keys["number"].to_list() == list(range(1000))
        assert batches.distinct["text"].to_list() == ["text 0", "text 1", "text 2"]
        assert len(batches) == 1000
        assert {piece.height for piece in batches} == {80, 40}
        assert spool.read(spool.keep(b"chart")) == b"chart"
        assert (tmp_path / "spool").exists() == (limit < 1 << 20)
    assert not list(tmp_path.rglob("*-*"))


def test_what_a_killed_process_left_goes(tmp_path: Path) -> None:
    left = tmp_path / "1-1" / "000001"
    left.parent.mkdir()
    left.write_bytes(b"left")
    with Spool(tmp_path, limit=0) as spool:
        assert spool.read(spool.keep(b"new")) == b"new"
        assert not left.exists()


def test_no_rows_are_no_rows() -> None:
    batches = Batches(SCHEMA, keys=["number"])
    batches.append(rows(0, 0))
    assert (len(batches), list(batches), batches.frame().height, batches.keys.height) == (0, [], 0, 0)
