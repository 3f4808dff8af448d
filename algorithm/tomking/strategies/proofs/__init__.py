"""Proofs that every rule can fire: each is fed a breach made up for it, and has to act.

Holds: `prove_all`, and the proofs in modules by what they break.
Belongs here: a breach, as small as it can be, through the same gate and strategies that trade.
Never here: rules, storage of results.

A proof answers with what acted: the rule's own id where the rule itself did, another rule's where that one came first,
None where nothing did. With values that a published set tightened, another rule may well come first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tomking.kernel.rules import RULES
from tomking.strategies.proofs import limits, rules

PROOFS: Mapping[str, Callable[[Mapping[str, str]], str | None]] = {**limits.PROOFS, **rules.PROOFS}
"""The proof of each rule, by its id."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of one proof."""

    rule: str
    acted: str | None

    @property
    def has_acted(self) -> bool:
        """Whether the breach was stopped, by whatever rule."""
        return self.acted is not None


def prove_all(values: Mapping[str, str]) -> tuple[Proof, ...]:
    """Every rule's proof with these parameter values, in the order of the table."""
    return tuple(Proof(rule.id, PROOFS[rule.id](values)) for rule in RULES)
