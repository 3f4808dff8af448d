"""Interactive Brokers in the United States, plans "fixed", "tiered" and "lite": dated rows per product and component.

Holds: commissions with their minimums, limits and tiers, and what the broker passes on.
Belongs here: published prices and levels the broker's own statement rows prove.
Never here: exchange fees and rebates of options and tiered shares (they depend on the venue and the order's role; the
statement's unbundled details have them); prices outside of the United States.

Nothing is rounded. The minimum of an order is topped up on its first execution and used up by the next ones; the limit
of one per cent of the value beats the minimum of shares. All plans price options and futures alike. Options delivered,
exercised or expired cost nothing, options on futures are charged as if traded when they are exercised or assigned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from tomking.kernel.schedules.rates import Evidence, FeeRate
from tomking.kernel.schedules.regulators import OFFICIAL_RATES

FIRST_DAY: Final = date(2018, 1, 1)
"""Earlier days have no rows: no statement row and no page of them was seen."""

_OPTIONS: Final = ("equity_option", "index_option")
_FUTURES: Final = ("future", "micro_future", "future_option", "micro_future_option")
_TRADE: Final = ("trade",)
_DELIVERY: Final = ("assignment", "exercise")
_PAGE: Final = "broker's commissions page"

# (first day, price of the highest premium tier, where that is from). The other tiers are the same on both pages.
_OPTION_PRICES: Final[tuple[tuple[date, str, Evidence, str], ...]] = (
    (FIRST_DAY, "0.70", "V", "0.40 left of the 1.00 minimum on a second execution, 2019-02-04"),
    (date(2019, 12, 1), "0.65", "P", f"{_PAGE}; the day it replaced 0.70 (still on 2019-02-04) is not known"),
)
# Contracts in the month before the fill -> price from a premium of (0, 0.05, 0.10) dollars on.
_OPTION_VOLUMES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("10000", ("0.25", "0.50", "0.50")),
    ("50000", ("0.25",)),
    ("100000", ("0.15",)),
)
_PREMIUMS: Final = (None, Decimal("0.05"), Decimal("0.10"))


def _option_commissions() -> Iterator[FeeRate]:
    for product in _OPTIONS:
        for start, highest, evidence, source in _OPTION_PRICES:
            for premium, amount in zip(_PREMIUMS, ("0.25", "0.50", highest), strict=True):
                if amount == highest or start == FIRST_DAY:
                    yield FeeRate(
                        "commission",
                        product,
                        Decimal(amount),
                        start,
                        evidence if amount == highest else "P",
                        source if amount == highest else _PAGE,
                        minimum=Decimal(1),
                        from_price=premium,
                    )
        for volume, amounts in _OPTION_VOLUMES:
            for premium, amount in zip(_PREMIUMS, amounts, strict=False):
                yield FeeRate(
                    "commission",
                    product,
                    Decimal(amount),
                    FIRST_DAY,
                    "P",
                    _PAGE,
                    minimum=Decimal(1),
                    from_price=premium,
                    from_volume=Decimal(volume),
                )
        yield FeeRate(
            "settlement",
            product,
            Decimal(0),
            FIRST_DAY,
            "V",
            "book trades of 2025 cost nothing",
            basis="per_event",
            events=("assignment", "exercise", "expiration", "cash_settlement"),
        )


# The clearing house's fee per contract, passed on as it is. Levels whose day is not known stand in PROPOSED_RATES.
_OCC: Final[tuple[tuple[date, str, str | None, Evidence, str], ...]] = (
    (FIRST_DAY, "0.05", "55", "V", "confirmations of February 2019"),
    (date(2020, 1, 1), "0.055", "55", "P", "clearing house's schedule of fees, January 2020"),
    (date(2022, 1, 1), "0.02", "55", "P", "clearing house's schedule of fees, 2022"),
    (date(2025, 2, 14), "0.025", None, "V", "Federal Register 2025-02944; option rows of April to August 2025"),
    (date(2025, 12, 1), "0", None, "V", "fee holiday, Federal Register 2025-21775; option rows of December 2025"),
    (date(2026, 1, 1), "0.025", None, "P", "the holiday ends with 2025"),
)

# The broker's blend of what the options exchanges charge. 2025: the same within each month of a real account's rows.
_ORF: Final[tuple[tuple[date, str, Evidence, str], ...]] = (
    (FIRST_DAY, "0.0382", "V", "confirmations of February 2019"),
    (date(2023, 1, 1), "0.02685", "P", "broker's page, 2023 and 2024"),
    (date(2025, 2, 1), "0.02675", "V", "option rows of February 2025"),
    (date(2025, 3, 1), "0.02815", "P", "broker's page and option rows of March 2025"),
    (date(2025, 4, 1), "0.02875", "V", "option rows of April 2025"),
    (date(2025, 5, 1), "0.02945", "V", "option rows of May and June 2025"),
    (date(2025, 7, 1), "0.02645", "V", "option rows of July 2025"),
    (date(2025, 8, 1), "0.02425", "V", "option rows of August 2025"),
    (date(2025, 9, 1), "0.02345", "V", "option rows of September 2025"),
    (date(2025, 10, 1), "0.0187", "V", "option rows of October 2025"),
    (date(2025, 12, 1), "0.0141", "V", "option rows of December 2025"),
)

# Consolidated audit trail per share executed on an exchange; an option contract counts as a hundred shares.
_CAT: Final[tuple[tuple[date, str, Evidence, str], ...]] = (
    (FIRST_DAY, "0", "P", "no fee before the first invoice of 2024"),
    (date(2024, 9, 1), "0.000035", "V", "fee 2024-1, passed on until June 2025"),
    (date(2025, 7, 1), "0.000022", "V", "fees 2025-2 and Historical 1"),
    (date(2025, 12, 1), "0", "V", "none after the invoice of December 2025"),
    (date(2026, 5, 1), "0.000003", "P", "fees 2026-1 and Historical 1A"),
)


# What the regulators charged on the first day began earlier.
_BEFORE_FIRST: Final = {
    (row.component, row.product): row.effective_from for row in OFFICIAL_RATES if row.effective_from <= FIRST_DAY
}


def _passed_on() -> Iterator[FeeRate]:
    for product in _OPTIONS:
        for start, amount, limit, evidence, source in _OCC:
            cap = None if limit is None else Decimal(limit)
            yield FeeRate("clearing", product, Decimal(amount), start, evidence, source, cap=cap, cap_scope="fill")
        for start, amount, evidence, source in _ORF:
            yield FeeRate("orf", product, Decimal(amount), start, evidence, source)
        for start, amount, evidence, source in _CAT:
            yield FeeRate("cat", product, Decimal(amount) * 100, start, evidence, source)
    for start, amount, evidence, source in _CAT:
        yield FeeRate("cat", "equity", Decimal(amount), start, evidence, source)
    # Section 31 and TAF from the regulators' own days, unrounded.
    for row in OFFICIAL_RATES:
        if row.evidence in ("V", "P") and row.effective_from >= _BEFORE_FIRST[row.component, row.product]:
            yield replace(row, series="pass_through", effective_from=max(row.effective_from, FIRST_DAY))
    yield FeeRate(
        "index",
        "index_option",
        Decimal("0.45"),
        date(2025, 4, 7),
        "V",
        "VIX put at 22.54; the exchange's prices below a premium of 2 were not seen",
        root="VIX",
        from_price=Decimal(2),
    )


# Shares in the month before the fill -> price per share on the tiered plan.
_SHARE_VOLUMES: Final = (
    ("300000", "0.0020"),
    ("3000000", "0.0015"),
    ("20000000", "0.0010"),
    ("100000000", "0.0005"),
)
_ONE_PER_CENT: Final = Decimal("0.01")


def _share_commissions(plan: str) -> Iterator[FeeRate]:
    if plan == "lite":
        yield FeeRate("commission", "equity", Decimal(0), FIRST_DAY, "P", _PAGE, basis="per_order")
        return
    each, least, source = {
        "fixed": ("0.005", "1", "every stock order of a real account of 2025, and rows of 2018 and 2019"),
        "tiered": ("0.0035", "0.35", "rows of a second account of 2025"),
    }[plan]
    yield FeeRate(
        "commission",
        "equity",
        Decimal(each),
        FIRST_DAY,
        "V",
        source,
        minimum=Decimal(least),
        cap_share=_ONE_PER_CENT,
    )
    for volume, amount in _SHARE_VOLUMES if plan == "tiered" else ():
        yield FeeRate(
            "commission",
            "equity",
            Decimal(amount),
            FIRST_DAY,
            "P",
            _PAGE,
            minimum=Decimal(least),
            cap_share=_ONE_PER_CENT,
            from_volume=Decimal(volume),
        )


def _shares(plan: str) -> Iterator[FeeRate]:
    yield from _share_commissions(plan)
    yield FeeRate(
        "settlement",
        "equity",
        Decimal(0),
        FIRST_DAY,
        "V",
        "deliveries of 2019 and 2025: nothing but section 31 and TAF",
        basis="per_event",
        events=_DELIVERY,
    )
    if plan == "tiered":
        source = "rows of a second account of 2025, and the page's worked examples"
        yield FeeRate("clearing", "equity", Decimal("0.0002"), FIRST_DAY, "V", source)
        yield FeeRate(
            "surcharge",
            "equity",
            Decimal("0.000735"),
            FIRST_DAY,
            "V",
            f"{source}: shares of the commission for the exchange (0.000175) and FINRA (0.00056)",
            basis="of_commission",
        )


# Products whose commission is not that of every other future or of every other micro.
_E_MINI_CURRENCIES: Final = ("E7", "J7")
_MICRO_CURRENCIES: Final = ("M6A", "M6B", "M6E", "MCD", "MJY", "MSF")
# Exchange fee per side by product and root, from the first day it was seen.
_EXCHANGES: Final[tuple[tuple[str, str, date, str, Evidence, str], ...]] = (
    ("future", "ES", FIRST_DAY, "1.18", "V", "confirmation of February 2019"),
    ("future", "ES", date(2026, 1, 1), "1.38", "P", "exchange's present level"),
    ("future", "YM", FIRST_DAY, "1.16", "V", "four rows of November 2018"),
    ("future", "6S", date(2025, 10, 1), "1.60", "V", "row of October 2025"),
    ("future_option", "CL *", FIRST_DAY, "1.50", "V", "row of November 2018"),
    ("future_option", "NG *", FIRST_DAY, "1.50", "V", "row of November 2018"),
    ("future_option", "6B *", FIRST_DAY, "1.60", "V", "rows of November 2018 and March 2019"),
    ("future_option", "6S *", date(2025, 10, 1), "1.60", "V", "rows of October to December 2025"),
    ("micro_future", "MES", date(2026, 1, 1), "0.35", "P", "exchange's present level"),
)


def _futures() -> Iterator[FeeRate]:
    for product in _FUTURES:
        amount = "0.25" if product.startswith("micro") else "0.85"
        events = (*_TRADE, *_DELIVERY) if product.endswith("option") else _TRADE
        proof: Evidence = "P" if product.startswith("micro") else "V"
        yield FeeRate("commission", product, Decimal(amount), FIRST_DAY, proof, _PAGE, events=events)
        yield FeeRate("nfa", product, Decimal("0.02"), FIRST_DAY, "V", "assessment of 2018-01-01", events=events)
        yield FeeRate("nfa", product, Decimal("0.01"), date(2026, 7, 1), "P", "assessment of 2026-07-01", events=events)
        yield FeeRate(
            "settlement",
            product,
            Decimal(0),
            FIRST_DAY,
            "V",
            "book trades of 2025",
            basis="per_event",
            events=("expiration",) if product.endswith("option") else ("expiration", *_DELIVERY),
        )
    for roots, price in ((_E_MINI_CURRENCIES, "0.50"), (_MICRO_CURRENCIES, "0.15")):
        for root in roots:
            yield FeeRate("commission", "future", Decimal(price), FIRST_DAY, "P", _PAGE, root=root)
    for product, root, start, level, seen, source in _EXCHANGES:
        events = (*_TRADE, *_DELIVERY) if product.endswith("option") else _TRADE
        yield FeeRate("exchange", product, Decimal(level), start, seen, source, root=root, events=events)


def _plan(plan: str) -> tuple[FeeRate, ...]:
    return (*_option_commissions(), *_passed_on(), *_shares(plan), *_futures(), *OFFICIAL_RATES)


FIXED: Final[tuple[FeeRate, ...]] = _plan("fixed")
"""Shares at half a cent, all venues included."""

TIERED: Final[tuple[FeeRate, ...]] = _plan("tiered")
"""Shares by monthly volume; what the venue takes or pays comes on top (limits of it stand in `venues`)."""

LITE: Final[tuple[FeeRate, ...]] = _plan("lite")
"""Shares free of commission, for residents of the United States; regulators' fees as in the other plans."""


def _proposed() -> Iterator[FeeRate]:
    for product in _OPTIONS:
        for start, amount, source in (
            (date(2021, 1, 1), "0.045", "clearing house's level of about 2020 and 2021; its first day is not known"),
            (date(2021, 11, 1), "0", "fee holiday of late 2021, SR-OCC-2021-012; its days are not known"),
        ):
            yield FeeRate("clearing", product, Decimal(amount), start, "I", source)
        for start, amount in ((date(2021, 1, 1), "0.0330"), (date(2024, 12, 1), "0.03025")):
            yield FeeRate("orf", product, Decimal(amount), start, "I", "seen on the broker's page, without its day")
    for product, root, amount in (
        ("future_option", "ES *", "0.55"),
        ("micro_future_option", "MES *", "0.20"),
    ):
        yield FeeRate("exchange", product, Decimal(amount), date(2025, 1, 1), "S", "another broker's rows", root=root)


PROPOSED_RATES: Final[tuple[FeeRate, ...]] = tuple(_proposed())
"""Levels seen somewhere whose day or evidence does not do; add them with `FeeSchedule.with_rates`."""
