"""The tastytrade schedule against rows the broker printed, and against a key of components.

Holds: differential tests over real statements (read here by a few lines of their own, not by the parsers), and the
exact reproduction of recorded pairs of runs and statements.
Never here: copies of those statements.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.shared import shared_path
from tomking.kernel.fees import FeeFill, FeeSchedule, FillFees, schedule_for
from tomking.kernel.instruments import Instrument, from_occ, from_tastytrade
from tomking.kernel.money import Rounding, add, could_print, decimal_from_text
from tomking.kernel.occ import occ_text
from tomking.kernel.schedules.rates import FeeRate
from tomking.kernel.sessions import session_of

ACCEPTED = schedule_for("tastytrade")
HISTORY = "avion23__tastytrade_transactions_history_180201_to_240817.csv"

# The broker took no commission for opening two legs of one order; nothing in the rows says why.
FREE_ORDER = "97860033"


@dataclass(frozen=True)
class Row:
    """One trade row of the export, with what we expect beside what was charged."""

    order: str
    instrument: Instrument
    fill: FeeFill
    commission: Decimal
    fees: Decimal
    expected: FillFees

    @property
    def commission_agrees(self) -> bool:
        """Whether the commission is the same to the cent."""
        return self.expected.amount("commission") == self.commission

    @property
    def fees_agree(self) -> bool:
        """Whether the other components could have been printed as the fees column."""
        return could_print(add((self.expected.total, -self.expected.amount("commission"))), self.fees)


def _fill(line: dict[str, str], instrument: Instrument) -> FeeFill:
    quantity, value = decimal_from_text(line["Quantity"]), abs(decimal_from_text(line["Value"]))
    quoted = re.search(r"@ (\S+)$", line["Description"])
    assert quoted is not None
    # Shares trade in tenths of a cent, which the description does not show.
    price = value / quantity if instrument.security_type == "equity" else decimal_from_text(quoted[1])
    side, _, effect = line["Action"].lower().partition("_to_")
    assert instrument.fee_product is not None
    assert instrument.multiplier is not None
    return FeeFill(
        instrument.fee_product,
        side,
        effect or None,
        quantity,
        price,
        instrument.multiplier,
        session_of(datetime.fromisoformat(line["Date"])),
        instrument.fee_root,
    )


def _legs(paths: list[Path]) -> dict[tuple[str, str, str], list[dict[str, str]]]:
    """Trade lines by order, symbol and action, oldest first; lines that overlapping files share count once."""
    counts: Counter[tuple[tuple[str, str], ...]] = Counter()
    for path in paths:
        with path.open(newline="", encoding="utf-8-sig") as file:
            counts |= Counter(tuple(line.items()) for line in csv.DictReader(file) if line["Type"] == "Trade")
    # Exports list the newest row first, also among rows of one second.
    lines = [dict(line) for line in counts.elements()]
    lines.reverse()
    lines.sort(key=lambda line: datetime.fromisoformat(line["Date"]))
    legs: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    for line in lines:
        legs.setdefault((line["Order #"], line["Symbol"], line["Action"]), []).append(line)
    return legs


def _rows(schedule: FeeSchedule, *paths: Path) -> Iterator[Row]:
    for (order, symbol, _), lines in _legs(list(paths)).items():
        instrument = from_tastytrade(
            symbol,
            lines[0]["Instrument Type"],
            underlying=lines[0]["Underlying Symbol"] or None,
            multiplier_text=lines[0]["Multiplier"] or None,
        )
        fills = [_fill(line, instrument) for line in lines]
        for line, fill, expected in zip(lines, fills, schedule.fees_for_leg(fills), strict=True):
            commission, fees = -decimal_from_text(line["Commissions"]), -decimal_from_text(line["Fees"])
            yield Row(order, instrument, fill, commission, fees, expected)


def test_six_years_of_trades_have_the_commission_we_expect() -> None:
    rows = list(_rows(ACCEPTED, shared_path("samples", "tastytrade", HISTORY)))
    assert len(rows) == 772
    assert {row.order for row in rows if not row.commission_agrees} == {FREE_ORDER}
    assert sum(not row.commission_agrees for row in rows) == 2


def test_six_years_of_trades_have_the_fees_we_expect_but_for_known_days() -> None:
    rows = list(_rows(ACCEPTED, shared_path("samples", "tastytrade", HISTORY)))
    differing = [row for row in rows if not row.fees_agree]
    # Two lone days lie a cent below the level of the days around them: a regulatory fee between 0.025 and 0.035 on the
    # first, and on the index options of October 2023, two months without another option trade.
    assert {row.fill.session_date for row in differing} == {
        date(2018, 8, 30),
        date(2023, 10, 20),
        date(2023, 10, 23),
    }
    assert len(differing) == 4
    assert all(abs(row.expected.total - row.expected.amount("commission") - row.fees) < Decimal("0.03") for row in rows)


def test_another_account_is_reproduced_row_by_row() -> None:
    rows = list(_rows(ACCEPTED, shared_path("samples", "tastytrade", "DarioAlonsoCerezo__TsllImportTest.csv")))
    assert len(rows) == 200
    assert all(row.commission_agrees and row.fees_agree for row in rows)


def test_options_on_futures_are_reproduced_row_by_row() -> None:
    rows = list(_rows(ACCEPTED, shared_path("samples", "tastytrade", "DarioAlonsoCerezo__FutureOptions.csv")))
    assert len(rows) == 17
    assert all(row.commission_agrees and row.fees_agree for row in rows)


def _legacy_fill(line: dict[str, str]) -> FeeFill:
    quantity, amount = decimal_from_text(line["Quantity"]), abs(decimal_from_text(line["Amount"]))
    # Local time of a customer in central Europe: six hours back is the day in New York.
    day = (datetime.strptime(line["Date/Time"], "%m/%d/%Y %I:%M %p") - timedelta(hours=6)).date()  # noqa: DTZ007
    if line["Strike"]:
        expiry = datetime.strptime(line["Expiration Date"], "%m/%d/%Y").date()  # noqa: DTZ007
        instrument = from_occ(occ_text(line["Symbol"], expiry, line["Call/Put"], decimal_from_text(line["Strike"])))
        price = decimal_from_text(line["Price"])
    else:
        instrument, price = from_tastytrade(line["Symbol"], "Equity"), amount / quantity
    assert instrument.fee_product is not None
    assert instrument.multiplier is not None
    return FeeFill(
        instrument.fee_product,
        line["Buy/Sell"].lower(),
        line["Open/Close"].lower(),
        quantity,
        price,
        instrument.multiplier,
        day,
        instrument.fee_root,
        "trade" if line["Transaction Code"] == "Trade" else "assignment",
    )


@pytest.mark.parametrize(
    ("name", "count"),
    [("avion23__legacy_raw_2021-05-27_part1.csv", 206), ("avion23__legacy_raw_2021-07-25_jan2021.csv", 30)],
)
def test_the_old_export_with_three_decimals_is_reproduced_exactly(name: str, count: int) -> None:
    with shared_path("samples", "tastytrade", name).open(newline="", encoding="utf-8-sig") as file:
        lines = [
            line
            for line in csv.DictReader(file)
            if re.fullmatch(r"(Buy|Sell) to (Open|Close)", line["Transaction Subcode"])
        ]
    assert len(lines) == count
    wrong = [
        line
        for line in lines
        if ACCEPTED.fees_for_leg([_legacy_fill(line)])[0].total != decimal_from_text(line["Fees"])
    ]
    # Only the two legs whose opening the broker did not charge.
    assert [(line["Date/Time"], line["Fees"]) for line in wrong] == [("08/20/2020 5:29 PM", "0.152")] * len(wrong)
    assert len(wrong) <= 2


def _components(fees: list[FillFees]) -> tuple[tuple[str, Decimal], ...]:
    total: dict[str, Decimal] = {}
    for fill in fees:
        for fee in fill.fees:
            total[fee.component] = add((total.get(fee.component, Decimal(0)), fee.amount))
    return tuple(sorted((name, amount) for name, amount in total.items() if amount))


@pytest.mark.parametrize(
    ("pair", "level", "start"), [("tk-tastytrade-covid", "0.0341", date(2020, 3, 2)), ("live-tastytrade", None, None)]
)
def test_every_unbroken_leg_of_a_recorded_pair_is_reproduced_component_by_component(
    pair: str, level: str | None, start: date | None
) -> None:
    folder = shared_path("runs", "pairs", pair)
    key = json.loads((folder / "key.json").read_bytes())
    schedule = ACCEPTED
    if level is not None and start is not None:
        row = FeeRate(
            "orf",
            "equity_option",
            Decimal(level),
            start,
            "I",
            "the pair's own",
            rounding=Rounding("half_up", 2, "fill"),
        )
        schedule = ACCEPTED.with_rates([row])
    legs: dict[tuple[str, str, str], list[FillFees]] = {}
    for fill in _rows(schedule, *sorted(folder.glob("*.csv"))):
        legs.setdefault((fill.order, fill.instrument.key, fill.fill.side), []).append(fill.expected)
    ours = Counter((symbol, _components(fees)) for (_, symbol, _), fees in legs.items())

    broken = {entry.get("lean_order") for entry in key["breaks"]}
    unbroken = [order for order in key["orders"] if order["lean_order"] not in broken]
    wanted = Counter(
        (
            order["symbol"],
            tuple(sorted((name, Decimal(amount)) for name, amount in order["components"].items() if Decimal(amount))),
        )
        for order in unbroken
    )
    assert len(unbroken) >= len(key["orders"]) - len(key["breaks"])
    assert wanted - ours == Counter()
