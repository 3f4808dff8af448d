"""Documents of an object store are kept in every version, in both layouts, and a half-written one is read again."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.steps.lean.store_documents import DocumentsOutcome, ingest_documents
from tests.steps.asking import ask
from tests.steps.parameter_fixtures import DEPLOYMENT
from tomking.kernel.contracts import current_key, state_key
from tomking.strategies.book import Book
from tomking.strategies.book_document import dump_book
from warehouse.access import Warehouse

DATA = Path(__file__).resolve().parent.parent / "data" / "runs" / "live" / "storage"


def put(store: Path, key: str, document: object) -> Path:
    path = store / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return path


def read(warehouse: Warehouse, store: Path) -> DocumentsOutcome:
    with warehouse.writer("read") as session:
        return ingest_documents(session, store)


def test_the_set_and_the_book_of_the_recorded_probes_are_kept(warehouse: Warehouse) -> None:
    assert read(warehouse, DATA) == DocumentsOutcome(2, 2, 0)
    assert read(warehouse, DATA) == DocumentsOutcome(2, 0, 0)
    for name, kind in (("parameters/current.json", "parameter_set"), ("state/book.json", "book")):
        kept = ask(
            warehouse, "SELECT document FROM marts.store_documents WHERE object_key = ? AND kind = ?", name, kind
        )
        assert kept == [((DATA / name).read_text().strip(),)]
    book = json.loads((DATA / "state" / "book.json").read_bytes())
    stored = ask(warehouse, "SELECT trade, CAST(legs AS VARCHAR) FROM marts.stored_trades")
    assert {trade: json.loads(legs) for trade, legs in stored} == {
        trade: told["legs"] for trade, told in book["trades"].items()
    }


def test_only_sets_and_books_are_documents(warehouse: Warehouse, tmp_path: Path) -> None:
    put(tmp_path, "parameters/current.json", {"id": "ps-0004", "schema": 1, "values": {"target": 0.65}})
    put(
        tmp_path,
        "state/book.json",
        {"trades": {"strangle-1": {"opened": "2026-11-18 16:15:14+00:00", "legs": ["A", "B"]}}},
    )
    put(tmp_path, "notes/other.json", {})
    assert read(warehouse, tmp_path) == DocumentsOutcome(2, 2, 0)
    assert read(warehouse, tmp_path) == DocumentsOutcome(2, 0, 0)
    found = ask(warehouse, "SELECT kind, document_id, trades, is_newest FROM marts.store_documents ORDER BY kind")
    assert found == [("book", None, 1, True), ("parameter_set", "ps-0004", None, True)]
    trades = ask(warehouse, "SELECT trade, CAST(opened_at AS VARCHAR), CAST(legs AS VARCHAR) FROM marts.stored_trades")
    assert trades == [("strangle-1", "2026-11-18 16:15:14+00", '["A","B"]')]


def test_every_version_stays_and_the_last_one_read_is_the_newest(warehouse: Warehouse, tmp_path: Path) -> None:
    for target in (1, 2, 1):
        put(tmp_path, current_key(DEPLOYMENT), {"id": f"ps-{target}"})
        read(warehouse, tmp_path)
    found = ask(warehouse, "SELECT deployment, document_id, is_newest FROM marts.store_documents ORDER BY document_id")
    assert found == [(DEPLOYMENT, "ps-1", True), (DEPLOYMENT, "ps-2", False)]


def test_our_own_book_is_read_as_its_writer_leaves_it(warehouse: Warehouse, tmp_path: Path) -> None:
    put(tmp_path, state_key(DEPLOYMENT), dump_book(Book()))
    read(warehouse, tmp_path)
    assert ask(warehouse, "SELECT kind, deployment, trades FROM marts.store_documents") == [("book", DEPLOYMENT, 0)]
    assert ask(warehouse, "SELECT count(*) FROM marts.stored_trades") == [(0,)]


def test_a_half_written_document_waits_in_quarantine_and_is_read_when_it_is_whole(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    put(tmp_path, "parameters/current.json", b'{"id": "ps-0')
    assert read(warehouse, tmp_path) == DocumentsOutcome(1, 0, 1)
    assert ask(warehouse, "SELECT reason, state FROM marts.quarantine") == [("not_json", "open")]
    put(tmp_path, "parameters/current.json", {"id": "ps-0005"})
    assert read(warehouse, tmp_path) == DocumentsOutcome(1, 1, 0)
    assert ask(warehouse, "SELECT reason, state FROM marts.quarantine") == [("not_json", "resolved")]
