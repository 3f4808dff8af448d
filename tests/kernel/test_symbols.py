"""Every spelling there and back: one key whichever source named the instrument.

Holds: generated instruments through the notation of every source, families of roots.
Belongs here: what `tomking.kernel.symbols` reads and prints.
Never here: the statement files themselves (`test_symbols_of_samples`), or texts that are no symbols
(`test_symbols_refused`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tomking.kernel import futures_symbols
from tomking.kernel.futures_symbols import FutureContract, contract_of, option_series, quarterly_contract, series_of
from tomking.kernel.instruments import (
    Instrument,
    SymbolError,
    from_ibkr,
    from_ibkr_description,
    from_key,
    from_lean,
    from_occ,
    from_schwab,
    from_schwab_export,
    from_tastytrade,
    from_tastytrade_stream,
    from_tdameritrade,
    from_thinkorswim,
    from_thinkorswim_description,
    spellings,
    to_ibkr,
    to_lean_id,
    to_lean_value,
    to_tastytrade,
)
from tomking.kernel.occ import occ_text
from tomking.kernel.products import FUTURE_MARKETS, FUTURE_MULTIPLIERS, INDEX_FAMILY, STRIKE_FACTORS
from tomking.kernel.security_id import pack, unpack
from tomking.kernel.symbols.instrument import future, future_option

ROOTS = st.one_of(
    st.from_regex(r"[A-Z]{1,5}[0-9]?", fullmatch=True),
    st.sampled_from(
        ["SPX", "SPXW", "VIX", "VIXW", "RUT", "RUTW", "NDX", "NDXP", "NQX", "XSP", "GREE1", "BRKB", "MES1"]
    ),
)
EXPIRIES = st.dates(date(2005, 1, 1), date(2099, 12, 31))
STRIKES = st.one_of(
    st.integers(1, 9999).map(Decimal),
    st.integers(1, 19999).map(lambda half: Decimal(half) / 2),
    st.integers(1, 400).map(lambda mill: Decimal(mill) / 1000),
)
RIGHTS = st.sampled_from("CP")


@st.composite
def listed_options(draw: st.DrawFn) -> Instrument:
    """Any equity or index option."""
    return from_occ(occ_text(draw(ROOTS), draw(EXPIRIES), draw(RIGHTS), draw(STRIKES)))


@st.composite
def futures(draw: st.DrawFn) -> Instrument:
    """Any future of a known product, with an expiry that its month allows."""
    product = draw(st.sampled_from(sorted(FUTURE_MULTIPLIERS)))
    expiry = draw(st.dates(date(2001, 1, 1), date(2098, 12, 31)))
    contract = futures_symbols.contract_expiring(product, expiry)
    assert contract is not None
    return future(contract, expiry=expiry)


@st.composite
def futures_options(draw: st.DrawFn) -> Instrument:
    """Any option on a future, of a series whose root carries month and year."""
    product = draw(st.sampled_from(["ES", "MES", "NQ", "RTY", "CL", "NG", "6B", "6S", "ZC"]))
    expiry = draw(st.dates(date(2001, 1, 1), date(2098, 12, 31)))
    contract = quarterly_contract(product, expiry)
    month = futures_symbols.MONTHS[expiry.month - 1]
    prefix = draw(st.sampled_from(["E2B", "EW3", "EX", "X4A", "LO", "GBU", "R1A", "4SF"]))
    return future_option(contract, f"{prefix}{month}{expiry.year % 10}", expiry, draw(RIGHTS), draw(STRIKES))


LISTED_READERS: dict[str, Callable[[str], Instrument]] = {
    "occ": from_occ,
    "tastytrade": lambda text: from_tastytrade(text, "Equity Option"),
    "tastytrade_stream": from_tastytrade_stream,
    "ibkr": lambda text: from_ibkr("OPT", text),
    "ibkr_description": from_ibkr_description,
    "schwab": lambda text: from_schwab("OPTION", text),
    "schwab_export": from_schwab_export,
    "thinkorswim": from_thinkorswim,
    "tdameritrade": from_tdameritrade,
    "lean": from_occ,
}


@given(listed_options())
def test_an_option_has_one_key_in_every_spelling(option: Instrument) -> None:
    printed = spellings(option)
    assert set(LISTED_READERS) - {"lean"} <= set(printed)
    for source, read in LISTED_READERS.items():
        if source in printed:
            assert read(printed[source]) == option, source
    assert from_key(option.key) == option


@given(listed_options(), listed_options())
def test_different_options_share_no_name_anywhere(one: Instrument, other: Instrument) -> None:
    assume((one.root, one.expiry, one.call_put, one.strike) != (other.root, other.expiry, other.call_put, other.strike))
    assert one.key != other.key
    theirs = spellings(other)
    for source, symbol in spellings(one).items():
        assert theirs.get(source) != symbol, source


@given(listed_options())
def test_blanks_and_their_absence_make_no_difference(option: Instrument) -> None:
    root, tail = option.key[:6].rstrip(), option.key[6:]
    for text in (root + tail, f"{root} {tail}", f"{root}   {tail}", f"  {option.key} "):
        assert from_occ(text) == option


@given(listed_options())
def test_an_index_option_survives_its_lean_identifier(option: Instrument) -> None:
    assume(option.security_type == "index_option")
    identifier, value = to_lean_id(option), to_lean_value(option)
    assert unpack(identifier).text == identifier
    assert from_lean(identifier, value, "index_option") == option
    assert from_lean(identifier, value, underlying=option.underlying) == option


@given(listed_options(), EXPIRIES, st.from_regex(r"[A-Z]{1,5}", fullmatch=True))
def test_an_equity_option_needs_the_identifier_of_its_share(option: Instrument, first: date, ticker: str) -> None:
    assume(option.security_type == "option" and option.underlying is not None)
    with pytest.raises(SymbolError, match="the share behind"):
        to_lean_id(option)
    # The share may have had another ticker when it was first listed.
    share = pack(ticker, "equity", day=first).text
    identifier = to_lean_id(option, underlying_id=share)
    assert unpack(identifier).root == ticker
    assert from_lean(identifier, to_lean_value(option), underlying=option.underlying) == option


def test_the_identifier_of_a_share_cannot_be_made_from_its_ticker() -> None:
    with pytest.raises(SymbolError, match="map files"):
        to_lean_id(from_tastytrade("META", "Equity"))
    # FB became META: two tickers, one identifier.
    before, after = (from_lean("FB V6OIPNZEM8V9", ticker, 1) for ticker in ("FB", "META"))
    assert (before.key, after.key) == ("FB", "META")


@given(futures())
def test_a_future_has_one_key_in_every_spelling(made: Instrument) -> None:
    assert made.expiry is not None
    printed = spellings(made)
    near = made.expiry
    assert from_key(made.key).key == made.key
    assert from_lean(printed["lean_id"], printed["lean"]).key == made.key
    assert from_lean(printed["lean_id"], "").key == made.key
    assert from_tastytrade(printed["tastytrade"], "Future", traded_on=near).key == made.key
    assert from_thinkorswim(printed["thinkorswim"]).key == made.key
    assert from_schwab("FUTURE", f"{printed['thinkorswim']}:XCME").key == made.key
    if "ibkr" in printed:
        assert from_ibkr("FUT", printed["ibkr"], expiry=made.expiry).key == made.key
        assert from_ibkr("FUT", printed["ibkr"], traded_on=near - timedelta(days=300)).key == made.key


@given(futures(), futures())
def test_different_contracts_share_no_key_not_even_ten_years_apart(one: Instrument, other: Instrument) -> None:
    same = (one.root, contract_of(one.key)) == (other.root, contract_of(other.key))
    assert (one.key == other.key) is same


def test_the_decade_of_a_one_digit_year_comes_from_the_day_it_was_traded() -> None:
    keys = [from_tastytrade("/ESZ5", "Future", traded_on=day).key for day in (date(2015, 9, 1), date(2025, 9, 1))]
    assert keys == ["/ESZ15", "/ESZ5"]
    assert from_tastytrade("/ESZ5", "Future").key == "/ESZ5"
    assert from_tastytrade("/CLF9", "Future", traded_on=date(2018, 12, 14)).key == "/CLF19"
    assert from_tastytrade("/VXZ5", "Future", traded_on=date(2026, 1, 2)).key == "/VXZ5"
    assert from_tastytrade("./ESZ9 EW3Z9 191220C3000", "Future Option").underlying == "/ESZ19"
    assert from_lean("ES VP274HSU1AF5", "ES20Z13", 5).key == "/ESZ13"


@given(futures_options())
def test_a_futures_option_has_one_key_in_every_spelling(option: Instrument) -> None:
    assert option.expiry is not None
    assert option.root is not None
    assert from_tastytrade(to_tastytrade(option), "Future Option") == option
    assert from_key(option.key).key == option.key
    try:
        symbol = to_ibkr(option)
    except SymbolError:
        return
    read = from_ibkr(
        "FOP",
        symbol,
        underlying_symbol=contract_of(option.underlying or "").one_digit[1:],
        expiry=option.expiry,
        strike=option.strike,
        put_call=option.call_put,
        multiplier=option.multiplier,
    )
    assert read == option


@given(EXPIRIES, RIGHTS, st.integers(1, 9999).map(Decimal))
def test_an_option_on_the_future_of_its_own_name_survives_lean(expiry: date, right: str, strike: Decimal) -> None:
    contract = quarterly_contract("ES", expiry)
    behind = future(contract, expiry=expiry)
    root = f"ES{contract.month}{contract.year % 10}"
    option = future_option(contract, root, expiry, right, strike)
    future_value, future_id = to_lean_value(behind), to_lean_id(behind)
    identifier = to_lean_id(option, underlying_id=future_id)
    value = to_lean_value(option, underlying_value=future_value)
    assert "  " in value[len(future_value) :]
    read = from_lean(identifier, value, "future_option", underlying=future_value)
    assert (read.key, read.multiplier, read.root) == (option.key, option.multiplier, "ES")


def test_the_symbols_lean_writes_are_printed_as_it_writes_them() -> None:
    future_id, future_value = "GC XE1Y0ZJ8NQ8T", "GC28J20"
    for identifier, value, kind in (
        ("OG XCBWV3K9KP7K|GC XE1Y0ZJ8NQ8T", "OG    200225C01600000", "future_option"),
        (future_id, future_value, "future"),
        ("SPXW XKX6S2GGFNQM|SPX 31", "SPXW  210104C03700000", "index_option"),
        ("NQX 31M220FCJ02HA|NDX 31", "NQX   210319P03000000", "index_option"),
        ("SPX 31", "SPX", "index"),
    ):
        underlying = future_value if kind == "future_option" else None
        made = from_lean(identifier, value, kind, underlying=underlying)
        assert to_lean_value(made, underlying_value=underlying) == value
        assert to_lean_id(made, underlying_id=future_id if underlying else None) == identifier
    assert to_lean_id(from_lean("EURUSD 8G", "EURUSD", 4), market="oanda") == "EURUSD 8G"


# --- families --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("morning", "afternoon"), [("SPX", "SPXW"), ("VIX", "VIXW"), ("RUT", "RUTW"), ("NDX", "NDXP")])
def test_the_monthly_and_the_weekly_of_one_day_are_two_contracts_of_one_index(morning: str, afternoon: str) -> None:
    day = date(2023, 12, 15)
    am, pm = (from_occ(occ_text(root, day, "C", Decimal(4500))) for root in (morning, afternoon))
    assert am.key != pm.key
    assert am.underlying == pm.underlying == INDEX_FAMILY[morning]
    ours, theirs = spellings(am), spellings(pm)
    assert all(ours[source] != theirs[source] for source in ours)


def test_thinkorswim_names_index_weeklies_by_their_series() -> None:
    weekly = from_thinkorswim_description("SPX 100 (Weeklys) 15 DEC 23 4500 CALL")
    monthly = from_thinkorswim_description("SPX 100 15 DEC 23 4500 CALL")
    assert (weekly.key, monthly.key) == ("SPXW  231215C04500000", "SPX   231215C04500000")
    assert from_thinkorswim_description("SPY 100 (Weeklys) 1 SEP 26 762 PUT").key == "SPY   260901P00762000"
    for text in ("SPX 100 (Something) 15 DEC 23 4500 CALL", "GREE 57 15 DEC 23 4 CALL", "SPX 100 32 DEC 23 4500 CALL"):
        with pytest.raises(SymbolError):
            from_thinkorswim_description(text)


def test_an_nqx_strike_is_a_fifth_of_the_points() -> None:
    option = from_occ("NQX   210319P03000000")
    assert (option.strike, option.real_strike, option.underlying) == (Decimal(3000), Decimal(15000), "NDX")
    assert from_occ("NDX   210319P03000000").real_strike == 3000
    assert from_tastytrade("SPY", "Equity").real_strike is None
    assert set(STRIKE_FACTORS) <= set(INDEX_FAMILY)


def test_class_shares_have_one_key() -> None:
    shares = [
        from_tastytrade("BRK/B", "Equity"),
        from_ibkr("STK", "BRK B"),
        from_schwab("EQUITY", "BRK/B"),
        from_schwab_export("BRK/B"),
        from_thinkorswim("BRK/B"),
        from_tdameritrade("BRK.B"),
        from_lean("BRK R735QTJ8XC9X", "BRK.B", 1),
    ]
    assert {share.key for share in shares} == {"BRK.B"}
    options = [
        from_occ("BRKB  240119C00350000"),
        from_occ("BRK.B 240119C00350000"),
        from_schwab_export("BRK/B 01/19/2024 350.00 C"),
        from_tdameritrade("BRK.B_011924C350"),
        from_thinkorswim(".BRKB240119C350"),
        from_ibkr_description("BRK B 19JAN24 350 C"),
    ]
    assert {option.key for option in options} == {"BRKB  240119C00350000"}


def test_brokers_have_no_name_for_tickers_lean_numbered_or_for_shares_of_other_countries() -> None:
    for sid, value in (("VXX U9R0H3K6HVMT", "VXX.1"), ("YESBANK UL", "YESBANK")):
        assert set(spellings(from_lean(sid, value, 1))) == {"lean"}
    indian = pack("NIFTY", "option", market=11, day=date(2020, 1, 30), strike=Decimal(12000)).text
    assert set(spellings(from_lean(indian, "NIFTY 200130C12000000", 2, underlying="NIFTY"))) == {"lean"}


def test_an_adjusted_or_mini_root_is_another_contract_of_unknown_size() -> None:
    plain, adjusted = from_occ("GREE  210917P00022000"), from_occ("GREE1 210917P00022000")
    assert plain.key != adjusted.key
    assert adjusted.multiplier is None
    assert from_ibkr("OPT", "AAPL7 140118C00500000", multiplier=Decimal(10)).multiplier == 10
    assert "lean" not in spellings(adjusted)


def test_micro_futures_have_multipliers_of_their_own() -> None:
    wanted = {"ES": "50", "MES": "5", "NQ": "20", "MNQ": "2", "RTY": "50", "M2K": "5", "YM": "5", "MYM": "0.5"}
    wanted |= {"CL": "1000", "MCL": "100", "GC": "100", "MGC": "10", "SI": "5000", "SIL": "1000", "6E": "125000"}
    for product, dollars in wanted.items():
        assert from_tastytrade(f"/{product}Z5", "Future").multiplier == Decimal(dollars)
    assert FUTURE_MARKETS["MCL"] == "nymex"


def test_what_brokers_quote_in_cents_has_no_multiplier_unless_the_source_says_one() -> None:
    assert from_tastytrade("/ZCZ5", "Future").multiplier is None
    assert from_ibkr("FUT", "HEZ5", expiry=date(2025, 12, 12), multiplier=Decimal(40000)).multiplier == 40000
    assert from_lean(pack("ZC", "future", market=8, day=date(2025, 12, 12)).text, "ZC12Z25").multiplier == 5000


@pytest.mark.parametrize(
    ("root", "product", "expiry"),
    [
        ("E2BX5", "ES", date(2025, 11, 11)),
        ("X4AQ5", "MES", date(2025, 8, 25)),
        ("EX3G6", "MES", date(2026, 2, 20)),
        ("Q4CJ22", "NQ", date(2022, 4, 27)),
        ("R1AN5", "RTY", date(2025, 7, 7)),
        ("EW3Z5", "ES", date(2025, 12, 19)),
        ("EXX5", "MES", None),
        ("EWX5", "ES", None),
    ],
)
def test_the_root_of_a_weekly_says_product_and_day(root: str, product: str, expiry: date | None) -> None:
    series = option_series(root)
    assert (series.product, series.expiry) == (product, expiry)


def test_roots_without_a_known_rule_are_refused() -> None:
    for root in ("LOF9", "4SFV5", "ES", "E5BG6", "EW5Z5", ""):
        with pytest.raises(SymbolError):
            option_series(root)
    assert (series_of("LOF9"), series_of("OG"), series_of("E2BX5")) == ("LO", "OG", "E2B")


@pytest.mark.parametrize(
    ("expiry", "key"),
    [
        (date(2025, 11, 28), "/ESZ5"),
        (date(2025, 12, 19), "/ESZ5"),
        (date(2025, 12, 22), "/ESH6"),
        (date(2026, 2, 20), "/ESH6"),
        (date(2025, 8, 25), "/ESU5"),
        (date(2022, 4, 27), "/ESM2"),
        (date(2019, 12, 31), "/ESH0"),
    ],
)
def test_a_weekly_delivers_the_next_quarterly_future(expiry: date, key: str) -> None:
    assert quarterly_contract("ES", expiry).key == key


def test_a_contract_prints_its_year_as_each_source_does() -> None:
    contract = FutureContract("VX", "M", 2021)
    assert (contract.key, contract.one_digit, contract.two_digits) == ("/VXM1", "/VXM1", "/VXM21")
    assert FutureContract("ES", "Z", 2030).key == "/ESZ30"
