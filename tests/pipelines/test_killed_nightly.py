"""A nightly job that is killed at any moment loses nothing that was committed and leaves nothing half done."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pipelines.config import load_settings
from tests.pipelines.instances import ROOT, digests, environment, make_instance, run, tomking
from warehouse.access import Warehouse

KILLS = 10

HALF_DONE = {
    "a complete run lacks orders": (
        "select r.run_id from records.runs r left join records.orders o using (run_id) where r.is_complete "
        "and r.orders_claimed is not null group by r.run_id, r.orders_claimed having count(o.order_id) <> r.orders_claimed"
    ),
    "a ledger entry points at rows that are not there": (
        "select f.path from ops.files f left join records.runs r using (run_id) where f.run_id is not null and r.run_id is null"
    ),
    "a leg's causes do not add up": (
        "select l.leg_id from derived.fee_legs l left join derived.fee_causes c using (leg_id) "
        "group by l.leg_id, l.difference having coalesce(sum(c.amount), 0) <> l.difference"
    ),
    "a statement has fewer rows than were counted": (
        "select s.sha256 from records.statements s left join records.statement_row_sources r using (sha256) "
        "group by s.sha256, s.row_count having count(distinct r.line) <> s.row_count"
    ),
}


def half_done(config: Path) -> list[str]:
    with Warehouse(load_settings(config).state_dir).reader() as connection:
        return [what for what, query in HALF_DONE.items() if connection.execute(query).fetchall()]


def committed_files(config: Path) -> set[str]:
    with Warehouse(load_settings(config).state_dir).reader() as connection:
        return {
            row[0] for row in connection.execute("select sha256 from ops.files where outcome = 'ingested'").fetchall()
        }


@pytest.mark.slow
def test_ten_kills_at_random_moments_lose_nothing_and_the_next_run_completes(tmp_path: Path) -> None:
    whole = make_instance(tmp_path / "whole")
    started = time.monotonic()
    finished = run(whole, "nightly")
    seconds = time.monotonic() - started
    assert finished.returncode == 0, finished.stderr
    expected = digests(whole)

    fresh = tmp_path / "fresh"
    make_instance(fresh)
    shutil.copytree(fresh, tmp_path / "killed")
    config = make_instance(tmp_path / "killed")
    moments = random.Random(20261122)
    kept: set[str] = set()
    for _ in range(KILLS):
        process = subprocess.Popen(
            tomking(config, "nightly"),
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moments.uniform(0.2, 1.0) * seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert half_done(config) == []
        now = committed_files(config)
        assert kept <= now
        kept = now

    completed = run(config, "nightly")
    assert completed.returncode == 0, completed.stderr
    assert digests(config) == expected
