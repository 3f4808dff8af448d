"""What venues take from an order or pay for it, where a broker passes that on without printing it.

Holds: for each plan and product the lowest and highest amount per unit that venues publish for customers, and the step
in which they price.
Belongs here: published limits of what a schedule leaves to the statement.
Never here: which venue an order met, or a guess of it; prices of brokers and regulators.

An amount per order is not known before the order is filled. It is known to lie between two published prices, and to be
a multiple of the step: a charge that is neither is not what a venue asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tomking.kernel.money import multiply


@dataclass(frozen=True, slots=True)
class VenueBand:
    """Limits per share or contract in US dollars, negative for a rebate.

    `step` divides what any number of units costs, on however many venues they were filled. The limits hold for units
    priced at `from_price` or more; below it venues ask shares of the value.
    """

    lowest: Decimal
    highest: Decimal
    step: Decimal
    digits: Decimal
    """By how much a printed total may miss a multiple of the step."""
    source: str
    from_price: Decimal = Decimal(0)

    def admits(self, amount: Decimal, quantity: Decimal, price: Decimal) -> bool:
        """Whether venues may have asked `amount` for `quantity` units at `price`."""
        if price < self.from_price or quantity % 1:
            return False
        if not multiply(self.lowest, quantity) <= amount <= multiply(self.highest, quantity):
            return False
        missed = abs(amount) % self.step
        return min(missed, self.step - missed) <= self.digits


_OPTIONS: Final = VenueBand(
    Decimal("-1.00"),
    Decimal("1.00"),
    Decimal("0.0025"),
    Decimal("0.000005"),
    "broker's pages of exchange fees: customers' prices of simple orders, a quarter of a cent where Cboe fills",
)
_SHARES: Final = VenueBand(
    Decimal("-0.0032"),
    Decimal("0.0030"),
    Decimal("0.00005"),
    Decimal("0.0000001"),
    "broker's pages of exchange fees: 0.0032 paid for retail orders that rest at EDGX, 0.0030 taken at most",
    Decimal(1),
)

_BANDS: Final[dict[tuple[str, str], dict[str, VenueBand]]] = {
    ("ibkr", plan): {
        "equity_option": _OPTIONS,
        "index_option": _OPTIONS,
        **({"equity": _SHARES} if plan == "tiered" else {}),
    }
    for plan in ("fixed", "lite", "standard", "tiered")
}


def venue_band(broker: str, plan: str, product: str) -> VenueBand | None:
    """Where venues' own fees lie that a plan passes on; None: an order costs what its schedule says."""
    return _BANDS.get((broker, plan), {}).get(product)
