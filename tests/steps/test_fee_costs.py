"""What fees were paid for, and what other routes would have cost: from recorded runs and statements to the views."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from pipelines.config import AccountSettings, Settings
from pipelines.steps.lean.runs import ingest_run
from pipelines.steps.reconciliation.reconcile import reconcile_days
from pipelines.steps.statements.ingesting import ingest_statement
from pipelines.steps.trades.strategy_trades import rebuild_trades
from tests.pairs.perturb import PAIRS
from tests.shared import shared_path
from tests.steps.asking import ask
from warehouse.access import Warehouse

PAIR = "tk-tastytrade-covid"
OTHER = AccountSettings(alias="other", broker="schwab")
Prepared = Callable[[str, tuple[AccountSettings, ...]], Warehouse]


@pytest.fixture(scope="module")
def prepared(warehouse_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The warehouse of a recorded pair, with its strategy trades, and further accounts of the trader."""

    @cache
    def make(name: str, others: tuple[AccountSettings, ...]) -> Warehouse:
        state = tmp_path_factory.mktemp("costs") / "state"
        shutil.copytree(warehouse_template, state)
        broker, plan, runs = PAIRS[name]
        accounts = (AccountSettings(alias="main", broker=broker, plan=plan), *others)
        with Warehouse(state).writer("test") as session:
            for run in runs:
                ingest_run(session, shared_path("runs", run), rehearses="main")
            rebuild_trades(session)
            for path in sorted(shared_path("runs", "pairs", name).iterdir()):
                if path.name != "key.json":
                    ingest_statement(session, path, account="main", accounts=accounts)
            reconcile_days(session, Settings(root=state, accounts=accounts))
        return Warehouse(state)

    return make


@pytest.mark.parametrize("name", PAIRS)
def test_every_dimension_adds_up_to_what_was_charged(name: str, prepared: Prepared) -> None:
    warehouse = prepared(name, ())
    [(charged, legs)] = ask(warehouse, "SELECT sum(charged), count(*) FROM derived.statement_pricing")
    found = ask(warehouse, "SELECT dimension, sum(charged), sum(legs) FROM marts.fees_by GROUP BY 1 ORDER BY 1")
    assert [name for name, *_ in found] == ["broker", "dte", "month", "product", "strategy", "symbol"]
    assert {count for *_, count in found} == {legs}
    # Views show six decimals.
    assert all(abs(total - charged) <= Decimal("0.000001") * legs for _, total, _ in found)


def test_fees_stand_beside_credit_result_and_contracts_of_their_trades(prepared: Prepared) -> None:
    warehouse = prepared(PAIR, ())
    [(trades, credit, result, complete)] = ask(
        warehouse,
        "SELECT count(*), count(fees_over_credit), count(fees_over_profit_loss), "
        "bool_and(charged_legs <= legs) FROM marts.trade_costs",
    )
    assert trades > 20
    assert 0 < credit <= trades
    assert 0 < result <= trades
    assert complete
    wrong = ask(
        warehouse,
        "SELECT trade_id FROM marts.trade_costs WHERE abs(fees_over_credit * credit - charged_fees) > 0.01 "
        "OR abs(fees_over_profit_loss * profit_loss - charged_fees) > 0.01 "
        "OR abs(break_even_credit * abs(quantity) - charged_fees) > 0.01 OR (credit <= 0 AND fees_over_credit IS NOT NULL)",
    )
    assert wrong == []
    [(by_trade,)] = ask(warehouse, "SELECT sum(charged_fees) FROM marts.trade_costs")
    [(by_order,)] = ask(warehouse, "SELECT sum(charged) FROM marts.fee_reconciliation WHERE lean_order_id IS NOT NULL")
    assert by_trade == by_order


