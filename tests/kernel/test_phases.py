"""Phases of an account: down at once, up one at a time, after its days and without a deep loss."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.limits.brakes import Seen, advance
from tomking.kernel.limits.guards import GuardState, guard_fields, parse_guards
from tomking.kernel.limits.inputs import VixInput
from tomking.kernel.limits.phases import phase_ceiling, phase_of, trades_allowed
from tomking.kernel.parameters import default_values

VALUES = default_values()
FIRST = datetime(2020, 1, 6, 17, tzinfo=UTC)


def after(*looks: tuple[int, int], state: GuardState | None = None) -> GuardState:
    """The state after looks of (day, equity)."""
    found = state or GuardState()
    for day, equity in looks:
        now = FIRST + timedelta(days=day)
        calm = VixInput(None, may_close=False, problem=None)
        found, _ = advance(found, Seen(now, now.date(), Decimal(equity), calm, None, None, is_flat=True), VALUES)
    return found


def test_an_account_begins_in_the_phase_of_its_size() -> None:
    assert [after((0, equity)).phase for equity in (30_000, 40_000, 60_000, 75_000)] == [1, 2, 3, 4]


def test_it_rises_one_phase_at_a_time_after_its_days_and_falls_at_once() -> None:
    assert after((0, 30_000), (89, 80_000)).phase == 1
    grown = after((0, 30_000), (90, 80_000))
    assert grown.phase == 2
    assert after((91, 80_000), state=grown).phase == 2
    assert after((180, 80_000), state=grown).phase == 3
    assert after((181, 39_999), state=grown).phase == 1


@pytest.mark.parametrize(("equity", "phase"), [(85_100, 4), (80_000, 3)])
def test_a_loss_from_the_peak_holds_it_back(equity: int, phase: int) -> None:
    held = GuardState(phase=3, phase_since=FIRST.date(), peak=Decimal(94_000), highest=Decimal(94_000))
    assert after((90, equity), state=held).phase == phase


def test_the_limits_are_those_of_the_phase_that_was_reached() -> None:
    equity = Decimal(250_000)
    assert trades_allowed(equity, VALUES) == 10
    assert trades_allowed(equity, VALUES, 2) == 5
    assert phase_ceiling(equity, VALUES, 1) == Decimal("0.30")


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 200_000)), min_size=1, max_size=12))
def test_no_history_puts_an_account_above_the_phase_of_its_size(looks: list[tuple[int, int]]) -> None:
    ordered = sorted(looks)
    state = after(*ordered)
    assert state.phase is not None
    assert state.phase <= phase_of(Decimal(ordered[-1][1]), VALUES)
    assert parse_guards(guard_fields(state)) == state


def test_a_memory_from_before_phases_has_none_and_a_damaged_one_is_refused() -> None:
    fields = guard_fields(after((0, 50_000)))
    old = {name: value for name, value in fields.items() if not name.startswith("phase")}
    assert parse_guards(old).phase is None
    with pytest.raises(ValueError, match="phase"):
        parse_guards({**fields, "phase": 7})
    assert replace(after((0, 50_000)), phase=None) != after((0, 50_000))
