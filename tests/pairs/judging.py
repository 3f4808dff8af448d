"""Whether a reconciliation says what the key says.

Holds: preparing a warehouse from runs and statements, and the complaints about what was found in it.
Belongs here: assertions on the views that users read.
Never here: making statements.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.config import AccountSettings, Settings
from pipelines.steps.lean.runs import ingest_run
from pipelines.steps.reconciliation.reconcile import reconcile_days
from pipelines.steps.statements.ingesting import ingest_statement
from tests.pairs.lean_record import SHIFT
from warehouse.access import Warehouse, WriteSession

ACCOUNTS = (AccountSettings(alias="main"),)
SETTINGS = Settings(root=Path("/nowhere"), accounts=ACCOUNTS)
DERIVED = ("fee_legs", "fee_causes", "leg_fills", "breaks", "account_adjustments", "day_totals")
Rec = dict[str, Any]


@dataclass
class Judgement:
    """How much was put wrong, what of it was not found, what was found beside it, and every figure that is wrong."""

    faults: int = 0
    missed: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Nothing to complain about."""
        return not (self.missed or self.invented or self.wrong)

    def __str__(self) -> str:
        return "\n".join(f"{name}: {text}" for name in ("missed", "invented", "wrong") for text in getattr(self, name))


def prepare(template: Path, state_dir: Path, folders: Sequence[Path]) -> list[str]:
    """A warehouse that holds the runs, as rehearsals of the account; returns their ids."""
    shutil.copytree(template, state_dir)
    with Warehouse(state_dir).writer("test") as session:
        return [str(ingest_run(session, folder, rehearses="main").run_id) for folder in folders]


def reconcile(session: WriteSession, paths: Sequence[Path]) -> None:
    """Takes statements in this order and reconciles."""
    for path in paths:
        outcome = ingest_statement(session, path, account="main", accounts=ACCOUNTS)
        if outcome.outcome != "ingested":
            raise AssertionError(f"{path.name}: {outcome.outcome}, {outcome.message}")
    reconcile_days(session, SETTINGS)


def results(session: WriteSession) -> dict[str, Any]:
    """Everything that was worked out, but when."""
    return {
        name: session.frame(f"SELECT * FROM derived.{name} ORDER BY ALL").select(pl.exclude("computed_at"))
        for name in DERIVED
    }


def forget_statements(session: WriteSession) -> None:
    """Leaves the runs alone."""
    for table in (*(f"derived.{name}" for name in DERIVED), "records.statement_rows", "records.statement_row_sources"):
        session.execute(f"DELETE FROM {table}")
    session.execute("DELETE FROM records.statements")


def judge(session: WriteSession, key: Rec, runs: Sequence[str]) -> Judgement:
    """Compares the views with the key."""
    found = Judgement(faults=len(key["breaks"]))
    _judge_breaks(session, key, runs, found)
    _judge_legs(session, key, runs, found)
    _judge_sums(session, key, found)
    return found


def _rows(session: WriteSession, sql: str) -> list[Rec]:
    return session.frame(sql).to_dicts()


def _where(shifted: int | None, runs: Sequence[str]) -> tuple[str | None, int | None]:
    if shifted is None:
        return None, None
    place, order = divmod(shifted, SHIFT)
    return runs[place], order


def _judge_breaks(session: WriteSession, key: Rec, runs: Sequence[str], found: Judgement) -> None:
    rows = _rows(session, "SELECT * FROM marts.breaks")
    said = Counter(_identity(row["cause"], row["run_id"], row["lean_order_id"], row["symbol"]) for row in rows)
    wanted = Counter(
        _identity(row["cause"], *_where(row.get("lean_order"), runs), row.get("symbol")) for row in key["breaks"]
    )
    found.missed += [str(name) for name in (wanted - said).elements()]
    found.invented += [str(name) for name in (said - wanted).elements()]
    levels = [json.loads(row["detail"]) for row in rows if row["cause"] == "pass_through_rate_change"]
    for row in key["breaks"]:
        if row["cause"] == "pass_through_rate_change" and len(levels) == 1:
            _judge_level(levels[0], row, found)
    booked = Counter(row["amount"] for row in rows if row["cause"] == "account_adjustment")
    if booked != Counter(Decimal(row["amount"]) for row in key["breaks"] if row["cause"] == "account_adjustment"):
        found.wrong.append(f"corrections of {sorted(booked.elements())}")


