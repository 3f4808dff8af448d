"""Journals reach the warehouse once, line by line, find their runs, and acknowledge what was applied."""

from __future__ import annotations

import datetime as dt
import shutil
from decimal import Decimal
from pathlib import Path

from pipelines.steps.lean.journals import JournalOutcome, ingest_journals, link_journals
from pipelines.steps.parameters.acknowledgements import acknowledge
from tests.algorithm.support import publish, trade
from tests.steps.parameter_fixtures import (
    BEGAN,
    DEPLOYMENT,
    applied_line,
    make_set,
    store_run,
    store_set,
    write_segment,
)
from tomking.kernel.contracts import format_entry, run_key
from tomking.kernel.parameters import default_values, dump, parse
from warehouse.access import Warehouse

OLDER = Path(__file__).parent.parent / "data" / "journal" / "older"
RUN = run_key("L-31", BEGAN)


def note(seq: int) -> str:
    return format_entry(seq, "note", BEGAN, message=f"line {seq}")


def test_a_store_is_read_once_and_a_growing_segment_adds_its_new_lines(warehouse: Warehouse, tmp_path: Path) -> None:
    store = tmp_path / "storage"
    write_segment(store, RUN, 1, [note(1), note(2)])
    with warehouse.writer("first") as session:
        assert ingest_journals(session, store) == JournalOutcome(1, 1, 2, 0)
    with warehouse.writer("again") as session:
        assert ingest_journals(session, store) == JournalOutcome(1, 0, 0, 0)
        assert not session.changed
    write_segment(store, RUN, 1, [note(1), note(2), note(3)])
    write_segment(store, RUN, 2, [note(4)])
    with warehouse.writer("grown") as session:
        assert ingest_journals(session, store) == JournalOutcome(2, 2, 2, 0)
        rows = session.rows("SELECT segment, line, run_key, deployment FROM records.journal_entries ORDER BY ALL")
    assert rows == [("1", n, RUN, DEPLOYMENT) for n in (1, 2, 3)] + [("2", 1, RUN, DEPLOYMENT)]


