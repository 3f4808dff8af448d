"""A trade in futures and options on them, from LEAN's order to the reconciled fee, micro contracts from the statement."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import AccountSettings, Settings
from pipelines.steps.lean.runs import ingest_run
from pipelines.steps.reconciliation.fee_levels import accept_by_rule, decide_fee_level, propose_fee_levels
from pipelines.steps.reconciliation.inputs import accounts
from pipelines.steps.reconciliation.reconcile import reconcile_days
from pipelines.steps.statements.ingesting import ingest_statement
from tests.pairs.futures_statement import Booked, book, flex, micro_fills
from tests.pairs.lean_record import read_legs
from tests.shared import shared_path
from warehouse.access import Warehouse, WriteSession

pytestmark = pytest.mark.slow
ACCOUNT = AccountSettings(alias="main", broker="ibkr")
FUTURE_AND_OPTION = "FuturesAndFuturesOptionsExpiryTimeAndLiquidationRegressionAlgorithm"
OPTIONS = "DelistingFutureOptionRegressionAlgorithm"


def reconciled(session: WriteSession, statement: Path, root: Path) -> Settings:
    settings = Settings(root=root, accounts=(ACCOUNT,))
    outcome = ingest_statement(session, statement, account="main", accounts=(ACCOUNT,))
    assert outcome.outcome == "ingested", outcome.message
    reconcile_days(session, settings)
    return settings


def accept_all(session: WriteSession, settings: Settings) -> list[tuple[Any, ...]]:
    """Every proposed rate, accepted; what they were."""
    for plan in accounts(session, settings):
        propose_fee_levels(session, plan)
    proposed = session.rows(
        "SELECT component, product, root, amount, interval_low, interval_high, fills, proposal_id "
        "FROM records.fee_rate_proposals WHERE state = 'proposed' ORDER BY component, product"
    )
    for *_, proposal in proposed:
        decide_fee_level(session, str(proposal), accept=True, by="a person")
    reconcile_days(session, settings)
    return [tuple(row[:-1]) for row in proposed]


def open_breaks(session: WriteSession) -> list[tuple[object, ...]]:
    return session.rows("SELECT cause, symbol FROM marts.breaks WHERE state = 'open' ORDER BY ALL")


def legs_of(session: WriteSession) -> list[tuple[object, ...]]:
    return session.rows(
        "SELECT l.symbol, f.leg_class, l.modelled, l.expected, l.charged, l.lean_order_id IS NOT NULL "
        "FROM marts.fee_reconciliation l JOIN derived.fee_legs f USING (leg_id) ORDER BY l.session_date, l.symbol, f.leg_class"
    )


@pytest.mark.parametrize("unbundled", [True, False], ids=["parts", "one figure"])
def test_options_on_futures_are_reconciled_once_the_rate_that_their_charges_show_is_accepted(
    warehouse: Warehouse, tmp_path: Path, *, unbundled: bool
) -> None:
    run = shared_path("runs", "lean", OPTIONS)
    fills = book(read_legs([run]))
    with warehouse.writer("test") as session:
        ingest_run(session, run, rehearses="main")
        settings = reconciled(session, flex(fills, tmp_path / "flex.xml", unbundled=unbundled), tmp_path)
        traded = sum(fill.kind == "trade" and bool(fill.right) for fill in fills)
        unpriced = [leg for leg in legs_of(session) if leg[1] == "trade" and leg[3] is None]
        assert len(unpriced) == traded
        [(component, product, root, amount, low, high, seen)] = accept_all(session, settings)
        assert (component, product, root, amount, seen) == (
            "exchange", "future_option", "ES *", Decimal("0.55"), traded,
        )  # fmt: skip
        assert low <= Decimal("0.55") < high
        legs = legs_of(session)
        assert [leg for leg in legs if leg[3] != leg[4]] == []
        # What LEAN sells of a future after its last day is no trade of the broker.
        assert [leg for leg in legs if not leg[-1] and leg[1] != "expiration"] == []
        assert open_breaks(session) == []
        assert accept_all(session, settings) == []


def test_a_rule_accepts_what_enough_charges_show_and_leaves_the_rest_to_a_person(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    run = shared_path("runs", "lean", OPTIONS)
    fills = book(read_legs([run]))
    with warehouse.writer("test") as session:
        settings = reconciled(session, flex(fills, tmp_path / "flex.xml"), tmp_path)
        [plan] = accounts(session, settings)
        propose_fee_levels(session, plan)
        assert accept_by_rule(session, plan, least_fills=9) == 0
        assert accept_by_rule(session, plan, least_fills=8) == 1
        assert session.rows("SELECT state, decided_by FROM records.fee_rate_proposals") == [("accepted", "rule")]
        assert accept_by_rule(session, plan, least_fills=8) == 0


def test_a_future_its_option_and_what_the_exercise_delivers_end_in_reconciled_fees(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    run = shared_path("runs", "lean", FUTURE_AND_OPTION)
    fills = book(read_legs([run]))
    # The same series a week later, which no run traded: with the first it shows the exchange's fee.
    more = [
        Booked(fills[1].when.replace(day=13, minute=minute), "ES", "ESM0", Decimal(1), Decimal(200), "open",
               fills[1].expiry, "P", Decimal(3400), order=40 + minute)
        for minute in (31, 32, 33)
    ]  # fmt: skip
    with warehouse.writer("test") as session:
        ingest_run(session, run, rehearses="main")
        settings = reconciled(session, flex([*fills, *more], tmp_path / "flex.xml"), tmp_path)
        [future] = [leg for leg in legs_of(session) if leg[0] == "/ESM0" and leg[1] == "trade"]
        # LEAN's model has the exchange at 1.28; the broker passed 1.18 on.
        assert future[2:] == (Decimal("2.15"), Decimal("2.05"), Decimal("2.05"), True)
        assert [proposed[:4] for proposed in accept_all(session, settings)] == [
            ("exchange", "future_option", "ES *", Decimal("0.55"))
        ]
        of_lean = [leg for leg in legs_of(session) if leg[-1]]
        assert {leg[1] for leg in of_lean} >= {"trade", "delivery"}
        assert all(expected == charged for _, _, _, expected, charged, _ in of_lean)
        summed = session.rows(
            "SELECT max(abs(d.difference - c.amount)) FROM marts.fee_reconciliation d JOIN "
            "(SELECT lean_order_id, symbol, session_date, sum(amount) AS amount FROM marts.fee_causes GROUP BY ALL) c "
            "USING (lean_order_id, symbol, session_date)"
        )
        assert summed == [(Decimal(0),)]


@pytest.mark.parametrize("unbundled", [True, False], ids=["parts", "one figure"])
def test_micro_futures_are_priced_from_the_statement_and_their_options_by_an_accepted_rate(
    warehouse: Warehouse, tmp_path: Path, *, unbundled: bool
) -> None:
    with warehouse.writer("test") as session:
        settings = reconciled(session, flex(micro_fills(), tmp_path / "flex.xml", unbundled=unbundled), tmp_path)
        causes = "SELECT product, coalesce(cause, 'reproduced'), count(*) FROM derived.statement_pricing GROUP BY ALL ORDER BY ALL"
        assert session.rows(causes) == [("micro_future", "reproduced", 4), ("micro_future_option", "no_rate", 4)]
        assert [proposed[:4] for proposed in accept_all(session, settings)] == [
            ("exchange", "micro_future_option", "MES *", Decimal("0.20"))
        ]
        assert session.rows(causes) == [("micro_future", "reproduced", 4), ("micro_future_option", "reproduced", 4)]
