"""The evening's entry block, as a running algorithm comes by it.

Holds: reading the document, saying once what it means, the refusal in force.
Belongs here: when the document is read, and what happens where it is missing, damaged or past its end.
Never here: whether a document is good (`kernel.entry_block`), the rehearsal behind it.

A backtest reads none: a block is about one evening's book, not about the days that are simulated.
"""

from __future__ import annotations

from datetime import date

from tomking.adapters.journal import Journal
from tomking.adapters.object_store import Store
from tomking.kernel.contracts import block_key
from tomking.kernel.documents import DocumentRefused
from tomking.kernel.entry_block import FALLBACK, EntryBlock, parse_block
from tomking.kernel.limits.crisis import check_crisis
from tomking.kernel.limits.terms import Refusal


class EntryBlocks:
    """Keeps the last good block; a damaged document leaves it as it is."""

    def __init__(self, store: Store, deployment: str, journal: Journal, *, live: bool) -> None:
        self._store, self._deployment, self._journal, self._live = store, deployment, journal, live
        self._block: EntryBlock | None = None
        self._said = ""

    def refresh(self, day: date) -> None:
        """Read the document again; what is new about it goes on record."""
        if not self._live:
            return
        try:
            self._store.forget()
            document = self._store.read(block_key(self._deployment))
            self._block = None if document is None else parse_block(document, self._deployment)
        except (OSError, DocumentRefused) as error:
            self._say(f"the entry block cannot be read, the last good one stays: {error}", is_error=True)
            return
        self._tell(day)

    def stop(self, day: date) -> Refusal | None:
        """What stops every entry on a day, if anything."""
        return check_crisis(self._block, day)

    def _tell(self, day: date) -> None:
        block = self._block
        if block is None:
            return
        if not block.is_in_force(day):
            self._say(
                f"crisis_rehearsal: the document of {block.book_date} expired on {block.expires_on}, "
                f"none newer is there; fallback {FALLBACK}"
            )
        elif block.is_blocked:
            self._say(
                f"crisis_rehearsal: no entries until {block.expires_on}; {block.scenario} would cost "
                f"{block.loss_share} of equity, {block.cap} allowed"
            )
        else:
            self._said = ""

    def _say(self, sentence: str, *, is_error: bool = False) -> None:
        if sentence == self._said:
            return
        self._said = sentence
        if is_error:
            self._journal.write("error", message=sentence[:500], where="entry block")
        else:
            self._journal.write("note", message=sentence)
