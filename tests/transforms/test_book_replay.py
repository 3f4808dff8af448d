"""A book walked through history: losses found where they were made, alarms judged, suggestions followed and compared."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.parsing.prices.csv_files import parse_price_csv
from pipelines.transforms.regimes.book_replay import HORIZON, replay_suggestions, replay_warnings
from tests.shared import shared_path
from tomking.kernel.concentration import ConcentrationLimits
from tomking.kernel.parameters import default_values

Rows = NDArray[np.float64]
LIMITS = ConcentrationLimits(40, 15, 5, 0.80)


def dates(days: int) -> list[dt.date]:
    return [dt.date(2020, 1, 1) + dt.timedelta(days=day) for day in range(days)]


def apart(days: int = 400, columns: int = 4, seed: int = 1) -> Rows:
    rows: Rows = 0.004 * np.random.default_rng(seed).standard_normal((days, columns))
    return rows


def test_a_fall_of_everything_is_a_loss_and_series_that_draw_together_before_it_warn_of_it() -> None:
    rows = apart()
    rows[200:290] = rows[200:290, :1] + 0.02 * rows[200:290]
    rows[285] = -0.08
    found = replay_warnings(dates(400), rows, [1, 1, 1, 1], LIMITS, 0.05)
    (loss,) = found.losses
    assert loss.day == dates(400)[285]
    assert loss.share == pytest.approx(0.077, abs=0.02)
    assert loss.alarm is not None
    assert dates(400)[200] < loss.alarm < loss.day
    assert loss.lead == (loss.day - loss.alarm).days
    assert loss.alarm in found.alarms
    assert loss.alarm not in found.false_alarms


def test_a_warning_without_a_loss_is_false_and_a_loss_without_one_has_none() -> None:
    rows = apart()
    rows[200:290] = rows[200:290, :1] + 0.02 * rows[200:290]
    found = replay_warnings(dates(400), rows, [1, 1, 1, 1], LIMITS, 0.05)
    assert found.losses == ()
    assert found.false_alarms == found.alarms != ()
    assert found.false_a_year == pytest.approx(len(found.alarms) / ((400 - 64) / 252))
    sudden = apart()
    sudden[285] = -0.08
    (loss,) = replay_warnings(dates(400), sudden, [1, 1, 1, 1], LIMITS, 0.05).losses
    assert (loss.alarm, loss.lead) == (None, None)


def test_nothing_after_an_evening_changes_its_alarm() -> None:
    rows = apart()
    rows[150:] = rows[150:, :1] + 0.02 * rows[150:]
    whole = replay_warnings(dates(400), rows, [1, 1, 1, 1], LIMITS, 0.05)
    short = replay_warnings(dates(300), rows[:300], [1, 1, 1, 1], LIMITS, 0.05)
    assert short.alarms == tuple(day for day in whole.alarms if day < dates(400)[300])


def test_following_suggestions_beats_cutting_all_alike_where_one_position_is_too_large() -> None:
    found = replay_suggestions(dates(400), apart(), [10, 1, 1, 1])
    assert found is not None
    assert found.months == len(range(59, 400 - HORIZON, HORIZON))
    assert found.realised == pytest.approx(found.expected, abs=0.1)
    assert found.interval[0] <= found.realised <= found.interval[1]
    assert found.gain_interval[0] <= found.gain <= found.gain_interval[1]
    assert found.worse_days < 1.0
    assert replay_suggestions(dates(400), apart(), [0, 0, 0, 1]) is None


def test_books_that_cannot_be_replayed_are_refused() -> None:
    with pytest.raises(ValueError, match="returns are too few"):
        replay_warnings(dates(60), apart(60), [1, 1, 1, 1], LIMITS, 0.05)
    with pytest.raises(ValueError, match="one exposure a series"):
        replay_suggestions(dates(400), apart(), [0, 0, 0, 0])


def test_the_book_of_august_2024_was_warned_of_before_its_loss_as_on_any_other_day() -> None:
    closes = []
    for name in ("spy", "qqq", "iwm", "gld", "tlt"):
        bars = parse_price_csv(shared_path("samples", "market", f"{name}.csv").read_bytes(), f"{name}.csv").bars
        closes.append({bar.session_date: bar.adjusted_close or bar.close or 0.0 for bar in bars})
    days = sorted(day for day in set.intersection(*map(set, closes)) if day >= dt.date(2022, 1, 1))
    returns = np.diff(np.log(np.array([[one[day] for one in closes] for day in days])), axis=0)
    limits = ConcentrationLimits.from_values(default_values())
    sold_puts = replay_warnings(days[1:], returns, [3, 1, 1, 0, 0], limits, 0.05)
    august = next(one for one in sold_puts.losses if one.day in (dt.date(2024, 8, 2), dt.date(2024, 8, 5)))
    assert august.alarm is not None
    assert august.alarm < august.day
    assert sold_puts.share_of_days > 0.95
    mixed = replay_warnings(days[1:], returns, [1, 1, 1, 1, 1], limits, 0.05)
    assert mixed.share_of_days < 0.10
    assert next(one for one in mixed.losses if one.day.year == 2024).alarm is None
