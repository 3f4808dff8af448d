"""The evening's rehearsal in the warehouse: the recorded paper book, priced, stored once, told to the algorithm."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import cli
from pipelines.config import DeploymentSettings, LeanSettings, PathSettings, Settings
from pipelines.parsing.prices.bars import PriceBar
from pipelines.steps.checks import run_checks
from pipelines.steps.ingest import ingest_paths
from pipelines.steps.lean.deployments import rebuild_deployments
from pipelines.steps.lean.journals import ingest_journals, link_journals
from pipelines.steps.market.price_tables import store_bars
from pipelines.steps.parameters.log import add_event
from pipelines.steps.rehearsal.books import PresentBook, present_books
from pipelines.steps.rehearsal.crisis_figures import derive_figures
from pipelines.steps.rehearsal.rehearse import RehearsedAll, rehearse_books
from pipelines.steps.trades.strategy_trades import rebuild_trades
from pipelines.transforms.regimes.implied_price import implied_price
from tests.algorithm.support import make_set as algorithm_set
from tests.algorithm.support import publish, trade
from tests.lean_double.results import write_results
from tests.shared import shared_path
from tests.steps.asking import ask
from tests.steps.parameter_fixtures import make_set, store_set
from tomking.kernel.black_scholes import price_of
from tomking.kernel.contracts import block_key
from tomking.kernel.crisis_days import SCENARIOS
from tomking.kernel.entry_block import EntryBlock, parse_block
from tomking.kernel.sessions import next_session
from warehouse.access import Warehouse, WriteSession

LIVE = Path(__file__).resolve().parent.parent / "data" / "runs" / "live"
NAME = "paper-1"
BOOK_DATE = dt.date(2026, 11, 18)


def settings(root: Path) -> Settings:
    return Settings(
        root=root,
        paths=PathSettings(object_store="storage"),
        lean=LeanSettings(stale_after_hours=0),
        deployments=(DeploymentSettings(name=NAME, mode="paper", results=(str(LIVE),)),),
    )


def close(session: WriteSession, symbol: str, day: dt.date, price: float, low: float | None = None) -> None:
    bar = PriceBar(symbol, day, price, None, price, price, low or price, 1.0)
    store_bars(session, "csv", [(bar, None)])


def rehearsed(warehouse: Warehouse, given: Settings) -> RehearsedAll:
    with warehouse.writer("rehearse") as session:
        return rehearse_books(session, given)


def by_name(warehouse: Warehouse, given: Settings, run_id: str) -> RehearsedAll:
    with warehouse.writer("rehearse") as session:
        return rehearse_books(session, given, run_id)


@pytest.fixture
def recorded(warehouse: Warehouse, tmp_path: Path) -> Warehouse:
    """The three recorded runs of a paper deployment, the last of which holds a short strangle; no prices."""
    given = settings(tmp_path)
    with warehouse.writer("read") as session:
        ingest_paths(session, given, [LIVE])
        rebuild_trades(session, sorted(rebuild_deployments(session, given)))
    return warehouse


def book_of(warehouse: Warehouse, given: Settings) -> PresentBook:
    with warehouse.writer("look") as session:
        (book,) = present_books(session, given)
    return book


def test_the_newest_runs_open_positions_are_the_book_each_leg_with_where_its_inputs_are_from(
    recorded: Warehouse, tmp_path: Path
) -> None:
    given = settings(tmp_path)
    solved = book_of(recorded, given)
    assert (solved.mode, solved.book_date, solved.deployment) == ("paper", BOOK_DATE, NAME)
    assert {one.price_source for one in solved.legs} == {"marks"}
    with recorded.writer("prices") as session:
        close(session, "SPY", BOOK_DATE - dt.timedelta(days=1), 600.0)
    book = book_of(recorded, given)
    assert [(one.held.strategy, one.held.call_put, one.held.quantity, one.held.price) for one in book.legs] == [
        ("strangle", "C", -2.0, 600.0),
        ("strangle", "P", -2.0, 600.0),
    ]
    assert {(one.price_source, one.volatility_source) for one in book.legs} == {("daily_prices", "mark")}
    for leg, mark in zip(book.legs, (2.62, 3.09), strict=True):
        held = leg.held
        assert held.expiry is not None
        assert held.volatility is not None
        years = (held.expiry - BOOK_DATE).days / 365
        assert price_of(held.price, held.strike, years, held.volatility, held.call_put or "") == pytest.approx(mark)
    assert abs(solved.legs[0].held.price - 600) < 30


def test_losses_are_stored_once_and_add_up_to_each_look(recorded: Warehouse, tmp_path: Path) -> None:
    first = rehearsed(recorded, settings(tmp_path))
    assert (first.books, first.new, first.blocked, first.legs_left_out) == (1, 1, 0, 0)
    again = rehearsed(recorded, settings(tmp_path))
    assert again.new == 0
    assert ask(recorded, "SELECT count(*), bool_and(is_newest) FROM marts.crisis_rehearsals") == [(1, True)]
    looks = ask(recorded, "SELECT scenario, loss FROM marts.crisis_looks WHERE is_worst ORDER BY position")
    assert [scenario for scenario, _ in looks] == [one.name for one in SCENARIOS]
    legs = dict(ask(recorded, "SELECT scenario, sum(loss) FROM marts.crisis_losses GROUP BY ALL"))
    for scenario, loss in looks:
        assert abs(legs[scenario] - loss) <= Decimal("0.02")
        assert loss > 0
    [(worst, share)] = ask(recorded, "SELECT worst_loss, worst_share FROM marts.crisis_rehearsals")
    assert worst == max(loss for _, loss in looks)
    assert share == pytest.approx(float(worst) / 249845.4707, abs=1e-6)
    groups = ask(recorded, "SELECT DISTINCT strategy, underlying, group_name, factor_source FROM marts.crisis_losses")
    assert groups == [("strangle", "SPY", "A2", "SPY")]


def test_a_book_above_the_cap_stops_entries_by_a_document_with_an_end(recorded: Warehouse, tmp_path: Path) -> None:
    given = settings(tmp_path)
    path = given.object_store / block_key(NAME)
    rehearsed(recorded, given)
    free = parse_block(path.read_bytes(), NAME)
    assert not free.is_blocked
    tight = make_set("2026-11-02", "2026-10-30", values={"limits.crisis_loss": "0.05"})
    with recorded.writer("set") as session:
        store_set(session, tight)
        add_event(session, tight.sha256, "published", actor="test", in_force_from=tight.effective_from)
        now = session.now
    (outcome,) = rehearsed(recorded, given).rehearsals
    assert (outcome.is_blocked, outcome.is_new, outcome.document_written) == (True, True, True)
    block = parse_block(path.read_bytes(), NAME)
    today = now.astimezone(dt.timezone(dt.timedelta(hours=-5))).date()
    assert block == EntryBlock(
        NAME,
        is_blocked=True,
        book_date=BOOK_DATE,
        expires_on=next_session(next_session(today)),
        scenario=str(outcome.worst_look),
        loss_share=outcome.worst_share or Decimal(0),
        cap=Decimal("0.05"),
    )
    with recorded.writer("checks") as session:
        failed = {one.name for one in run_checks(session) if not one.passed}
    assert "crisis_loss_within_cap" in failed
    assert ask(recorded, "SELECT parameter_set_id FROM marts.crisis_rehearsals WHERE is_blocked") == [(tight.id,)]
    # A run that is rehearsed by hand stands for itself and writes no document.
    (by_hand,) = by_name(recorded, given, outcome.run_id).rehearsals
    assert (by_hand.is_blocked, by_hand.document_written) == (False, False)
    assert parse_block(path.read_bytes(), NAME) == block
    with recorded.writer("set") as session:
        session.execute("DELETE FROM records.parameter_events")
    (lifted,) = rehearsed(recorded, given).rehearsals
    assert (lifted.is_blocked, lifted.is_new, lifted.document_written) == (False, True, True)
    assert rehearsed(recorded, given).new == 0
    newest = ask(recorded, f"SELECT is_blocked FROM marts.crisis_rehearsals WHERE is_newest AND deployment = '{NAME}'")
    assert newest == [(False,)]


def test_prices_of_the_users_own_stand_over_the_figures_and_splits_do_not_count(
    recorded: Warehouse, tmp_path: Path
) -> None:
    with recorded.writer("prices") as session:
        close(session, "SPY", dt.date(2018, 2, 2), 100.0)
        close(session, "SPY", dt.date(2018, 2, 5), 60.0, low=50.0)
        for day, price, adjusted in ((dt.date(2024, 8, 2), 100.0, 50.0), (dt.date(2024, 8, 5), 49.0, 49.0)):
            store_bars(session, "csv", [(PriceBar("SPY", day, price, adjusted, price, price, price, 1.0), None)])
    rehearsed(recorded, settings(tmp_path))
    factors = dict(ask(recorded, "SELECT DISTINCT scenario, factor FROM marts.crisis_losses"))
    assert factors["2018-02-05"] == 0.5
    assert factors["2024-08-05"] == pytest.approx(0.98)
    assert factors["2025-04"] == pytest.approx(0.8977)


def test_a_book_that_cannot_be_priced_has_an_unknown_loss_and_says_why(recorded: Warehouse, tmp_path: Path) -> None:
    given = settings(tmp_path)
    with recorded.writer("damage") as session:
        session.execute("UPDATE derived.positions SET mark = NULL")
    (outcome,) = rehearsed(recorded, given).rehearsals
    assert (outcome.legs, outcome.left_out, outcome.worst_share, outcome.document_written) == (0, 2, None, False)
    assert not (given.object_store / block_key(NAME)).exists()
    [(why,)] = ask(recorded, "SELECT left_out_why FROM marts.crisis_rehearsals")
    assert set(json.loads(why).values()) == {f"no price of SPY within a week before {BOOK_DATE}"}
    with recorded.writer("prices") as session:
        close(session, "SPY", BOOK_DATE, 600.0)
    assert "no VIX" in next(iter(book_of(recorded, given).left_out.values()))
    with recorded.writer("prices") as session:
        close(session, "VIX", BOOK_DATE, 20.0)
    book = book_of(recorded, given)
    assert {(one.held.volatility, one.volatility_source) for one in book.legs} == {(0.2, "vix")}
    with recorded.writer("checks") as session:
        failed = {one.name for one in run_checks(session) if not one.passed}
    assert "rehearsal_is_complete" in failed


def test_the_algorithms_own_journal_is_the_best_source(warehouse: Warehouse, tmp_path: Path) -> None:
    publish(tmp_path / "storage", algorithm_set(dt.date(2019, 12, 2), dt.date(2019, 11, 29), entry_week="0"))
    run = trade(tmp_path / "storage", parameters={"end": "2019-12-16"})
    write_results(run, tmp_path / "results" / "run")
    given = Settings(root=tmp_path, deployments=(DeploymentSettings(name="demo", results=("results",)),))
    with warehouse.writer("read") as session:
        ingest_paths(session, given, [tmp_path / "results"])
        ingest_journals(session, tmp_path / "storage")
        link_journals(session)
        rebuild_trades(session, sorted(rebuild_deployments(session, given)))
    book = book_of(warehouse, given)
    assert book.book_date == dt.date(2019, 12, 16)
    assert book.legs
    assert {(one.price_source, one.volatility_source) for one in book.legs} == {("journal", "journal")}
    assert not (tmp_path / block_key("demo")).exists()
    (outcome,) = rehearsed(warehouse, given).rehearsals
    assert outcome.document_written is False
    assert outcome.worst_share is not None


def test_put_and_call_agree_on_the_price_they_were_made_with() -> None:
    call = price_of(432.1, 450, 0.2, 0.25, "C")
    put = price_of(432.1, 400, 0.2, 0.25, "P")
    found = implied_price((Decimal(450), Decimal(str(call))), (Decimal(400), Decimal(str(put))), 0.2)
    assert found == Decimal("432.10")
    assert implied_price((Decimal(450), Decimal(900)), (Decimal(400), Decimal(900)), 0.2) is None


def test_the_command_prints_the_book_and_writes_nothing_where_it_only_shows(
    recorded: Warehouse, tmp_path: Path
) -> None:
    (tmp_path / "tomking.toml").write_text(
        f'[paths]\nstate = "state"\n[lean]\nstale_after_hours = 0\n[[deployments]]\nname = "{NAME}"\nmode = "paper"\n'
        f'results = ["{LIVE}"]\n'
    )
    recorded.publish()
    told = CliRunner().invoke(cli, ["--config", str(tmp_path), "rehearse", "--json"], catch_exceptions=False)
    (book,) = json.loads(told.output)
    assert [one["scenario"] for one in book["scenarios"]] == [one.name for one in SCENARIOS]
    assert {one["strategy"] for one in book["losses"]} == {"strangle"}
    shown = CliRunner().invoke(cli, ["--config", str(tmp_path), "rehearse", "--show-only", "--json"])
    assert json.loads(shown.output) == [book]


def test_the_figures_are_those_of_the_market_data(tmp_path: Path) -> None:
    folders = [shared_path("samples", "market"), shared_path("samples", "lean-data", "equity", "usa", "daily")]
    derived = derive_figures(folders)
    for scenario in SCENARIOS:
        for session, line in zip(scenario.sessions, derived[scenario.name], strict=True):
            day, vix, high, *levels = line.split()
            assert (day, float(vix), float(high)) == (session.day.isoformat(), session.vix, session.vix_high)
            known = [pair for pair in zip(levels[::2], levels[1::2], strict=True) if pair[0] != "-"]
            assert [(float(one), float(other)) for one, other in known] == list(session.levels.values())
    shutil.copy(folders[0] / "spy.csv", tmp_path)
    with pytest.raises(Exception, match="no daily VIX"):
        derive_figures([tmp_path])
