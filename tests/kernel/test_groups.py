"""The table of groups.

Covers: every stock of the demonstration universe has a sector, the portfolio groups and limits, one group a symbol.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from tomking.kernel.groups import (
    GROUPS,
    JOINT_LIMITS,
    MEMBERS,
    PORTFOLIO,
    SECTOR,
    Member,
    find_group,
    group_of,
    members_of,
    sectors,
)


def test_every_stock_of_the_demonstration_universe_has_a_sector() -> None:
    datasets = pytest.importorskip("skfolio.datasets", reason="the optional extra `demo` is not installed")
    symbols = tuple(datasets.load_sp500_dataset().columns)
    assert len(symbols) == 20
    assert None not in sectors(symbols)
    assert Counter(sectors(symbols)) == {
        "technology": 3, "financials": 2, "discretionary": 2, "staples": 4, "health": 5, "energy": 3, "industrials": 1,
    }  # fmt: skip


def test_a_symbol_is_in_one_group_of_a_scheme_and_every_group_has_members() -> None:
    placed = Counter((row.scheme, row.symbol, row.effective_from) for row in MEMBERS)
    assert set(placed.values()) == {1}
    assert {(row.scheme, row.group) for row in MEMBERS} == {(group.scheme, group.name) for group in GROUPS}


def test_portfolio_groups_carry_their_limits_and_sectors_none() -> None:
    limits = {group.name: group.limit for group in GROUPS if group.scheme == PORTFOLIO}
    assert limits == {"A1": 2, "A2": 3, "B1": 2, "B2": 2, "C1": 2, "C2": 1, "D1": 2, "D2": 1, "E": 2}
    assert all(group.limit is None for group in GROUPS if group.scheme == SECTOR)
    assert [(joint.groups, joint.limit) for joint in JOINT_LIMITS] == [(("A1", "A2"), 3)]


def test_symbols_are_found_by_root_and_in_any_case() -> None:
    assert group_of("/ES") == group_of("es") == group_of("SPXW") == "A1"
    assert group_of("TLT") == group_of("GC") == "B1"
    assert group_of("XOM") is None
    assert group_of("XOM", SECTOR) == "energy"
    assert "SPY" in members_of("A2")


def test_a_later_row_moves_a_symbol_from_its_date_on(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Member(PORTFOLIO, "A1", "SPY", effective_from=dt.date(2030, 1, 1))
    monkeypatch.setattr("tomking.kernel.groups.MEMBERS", (*MEMBERS, moved))
    assert group_of("SPY", on=dt.date(2029, 12, 31)) == "A2"
    assert group_of("SPY", on=dt.date(2030, 1, 1)) == "A1"
    assert "SPY" in members_of("A1")
    assert "SPY" not in members_of("A2")
    assert "SPY" in members_of("A2", on=dt.date(2026, 1, 1))


def test_an_unknown_group_is_named() -> None:
    with pytest.raises(KeyError, match="scheme 'portfolio' has no group 'Z9'"):
        find_group("Z9")
    with pytest.raises(KeyError, match="has no group 'energy'"):
        members_of("energy")
