"""Command: a recorded backtest of the algorithm on the engine beside the stand-in's run of the same parameters.

`python -m tests.lean_double.beside_engine RESULTS --object-store STORE [--data DATA] [--at-least SHARE] [--show N]` takes
the folder of result files and the object store that the engine left, runs `algorithm/main.py` on the stand-in with the
recorded parameters, published sets and quotes, and lists what differs, by cause: orders that only one of them has, limits,
statuses, times and prices of fills, cancellations, fees, and lines of the journal by kind. The first instant at which
anything differs comes first: what follows it may follow from it.

Holds: reading both runs, the comparison, the report.
Belongs here: what counts as the same.
Never here: rules of fills and refusals; recordings of other algorithms (`replay`).

Without `--data` the recorded quotes of the share are used. Metrics and counters of caches are left out: they measure the
machine. A live run cannot be repeated, so it is refused.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lean_double.engine import run
from tests.lean_double.replay import Outcome, outcomes, outcomes_of, unpacked_data
from tests.shared import ROOT

_MAIN = ROOT / "algorithm" / "main.py"
_MEASURED = frozenset({"metric", "cache", "run_started", "run_ended", "note"})
"""Kinds of lines that tell of the process or the machine, not of what was decided."""
_NOT_COMPARED = frozenset({"seq", "schema"})
Line = Mapping[str, Any]


class CannotCompare(ValueError):
    """The recording is not one that could be run again; the message says why."""


@dataclass(frozen=True)
class Sent:
    """An order: what was sent, and what became of it."""

    tag: str
    limit: float | None
    outcome: Outcome

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it the same order on both sides."""
        one = self.outcome
        return one.created[:19], one.symbol, one.quantity, self.tag or one.order_type


@dataclass(frozen=True)
class Side:
    """One of the two runs."""

    orders: tuple[Sent, ...]
    lines: tuple[Line, ...]
    equity: float | None


@dataclass
class Found:
    """The comparison: number of recorded orders, how many are the same, and (instant, sentence) by cause."""

    orders: int
    same: int
    equity: tuple[float | None, float | None]
    differences: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))

    @property
    def share(self) -> float:
        """Share of the recorded orders that ended the same."""
        return self.same / self.orders if self.orders else 1.0

    @property
    def first(self) -> str | None:
        """The first instant at which anything differs."""
        return min((when for found in self.differences.values() for when, _ in found), default=None)


def recorded(results: Path, store: Path) -> tuple[Side, dict[str, str]]:
    """The engine's side and the parameters it ran with. Raises CannotCompare."""
    main = main_file(results)
    document = json.loads(main.read_text(encoding="utf-8"))
    settings = document.get("algorithmConfiguration") or {}
    parameters = {name: str(value) for name, value in (settings.get("parameters") or {}).items()}
    lines = journal_of(store, parameters, (document.get("runtimeStatistics") or {}).get("Journal"))
    if any(line["kind"] == "run_started" and line["mode"] != "backtest" for line in lines):
        raise CannotCompare(f"{main}: a live run cannot be run again")
    events = json.loads(main.with_name(f"{main.stem}-order-events.json").read_text(encoding="utf-8"))
    found = outcomes(document["orders"].values(), events)
    orders = tuple(
        Sent(order.get("tag") or "", _limit(order), found[order["id"]]) for order in document["orders"].values()
    )
    text = (document.get("statistics") or {}).get("End Equity")
    return Side(orders, lines, None if text is None else float(text)), parameters


def main_file(results: Path) -> Path:
    """The result file of a folder. Raises CannotCompare where there is none, or more than one run."""
    found = [path.with_name(path.name.replace("-order-events", "")) for path in results.glob("*-order-events.json")]
    if len(found) != 1 or not found[0].is_file():
        raise CannotCompare(f"{results}: {len(found)} runs with order events, one expected")
    return found[0]


def journal_of(store: Path, parameters: Mapping[str, str], key: object) -> tuple[Line, ...]:
    """The journal of a run by its key, else the only one of the deployment. Raises CannotCompare."""
    folder = store / "tomking" / parameters.get("deployment", "demo") / "journal"
    runs = [folder / str(key)] if key else sorted(folder.iterdir()) if folder.is_dir() else []
    if len(runs) != 1 or not runs[0].is_dir():
        raise CannotCompare(f"{folder}: {len(runs)} journals, and the result names none that is there")
    segments = sorted(runs[0].glob("*.jsonl"), key=lambda path: int(path.stem))
    return tuple(json.loads(line) for path in segments for line in path.read_text(encoding="ascii").splitlines())


