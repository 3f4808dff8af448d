"""What a broker charges for the fills of one order leg, component by component.

Holds: `FeeSchedule` over dated rows, and the one function that both forecasts and explains fees.
Belongs here: selecting the row that applies, caps and minimums over an order leg, rounding by the row's own rule.
Never here: rates (see `schedules`), statements, LEAN's fee events.

A component that the schedule prices for a product but not on the day, or not for the root, is *unknown*: the whole
call raises UnknownRate and never returns a part or a zero. Components that apply and cost nothing (closing an option,
SEC in a year without it) are listed with amount 0 and their row, so that a free close can be told from an absent one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from tomking.kernel.money import ZERO, add, multiply
from tomking.kernel.products import INDEX_FAMILY
from tomking.kernel.schedules import CLOSED, PLANS
from tomking.kernel.schedules.rates import COMPONENTS, EVENTS, FUTURES, PRODUCTS, FeeRate

_PER_MILLION: Final = Decimal(1) / Decimal(1_000_000)


class UnknownSchedule(LookupError):
    """No schedule of that broker and plan."""

    def __init__(self, broker: str, plan: str) -> None:
        self.broker, self.plan = broker, plan
        super().__init__(f"no fee schedule for broker {broker!r}, plan {plan!r}")


class UnknownRate(LookupError):
    """The schedule does not say what this costs. Not the same as free."""

    def __init__(self, broker: str, component: str | None, fill: FeeFill, why: str) -> None:
        self.broker, self.component, self.product, self.day = broker, component, fill.product, fill.session_date
        self.root, self.event = fill.root, fill.event
        part = "no fee" if component is None else f"no {component} rate"
        super().__init__(f"{broker}: {part} for {fill.product} {fill.root!r} ({fill.event}) on {self.day}: {why}")


@dataclass(frozen=True, slots=True)
class FeeFill:
    """One fill, or one event on a position, as far as fees depend on it.

    `quantity` is unsigned (contracts or shares), `price` per unit in dollars, `multiplier` units per contract, `root`
    as `Instrument.fee_root` gives it. `effect` is None only where the product has no open and close (futures).
    `month_quantity` is what the account traded of the product in the month before this fill (volume tiers).
    """

    product: str
    side: str
    effect: str | None
    quantity: Decimal
    price: Decimal
    multiplier: Decimal
    session_date: date
    root: str
    event: str = "trade"
    month_quantity: Decimal = ZERO

    def __post_init__(self) -> None:
        for name, value, known in (
            ("product", self.product, PRODUCTS),
            ("side", self.side, ("buy", "sell")),
            ("effect", self.effect, ("open", "close", None)),
            ("event", self.event, EVENTS),
        ):
            if value not in known:
                raise ValueError(f"unknown {name}: {value!r}")
        for name, number in (("quantity", self.quantity), ("multiplier", self.multiplier)):
            if not number.is_finite() or number <= 0:
                raise ValueError(f"{name} must be above zero, not {number}")
        if not self.price.is_finite():
            raise ValueError(f"price must be a number, not {self.price}")

    @property
    def notional(self) -> Decimal:
        """Price x quantity x multiplier, exact; zero for a negative price (nothing is received)."""
        return max(multiply(self.price, self.quantity, self.multiplier), ZERO)


@dataclass(frozen=True, slots=True)
class Fee:
    """One component of one fill. `amount` in dollars, cost positive; `rate` the row it came from."""

    component: str
    amount: Decimal
    rate: FeeRate | None


@dataclass(frozen=True, slots=True)
class FillFees:
    """Every component of one fill, in the order of `COMPONENTS`."""

    fees: tuple[Fee, ...]

    @property
    def total(self) -> Decimal:
        """The exact sum of the components."""
        return add(fee.amount for fee in self.fees)

    @property
    def unproven(self) -> tuple[FeeRate, ...]:
        """The rows behind it that no statement row and no primary source shows."""
        return tuple(fee.rate for fee in self.fees if fee.rate is not None and not fee.rate.is_proven)

    def amount(self, component: str) -> Decimal:
        """What one component costs; 0 where it does not apply."""
        return add(fee.amount for fee in self.fees if fee.component == component)


@dataclass(frozen=True, slots=True)
class _Choice:
    """The rows of one component that a fill may be charged by, one for each of its tiers; or why there is none."""

    component: str
    tiers: tuple[FeeRate, ...]
    unknown: str | None = None

    def row(self, fill: FeeFill, leg_quantity: Decimal) -> FeeRate | None:
        """The row that counts for a fill, None where none of the tiers fits it."""
        if len(self.tiers) == 1 and not _has_tiers(self.tiers[0]):
            return self.tiers[0]
        return _tier_of(self.tiers, leg_quantity, fill.price, fill.month_quantity)


@dataclass(slots=True)
class _Running:
    """What one charge has come to over the fills of a leg, what of it was charged so far, and on what notional."""

    exact: Decimal = ZERO
    charged: Decimal = ZERO
    notional: Decimal = ZERO


class FeeSchedule:
    """Dated fee rows of one broker and plan.

    Rows with one selector replace each other by `effective_from`, and on the same day by their position: rows are listed
    in the order they were learnt. Among rows that fit a fill, the most specific counts: longest root, largest
    `from_quantity`, highest `from_price`.
    """

    def __init__(self, rows: Iterable[FeeRate], broker: str, plan: str = "standard") -> None:
        self.rows: Final = tuple(rows)
        self.broker: Final = broker
        self.plan: Final = plan
        self.is_exact: Final = all(row.rounding.mode == "exact" for row in self.rows if row.series == "pass_through")
        """Whether the broker rounds nothing that it charges. Asked for every leg, so it is looked up once."""
        self._rows: dict[tuple[str, str, str], list[FeeRate]] = {}
        for row in self.rows:
            self._rows.setdefault((row.series, row.product, row.component), []).append(row)
        self._starts: Final = sorted({row.effective_from for row in self.rows})
        self._learnt: Final = sorted({row.known_from for row in self.rows})
        self._known: dict[int, FeeSchedule] = {}
        # Fills differ in price and size, but come in few situations: what applies in one is looked up once.
        self._choices: dict[tuple[object, ...], tuple[_Choice, ...]] = {}
        self._tiers: dict[tuple[object, ...], tuple[FeeRate, ...]] = {}

    def plan_on(self, _day: date) -> str:
        """The plan that is in force on a day."""
        return self.plan

    def known_on(self, day: date) -> FeeSchedule:
        """The schedule as it was known on `day`: rows learnt later are left out."""
        learnt = bisect_right(self._learnt, day)
        if learnt not in self._known:
            self._known[learnt] = FeeSchedule(
                (row for row in self.rows if row.known_from <= day), self.broker, self.plan
            )
        return self._known[learnt]

    def with_rates(self, rows: Iterable[FeeRate]) -> FeeSchedule:
        """This schedule and further rows; a row of the same selector and day replaces the one that was there."""
        return FeeSchedule((*self.rows, *rows), self.broker, self.plan)

    def rate(  # noqa: PLR0917  (the order of a schedule's columns)
        self,
        component: str,
        product: str,
        day: date,
        root: str | None = None,
        side: str | None = None,
        effect: str | None = None,
        *,
        event: str = "trade",
        quantity: Decimal | None = None,
        price: Decimal | None = None,
        series: str = "pass_through",
    ) -> FeeRate | None:
        """The row in force on `day`, or None where the schedule has none.

        What is left out does not select: of rows that differ only in it, the one listed first is given. Without a
        `quantity` or `price` the lowest tier counts.
        """
        closed = CLOSED.get(self.broker)
        if closed is not None and day >= closed.since:
            return None
        situation = (component, product, self.epoch(day), root, side, effect, event, series)
        tiers = self._tiers.get(situation)
        if tiers is None:
            family = INDEX_FAMILY.get(root or "", root)
            tiers = _latest(
                (
                    row
                    for row in self._rows.get((series, product, component), ())
                    if event in row.events
                    and (side is None or row.side in (None, side))
                    and (effect is None or row.effect in (None, effect))
                    and (root is None or _fits_root(row, family or ""))
                ),
                day,
            )
            self._tiers[situation] = tiers
        return _tier_of(tiers, quantity or ZERO, price or ZERO)

    def epoch(self, day: date) -> int:
        """The number of the stretch of days that `day` lies in: within one, no row begins."""
        return bisect_right(self._starts, day)

    def fees_for_leg(self, fills: Sequence[FeeFill]) -> tuple[FillFees, ...]:
        """The fees of each fill of ONE order leg, in time order.

        Caps, minimums and order-leg rounding run over the fills cumulatively, so that the parts add up to what the
        unsplit leg would cost. Tiers by size look at the quantity of the whole leg given.

        Raises: UnknownRate; ValueError if the fills are not of one leg.
        """
        if len({(fill.product, fill.root, fill.side) for fill in fills}) > 1:
            raise ValueError("the fills are not of one leg: product, root or side differ")
        leg_quantity = add(fill.quantity for fill in fills)
        running: dict[tuple[object, ...], _Running] | None = {} if len(fills) > 1 else None
        return tuple(self._fees_of(fill, leg_quantity, running) for fill in fills)

    def _fees_of(
        self, fill: FeeFill, leg_quantity: Decimal, running: dict[tuple[object, ...], _Running] | None
    ) -> FillFees:
        closed = CLOSED.get(self.broker)
        if closed is not None and fill.session_date >= closed.since:
            raise UnknownRate(self.broker, None, fill, closed.why)
        fees: list[Fee] = []
        commission = ZERO
        for choice in self._choices_of(fill):
            rate = None if choice.unknown is not None else choice.row(fill, leg_quantity)
            if rate is None:
                raise UnknownRate(self.broker, choice.component, fill, choice.unknown or "no row in force on this day")
            if running is None:
                amount = _charge_alone(rate, fill, commission)
            else:
                amount = _charge(rate, fill, running.setdefault(rate.charge, _Running()), commission)
            if choice.component == "commission":
                commission = amount
            fees.append(Fee(choice.component, amount, rate))
        if not fees:
            raise UnknownRate(self.broker, None, fill, "the schedule does not price this event")
        return FillFees(tuple(fees))

    def _choices_of(self, fill: FeeFill) -> tuple[_Choice, ...]:
        """What may be charged in the situation of a fill, in the order of `COMPONENTS`."""
        is_fractional = bool(fill.quantity % 1)
        day = fill.session_date
        situation = (fill.product, fill.side, fill.effect, fill.event, fill.root, self.epoch(day), is_fractional)
        found = self._choices.get(situation)
        if found is None:
            priced = [name for name in COMPONENTS if ("pass_through", fill.product, name) in self._rows]
            if not priced:
                raise UnknownRate(self.broker, None, fill, "the schedule does not price this product")
            choices = [self._choice(name, fill, is_fractional=is_fractional) for name in priced]
            if fill.product in FUTURES and fill.event == "trade" and "exchange" not in priced:
                choices.append(_Choice("exchange", (), "every exchange takes a fee, and none is listed"))
            found = tuple(choice for choice in choices if choice is not None)
            self._choices[situation] = found
        return found

    def _choice(self, component: str, fill: FeeFill, *, is_fractional: bool) -> _Choice | None:
        """The rows of a component for a fill; None where the component does not apply to it by rule."""
        rows = self._rows["pass_through", fill.product, component]
        by_rule = [row for row in rows if fill.event in row.events and row.side in (None, fill.side)]
        if fill.effect is None and any(row.effect is not None for row in by_rule):
            return _Choice(component, (), "whether it opens or closes is not known")
        by_rule = [
            row for row in by_rule if row.effect in (None, fill.effect) and row.fractional in (None, is_fractional)
        ]
        if not by_rule:
            return None
        root = INDEX_FAMILY.get(fill.root, fill.root)
        of_root = [row for row in by_rule if _fits_root(row, root)]
        if not of_root:
            return _Choice(component, (), "no row for this root")
        return _Choice(component, _latest(of_root, fill.session_date))


def _fits_root(row: FeeRate, root: str) -> bool:
    if row.root is None:
        return True
    return root.startswith(row.root[:-1]) if row.root.endswith("*") else root == row.root


def _latest(rows: Iterable[FeeRate], day: date) -> tuple[FeeRate, ...]:
    """Of the rows that replace each other, the one in force on a day."""
    in_force: dict[tuple[object, ...], FeeRate] = {}
    for row in rows:
        if row.effective_from > day:
            continue
        earlier = in_force.get(row.selector)
        if earlier is None or row.effective_from >= earlier.effective_from:
            in_force[row.selector] = row
    return tuple(in_force.values())


def _has_tiers(row: FeeRate) -> bool:
    return row.from_quantity is not None or row.from_price is not None or row.from_volume is not None


def _tier_of(rows: Iterable[FeeRate], quantity: Decimal, price: Decimal, volume: Decimal = ZERO) -> FeeRate | None:
    fitting = [
        row
        for row in rows
        if (row.from_quantity or ZERO) <= quantity
        and (row.from_volume or ZERO) <= volume
        and (row.from_price is None or row.from_price <= price)
    ]
    return max(fitting, key=_specific, default=None)


def _specific(row: FeeRate) -> tuple[int, Decimal, Decimal, Decimal]:
    return len(row.root or ""), row.from_quantity or ZERO, row.from_volume or ZERO, row.from_price or ZERO


def _exact(rate: FeeRate, fill: FeeFill, commission: Decimal, *, first: bool) -> Decimal:
    """What a row comes to by its basis, before limits and rounding."""
    if rate.basis == "per_unit":
        return multiply(rate.amount, fill.quantity)
    if rate.basis == "per_million":
        return multiply(rate.amount, fill.notional, _PER_MILLION)
    if rate.basis == "of_commission":
        return multiply(rate.amount, commission)
    return rate.amount if rate.basis == "per_event" or first else ZERO


def _charge_alone(rate: FeeRate, fill: FeeFill, commission: Decimal) -> Decimal:
    """What the only fill of a leg is charged: the fill is the leg, and nothing was charged before."""
    amount = _exact(rate, fill, commission, first=True)
    if rate.order_amount is not None:
        amount = add((amount, rate.order_amount))
    if rate.is_limited:
        amount = _limited(amount, rate, fill.notional)
    return rate.rounding.apply(amount) if rate.rounding.scope != "day" else amount


def _charge(rate: FeeRate, fill: FeeFill, running: _Running, commission: Decimal) -> Decimal:
    first = not running.exact and not running.charged
    exact = _exact(rate, fill, commission, first=first)
    if first and rate.order_amount is not None:
        exact = add((exact, rate.order_amount))
    if rate.cap_scope == "fill":
        exact = _limited(exact, rate, fill.notional)
    running.exact = add((running.exact, exact))
    running.notional = add((running.notional, fill.notional))
    total = _limited(running.exact, rate, running.notional) if rate.cap_scope == "order_leg" else running.exact
    if rate.rounding.scope == "order_leg":
        total = rate.rounding.apply(total)
    amount = add((total, -running.charged))
    running.charged = total
    return rate.rounding.apply(amount) if rate.rounding.scope == "fill" else amount


def _limited(amount: Decimal, rate: FeeRate, notional: Decimal) -> Decimal:
    if rate.minimum is not None and amount < rate.minimum:
        amount = rate.minimum
    if rate.cap_share is not None:
        amount = min(amount, multiply(rate.cap_share, notional))
    return rate.cap if rate.cap is not None and amount > rate.cap else amount


def schedule_for(broker: str, plan: str = "standard") -> FeeSchedule:
    """The accepted schedule of a broker's plan.

    Raises: UnknownSchedule.
    """
    rows = PLANS.get((broker, plan))
    if rows is None:
        raise UnknownSchedule(broker, plan)
    return FeeSchedule(rows, broker, plan)
