"""The evidence for a fee model, from real statements to the view: shares, causes, nothing left unknown."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.config import Settings
from pipelines.steps.reconciliation.reconcile import reconcile_days
from pipelines.steps.statements.ingesting import ingest_statement
from tests.shared import shared_path
from tests.steps.asking import ask
from warehouse.access import Warehouse

SIX_YEARS = "avion23__tastytrade_transactions_history_180201_to_240817.csv"
SETTINGS = Settings(root=Path("/nowhere"))


def priced(warehouse: Warehouse, *names: str) -> None:
    with warehouse.writer("test") as session:
        for name in names:
            ingest_statement(session, shared_path("samples", "tastytrade", name), account="main", accounts=())
        reconcile_days(session, SETTINGS)


def test_six_years_of_options_are_reproduced_to_the_cent_and_what_differs_has_its_cause(warehouse: Warehouse) -> None:
    priced(warehouse, SIX_YEARS)
    found = ask(
        warehouse,
        "SELECT product, cause, legs, least_evidence FROM marts.fee_model_evidence WHERE kind = 'orders' ORDER BY ALL",
    )
    assert found == [
        ("equity", "reproduced", 75, None),
        ("equity_option", "open_close_class", 2, None),
        ("equity_option", "pass_through_rate_change", 2, 2),
        ("equity_option", "reproduced", 530, None),
        ("index_option", "pass_through_rate_change", 2, 2),
        ("index_option", "reproduced", 38, None),
    ]
    [(share,)] = ask(
        warehouse,
        "SELECT share FROM marts.fee_model_evidence WHERE product = 'equity_option' AND cause = 'reproduced' "
        "AND kind = 'orders'",
    )
    assert Decimal(str(share)) >= Decimal("0.99")


@pytest.mark.parametrize(
    ("name", "orders"),
    [
        ("DarioAlonsoCerezo__TsllImportTest.csv", 155),
        ("DarioAlonsoCerezo__FutureOptions.csv", 16),
        ("avion23__legacy_raw_2021-07-25_jan2021.csv", 30),
    ],
)
def test_other_accounts_and_generations_are_reproduced_whole(warehouse: Warehouse, name: str, orders: int) -> None:
    priced(warehouse, name)
    assert ask(
        warehouse, "SELECT sum(legs)::INTEGER, max(cause) FROM marts.fee_model_evidence WHERE kind = 'orders'"
    ) == [(orders, "reproduced")]


def test_a_proven_cause_leaves_no_more_than_printing_hides_and_shares_add_up(warehouse: Warehouse) -> None:
    priced(warehouse, SIX_YEARS)
    worst = ask(
        warehouse,
        "SELECT max(abs(remainder) / fills) FROM derived.statement_pricing WHERE coalesce(cause, '') <> 'unknown'",
    )
    assert Decimal(str(worst[0][0])) <= Decimal("0.005")
    assert ask(
        warehouse, "SELECT DISTINCT round(total, 4) FROM (SELECT sum(share) AS total FROM marts.fee_model_evidence "
        "GROUP BY broker, product, kind)"
    ) == [(Decimal(1),)]  # fmt: skip


def test_pricing_again_changes_nothing(warehouse: Warehouse) -> None:
    priced(warehouse, SIX_YEARS)
    before = ask(warehouse, "SELECT * FROM derived.statement_pricing ORDER BY leg_id")
    with warehouse.writer("again") as session:
        days = [day for (day,) in session.rows("SELECT DISTINCT session_date FROM records.statement_rows")]
        reconcile_days(session, SETTINGS, days)
    assert ask(warehouse, "SELECT * FROM derived.statement_pricing ORDER BY leg_id") == before
