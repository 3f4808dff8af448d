"""The published parameter sets, as the algorithm comes by them.

Holds: the walk through the dated history (backtest), the look at the current set (live, or a backtest that asks for it),
the last good values.
Belongs here: which document is read when.
Never here: whether a document is good (`kernel.parameter_book`), what a value does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from tomking.adapters.journal import Journal
from tomking.adapters.object_store import Store
from tomking.kernel.contracts import current_key, history_key, parameter_key
from tomking.kernel.documents import sha256_of
from tomking.kernel.parameter_book import Applied, ParameterBook, Refused
from tomking.kernel.parameters import ParameterSet, ParametersRefused, default_values, parse_history


class ParameterFeed:
    """Keeps the values in force; `on_applied` is told of each new set."""

    def __init__(
        self,
        store: Store,
        deployment: str,
        journal: Journal,
        *,
        live: bool,
        always_current: bool = False,
        on_applied: Callable[[ParameterSet], None],
    ) -> None:
        """`always_current`: a backtest works with the current set on days before that set takes effect, too."""
        self._store, self._deployment, self._journal = store, deployment, journal
        self._live, self._always_current, self._on_applied = live, always_current, on_applied
        self._book = ParameterBook(deployment=deployment)
        self._values: Mapping[str, str] = default_values()
        self._last_trouble: tuple[str, ...] = ()

    @property
    def values(self) -> Mapping[str, str]:
        """Every value in force, as text: the last good set over the defaults."""
        return self._values

    @property
    def current(self) -> ParameterSet | None:
        """The set in force, None while the defaults are."""
        return self._book.current

    def refresh(self, why: str, day: date) -> bool:
        """Look for a set that is due on `day`; True where a new one is in force from now on."""
        try:
            return self._refresh(why, day)
        except OSError as error:
            if self._is_news("unreadable", str(error)):
                self._journal.write("error", message=str(error)[:500], where="parameters")
            return False

    def _refresh(self, why: str, day: date) -> bool:
        self._store.forget()
        if self._live:
            return self._offer(current_key(self._deployment), why, day, None)
        if self._always_current:
            # Not held against its own first day: that it saw what it trades is told by its `data_through`.
            return self._offer(current_key(self._deployment), why, date.max, None)
        key = history_key(self._deployment)
        document = self._store.read(key)
        if document is None:
            return self._missing(why, key)
        try:
            entry = parse_history(document).effective_on(day)
        except ParametersRefused as error:
            return self._refused(sha256_of(document), error.reason, error.field or "history", why)
        if entry is None:
            return self._missing(why, key)
        if self._book.current is not None and self._book.current.sha256 == entry.sha256:
            return False
        return self._offer(parameter_key(self._deployment, entry.id), why, day, entry.sha256)

    def _offer(self, key: str, why: str, day: date, announced: str | None) -> bool:
        document = self._store.read(key)
        if document is None:
            return self._missing(why, key)
        answer = self._book.offer(document, why, day, sha256=announced)
        if isinstance(answer, Applied):
            self._values = answer.parameters.values_with_defaults()
            self._last_trouble = ()
            self._journal.write("parameters_applied", **answer.journal_fields())
            self._on_applied(answer.parameters)
            return True
        if isinstance(answer, Refused):
            return self._refused(answer.sha256, answer.reason, answer.field, why)
        self._last_trouble = ()
        return False

    def _refused(self, digest: str, reason: str, field: str | None, why: str) -> bool:
        if self._is_news("refused", digest, reason, field or ""):
            self._journal.write("parameters_refused", sha256=digest, reason=reason, field=field, why=why)
        return False

    def _missing(self, why: str, key: str) -> bool:
        if self._is_news("missing", key):
            self._journal.write("parameters_missing", why=why, key=key)
        return False

    def _is_news(self, *trouble: str) -> bool:
        # A refresh comes every few minutes: the same trouble is worth one line, not thousands.
        news = trouble != self._last_trouble
        self._last_trouble = trouble
        return news
