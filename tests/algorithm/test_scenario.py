"""Seven months and four shocks: everything trades, whatever fails is survived, no hard limit breaks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.algorithm.scenario import (
    CHANGES,
    SHOCKS,
    Played,
    lively,
    lives,
    most_alive,
    play,
    refused_by_the_brokerage,
    shock_sessions,
)
from tests.algorithm.support import of_kind
from tests.lean_double.data import DataFolder
from tests.lean_double.replay import unpacked_data
from tests.lean_double.synthetic import CombinedData, FaultyData, SyntheticData
from tomking.kernel.contracts import parse_tag
from tomking.kernel.parameters import default_values

pytestmark = pytest.mark.slow

OFTEN = lively(date(2019, 12, 2))
MONTHS = {"start": "2019-12-02", "end": "2020-06-30"}
SHORT_PREMIUM = ("strangle", "one_one_two", "leap_ladder", "friday0dte", "high_vix_puts")
SILENT = (date(2020, 1, 14), date(2020, 2, 5))
UNLISTED = (date(2020, 3, 4),)
HALT = (datetime(2020, 3, 9, 14, 30, tzinfo=UTC), datetime(2020, 3, 9, 18, 30, tzinfo=UTC))
RESTARTS = (date(2019, 12, 17), date(2020, 1, 17), date(2020, 2, 28), date(2020, 4, 20))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked_data(tmp_path_factory.mktemp("recorded"))


@pytest.fixture(scope="module")
def months(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Seven months without any fault, every strategy."""
    return play(data, tmp_path_factory.mktemp("months"), MONTHS, published=OFTEN)


def no_limit_is_broken(played: Played, changes: Mapping[str, str] = CHANGES) -> None:
    values = default_values() | dict(changes)
    short = [one for one in lives(played.lines) if one.strategy in SHORT_PREMIUM]
    strategies, groups = most_alive(short)
    for name, most in strategies.items():
        assert most <= int(values[f"{name.split()[0]}.max_open"]), name
    for group, most in groups.items():
        assert most <= int(values["limits.group_positions"]), group
    assert refused_by_the_brokerage(played) == []


def test_seven_months_trade_and_leave_by_target_and_by_date(months: Played) -> None:
    assert [one.error for one in months.runs] == [""]
    assert of_kind(months.lines, "error") == []
    no_limit_is_broken(months)
    reasons = {str(line["action"]) for line in of_kind(months.lines, "order_sent")}
    assert {"open", "close:target", "close:dte"} <= reasons
    traded = {one.strategy for one in lives(months.lines)}
    assert {"strangle", "one_one_two", "leap_ladder", "friday0dte", "ipmcc"} <= traded
    assert len(lives(months.lines)) >= 15
    # Shares that an assignment delivered are sold for the trade that was assigned.
    sold = [str(line["tag"]) for line in of_kind(months.lines, "order_sent") if line["action"] == "close:assignment"]
    assert sold
    assert {tag.split("|")[2] for tag in sold} <= {one.trade_id for one in lives(months.lines)}


@pytest.mark.parametrize("without", ["chain_cache", "greeks_cache", "chain_cache+greeks_cache"])
def test_with_a_cache_off_the_same_orders_come_out(data: Path, months: Played, tmp_path: Path, without: str) -> None:
    plain = play(data, tmp_path, {**MONTHS, "end": "2020-02-28", "without": without}, published=OFTEN)
    assert len(plain.orders) > 20
    assert plain.orders == [order for order in months.orders if order[0] < "2020-02-29"]
    names = {"chain_cache": "chains", "greeks_cache": "greeks"}
    switched_off = {names[one] for one in without.split("+")}
    off = [line for line in of_kind(plain.lines, "cache") if line["cache"] in switched_off]
    assert off
    assert {line["hits"] for line in off} == {0}


