"""The rule table in the warehouse, and the nightly proof that every rule can fire.

Holds: storing the table, feeding each rule a breach, finding modules that nothing calls.
Belongs here: evidence that rules hold, made from code; what was traded is judged in SQL (`marts.rule_violations`).
Never here: rules, breaches (`tomking.strategies.proofs`), the score (a view).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import tomking
from pipelines.config import Settings
from pipelines.transforms.call_graph import CallGraph, read_graph
from tomking.kernel.groups import MEMBERS, NEVER_TRADE, PORTFOLIO, TABLE_VERSION, find_group
from tomking.kernel.parameter_specs import SPECS
from tomking.kernel.parameters import default_values, parse, values_sha256
from tomking.kernel.rules import RULES
from tomking.strategies.proofs import prove_all
from warehouse.access import WriteSession
from warehouse.frames import frame
from warehouse.models.ops import GuardProof, ProductGroup, RuleParameter, RuleRow, UncalledModule

_PACKAGE = Path(tomking.__file__).parent
_NEWEST_SET = """
    SELECT p.parameter_set_id, p.document FROM records.parameter_sets p
    JOIN records.parameter_events e USING (sha256)
    WHERE e.state = 'published' ORDER BY e.sequence DESC LIMIT 1
"""
DECLARED = ("tomking.strategies", "tomking.adapters", "tomking.kernel.limits")
"""Packages of which every module has to be reached from the entry point."""
DECLARED_MODULES = tuple(
    f"tomking.kernel.{name}"
    for name in ("chain_cache", "greeks_cache", "position_index", "fees", "correlation_monitor", "portfolio_greeks")
)
"""The modules that the system was first described by, and the Greeks of the book."""
APART = ("tomking.strategies.proofs",)
"""What proves rules is called by the nightly proof, not by the algorithm."""


@dataclass(frozen=True, slots=True)
class RulesOutcome:
    """Counts of one pass: rules, those that stopped their breach, those called by the algorithm, modules that are not."""

    rules: int
    acted: int
    called: int
    uncalled_modules: tuple[str, ...]


def prove_rules(session: WriteSession, settings: Settings) -> RulesOutcome:
    """Store the rule table and prove each rule with the newest published values, else the defaults."""
    del settings
    now = dt.datetime.now(dt.UTC)
    graph = algorithm_graph()
    called = {rule.id: _is_called(graph, rule.enforced_by) for rule in RULES}
    _store_table(session, called, now)
    set_id, values = _values(session)
    digest = values_sha256(values)
    proofs = prove_all(values)
    rows = [
        {
            "rule_id": one.rule,
            "proved_at": now,
            "has_acted": one.has_acted,
            "acted": one.acted,
            "values_sha256": digest,
            "parameter_set_id": set_id,
        }
        for one in proofs
    ]
    session.insert(GuardProof, frame(GuardProof, rows))
    uncalled = uncalled_modules(graph)
    found = [{"module": name, "found_at": now} for name in uncalled]
    session.replace(UncalledModule, frame(UncalledModule, found), "true")
    return RulesOutcome(len(RULES), sum(one.has_acted for one in proofs), sum(called.values()), uncalled)


def algorithm_graph() -> CallGraph:
    """The algorithm's modules as `main.py` reaches them; where it is not installed, as its runner does."""
    main = _PACKAGE.parent / "main.py"
    return read_graph(_PACKAGE, [main if main.is_file() else _PACKAGE / "adapters" / "runner.py"])


def uncalled_modules(graph: CallGraph) -> tuple[str, ...]:
    """Declared modules that nothing reaches from the entry point."""
    declared = {
        name
        for name in graph.modules
        if name.startswith(tuple(f"{package}." for package in DECLARED)) and not name.startswith(APART)
    }
    return tuple(sorted((declared | set(DECLARED_MODULES)) - graph.reached))


def _is_called(graph: CallGraph, place: str) -> bool:
    module, _, name = place.partition(":")
    return graph.is_used(f"tomking.{module}", name)


def _store_table(session: WriteSession, called: dict[str, bool], now: dt.datetime) -> None:
    rules = [
        {
            "rule_id": rule.id,
            "position": position,
            "about": rule.about,
            "source": rule.source,
            "enforced_by": rule.enforced_by,
            "test": rule.test,
            "is_traded": rule.is_traded,
            "lesson": rule.lesson,
            "is_called": called[rule.id],
            "stored_at": now,
        }
        for position, rule in enumerate(RULES, start=1)
    ]
    parameters = [
        {"rule_id": rule.id, "parameter_id": name, "default_text": SPECS[name].default}
        for rule in RULES
        for name in rule.parameters
    ]
    groups = {
        row.symbol: {
            "symbol": row.symbol,
            "group_name": row.group,
            "group_limit": find_group(row.group).limit,
            "never_trade": NEVER_TRADE.get(row.symbol),
            "table_version": TABLE_VERSION,
        }
        for row in MEMBERS
        if row.scheme == PORTFOLIO
    }
    for symbol, reason in NEVER_TRADE.items():
        groups.setdefault(
            symbol,
            {
                "symbol": symbol,
                "group_name": symbol,
                "group_limit": None,
                "never_trade": reason,
                "table_version": TABLE_VERSION,
            },
        )
    session.replace(RuleRow, frame(RuleRow, rules), "true")
    session.replace(RuleParameter, frame(RuleParameter, parameters), "true")
    session.replace(ProductGroup, frame(ProductGroup, list(groups.values())), "true")


def _values(session: WriteSession) -> tuple[str | None, dict[str, str]]:
    newest = session.rows(_NEWEST_SET)
    if not newest:
        return None, default_values()
    (set_id, document) = newest[0]
    return str(set_id), parse(str(document).encode("utf-8")).values_with_defaults()
