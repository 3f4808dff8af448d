"""LEAN's printed statistics as numbers.

Holds: the notations in which LEAN prints an amount, a ratio or a percentage.
Belongs here: a notation seen in a text map.
Never here: what a statistic means, or a figure of our own.
"""

from __future__ import annotations

import re
from decimal import Decimal

# Both signs occur: `-$3.44` (fees) and `$-63.00` (net profit). A currency without a symbol is written as its code.
_VALUE = re.compile(
    r"(?P<before>[+-]?)(?P<currency>[$€£¥₹₮Ξ฿₿Ł¤₩₽₺₪₫₱₴]|[A-Z]{1,2}\$|[A-Z]{3,5}(?=[+-]?[\d.]))?(?P<after>[+-]?)"
    r"(?P<number>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)(?P<percent> ?%)?"
)


def parse_statistic(text: str) -> tuple[Decimal | None, str | None]:
    """The number in a printed statistic and its unit (`%`, a currency symbol or code, or None).

    Percentages stay in percent. (None, None) for a text that is no number: names, dates, durations.
    """
    found = _VALUE.fullmatch(text.strip())
    if found is None or (found["before"] and found["after"]):
        return None, None
    number = Decimal(found["number"].replace(",", ""))
    if "-" in (found["before"], found["after"]):
        number = -number
    return number, "%" if found["percent"] else found["currency"]
