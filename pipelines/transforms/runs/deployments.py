"""Deployments: which paper and live runs are one history.

Holds: the rule that joins runs, and the evidence it goes by.
Belongs here: a reason why one run continues another, or why it cannot.
Never here: the warehouse, files, or what the runs traded.

Every restart of LEAN is a run with an id of its own and order ids that begin again; nothing in its files names the run
before. The rule, the same whatever order the runs were read in:

1. Runs that carry the same name are one deployment: the name of the configured deployment whose results folder they lie
   in, else the deployment their journal is written under.
2. A run continues the one that left exactly what it began with: the same open positions, or the same cash after trading
   had changed it. Such a run goes before all others, and it can have one successor only.
3. Otherwise it continues a deployment, at the end of it, with which it shares the object store its journal lies in,
   the project folder (`<project>/live/<time>`), the account, or at least the folder both lie in; the last only where it
   began with what was left (both flat, or unknown). Folders that number their runs never continue at a number that is
   not higher, and neither do runs of two known projects or, sharing nothing but a folder, of two known stores.

Two runs at the same time are never one deployment unless they carry its name; nor are paper and live, or two accounts.
Where several deployments fit, the strongest reason wins, then the one that ended last.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tomking.kernel.keys import stable_id

FIRST = "the first run"
CONFIGURED = "in the results folder of configured deployment {}"
JOURNAL = "its journal is of deployment {}"
CARRIED = "began with the positions and cash the run before left"
POSITIONS = "began with the positions the run before left"
CASH = "began with the cash the run before left"
STORE = "its journal lies in the same object store"
PROJECT = "runs of the same project folder"
ACCOUNT = "trades in the same account"
FOLDER = "lies in the same folder"

OVERLAP_TOLERANCE = dt.timedelta(minutes=5)
"""The newest time in a killed run's files may be that of a sample still to come; the next start is not an overlap."""

_STRONG = (CARRIED, POSITIONS, CASH)
_WEAK = (STORE, PROJECT, ACCOUNT, FOLDER)
_LONG_AGO = dt.datetime(1, 1, 1, tzinfo=dt.UTC)

Amounts = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class LiveRun:
    """What is known of one paper or live run.

    `configured` and `journal_name` are deployment names. Positions are quantities by instrument without zeros, cash
    amounts by currency; None where unknown. `number` is the one its folder's name begins with.
    """

    run_id: str
    algorithm_id: str
    mode: str
    started_at: dt.datetime | None
    last_at: dt.datetime | None
    configured: str | None = None
    journal_name: str | None = None
    account: str | None = None
    number: int | None = None
    stores: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    began_with: Amounts | None = None
    left_with: Amounts | None = None
    start_cash: Amounts | None = None
    end_cash: Amounts | None = None

    @property
    def given_name(self) -> str | None:
        """The deployment it was declared to be of."""
        return self.configured or self.journal_name

    @property
    def order(self) -> tuple[dt.datetime, str]:
        """Its place in time; one without a start comes first."""
        return self.started_at or _LONG_AGO, self.run_id


@dataclass(frozen=True, slots=True)
class LinkedRun:
    """A run's place in its deployment; `position` counts from 1."""

    deployment_id: str
    run_id: str
    position: int
    link_reason: str


@dataclass(slots=True)
class _Chain:
    runs: list[LiveRun]
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str | None:
        return next((run.given_name for run in self.runs if run.given_name), None)

    @property
    def last(self) -> LiveRun:
        return self.runs[-1]

    def add(self, other: _Chain, reason: str) -> None:
        self.reasons |= {**other.reasons, other.runs[0].run_id: reason}
        self.runs = sorted([*self.runs, *other.runs], key=lambda run: run.order)


def link_runs(runs: Iterable[LiveRun]) -> list[LinkedRun]:
    """Every run with its deployment and place there, by deployment and time. See this module for the rule."""
    linked = []
    for chain in _chains(sorted(runs, key=lambda run: run.order)):
        deployment_id = _deployment_id(chain)
        for position, run in enumerate(chain.runs, start=1):
            linked.append(LinkedRun(deployment_id, run.run_id, position, _reason(chain, run, position)))
    return sorted(linked, key=lambda run: (run.deployment_id, run.position))


def name_of(runs: Iterable[LiveRun]) -> tuple[str, str]:
    """The name of a deployment of these runs, and what gave it: configuration, journal, project or run."""
    ordered = sorted(runs, key=lambda run: run.order)
    for given, word in (("configured", "configuration"), ("journal_name", "journal")):
        if found := next((name for run in ordered if (name := getattr(run, given))), None):
            return found, word
    projects = sorted({folder.rstrip("/").rpartition("/")[2] for run in ordered for folder in run.projects} - {""})
    if projects:
        return projects[0], "project"
    return ordered[0].algorithm_id, "run"


