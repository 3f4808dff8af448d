"""tastytrade's fees, written a second time.

Holds: the charges of one statement row, from the broker's published rules.
Belongs here: as little as statements made for tests need.
Never here: anything of `tomking.kernel`: this is the opinion it is compared with.

Rules (facts on broker fees, 5.1, 5.4, 5.5): $1 per option contract to open, limited to $10 per leg of an order over all
its fills, closing free; clearing 0.10 per contract, 0.0008 per share; ORF half up to the cent per fill; SEC on sales, up
to the cent per fill; TAF on sales, half up to three decimals; $5 for delivered shares and for settlement in cash. Options on the SPX have no limit, no SEC
and 0.65 per contract for the index.
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

CENT, MILL = Decimal("0.01"), Decimal("0.001")
LIMIT = Decimal(10)
_SEC = (
    (dt.date(2018, 5, 22), "13.00"),
    (dt.date(2019, 4, 16), "20.70"),
    (dt.date(2020, 2, 18), "22.10"),
    (dt.date(2021, 2, 25), "5.10"),
    (dt.date(2025, 5, 14), "0"),
    (dt.date(2026, 4, 4), "20.60"),
)
_TAF = (
    (dt.date(2012, 7, 1), "0.00200", "0.000119"),
    (dt.date(2026, 1, 1), "0.00329", "0.000195"),
    (dt.date(2026, 10, 1), "0", "0"),
)
_ORF = ((dt.date(2018, 1, 1), "0.0388"), (dt.date(2020, 9, 1), "0.0360"), (dt.date(2026, 1, 1), "0.02"))
SETTLEMENT = Decimal(5)
_INDEX = Decimal("0.65")
NO_LIMIT = Decimal(10**6)
Components = dict[str, Decimal]


def scheduled_orf(day: dt.date) -> Decimal:
    """The level per contract that everybody knew that day."""
    return Decimal([amount for start, amount in _ORF if start <= day][-1])


def commissions(quantities: list[Decimal], *, rate: Decimal, limit: Decimal = LIMIT) -> list[Decimal]:
    """Per row of one leg in time order; the limit is used up cumulatively."""
    charged: list[Decimal] = []
    for quantity in quantities:
        charged.append(min(rate * quantity, limit - sum(charged, Decimal(0))))
    return charged


def other_fees(
    day: dt.date,
    *,
    option: bool,
    sells: bool,
    quantity: Decimal,
    price: Decimal,
    orf: Decimal,
    delivery: bool = False,
    index: bool = False,
) -> Components:
    """Everything of one row but the commission."""
    fees: Components = {}
    if option:
        fees["clearing"] = Decimal("0.10") * quantity
        fees["orf"] = (orf * quantity).quantize(CENT, ROUND_HALF_UP)
    elif delivery:
        fees["settlement"] = SETTLEMENT
    else:
        fees["clearing"] = (Decimal("0.0008") * quantity).quantize(MILL, ROUND_CEILING)
    if index:
        fees["index"] = _INDEX * quantity
    if sells:
        notional = quantity * price * (100 if option else 1)
        million = Decimal([amount for start, amount in _SEC if start <= day][-1])
        contract, share = [row[1:] for row in _TAF if row[0] <= day][-1]
        if not index:  # sales of options on a broad index are exempt
            fees["sec"] = (notional * million / 1_000_000).quantize(CENT, ROUND_CEILING)
        fees["taf"] = (Decimal(contract if option else share) * quantity).quantize(MILL, ROUND_HALF_UP)
    return {name: amount for name, amount in fees.items() if amount}
