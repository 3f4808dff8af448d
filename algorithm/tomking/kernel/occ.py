"""The 21-character option symbol of the Options Clearing Corporation (OCC, also called OSI).

Holds: reading it as brokers and LEAN print it, and writing the one canonical form.
Belongs here: root, expiry, right and strike in one text.
Never here: futures options (another layout), and the underlying (the text does not carry it).

The canonical form pads the root with blanks to six characters: `SPXW  230721P04400000`. LEAN adds a blank after roots
longer than five characters, and prints class shares with their dot; both are read, neither is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

_TEXT = re.compile(r"(?P<root>[^\s|][^|]*?) *(?P<day>[0-9]{6})(?P<right>[CP])(?P<strike>-?[0-9]{8,15})")
_LARGEST_EXPONENT: Final = 20


class SymbolError(ValueError):
    """A text is no symbol of the kind it is said to be, or two texts about one instrument contradict each other."""


@dataclass(frozen=True, slots=True)
class OccSymbol:
    """The four parts. `root` is stripped of blanks; the strike is exact to the text's three decimals."""

    root: str
    expiry: date
    call_put: str
    strike: Decimal

    @property
    def text(self) -> str:
        """The canonical text: 21 characters, longer only for a root or a strike that the standard cannot hold."""
        return occ_text(self.root, self.expiry, self.call_put, self.strike)


def occ_root(root: str) -> str:
    """The root as the clearing house writes it: class shares lose their separator (`BRK.B`, `BRK/B` → `BRKB`)."""
    return root.strip().replace(".", "").replace("/", "")


def occ_text(root: str, expiry: date, call_put: str, strike: Decimal) -> str:
    """The canonical text of an option.

    Raises: SymbolError for an empty root, a right other than C or P, a year the text cannot hold, or a strike with
    more than three decimals.
    """
    name = occ_root(root)
    if not name or " " in name:
        raise SymbolError(f"an option root cannot be {root!r}")
    if call_put not in ("C", "P"):
        raise SymbolError(f"an option is C or P, not {call_put!r}")
    if not 2000 <= expiry.year <= 2099:
        raise SymbolError(f"no two-digit year for {expiry}")
    thousandths = strike.scaleb(3)
    if thousandths != thousandths.to_integral_value():
        raise SymbolError(f"strike has more than three decimals: {strike}")
    sign = "-" if thousandths < 0 else ""
    return f"{name:<6}{expiry:%y%m%d}{call_put}{sign}{int(abs(thousandths)):08d}"


def parse_occ(text: str) -> OccSymbol:
    """The parts of an option symbol, however many blanks follow the root.

    Raises: SymbolError.
    """
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        raise SymbolError(f"not an option symbol: {text!r}")
    day = match["day"]
    try:
        expiry = date(2000 + int(day[:2]), int(day[2:4]), int(day[4:]))
    except ValueError as error:
        raise SymbolError(f"no such day in {text!r}") from error
    strike = Decimal(match["strike"]).scaleb(-3)
    # An exponent of zero where possible, so that 4400 does not print as 4400.000.
    return OccSymbol(occ_root(match["root"]), expiry, match["right"], plain(strike))


def plain(number: Decimal) -> Decimal:
    """The same number without trailing zeros and without an exponent above zero.

    Raises: SymbolError for what is no number, or far too large for a price.
    """
    normal = number.normalize()
    exponent = normal.as_tuple().exponent
    if not isinstance(exponent, int) or normal.adjusted() > _LARGEST_EXPONENT:
        raise SymbolError(f"not a number a symbol can state: {number}")
    return normal.quantize(Decimal(1)) if exponent > 0 else normal + 0
