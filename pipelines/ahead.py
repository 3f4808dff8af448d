"""One step ahead: the next piece is made while the present one is worked on.

Holds: `ahead`, an iterator whose source runs in a thread of its own.
Belongs here: overlapping two kinds of work that both let go of the interpreter (unpacking, hashing, the database).
Never here: what the work is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TypeVar

T = TypeVar("T")

_END: object = object()


def ahead(source: Iterable[T]) -> Iterator[T]:
    """The pieces of a source in their order, each made while the one before is being used.

    An error of the source is raised here, in its place. No more than one piece waits.
    """
    pieces = chain(source, (_END,))
    with ThreadPoolExecutor(1, "ahead") as worker:
        waiting = worker.submit(next, pieces)
        while (piece := waiting.result()) is not _END:
            waiting = worker.submit(next, pieces)
            yield piece  # type: ignore[misc]
