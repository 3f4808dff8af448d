"""Rows that stand in a file twice, and in several files of one live run.

Holds: the one row of each order and of each event, from files that overlap.
Belongs here: which of two versions of a row counts.
Never here: reading a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from pipelines.parsing.lean.spool import Batches
from pipelines.parsing.refusals import Refusal

# How far an order has come: an order never goes back from a later entry of this list to an earlier one.
_PROGRESS = ("new", "none", "submitted", "update_submitted", "partially_filled", "cancel_pending", "invalid", "canceled", "filled")  # fmt: skip


def one_of_each(
    rows: Batches, on: Sequence[str], place: Callable[[Mapping[str, Any]], str]
) -> tuple[Batches, list[Refusal]]:
    """The rows of one file, each key once; of two different ones with one key the last stands and the other is refused.

    LEAN never writes a key twice, so that nothing but a look at the keys is paid for this.
    """
    if not rows.keys.select(on).is_duplicated().any():
        return rows, []
    together = rows.frame().unique(maintain_order=True)
    kept = together.unique(on, keep="last", maintain_order=True)
    lost = together.filter(pl.struct(on).is_duplicated()).filter(~pl.struct(on).is_last_distinct())
    said = "another entry of the same number stands further on"
    return rows.of(kept), [Refusal(said, field=place(row)) for row in lost.iter_rows(named=True)]


def union_of_events(files: Sequence[Batches]) -> Batches:
    """All events of several files; one that stands in two of them (the rollover writes both) counts once."""
    if len(files) == 1:
        return files[0]
    together = pl.concat([file.frame() for file in files])
    # The identifier first: what two files say about one event is the same, and then the later file's word counts.
    once = together.unique("event_key", keep="last", maintain_order=True)
    return files[0].of(once.unique(["order_id", "event_id"], keep="last", maintain_order=True))


def union_of_orders(files: Sequence[Batches]) -> Batches:
    """All orders of several files; of an order in several, the version that came furthest."""
    if len(files) == 1:
        return files[0]
    together = pl.concat(
        [file.frame().with_columns(file_number=pl.lit(number, pl.Int32)) for number, file in enumerate(files)]
    )
    progress = pl.col("status").cast(pl.Enum(_PROGRESS)).to_physical()
    furthest = together.sort(
        pl.col("order_id"), pl.col("touched_at"), progress, -pl.col("file_number"), nulls_last=False
    ).unique("order_id", keep="last", maintain_order=True)
    return files[0].of(furthest.drop("file_number"))
