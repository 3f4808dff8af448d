"""Documents that a release wrote, kept so that every later one still reads them: `python -m tests.documents.contract_samples`.

Holds: making one document of each kind by the present writers, with fixed contents.
Belongs here: the files that travel between calibration, algorithm and warehouse.
Never here: checks (tests/documents/test_contracts_hold.py).

A folder of tests/data/contracts is written once, for the release it is named after, and never again.
"""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from pathlib import Path

from tests.shared import ROOT
from tomking.kernel.contracts import KINDS, format_entry, time_text
from tomking.kernel.parameters import HistoryEntry, default_values, dump, dump_history, parse

SAMPLES = ROOT / "tests" / "data" / "contracts"
RELEASE = "0.3.0"
EFFECTIVE_FROM, DATA_THROUGH = dt.date(2019, 12, 2), dt.date(2019, 11, 29)
EVIDENCE = {"regime": {"out_of_sample": True, "windows": 12, "score": "0.41"}, "notes": ["first", None]}
MOMENT = dt.datetime(2019, 12, 2, 14, 31, 0, 250000, tzinfo=dt.UTC)

_EXAMPLES: dict[str, object] = {
    "text": "a sentence",
    "name": "a_name",
    "number": Decimal("-1.50"),
    "whole": 3,
    "hash": "0123456789abcdef" * 4,
    "day": EFFECTIVE_FROM,
    "wholes": [1, 2],
    "numbers": {"commission": Decimal("1.00")},
    "counts": {"expired": 4},
    "flag": True,
}


def parameters() -> bytes:
    """A set with every default."""
    return dump(
        default_values(),
        effective_from=EFFECTIVE_FROM,
        data_through=DATA_THROUGH,
        code_version=RELEASE,
        evidence=EVIDENCE,
        deployment="main",
    )


def history() -> bytes:
    """That set, and again a week later."""
    found = parse(parameters())
    days = (EFFECTIVE_FROM, EFFECTIVE_FROM + dt.timedelta(days=7))
    return dump_history([HistoryEntry(found.id, found.sha256, day) for day in days])


def journal() -> bytes:
    """One line of every kind with every field it may carry."""
    lines = []
    for seq, (name, kind) in enumerate(KINDS.items(), start=1):
        fields = {field: _EXAMPLES[type_] for field, type_ in {**kind.required, **kind.optional}.items()}
        lines.append(format_entry(seq, name, MOMENT, **fields) + "\n")
    return "".join(lines).encode()


WRITERS = {"parameters.json": parameters, "history.json": history, "journal.jsonl": journal}


def main() -> None:
    """Write the samples of this release; a folder that is there stays as it is."""
    folder: Path = SAMPLES / RELEASE
    if folder.exists():
        sys.exit(f"{folder} is there; what a release wrote is not rewritten")
    folder.mkdir(parents=True)
    for name, write in WRITERS.items():
        (folder / name).write_bytes(write())
    print(f"{folder}: {', '.join(WRITERS)} ({time_text(MOMENT)})")


if __name__ == "__main__":
    main()
