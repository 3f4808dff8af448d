"""tastytrade's transaction history as its web site exports it.

Holds: the columns, texts and roundings of the CSV with 20 and with 21 columns.
Belongs here: how a booking is printed.
Never here: what is booked.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from tests.pairs.booking import BrokerLeg, Row
from tests.pairs.lean_record import NEW_YORK, LeanLeg

HEADER = (
    *("Date", "Type", "Sub Type", "Action", "Symbol", "Instrument Type", "Description", "Value", "Quantity"),
    *("Average Price", "Commissions", "Fees", "Multiplier", "Root Symbol", "Underlying Symbol", "Expiration Date"),
    *("Strike Price", "Call or Put", "Order #", "Total", "Currency"),
)
CENT = Decimal("0.01")
_CLOSE_OF_DAY = dt.time(17)


@dataclass(frozen=True)
class Line:
    """A printed row but for its date; `only_in` as on `Row`."""

    when: dt.datetime
    cells: tuple[str, ...]
    only_in: int | None = None

    @property
    def day(self) -> dt.date:
        """In New York."""
        return self.when.astimezone(NEW_YORK).date()


def trade_line(leg: BrokerLeg, row: Row) -> Line:
    """A fill."""
    verb = "Bought" if leg.side == "buy" else "Sold"
    unit = 100 if leg.is_option else 1
    turned = -1 if row.takes_back else 1
    value = row.quantity * row.price * unit * (-1 if leg.side == "buy" else 1) * turned
    sub_type = f"{leg.side.title()} to {leg.effect.title()}"
    name = _worded(leg.symbol) if leg.is_option else leg.symbol
    return _line(
        row.when,
        ("Trade", sub_type, sub_type.upper().replace(" ", "_"), leg.symbol, _type(leg.symbol)),
        f"{'Reversal: ' if row.takes_back else ''}{verb} {_plain(row.quantity)} {name} @ {row.price:,.2f}",
        value,
        quantity=row.quantity,
        commission=row.commission * turned,
        fees=sum(row.fees.values(), Decimal(0)) * turned,
        order=leg.number,
        only_in=row.only_in,
    )


def removal_line(leg: LeanLeg, quantity: Decimal) -> Line:
    """An option that expired, was assigned or exercised."""
    side = "BUY" if leg.quantity > 0 else "SELL"
    return _line(
        end_of_day(leg.session),
        ("Receive Deliver", leg.kind.title(), f"{side}_TO_CLOSE", leg.symbol, _type(leg.symbol)),
        f"Removal of {quantity:.1f} {_worded(leg.symbol)} due to {leg.kind}.",
        Decimal(0),
        quantity=quantity,
        commission=None,
        fees=Decimal(0),
    )


def settlement_line(leg: LeanLeg, level: Decimal, fees: Decimal, day: dt.date) -> Line:
    """The cash of an index option."""
    side = "BUY" if leg.quantity > 0 else "SELL"
    strike = Decimal(leg.symbol[13:]) / 1000
    value = abs(level - strike) * 100 * -leg.quantity
    return _line(
        end_of_day(day),
        ("Receive Deliver", f"Cash Settled {leg.kind.title()}", f"{side}_TO_CLOSE", leg.symbol, _type(leg.symbol)),
        f"Cash settlement of {_worded(leg.symbol)} at {level}",
        value,
        quantity=abs(leg.quantity),
        commission=Decimal(0),
        fees=fees,
    )


def delivery_line(leg: LeanLeg, fees: Decimal) -> Line:
    """Shares that an assignment or exercise moved."""
    sub_type = f"{leg.side.title()} to {leg.effect.title()}"
    quantity = abs(leg.quantity)
    return _line(
        end_of_day(leg.session),
        ("Receive Deliver", sub_type, sub_type.upper().replace(" ", "_"), leg.symbol, "Equity"),
        f"{sub_type} {_plain(quantity)} {leg.symbol} @ {leg.price:,.2f}",
        -leg.quantity * leg.price,
        quantity=quantity,
        commission=Decimal(0),
        fees=fees,
    )


def money_line(when: dt.datetime, sub_type: str, description: str, amount: Decimal) -> Line:
    """A row of the account."""
    return _line(when, ("Money Movement", sub_type, "", "", ""), description, amount, quantity=Decimal(0))


def end_of_day(day: dt.date) -> dt.datetime:
    """When positions end."""
    return dt.datetime.combine(day, _CLOSE_OF_DAY, NEW_YORK)


def write_export(lines: Iterable[Line], *, columns: int, zone: ZoneInfo) -> str:
    """An export, newest row first, in the zone of whoever downloads it; 20 columns are those without the total."""
    kept = [at for at, name in enumerate(HEADER) if columns == len(HEADER) or name != "Total"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([HEADER[at] for at in kept])
    for line in sorted(lines, key=lambda line: line.when, reverse=True):
        stamp = line.when.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S%z")
        writer.writerow([stamp, *(line.cells[at] for at in kept[1:])])
    return text.getvalue()


def _line(
    when: dt.datetime,
    head: Sequence[str],
    description: str,
    value: Decimal,
    *,
    quantity: Decimal,
    commission: Decimal | None = None,
    fees: Decimal = Decimal(0),
    order: str = "",
    only_in: int | None = None,
) -> Line:
    symbol = head[3]
    total = value - (commission or 0) - fees
    average = _money(value / quantity) if quantity else ""
    cells = (
        "",
        *head,
        description,
        _money(value),
        _plain(quantity),
        average,
        "--" if commission is None else _money(-commission),
        _money(-fees),
        *(_contract(symbol) if len(symbol) == 21 else ("",) * 6),
        order,
        _money(total),
        "USD",
    )
    return Line(when, cells, only_in)


def _contract(symbol: str) -> tuple[str, ...]:
    root, month, day = symbol[:6].strip(), int(symbol[8:10]), symbol[10:12]
    strike = Decimal(symbol[13:]) / 1000
    return (
        "100",
        root,
        root,
        f"{month}/{day}/{symbol[6:8]}",
        _plain(strike),
        "CALL" if symbol[12] == "C" else "PUT",
    )


def _worded(symbol: str) -> str:
    kind = "Call" if symbol[12] == "C" else "Put"
    strike = Decimal(symbol[13:]) / 1000
    return f"{symbol[:6].strip()} {symbol[8:10]}/{symbol[10:12]}/{symbol[6:8]} {kind} {strike:.2f}"


def _type(symbol: str) -> str:
    return "Equity Option" if len(symbol) == 21 else "Equity"


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


def _money(amount: Decimal) -> str:
    # Adding zero turns minus nothing into nothing.
    return f"{amount.quantize(CENT, ROUND_HALF_UP) + 0:,.2f}"
