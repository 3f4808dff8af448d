"""The stored book: two documents, so that one survives whatever cuts the other off.

Holds: reading the newest good one, writing, keeping a damaged one aside.
Belongs here: what a kill, a full disk or a foreign hand can do to the document.
Never here: what is in a book (`strategies.book`), which documents mean what (`strategies.book_document`).

Before the book is written, the one before it is stored under a second key. A write that is cut off leaves that one.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from tomking.adapters.journal import Journal
from tomking.adapters.object_store import Store
from tomking.kernel.contracts import damaged_state_key, previous_state_key, state_key
from tomking.strategies.book import Book
from tomking.strategies.book_document import BookRefused, dump_book, parse_book


@dataclass(frozen=True, slots=True)
class Found:
    """What was there: a book with its key, or None; `damaged` names where an unreadable one is kept."""

    book: Book | None
    source: str | None
    damaged: str | None
    reason: str | None


class BookStore:
    """The documents of one deployment."""

    def __init__(self, store: Store, deployment: str, journal: Journal) -> None:
        self._store, self._deployment, self._journal = store, deployment, journal
        self._saved: bytes | None = None

    def load(self) -> Found:
        """The newest book that can be read; what cannot is copied aside and named in an `error` line."""
        damaged: str | None = None
        reason: str | None = None
        for key in (state_key(self._deployment), previous_state_key(self._deployment)):
            document = self._read(key)
            if document is None:
                continue
            try:
                book = parse_book(document)
            except BookRefused as error:
                reason = str(error)[:300]
                damaged = self._keep(document)
                self._journal.write("error", message=f"{reason}; kept as {damaged}", where=key)
                continue
            self._saved = document
            return Found(book, key, damaged, reason)
        return Found(None, None, damaged, reason)

    def save(self, book: Book) -> None:
        """Store the book where it changed; a store that does not take it is an `error` line, and is asked again."""
        document = dump_book(book)
        if document == self._saved:
            return
        try:
            if self._saved is not None:
                self._store.write(previous_state_key(self._deployment), self._saved)
            self._store.write(state_key(self._deployment), document)
            self._saved = document
        except OSError as error:
            self._journal.write("error", message=str(error)[:500], where=state_key(self._deployment))

    def _read(self, key: str) -> bytes | None:
        try:
            return self._store.read(key)
        except OSError as error:
            self._journal.write("error", message=str(error)[:500], where=key)
            return None

    def _keep(self, document: bytes) -> str | None:
        key = damaged_state_key(self._deployment, sha256(document).hexdigest())
        try:
            self._store.write_bytes(key, document)
        except OSError as error:
            self._journal.write("error", message=str(error)[:500], where=key)
            return None
        return key
