"""How far apart two fills may be and still be the same fill.

Holds: the time windows, tolerances and weights of matching, by name.
Belongs here: a number that decides whether or how well two fills match; they are stored with every result.
Never here: the matching itself.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """Windows, tolerances and weights of the matching.

    The weights are ordered so that an exact pair always beats two pairs that deviate (`price` and `quantity` above
    `missing`), and that one pair that deviates beats two fills without a counterpart (both below twice `missing`).
    """

    window: dt.timedelta = dt.timedelta(seconds=120)
    """A broker books the legs of an order within about a minute; statements print seconds, LEAN's hourly fills the
    full hour. A fill further away is another fill."""
    settlement_days: int = 4
    """How many days after the session a broker may book an expiry, an assignment or the delivery that follows."""
    price_tolerance: Decimal = Decimal("0.005")
    """Statements print prices of options to the cent."""
    price_reach: Decimal = Decimal("0.10")
    """How far, as a share of LEAN's price, the price of a lone fill may lie off and still be that fill's."""
    price_reach_least: Decimal = Decimal("0.05")
    """The same in dollars, for prices of a few cents."""
    missing: int = 100
    duplicate: int = 105
    """All that is too much are rows booked twice."""
    price: int = 110
    quantity: int = 120
    both: int = 195
    """Price and quantity deviate: only believed where the order number or other legs of the order say so."""

    def as_dict(self) -> dict[str, str]:
        """The settings as text, to be kept beside a result."""
        return {name: str(value) for name, value in asdict(self).items()}


DEFAULT = MatchSettings()
