"""The broker's own total of a day beside what it booked: fetched from tastytrade, printed by IBKR's cash report."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.config import Settings, settings_from
from pipelines.parsing.statements.formats import reader_of
from pipelines.parsing.tastytrade.quotes import enveloped
from pipelines.steps.checks import all_checks, run_checks
from pipelines.steps.ingest import ingest_paths
from pipelines.steps.reconciliation.reconcile import ReconcileOutcome, reconcile_days
from tests.pairs.every_format import WRITERS
from tests.pairs.fill_set import Fill
from tests.pairs.test_every_format import fills_for_the_warehouse
from tests.steps.asking import ask
from warehouse.access import Warehouse

QUERY = "SELECT CAST(session_date AS VARCHAR), stated_total, stated_covers, stated_difference, stated_ties, ties FROM marts.day_totals"
ADJUSTMENT = {
    "id": 7, "account-number": "5WX12345", "transaction-type": "Money Movement", "transaction-sub-type": "Balance Adjustment",
    "description": "Regulatory fee adjustment", "executed-at": "2026-11-16T22:00:00.000+00:00", "value": "0.01",
    "value-effect": "Debit", "net-value": "0.01", "net-value-effect": "Debit",
}  # fmt: skip


def settings(tmp_path: Path, broker: str) -> Settings:
    return settings_from({"accounts": [{"alias": "main", "broker": broker}]}, tmp_path / "tomking.toml")


def reconciled(warehouse: Warehouse, own: Settings, *paths: Path) -> ReconcileOutcome:
    with warehouse.writer("test") as session:
        report = ingest_paths(session, own, paths, account="main", statements_only=True)
        assert report.refused == 0, report
        return reconcile_days(session, own)


def total_of(fills: list[Fill]) -> Decimal:
    return sum((fill.commission + fill.regulatory for fill in fills), Decimal(0))


@pytest.mark.parametrize(
    ("stated", "covers", "difference", "ties"),
    [("3.45", "fills", "0", True), ("3.46", "all_charges", "0", True), ("5.46", "all_charges", "2", False)],
)
def test_tastytrades_total_of_a_day_is_held_against_its_transactions(
    warehouse: Warehouse, tmp_path: Path, stated: str, covers: str, difference: str, *, ties: bool
) -> None:
    fills = fills_for_the_warehouse("tastytrade")
    assert total_of(fills) == Decimal("3.45")
    page = json.loads(WRITERS["tastytrade"]["api.json"](fills))
    page["data"]["items"].append(ADJUSTMENT)
    (tmp_path / "page.json").write_text(json.dumps(page))
    own = settings(tmp_path, "tastytrade")
    assert reconciled(warehouse, own, tmp_path / "page.json").stated_days == 0
    reply = json.dumps({"data": {"total-fees": stated, "total-fees-effect": "Debit"}, "context": "/x"}).encode()
    (tmp_path / "total.json").write_bytes(enveloped("/transactions/total-fees?date=2026-11-16", reply))
    outcome = reconciled(warehouse, own, tmp_path / "total.json")
    assert (outcome.stated_days, outcome.stated_days_that_differ) == (1, int(not ties))
    expected = ("2026-11-16", Decimal(stated), covers, Decimal(difference), ties, True)
    assert ask(warehouse, QUERY) == [expected]
    with warehouse.writer("test") as session:
        (check,) = run_checks(session, [found for found in all_checks() if found.name == "stated_totals_tie"])
    assert (check.passed, check.severity) == (ties, "warn")
    assert ask(warehouse, "SELECT count(*) FROM marts.breaks WHERE cause = 'account_adjustment'") == [(0,)]


def test_a_total_of_a_day_that_no_statement_shows_tells_what_is_missing(warehouse: Warehouse, tmp_path: Path) -> None:
    own = settings(tmp_path, "tastytrade")
    (tmp_path / "page.json").write_bytes(WRITERS["tastytrade"]["api.json"](fills_for_the_warehouse("tastytrade")))
    reply = b'{"data": {"total-fees": "1.38", "total-fees-effect": "Debit"}}'
    (tmp_path / "total.json").write_bytes(enveloped("/transactions/total-fees?date=2026-11-18", reply))
    outcome = reconciled(warehouse, own, tmp_path / "page.json", tmp_path / "total.json")
    assert (outcome.stated_days, outcome.stated_days_that_differ) == (1, 1)
    assert ask(warehouse, QUERY + " WHERE stated_ties = false")[0][0] == "2026-11-18"


CASH = (
    '<CashReport><CashReportCurrency accountId="U7654321" currency="BASE_SUMMARY" levelOfDetail="BaseCurrency" commissions="-3.4"/>'
    '<CashReportCurrency accountId="U7654321" currency="USD" levelOfDetail="Currency" commissions="{amount}"/></CashReport>'
)


@pytest.mark.parametrize(("amount", "ties"), [("-3.45", True), ("-3.39", False)])
def test_the_cash_report_of_one_day_is_held_against_its_trades(
    warehouse: Warehouse, tmp_path: Path, amount: str, *, ties: bool
) -> None:
    report = WRITERS["ibkr"]["flex.xml"](fills_for_the_warehouse("ibkr")).decode()
    report = report.replace("<Trades>", CASH.format(amount=amount) + "<Trades>")
    (tmp_path / "flex.xml").write_text(report)
    outcome = reconciled(warehouse, settings(tmp_path, "ibkr"), tmp_path / "flex.xml")
    assert (outcome.stated_days, outcome.stated_days_that_differ) == (1, int(not ties))


def test_an_activity_statement_prints_its_days_total_in_its_cash_report() -> None:
    rows = 'Cash Report,Header,Currency Summary,Currency,Total\nCash Report,Data,Commissions,Base Currency Summary,-3.1\nCash Report,Data,Commissions,USD,"{}"\n'
    text = WRITERS["ibkr"]["orders.csv"](fills_for_the_warehouse("ibkr")).decode()
    file = reader_of(text.encode()).parse((text + rows.format("-3.45")).encode())
    one_day = text.replace("November 16, 2026 - November 16, 2026", "November 16, 2026")
    (charge,) = reader_of(text.encode()).parse((one_day + rows.format("-3.45")).encode()).day_charges
    assert (str(charge.session_date), charge.amount) == ("2026-11-16", Decimal("-3.45"))
    assert [found.amount for found in file.day_charges] == [charge.amount]
    longer = text.replace("November 16, 2026 - November", "November 1, 2026 - November")
    assert reader_of(text.encode()).parse((longer + rows.format("-3.45")).encode()).day_charges == ()
    assert reader_of(text.encode()).parse((one_day + rows.format("n/a")).encode()).day_charges == ()
