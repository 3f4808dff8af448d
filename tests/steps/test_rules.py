"""Rules in the warehouse: proved, called, and held against what a run of the algorithm traded."""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path

import pytest

from pipelines.config import Settings, settings_from
from pipelines.steps import rules as step
from pipelines.steps.checks import run_checks
from pipelines.steps.ingest import ingest_paths
from pipelines.steps.lean.deployments import rebuild_deployments
from pipelines.steps.lean.journals import ingest_journals, link_journals
from pipelines.steps.lean.store_documents import ingest_documents
from pipelines.steps.rules import prove_rules, uncalled_modules
from pipelines.steps.trades.strategy_trades import rebuild_trades
from pipelines.transforms.call_graph import read_graph
from tests.algorithm.support import MAIN, STARTED, make_set, publish, trade
from tests.lean_double.engine import install, run
from tests.lean_double.replay import unpacked_data
from tests.lean_double.results import write_results
from tests.steps.asking import ask
from tomking.kernel.rules import RULES
from warehouse.access import Warehouse

install()


def settings(folder: Path) -> Settings:
    return settings_from({}, folder / "tomking.toml")


def proved(warehouse: Warehouse, folder: Path) -> step.RulesOutcome:
    with warehouse.writer("rules") as session:
        return prove_rules(session, settings(folder))


def test_every_rule_is_stored_proved_and_called_and_the_score_is_made_of_that(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    outcome = proved(warehouse, tmp_path)
    assert (outcome.rules, outcome.acted, outcome.called) == (len(RULES),) * 3
    assert ask(warehouse, "SELECT score, rules, kept, violations FROM marts.rule_score") == [
        (100, len(RULES), len(RULES), 0)
    ]
    assert ask(warehouse, "SELECT lesson FROM marts.rule_conformance WHERE lesson IS NOT NULL ORDER BY lesson") == [
        (lesson,) for lesson in range(1, 8)
    ]


def test_before_the_first_proof_there_is_no_score(warehouse: Warehouse) -> None:
    assert ask(warehouse, "SELECT * FROM marts.rule_score") == []


def test_a_guard_that_no_longer_refuses_fails_its_check_and_costs_its_share(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proved(warehouse, tmp_path)
    monkeypatch.setattr("tomking.strategies.gate.check_hedge", lambda _after: None)
    proved(warehouse, tmp_path)
    assert ask(warehouse, "SELECT rule_id FROM marts.rule_conformance WHERE NOT is_proved") == [("hedge",)]
    ((score,),) = ask(warehouse, "SELECT score < 100 FROM marts.rule_score")
    assert score
    with warehouse.writer("checks") as session:
        outcomes = {one.name: one.passed for one in run_checks(session)}
    assert not outcomes["every_guard_refuses"]
    assert outcomes["every_rule_is_called"]


def test_a_module_that_nothing_calls_is_named(tmp_path: Path) -> None:
    package = tmp_path / "tomking"
    (package / "strategies").mkdir(parents=True)
    for name, text in (
        ("__init__", ""),
        ("strategies/__init__", ""),
        ("strategies/used", "def act():\n    pass\n\n\ndef idle():\n    pass\n"),
        ("strategies/left", "def act():\n    pass\n"),
    ):
        (package / f"{name}.py").write_text(text)
    main = tmp_path / "main.py"
    main.write_text("from tomking import runner\n")
    (package / "runner.py").write_text("from tomking.strategies.used import act, idle\n\nact()\n")
    graph = read_graph(package, [main])
    assert "tomking.strategies.left" in uncalled_modules(graph)
    assert graph.is_used("tomking.strategies.used", "act")
    assert not graph.is_used("tomking.strategies.used", "idle")
    assert not graph.is_used("tomking.strategies.left", "act")


def test_every_declared_module_of_the_algorithm_is_reached_from_its_entry_point() -> None:
    assert uncalled_modules(step.algorithm_graph()) == ()


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, Path]:
    """Two months of strangles on the stand-in, ingested with their journal."""
    folder = tmp_path_factory.mktemp("rules")
    warehouse = Warehouse(folder / "state")
    warehouse.create_or_upgrade()
    publish(folder / "store", make_set(date(2019, 12, 2), date(2019, 11, 29), entry_week="0", max_open="3"))
    run = trade(folder / "store", parameters={"strategies": "strangle", "end": "2020-02-28"})
    write_results(run, folder / "runs" / "backtest")
    with warehouse.writer("ingest") as session:
        found = settings(folder)
        ingest_paths(session, found, [folder / "runs"])
        ingest_journals(session, folder / "store")
        ingest_documents(session, folder / "store")
        link_journals(session)
        rebuild_trades(session, sorted(rebuild_deployments(session, found)))
        prove_rules(session, found)
    return warehouse, folder


@pytest.mark.slow
def test_what_the_algorithm_traded_breaks_no_rule(traded: tuple[Warehouse, Path]) -> None:
    warehouse, _ = traded
    assert ask(warehouse, "SELECT count(*) > 3 FROM marts.strategy_trades WHERE strategy = 'strangle'") == [(True,)]
    assert ask(warehouse, "SELECT rule_id, trade_id, detail FROM marts.rule_violations") == []
    assert ask(warehouse, "SELECT * FROM marts.stale_decisions") == []
    ((inputs, kinds),) = ask(warehouse, "SELECT count(*), count(DISTINCT kind) FROM marts.decision_inputs")
    assert inputs > 20
    assert kinds == 4
    ((value,),) = ask(
        warehouse, "SELECT DISTINCT value FROM marts.run_rule_values WHERE parameter_id = 'strangle.max_open'"
    )
    assert value == "3"


@pytest.mark.slow
def test_exits_tell_what_was_captured_why_and_how_long_it_took(traded: tuple[Warehouse, Path]) -> None:
    warehouse, _ = traded
    rows = ask(
        warehouse,
        "SELECT exit_reason, captured_share, target_share, exit_minutes, missed_target FROM marts.trade_exits "
        "WHERE ended_by = 'closed'",
    )
    assert rows
    assert {row[0] for row in rows} <= {"target", "stop", "dte"}
    for reason, captured, target, minutes, missed in rows:
        assert not missed
        assert 0 <= minutes <= 24 * 60
        if reason == "target":
            assert captured >= target


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("insurance_off", "UPDATE derived.strategy_trades SET strategy = 'insurance_puts'"),
        ("entry_days", "UPDATE records.journal_entries SET payload = replace(payload, '\"strangle\"', '\"friday0dte\"')"),
        (
            "entry_hours",
            "UPDATE records.journal_entries SET occurred_at = occurred_at - INTERVAL 3 HOUR "
            "WHERE kind = 'decision' AND (payload ->> '$.action') = 'open'",
        ),
        ("same_expiry", "UPDATE derived.strategy_trades SET closed_at = NULL, days_to_expiry = 45, opened_at = "
         "TIMESTAMPTZ '2020-01-14 18:00:00Z'"),
        ("group_positions", "UPDATE derived.strategy_trades SET closed_at = NULL"),
        ("joint_groups", "UPDATE derived.strategy_trades SET closed_at = NULL"),
        ("max_open", "UPDATE derived.strategy_trades SET closed_at = NULL"),
        ("never_trade", "UPDATE derived.strategy_trades SET underlying = 'VX'"),
        ("naked_call", "UPDATE derived.strategy_trades SET kind = 'single', side = 'credit'"),
        ("risk_per_trade", "UPDATE records.journal_entries SET payload = replace(payload, '\"planned_loss\":\"', "
         "'\"planned_loss\":\"9')"),
        ("reserve", "UPDATE records.journal_entries SET payload = replace(payload, '\"margin_used\":\"', "
         "'\"margin_used\":\"999')"),
        ("margin_breaker", "UPDATE records.journal_entries SET payload = replace(payload, '\"margin_used\":\"', "
         "'\"margin_used\":\"999')"),
        ("fresh_inputs", "UPDATE records.journal_entries SET payload = replace(payload, '\"price\":\"0.0\"', "
         "'\"price\":\"3901\"')"),
        ("exit_dte", "UPDATE records.instruments SET expiry = expiry - 15"),
        ("profit_target", "UPDATE derived.strategy_trades SET mfe = credit, excursion_basis = 'quotes'; "
         "UPDATE records.journal_entries SET kind = 'note' WHERE kind = 'order_sent'"),
    ],
)  # fmt: skip
def test_a_planted_breach_is_found_by_its_rule(traded: tuple[Warehouse, Path], rule: str, change: str) -> None:
    warehouse, _ = traded
    with contextlib.suppress(_Undo), warehouse.writer("plant") as session, session.transaction():
        for statement in change.split("; "):
            session.execute(statement)
        rules = {name for (name,) in session.rows("SELECT DISTINCT rule_id FROM marts.rule_violations")}
        assert rule in rules
        kept = session.rows("SELECT is_kept FROM marts.rule_conformance WHERE rule_id = ?", (rule,))
        assert kept == [(False,)]
        raise _Undo


