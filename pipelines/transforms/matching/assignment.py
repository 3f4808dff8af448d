"""Pairing two small sets at the least total cost.

Holds: a sparse minimal-cost assignment in which anything may stay alone.
Belongs here: the algorithm, on indexes and whole numbers.
Never here: what the cost of a pair means.

Rows are added one by one along the cheapest alternating path (the Hungarian method with potentials, on the pairs that
exist only), so the result is optimal after every row. Costs are integers: no rounding decides between two pairings.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping

Pair = tuple[int, int]


def cheapest_pairs(gains: Mapping[Pair, int]) -> dict[int, int]:
    """Row -> column of the pairing with the least sum of `gains`; indexes are not negative.

    `gains[row, column]` is what pairing the two costs *more* than leaving both alone: a pair that saves something is
    negative, a pair that is not listed is forbidden. Rows and columns that are not in the result stay alone.
    """
    edges: dict[int, list[tuple[int, int]]] = {}
    for (row, column), gain in sorted(gains.items()):
        if gain < 0:
            # Staying alone is a column of the row's own that costs nothing.
            edges.setdefault(row, [(_alone(row), 0)]).append((column, gain))
    search = _Search(edges)
    for row in edges:
        search.add(row)
    return {row: column for column, row in sorted(search.row_of.items(), key=lambda item: item[1]) if column >= 0}


def _alone(row: int) -> int:
    return -1 - row


class _Search:
    """The pairing so far and its potentials (`gain - row potential - column potential` is never negative)."""

    def __init__(self, edges: Mapping[int, list[tuple[int, int]]]) -> None:
        self.edges = edges
        self.row_of: dict[int, int] = {}
        self.row_potential: dict[int, int] = {}
        self.column_potential: dict[int, int] = {}

    def add(self, start: int) -> None:
        """Adds one row; others may change their columns for it."""
        self.row_potential[start] = min(
            gain - self.column_potential.get(column, 0) for column, gain in self.edges[start]
        )
        distance: dict[int, int] = {}
        row_before: dict[int, int] = {}
        done: dict[int, int] = {}
        heap: list[tuple[int, int]] = []
        row, base = start, 0
        while True:
            for column, gain in self.edges[row]:
                cost = base + gain - self.row_potential[row] - self.column_potential.get(column, 0)
                if column not in done and (column not in distance or cost < distance[column]):
                    distance[column], row_before[column] = cost, row
                    heapq.heappush(heap, (cost, column))
            base, column = heapq.heappop(heap)
            while column in done:
                base, column = heapq.heappop(heap)
            if column not in self.row_of:
                break
            done[column] = base
            row = self.row_of[column]
        self._shift(start, base, done)
        self._take(column, start, row_before)

    def _shift(self, start: int, total: int, done: Mapping[int, int]) -> None:
        self.row_potential[start] += total
        for column, cost in done.items():
            self.column_potential[column] = self.column_potential.get(column, 0) - (total - cost)
            self.row_potential[self.row_of[column]] += total - cost

    def _take(self, column: int, start: int, row_before: Mapping[int, int]) -> None:
        column_of = {row: taken for taken, row in self.row_of.items()}
        while True:
            row = row_before[column]
            previous = column_of.get(row)
            self.row_of[column] = row
            if row == start:
                return
            if previous is None:
                raise AssertionError("a row on the path holds no column")
            column = previous
