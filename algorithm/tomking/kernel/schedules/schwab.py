"""Charles Schwab's online prices: dated rows per product and component.

Holds: what the broker charges, what it passes on, and how it rounds.
Belongs here: published prices and levels the broker's own rows prove.
Never here: prices of orders by telephone, of bonds and funds; levels nobody printed (see `PROPOSED_RATES`).

Every component is rounded to the nearest cent on each record, and a record is one leg of an order at one price: four
contracts pay 2.60 + 0.04 + 0.01. Until October 2019 an order paid a ticket charge. Deliveries pay nothing since then
but what the regulators take from sales. An index option also pays its exchange's fee, which is known for few roots.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from tomking.kernel.money import Rounding
from tomking.kernel.schedules.rates import Evidence, FeeRate
from tomking.kernel.schedules.regulators import OFFICIAL_RATES

FIRST_DAY: Final = date(2017, 2, 22)
"""The first row of a statement that was seen."""
TICKETS_END: Final = date(2019, 10, 7)
"""No ticket charges from this day on (announced by the broker on 2019-10-01)."""
NEAREST_CENT: Final = Rounding("half_up", 2, "fill")

_OPTIONS: Final = ("equity_option", "index_option")
_DELIVERY: Final = ("assignment", "exercise")
_ANNOUNCED: Final = "broker's announcement of 2019-10-01"
_ABOVE_FIVE_CENTS: Final = Decimal("0.050001")
"""The lowest price that is not "five cents or less"."""


def _shares() -> Iterator[FeeRate]:
    for start, amount, evidence, source in (
        (FIRST_DAY, "6.95", "V", "purchase of 2017-02-22"),
        (date(2018, 1, 2), "4.95", "V", "purchase of 2018-01-02; the day of the cut before it is not known"),
        (TICKETS_END, "0", "P", _ANNOUNCED + "; rows of 2023 to 2025 agree"),
    ):
        known: Evidence = "V" if evidence == "V" else "P"
        yield FeeRate("commission", "equity", Decimal(amount), start, known, source, basis="per_order")
    for start, amount, source in (
        (FIRST_DAY, "3.95", "both shares delivered in a statement of 2018: 3.95, and SEC on the sale"),
        (TICKETS_END, "0", "delivered shares of June and July 2025: nothing, and TAF on the sale"),
    ):
        yield FeeRate("commission", "equity", Decimal(amount), start, "V", source, basis="per_event", events=_DELIVERY)


def _options() -> Iterator[FeeRate]:
    for product in _OPTIONS:
        # Apart by side and effect, because closing a short option for a few cents is free.
        for side, effect in ((None, "open"), ("sell", "close"), ("buy", "close")):
            yield FeeRate(
                "commission",
                product,
                Decimal("0.65"),
                date(2018, 1, 2),
                "V",
                "rows of November and December 2018: 5.60 for one contract",
                side=side,
                effect=effect,
                order_amount=Decimal("4.95"),
            )
            yield FeeRate(
                "commission",
                product,
                Decimal("0.65") if side != "buy" else Decimal(0),
                TICKETS_END,
                "P",
                _ANNOUNCED if side != "buy" else "buying to close at 0.05 or less is free of commission",
                side=side,
                effect=effect,
            )
        yield FeeRate(
            "commission",
            product,
            Decimal("0.65"),
            TICKETS_END,
            "P",
            _ANNOUNCED + "; rows of 2024 and 2025 agree",
            side="buy",
            effect="close",
            from_price=_ABOVE_FIVE_CENTS,
        )
        yield FeeRate(
            "settlement",
            product,
            Decimal(0),
            FIRST_DAY,
            "V",
            "expired, assigned and exercised options carry no charge",
            basis="per_event",
            events=("assignment", "exercise", "expiration", "cash_settlement"),
        )
    # Any other index is unknown, which is not the same as free.
    yield FeeRate(
        "index",
        "index_option",
        Decimal("0.18"),
        date(2019, 10, 7),
        "P",
        "the exchange's customer fee, on its older list and on that of September 2026",
        root="RUT",
    )


# The options regulatory fee passed on, both sides. Rounding leaves an interval for each level, not a point.
_ORF: Final[tuple[tuple[date, str, Evidence, str], ...]] = (
    (date(2018, 1, 2), "0", "V", "rows of November and December 2018 carry none"),
    (date(2019, 12, 3), "0.0388", "P", "legs of one and two contracts to June 2020: 0.04 and 0.08"),
    (date(2024, 2, 16), "0.0120", "I", "rows to 2025-01 allow 0.0050 to 0.0150, that of 2025-06-12 0.0115 to 0.0125"),
    (date(2025, 7, 2), "0.0100", "I", "rows of July and August 2025 allow 0.0090 to 0.0110"),
)


def _orf() -> Iterator[FeeRate]:
    for start, amount, evidence, source in _ORF:
        for product in _OPTIONS:
            yield FeeRate("orf", product, Decimal(amount), start, evidence, source, rounding=NEAREST_CENT)


def passed_on(first_day: date, *, products: tuple[str, ...]) -> Iterator[FeeRate]:
    """SEC and TAF from `first_day` on as the regulators charge them, each to the nearest cent."""
    before: dict[tuple[str, str], date] = {}
    for row in OFFICIAL_RATES:
        if row.effective_from <= first_day:
            before[row.component, row.product] = row.effective_from
    for row in OFFICIAL_RATES:
        if row.product in products and row.effective_from >= before.get((row.component, row.product), first_day):
            start = max(row.effective_from, first_day)
            yield replace(row, series="pass_through", effective_from=start, rounding=NEAREST_CENT)


def _regulatory() -> Iterator[FeeRate]:
    for row in passed_on(FIRST_DAY, products=("equity", *_OPTIONS)):
        if (row.component, row.product) != ("taf", "equity"):
            yield row
            continue
        yield replace(row, events=("trade",))
        if row.effective_from >= TICKETS_END:
            yield replace(row, events=_DELIVERY)
    yield from _taf_of_deliveries()


def _taf_of_deliveries() -> Iterator[FeeRate]:
    for start, like, source in (
        (FIRST_DAY, Decimal(0), "the delivered sale in a statement of 2018 paid SEC alone"),
        (TICKETS_END, Decimal("0.000119"), "delivered sale of July 2025: 0.08 for 500 shares"),
    ):
        yield FeeRate(
            "taf",
            "equity",
            like,
            start,
            "I",
            source,
            side="sell",
            events=_DELIVERY,
            cap=Decimal("5.95"),
            cap_scope="fill",
            rounding=NEAREST_CENT,
        )


def _futures() -> Iterator[FeeRate]:
    seen = "ES options of January 2025: 2.25, 0.55 and 0.02"
    for product in ("future", "future_option"):
        yield FeeRate("commission", product, Decimal("2.25"), date(2024, 5, 13), "V", seen)
        for start, amount, source in (
            (date(2018, 1, 1), "0.02", "NFA assessment of 2018-01-01; " + seen),
            (date(2026, 7, 1), "0.01", "NFA assessment of 2026-07-01"),
        ):
            yield FeeRate("nfa", product, Decimal(amount), start, "P", source)
    yield FeeRate("exchange", "future_option", Decimal("0.55"), date(2025, 1, 1), "V", seen, root="ES*")
    yield FeeRate("exchange", "future", Decimal("1.38"), date(2026, 1, 1), "P", "exchange's present level", root="ES")
    yield FeeRate(
        "settlement",
        "future_option",
        Decimal(0),
        date(2024, 5, 13),
        "P",
        "exercise, assignment and expiry are free",
        basis="per_event",
        events=("assignment", "exercise", "expiration"),
    )


RATES: Final[tuple[FeeRate, ...]] = (
    *_shares(),
    *_options(),
    *_orf(),
    *_regulatory(),
    *_futures(),
    *OFFICIAL_RATES,
)
"""The accepted rows of the online plan, with the regulators' own series beside them."""


def _proposed() -> Iterator[FeeRate]:
    # Full prices per contract of another broker's model in LEAN, which passes the same exchanges' fees on.
    for root, amount in (("SPX", "0.66"), ("VIX", "0.45"), ("NDX", "0.50"), ("XSP", "0"), ("DJX", "0.18")):
        yield FeeRate(
            "index", "index_option", Decimal(amount), date(2026, 1, 1), "S", "fee model of another broker in LEAN",
            root=root, rounding=NEAREST_CENT,
        )  # fmt: skip


PROPOSED_RATES: Final[tuple[FeeRate, ...]] = tuple(_proposed())
"""Outside the accepted schedule; add them with `FeeSchedule.with_rates`."""
