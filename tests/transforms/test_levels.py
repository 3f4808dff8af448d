"""Levels of a per-contract fee are recovered from charges rounded to the cent."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.transforms.fees.levels import FILLS_PER_CHANGE, LevelFit, LevelObservation, fit_levels

START = dt.date(2020, 1, 2)
CENT = Decimal("0.01")
RATES = st.integers(100, 900).map(lambda units: Decimal(units).scaleb(-4))


def charged(rate: Decimal, contracts: int) -> Decimal:
    return (rate * contracts).quantize(CENT, rounding=ROUND_HALF_UP)


def observe(day: int, contracts: int, amount: Decimal, name: str) -> LevelObservation:
    session = START + dt.timedelta(days=day)
    moment = dt.datetime(session.year, session.month, session.day, 15, tzinfo=dt.UTC)
    return LevelObservation.of_charge(session, moment, Decimal(contracts), amount, name)


def fills(rate: Decimal, days: range, sizes: list[int], mark: str = "f") -> list[LevelObservation]:
    return [
        observe(day, sizes[day % len(sizes)], charged(rate, sizes[day % len(sizes)]), f"{mark}{day}") for day in days
    ]


def flat(rate: str | Decimal) -> Decimal:
    return Decimal(rate)


@settings(deadline=None)
@given(RATES, st.lists(st.integers(1, 30), min_size=1, max_size=25))
def test_fills_charged_by_the_schedule_are_no_news(rate: Decimal, sizes: list[int]) -> None:
    fit = fit_levels(fills(rate, range(len(sizes)), sizes), lambda _: rate)
    assert (fit.changes, fit.outliers) == ((), ())
    assert [level.estimate for level in fit.levels] == [rate]
    assert fit.levels[0].low <= rate < fit.levels[0].high
    assert fit.levels[0].fills == len(sizes)


@settings(deadline=None)
@given(RATES, RATES, st.lists(st.integers(1, 10), min_size=1, max_size=6), st.integers(3, 20), st.integers(3, 20))
def test_a_change_is_found_on_its_session_and_its_interval_holds_the_truth(
    old: Decimal, new: Decimal, sizes: list[int], before: int, after: int
) -> None:
    assume(all(charged(old, size) != charged(new, size) for size in sizes))
    observations = fills(old, range(before), sizes) + fills(new, range(before, before + after), sizes)
    fit = fit_levels(observations, lambda _: old)
    [change] = fit.changes
    assert change.effective_from == START + dt.timedelta(days=before)
    assert change.after == START + dt.timedelta(days=before - 1)
    assert change.old == old
    assert change.low <= new < change.high
    assert change.low <= change.estimate < change.high
    assert change.evidence == tuple(f"f{day}" for day in range(before, before + after))
    assert fit.outliers == ()


@settings(deadline=None, max_examples=40)
@given(st.randoms(), RATES, RATES)
def test_the_order_of_the_rows_does_not_matter(random: object, old: Decimal, new: Decimal) -> None:
    observations = fills(old, range(8), [1, 2, 3]) + fills(new, range(8, 16), [1, 2, 3])
    mixed = list(observations)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert fit_levels(mixed, lambda _: old) == fit_levels(observations, lambda _: old)


def story_cost(fit: LevelFit, observations: list[LevelObservation]) -> int:
    return len(fit.changes) * FILLS_PER_CHANGE + len(fit.outliers)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 40)), min_size=1, max_size=14))
def test_every_fill_is_explained_by_its_level_or_listed_as_outlier(rows: list[tuple[int, int]]) -> None:
    observations = [observe(day, size, Decimal(cents) * CENT, f"r{day}") for day, (size, cents) in enumerate(rows)]
    fit = fit_levels(observations, lambda _: flat("0.0388"))
    by_id = {seen.row_id: seen for seen in observations}
    explained = [name for level in fit.levels for name in level.row_ids]
    left_over = [outlier.row_id for outlier in fit.outliers]
    assert sorted(explained + left_over) == sorted(by_id)
    for level in fit.levels:
        assert Fraction(level.low) < Fraction(level.high)
        assert all(by_id[name].allows(level.estimate) for name in level.row_ids)
    # Calling every contradicting fill an outlier is always a possible story; the one told is no dearer.
    scheduled = sum(not seen.allows(Decimal("0.0388")) for seen in observations)
    assert story_cost(fit, observations) <= scheduled


@pytest.mark.parametrize("day", [0, 7, 14])
def test_a_single_mischarged_fill_is_an_outlier_and_no_level(day: int) -> None:
    observations = fills(Decimal("0.0388"), range(15), [2])
    observations[day] = observe(day, 2, Decimal("0.14"), f"f{day}")
    fit = fit_levels(observations, lambda _: flat("0.0388"))
    assert fit.changes == ()
    [outlier] = fit.outliers
    assert (outlier.row_id, outlier.nearest) == (f"f{day}", Decimal("0.0388"))
    assert (outlier.low, outlier.high) == (Decimal("0.0675"), Decimal("0.0725"))


def test_a_level_between_two_others_needs_twice_the_fills_of_a_change() -> None:
    def story(length: int) -> LevelFit:
        rows = fills(Decimal("0.0388"), range(10), [1, 2])
        rows += fills(Decimal("0.06"), range(10, 10 + length), [1, 2])
        rows += fills(Decimal("0.0388"), range(10 + length, 20 + length), [1, 2])
        return fit_levels(rows, lambda _: flat("0.0388"))

    short, long = story(2 * FILLS_PER_CHANGE), story(2 * FILLS_PER_CHANGE + 1)
    assert (len(short.changes), len(short.outliers)) == (0, 2 * FILLS_PER_CHANGE)
    assert [change.estimate for change in long.changes][-1] == Decimal("0.0388")
    assert (len(long.changes), len(long.outliers)) == (2, 0)


def test_a_change_that_the_schedule_announced_is_no_news() -> None:
    boundary = START + dt.timedelta(days=10)
    rows = fills(Decimal("0.0388"), range(10), [1, 2]) + fills(Decimal("0.0341"), range(10, 20), [1, 2])
    fit = fit_levels(rows, lambda day: Decimal("0.0341") if day >= boundary else Decimal("0.0388"))
    assert fit.changes == ()
    assert [(level.estimate, level.as_scheduled) for level in fit.levels] == [
        (Decimal("0.0388"), True),
        (Decimal("0.0341"), True),
    ]


def test_a_statement_that_begins_with_another_level_changes_from_its_first_fill() -> None:
    fit = fit_levels(fills(Decimal("0.0341"), range(6), [1, 3]), lambda _: flat("0.0388"))
    [change] = fit.changes
    assert (change.effective_from, change.after, change.old) == (START, None, Decimal("0.0388"))


def test_no_fills_give_no_levels() -> None:
    assert fit_levels([], lambda _: flat("0.0388")) == LevelFit((), (), ())


def test_an_observation_without_contracts_is_refused() -> None:
    with pytest.raises(ValueError, match="contracts"):
        observe(0, 0, Decimal("0.04"), "x")
