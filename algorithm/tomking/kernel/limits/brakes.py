"""Brakes: what losses, VIX and correlations take away from new trades, and when they close the old ones.

Holds: `Brakes`, and the step that turns what is seen now, with what is remembered, into them.
Belongs here: drawdown, session loss, a fast loss, VIX and correlation levels, pauses.
Never here: the size or number of trades (`counts`, `buying_power`), orders.

Sources: the rule set's drawdown table (R1), its four levels and pauses (R4), published practice for VIX (W10). A brake
only ever lowers: the factor on size is at most 1, and nothing here opens what another limit refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from tomking.kernel.limits.guards import GuardState
from tomking.kernel.limits.inputs import INDEX, VixInput
from tomking.kernel.limits.phases import phase_of
from tomking.kernel.limits.terms import Refusal, number

Closing = Literal["none", "losers", "all"]
_HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Brakes:
    """`size_factor` from 0 to 1; `stop` refuses every entry; `closing` with the rule that asks; `watch` for the record."""

    size_factor: Decimal
    stop: Refusal | None
    closing: Closing
    closing_rule: str | None
    watch: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the brakes look at; `is_flat`: no trade that a closing would end is alive."""

    now: datetime
    day: date
    equity: Decimal | None
    vix: VixInput
    mean_correlation: Decimal | None
    regime_multiplier: Decimal | None
    is_flat: bool


def advance(state: GuardState, seen: Seen, values: Mapping[str, str]) -> tuple[GuardState, Brakes]:
    """The new memory and the brakes that hold now."""
    state = _promote(_remember(state, seen, values), seen, values)
    state = _end_of_pause(state, seen, values)
    factor = (
        min(Decimal(1), max(Decimal(0), seen.regime_multiplier)) if seen.regime_multiplier is not None else Decimal(1)
    )
    losses = _losses(state, seen)
    watch = [
        f"{name} of {value:.4f}" for name, value in losses.items() if value >= number(values, "limits.session_watch")
    ]
    if losses.get("drawdown", Decimal(0)) >= number(values, "limits.drawdown_halve"):
        factor *= _HALF
    if seen.vix.level is not None and seen.vix.level >= number(values, "limits.vix_watch"):
        watch.append(f"vix of {seen.vix.level}")
    state, stop = _fire(state, seen, losses, values)
    rule = state.closing
    losers = None if rule is not None else _losers_rule(seen, losses, values)
    closing: Closing = "all" if rule is not None else "losers" if losers is not None else "none"
    return state, Brakes(factor, stop, closing, rule or losers, tuple(watch))


def _remember(state: GuardState, seen: Seen, values: Mapping[str, str]) -> GuardState:
    vix = seen.vix.reading
    if vix is not None and vix.source == INDEX and (state.vix is None or vix.observed_at > state.vix.observed_at):
        state = replace(state, vix=vix)
    if state.closing is not None and seen.is_flat:
        state = replace(state, closing=None)
    equity = seen.equity
    if equity is None or equity <= 0:
        return state
    if state.session != seen.day:
        # The loss of a session counts from the last look at the session before: gaps overnight are part of it.
        begun = state.last_equity if state.last_equity is not None else equity
        state = replace(state, session=seen.day, session_equity=begun, recent=())
    window = timedelta(minutes=int(number(values, "limits.fast_loss_minutes")))
    # The newest reading before the window stays, so that bars longer than the window are compared with the one before.
    inside = [one for one in state.recent if seen.now - one[0] <= window]
    before = [one for one in state.recent if seen.now - one[0] > window][-1:]
    return replace(
        state,
        peak=equity if state.peak is None else max(state.peak, equity),
        highest=equity if state.highest is None else max(state.highest, equity),
        last_equity=equity,
        recent=(*(inside or before), (seen.now, equity)),
    )


def _promote(state: GuardState, seen: Seen, values: Mapping[str, str]) -> GuardState:
    """The phase of the account: down at once with its size, up one at a time, after its days and without a deep loss.

    An account begins in the phase of the size it is first seen with.
    """
    if seen.equity is None or seen.equity <= 0:
        return state
    by_size = phase_of(seen.equity, values)
    if state.phase is None or state.phase_since is None or by_size < state.phase:
        return replace(state, phase=by_size, phase_since=seen.day)
    if by_size == state.phase:
        return state
    served = (seen.day - state.phase_since).days >= number(values, "limits.promotion_days")
    loss = Decimal(0) if state.peak is None else 1 - seen.equity / state.peak
    if not served or loss >= number(values, f"limits.promotion_loss_{state.phase + 1}"):
        return state
    return replace(state, phase=state.phase + 1, phase_since=seen.day)


