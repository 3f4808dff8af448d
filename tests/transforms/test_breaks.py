"""Breaks of a whole account: what was put wrong is found, and nothing else."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.matching.fills import BrokerFill, LeanFill
from pipelines.transforms.reconciliation import AccountResult, reconcile
from pipelines.transforms.statements.adjustments import AccountRow
from pipelines.transforms.statements.coverage import Coverage, Trading
from tests.transforms.account_maker import CONTRACTS, OPENING, SCHEDULE, Account, charge, make_account
from tomking.kernel.fees import FeeSchedule

Fault = tuple[str, int | None]
seeds = st.integers(0, 10**6)


def account_of(seed: int, *, orders: int = 30, schedule: FeeSchedule = SCHEDULE) -> tuple[Account, random.Random]:
    chance = random.Random(seed)
    steps = chance.choice(((1, 1, 1), (1, 5, 17), (60, 60, 60)))
    if steps[0] == 60:
        orders = min(orders, 8)  # within one session
    account = make_account(chance, orders, step=lambda: dt.timedelta(minutes=chance.choice(steps)), schedule=schedule)
    return account, chance


def found_in(result: AccountResult) -> list[Fault]:
    return sorted(((found.cause, found.lean_order_id) for found in result.breaks), key=str)


class _Faults:
    """Puts faults into the broker's side, each into a fill of its own."""

    def __init__(self, account: Account, chance: random.Random) -> None:
        self.account, self.chance = account, chance
        self.left = list(account.lean)
        chance.shuffle(self.left)
        self.made: list[Fault] = []

    def _pick(self, effect: str | None = None, least: int = 1) -> LeanFill | None:
        for fill in self.left:
            rows = self.account.rows_of(fill)
            if rows and effect in (None, rows[0].effect) and least <= abs(fill.quantity) <= 10:
                self.left.remove(fill)
                return fill
        return None

    def missing(self) -> None:
        if (fill := self._pick()) is not None:
            self.account.change(fill, lambda rows: [])
            self.made.append(("missing_at_broker", fill.order_id))

    def price(self) -> None:
        if (fill := self._pick()) is not None:
            self.account.change(
                fill,
                lambda rows: charge(
                    [replace(row, price=(row.price or Decimal(0)) + Decimal("0.01")) for row in rows],
                    self.account.schedule,
                ),
            )
            self.made.append(("price", fill.order_id))

    def quantity(self) -> None:
        if (fill := self._pick(least=2)) is not None:
            self.account.change(fill, self._one_less)
            self.made.append(("quantity", fill.order_id))

    def _one_less(self, rows: object) -> list[BrokerFill]:
        *kept, last = list(rows)  # type: ignore[call-overload]
        if abs(last.quantity) > 1:
            kept.append(replace(last, quantity=last.quantity - (1 if last.quantity > 0 else -1)))
        return charge(kept, self.account.schedule)

    def rate(self) -> None:
        if (fill := self._pick("open")) is not None:
            self.account.change(
                fill, lambda rows: [replace(row, commission=abs(row.quantity) * Decimal("1.5")) for row in rows]
            )
            self.made.append(("commission_rate", fill.order_id))

    def wrong_class(self, effect: str) -> None:
        if (fill := self._pick(effect)) is not None:
            self.account.change(
                fill,
                lambda rows: [
                    replace(row, commission=abs(row.quantity) if effect == "close" else Decimal(0)) for row in rows
                ],
            )
            self.made.append(("open_close_class", fill.order_id))

    def stranger(self) -> None:
        after = self.chance.choice(self.account.lean)
        moment = after.occurred_at + dt.timedelta(minutes=17, seconds=20)
        row = BrokerFill(
            row_id="stranger",
            instrument_key=self.chance.choice(CONTRACTS),
            leg_class="trade",
            occurred_at=moment,
            session_date=after.session_date,
            quantity=Decimal(-1),
            # No fill of the maker costs this much: the row can be nobody's counterpart.
            price=Decimal("12.34"),
            commission=None,
            fees=Decimal(0),
            effect="open",
            order_number="84999001",
        )
        self.account.broker.extend(charge([row], self.account.schedule))
        self.made.append(("missing_in_lean", None))


@given(seeds)
def test_a_faithful_statement_has_no_breaks(seed: int) -> None:
    account, _ = account_of(seed)
    result = reconcile(account.given())
    assert result.breaks == ()
    assert {found.verdict.state for found in result.legs} == {"matched"}


@given(seeds)
def test_every_fault_is_found_with_its_cause_and_order_and_none_is_invented(seed: int) -> None:
    account, chance = account_of(seed)
    faults = _Faults(account, chance)
    faults.missing()
    faults.price()
    faults.quantity()
    faults.rate()
    faults.wrong_class("close")
    faults.wrong_class("open")
    faults.stranger()
    result = reconcile(account.given())
    assert found_in(result) == sorted(faults.made, key=str)
    for found in result.legs:
        assert sum(part.amount for part in found.explained.parts) == found.explained.difference
    assert all(day.ties for day in result.days)


