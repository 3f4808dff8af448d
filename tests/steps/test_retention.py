"""Raw bytes: kept for ever, or dropped by age where nothing could need them again."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pipelines.config import settings_from
from pipelines.steps.retention import apply_retention
from warehouse.access import Warehouse
from warehouse.frames import frame
from warehouse.models.records.run_readings import RunReading
from warehouse.models.records.runs import RunFile


def old(path: Path) -> None:
    os.utime(path, (0, 0))


def test_nothing_is_dropped_without_the_setting(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("retention") as session:
        stored = session.raw.put_bytes(b"an old version")
        old(session.raw.path_of(stored.sha256))
        assert apply_retention(session, settings_from({}, tmp_path / "tomking.toml")).dropped == 0
        assert session.raw.read(stored.sha256) == b"an old version"


def test_old_versions_go_and_what_a_later_reading_needs_stays(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_from({"retention": {"raw_days": 30}}, tmp_path / "tomking.toml")
    with warehouse.writer("retention") as session:
        version, newest, waiting, fresh = (
            session.raw.put_bytes(text) for text in (b"first", b"second", b"bad", b"new")
        )
        for stored in (version, newest, waiting):
            old(session.raw.path_of(stored.sha256))
        file = {"run_id": "r", "file_name": "r.json", "role": "main"}
        earlier = session.now.replace(year=session.now.year - 1)
        rows = [
            file | {"sha256": version.sha256, "learnt_at": earlier},
            file | {"sha256": newest.sha256, "learnt_at": session.now},
        ]
        session.insert(RunFile, frame(RunFile, rows))
        session.refuse(path="bad.csv", sha256=waiting.sha256, reason="unknown header")
        outcome = apply_retention(session, settings)
        assert outcome.dropped == 1
        assert set(session.raw.names()) == {newest.sha256, waiting.sha256, fresh.sha256}


def test_every_file_of_the_reading_that_stands_stays(warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settings_from({"retention": {"raw_days": 30}}, tmp_path / "tomking.toml")
    with warehouse.writer("retention") as session:
        final, copy = session.raw.put_bytes(b"final"), session.raw.put_bytes(b"a copy made before, read after")
        for number, stored in enumerate((final, copy)):
            old(session.raw.path_of(stored.sha256))
            row = {
                "run_id": "r", "reading_id": str(number), "is_complete": stored is final, "events": 0, "refused": 0,
                "unread": 0, "size": 1, "parser_version": "1", "learnt_at": session.now, "read_at": session.now,
                "files_json": json.dumps([["main", "r.json", stored.sha256, 5]]),
            }  # fmt: skip
            session.insert(RunReading, frame(RunReading, [row]))
        assert apply_retention(session, settings).dropped == 1
        assert set(session.raw.names()) == {final.sha256}
