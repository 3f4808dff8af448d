"""One account, several generations of its exports: every booking counts once, whichever file is read first."""

from __future__ import annotations

import itertools
import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.config import AccountSettings
from pipelines.parsing.tastytrade import csv_export as tastytrade_csv
from pipelines.parsing.tastytrade.layout import HEADER_21, INTERMEDIATE_16, LEGACY_15
from pipelines.steps.statements.ingesting import ingest_statement
from tests.parsing.test_tastytrade_json import page, sale
from tests.shared import shared_path
from tests.steps.asking import ask
from warehouse.access import Warehouse

MAIN = (AccountSettings(alias="main"),)
LEGACY = (
    "11/17/2026 10:00 AM,Trade,Sell to Open,XYZ,Sell,Open,2,12/18/2026,50,P,1.05,2.255,210,Sold 2 XYZ,Individual...60",
    "11/17/2026 9:30 AM,Trade,Buy to Open,XYZ,Buy,Open,100,,,,50,0.08,-5000,Bought 100 XYZ @ 50.00,Individual...60",
    "11/18/2026 4:14 PM,Trade,Sell to Close,XYZ,Sell,Close,100,,,,51,0.12,5100,Sold 100 XYZ @ 51.00,Individual...60",
)
EARLY = (
    "2026-11-17T10:00:01-0500,Trade,SELL_TO_OPEN,XYZ   261218P00050000,Equity Option,"
    "Sold 2 XYZ 12/18/26 Put 50.00 @ 1.05,210.00,2,105.00,-2.00,-0.25,100,XYZ,12/18/26,50,PUT"
)
TODAY = (
    "2026-11-17T16:00:01+0100,Trade,Sell to Open,SELL_TO_OPEN,XYZ   261218P00050000,Equity Option,"
    "Sold 2 XYZ 12/18/26 Put 50.00 @ 1.05,210.00,2,105.00,-2.00,-0.25,100,XYZ,XYZ,12/18/26,50,PUT,990001,207.75,USD"
)
STANDING = "SELECT raw FROM records.statement_rows WHERE superseded_by IS NULL AND quantity = 2"


@pytest.fixture
def exports(tmp_path: Path) -> list[Path]:
    """The same sale in every generation; the oldest shows two more trades, which tell its clock."""
    texts = {
        "legacy.csv": "\n".join((",".join(LEGACY_15), *LEGACY)),
        "early.csv": "\n".join((",".join(INTERMEDIATE_16), EARLY)),
        "today.csv": "\n".join((",".join(HEADER_21), TODAY)),
        "page.json": page(sale()).decode(),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return [tmp_path / name for name in texts]


def read(warehouse: Warehouse, *paths: Path) -> None:
    with warehouse.writer("test") as session:
        for path in paths:
            outcome = ingest_statement(session, path, account=None, accounts=MAIN)
            assert outcome.outcome == "ingested", outcome


def test_a_sale_in_four_generations_is_one_and_the_newest_stands(
    warehouse_template: Path, tmp_path: Path, exports: list[Path]
) -> None:
    for number, order in enumerate(list(itertools.permutations(exports))[::5]):
        other = Warehouse(shutil.copytree(warehouse_template, tmp_path / f"state{number}"))
        read(other, *order)
        [(raw,)] = ask(other, STANDING)
        assert json.loads(str(raw))["order-id"] == "990001"
        assert ask(other, "SELECT count(*) FROM records.statement_rows") == [(6,)]


def test_rows_that_only_an_older_export_has_stand(warehouse: Warehouse, exports: list[Path]) -> None:
    read(warehouse, *exports)
    standing = "SELECT count(*), sum(value) FROM records.statement_rows WHERE superseded_by IS NULL"
    assert ask(warehouse, standing) == [(3, Decimal(310))]


def test_the_parts_of_a_charge_are_kept_with_the_row_that_prints_them(
    warehouse: Warehouse, exports: list[Path]
) -> None:
    read(warehouse, *exports)
    assert ask(warehouse, "SELECT component, amount_text FROM records.statement_charges ORDER BY position") == [
        ("commission", "2.0"),
        ("clearing", "0.2"),
        ("regulatory", "0.055"),
        ("index", "0.0"),
    ]
    assert "5WX00000" not in str(ask(warehouse, "SELECT raw FROM records.statement_rows"))


def test_six_years_and_the_old_exports_of_the_same_account_are_six_years(warehouse: Warehouse) -> None:
    folder = shared_path("samples", "tastytrade")
    old = [folder / f"avion23__legacy_raw_{name}.csv" for name in ("2021-05-27_part1", "2021-07-25_jan2021")]
    read(warehouse, *old, folder / "avion23__tastytrade_transactions_history_180201_to_240817.csv")
    found = ask(
        warehouse,
        "SELECT count(*), sum(commission), sum(fees), sum(value) FROM records.statement_rows WHERE superseded_by IS NULL",
    )
    assert found == [(1082, Decimal("-691.00"), Decimal("-375.76"), Decimal("-553.12"))]


def test_what_a_newer_export_replaced_stands_again_when_that_reading_is_gone(
    warehouse: Warehouse, exports: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, early, today, _ = exports
    read(warehouse, early, today)
    monkeypatch.setattr(tastytrade_csv, "PARSER_VERSION", "tastytrade_csv/next")
    read(warehouse, today, early)
    assert len(ask(warehouse, STANDING)) == 1


def test_quotes_and_day_totals_are_kept_and_book_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    total = tmp_path / "total.json"
    context = "/accounts/5WX00000/transactions/total-fees?date=2026-11-20"
    for figure in ("3.21", "3.25"):
        reply = {"data": {"total-fees": figure, "total-fees-effect": "Debit"}, "context": context}
        total.write_text(json.dumps(reply))
        read(warehouse, total)
    read(warehouse, shared_path("samples", "tastytrade", "joaquinbejar__order_dry_run.json"))
    assert ask(warehouse, "SELECT CAST(session_date AS VARCHAR), amount FROM records.broker_day_fees") == [
        ("2026-11-20", Decimal("-3.25"))
    ]
    [(legs, quoted, raw)] = ask(warehouse, "SELECT legs, total, raw FROM records.fee_quotes")
    assert (len(json.loads(str(legs))), quoted) == (2, Decimal("-2.302"))
    assert "5WX00042" not in str(raw)
    assert ask(warehouse, "SELECT count(*) FROM records.fee_quote_charges") == [(4,)]
    assert ask(warehouse, "SELECT count(*) FROM records.statement_rows") == [(0,)]
