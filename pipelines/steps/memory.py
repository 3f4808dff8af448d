"""How much memory the database may hold while a large run is written.

Holds: the limit, and setting it for a while.
Belongs here: what bounds the database's own memory.
Never here: what our rows need (they come and go batch by batch).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warehouse.session import WriteSession

_LEAST, _PER_ROW = 192 << 20, 96
"""Bytes: keys of new rows cannot be put on disk, sorting and reading can."""


@contextmanager
def bounded_memory(session: WriteSession, rows: int) -> Iterator[None]:
    """Let the database hold no more in memory than writing many rows needs: by itself it takes most of the machine's."""
    ((before,),) = session.rows("SELECT current_setting('memory_limit')")
    session.connection.execute(f"SET memory_limit = '{_LEAST + rows * _PER_ROW}B'")
    try:
        yield
    finally:
        session.connection.execute(f"SET memory_limit = '{before}'")
