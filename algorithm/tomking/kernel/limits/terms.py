"""What the limits are asked about and what they answer.

Holds: `Exposure`, `Proposal`, `Account`, `Refusal`, `Answer`, and reading a limit's number.
Belongs here: a term that several limits share.
Never here: a limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tomking.kernel.parameter_specs import SPECS


@dataclass(frozen=True, slots=True)
class Exposure:
    """A trade that is planned or open; `planned_loss` is what it may lose at its stop, in the account's currency."""

    trade_id: str
    strategy: str
    product: str
    expiry: date
    stance: str = "short"
    part: str = ""
    planned_loss: Decimal | None = None

    @property
    def is_counted(self) -> bool:
        """Whether it takes a place of its group: a hedge and what another trade covers do not."""
        return self.stance in ("short", "long")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A trade that is asked for; `max_open` is its strategy's own limit per product and part.

    `margin` is the estimated buying power it will take, in the account's currency; None where it is not known.
    """

    strategy: str
    product: str
    expiry: date
    max_open: int
    stance: str = "short"
    part: str = ""
    margin: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """The state of account and market, amounts in the account's currency; None where it is not known.

    `vix` is in points, `term_slope` three-month over one-month implied volatility less one. `phase` is the one that the
    account has reached, None for that of its size.
    """

    equity: Decimal | None
    margin_used: Decimal | None
    vix: Decimal | None
    day: date | None = None
    term_slope: Decimal | None = None
    correlation_day: date | None = None
    currency: str | None = None
    phase: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The rule that refuses, what it allows and what it found."""

    rule: str
    reason: str
    limit: Decimal | None = None
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The first refusal, if any, and the rules that could not be judged for want of an input (`rule: input`)."""

    refusal: Refusal | None
    not_judged: tuple[str, ...]


def number(values: Mapping[str, str], name: str) -> Decimal:
    """The value of a limit. Raises ValueRefused for a text out of bounds, KeyError for one that is missing."""
    return Decimal(str(SPECS[name].value(values[name])))


def flag(values: Mapping[str, str], name: str) -> bool:
    """The value of a limit that is on or off."""
    return SPECS[name].value(values[name]) is True