def _deployment_id(chain: _Chain) -> str:
    if chain.name is not None:
        return stable_id("deployment", chain.name, chain.runs[0].mode)
    return stable_id("deployment-from", chain.runs[0].run_id)


def _reason(chain: _Chain, run: LiveRun, position: int) -> str:
    if position == 1:
        return FIRST
    if reason := chain.reasons.get(run.run_id):
        return reason
    return _name_reason(run) or FIRST


def _name_reason(run: LiveRun) -> str | None:
    if run.configured:
        return CONFIGURED.format(run.configured)
    return JOURNAL.format(run.journal_name) if run.journal_name else None


def _chains(runs: list[LiveRun]) -> list[_Chain]:
    chains: list[_Chain] = []
    for fragment in _fragments(runs):
        chain, reason = _home(fragment, chains)
        if chain is None:
            chains.append(fragment)
        else:
            chain.add(fragment, reason)
    return chains


def _fragments(runs: list[LiveRun]) -> list[_Chain]:
    """Runs joined by what they carried over, in the order of their first starts."""
    fragments: list[_Chain] = []
    for run in runs:
        found = _best(run, fragments, _STRONG)
        if found is None:
            fragments.append(_Chain([run]))
        else:
            chain, reason = found
            chain.add(_Chain([run]), reason)
    return fragments


def _home(fragment: _Chain, chains: list[_Chain]) -> tuple[_Chain | None, str]:
    name, first = fragment.name, fragment.runs[0]
    if name is not None:
        for chain in chains:
            if chain.name == name and chain.last.mode == first.mode:
                return chain, _name_reason(first) or JOURNAL.format(name)
    return _best(first, chains, _WEAK) or (None, "")


def _best(run: LiveRun, chains: list[_Chain], wanted: tuple[str, ...]) -> tuple[_Chain, str] | None:
    found = [
        (wanted.index(reason), number, chain, reason)
        for number, chain in enumerate(sorted(chains, key=lambda chain: _end(chain.last), reverse=True))
        if _may_follow(chain, run) and (reason := _evidence(chain, run, wanted)) is not None
    ]
    if not found:
        return None
    _, _, chain, reason = min(found, key=lambda item: item[:2])
    return chain, reason


def _end(run: LiveRun) -> tuple[dt.datetime, str]:
    return run.last_at or run.started_at or _LONG_AGO, run.run_id


def _may_follow(chain: _Chain, run: LiveRun) -> bool:
    before = chain.last
    if run.started_at is None or before.mode != run.mode:
        return False
    if _differ(chain.name, run.given_name) or _differ(before.account, run.account):
        return False
    return _end(before)[0] - OVERLAP_TOLERANCE <= run.started_at


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _evidence(chain: _Chain, run: LiveRun, wanted: tuple[str, ...]) -> str | None:
    return next((reason for reason in wanted if _holds(reason, chain, run)), None)


def _holds(reason: str, chain: _Chain, run: LiveRun) -> bool:
    before = chain.last
    has_positions = bool(before.left_with) and before.left_with == run.began_with
    has_cash = before.end_cash is not None and before.end_cash == run.start_cash
    if reason == CARRIED:
        return has_positions and has_cash
    if reason == POSITIONS:
        return has_positions
    if reason == CASH:
        # Cash that never moved is a round figure that any other run may have begun with.
        return has_cash and _fits(before, run) and before.start_cash is not None and before.start_cash != run.start_cash
    if not _numbers_rise(chain, run) or _apart(chain, run, "projects"):
        return False
    if reason == STORE:
        return _share(chain, run, "stores")
    if reason == PROJECT:
        return _share(chain, run, "projects")
    if reason == ACCOUNT:
        return run.account is not None and before.account == run.account
    return _share(chain, run, "folders") and not _apart(chain, run, "stores") and _fits(before, run)


def _fits(before: LiveRun, run: LiveRun) -> bool:
    """What was left is what the next began with, as far as both are known."""
    return before.left_with is None or run.began_with is None or before.left_with == run.began_with


def _numbers_rise(chain: _Chain, run: LiveRun) -> bool:
    return run.number is None or all(known.number is None or known.number < run.number for known in chain.runs)


def _all_of(chain: _Chain, what: str) -> frozenset[str]:
    return frozenset().union(*(getattr(run, what) for run in chain.runs))


def _share(chain: _Chain, run: LiveRun, what: str) -> bool:
    return bool(_all_of(chain, what) & getattr(run, what))


def _apart(chain: _Chain, run: LiveRun, what: str) -> bool:
    known, own = _all_of(chain, what), getattr(run, what)
    return bool(known) and bool(own) and not known & own
