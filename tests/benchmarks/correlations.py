"""Rolling correlations: ours beside pandas, polars, DuckDB, numpy and the time it takes to write the answer down.

Holds: full 20-day matrices at several widths, the regime's features of a whole history, one day of a live algorithm.
Belongs here: correlation speed; input and output memory are made outside of what is timed.
Never here: other comparisons (`cases`), measuring (`harness`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import combinations
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipelines.transforms.regimes.rolling_matrices import packed_matrices
from pipelines.transforms.regimes.rolling_means import rolling_means
from tests.benchmarks.harness import Comparison
from tomking.kernel.correlation import WINDOW, RollingCorrelation, mean_correlation, rolling_spectrum
from tomking.kernel.regimes import RegimeModel
from tomking.kernel.thresholds import AxisThresholds, Calibration, ForecastWeights

Rows = NDArray[np.float64]
TOLERANCE = 1e-9
"""pandas and DuckDB carry rounding from day to day; ours is held to 1e-12 by the tests."""


def returns_of(days: int, columns: int) -> Rows:
    """Heavy-tailed returns with a common part."""
    random = np.random.default_rng(20261130)
    rows: Rows = 0.01 * (random.standard_t(4, (days, columns)) + random.standard_normal((days, 1)))
    return rows


def matrices(days: int, columns: int, others: bool) -> Comparison:
    """Every pair over every 20 days; `others` false leaves out what needs minutes at this width."""
    rows = returns_of(days, columns)
    pairs = list(combinations(range(columns), 2))
    upper = np.triu_indices(columns, 1)
    out, blank = (np.zeros((days - WINDOW + 1, len(pairs))) for _ in range(2))

    def floor() -> Rows:
        blank.fill(0.5)
        return blank

    def by_numpy() -> Rows:
        windows = sliding_window_view(rows, WINDOW, axis=0)
        found = np.empty_like(out)
        for start in range(0, len(windows), 64):
            centred = windows[start : start + 64] - windows[start : start + 64].mean(axis=2, keepdims=True)
            centred /= np.sqrt((centred * centred).sum(axis=2, keepdims=True))
            found[start : start + 64] = (centred @ centred.transpose(0, 2, 1))[:, upper[0], upper[1]]
        return found

    frame = pd.DataFrame(rows)
    columnar = pl.DataFrame({f"c{place}": rows[:, place] for place in range(columns)})

    def by_pandas() -> Rows:
        cube = frame.rolling(WINDOW).corr().to_numpy().reshape(days, columns, columns)
        return np.asarray(cube[WINDOW - 1 :, upper[0], upper[1]])

    def by_polars() -> Rows:
        asked = [pl.rolling_corr(f"c{a}", f"c{b}", window_size=WINDOW).alias(f"{a} {b}") for a, b in pairs]
        return columnar.select(asked).to_numpy()[WINDOW - 1 :]

    def by_duckdb() -> Rows:
        asked = ", ".join(f'corr(c{a}, c{b}) OVER w AS "{a} {b}"' for a, b in pairs)
        with duckdb.connect(":memory:") as connection:
            connection.register("closes", columnar.with_row_index("day").to_arrow())
            table = connection.execute(
                f"SELECT {asked} FROM closes WINDOW w AS (ORDER BY day ROWS {WINDOW - 1} PRECEDING) ORDER BY day"
            ).pl()
        return table.to_numpy()[WINDOW - 1 :]

    ways: dict[str, Callable[[], Any]] = {
        "ours: compiled, packed": lambda: packed_matrices(rows, out=out),
        "floor: write once": floor,
        "numpy, batched products": by_numpy,
    }
    if others:
        ways |= {"pandas rolling().corr()": by_pandas, "polars rolling_corr": by_polars}
    if others and columns <= 20:
        ways["DuckDB corr() over"] = by_duckdb
    return Comparison(f"20-day matrices, {columns} series", f"{days} days, {len(pairs)} pairs", ways, _agree)


def features(days: int, columns: int) -> Comparison:
    """The regime's features of every day (three mean correlations, spectrum), against full matrices one day in five hundred."""
    rows = returns_of(days, columns)
    upper = np.triu_indices(columns, 1)
    windows = (20, 60, 250)

    def ours() -> Rows:
        spectra = rolling_spectrum(rows)
        shares = [np.nan if found is None else found.top_share for found in spectra]
        return np.column_stack([rolling_means(rows, windows), np.array(shares)])

    def full() -> Rows:
        found = np.full((days, 4), np.nan)
        for last in range(WINDOW - 1, days, 500):
            for place, window in enumerate(windows):
                matrix = np.asarray(np.corrcoef(rows[max(0, last - window + 1) : last + 1], rowvar=False))
                found[last, place] = matrix[upper].mean() if last >= window - 1 else np.nan
                if window == WINDOW:
                    found[last, 3] = np.linalg.eigvalsh(matrix)[-1] / columns
        return found

    ours()  # compiled before it is timed
    return Comparison(
        "regime features",
        f"{days} days of {columns} series",
        {"ours: every day": ours, "numpy, full matrices, one day in 500": full},
        _agree,
    )


