"""TD Ameritrade's online prices, historical: the accounts moved to Schwab.

Holds: what the broker charged and passed on from October 2019 on, and the day from which it charges nothing any more.
Belongs here: published prices and levels the broker's own rows prove.
Never here: prices of Schwab, under which the same accounts trade today.

Every fee is rounded to the nearest cent on each record ("natural rounding": 0.004 is 0.00, 0.016 is 0.02), as the
notice printed on the broker's statements says and its sales show.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from tomking.kernel.schedules.rates import FeeRate
from tomking.kernel.schedules.regulators import OFFICIAL_RATES
from tomking.kernel.schedules.schwab import NEAREST_CENT, passed_on

FIRST_DAY: Final = date(2019, 10, 3)
"""The day the ticket charges ended; what was charged before is not certain (`PROPOSED_RATES`)."""
MOVED: Final = date(2024, 5, 13)
"""The first session after the last accounts had moved to Schwab."""

_OPTIONS_FROM: Final = date(2023, 1, 1)
"""The year of the one row that shows what was passed on for options."""
_PRICES: Final = "broker's price list of August 2021"


def _rates() -> Iterator[FeeRate]:
    yield FeeRate("commission", "equity", Decimal(0), FIRST_DAY, "P", _PRICES, basis="per_order")
    for product in ("equity_option", "index_option"):
        yield FeeRate(
            "commission", product, Decimal("0.65"), FIRST_DAY, "V", _PRICES + "; 1.95 for three contracts in 2023"
        )
        yield FeeRate(
            "orf",
            product,
            Decimal("0.0100"),
            _OPTIONS_FROM,
            "I",
            "three contracts of 2023: 0.03 of the 0.04 in the column of regulatory fees",
            rounding=NEAREST_CENT,
        )
        yield FeeRate(
            "settlement",
            product,
            Decimal(0),
            FIRST_DAY,
            "P",
            _PRICES,
            basis="per_event",
            events=("assignment", "exercise", "expiration", "cash_settlement"),
        )
    # Single-listed indices paid their exchange's fee; other levels than this one are not known.
    yield FeeRate(
        "index",
        "index_option",
        Decimal("0.18"),
        FIRST_DAY,
        "P",
        "the exchange's customer fee on its older list",
        root="RUT",
    )
    yield from passed_on(FIRST_DAY, products=("equity",))
    # Without a level of the exchanges' fee an option has no price before.
    yield from passed_on(_OPTIONS_FROM, products=("equity_option", "index_option"))
    yield from _futures()


def _futures() -> Iterator[FeeRate]:
    seen = "103 options on NQ of 2022-04-26: 2.25 and 0.56 a contract"
    for product in ("future", "future_option"):
        yield FeeRate("commission", product, Decimal("2.25"), FIRST_DAY, "V", seen)
        yield FeeRate("nfa", product, Decimal("0.02"), FIRST_DAY, "P", "NFA assessment of 2018-01-01")
    yield FeeRate(
        "exchange",
        "future_option",
        Decimal("0.54"),
        date(2022, 4, 26),
        "I",
        seen + ", less the NFA's 0.02",
        root="NQ*",
    )


RATES: Final[tuple[FeeRate, ...]] = (*_rates(), *OFFICIAL_RATES)
"""The accepted rows of the online plan, with the regulators' own series beside them."""

PROPOSED_RATES: Final[tuple[FeeRate, ...]] = (
    FeeRate("commission", "equity", Decimal("6.95"), date(2018, 1, 1), "U", "general knowledge", basis="per_order"),
    FeeRate(
        "commission",
        "equity_option",
        Decimal("0.75"),
        date(2018, 1, 1),
        "U",
        "general knowledge",
        order_amount=Decimal("6.95"),
    ),
)
"""Outside the accepted schedule; add them with `FeeSchedule.with_rates`."""