def test_a_saving_counts_only_on_routes_that_could_have_been_taken(prepared: Prepared) -> None:
    alone, with_other = prepared(PAIR, ()), prepared(PAIR, (OTHER,))
    routes = "SELECT DISTINCT broker FROM marts.fee_alternatives WHERE is_feasible ORDER BY 1"
    assert ask(alone, routes) == [("tastytrade",)]
    assert ask(with_other, routes) == [("schwab",), ("tastytrade",)]
    best = ask(
        with_other, "SELECT month, best_broker, saving, charged, best_cost FROM marts.fee_savings ORDER BY month"
    )
    assert {broker for _, broker, *_ in best} == {"schwab", "tastytrade"}
    assert any(saving > 0 for *_, saving, _, _ in best)
    assert any(saving < 0 for *_, saving, _, _ in best)
    assert all(saving == charged - cost for *_, saving, charged, cost in best)
    own = dict(ask(alone, "SELECT month, best_cost FROM marts.fee_savings"))
    assert all(cost <= own[month] for month, *_, cost in best)


def test_an_account_opened_later_was_no_route_before(prepared: Prepared) -> None:
    opened = AccountSettings(alias="other", broker="schwab", opened=dt.date(2020, 4, 1))
    warehouse = prepared(PAIR, (opened,))
    found = ask(
        warehouse,
        "SELECT min(month) FILTER (WHERE is_feasible), min(month) FROM marts.fee_alternatives WHERE broker = 'schwab'",
    )
    [(first_feasible, first)] = found
    assert first < first_feasible == dt.date(2020, 4, 1)


def test_a_route_whose_whole_cost_is_not_known_never_counts(prepared: Prepared) -> None:
    warehouse = prepared("tk-ibkr", ())
    found = ask(
        warehouse,
        "SELECT DISTINCT plan, is_feasible, why FROM marts.fee_alternatives WHERE broker = 'ibkr' ORDER BY ALL",
    )
    assert {(plan, feasible) for plan, feasible, _ in found} == {("fixed", False), ("tiered", False)}
    assert all("venue" in why for *_, why in found)
    assert ask(warehouse, "SELECT DISTINCT best_broker, saving, routes FROM marts.fee_savings") == [(None, None, 0)]


def test_advice_looks_at_earlier_months_only(prepared: Prepared) -> None:
    warehouse = prepared(PAIR, (OTHER,))
    months = [month for (month,) in ask(warehouse, "SELECT DISTINCT month FROM marts.fee_alternatives ORDER BY 1")]
    found = ask(warehouse, "SELECT month, advised_broker, months, error FROM marts.fee_route_forecasts ORDER BY month")
    assert [month for month, *_ in found] == months[1:]
    assert [count for _, _, count, _ in found] == [min(place, 3) for place in range(1, len(months))]
    for place, (_, broker, _, _) in enumerate(found, start=1):
        past = months[max(0, place - 3) : place]
        listed = ", ".join(f"DATE '{month}'" for month in past)
        [(cheapest,)] = ask(
            warehouse,
            "SELECT arg_min(broker, cost) FROM (SELECT broker, sum(cost) AS cost FROM marts.fee_alternatives "
            f"WHERE is_feasible AND month IN ({listed}) GROUP BY broker)",
        )
        assert broker == cheapest


def test_forecast_errors_are_those_of_the_legs(prepared: Prepared) -> None:
    warehouse = prepared(PAIR, ())
    [(legs, bias, mae, inside)] = ask(
        warehouse,
        "SELECT legs, bias, mae, is_inside_bound FROM marts.fee_forecast_errors WHERE product = 'equity_option'",
    )
    errors = ask(
        warehouse,
        "SELECT charged - forecast FROM marts.fee_costs WHERE product = 'equity_option' AND leg_class = 'trade'",
    )
    assert legs == len(errors)
    assert abs(Decimal(str(bias)) - sum(error for (error,) in errors) / legs) < Decimal("0.000001")
    assert abs(Decimal(str(mae)) - sum(abs(error) for (error,) in errors) / legs) < Decimal("0.000001")
    assert inside
