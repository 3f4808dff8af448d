"""Symbols of futures and of options on futures: the texts that LEAN and the brokers build on.

Holds: the contract (`FutureContract`), `/ESZ5`, `ES19Z25`, `./ESZ5 E2BX5 251111C6880` in both directions, and what the
root of a weekly or end-of-month series says.
Belongs here: the fixed widths, the month letters and the calendar inside a root.
Never here: what an instrument is worth (multipliers are in `products`), and the notation of one broker (`symbols`).

tastytrade's option text after the dot has fixed fields: the future with its slash padded to six, the option root padded
to six, yymmdd, the right, and the strike as a plain decimal. Fields that are full leave no blank between them
(`./MESZ5EXX5  251128P6300`), so the text is cut by width, never split at blanks.

Most sources write one digit of the year, which repeats every ten years. A key has one digit for 2020 to 2029 and two
for any other year (`/ESZ5`, `/ESZ15`), so that a contract of 2015 and one of 2025 never share a key.
"""

from __future__ import annotations

import re
from calendar import FRIDAY, MONDAY, THURSDAY, TUESDAY, WEDNESDAY
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from tomking.kernel.occ import SymbolError, plain
from tomking.kernel.products import FUTURE_MULTIPLIERS, MONTHS_BEFORE_DELIVERY

MONTHS: Final = "FGHJKMNQUVXZ"
"""Letters of the months, January first."""

_FUTURE = re.compile(r"/(?P<product>[A-Z0-9]{1,4})(?P<month>[FGHJKMNQUVXZ])(?P<year>[0-9]{1,2})")
_LEAN = re.compile(r"(?P<product>[A-Z0-9]+?)(?P<day>[0-9]{2})(?P<month>[FGHJKMNQUVXZ])(?P<year>[0-9]{2})")
_TAIL = re.compile(r"(?P<day>[0-9]{6})(?P<right>[CP])(?P<strike>-?(?:[0-9]{1,15}(?:\.[0-9]{1,12})?|\.[0-9]{1,12}))")
_SERIES = re.compile(r"(?P<series>[A-Z0-9]{1,4}?)(?P<month>[FGHJKMNQUVXZ])(?P<year>[0-9]{1,2})")

_SHORT_DECADE: Final = 2020
_QUARTERS: Final = "HMUZ"
_WEEKLY = re.compile(r"(?P<family>[EXQR])(?P<week>[1-5])(?P<day>[ABCD])")
_FRIDAY = re.compile(r"(?P<family>EW|EX)(?P<week>[1-4])?")
_WEEKLY_PRODUCTS: Final = {"E": "ES", "X": "MES", "Q": "NQ", "R": "RTY", "EW": "ES", "EX": "MES"}
_WEEKDAYS: Final = {"A": MONDAY, "B": TUESDAY, "C": WEDNESDAY, "D": THURSDAY}


@dataclass(frozen=True, slots=True)
class FutureContract:
    """One delivery month of a product; `month` is its letter, `year` has four digits."""

    product: str
    month: str
    year: int

    @property
    def key(self) -> str:
        """The join key: one digit of the year for 2020 to 2029, two for any other."""
        short = _SHORT_DECADE <= self.year < _SHORT_DECADE + 10
        return self.one_digit if short else self.two_digits

    @property
    def one_digit(self) -> str:
        """`/ESZ5`, as tastytrade and Interactive Brokers (without the slash) write it."""
        return f"/{self.product}{self.month}{self.year % 10}"

    @property
    def two_digits(self) -> str:
        """`/ESZ25`, as Schwab and thinkorswim write it."""
        return f"/{self.product}{self.month}{self.year % 100:02d}"


@dataclass(frozen=True, slots=True)
class FutureOptionText:
    """The parts of tastytrade's text; `future` keeps its slash, `root` is stripped of its padding."""

    future: str
    root: str
    expiry: date
    call_put: str
    strike: Decimal


@dataclass(frozen=True, slots=True)
class OptionSeries:
    """What the root of an option series on an equity index future says (`E2BX5`: ES, second Tuesday of November 2025).

    `expiry` is the day by the rule of the series, not moved for holidays; None where the rule needs the exchange's
    calendar (end of month).
    """

    product: str
    month: str
    year: int
    expiry: date | None


# --- futures ---------------------------------------------------------------------------------------------------------


