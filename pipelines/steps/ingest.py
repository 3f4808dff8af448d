"""Taking in whatever a path is.

Holds: the walk over what was found, one step per thing, and the report of what became of each.
Belongs here: which step takes which kind, and that one broken file never stops the others.
Never here: recognising a kind (`pipelines.parsing.identify`) or the work of a step.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import Busy, TomkingError
from pipelines.parsing import identify as kinds
from pipelines.parsing.identify import Found, identify
from pipelines.privacy import redact_name, redact_text
from pipelines.steps.accounting.reference import take_configured_reference, take_reference
from pipelines.steps.accounting.run_money import rebuild_accounts
from pipelines.steps.lean.deployments import rebuild_deployments
from pipelines.steps.lean.journals import ingest_journals, link_journals
from pipelines.steps.lean.memory import bounded_memory, rare_collections
from pipelines.steps.lean.optimizations import ingest_optimization, link_optimizations
from pipelines.steps.lean.reparse import reparse_outdated
from pipelines.steps.lean.run_files import Kept
from pipelines.steps.lean.run_groups import stored_groups
from pipelines.steps.lean.runs import RunOutcome, ingest_run_files, refresh_states
from pipelines.steps.lean.store_documents import ingest_documents
from pipelines.steps.market.lean_data import data_root
from pipelines.steps.market.prices import ingest_prices
from pipelines.steps.statements.ingesting import ingest_statement
from pipelines.steps.trades.quotes import quote_folder
from pipelines.steps.trades.strategy_trades import rebuild_trades
from warehouse.errors import StorageError

if TYPE_CHECKING:
    from pipelines.config import DeploymentSettings, Settings
    from warehouse.session import WriteSession

Progress = Callable[[int, int, str], None]
_MANY_EVENTS = 100_000
TAKEN = frozenset({"ingested", "partial"})


@dataclass(frozen=True, slots=True)
class IngestItem:
    """What became of one thing: `counts` of what was read, `reason` where something was refused or is missing."""

    path: str
    kind: str
    name: str
    outcome: str
    run_id: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None

    @property
    def summary(self) -> str:
        """Counts and reason on one line."""
        counts = ", ".join(f"{count} {what}" for what, count in self.counts.items() if count)
        return "; ".join(part for part in (counts, self.reason) if part)


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Everything that was looked at, in the order in which it was."""

    items: tuple[IngestItem, ...] = ()

    @classmethod
    def empty(cls) -> IngestReport:
        """A report of nothing."""
        return cls()

    def __add__(self, other: IngestReport) -> IngestReport:
        return IngestReport(self.items + other.items)

    @property
    def outcomes(self) -> dict[str, int]:
        """How many things came to each outcome."""
        return dict(Counter(item.outcome for item in self.items))

    @property
    def refused(self) -> int:
        """How many things were refused, whole or in part."""
        return sum(item.outcome in ("refused", "partial") for item in self.items)

    @property
    def summary(self) -> str:
        """One line for a person."""
        return ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items())) or "nothing found"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the user said about all of the paths."""

    settings: Settings
    account: str | None
    rehearses: str | None


def ingest_paths(
    session: WriteSession,
    settings: Settings,
    paths: Sequence[Path],
    *,
    account: str | None = None,
    rehearses: str | None = None,
    statements_only: bool = False,
    progress: Progress | None = None,
) -> IngestReport:
    """Find out what each path is and take it in, one transaction per file, large run or group of small ones.

    `account` is the alias of a statement's or a live run's account, `rehearses` the alias a paper run or backtest is
    to be reconciled with; without them, a run in the results folder of a configured deployment gets the deployment's.
    `progress(done, total, what)` is called before each thing. A file that cannot be taken is an item of the report and
    stands in quarantine; only a warehouse that cannot be written at all raises (`StorageError`). With
    `statements_only` every file is held to be a statement, and one that is not is refused: in the inbox a table of
    unknown columns is a broken statement, never prices.
    """
    asked = _Asked(settings, account, rehearses)
    if statements_only:
        found = [Found(kinds.STATEMENT, path.absolute()) for path in paths]
    else:
        found = [item for path in paths for item in _identified(path.absolute())]
    items = _taken(session, asked, found, progress or _nobody)
    (progress or _nobody)(len(found), len(found), "strategy trades")
    _after(session, settings, items)
    return IngestReport(tuple(items))


def _nobody(_done: int, _total: int, _what: str) -> None:
    """Progress that is told to nobody."""


def _taken(session: WriteSession, asked: _Asked, found: Sequence[Found], progress: Progress) -> list[IngestItem]:
    """Everything that was found, small runs group by group and all else one by one."""
    waiting = {path for (path,) in session.rows("SELECT DISTINCT path FROM ops.quarantine WHERE state = 'open'")}
    items: list[IngestItem] = []

    def take(one: Found, step: Callable[[], IngestItem]) -> IngestItem:
        progress(len(items), len(found), as_text(one.run.name if one.run else one.path.name))
        item = step()
        if one.kind == kinds.RUN and item.outcome != "refused" and item.path in waiting:
            # What was wrong with the whole run was said of its folder; what is wrong inside is said of each file.
            session.resolve_quarantine(path=item.path)
        return item

    for group, stored in stored_groups(session.raw, found):
        before = len(items)
        if stored is not None:
            try:
                with session.gathering():
                    for one, files in zip(group, stored, strict=True):
                        items.append(take(one, partial(_run, session, asked, one, files)))
                continue
            except (StorageError, Busy):
                raise
            except Exception:  # noqa: BLE001 (whatever it was, it happens again below to the run whose fault it is)
                del items[before:]
        items += (take(one, partial(_take, session, asked, one)) for one in group)
    return items


def _identified(path: Path) -> list[Found]:
    try:
        return identify(path)
    except OSError as error:
        return [Found(kinds.UNKNOWN, path, reason=kinds.unreadable(error))]


def _take(session: WriteSession, asked: _Asked, one: Found) -> IngestItem:
    if not is_text(one.path):
        return _refused(session, one, "its name is no text in UTF-8: rename it")
    try:
        return _STEPS[one.kind](session, asked, one)
    except (StorageError, Busy):
        raise
    except Exception as error:  # noqa: BLE001 (one file, however odd, never stops the others)
        said = str(error) if isinstance(error, (TomkingError, OSError)) else f"{type(error).__name__}: {error}"
        return _refused(session, one, redact_text(said))


def _refused(session: WriteSession, one: Found, reason: str) -> IngestItem:
    path = redact_name(as_text(one.path))
    session.refuse(path=path, sha256=None, reason=reason)
    return IngestItem(path, one.kind, redact_name(as_text(one.path.name)), "refused", reason=reason)


def is_text(path: Path) -> bool:
    """Whether a path can be written down: a name made under another encoding may hold bytes that are no text."""
    return as_text(path) == str(path)


def as_text(path: Path | str) -> str:
    """A path with such bytes as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _run(session: WriteSession, asked: _Asked, one: Found, kept: Kept | None = None) -> IngestItem:
    if one.run is None:
        raise ValueError("a run was found without its files")
    deployment = _deployment_of(asked.settings, one.run.folder)
    outcome = ingest_run_files(
        session,
        one.run,
        kept=kept,
        account=asked.account or (deployment.account if deployment else None),
        rehearses=asked.rehearses or (deployment.rehearses if deployment else None),
        stale_after=asked.settings.stale_after,
    )
    return _run_item(outcome)


