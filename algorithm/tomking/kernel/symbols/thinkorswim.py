"""thinkorswim's symbols, of TD Ameritrade and now Schwab.

Holds: `.SPXW231215C4500`, `/NQM22:XCME`, and the options inside descriptions of its statements.
Belongs here: what thinkorswim writes.
Never here: the side, quantity and price around them (statement parsers cut these off first).

A description names an option by its underlying, contract size, series and day: `SPX 100 (Weeklys) 15 DEC 23 4500 CALL`.
Index weeklies have the index's name there; `(Weeklys)` alone says that their root is another. An option on a future
is `/NQM22:XCME 1/20 APR 22 (Wednesday) (Wk5) /Q4CJ22:XCME 13450 CALL`: the day is in the rule of its series.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Final

from tomking.kernel.futures_symbols import contract_of, option_series
from tomking.kernel.occ import OccSymbol, SymbolError, occ_root, plain
from tomking.kernel.products import OPTION_MULTIPLIER, WEEKLY_ROOTS
from tomking.kernel.symbols.instrument import (
    Instrument,
    equity,
    future,
    future_option,
    listed_option,
    occ_of,
    ticker_with,
)
from tomking.kernel.symbols.months import day_of

_DOTTED = re.compile(
    r"\.(?P<root>[A-Z0-9][A-Z0-9./]{0,7}?)(?P<day>[0-9]{6})(?P<right>[CP])"
    r"(?P<strike>[0-9]{1,10}(?:\.[0-9]{1,6})?|\.[0-9]{1,6})"
)
_VENUE = re.compile(r":X[A-Z]{3}$")
_LISTED = re.compile(
    r"(?P<name>[A-Z0-9][A-Z0-9./]{0,7}) (?P<size>[0-9]{1,6})(?: \((?P<series>[A-Za-z ]+)\))? "
    r"(?P<day>[0-9]{1,2}) (?P<month>[A-Z]{3}) (?P<year>[0-9]{2}) "
    r"(?P<strike>[0-9]{1,10}(?:\.[0-9]{1,6})?|\.[0-9]{1,6}) (?P<right>CALL|PUT)"
)
_ON_FUTURE = re.compile(
    r"(?P<future>/[A-Z0-9]{2,8})(?::X[A-Z]{3})? 1/(?P<size>[0-9]{1,8}(?:\.[0-9]{1,4})?) "
    r"(?P<month>[A-Z]{3}) (?P<year>[0-9]{2})(?: \([A-Za-z0-9 ]+\))* /(?P<root>[A-Z0-9]{3,8})(?::X[A-Z]{3})? "
    r"(?P<strike>[0-9]{1,10}(?:\.[0-9]{1,6})?|\.[0-9]{1,6}) (?P<right>CALL|PUT)"
)
_SERIES: Final = frozenset({None, "Weeklys", "Quarterlys"})


def from_thinkorswim(symbol: str, *, traded_on: date | None = None) -> Instrument:
    """A share, an option `.SPXW231215C4500` or a future `/NQM22:XCME`. Raises: SymbolError."""
    text = symbol.strip()
    if text.startswith("/"):
        return future(contract_of(_VENUE.sub("", text), near=traded_on))
    if not text.startswith("."):
        return equity(text)
    match = _DOTTED.fullmatch(text)
    if match is None:
        raise SymbolError(f"not an option: {symbol!r}")
    day = match["day"]
    try:
        expiry = date(2000 + int(day[:2]), int(day[2:4]), int(day[4:]))
    except ValueError as error:
        raise SymbolError(f"no such day in {symbol!r}") from error
    return listed_option(OccSymbol(occ_root(match["root"]), expiry, match["right"], plain(Decimal(match["strike"]))))


def to_thinkorswim(instrument: Instrument) -> str:
    """`.SPXW231215C4500`, a share's ticker, `/NQM22`. Raises: SymbolError for anything else."""
    if instrument.security_type == "equity":
        return ticker_with(instrument, "/")
    if instrument.security_type == "future":
        return contract_of(instrument.key).two_digits
    symbol = occ_of(instrument)
    return f".{symbol.root}{symbol.expiry:%y%m%d}{symbol.call_put}{symbol.strike:f}"


def from_thinkorswim_description(text: str) -> Instrument:
    """The option of a description, cut to underlying … CALL or PUT; see the module.

    The size of an option on shares is its multiplier; what is written for options on futures is one over it. Minis and
    adjusted options have a root of their own, which the description does not always give.

    Raises: SymbolError, also for an index option of a series whose root is not known, and for a series on a future
    whose rule does not give the day.
    """
    listed, on_future = _LISTED.fullmatch(text.strip()), _ON_FUTURE.fullmatch(text.strip())
    if listed is not None:
        return _listed(listed, text)
    if on_future is None:
        raise SymbolError(f"not the description of an option: {text!r}")
    root = on_future["root"]
    series = option_series(root)
    if series.expiry is None:
        raise SymbolError(f"the day of the series {root!r} is not in its name")
    contract = contract_of(on_future["future"])
    return future_option(
        contract,
        root[:-2] + root[-1] if root[-2:].isdigit() else root,
        series.expiry,
        on_future["right"][0],
        plain(Decimal(on_future["strike"])),
        multiplier=Decimal(on_future["size"]),
    )


def _listed(match: re.Match[str], text: str) -> Instrument:
    name, series = occ_root(match["name"]), match["series"]
    if series not in _SERIES:
        raise SymbolError(f"unknown series in {text!r}")
    if Decimal(match["size"]) != OPTION_MULTIPLIER and not name[-1].isdigit():
        raise SymbolError(f"the root of an option of this size is not in {text!r}")
    if name in WEEKLY_ROOTS and series is not None:
        name = WEEKLY_ROOTS[name]
    expiry = day_of(2000 + int(match["year"]), match["month"], int(match["day"]))
    symbol = OccSymbol(name, expiry, match["right"][0], plain(Decimal(match["strike"])))
    return listed_option(symbol, multiplier=Decimal(match["size"]))
