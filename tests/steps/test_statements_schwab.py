"""Schwab's statements into the warehouse: counted once over files and formats, without account numbers."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.config import AccountSettings
from pipelines.parsing.schwab import api as schwab_api
from pipelines.parsing.schwab.layout import CELLS
from pipelines.steps.statements.ingesting import StatementOutcome, ingest_statement
from tests.shared import shared_path
from tests.steps.asking import ask
from tomking.kernel.instruments import from_key, to_schwab_export
from tomking.kernel.sessions import new_york_date
from warehouse.access import Warehouse

ACCOUNTS = (AccountSettings(alias="main", broker="schwab"), AccountSettings(alias="old", broker="tdameritrade"))
STANDING = "SELECT count(*), sum(value), sum(commission) FROM records.statement_rows WHERE superseded_by IS NULL"
API = "jwplatta__transactions_response_body.json"


def ingest(warehouse: Warehouse, *paths: Path) -> list[StatementOutcome]:
    with warehouse.writer("test") as session:
        return [ingest_statement(session, path, account=None, accounts=ACCOUNTS) for path in paths]


def sample(name: str) -> Path:
    return Path(shared_path("samples", "schwab", name))


def split(path: Path, folder: Path, start: int, stop: int | None) -> Path:
    """A part of an export: its header and some of its lines."""
    lines = path.read_text().splitlines()
    target = folder / f"part_{start}_{stop}.csv"
    target.write_text("\n".join([lines[0], *lines[1:][start:stop], ""]))
    return target


@pytest.mark.parametrize("backwards", [False, True])
def test_overlapping_exports_count_every_row_once(warehouse: Warehouse, tmp_path: Path, *, backwards: bool) -> None:
    whole = Path(shared_path("runs", "pairs", "tk-schwab", "Individual_XXX123_Transactions.csv"))
    # An export never cuts a day.
    days = [line.split(",")[0] for line in whole.read_text().splitlines()[1:]]
    first_cut = next(at for at in range(90, len(days)) if days[at] != days[at - 1])
    second_cut = next(at for at in range(60, len(days)) if days[at] != days[at - 1])
    parts = [split(whole, tmp_path, 0, first_cut), split(whole, tmp_path, second_cut, None)]
    ingest(warehouse, *(reversed(parts) if backwards else parts))
    assert ask(warehouse, STANDING)[0][0] == 167
    before = ask(warehouse, STANDING)
    (outcome,) = ingest(warehouse, whole)
    assert (outcome.outcome, outcome.new_rows) == ("ingested", 0)
    assert ingest(warehouse, whole)[0].outcome == "unchanged"
    assert ask(warehouse, STANDING) == before


def _export_of_the_same(path: Path) -> Path:
    """The web site's export of the same executions: options only, one charge, the day alone."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(CELLS)
    for row in schwab_api.parse(sample(API).read_bytes()).rows:
        if row.instrument_key is None or row.instrument_key.startswith("./"):
            continue
        charge, total = -((row.commission or 0) + (row.fees or 0)), row.total or 0
        action = f"{'Buy' if row.side == 'buy' else 'Sell'} to {'Open' if row.effect == 'open' else 'Close'}"
        amount = f"{'-' if total < 0 else ''}${abs(total):,.2f}"
        day = f"{new_york_date(row.occurred_at):%m/%d/%Y}"
        symbol = to_schwab_export(from_key(row.instrument_key))
        writer.writerow((day, action, symbol, "OPTION", row.quantity, f"${row.price:.2f}", f"${charge:.2f}", amount))
    path.write_text(text.getvalue())
    return path


@pytest.mark.parametrize("backwards", [False, True])
def test_the_export_and_the_api_of_the_same_days_count_once(
    warehouse: Warehouse, tmp_path: Path, *, backwards: bool
) -> None:
    paths = [_export_of_the_same(tmp_path / "Individual_XXX123_Transactions.csv"), sample(API)]
    ingest(warehouse, *(reversed(paths) if backwards else paths))
    rows = schwab_api.parse(sample(API).read_bytes()).rows
    assert ask(warehouse, STANDING) == [(12, sum(row.value for row in rows), Decimal(-11))]


def test_account_numbers_reach_no_table(warehouse: Warehouse, tmp_path: Path) -> None:
    number = "87654321"
    planted = tmp_path / f"Individual_{number}_Transactions.json"
    planted.write_text(sample(API).read_text().replace('"accountNumber": "111111111"', f'"accountNumber": "{number}"'))
    titled = tmp_path / f"schwab_{number}.csv"
    text = sample("bankroll-py__schwab_transactions.CSV").read_text().replace("XXXX-YYYY", f"XXXX-{number}")
    titled.write_text(text.replace('"JOURNAL FRM"', f'"JOURNAL FRM ACCOUNT {number}"'))
    old = tmp_path / f"tda_{number}.json"
    old.write_text(sample("studerw__transactions-resp.json").read_text().replace("999999999", number))
    thinkorswim = tmp_path / f"thinkorswim_{number}.csv"
    statement = sample("ClaytonDuffin__exampleStatement.csv").read_text(encoding="utf-8-sig")
    thinkorswim.write_text(statement.replace("D-########", f"{number}SCHW"))
    outcomes = ingest(warehouse, planted, titled, old, thinkorswim)
    assert [outcome.outcome for outcome in outcomes] == ["ingested"] * 4
    for table in ("records.statement_rows", "records.statements", "records.statement_charges", "ops.files"):
        told = repr(ask(warehouse, f"SELECT * FROM {table}"))
        assert number not in told, told[max(0, told.index(number) - 200) : told.index(number) + 40]
