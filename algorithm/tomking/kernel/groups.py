"""Which symbols move together by nature: sectors of stocks and the portfolio rule's correlation groups.

Holds: one versioned table of groups, members and position limits, and the look-ups over it.
Belongs here: membership and limits as data, with the date from which a row counts.
Never here: measured correlations (those come from prices) or the check that refuses a trade (`limits`).

Sources: sectors are the Global Industry Classification Standard's, as of 2022. The portfolio groups are the public
rule set's, with its limits per group; its typed-in crisis weights are left out because they can be estimated.
Rows marked as a vehicle are products that stand in for a member which LEAN cannot trade.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

TABLE_VERSION = "2026-11-1"
"""Changes with every change of a row, so that a stored figure names the table it was made with."""

SECTOR = "sector"
PORTFOLIO = "portfolio"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of one scheme; `limit` is the default number of simultaneous positions, None where no rule sets one."""

    scheme: str
    name: str
    about: str
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A symbol's membership, in force from `effective_from` until a later row of the same scheme and symbol."""

    scheme: str
    group: str
    symbol: str
    effective_from: dt.date = dt.date(1990, 1, 1)
    vehicle: bool = False


@dataclass(frozen=True, slots=True)
class JointLimit:
    """A limit on the positions of several groups together."""

    groups: tuple[str, ...]
    limit: int


GROUPS: tuple[Group, ...] = (
    Group(SECTOR, "discretionary", "goods and services people can postpone"),
    Group(SECTOR, "energy", "oil, gas and their services"),
    Group(SECTOR, "financials", "banks and insurers"),
    Group(SECTOR, "health", "drugs, devices and health insurers"),
    Group(SECTOR, "industrials", "machinery, transport, conglomerates"),
    Group(SECTOR, "staples", "goods people always buy"),
    Group(SECTOR, "technology", "hardware, software, semiconductors"),
    Group(PORTFOLIO, "A1", "equity-index futures", 2),
    Group(PORTFOLIO, "A2", "equity-index funds and covered calls on them", 3),
    Group(PORTFOLIO, "B1", "safe havens: gold and government bonds", 2),
    Group(PORTFOLIO, "B2", "silver and industrial metals", 2),
    Group(PORTFOLIO, "C1", "crude oil and its products", 2),
    Group(PORTFOLIO, "C2", "natural gas", 1),
    Group(PORTFOLIO, "D1", "grains", 2),
    Group(PORTFOLIO, "D2", "meats", 1),
    Group(PORTFOLIO, "E", "currencies", 2),
)

NEVER_TRADE: dict[str, str] = {
    **dict.fromkeys(("OJ", "LBS", "LBR", "ZR", "PA", "CC", "CT", "KC", "SB"), "thin: softs, lumber, rice, palladium"),
    **dict.fromkeys(("DX", "VX", "VIX", "VIXW"), "moves against the rest of the book in a crisis"),
    **dict.fromkeys(("NG", "QG", "UNG"), "natural gas, without two years of experience"),
    **dict.fromkeys(("BABA", "BIDU", "JD", "NIO", "PDD", "TCOM"), "Chinese ADR"),
}
"""Products that no strategy may trade, with the reason (the rule set's never-trade list, by symbol)."""

JOINT_LIMITS: tuple[JointLimit, ...] = (JointLimit(("A1", "A2"), 3),)

_SECTOR_SYMBOLS = {
    "discretionary": "BBY HD",
    "energy": "CVX RRC XOM",
    "financials": "BAC JPM",
    "health": "JNJ LLY MRK PFE UNH",
    "industrials": "GE",
    "staples": "KO PEP PG WMT",
    "technology": "AAPL AMD MSFT",
}
_PORTFOLIO_SYMBOLS = {
    "A1": "ES MES NQ MNQ RTY M2K YM MYM",
    "A2": "SPY QQQ IWM DIA",
    "B1": "GC MGC GLD TLT ZB ZN",
    "B2": "SI SIL SLV HG PL PA",
    "C1": "CL MCL QM RB HO XLE XOP",
    "C2": "NG QG",
    "D1": "ZC ZS ZW ZM ZL",
    "D2": "LE HE GF",
    "E": "6A 6B 6C 6E 6J 6S M6A M6B M6E DX",
}
_VEHICLES = {"A1": "SPX SPXW XSP", "C1": "USO"}


def _rows(scheme: str, symbols: dict[str, str], *, vehicle: bool = False) -> tuple[Member, ...]:
    return tuple(
        Member(scheme, group, symbol, vehicle=vehicle) for group, names in symbols.items() for symbol in names.split()
    )


MEMBERS: tuple[Member, ...] = (
    *_rows(SECTOR, _SECTOR_SYMBOLS),
    *_rows(PORTFOLIO, _PORTFOLIO_SYMBOLS),
    *_rows(PORTFOLIO, _VEHICLES, vehicle=True),
)


def group_of(symbol: str, scheme: str = PORTFOLIO, on: dt.date | None = None) -> str | None:
    """The group of a symbol on a day (None: by the newest row), or None where the table does not know it.

    A leading `/` of a futures root and the letter case do not matter.
    """
    wanted = symbol.lstrip("/").upper()
    rows = [
        row
        for row in MEMBERS
        if row.scheme == scheme and row.symbol == wanted and (on is None or row.effective_from <= on)
    ]
    return max(rows, key=lambda row: row.effective_from).group if rows else None


def members_of(group: str, scheme: str = PORTFOLIO, on: dt.date | None = None) -> tuple[str, ...]:
    """The symbols of a group on a day, in the table's sequence. Raises KeyError, naming it, for an unknown group."""
    find_group(group, scheme)
    symbols = dict.fromkeys(row.symbol for row in MEMBERS if row.scheme == scheme and row.group == group)
    return tuple(symbol for symbol in symbols if group_of(symbol, scheme, on) == group)


def find_group(name: str, scheme: str = PORTFOLIO) -> Group:
    """The group of that name. Raises KeyError, naming scheme and group, when there is none."""
    for group in GROUPS:
        if (group.scheme, group.name) == (scheme, name):
            return group
    raise KeyError(f"scheme {scheme!r} has no group {name!r}")


def sectors(symbols: tuple[str, ...] | list[str]) -> tuple[str | None, ...]:
    """The sector of each symbol, None where unknown."""
    return tuple(group_of(symbol, SECTOR) for symbol in symbols)
