"""Interactive Brokers' symbols: the Flex `symbol` and its attributes, and the description.

Holds: reading by asset category with the attributes a statement has beside the symbol, and printing.
Belongs here: what Interactive Brokers writes.
Never here: the elements of its statements.

Options are the OCC text; shares have their class after a blank (`BRK B`); futures are `ESH9`, on some exchanges
`YM   DEC 18`; options on futures `LOF9 P6000`, whose strike is scaled by a factor that differs between products (63.50
is `6350`, 1.335 is `1335`): the strike comes from its attribute, the symbol only checks it. Options on futures name
their future nowhere in the symbol; without `underlyingSymbol` only series on equity indices have a known one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from tomking.kernel import futures_symbols
from tomking.kernel.futures_symbols import MONTHS, FutureContract, full_year
from tomking.kernel.occ import OccSymbol, SymbolError, occ_root, plain
from tomking.kernel.products import FUTURE_MARKETS
from tomking.kernel.symbols.instrument import (
    LISTED_TYPES,
    Instrument,
    equity,
    from_occ,
    future,
    future_option,
    listed_option,
    occ_of,
    product_of,
    ticker_with,
)
from tomking.kernel.symbols.months import day_of, month_number, short_month

_FUTURE = re.compile(r"(?P<product>[A-Z0-9]{1,4})(?P<month>[FGHJKMNQUVXZ])(?P<year>[0-9]{1,2})")
_SPELLED = re.compile(r"(?P<product>[A-Z0-9]{1,5}) +(?P<month>[A-Z]{3}) (?P<year>[0-9]{2})")
_FUTURE_OPTION = re.compile(r"(?P<root>[A-Z0-9]{3,7}) (?P<right>[CP])(?P<digits>[0-9]{1,10})")
_DESCRIPTION = re.compile(
    r"(?P<root>[A-Z0-9][A-Z0-9. ]{0,7}) (?P<day>[0-9]{2})(?P<month>[A-Z]{3})(?P<year>[0-9]{2}) "
    r"(?P<strike>[0-9]{1,10}(?:\.[0-9]{1,6})?) (?P<right>[CP])"
)

_PRODUCTS: Final = {"BP": "6B"}
"""Codes of the broker for products the exchange calls otherwise."""

_SPELLED_MARKETS: Final = frozenset({"cbot"})
"""Exchanges whose futures the broker has written as `YM   DEC 18`."""

_STRIKE_DIGITS: Final = {"ES": 0, "RTY": 0, "CL": 2, "NG": 3, "6B": 3, "6C": 3, "6S": 3}
"""Product → decimals that the strike of its options is shifted by, as statements show it."""


@dataclass(frozen=True, slots=True)
class _Stated:
    """The attributes beside a symbol."""

    underlying: str | None
    expiry: date | None
    strike: Decimal | None
    put_call: str | None
    multiplier: Decimal | None


def from_ibkr(
    asset_category: str,
    symbol: str,
    *,
    underlying_symbol: str | None = None,
    expiry: date | None = None,
    strike: Decimal | None = None,
    put_call: str | None = None,
    multiplier: Decimal | None = None,
    traded_on: date | None = None,
) -> Instrument:
    """The instrument of a Flex row: `assetCategory`, `symbol`, and of the other attributes those that are there.

    The multiplier the broker states counts. `traded_on` settles the decade of a one-digit year without `expiry`.

    Raises: SymbolError where the texts contradict each other, an attribute that is needed is missing, or the category
    is not one of STK, OPT, FUT, FOP and CASH. Options of European exchanges have texts of their own and are refused.
    """
    stated = _Stated(underlying_symbol or None, expiry, strike, put_call or None, multiplier)
    if asset_category == "STK":
        return equity(symbol.strip().replace(" ", "."), multiplier=multiplier or Decimal(1))
    if asset_category == "OPT":
        return _option(symbol, stated)
    if asset_category == "FUT":
        return future(contract(symbol, near=expiry or traded_on), expiry=expiry, multiplier=multiplier)
    if asset_category == "FOP":
        return _future_option(symbol, stated)
    if asset_category == "CASH":
        if not re.fullmatch(r"[A-Z]{3}\.[A-Z]{3}", symbol):
            raise SymbolError(f"not a pair of currencies: {symbol!r}")
        return Instrument(symbol.replace(".", ""), "forex", symbol)
    raise SymbolError(f"unknown asset category: {asset_category!r}")


def contract(symbol: str, *, near: date | None = None) -> FutureContract:
    """The future of `ESH9` or `YM   DEC 18`. Raises: SymbolError."""
    short, spelled = _FUTURE.fullmatch(symbol.strip()), _SPELLED.fullmatch(symbol.strip())
    if spelled is not None:
        product, month, year = spelled["product"], MONTHS[month_number(spelled["month"]) - 1], spelled["year"]
    elif short is not None:
        product, month, year = short["product"], short["month"], short["year"]
    else:
        raise SymbolError(f"not a future: {symbol!r}")
    return FutureContract(_PRODUCTS.get(product, product), month, full_year(year, near=near))


def _option(symbol: str, stated: _Stated) -> Instrument:
    underlying = stated.underlying.replace(" ", ".") if stated.underlying else None
    made = from_occ(symbol, underlying=underlying, multiplier=stated.multiplier)
    _agree(symbol, (stated.expiry, made.expiry), (stated.strike, made.strike), (stated.put_call, made.call_put))
    return made


def _future_option(symbol: str, stated: _Stated) -> Instrument:
    match = _FUTURE_OPTION.fullmatch(symbol.strip())
    if match is None:
        raise SymbolError(f"not an option on a future: {symbol!r}")
    root, right, expiry, strike = match["root"], match["right"], stated.expiry, stated.strike
    if expiry is None or strike is None:
        raise SymbolError(f"expiry and strike of {symbol!r} are not in its symbol")
    _agree(symbol, (stated.put_call, right))
    if strike <= 0 or (Decimal(match["digits"]) / strike).normalize().as_tuple().digits != (1,):
        raise SymbolError(f"{symbol!r} is not the strike {strike}")
    if stated.underlying:
        behind = contract(stated.underlying, near=expiry)
    else:
        product = futures_symbols.option_series(root, near=expiry).product
        behind = futures_symbols.quarterly_contract(product, expiry)
    return future_option(behind, root, expiry, right, plain(strike), multiplier=stated.multiplier)


def _agree(symbol: str, *pairs: tuple[object | None, object]) -> None:
    for stated, read in pairs:
        if stated is not None and stated != read:
            raise SymbolError(f"{symbol!r} says {read}, the statement {stated}")


def to_ibkr(instrument: Instrument) -> str:
    """The symbol Interactive Brokers prints.

    Raises: SymbolError for options on futures whose series or strike scale is unknown, and for futures of exchanges
    whose notation the broker has changed.
    """
    kind = instrument.security_type
    if kind == "equity":
        return ticker_with(instrument, " ")
    if kind in LISTED_TYPES:
        return occ_of(instrument).text
    if kind == "future":
        behind = futures_symbols.contract_of_key(instrument.key)
        if FUTURE_MARKETS.get(behind.product) in _SPELLED_MARKETS:
            raise SymbolError(f"the broker has written {instrument.key!r} in two ways")
        return behind.one_digit.removeprefix("/")
    if kind == "future_option":
        return _future_option_text(instrument)
    if kind == "forex" and len(instrument.key) == 6:
        return f"{instrument.key[:3]}.{instrument.key[3:]}"
    raise SymbolError(f"Interactive Brokers has no symbol for {instrument.key!r}")


def _future_option_text(instrument: Instrument) -> str:
    shift = _STRIKE_DIGITS.get(product_of(instrument))
    root, strike = instrument.root, instrument.strike
    if shift is None or strike is None or not root or futures_symbols.series_of(root) == root:
        raise SymbolError(f"series or strike scale of {instrument.key!r} is unknown")
    scaled = strike.scaleb(shift)
    if scaled != scaled.to_integral_value() or scaled <= 0:
        raise SymbolError(f"the strike of {instrument.key!r} does not fit its scale")
    return f"{root} {instrument.call_put}{int(scaled):04d}"


def from_ibkr_description(text: str) -> Instrument:
    """The option of `SPXW 15DEC23 4500 C`.

    Older statements name index weeklies by the index alone: use it only where there is no symbol.

    Raises: SymbolError.
    """
    match = _DESCRIPTION.fullmatch(text.strip())
    if match is None:
        raise SymbolError(f"not the description of an option: {text!r}")
    expiry = day_of(2000 + int(match["year"]), match["month"], int(match["day"]))
    root = occ_root(match["root"].replace(" ", "."))
    return listed_option(OccSymbol(root, expiry, match["right"], plain(Decimal(match["strike"]))))


def to_ibkr_description(instrument: Instrument) -> str:
    """`SPXW 15DEC23 4500 C` for an equity or index option. Raises: SymbolError."""
    symbol = occ_of(instrument)
    expiry = f"{symbol.expiry:%d}{short_month(symbol.expiry)}{symbol.expiry:%y}"
    return f"{symbol.root} {expiry} {symbol.strike:f} {symbol.call_put}"
