"""The sparse minimal-cost assignment."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.matching.assignment import cheapest_pairs

gains = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 4)), st.integers(min_value=-30, max_value=8), max_size=18
)


def _least(costs: dict[tuple[int, int], int], row: int = 0, taken: frozenset[int] = frozenset()) -> int:
    if row > 4:
        return 0
    found = [_least(costs, row + 1, taken)]
    found += [
        cost + _least(costs, row + 1, taken | {column})
        for (at, column), cost in costs.items()
        if at == row and column not in taken
    ]
    return min(found)


@given(gains)
def test_the_pairing_costs_as_little_as_any_and_uses_nothing_twice(costs: dict[tuple[int, int], int]) -> None:
    pairs = cheapest_pairs(costs)
    assert len(set(pairs.values())) == len(pairs)
    assert sum(costs[pair] for pair in pairs.items()) == _least(costs)


def test_what_only_costs_stays_alone() -> None:
    assert cheapest_pairs({(0, 0): 5, (1, 1): 0, (2, 2): -1}) == {2: 2}


def test_a_row_gives_its_column_up_for_one_that_needs_it_more() -> None:
    assert cheapest_pairs({(0, 0): -10, (0, 1): -9, (1, 0): -10}) == {0: 1, 1: 0}


def test_a_long_chain_of_neighbours_is_paired_in_order() -> None:
    size = 300
    costs = {
        (row, column): (row - column) ** 2 - 1000
        for row in range(size)
        for column in range(max(0, row - 5), min(size, row + 6))
    }
    assert cheapest_pairs(costs) == {at: at for at in range(size)}
