"""tastytrade's standard plan (tastyworks until 2023): dated rows per product and component.

Holds: what the broker charges, with how it rounds and caps, from its first full year (2018) on.
Belongs here: published prices and levels the broker's own statement rows prove. Where a page and the rows differ, the
rows decide from their day on.
Never here: other plans; prices that one third party told and no row shows (they stand in `PROPOSED_RATES`).

Rounding, found by recomputing real statement rows: options clearing exact; ORF half up to the cent, SEC up to the cent,
TAF half up and share clearing up to a tenth of a cent, each per fill and component. The $10 limit holds per leg of an
order over all its fills. Shares delivered by assignment or exercise pay $5 per event and, when sold, SEC and TAF, but
neither commission nor share clearing.
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

FIRST_DAY: Final = date(2018, 1, 1)
"""Earlier days have no rows: no statement and no page of them was seen."""

_OPTIONS: Final = ("equity_option", "index_option")
_FUTURES: Final = ("future", "micro_future", "future_option", "micro_future_option")
_CENT_HALF_UP: Final = Rounding("half_up", 2, "fill")
_CENT_UP: Final = Rounding("up", 2, "fill")
_MILL_HALF_UP: Final = Rounding("half_up", 3, "fill")
_MILL_UP: Final = Rounding("up", 3, "fill")
_DELIVERY: Final = ("assignment", "exercise")
_PAGE: Final = "broker's commissions page"
_EXPORT_2024: Final = date(2024, 8, 17)
_EXPORT_2025: Final = date(2025, 10, 23)


def _options() -> Iterator[FeeRate]:
    for product in _OPTIONS:
        limit = Decimal(10) if product == "equity_option" else None
        yield FeeRate(
            "commission", product, Decimal(1), FIRST_DAY, "V", "all statement rows since 2018", effect="open", cap=limit
        )
        yield FeeRate(
            "commission", product, Decimal(0), FIRST_DAY, "V", "all statement rows since 2018", effect="close"
        )
        yield FeeRate("clearing", product, Decimal("0.10"), FIRST_DAY, "V", "all statement rows since 2018")
    free = ("assignment", "exercise", "expiration")
    yield FeeRate(
        "settlement",
        "equity_option",
        Decimal(0),
        FIRST_DAY,
        "V",
        "removal rows cost nothing; the $5 is on the delivered shares",
        basis="per_event",
        events=free,
    )
    yield FeeRate(
        "settlement",
        "index_option",
        Decimal(0),
        FIRST_DAY,
        "S",
        "the plain removal row carries no cash; the settlement row does",
        basis="per_event",
        events=free,
    )
    yield FeeRate(
        "settlement",
        "index_option",
        Decimal(5),
        FIRST_DAY,
        "S",
        "XSP settlement of July 2026, booked the next business day",
        basis="per_event",
        events=("cash_settlement",),
    )


# Rates per contract on the broker's older list of single-listed index products, and on the one dated 2026-07-30. The
# older levels of SPX, VIX and RUT are confirmed by statement rows of 2020.
_INDEX_2018: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("0.65", ("SPX", "VIX")),
    ("0.40", ("OEX", "XEO")),
    ("0.25", ("MXEA", "MXEF", "SIXB", "SIXC", "SIXE", "SIXI", "SIXM", "SIXR", "SIXRE", "SIXT", "SIXU", "SIXV", "SIXY")),
    ("0.18", ("RUT", "DJX")),
    ("0", ("XSP",)),
)
_INDEX_2026: Final[tuple[tuple[str, str], ...]] = (
    ("SPX", "0.60"),
    ("VIX", "0.35"),
    ("RUT", "0.18"),
    ("NDX", "0.25"),
    ("XSP", "0"),
)


def _index_fees() -> Iterator[FeeRate]:
    for amount, roots in _INDEX_2018:
        for root in roots:
            evidence: Evidence = "V" if root in ("SPX", "VIX", "RUT") else "P"
            source = "broker's older page on proprietary index fees"
            yield FeeRate("index", "index_option", Decimal(amount), FIRST_DAY, evidence, source, root=root)
    yield FeeRate(
        "index",
        "index_option",
        Decimal("0.07"),
        FIRST_DAY,
        "P",
        "older page: legs of ten or more (another line there says 0.04)",
        root="XSP",
        from_quantity=Decimal(10),
    )
    for root, amount in _INDEX_2026:
        yield FeeRate(
            "index", "index_option", Decimal(amount), date(2026, 7, 30), "P", "schedule of 2026-07-30", root=root
        )


# Options regulatory fee passed on, both sides. From August 2020 on each level is the middle of the interval that all
# fills of its time allow (rounding to the cent per fill leaves an interval, not a point); those of 2025 come from a
# second account, and another broker printed the same levels for its own accounts. A level begins with the month of its
# first fill, except where a fill of that month still shows the one before.
_ORF: Final[tuple[tuple[date, str, Evidence, date | None, str], ...]] = (
    (FIRST_DAY, "0.0388", "P", None, "help page; fills of February to May 2020 allow 0.03875 to 0.03893"),
    (date(2020, 8, 10), "0.0360", "I", _EXPORT_2024, "fills to March 2021 allow 0.03562 to 0.03625"),
    (date(2021, 4, 1), "0.0344", "I", _EXPORT_2024, "fills to August 2021 allow 0.03375 to 0.03500"),
    (date(2021, 9, 1), "0.0323", "I", _EXPORT_2024, "fills allow 0.03214 to 0.03250"),
    (date(2021, 10, 1), "0.0221", "I", _EXPORT_2024, "fills to 2022-02-01 allow 0.02167 to 0.02250"),
    (date(2022, 2, 2), "0.0291", "I", _EXPORT_2024, "fills to October 2022 allow 0.02900 to 0.02925"),
    (date(2022, 11, 1), "0.0181", "I", _EXPORT_2024, "fills to December 2022 allow 0.01781 to 0.01833"),
    (date(2023, 3, 1), "0.0300", "I", _EXPORT_2024, "fills to August 2024 allow 0.0275 to 0.0325"),
    (date(2024, 10, 1), "0.0281", "I", _EXPORT_2025, "fills allow 0.02808 to 0.02821"),
    (date(2024, 11, 1), "0.0266", "I", _EXPORT_2025, "fills allow 0.02643 to 0.02682"),
    (date(2024, 12, 1), "0.0192", "I", _EXPORT_2025, "fills allow 0.01900 to 0.01950"),
    (date(2025, 1, 1), "0.0200", "I", _EXPORT_2025, "fills of January 2025 allow 0.015 to 0.025"),
    (date(2025, 4, 1), "0.0288", "I", _EXPORT_2025, "fills of April allow 0.0275 to 0.0325; elsewhere 0.02875"),
    (date(2025, 5, 1), "0.0294", "I", _EXPORT_2025, "fills of May and June allow 0.02937 to 0.02955"),
    (date(2025, 7, 1), "0.0264", "I", _EXPORT_2025, "fills of July allow 0.0250 to 0.0270; elsewhere 0.02645"),
    (date(2025, 8, 1), "0.0242", "I", _EXPORT_2025, "fills of August allow 0.0230 to 0.0250; elsewhere 0.02425"),
    (date(2025, 9, 1), "0.0200", "I", _EXPORT_2025, "fills of September and October 2025 allow 0.0150 to 0.0250"),
    (date(2026, 1, 1), "0.0200", "S", None, "published flat pass-through of 2026"),
)


def _orf() -> Iterator[FeeRate]:
    for start, amount, evidence, learnt, source in _ORF:
        for product in _OPTIONS:
            yield FeeRate(
                "orf",
                product,
                Decimal(amount),
                start,
                evidence,
                source,
                rounding=_CENT_HALF_UP,
                learnt_on=learnt,
            )


# Days on which the broker began to pass a new official rate on, where statements show another day than the regulator's.
_PASSED_ON_LATE: Final[dict[tuple[str, str, date], tuple[date, str]]] = {
    ("taf", "equity", date(2022, 1, 1)): (
        date(2022, 6, 1),
        "old rate still on 2022-04-19, new one on 2022-06-10",
    ),
    ("taf", "equity_option", date(2022, 1, 1)): (
        date(2022, 7, 1),
        "old rate still on 2022-06-10, new one on 2022-07-14",
    ),
    ("taf", "index_option", date(2022, 1, 1)): (
        date(2022, 7, 1),
        "taken as for equity options",
    ),
    ("sec", "equity_option", date(2025, 5, 14)): (
        date(2025, 5, 13),
        "five sales of 2025-05-13 carry no SEC fee (they settled on the 14th)",
    ),
}


def _regulatory() -> Iterator[FeeRate]:
    rounding = {"sec": _CENT_UP, "taf": _MILL_HALF_UP}
    last_before = _last_official_before(FIRST_DAY)
    for row in OFFICIAL_RATES:
        key = (row.component, row.product)
        if row.effective_from < FIRST_DAY and row.effective_from != last_before[key]:
            continue
        start, source, evidence = max(row.effective_from, FIRST_DAY), row.source, row.evidence
        late = _PASSED_ON_LATE.get((*key, row.effective_from))
        if late is not None:
            start, source, evidence = late[0], late[1], "I"
        yield replace(
            row,
            series="pass_through",
            effective_from=start,
            evidence=evidence,
            source=source,
            rounding=rounding[row.component],
        )


def _last_official_before(day: date) -> dict[tuple[str, str], date]:
    found: dict[tuple[str, str], date] = {}
    for row in OFFICIAL_RATES:
        if row.effective_from < day:
            found[row.component, row.product] = row.effective_from
    return found


def _shares() -> Iterator[FeeRate]:
    yield FeeRate(
        "commission",
        "equity",
        Decimal(5),
        FIRST_DAY,
        "P",
        "older help page, dated between May 2018 and April 2019 by its SEC rate",
        basis="per_order",
        effect="open",
    )
    yield FeeRate(
        "commission",
        "equity",
        Decimal(0),
        date(2019, 10, 7),
        "U",
        "later page says 0, statement rows agree from 2020-07-02; the day is that of the industry's cut",
        basis="per_order",
        effect="open",
    )
    yield FeeRate(
        "commission",
        "equity",
        Decimal(0),
        FIRST_DAY,
        "V",
        "statement rows since 2018",
        basis="per_order",
        effect="close",
    )
    yield FeeRate(
        "clearing",
        "equity",
        Decimal("0.0008"),
        FIRST_DAY,
        "V",
        "statement rows with three decimals, December 2020 and January 2021",
        rounding=_MILL_UP,
        fractional=False,
    )
    yield FeeRate(
        "clearing",
        "equity",
        Decimal("0.10"),
        FIRST_DAY,
        "P",
        _PAGE + ": one price per transaction with a part of a share",
        basis="per_event",
        fractional=True,
    )
    yield FeeRate(
        "settlement",
        "equity",
        Decimal(5),
        FIRST_DAY,
        "V",
        "every delivery row from 2020 to 2024",
        basis="per_event",
        events=_DELIVERY,
    )


_SINCE_2025: Final = date(2025, 8, 25)
"""First session whose statement rows show futures options priced per side."""


def _futures() -> Iterator[FeeRate]:
    for product in _FUTURES:
        yield FeeRate("clearing", product, Decimal("0.30"), FIRST_DAY, "P", _PAGE)
        for start, amount, source in (
            (FIRST_DAY, "0.02", "NFA assessment of 2018-01-01"),
            (date(2026, 7, 1), "0.01", "NFA assessment of 2026-07-01"),
        ):
            yield FeeRate("nfa", product, Decimal(amount), start, "P", source)
    yield FeeRate("commission", "future", Decimal("1.25"), FIRST_DAY, "P", _PAGE)
    yield FeeRate("commission", "micro_future", Decimal("0.85"), date(2019, 5, 6), "P", "older " + _PAGE)
    yield FeeRate("commission", "micro_future", Decimal("0.75"), date(2026, 1, 1), "S", "third-party list of 2026")
    for product, opening, per_side in (("future_option", "2.50", "1.25"), ("micro_future_option", "1.50", "0.75")):
        yield FeeRate("commission", product, Decimal(opening), FIRST_DAY, "P", _PAGE, effect="open")
        yield FeeRate("commission", product, Decimal(0), FIRST_DAY, "P", _PAGE, effect="close")
        for effect in ("open", "close"):
            yield FeeRate(
                "commission",
                product,
                Decimal(per_side),
                _SINCE_2025,
                "V",
                "statement rows of August to November 2025; the page still shows the older price",
                effect=effect,
                learnt_on=date(2025, 11, 11),
            )
        yield FeeRate(
            "settlement",
            product,
            Decimal(0),
            FIRST_DAY,
            "V",
            "expiration rows of 2025",
            basis="per_event",
            events=("expiration",),
        )
    yield from _exchange_fees()


def _exchange_fees() -> Iterator[FeeRate]:
    # Only levels somebody printed, from the first day they were seen; every other product or day is unknown.
    yield FeeRate("exchange", "future", Decimal("1.38"), date(2026, 1, 1), "P", "exchange's present level", root="ES")
    yield FeeRate(
        "exchange", "micro_future", Decimal("0.35"), date(2026, 1, 1), "P", "exchange's present level", root="MES"
    )
    yield FeeRate(
        "exchange", "future_option", Decimal("0.55"), date(2025, 1, 1), "S", "ES option rows of 2025: 0.87", root="ES *"
    )
    for root, amount in (("MES EX*", "0.14"), ("MES X*", "0.20")):
        yield FeeRate(
            "exchange",
            "micro_future_option",
            Decimal(amount),
            _SINCE_2025,
            "I",
            "what is left of 0.46 and 0.52 in statement rows of 2025",
            root=root,
        )


RATES: Final[tuple[FeeRate, ...]] = (
    *_options(),
    *_index_fees(),
    *_orf(),
    *_regulatory(),
    *_shares(),
    *_futures(),
    *OFFICIAL_RATES,
)
"""The accepted rows of the standard plan, with the regulators' own series beside them."""


_SMALLS: Final = ("S2Y", "S10Y", "S30Y", "SM75", "SFX", "STIX", "SMO", "SMET", "SPRE", "S420")
"""Contracts of the Small Exchange, which closed in 2024."""


def _proposed() -> Iterator[FeeRate]:
    for root in _SMALLS:
        yield FeeRate(
            "commission",
            "future",
            Decimal("0.50"),
            date(2020, 6, 1),
            "S",
            "third-party lists of the contracts' own time: to open; no row and no page was seen",
            root=root,
            effect="open",
        )


PROPOSED_RATES: Final[tuple[FeeRate, ...]] = tuple(_proposed())
"""Prices nobody has shown on a row or a page of the broker; add them with `FeeSchedule.with_rates`."""
