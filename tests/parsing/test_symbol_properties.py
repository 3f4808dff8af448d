"""LEAN's symbol properties and factor files."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.lean.corporate_actions import parse_corporate_actions
from pipelines.parsing.lean.symbol_properties import parse_symbol_properties
from pipelines.parsing.refusals import Refused
from tests.shared import shared_path

HEADER = (
    "market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size,market_ticker,"
    "minimum_order_size,price_magnifier,strike_multiplier\n"
)


def test_a_product_has_multiplier_currency_and_strike_scale() -> None:
    text = HEADER + "\n# comment\nusa,NQX,indexoption,Reduced,USD,100,0.05,1,,,,5\nhkfe,HSI,future,,HKD,50,1,1.0\n"
    lines, refusals = parse_symbol_properties(text.encode())
    assert not refusals
    assert [(line.symbol, line.security_type, line.multiplier, line.strike_multiplier) for line in lines] == [
        ("NQX", "index_option", Decimal(100), Decimal(5)),
        ("HSI", "future", Decimal(50), Decimal(1)),
    ]
    assert lines[1].description is None


def test_of_a_symbol_that_stands_twice_the_first_line_counts() -> None:
    text = HEADER + "usa,[*],option,,USD,100,0.01,1\nusa,[*],option,,USD,10,0.01,1\n"
    lines, _ = parse_symbol_properties(text.encode())
    assert [(line.symbol, line.multiplier) for line in lines] == [("", Decimal(100))]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("hkfe,HSI,future,,HKD,fifty,1,1", "contract_multiplier"),
        ("hkfe,HSI,future,,HKD,0,1,1", "contract_multiplier"),
        ("usa,NQX,indexoption,,USD,100,0.05,1,,,,x", "strike_multiplier"),
        ("hkfe,HSI", None),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_and_the_others_stand(line: str, field: str | None) -> None:
    lines, refusals = parse_symbol_properties((HEADER + line + "\nusa,[*],equity,,USD,1,0.01,1\n").encode())
    assert len(lines) == 1
    assert [(refusal.line, refusal.field) for refusal in refusals] == [(2, field)]


def test_another_table_is_refused() -> None:
    with pytest.raises(Refused):
        parse_symbol_properties(b"date,price\n20200101,1\n")


@given(st.binary(max_size=400))
def test_no_bytes_crash_either_reader(data: bytes) -> None:
    for parse in (parse_symbol_properties, parse_corporate_actions):
        try:
            parse(data)
        except Refused:
            continue


def test_the_whole_database_of_lean_is_read() -> None:
    path = shared_path("samples", "lean-data", "symbol-properties", "symbol-properties-database.csv")
    lines, refusals = parse_symbol_properties(path.read_bytes())
    assert not refusals
    by_name = {(line.market, line.symbol, line.security_type): line for line in lines}
    assert by_name["usa", "NQX", "index_option"].strike_multiplier == 5
    assert by_name["usa", "", "option"].multiplier == 100


def test_a_factor_file_gives_dividends_to_the_cent_and_splits_as_factors() -> None:
    text = b"20140101,0.9,0.25,90\n20140606,0.9011818,0.25,645.57\n20140806,0.9011818,1,94.97\n20501231,1,1,0\n"
    actions = parse_corporate_actions(text)
    assert [(action.kind, action.session_date) for action in actions] == [
        ("dividend", dt.date(2014, 1, 1)),
        ("split", dt.date(2014, 6, 6)),
        ("dividend", dt.date(2014, 8, 6)),
    ]
    assert actions[1].amount == Decimal("0.25")
    assert actions[0].amount == Decimal("0.12")


def test_the_dividends_of_spy_are_those_it_paid() -> None:
    path = shared_path("samples", "lean-data", "equity", "usa", "factor_files", "spy.csv")
    paid = {action.session_date: action.amount for action in parse_corporate_actions(path.read_bytes())}
    assert paid[dt.date(2019, 12, 19)] == Decimal("1.57")
    assert paid[dt.date(2020, 3, 19)] == Decimal("1.41")
    assert paid[dt.date(2020, 6, 18)] == Decimal("1.37")
