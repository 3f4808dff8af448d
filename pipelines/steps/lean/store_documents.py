"""Keeping the documents of an object store: parameter sets as they were applied, the book as it was left.

Holds: the step from files to `records.store_documents`.
Belongs here: when a version is new, and which one is the newest.
Never here: journals (`pipelines.steps.lean.journals`), publishing a set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.parsing.lean.store_documents import PARSER_VERSION, DocumentPlace, document_place, parse_document
from pipelines.parsing.refusals import Refused
from pipelines.privacy import redact_json
from pipelines.steps.refusing import quarantine
from warehouse.frames import frame
from warehouse.models.records.store_documents import StoreDocumentRow

if TYPE_CHECKING:
    from warehouse.session import WriteSession

KIND = "store_document"


@dataclass(frozen=True, slots=True)
class DocumentsOutcome:
    """Counts of one pass: documents seen, versions not seen before, refused ones."""

    documents: int = 0
    new: int = 0
    refused: int = 0


def ingest_documents(session: WriteSession, root: Path, deployment: str | None = None) -> DocumentsOutcome:
    """Keep every document below an object store's root whose bytes are not the ones read last.

    `deployment` labels documents of the older layout, which name none.
    """
    seen = new = refused = 0
    for path, object_key, place in _documents(root):
        seen += 1
        named = replace(place, deployment=place.deployment or deployment)
        with session.transaction():
            found = _ingest(session, root, object_key, path, named)
        new, refused = new + (found is True), refused + (found is False)
    return DocumentsOutcome(seen, new, refused)


def _documents(root: Path) -> Iterator[tuple[Path, str, DocumentPlace]]:
    for path in sorted(root.rglob("*.json")) if root.is_dir() else ():
        key = path.relative_to(root).as_posix()
        if (place := document_place(key)) is not None and path.is_file():
            yield path, key, place


def _ingest(session: WriteSession, root: Path, object_key: str, path: Path, place: DocumentPlace) -> bool | None:
    """True where a version is new, False where it is refused, None where it is known."""
    raw = session.raw.put(path)
    versions = session.rows(
        "SELECT sha256, learnt_at FROM records.store_documents WHERE folder = ? AND object_key = ? ORDER BY read_at DESC",
        [str(root), object_key],
    )
    if versions and versions[0][0] == raw.sha256:
        return None
    session.resolve_quarantine(path=path)
    outcome = "ingested"
    try:
        document = parse_document(session.raw.read(raw.sha256))
    except Refused as error:
        outcome = "refused"
        quarantine(session, [error.refusal], path=path, sha256=raw.sha256)
    else:
        row = {
            "folder": str(root),
            "object_key": object_key,
            "sha256": raw.sha256,
            "deployment": place.deployment,
            "kind": place.kind,
            "document_id": document.document_id,
            "document": redact_json(document.text),
            "learnt_at": dict(versions).get(raw.sha256, session.now),
            "read_at": session.now,
        }
        session.upsert(StoreDocumentRow, frame(StoreDocumentRow, [row]))
    session.record_file(
        path=path,
        sha256=raw.sha256,
        size=raw.size,
        kind=KIND,
        parser_version=PARSER_VERSION,
        outcome=outcome,
        message=None,
    )
    return outcome == "ingested"
