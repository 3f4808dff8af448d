"""Makes `demo/lean_data`: the smallest LEAN data folder on which the demonstration's algorithm can trade.

Holds: the choice of days, universe rows and contracts, and the writing of a folder with the same bytes each time.
Belongs here: cutting recorded quotes down.
Never here: changing a price.

    python demo/make_lean_data.py --source FOLDER --target demo/lean_data

`--source` is a LEAN data folder with hourly SPY, hourly option quotes and option universes (a folder or a zip of one).
Kept are: the underlying's hours; of each universe the rows near 45 days and near the deltas in use; the quotes of
every contract that the strangle would choose on a Monday or Tuesday with one of a few deltas, from that day on.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT / "algorithm") not in sys.path:
    sys.path.insert(0, str(ROOT / "algorithm"))

from tomking.kernel.occ import occ_text, parse_occ  # noqa: E402
from tomking.kernel.parameters import default_values  # noqa: E402
from tomking.kernel.sessions import next_session, sessions_between  # noqa: E402
from tomking.strategies.book import Book  # noqa: E402
from tomking.strategies.intents import PlanTrade  # noqa: E402
from tomking.strategies.market_view import Chain, ChainRow, MarketView  # noqa: E402
from tomking.strategies.strangle import Strangle  # noqa: E402

FIRST, LAST = date(2019, 12, 2), date(2020, 3, 31)
DELTAS = ("0.14", "0.16", "0.18")
DAYS_LEFT = range(33, 60)
DELTA_BAND = (Decimal("0.08"), Decimal("0.26"))
WEEKDAYS = (0, 1)
_UNIVERSES = Path("option/usa/universes")
_HOURS = Path("option/usa/hour")
_STAMP = (1980, 1, 1, 0, 0, 0)


def read_universe(source: Path, day: date) -> list[str] | None:
    """The lines of a universe file, from a folder or from the zip beside it; None where the day has none."""
    name = f"spy/{day:%Y%m%d}.csv"
    path = source / _UNIVERSES / name
    if path.exists():
        return path.read_text(encoding="ascii").splitlines()
    packed = source / _UNIVERSES / "spy.zip"
    if not packed.exists():
        return None
    with zipfile.ZipFile(packed) as archive:
        return archive.read(name).decode("ascii").splitlines() if name in archive.NameToInfo else None


def keep_row(line: str, day: date) -> bool:
    """Whether a universe row stays: header, underlying, or a contract near the tenor and the deltas in use."""
    fields = line.split(",")
    if fields[0].startswith("#") or not fields[0]:
        return True
    days = (_day(fields[0]) - day).days
    return days in DAYS_LEFT and DELTA_BAND[0] <= abs(Decimal(fields[10])) <= DELTA_BAND[1]


def chain_of(lines: Iterable[str]) -> tuple[ChainRow, ...]:
    """The contracts of a universe as the strategy sees them."""
    rows = []
    for line in lines:
        fields = line.split(",")
        if fields[0].startswith("#") or not fields[0]:
            continue
        strike, expiry = Decimal(fields[1]), _day(fields[0])
        rows.append(
            ChainRow(occ_text("SPY", expiry, fields[2], strike), strike, fields[2], expiry, Decimal(fields[10]))
        )
    return tuple(rows)


def chosen(day: date, chain: tuple[ChainRow, ...]) -> Iterator[str]:
    """The contracts the strangle would choose on `day`, over the deltas in use."""
    noon = datetime.combine(day, datetime.min.time()) + timedelta(hours=12)
    view = MarketView(noon, noon, next_session(day), True, "SPY")
    for delta in DELTAS:
        values = default_values() | {"strangle.put_delta": delta, "strangle.call_delta": delta}
        for plan in Strangle.from_values(values).propose(Chain(chain), view, Book()):
            if isinstance(plan, PlanTrade):
                yield from (leg.key for leg in plan.legs)


def make(source: Path, target: Path) -> None:
    """Write the folder anew."""
    if target.exists():
        shutil.rmtree(target)
    contracts: dict[str, date] = {}
    earlier: list[str] | None = None
    for day in sessions_between(FIRST - timedelta(days=7), LAST):
        if earlier is not None and day >= FIRST and day.weekday() in WEEKDAYS:
            for key in chosen(day, chain_of(earlier)):
                contracts.setdefault(key, day)
        lines = read_universe(source, day)
        earlier = None if lines is None else [line for line in lines if keep_row(line, day)]
        if earlier is not None and day >= FIRST - timedelta(days=3):
            path = target / _UNIVERSES / "spy" / f"{day:%Y%m%d}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(earlier) + "\n", encoding="ascii")
    _write_shares(source, target)
    for year in (FIRST.year, LAST.year):
        _write_quotes(source, target, year, contracts)


def _write_shares(source: Path, target: Path) -> None:
    relative = Path("equity/usa/hour/spy.zip")
    with zipfile.ZipFile(source / relative) as archive:
        lines = archive.read("spy.csv").decode("ascii").splitlines()
    first, last = FIRST - timedelta(days=7), LAST
    _write_zip(target / relative, {"spy.csv": [line for line in lines if first <= _day(line[:8]) <= last]})


def _write_quotes(source: Path, target: Path, year: int, contracts: dict[str, date]) -> None:
    relative = _HOURS / f"spy_{year}_quote_american.zip"
    found: dict[str, list[str]] = {}
    with zipfile.ZipFile(source / relative) as archive:
        for key, since in sorted(contracts.items()):
            parts = parse_occ(key)
            right = "put" if parts.call_put == "P" else "call"
            name = f"spy_quote_american_{right}_{int(parts.strike * 10_000)}_{parts.expiry:%Y%m%d}.csv"
            if name not in archive.NameToInfo:
                continue
            lines = archive.read(name).decode("ascii").splitlines()
            kept = [line for line in lines if since <= _day(line[:8]) <= LAST]
            if kept:
                found[name] = kept
    _write_zip(target / relative, found)


def _write_zip(path: Path, entries: dict[str, list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, lines in sorted(entries.items()):
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, "\n".join(lines) + "\n", compresslevel=9)
    path.write_bytes(packed.getvalue())


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def main() -> None:
    """Read the arguments and write the folder."""
    parser = argparse.ArgumentParser(description="Cut recorded quotes down to what the demonstration needs.")
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--target", type=Path, default=ROOT / "demo" / "lean_data")
    options = parser.parse_args()
    make(options.source, options.target)


if __name__ == "__main__":
    main()
