"""The rule table: every refusal of the code is a rule, every rule has a proof that acts by itself, and a test."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.algorithm.test_caps_hold import drawn_values
from tests.shared import ROOT
from tomking.kernel.parameter_specs import SPECS
from tomking.kernel.parameters import default_values
from tomking.kernel.rules import RULES
from tomking.strategies.proofs import PROOFS, prove_all

PACKAGE = ROOT / "algorithm" / "tomking"
IDS = {rule.id for rule in RULES}
WITHOUT_A_BREACH = {"pause"}
"""The pause after a breaker is proved by the breakers."""


def test_each_rule_with_the_default_values_stops_its_own_breach() -> None:
    assert [(one.rule, one.acted) for one in prove_all(default_values())] == [(rule.id, rule.id) for rule in RULES]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_with_any_values_inside_their_bounds_every_breach_is_stopped_by_some_rule(seed: int) -> None:
    failed = [one.rule for one in prove_all(drawn_values(seed)) if not one.has_acted]
    assert failed == []


def test_rules_have_proofs_tests_and_parameters_that_exist() -> None:
    assert set(PROOFS) == IDS
    assert len(IDS) == len(RULES)
    for rule in RULES:
        module, _, name = rule.enforced_by.partition(":")
        source = (PACKAGE / Path(*module.split("."))).with_suffix(".py").read_text(encoding="utf-8")
        assert re.search(rf"^(def|class) {name}\b", source, re.MULTILINE), rule
        assert "\ndef test_" in (ROOT / rule.test).read_text(encoding="utf-8")
        assert set(rule.parameters) <= set(SPECS)


def test_every_refusal_in_the_code_is_a_rule_of_the_table() -> None:
    found: set[str] = set()
    for path in (PACKAGE / "kernel" / "limits").glob("*.py"):
        found |= set(re.findall(r'(?:Refusal|_full)\(\s*"([a-z_]+)"', path.read_text(encoding="utf-8")))
    found |= set(
        re.findall(r'Refusal\(\s*"([a-z_]+)"', (PACKAGE / "strategies" / "gate.py").read_text(encoding="utf-8"))
    )
    assert found - WITHOUT_A_BREACH <= IDS


def test_the_seven_lessons_of_august_2024_are_rules() -> None:
    assert sorted(rule.lesson for rule in RULES if rule.lesson is not None) == [1, 2, 3, 4, 5, 6, 7]
