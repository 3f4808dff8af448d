"""What is no symbol of a source is refused by name, whatever its bytes.

Holds: contradictions, noise, endless chains.
Belongs here: a text that `tomking.kernel.symbols` must not take for an instrument.
Never here: texts that it reads (`test_symbols`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

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
)
from tomking.kernel.security_id import unpack
from tomking.kernel.symbols import spellings as symbol_sources

EXPIRIES = st.dates(date(2005, 1, 1), date(2099, 12, 31))


def test_attributes_that_contradict_the_symbol_are_refused() -> None:
    symbol = "HYG   191115P00087000"
    assert from_ibkr("OPT", symbol, underlying_symbol="HYG", strike=Decimal("87.0"), put_call="P").strike == 87
    for stated in ({"strike": Decimal(88)}, {"put_call": "C"}, {"expiry": date(2019, 11, 22)}):
        with pytest.raises(SymbolError, match="says"):
            from_ibkr("OPT", symbol, **stated)
    fop = {"underlying_symbol": "CLF9", "expiry": date(2018, 12, 14), "strike": Decimal(60), "put_call": "P"}
    assert from_ibkr("FOP", "LOF9 P6000", **fop).key == "./CLF19 181214P60"  # type: ignore[arg-type]
    for other in ({"strike": Decimal(61)}, {"put_call": "C"}, {"strike": None}, {"underlying_symbol": None}):
        with pytest.raises(SymbolError):
            from_ibkr("FOP", "LOF9 P6000", **(fop | other))  # type: ignore[arg-type]


def test_a_schwab_option_on_a_future_takes_its_day_from_beside_the_symbol() -> None:
    day = date(2025, 3, 21)
    made = from_schwab("OPTION", "/ESH25_P5050:XCME", underlying_symbol=".ESH25:XCME", expiry=day)
    assert (made.key, made.root, made.multiplier) == ("./ESH5 250321P5050", "ESH5", Decimal(50))
    assert from_schwab("OPTION", "/ESH25_P5050:XCME", expiry=day) == made
    assert from_schwab("OPTION", "/EW3Z25_C5000:XCME", expiry=date(2025, 12, 19)).key == "./ESZ5 251219C5000"
    with pytest.raises(SymbolError, match="the day"):
        from_schwab("OPTION", "/ESH25_P5050:XCME")


NOISE = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="./_:ESZ5PXCWALT 0123456789()", max_size=40),
    st.from_regex(r"[./]?[A-Z0-9]{1,6}[ _]{0,3}[0-9]{6}[CP][0-9.]{1,40}", fullmatch=True),
)
KINDS = st.sampled_from(
    ("Equity", "Equity Option", "Future", "Future Option", "Cryptocurrency", "STK", "OPT", "FUT", "FOP", "CASH")
)


@given(NOISE, KINDS, st.one_of(st.none(), EXPIRIES), st.one_of(st.none(), st.decimals(allow_nan=False)))
def test_noise_is_refused_by_name_and_nothing_else_happens(
    text: str, kind: str, expiry: date | None, strike: Decimal | None
) -> None:
    readers: list[Callable[[], Instrument]] = [
        lambda: from_occ(text),
        lambda: from_key(text),
        lambda: from_lean(text, text),
        lambda: from_lean("SPXW 329EXSBQS20R2|SPX 31", text),
        lambda: from_tastytrade(text, kind, multiplier_text=text, traded_on=expiry),
        lambda: from_tastytrade_stream(text),
        lambda: from_ibkr(kind, text, expiry=expiry, strike=strike, underlying_symbol=text),
        lambda: from_ibkr_description(text),
        lambda: from_schwab(kind, text, expiry=expiry, underlying_symbol=text),
        lambda: from_schwab_export(text),
        lambda: from_thinkorswim(text, traded_on=expiry),
        lambda: from_thinkorswim_description(text),
        lambda: from_tdameritrade(text),
    ]
    for read in readers:
        try:
            made = read()
        except SymbolError:
            continue
        assert made.key
        assert spellings(made).keys() <= symbol_sources.SOURCES.keys()


@given(st.from_regex(r"[A-Z]{1,6} [0-9A-Z]{1,13}(\|[A-Z]{1,6} [0-9A-Z]{1,13}){0,2}", fullmatch=True), NOISE)
@example("A 2", "")  # a chain of options without its text
@example("A 5", " ")  # a continuous future without its text
@example("A 7", "/")  # a pair of nothing
def test_identifiers_of_noise_are_refused_by_name(identifier: str, value: str) -> None:
    with suppress(SymbolError):
        assert from_lean(identifier, value).key


def test_an_endless_chain_of_underlyings_is_refused() -> None:
    with pytest.raises(SymbolError):
        unpack("|".join(["SPX 31"] * 10_000))