def _with_orf(amount: str) -> FeeSchedule:
    rate = SCHEDULE.rate("orf", "equity_option", OPENING.date())
    assert rate is not None
    return SCHEDULE.with_rates([replace(rate, amount=Decimal(amount), effective_from=OPENING.date())])


@given(seeds, st.sampled_from(["0.0200", "0.0280", "0.0341", "0.0450"]))
def test_a_changed_level_is_one_break_with_the_interval_that_holds_it(seed: int, amount: str) -> None:
    account, _ = account_of(seed, orders=40, schedule=_with_orf(amount))
    result = reconcile(account.given())
    (found,) = result.breaks or [None]
    if found is None:
        # So few fills that the old level explains them as well.
        return
    assert found.cause == "pass_through_rate_change"
    assert Decimal(str(found.detail["low"])) <= Decimal(amount) < Decimal(str(found.detail["high"]))
    causes = {leg.verdict.cause for leg in result.legs}
    assert causes <= {None, "pass_through_rate_change"}
    parts = [part.amount for leg in result.legs for part in leg.explained.parts if part.component == "orf"]
    assert found.amount == sum(
        part.amount for leg in result.legs for part in leg.explained.parts if part.cause == "pass_through_rate_change"
    )
    assert parts


def test_an_accepted_level_leaves_nothing_to_explain() -> None:
    schedule = _with_orf("0.0341")
    account, _ = account_of(3, schedule=schedule)
    assert reconcile(account.given(schedule)).breaks == ()


def _overcharged() -> tuple[Account, LeanFill]:
    account, _ = account_of(5)
    fill = next(fill for fill in account.lean if account.rows_of(fill)[0].effect == "open" and abs(fill.quantity) == 2)
    account.change(fill, lambda rows: [replace(row, commission=abs(row.quantity) * Decimal("1.5")) for row in rows])
    return account, fill


def _correction(amount: str, text: str) -> AccountRow:
    moment = OPENING + dt.timedelta(days=6)
    return AccountRow("refund", moment.date(), moment, "Balance Adjustment", text, Decimal(amount))


def test_a_refund_is_a_break_that_names_the_order_it_mends() -> None:
    account, fill = _overcharged()
    account.account_rows.append(_correction("1.00", "Fee Correction SPY 01/06/20"))
    result = reconcile(account.given())
    assert found_in(result) == [("account_adjustment", fill.order_id), ("commission_rate", fill.order_id)]
    refund = next(found for found in result.breaks if found.cause == "account_adjustment")
    assert (refund.amount, refund.instrument_key) == (Decimal("1.00"), fill.instrument_key)


def test_a_refund_of_another_day_names_no_order() -> None:
    account, fill = _overcharged()
    account.account_rows.append(_correction("1.00", "Fee Correction SPY 01/03/20"))
    assert found_in(reconcile(account.given())) == [
        ("account_adjustment", None),
        ("commission_rate", fill.order_id),
    ]


def test_weekly_roundings_are_no_breaks() -> None:
    account, _ = account_of(7)
    account.account_rows.append(_correction("-0.02", "Regulatory fee adjustment"))
    assert reconcile(account.given()).breaks == ()


def test_a_corrected_booking_is_explained_with_nothing_left() -> None:
    account, _ = account_of(8)
    fill = account.lean[0]
    account.change(fill, lambda rows: [replace(row, corrects=("earlier",)) for row in rows])
    (found,) = reconcile(account.given()).breaks
    assert (found.cause, found.amount, found.initial_state) == ("cancel_correct", Decimal(0), "explained")
    assert found.lean_order_id == fill.order_id


def test_a_fill_no_statement_has_reached_yet_is_no_break() -> None:
    account, _ = account_of(9)
    last = account.lean[-1]
    account.change(last, lambda rows: [])
    heard = (OPENING - dt.timedelta(days=1), last.occurred_at - dt.timedelta(seconds=1))
    result = reconcile(replace(account.given(), coverage=Coverage((heard,))))
    assert result.breaks == ()
    assert result.not_covered == 1


def test_what_was_traded_before_lean_ran_is_not_missing_in_lean() -> None:
    account, _ = account_of(10)
    later = [Trading("run", OPENING + dt.timedelta(days=3), OPENING + dt.timedelta(days=9))]
    result = reconcile(replace(account.given(), lean=[], runs=later))
    assert result.breaks == ()
    assert {found.verdict.state for found in result.legs} == {"explained"}
    assert all(day.ties for day in result.days)


def test_an_unknown_plan_compares_with_the_model_only() -> None:
    account, _ = account_of(11)
    result = reconcile(replace(account.given(), schedule=None))
    assert all(found.explained.expected is None for found in result.legs)
    assert {found.verdict.state for found in result.legs} <= {"explained", "matched"}
    assert result.breaks == ()


def test_what_lean_does_not_have_is_put_to_the_run_that_was_trading() -> None:
    account, chance = account_of(12)
    faults = _Faults(account, chance)
    faults.stranger()
    (found,) = reconcile(account.given()).breaks
    assert (found.cause, found.run_id) == ("missing_in_lean", "run")
