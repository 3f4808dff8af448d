"""The stand-in's event loop: subscription, expiry, assignment, refusals, errors, and a recorded algorithm."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pipelines.parsing.identify import runs_in
from pipelines.parsing.lean.files import RunBytes
from pipelines.parsing.lean.run import assemble
from tests.lean_double.engine import Run, run
from tests.lean_double.names import OrderStatus, OrderType
from tests.lean_double.results import write_results
from tests.lean_double.store import KeyNotFoundError, ObjectStore
from tests.shared import ROOT, shared_path

DATA = ROOT / "demo" / "lean_data"

HEAD = """
from AlgorithmImports import *

class Probe(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2020, 2, 12); self.set_end_date(2020, 3, 31); self.set_cash(100000)
        self.set_brokerage_model(BrokerageName.TASTYTRADE, AccountType.MARGIN)
        self.spy = self.add_equity("SPY", Resolution.HOUR).symbol
        expiry = datetime(2020, 3, 27)
        make = lambda right, strike: Symbol.create_option(self.spy, Market.USA, OptionStyle.AMERICAN, right, strike, expiry)
        self.put, self.call = make(OptionRight.PUT, 315), make(OptionRight.CALL, 355)
        for symbol in (self.put, self.call): self.add_option_contract(symbol, Resolution.HOUR)
        self.seen, self.assigned, self.tickets = [], [], None
    def on_order_event(self, e): self.seen.append((e.status, self.tickets and [t.status for t in self.tickets]))
    def on_assignment_order_event(self, e): self.assigned.append(e.symbol.value)
"""


def probe(folder: Path, body: str) -> Run:
    path = folder / "probe.py"
    path.write_text(HEAD + body)
    return run(path, DATA, folder / "store", {}, algorithm_id="Probe")


SELL = """
    def on_data(self, data):
        if self.tickets is None and self.securities[self.put].ask_price > 0:
            legs = [Leg.create(self.put, -1), Leg.create(self.call, -1)]
            self.tickets = self.combo_limit_order(legs, 1, -0.50, tag="tk1|a|b|open")
"""


def test_options_end_at_the_midnight_after_their_last_day_or_early_when_deep_in_the_money(tmp_path: Path) -> None:
    done = probe(tmp_path, SELL)
    assert done.error == ""
    events = {
        e.symbol.value: e for e in done.algorithm.transactions.events if e.status == OrderStatus.FILLED and e.message
    }
    put, call, shares = events["SPY   200327P00315000"], events["SPY   200327C00355000"], events["SPY"]
    assert put.utc_time.isoformat() == "2020-03-23T14:00:00+00:00"
    assert call.utc_time.isoformat() == "2020-03-28T04:00:00+00:00"
    assert put.message.startswith("Assigned. Underlying: ")
    assert put.message.endswith(". Simulated option assignment before expiration")
    assert call.message.startswith("OTM. Underlying: ")
    assert (shares.fill_quantity, shares.fill_price, shares.message) == (100.0, 315.0, "Option Assignment")
    assert (put.is_assignment, call.is_assignment, shares.is_assignment) == (True, False, False)
    assert put.order_id == shares.order_id
    assert put.as_json("Probe").keys() & {"orderFeeAmount", "orderFeeCurrency"} == set()
    assert done.algorithm.assigned == ["SPY   200327P00315000"]  # type: ignore[attr-defined]


def test_when_a_combination_fills_every_leg_is_filled_at_the_first_event(tmp_path: Path) -> None:
    done = probe(tmp_path, SELL)
    told = [tickets for status, tickets in done.algorithm.seen if status == OrderStatus.FILLED]  # type: ignore[attr-defined]
    assert told[0] == [OrderStatus.FILLED, OrderStatus.FILLED]


def test_what_the_brokerage_does_not_take_is_invalid(tmp_path: Path) -> None:
    done = probe(
        tmp_path,
        SELL
        + """
        elif self.portfolio[self.put].invested and not self.transactions.get_open_orders():
            legs = [Leg.create(self.put, 1), Leg.create(self.call, 1)]
            self.combo_limit_order(legs, 2, 5.0)
            self.combo_limit_order([Leg.create(self.put, -1), Leg.create(self.call, -1)], 50, -1.0)
            self.quit = True
            self.on_data = lambda data: None
