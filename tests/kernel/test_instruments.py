"""Instruments: one key over the spellings of LEAN and brokers.

Holds: the identifier codec, OCC texts, futures options, and every symbol of the recorded runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import shared_path
from tomking.kernel.futures_symbols import option_text, parse_option, series_of
from tomking.kernel.instruments import Instrument, SymbolError, from_lean, from_occ, from_tastytrade, to_tastytrade
from tomking.kernel.occ import occ_text, parse_occ
from tomking.kernel.security_id import (
    EARLIER_SCALE,
    SECURITY_TYPES,
    SecurityId,
    SecurityIdError,
    pack,
    unpack,
)

ROOTS = st.from_regex(r"[A-Z]{1,5}[0-9]?", fullmatch=True)
EXPIRIES = st.dates(date(2005, 1, 1), date(2099, 12, 31))
# What both the identifier's mantissa and the text's three decimals can hold.
STRIKES = st.one_of(
    st.integers(1, 9999).map(Decimal),
    st.integers(1, 19999).map(lambda half: Decimal(half) / 2),
    st.integers(1, 400).map(lambda mill: Decimal(mill) / 1000),
)


@st.composite
def security_ids(draw: st.DrawFn, nested: bool = True) -> SecurityId:
    """Any identifier LEAN could write, with underlyings up to two deep."""
    return SecurityId(
        root=draw(st.from_regex(r"[A-Z][A-Z0-9.]{0,11}", fullmatch=True)),
        security_type=draw(st.integers(0, 11)),
        market=draw(st.integers(0, 999)),
        strike_scale=draw(st.integers(0, 99)),
        strike_mantissa=draw(st.integers(0, 999_999)),
        style=draw(st.integers(0, 1)),
        days=draw(st.integers(0, 80_000)),
        put=draw(st.integers(0, 1)) if nested else 0,
        underlying=draw(st.one_of(st.none(), security_ids(nested=False))) if nested else None,
    )


@given(security_ids())
def test_an_identifier_survives_its_text(identifier: SecurityId) -> None:
    assert unpack(identifier.text) == identifier
    assert unpack(identifier.text.replace("|", " | ")) == identifier


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("SPY R735QTJ8XC9X", 3579700000000000101),
        ("AAPL XEOLB4YAUINA|AAPL R735QTJ8XC9X", 4397200000010800102),
        ("AAPL 31DSP06V7XEQU|AAPL R735QTJ8XC9X", 14397210000010800102),
        ("LO XDQ6IRPPB6AS|CL XDQ6IRPPB6AS", 4393705242930700708),
        ("SPX 31", 109),
    ],
)
def test_known_identifiers_give_their_numbers(text: str, number: int) -> None:
    assert unpack(text).number == number
    assert unpack(text).text == text


def test_an_identifier_says_what_it_names() -> None:
    oil = unpack("LO XDQ6IRPPB6AS|CL XDQ6IRPPB6AS")
    assert (oil.type_name, oil.market_name, oil.day, oil.put) == ("future_option", "nymex", date(2020, 4, 16), 0)
    assert oil.strike() == -50
    assert unpack("SPX YEBOD23D7ZOU|SPX 31").strike(EARLIER_SCALE) == 3825
    assert unpack("SPX 31").day is None


@given(STRIKES, st.booleans(), EXPIRIES)
def test_a_packed_strike_comes_back_with_its_sign(strike: Decimal, negative: bool, expiry: date) -> None:
    wanted = -strike if negative else strike
    identifier = pack("LO", "future_option", market=7, day=expiry, strike=wanted, put=negative)
    assert unpack(identifier.text).strike() == wanted
    assert unpack(identifier.text).day == expiry


@pytest.mark.parametrize("text", ["", "|", "SPY", "SPY r735", "SPY R735QTJ8XC9X|", "SPY ZZZZZZZZZZZZZ", "SPY 1-2"])
def test_texts_that_are_no_identifier_are_refused(text: str) -> None:
    with pytest.raises(SecurityIdError):
        unpack(text)


def test_a_strike_the_identifier_cannot_hold_is_refused() -> None:
    with pytest.raises(SecurityIdError):
        pack("SPX", "index_option", strike=Decimal("47571.2"))
    with pytest.raises(SecurityIdError):
        pack("SPX", "index_option", strike=Decimal("0.0000001"))


@given(ROOTS, EXPIRIES, st.sampled_from("CP"), STRIKES)
def test_an_option_text_survives_and_is_21_characters(root: str, expiry: date, right: str, strike: Decimal) -> None:
    text = occ_text(root, expiry, right, strike)
    symbol = parse_occ(text)
    assert len(text) == 21
    assert (symbol.root, symbol.expiry, symbol.call_put, symbol.strike) == (root, expiry, right, strike)
    assert symbol.text == text
    assert parse_occ(f"{root}   {text[6:]}").text == text


@given(ROOTS.filter(lambda root: not root[-1].isdigit()), EXPIRIES, st.booleans(), STRIKES, st.sampled_from([4, 6]))
def test_both_strike_scales_and_the_broker_give_one_key(
    root: str, expiry: date, put: bool, strike: Decimal, base: int
) -> None:
    right = "P" if put else "C"
    text = occ_text(root, expiry, right, strike)
    underlying = pack(root, "equity", day=date(1998, 1, 2))
    sid = pack(root, "option", day=expiry, strike=strike, put=put, underlying=underlying, base=base)
    lean = from_lean(sid.text, text, "option", underlying=root)
    broker = from_tastytrade(text, "Equity Option", underlying=root, multiplier_text="100")
    assert lean.key == broker.key == text
    assert lean.strike == broker.strike == strike
    assert to_tastytrade(lean) == text


def test_an_identifier_that_contradicts_the_text_is_refused() -> None:
    sid = pack("SPY", "option", day=date(2020, 1, 17), strike=Decimal(295), put=True).text
    assert from_lean(sid, "SPY   200117P00295000", 2).strike == 295
    for other in ("SPY   200117P00296000", "SPY   200117C00295000", "SPY   200118P00295000"):
        with pytest.raises(SymbolError):
            from_lean(sid, other, 2)


def test_weekly_index_roots_stay_apart_but_share_their_index() -> None:
    monthly, weekly = from_occ("SPX   230721P04400000"), from_occ("SPXW  230721P04400000")
    assert monthly.key != weekly.key
    assert (weekly.security_type, weekly.underlying, weekly.style) == ("index_option", "SPX", "european")
    assert (weekly.fee_product, weekly.fee_root) == ("index_option", "SPXW")
    assert weekly.multiplier == 100


def test_an_adjusted_root_has_no_multiplier_unless_the_source_gives_one() -> None:
    assert from_occ("GREE1 210917P00022000").multiplier is None
    told = from_tastytrade("GREE1 210917P00022000", "Equity Option", underlying="GREE", multiplier_text="100")
    assert (told.root, told.underlying, told.multiplier) == ("GREE1", "GREE", Decimal(100))


def test_long_roots_and_class_shares_have_one_key() -> None:
    assert parse_occ("ES20H20  200320C03000000").root == "ES20H20"
    assert from_occ("BRK.B 240119C00350000").key == "BRKB  240119C00350000"
    assert from_tastytrade("BRK/B", "Equity").key == from_lean("BRK R735QTJ8XC9X", "BRK.B", 1).key == "BRK.B"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("./ESZ5 E2BX5 251111C6880", ("/ESZ5", "E2BX5", date(2025, 11, 11), "C", Decimal(6880))),
        ("./MESZ5EXX5  251128P6300", ("/MESZ5", "EXX5", date(2025, 11, 28), "P", Decimal(6300))),
        ("./6JM1 JPUK1 210507P0.009", ("/6JM1", "JPUK1", date(2021, 5, 7), "P", Decimal("0.009"))),
        ("./RTYM1RTOM1 210618C2460", ("/RTYM1", "RTOM1", date(2021, 6, 18), "C", Decimal(2460))),
        ("./MESH6EX3G6 260220P5950", ("/MESH6", "EX3G6", date(2026, 2, 20), "P", Decimal(5950))),
    ],
)
def test_futures_options_are_cut_by_width(text: str, parts: tuple[object, ...]) -> None:
    made = from_tastytrade(text, "Future Option", underlying=str(parts[0]), multiplier_text="1")
    assert (made.underlying, made.root, made.expiry, made.call_put, made.strike) == parts
    assert made.multiplier != 1
    assert to_tastytrade(made) == text


FUTURES = st.from_regex(r"/[A-Z0-9][A-Z0-9]{1,2}[FGHJKMNQUVXZ][0-9]", fullmatch=True)


@given(FUTURES, st.from_regex(r"[A-Z0-9]{2,6}", fullmatch=True), EXPIRIES, st.sampled_from("CP"), STRIKES)
def test_a_futures_option_survives_its_text(future: str, root: str, expiry: date, right: str, strike: Decimal) -> None:
    text = option_text(future, root, expiry, right, strike)
    parts = parse_option(text)
    assert (parts.future, parts.root, parts.expiry, parts.call_put, parts.strike) == (
        future,
        root,
        expiry,
        right,
        strike,
    )
    made = from_tastytrade(text, "Future Option")
    if series_of(root) == root:  # LEAN's kind of root, which tastytrade never prints
        with pytest.raises(SymbolError):
            to_tastytrade(made)
    else:
        assert to_tastytrade(made) == text


def test_lean_and_broker_agree_on_futures_and_their_options() -> None:
    lean = from_lean("ES XFH59UP5OHHG|ES XFH59UK0MYO1", "ES19M20  200619C03100000", 8, underlying="ES19M20")
    broker = from_tastytrade("./ESM0 ESM0  200619C3100", "Future Option")
    assert lean.key == broker.key == "./ESM0 200619C3100"
    assert lean.multiplier == broker.multiplier == 50
    gold = from_lean("OG XCBWV3K9KP7K|GC XE1Y0ZJ8NQ8T", "OG    200225C01600000", 8, underlying="GC28J20")
    assert (gold.key, gold.underlying) == ("./GCJ0 200225C1600", "/GCJ0")
    assert from_lean("ES XFH59UK0MYO1", "ES19M20", 5).key == from_tastytrade("/ESM20", "Future").key == "/ESM0"


def test_micro_products_are_priced_as_micro() -> None:
    micro = from_tastytrade("./MESZ5EXX5  251128P6300", "Future Option")
    assert (micro.fee_product, micro.fee_root) == ("micro_future_option", "MES EXX5")
    assert from_tastytrade("/ESZ5", "Future").fee_product == "future"


@pytest.mark.parametrize(
    ("symbol", "kind"),
    [
        ("SPY", "Equity Option"),
        ("/ESZ5", "Equity"),
        ("ESZ5", "Future"),
        ("./ESZ5 E2BX5 251311C6880", "Future Option"),
        ("./ESZ5", "Future Option"),
        ("SPY", "Bond"),
        ("", "Equity"),
        ("SPY   201301P00250000", "Equity Option"),
    ],
)
def test_symbols_that_do_not_fit_their_type_are_refused(symbol: str, kind: str) -> None:
    with pytest.raises(SymbolError):
        from_tastytrade(symbol, kind)


@given(st.text(alphabet="./SPYESZ5 0123456789CP", max_size=30), st.sampled_from(["Future Option", "Equity Option"]))
def test_noise_is_refused_and_nothing_else_happens(text: str, kind: str) -> None:
    try:
        made = from_tastytrade(text, kind)
    except SymbolError:
        return
    assert made.expiry is not None
    assert made.strike is not None


@pytest.mark.parametrize(
    ("sid", "value", "kind", "key"),
    [
        ("BTCUSDT.CustomCryptoData 2US", "BTCUSDT.CUSTOMCRYPTODATA", 0, "BTCUSDT.CUSTOMCRYPTODATA"),
        ("EURUSD 8G", "EURUSD", 4, "EURUSD"),
        ("ADAUSDT 18R", "ADAUSDT", 11, "ADAUSDT.PERP"),
        ("ADAUSDT 18N", "ADAUSDT", 7, "ADAUSDT"),
        ("GOOCV VP83T1ZUHROL", "GOOG", 1, "GOOG"),
        ("SPX 31", "SPX", 9, "SPX"),
        ("SPY 2U|SPY R735QTJ8XC9X", "?SPY", 2, "?SPY"),
        ("YESBANK UL", "YESBANK", 1, "YESBANK"),
    ],
)
def test_symbols_without_a_contract_still_decode(sid: str, value: str, kind: int, key: str) -> None:
    made = from_lean(sid, value, kind)
    assert made.key == key
    assert made.security_type == SECURITY_TYPES[kind]
    assert made.strike is None


def test_a_multiplier_is_unknown_outside_the_american_market() -> None:
    assert from_lean("YESBANK UL", "YESBANK", 1).multiplier is None
    assert from_lean("HSI VL6DN7UV65S9", "HSI30V13", 5).multiplier is None


def _orders(document: Any) -> Iterator[dict[str, Any]]:
    orders = document.get("orders") if isinstance(document, dict) else None
    for order in (orders or {}).values() if isinstance(orders, dict) else ():
        if isinstance(order.get("symbol"), dict):
            yield order


def test_every_symbol_of_the_recorded_runs_decodes() -> None:
    seen: dict[str, Instrument] = {}
    for path in sorted(shared_path("runs").glob("*/*/*.json")):
        for order in _orders(json.loads(path.read_bytes())):
            symbol = order["symbol"]
            underlying = (symbol.get("underlying") or {}).get("value")
            made = from_lean(symbol["id"], symbol["value"], order["securityType"], underlying=underlying)
            assert unpack(symbol["id"]).text == symbol["id"]
            assert seen.setdefault(symbol["id"], made) == made
            if made.is_option:
                assert made.strike is not None
                assert made.expiry is not None
    assert {made.security_type for made in seen.values()} >= {"equity", "option", "index_option", "future"}


def test_instruments_are_values() -> None:
    one = from_occ("SPY   200117P00295000")
    assert one == from_occ("SPY 200117P00295000")
    assert len({one, from_occ("SPY   200117P00295000")}) == 1
    assert one.expiry is not None
    assert one.expiry - timedelta(days=1) == date(2020, 1, 16)
