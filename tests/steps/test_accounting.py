"""Money of recorded runs: the identity of every run, and the cause of each exception by its rule."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.config import Settings, settings_from
from pipelines.parsing.lean.events import read_settlement
from pipelines.steps.accounting.reference import take_reference
from pipelines.steps.accounting.run_money import rebuild_accounts
from pipelines.steps.ingest import ingest_paths
from pipelines.steps.lean.runs import ingest_run
from tests.shared import shared_path
from tests.steps.asking import ask
from warehouse.access import Warehouse

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"
CENT = Decimal("0.01")
IDENTITY = "SELECT name, state, difference, unexplained FROM marts.run_money WHERE is_account_currency"
CAUSES = "SELECT cause, amount FROM marts.money_differences WHERE name = ? AND figure = 'end_equity'"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_from({}, tmp_path / "tomking.toml")


@pytest.fixture(scope="module")
def ingested(warehouse_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The runs beside the tests, taken in once; nobody changes them."""
    folder = tmp_path_factory.mktemp("ingested")
    shutil.copytree(warehouse_template, folder / "state")
    warehouse = Warehouse(folder / "state")
    with warehouse.writer("test") as session:
        ingest_paths(session, settings_from({}, folder / "tomking.toml"), [DATA])
    return warehouse


def test_runs_tie_as_soon_as_they_are_ingested(ingested: Warehouse) -> None:
    found = ask(ingested, IDENTITY)
    assert found
    assert all(state in ("ties", "explained", "incomplete") for _, state, *_ in found)
    assert ask(
        ingested, "SELECT count(*) FROM marts.profit_loss WHERE multiplier IS NULL AND security_type = 'option'"
    ) == [(0,)]


def test_making_the_accounts_again_changes_nothing(ingested: Warehouse) -> None:
    with ingested.writer("test") as session:
        assert rebuild_accounts(session)
        assert not session.changed


def test_a_data_folder_names_the_multiplier_and_asks_for_every_run_again(
    warehouse: Warehouse, settings: Settings, tmp_path: Path
) -> None:
    future = shared_path("runs", "lean", "HSIFutureHourRegressionAlgorithm")
    source = shared_path("samples", "lean-data", "symbol-properties")
    shutil.copytree(source, tmp_path / "data" / "symbol-properties")
    query = "SELECT DISTINCT multiplier, multiplier_source FROM marts.profit_loss"
    with warehouse.writer("test") as session:
        ingest_paths(session, settings, [future])
    assert ask(warehouse, query) == [(Decimal(50), "closed_trades")]
    with warehouse.writer("test") as session:
        assert take_reference(session, tmp_path / "data") > 10_000
        rebuild_accounts(session, [])
    assert ask(warehouse, query) == [(Decimal(50), "symbol_properties")]
    with warehouse.writer("test") as session:
        assert take_reference(session, tmp_path / "data") == 0
        assert not session.changed


def test_a_symbol_properties_file_of_another_kind_is_refused_by_name(warehouse: Warehouse, tmp_path: Path) -> None:
    folder = tmp_path / "symbol-properties"
    folder.mkdir()
    (folder / "symbol-properties-database.csv").write_text("date,close\n20200101,1\n")
    with warehouse.writer("test") as session:
        assert take_reference(session, tmp_path) == 0
    assert ask(warehouse, "SELECT count(*) FROM marts.quarantine WHERE reason LIKE '%header is missing%'") == [(1,)]


def test_a_live_run_prices_what_it_inherited(warehouse: Warehouse, settings: Settings) -> None:
    folders = [shared_path("runs", "live", name) for name in ("1-L-3100000001", "2-L-3100000002")]
    with warehouse.writer("test") as session:
        ingest_paths(session, settings, folders)
    inherited = ask(
        warehouse,
        "SELECT instrument_key, entry_price, entry_source FROM marts.round_trips WHERE entry_order_id IS NULL ORDER BY ALL",
    )
    left_open = ask(
        warehouse, "SELECT instrument_key, average_price FROM marts.positions WHERE name LIKE '1-%' ORDER BY ALL"
    )
    assert [(key, price) for key, price, _ in inherited] == left_open
    assert {source for *_, source in inherited} == {"lean_profit_loss"}


