"""LEAN's two spellings: the identifier (`SPXW 329EXSBQS20R2|SPX 31`) and the `value` (`SPXW  230721P04390000`).

Holds: reading both together and checking one against the other, and printing each.
Belongs here: what LEAN writes for an instrument.
Never here: the digits inside the identifier (`security_id`).

The identifier of a share holds the *first* ticker its company ever had and the first day it traded (`FB` for META,
`GOOCV` for GOOG). Only LEAN's map files know these, so an identifier of a share, or of an option on one, can be printed
only from another identifier of that share.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from tomking.kernel import futures_symbols
from tomking.kernel.occ import OccSymbol, SymbolError, occ_root, parse_occ, plain
from tomking.kernel.products import FUTURE_MARKETS, FUTURE_MULTIPLIERS, LEAN_OPTION_ROOTS, OPTION_MULTIPLIER
from tomking.kernel.security_id import (
    CURRENT_SCALE,
    EARLIER_SCALE,
    MARKET_CODES,
    SECURITY_TYPES,
    SecurityId,
    pack,
    unpack,
)
from tomking.kernel.symbols.instrument import OPTION_TYPES, Instrument, equity_key, listed_option, product_of

_USA: Final = 1
_NO_DATE: Final = date(2999, 12, 31)
_PAIRS: Final = frozenset({"crypto", "crypto_future", "forex", "cfd"})


# --- reading ---------------------------------------------------------------------------------------------------------


def from_lean(
    sid: str, value: str, security_type: str | int | None = None, *, underlying: str | None = None
) -> Instrument:
    """The instrument of a LEAN symbol: its identifier text and its `value` (ticker or option text).

    `security_type` is LEAN's integer or our name for it; left out, the identifier's own type counts. `underlying` is
    the `value` of the nested underlying symbol, where the caller has one (a share's current ticker, which the
    identifier does not carry). The strike is read from the option text; the identifier must agree with it under one of
    its two scales, and replaces it only where it has decimals that the text has no room for.

    Raises: SymbolError.
    """
    identifier = unpack(sid)
    kind = _type_name(security_type, identifier)
    if kind in OPTION_TYPES:
        return _option(identifier, value, kind, underlying)
    if kind == "future":
        return _future(identifier, value)
    ticker = value.strip() or identifier.root
    if kind == "equity":
        multiplier = Decimal(1) if identifier.market == _USA else None
        return Instrument(equity_key(ticker), "equity", ticker, multiplier=multiplier)
    key = (ticker.replace("/", "") or identifier.root) if kind in _PAIRS else ticker
    if kind == "crypto_future":
        # The coin itself has the same text on the same exchange.
        key += f".{identifier.day:%y%m%d}" if identifier.day else ".PERP"
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


def _option(identifier: SecurityId, value: str, kind: str, underlying: str | None) -> Instrument:
    style = "european" if identifier.style else "american"
    call_put = "P" if identifier.put else "C"
    if value.startswith("?") or identifier.day is None:  # a canonical symbol: the chain, not a contract
        name = value.strip() or f"?{identifier.root}"
        of = underlying or name.lstrip("?") or identifier.root
        return Instrument(name, kind, name, underlying=of, root=identifier.root, style=style)
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
        return _future_option(identifier, value, strike, style, underlying)
    if kind == "index_option" and underlying is None and identifier.underlying is not None:
        underlying = identifier.underlying.root
    multiplier = OPTION_MULTIPLIER if identifier.market == _USA else None
    made = listed_option(symbol, security_type=kind, underlying=underlying, style=style)
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


def _future(identifier: SecurityId, value: str) -> Instrument:
    multiplier = FUTURE_MULTIPLIERS.get(identifier.root)
    if value.startswith("/") or identifier.day is None:  # the continuous contract
        name = value.strip() or f"/{identifier.root}"
        return Instrument(name, "future", name, root=identifier.root, multiplier=multiplier)
    # A spelling of its own names it as well as anything; no text at all leaves what the identifier says.
    key = futures_symbols.key_in_option_text(value.strip()) or value.strip() or _key_of_future(identifier)
    return Instrument(
        key=key,
        security_type="future",
        ticker=key,
        root=identifier.root,
        expiry=identifier.day,
        multiplier=multiplier,
    )


def _key_of_future(identifier: SecurityId) -> str:
    day = identifier.day
    if day is None:
        return f"/{identifier.root}"
    contract = futures_symbols.contract_expiring(identifier.root, day)
    return f"/{identifier.root} {day:%y%m%d}" if contract is None else contract.key


def _future_option(
    identifier: SecurityId, value: str, strike: Decimal, style: str, underlying: str | None
) -> Instrument:
    base = identifier.underlying
    future = futures_symbols.key_in_option_text(underlying or value) or underlying
    if future is None:
        future = _key_of_future(base) if base is not None else ""
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


# --- printing --------------------------------------------------------------------------------------------------------


def to_lean_value(instrument: Instrument, *, underlying_value: str | None = None) -> str:
    """The `value` LEAN writes: ticker, option text, `ES19Z25`.

    `underlying_value` is the `value` of an option's underlying: LEAN puts the *current* ticker of a share there, and
    for options that have the root of their future the future itself.

    Raises: SymbolError where a part is unknown (the expiry of a future that only a broker named).
    """
    if instrument.security_type == "future":
        return _future_value(instrument)
    if instrument.security_type == "future_option":
        root = _lean_root(instrument)
        if root == product_of(instrument):
            if underlying_value is None:
                raise SymbolError(f"LEAN names the future of {instrument.key!r} by its expiry, which is unknown")
            root = underlying_value
        return _option_value(instrument, root)
    if instrument.security_type == "index_option":
        return _option_value(instrument, instrument.root or "")
    if instrument.security_type == "option":
        share, root = underlying_value or instrument.underlying or "", instrument.root or ""
        if underlying_value is None and occ_root(share) != root:
            raise SymbolError(f"LEAN does not trade adjusted options such as {instrument.key!r}")
        return _option_value(instrument, share)
    return instrument.ticker.replace("/", "") if instrument.security_type in _PAIRS else instrument.key


def _option_value(instrument: Instrument, root: str) -> str:
    expiry, strike = instrument.expiry, instrument.strike
    if not root or expiry is None or strike is None or instrument.call_put is None:
        raise SymbolError(f"a part of {instrument.key!r} is unknown")
    # Roots that fill the field get two blanks; decimals beyond the third are cut off.
    field = f"{root}  " if len(root) > 5 else f"{root:<6}"
    thousandths = int(strike.scaleb(3))
    sign = "-" if thousandths < 0 else ""
    return f"{field}{expiry:%y%m%d}{instrument.call_put}{sign}{abs(thousandths):08d}"


def _future_value(instrument: Instrument) -> str:
    if not instrument.key.startswith("/") or instrument.expiry is None:
        raise SymbolError(f"the expiry of {instrument.key!r} is unknown")
    contract = futures_symbols.contract_of_key(instrument.key)
    return f"{contract.product}{instrument.expiry:%d}{contract.month}{contract.year % 100:02d}"


def to_lean_id(instrument: Instrument, *, underlying_id: str | None = None, market: str | None = None) -> str:
    """The identifier LEAN gives an instrument, in today's strike scale.

    `underlying_id` is the identifier of the underlying (a share for its options, the future for options on it);
    `market` LEAN's name of the exchange, needed for currencies and coins and for futures that `products` has not.

    Raises: SymbolError where a part is unknown, as for every share: see the module.
    """
    kind = instrument.security_type
    if kind == "equity":
        raise SymbolError("the identifier of a share holds its first ticker and day, which only LEAN's map files know")
    if kind == "index":
        return pack(instrument.key, "index", market=_market(market or "usa")).text
    if kind in ("option", "index_option"):
        return _option_id(instrument, underlying_id, market).text
    if kind == "future":
        if not instrument.root or instrument.expiry is None:
            raise SymbolError(f"the expiry of {instrument.key!r} is unknown")
        place = _market(market or FUTURE_MARKETS.get(instrument.root))
        return pack(instrument.root, "future", market=place, day=instrument.expiry).text
    if kind == "future_option":
        if underlying_id is None:
            raise SymbolError(f"the identifier of the future behind {instrument.key!r} is unknown")
        base = unpack(underlying_id)
        return _contract(instrument, _lean_root(instrument), base.market, base).text
    if kind in _PAIRS and kind != "crypto_future":
        return pack(instrument.key, kind, market=_market(market)).text
    raise SymbolError(f"no identifier can be made for {instrument.key!r}")


def _option_id(instrument: Instrument, underlying_id: str | None, market: str | None) -> SecurityId:
    if instrument.security_type == "option":
        if underlying_id is None:
            raise SymbolError(f"the identifier of the share behind {instrument.key!r} is unknown")
        base = unpack(underlying_id)
        return _contract(instrument, base.root, base.market, base)
    place = _market(market or "usa")
    index = unpack(underlying_id) if underlying_id else pack(instrument.underlying or "", "index", market=place)
    return _contract(instrument, instrument.root or "", place, index)


def _contract(instrument: Instrument, root: str, market: int, base: SecurityId) -> SecurityId:
    style = instrument.style or ("american" if instrument.security_type == "future_option" else None)
    if instrument.expiry is None or instrument.strike is None or instrument.call_put is None or style is None:
        raise SymbolError(f"a part of {instrument.key!r} is unknown")
    return pack(
        root,
        instrument.security_type,
        market=market,
        day=instrument.expiry,
        strike=instrument.strike,
        put=instrument.call_put == "P",
        european=style == "european",
        underlying=base,
    )


def _market(name: str | None) -> int:
    if name is None or name not in MARKET_CODES:
        raise SymbolError(f"no market is known by the name {name!r}")
    return MARKET_CODES[name]


def _lean_root(instrument: Instrument) -> str:
    """LEAN's root of an option on a future: its own notation, or the standard series a broker's root stands for."""
    product, root = product_of(instrument), instrument.root or ""
    standard = LEAN_OPTION_ROOTS.get(product, product)
    series = futures_symbols.series_of(root)
    if not root or standard not in (root, series):
        raise SymbolError(f"LEAN has no root for the series {root!r} of {product!r}")
    return standard
