"""What the regulators charge: the SEC's section 31 fee and FINRA's trading activity fee (TAF), sales only.

Holds: the official series, by the day a sale took place.
Belongs here: published rates; every broker's pass-through series starts from these.
Never here: a broker's delay or rounding, and the exchanges' options regulatory fee (it has no single official rate).

Section 31 is dollars per million of sales of shares and of options on shares and funds; options on broad-based indices
are exempt. The TAF is per share with a limit per trade, and per contract for options.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from tomking.kernel.schedules.rates import Evidence, FeeRate

_SECTION_31: Final[tuple[tuple[date, str, Evidence, str], ...]] = (
    (date(2014, 3, 18), "22.10", "P", "FINRA notice of 2014-03-03"),
    (date(2015, 2, 14), "18.40", "U", "order 34-74057; the rate itself is from memory"),
    (date(2016, 2, 16), "21.80", "P", "SEC fee advisory; level confirmed by FINRA in March 2016"),
    (date(2017, 7, 4), "23.10", "P", "SEC fee advisory, fiscal 2017"),
    (date(2018, 5, 22), "13.00", "P", "SEC fee advisory, fiscal 2018"),
    (date(2019, 4, 16), "20.70", "P", "SEC fee advisory, fiscal 2019"),
    (date(2020, 2, 18), "22.10", "P", "SEC fee advisory, fiscal 2020"),
    (date(2021, 2, 25), "5.10", "P", "SEC fee advisory, fiscal 2021"),
    (date(2022, 5, 14), "22.90", "P", "SEC fee advisory, fiscal 2022"),
    (date(2023, 2, 27), "8.00", "P", "SEC fee advisory, fiscal 2023"),
    (date(2024, 5, 22), "27.80", "P", "SEC fee advisory, fiscal 2024"),
    (date(2025, 5, 14), "0", "P", "Federal Register 2025-06214"),
    (date(2026, 4, 4), "20.60", "P", "Federal Register 2026-04233"),
)

_TAF: Final[tuple[tuple[date, str, str, str, Evidence, str], ...]] = (
    (date(2012, 7, 1), "0.000119", "5.95", "0.00200", "P", "FINRA by-laws, schedule A"),
    (date(2022, 1, 1), "0.000130", "6.49", "0.00218", "P", "FINRA by-laws, schedule A, increase of 2022"),
    (date(2023, 1, 1), "0.000145", "7.27", "0.00244", "P", "FINRA by-laws, schedule A, increase of 2023"),
    (date(2024, 1, 1), "0.000166", "8.30", "0.00279", "P", "FINRA by-laws, schedule A, increase of 2024"),
    (date(2026, 1, 1), "0.000195", "9.79", "0.00329", "P", "FINRA by-laws, schedule A, increase of 2026"),
    (date(2026, 10, 1), "0", "0", "0", "P", "fee holiday until the end of 2026: SR-FINRA-2026-021"),
    (date(2027, 1, 1), "0.000195", "9.79", "0.00329", "P", "2026 rates resume: SR-FINRA-2026-020"),
)

# Announced before they took effect; everything else counts as known from its first day on.
_ANNOUNCED: Final = {date(2027, 1, 1): date(2026, 10, 1)}


def _rows() -> Iterator[FeeRate]:
    for start, amount, evidence, source in _SECTION_31:
        for product in ("equity", "equity_option"):
            yield FeeRate(
                "sec",
                product,
                Decimal(amount),
                start,
                evidence,
                source,
                basis="per_million",
                series="official",
                side="sell",
                events=("trade", "assignment", "exercise") if product == "equity" else ("trade",),
            )
    for start, share, limit, contract, evidence, source in _TAF:
        learnt = _ANNOUNCED.get(start)
        yield FeeRate(
            "taf",
            "equity",
            Decimal(share),
            start,
            evidence,
            source,
            series="official",
            side="sell",
            events=("trade", "assignment", "exercise"),
            cap=Decimal(limit),
            cap_scope="fill",
            learnt_on=learnt,
        )
        for product in ("equity_option", "index_option"):
            yield FeeRate(
                "taf",
                product,
                Decimal(contract),
                start,
                evidence,
                source,
                series="official",
                side="sell",
                learnt_on=learnt,
            )


OFFICIAL_RATES: Final[tuple[FeeRate, ...]] = tuple(_rows())
"""Section 31 and TAF, official series, exact (neither regulator rounds per trade)."""