@pytest.fixture(scope="module")
def recorded(warehouse_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse of every recorded run but the largest."""
    runs = shared_path("runs")
    state = tmp_path_factory.mktemp("recorded") / "state"
    shutil.copytree(warehouse_template, state)
    made = Warehouse(state)
    folders = [runs / name for name in ("lean", "lean-python", "own", "optimization", "unfinished", "live")]
    with made.writer("test") as session:
        ingest_paths(session, settings_from({}, state / "tomking.toml"), folders)
    yield made
    shutil.rmtree(state)


@pytest.mark.slow
def test_every_dollar_backtest_ties_or_says_by_name_why_not(recorded: Warehouse) -> None:
    rows = ask(
        recorded,
        "SELECT m.name, m.state, m.difference FROM marts.run_money m JOIN records.runs r USING (run_id) "
        "WHERE is_account_currency AND m.currency = 'USD' AND r.is_complete AND m.start_equity IS NOT NULL",
    )
    assert len(rows) > 140
    assert [name for name, state, _ in rows if state not in ("ties", "explained")] == []
    named = ask(
        recorded,
        "SELECT f.name, f.difference, sum(f.amount) FROM marts.money_differences f WHERE f.cause IS NOT NULL "
        "GROUP BY f.run_id, f.name, f.figure, f.difference HAVING sum(f.amount) <> f.difference",
    )
    assert named == []
    assert ask(recorded, "SELECT count(*) FROM marts.money_differences WHERE cause = 'unexplained'") == [(0,)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tk-ibkr", {"dividends"}),
        ("tk-tastytrade-small", set()),
        ("CustomMarginInterestRateModelAlgorithm", {"margin_interest"}),
        ("ContinuousFutureBackMonthRegressionAlgorithm", {"closing_estimate"}),
        ("FuturesDailySettlementLongRegressionAlgorithm", {"position_outside_events"}),
        ("BybitCryptoRegressionAlgorithm", {"fee_in_coin", "coins_at_start"}),
        ("FeeModelNotUsingAccountCurrency", {"fee_in_other_currency", "conversion_rate"}),
        ("IndexOptionScaledStrikeRegressionAlgorithm", set()),
        ("HSIFutureHourRegressionAlgorithm", set()),
    ],
)
def test_each_exception_has_the_cause_that_its_rule_gives(recorded: Warehouse, name: str, expected: set[str]) -> None:
    rows = ask(recorded, CAUSES.replace("?", f"'{name}'"))
    assert {cause for cause, _ in rows if cause is not None} == expected


@pytest.mark.slow
def test_the_runs_on_raw_shares_owe_exactly_the_dividends_that_were_paid(recorded: Warehouse) -> None:
    with recorded.writer("test") as session:
        take_reference(session, shared_path("samples", "lean-data"))
        rebuild_accounts(session, [])
    notes = ask(
        recorded,
        "SELECT DISTINCT amount, note, basis FROM marts.money_differences WHERE figure = 'end_equity' "
        "AND cause = 'dividends'",
    )
    said = "by factor files: SPY 2019-12-19 -157; SPY 2020-03-19 -141; SPY 2020-06-18 -137"
    assert notes == [(Decimal(-435), said, "factor_files")]


@pytest.mark.slow
def test_positions_on_both_sides_are_worth_what_the_exposure_chart_says(recorded: Warehouse) -> None:
    sources = dict(
        ask(recorded, "SELECT marks_source, count(*) FROM marts.run_money WHERE state = 'ties' GROUP BY ALL")
    )
    assert sources["net_profit_and_exposure"] >= 9
    assert not sources.keys() & {"net_profit", "exposure"}


def test_a_share_that_changed_its_ticker_has_the_dividends_of_its_company(warehouse: Warehouse, tmp_path: Path) -> None:
    maps, factors = (tmp_path / "equity" / "usa" / name for name in ("map_files", "factor_files"))
    # What a run of 2013 knew as SPY is XYZ today, and another company is called SPY.
    for path, text in (
        (maps / "xyz.csv", "19980102,spy,P\n20130630,spy,P\n20501231,xyz,P\n"),
        (maps / "spy.csv", "20140102,spy,P\n20501231,spy,P\n"),
        (factors / "xyz.csv", "20131219,0.99,1,100\n20501231,1,1,0\n"),
        (factors / "spy.csv", "20131219,0.95,1,100\n20501231,1,1,0\n"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with warehouse.writer("test") as session:
        ingest_run(session, DATA / "quits")
        take_reference(session, tmp_path)
    assert ask(warehouse, "SELECT symbol, amount FROM records.corporate_actions") == [("SPY", Decimal(1))]


@pytest.mark.slow
def test_a_cash_settlement_gives_the_profit_that_its_message_prints(recorded: Warehouse) -> None:
    rows = ask(
        recorded,
        "SELECT t.name, sum(t.profit_loss), any_value(e.message) FROM marts.round_trips t "
        "JOIN records.order_events e ON e.run_id = t.run_id AND e.order_id = t.exit_order_id AND e.kind = t.ended_by "
        "JOIN records.instruments i ON i.instrument_key = t.instrument_key AND i.security_type = 'index_option' "
        "WHERE t.ended_by IN ('exercise', 'assignment') AND e.instrument_key = t.instrument_key "
        "GROUP BY t.run_id, t.name, t.exit_order_id",
    )
    assert len(rows) >= 5
    for name, profit, message in rows:
        note = read_settlement(message)
        assert note is not None, name
        assert note.result == profit, name


@pytest.mark.slow
def test_closed_trades_of_lean_are_our_round_trips(recorded: Warehouse) -> None:
    rows = ask(
        recorded,
        "SELECT f.figure, d.cause, count(*) FROM marts.money_differences d JOIN derived.money_figures f "
        "USING (run_id, figure) WHERE d.figure = 'closed_trades_profit' AND d.cause IS NOT NULL GROUP BY ALL",
    )
    assert {cause for _, cause, _ in rows} <= {"settlement_omitted", "conversion_rate", "inherited_holdings"}
