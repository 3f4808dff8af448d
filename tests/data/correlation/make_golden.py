"""Makes `golden.json`: correlations worked out exactly, with fractions and 60-digit square roots.

Holds: the input series, the definition of each figure written out pair by pair, and the writer.
Belongs here: standard library only; nothing of the code under test may be imported.
Never here: numpy or floating-point sums.

    python tests/data/correlation/make_golden.py

writes the file again; it must not change.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import combinations
from pathlib import Path

DIGITS = 60
Series = Sequence[float | None]


def stream(seed: int, count: int) -> list[float]:
    """Repeatable numbers in [-0.02, 0.02) from a linear congruential generator (Knuth's MMIX constants)."""
    state, found = seed, []
    for _ in range(count):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        found.append((state >> 11) / 2**53 * 0.04 - 0.02)
    return found


def exact_correlation(first: Series, second: Series) -> Decimal | None:
    """Pearson's coefficient: exact covariance and variances, one square root at the end; None where undefined."""
    if None in first or None in second or len(first) < 2:
        return None
    x, y = ([Fraction(value) for value in series if value is not None] for series in (first, second))
    mean_x, mean_y = sum(x, Fraction(0)) / len(x), sum(y, Fraction(0)) / len(y)
    across = sum(((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)), Fraction(0))
    spread = sum(((a - mean_x) ** 2 for a in x), Fraction(0)) * sum(((b - mean_y) ** 2 for b in y), Fraction(0))
    if spread == 0:
        return None
    with localcontext() as context:
        context.prec = DIGITS
        under = Decimal(spread.numerator) / Decimal(spread.denominator)
        return Decimal(across.numerator) / Decimal(across.denominator) / under.sqrt()


def mean(values: list[Decimal]) -> str | None:
    """The mean at 30 digits as text."""
    if not values:
        return None
    with localcontext() as context:
        context.prec = DIGITS
        return text(sum(values, Decimal(0)) / len(values))


def text(value: Decimal | None) -> str | None:
    """30 decimals, or None."""
    return None if value is None else format(value, ".30f")


def window_case(name: str, columns: dict[str, Series], groups: dict[str, str]) -> dict[str, object]:
    """Every figure of one window."""
    names = list(columns)
    pairs = {(a, b): exact_correlation(columns[a], columns[b]) for a, b in combinations(names, 2)}
    defined = [value for value in pairs.values() if value is not None]
    by_group: dict[tuple[str, str], list[Decimal]] = {}
    for (a, b), value in pairs.items():
        place = tuple(sorted((groups[a], groups[b])))
        found = by_group.setdefault((place[0], place[1]), [])
        if value is not None:
            found.append(value)
    return {
        "name": name,
        "columns": columns,
        "groups": groups,
        "pairs": [[a, b, text(value)] for (a, b), value in pairs.items()],
        "mean": mean(defined),
        "defined_pairs": len(defined),
        "group_means": [[a, b, mean(values), len(values)] for (a, b), values in sorted(by_group.items())],
    }


def cases() -> list[dict[str, object]]:
    """Ordinary windows of twenty days, then the degenerate ones."""
    days = 24
    market = stream(1, days)
    moves: dict[str, Series] = {
        name: [0.7 * shared + 0.6 * own for shared, own in zip(market, stream(seed, days), strict=True)]
        for seed, name in enumerate(("A", "B", "C", "D", "E"), start=2)
    }
    two_groups = {"A": "x", "B": "x", "C": "y", "D": "y", "E": "y"}
    found = [
        window_case(
            f"twenty days ending on day {last}",
            {name: series[last - 19 : last + 1] for name, series in moves.items()},
            two_groups,
        )
        for last in range(19, days)
    ]
    window = {name: series[:20] for name, series in moves.items()}

    def changed(name: str, **series: Series) -> dict[str, object]:
        columns = {**window, **series}
        return window_case(name, columns, {column: two_groups.get(column, "y") for column in columns})

    hole: Series = [*window["B"][:7], None, *window["B"][8:]]
    tick: Series = [*window["B"][:7], 100.0, *window["B"][8:]]
    found += [
        changed("a series that is zero every day", B=[0.0] * 20),
        changed("a series that accrues the same amount every day", B=[0.0001] * 20),
        changed("a missing day in one series", B=hole),
        changed("all series flat", **{name: [0.001 * place] * 20 for place, name in enumerate(window)}),
        changed("a bad tick of ten thousand percent", B=tick),
        changed("a level of a thousand not taken away", B=[1000.0 + value for value in moves["B"][:20] if value]),
        changed("movements a millionth of the level", B=[0.01 + 1e-8 * value for value in moves["B"][:20] if value]),
        changed("the same series twice", B=window["A"]),
        changed("a series and its mirror", B=[-value for value in window["A"] if value is not None]),
        changed("nineteen zeros and one movement", B=[0.0] * 19 + [0.01]),
        window_case("two points, same direction", {"A": [0.01, 0.02], "B": [-0.5, 0.25]}, {"A": "x", "B": "x"}),
        window_case("two points, opposite direction", {"A": [0.01, 0.02], "B": [0.25, -0.5]}, {"A": "x", "B": "y"}),
        window_case("two points, one series flat", {"A": [0.01, 0.02], "B": [0.25, 0.25]}, {"A": "x", "B": "y"}),
        window_case("one point", {"A": [0.01], "B": [0.25]}, {"A": "x", "B": "y"}),
        window_case(
            "exactly uncorrelated", {"A": [1.0, 1.0, -1.0, -1.0], "B": [1.0, -1.0, 1.0, -1.0]}, {"A": "x", "B": "y"}
        ),
    ]
    return found


if __name__ == "__main__":
    target = Path(__file__).with_name("golden.json")
    target.write_text(json.dumps(cases(), indent=1) + "\n", encoding="utf-8")
