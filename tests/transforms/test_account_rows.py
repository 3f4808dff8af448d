"""Account rows, coverage of statements, and day totals."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from pipelines.transforms.statements.adjustments import (
    AccountRow,
    Overcharge,
    is_account_row,
    is_charge,
    link_corrections,
)
from pipelines.transforms.statements.coverage import Export, Trading, coverage_of, run_of, within_trading
from pipelines.transforms.statements.day_totals import ChargedRow, LegFees, day_totals

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
        ("Hard to borrow", "Fee", "borrow"),
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


def test_a_days_total_of_the_brokers_own_is_held_against_both_sums() -> None:
    rows = [charged("a", "2.29", "2.29", "leg"), charged("b", "0.01", "0.01", "account")]
    (whole,) = day_totals(rows, [], {MONDAY: Decimal("2.30")})
    (fills,) = day_totals(rows, [], {MONDAY: Decimal("2.29")})
    (other,) = day_totals(rows, [], {MONDAY: Decimal("3.29")})
    assert (whole.stated_covers, whole.stated_difference, whole.stated_ties) == ("all_charges", Decimal(0), True)
    assert (fills.stated_covers, fills.stated_difference, fills.stated_ties) == ("fills", Decimal(0), True)
    assert (other.stated_difference, other.stated_ties, other.ties) == (Decimal("0.99"), False, True)
    (silent,) = day_totals(rows, [])
    assert (silent.stated_total, silent.stated_ties) == (None, None)


def test_a_stated_total_may_differ_by_the_rounding_of_the_printed_figures_only() -> None:
    cents = [charged(name, "1.13", None, "leg") for name in "abc"]
    (near,) = day_totals(cents, [], {MONDAY: Decimal("3.415")})
    (far,) = day_totals(cents, [], {MONDAY: Decimal("3.43")})
    assert (near.stated_ties, far.stated_ties) == (True, False)
    exact = [charged(name, "1.12875", None, "leg") for name in "abc"]
    (close,) = day_totals(exact, [], {MONDAY: Decimal("3.38626")})
    (off,) = day_totals(exact, [], {MONDAY: Decimal("3.3864")})
    assert (close.stated_ties, off.stated_ties) == (True, False)


def test_a_total_of_a_day_without_rows_shows_what_is_missing() -> None:
    (day,) = day_totals([], [], {MONDAY: Decimal("4.20")})
    assert (day.broker_total, day.stated_total, day.stated_ties) == (Decimal(0), Decimal("4.20"), False)
    (free,) = day_totals([], [], {MONDAY: Decimal(0)})
    assert free.stated_ties


@pytest.mark.parametrize(
    ("row_class", "sub_type", "description", "kind", "charge"),
    [
        ("account_adjustment", "Balance Adjustment", "Regulatory fee adjustment", "regulatory_rounding", True),
        ("account_adjustment", "Deposits & Withdrawals", "Options Regulatory Fee Adjustment: ADJUSTMENT: COMMISSION",
         "regulatory_rounding", True),
        ("account_adjustment", "Balance Adjustment", "Fee Correction SPY 04/14/20", "fee_correction", True),
        ("adjustment", "Misc Cash Entry", "WAIVE WIRE FEE", "refund", True),
        ("money", "Fee", "DOMESTIC WIRE FEE", "wire", True),
        ("money", "Other Fees", "E*****42:NASDAQ NETWORK C FOR NOV 2026", "market_data", True),
        ("money", "Other Fees", "US Securities Snapshot and Futures Value Bundle", "market_data", True),
        ("money", "Other Fees", "XYZ ADR Fee USD 0.02 PER SHARE", "fee", True),
        ("money", "Fee", "Hard to borrow fee XYZ", "borrow", True),
        ("money", "Service Fee", "TRANSFER FEE CHARGED", "fee", True),
        ("money", "DOI", "WIRE OUT CHARGE", "wire", True),
        ("money", "Margin Interest", "INTEREST 02/26THRU 03/26", "interest", False),
        ("money", "Broker Interest Paid", "USD DEBIT INT FOR NOV-2026", "interest", False),
        ("money", "Withdrawal", "FROM 03/16 THRU 04/15 @ 8    %", "interest", False),
        ("adjustment", "CRC", "INTERNAL TRANSFER", "other", True),
    ],
)  # fmt: skip
def test_what_is_booked_to_the_account_has_a_class(
    row_class: str, sub_type: str, description: str, kind: str, *, charge: bool
) -> None:
    assert is_account_row(row_class, sub_type, description)
    assert is_charge(row_class, sub_type, description) is charge
    assert AccountRow("a", MONDAY, at(16), sub_type, description, Decimal(-1)).adjustment_class == kind


@pytest.mark.parametrize(
    ("row_class", "sub_type", "description"),
    [
        ("money", "Dividend", "ISHARES TRUST"),
        ("money", "Dividends", "XYZ CASH DIVIDEND (Fee included)"),
        ("money", "NRA Tax Adj", "MICROSOFT CORP"),
        ("money", "Foreign Tax Withholding", "Withholding @ 30% on Credit Interest for Feb-2026"),
        ("money", "Deposit", "ACH DEPOSIT"),
        ("transfer", "Wire Funds", "WIRED FUNDS DISBURSED"),
        ("trade", "Buy", "FEE CORP"),
    ],
)
def test_deposits_dividends_taxes_and_transfers_are_no_adjustments(
    row_class: str, sub_type: str, description: str
) -> None:
    assert not is_account_row(row_class, sub_type, description)
    assert not is_charge(row_class, sub_type, description)
