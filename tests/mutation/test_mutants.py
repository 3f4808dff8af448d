"""Changes of a source are small, importable and all different; a test that can see one does."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutation.__main__ import TARGETS, is_noticed
from tests.mutation.mutants import Mutant, mutants_of
from tests.shared import ROOT

SOURCE = '''
def limited(amount: int, cap: int = 10) -> int:
    """At most 3."""
    if amount < 0 or not cap:
        raise ValueError(f"below {0}")
    return min(amount + 1, cap)
'''


def test_every_operator_constant_and_limit_is_changed_once() -> None:
    found = [mutant.what for mutant in mutants_of(SOURCE)]
    assert sorted(found) == sorted(
        ["10 is 11", "Or is And", "Lt is LtE", "0 is 1", "Not is left out", "min is max", "Add is Sub", "1 is 2"]
    )


@pytest.mark.parametrize("path", sorted({path for path, _ in TARGETS.values()}))
def test_changed_files_can_be_read_and_differ(path: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    unchanged = ast.unparse(ast.parse(source))
    texts = [mutant.source for mutant in mutants_of(source)]
    assert len(texts) > 10
    assert unchanged not in texts
    for text in texts:
        compile(text, path, "exec")


def test_every_target_and_its_tests_are_there() -> None:
    for path, tests in TARGETS.values():
        assert all((ROOT / name).is_file() for name in (path, *tests))


@pytest.mark.slow
def test_a_broken_limit_is_noticed_and_an_unchanged_source_is_not() -> None:
    module = "tomking.kernel.fee_forecasts"
    path, tests = TARGETS[module]
    source = Path(ROOT / path).read_text(encoding="utf-8")
    assert not is_noticed(module, Mutant(0, "nothing", source), tests)
    assert is_noticed(module, Mutant(0, "limit", source.replace("bias > bound.most_bias", "bias < 0")), tests)
