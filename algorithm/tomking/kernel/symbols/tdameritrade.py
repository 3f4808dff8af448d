"""TD Ameritrade's symbols, of accounts that moved to Schwab by 2024.

Holds: `SPXW_121523C4500`: root, month-day-year, right, strike.
Belongs here: what TD Ameritrade's API wrote.
Never here: thinkorswim's statements.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from tomking.kernel.occ import OccSymbol, SymbolError, occ_root, plain
from tomking.kernel.symbols.instrument import Instrument, equity, listed_option, occ_of, ticker_with

_OPTION = re.compile(
    r"(?P<root>[A-Z0-9][A-Z0-9./]{0,7})_(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?P<year>[0-9]{2})"
    r"(?P<right>[CP])(?P<strike>[0-9]{1,10}(?:\.[0-9]{1,6})?|\.[0-9]{1,6})"
)


def from_tdameritrade(symbol: str) -> Instrument:
    """A share or an option: `F`, `SPXW_121523C4500`. Raises: SymbolError."""
    text = symbol.strip()
    if "_" not in text:
        return equity(text)
    match = _OPTION.fullmatch(text)
    if match is None:
        raise SymbolError(f"not an option: {symbol!r}")
    try:
        expiry = date(2000 + int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError as error:
        raise SymbolError(f"no such day in {symbol!r}") from error
    return listed_option(OccSymbol(occ_root(match["root"]), expiry, match["right"], plain(Decimal(match["strike"]))))


def to_tdameritrade(instrument: Instrument) -> str:
    """The symbol of a share or an option. Raises: SymbolError for anything else."""
    if instrument.security_type == "equity":
        return ticker_with(instrument, ".")
    symbol = occ_of(instrument)
    return f"{symbol.root}_{symbol.expiry:%m%d%y}{symbol.call_put}{symbol.strike:f}"