""",
    )
    messages = [e.message for e in done.algorithm.transactions.events if e.status == OrderStatus.INVALID]
    assert "cross the zero holdings" in messages[0]
    assert "Insufficient buying power" in messages[2]


def test_an_error_in_the_algorithm_is_the_run_s_error(tmp_path: Path) -> None:
    done = probe(tmp_path, "\n    def on_data(self, data):\n        raise RuntimeError('lost')\n")
    assert done.status == "RuntimeError"
    main = json.loads(write_results(done, tmp_path / "results").read_text())
    assert main["state"]["Status"] == "RuntimeError"
    assert "lost" in main["state"]["RuntimeError"]


@pytest.mark.parametrize("ending", [SELL, "\n    def on_data(self, data):\n        raise RuntimeError('lost')\n"])
def test_the_files_of_a_run_say_the_same_of_it(tmp_path: Path, ending: str) -> None:
    write_results(probe(tmp_path, ending), tmp_path / "results")
    (left,) = runs_in(tmp_path / "results")
    files = [RunBytes(role, path.name, path.read_bytes()) for role, path in left.files]
    assert assemble(left.algorithm_id, files, is_live=left.is_live).flaws == []


def test_the_object_store_keeps_lean_s_habits(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    assert store.save("a/b.json", "1")
    (tmp_path / "a" / "b.json").write_text("2")
    assert store.read("a/b.json") == "1"
    store.clear()
    assert store.read("a/b.json") == "2"
    with pytest.raises(KeyNotFoundError):
        store.read("none.json")
    for key in ("two.dots.json", "../up.json", "ünï.json"):
        with pytest.raises(ValueError, match="not allowed"):
            store.save(key, "")
    assert store.delete("a/b.json")
    assert not store.contains_key("a/b.json")


def recorded(end: str, folder: Path) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """The orders of the recorded algorithm on the engine and on the stand-in, created up to a day."""
    source = shared_path("runs", "data")
    data = folder / "data"
    for part in ("equity/usa/hour", "option/usa/hour"):
        (data / part).parent.mkdir(parents=True, exist_ok=True)
        (data / part).symlink_to(source / part)
    with zipfile.ZipFile(source / "option/usa/universes/spy.zip") as archive:
        for name in archive.namelist():
            if "20191129" <= Path(name).stem <= end.replace("-", ""):
                archive.extract(name, data / "option/usa/universes")
    command = [sys.executable, "-m", "tests.lean_double", "--algorithm"]
    command += [str(shared_path("runs", "algorithms", "tk", "main.py")), "--data", str(data)]
    command += ["--results", str(folder / "results"), "--object-store", str(folder / "store")]
    command += ["--algorithm-id", "TkProbe", "--parameter", "run=tk", "--start", "2019-12-02", "--end", end]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    sides = []
    for path in (
        shared_path("runs", "own", "tk-tastytrade-covid", "TkProbe.json"),
        folder / "results" / "TkProbe.json",
    ):
        orders = json.loads(path.read_text())["orders"].values()
        sides.append([order for order in orders if order["createdTime"][:10] < end])
    return sides[0], sides[1]


def agreement(real: list[dict[str, object]], ours: list[dict[str, object]], end: str) -> float:
    """Share of orders that agree in every field; what happens to one on the last day or later is not compared."""

    def facts(order: dict[str, object]) -> dict[str, object]:
        times = [str(order.get(name, "")) for name in ("lastFillTime", "canceledTime")]
        if any(text[:10] >= end for text in times):
            return {
                name: order[name] for name in ("id", "type", "symbol", "quantity", "createdTime", "orderSubmissionData")
            }
        return order

    assert len(real) == len(ours)
    return sum(facts(a) == facts(b) for a, b in zip(real, ours, strict=True)) / len(real)


def test_the_recorded_algorithm_sends_the_same_orders_for_a_month(tmp_path: Path) -> None:
    real, ours = recorded("2020-01-02", tmp_path)
    assert len(real) > 80
    assert agreement(real, ours, "2020-01-02") == 1.0
    assert {order["type"] for order in ours} == {OrderType.COMBO_LIMIT, OrderType.LIMIT, OrderType.OPTION_EXERCISE}


@pytest.mark.slow
def test_the_recorded_algorithm_agrees_over_seven_months(tmp_path: Path) -> None:
    real, ours = recorded("2020-06-30", tmp_path)
    assert agreement(real, ours, "2020-06-30") >= 0.99
