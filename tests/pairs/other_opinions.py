"""Interactive Brokers' and Schwab's fees, written a second time.

Holds: what the rows of one order leg are charged, from the brokers' published rules.
Belongs here: as little as statements made for tests need: options on shares and funds, and delivered shares, from
December 2019 to the end of 2022.
Never here: anything of `tomking.kernel`: this is the opinion it is compared with.

Interactive Brokers: 0.65, 0.50 or 0.25 a contract for premiums from 0.10, from 0.05 and below; at least a dollar an
order, topped up by its first execution and used up by the next; the clearing house's 0.05 (0.055 from 2020, 0.02 from
2022, at most 55 an execution), a regulatory fee of 0.0382, SEC and TAF on sales; nothing is rounded. Schwab: 0.65 a
contract, free to buy back at five cents or less; a regulatory fee of 0.0388 from 2019-12-03, SEC and TAF on sales, each
to the nearest cent on every record. Both take SEC and TAF alone from delivered shares.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
_SEC = ((dt.date(2019, 4, 16), "20.70"), (dt.date(2020, 2, 18), "22.10"), (dt.date(2021, 2, 25), "5.10"))
_CLEARING = ((dt.date(2019, 1, 1), "0.05"), (dt.date(2020, 1, 1), "0.055"), (dt.date(2022, 1, 1), "0.02"))
_SHARE, _CONTRACT = Decimal("0.000119"), Decimal("0.002")
Execution = tuple[Decimal, Decimal]
"""Unsigned quantity and price."""
Parts = dict[str, Decimal]


def _on(day: dt.date, rates: Sequence[tuple[dt.date, str]]) -> Decimal:
    return Decimal([amount for start, amount in rates if start <= day][-1])


def _sale(day: dt.date, quantity: Decimal, price: Decimal, *, unit: int) -> Parts:
    notional = quantity * price * unit
    taf = min(_SHARE * quantity, Decimal("5.95")) if unit == 1 else _CONTRACT * quantity
    return {"sec": notional * _on(day, _SEC) / 1_000_000, "taf": taf}


ORF_IBKR, ORF_SCHWAB = Decimal("0.0382"), Decimal("0.0388")


def ibkr_option(
    day: dt.date, executions: Sequence[Execution], *, sells: bool, rate: Decimal | None = None, orf: Decimal = ORF_IBKR
) -> list[Parts]:
    """The parts of every execution of an order in one contract, in time order; `rate` instead of the tiers."""
    found: list[Parts] = []
    earned = taken = Decimal(0)
    for quantity, price in executions:
        tier = (
            Decimal("0.65")
            if price >= Decimal("0.10")
            else Decimal("0.50")
            if price >= Decimal("0.05")
            else Decimal("0.25")
        )
        earned += quantity * (tier if rate is None else rate)
        due = max(earned, Decimal(1))
        parts = {"commission": due - taken, "clearing": min(_on(day, _CLEARING) * quantity, Decimal(55))}
        taken = due
        parts["orf"] = orf * quantity
        if sells:
            parts |= _sale(day, quantity, price, unit=100)
        found.append(parts)
    return found


def schwab_option(
    day: dt.date,
    quantity: Decimal,
    price: Decimal,
    *,
    sells: bool,
    closes: bool,
    rate: Decimal | None = None,
    orf: Decimal = ORF_SCHWAB,
) -> Parts:
    """The parts of one record."""
    free = closes and not sells and price <= Decimal("0.05")
    each = Decimal(0) if free else Decimal("0.65")
    level = orf if day >= dt.date(2019, 12, 3) else Decimal(0)
    parts = {"commission": (each if rate is None else rate) * quantity, "orf": level * quantity}
    if sells:
        parts |= _sale(day, quantity, price, unit=100)
    return {name: amount.quantize(CENT, ROUND_HALF_UP) for name, amount in parts.items()}


def delivered(day: dt.date, quantity: Decimal, price: Decimal, *, sells: bool, to_the_cent: bool) -> Parts:
    """The parts of shares that an assignment or exercise moved."""
    parts = _sale(day, quantity, price, unit=1) if sells else {}
    return {name: amount.quantize(CENT, ROUND_HALF_UP) if to_the_cent else amount for name, amount in parts.items()}
