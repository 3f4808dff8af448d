"""The legs of thinkorswim's fills: the trade history, and the sharing out of charges.

Holds: a leg, the history of a statement by the second, and a fill's row as one row per leg.
Belongs here: what the section of trades adds to the ledgers.
Never here: ledgers and balances (`thinkorswim_statement`).

A history has no numbers: a fill of a ledger is the group of legs of the same second that gives its quantity and price,
or, of several legs, its amount. The charges of a fill are shared out over its legs by contracts, in cents, so that they
add up.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from typing import Final, Literal

from pipelines.parsing.refusals import Refusal
from pipelines.parsing.schwab.thinkorswim_sections import TRADES, Section, Title, Traded, amount_of, clock_of, day_of
from pipelines.parsing.statements.csv_columns import CellError, plain
from pipelines.parsing.statements.rows import Charge, StatementRow
from tomking.kernel.instruments import Instrument, SymbolError, from_thinkorswim, from_thinkorswim_description

_CENT: Final = Decimal("0.01")
_WEEKLYS: Final = "(Weeklys)"
_EFFECTS: Final[dict[str, Literal["open", "close"]]] = {"TO OPEN": "open", "TO CLOSE": "close"}
_OPTIONS: Final = frozenset({"CALL", "PUT"})
_OPTION_TEXT = re.compile(r".* (?:CALL|PUT)")


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a fill in the trade history. Quantity signed."""

    line: int
    quantity: Decimal
    effect: Literal["open", "close"] | None
    price: Decimal
    symbol: str
    instrument: Instrument
    raw: dict[str, str]

    @property
    def value(self) -> Decimal | None:
        """What the leg earned; None where the multiplier is not known."""
        size = self.instrument.multiplier
        return None if size is None else -self.quantity * self.price * size


def moment_of(text: str) -> dt.datetime:
    """`4/26/22 21:44:57`, in the zone of the statement. Raises: CellError."""
    day, _, clock = text.strip().partition(" ")
    return dt.datetime.combine(day_of(day), clock_of(clock))


class History:
    """The fills of the trade history by the second, each with its legs; every group is used once."""

    def __init__(self, tables: Iterable[Section], title: Title) -> None:
        self.refusals: list[Refusal] = []
        self._groups: defaultdict[dt.datetime, list[list[Leg]]] = defaultdict(list)
        for table in tables:
            if table.title == TRADES:
                self._read(table, title)

    def _read(self, table: Section, title: Title) -> None:
        legs: list[Leg] | None = None
        for record in table.rows:
            cells = table.cells(record)
            text = cells.get("Exec Time", "")
            try:
                leg = _leg(record.line, cells, title)
                if text:
                    legs = []
                    self._groups[moment_of(text)].append(legs)
            except SymbolError:
                # The fill is told by its ledger alone, where that names it.
                legs = None
            except CellError as error:
                legs = None
                self.refusals.append(Refusal(f"{TRADES}: {error}", record.line, "Exec Time", text))
            else:
                if legs is not None:
                    legs.append(leg)

    def legs_of(self, told: Traded, moment: dt.datetime, amount: Decimal, occurred_at: dt.datetime) -> list[Leg]:
        """The legs of a fill; without a group of legs the description's own, where it names one instrument.

        Empty where neither is there.
        """
        groups = self._groups.get(moment, [])
        single = instrument_of(told.what, occurred_at)
        for place, legs in enumerate(groups):
            if single is None and _adds_up_to(legs, amount):
                return [_in_series(leg, told.what) for leg in groups.pop(place)]
            if single is not None and len(legs) == 1 and _is(legs[0], told, single):
                (leg,) = groups.pop(place)
                return [replace(leg, instrument=single)]
        return [] if single is None else [Leg(0, told.quantity, None, told.price, told.what, single, {})]


def _is(leg: Leg, told: Traded, single: Instrument) -> bool:
    if (leg.quantity, leg.price) != (told.quantity, told.price):
        return False
    named = leg.instrument
    if single.is_option:
        return (named.expiry, named.call_put, named.strike) == (single.expiry, single.call_put, single.strike)
    return named.key == single.key


def _adds_up_to(legs: Sequence[Leg], amount: Decimal) -> bool:
    values = [leg.value for leg in legs]
    known = [value for value in values if value is not None]
    return len(known) == len(values) and sum(known, Decimal(0)) == amount


