"""Ids of rows.

Holds: the kernel's one way to make an id, under the name tables use.
Belongs here: nothing else; an id format changes in `tomking.kernel.keys`.
Never here: random or counted ids (the same bytes read twice must give the same rows).
"""

from __future__ import annotations

from tomking.kernel.keys import ID_LENGTH, stable_id

__all__ = ["ID_LENGTH", "stable_id"]
