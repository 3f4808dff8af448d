"""The evening's entry block in a running algorithm: no entries, exits as ever, an end with a name for what holds then."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from tests.algorithm.support import STARTED, journal, make_set, of_kind, publish, trade, write
from tests.lean_double.engine import Run
from tomking.kernel.contracts import block_key
from tomking.kernel.entry_block import EntryBlock, dump_block

SET = make_set(date(2019, 12, 2), date(2019, 11, 29), entry_week="0")
WORST = "2020-03 path to 2020-03-23 low"


def block(store: Path, made: date, until: date, *, is_blocked: bool = True) -> Path:
    path = store / block_key("demo")
    document = EntryBlock("demo", is_blocked, made, until, WORST, Decimal("0.41"), Decimal("0.30"))
    write(path, dump_block(document))
    return path


def openings(store: Path) -> list[str]:
    """Days on which an opening was sent."""
    return [str(line["time"])[:10] for line in of_kind(journal(store), "order_sent") if line["action"] == "open"]


def notes(store: Path) -> list[str]:
    return [str(line["message"]) for line in of_kind(journal(store), "note") if "crisis" in str(line["message"])]


def go_on(store: Path, first: Run, day: str, end: str) -> Run:
    """A second process with what the first one held."""
    held = {
        one.symbol.value: (one.holdings.exact_quantity, one.holdings.average_price)
        for one in first.algorithm.portfolio.held()
    }
    return trade(
        store,
        parameters={"start": day, "end": end},
        live=True,
        holdings=held,
        cash=first.algorithm.portfolio.cash,
        started_at=STARTED + timedelta(hours=1),
    )


def test_nothing_is_opened_while_a_block_is_in_force_and_then_its_end_is_on_record(tmp_path: Path) -> None:
    publish(tmp_path / "free", SET)
    trade(tmp_path / "free", parameters={"end": "2020-01-24"}, live=True)
    free = openings(tmp_path / "free")
    assert free
    assert free[0] < "2019-12-20"
    publish(tmp_path / "held", SET)
    block(tmp_path / "held", date(2019, 12, 2), date(2019, 12, 31))
    run = trade(tmp_path / "held", parameters={"end": "2020-01-24"}, live=True)
    assert run.error == ""
    held = openings(tmp_path / "held")
    assert held
    assert min(held) > "2019-12-31"
    refused = [line for line in of_kind(journal(tmp_path / "held"), "refused") if line["rule"] == "crisis_rehearsal"]
    assert refused
    assert {(line["limit"], line["value"]) for line in refused} == {("0.30", "0.41")}
    begun, ended = notes(tmp_path / "held")
    assert "no entries until 2019-12-31" in begun
    assert WORST in begun
    assert ended.endswith("expired on 2019-12-31, none newer is there; fallback own_limits")


def test_exits_go_on_while_entries_are_blocked(tmp_path: Path) -> None:
    publish(tmp_path, SET)
    first = trade(tmp_path, parameters={"end": "2020-02-28"}, live=True, stop_after=date(2019, 12, 16))
    before = len(openings(tmp_path))
    assert before
    block(tmp_path, date(2019, 12, 16), date(2020, 2, 28))
    go_on(tmp_path, first, "2019-12-17", "2020-02-28")
    assert len(openings(tmp_path)) == before
    ended = {str(line["ended_by"]) for line in of_kind(journal(tmp_path), "trade_ended")}
    assert "closed" in ended
    assert of_kind(journal(tmp_path), "trade_ended")


def test_a_block_that_is_lifted_lets_entries_pass_and_one_that_is_damaged_stays_as_it_was(tmp_path: Path) -> None:
    publish(tmp_path, SET)
    path = block(tmp_path, date(2019, 12, 2), date(2020, 1, 31), is_blocked=False)
    trade(tmp_path, parameters={"end": "2019-12-20"}, live=True)
    assert openings(tmp_path)
    assert notes(tmp_path) == []
    path.write_bytes(path.read_bytes()[:60])
    trade(
        tmp_path,
        parameters={"start": "2019-12-23", "end": "2019-12-27"},
        live=True,
        started_at=STARTED + timedelta(hours=1),
    )
    errors = [line for line in of_kind(journal(tmp_path), "error") if line["where"] == "entry block"]
    assert len(errors) == 1
    assert "not_json" in str(errors[0]["message"])


def test_a_backtest_reads_no_block(tmp_path: Path) -> None:
    publish(tmp_path, SET)
    block(tmp_path, date(2019, 12, 2), date(2020, 1, 31))
    trade(tmp_path, parameters={"end": "2019-12-20"})
    assert openings(tmp_path)
    assert notes(tmp_path) == []
