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

AMERICAN_INDEX_ROOTS: Final = frozenset({"OEX", "OEXW"})
"""Index options that may be exercised early; the other families above are European."""

FUTURE_MULTIPLIERS: Final[dict[str, Decimal]] = {
    "ES": Decimal(50),
    "MES": Decimal(5),
    "NQ": Decimal(20),
    "MNQ": Decimal(2),
    "RTY": Decimal(50),
    "M2K": Decimal(5),
    "CL": Decimal(1000),
    "MCL": Decimal(100),
    "GC": Decimal(100),
    "MGC": Decimal(10),
}
"""Dollars per point, from the exchanges' contract specifications. Statements print 1 for options on these."""

MICRO_FUTURES: Final = frozenset({"MES", "MNQ", "M2K", "MYM", "MCL", "MGC"})
"""Products brokers price as micro."""

OPTION_MULTIPLIER: Final = Decimal(100)
"""Shares or index units of a standard US listed option."""
