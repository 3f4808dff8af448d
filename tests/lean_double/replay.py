"""Command: send the orders of recorded runs again and compare what becomes of them with what the engine did.

`python -m tests.lean_double.replay [RUN …]` prints for each run the share of orders with the same outcome and every
order that differs. Without names it takes every recording of the share whose orders are on the recorded quotes.

Holds: outcomes of orders, the comparison, the report.
Belongs here: what counts as the same outcome.
Never here: rules of fills and refusals.

An outcome is: the status, the bar and price of the fill, the time of a cancellation, the fee, the kind of a refusal.
Orders that the engine makes by itself (expiry, assignment, margin calls) are matched by type, contract, time and
quantity.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lean_double.engine import Run, install, run
from tests.shared import ROOT, shared_path

RUNS = ("tk-tastytrade-covid", "tk-ibkr", "tk-schwab", "tk-tastytrade-small")
_ALGORITHM = Path(__file__).with_name("replayed_algorithm.py")
_REFUSALS = ("Insufficient buying power", "does not support", "cross the zero holdings", "accurate price")


@dataclass(frozen=True)
class Outcome:
    """What became of one order."""

    order_type: int
    symbol: str
    quantity: float
    created: str
    status: int
    filled: str
    price: float
    cancelled: str
    fee: float
    refusal: str

    @property
    def kind(self) -> tuple[object, ...]:
        """What identifies an order that the engine made by itself."""
        return self.order_type, self.symbol, self.created, self.quantity


@dataclass(frozen=True)
class Comparison:
    """The orders of one recording: how many there are, and those that ended otherwise (recorded, replayed)."""

    name: str
    orders: int
    different: tuple[tuple[int | None, Outcome | None, Outcome | None], ...]

    @property
    def share(self) -> float:
        """Share of recorded orders with the same outcome."""
        return 1 - sum(recorded is not None for _, recorded, _ in self.different) / self.orders


def compare(recording: Path, data: Path) -> Comparison:
    """Replay the run whose main file is `recording` on the quotes in `data`."""
    install()
    with tempfile.TemporaryDirectory() as store:
        done = run(_ALGORITHM, data, Path(store), {"recording": str(recording)}, algorithm_id="Replay")
    if done.error:
        raise RuntimeError(f"{recording}: {done.stack_trace}")
    document = json.loads(recording.read_text(encoding="utf-8"))
    events = json.loads(recording.with_name(f"{recording.stem}-order-events.json").read_text(encoding="utf-8"))
    theirs = outcomes(document["orders"].values(), events)
    ours = outcomes_of(done)
    return Comparison(recording.parent.name, len(theirs), tuple(_differences(theirs, ours, _pairs(done))))


def _pairs(done: Run) -> dict[int, int]:
    found: dict[int, int] = done.algorithm.replayed  # type: ignore[attr-defined]
    return found


def outcomes_of(done: Run) -> dict[int, Outcome]:
    """The outcome of every order of a run on the stand-in, by order id."""
    transactions = done.algorithm.transactions
    orders = [json.loads(json.dumps(order.as_json())) for order in transactions.orders.values()]
    return outcomes(orders, [event.as_json("Replay") for event in transactions.events])


def outcomes(orders: Iterable[dict[str, Any]], events: Iterable[dict[str, Any]]) -> dict[int, Outcome]:
    """The outcome of every order as result files tell it, by order id."""
    by_order: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        by_order[event["orderId"]].append(event)
    return {order["id"]: _outcome(order, by_order[order["id"]]) for order in orders}


def _outcome(order: dict[str, Any], events: Sequence[dict[str, Any]]) -> Outcome:
    messages = " ".join(event.get("message") or "" for event in events if event["status"] == "invalid")
    return Outcome(
        order_type=order["type"],
        symbol=order["symbol"]["value"],
        quantity=order["quantity"],
        created=order["createdTime"],
        status=order["status"],
        filled=order.get("lastFillTime", ""),
        price=order["price"],
        cancelled=order.get("canceledTime", ""),
        fee=sum(event.get("orderFeeAmount", 0.0) for event in events),
        refusal=next((word for word in _REFUSALS if word in messages), ""),
    )


def _differences(
    theirs: dict[int, Outcome], ours: dict[int, Outcome], pairs: dict[int, int]
) -> Iterable[tuple[int | None, Outcome | None, Outcome | None]]:
    made = [outcome for order_id, outcome in ours.items() if order_id not in set(pairs.values())]
    left = Counter(made)
    for order_id, recorded in theirs.items():
        if order_id in pairs:
            replayed: Outcome | None = ours[pairs[order_id]]
        else:
            same_kind = [one for one in left.elements() if one.kind == recorded.kind]
            replayed = next((one for one in same_kind if one == recorded), next(iter(same_kind), None))
            if replayed is not None:
                left[replayed] -= 1
        if replayed != recorded:
            yield order_id, recorded, replayed
    for one in left.elements():
        yield None, None, one


def report(found: Comparison) -> list[str]:
    """The lines about one recording."""
    lines = [f"{found.name}: {found.share:.2%} of {found.orders} orders end as on the engine"]
    for order_id, recorded, replayed in found.different:
        what = recorded or replayed
        assert what is not None
        lines.append(f"  order {order_id or '-'} {re.sub(' +', ' ', what.symbol)} {what.quantity:+g} {what.created}")
        lines.append(f"    recorded {_text(recorded)}")
        lines.append(f"    replayed {_text(replayed)}")
    return lines


def _text(one: Outcome | None) -> str:
    if one is None:
        return "no such order"
    parts = [f"type {one.order_type} status {one.status}"]
    parts += [f"{one.price:g} at {one.filled}"] if one.filled else []
    parts += [f"cancelled {one.cancelled}"] if one.cancelled else []
    parts += [f"fee {one.fee:g}"] if one.fee else []
    return ", ".join(parts + ([one.refusal] if one.refusal else []))


def main(arguments: list[str] | None = None) -> int:
    """Print the report; 0 where every run reaches the bar, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.lean_double.replay", description=__doc__)
    parser.add_argument("runs", nargs="*", default=list(RUNS), help="folder names below runs/own of the share")
    parser.add_argument("--at-least", type=float, default=0.99, help="the share that is asked for")
    options = parser.parse_args(arguments)
    reached = True
    with tempfile.TemporaryDirectory() as folder:
        data = unpacked_data(Path(folder))
        for name in options.runs:
            found = compare(shared_path("runs", "own", name, "TkProbe.json"), data)
            print("\n".join(report(found)))
            reached = reached and found.share >= options.at_least
    return 0 if reached else 1


def unpacked_data(folder: Path) -> Path:
    """The recorded quotes with the universe files unpacked, below `folder`."""
    source, data = shared_path("runs", "data"), folder / "data"
    for part in ("equity/usa/hour", "option/usa/hour"):
        (data / part).parent.mkdir(parents=True, exist_ok=True)
        (data / part).symlink_to(source / part)
    with zipfile.ZipFile(source / "option/usa/universes/spy.zip") as archive:
        archive.extractall(data / "option/usa/universes")
    return data


if __name__ == "__main__":
    import sys

    sys.path[:0] = [str(ROOT), str(ROOT / "algorithm")]
    raise SystemExit(main())