class _Undo(Exception):
    """Leaves the transaction, so that the next breach is planted in what was traded."""


@pytest.mark.slow
def test_seven_months_of_every_strategy_by_its_defaults_break_no_rule(
    warehouse: Warehouse, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = unpacked_data(tmp_path_factory.mktemp("recorded"))
    months = {"start": "2019-12-02", "end": "2020-06-30"}
    done = run(MAIN, data, tmp_path / "store", months, algorithm_id="1000000001", started_at=STARTED)
    write_results(done, tmp_path / "runs" / "backtest")
    with warehouse.writer("ingest") as session:
        found = settings(tmp_path)
        ingest_paths(session, found, [tmp_path / "runs"])
        ingest_journals(session, tmp_path / "store")
        link_journals(session)
        rebuild_trades(session, sorted(rebuild_deployments(session, found)))
        prove_rules(session, found)
    traded = {row[0] for row in ask(warehouse, "SELECT DISTINCT strategy FROM marts.strategy_trades")}
    assert traded == {"friday0dte", "one_one_two", "strangle", "ipmcc", "leap_ladder"}
    assert ask(warehouse, "SELECT rule_id, trade_id, detail FROM marts.rule_violations") == []
    reasons = {row[0] for row in ask(warehouse, "SELECT DISTINCT exit_reason FROM marts.trade_exits")}
    assert {"target", "stop", "time"} <= reasons