def _run_item(outcome: RunOutcome) -> IngestItem:
    counts = {
        "orders": outcome.orders,
        "events": outcome.events,
        "fills": outcome.fills,
        "refused rows": outcome.refused_rows,
    }
    reason = outcome.message or "; ".join((*outcome.missing, *outcome.warnings)) or None
    kind = f"{outcome.mode} ({outcome.state})" if outcome.mode else "run"
    return IngestItem(outcome.path, kind, outcome.name, outcome.outcome, outcome.run_id, counts, reason)


def _deployment_of(settings: Settings, folder: Path) -> DeploymentSettings | None:
    for deployment in settings.deployments:
        if any(folder.is_relative_to(settings.path(results)) for results in deployment.results):
            return deployment
    return None


def _optimization(session: WriteSession, asked: _Asked, one: Found) -> IngestItem:
    return _other(one, ingest_optimization(session, one.path), "optimization", ("backtests",))


def _object_store(session: WriteSession, asked: _Asked, one: Found) -> IngestItem:
    found, beside = ingest_journals(session, one.path), ingest_documents(session, one.path)
    is_refused = found.refused_lines or beside.refused
    outcome = "partial" if is_refused else "ingested" if found.new_entries or beside.new else "unchanged"
    counts = {
        "segments": found.segments,
        "new entries": found.new_entries,
        "refused lines": found.refused_lines,
        "new documents": beside.new,
        "refused documents": beside.refused,
    }
    return IngestItem(str(one.path), "object store", one.path.name, outcome, None, counts)


