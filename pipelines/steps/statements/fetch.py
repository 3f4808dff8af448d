"""Statements from brokers' web services into the inbox.

Holds: which connections are asked for what time, that one that fails never stops the others, and the record of each.
Belongs here: the order of looking up credentials, asking, writing and noting what became of it.
Never here: a broker's protocol (`pipelines.connections`), reading what was fetched (`steps.statements`).

Nothing of the warehouse is locked while a service is asked. What is fetched lies in the inbox below the alias of its
account and goes the way of every statement: a reply fetched twice is one file, overlapping replies merge row by row.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.config import AccountSettings, ConnectionSettings, Settings
from pipelines.connections import ibkr_flex, tastytrade
from pipelines.connections.credentials import Credentials, how_to_store, look_up
from pipelines.connections.exchange import Exchange, Limits
from pipelines.connections.fetched import Fetched, write
from pipelines.errors import ConfigurationError, NotFound, TomkingError
from pipelines.privacy import redact_text
from pipelines.steps.jobs import begin_job, end_job
from warehouse.access import Warehouse

FOLDER = "fetched"
"""Folder of the inbox, below the alias of the account."""
OVERLAP = dt.timedelta(days=10)
"""A fetch begins this long before the newest day that is known: late bookings, corrections, weekly adjustments."""
FIRST_FETCH = dt.timedelta(days=30)
"""How far the first fetch reaches back where the account says no day of opening."""
JOB = "fetch"
_NEW_YORK = ZoneInfo("America/New_York")

Report = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class FetchOutcome:
    """What became of one connection.

    `outcome`: fetched, failed (what was fetched before stands in `files` all the same), not_configured (a credential
    is missing). `files` are the new ones; `replies` counts all that were given.
    """

    account: str
    broker: str
    outcome: str
    since: dt.date
    replies: int = 0
    files: tuple[str, ...] = ()
    message: str | None = None
    remedy: str | None = None

    @property
    def summary(self) -> str:
        """One line for a person."""
        told = f"{self.replies} replies, {len(self.files)} new" if self.replies else ""
        return "; ".join(part for part in (told, self.message) if part)


@dataclass(frozen=True, slots=True)
class FetchReport:
    """What became of every connection that was asked."""

    outcomes: tuple[FetchOutcome, ...] = ()

    @property
    def failed(self) -> tuple[FetchOutcome, ...]:
        """The connections that gave nothing or not everything."""
        return tuple(outcome for outcome in self.outcomes if outcome.outcome != "fetched")

    @property
    def summary(self) -> str:
        """One line for a person."""
        if not self.outcomes:
            return "no connection is configured"
        return "; ".join(f"{found.account}: {found.outcome} ({found.summary})" for found in self.outcomes)


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Patience:
    """How a service is waited for; tests wait less."""

    limits: Limits = field(default_factory=Limits)
    sleep: Callable[[float], None] = _sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class _Asked:
    """One connection and the time it is asked for."""

    account: AccountSettings
    connection: ConnectionSettings
    begin: dt.date
    today: dt.date
    folder: Path
    progress: Report
    patience: Patience

    def told(self, done: int, total: int, what: str) -> None:
        """Progress with the account's name."""
        self.progress(done, total, f"{self.account.alias}: {what}")


def fetch_statements(
    warehouse: Warehouse,
    settings: Settings,
    *,
    account: str | None = None,
    since: dt.date | None = None,
    progress: Report = lambda done, total, what: None,
    patience: Patience | None = None,
) -> FetchReport:
    """Ask every connection, or the one of `account`, for what was booked from `since` on.

    Without `since` each begins ten days before the newest day its account is known through. Each connection is a job of
    its own in `ops.jobs` (`fetch ALIAS`). Raises NotFound where `account` has no connection.
    """
    chosen = [found for found in settings.connections if account in (None, found.account)]
    if account is not None and not chosen:
        known = ", ".join(found.account for found in settings.connections) or "none"
        raise NotFound(
            f"account {account!r} has no connection",
            where=str(settings.root),
            why=f"connections: {known}",
            remedy=f'add [[connections]] account = "{account}" to tomking.toml',
        )
    today = dt.datetime.now(_NEW_YORK).date()
    outcomes = []
    for connection in chosen:
        configured = settings.account(connection.account)
        if configured is None:
            raise ConfigurationError(f"the connection of account {connection.account!r} names no configured account")
        begin = since or _begin(warehouse, configured, today)
        folder = settings.inbox / configured.alias / FOLDER
        asked = _Asked(configured, connection, begin, today, folder, progress, patience or Patience())
        job_id = begin_job(warehouse, f"{JOB} {configured.alias}")
        outcome = _fetch(asked)
        end_job(warehouse, job_id, "succeeded" if outcome.outcome == "fetched" else "failed", outcome.summary[:2000])
        outcomes.append(outcome)
    return FetchReport(tuple(outcomes))


def _fetch(asked: _Asked) -> FetchOutcome:
    files: list[str] = []
    notes: list[str] = []
    replies = 0
    account = asked.account

    def ended(outcome: str, message: str | None, remedy: str | None = None) -> FetchOutcome:
        told = redact_text(message) if message else None
        return FetchOutcome(account.alias, account.broker, outcome, asked.begin, replies, tuple(files), told, remedy)

    try:
        credentials = look_up(account.alias, account.broker)
        if credentials.missing:
            missing = ", ".join(credentials.missing)
            return ended("not_configured", f"missing: {missing}", how_to_store(account.alias, credentials.missing))
        with _exchange(asked) as exchange:
            for reply in _replies(exchange, asked, credentials):
                replies += 1
                notes += [reply.note] if reply.note else []
                written = write(asked.folder, reply)
                files += [str(written)] if written else []
    except TomkingError as error:
        return ended("failed", "; ".join(part for part in (error.what, error.why) if part), error.remedy)
    except Exception as error:  # noqa: BLE001 (one connection never stops the others, and no traceback shows a secret)
        return ended("failed", f"{type(error).__name__}: {error}")
    return ended("fetched", "; ".join(notes) or None)


def _exchange(asked: _Asked) -> Exchange:
    service = tastytrade if asked.account.broker == "tastytrade" else ibkr_flex
    patience = asked.patience
    pace = service.pace()
    pace.sleep, pace.clock = patience.sleep, patience.clock
    return Exchange(
        service.NAME,
        asked.connection.address or service.ADDRESS,
        pace=pace,
        limits=patience.limits,
        sleep=patience.sleep,
        clock=patience.clock,
    )


def _replies(exchange: Exchange, asked: _Asked, credentials: Credentials) -> Iterator[Fetched]:
    if asked.account.broker == "tastytrade":
        return tastytrade.Tastytrade(exchange, credentials).fetch(asked.begin, asked.today, asked.told)
    flex = ibkr_flex.IbkrFlex(exchange, credentials, asked.connection.queries)
    return flex.fetch(asked.begin, asked.today, asked.told)


def _begin(warehouse: Warehouse, account: AccountSettings, today: dt.date) -> dt.date:
    """Where a fetch begins: before the newest day that is known, else when the account was opened, else lately."""
    with warehouse.reader() as connection:
        newest = connection.execute(
            "select max(session_date) from records.statement_rows where account = ?", [account.alias]
        ).fetchall()[0][0]
    if isinstance(newest, dt.date):
        return min(newest, today) - OVERLAP
    return account.opened or today - FIRST_FETCH


def new_files(outcomes: Sequence[FetchOutcome]) -> dict[str, list[Path]]:
    """The new files of each account."""
    return {found.account: [Path(name) for name in found.files] for found in outcomes if found.files}
