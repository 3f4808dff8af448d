"""Statements of Interactive Brokers in the warehouse: one row per execution, whichever reports show it."""

from __future__ import annotations

import shutil
from itertools import permutations
from pathlib import Path

import pytest

from pipelines.config import AccountSettings
from pipelines.steps.statements.ingesting import StatementOutcome, ingest_statement
from tests.shared import shared_path
from warehouse.access import Warehouse, WriteSession

ACCOUNTS = (AccountSettings(alias="main", broker="ibkr", plan="tiered"),)
TRADE = (
    '<{tag} accountId="U1234567" acctAlias="{alias}" assetCategory="STK" symbol="SPY" currency="USD" tradeID="{trade}" '
    '{ids} dateTime="20250115;103000" transactionType="ExchTrade" buySell="BUY" quantity="100" '
    '{price}="500" {commission}="{charged}" levelOfDetail="EXECUTION" orderReference="{reference}" />'
)


def report(*trades: str, confirmed: bool = False, until: str = "20250115") -> str:
    section = "TradeConfirms" if confirmed else "Trades"
    return (
        f'<FlexQueryResponse type="{"TCF" if confirmed else "AF"}"><FlexStatements>\n'
        f'<FlexStatement accountId="U1234567" fromDate="20250115" toDate="{until}">\n<{section}>\n'
        + "\n".join(trades)
        + f"\n</{section}>\n</FlexStatement>\n</FlexStatements></FlexQueryResponse>"
    )


def activity(trade: str = "11", charged: str = "-1", reference: str = "", alias: str = "") -> str:
    return TRADE.format(
        tag="Trade", trade=trade, ids='ibExecID="0001" ibOrderID="7"', price="tradePrice", commission="ibCommission",
        charged=charged, reference=reference, alias=alias,
    )  # fmt: skip


def confirmation(trade: str = "11", charged: str = "-1.00") -> str:
    return TRADE.format(
        tag="TradeConfirm", trade=trade, ids='execID="0001" orderID="7"', price="price", commission="commission",
        charged=charged, reference="", alias="",
    )  # fmt: skip


def take(session: WriteSession, folder: Path, text: str, name: str = "flex.xml") -> StatementOutcome:
    path = folder / name
    path.write_text(text)
    return ingest_statement(session, path, account="main", accounts=ACCOUNTS)


def standing(session: WriteSession) -> list[tuple[object, ...]]:
    return session.rows(
        "SELECT execution_id, commission FROM records.statement_rows WHERE superseded_by IS NULL ORDER BY ALL"
    )


def test_a_confirmation_and_the_next_day_s_activity_are_one_row(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("test") as session:
        assert take(session, tmp_path, report(confirmation(), confirmed=True)).new_rows == 1
        assert take(session, tmp_path, report(activity())).new_rows == 0
        assert take(session, tmp_path, report(activity(), activity("12"))).new_rows == 1
        assert take(session, tmp_path, report(activity(), activity("12"))).outcome == "unchanged"
        assert len(standing(session)) == 2


def test_a_commission_that_a_later_report_shows_otherwise_replaces_the_first(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with warehouse.writer("test") as session:
        take(session, tmp_path, report(confirmation(), confirmed=True))
        outcome = take(session, tmp_path, report(activity(charged="-0.35")))
        assert (outcome.corrected_rows, outcome.days) == (1, ("2025-01-15",))
        assert [str(row[1].normalize()) for row in standing(session)] == ["-0.35"]  # type: ignore[attr-defined]


def test_recorded_exports_that_overlap_give_the_same_rows_in_any_order(
    warehouse_template: Path, tmp_path: Path
) -> None:
    files = sorted(shared_path("runs", "pairs", "tk-ibkr").glob("*.xml"))
    found = []
    for place, order in enumerate(permutations(files)):
        shutil.copytree(warehouse_template, tmp_path / str(place))
        with Warehouse(tmp_path / str(place)).writer("test") as session:
            for path in order:
                ingest_statement(session, path, account="main", accounts=ACCOUNTS)
            found.append(session.rows("SELECT row_id, commission FROM records.statement_rows ORDER BY ALL"))
    assert found[0] == found[1]
    assert len(found[0]) == 203


def test_account_numbers_are_nowhere_in_the_warehouse(warehouse: Warehouse, tmp_path: Path) -> None:
    planted = ("U1234567", "U7654321F", "DU1122334")
    text = report(
        activity(reference=f"for {planted[2]}", alias=planted[1]), '<Trade accountId="U1234567" symbol="SPY" />'
    )
    with warehouse.writer("test") as session:
        take(session, tmp_path, text, name="U1234567_20250115.xml")
        tables = session.rows(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('records', 'ops')"
        )
        for schema, table in tables:
            shown = str(session.rows(f'SELECT * FROM {schema}."{table}"'))
            assert not [number for number in planted if number in shown], f"{schema}.{table}"


def test_a_report_covers_days_on_which_nothing_happened(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("test") as session:
        take(session, tmp_path, report(activity(), until="20250120"))
        ((first, last),) = session.rows("SELECT first_day, last_day FROM records.statements")
    assert (str(first), str(last)) == ("2025-01-15", "2025-01-20")


@pytest.mark.parametrize("account", ["U1234567", "DU1234567"])
def test_an_account_is_never_named_by_its_number(warehouse: Warehouse, tmp_path: Path, account: str) -> None:
    path = tmp_path / "flex.xml"
    path.write_text(report(activity()))
    with warehouse.writer("test") as session:
        outcome = ingest_statement(session, path, account=account, accounts=ACCOUNTS)
    assert outcome.outcome == "refused"
    assert account not in str(outcome)
