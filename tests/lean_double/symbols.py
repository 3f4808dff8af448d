"""Symbols: what LEAN calls an instrument, with its identifier text.

Holds: `Symbol` for US shares and options on them.
Belongs here: identity.
Never here: prices.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from tests.lean_double.names import OptionRight, OptionStyle, SecurityType
from tests.lean_double.strict import strict
from tomking.kernel.occ import SymbolError, occ_text, parse_occ
from tomking.kernel.security_id import SecurityId, pack

FIRST_DAYS = {"SPY": date(1998, 1, 2), "AAPL": date(1998, 1, 2)}
"""First trading day by LEAN's map files, which an equity's identifier carries."""


@dataclass(frozen=True)
class Identifier:
    """A security identifier: its text and its date (expiry of an option)."""

    text: str
    date: datetime

    def __str__(self) -> str:
        return self.text


@strict
@dataclass(frozen=True, eq=False)
class Symbol:
    """A share, an option, or the canonical symbol of a share's options."""

    value: str
    id: Identifier
    security_type: SecurityType
    underlying: Symbol | None = None
    right: OptionRight | None = None
    strike: Decimal | None = None
    expiry: date | None = None

    def __hash__(self) -> int:
        return hash(self.id.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and self.id.text == other.id.text

    def __str__(self) -> str:
        return self.value

    @property
    def root(self) -> str:
        """The ticker that leads the identifier."""
        return self.id.text.split(" ", 1)[0]

    @property
    def is_option(self) -> bool:
        return self.security_type == SecurityType.OPTION

    @staticmethod
    def equity(ticker: str) -> Symbol:
        """A US share."""
        first = FIRST_DAYS.get(ticker, date(1998, 1, 2))
        return Symbol(ticker, _identifier(pack(ticker, "equity", day=first), first), SecurityType.EQUITY)

    @staticmethod
    def index(ticker: str) -> Symbol:
        """A US index; its identifier is that of a share with another type."""
        return Symbol(ticker, Identifier(f"{ticker} 31", datetime(1998, 1, 2)), SecurityType.INDEX)  # noqa: DTZ001

    @staticmethod
    def create_canonical_option(underlying: Symbol) -> Symbol:
        """The symbol that stands for every option of a share."""
        identifier = pack(underlying.root, "option", underlying=_parts(underlying))
        return Symbol(
            "?" + underlying.value, _identifier(identifier, date(1899, 12, 30)), SecurityType.OPTION, underlying
        )

    @staticmethod
    def create_option(  # noqa: PLR0917 - LEAN's own order of arguments
        underlying: Symbol, market: str, style: OptionStyle, right: OptionRight, strike: float, expiry: datetime
    ) -> Symbol:
        """One option contract."""
        del market
        price, day = Decimal(str(strike)), expiry.date()
        put = right == OptionRight.PUT
        identifier = pack(
            underlying.root,
            "option",
            day=day,
            strike=price,
            put=put,
            european=style == OptionStyle.EUROPEAN,
            underlying=_parts(underlying),
        )
        value = occ_text(underlying.value, day, "P" if put else "C", price)
        return Symbol(value, _identifier(identifier, day), SecurityType.OPTION, underlying, right, price, day)

    def as_json(self) -> dict[str, object]:
        """The symbol as result files hold it."""
        found: dict[str, object] = {"value": self.value, "id": self.id.text, "permtick": self.value}
        if self.underlying is not None:
            found["underlying"] = self.underlying.as_json()
        return found


def from_text(text: str) -> Symbol:
    """The symbol of a share's ticker or of an option's text."""
    try:
        parts = parse_occ(text)
    except SymbolError:
        return Symbol.equity(text)
    right = OptionRight.PUT if parts.call_put == "P" else OptionRight.CALL
    expiry = datetime.combine(parts.expiry, time())
    return Symbol.create_option(
        Symbol.equity(parts.root), "usa", OptionStyle.AMERICAN, right, float(parts.strike), expiry
    )


def _parts(equity: Symbol) -> SecurityId:
    return pack(equity.root, "equity", day=equity.id.date.date())


def _identifier(parts: SecurityId, day: date) -> Identifier:
    return Identifier(parts.text, datetime.combine(day, time()))
