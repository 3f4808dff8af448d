"""Memory while a large run is written: what the database may hold, and how often Python looks for what it can free.

Holds: the limit, the intervals of the garbage collector, and setting them for a while.
Belongs here: what bounds memory, or the time spent on it, whatever the rows are.
Never here: what our rows need (they come and go batch by batch).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warehouse.session import WriteSession

_LEAST, _PER_ROW = 192 << 20, 96
"""Bytes: keys of new rows cannot be put on disk, sorting and reading can."""
_OBJECTS_BETWEEN_LOOKS = 20_000


@contextmanager
def bounded_memory(session: WriteSession, rows: int) -> Iterator[None]:
    """Let the database hold no more in memory than writing many rows needs: by itself it takes most of the machine's."""
    ((before,),) = session.rows("SELECT current_setting('memory_limit')")
    session.connection.execute(f"SET memory_limit = '{_LEAST + rows * _PER_ROW}B'")
    try:
        yield
    finally:
        session.connection.execute(f"SET memory_limit = '{before}'")


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let Python look for unused cycles less often, and not among what is here already.

    Where objects come and go by the million, each look goes through all of those that stay, modules among them.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
