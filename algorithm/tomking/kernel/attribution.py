"""Where a trade's profit or loss came from: time, the underlying, volatility, fees, slippage, and what is left.

Holds: the running attribution of one trade, and its sums over a session.
Belongs here: splitting a change of value by the Greeks it began with.
Never here: computing Greeks or quotes, and what is a trade.

Between two observations of a contract its position is constant, and the change of its mid is split by the Greeks at the
beginning (units of `kernel.greeks`):

    theta = theta * days        delta = delta * dS        gamma = gamma * dS^2 / 2        vega = vega * 100 * dIV

times position and multiplier. What they do not explain is the residual, so that the parts always add up to the change.
A fill is observed at its moment: its distance from the mid is slippage, negative where it cost something; fees are
negative. A contract without a known mid is not observed, and its change belongs to the next interval with one.
Source: a Taylor expansion of the price; nothing is estimated.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from decimal import Decimal

from tomking.kernel.greeks import Greeks

ZERO = Decimal(0)
_DAY = timedelta(days=1)
_MILLIONTH = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Observation:
    """A contract at an instant (UTC): its mid, USD per share, its Greeks, and the price of the underlying."""

    at: datetime
    mark: Decimal
    underlying: Decimal | None = None
    greeks: Greeks | None = None


@dataclass(slots=True)
class Parts:
    """Cash by cause; costs are negative. The parts add up to `total`."""

    theta: Decimal = ZERO
    delta: Decimal = ZERO
    gamma: Decimal = ZERO
    vega: Decimal = ZERO
    fees: Decimal = ZERO
    slippage: Decimal = ZERO
    residual: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """The profit or loss, after fees."""
        return sum((getattr(self, one.name) for one in fields(self)), ZERO)

    @property
    def residual_share(self) -> Decimal | None:
        """The residual as a share of all parts without their signs; None where nothing happened."""
        gross = sum((abs(getattr(self, one.name)) for one in fields(self)), ZERO)
        return abs(self.residual) / gross if gross else None

    def rounded(self) -> Parts:
        """Every part to a millionth; what rounding leaves goes to the residual, so that they still add up."""
        found = Parts(**{one.name: getattr(self, one.name).quantize(_MILLIONTH) for one in fields(self)})
        found.residual += self.total.quantize(_MILLIONTH) - found.total
        return found

    def add(self, other: Parts) -> None:
        """Add another's parts to these."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


def change(quantity: int, before: Observation, after: Observation, multiplier: Decimal) -> Parts:
    """The split of the change of `quantity` contracts' value between two observations of them."""
    size = quantity * multiplier
    found = Parts(residual=size * (after.mark - before.mark))
    greeks = before.greeks
    if greeks is None:
        return found
    if greeks.theta is not None:
        days = Decimal(repr((after.at - before.at) / _DAY))
        found.theta = size * greeks.theta * days
    if before.underlying is not None and after.underlying is not None:
        move = after.underlying - before.underlying
        found.delta = size * (greeks.delta or ZERO) * move
        found.gamma = size * (greeks.gamma or ZERO) * move * move / 2
    level = None if after.greeks is None else after.greeks.implied_volatility
    if greeks.vega is not None and greeks.implied_volatility is not None and level is not None:
        found.vega = size * greeks.vega * 100 * (level - greeks.implied_volatility)
    found.residual -= found.theta + found.delta + found.gamma + found.vega
    return found


@dataclass(slots=True)
class TradeAttribution:
    """The running attribution of one trade; `multiplier` is cash per share of premium and contract."""

    multiplier: Decimal
    held: dict[str, int] = field(default_factory=dict)
    last_seen: dict[str, Observation] = field(default_factory=dict)
    running: Parts = field(default_factory=Parts)
    """What was attributed since it was last taken."""

    @property
    def is_flat(self) -> bool:
        """Whether nothing is held any more."""
        return not any(self.held.values())

    def observe(self, key: str, seen: Observation) -> None:
        """A held contract now: the change since it was last seen is split."""
        before = self.last_seen.get(key)
        if before is not None and self.held.get(key):
            self.running.add(change(self.held[key], before, seen, self.multiplier))
        self.last_seen[key] = seen

    def fill(self, key: str, quantity: int, price: Decimal, fee: Decimal, seen: Observation | None) -> None:
        """A trade of `quantity` (signed) at `price`; `seen` is the contract at that moment, None without a mid.

        A settlement is a fill whose `seen` is what the contract was worth then.
        """
        now = seen
        if now is None:
            last = self.last_seen.get(key)
            now = None if last is None else Observation(last.at, price, last.underlying)
        if now is not None:
            self.observe(key, now)
            self.running.slippage += (now.mark - price) * quantity * self.multiplier
        self.running.fees -= fee
        self.held[key] = self.held.get(key, 0) + quantity

    def take(self) -> Parts:
        """The parts since they were last taken."""
        taken, self.running = self.running, Parts()
        return taken

    @property
    def contracts(self) -> tuple[str, ...]:
        """The contracts that are held."""
        return tuple(key for key, quantity in self.held.items() if quantity)
