"""Parts of a run's result files that other modules read, kept as the JSON that stands there.

Holds: charts, rolling windows and the analysis of every result file of a run, one at a time.
Belongs here: how such a part is named and handed on.
Never here: reading one (`lean_charts`, `lean_windows`, `lean_analysis`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.parsing.lean.result import LeanResult
from pipelines.parsing.lean.spool import Spool


@dataclass(frozen=True, slots=True)
class RawMember:
    """A part of a result file that other modules read, as the JSON text that stands there.

    `member` is `charts`, `rollingWindow` or `analysis`. Charts and windows come one by one, `key` being the name and
    `data` the object; the analysis comes as the whole list, `key` None.
    """

    file_name: str
    member: str
    key: str | None
    data: bytes


class RawMembers:
    """Raw members one after the other, as often as wanted; those of a large run lie on disk in between."""

    def __init__(self, files: Iterable[tuple[str, LeanResult]]) -> None:
        self._kept: list[tuple[str, str, str | None, bytes | Path]] = [
            (name, member, key, kept) for name, result in files for member, key, kept in result.raw_members
        ]

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[RawMember]:
        return (RawMember(name, member, key, Spool.read(kept)) for name, member, key, kept in self._kept)
