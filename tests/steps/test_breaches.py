"""A set in force that breaks a limit gives way to the one before it, once, and by new evidence only."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import msgspec
import pytest

from pipelines.config import BREACH_RULES, RollbackSettings, Settings
from pipelines.defs.deployment.sensors import breach_sensor
from pipelines.defs.resources import WarehouseResource
from pipelines.steps.launches.deploying import Launcher
from pipelines.steps.parameters import publishing as steps
from pipelines.steps.parameters.breaches import WatchOutcome, store_limits, watch
from pipelines.steps.parameters.log import add_event
from tests.pipelines.command_line import tomking
from tests.steps.asking import ask
from tests.steps.parameter_fixtures import DEPLOYMENT, make_set, settings_in, store_run, store_set, write_segment
from tomking.kernel.contracts import current_key, format_entry
from tomking.kernel.parameters import ParameterSet
from warehouse.access import Warehouse, WriteSession
from warehouse.frames import frame
from warehouse.models.ops import CheckResult, GuardProof, RuleParameter
from warehouse.models.records.journal import JournalEntry
from warehouse.models.records.launches import Launch
from warehouse.models.records.run_starts import RunFolder
from warehouse.models.records.runs import EquityPoint

LONG_AGO = dt.datetime(2019, 12, 9, 14, tzinfo=dt.UTC)
RUN = "run-1"
TROUBLE = ("drawdown", "silent_guards", "run_errors", "failed_checks")


def hours(count: float) -> dt.datetime:
    return LONG_AGO + dt.timedelta(hours=count)


class Paper:
    """A paper deployment whose one run applied two sets: the first at hour 1, the second at hour 3."""

    def __init__(self, warehouse: Warehouse, root: Path, **rollback: Any) -> None:
        self.warehouse, self.root = warehouse, root
        self.settings = self._settings(**rollback)
        self._lines: list[str] = []
        with warehouse.writer("first", now=hours(0)) as session:
            store_run(session, RUN, algorithm_id="L-31", started_at=hours(0.5), journal=RUN, mode="paper")
            self.first = self.publish(session, make_set("2019-12-02", "2019-11-29"))
        self.applies(self.first, 1)
        with warehouse.writer("second", now=hours(2)) as session:
            self.second = self.publish(session, make_set("2019-12-09", "2019-12-06"))
        self.applies(self.second, 3)

    def _settings(self, **rollback: Any) -> Settings:
        return msgspec.structs.replace(settings_in(self.root), rollback=RollbackSettings(**rollback))

    def publish(self, session: WriteSession, found: ParameterSet) -> ParameterSet:
        store_set(session, found, "proposed", "approved")
        steps.publish(session, self.settings, DEPLOYMENT)
        return found

    def applies(self, found: ParameterSet, hour: float | dt.datetime) -> None:
        moment = hour if isinstance(hour, dt.datetime) else hours(hour)
        self._lines.append(
            format_entry(
                len(self._lines) + 1, "parameters_applied", moment, set_id=found.id, sha256=found.sha256, why="command",
                effective_from=found.effective_from,
            )
        )  # fmt: skip
        write_segment(self.settings.object_store, RUN, 1, self._lines)

    def equity(self, *points: tuple[float | dt.datetime, int]) -> None:
        rows = [
            {
                "run_id": RUN,
                "sampled_at": moment if isinstance(moment, dt.datetime) else hours(moment),
                "position": 0,
                "close_equity": Decimal(close),
            }
            for moment, close in points
        ]
        with self.warehouse.writer("equity") as session:
            session.insert(EquityPoint, frame(EquityPoint, rows))

    def watch(self, **told: Any) -> WatchOutcome:
        return watch(Launcher(self.warehouse, self.settings), **told)

    def figures(self) -> dict[str, tuple[float | None, bool]]:
        rows = ask(self.warehouse, "SELECT rule_id, figure, is_broken FROM marts.breach_watch")
        return {rule: (figure, broken) for rule, figure, broken in rows}

    def states(self) -> dict[str, str]:
        return dict(ask(self.warehouse, "SELECT parameter_set_id, state FROM marts.parameter_sets"))

    def in_store(self) -> bytes:
        return (self.settings.object_store / current_key(DEPLOYMENT)).read_bytes()


def test_a_fall_beyond_the_limit_takes_the_set_back_and_says_why(warehouse: Warehouse, tmp_path: Path) -> None:
    paper = Paper(warehouse, tmp_path)
    paper.equity((2.9, 200_000), (4, 210_000), (5, 188_000))
    outcome = paper.watch()
    assert outcome.watched == 1
    [found] = outcome.breaches
    assert (found.parameter_set_id, found.action, found.to_set) == (paper.second.id, "rolled_back", paper.first.id)
    assert found.state == "published", "nothing runs that could be told"
    assert paper.states() == {paper.first.id: "published", paper.second.id: "rolled_back"}
    assert paper.in_store() == paper.first.document
    [(rule, figure, limit, run_id, evidence, action, actor, to_set)] = ask(
        warehouse, "SELECT rule_id, figure, limit_value, run_id, evidence, action, actor, to_set FROM marts.breaches"
    )
    assert (rule, limit, run_id, action, actor, to_set) == (
        "drawdown", 0.1, RUN, "rolled_back", "rule", paper.first.id,
    )  # fmt: skip
    assert figure == pytest.approx(22 / 210)
    assert evidence == "down 10.48% at 2019-12-09 19:00"
    [(note, event_actor)] = ask(
        warehouse, "SELECT note, actor FROM records.parameter_events WHERE state = 'rolled_back'"
    )
    assert (note, event_actor) == ("drawdown 0.104762 above 0.1: down 10.48% at 2019-12-09 19:00", "rule")
    [(severity, message)] = ask(warehouse, "SELECT severity, message FROM ops.alerts")
    assert severity == "error"
    assert f"rolled back to {paper.first.id}" in message


def test_a_fall_within_the_limit_or_before_the_set_was_applied_is_no_breach(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    paper = Paper(warehouse, tmp_path)
    paper.equity((0.6, 300_000), (2.9, 200_000), (4, 210_000), (5, 189_000))
    assert paper.watch().breaches == ()
    figure, is_broken = paper.figures()["drawdown"]
    assert figure == pytest.approx(0.1)
    assert not is_broken


def test_the_set_that_came_back_is_not_judged_by_old_evidence(warehouse: Warehouse, tmp_path: Path) -> None:
    paper = Paper(warehouse, tmp_path)
    paper.equity((1, 300_000), (2, 200_000), (4, 210_000), (5, 180_000))
    assert [one.action for one in paper.watch().breaches] == ["rolled_back"]
    assert paper.watch().breaches == (), "nobody has said yet that the first set is in force again"
    again = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
    paper.applies(paper.first, again)
    for _ in range(2):
        assert paper.watch().breaches == ()
    assert paper.states()[paper.first.id] == "acknowledged"
    paper.equity((again + dt.timedelta(minutes=5), 175_000))
    assert paper.watch().breaches == ()
    assert paper.figures()["drawdown"][0] == pytest.approx(5 / 180)
    paper.equity((again + dt.timedelta(minutes=10), 150_000))
    [found] = paper.watch().breaches
    assert (found.action, found.to_set) == ("nothing_before", None), "the second set was taken back itself"
    assert paper.states()[paper.first.id] == "acknowledged"
    assert len(paper.watch().breaches) == 1
    counts = ask(warehouse, "SELECT action, count(*) FROM marts.breaches GROUP BY 1 ORDER BY 1")
    assert counts == [("nothing_before", 1), ("rolled_back", 1)]
    assert ask(warehouse, "SELECT count(*) FROM ops.alerts WHERE source = 'breach'") == [(2,)]


@pytest.mark.parametrize("rule", BREACH_RULES)
def test_every_kind_of_breach_takes_the_set_back_and_can_be_ignored(
    warehouse: Warehouse, tmp_path: Path, rule: str
) -> None:
    paper = Paper(warehouse, tmp_path, ignore=(rule,))
    break_limit(paper, rule)
    assert paper.watch().breaches == ()
    figure, is_broken = paper.figures()[rule]
    assert figure is not None
    assert figure > 0
    assert not is_broken
    paper.settings = paper._settings()
    [found] = paper.watch().breaches
    assert found.action == "rolled_back"
    assert found.broken[0].startswith(f"{rule} ")
    assert ask(warehouse, "SELECT rule_id FROM marts.breaches") == [(rule,)]


def break_limit(paper: Paper, rule: str, hour: float = 4) -> None:
    """Something that speaks against the second set, at an hour after it was applied."""
    if rule == "drawdown":
        paper.equity((hour, 200_000), (hour + 1, 100_000))
        return
    if rule == "strayed_sets":
        paper.equity((hour, 200_000))
        stray(paper, hour)
        return
    with paper.warehouse.writer(rule) as session:
        match rule:
            case "silent_guards":
                proof = {
                    "rule_id": "naked_call", "proved_at": hours(hour), "has_acted": False, "acted": None,
                    "values_sha256": "0" * 64, "parameter_set_id": paper.second.id,
                }  # fmt: skip
                session.insert(GuardProof, frame(GuardProof, [proof]))
            case "run_errors":
                session.execute("UPDATE records.runs SET state = 'runtime_error', error = 'division by zero'")
            case "failed_checks":
                check = {
                    "check_name": "orders_complete", "asset": "lean_runs", "passed": False, "severity": "error",
                    "failures": 1, "checked_at": hours(hour), "failing_since": hours(hour),
                    "detail": json.dumps({"expected": "", "columns": ["name", "run_id"], "sample": [["x", RUN]]}),
                }  # fmt: skip
                session.insert(CheckResult, frame(CheckResult, [check]))
            case "rule_violations":
                violate(session, hour)


def violate(session: WriteSession, hour: float) -> None:
    """A trade that was opened with more planned loss than the limit allows, as its own journal line says."""
    inputs = {"planned_loss": "50000", "equity": "100000", "margin_used": "0"}
    payload = {"strategy": "strangle", "action": "open", "trade_id": "t-1", "inputs": inputs}
    line = {
        "journal_key": f"{DEPLOYMENT}/{RUN}", "segment": "2", "line": 1, "deployment": DEPLOYMENT, "run_key": RUN,
        "run_id": RUN, "dialect": "tomking-1", "kind": "decision", "occurred_at": hours(hour),
        "payload": json.dumps(payload), "sha256": "0" * 64, "learnt_at": session.now,
    }  # fmt: skip
    session.insert(JournalEntry, frame(JournalEntry, [line]))
    rule = {"rule_id": "risk_per_trade", "parameter_id": "limits.risk_per_trade", "default_text": "0.05"}
    session.insert(RuleParameter, frame(RuleParameter, [rule]))


def stray(paper: Paper, hour: float) -> None:
    """The run goes on to a set that nobody deployed, and back."""
    other = make_set("2019-12-03", "2019-11-29", note="from elsewhere")
    paper.applies(other, hour)
    paper.applies(paper.second, hour + 0.5)
    launch = {
        "launch_id": "l-1", "deployment": DEPLOYMENT, "backend": "native_engine", "mode": "paper", "account": None,
        "project": "p", "code_sha256": "0" * 64, "parameter_set_id": None, "parameter_sha256": None,
        "published_sets": json.dumps([paper.first.sha256, paper.second.sha256]), "parameters": "{}",
        "algorithm_id": "L-31", "results_folder": "/elsewhere", "requested_by": "ann", "requested_at": hours(0.4),
        "why": "",
    }  # fmt: skip
    with paper.warehouse.writer("launch") as session:
        session.insert(Launch, frame(Launch, [launch]))
        place = {"run_id": RUN, "folder": "/elsewhere", "learnt_at": session.now}
        session.insert(RunFolder, frame(RunFolder, [place]))


@pytest.mark.parametrize("rule", TROUBLE)
def test_what_was_there_before_the_set_was_applied_does_not_speak_against_it(
    warehouse: Warehouse, tmp_path: Path, rule: str
) -> None:
    paper = Paper(warehouse, tmp_path)
    if rule == "run_errors":
        paper.applies(paper.first, 3.5)  # the run ended with another set
    break_limit(paper, rule, 0.1)
    assert paper.watch().breaches == ()


def test_where_it_is_left_to_a_person_the_breach_is_written_down_and_nothing_is_taken_back(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    paper = Paper(warehouse, tmp_path, automatic=False)
    paper.equity((4, 200_000), (5, 100_000))
    for _ in range(2):
        [found] = paper.watch().breaches
        assert found.action == "left"
    assert paper.states()[paper.second.id] == "acknowledged"
    [by_person] = paper.watch(by="ann", only=DEPLOYMENT).breaches
    assert (by_person.action, by_person.to_set) == ("rolled_back", paper.first.id)
    assert ask(warehouse, "SELECT action, actor FROM marts.breaches") == [("rolled_back", "ann")]
    assert ask(warehouse, "SELECT count(*) FROM ops.alerts WHERE source = 'breach'") == [(2,)]


def test_what_lies_between_two_runs_is_no_fall(warehouse: Warehouse, tmp_path: Path) -> None:
    paper = Paper(warehouse, tmp_path)
    paper.equity((4, 200_000), (5, 195_000))
    with warehouse.writer("restart") as session:
        store_run(session, "run-2", algorithm_id="L-32", started_at=hours(6), mode="paper", journal="run-2")
        rows = [
            {"run_id": "run-2", "sampled_at": hours(hour), "position": 0, "close_equity": Decimal(close)}
            for hour, close in ((6.5, 100_000), (7, 94_000))
        ]
        session.insert(EquityPoint, frame(EquityPoint, rows))
    line = format_entry(
        1, "parameters_applied", hours(6.1), set_id=paper.second.id, sha256=paper.second.sha256, why="start",
        effective_from=paper.second.effective_from,
    )  # fmt: skip
    write_segment(paper.settings.object_store, "run-2", 1, [line])
    assert paper.watch().breaches == ()
    assert paper.figures()["drawdown"][0] == pytest.approx(1 - 0.975 * 0.94), "falls of both runs, the jump left out"


def test_the_limits_of_the_configuration_stand_in_the_warehouse(warehouse: Warehouse) -> None:
    with warehouse.writer("limits") as session:
        store_limits(session, RollbackSettings(drawdown=Decimal("0.25"), ignore=("run_errors",)))
        found: Sequence[tuple[Any, ...]] = session.rows(
            "SELECT rule_id, limit_value, is_watched FROM ops.breach_limits"
        )
        store_limits(session, RollbackSettings(drawdown=Decimal("0.25"), ignore=("run_errors",)))
    assert set(found) == {(rule, 0.25 if rule == "drawdown" else 0.0, rule != "run_errors") for rule in BREACH_RULES}


def test_what_the_gate_approved_meanwhile_waits_for_a_person(warehouse: Warehouse, tmp_path: Path) -> None:
    paper = Paper(warehouse, tmp_path)
    with warehouse.writer("two that wait", now=hours(3.5)) as session:
        by_gate = store_set(session, make_set("2019-12-16", "2019-12-13", note="gate"), "proposed")
        add_event(session, by_gate.sha256, "approved", actor=steps.GATE)
        by_person = store_set(session, make_set("2019-12-17", "2019-12-13", note="ann"), "proposed")
        add_event(session, by_person.sha256, "approved", actor="ann")
    paper.equity((4, 200_000), (5, 100_000))
    [found] = paper.watch().breaches
    assert found.to_set == paper.first.id
    assert paper.in_store() == paper.first.document
    states = paper.states()
    assert (states[by_gate.id], states[by_person.id]) == ("proposed", "approved")
    with warehouse.writer("decided") as session:
        assert steps.approve(session, by_gate.id, by="ann").state == "approved"


def test_the_commands_show_figures_and_roll_back_only_on_a_breach(warehouse: Warehouse, tmp_path: Path) -> None:
    paper = Paper(warehouse, tmp_path)
    config = tmp_path / "tomking.toml"
    config.write_text(
        f'[paths]\nstate = "{warehouse.state_dir}"\n[rollback]\nautomatic = false\n'
        f'[[deployments]]\nname = "{DEPLOYMENT}"\nmode = "paper"\n'
    )
    paper.equity((4, 200_000), (5, 190_000))
    calm = tomking(config, "rollback", DEPLOYMENT, "--on-breach")
    assert (calm.code, calm.out.strip()) == (0, "1 set in force looked at; no limit is broken")
    paper.equity((6, 100_000))
    assert tomking(config, "rollback", DEPLOYMENT, "--on-breach", "--why", "x").code == 2
    assert tomking(config, "rollback", DEPLOYMENT).code == 2
    told = tomking(config, "rollback", DEPLOYMENT, "--on-breach", "--by", "ann", "--json")
    assert told.code == 0, told.err
    [found] = told.document["breaches"]
    assert (found["action"], found["to_set"], found["state"]) == ("rolled_back", paper.first.id, "published")
    shown = tomking(config, "breaches", DEPLOYMENT, "--json")
    assert [one["rule_id"] for one in shown.document["breaches"]] == ["drawdown"]
    assert shown.document["watched"] == [], "nobody has said yet that the first set is in force"
    assert "drawdown" in tomking(config, "breaches").out


def test_a_rollback_that_is_killed_before_its_end_leaves_no_breach_behind(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = Paper(warehouse, tmp_path)
    paper.equity((4, 200_000), (5, 100_000))
    before = paper.in_store()

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(steps, "replace_document", killed)
        with pytest.raises(KeyboardInterrupt):
            paper.watch()
    assert paper.in_store() == before
    assert paper.states()[paper.second.id] == "acknowledged"
    assert ask(warehouse, "SELECT count(*) FROM records.breaches") == [(0,)]
    assert [one.action for one in paper.watch().breaches] == ["rolled_back"]


def test_the_sensor_asks_once_for_each_breach_and_when_limits_change(warehouse: Warehouse, tmp_path: Path) -> None:
    paper = Paper(warehouse, tmp_path)
    config = tmp_path / "tomking.toml"
    document = f'[paths]\nstate = "{warehouse.state_dir}"\n[[deployments]]\nname = "{DEPLOYMENT}"\nmode = "paper"\n'
    config.write_text(document)
    resource = WarehouseResource(config_path=str(config))

    def evaluated(cursor: str | None) -> tuple[list[str | None], str | None]:
        context = dg.build_sensor_context(cursor=cursor, resources={"warehouse": resource})
        with context:
            found = breach_sensor.evaluate_tick(context)
        return [one.run_key for one in found.run_requests or ()], found.cursor

    asked, cursor = evaluated(None)
    assert len(asked) == 1, "no limit stands in the warehouse yet"
    assert evaluated(cursor)[0] == []
    paper.watch()
    paper.equity((4, 200_000), (5, 100_000))
    broken, cursor = evaluated(cursor)
    assert len(broken) == 1
    paper.equity((6, 90_000))
    assert evaluated(cursor)[0] == broken, "the same run is asked for, and Dagster makes it once"
    config.write_text(document + '[rollback]\nautomatic = false\ndrawdown = "0.9"\n')
    assert evaluated(cursor)[0] not in ([], broken)
    config.write_text(document)
    paper.watch()
    assert evaluated(None)[0] == []