def _identity(cause: str, run_id: str | None, order: int | None, symbol: str | None) -> tuple[object, ...]:
    # A fill of the broker's alone has no order of LEAN, a level and a refund no contract.
    return (
        cause,
        run_id if order is not None else None,
        order,
        None if cause in ("account_adjustment", "pass_through_rate_change") else symbol,
    )


def _judge_level(level: Rec, wanted: Rec, found: Judgement) -> None:
    if not Decimal(level["low"]) <= Decimal(wanted["new"]) < Decimal(level["high"]):
        found.wrong.append(f"level {level['low']} to {level['high']}, not {wanted['new']}")
    if Decimal(level["old"]) != Decimal(wanted["old"]):
        found.wrong.append(f"old level {level['old']}, not {wanted['old']}")
    if not (level["unchanged_until"] or "") < wanted["from"] <= level["effective_from"]:
        span = (level["unchanged_until"], level["effective_from"])
        found.wrong.append(f"level changed between {span}, in truth on {wanted['from']}")


def _judge_legs(session: WriteSession, key: Rec, runs: Sequence[str], found: Judgement) -> None:
    rows = _rows(session, "SELECT * FROM marts.fee_reconciliation WHERE leg_class = 'trade' AND charged IS NOT NULL")
    legs: dict[tuple[object, ...], Rec] = {}
    for row in rows:
        legs[_leg_name(row["run_id"], row["lean_order_id"], row["broker_order_id"], row["symbol"])] = row
    if not len(legs) == len(rows) == len(key["orders"]):
        found.wrong.append(f"{len(rows)} legs are charged, not {len(key['orders'])}")
    for order in key["orders"]:
        run_id, number = _where(order["lean_order"], runs)
        name = _leg_name(run_id, number, order.get("broker_order"), order["symbol"])
        leg = legs.get(name)
        if leg is None:
            found.wrong.append(f"no leg {name}")
            continue
        if abs(leg["charged"] - Decimal(order["charged"])) > leg["tolerance"]:
            found.wrong.append(f"{name} charged {leg['charged']}, not {order['charged']}")
        if leg["tolerance"] != Decimal("0.005") * order["broker_fills"]:
            found.wrong.append(f"{name} tolerance {leg['tolerance']} for {order['broker_fills']} rows")
        if (leg["modelled"] or 0) != Decimal(order["modelled"]):
            found.wrong.append(f"{name} modelled {leg['modelled']}, not {order['modelled']}")


def _leg_name(run_id: str | None, order: int | None, broker_order: str | None, symbol: str) -> tuple[object, ...]:
    return (symbol, run_id, order) if order is not None else (symbol, "broker", broker_order)


def _judge_sums(session: WriteSession, key: Rec, found: Judgement) -> None:
    (sums,) = _rows(
        session,
        "SELECT sum(charged) AS charged, sum(tolerance) AS tolerance, sum(modelled) AS modelled, "
        "sum(difference) AS difference, (SELECT sum(amount) FROM marts.fee_causes) AS causes "
        "FROM marts.fee_reconciliation",
    )
    if abs(sums["charged"] - Decimal(key["charged_total"])) > sums["tolerance"]:
        found.wrong.append(f"charged {sums['charged']} in all, not {key['charged_total']}")
    if sums["modelled"] != Decimal(key["modelled_total"]):
        found.wrong.append(f"modelled {sums['modelled']} in all, not {key['modelled_total']}")
    if not sums["causes"] == sums["difference"] == sums["charged"] - sums["modelled"]:
        found.wrong.append(f"causes {sums['causes']}, difference {sums['difference']}")
    checks = {
        "causes do not add up": "SELECT l.leg_id FROM marts.fee_reconciliation l LEFT JOIN marts.fee_causes c "
        "USING (leg_id) GROUP BY l.leg_id, l.difference HAVING coalesce(sum(c.amount), 0) <> l.difference",
        "unknown cause": "SELECT * FROM marts.fee_causes WHERE cause = 'unknown'",
        "day does not tie": "SELECT session_date FROM marts.day_totals WHERE NOT ties",
        "fill in two legs": "SELECT reference FROM derived.leg_fills GROUP BY ALL HAVING count(*) > 1",
    }
    for name, sql in checks.items():
        found.wrong += [f"{name}: {list(row.values())[:6]}" for row in _rows(session, sql)]
    (booked,) = _rows(
        session,
        "SELECT coalesce(sum(amount), 0) AS amount FROM marts.account_adjustments "
        "WHERE adjustment_class = 'regulatory_rounding'",
    )
    if booked["amount"] != Decimal(key["adjustments"]):
        found.wrong.append(f"adjustments of {booked['amount']}, not {key['adjustments']}")
