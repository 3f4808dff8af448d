"""What is known for certain about single products: index families, contract multipliers, which futures are micro.

Holds: small tables with the reason for each.
Belongs here: a fact of the product that no symbol text carries.
Never here: a fact that is only likely; an absent product is unknown (None), never a default.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

INDEX_FAMILY: Final[dict[str, str]] = {
    "SPX": "SPX",
    "SPXW": "SPX",
    "VIX": "VIX",
    "VIXW": "VIX",
    "RUT": "RUT",
    "RUTW": "RUT",
    "NDX": "NDX",
    "NDXP": "NDX",
    "XSP": "XSP",
    "OEX": "OEX",
    "OEXW": "OEX",
    "XEO": "XEO",
    "XEOW": "XEO",
    "DJX": "DJX",
    "NQX": "NQX",
    "XND": "XND",
    "MRUT": "MRUT",
    "MXEA": "MXEA",
    "MXEF": "MXEF",
    "SIXB": "SIXB",
    "SIXC": "SIXC",
    "SIXE": "SIXE",
    "SIXI": "SIXI",
    "SIXM": "SIXM",
    "SIXR": "SIXR",
    "SIXRE": "SIXRE",
    "SIXT": "SIXT",
    "SIXU": "SIXU",
    "SIXV": "SIXV",
    "SIXY": "SIXY",
}
"""Option roots on indices, with the index whose fees and settlement they share (weeklies have roots of their own)."""

INDEX_BEHIND: Final[dict[str, str]] = {"NQX": "NDX"}
"""Option roots that are a family of their own but settle against the index of another."""

AMERICAN_INDEX_ROOTS: Final = frozenset({"OEX", "OEXW"})
"""Index options that may be exercised early; the other families above are European."""

FUTURES: Final[dict[str, dict[str, str]]] = {
    "cme": {
        "ES": "50",
        "MES": "5",
        "NQ": "20",
        "MNQ": "2",
        "RTY": "50",
        "M2K": "5",
        "EMD": "100",
        "NKD": "5",
        "6A": "100000",
        "6B": "62500",
        "6C": "100000",
        "6E": "125000",
        "6J": "12500000",
        "6L": "100000",
        "6M": "500000",
        "6N": "100000",
        "6R": "2500000",
        "6S": "125000",
        "6Z": "500000",
        "E7": "62500",
        "J7": "6250000",
        "M6A": "10000",
        "M6B": "6250",
        "M6E": "12500",
        "MCD": "10000",
        "MJY": "1250000",
        "MSF": "12500",
        "GE": "2500",
        "BTC": "5",
        "MBT": "0.1",
        "ETH": "50",
        "MET": "0.1",
        "GF": "50000",
        "HE": "40000",
        "LE": "40000",
        "LBR": "27.5",
        "LBS": "110",
    },
    "cbot": {
        "YM": "5",
        "MYM": "0.5",
        "ZT": "2000",
        "ZF": "1000",
        "ZN": "1000",
        "TN": "1000",
        "ZB": "1000",
        "UB": "1000",
        "2YY": "1000",
        "5YY": "1000",
        "10Y": "1000",
        "30Y": "1000",
        "ZC": "5000",
        "ZW": "5000",
        "KE": "5000",
        "ZS": "5000",
        "ZM": "100",
        "ZL": "60000",
        "ZO": "5000",
        "EH": "29000",
    },
    "nymex": {
        "CL": "1000",
        "MCL": "100",
        "NG": "10000",
        "RB": "42000",
        "HO": "42000",
        "BZ": "1000",
        "HH": "10000",
        "PL": "50",
        "PA": "100",
        "PAM": "10",
    },
    "comex": {
        "GC": "100",
        "MGC": "10",
        "SI": "5000",
        "SIL": "1000",
        "HG": "25000",
    },
    "cfe": {
        "VX": "1000",
        "VXM": "100",
    },
    "ice": {
        "B": "1000",
        "G": "100",
        "DX": "1000",
        "CC": "10",
        "CT": "50000",
        "KC": "37500",
        "OJ": "15000",
        "SB": "112000",
    },
}
"""Exchange (LEAN's name) → product → US dollars per unit of price *as LEAN quotes it*.

From the exchanges' contract specifications, as LEAN's symbol properties carry them. Only contracts in US dollars. A
product that is not here is unknown; users' own symbol-properties file knows the rest."""

FUTURE_MULTIPLIERS: Final[dict[str, Decimal]] = {
    product: Decimal(dollars) for products in FUTURES.values() for product, dollars in products.items()
}
"""Dollars per point of LEAN's price. Statements print 1 for options on these, which is not their multiplier."""

FUTURE_MARKETS: Final[dict[str, str]] = {
    product: market for market, products in FUTURES.items() for product in products
}
"""The exchange of a product, by LEAN's name."""

QUOTED_IN_CENTS: Final = frozenset({"ZC", "ZW", "KE", "ZS", "ZL", "ZO", "GF", "HE", "LE", "CT", "KC", "OJ", "SB"})
"""Products whose price exchanges and brokers print in cents, LEAN in dollars: the multiplier depends on the source."""

MONTHS_BEFORE_DELIVERY: Final[dict[str, int]] = {
    **dict.fromkeys(("CL", "MCL", "NG", "HH", "HO", "RB", "SB"), 1),
    **dict.fromkeys(("B", "BZ"), 2),
}
"""Products that expire so many months before the month they are named after; the others expire in it."""

LEAN_OPTION_ROOTS: Final[dict[str, str]] = {
    "CL": "LO",
    "GC": "OG",
    "SI": "SO",
    "ZB": "OZB",
    "ZC": "OZC",
    "ZN": "OZN",
    "ZS": "OZS",
    "ZT": "OZT",
    "ZW": "OZW",
}
"""Roots of the standard options on a future where they are not the future's own (`ES` has options called `ES`)."""

MICRO_FUTURES: Final = frozenset({"MES", "MNQ", "M2K", "MYM", "MCL", "MGC"})
"""Products brokers price as micro."""

OPTION_MULTIPLIER: Final = Decimal(100)
"""Shares or index units of a standard US listed option."""

STRIKE_FACTORS: Final[dict[str, Decimal]] = {"NQX": Decimal(5)}
"""Option roots whose symbol states a fraction of the strike: an NQX option of 3000 is one on 15000 points of NDX."""

WEEKLY_ROOTS: Final[dict[str, str]] = {"SPX": "SPXW", "VIX": "VIXW", "RUT": "RUTW", "NDX": "NDXP"}
"""Index → the root of its weeklies. They settle in the afternoon, the index's own root in the morning: on a day when
both expire they are two contracts."""