def repeated(parameters: Mapping[str, str], store: Path, data: Path) -> Side:
    """The stand-in's side: the same parameters and published sets, an empty journal."""
    deployment = Path("tomking") / parameters.get("deployment", "demo")
    with tempfile.TemporaryDirectory() as folder:
        again = Path(folder)
        if (store / deployment / "parameters").is_dir():
            shutil.copytree(store / deployment / "parameters", again / deployment / "parameters")
        done = run(_MAIN, data, again, dict(parameters), algorithm_id="Beside")
        if done.error:
            raise CannotCompare(f"the stand-in's run ended in an error: {done.stack_trace}")
        lines = journal_of(again, parameters, None)
    ours = outcomes_of(done)
    orders = [order.as_json() for order in done.algorithm.transactions.orders.values()]
    sent = tuple(Sent(str(order.get("tag") or ""), _limit(order), ours[int(str(order["id"]))]) for order in orders)
    return Side(sent, lines, round(float(done.algorithm.portfolio.total), 2))


def _limit(order: Mapping[str, Any]) -> float | None:
    manager = order.get("groupOrderManager")
    found = order.get("limitPrice") if manager is None else manager.get("limitPrice")
    return None if found is None else float(found)


def compare(theirs: Side, ours: Side) -> Found:
    """What differs between the engine's run and the stand-in's."""
    found = Found(len(theirs.orders), 0, (theirs.equity, ours.equity))
    waiting: dict[tuple[object, ...], list[Sent]] = defaultdict(list)
    for one in ours.orders:
        waiting[one.key].append(one)
    for one in theirs.orders:
        same = waiting[one.key]
        if not same:
            _add(found, "order only on the engine", one)
            continue
        differs = _unlike(one, same.pop(0))
        found.same += not differs
        for cause, text in differs:
            _add(found, cause, one, text)
    for left in waiting.values():
        for one in left:
            _add(found, "order only on the stand-in", one)
    _journals(theirs.lines, ours.lines, found)
    return found


def _add(found: Found, cause: str, one: Sent, text: str = "") -> None:
    what = f"{one.outcome.symbol} {one.outcome.quantity:+g} {one.tag}"
    found.differences[cause].append((one.outcome.created, f"{what} {text}".rstrip()))


def _unlike(theirs: Sent, ours: Sent) -> list[tuple[str, str]]:
    """Cause and both values of everything in which a pair of orders differs."""
    one, other = theirs.outcome, ours.outcome
    pairs: dict[str, tuple[object, object]] = {
        "limit": (theirs.limit, ours.limit),
        "status": ((one.status, one.refusal), (other.status, other.refusal)),
        "time of the fill": (one.filled, other.filled),
        "price of the fill": (one.price, other.price),
        "time of the cancellation": (one.cancelled, other.cancelled),
        "fee": (round(one.fee, 6), round(other.fee, 6)),
    }
    return [(cause, f"{mine} there, {yours} here") for cause, (mine, yours) in pairs.items() if mine != yours]


def _journals(theirs: Iterable[Line], ours: Iterable[Line], found: Found) -> None:
    there, here = Counter(_texts(theirs)), Counter(_texts(ours))
    for place, lines in (("engine", there - here), ("stand-in", here - there)):
        for text in lines.elements():
            line = json.loads(text)
            found.differences[f"journal, {line['kind']}: only on the {place}"].append((str(line["time"]), text))


def _texts(lines: Iterable[Line]) -> Iterable[str]:
    for line in lines:
        if line["kind"] not in _MEASURED:
            yield json.dumps({name: value for name, value in line.items() if name not in _NOT_COMPARED}, sort_keys=True)


def report(found: Found, show: int) -> list[str]:
    """The comparison in lines; of each cause the first `show` differences."""
    there, here = found.equity
    lines = [f"{found.same} of {found.orders} orders end as on the engine ({found.share:.2%})"]
    lines.append(f"equity at the end: {there} there, {here} here")
    lines.append("nothing differs" if found.first is None else f"the first difference is at {found.first}")
    for cause, differences in sorted(found.differences.items()):
        lines.append(f"{cause}: {len(differences)}")
        lines += [f"  {when} {text}" for when, text in sorted(differences)[:show]]
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Compare and print; 0 where at least the share that is asked for is the same, 1 else, 2 where it cannot be."""
    parser = argparse.ArgumentParser(prog="python -m tests.lean_double.beside_engine", description=__doc__)
    parser.add_argument("results", type=Path, help="the folder of result files")
    parser.add_argument("--object-store", type=Path, required=True, help="root of the object store of that run")
    parser.add_argument("--data", type=Path, help="the data folder of that run")
    parser.add_argument("--at-least", type=float, default=0.99, help="share of orders that has to be the same")
    parser.add_argument("--show", type=int, default=5, help="differences shown of each cause")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            theirs, parameters = recorded(options.results, options.object_store)
            ours = repeated(parameters, options.object_store, options.data or unpacked_data(Path(folder)))
        except CannotCompare as error:
            print(error)
            return 2
    found = compare(theirs, ours)
    print("\n".join(report(found, options.show)))
    return 0 if found.share >= options.at_least else 1


if __name__ == "__main__":
    import sys

    sys.path[:0] = [str(ROOT), str(ROOT / "algorithm")]
    raise SystemExit(main())
