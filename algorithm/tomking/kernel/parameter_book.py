"""The set a running algorithm works with: takes good documents, keeps the last good one when a bad one comes.

Holds: `ParameterBook` and the three answers to an offered document.
Belongs here: what happens between reading bytes and working with values.
Never here: reading the store, writing the journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from tomking.kernel.documents import sha256_of
from tomking.kernel.parameters import ParameterSet, ParametersRefused, parse


@dataclass(frozen=True, slots=True)
class Applied:
    """The offered document is in force from here on; `previous` is what it replaces, None at the start."""

    parameters: ParameterSet
    why: str
    previous: ParameterSet | None

    def journal_fields(self) -> dict[str, object]:
        """The fields of the journal's `parameters_applied`."""
        return {
            "set_id": self.parameters.id,
            "sha256": self.parameters.sha256,
            "why": self.why,
            "effective_from": self.parameters.effective_from,
            "data_through": self.parameters.data_through,
            "effective_values_sha256": self.parameters.effective_values_sha256,
        }


@dataclass(frozen=True, slots=True)
class Refused:
    """The offered document may not be used; what was in force stays. `repeated`: the same answer as the last time."""

    sha256: str
    reason: str
    field: str | None
    why: str
    repeated: bool

    def journal_fields(self) -> dict[str, object]:
        """The fields of the journal's `parameters_refused`."""
        return {"sha256": self.sha256, "reason": self.reason, "field": self.field, "why": self.why}


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The offered document is the one in force already."""

    sha256: str


class ParameterBook:
    """Keeps the last good parameter set.

    A refused document leaves no trace in what is in force and is judged anew each time it is offered, because a
    half-written file is whole a moment later.
    """

    def __init__(self, *, deployment: str | None = None, max_age_days: int | None = None) -> None:
        """`max_age_days`: oldest data, in calendar days, that a newly offered set may rest on."""
        self._deployment, self._max_age_days = deployment, max_age_days
        self._current: ParameterSet | None = None
        self._last_refusal: tuple[str, str, str | None] | None = None

    @property
    def current(self) -> ParameterSet | None:
        """The set in force, or None before the first good one."""
        return self._current

    def offer(
        self, document: bytes, why: str, now: date | datetime, *, sha256: str | None = None
    ) -> Applied | Refused | Unchanged:
        """Take `document` where it is good on the algorithm's day `now`; `sha256` is the announced hash, if any."""
        on = now.date() if isinstance(now, datetime) else now
        digest = sha256_of(document)
        if self._current is not None and digest == self._current.sha256 and sha256 in (None, digest):
            return Unchanged(digest)
        try:
            found = parse(document, on=on, max_age_days=self._max_age_days, sha256=sha256, deployment=self._deployment)
        except ParametersRefused as error:
            answer = (digest, error.reason, error.field)
            repeated, self._last_refusal = answer == self._last_refusal, answer
            return Refused(digest, error.reason, error.field, why, repeated)
        previous, self._current, self._last_refusal = self._current, found, None
        return Applied(found, why, previous)
