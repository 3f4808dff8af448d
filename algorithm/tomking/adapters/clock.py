"""Time, from the engine and from the wall.

Holds: the algorithm's instant in UTC, its New York time, and the computer's clock.
Belongs here: the one place where a clock is read.
Never here: calendars (`kernel.sessions`).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tomking.kernel.sessions import NEW_YORK

if TYPE_CHECKING:
    from AlgorithmImports import QCAlgorithm


def wall_now() -> datetime:
    """The computer's clock, UTC. It names a run's journal and decides nothing."""
    return datetime.now(UTC)


def stopwatch() -> float:
    """Seconds of a clock that only runs forward; differences measure what a handler cost."""
    return time.perf_counter()


def utc_now(algorithm: QCAlgorithm) -> datetime:
    """The algorithm's instant, UTC; the engine may hand it over with or without a zone."""
    moment: datetime = algorithm.utc_time
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def local_now(algorithm: QCAlgorithm) -> datetime:
    """The algorithm's instant on New York's clocks, without a zone."""
    return utc_now(algorithm).astimezone(NEW_YORK).replace(tzinfo=None)