def full_year(digits: str, *, near: date | None = None) -> int:
    """The year of one or two digits. One digit is the first such year from the year before `near` on.

    Contracts are listed less than nine years ahead, and a last row about one may come in January after it. Without a
    day, one digit means the decade from 2020.
    """
    if len(digits) == 2:
        return 2000 + int(digits)
    first = _SHORT_DECADE if near is None else near.year - 1
    return first + (int(digits) - first) % 10


def contract_of(text: str, *, near: date | None = None) -> FutureContract:
    """The contract of `/ESZ5` or `/VXM21`; `near` is a day it was traded or the expiry of an option on it.

    Raises: SymbolError.
    """
    product, month, year = parse_future(text)
    return FutureContract(product, month, full_year(year, near=near))


def contract_of_key(key: str) -> FutureContract:
    """The contract behind a key. Raises: SymbolError."""
    return contract_of(key)


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


def key_of_lean(value: str) -> str:
    """The key of LEAN's `ES19Z25`: product, expiry day, month letter, year.

    Raises: SymbolError.
    """
    match = _LEAN.fullmatch(value.strip())
    if match is None:
        raise SymbolError(f"not a LEAN future: {value!r}")
    return FutureContract(match["product"], match["month"], full_year(match["year"])).key


def contract_expiring(product: str, expiry: date) -> FutureContract | None:
    """The contract of a product that expires on a day; None for products whose rule is not known."""
    before = MONTHS_BEFORE_DELIVERY.get(product, 0 if product in FUTURE_MULTIPLIERS else None)
    if before is None:
        return None
    months = expiry.year * 12 + expiry.month - 1 + before
    return FutureContract(product, MONTHS[months % 12], months // 12)


def key_in_option_text(value: str) -> str | None:
    """The future that a LEAN text begins with (`ES19M20`, `ES19M20  200619C03100000`); None where there is none."""
    try:
        return key_of_lean(value.split(" ", 1)[0])
    except SymbolError:
        return None


# --- options on futures ----------------------------------------------------------------------------------------------


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


# --- the series a root names -----------------------------------------------------------------------------------------


def series_of(root: str) -> str:
    """The root without month and year: `E2BX5` → `E2B`, `LOF9` → `LO`; a root that carries none is returned as it is."""
    match = _SERIES.fullmatch(root)
    return match["series"] if match else root


def option_series(root: str, *, near: date | None = None) -> OptionSeries:
    """What the root of a weekly or end-of-month series on an equity index future says.

    `E2B` is the second Tuesday of ES (A Monday to D Thursday; `X` MES, `Q` NQ, `R` RTY), `EW3` and `EX3` the third
    Friday of ES and MES, `EW` and `EX` the last trading day of the month.

    Raises: SymbolError for a root that follows none of these rules.
    """
    match = _SERIES.fullmatch(root)
    if match is None:
        raise SymbolError(f"not the root of a series: {root!r}")
    year, month = full_year(match["year"], near=near), match["month"]
    weekly, friday = _WEEKLY.fullmatch(match["series"]), _FRIDAY.fullmatch(match["series"])
    if weekly is not None:
        day = _nth(year, month, _WEEKDAYS[weekly["day"]], int(weekly["week"]))
        return OptionSeries(_WEEKLY_PRODUCTS[weekly["family"]], month, year, day)
    if friday is not None:
        last = _nth(year, month, FRIDAY, int(friday["week"])) if friday["week"] else None
        return OptionSeries(_WEEKLY_PRODUCTS[friday["family"]], month, year, last)
    raise SymbolError(f"the rule of the series {root!r} is not known")


def quarterly_contract(product: str, expiry: date) -> FutureContract:
    """The equity index future that an option delivers: the first quarterly one that does not expire before it.

    Quarterly contracts expire on the third Friday of March, June, September and December.
    """
    year, month = expiry.year, MONTHS[expiry.month - 1]
    if month in _QUARTERS and expiry > _nth(year, month, FRIDAY, 3):
        following = expiry.month % 12
        year, month = (year + 1 if following == 0 else year), MONTHS[following]
    while month not in _QUARTERS:
        month = MONTHS[MONTHS.index(month) + 1]
    return FutureContract(product, month, year)


def _nth(year: int, month: str, weekday: int, number: int) -> date:
    first = date(year, MONTHS.index(month) + 1, 1)
    day = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
    if day.month != first.month:
        raise SymbolError(f"{year}-{first.month:02d} has no such weekday number {number}")
    return day