def _prices(session: WriteSession, asked: _Asked, one: Found) -> IngestItem:
    if one.kind == kinds.LEAN_DATA and (root := data_root(one.path)) is not None:
        take_reference(session, root, everything=True)
    return _other(one, ingest_prices(session, one.path), "prices", ("files", "bars", "new", "corrected", "refused"))


def _statement(session: WriteSession, asked: _Asked, one: Found) -> IngestItem:
    outcome = ingest_statement(session, one.path, account=asked.account, accounts=asked.settings.accounts)
    return _other(one, outcome, "statement", ("rows", "new_rows", "corrected_rows", "refused_rows"))


def _unknown(session: WriteSession, asked: _Asked, one: Found) -> IngestItem:
    return _refused(session, one, one.reason or "no kind of input that is read here")


def _other(one: Found, outcome: object, kind: str, counts: Sequence[str]) -> IngestItem:
    """An item from another step's outcome; a count it does not have is left out."""
    numbers = {
        name.replace("_", " "): value for name in counts if isinstance(value := getattr(outcome, name, None), int)
    }
    path = redact_name(str(one.path))
    name = redact_name(one.path.name)
    return IngestItem(
        path, kind, name, getattr(outcome, "outcome", "ingested"), None, numbers, getattr(outcome, "message", None)
    )


_STEPS: Mapping[str, Callable[[WriteSession, _Asked, Found], IngestItem]] = {
    kinds.RUN: _run,
    kinds.OPTIMIZATION: _optimization,
    kinds.OBJECT_STORE: _object_store,
    kinds.LEAN_DATA: _prices,
    kinds.PRICES: _prices,
    kinds.STATEMENT: _statement,
    kinds.UNKNOWN: _unknown,
}


def _after(session: WriteSession, settings: Settings, items: Sequence[IngestItem]) -> None:
    """What rests on several things: outdated readings, stale runs, journals and their runs, deployments, trades."""
    again = reparse_outdated(session, stale_after=settings.stale_after)
    read = [(item.run_id, item.outcome) for item in items] + [(run.run_id, run.outcome) for run in again]
    # What an older copy of an unfinished run still had was joined to it.
    news = TAKEN | {"superseded"}
    changed = {run_id for run_id, outcome in read if run_id and outcome in news}
    refresh_states(session, stale_after=settings.stale_after)
    if any(item.outcome in news and (item.run_id or item.kind == "object store") for item in items):
        link_journals(session)
    link_optimizations(session)
    changed |= rebuild_deployments(session, settings, changed)
    more_terms = take_configured_reference(session, settings)
    events = sum(item.counts.get("events", 0) for item in items)
    with ExitStack() as until_derived:
        if events >= _MANY_EVENTS:
            until_derived.enter_context(bounded_memory(session, events))
            until_derived.enter_context(rare_collections())
        rebuild_trades(session, None if more_terms else sorted(changed), data=quote_folder(settings))
        rebuild_accounts(session, sorted(changed))