def regime_means(days: int, columns: int) -> Comparison:
    """The three mean correlations that the regime is made of, against one window after the other."""
    rows = returns_of(days, columns)

    def single() -> Rows:
        found = np.full((days, 3), np.nan)
        for place, window in enumerate((20, 60, 250)):
            for last in range(window - 1, days, 10):
                found[last, place] = mean_correlation(rows[last - window + 1 : last + 1]).mean
        return found

    rolling_means(rows[:300], (20, 60, 250))  # compiled before it is timed
    return Comparison(
        "regime's three mean correlations",
        f"{days} days of {columns} series",
        {
            "ours: compiled, every day": lambda: rolling_means(rows, (20, 60, 250)),
            "window by window, one day in 10": single,
        },
        _agree,
    )


def online_day(columns: int) -> Comparison:
    """A thousand new days of a live algorithm, numpy alone: mean correlation and matrix of the window, recomputed."""
    rows = returns_of(1000 + WINDOW, columns)
    frame = pd.DataFrame(rows)

    def ours() -> float:
        window = RollingCorrelation.from_rows(rows[:WINDOW])
        for row in rows[WINDOW:]:
            window.push(row)
            mean = window.mean().mean
        return mean

    def by_pandas() -> float:
        for last in range(1000 + WINDOW - 20, 1000 + WINDOW):
            matrix = frame.iloc[last - WINDOW + 1 : last + 1].corr().to_numpy()
        return float(matrix[np.triu_indices(columns, 1)].mean())

    return Comparison(
        f"online days, {columns} series",
        "1,000 days (pandas: 20)",
        {"ours: ring buffer": ours, "pandas, 20 days only": by_pandas},
        lambda one, other: abs(one - other) < TOLERANCE,
    )


def online_regime(columns: int, days: int = 1000) -> Comparison:
    """New days of a live regime model from features to label, numpy alone; and what its three windows cost afresh."""
    rows = returns_of(days + 250, columns)
    dates = [dt.date(2020, 1, 1) + dt.timedelta(days=day) for day in range(len(rows))]
    calibration = Calibration(
        danger=AxisThresholds(0.15, 0.25, 0.13, 0.20),
        diversification=AxisThresholds(0.40, 0.60, 0.35, 0.50),
        forecast_weights=ForecastWeights(0.02, 0.2, 0.4, 0.3),
    )

    def ours() -> float | None:
        model = RegimeModel(columns, calibration=calibration)
        for date, row in zip(dates, rows, strict=True):
            day = model.step(date, row)
        return day.mean_correlation

    def afresh() -> float | None:
        for last in range(250, len(rows)):
            found = [mean_correlation(rows[last - window + 1 : last + 1]).mean for window in (250, 60, 20)]
        return found[-1]

    return Comparison(
        f"live days of the regime, {columns} series",
        f"{len(rows):,} days, from features to label",
        {"ours: RegimeModel.step": ours, "three windows afresh, means only": afresh},
        lambda one, other: abs(one - other) < TOLERANCE,
    )


def _agree(one: Rows, other: Rows) -> bool:
    """Whether two answers are one where both have a figure; the floor has none of its own."""
    if one.shape == other.shape and (other == other.flat[0]).all():
        return True
    both = np.isfinite(one) & np.isfinite(other)
    return bool(both.any() and np.allclose(one[both], other[both], rtol=0, atol=TOLERANCE))
