"""One handler at a time, whatever thread it comes on.

Holds: `Turns`.
Belongs here: who may work now, and what waits.
Never here: what the handlers do.

In a backtest an order event arrives inside the very call that sends the order. Live, slices, order events, scheduled
calls and commands come on threads of the engine's own. A slice waits for its turn; everything else is left for whoever is
at work, because the engine may be waiting for that thread: an order at the market returns only once its event was taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock

Act = Callable[[], None]


class Turns:
    """Runs acts one after the other."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: deque[Act] = deque()

    def wait(self, act: Act) -> None:
        """Run `act` as soon as nothing else runs; then what was left meanwhile. Not from within an act."""
        with self._lock:
            act()
        self._work()

    def leave(self, act: Act) -> None:
        """Run `act` now, or after the act that is running."""
        self._waiting.append(act)
        self._work()

    def _work(self) -> None:
        # Looked at again after the lock is free: something may have been left between the last look and that.
        while self._waiting and self._lock.acquire(blocking=False):
            try:
                while self._waiting:
                    self._waiting.popleft()()
            finally:
                self._lock.release()
