"""Labelled days from two ways of computing them, compared.

Holds: the comparison.
Belongs here: what tests of the batch and of live models share.
Never here: test cases.
"""

from __future__ import annotations

from collections.abc import Sequence

from tomking.kernel.regimes import RegimeDay

FIGURES = ("semi_volatility", "mean_correlation", "forecast")


def assert_same_days(live: Sequence[RegimeDay], batch: Sequence[RegimeDay]) -> None:
    """The same labels and levels every day, every figure within 1e-12."""
    for one, other in zip(live, batch, strict=True):
        assert (one.date, one.regime, one.danger, one.diversification) == (
            other.date,
            other.regime,
            other.danger,
            other.diversification,
        )
        for name in FIGURES:
            first, second = getattr(one, name), getattr(other, name)
            assert (first is None) == (second is None), (one.date, name)
            assert first is None or abs(first - second) <= 1e-12, (one.date, name)