def test_a_half_written_line_is_refused_with_its_number_and_read_when_it_is_whole(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    store = tmp_path / "storage"
    path = write_segment(store, RUN, 1, [note(1)])
    whole = path.read_bytes() + note(2).encode() + b"\n"
    path.write_bytes(whole[:-20])
    with warehouse.writer("half") as session:
        assert ingest_journals(session, store) == JournalOutcome(1, 1, 1, 1)
        assert session.rows("SELECT line, reason, state FROM ops.quarantine") == [(2, "half_written", "open")]
    path.write_bytes(whole)
    with warehouse.writer("whole") as session:
        assert ingest_journals(session, store) == JournalOutcome(1, 1, 1, 0)
        assert session.rows("SELECT line, reason, state FROM ops.quarantine") == [(2, "half_written", "resolved")]
        assert session.rows("SELECT line FROM records.journal_entries ORDER BY line") == [(1,), (2,)]


def test_a_line_that_changes_after_it_was_read_is_refused_and_the_first_reading_stays(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    store = tmp_path / "storage"
    write_segment(store, RUN, 1, [note(1), note(2)])
    with warehouse.writer("first") as session:
        ingest_journals(session, store)
    write_segment(store, RUN, 1, [note(1), format_entry(2, "note", BEGAN, message="another story"), note(3)])
    with warehouse.writer("second") as session:
        assert ingest_journals(session, store) == JournalOutcome(1, 1, 1, 1)
        assert session.rows("SELECT line, reason FROM ops.quarantine") == [(2, "changed_line")]
        [(payload,)] = session.rows("SELECT payload FROM records.journal_entries WHERE line = 2")
    assert "line 2" in payload


def test_only_the_asked_deployment_is_read(warehouse: Warehouse, tmp_path: Path) -> None:
    store = tmp_path / "storage"
    write_segment(store, RUN, 1, [note(1)])
    write_segment(store, RUN, 1, [note(1)], deployment="live-1")
    with warehouse.writer("one") as session:
        assert ingest_journals(session, store, DEPLOYMENT).segments == 1
        assert ingest_journals(session, store).new_entries == 1
        assert ingest_journals(session, tmp_path / "nowhere") == JournalOutcome()


def test_the_older_layout_is_read_and_joined_to_its_runs(warehouse: Warehouse, tmp_path: Path) -> None:
    store = tmp_path / "storage"
    shutil.copytree(OLDER, store)
    backtest = tmp_path / "tk-tastytrade-covid"
    (backtest / "storage" / "journal").mkdir(parents=True)
    shutil.move(store / "journal" / "tk-tastytrade-covid.jsonl", backtest / "storage" / "journal")
    start = dt.datetime(2026, 11, 18, 14, 28, 2, tzinfo=dt.UTC)
    with warehouse.writer("older") as session:
        outcome = ingest_journals(session, store)
        assert (outcome.segments, outcome.new_entries, outcome.refused_lines) == (2, 17, 0)
        assert ingest_journals(session, backtest / "storage").new_entries == 6
        store_run(session, "live", algorithm_id="L-3100000003", started_at=start, mode="paper")
        store_run(session, "long ago", algorithm_id="L-3100000003", started_at=start - dt.timedelta(hours=3))
        store_run(session, "backtest", algorithm_id="TkProbe", started_at=start, source_path=str(backtest))
        assert link_journals(session) == 3
        assert link_journals(session) == 0
        found = session.rows(
            "SELECT DISTINCT split_part(journal_key, '@', 1), run_id FROM records.journal_entries ORDER BY 1"
        )
        applied = session.rows("SELECT run_id, parameter_set_id, known FROM marts.run_parameter_sets ORDER BY 1")
        assert acknowledge(session) == 0
        assert session.rows("SELECT count(*) FROM records.parameter_sets") == [(0,)]
    assert found == [("", "live"), ("L-3100000003", "live"), ("tk-tastytrade-covid", "backtest")]
    assert applied == [("backtest", "ps-0001", False), ("live", "ps-0004", False)]


def test_a_run_that_names_its_journal_is_joined_exactly(warehouse: Warehouse, tmp_path: Path) -> None:
    store = tmp_path / "storage"
    write_segment(store, RUN, 1, [note(1)])
    with warehouse.writer("exact") as session:
        ingest_journals(session, store)
        store_run(session, "near", algorithm_id="L-31", started_at=BEGAN)
        store_run(session, "named", algorithm_id="other", started_at=BEGAN + dt.timedelta(days=9), journal=RUN)
        assert link_journals(session) == 1
        assert session.rows("SELECT DISTINCT run_id FROM records.journal_entries") == [("named",)]


def test_a_run_of_the_same_id_that_began_at_another_time_is_not_joined(warehouse: Warehouse, tmp_path: Path) -> None:
    store = tmp_path / "storage"
    write_segment(store, RUN, 1, [note(1)])
    with warehouse.writer("far") as session:
        ingest_journals(session, store)
        store_run(session, "far", algorithm_id="L-31", started_at=BEGAN + dt.timedelta(minutes=11))
        assert link_journals(session) == 0
        store_run(session, "near", algorithm_id="L-31", started_at=BEGAN - dt.timedelta(minutes=9))
        assert link_journals(session) == 1
        assert session.rows("SELECT DISTINCT run_id FROM records.journal_entries") == [("near",)]


def test_an_applied_set_is_acknowledged_once_and_learns_its_run_later(warehouse: Warehouse, tmp_path: Path) -> None:
    store = tmp_path / "storage"
    known, unknown = make_set("2019-12-02", "2019-11-29"), make_set("2019-12-09", "2019-12-06", note="never stored")
    write_segment(store, RUN, 1, [applied_line(1, known), applied_line(2, unknown, "schedule")])
    with warehouse.writer("acknowledge") as session:
        store_set(session, known, "proposed", "approved", "published")
        ingest_journals(session, store)
        assert acknowledge(session) == 1
        assert acknowledge(session) == 0
    with warehouse.writer("later") as session:
        store_run(session, "run-1", algorithm_id="L-31", started_at=BEGAN)
        link_journals(session)
        assert acknowledge(session) == 1
        assert acknowledge(session) == 0
        [row] = session.rows(
            "SELECT sha256, state, acknowledged_by_run, acknowledgements, acknowledged_at FROM marts.parameter_sets"
        )
        assert row == (known.sha256, "acknowledged", "run-1", 1, BEGAN)
        applied = session.rows("SELECT sha256, known, is_last FROM marts.run_parameter_sets ORDER BY applied_at")
    assert applied == [(known.sha256, True, False), (unknown.sha256, False, True)]


def test_a_forecast_is_shown_beside_the_modelled_fee(warehouse: Warehouse, tmp_path: Path) -> None:
    store = tmp_path / "storage"
    line = format_entry(
        1, "fee_forecast", BEGAN, order_id=3, event_id=2, symbol="SPY   200117P00295000",
        components={"commission": "2.0", "orf": "0.08"}, total="2.294", modelled="2.0",
    )  # fmt: skip
    write_segment(store, RUN, 1, [line])
    with warehouse.writer("forecast") as session:
        ingest_journals(session, store)
        store_run(session, "run-1", algorithm_id="L-31", started_at=BEGAN)
        link_journals(session)
        [row] = session.rows("SELECT run_id, order_id, event_id, total_text, difference FROM marts.fee_forecasts")
    assert (row[0], row[1], row[2], row[3], str(row[4])) == ("run-1", 3, 2, "2.294", "0.294000")


def test_requests_of_a_cache_are_rows_by_session_and_kind_of_key(warehouse: Warehouse, tmp_path: Path) -> None:
    store = tmp_path / "storage"
    day = dt.date(2019, 12, 6)
    lines = [
        format_entry(
            number, "cache", BEGAN, cache="chains", key_kind=kind, session_date=day, hits=hits,
            misses=misses, provider_calls=sum(misses.values()), stale_served=0,
        )
        for number, kind, hits, misses in (
            (1, "expiry", 3, {"expired": 1}),
            (2, "expiry", 1, {"first_touch": 2, "wider": 1}),
            (3, "whole", 0, {}),
        )
    ]  # fmt: skip
    lines.append(format_entry(4, "cache", BEGAN, cache="greeks", hits=0, misses={"evicted": 1, "invalidated": 2}))
    write_segment(store, RUN, 1, lines)
    with warehouse.writer("caches") as session:
        ingest_journals(session, store)
        store_run(session, "run-1", algorithm_id="L-31", started_at=BEGAN)
        link_journals(session)
        rows = session.rows("SELECT * EXCLUDE (run_id) FROM marts.cache_requests ORDER BY cache, key_kind")
    assert rows[0] == (day, "chains", "expiry", 8, 4, 0.5, 2, 1, 0, 0, 1, 4, 0)
    assert rows[1] == (day, "chains", "whole", 0, 0, None, 0, 0, 0, 0, 0, 0, 0)
    assert rows[2] == (BEGAN.date(), "greeks", None, 3, 0, 0.0, 0, 0, 1, 2, 0, None, None)


def test_a_journal_is_joined_anew_when_a_run_that_fits_better_is_read_later(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    store = tmp_path / "storage"
    write_segment(store, RUN, 1, [note(1)])
    with warehouse.writer("first") as session:
        ingest_journals(session, store)
        store_run(session, "near", algorithm_id="L-31", started_at=BEGAN + dt.timedelta(minutes=5))
        assert link_journals(session) == 1
        store_run(session, "nearer", algorithm_id="L-31", started_at=BEGAN + dt.timedelta(minutes=1))
        assert link_journals(session) == 1
        assert session.rows("SELECT DISTINCT run_id FROM records.journal_entries") == [("nearer",)]
        assert link_journals(session) == 0


def test_a_journal_whose_first_line_was_broken_for_a_while_is_stored_once(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "storage" / "journal" / "L-3100000003.jsonl"
    path.parent.mkdir(parents=True)
    whole = (OLDER / "journal" / "L-3100000003.jsonl").read_bytes()
    with warehouse.writer("broken, then whole") as session:
        path.write_bytes(b"\x00" + whole[1:])
        assert ingest_journals(session, tmp_path / "storage").new_entries == 0
        path.write_bytes(whole)
        assert ingest_journals(session, tmp_path / "storage").new_entries == 16
        assert session.rows("SELECT count(*), count(DISTINCT journal_key) FROM records.journal_entries") == [(16, 1)]
        assert session.rows("SELECT count(*) FROM ops.quarantine WHERE state = 'open'") == [(0,)]


def test_entries_that_an_older_reader_stored_get_the_kind_they_have_by_now(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    shutil.copytree(OLDER, tmp_path / "storage")
    with warehouse.writer("older reader") as session:
        ingest_journals(session, tmp_path / "storage")
        session.execute("UPDATE records.journal_entries SET kind = 'filled' WHERE payload LIKE '%\"filled\"%'")
        session.execute("UPDATE ops.files SET parser_version = '1' WHERE kind = 'journal'")
        assert session.rows("SELECT count(*) > 0 FROM records.journal_entries WHERE kind = 'filled'") == [(True,)]
        assert ingest_journals(session, tmp_path / "storage").new_entries == 0
        assert session.rows("SELECT count(*) FROM records.journal_entries WHERE kind = 'filled'") == [(0,)]


def test_the_values_that_modules_were_made_with_are_the_parameters_that_the_run_applied(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    store = tmp_path / "storage"
    chosen = default_values() | {"caches.chain_ttl_seconds": "120", "caches.greeks_entries": "50"}
    first, before = dt.date(2019, 12, 2), dt.date(2019, 11, 29)
    document = dump(chosen, effective_from=first, data_through=before, code_version="test", evidence={})
    publish(store, parse(document))
    done = trade(store, parameters={"end": "2019-12-03", "correlations": "QQQ", "without": "greeks_cache"})
    assert done.error == ""
    with warehouse.writer("journal") as session:
        ingest_journals(session, store)
        rows = session.rows("SELECT parameter, value, fee_schedule, switched_off FROM marts.run_modules")
    named = {"caches.chain_ttl_seconds", "caches.chain_entries", "caches.greeks_ttl_seconds", "caches.greeks_entries"}
    assert {row[0] for row in rows} == {*named, "regime.window"}
    assert all(value == Decimal(chosen[name]) for name, value, _, _ in rows)
    assert {row[2:] for row in rows} == {("tastytrade/standard", "greeks_cache")}
