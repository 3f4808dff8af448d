"""The cash of one fill.

Holds: what a trade, an expiry, an exercise or an assignment moves in the currency its contract is quoted in.
Belongs here: a rule of one kind of event or of one kind of contract.
Never here: fees (they have a currency of their own), positions, or anything that needs a second event.

All amounts are in the contract's quote currency, positive what is received. None is unknown, never zero.
"""

from __future__ import annotations

from decimal import Decimal

from tomking.kernel.money import ZERO, multiply

SETTLED_DAILY = frozenset({"future", "cfd", "crypto_future"})
"""Contracts that cost nothing when traded: the engine books the price differences instead, the value is their sum."""

CURRENCY_PAIRS = frozenset({"forex", "crypto"})
"""Instruments whose position is money in another currency: the base currency is received, the quote currency paid."""

_BY_OPTION = frozenset({"exercise", "assignment"})


def intrinsic_value(
    *, call_put: str | None, strike: Decimal | None, underlying_price: Decimal | None
) -> Decimal | None:
    """What one unit of an option is worth at its end, never below zero; `strike` on the scale of the underlying."""
    if strike is None or underlying_price is None or call_put not in ("C", "P"):
        return None
    value = underlying_price - strike if call_put == "C" else strike - underlying_price
    return max(value, ZERO)


def fill_cash(
    *,
    kind: str,
    delivers: bool,
    quantity: Decimal,
    price: Decimal,
    multiplier: Decimal | None,
    strike: Decimal | None = None,
    call_put: str | None = None,
    underlying_price: Decimal | None = None,
) -> Decimal | None:
    """Cash received (+) or paid (-) by a fill of `quantity` (signed) units.

    `kind` is the kind of the order event. An option that is exercised or assigned and `delivers` moves no cash itself:
    its delivery is an event of its own, on the underlying at the strike. One that does not deliver is settled in cash
    by its intrinsic value. LEAN calls only options in the money exercised or assigned, so a strike that says otherwise
    is on another scale than the underlying, and the cash unknown. An expiry out of the money moves nothing.

    For contracts of `SETTLED_DAILY` the amount is the value that was traded: no cash changes hands, and the sum over
    a round trip is what the daily settlements came to.
    """
    if kind == "expiry":
        return ZERO
    if multiplier is None:
        return None
    if kind not in _BY_OPTION:
        return -multiply(quantity, price, multiplier)
    if delivers:
        return ZERO
    value = intrinsic_value(call_put=call_put, strike=strike, underlying_price=underlying_price)
    return -multiply(quantity, value, multiplier) if value else None
