"""The instrument that every spelling stands for, and how listed options and futures are made from their parts.

Holds: `Instrument`, its key, and the makers that all sources share.
Belongs here: what a contract *is*, whoever names it.
Never here: the notation of one source.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from tomking.kernel import futures_symbols
from tomking.kernel.futures_symbols import FutureContract
from tomking.kernel.occ import OccSymbol, SymbolError, parse_occ, plain
from tomking.kernel.products import (
    AMERICAN_INDEX_ROOTS,
    FUTURE_MULTIPLIERS,
    INDEX_BEHIND,
    INDEX_FAMILY,
    MICRO_FUTURES,
    OPTION_MULTIPLIER,
    QUOTED_IN_CENTS,
    STRIKE_FACTORS,
)

OPTION_TYPES: Final = frozenset({"option", "index_option", "future_option"})
LISTED_TYPES: Final = frozenset({"option", "index_option"})
"""Options whose key is the text of the clearing house."""


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
    def real_strike(self) -> Decimal | None:
        """The strike in points of the underlying: what the symbol says, times five for NQX."""
        if self.strike is None:
            return None
        return plain(self.strike * STRIKE_FACTORS.get(self.root or "", Decimal(1)))

    @property
    def fee_product(self) -> str | None:
        """The product name fee schedules use; None for what they do not price."""
        micro = product_of(self) in MICRO_FUTURES
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
        product = product_of(self)
        if self.security_type == "future_option":
            return f"{product} {self.root or ''}".strip()
        return product or self.root or self.ticker


def product_of(instrument: Instrument) -> str:
    """The futures product behind a future or an option on one; empty for anything else."""
    if instrument.security_type == "future":
        return instrument.root or ""
    if instrument.security_type == "future_option":
        return futures_symbols.product_of(instrument.underlying or "")
    return ""


def equity_key(ticker: str) -> str:
    """The key of a share: class shares are written with a dot (`BRK/B` → `BRK.B`)."""
    return ticker.strip().replace("/", ".")


def equity(ticker: str, *, multiplier: Decimal | None = Decimal(1)) -> Instrument:
    """A share by its ticker.

    Raises: SymbolError for a text that cannot be a ticker.
    """
    name = ticker.strip()
    if not name or name.startswith(("/", ".")) or " " in name:
        raise SymbolError(f"not a share: {ticker!r}")
    return Instrument(equity_key(name), "equity", name, multiplier=multiplier)


def from_occ(text: str, *, underlying: str | None = None, multiplier: Decimal | None = None) -> Instrument:
    """An equity or index option from its OCC text; index options are told by their root.

    The multiplier is taken as 100, except for adjusted roots (a digit at the end: the deliverable was changed by a
    corporate action, or the option is a mini), where only the caller can know it.

    Raises: SymbolError.
    """
    return listed_option(parse_occ(text), underlying=underlying, multiplier=multiplier)


def listed_option(
    symbol: OccSymbol,
    *,
    security_type: str | None = None,
    underlying: str | None = None,
    multiplier: Decimal | None = None,
    style: str | None = None,
) -> Instrument:
    """An equity or index option from its four parts; see `from_occ`."""
    family = INDEX_FAMILY.get(symbol.root)
    kind = security_type or ("index_option" if family else "option")
    adjusted = kind == "option" and symbol.root[-1].isdigit()
    if style is None and (kind == "option" or family):
        style = "american" if kind == "option" or symbol.root in AMERICAN_INDEX_ROOTS else "european"
    if multiplier is None and not adjusted:
        multiplier = OPTION_MULTIPLIER
    text = symbol.text
    base = INDEX_BEHIND.get(symbol.root, family) or (None if adjusted else symbol.root)
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


def ticker_with(instrument: Instrument, separator: str) -> str:
    """The ticker of a share with a broker's separator before its class.

    Raises: SymbolError for what is no American share (the multiplier of others is unknown), and for a ticker that LEAN
    numbered because it was used before (`VXX.1`).
    """
    name, dot, share_class = instrument.key.partition(".")
    if instrument.security_type != "equity" or instrument.multiplier is None or share_class.isdigit():
        raise SymbolError(f"no broker's share is known for {instrument.key!r}")
    return f"{name}{separator}{share_class}" if dot else name


def occ_of(instrument: Instrument) -> OccSymbol:
    """The parts of an equity or index option's key.

    Raises: SymbolError for anything else, the chain (`?SPY`) and options of other countries included.
    """
    if instrument.security_type not in LISTED_TYPES:
        raise SymbolError(f"not an equity or index option: {instrument.key!r}")
    symbol = parse_occ(instrument.key)
    if instrument.multiplier is None and not symbol.root[-1].isdigit():
        raise SymbolError(f"not an option of the American clearing house: {instrument.key!r}")
    return symbol


def future(contract: FutureContract, *, expiry: date | None = None, multiplier: Decimal | None = None) -> Instrument:
    """A future as a broker names it. Multiplier: the source's own, else the table's where the source quotes dollars."""
    return Instrument(
        key=contract.key,
        security_type="future",
        ticker=contract.key,
        root=contract.product,
        expiry=expiry,
        multiplier=multiplier if multiplier is not None else broker_multiplier(contract.product),
    )


def future_option(
    contract: FutureContract,
    root: str | None,
    expiry: date,
    call_put: str,
    strike: Decimal,
    *,
    multiplier: Decimal | None = None,
) -> Instrument:
    """An option on a future as a broker names it; `root` is the series (`E2BX5`), None where unknown."""
    key = futures_symbols.option_key(contract.key, expiry, call_put, strike)
    return Instrument(
        key=key,
        security_type="future_option",
        ticker=key,
        underlying=contract.key,
        root=root,
        expiry=expiry,
        call_put=call_put,
        strike=strike,
        multiplier=multiplier if multiplier is not None else broker_multiplier(contract.product),
    )


def broker_multiplier(product: str) -> Decimal | None:
    """Dollars per point of a broker's price; None for what brokers quote in cents and LEAN in dollars (corn, hogs)."""
    return None if product in QUOTED_IN_CENTS else FUTURE_MULTIPLIERS.get(product)
