"""LEAN's security identifiers (SIDs): the text form, its packed fields, and the strike in both of its scales.

Holds: a codec between `SPXW 329EXSBQS20R2|SPX 31` and named fields, and the tables of its small integers.
Belongs here: what the text itself says.
Never here: what an instrument is called elsewhere (that is `instruments`).

The part after the root is base 36 of an unsigned 64-bit number whose *decimal* digits are the fields, lowest first:
type (2), market (3), strike scale (2), strike mantissa (6), option style (1), days since 1899-12-30 (5), put (1).
The strike is mantissa x 10^(scale - 6); texts written before 2025-11-18 mean 10^(scale - 4), and nothing in the text
tells which. A negative strike has bit 19 of the mantissa set.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from tomking.kernel.occ import SymbolError

SECURITY_TYPES: Final = (
    "base",
    "equity",
    "option",
    "commodity",
    "forex",
    "future",
    "cfd",
    "crypto",
    "future_option",
    "index",
    "index_option",
    "crypto_future",
)
"""LEAN's security types; the position is the integer in its files."""

CURRENT_SCALE: Final = 6
EARLIER_SCALE: Final = 4
LARGEST_MANTISSA: Final = 475_711

_EPOCH: Final = date(1899, 12, 30)
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LIMIT: Final = 2**64
_DEEPEST: Final = 8
_NEGATIVE: Final = 1 << 19
_LAYOUT: Final = (
    ("security_type", 0, 2),
    ("market", 2, 3),
    ("strike_scale", 5, 2),
    ("strike_mantissa", 7, 6),
    ("style", 13, 1),
    ("days", 14, 5),
    ("put", 19, 1),
)

MARKETS: Final[dict[int, str]] = {
    0: "empty",
    1: "usa",
    2: "fxcm",
    3: "oanda",
    4: "dukascopy",
    5: "bitfinex",
    6: "cmeglobex",
    7: "nymex",
    8: "cbot",
    9: "ice",
    10: "cboe",
    11: "india",
    12: "gdax",
    13: "kraken",
    16: "binance",
    22: "comex",
    23: "cme",
    24: "sgx",
    25: "hkfe",
    26: "nyseliffe",
    33: "cfe",
    34: "ftx",
    35: "ftxus",
    36: "binanceus",
    37: "bybit",
    38: "coinbase",
    39: "interactivebrokers",
    40: "eurex",
    41: "ose",
    42: "dydx",
    43: "krx",
}
"""Market codes that are known by name; a code that is not here is kept as its number."""

MARKET_CODES: Final[dict[str, int]] = {name: code for code, name in MARKETS.items()}
"""Market names with the code LEAN writes."""


class SecurityIdError(SymbolError):
    """A text is no security identifier, or a value does not fit into one."""


@dataclass(frozen=True, slots=True)
class SecurityId:
    """The fields of one identifier. `underlying` is the identifier after the bar; it may have one of its own."""

    root: str
    security_type: int
    market: int = 1
    strike_scale: int = 0
    strike_mantissa: int = 0
    style: int = 0
    days: int = 0
    put: int = 0
    underlying: SecurityId | None = None

    def __post_init__(self) -> None:
        for name, _, width in _LAYOUT:
            value = getattr(self, name)
            if not 0 <= value < 10**width:
                raise SecurityIdError(f"{name} does not fit: {value}")
        if "|" in self.root or self.root != self.root.strip():
            raise SecurityIdError(f"a root cannot be {self.root!r}")
        if self.number >= _LIMIT:
            raise SecurityIdError("the fields do not fit into 64 bits")

    @property
    def number(self) -> int:
        """The unsigned 64-bit number that base 36 prints."""
        return sum(int(getattr(self, name)) * 10**place for name, place, _ in _LAYOUT)

    @property
    def text(self) -> str:
        """The identifier as LEAN writes it."""
        own = f"{self.root} {_to_base36(self.number)}"
        return own if self.underlying is None else f"{own}|{self.underlying.text}"

    @property
    def type_name(self) -> str | None:
        """The security type by name; None for a number this version does not know."""
        return SECURITY_TYPES[self.security_type] if self.security_type < len(SECURITY_TYPES) else None

    @property
    def market_name(self) -> str | None:
        """The market by name; None for a code this version does not know."""
        return MARKETS.get(self.market)

    @property
    def day(self) -> date | None:
        """Expiry of a derivative, first trading day of an equity; None where the identifier carries no date."""
        return _EPOCH + timedelta(days=self.days) if self.days else None

    def strike(self, base: int = CURRENT_SCALE) -> Decimal:
        """The strike under the current scale, or under `EARLIER_SCALE` for texts from before 2025-11-18."""
        mantissa = self.strike_mantissa
        if mantissa & _NEGATIVE:
            return Decimal(-(mantissa ^ _NEGATIVE)).scaleb(self.strike_scale - base)
        return Decimal(mantissa).scaleb(self.strike_scale - base)


