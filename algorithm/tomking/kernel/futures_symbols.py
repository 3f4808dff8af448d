"""Symbols of futures and of options on futures, in LEAN's and in tastytrade's spelling.

Holds: `/ESZ5`, `ES19Z25`, `./ESZ5 E2BX5 251111C6880` in both directions.
Belongs here: the fixed widths and month letters.
Never here: what an instrument is worth (multipliers are in `products`).

tastytrade's option text after the dot has fixed fields: the future with its slash padded to six, the option root padded
to six, yymmdd, the right, and the strike as a plain decimal. Fields that are full leave no blank between them
(`./MESZ5EXX5  251128P6300`), so the text is cut by width, never split at blanks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tomking.kernel.occ import SymbolError, plain

_FUTURE = re.compile(r"/(?P<product>[A-Z0-9]{1,4})(?P<month>[FGHJKMNQUVXZ])(?P<year>[0-9]{1,2})")
_LEAN = re.compile(r"(?P<product>[A-Z0-9]+?)(?P<day>[0-9]{2})(?P<month>[FGHJKMNQUVXZ])(?P<year>[0-9]{2})")
_TAIL = re.compile(r"(?P<day>[0-9]{6})(?P<right>[CP])(?P<strike>-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+))")


@dataclass(frozen=True, slots=True)
class FutureOptionText:
    """The parts of tastytrade's text; `future` keeps its slash, `root` is stripped of its padding."""

    future: str
    root: str
    expiry: date
    call_put: str
    strike: Decimal


def parse_future(text: str) -> tuple[str, str, str]:
    """Product, month letter and year digits of `/ESZ5` or `/VXM21`.

    Raises: SymbolError.
    """
    match = _FUTURE.fullmatch(text.strip())
    if match is None:
        raise SymbolError(f"not a future: {text!r}")
    return match["product"], match["month"], match["year"]


def product_of(text: str) -> str:
    """The product of a future's key (`/ESZ5` → `ES`); the text itself, without its slash, if it is no contract."""
    match = _FUTURE.fullmatch(text.strip())
    return match["product"] if match else text.strip().lstrip("/")


def short_key(text: str) -> str:
    """The future with one digit for the year, whichever spelling the source used."""
    product, month, year = parse_future(text)
    return f"/{product}{month}{year[-1]}"


def key_of_lean(value: str) -> str:
    """The key of LEAN's `ES19Z25`: product, expiry day, month letter, year.

    Raises: SymbolError.
    """
    match = _LEAN.fullmatch(value.strip())
    if match is None:
        raise SymbolError(f"not a LEAN future: {value!r}")
    return f"/{match['product']}{match['month']}{match['year'][-1]}"


def key_in_option_text(value: str) -> str | None:
    """The future that a LEAN text begins with (`ES19M20`, `ES19M20  200619C03100000`); None where there is none."""
    match = _LEAN.fullmatch(value.split(" ", 1)[0])
    return f"/{match['product']}{match['month']}{match['year'][-1]}" if match else None


def option_key(future: str, expiry: date, call_put: str, strike: Decimal) -> str:
    """The join key of an option on a future."""
    return f".{future} {expiry:%y%m%d}{call_put}{plain(strike):f}"


def option_text(
    future: str | None, root: str | None, expiry: date | None, call_put: str | None, strike: Decimal | None
) -> str:
    """The text tastytrade prints for an option on a future.

    Raises: SymbolError when a part is missing or too wide.
    """
    if not future or not root or expiry is None or call_put is None or strike is None:
        raise SymbolError("a futures option needs future, root, expiry, right and strike")
    if len(future) > 6 or len(root) > 6:
        raise SymbolError(f"too wide for the fixed fields: {future!r}, {root!r}")
    return f".{future:<6}{root:<6}{expiry:%y%m%d}{call_put}{plain(strike):f}"


def parse_option(text: str) -> FutureOptionText:
    """The parts of `./ESZ5 E2BX5 251111C6880`, cut by width.

    Raises: SymbolError.
    """
    body = text.rstrip()
    # A root of six characters is followed by a blank in some texts and by the day in others.
    future, root, tail = body[1:7].rstrip(), body[7:13].rstrip(), body[13:].removeprefix(" ")
    match = _TAIL.fullmatch(tail)
    if not body.startswith("./") or not root or " " in root or match is None:
        raise SymbolError(f"not an option on a future: {text!r}")
    parse_future(future)
    day = match["day"]
    try:
        expiry = date(2000 + int(day[:2]), int(day[2:4]), int(day[4:]))
    except ValueError as error:
        raise SymbolError(f"no such day in {text!r}") from error
    return FutureOptionText(future, root, expiry, match["right"], plain(Decimal(match["strike"])))
