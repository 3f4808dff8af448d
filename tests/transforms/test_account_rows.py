"""Account rows, coverage of statements, and day totals."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from pipelines.transforms.adjustments import AccountRow, Overcharge, link_corrections
from pipelines.transforms.coverage import Export, Trading, coverage_of, run_of, within_trading
from pipelines.transforms.day_totals import ChargedRow, LegFees, day_totals

MONDAY = dt.date(2026, 11, 16)


def at(day: int, hour: int = 21, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=dt.UTC)


def account_row(text: str, amount: str = "1.00", sub_type: str = "Balance Adjustment", name: str = "r") -> AccountRow:
    return AccountRow(name, dt.date(2026, 11, 22), at(22), sub_type, text, Decimal(amount))


@pytest.mark.parametrize(
    ("text", "sub_type", "expected"),
    [
        ("Regulatory fee adjustment", "Balance Adjustment", "regulatory_rounding"),
        ("Reg Fee Adjustment Frac Penny Adj to flatten balance", "Balance Adjustment", "regulatory_rounding"),
        ("Fee Correction SPY 11/16/26", "Balance Adjustment", "fee_correction"),
        ("Fee Correction", "Balance Adjustment", "fee_correction"),
        ("Hard to borrow", "Fee", "fee"),
        ("Promotion", "Balance Adjustment", "other"),
    ],
)
def test_the_broker_s_words_name_the_class(text: str, sub_type: str, expected: str) -> None:
    assert account_row(text, sub_type=sub_type).adjustment_class == expected


def overcharge(name: str, excess: str = "1.00", day: dt.date = MONDAY, underlying: str = "SPY") -> Overcharge:
    return Overcharge(name, underlying, day, Decimal(excess))


def test_a_correction_finds_the_leg_it_gives_back_exactly() -> None:
    legs = [overcharge("a", "2.00"), overcharge("b"), overcharge("c", underlying="QQQ")]
    assert link_corrections([account_row("Fee Correction SPY 11/16/26")], legs) == {"r": "b"}


def test_each_leg_is_corrected_once() -> None:
    rows = [account_row("Fee Correction SPY 11/16/26", name=name) for name in ("r", "s", "t")]
    assert link_corrections(rows, [overcharge("b"), overcharge("a")]) == {"r": "a", "s": "b"}


def test_the_only_overcharged_leg_of_the_day_is_meant_whatever_the_amount() -> None:
    assert link_corrections([account_row("Fee Correction SPY 11/16/26", "0.95")], [overcharge("a")]) == {"r": "a"}


def test_a_correction_without_a_day_needs_the_exact_amount() -> None:
    rows = [account_row("Fee Correction")]
    assert link_corrections(rows, [overcharge("a")]) == {"r": "a"}
    assert link_corrections(rows, [overcharge("a", "1.01")]) == {}
    assert link_corrections(rows, [overcharge("a", day=dt.date(2026, 1, 5))]) == {}


def test_a_day_that_does_not_exist_is_no_day() -> None:
    assert account_row("Fee Correction SPY 13/45/26").corrected_day is None


def export(first: int, last: int, newest: dt.datetime, name: str = "history.csv") -> Export:
    return Export(name, dt.date(2026, 11, first), dt.date(2026, 11, last), newest)


def test_the_last_day_of_an_export_is_covered_up_to_its_newest_row() -> None:
    covered = coverage_of([export(16, 17, at(17, 16, 16))])
    assert covered.includes(at(17, 15), at(17, 16, 15))
    assert not covered.includes(at(17, 16, 15), at(17, 16, 17))


def test_a_period_in_the_name_covers_its_quiet_days() -> None:
    named = coverage_of([export(16, 17, at(17, 16), "tastytrade_transactions_history_x_261113_to_261120.csv")])
    assert named.includes(at(13, 15), at(19, 20))
    assert not named.includes(at(20, 15), at(20, 15))


def test_exports_with_a_longer_gap_leave_it_uncovered() -> None:
    covered = coverage_of([export(2, 3, at(3)), export(5, 6, at(6)), export(20, 21, at(21))])
    assert len(covered.spans) == 2
    assert covered.includes(at(3, 22), at(4, 22))
    assert not covered.includes(at(12), at(12))


def test_the_run_that_started_last_is_the_one_that_trades() -> None:
    runs = [Trading("first", at(16, 14), at(17, 17)), Trading("second", at(17, 17, 46), at(17, 21))]
    assert run_of(at(16, 20), runs) == "first"
    assert run_of(at(17, 17, 30), runs) == "first"
    assert run_of(at(17, 18), runs) == "second"
    assert run_of(at(16, 13), runs) is None
    assert within_trading(MONDAY, runs)
    assert not within_trading(dt.date(2026, 11, 18), runs)
    assert not within_trading(MONDAY, [])


def charged(name: str, amount: str, by_total: str | None, place: str) -> ChargedRow:
    return ChargedRow(name, MONDAY, Decimal(amount), None if by_total is None else Decimal(by_total), place)


def test_a_day_ties_when_every_charge_has_a_place() -> None:
    rows = [
        charged("a", "2.29", "2.29", "leg"),
        charged("b", "0.01", "0.01", "account"),
        charged("c", "0", None, "none"),
    ]
    (day,) = day_totals(rows, [LegFees(MONDAY, Decimal(2), Decimal("2.294")), LegFees(MONDAY, None, None)])
    assert (day.broker_total, day.legs_total, day.account_rows_total) == (
        Decimal("2.30"),
        Decimal("2.29"),
        Decimal("0.01"),
    )
    assert (day.modelled, day.expected, day.unassigned, day.ties) == (Decimal(2), Decimal("2.294"), Decimal(0), True)


def test_a_charge_without_a_place_does_not_tie() -> None:
    (day,) = day_totals([charged("a", "2.29", "2.29", "none")], [])
    assert (day.unassigned, day.ties) == (Decimal("2.29"), False)


def test_a_total_may_be_a_cent_off_for_each_row_and_no_more() -> None:
    (near,) = day_totals([charged("a", "2.29", "2.30", "leg")], [])
    (far,) = day_totals([charged("a", "2.29", "2.31", "leg")], [])
    assert near.ties
    assert not far.ties