def unpack(text: str) -> SecurityId:
    """The fields of an identifier's text. Blanks round the bar are tolerated; chains may nest.

    Raises: SecurityIdError.
    """
    parts = text.split("|")
    if len(parts) > _DEEPEST:
        raise SecurityIdError(f"too many underlyings: {text[:80]!r}")
    found = _unpack_one(parts[-1], text, None)
    for part in reversed(parts[:-1]):
        found = _unpack_one(part, text, found)
    return found


def _unpack_one(head: str, text: str, underlying: SecurityId | None) -> SecurityId:
    root, blank, base36 = head.strip().rpartition(" ")
    if not blank and not base36:
        raise SecurityIdError(f"empty identifier: {text!r}")
    if not blank and head[:1] != " ":
        raise SecurityIdError(f"no properties after the root: {text!r}")
    number = _from_base36(base36, text)
    fields = {name: number // 10**place % 10**width for name, place, width in _LAYOUT}
    return SecurityId(root=root.rstrip(), underlying=underlying, **fields)


def pack(
    root: str,
    security_type: str,
    *,
    market: int = 1,
    day: date | None = None,
    strike: Decimal | None = None,
    put: bool = False,
    european: bool = False,
    underlying: SecurityId | None = None,
    base: int = CURRENT_SCALE,
) -> SecurityId:
    """The identifier of an instrument given by its parts (`day` is the expiry of a derivative).

    Raises: SecurityIdError when the strike has more digits than the text can carry.
    """
    if security_type not in SECURITY_TYPES:
        raise SecurityIdError(f"unknown security type: {security_type!r}")
    mantissa, scale = _strike_fields(strike if strike is not None else Decimal(0), base)
    return SecurityId(
        root=root,
        security_type=SECURITY_TYPES.index(security_type),
        market=market,
        strike_scale=scale,
        strike_mantissa=mantissa,
        style=int(european),
        days=0 if day is None else (day - _EPOCH).days,
        put=int(put),
        underlying=underlying,
    )


def _strike_fields(strike: Decimal, base: int) -> tuple[int, int]:
    if not strike:
        return 0, 0
    scaled = abs(strike).scaleb(base)
    if scaled != scaled.to_integral_value():
        raise SecurityIdError(f"strike has too many decimals: {strike}")
    mantissa, scale = int(scaled), 0
    while mantissa % 10 == 0:
        mantissa, scale = mantissa // 10, scale + 1
    if mantissa > LARGEST_MANTISSA:
        raise SecurityIdError(f"strike has too many digits: {strike}")
    return (mantissa | _NEGATIVE if strike < 0 else mantissa), scale


def _from_base36(digits: str, text: str) -> int:
    if not digits or len(digits) > 13 or any(digit not in _DIGITS for digit in digits):
        raise SecurityIdError(f"not a security identifier: {text!r}")
    number = int(digits, 36)
    if number >= _LIMIT:
        raise SecurityIdError(f"does not fit into 64 bits: {text!r}")
    return number


def _to_base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text or "0"
