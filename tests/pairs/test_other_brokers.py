"""Statements of Interactive Brokers and Schwab made by seeds for recorded runs are reconciled as their keys say.

`TOMKING_PAIR_SEEDS=N` tries N statements per run and broker.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from pipelines.config import AccountSettings, Settings
from pipelines.steps.reconciliation.fee_levels import propose_fee_levels
from pipelines.steps.reconciliation.inputs import accounts
from pipelines.steps.reconciliation.reconcile import reconcile_days
from pipelines.steps.statements.ingesting import ingest_statement
from tests.pairs import other_statements
from tests.pairs.judging import prepare
from tests.pairs.lean_record import SHIFT, LeanLeg, read_legs
from tests.pairs.other_opinions import ORF_IBKR, ORF_SCHWAB
from tests.pairs.other_statements import Made
from tests.pairs.recorded_runs import folders_of
from warehouse.access import Warehouse, WriteSession

SEEDS = range(int(os.environ.get("TOMKING_PAIR_SEEDS", "2")))
RUNS = ("covid", "optimization 0", "optimization 4", "covid x4, partial")
BROKERS: dict[str, tuple[AccountSettings, Callable[..., Made], Decimal]] = {
    "ibkr tiered": (
        AccountSettings(alias="main", broker="ibkr", plan="tiered"),
        other_statements.flex,
        Decimal("0.00005"),
    ),
    "ibkr fixed": (
        AccountSettings(alias="main", broker="ibkr", plan="fixed"),
        other_statements.flex,
        Decimal("0.00005"),
    ),
    "schwab": (AccountSettings(alias="main", broker="schwab"), other_statements.schwab, Decimal("0.005")),
}
"""Account, maker of its statement, and how far a row may be off what the schedule expects."""
Prepared = Callable[[str], tuple[Path, list[str], list[LeanLeg]]]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prepared(warehouse_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The state folder with a run, its ids and its fills, made once; copy the folder, never write to it."""

    @cache
    def make(name: str) -> tuple[Path, list[str], list[LeanLeg]]:
        folder = tmp_path_factory.mktemp("run")
        folders = folders_of(name, folder)
        return folder / "state", prepare(warehouse_template, folder / "state", folders), read_legs(folders)

    return make


def reconciled(session: WriteSession, made: Made, account: AccountSettings, root: Path) -> None:
    outcome = ingest_statement(session, made.path, account="main", accounts=(account,))
    assert outcome.outcome == "ingested", outcome.message
    reconcile_days(session, Settings(root=root, accounts=(account,)))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("name", RUNS)
def test_every_fault_is_found_none_invented_and_every_sound_charge_expected(
    name: str, broker: str, seed: int, prepared: Prepared, tmp_path: Path
) -> None:
    state, runs, legs = prepared(name)
    account, maker, slack = BROKERS[broker]
    shutil.copytree(state, tmp_path / "state")
    made = maker(legs, tmp_path / "statement", seed)
    with Warehouse(tmp_path / "state").writer("test") as session:
        reconciled(session, made, account, tmp_path)
        found = session.rows("SELECT cause, run_id, lean_order_id, symbol FROM marts.breaks")
        assert {(cause, runs.index(run) * SHIFT + order, symbol) for cause, run, order, symbol in found} == made.broken
        charged = session.rows(
            "SELECT lean_order_id, symbol, expected, charged, broker_fills FROM marts.fee_reconciliation "
            "WHERE broker_fills > 0 AND leg_class IN ('trade', 'delivery')"
        )
        wrong = {(order, symbol) for cause, order, symbol in made.broken if cause == "commission_rate"}
        off = [
            row for row in charged
            if (row[0], row[1]) not in wrong and (row[2] is None or abs(row[2] - row[3]) > slack * row[4])
        ]  # fmt: skip
        assert off == []
        [(total, places)] = session.rows("SELECT sum(charged), count(*) FROM derived.fee_legs")
        assert abs(total - made.charged) <= Decimal("0.000001") * places
        assert session.rows("SELECT DISTINCT cause FROM marts.fee_causes WHERE cause = 'unknown'") == []


@pytest.mark.parametrize("broker", BROKERS)
def test_a_sound_statement_is_reproduced_whole(broker: str, prepared: Prepared, tmp_path: Path) -> None:
    state, _, legs = prepared("covid")
    account, maker, _ = BROKERS[broker]
    shutil.copytree(state, tmp_path / "state")
    made = maker(legs, tmp_path / "statement", 7, damages=0)
    with Warehouse(tmp_path / "state").writer("test") as session:
        reconciled(session, made, account, tmp_path)
        assert session.rows("SELECT DISTINCT cause FROM marts.fee_model_evidence") == [("reproduced",)]
        assert session.rows("SELECT count(*) FROM marts.breaks") == [(0,)]


@pytest.mark.parametrize("broker", BROKERS)
def test_a_level_that_creeps_away_raises_the_alarm_and_proposes_what_is_charged(
    broker: str, prepared: Prepared, tmp_path: Path
) -> None:
    state, _, legs = prepared("covid")
    account, maker, _ = BROKERS[broker]
    for more in (Decimal(0), Decimal("0.02")):
        folder = tmp_path / str(more)
        shutil.copytree(state, folder / "state")
        made = maker(legs, folder / "statement", 3, damages=0, more_orf=more)
        with Warehouse(folder / "state").writer("test") as session:
            reconciled(session, made, account, folder)
            [(alarmed,)] = session.rows("SELECT coalesce(bool_or(alarm), false) FROM marts.fee_drift")
            assert alarmed == bool(more)
            causes = {cause for (cause,) in session.rows("SELECT cause FROM marts.breaks")}
            assert causes == ({"pass_through_rate_change"} if more else set())
            [plan] = accounts(session, Settings(root=folder, accounts=(account,)))
            propose_fee_levels(session, plan)
            proposed = session.rows("SELECT amount, interval_low, interval_high FROM records.fee_rate_proposals")
            assert len(proposed) == bool(more)
            if more:
                level = (ORF_SCHWAB if account.broker == "schwab" else ORF_IBKR) + more
                [(_, low, high)] = proposed
                assert low <= level < high
