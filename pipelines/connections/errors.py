"""Why a broker's web service did not give what it was asked for.

Holds: the one error of this package.
Belongs here: what a person can do about a connection that fails.
Never here: refusals of what was fetched (the statement readers').
"""

from __future__ import annotations

from pipelines.errors import TomkingError
from pipelines.privacy import redact_text


class ConnectionFailed(TomkingError):
    """A broker's web service could not be reached, refused the credentials, or answered with something else.

    Every part is masked when it is made: an address may carry a token, and a page of a server may repeat it.
    """

    exit_code = 6

    def __init__(
        self, what: str, *, where: str | None = None, why: str | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(redact_text(what), where=_masked(where), why=_masked(why), remedy=_masked(remedy))


def _masked(text: str | None) -> str | None:
    return None if text is None else redact_text(text)
