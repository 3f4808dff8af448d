"""What the brakes remember from one look to the next, and how it travels with the book.

Holds: `GuardState` and its fields as plain data.
Belongs here: a memory that a restart must not lose: peaks, pauses, what is being closed.
Never here: the rules that read it (`brakes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tomking.kernel.readings import Reading


@dataclass(frozen=True, slots=True)
class GuardState:
    """`peak` is the highest equity since the last pause, `highest` ever; `last_equity` the newest seen.

    `recent` are equities of this session, oldest first. `paused_until` ends a pause, `is_breaker` tells that calm has
    to return as well, `resets_peak` that the pause is the one after a drawdown. `closing` names the rule that closes
    everything until nothing is open; `is_terminal` that a person has to clear the state. `phase` is the account's, 1 to 4,
    `phase_since` the day it began.
    """

    peak: Decimal | None = None
    highest: Decimal | None = None
    session: date | None = None
    session_equity: Decimal | None = None
    last_equity: Decimal | None = None
    recent: tuple[tuple[datetime, Decimal], ...] = ()
    paused_until: datetime | None = None
    pause_rule: str | None = None
    is_breaker: bool = False
    resets_peak: bool = False
    closing: str | None = None
    is_terminal: bool = False
    is_correlated: bool = False
    vix: Reading | None = None
    phase: int | None = None
    phase_since: date | None = None


def guard_fields(state: GuardState) -> dict[str, object]:
    """The state as plain data."""
    vix = state.vix
    return {
        "peak": _text(state.peak),
        "highest": _text(state.highest),
        "session": None if state.session is None else state.session.isoformat(),
        "session_equity": _text(state.session_equity),
        "last_equity": _text(state.last_equity),
        "recent": [[moment.isoformat(), str(equity)] for moment, equity in state.recent],
        "paused_until": None if state.paused_until is None else state.paused_until.isoformat(),
        "pause_rule": state.pause_rule,
        "is_breaker": state.is_breaker,
        "resets_peak": state.resets_peak,
        "closing": state.closing,
        "is_terminal": state.is_terminal,
        "is_correlated": state.is_correlated,
        "vix": None if vix is None else [str(vix.value), vix.observed_at.isoformat(), vix.source],
        "phase": state.phase,
        "phase_since": None if state.phase_since is None else state.phase_since.isoformat(),
    }


def parse_guards(fields: Mapping[str, object]) -> GuardState:
    """The state in plain data. Raises KeyError, TypeError, ValueError or ArithmeticError where it is damaged.

    A book of before phases were remembered has none.
    """
    phase, since = fields.get("phase"), fields.get("phase_since")
    if phase is not None and (not isinstance(phase, int) or not 1 <= phase <= 4):
        raise ValueError(f"phase: {phase!r} is none of 1 to 4")
    session, vix, recent = fields["session"], fields["vix"], fields["recent"]
    if not isinstance(recent, list):
        raise TypeError("recent: a list expected")
    reading = None
    if vix is not None:
        if not isinstance(vix, list):
            raise TypeError("vix: a list expected")
        value, moment, source = vix
        reading = Reading(Decimal(_string(value)), _instant(moment), _string(source))
    return GuardState(
        peak=_number(fields["peak"]),
        highest=_number(fields["highest"]),
        session=None if session is None else date.fromisoformat(_string(session)),
        session_equity=_number(fields["session_equity"]),
        last_equity=_number(fields["last_equity"]),
        recent=tuple((_instant(moment), Decimal(_string(equity))) for moment, equity in recent),
        paused_until=None if fields["paused_until"] is None else _instant(fields["paused_until"]),
        pause_rule=_optional(fields["pause_rule"]),
        is_breaker=_flag(fields["is_breaker"]),
        resets_peak=_flag(fields["resets_peak"]),
        closing=_optional(fields["closing"]),
        is_terminal=_flag(fields["is_terminal"]),
        is_correlated=_flag(fields["is_correlated"]),
        vix=reading,
        phase=phase,
        phase_since=None if since is None else date.fromisoformat(_string(since)),
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(_string(value))


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text expected, not {type(value).__name__}")
    return value


def _optional(value: object) -> str | None:
    return None if value is None else _string(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"a flag expected, not {type(value).__name__}")
    return value


def _instant(value: object) -> datetime:
    moment = datetime.fromisoformat(_string(value))
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {value}")
    return moment
