"""The identity of a run, and the rule behind each cause."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.accounting.cash_history import CashSample, history_of
from pipelines.transforms.accounting.contract_terms import (
    Listing,
    SymbolProperties,
    TradeEvidence,
    implied_multiplier,
    terms_of,
)
from pipelines.transforms.accounting.implied_splits import TradeEntry, implied_splits
from pipelines.transforms.accounting.inherited_positions import price_inherited
from pipelines.transforms.accounting.lean_totals import OrderFees, Recomputed, TradeTotals, lean_totals
from pipelines.transforms.accounting.lots import Fill, Terms
from pipelines.transforms.accounting.run_accounts import Account, Dividend, Split, account_of, paid_dividends
from pipelines.transforms.accounting.run_money import Evidence, Exposure, LeanFigures, RunMoney, run_money

START = dt.datetime(2024, 1, 2, 15, tzinfo=dt.UTC)
STOCK = Terms("SPY", "equity", "USD", Decimal(1))
CALL = Terms("SPY   240315C00480000", "option", "USD", Decimal(100), Decimal(480), "C")
FUTURE = Terms("/ESH4", "future", "USD", Decimal(50))
COIN = Terms("BTCUSDT", "crypto", "USDT", Decimal(1), base="BTC")


def fill(day: int, quantity: str, price: str, terms: Terms = STOCK, **given: Any) -> Fill:
    moment = START + dt.timedelta(days=day)
    known: dict[str, Any] = {"kind": "trade", "fee": Decimal(1), "fee_currency": terms.currency} | given
    return Fill(day, 2, moment, moment.date(), terms=terms, quantity=Decimal(quantity), price=Decimal(price), **known)


def figures(start: str, end: str, **given: Any) -> LeanFigures:
    known: dict[str, Any] = {"currency": "USD"} | {
        name: Decimal(value) if name != "currency" else value for name, value in given.items()
    }
    return LeanFigures(start_equity=Decimal(start), end_equity=Decimal(end), **({"equity": Decimal(end)} | known))


def identity(fills: list[Fill], said: LeanFigures, evidence: Evidence | None = None, **given: Any) -> RunMoney:
    return run_money(account_of(fills, said.currency, **given), said, evidence)


def causes(made: RunMoney) -> dict[str, Decimal]:
    return {cause.cause: cause.amount for cause in made.causes}


def test_a_flat_run_ties_by_its_events_alone() -> None:
    made = identity([fill(1, "10", "100"), fill(2, "-10", "101.5")], figures("1000", "1013"))
    assert (made.state, made.marks_source, made.end_ours) == ("ties", "flat", Decimal(1013))


def test_positions_on_one_side_are_marked_by_the_holdings() -> None:
    made = identity([fill(1, "-10", "100")], figures("1000", "979", holdings="1020"))
    assert (made.state, made.marks_source, made.marks) == ("ties", "holdings", Decimal(-1020))


def test_positions_on_both_sides_are_marked_by_what_equity_has_gained_on_their_cost() -> None:
    fills = [fill(1, "100", "480"), fill(1, "-1", "5", CALL)]
    made = identity(fills, figures("50000", "50298", holdings="49000", net_profit="-2"))
    assert (made.state, made.marks_source) == ("ties", "net_profit")
    assert made.marks == 47800
    assert identity(fills, figures("50000", "50298", holdings="100", net_profit="-2")).state == "unknown"


def test_positions_on_both_sides_are_checked_by_the_exposure_chart() -> None:
    fills = [fill(1, "100", "480"), fill(1, "-1", "5", CALL)]
    said = figures("50000", "50298", holdings="49000", net_profit="-2")

    def seen(value: str) -> RunMoney:
        return identity(fills, said, Evidence(exposure=Exposure(Decimal(value), Decimal(5))))

    assert (seen("47803").marks_source, seen("47803").marks) == ("net_profit_and_exposure", Decimal(47800))
    # 298 of equity, of which Net Profit explains nothing, came to cash and not to positions.
    hidden = seen("47500")
    assert (hidden.marks_source, hidden.state, causes(hidden)) == (
        "exposure",
        "unexplained",
        {"unexplained": Decimal(300)},
    )
    without_profit = figures("50000", "50298", holdings="49000")
    rounded = identity(fills, without_profit, Evidence(exposure=Exposure(Decimal(47803), Decimal(5))))
    assert (rounded.marks_source, rounded.state) == ("exposure", "explained")
    assert causes(rounded) == {"exposure_rounding": Decimal(-3)}


def test_an_unknown_multiplier_makes_the_end_unknown_not_zero() -> None:
    odd = Terms("/XXH4", "future", "USD")
    made = identity([fill(1, "1", "10", odd), fill(2, "-1", "11", odd)], figures("1000", "1048"))
    assert made.state == "unknown"
    assert made.end_ours is None


def test_dividends_are_what_net_profit_has_beyond_events_where_raw_shares_were_held_overnight() -> None:
    fills = [fill(1, "-100", "480", is_raw=True), fill(40, "100", "480", is_raw=True)]
    said = figures("50000", "49841", net_profit="-159")
    made = identity(fills, said)
    assert causes(made) == {"dividends": Decimal(-157)}
    assert made.state == "explained"
    note = made.causes[0].note or ""
    assert "inferred from LEAN's Net Profit" in note
    assert "SPY held 2024-01-03 to 2024-02-11" in note
    assert made.causes[0].basis == "net_profit"
    paid = paid_dividends(account_of(fills, "USD"), {"SPY": [Dividend(dt.date(2024, 1, 20), Decimal("1.57"))]}, None)
    assert paid == [("SPY", dt.date(2024, 1, 20), Decimal("-157.00"))]
    named = identity(fills, said, Evidence(("SPY 2024-01-20 -157",), Decimal("-157.00")))
    assert (named.causes[0].note, named.causes[0].basis) == ("by factor files: SPY 2024-01-20 -157", "factor_files")
    other = identity(fills, said, Evidence(("SPY 2024-01-20 -100",), Decimal("-100.00")))
    assert other.causes[0].basis == "net_profit"
    assert "factor files say -100.00" in (other.causes[0].note or "")


@pytest.mark.parametrize("fills", [[fill(1, "-100", "480"), fill(40, "100", "480")]])
def test_without_raw_shares_such_profit_stays_unexplained(fills: list[Fill]) -> None:
    made = identity(fills, figures("50000", "49841", net_profit="-159"))
    assert causes(made) == {"unexplained": Decimal(-157)}
    assert made.state == "unexplained"


@pytest.mark.parametrize(("history", "cause"), [("gradual", "margin_interest"), ("sudden", "cash_set_by_code")])
def test_cash_that_moved_between_fills_is_named_by_how_it_moved(history: Any, cause: str) -> None:
    fills = [fill(1, "10", "100"), fill(30, "-10", "100")]
    said = figures("1000", "1048", net_profit="-2")
    assert causes(identity(fills, said)) == {"unexplained": Decimal(50)}
    assert causes(identity(fills, said, Evidence(cash_history=history))) == {cause: Decimal(50)}


def test_a_split_known_from_factor_files_leaves_its_fraction_in_cash() -> None:
    fills = [fill(1, "100", "647.86", is_raw=True)]
    splits = {"SPY": [Split(START.date() + dt.timedelta(days=3), Decimal("0.142857200000"))]}
    account = account_of(fills, "USD", splits=splits)
    assert account.books["SPY"].quantity == 699
    said = figures("100000", "100001.10", holdings="64695.44", net_profit="-1")
    made = run_money(account, said)
    assert set(causes(made)) == {"split_fraction"}


def test_a_split_shows_in_the_fraction_even_without_factor_files() -> None:
    said = figures("100000", "100000.14", holdings="64695.45", net_profit="-1")
    made = identity([fill(1, "100", "647.86", is_raw=True)], said)
    assert causes(made) == {"split_fraction": Decimal("91.69")}
    assert "100 shares became 699" in (made.causes[0].note or "")


def test_an_open_future_is_counted_at_what_closing_it_would_bring() -> None:
    said = figures("100000", "100808.20", holdings="90831.25", net_profit="-2.15", unrealized="810.35")
    made = identity([fill(1, "1", "1800.25", FUTURE, fee=Decimal("2.15"))], said)
    assert causes(made) == {"closing_estimate": Decimal("-8.40")}


def test_more_than_the_closing_estimate_is_not_explained_by_it() -> None:
    said = figures("100000", "100700", holdings="90831.25", net_profit="-2.15", unrealized="810.35")
    made = identity([fill(1, "1", "1800.25", FUTURE, fee=Decimal("2.15"))], said)
    assert made.state == "unexplained"


def test_a_fee_in_the_coin_bought_costs_its_price() -> None:
    fills = [fill(1, "0.999", "17000", COIN, fee=Decimal("0.001"), fee_currency="BTC")]
    made = identity(fills, figures("20000", "20000", currency="USDT", holdings="17000"))
    assert causes(made) == {"fee_in_coin": Decimal(-17)}


def test_coins_sold_that_no_event_bought_were_there_at_the_start() -> None:
    fills = [fill(1, "-1", "17327.90", COIN, fee=Decimal("17.33"))]
    said = figures("117170.74", "117310.57", currency="USDT", holdings="17778.49")
    made = identity(fills, said)
    assert set(causes(made)) == {"coins_at_start"}
    assert made.causes[0].note == "1 BTC held at the start, at 17170.74"


def test_money_in_other_currencies_is_named_with_what_moved() -> None:
    pair = Terms("BTCEUR", "crypto", "EUR", Decimal(1), base="BTC")
    fills = [
        fill(1, "1.5", "5957.46", pair, fee=Decimal(1), fee_currency="ETH"),
        fill(2, "-1.5", "5948.89", pair, fee=Decimal(1), fee_currency="ETH"),
    ]
    made = identity(fills, figures("12300", "11511.60", total_fees="804.33"))
    assert causes(made) == {"fee_in_other_currency": Decimal("-804.33"), "conversion_rate": Decimal("15.93")}
    assert "-2 ETH; -12.855 EUR moved" in (made.causes[1].note or "")


def test_the_later_runtime_equity_is_told_from_the_last_chart_point() -> None:
    said = figures("1000", "990", equity="1010", holdings="111")
    made = identity([fill(1, "1", "100")], said)
    assert causes(made) == {"last_chart_point": Decimal(-20)}


def test_a_position_that_code_set_is_seen_by_leans_empty_holdings() -> None:
    fills = [fill(1, "1", "1669.50", FUTURE), fill(2, "-2", "1668.75", FUTURE)]
    made = identity(fills, figures("100000", "103400", holdings="0", net_profit="3400"))
    assert set(causes(made)) == {"position_outside_events"}


def test_an_inherited_position_gets_its_price_from_the_map_of_profits() -> None:
    fills = [fill(1, "2", "3.00", CALL, fee=Decimal(0)), fill(2, "-2", "2.69", CALL, fee=Decimal(2))]
    inherited = {CALL.key: (CALL, Decimal(-2), None)}
    priced = price_inherited(fills, inherited, [Decimal(1274)])
    assert priced[CALL.key][2] == Decimal("9.37")
    assert price_inherited(fills, inherited, [])[CALL.key][2] is None


def totals(account: Account, said: LeanFigures, trades: TradeTotals, fees: OrderFees) -> dict[str, dict[str, Decimal]]:
    made = lean_totals(Recomputed(account, fees, "USD"), said, trades)
    return {figure.figure: {cause.cause: cause.amount for cause in figure.causes} for figure in made}


def test_leans_totals_differ_by_the_rules_they_are_made_by() -> None:
    index = Terms("SPXW  240103P04500000", "index_option", "USD", Decimal(100), Decimal(4500), "P")
    fills = [
        fill(1, "-1", "12", index, fee=Decimal("1.00")),
        replace(fill(2, "1", "0", index, fee=None), kind="assignment", underlying_price=Decimal(4470), is_raw=True),
        fill(3, "2", "100", STOCK, fee=Decimal("0.50")),
    ]
    said = figures("10000", "8000", total_fees="1.50", trade_fees="1.00", fees="1.50", net_profit_percent="0")
    trades = TradeTotals(Decimal(1200), 1, True, 0, 1, -1, Decimal(-1800))
    found = totals(account_of(fills, "USD"), said, trades, OrderFees(Decimal("1.50"), Decimal("0.50")))
    assert found["closed_trades_profit"] == {"settlement_omitted": Decimal(3000)}
    assert found["trade_fees"] == {"fee_of_open_position": Decimal("-0.50")}
    assert found["profit_loss_map"] == {"closing_fee_twice": Decimal("1.50")}
    assert found["winning_trades"] == {"option_in_the_money": Decimal(-1)}
    assert found["net_profit_percent"] == {"too_few_days": Decimal(20)}
    assert found["total_fees"] == {}


@given(
    multiplier=st.sampled_from(
        ["1", "2", "5", "10", "25", "50", "100", "250", "1000", "5000", "12500", "0.1", "32.15"]
    ),
    moves=st.lists(st.decimals(min_value=-500, max_value=500, places=2).filter(bool), min_size=1, max_size=8),
)
def test_the_multiplier_that_closed_trades_imply_gives_their_profits(multiplier: str, moves: list[Decimal]) -> None:
    trades = [TradeEvidence(move, (move * Decimal(multiplier)).quantize(Decimal("0.01"))) for move in moves]
    found = implied_multiplier(trades)
    if found is not None:
        assert all(abs(trade.moved * found - trade.profit_loss) <= Decimal("0.005") for trade in trades)
    if max(map(abs, moves)) >= 100 and multiplier != "0.1":
        assert found == Decimal(multiplier)


def test_trades_that_disagree_imply_no_multiplier() -> None:
    assert (
        implied_multiplier([TradeEvidence(Decimal(10), Decimal(500)), TradeEvidence(Decimal(10), Decimal(400))]) is None
    )
    assert implied_multiplier([]) is None


def test_terms_take_the_product_first_then_the_properties_then_the_trades() -> None:
    index = Listing("/HSIV3", "future", "/HSIV3", "HSI", "HSI VL6DN7UV65S9", priced_in="HKD")
    line = SymbolProperties("hkfe", "HSI", "future", "HKD", Decimal(50))
    assert terms_of(index, {("hkfe", "HSI", "future"): line})[0].multiplier == 50
    assert terms_of(index, {}, [TradeEvidence(Decimal(15), Decimal(750))])[1] == "closed_trades"
    assert terms_of(index, {})[1] == "unknown"
    reduced = Listing(
        "NQX   210319P03000000", "index_option", "NQX   210319P03000000", "NQX", "NQX 31M220FCJ02HA|NDX 31",
        Decimal(100), Decimal(3000), "P", "USD",
    )  # fmt: skip
    scale = SymbolProperties("usa", "NQX", "index_option", "USD", Decimal(100), Decimal(5))
    assert terms_of(reduced, {("usa", "NQX", "index_option"): scale})[0].strike == 15000
    pair = Listing("BTCUSDT", "crypto", "BTCUSDT", None, "BTCUSDT 2UZ", priced_in="USDT")
    assert terms_of(pair, {})[0].base == "BTC"


def test_a_rescaled_entry_gives_the_split_once() -> None:
    entries = [
        TradeEntry(Decimal("92.55143"), Decimal("647.86"), dt.date(2014, 6, 9)),
        TradeEntry(Decimal("92.55143"), Decimal("647.86"), dt.date(2014, 6, 10)),
        TradeEntry(Decimal("100.001"), Decimal("100"), dt.date(2014, 6, 10)),
    ]
    (split,) = implied_splits(entries)
    assert split.session_date == dt.date(2014, 6, 9)
    assert abs(split.factor * 7 - 1) < Decimal("0.0001")


def samples(*cash: int) -> list[CashSample]:
    return [CashSample(START + dt.timedelta(days=day), Decimal(amount)) for day, amount in enumerate(cash)]


def test_interest_moves_cash_on_many_days_and_code_on_one() -> None:
    assert history_of(samples(100, 143, 187, 230, 274), []) == "gradual"
    assert history_of(samples(100, 100, 5100, 5100), []) == "sudden"
    assert history_of(samples(100, 100, 100), []) is None
    assert history_of(samples(100, 5100, 5100), [START + dt.timedelta(hours=3)]) is None
