"""Brakes: what losses, VIX and correlations take away; what a restart remembers; what a stand-in may not do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.limits.brakes import Brakes, Seen, advance
from tomking.kernel.limits.guards import GuardState, guard_fields, parse_guards
from tomking.kernel.limits.inputs import VixInput, judge_vix
from tomking.kernel.parameters import default_values
from tomking.kernel.readings import Reading

VALUES = default_values()
START = datetime(2024, 8, 1, 14, 0, tzinfo=UTC)


def seen(
    equity: int | None = 100_000,
    *,
    days: float = 0,
    minutes: float = 0,
    vix: int | None = 15,
    may_close: bool = True,
    correlation: str | None = None,
    regime: str | None = None,
    flat: bool = False,
) -> Seen:
    now = START + timedelta(days=days, minutes=minutes)
    reading = None if vix is None else Reading(Decimal(vix), now, "index" if may_close else "implied_volatility")
    return Seen(
        now,
        now.date(),
        None if equity is None else Decimal(equity),
        VixInput(reading, may_close and reading is not None, None),
        None if correlation is None else Decimal(correlation),
        None if regime is None else Decimal(regime),
        flat,
    )


def brakes(*looks: Seen) -> Brakes:
    state, found = GuardState(), None
    for look in looks:
        state, found = advance(state, look, VALUES)
    assert found is not None
    return found


def rule(found: Brakes) -> str | None:
    return None if found.stop is None else found.stop.rule


@pytest.mark.parametrize(
    ("equity", "factor", "stop", "closing"),
    [
        (90_001, "1", None, "none"),
        (90_000, "0.5", None, "none"),
        (85_000, "0.5", "drawdown_stop", "none"),
        (80_000, "0.5", "drawdown_close", "all"),
        (70_000, "0.5", "drawdown_terminal", "all"),
    ],
)
def test_drawdown_halves_stops_closes_and_ends(equity: int, factor: str, stop: str | None, closing: str) -> None:
    slide = [seen(equity=100_000 - (100_000 - equity) * n // 20, days=n) for n in range(21)]
    found = brakes(*slide)
    assert (found.size_factor, found.closing) == (Decimal(factor), closing)
    assert rule(found) == stop or (stop == "drawdown_close" and rule(found) in (stop, "pause", "drawdown_stop"))


def test_two_weeks_pass_after_all_was_closed_and_the_peak_begins_anew() -> None:
    slide = [seen(equity=100_000 - 1_000 * n, days=n) for n in range(21)]
    closed = [seen(equity=80_000, days=20.1, flat=True)]
    assert rule(brakes(*slide, *closed, seen(equity=80_000, days=33, flat=True))) is not None
    after = brakes(*slide, *closed, seen(equity=80_000, days=34.2, flat=True))
    assert (rule(after), after.size_factor, after.closing) == (None, Decimal(1), "none")


def test_the_end_stays_until_a_person_clears_it() -> None:
    looks = [seen(), seen(equity=69_000, days=40), seen(equity=120_000, days=80, flat=True)]
    assert rule(brakes(*looks)) == "drawdown_terminal"


@pytest.mark.parametrize(
    ("loss", "stop", "closing"),
    [(10, "session_stop", "none"), (15, "session_stop", "losers"), (20, "session_close", "all")],
)
def test_a_loss_within_a_session_counts_from_the_evening_before(loss: int, stop: str, closing: str) -> None:
    found = brakes(seen(), seen(equity=100_000 - loss * 1000, days=0.9))
    assert found.closing == closing
    assert rule(found) in (stop, "drawdown_stop")
    assert any("session_loss" in one for one in found.watch)


def test_a_loss_that_is_a_sessions_and_a_drawdown_pauses_for_both() -> None:
    crash = [seen(), seen(equity=80_000, days=0.9), seen(equity=80_000, days=1, flat=True)]
    assert rule(brakes(*crash, seen(equity=80_000, days=14, flat=True))) is not None
    assert rule(brakes(*crash, seen(equity=80_000, days=15, flat=True, vix=25))) is not None
    after = brakes(*crash, seen(equity=80_000, days=15, flat=True))
    assert (rule(after), after.size_factor) == (None, Decimal(1))


def test_three_percent_in_five_minutes_stop_a_day_and_calm_has_to_return() -> None:
    fall = [seen(), seen(equity=97_000, minutes=5)]
    assert rule(brakes(*fall)) == "fast_loss"
    assert rule(brakes(*fall, seen(equity=97_500, days=0.9))) == "pause"
    assert rule(brakes(*fall, seen(equity=97_500, days=1.1))) is None
    assert rule(brakes(*fall, seen(equity=97_500, days=1.1, vix=25))) == "pause"
    assert rule(brakes(*fall, seen(equity=97_500, days=1.1, correlation="0.60"))) == "pause"
    slow = [seen(equity=100_000 - 100 * n, minutes=n) for n in range(31)]
    assert rule(brakes(*slow)) is None


def test_an_hourly_bar_is_compared_with_the_one_before() -> None:
    assert rule(brakes(seen(), seen(equity=96_900, minutes=60))) == "fast_loss"


@pytest.mark.parametrize(
    ("vix", "stop", "closing"),
    [(34, None, "none"), (35, "vix_stop", "none"), (40, "vix_stop", "losers"), (50, "vix_close", "all")],
)
def test_vix_stops_then_closes_losers_then_all(vix: int, stop: str | None, closing: str) -> None:
    found = brakes(seen(), seen(vix=vix, minutes=1))
    assert (rule(found), found.closing) == (stop, closing)


def test_a_stand_in_for_vix_stops_entries_and_closes_nothing() -> None:
    found = brakes(seen(), seen(vix=80, may_close=False, minutes=1))
    assert (rule(found), found.closing) == ("vix_stop", "none")


def test_correlation_halts_and_resumes_lower() -> None:
    halted = [seen(correlation="0.90")]
    assert rule(brakes(*halted)) == "correlation_halt"
    assert rule(brakes(*halted, seen(correlation="0.60", minutes=1))) == "correlation_halt"
    assert rule(brakes(*halted, seen(correlation="0.59", minutes=1))) is None


@given(
    st.lists(
        st.tuples(
            st.integers(1, 200_000), st.integers(5, 90) | st.none(), st.booleans(), st.decimals(-2, 3, places=2) | st.none(),
            st.decimals(-1, 1, places=2) | st.none(), st.integers(1, 5000), st.booleans(),
        ),
        min_size=1, max_size=40,
    )
)  # fmt: skip
def test_no_state_of_the_market_makes_a_trade_larger_and_memory_survives_its_document(looks: list[tuple]) -> None:  # type: ignore[type-arg]
    state, minutes = GuardState(), 0
    for equity, vix, may_close, regime, correlation, later, flat in looks:
        minutes += later
        look = seen(
            equity, minutes=minutes, vix=vix, may_close=may_close, flat=flat,
            correlation=None if correlation is None else str(correlation), regime=None if regime is None else str(regime),
        )  # fmt: skip
        again = parse_guards(json.loads(json.dumps(guard_fields(state))))
        assert again == state
        assert advance(again, look, VALUES) == advance(state, look, VALUES)
        state, found = advance(state, look, VALUES)
        assert 0 <= found.size_factor <= 1
        assert found.closing != "all" or found.stop is not None
        if state.highest is not None and equity <= state.highest * (1 - Decimal("0.15")) and not state.resets_peak:
            assert found.stop is not None or (state.peak is not None and equity > state.peak * Decimal("0.85"))


def test_vix_is_used_only_while_it_is_healthy() -> None:
    now = START + timedelta(hours=1)
    good = Reading(Decimal(20), START, "index")
    assert judge_vix(good, None, now, VALUES).may_close
    later = START + timedelta(days=5)
    chain = Reading(Decimal(18), later, "chain")
    old = judge_vix(good, None, later, VALUES, stand_ins=[replace(chain, observed_at=START), chain])
    assert (old.level, old.may_close) == (Decimal(18), False)
    assert old.problem is not None
    assert "too old" in old.problem
    assert "chain" in old.problem
    offered = judge_vix(chain, None, later, VALUES)
    assert (offered.level, offered.may_close) == (Decimal(18), False)
    assert judge_vix(None, None, now, VALUES).level is None
    for value in ("NaN", "0", "500"):
        assert judge_vix(Reading(Decimal(value), START, "index"), None, now, VALUES).level is None
    assert judge_vix(Reading(Decimal(20), now + timedelta(minutes=1), "index"), None, now, VALUES).level is None


def test_a_jump_has_to_be_confirmed_by_a_second_reading_before_it_closes_anything() -> None:
    before = Reading(Decimal(23), START, "index")
    print_ = Reading(Decimal("65.7"), START + timedelta(hours=1), "index")
    first = judge_vix(print_, before, START + timedelta(hours=1), VALUES)
    assert (first.level, first.may_close) == (Decimal("65.7"), False)
    second = Reading(Decimal(60), START + timedelta(hours=2), "index")
    assert judge_vix(second, print_, START + timedelta(hours=2), VALUES).may_close
