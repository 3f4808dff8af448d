"""Every recorded run gives the totals computed from its JSON by an independent program."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipelines.parsing.identify import identify
from pipelines.parsing.lean.enums import EVENT_STATUSES, ORDER_STATUSES, ORDER_TYPES
from pipelines.parsing.lean.files import RunBytes
from pipelines.parsing.lean.run import LeanRun, assemble
from tests.parsing.reading import objects
from tests.shared import SHARED, shared_path

RUNS = SHARED / "runs"
GOLDEN = RUNS / "GOLDEN.json"


@cache
def golden() -> dict[str, dict[str, Any]]:
    return json.loads(GOLDEN.read_bytes()) if GOLDEN.exists() else {}


def read_run(folder: Path) -> LeanRun:
    (found,) = [item for item in identify(folder) if item.kind == "run"]
    assert found.run is not None
    files = [RunBytes(role, path.relative_to(folder).as_posix(), path.read_bytes()) for role, path in found.run.files]
    return assemble(found.run.algorithm_id, files, is_live=found.run.is_live)


def totals(run: LeanRun) -> dict[str, Any]:
    with localcontext() as context:
        context.prec = 100
        fees: dict[str, Decimal] = {}
        orders, events = objects(run.orders), objects(run.events)
        trades = [trade for _, listed in run.trades for trade in objects(listed)]
        for event in events:
            if event.fee is not None:
                fees[event.fee_currency] = fees.get(event.fee_currency, Decimal(0)) + Decimal(event.fee)
        return {
            "status": run.state_map["Status"],
            "order_count_state": run.state_map["OrderCount"],
            "orders": len(orders),
            "orders_by_type": dict(Counter(order.order_type for order in orders)),
            "orders_by_status": dict(Counter(order.status for order in orders)),
            "groups": len({order.group_id for order in orders if order.group_id is not None}),
            "symbols": len({order.symbol_id for order in orders}),
            "closed_trades": len(trades),
            "closed_trades_pl": format(sum((Decimal(trade.profit_loss) for trade in trades), Decimal(0)), "f"),
            "closed_trades_fees": format(sum((Decimal(trade.total_fees) for trade in trades), Decimal(0)), "f"),
            "events": len(events),
            "events_by_status": dict(Counter(event.status for event in events)),
            "fees_by_currency": {currency: format(total, "f") for currency, total in fees.items()},
            "events_with_fee": sum(event.fee is not None for event in events),
            "fills": sum(event.is_fill for event in events),
            "filled_quantity_abs": sum((abs(Decimal(event.fill_quantity)) for event in events), Decimal(0)),
            "assignments": sum(event.is_assignment for event in events),
            "exercise_orders": sum(order.order_type == "option_exercise" for order in orders),
            "insights": run.insights,
        }


def expected(entry: dict[str, Any]) -> dict[str, Any]:
    wanted = {key: value for key, value in entry.items() if key not in ("main", "statistics")}
    wanted.setdefault("events", 0)
    for key in ("events_by_status", "fees_by_currency"):
        wanted.setdefault(key, {})
    for key in ("events_with_fee", "fills", "assignments", "exercise_orders"):
        wanted.setdefault(key, 0)
    wanted["filled_quantity_abs"] = Decimal(wanted.get("filled_quantity_abs", "0"))
    wanted["orders_by_type"] = {ORDER_TYPES[int(key)]: count for key, count in wanted["orders_by_type"].items()}
    wanted["orders_by_status"] = {ORDER_STATUSES[int(key)]: count for key, count in wanted["orders_by_status"].items()}
    wanted["events_by_status"] = {EVENT_STATUSES[key]: count for key, count in wanted["events_by_status"].items()}
    return wanted


@pytest.mark.parametrize("name", sorted(golden()) or ["absent"])
def test_a_recorded_run_has_the_totals_of_its_json(name: str) -> None:
    folder = shared_path("runs", *name.split("/"))
    entry = golden()[name]
    run = read_run(folder)
    assert totals(run) == expected(entry)
    assert {key: run.statistics["statistics"].get(key) for key in entry["statistics"]} == entry["statistics"]
    assert not run.refusals
    assert run.evidence.orders_present == run.evidence.orders_claimed
    assert run.evidence.filled_without_event == 0
    assert run.lean_version
