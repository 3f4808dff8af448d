"""The engine's analysis of a run: the `analysis` list of the main file (since 2026-04-07).

Holds: its findings.
Belongs here: a member of a finding.
Never here: judging whether a finding matters.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from msgspec import Raw

from pipelines.parsing.lean.exact_json import Unreadable, amount, plain_text, read_object
from pipelines.parsing.lean.keys import first_of, plain_keys
from pipelines.parsing.refusals import Refusal

_PARENT_SEPARATOR = " / "


@dataclass(frozen=True, slots=True)
class LeanFinding:
    """A finding. `sample_json` is an example of any JSON kind, `occurrences` how often it was found."""

    position: int
    name: str
    parent: str | None
    issue: str
    occurrences: int | None
    sample_json: str | None
    solutions: tuple[str, ...]


def parse_analysis(data: bytes | Raw) -> tuple[list[LeanFinding], list[Refusal]]:
    """Every finding that can be read, and a refusal for every other."""
    findings: list[LeanFinding] = []
    refusals: list[Refusal] = []
    try:
        entries = read_object(data, list[Raw] | None, "$.analysis")  # type: ignore[arg-type]
    except Unreadable as error:
        return findings, [error.refusal]
    for position, raw in enumerate(entries or []):
        try:
            findings.append(_finding(raw, position, f"$.analysis[{position}]"))
        except Unreadable as error:
            refusals.append(error.refusal)
    return findings, refusals


def _finding(raw: Raw, position: int, place: str) -> LeanFinding:
    members = plain_keys(read_object(raw, dict[str, Raw], place))
    full_name = plain_text(first_of(members, "name"))
    if not full_name:
        raise Unreadable("a finding without a name", field=f"{place}.name")
    parent, separator, name = full_name.rpartition(_PARENT_SEPARATOR)
    count = amount(first_of(members, "count"), f"{place}.count")
    sample = bytes(first_of(members, "sample"))
    return LeanFinding(
        position=position,
        name=name,
        parent=parent if separator else None,
        issue=plain_text(first_of(members, "issue")) or "",
        occurrences=None if count is None or abs(count) > 10**15 else int(count),
        sample_json=None
        if sample in (b"", b"null")
        else msgspec.json.format(sample, indent=-1).decode("utf-8", "replace"),
        solutions=tuple(_solutions(first_of(members, "solutions"), place)),
    )


def _solutions(raw: Raw, place: str) -> list[str]:
    if bytes(raw) in (b"", b"null"):
        return []
    found = (plain_text(solution) for solution in read_object(raw, list[Raw], f"{place}.solutions"))
    return [solution for solution in found if solution is not None]
