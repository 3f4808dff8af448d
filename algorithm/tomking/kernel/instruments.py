"""Instruments: one description, and one key, for what LEAN and each broker call by different names.

Holds: `Instrument` and the readers of LEAN symbols, OCC symbols and tastytrade symbols.
Belongs here: what a contract *is*.
Never here: prices, positions, or which fees apply (that is `fees`).

Keys, the one thing to join on:
  equity          ticker, class shares with a dot           `SPY`, `BRK.B`
  option          the canonical OCC text                     `SPXW  230721P04400000`
  future          product, month letter, last digit of year  `/ESZ5`
  future option   future, expiry, right, strike              `./ESZ5 251111C6880`
  anything else   the ticker without separators              `BTCUSD`, `EURUSD`
A futures option's own root (`E2BX5`) is not in its key, because LEAN does not write it; future, day, right and strike
already name the contract. The year's last digit repeats every ten years: `expiry` settles it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from tomking.kernel import futures_symbols
from tomking.kernel.money import decimal_from_text
from tomking.kernel.occ import OccSymbol, SymbolError, parse_occ, plain
from tomking.kernel.products import (
    AMERICAN_INDEX_ROOTS,
    FUTURE_MULTIPLIERS,
    INDEX_FAMILY,
    MICRO_FUTURES,
    OPTION_MULTIPLIER,
)
from tomking.kernel.security_id import CURRENT_SCALE, EARLIER_SCALE, SECURITY_TYPES, SecurityId, unpack

__all__ = ["Instrument", "SymbolError", "from_lean", "from_occ", "from_tastytrade", "to_tastytrade"]

OPTION_TYPES: Final = frozenset({"option", "index_option", "future_option"})
_USA: Final = 1
_NO_DATE: Final = date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class Instrument:
    """What a symbol names. None means unknown or not applicable, never a default.

    `ticker` is the name of the thing itself (equity ticker, `/ESZ5`, OCC text); `root` the option's or future's root;
    `underlying` the key of the underlying; `style` american or european; `multiplier` units per contract.
    """

    key: str
    security_type: str
    ticker: str
    underlying: str | None = None
    root: str | None = None
    expiry: date | None = None
    call_put: str | None = None
    strike: Decimal | None = None
    style: str | None = None
    multiplier: Decimal | None = None

    @property
    def is_option(self) -> bool:
        """Whether this is an option of any kind."""
        return self.security_type in OPTION_TYPES

    @property
    def fee_product(self) -> str | None:
        """The product name fee schedules use; None for what they do not price."""
        micro = _product_of(self) in MICRO_FUTURES
        return {
            "equity": "equity",
            "option": "equity_option",
            "index_option": "index_option",
            "future": "micro_future" if micro else "future",
            "future_option": "micro_future_option" if micro else "future_option",
        }.get(self.security_type)

    @property
    def fee_root(self) -> str:
        """The root fee schedules select by: ticker, option root, futures product, or `MES EXX5` for futures options."""
        product = _product_of(self)
        if self.security_type == "future_option":
            return f"{product} {self.root or ''}".strip()
        return product or self.root or self.ticker


def _product_of(instrument: Instrument) -> str:
    if instrument.security_type == "future":
        return instrument.root or ""
    if instrument.security_type == "future_option":
        return futures_symbols.product_of(instrument.underlying or "")
    return ""


def equity_key(ticker: str) -> str:
    """The key of a share: class shares are written with a dot (`BRK/B` → `BRK.B`)."""
    return ticker.strip().replace("/", ".")


# --- OCC -------------------------------------------------------------------------------------------------------------


def from_occ(text: str, *, underlying: str | None = None, multiplier: Decimal | None = None) -> Instrument:
    """An equity or index option from its OCC text; index options are told by their root.

    The multiplier is taken as 100, except for adjusted roots (a digit at the end: the deliverable was changed by a
    corporate action), where only the caller can know it.

    Raises: SymbolError.
    """
    return _listed_option(parse_occ(text), underlying=underlying, multiplier=multiplier)


def _listed_option(
    symbol: OccSymbol,
    *,
    security_type: str | None = None,
    underlying: str | None = None,
    multiplier: Decimal | None = None,
    style: str | None = None,
) -> Instrument:
    family = INDEX_FAMILY.get(symbol.root)
    kind = security_type or ("index_option" if family else "option")
    adjusted = kind == "option" and symbol.root[-1].isdigit()
    if style is None and (kind == "option" or family):
        style = "american" if kind == "option" or symbol.root in AMERICAN_INDEX_ROOTS else "european"
    if multiplier is None and not adjusted:
        multiplier = OPTION_MULTIPLIER
    text = symbol.text
    base = family or (None if adjusted else symbol.root)
    return Instrument(
        key=text,
        security_type=kind,
        ticker=text,
        underlying=equity_key(underlying) if underlying else base,
        root=symbol.root,
        expiry=symbol.expiry,
        call_put=symbol.call_put,
        strike=symbol.strike,
        style=style,
        multiplier=multiplier,
    )


# --- LEAN ------------------------------------------------------------------------------------------------------------


def from_lean(
    sid: str, value: str, security_type: str | int | None = None, *, underlying: str | None = None
) -> Instrument:
    """The instrument of a LEAN symbol: its identifier text and its `value` (ticker or option text).

    `security_type` is LEAN's integer or our name for it; left out, the identifier's own type counts. `underlying` is
    the `value` of the nested underlying symbol, where the caller has one (a share's current ticker, which the
    identifier does not carry). The strike is read from the option text; the identifier must agree with it under one of
    its two scales, and replaces it only where it has decimals that the text has no room for.

    Raises: SymbolError or SecurityIdError (both are ValueErrors).
    """
    identifier = unpack(sid)
    kind = _type_name(security_type, identifier)
    if kind in OPTION_TYPES:
        return _lean_option(identifier, value, kind, underlying)
    if kind == "future":
        return _lean_future(identifier, value)
    ticker = value.strip() or identifier.root
    if kind == "equity":
        multiplier = Decimal(1) if identifier.market == _USA else None
        return Instrument(equity_key(ticker), "equity", ticker, multiplier=multiplier)
    key = ticker.replace("/", "") if kind in ("crypto", "crypto_future", "forex", "cfd") else ticker
    return Instrument(key, kind, ticker, underlying=underlying)


def _type_name(security_type: str | int | None, identifier: SecurityId) -> str:
    own = identifier.type_name
    if security_type is None:
        if own is None:
            raise SymbolError(f"unknown security type {identifier.security_type} in {identifier.text!r}")
        return own
    if isinstance(security_type, int):
        if not 0 <= security_type < len(SECURITY_TYPES):
            raise SymbolError(f"unknown security type: {security_type}")
        return SECURITY_TYPES[security_type]
    if security_type not in SECURITY_TYPES:
        raise SymbolError(f"unknown security type: {security_type!r}")
    return security_type


def _lean_option(identifier: SecurityId, value: str, kind: str, underlying: str | None) -> Instrument:
    style = "european" if identifier.style else "american"
    call_put = "P" if identifier.put else "C"
    if value.startswith("?") or identifier.day is None:  # a canonical symbol: the chain, not a contract
        of = underlying or value.lstrip("?")
        return Instrument(value, kind, value, underlying=of, root=identifier.root, style=style)
    try:
        symbol = parse_occ(value)
    except SymbolError:  # no option text at all: the identifier alone says what it is
        symbol = OccSymbol(identifier.root, identifier.day, call_put, plain(identifier.strike()))
    if symbol.call_put != call_put:
        raise SymbolError(f"{value!r} and {identifier.text!r} are not the same right")
    if symbol.expiry != identifier.day:
        raise SymbolError(f"{value!r} and {identifier.text!r} do not expire on the same day")
    strike = _checked_strike(symbol.strike, identifier, value)
    if kind == "future_option":
        return _lean_future_option(identifier, value, strike, style, underlying)
    if kind == "index_option" and underlying is None and identifier.underlying is not None:
        underlying = identifier.underlying.root
    multiplier = OPTION_MULTIPLIER if identifier.market == _USA else None
    made = _listed_option(symbol, security_type=kind, underlying=underlying, style=style)
    return replace(made, strike=strike, multiplier=multiplier)


def _checked_strike(printed: Decimal, identifier: SecurityId, value: str) -> Decimal:
    for base in (CURRENT_SCALE, EARLIER_SCALE):
        packed = identifier.strike(base)
        if packed == printed:
            return printed
        # The text has three decimals and cuts off the rest (currency strikes such as 0.0095).
        if plain(packed.scaleb(3).to_integral_value(rounding="ROUND_DOWN").scaleb(-3)) == printed:
            return plain(packed)
    raise SymbolError(f"strike of {value!r} is not the one in {identifier.text!r}")


def _lean_future(identifier: SecurityId, value: str) -> Instrument:
    multiplier = FUTURE_MULTIPLIERS.get(identifier.root)
    if value.startswith("/") or identifier.day is None:  # the continuous contract
        return Instrument(value, "future", value, root=identifier.root, multiplier=multiplier)
    try:
        key = futures_symbols.key_of_lean(value)
    except SymbolError:  # a spelling of its own: LEAN's text names it as well as anything
        key = value
    return Instrument(
        key=key,
        security_type="future",
        ticker=key,
        root=identifier.root,
        expiry=identifier.day,
        multiplier=multiplier,
    )


def _lean_future_option(
    identifier: SecurityId, value: str, strike: Decimal, style: str, underlying: str | None
) -> Instrument:
    base = identifier.underlying
    future = futures_symbols.key_in_option_text(underlying or value) or underlying or (base.root if base else "")
    expiry = identifier.day
    call_put = "P" if identifier.put else "C"
    product = base.root if base is not None else futures_symbols.product_of(future)
    key = futures_symbols.option_key(future, expiry or _NO_DATE, call_put, strike)
    return Instrument(
        key=key,
        security_type="future_option",
        ticker=key,
        underlying=future or None,
        root=identifier.root,
        expiry=expiry,
        call_put=call_put,
        strike=strike,
        style=style,
        multiplier=FUTURE_MULTIPLIERS.get(product),
    )


# --- tastytrade ------------------------------------------------------------------------------------------------------


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
    is not their multiplier. `traded_on` is accepted for symbols that need a day to be unique; keys do not.

    Raises: SymbolError (a ValueError) for a symbol that does not fit its type or a type this version does not know.
    """
    if instrument_type == "Equity":
        if not symbol.strip() or symbol.startswith(("/", ".")):
            raise SymbolError(f"not a share: {symbol!r}")
        return Instrument(equity_key(symbol), "equity", symbol.strip(), multiplier=Decimal(1))
    if instrument_type == "Equity Option":
        multiplier = decimal_from_text(multiplier_text) if multiplier_text else None
        return from_occ(symbol, underlying=underlying, multiplier=multiplier)
    if instrument_type == "Future":
        return _tastytrade_future(symbol)
    if instrument_type == "Future Option":
        return _tastytrade_future_option(symbol)
    if instrument_type == "Cryptocurrency":
        if not symbol.strip():
            raise SymbolError("a cryptocurrency without a symbol")
        return Instrument(symbol.strip().replace("/", ""), "crypto", symbol.strip())
    raise SymbolError(f"unknown instrument type: {instrument_type!r}")


