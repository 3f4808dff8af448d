"""LEAN's printed statistics as numbers.

Holds: the notations in which LEAN prints an amount, a ratio or a percentage.
Belongs here: a notation seen in a text map.
Never here: what a statistic means, or a figure of our own.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

# Both signs occur: `-$3.44` (fees) and `$-63.00` (net profit). A currency without a symbol is written as its code.
_VALUE = re.compile(
    r"(?P<before>[+-]?)(?P<currency>[$€£¥₹₮Ξ฿₿Ł¤₩₽₺₪₫₱₴]|[A-Z]{1,2}\$|[A-Z]{3,5}(?=[+-]?[\d.]))?(?P<after>[+-]?)"
    r"(?P<number>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)(?P<percent> ?%)?"
)


# .NET's TimeSpan `6.13:20:00.1234567`, and the server's `Up Time` `0d 00:00:10`.
_DURATION = re.compile(
    r"(?P<sign>-?)(?:(?P<days>\d{1,8})(?:\.|d ))?"
    r"(?P<hours>\d{2}):(?P<minutes>\d{2}):(?P<seconds>\d{2}(?:\.\d{1,7})?)"
)


@lru_cache(maxsize=8192)  # the windows of a run repeat themselves
def parse_statistic(text: str) -> tuple[Decimal | None, str | None]:
    """The number in a printed statistic and its unit (`%`, a currency symbol or code, `s`, or None).

    Percentages stay in percent, a duration becomes seconds. (None, None) for a text that is no number: names, dates.
    """
    found = _VALUE.fullmatch(text.strip())
    if found is None:
        return _parse_duration(text.strip())
    if found["before"] and found["after"]:
        return None, None
    number = Decimal(found["number"].replace(",", ""))
    if "-" in (found["before"], found["after"]):
        number = -number
    return number, "%" if found["percent"] else found["currency"]


def _parse_duration(text: str) -> tuple[Decimal | None, str | None]:
    found = _DURATION.fullmatch(text)
    if found is None:
        return None, None
    whole = int(found["days"] or 0) * 86_400 + int(found["hours"]) * 3_600 + int(found["minutes"]) * 60
    seconds = whole + Decimal(found["seconds"])
    return -seconds if found["sign"] else seconds, "s"
