"""The Greeks of a book: each leg by its own product's multiplier, deltas also in terms of one index.

Holds: position Greeks of a leg, their exact sum, and what is missing from it.
Belongs here: adding up Greeks that are given.
Never here: models of Greeks, prices, limits on what was added up.

A leg's position Greek is ``quantity * multiplier * Greek``. Its delta is turned into index units by

    beta-weighted delta = delta * quantity * multiplier * beta * underlying price / index price

so that deltas of different underlyings can be added: it is the number of index units that move as the leg does, where
the underlying moves by beta times the index in per cent. Only deltas may be added over underlyings in this way; gamma,
theta and vega are sums of what each leg says, in its own underlying's terms.

What is not known makes its sum unknown (None) and is named in `missing`; `known` is the sum of the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final, Literal, get_args

from tomking.kernel.greeks import Greeks
from tomking.kernel.money import ZERO, add, multiply

Sum = Literal["delta", "beta_weighted_delta", "gamma", "theta", "vega"]
SUMS: Final[tuple[Sum, ...]] = get_args(Sum)

DIGITS: Final = 12
"""Decimal places of a beta-weighted delta, which is a quotient; everything else is exact."""


@dataclass(frozen=True, slots=True)
class GreeksLeg:
    """A leg with all that its position Greeks need; None is unknown.

    `multiplier` is units per contract (100 for an option on shares, 50 for ES, 1 for a share), `price` that of the
    underlying in its own terms, `beta` the slope of the underlying's return on the index's.
    """

    key: str
    underlying: str
    quantity: int
    multiplier: Decimal | None
    greeks: Greeks | None
    price: Decimal | None = None
    beta: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PositionGreeks:
    """Greeks in units of the account: delta in units of the underlying, theta and vega in its currency."""

    delta: Decimal | None
    beta_weighted_delta: Decimal | None
    gamma: Decimal | None
    theta: Decimal | None
    vega: Decimal | None


@dataclass(frozen=True, slots=True)
class Missing:
    """What a sum lacks: the leg, the sum, and the input that is unknown (`multiplier`, `greeks`, `vega`, `beta`, …)."""

    key: str
    of: Sum
    input: str


@dataclass(frozen=True, slots=True)
class PortfolioGreeks:
    """Greeks of every leg, in their order, and of the whole."""

    legs: tuple[PositionGreeks, ...]
    total: PositionGreeks
    known: PositionGreeks
    missing: tuple[Missing, ...]


def portfolio_greeks(legs: Sequence[GreeksLeg], index_price: Decimal | None) -> PortfolioGreeks:
    """The Greeks of a book, with deltas weighted to an index (SPX) at `index_price`.

    Raises: MoneyError for numbers that are not finite.
    """
    found, missing = [], list[Missing]()
    for leg in legs:
        position, lacks = position_greeks(leg, index_price)
        found.append(position)
        missing.extend(lacks)
    return PortfolioGreeks(
        tuple(found),
        PositionGreeks(*(_sum(found, name) for name in SUMS)),
        PositionGreeks(*(add(value for one in found if (value := getattr(one, name)) is not None) for name in SUMS)),
        tuple(missing),
    )


def by_underlying(legs: Sequence[GreeksLeg], index_price: Decimal | None) -> dict[str, PortfolioGreeks]:
    """The same for the legs of each underlying alone; inside one, every sum has one meaning."""
    names = dict.fromkeys(leg.underlying for leg in legs)
    return {name: portfolio_greeks([leg for leg in legs if leg.underlying == name], index_price) for name in names}


def position_greeks(leg: GreeksLeg, index_price: Decimal | None) -> tuple[PositionGreeks, tuple[Missing, ...]]:
    """The Greeks of one leg, and what could not be had."""
    if leg.quantity == 0:
        return PositionGreeks(ZERO, ZERO, ZERO, ZERO, ZERO), ()
    if leg.multiplier is None or leg.greeks is None:
        input_ = "multiplier" if leg.multiplier is None else "greeks"
        return PositionGreeks(None, None, None, None, None), tuple(Missing(leg.key, name, input_) for name in SUMS)
    size = multiply(Decimal(leg.quantity), leg.multiplier)
    delta, gamma, theta, vega = (
        None if greek is None else multiply(size, greek)
        for greek in (leg.greeks.delta, leg.greeks.gamma, leg.greeks.theta, leg.greeks.vega)
    )
    weighted, lacks = _weighted(leg, delta, index_price)
    values = PositionGreeks(delta, weighted, gamma, theta, vega)
    missing = [Missing(leg.key, "beta_weighted_delta", lacks)] if lacks else []
    missing += [Missing(leg.key, name, name) for name in SUMS if name != _WEIGHTED and getattr(values, name) is None]
    return values, tuple(missing)


_WEIGHTED: Final = "beta_weighted_delta"
_WIDE: Final = Context(prec=120)


def _weighted(leg: GreeksLeg, delta: Decimal | None, index_price: Decimal | None) -> tuple[Decimal | None, str]:
    inputs = {"delta": delta, "beta": leg.beta, "price": leg.price, "index_price": index_price or None}
    lacks = next((name for name, value in inputs.items() if value is None), "")
    if delta is None or leg.beta is None or leg.price is None or not index_price:
        return None, lacks
    quotient = _WIDE.divide(multiply(delta, leg.beta, leg.price), index_price)
    return quotient.quantize(Decimal(1).scaleb(-DIGITS), context=_WIDE), ""


def _sum(positions: Iterable[PositionGreeks], name: str) -> Decimal | None:
    values = [getattr(position, name) for position in positions]
    return None if None in values else add(values)
