"""Table of what lay in LEAN's object store beside the journals.

Holds: every version that was seen of a parameter set, of their history, of the book of open trades.
Belongs here: documents as they were written.
Never here: the sets that we made (`records.parameter_sets`), which have evidence and a life of their own.
"""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from warehouse.models.base import RECORDS, Base, instant, key, text


class StoreDocumentRow(Base):
    """One version of a document. The algorithm and whoever publishes sets overwrite them; here nothing is lost."""

    __tablename__ = "store_documents"
    __table_args__ = ({"schema": RECORDS},)

    folder: Mapped[key]
    """The object store's root: several engines may have one each."""
    object_key: Mapped[key]
    """`parameters/current.json`, `tomking/<deployment>/state/book.json`."""
    sha256: Mapped[key]
    deployment: Mapped[str | None]
    kind: Mapped[text]
    """parameter_set, parameter_history, book, state."""
    document_id: Mapped[str | None]
    document: Mapped[text]
    learnt_at: Mapped[instant]
    read_at: Mapped[instant]
    """When it was last found there after another version, or for the first time."""
