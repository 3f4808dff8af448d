"""What the data monitor leaves: its report, and the lists of data that was asked for.

Holds: `data-monitor-report-*.json`, `succeeded-` and `failed-data-requests-*.txt`.
Belongs here: a figure of the report, a notation of a list.
Never here: joining report and lists (their names carry different stamps), judging a share as too high.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath

from msgspec import Raw

from pipelines.parsing.lean.exact_json import Unreadable, amount, read_file, read_object
from pipelines.parsing.lean.keys import first_of, plain_keys
from pipelines.parsing.plain_text import damage_in, text_of
from pipelines.parsing.refusals import Refusal, Refused

_SUCCEEDED = "succeeded-"
_NO_PATH = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd]")


@dataclass(frozen=True, slots=True)
class MonitorReport:
    """Counts of requests, all and those of universes; percentages in percent. What the report lacks is None."""

    requests: int | None
    succeeded: int | None
    failed: int | None
    failed_percentage: Decimal | None
    universe_requests: int | None
    universe_succeeded: int | None
    universe_failed: int | None
    universe_failed_percentage: Decimal | None
    rates: tuple[str, ...]
    """Requests per second over the run, as the texts of the numbers."""


def parse_report(data: bytes) -> MonitorReport:
    """Read a report. Raises `Refused`."""
    members = plain_keys(read_file(data, dict[str, Raw]))
    try:
        return MonitorReport(
            requests=_count(members, "totaldatarequestscount"),
            succeeded=_count(members, "succeededdatarequestscount"),
            failed=_count(members, "faileddatarequestscount"),
            failed_percentage=_figure(members, "faileddatarequestspercentage"),
            universe_requests=_count(members, "totaluniversedatarequestscount"),
            universe_succeeded=_count(members, "succeededuniversedatarequestscount"),
            universe_failed=_count(members, "faileduniversedatarequestscount"),
            universe_failed_percentage=_figure(members, "faileduniversedatarequestspercentage"),
            rates=_rates(first_of(members, "datarequestrates")),
        )
    except Unreadable as error:
        raise Refused(error.refusal) from error


def parse_requests(data: bytes) -> Iterator[tuple[int, str]]:
    """(line, path) of each request of a list; lines count from 1, those that are no path are passed over."""
    return ((number, line) for number, line in _lines(data) if _is_path(line))


def damage_in_requests(data: bytes) -> list[Refusal]:
    """What shows that a list was cut short or overwritten; its other lines are read all the same."""
    damages = damage_in(data, lambda line: True)
    odd = [(number, line) for number, line in _lines(data) if not _is_path(line)]
    if odd and not any(damage.line == odd[0][0] for damage in damages):
        said = f"{len(odd)} lines are no paths of data, first this one"
        damages.append(Refusal(said, line=odd[0][0], value=odd[0][1][:200]))
    return damages


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    return ((number, line.strip()) for number, line in enumerate(text_of(data).split("\n"), start=1) if line.strip())


def _is_path(line: str) -> bool:
    """A path below the data folder, or an address: it names a file, in text."""
    return ("/" in line or "\\" in line or "." in line) and _NO_PATH.search(line) is None


def lists_successes(file_name: str) -> bool:
    """Whether a list is of the requests that succeeded, by its name."""
    return PurePosixPath(file_name).name.startswith(_SUCCEEDED)


def _figure(members: dict[str, Raw], key: str) -> Decimal | None:
    return amount(first_of(members, key), f"$.{key}")


def _count(members: dict[str, Raw], key: str) -> int | None:
    found = _figure(members, key)
    if found is None:
        return None
    if found != found.to_integral_value() or not 0 <= found < 2**62:
        raise Unreadable("not a count", field=f"$.{key}", value=str(found)[:200])
    return int(found)


def _rates(raw: Raw) -> tuple[str, ...]:
    if bytes(raw) in (b"", b"null"):
        return ()
    rates = read_object(raw, list[Raw], "$.datarequestrates")
    return tuple(str(amount(rate, f"$.datarequestrates[{number}]")) for number, rate in enumerate(rates))
