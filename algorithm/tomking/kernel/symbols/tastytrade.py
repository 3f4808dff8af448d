"""tastytrade's symbols: the account's history and API, and the market data stream.

Holds: reading by the broker's own instrument type, and printing.
Belongs here: what tastytrade writes.
Never here: the columns of its statements.

Options on shares are the OCC text, futures `/ESZ5`, options on futures `./ESZ5 E2BX5 251111C6880`. The stream names
options the way thinkorswim does (`.SPXW231215P4500`).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tomking.kernel import futures_symbols
from tomking.kernel.money import decimal_from_text
from tomking.kernel.occ import SymbolError
from tomking.kernel.symbols import thinkorswim
from tomking.kernel.symbols.instrument import (
    LISTED_TYPES,
    Instrument,
    equity,
    from_occ,
    future,
    future_option,
    occ_of,
    ticker_with,
)


def from_tastytrade(
    symbol: str,
    instrument_type: str,
    *,
    underlying: str | None = None,
    multiplier_text: str | None = None,
    traded_on: date | None = None,
) -> Instrument:
    """The instrument of a tastytrade symbol, by the broker's own instrument type.

    `multiplier_text` counts for options on shares and indices only; statements print 1 for options on futures, which
    is not their multiplier. `traded_on` settles the decade of a future's one-digit year.

    Raises: SymbolError (a ValueError) for a symbol that does not fit its type or a type this version does not know.
    """
    if instrument_type == "Equity":
        return equity(symbol)
    if instrument_type == "Equity Option":
        return from_occ(symbol, underlying=underlying, multiplier=_multiplier(multiplier_text))
    if instrument_type == "Future":
        return future(futures_symbols.contract_of(symbol, near=traded_on))
    if instrument_type == "Future Option":
        return _future_option(symbol)
    if instrument_type == "Cryptocurrency":
        if not symbol.strip():
            raise SymbolError("a cryptocurrency without a symbol")
        return Instrument(symbol.strip().replace("/", ""), "crypto", symbol.strip())
    raise SymbolError(f"unknown instrument type: {instrument_type!r}")


def _multiplier(text: str | None) -> Decimal | None:
    if not text:
        return None
    try:
        return decimal_from_text(text)
    except ValueError as error:
        raise SymbolError(f"not a multiplier: {text!r}") from error


def _future_option(symbol: str) -> Instrument:
    parts = futures_symbols.parse_option(symbol)
    contract = futures_symbols.contract_of(parts.future, near=parts.expiry)
    return future_option(contract, parts.root, parts.expiry, parts.call_put, parts.strike)


def to_tastytrade(instrument: Instrument) -> str:
    """The symbol tastytrade prints for an instrument.

    Raises: SymbolError where a part it needs is unknown (a futures option read from LEAN lacks the broker's root).
    """
    if instrument.security_type == "equity":
        return ticker_with(instrument, "/")
    if instrument.security_type in LISTED_TYPES:
        return occ_of(instrument).text
    if instrument.security_type == "future":
        return futures_symbols.contract_of_key(instrument.key).one_digit
    if instrument.security_type == "future_option":
        if futures_symbols.series_of(instrument.root or "") == instrument.root:
            raise SymbolError(f"the series of {instrument.key!r} is unknown")
        return futures_symbols.option_text(
            futures_symbols.contract_of_key(instrument.underlying or "").one_digit,
            instrument.root,
            instrument.expiry,
            instrument.call_put,
            instrument.strike,
        )
    raise SymbolError(f"tastytrade has no symbol for {instrument.key!r}")


def from_tastytrade_stream(symbol: str) -> Instrument:
    """The equity or index option that the market data stream calls `.SPXW231215P4500`. Raises: SymbolError."""
    if not symbol.startswith("."):
        raise SymbolError(f"not an option of the stream: {symbol!r}")
    return thinkorswim.from_thinkorswim(symbol)


def to_tastytrade_stream(instrument: Instrument) -> str:
    """The name of an equity or index option in the market data stream. Raises: SymbolError for anything else."""
    occ_of(instrument)
    return thinkorswim.to_thinkorswim(instrument)
