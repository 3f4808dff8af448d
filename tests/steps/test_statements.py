"""Statements into the warehouse: counted once, corrected visibly, refused with their reason."""

from __future__ import annotations

import dataclasses
import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.config import AccountSettings
from pipelines.parsing.statements.rows import StatementFile
from pipelines.parsing.tastytrade import csv_export as tastytrade_csv
from pipelines.parsing.tastytrade.layout import LEGACY_15
from pipelines.steps.statements.ingesting import StatementOutcome, ingest_statement
from tests.steps.asking import ask
from warehouse.access import Warehouse

DATA = Path(__file__).resolve().parent.parent / "data" / "statements"
FIRST, SECOND = DATA / "overlapping" / "first.csv", DATA / "overlapping" / "second.csv"
MAIN = (AccountSettings(alias="main"),)


def ingest(
    warehouse: Warehouse, *paths: Path, account: str | None = None, accounts: tuple[AccountSettings, ...] = MAIN
) -> list[StatementOutcome]:
    with warehouse.writer("test") as session:
        return [ingest_statement(session, path, account=account, accounts=accounts) for path in paths]


def edited(path: Path, folder: Path, *changes: tuple[str, str], name: str = "edited.csv") -> Path:
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    target = folder / name
    target.write_text(text)
    return target


def refunded(folder: Path) -> Path:
    """The second export with the commission of one fill, which both exports show, taken back."""
    return edited(
        SECOND,
        folder,
        ("@ 0.87,87.00,1,87.00,-1.00,-0.13", "@ 0.87,87.00,1,87.00,0.00,-0.13"),
        (",84999001,85.87,", ",84999001,86.87,"),
    )


ROWS = "SELECT count(*), sum(commission), sum(fees), sum(value) FROM records.statement_rows WHERE superseded_by IS NULL"


def test_overlapping_exports_count_every_row_once_in_either_order(
    warehouse: Warehouse, warehouse_template: Path, tmp_path: Path
) -> None:
    first, second = ingest(warehouse, FIRST, SECOND)
    assert (first.outcome, first.rows, first.new_rows) == ("ingested", 29, 29)
    assert (second.outcome, second.rows, second.new_rows) == ("ingested", 49, 23)
    other = Warehouse(shutil.copytree(warehouse_template, tmp_path / "other"))
    ingest(other, SECOND, FIRST)
    assert ask(warehouse, ROWS) == ask(other, ROWS)
    assert ask(warehouse, ROWS)[0][0] == 52
    ids = "SELECT row_id, occurrence FROM records.statement_rows ORDER BY ALL"
    assert ask(warehouse, ids) == ask(other, ids)


def test_every_row_leads_back_to_its_files_and_lines(warehouse: Warehouse) -> None:
    ingest(warehouse, FIRST, SECOND)
    found = ask(
        warehouse,
        "SELECT seen, count(*) FROM (SELECT row_id, count(*) AS seen FROM records.statement_row_sources GROUP BY 1) "
        "GROUP BY 1 ORDER BY 1",
    )
    assert found == [(1, 26), (2, 26)]
    lines = FIRST.read_text().splitlines()
    for line, raw in ask(
        warehouse,
        "SELECT s.line, r.raw FROM records.statement_row_sources s JOIN records.statement_rows r USING (row_id) "
        "JOIN records.statements f USING (sha256) WHERE f.file_name = 'first.csv'",
    ):
        assert isinstance(line, int)
        assert json.loads(str(raw))["Date"] == lines[line - 1].split(",")[0]


def test_the_same_bytes_again_change_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    ingest(warehouse, FIRST)
    with warehouse.writer("again") as session:
        again = ingest_statement(session, FIRST, account=None, accounts=MAIN)
        assert not session.changed
    assert (again.outcome, again.new_rows, again.days) == ("unchanged", 0, ())
    copy = tmp_path / "another name.csv"
    copy.write_bytes(FIRST.read_bytes())
    (renamed,) = ingest(warehouse, copy)
    assert renamed.outcome == "unchanged"
    assert ask(warehouse, "SELECT count(*) FROM ops.files") == [(2,)]
    assert ask(warehouse, "SELECT count(*) FROM records.statements") == [(1,)]


