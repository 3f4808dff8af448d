"""Helpers of the algorithm's tests: views, books, published sets, runs on the stand-in.

Holds: makers of plain objects and of object-store folders.
Belongs here: what several test modules need.
Never here: assertions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.lean_double.engine import Run, run
from tomking.kernel.contracts import current_key, history_key, parameter_key
from tomking.kernel.occ import occ_text
from tomking.kernel.parameter_history import HistoryEntry, dump_history
from tomking.kernel.parameters import ParameterSet, default_values, dump, parse
from tomking.kernel.sessions import NEW_YORK, next_session
from tomking.strategies.book import Leg, Trade
from tomking.strategies.market_view import MarketView, Quote

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "algorithm" / "main.py"
DATA = ROOT / "demo" / "lean_data"
STARTED = datetime(2026, 11, 22, 12, tzinfo=UTC)
EXPIRY = date(2020, 2, 28)
PUT = occ_text("SPY", EXPIRY, "P", Decimal(300))
CALL = occ_text("SPY", EXPIRY, "C", Decimal(340))


def as_lean(value: object) -> Any:
    """An object of the stand-in where a type checker expects one of LEAN's."""
    return value


def clock(text: str) -> datetime:
    """A New York time, without a zone as LEAN hands it over (`2020-01-14T12:00`)."""
    return datetime.fromisoformat(text)


def values(**changes: str) -> dict[str, str]:
    """The default parameters with some of the strangle's changed (`target_share="0.40"`)."""
    return default_values() | {f"strangle.{name}": text for name, text in changes.items()}


def view(
    when: datetime,
    *,
    put: tuple[str, str] | None = ("1.00", "1.04"),
    call: tuple[str, str] | None = ("1.00", "1.04"),
    holdings: Mapping[str, int] | None = None,
    is_open: bool = True,
    equity: str | None = "250000",
) -> MarketView:
    """What the market looks like at a New York time (without a zone)."""
    quotes = {}
    now = when.replace(tzinfo=NEW_YORK).astimezone(UTC)
    for key, sides in ((PUT, put), (CALL, call)):
        if sides is not None:
            quotes[key] = Quote(Decimal(sides[0]), Decimal(sides[1]), now)
    return MarketView(
        now=now,
        local=when,
        next_session=next_session(when.date()),
        is_open=is_open,
        underlying="SPY",
        price=Decimal(320),
        quotes=quotes,
        holdings=dict(holdings or {}),
        equity=None if equity is None else Decimal(equity),
        margin_used=Decimal(0),
    )


def open_trade(credit: str = "2.00", quantity: int = 1) -> Trade:
    """A strangle that was sold for `credit` per share of one unit."""
    legs = (Leg(PUT, -quantity), Leg(CALL, -quantity))
    opened = datetime(2020, 1, 14, 18, tzinfo=UTC)
    total = Decimal(credit) * quantity
    return Trade("strangle-20200114-1", "strangle", "SPY", "open", legs, EXPIRY, opened.date(), opened, total)


def make_set(effective_from: date, data_through: date, **changes: str) -> ParameterSet:
    """A good parameter set whose strangles are sold in any market and hold on to both sides: target, stop, date end them."""
    no_defence = {"delta_roll_untested": "1", "delta_close_tested": "1", "delta_exit": "1"}
    no_defence |= {"range_most": "1", "event_days": "0"}
    return parse(
        dump(
            values(**(no_defence | changes)),
            effective_from=effective_from,
            data_through=data_through,
            code_version="test",
            evidence={"why": "a test"},
        )
    )


def publish(store: Path, *sets: ParameterSet, deployment: str = "demo") -> None:
    """Put sets where the algorithm looks for them; the last one becomes the current one."""
    for one in sets:
        write(store / parameter_key(deployment, one.id), one.document)
    entries = [HistoryEntry(one.id, one.sha256, one.effective_from) for one in sets]
    write(store / history_key(deployment), dump_history(entries))
    write(store / current_key(deployment), sets[-1].document)


def write(path: Path, document: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(document)


def trade(store: Path, **settings: object) -> Run:
    """Run the algorithm on the demonstration's data; settings as of `tests.lean_double.engine.run`."""
    parameters = {str(k): str(v) for k, v in dict(settings.pop("parameters", {})).items()}  # type: ignore[call-overload]
    settings.setdefault("started_at", STARTED)
    return run(MAIN, DATA, store, parameters, algorithm_id="1000000001", **settings)  # type: ignore[arg-type]


def journal(store: Path) -> list[dict[str, object]]:
    """Every journal line of every run below `store`, in order."""
    lines: list[dict[str, object]] = []
    for folder in sorted((store / "tomking" / "demo" / "journal").iterdir()):
        for path in sorted(folder.glob("*.jsonl"), key=lambda one: int(one.stem)):
            lines += [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    return lines


def of_kind(lines: list[dict[str, object]], kind: str) -> list[dict[str, object]]:
    return [line for line in lines if line["kind"] == kind]
