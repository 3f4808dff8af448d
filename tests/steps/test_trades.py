"""Strategy trades of recorded runs: as a trader wrote them down, as their tags say, and to the cent."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import Settings, settings_from
from pipelines.steps.ingest import ingest_paths
from pipelines.steps.trades.quotes import HourlyQuotes
from pipelines.steps.trades.strategy_trades import rebuild_trades, trades_of
from tests.shared import shared_path
from tests.steps.asking import ask
from tomking.kernel.contracts import parse_tag
from warehouse.access import Warehouse

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"
ENDS = {"open": ("open",), "closed": ("closed",), "cash": ("cash_settled",), "partly": ("open",)}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_from({}, tmp_path / "tomking.toml")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, warehouse_template: Path) -> Warehouse:
    """A warehouse with the recorded backtests and the live deployments."""
    folder = tmp_path_factory.mktemp("recorded")
    shutil.copytree(warehouse_template, folder / "state")
    warehouse = Warehouse(folder / "state")
    paths = [shared_path("runs", name) for name in ("lean", "own", "live")]
    with warehouse.writer("test") as session:
        ingest_paths(session, settings_from({}, folder / "tomking.toml"), paths)
    return warehouse


def parts_of(warehouse: Warehouse, sql: str = "") -> dict[tuple[str, str], dict[str, set[int]]]:
    """The order ids of each trade of each run by part, from every take of a fill."""
    found: dict[tuple[str, str], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    rows = ask(
        warehouse,
        f"SELECT r.name, f.trade_id, f.part, f.order_id FROM derived.trade_fills f "
        f"JOIN records.runs r ON r.run_id = f.trade_run_id {sql}",
    )
    for name, trade_id, part, order_id in rows:
        found[name, trade_id][part].add(order_id)
    return found


def orders_named(warehouse: Warehouse, run: str, names: list[str]) -> set[int]:
    """The orders that the hand-written list names: g for a combo, o for an order."""
    found = set()
    for name in names:
        column = "group_id" if name[0] == "g" else "order_id"
        sql = (
            f"SELECT order_id FROM records.orders JOIN records.runs r USING (run_id) WHERE r.name = ? AND {column} = ?"
        )
        found |= {order_id for (order_id,) in ask(warehouse, sql, run, int(name[1:]))}
    return found


@pytest.mark.slow
def test_the_trades_a_trader_wrote_down_are_found(recorded: Warehouse) -> None:
    written: dict[str, Any] = json.loads(shared_path("runs", "strategies.json").read_bytes())
    written.pop("about")
    parts = parts_of(recorded)
    seen = 0
    for run, trades in written.items():
        made = ask(
            recorded,
            "SELECT trade_id, label, side, quantity, ended_by FROM marts.strategy_trades WHERE name = ? ORDER BY trade_id",
            run,
        )
        assert len(made) == sum("refused" not in trade["ends"] for trade in trades), run
        for trade in trades:
            opens = orders_named(recorded, run, trade["opens"])
            same = [row for row in made if parts[run, row[0]]["open"] == opens]
            if "refused" in trade["ends"]:
                assert same == []
                continue
            (row,) = same
            closing = {order for part, ids in parts[run, row[0]].items() if part != "open" for order in ids}
            assert row[1] == trade["kind"]
            assert row[3] == trade["quantity"]
            assert row[2] == trade.get("side", row[2])
            assert closing == orders_named(recorded, run, trade.get("closes", []))
            assert row[4] in ENDS[trade["ends"].split()[0]]
            seen += 1
    assert seen == 19


@pytest.mark.slow
def test_every_tagged_order_is_in_the_trade_its_tag_names(recorded: Warehouse) -> None:
    trade_of = {
        (row[0], row[1]): row[2] for row in ask(recorded, "SELECT run_id, order_id, trade_id FROM derived.trade_orders")
    }
    rows = ask(
        recorded,
        "SELECT run_id, order_id, tag FROM records.orders o "
        "WHERE EXISTS (FROM records.order_events e WHERE e.run_id = o.run_id AND e.order_id = o.order_id AND fill_quantity <> 0)",
    )
    tagged = [(run_id, order_id, tag) for run_id, order_id, text in rows if (tag := parse_tag(text)) is not None]
    assert len(tagged) > 500
    assert [row for row in tagged if trade_of[row[0], row[1]] != row[2].trade_id] == []


@pytest.mark.slow
def test_the_rules_find_the_tagged_trades_without_their_tags(recorded: Warehouse) -> None:
    shares = dict(ask(recorded, "SELECT name, share FROM marts.trade_agreement"))
    assert {"tk-ibkr", "tk-schwab", "tk-tastytrade-covid", "tk-tastytrade-small", "1-L-3100000001"} <= shares.keys()
    assert {name: share for name, share in shares.items() if share < Decimal("0.95")} == {}
    orders = ask(recorded, "SELECT count(*) FROM derived.untagged_trade_orders")
    assert orders[0][0] > 500


@pytest.mark.slow
def test_the_fees_of_the_strategies_are_the_fees_of_the_run(recorded: Warehouse) -> None:
    rows = ask(
        recorded,
        "SELECT r.name, f.currency, f.fee_amount, s.fee FROM records.run_fees f JOIN records.runs r USING (run_id) "
        "LEFT JOIN (SELECT run_id, currency, sum(fee) AS fee FROM marts.strategy_fees GROUP BY ALL) s USING (run_id, currency)",
    )
    assert len(rows) > 100
    assert [row for row in rows if row[2] != row[3]] == []


@pytest.mark.slow
def test_a_trade_is_carried_over_the_kill_of_its_run(recorded: Warehouse) -> None:
    sql = "SELECT name, trade_id, ended_by, profit_loss FROM marts.strategy_trades WHERE trade_id = 'strangle-202611171701'"
    assert ask(recorded, sql) == [("1-L-3100000001", "strangle-202611171701", "closed", Decimal(812))]
    sql = "SELECT o.run_id <> o.trade_run_id FROM derived.trade_orders o WHERE trade_id = 'strangle-202611171701'"
    assert sorted(ask(recorded, sql)) == [(False,), (False,), (True,), (True,)]
    assert ask(recorded, "SELECT count(*) FROM marts.orders WHERE trade_id = 'strangle-202611171701'") == [(4,)]


@pytest.mark.slow
def test_a_rebuild_of_everything_at_once_gives_what_run_by_run_gave(recorded: Warehouse) -> None:
    tables = ("strategy_trades", "trade_orders", "trade_fills", "trade_legs", "untagged_trade_orders")
    before = {name: ask(recorded, f"SELECT * FROM derived.{name} ORDER BY ALL") for name in tables}
    with recorded.writer("test") as session:
        rebuild_trades(session)
        assert not session.changed
    assert {name: ask(recorded, f"SELECT * FROM derived.{name} ORDER BY ALL") for name in tables} == before


@pytest.mark.slow
def test_along_the_quotes_a_run_traded_on_the_excursions_are_the_engines_own(recorded: Warehouse) -> None:
    exact = ask(
        recorded, "SELECT run_id, trade_id, mae, mfe FROM marts.strategy_trades WHERE excursion_basis = 'closed_trade'"
    )
    quotes = HourlyQuotes(shared_path("runs", "data"))
    with recorded.writer("test") as session:
        runs = [run_id for (run_id,) in session.rows("SELECT run_id FROM records.runs WHERE name LIKE 'tk-%'")]
        trades = trades_of(session, runs)
    seen = 0
    for run_id, trade_id, mae, mfe in exact:
        found = quotes.excursions(trades[run_id, trade_id]) if (run_id, trade_id) in trades else None
        if found is not None:
            assert (found.mae, found.mfe) == (mae, mfe)
            seen += 1
    assert seen == 12
    bounds = ask(
        recorded,
        "SELECT run_id, trade_id, mae, mfe FROM marts.strategy_trades WHERE excursion_basis = 'bounds' AND name LIKE 'tk-%'",
    )
    assert len(bounds) > 90
    for run_id, trade_id, mae, mfe in bounds:
        found = quotes.excursions(trades[run_id, trade_id])
        assert found is not None
        assert mae <= found.mae <= found.mfe <= mfe


def test_legs_and_figures_of_a_settled_spread(warehouse: Warehouse, settings: Settings) -> None:
    with warehouse.writer("test") as session:
        ingest_paths(session, settings, [DATA / "settled"])
    sql = (
        "SELECT label, strikes, days_to_expiry, credit, max_profit, max_loss, captured_share, profit_loss "
        "FROM marts.strategy_trades WHERE trade_id = 'g1'"
    )
    ((label, strikes, days, credit, best, worst, share, result),) = ask(warehouse, sql)
    assert (label, strikes, days) == ("bear call spread", "3700c/3800c", 0)
    assert (best, worst) == (credit, credit - 10_000)
    assert share == (result / credit).quantize(Decimal("0.000001"))
    legs = ask(
        warehouse,
        "SELECT quantity, closed_quantity, ended_by, profit_loss FROM marts.trade_legs WHERE trade_id = 'g1' ORDER BY position",
    )
    assert [leg[:3] for leg in legs] == [(-1, 1, "cash_settled"), (1, -1, "expired")]
    assert sum(leg[3] for leg in legs) == result


CONTRACTS_OF_THEIR_OWN = (
    "HSIFutureHourRegressionAlgorithm",
    "IndexOptionScaledStrikeRegressionAlgorithm",
    "BinanceCryptoFutureBnfcrCollateralRegressionAlgorithm",
)


def test_contracts_that_only_their_own_trades_or_rules_tell_of_have_a_profit(
    warehouse: Warehouse, settings: Settings
) -> None:
    paths = [shared_path("runs", "lean", name) for name in CONTRACTS_OF_THEIR_OWN]
    with warehouse.writer("test") as session:
        ingest_paths(session, settings, paths)
    unknown = ask(
        warehouse,
        "SELECT r.name, t.trade_id FROM derived.strategy_trades t JOIN records.runs r USING (run_id) "
        "WHERE t.ended_by <> 'open' AND t.profit_loss IS NULL",
    )
    assert unknown == []
    # Futures are closed at their price: the engine's own trades say the same, to the cent.
    ours = ask(
        warehouse,
        "SELECT sum(t.profit_loss) FROM derived.strategy_trades t JOIN records.runs r USING (run_id) WHERE r.name = ? "
        "AND t.ended_by <> 'open'",
        CONTRACTS_OF_THEIR_OWN[0],
    )
    theirs = ask(
        warehouse,
        "SELECT sum(t.profit_loss) FROM records.closed_trades t JOIN records.runs r USING (run_id) WHERE r.name = ?",
        CONTRACTS_OF_THEIR_OWN[0],
    )
    assert ours == theirs