def _in_series(leg: Leg, what: str) -> Leg:
    """The leg in the series that the description names: an index's weeklies have a root of their own."""
    if _WEEKLYS not in what or leg.raw.get("Type") not in _OPTIONS or leg.raw["Symbol"].startswith("/"):
        return leg
    return replace(leg, instrument=from_thinkorswim_description(_option_text(leg.raw, _WEEKLYS)))


def legged(whole: StatementRow, legs: Sequence[Leg]) -> list[StatementRow]:
    """A fill's row as one row per leg; the charges are shared out by contracts."""
    contracts = [abs(leg.quantity) for leg in legs]
    shares = {charge.name: _shared(charge.amount, contracts) for charge in whole.charges}
    rows = []
    for place, leg in enumerate(legs):
        charges = tuple(
            replace(charge, amount=shares[charge.name][place], text=plain(shares[charge.name][place]))
            for charge in whole.charges
        )
        value = whole.value if len(legs) == 1 else (leg.value or Decimal(0))
        rows.append(
            replace(
                whole,
                side="buy" if leg.quantity > 0 else "sell",
                effect=leg.effect,
                action=leg.raw.get("Pos Effect"),
                symbol=leg.symbol,
                instrument_key=leg.instrument.key,
                instrument_type=leg.instrument.security_type,
                underlying=leg.instrument.underlying,
                quantity=abs(leg.quantity),
                price=leg.price,
                price_text=plain(leg.price) if leg.price >= 0 else None,
                price_exact=None if leg.value is None or not value else abs(leg.value - value) <= _CENT / 2,
                multiplier=leg.instrument.multiplier,
                value=value,
                commission=_part(charges, "Commissions & Fees", whole.commission),
                fees=_part(charges, "Misc Fees", whole.fees),
                raw={**whole.raw, **{f"trade {name.lower()}": cell for name, cell in leg.raw.items()}},
                charges=charges,
            )
        )
    return rows


def _part(charges: Iterable[Charge], name: str, whole: Decimal | None) -> Decimal | None:
    return next((charge.amount for charge in charges if charge.name == name), whole)


def _shared(amount: Decimal, contracts: Sequence[Decimal]) -> list[Decimal]:
    """An amount in cents over legs by contracts: cut down to the cent, what is left to the first legs."""
    whole, sign = sum(contracts, Decimal(0)), (-1 if amount < 0 else 1)
    parts = [(abs(amount) * size / whole).quantize(_CENT, ROUND_FLOOR) for size in contracts]
    left = abs(amount) - sum(parts, Decimal(0))
    for place in range(len(parts)):
        step = min(left, _CENT) if place < len(parts) - 1 else left
        parts[place] += step
        left -= step
    return [sign * part for part in parts]


def instrument_of(text: str, occurred_at: dt.datetime) -> Instrument | None:
    """The one instrument that a text names; None for a strategy, or for what has no meaning to us."""
    words = text.split()
    try:
        if _OPTION_TEXT.fullmatch(text) and len(words) > 1:
            return from_thinkorswim_description(text)
        if len(words) == 1:
            return from_thinkorswim(text, traded_on=occurred_at.date())
    except SymbolError:
        return None
    return None


def _leg(line: int, cells: dict[str, str], title: Title) -> Leg:
    quantity, price = amount_of(cells.get("Qty", "")), amount_of(cells.get("Price", ""))
    if not quantity or price is None:
        raise CellError("a leg without quantity or price")
    symbol = cells.get("Symbol", "")
    if cells.get("Type", "") in _OPTIONS:
        symbol = _option_text(cells)
        instrument = from_thinkorswim_description(symbol)
    else:
        instrument = from_thinkorswim(symbol, traded_on=title.last)
    return Leg(line, quantity, _EFFECTS.get(cells.get("Pos Effect", "")), price, symbol, instrument, dict(cells))


def _option_text(cells: dict[str, str], series: str = "") -> str:
    """The option of a leg as a description words it; one on a future has its series where others have their day."""
    symbol = cells.get("Symbol", "")
    size = "" if symbol.startswith("/") else "100"
    words = (symbol, size, series, cells.get("Exp", ""), cells.get("Strike", ""), cells.get("Type", ""))
    return " ".join(word for word in words if word)