def test_faults_and_restarts_are_survived(data: Path, tmp_path: Path) -> None:
    faulty = FaultyData(DataFolder(data), silent=SILENT, unlisted=UNLISTED, halted=[HALT])
    played = play(faulty, tmp_path, MONTHS, restarts=RESTARTS, published=OFTEN)
    assert [one.error for one in played.runs] == [""] * (len(RESTARTS) + 1)
    no_limit_is_broken(played)
    where = {str(line["where"]) for line in of_kind(played.lines, "error")}
    assert where == {"chain SPY"}
    assert {str(line["time"])[:10] for line in of_kind(played.lines, "error")} == {
        day.isoformat() for day in (*SILENT, *UNLISTED)
    }
    assert any("taken as halted" in str(line["message"]) for line in of_kind(played.lines, "note"))
    # One life per trade id, over all processes; no order twice.
    sent = [
        (line["trade_id"], line["action"], line["attempt"], line["time"])
        for line in of_kind(played.lines, "order_sent")
        if "trade_id" in line
    ]
    assert len(sent) == len(set(sent))
    assert len({one.trade_id for one in lives(played.lines)}) == len(lives(played.lines))


def test_a_margin_call_is_followed(data: Path, tmp_path: Path) -> None:
    """Most of the cash is taken out of an account that holds naked puts, a week before they begin to be tested."""
    played = play(
        data,
        tmp_path,
        {**MONTHS, "start": "2020-01-27", "end": "2020-04-09"},
        restarts=(date(2020, 2, 21),),
        published=OFTEN,
        cash_left=Decimal(4_000),
    )
    assert [one.error for one in played.runs] == ["", ""]
    assert of_kind(played.lines, "error") == []
    orders = played.runs[-1].algorithm.transactions.orders.values()
    assert any("Margin Call" in str(order.tag) for order in orders)
    assert "margin_call" in {str(line["reason"]) for line in of_kind(played.lines, "book_adjusted")}
    # What is closed afterwards is what is held: no order of ours is refused for crossing zero.
    invalid = [line for line in of_kind(played.lines, "order_event") if line["status"] == "invalid"]
    assert not any("cross" in str(line.get("message")) and parse_tag(str(line.get("tag") or "")) for line in invalid)


@pytest.mark.parametrize("shock", SHOCKS)
def test_a_shock_is_survived_within_the_limits(shock: str, tmp_path: Path) -> None:
    first, last = SHOCKS[shock]
    source = SyntheticData("SPY", shock_sessions(shock))
    played = play(source, tmp_path, {"start": first.isoformat(), "end": last.isoformat(), "vix": "VIX"})
    assert [one.error for one in played.runs] == [""]
    assert of_kind(played.lines, "error") == []
    no_limit_is_broken(played, {})
    (done,) = played.runs
    equity = [total for _, total in done.equity]
    assert min(equity) > Decimal("0.7") * equity[0]


def test_two_underlyings_share_limits_and_are_watched_together(tmp_path: Path) -> None:
    first, last = SHOCKS["2024-08-05"]
    names = ("SPY", "TLT")
    source = CombinedData({name: SyntheticData(name, shock_sessions("2024-08-05", name, past=300)) for name in names})
    settings = {"start": first.isoformat(), "end": last.isoformat(), "vix": "VIX", "underlying": "SPY+TLT"}
    played = play(source, tmp_path, {**settings, "strategies": "strangle"}, published=lively(first))
    assert [one.error for one in played.runs] == [""]
    assert of_kind(played.lines, "error") == []
    no_limit_is_broken(played)
    assert {str(line["symbol"]) for line in of_kind(played.lines, "decision")} == set(names)
    unknown = {str(line["message"]) for line in of_kind(played.lines, "note") if "not judged" in str(line["message"])}
    assert not any("correlation" in sentence for sentence in unknown)
    sums = of_kind(played.lines, "portfolio_greeks")
    assert sums
    assert all("beta_weighted_delta" in line for line in sums if line["missing"] == 0)