def _tastytrade_future(symbol: str) -> Instrument:
    product, _, _ = futures_symbols.parse_future(symbol)
    key = futures_symbols.short_key(symbol)
    return Instrument(key, "future", key, root=product, multiplier=FUTURE_MULTIPLIERS.get(product))


def _tastytrade_future_option(symbol: str) -> Instrument:
    parts = futures_symbols.parse_option(symbol)
    future = futures_symbols.short_key(parts.future)
    key = futures_symbols.option_key(future, parts.expiry, parts.call_put, parts.strike)
    return Instrument(
        key=key,
        security_type="future_option",
        ticker=key,
        underlying=future,
        root=parts.root,
        expiry=parts.expiry,
        call_put=parts.call_put,
        strike=parts.strike,
        multiplier=FUTURE_MULTIPLIERS.get(futures_symbols.product_of(future)),
    )


def to_tastytrade(instrument: Instrument) -> str:
    """The symbol tastytrade prints for an instrument.

    Raises: SymbolError where a part it needs is unknown (a futures option read from LEAN lacks the broker's root).
    """
    if instrument.security_type == "equity":
        return instrument.key.replace(".", "/")
    if instrument.security_type in ("option", "index_option", "future"):
        return instrument.key
    if instrument.security_type == "future_option":
        return futures_symbols.option_text(
            instrument.underlying, instrument.root, instrument.expiry, instrument.call_put, instrument.strike
        )
    raise SymbolError(f"tastytrade has no symbol for {instrument.key!r}")
