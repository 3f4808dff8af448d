"""Parameter sets while the algorithm runs: dated in a backtest, current when live, the last good one when refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.algorithm.support import as_lean, journal, make_set, of_kind, publish, trade, write
from tests.lean_double.store import ObjectStore
from tomking.adapters.journal import Journal
from tomking.adapters.object_store import Store
from tomking.adapters.parameters import ParameterFeed
from tomking.kernel.contracts import current_key, history_key, parameter_key
from tomking.kernel.parameters import ParameterSet, default_values

FIRST = make_set(date(2019, 12, 2), date(2019, 11, 29), entry_week="0")
SECOND = make_set(date(2020, 1, 20), date(2020, 1, 17), entry_week="0", target_share="0.25")


def applied(store: Path) -> list[tuple[str, str]]:
    """(day, hash) of each set that was put in force."""
    return [(str(line["time"])[:10], str(line["sha256"])) for line in of_kind(journal(store), "parameters_applied")]


def test_a_backtest_applies_each_set_from_its_own_day(tmp_path: Path) -> None:
    publish(tmp_path, FIRST, SECOND)
    run = trade(tmp_path, parameters={"end": "2020-01-31"})
    assert applied(tmp_path) == [("2019-12-02", FIRST.sha256), ("2020-01-21", SECOND.sha256)]
    assert run.algorithm.runtime_statistics["Parameter set"] == SECOND.id


def test_a_set_that_takes_effect_after_the_run_is_never_seen(tmp_path: Path) -> None:
    publish(tmp_path, SECOND)
    trade(tmp_path, parameters={"end": "2019-12-20"})
    assert applied(tmp_path) == []
    assert len(of_kind(journal(tmp_path), "parameters_missing")) == 1


def test_a_damaged_set_is_refused_by_reason_and_the_last_good_one_stays(tmp_path: Path) -> None:
    publish(tmp_path, FIRST, SECOND)
    path = tmp_path / parameter_key("demo", SECOND.id)
    path.write_bytes(path.read_bytes()[:200])
    run = trade(tmp_path, parameters={"end": "2020-01-31"})
    assert applied(tmp_path) == [("2019-12-02", FIRST.sha256)]
    (refused,) = of_kind(journal(tmp_path), "parameters_refused")
    assert refused["reason"] in ("not_json", "hash_mismatch")
    assert run.algorithm.summary_statistics["Parameter set"] == FIRST.id
    assert run.error == ""


def test_without_any_set_the_defaults_trade_and_the_gap_is_on_record(tmp_path: Path) -> None:
    run = trade(tmp_path, parameters={"end": "2020-01-31"})
    (missing,) = of_kind(journal(tmp_path), "parameters_missing")
    assert missing["key"] == history_key("demo")
    assert run.algorithm.runtime_statistics["Parameter set"] == "defaults"
    assert len(run.algorithm.transactions.orders) > 0


def test_a_live_run_takes_the_current_set(tmp_path: Path) -> None:
    publish(tmp_path, FIRST)
    (tmp_path / history_key("demo")).unlink()
    trade(tmp_path, parameters={"end": "2019-12-06"}, live=True)
    assert applied(tmp_path) == [("2019-12-02", FIRST.sha256)]


@pytest.fixture
def feed(tmp_path: Path) -> tuple[ParameterFeed, Callable[[], list[dict[str, object]]], list[ParameterSet]]:
    """A live feed over a folder, what its journal says so far, and the sets it put in force."""
    store, seen = Store(as_lean(ObjectStore(tmp_path))), list[ParameterSet]()
    log = Journal(store, "demo", lambda: datetime(2020, 2, 3, 15, tzinfo=UTC))
    log.begin("run-1", mode="live")

    def lines() -> list[dict[str, object]]:
        log.flush()
        return journal(tmp_path)

    return ParameterFeed(store, "demo", log, live=True, on_applied=seen.append), lines, seen


def test_a_half_written_set_is_refused_once_and_taken_when_it_is_whole(
    feed: tuple[ParameterFeed, Callable[[], list[dict[str, object]]], list[ParameterSet]], tmp_path: Path
) -> None:
    live, lines, seen = feed
    today = date(2020, 2, 3)
    path = tmp_path / current_key("demo")
    assert not live.refresh("start", today)
    assert live.values == default_values()
    write(path, FIRST.document)
    assert live.refresh("schedule", today)
    for length in (0, 1, 100, len(SECOND.document) - 1):
        path.write_bytes(SECOND.document[:length])
        assert not live.refresh("schedule", today)
        assert not live.refresh("schedule", today)
        assert live.current == FIRST
    path.write_bytes(SECOND.document)
    assert live.refresh("command", today)
    assert not live.refresh("schedule", today)
    assert seen == [FIRST, SECOND]
    assert live.values["strangle.target_share"] == "0.25"
    kinds = [line["kind"] for line in lines()]
    assert kinds[1:3] == ["parameters_missing", "parameters_applied"]
    assert kinds.count("parameters_refused") == 4
    assert [line["why"] for line in of_kind(lines(), "parameters_applied")] == ["schedule", "command"]


def test_a_store_that_cannot_be_read_is_survived(tmp_path: Path) -> None:
    class Broken(ObjectStore):
        def contains_key(self, key: str) -> bool:
            raise RuntimeError("the disk is gone")

    store = Store(as_lean(Broken(tmp_path)))
    log = Journal(Store(as_lean(ObjectStore(tmp_path))), "demo", lambda: datetime(2020, 2, 3, 15, tzinfo=UTC))
    live = ParameterFeed(store, "demo", log, live=True, on_applied=lambda found: None)
    assert not live.refresh("start", date(2020, 2, 3))
    assert not live.refresh("schedule", date(2020, 2, 3))
    log.begin("run-1", mode="live")
    log.flush()
    assert [line["kind"] for line in journal(tmp_path)] == ["run_started", "error"]
