"""The reconciliation from files to views, on recorded runs and the statements made for them."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.config import AccountSettings, Settings
from pipelines.errors import Conflict, NotFound
from pipelines.steps.lean.runs import ingest_run
from pipelines.steps.reconciliation import break_actions
from pipelines.steps.reconciliation.reconcile import DOMAIN, ReconcileOutcome, reconcile_days
from pipelines.steps.statements.ingesting import ingest_statement
from tests.shared import shared_path
from warehouse.access import Warehouse, WriteSession
from warehouse.frames import frame
from warehouse.models.records.statements import FeeRateProposal

ACCOUNTS = (AccountSettings(alias="main"),)
SETTINGS = Settings(root=Path("/nowhere"), accounts=ACCOUNTS)
PAIRS = {
    "tk-tastytrade-covid": ("own/tk-tastytrade-covid",),
    "tk-ibkr": ("own/tk-ibkr",),
    "tk-schwab": ("own/tk-schwab",),
    "live-tastytrade": ("live/1-L-3100000001", "live/2-L-3100000002", "live/3-L-3100000003"),
}
ACCOUNTS_OF = {
    "tk-ibkr": (AccountSettings(alias="main", broker="ibkr", plan="tiered"),),
    "tk-schwab": (AccountSettings(alias="main", broker="schwab"),),
}
"""Accounts of pairs that are no tastytrade account of the standard plan."""
SLACK = {"tk-ibkr": Decimal("0.00005")}
"""How far a printed fee may be off the exact one: half a cent, unless the broker rounds nothing."""
DERIVED = ("fee_legs", "fee_causes", "leg_fills", "breaks", "account_adjustments", "day_totals")
Row = dict[str, Any]


@dataclass
class Pair:
    """Recorded runs, the statements made for them, and the key to what was put wrong."""

    name: str
    runs: list[str]
    key: Row

    def run_and_order(self, shifted: int | None) -> tuple[str | None, int | None]:
        """The key shifts the order ids of later deployments by 10,000 each."""
        if shifted is None:
            return None, None
        place, order = divmod(shifted, 10_000)
        return self.runs[place], order


def statements(name: str) -> list[Path]:
    return sorted(path for path in shared_path("runs", "pairs", name).iterdir() if path.suffix in (".csv", ".xml"))


def settings_of(name: str) -> Settings:
    return Settings(root=Path("/nowhere"), accounts=ACCOUNTS_OF.get(name, ACCOUNTS))


def ingest_runs(session: WriteSession, name: str) -> list[str]:
    outcomes = [ingest_run(session, shared_path("runs", folder), rehearses="main") for folder in PAIRS[name]]
    return [str(outcome.run_id) for outcome in outcomes]


def ingest_all(session: WriteSession, name: str) -> Pair:
    runs = ingest_runs(session, name)
    for path in statements(name):
        ingest_statement(session, path, account="main", accounts=ACCOUNTS_OF.get(name, ACCOUNTS))
    key = json.loads(shared_path("runs", "pairs", name, "key.json").read_text())
    return Pair(name, runs, key)


def rows(session: WriteSession, sql: str) -> list[Row]:
    return session.frame(sql).to_dicts()


def everything(session: WriteSession) -> dict[str, pl.DataFrame]:
    return {
        name: session.frame(f"SELECT * FROM derived.{name} ORDER BY ALL").select(pl.exclude("computed_at"))
        for name in DERIVED
    }


@pytest.fixture(scope="module")
def prepared(warehouse_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Pair]]:
    """The state folder of each pair, ingested and reconciled once; copy it, never write to it."""

    @cache
    def prepare(name: str) -> tuple[Path, Pair]:
        state_dir = tmp_path_factory.mktemp(name) / "state"
        shutil.copytree(warehouse_template, state_dir)
        with Warehouse(state_dir).writer("test") as session:
            pair = ingest_all(session, name)
            reconcile_days(session, settings_of(name))
        return state_dir, pair

    return prepare


def opened(folder: Path, prepared: tuple[Path, Pair]) -> Iterator[tuple[WriteSession, Pair]]:
    shutil.copytree(prepared[0], folder / "state")
    with Warehouse(folder / "state").writer("test") as session:
        yield session, prepared[1]


@pytest.fixture(params=sorted(PAIRS))
def reconciled(
    request: pytest.FixtureRequest, prepared: Callable[[str], tuple[Path, Pair]], tmp_path: Path
) -> Iterator[tuple[WriteSession, Pair]]:
    yield from opened(tmp_path, prepared(request.param))


@pytest.fixture
def live(prepared: Callable[[str], tuple[Path, Pair]], tmp_path: Path) -> Iterator[tuple[WriteSession, Pair]]:
    yield from opened(tmp_path, prepared("live-tastytrade"))


@pytest.fixture
def crash(prepared: Callable[[str], tuple[Path, Pair]], tmp_path: Path) -> Iterator[tuple[WriteSession, Pair]]:
    """The run through March 2020."""
    yield from opened(tmp_path, prepared("tk-tastytrade-covid"))


def test_every_order_leg_is_charged_what_the_key_says(reconciled: tuple[WriteSession, Pair]) -> None:
    session, pair = reconciled
    found = rows(session, "SELECT * FROM marts.fee_reconciliation WHERE leg_class = 'trade' AND charged IS NOT NULL")
    legs = {
        (leg["run_id"] if leg["lean_order_id"] else None, leg["lean_order_id"], leg["symbol"]): leg for leg in found
    }
    assert len(legs) == len(found) == len(pair.key["orders"])
    for order in pair.key["orders"]:
        leg = legs[*pair.run_and_order(order["lean_order"]), order["symbol"]]
        assert abs(leg["charged"] - Decimal(order["charged"])) <= leg["tolerance"]
        assert leg["tolerance"] == SLACK.get(pair.name, Decimal("0.005")) * order["broker_fills"]
        assert (leg["modelled"] or 0) == Decimal(order["modelled"])


def test_totals_and_components_are_those_of_the_key(reconciled: tuple[WriteSession, Pair]) -> None:
    session, pair = reconciled
    (sums,) = rows(
        session,
        "SELECT sum(charged) AS charged, sum(tolerance) AS tolerance, sum(modelled) AS modelled FROM marts.fee_reconciliation",
    )
    assert abs(sums["charged"] - Decimal(pair.key["charged_total"])) <= sums["tolerance"]
    assert sums["modelled"] == Decimal(pair.key["modelled_total"])
    (booked,) = rows(
        session,
        "SELECT sum(amount) AS amount FROM marts.account_adjustments WHERE adjustment_class = 'regulatory_rounding'",
    )
    # Where the key says nothing: the one refund of the options regulatory fee, shown in detail and in summary.
    assert (booked["amount"] or 0) == Decimal(pair.key.get("adjustments", "0.01" if pair.name == "tk-ibkr" else "0"))


def test_every_break_of_the_key_is_found_and_no_other(reconciled: tuple[WriteSession, Pair]) -> None:
    session, pair = reconciled
    found = rows(session, "SELECT * FROM marts.breaks")
    said = sorted(
        ((row["cause"], row["run_id"] if row["lean_order_id"] else None, row["lean_order_id"]) for row in found),
        key=str,
    )
    wanted = sorted(((row["cause"], *pair.run_and_order(row.get("lean_order"))) for row in pair.key["breaks"]), key=str)
    assert said == wanted
    by_cause = {row["cause"]: row for row in found}
    if any(row["cause"] == "account_adjustment" for row in pair.key["breaks"]):
        assert by_cause["account_adjustment"]["amount"] == Decimal("1.00")
    assert by_cause["missing_in_lean"]["run_id"] in pair.runs
    for wanted_row in pair.key["breaks"]:
        if wanted_row["cause"] == "pass_through_rate_change":
            level = json.loads(by_cause["pass_through_rate_change"]["detail"])
            assert Decimal(level["low"]) <= Decimal(wanted_row["new"]) < Decimal(level["high"])
            assert level["unchanged_until"] < wanted_row["from"] <= level["effective_from"]
            assert Decimal(level["old"]) == Decimal(wanted_row["old"])


def test_causes_add_up_to_every_difference(reconciled: tuple[WriteSession, Pair]) -> None:
    session, _ = reconciled
    wrong = rows(
        session,
        "SELECT l.leg_id FROM derived.fee_legs l LEFT JOIN derived.fee_causes c USING (leg_id) "
        "GROUP BY l.leg_id, l.difference HAVING coalesce(sum(c.amount), 0) <> l.difference",
    )
    assert wrong == []
    assert rows(session, "SELECT * FROM marts.fee_causes WHERE cause = 'unknown'") == []


def test_every_fill_belongs_to_one_leg_and_every_day_ties(reconciled: tuple[WriteSession, Pair]) -> None:
    session, _ = reconciled
    assert rows(session, "SELECT reference FROM derived.leg_fills GROUP BY ALL HAVING count(*) > 1") == []
    (lost,) = rows(
        session,
        "SELECT count(*) AS n FROM records.order_events e WHERE e.fill_quantity <> 0 AND NOT EXISTS "
        "(FROM derived.leg_fills f WHERE f.reference = e.run_id || '/' || e.order_id || '/' || e.event_id)",
    )
    assert lost["n"] == 0
    assert rows(session, "SELECT * FROM marts.day_totals WHERE NOT ties") == []
    (sums,) = rows(
        session,
        "SELECT sum(broker_total) AS broker_total, (SELECT -sum(commission + coalesce(fees, 0)) FROM records.statement_rows "
        "WHERE superseded_by IS NULL AND commission IS NOT NULL) AS printed, sum(account_rows_total) AS account_rows "
        "FROM derived.day_totals",
    )
    assert sums["broker_total"] == sums["printed"] + sums["account_rows"]


def test_a_rehearsal_says_so_everywhere(reconciled: tuple[WriteSession, Pair]) -> None:
    session, _ = reconciled
    for view in ("fee_reconciliation", "fee_causes", "breaks"):
        assert {row["relation"] for row in rows(session, f"SELECT DISTINCT relation FROM marts.{view}")} == {
            "rehearsal"
        }


def test_an_assignment_s_delivery_is_charged_to_its_order(crash: tuple[WriteSession, Pair]) -> None:
    session, _ = crash
    found = rows(
        session,
        "SELECT symbol, leg_class, charged, expected, state FROM marts.fee_reconciliation WHERE lean_order_id = 18",
    )
    by_class = {row["leg_class"]: row for row in found}
    assert by_class["assignment"]["charged"] == 0
    delivery = by_class["delivery"]
    assert (delivery["symbol"], delivery["charged"], delivery["expected"]) == (
        "SPY",
        Decimal("5.66"),
        Decimal("5.662"),
    )
    assert {row["state"] for row in found} == {"matched"}


def test_components_of_the_broker_s_own_details_are_those_of_the_key(
    prepared: Callable[[str], tuple[Path, Pair]], tmp_path: Path
) -> None:
    for session, pair in opened(tmp_path, prepared("tk-ibkr")):
        printed = {
            row["name"]: -row["amount"]
            for row in rows(session, "SELECT name, sum(amount) AS amount FROM records.statement_charges GROUP BY name")
        }
        # The delivery of an assignment has no details of its own: what it costs is known from the schedule.
        delivered = {
            row["component"]: row["amount"]
            for row in rows(
                session,
                "SELECT component, amount FROM derived.fee_causes JOIN derived.fee_legs USING (leg_id) "
                "WHERE leg_class = 'delivery'",
            )
        }
        wanted = {name: Decimal(amount) for name, amount in pair.key["totals"].items()}
        assert printed["brokerExecutionCharge"] == wanted["brokerExecutionCharge"]
        assert printed["thirdPartyClearingCharge"] == wanted["thirdPartyClearingCharge"]
        assert printed["regFINRATradingActivityFee"] + delivered["taf"] == wanted["taf"]
        assert printed["regSection31TransactionFee"] + delivered["sec"] == wanted["sec"]
        assert printed["thirdPartyRegulatoryCharge"] == wanted["orf"]


def test_a_commission_that_is_not_rounded_is_expected_to_its_last_digit(
    prepared: Callable[[str], tuple[Path, Pair]], tmp_path: Path
) -> None:
    for session, _ in opened(tmp_path, prepared("tk-ibkr")):
        assert (
            rows(
                session,
                "SELECT leg_id FROM derived.fee_legs WHERE charged <> expected AND state <> 'break'",
            )
            == []
        )


def test_doing_it_again_changes_nothing(live: tuple[WriteSession, Pair]) -> None:
    session, _ = live
    before = everything(session)
    session.changed = False
    assert reconcile_days(session, SETTINGS) == ReconcileOutcome()
    outcome = reconcile_days(session, SETTINGS, [dt.date(2026, 11, 17)])
    assert outcome.legs == 43
    assert not session.changed
    assert all(before[name].equals(found) for name, found in everything(session).items())


def test_the_order_in_which_files_and_days_come_does_not_matter(live: tuple[WriteSession, Pair]) -> None:
    expected = everything(live[0])
    session = live[0]
    for table in (*(f"derived.{name}" for name in DERIVED), "records.statement_rows", "records.statement_row_sources"):
        session.execute(f"DELETE FROM {table}")
    session.execute("DELETE FROM records.statements")
    for path in reversed(statements("live-tastytrade")):
        ingest_statement(session, path, account="main", accounts=ACCOUNTS)
        reconcile_days(session, SETTINGS)
    assert all(expected[name].equals(found) for name, found in everything(session).items())


def test_a_statement_that_ends_within_the_day_makes_no_false_breaks(warehouse: Warehouse) -> None:
    with warehouse.writer("test") as session:
        ingest_runs(session, "live-tastytrade")
        early, late = statements("live-tastytrade")
        ingest_statement(session, early, account="main", accounts=ACCOUNTS)
        outcome = reconcile_days(session, SETTINGS)
        assert outcome.breaks == {"commission_rate": 1, "missing_at_broker": 1, "missing_in_lean": 1}
        assert outcome.not_covered > 0
        kept = {row["break_id"] for row in rows(session, "SELECT break_id FROM marts.breaks")}
        ingest_statement(session, late, account="main", accounts=ACCOUNTS)
        assert session.dirty_days(DOMAIN)
        outcome = reconcile_days(session, SETTINGS)
        assert (sum(outcome.breaks.values()), outcome.not_covered) == (8, 0)
        assert kept < {row["break_id"] for row in rows(session, "SELECT break_id FROM marts.breaks")}
        assert session.dirty_days(DOMAIN) == []


def test_an_accepted_rate_is_expected_from_then_on(crash: tuple[WriteSession, Pair]) -> None:
    session, _ = crash
    proposal = {
        "proposal_id": "orf",
        "broker": "tastytrade",
        "plan": "standard",
        "account": "main",
        "component": "orf",
        "product": "equity_option",
        "effective_from": dt.date(2020, 3, 2),
        "effective_to": None,
        "amount": Decimal("0.0338"),
        "interval_low": None,
        "interval_high": None,
        "replaces_amount": Decimal("0.0388"),
        "fills": 80,
        "evidence": "[]",
        "state": "accepted",
        "proposed_at": session.now,
        "decided_at": session.now,
        "decided_by": "rule",
        "note": None,
    }
    session.insert(FeeRateProposal, frame(FeeRateProposal, [proposal]))
    outcome = reconcile_days(session, SETTINGS, [dt.date(2020, 3, 3)])
    assert "pass_through_rate_change" not in outcome.breaks
    assert sum(outcome.breaks.values()) == 8
    assert rows(session, "SELECT * FROM marts.fee_causes WHERE cause = 'pass_through_rate_change'") == []


def test_components_of_an_all_in_charge_are_those_of_the_key(
    prepared: Callable[[str], tuple[Path, Pair]], tmp_path: Path
) -> None:
    for session, pair in opened(tmp_path, prepared("tk-schwab")):
        found = {
            (row["leg_class"], row["component"]): row["amount"]
            for row in rows(
                session,
                "SELECT leg_class, component, sum(amount) AS amount FROM derived.fee_causes "
                "JOIN derived.fee_legs USING (leg_id) WHERE charged IS NOT NULL GROUP BY ALL",
            )
        }
        # What LEAN modelled is all commission; the causes lead from there to what was charged.
        (modelled,) = rows(session, "SELECT sum(modelled) AS amount FROM derived.fee_legs WHERE charged IS NOT NULL")
        totals = {name: Decimal(amount) for name, amount in pair.key["totals"].items()}
        assert found["trade", "commission"] + modelled["amount"] == totals["commission"]
        assert (found["trade", "orf"], found["trade", "sec"]) == (totals["orf"], totals["sec"])
        assert ("trade", "taf") not in found
        delivered = found["delivery", "sec"] + found["delivery", "taf"]
        assert delivered == totals["settlement_taf_sec"]
        assert rows(session, "SELECT * FROM derived.fee_causes WHERE cause = 'open_close_class'") == []


def test_fees_that_creep_raise_the_alarm_and_single_faults_do_not(reconciled: tuple[WriteSession, Pair]) -> None:
    session, pair = reconciled
    alarms = [
        row["session_date"] for row in rows(session, "SELECT * FROM marts.fee_drift WHERE alarm ORDER BY session_date")
    ]
    if pair.name in ("live-tastytrade", "tk-ibkr", "tk-schwab"):
        assert alarms == []
    else:
        assert alarms
        assert min(alarms) > dt.date(2020, 3, 2)


def _a_break(session: WriteSession, cause: str) -> str:
    (found,) = break_actions.list_breaks(session, cause=cause)
    return str(found["break_id"])


def test_a_break_is_assigned_resolved_and_reopened(live: tuple[WriteSession, Pair]) -> None:
    session, _ = live
    reference = _a_break(session, "quantity")
    found = break_actions.assign_break(session, reference[:8], "ann")
    assert (found["state"], found["owner"]) == ("open", "ann")
    assert found["age_days"] is not None
    found = break_actions.resolve_break(session, reference, "the broker booked the rest by hand")
    assert (found["state"], found["owner"], found["note"]) == ("resolved", "ann", "the broker booked the rest by hand")
    with pytest.raises(Conflict, match="resolved already"):
        break_actions.resolve_break(session, reference, "again")
    with pytest.raises(Conflict, match="resolved"):
        break_actions.assign_break(session, reference, "bob")
    found = break_actions.reopen_break(session, reference, "it was not")
    assert (found["state"], found["note"]) == ("open", "it was not")
    with pytest.raises(Conflict, match="open"):
        break_actions.reopen_break(session, reference)


def test_what_was_done_about_a_break_outlives_a_rebuild(live: tuple[WriteSession, Pair]) -> None:
    session, _ = live
    reference = _a_break(session, "commission_rate")
    break_actions.note_break(session, reference, "asked the broker")
    break_actions.resolve_break(session, reference, "refunded")
    for name in DERIVED:
        session.execute(f"DELETE FROM derived.{name}")
    reconcile_days(session, SETTINGS, [dt.date(2026, 11, 16)])
    shown = break_actions.show_break(session, reference)
    assert shown["state"] == "resolved"
    assert [action["action"] for action in shown["actions"]] == ["note", "resolve"]
    assert sum(cause["amount"] for cause in shown["causes"]) == Decimal("1.26")
    assert shown["detail"]["parts"] == {"commission": "1"}


def test_a_break_that_is_not_there_is_not_found(live: tuple[WriteSession, Pair]) -> None:
    session, _ = live
    with pytest.raises(NotFound, match="no break"):
        break_actions.show_break(session, "ffffffffffff")
    with pytest.raises(NotFound, match="at least"):
        break_actions.show_break(session, "ff")
    with pytest.raises(Conflict, match="reason"):
        break_actions.resolve_break(session, _a_break(session, "quantity"), "  ")


def test_breaks_are_listed_by_state_account_and_cause(live: tuple[WriteSession, Pair]) -> None:
    session, _ = live
    assert len(break_actions.list_breaks(session)) == 8
    assert len(break_actions.list_breaks(session, cause="price")) == 2
    assert break_actions.list_breaks(session, account="other") == []
    assert break_actions.list_breaks(session, state="resolved") == []


def test_without_statements_there_is_nothing_to_reconcile(warehouse: Warehouse) -> None:
    with warehouse.writer("test") as session:
        ingest_runs(session, "live-tastytrade")
        outcome = reconcile_days(session, SETTINGS)
        assert (outcome.accounts, outcome.legs) == (0, 0)
        assert session.dirty_days(DOMAIN) == []


def test_rehearsals_do_not_mix_with_live_runs_of_an_account(live: tuple[WriteSession, Pair]) -> None:
    session, pair = live
    session.execute("UPDATE records.run_accounts SET relation = 'live' WHERE run_id = ?", (pair.runs[0],))
    reconcile_days(session, SETTINGS, [dt.date(2026, 11, 17)])
    found = rows(session, "SELECT DISTINCT run_id, relation FROM marts.fee_reconciliation WHERE modelled IS NOT NULL")
    assert found == [{"run_id": pair.runs[0], "relation": "live"}]
