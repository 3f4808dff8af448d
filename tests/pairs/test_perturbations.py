"""A statement printed another way still matches: precision at least 99.9 %, recall at least 99 %.

`python -m tests.pairs.perturb` prints both for every pair and change.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from random import Random

import pytest

from pipelines.transforms.matching.leg_matching import match_trades
from tests.pairs.perturb import LEAST_PRECISION, LEAST_RECALL, MADE_UP, PAIRS, made_up, read, tallies
from tests.pairs.perturbations import CHANGES, Changed, Tally, an_hour_off, judged


def below_the_bar(found: dict[str, Tally]) -> dict[str, Tally]:
    return {
        name: tally for name, tally in found.items() if tally.precision < LEAST_PRECISION or tally.recall < LEAST_RECALL
    }


@pytest.mark.parametrize("name", MADE_UP)
def test_a_crowded_account_is_matched_whatever_the_statement_looks_like(name: str) -> None:
    found = tallies(made_up(name), range(1))
    assert found.keys() == CHANGES.keys()
    assert all(tally.there > 500 for tally in found.values())
    assert below_the_bar(found) == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", PAIRS)
def test_recorded_pairs_are_matched_whatever_the_statement_looks_like(name: str, tmp_path: Path) -> None:
    assert below_the_bar(tallies(read(name, tmp_path / "state"), range(4))) == {}


def test_what_is_not_told_apart_any_more_is_not_counted_against_the_match() -> None:
    statement = made_up("every five minutes")
    wrong = dataclasses.replace(statement, pairs=frozenset((fill, f"{row}-") for fill, row in statement.pairs))
    tally = judged(wrong, lambda given, _: given, seed=1)
    assert tally.right == 0
    assert tally.made == tally.there


def test_legs_of_a_shifted_session_say_so_and_keep_their_rows() -> None:
    statement = made_up("every five minutes", orders=40)
    changed = an_hour_off(Changed(list(statement.rows)), Random(1))
    legs = match_trades(statement.lean, changed.rows)
    assert {leg.deviations for leg in legs} == {("timing",)}
    booked = {row.row_id: row for row in changed.rows}
    assert all(row is booked[row.row_id] for leg in legs for row in leg.rows)
    assert all(abs(leg.broker[0].occurred_at - leg.lean[0].occurred_at) > dt.timedelta(minutes=55) for leg in legs)