def test_new_rows_re_open_their_sessions_and_known_rows_do_not(warehouse: Warehouse) -> None:
    ingest(warehouse, FIRST)
    with warehouse.writer("clear") as session:
        session.clear_dirty("reconciliation", session.dirty_days("reconciliation"))
    (second,) = ingest(warehouse, SECOND)
    waiting = [
        str(day)
        for (day,) in ask(warehouse, "SELECT session_date FROM ops.dirty_days WHERE cleared_at IS NULL ORDER BY 1")
    ]
    assert waiting == list(second.days) == ["2026-11-17", "2026-11-18", "2026-11-21", "2026-11-22"]


def test_a_corrected_fill_supersedes_the_first_version_which_stays_visible(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    corrected = refunded(tmp_path)
    _, late = ingest(warehouse, FIRST, corrected)
    assert late.corrected_rows == 1
    chain = ask(
        warehouse,
        "SELECT o.commission, r.commission, o.superseded_at IS NOT NULL FROM records.statement_rows o "
        "JOIN records.statement_rows r ON r.row_id = o.superseded_by",
    )
    assert chain == [(Decimal(-1), Decimal(0), True)]
    assert ask(warehouse, ROWS)[0][0] == 52
    assert "2026-11-17" in late.days


def test_an_older_export_that_arrives_late_does_not_undo_a_correction(warehouse: Warehouse, tmp_path: Path) -> None:
    corrected = refunded(tmp_path)
    ingest(warehouse, corrected, FIRST)
    standing = "SELECT commission FROM records.statement_rows WHERE order_number = '84999001' AND superseded_by IS NULL"
    assert ask(warehouse, standing) == [(Decimal(0),)]
    # The newest export shows the first version again: the broker took its correction back.
    ingest(warehouse, SECOND)
    assert ask(warehouse, standing) == [(Decimal(-1),)]
    assert ask(warehouse, ROWS)[0][0] == 52


def test_a_refused_row_is_kept_with_its_place_and_the_rest_is_taken(warehouse: Warehouse, tmp_path: Path) -> None:
    broken = edited(FIRST, tmp_path, ("BUY_TO_CLOSE", "BUY_TO_SHUT"), name="inbox.csv")
    (outcome,) = ingest(warehouse, broken)
    assert (outcome.outcome, outcome.rows, outcome.refused_rows) == ("partial", 28, 1)
    kept = ask(warehouse, "SELECT line, field, value, state FROM ops.quarantine")
    assert kept == [(2, "Action", "BUY_TO_SHUT", "open")]
    broken.write_text(FIRST.read_text())
    (mended,) = ingest(warehouse, broken)
    assert (mended.outcome, mended.new_rows) == ("ingested", 1)
    assert ask(warehouse, "SELECT DISTINCT state FROM ops.quarantine") == [("resolved",)]


def test_a_refused_file_leaves_its_reason_and_no_rows(warehouse: Warehouse, tmp_path: Path) -> None:
    foreign = tmp_path / "tastyworks_transactions_5WX00042_2020.csv"
    foreign.write_text(",".join(reversed(LEGACY_15)) + "\n")
    (outcome,) = ingest(warehouse, foreign)
    assert outcome.outcome == "refused"
    assert "unknown header" in (outcome.message or "")
    assert ask(warehouse, "SELECT outcome, kind FROM ops.files") == [("refused", "statement")]
    ((path, reason),) = ask(warehouse, "SELECT path, reason FROM ops.quarantine")
    assert "5WX00042" not in f"{path} {reason}"
    assert ask(warehouse, "SELECT count(*) FROM records.statement_rows") == [(0,)]
    with warehouse.writer("again") as session:
        ingest_statement(session, foreign, account=None, accounts=MAIN)
        assert not session.changed


@pytest.mark.parametrize(
    ("account", "accounts", "words"),
    [
        (None, (), "--account ALIAS"),
        (None, (AccountSettings(alias="one"), AccountSettings(alias="two")), "one, two"),
        (None, (AccountSettings(alias="ib", broker="ibkr"),), "--account ALIAS"),
        ("ib", (AccountSettings(alias="ib", broker="ibkr"),), "configured at ibkr"),
        ("5WX00042", MAIN, "never by its number"),
    ],
)
def test_an_unclear_account_refuses_the_statement_and_says_how_to_name_it(
    warehouse: Warehouse, account: str | None, accounts: tuple[AccountSettings, ...], words: str
) -> None:
    (outcome,) = ingest(warehouse, FIRST, account=account, accounts=accounts)
    assert outcome.outcome == "refused"
    assert words in (outcome.message or "")
    (named,) = ingest(warehouse, FIRST, account="main", accounts=MAIN)
    assert (named.outcome, named.account) == ("ingested", "main")
    assert ask(warehouse, "SELECT DISTINCT state FROM ops.quarantine") == [("resolved",)]


def test_the_alias_given_wins_over_the_configured_accounts(warehouse: Warehouse) -> None:
    (outcome,) = ingest(
        warehouse, FIRST, account="two", accounts=(AccountSettings(alias="one"), AccountSettings(alias="two"))
    )
    assert outcome.account == "two"
    assert ask(warehouse, "SELECT DISTINCT account FROM records.statement_rows") == [("two",)]


def test_account_numbers_reach_no_table(warehouse: Warehouse, tmp_path: Path) -> None:
    name = "tastytrade_transactions_history_x5WX00042_261113_to_261117.csv"
    path = edited(FIRST, tmp_path, ("Wire Funds Received", "Transfer from 5WX00042"), name=name)
    (outcome,) = ingest(warehouse, path)
    assert "5WX00042" not in json.dumps(dataclasses.asdict(outcome))
    tables = ask(
        warehouse,
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_schema IN ('records', 'ops') AND table_type = 'BASE TABLE'",
    )
    for (table,) in tables:
        for row in ask(warehouse, f"SELECT * FROM {table}"):
            assert "5WX00042" not in str(row)


def test_a_new_parser_version_reads_the_stored_bytes_again(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(warehouse, FIRST, SECOND)
    learnt = "SELECT row_id, learnt_at FROM records.statement_rows ORDER BY 1"
    before = ask(warehouse, learnt)
    read = tastytrade_csv.parse

    def reads_otherwise(data: bytes) -> StatementFile:
        file = read(data)
        rows = tuple(
            dataclasses.replace(
                row, row_class="money", sub_type="Deposit by wire" if row.sub_type == "Deposit" else row.sub_type
            )
            if row.row_type == "Money Movement"
            else row
            for row in file.rows
        )
        return dataclasses.replace(file, rows=rows)

    monkeypatch.setattr(tastytrade_csv, "PARSER_VERSION", "tastytrade_csv/next")
    monkeypatch.setattr(tastytrade_csv, "parse", reads_otherwise)
    first, second = ingest(warehouse, FIRST, SECOND)
    assert (first.new_rows, second.new_rows) == (1, 0)
    assert ask(warehouse, "SELECT count(*) FROM records.statement_rows") == [(52,)]
    assert ask(
        warehouse, "SELECT DISTINCT row_class FROM records.statement_rows WHERE row_type = 'Money Movement'"
    ) == [("money",)]
    after = {row[0]: row[1] for row in ask(warehouse, learnt)}
    assert all(after[key] == when for key, when in before if key in after)
    assert ask(warehouse, "SELECT count(*) FROM records.statement_row_sources") == [(78,)]


def test_an_outcome_is_plain_data(warehouse: Warehouse) -> None:
    (outcome,) = ingest(warehouse, DATA / "all_types_21.csv")
    assert json.loads(json.dumps(dataclasses.asdict(outcome)))["rows"] == 18
    assert (outcome.first_day, outcome.last_day) == ("2025-03-07", "2025-03-15")
