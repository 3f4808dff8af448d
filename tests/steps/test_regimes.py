"""Regime labels in the warehouse.

Covers: labels stored once, revisions apart, labels of a cut history, sources and missing symbols, pair and group
correlations, the views, and the packaged universe.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.config import Settings, UniverseSettings
from pipelines.parsing.prices.bars import PriceBar
from pipelines.steps.market.price_tables import store_bars
from pipelines.steps.market.prices import ingest_package_prices
from pipelines.steps.regimes.labels import groups_of, recompute_regimes, settings_id, universe_returns
from pipelines.steps.regimes.pictures import regime_pictures
from pipelines.transforms.regimes.rolling_means import label_history
from tests.kernel.test_regimes import QUICK, clustered
from tomking.kernel.correlation import correlation_matrix
from tomking.kernel.pattern_correlation import moved_to, pattern_matrix
from warehouse.access import Warehouse
from warehouse.session import WriteSession

SYMBOLS = ("AAA", "BBB", "CCC", "DDD")
FIRST = dt.date(2001, 1, 1)
UNIVERSE = UniverseSettings(name="four", symbols=SYMBOLS, groups={"AAA": "x", "BBB": "x", "CCC": "y"})


def settings(root: Path, *universes: UniverseSettings) -> Settings:
    return Settings(root=root, universes=universes or (UNIVERSE,))


def closes(days: int, seed: int = 1) -> list[PriceBar]:
    prices = 100.0 * np.exp(np.cumsum(clustered(days, len(SYMBOLS), seed), axis=0))
    return [
        PriceBar(symbol, FIRST + dt.timedelta(days=day), None, float(prices[day, place]))
        for day in range(days)
        for place, symbol in enumerate(SYMBOLS)
    ]


def store(session: WriteSession, bars: list[PriceBar], source: str = "csv") -> None:
    store_bars(session, source, [(bar, None) for bar in bars])


def ask(warehouse: Warehouse, sql: str) -> list[Any]:
    with warehouse.reader() as con:
        return con.execute(sql).fetchall()


def test_every_session_is_labelled_once_and_a_second_run_changes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("test") as session:
        store(session, closes(300))
        (outcome,) = recompute_regimes(session, settings(tmp_path), regime_settings=QUICK).universes
    assert outcome.problem is None
    assert outcome.sessions == 299
    assert outcome.new_labels == 299 - (QUICK.decay_minimum - 1 + QUICK.quantile_minimum - 1)
    with warehouse.writer("test") as session:
        (again,) = recompute_regimes(session, settings(tmp_path), regime_settings=QUICK).universes
        assert not session.changed
    assert (again.new_labels, again.revised_labels) == (0, 0)
    rows = ask(warehouse, "select regime, danger, diversification, reason, score, revised from marts.regimes")
    assert len(rows) == outcome.new_labels
    assert {row[0] for row in rows} == {"Normal", "Stressed", "Crisis"}
    assert all(row[3].startswith(f"{row[0]}: ") for row in rows)
    assert all(row[4] is None or 0.0 <= row[4] <= 100.0 for row in rows)
    assert not any(row[5] for row in rows)


def test_labels_are_those_of_the_model_on_the_stored_prices(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("test") as session:
        store(session, closes(250))
        recompute_regimes(session, settings(tmp_path), regime_settings=QUICK)
        returns, problem = universe_returns(session, UNIVERSE)
    assert problem is None
    assert returns is not None
    expected = [
        (day.date, day.regime, day.semi_volatility, day.forecast)
        for day in label_history(returns.dates, returns.rows, QUICK)
        if day.regime is not None
    ]
    stored = ask(
        warehouse,
        "select session_date, regime, semi_volatility, correlation_forecast from records.regime_days order by 1",
    )
    assert stored == expected


def test_days_added_one_by_one_get_the_labels_of_the_whole_history(warehouse: Warehouse, tmp_path: Path) -> None:
    bars = closes(130)
    with warehouse.writer("test") as session:
        store(session, [bar for bar in bars if bar.session_date < FIRST + dt.timedelta(days=120)])
        recompute_regimes(session, settings(tmp_path), regime_settings=QUICK)
        for day in range(120, 130):
            store(session, [bar for bar in bars if bar.session_date == FIRST + dt.timedelta(days=day)])
            (outcome,) = recompute_regimes(session, settings(tmp_path), regime_settings=QUICK).universes
            assert (outcome.new_labels, outcome.revised_labels) == (1, 0)
        returns, _ = universe_returns(session, UNIVERSE)
    assert returns is not None
    whole = [day.regime for day in label_history(returns.dates, returns.rows, QUICK) if day.regime is not None]
    assert [row[0] for row in ask(warehouse, "select regime from marts.regimes order by session_date")] == whole
    groups = ask(warehouse, "select count(distinct session_date), count(*) from marts.group_correlations")
    assert groups == [(129 - 19, (129 - 19) * 6)]


def test_a_corrected_price_leaves_labels_and_adds_revisions(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("test") as session:
        store(session, closes(200))
        recompute_regimes(session, settings(tmp_path), regime_settings=QUICK)
    before = ask(warehouse, "select * exclude (revised) from marts.regimes order by session_date")
    corrected = PriceBar("AAA", FIRST + dt.timedelta(days=150), None, 1.0)
    with warehouse.writer("test") as session:
        store(session, [corrected])
        assert session.dirty_days("correlations") == [corrected.session_date]
        (outcome,) = recompute_regimes(session, settings(tmp_path), regime_settings=QUICK).universes
        assert session.dirty_days("correlations") == []
    assert outcome.new_labels == 0
    assert outcome.revised_labels > 5
    assert ask(warehouse, "select * exclude (revised) from marts.regimes order by session_date") == before
    revised = ask(warehouse, "select session_date from marts.regimes where revised order by 1")
    assert revised[0][0] == corrected.session_date
    with warehouse.writer("test") as session:
        (again,) = recompute_regimes(session, settings(tmp_path), regime_settings=QUICK).universes
        assert again.revised_labels == 0
        assert not session.changed


def test_a_run_through_an_earlier_day_sees_nothing_later_and_takes_nothing_away(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    last = FIRST + dt.timedelta(days=150)
    with warehouse.writer("test") as session:
        store(session, closes(200))
        (cut,) = recompute_regimes(session, settings(tmp_path), through=last, regime_settings=QUICK).universes
        assert cut.last_day == last.isoformat()
        (whole,) = recompute_regimes(session, settings(tmp_path), regime_settings=QUICK).universes
        assert (whole.new_labels, whole.revised_labels) == (49, 0)
        recompute_regimes(session, settings(tmp_path), through=last, regime_settings=QUICK)
    assert ask(warehouse, "select max(session_date) from marts.group_correlations") == [
        (FIRST + dt.timedelta(days=199),)
    ]
    assert ask(warehouse, "select max(session_date) from marts.correlations") == [(FIRST + dt.timedelta(days=199),)]


def test_pairs_and_groups_are_those_of_the_newest_window(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("test") as session:
        store(session, closes(60))
        recompute_regimes(session, settings(tmp_path), regime_settings=QUICK)
        returns, _ = universe_returns(session, UNIVERSE)
    assert returns is not None
    matrix = correlation_matrix(returns.rows[-20:])
    pairs = ask(
        warehouse,
        "select first_symbol, second_symbol, first_group, second_group, correlation, table_version "
        "from marts.correlations order by all",
    )
    assert [row[:4] for row in pairs] == [
        ("AAA", "BBB", "x", "x"), ("AAA", "CCC", "x", "y"), ("AAA", "DDD", "x", "ungrouped"),
        ("BBB", "CCC", "x", "y"), ("BBB", "DDD", "x", "ungrouped"), ("CCC", "DDD", "y", "ungrouped"),
    ]  # fmt: skip
    assert [row[4] for row in pairs] == [matrix[i, j] for i in range(4) for j in range(i + 1, 4)]
    assert {row[5] for row in pairs} == {"configured"}
    groups = ask(
        warehouse,
        "select first_group, second_group, pairs, mean_correlation is null from marts.group_correlations "
        "where session_date = (select max(session_date) from marts.group_correlations) order by all",
    )
    assert groups == [
        ("ungrouped", "ungrouped", 0, True), ("ungrouped", "x", 2, False), ("ungrouped", "y", 1, False),
        ("x", "x", 1, False), ("x", "y", 2, False), ("y", "y", 0, True),
    ]  # fmt: skip


def test_groups_have_their_own_regime_and_means_their_interval(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("test") as session:
        store(session, closes(300))
        recompute_regimes(session, settings(tmp_path), regime_settings=QUICK)
        returns, _ = universe_returns(session, UNIVERSE)
    assert returns is not None
    labelled = [day for day in label_history(returns.dates, returns.rows[:, :2].copy(), QUICK) if day.regime]
    stored = ask(
        warehouse,
        "select group_name, session_date, regime, members, universe_regime from marts.group_regimes order by all",
    )
    assert [row[:4] for row in stored] == [("x", day.date, day.regime, 2) for day in labelled]
    of_all = dict(ask(warehouse, "select session_date, regime from marts.regimes"))
    assert [row[4] for row in stored] == [of_all.get(day.date) for day in labelled]
    means = ask(
        warehouse,
        "select low, mean_correlation, high from marts.group_correlations where pairs > 0 "
        "and session_date = (select max(session_date) from marts.group_correlations)",
    )
    assert means
    assert all(low < mean < high for low, mean, high in means)
    forecast = label_history(returns.dates, returns.rows, QUICK)[-1].forecast
    assert forecast is not None
    expected = moved_to(pattern_matrix(returns.rows), forecast)
    pairs = ask(warehouse, "select expected_correlation from marts.correlations order by first_symbol, second_symbol")
    assert [row[0] for row in pairs] == [expected[i, j] for i in range(4) for j in range(i + 1, 4)]


def test_the_age_of_every_input_is_known_and_the_symbol_that_holds_back_is_named(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    bars = [bar for bar in closes(150) if bar.symbol != "CCC" or bar.session_date < FIRST + dt.timedelta(days=148)]
    with warehouse.writer("test") as session:
        store(session, bars)
        recompute_regimes(session, settings(tmp_path), regime_settings=QUICK)
    found = ask(
        warehouse,
        "select symbol, newest_price, newest_label, price_age_days - label_age_days, holds_back "
        "from marts.correlation_inputs order by symbol",
    )
    last, common = FIRST + dt.timedelta(days=149), FIRST + dt.timedelta(days=147)
    assert found == [
        (one, common if one == "CCC" else last, common, 0 if one == "CCC" else -2, one == "CCC") for one in SYMBOLS
    ]


def test_other_groups_or_members_are_another_set_of_rows(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("test") as session:
        store(session, closes(90))
        recompute_regimes(session, settings(tmp_path), regime_settings=QUICK)
        regrouped = UniverseSettings(name="four", symbols=SYMBOLS)
        recompute_regimes(session, settings(tmp_path, regrouped), regime_settings=QUICK)
    assert ask(warehouse, "select distinct first_group from marts.group_correlations") == [("ungrouped",)]
    assert settings_id(QUICK, SYMBOLS, None) != settings_id(QUICK, SYMBOLS[:3], None)
    assert settings_id(QUICK, SYMBOLS, None) != settings_id(QUICK, SYMBOLS, FIRST)


def test_a_label_made_in_time_stands_and_history_shows_the_newest_settings(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    in_time = dt.datetime(2001, 7, 19, 22, tzinfo=dt.UTC)  # the evening of the last session below
    with warehouse.writer("test", now=in_time) as session:
        store(session, closes(200))
        recompute_regimes(session, settings(tmp_path), regime_settings=QUICK)
    fewer = UniverseSettings(name="four", symbols=SYMBOLS[:3])
    with warehouse.writer("test", now=dt.datetime(2001, 9, 1, tzinfo=dt.UTC)) as session:
        recompute_regimes(session, settings(tmp_path, fewer), regime_settings=QUICK)
    shown = dict(ask(warehouse, "select session_date, members from marts.regimes"))
    assert shown[dt.date(2001, 7, 19)] == 4
    assert shown[dt.date(2001, 5, 1)] == 3


def test_a_universe_without_prices_says_which_and_stops_no_other(warehouse: Warehouse, tmp_path: Path) -> None:
    absent = UniverseSettings(name="absent", symbols=("AAA", "ZZZ"))
    elsewhere = UniverseSettings(name="elsewhere", symbols=("AAA", "BBB"), source="lean")
    single = UniverseSettings(name="single", symbols=("AAA",))
    with warehouse.writer("test") as session:
        store(session, closes(200))
        outcome = recompute_regimes(
            session, settings(tmp_path, absent, elsewhere, single, UNIVERSE), regime_settings=QUICK
        )
    problems = {found.universe: found.problem for found in outcome.universes}
    assert problems == {
        "absent": "no prices of ZZZ",
        "elsewhere": "no prices from lean of AAA, BBB",
        "single": "a universe has 2 symbols at least",
        "four": None,
    }


def test_without_a_source_the_one_with_the_newest_prices_is_taken(warehouse: Warehouse) -> None:
    with warehouse.writer("test") as session:
        store(session, closes(50), "old")
        store(session, closes(60, seed=2), "new")
        returns, _ = universe_returns(session, UNIVERSE)
        old, _ = universe_returns(session, UniverseSettings(name="o", symbols=SYMBOLS, source="old", start=FIRST))
    assert returns is not None
    assert old is not None
    assert len(returns.dates) == 59
    assert len(old.dates) == 49


def test_too_short_a_history_has_no_label_and_says_so(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("test") as session:
        store(session, closes(15))
        (outcome,) = recompute_regimes(session, settings(tmp_path), regime_settings=QUICK).universes
    assert outcome.new_labels == 0
    assert outcome.problem is not None
    assert "too little history" in outcome.problem
    assert ask(warehouse, "select count(*) from marts.regimes") == [(0,)]
    assert ask(warehouse, "select count(*) from marts.correlations") == [(0,)]


def test_groups_come_from_the_configuration_then_sectors_then_rule_groups() -> None:
    universe = UniverseSettings(name="u", symbols=("XOM", "SPY", "QQQ", "ZZZ"), groups={"QQQ": "tech"})
    assert [name for name, _ in groups_of(universe)] == ["energy", "A2", "tech", "ungrouped"]


def test_the_packaged_universe_is_labelled_through_its_last_session(warehouse: Warehouse, tmp_path: Path) -> None:
    pytest.importorskip("skfolio", reason="the optional extra `demo` is not installed")
    with warehouse.writer("test") as session:
        stocks = UniverseSettings(name="stocks", symbols=ingest_package_prices(session).symbols, source="skfolio")
        (outcome,) = recompute_regimes(session, settings(tmp_path, stocks)).universes
    assert (outcome.last_day, outcome.sessions, outcome.left_out) == ("2022-12-28", 8312, 0)
    assert ask(
        warehouse,
        "select distinct regime from marts.regimes where strftime(session_date, '%Y-%m') in ('2008-10', '2020-03')",
    ) == [("Crisis",)]
    assert ask(warehouse, "select count(*) from marts.correlations") == [(190,)]


def test_pictures_of_a_universe_are_drawn_with_and_without_vix(warehouse: Warehouse, tmp_path: Path) -> None:
    configured = settings(tmp_path)
    with warehouse.writer("test") as session:
        store(session, closes(300))
        recompute_regimes(session, configured, regime_settings=QUICK)
        without = regime_pictures(session, configured)
        store(session, [PriceBar("VIX", FIRST + dt.timedelta(days=day), 15.0 + day / 30) for day in range(300)])
        found = regime_pictures(session, configured)
    assert list(found) == ["four"]
    assert set(found["four"]) == {"timeline", "correlations", "score"}
    assert all(image.startswith(b"\x89PNG") for image in found["four"].values())
    assert found["four"]["timeline"] != without["four"]["timeline"]
    assert found["four"]["score"] == without["four"]["score"]


def test_a_universe_without_labels_has_no_picture(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.writer("test") as session:
        assert regime_pictures(session, settings(tmp_path)) == {}