def _end_of_pause(state: GuardState, seen: Seen, values: Mapping[str, str]) -> GuardState:
    if state.paused_until is None or seen.now < state.paused_until or state.closing is not None:
        return state
    if state.is_breaker:
        vix, correlation = seen.vix.level, seen.mean_correlation
        if vix is not None and vix >= number(values, "limits.vix_resume"):
            return state
        if correlation is not None and correlation >= number(values, "limits.correlation_resume"):
            return state
    peak = seen.equity if state.resets_peak and seen.equity is not None else state.peak
    return replace(state, peak=peak, paused_until=None, pause_rule=None, is_breaker=False, resets_peak=False)


def _losses(state: GuardState, seen: Seen) -> dict[str, Decimal]:
    """Losses as shares: from the peak, from the highest peak, in the session, within the fast window."""
    if seen.equity is None or seen.equity <= 0:
        return {}
    fast = state.recent[0][1] if state.recent else None
    begun = {
        "drawdown": state.peak,
        "total_drawdown": state.highest,
        "session_loss": state.session_equity,
        "fast_loss": fast,
    }
    return {name: 1 - seen.equity / since for name, since in begun.items() if since is not None and since > 0}


def _fire(
    state: GuardState, seen: Seen, losses: Mapping[str, Decimal], values: Mapping[str, str]
) -> tuple[GuardState, Refusal | None]:
    def reached(loss: str, limit: str) -> Refusal | None:
        value, allowed = losses.get(loss), number(values, f"limits.{limit}")
        return None if value is None or value < allowed else Refusal(limit, f"{loss} of the account", allowed, value)

    terminal = reached("total_drawdown", "drawdown_terminal")
    if terminal is not None or state.is_terminal:
        state = replace(state, is_terminal=True, closing=None if seen.is_flat else "drawdown_terminal")
        return state, terminal or Refusal("drawdown_terminal", "trading ended; a person has to clear the state")
    drawdown = None if state.resets_peak else reached("drawdown", "drawdown_close")
    emergency = reached("session_loss", "session_close")
    if emergency is None and seen.vix.may_close:
        emergency = _vix_reached(seen, "vix_close", values)
    # A loss of one session may be the whole drawdown: then both rules hold, the longer pause and the return of calm.
    if drawdown is not None:
        until = seen.now + timedelta(days=int(number(values, "limits.pause_days")))
        state = _pause(state, seen, drawdown.rule, until, resets_peak=True)
    if emergency is not None:
        state = _pause(state, seen, emergency.rule, _day_later(seen, values), is_breaker=True)
    if emergency is not None or drawdown is not None:
        return state, emergency or drawdown
    fast = reached("fast_loss", "fast_loss")
    if fast is not None:
        later = _day_later(seen, values)
        state = replace(state, paused_until=_latest(state, later), pause_rule="fast_loss", is_breaker=True)
        return state, fast
    state, correlated = _correlation(state, seen, values)
    stop = (
        reached("drawdown", "drawdown_stop")
        or reached("session_loss", "session_stop")
        or _vix_reached(seen, "vix_stop", values)
        or correlated
    )
    return state, stop or _paused(state)


def _pause(
    state: GuardState, seen: Seen, rule: str, until: datetime, *, is_breaker: bool = False, resets_peak: bool = False
) -> GuardState:
    return replace(
        state,
        closing=None if seen.is_flat else rule,
        paused_until=_latest(state, until),
        pause_rule=rule,
        is_breaker=is_breaker or state.is_breaker,
        resets_peak=resets_peak or state.resets_peak,
    )


def _latest(state: GuardState, until: datetime) -> datetime:
    return until if state.paused_until is None else max(until, state.paused_until)


def _day_later(seen: Seen, values: Mapping[str, str]) -> datetime:
    return seen.now + timedelta(hours=int(number(values, "limits.pause_hours")))


def _vix_reached(seen: Seen, limit: str, values: Mapping[str, str]) -> Refusal | None:
    level, allowed = seen.vix.level, number(values, f"limits.{limit}")
    return None if level is None or level < allowed else Refusal(limit, "level of VIX", allowed, level)


def _losers_rule(seen: Seen, losses: Mapping[str, Decimal], values: Mapping[str, str]) -> str | None:
    if losses.get("session_loss", Decimal(0)) >= number(values, "limits.session_losers"):
        return "session_losers"
    if seen.vix.may_close and _vix_reached(seen, "vix_losers", values) is not None:
        return "vix_losers"
    return None


def _correlation(state: GuardState, seen: Seen, values: Mapping[str, str]) -> tuple[GuardState, Refusal | None]:
    mean = seen.mean_correlation
    if mean is None:
        return state, None
    limit = number(values, "limits.correlation_resume" if state.is_correlated else "limits.correlation_halt")
    state = replace(state, is_correlated=mean >= limit)
    return state, Refusal("correlation_halt", "mean correlation", limit, mean) if state.is_correlated else None


def _paused(state: GuardState) -> Refusal | None:
    if state.paused_until is None:
        return None
    return Refusal("pause", f"no new trades until {state.paused_until.isoformat()} after {state.pause_rule}")
