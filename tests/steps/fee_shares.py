"""How many charges of the sample statements our schedules explain, by broker, origin and cause.

Holds: the command and what it counts.
Belongs here: shares over real files, with one account per file and with one account per broker.
Never here: a verdict about a single charge (`pipelines.transforms`), keys by file name.

    python -m tests.steps.fee_shares           every sample, real and invented apart

What a file is (rows that a broker printed, or rows that a project made up for its tests) is read from the table beside
the samples.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipelines.config import Settings
from pipelines.steps.reconciliation.reconcile import reconcile_days
from pipelines.steps.statements.ingesting import ingest_statement
from tests.shared import shared_path
from warehouse import build_derived, migrate
from warehouse.access import Warehouse, WriteSession
from warehouse.connections import open_for_writing

FOLDERS: Final = ("ibkr", "schwab", "tastytrade")
Shares = Mapping[tuple[str, str, str], Counter[str]]
"""Broker, product and origin -> legs by cause."""


def origins() -> dict[str, str]:
    """File name -> real or invented, as the samples' table says."""
    found = {}
    for line in shared_path("samples", "SOURCES.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) > 6:
            found[cells[0]] = "invented" if any(word in cells[6] for word in ("synthetic", "fixture")) else "real"
    return found


def shares(folder: Path, *, together: bool = False) -> Shares:
    """Reads every sample, each for an account of its own (or one per broker and origin), and counts the causes of its order legs."""
    warehouse = Warehouse(folder)
    migrate.create_from_models(warehouse.path)
    session = WriteSession(open_for_writing(warehouse.path), path=warehouse.path, raw=warehouse.raw)
    build_derived.ensure(session)
    origin = origins()
    try:
        for name in FOLDERS:
            for path in sorted(shared_path("samples", name).iterdir()):
                made = origin.get(path.name, "invented")
                account = f"{name} {made}" if together else f"{made} {path.stem}"
                ingest_statement(session, path, account=account, accounts=())
        reconcile_days(session, Settings(root=folder))
        rows = session.rows(
            "SELECT broker, product, CASE WHEN account LIKE '%real%' THEN 'real' ELSE 'invented' END, "
            "coalesce(cause, 'reproduced'), count(*) FROM derived.statement_pricing GROUP BY ALL ORDER BY ALL"
        )
    finally:
        session.close()
    found: dict[tuple[str, str, str], Counter[str]] = {}
    for broker, product, made, cause, legs in rows:
        found.setdefault((broker, product, made), Counter())[cause] += legs
    return found


def main() -> int:
    """Print the shares."""
    with tempfile.TemporaryDirectory() as folder:
        found = shares(Path(folder))
    for (broker, product, made), causes in sorted(found.items(), key=lambda item: (item[0][2] != "real", item[0])):
        legs = sum(causes.values())
        told = ", ".join(f"{cause} {count} ({count / legs:.1%})" for cause, count in causes.most_common())
        sys.stdout.write(f"{made:9} {broker:13} {product:20} {legs:4}: {told}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
