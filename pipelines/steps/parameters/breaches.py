"""Breaches: sets in force are watched, and one that broke a limit gives way to the set before it.

Holds: the look at every set in force, the rollback that follows a breach.
Belongs here: when a rule takes a set back, and what is written down about it.
Never here: the figures (`marts.breach_watch`), rolling back and publishing as such (`pipelines.steps.parameters.publishing`).

Only what happened since a run said that it works with the set, after its newest publication, counts. So a set that
comes back is not judged by what speaks against the one it replaces, nor by its own earlier days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.config import BREACH_RULES, RollbackSettings, Settings
from pipelines.errors import Conflict, TomkingError
from pipelines.steps.alerts import raise_alert
from pipelines.steps.launches.deploying import Launcher
from pipelines.steps.launches.refresh import refresh
from pipelines.steps.lean.journals import ingest_journals, link_journals
from pipelines.steps.parameters import publishing as parameters
from pipelines.steps.parameters.acknowledgements import acknowledge
from pipelines.steps.parameters.log import find_set, history_of
from warehouse.access import WriteSession
from warehouse.frames import frame
from warehouse.keys import stable_id
from warehouse.models.ops import BreachLimit
from warehouse.models.records.breaches import Breach


@dataclass(frozen=True, slots=True)
class BrokenLimit:
    """A limit that a set in force broke."""

    rule_id: str
    figure: float
    limit: float
    publication: str
    in_force_since: dt.datetime
    run_id: str | None
    evidence: str

    @property
    def told(self) -> str:
        """The rule, the figure, the limit and the evidence in one line."""
        return f"{self.rule_id} {self.figure:.6g} above {self.limit:.6g}: {self.evidence}"


@dataclass(frozen=True, slots=True)
class BreachOutcome:
    """What was done about a set that broke a limit.

    `action`: rolled_back, nothing_before (no earlier set could take its place), left (to a person). `state` is that of
    the refresh which followed a rollback, None where there was none.
    """

    deployment: str
    parameter_set_id: str
    broken: tuple[str, ...]
    action: str
    to_set: str | None = None
    state: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class WatchOutcome:
    """What one look found: sets in force that were looked at, and those that broke a limit."""

    watched: int
    breaches: tuple[BreachOutcome, ...]

    @property
    def unheard(self) -> int:
        """Rollbacks that the running algorithm did not acknowledge."""
        heard = ("refresh_acknowledged", "published")
        return sum(one.action == "rolled_back" and one.state not in heard for one in self.breaches)


def limit_rows(settings: RollbackSettings) -> list[dict[str, object]]:
    """The rows of `ops.breach_limits` that a configuration asks for."""
    return [
        {
            "rule_id": name,
            "about": about,
            "limit_value": float(getattr(settings, name)),
            "is_watched": name not in settings.ignore,
        }
        for name, about in BREACH_RULES.items()
    ]


def store_limits(session: WriteSession, settings: RollbackSettings) -> None:
    """Bring `ops.breach_limits` in line with the configuration."""
    session.upsert(BreachLimit, frame(BreachLimit, limit_rows(settings)))


def look(session: WriteSession, settings: Settings) -> None:
    """Bring what `marts.breach_watch` rests on up to date: journals, acknowledgements, limits."""
    ingest_journals(session, settings.object_store)
    link_journals(session)
    acknowledge(session)
    store_limits(session, settings.rollback)


def watch(
    launcher: Launcher,
    *,
    only: str | None = None,
    by: str = parameters.BY_RULE,
    seconds: float | None = None,
) -> WatchOutcome:
    """Look at the set in force of every paper and live deployment (`only`: of one), and take back what broke a limit.

    Where the configuration leaves rollbacks to a person, a rule only writes the breach down; a person who asks (`by`)
    gets the rollback. Waits for the acknowledgement as `refresh` does. Doing it again finds nothing new: the set that
    came back is judged by what happens from then on.
    """
    settings = launcher.settings
    names = [one.name for one in settings.deployments if one.mode in ("paper", "live") and only in (None, one.name)]
    if only is not None:
        settings.deployment(only)
    with launcher.warehouse.writer("watch sets") as session:
        look(session, settings)
        found = {name: _broken(session, name) for name in names}
        watched = sum(bool(history_of(session, name).entries) for name in names)
    may_act = settings.rollback.automatic or by != parameters.BY_RULE
    outcomes = [_answer(launcher, name, by, seconds, may_act=may_act) for name in names if found[name]]
    launcher.warehouse.publish()
    return WatchOutcome(watched, tuple(outcomes))


def _broken(session: WriteSession, deployment: str) -> list[BrokenLimit]:
    """The limits that the set in force of a deployment broke, worst first."""
    history = history_of(session, deployment)
    if not history.entries:
        return []
    rows = session.rows(
        "SELECT rule_id, figure, limit_value, publication, in_force_since, run_id, evidence FROM marts.breach_watch "
        "WHERE is_broken AND deployment = ? AND sha256 = ? ORDER BY figure / nullif(limit_value, 0) DESC NULLS LAST, rule_id",
        [deployment, history.entries[-1].sha256],
    )
    return [BrokenLimit(*row) for row in rows]


def _answer(launcher: Launcher, name: str, by: str, seconds: float | None, *, may_act: bool) -> BreachOutcome:
    """Look once more under the lock, take the set back, and see the earlier one applied."""
    with launcher.warehouse.writer(f"breach of {name}") as session:
        outcome = _take_back(session, launcher.settings, name, by, may_act=may_act)
    if outcome.to_set is None:
        return outcome
    why = "; ".join(outcome.broken)
    try:
        heard = refresh(launcher, name, by=by, why=why, reference=outcome.to_set, seconds=seconds)
    except TomkingError as error:
        # The set is taken back in the warehouse and in the store; the next refresh tells the algorithm.
        return replace(outcome, state="refresh_failed", detail=str(error))
    return replace(outcome, state=heard.state, detail=heard.detail)


def _take_back(session: WriteSession, settings: Settings, name: str, by: str, *, may_act: bool) -> BreachOutcome:
    """The rollback and the record of its reason, both or neither."""
    present = history_of(session, name).entries[-1]
    broken = _broken(session, name)
    told = tuple(one.told for one in broken)
    if not broken:
        return BreachOutcome(name, present.id, (), "left", detail="another process was faster")
    outcome = BreachOutcome(name, present.id, told, "left", detail="rollback.automatic is off")
    if may_act:
        try:
            with session.transaction():
                back = parameters.rollback(session, settings, name, by=by, why="; ".join(told))
                outcome = BreachOutcome(name, present.id, told, "rolled_back", back.to_set)
                is_news = _write_down(session, outcome, present.sha256, broken, by)
        except Conflict as error:
            outcome = BreachOutcome(name, present.id, told, "nothing_before", detail=error.what)
    if outcome.action != "rolled_back":
        with session.transaction():
            is_news = _write_down(session, outcome, present.sha256, broken, by)
    if is_news:
        done = f"rolled back to {outcome.to_set}" if outcome.to_set else str(outcome.detail)
        raise_alert(session, "error", "breach", f"{name}: {present.id} broke a limit: {'; '.join(told)}; {done}")
    return outcome


def _write_down(
    session: WriteSession, outcome: BreachOutcome, sha256: str, broken: Sequence[BrokenLimit], by: str
) -> bool:
    """Keep what was found and done; returns whether it was not known before."""
    target = None if outcome.to_set is None else find_set(session, outcome.to_set, outcome.deployment).sha256
    rows = [
        {
            "breach_id": stable_id("breach", one.publication, one.rule_id),
            "deployment": outcome.deployment,
            "sha256": sha256,
            "publication": one.publication,
            "rule_id": one.rule_id,
            "figure": one.figure,
            "limit_value": one.limit,
            "in_force_since": one.in_force_since,
            "found_at": session.now,
            "run_id": one.run_id,
            "evidence": one.evidence,
            "action": outcome.action,
            "actor": by,
            "to_sha256": target,
        }
        for one in broken
    ]
    if outcome.action != "rolled_back":
        return session.insert_new(Breach, frame(Breach, rows)) > 0
    # It may have been written down before, as left to a person.
    session.upsert(Breach, frame(Breach, rows))
    return True
