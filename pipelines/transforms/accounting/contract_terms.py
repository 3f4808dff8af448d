"""What one contract of an instrument is worth: multiplier, quote currency, scale of its strike.

Holds: which of several sources says it, and what LEAN's own closed trades imply where none does.
Belongs here: a rule that makes a `Terms`.
Never here: reading LEAN's symbol properties (`parsing.symbol_properties`) or the product table (the kernel's).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pipelines.transforms.accounting.event_cash import CURRENCY_PAIRS
from pipelines.transforms.accounting.lots import Terms
from tomking.kernel.money import multiply
from tomking.kernel.products import STRIKE_FACTORS
from tomking.kernel.security_id import SecurityIdError, unpack

ONE = Decimal(1)
OF_ONE_UNIT = frozenset({"equity", "forex", "crypto", "index", "base"})
"""Security types that trade single units on every market of LEAN's symbol properties."""
_COINS_OF_LINEAR_FUTURES = frozenset({"USDT", "USDC", "BUSD"})
"""Crypto futures quoted in these are of one coin on every market; those quoted in dollars are of 1, 10 or 100 dollars."""
_HALF_CENT = Decimal("0.005")
_STEP = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class SymbolProperties:
    """A line of LEAN's symbol properties. `symbol` None: all symbols of that market and type without a line."""

    market: str
    symbol: str | None
    security_type: str
    quote_currency: str
    multiplier: Decimal
    strike_multiplier: Decimal = ONE


@dataclass(frozen=True, slots=True)
class Listing:
    """An instrument as the records have it; `priced_in` is the currency its orders name."""

    key: str
    security_type: str
    ticker: str
    root: str | None
    symbol_id: str | None
    multiplier: Decimal | None = None
    strike: Decimal | None = None
    call_put: str | None = None
    priced_in: str | None = None


@dataclass(frozen=True, slots=True)
class TradeEvidence:
    """A closed trade of LEAN's: price difference x signed quantity, and the profit it prints."""

    moved: Decimal
    profit_loss: Decimal


Properties = Mapping[tuple[str, str | None, str], SymbolProperties]


def terms_of(listing: Listing, properties: Properties, trades: Iterable[TradeEvidence] = ()) -> tuple[Terms, str]:
    """The terms of an instrument and where its multiplier is from.

    Sources: product, symbol_properties, closed_trades (only where quoted in the account's currency: the caller gives no
    trades otherwise), unknown.
    """
    found = _properties_of(listing, properties)
    multiplier, source = listing.multiplier, "product"
    if multiplier is None and _is_of_one_unit(listing):
        multiplier = ONE
    if multiplier is None and found is not None:
        multiplier, source = found.multiplier, "symbol_properties"
    if multiplier is None:
        multiplier, source = implied_multiplier(trades), "closed_trades"
    currency = listing.priced_in or (found.quote_currency if found else None)
    strike = listing.strike
    if strike is not None:
        known = found.strike_multiplier if found else STRIKE_FACTORS.get(listing.root or "", ONE)
        strike = multiply(strike, known)
    terms = Terms(
        key=listing.key,
        security_type=listing.security_type,
        currency=currency,
        multiplier=multiplier,
        strike=strike,
        call_put=listing.call_put,
        base=_base(listing, currency),
    )
    return terms, source if multiplier is not None else "unknown"


def implied_multiplier(trades: Iterable[TradeEvidence]) -> Decimal | None:
    """The one multiplier that gives every printed profit to the cent; None without a trade or where they disagree."""
    known = [trade for trade in trades if trade.moved]
    if not known:
        return None
    clearest = max(known, key=lambda trade: abs(trade.moved))
    exact = clearest.profit_loss / clearest.moved
    # The printed cents leave an interval; the roundest number in it is a multiplier, the exact quotient is not.
    slack = _HALF_CENT / abs(clearest.moved)
    for places in range(-6, 10):
        rounded = exact.quantize(Decimal(1).scaleb(-places)) if places > 0 else _rounded_whole(exact, -places)
        if abs(rounded - exact) <= slack:
            break
    else:
        return None
    fits = all(abs(multiply(trade.moved, rounded) - trade.profit_loss) <= _HALF_CENT for trade in known)
    return rounded if fits and rounded > 0 else None


def _is_of_one_unit(listing: Listing) -> bool:
    if listing.security_type == "crypto_future":
        return listing.priced_in in _COINS_OF_LINEAR_FUTURES
    return listing.security_type in OF_ONE_UNIT


def _rounded_whole(number: Decimal, zeros: int) -> Decimal:
    unit = Decimal(10) ** zeros
    return (number / unit).to_integral_value() * unit


def _properties_of(listing: Listing, properties: Properties) -> SymbolProperties | None:
    if not properties or not listing.symbol_id:
        return None
    try:
        identifier = unpack(listing.symbol_id)
    except SecurityIdError:
        return None
    market = identifier.market_name or ""
    names = (listing.ticker, identifier.root)
    if listing.security_type == "future_option" and identifier.underlying is not None:
        # Options on futures have the terms of their future unless they have a line of their own.
        future = (market, identifier.underlying.root, "future")
        return _first(properties, [(market, name, "future_option") for name in names] + [future])
    kind = listing.security_type
    return _first(properties, [*((market, name, kind) for name in names), (market, None, kind)])


def _first(properties: Properties, keys: Iterable[tuple[str, str | None, str]]) -> SymbolProperties | None:
    return next((properties[key] for key in keys if key in properties), None)


def _base(listing: Listing, currency: str | None) -> str | None:
    if listing.security_type not in CURRENCY_PAIRS or not currency:
        return None
    pair = listing.ticker.replace("/", "").upper()
    return pair.removesuffix(currency) if pair.endswith(currency) and pair != currency else None
