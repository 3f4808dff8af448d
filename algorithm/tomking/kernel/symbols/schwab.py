"""Schwab's symbols: the trader API, and the exports of the web site.

Holds: reading and printing of both.
Belongs here: what Schwab writes.
Never here: thinkorswim, whose statements have texts of their own, and the older API of TD Ameritrade.

The API has the OCC text for options and `/ESH25_P5050:XCME` for options on futures, whose day is in a field beside it.
Exports write `SPXW 12/15/2023 4500.00 C`.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from tomking.kernel import futures_symbols
from tomking.kernel.futures_symbols import contract_of
from tomking.kernel.occ import OccSymbol, SymbolError, occ_root, plain
from tomking.kernel.products import FUTURE_MULTIPLIERS
from tomking.kernel.symbols.instrument import (
    Instrument,
    equity,
    from_occ,
    future,
    future_option,
    listed_option,
    occ_of,
    ticker_with,
)

_EXPORT = re.compile(
    r"(?P<root>[A-Z0-9][A-Z0-9./]{0,7}) (?P<month>[0-9]{2})/(?P<day>[0-9]{2})/(?P<year>20[0-9]{2}) "
    r"(?P<strike>[0-9]{1,10}(?:\.[0-9]{1,6})?) (?P<right>[CP])"
)
_VENUE = re.compile(r":X[A-Z]{3}$")
_FUTURE_OPTION = re.compile(
    r"/(?P<root>[A-Z0-9]{3,8})_(?P<right>[CP])(?P<strike>[0-9]{1,10}(?:\.[0-9]{1,6})?)(?P<venue>:X[A-Z]{3})?"
)


def from_schwab(
    asset_type: str,
    symbol: str,
    *,
    underlying_symbol: str | None = None,
    expiry: date | None = None,
    multiplier: Decimal | None = None,
) -> Instrument:
    """The instrument of the trader API: `assetType` and `symbol`, with `underlyingSymbol`, `expirationDate` and
    `optionPremiumMultiplier` where a record has them.

    Raises: SymbolError for a symbol that does not fit its type, an option on a future without a day, or a type that
    is none of EQUITY, COLLECTIVE_INVESTMENT, OPTION, FUTURE, INDEX.
    """
    if asset_type in ("EQUITY", "COLLECTIVE_INVESTMENT"):
        return equity(symbol)
    if asset_type == "FUTURE":
        return future(contract_of(_VENUE.sub("", symbol)), multiplier=multiplier)
    if asset_type == "INDEX":
        name = symbol.strip().removeprefix("$")
        if not name:
            raise SymbolError("an index without a symbol")
        return Instrument(name, "index", name)
    if asset_type != "OPTION":
        raise SymbolError(f"unknown asset type: {asset_type!r}")
    if not symbol.startswith("/"):
        return from_occ(symbol, underlying=underlying_symbol, multiplier=multiplier)
    return _future_option(symbol, underlying_symbol, expiry, multiplier)


def _future_option(symbol: str, underlying: str | None, expiry: date | None, multiplier: Decimal | None) -> Instrument:
    match = _FUTURE_OPTION.fullmatch(symbol.strip())
    if match is None:
        raise SymbolError(f"not an option on a future: {symbol!r}")
    if expiry is None:
        raise SymbolError(f"the day of {symbol!r} is not in its symbol")
    root = match["root"]
    if underlying:
        # The record writes the future with a dot for the slash: `.ESH25:XCME`.
        contract = contract_of("/" + _VENUE.sub("", underlying.strip()).lstrip("./"), near=expiry)
    elif futures_symbols.series_of(root) in FUTURE_MULTIPLIERS:
        contract = contract_of(f"/{root}", near=expiry)
    else:
        product = futures_symbols.option_series(root, near=expiry).product
        contract = futures_symbols.quarterly_contract(product, expiry)
    short = root[:-2] + root[-1] if root[-2:].isdigit() else root
    strike = plain(Decimal(match["strike"]))
    return future_option(contract, short, expiry, match["right"], strike, multiplier=multiplier)


def to_schwab(instrument: Instrument) -> str:
    """The symbol of the trader API. Raises: SymbolError for what it has no documented symbol for."""
    if instrument.security_type == "equity":
        return ticker_with(instrument, "/")
    return occ_of(instrument).text


def from_schwab_export(symbol: str) -> Instrument:
    """A share or an option of an export: `APP`, `APP 08/22/2025 475.00 C`. Raises: SymbolError."""
    text = symbol.strip()
    if " " not in text:
        return equity(text)
    match = _EXPORT.fullmatch(text)
    if match is None:
        raise SymbolError(f"not an option: {symbol!r}")
    try:
        expiry = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError as error:
        raise SymbolError(f"no such day in {symbol!r}") from error
    parts = OccSymbol(occ_root(match["root"]), expiry, match["right"], plain(Decimal(match["strike"])))
    return listed_option(parts)


def to_schwab_export(instrument: Instrument) -> str:
    """The text of an export: `SPXW 12/15/2023 4500.00 C`. Raises: SymbolError for what exports do not list."""
    if instrument.security_type == "equity":
        return ticker_with(instrument, "/")
    symbol = occ_of(instrument)
    cents = symbol.strike.quantize(Decimal("0.01"))
    printed = cents if cents == symbol.strike else symbol.strike
    return f"{symbol.root} {symbol.expiry:%m/%d/%Y} {printed:f} {symbol.call_put}"
