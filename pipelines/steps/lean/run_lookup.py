"""Naming a run the way a person does.

Holds: finding one run by the first characters of its id, by its name, or by its folder.
Belongs here: what a command accepts as the name of a run.
Never here: what is then shown of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import Conflict, NotFound

if TYPE_CHECKING:
    from warehouse.session import WriteSession

SHORTEST_ID = 6
"""Fewest leading characters of an id that name a run."""
_NAMED_IN_ERRORS = 5


@dataclass(frozen=True, slots=True)
class RunName:
    """A run by its id and its folder's name."""

    run_id: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.run_id[:SHORTEST_ID]})"


def find_run(session: WriteSession, reference: str) -> RunName:
    """The run whose id begins with `reference`, whose name it is, or whose files lie in that folder.

    An id wins over a name, a name over a folder. Raises NotFound, or Conflict where it names several.
    """
    by_id = "starts_with(run_id, ?)" if len(reference) >= SHORTEST_ID else "run_id = ?"
    folder = str(Path(reference).expanduser().absolute())
    for condition, value in ((by_id, reference.lower()), ("name = ?", reference), ("source_path = ?", folder)):
        found = session.rows(
            f"SELECT run_id, name FROM records.runs WHERE {condition} ORDER BY started_at DESC, run_id", (value,)
        )
        if len(found) > 1:
            shown = ", ".join(f"{run_id[:12]} ({name})" for run_id, name in found[:_NAMED_IN_ERRORS])
            more = f" and {len(found) - _NAMED_IN_ERRORS} more" if len(found) > _NAMED_IN_ERRORS else ""
            raise Conflict(
                f"{len(found)} runs are called that",
                where=reference,
                why=shown + more,
                remedy="name one by the first characters of its id",
            )
        if found:
            return RunName(*found[0])
    raise NotFound(
        "no run is called that",
        where=reference,
        remedy=f"`tomking runs` lists them; a run is named by its name, its folder or {SHORTEST_ID} characters of its id",
    )
