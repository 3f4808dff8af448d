"""Why a leg was charged what it was charged, to the cent.

Holds: the three fees of a leg (modelled, expected, charged) and the causes that lead from the first to the last.
Belongs here: the order in which causes are looked for, and the arithmetic that makes them add up.
Never here: rates (`tomking.kernel.fees`), matching, what is a break (`breaks`).

The way from modelled to charged goes over what our schedule expects, first on LEAN's fills, then on the broker's:

    modelled ─► expected on LEAN's fills ─► expected on the broker's fills ─► charged
               (what the model leaves out)  (quantity, price, partial fills)  (rates, classes, levels, rounding)

Each step is split by component and cause, and the parts add up to `charged - modelled` exactly. The commission column
stands alone on a statement; all other charges are one column, printed to the cent, so whatever is left within half a
cent per row is `rounding`, and only what no cause explains is `unknown`. A broker that rounds nothing is held to its last
printed digit instead; where it prints one figure for everything, that figure is compared as a whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipelines.transforms.fees.all_in_rows import HALF_CENT, cap_place, left_in_commission, left_in_fees
from pipelines.transforms.matching.fills import ZERO, BrokerFill, LeanFill, Leg, average_price, total
from tomking.kernel.fees import FeeFill, FeeSchedule, FillFees, UnknownRate
from tomking.kernel.schedules.venues import venue_band

UNROUNDED = Decimal("0.00005")
"""The same for a broker that rounds nothing: parts are printed with five decimals and more."""
PRINTED = "fees"
"""The component name of the one column in which a statement prints everything but the commission."""
_OTHER = {"open": "close", "close": "open"}
_EARLIER_UNITS = 10
"""The largest earlier part of an order that is looked for: more units than any minimum stands for."""
_ANY_PRICE = Decimal(10**12)
"""Above the lowest price of every tier."""
ROUTINE = frozenset({"component_not_modelled", "rounding", "cap"})
"""Causes that say nothing about a single leg: every leg has them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the fee schedule needs to know about an instrument."""

    product: str
    multiplier: Decimal
    root: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the difference. `faulty` marks what the broker charged against our schedule."""

    component: str
    cause: str
    amount: Decimal
    faulty: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """The three fees of a leg (costs positive, None where that side does not exist or cannot be known) and the parts.

    The parts add up to `difference` exactly. `tolerance` is half a cent for every statement row, and next to nothing
    where the broker rounds nothing.
    """

    modelled: Decimal | None
    expected: Decimal | None
    charged: Decimal | None
    parts: tuple[Part, ...]
    tolerance: Decimal

    @property
    def difference(self) -> Decimal:
        """Charged minus modelled; a side that does not exist counts 0."""
        return (self.charged or ZERO) - (self.modelled or ZERO)


class Parts:
    """Sums per component, cause and fault."""

    def __init__(self) -> None:
        self._sums: defaultdict[tuple[str, str, bool], Decimal] = defaultdict(lambda: ZERO)

    def add(self, component: str, cause: str, amount: Decimal, *, faulty: bool = False, keep: bool = False) -> None:
        """Adds a part; zero counts only if it has to be told (`keep`)."""
        if amount or keep:
            self._sums[component, cause, faulty] += amount

    def result(self) -> tuple[Part, ...]:
        """All parts in a stable order."""
        return tuple(Part(*key[:2], amount, key[2]) for key, amount in sorted(self._sums.items()))


@dataclass(frozen=True, slots=True)
class Schedules:
    """The accepted schedule, and the one with the levels that the statements themselves show that day."""

    accepted: FeeSchedule
    fitted: FeeSchedule | None = None


def explain(leg: Leg, terms: Terms | None, schedules: Schedules | None) -> Explained:
    """The three fees of a leg and the causes of their difference.

    Where our schedule does not know a rate, `expected` is None and the difference is `unknown`.
    """
    modelled = _modelled(leg.lean)
    charged = total(_charged(row) for row in leg.rows) if leg.rows else None
    slack = UNROUNDED if schedules is not None and schedules.accepted.is_exact else HALF_CENT
    tolerance = slack * len(leg.rows)
    parts = Parts()
    if not leg.rows:
        parts.add("commission", "missing_at_broker", -(modelled or ZERO), faulty=True, keep=True)
    try:
        prices = None if terms is None or schedules is None else _Prices(leg, terms, schedules)
    except UnknownRate:
        prices = None
    if prices is None:
        if leg.rows:
            # Without any schedule nothing is expected, so nothing can be at fault.
            difference = (charged or ZERO) - (modelled or ZERO)
            parts.add(PRINTED, "unknown", difference, faulty=schedules is not None)
        return Explained(modelled, None, charged, parts.result(), tolerance)
    if leg.rows:
        if leg.lean:
            _model_to_schedule(parts, modelled, prices)
            _lean_to_broker(parts, leg, prices)
        else:
            for component, amount in prices.on_rows.items():
                parts.add(component, "missing_in_lean", amount, faulty=True)
            parts.add("commission", "missing_in_lean", ZERO, faulty=True, keep=True)
        _schedule_to_commission(parts, prices)
        _schedule_to_fees(parts, prices, slack)
        if any(row.corrects for row in leg.rows):
            parts.add(PRINTED, "cancel_correct", ZERO, keep=True)
        for row in leg.duplicates:
            parts.add("commission", "duplicate", row.commission or ZERO, faulty=True, keep=True)
            parts.add(PRINTED, "duplicate", row.fees, faulty=True)
    expected = prices.on_rows if leg.rows else prices.on_lean
    return Explained(modelled, total(expected.values()), charged, parts.result(), tolerance)


def _modelled(fills: Sequence[LeanFill]) -> Decimal | None:
    fees = [fill.fee for fill in fills if fill.fee is not None]
    return total(fees) if fees else None


def _charged(row: BrokerFill) -> Decimal:
    return (row.commission or ZERO) + row.fees


class _Prices:
    """What our schedule expects for a leg, on either side's fills."""

    def __init__(self, leg: Leg, terms: Terms, schedules: Schedules) -> None:
        self.leg, self.terms, self.schedule = leg, terms, schedules.accepted
        self.effect = _effect(leg)
        rows = sorted(leg.broker, key=cap_place)
        self.lean_fills = [self._fill(fill, fill.quantity, fill.price) for fill in leg.lean]
        on_lean = self._fees(self.schedule, self.lean_fills)
        self.on_lean = _by_component(on_lean)
        own = average_price(leg.lean)
        booked = [row.price if row.price is not None else (own or ZERO) for row in rows]
        self.row_fills = [self._fill(row, row.quantity, price) for row, price in zip(rows, booked, strict=True)]
        self.per_row = on_lean if self.row_fills == self.lean_fills else self._fees(self.schedule, self.row_fills)
        self.on_rows = _by_component(self.per_row)
        # LEAN's price on the broker's quantities parts what a quantity costs from what a price costs.
        self.at_lean_price = self.on_rows
        if any(price != own for price in booked) and own is not None:
            at_lean = [self._fill(row, row.quantity, own) for row in rows]
            self.at_lean_price = _by_component(self._fees(self.schedule, at_lean))
        self.fitted = self._fees(schedules.fitted, self.row_fills) if schedules.fitted is not None else self.per_row
        apart = left_in_fees if self.schedule.is_exact else left_in_commission
        self.rows = [apart(row, *fees) for row, *fees in zip(rows, self.per_row, self.fitted, strict=True)]

    def _fill(self, fill: LeanFill | BrokerFill, quantity: Decimal, price: Decimal) -> FeeFill:
        event: str = "assignment" if self.leg.leg_class == "delivery" else self.leg.leg_class
        if isinstance(fill, BrokerFill) and fill.settles_cash:
            event = "cash_settlement"
        return FeeFill(
            product=self.terms.product,
            side="buy" if quantity > 0 else "sell",
            effect=self.effect,
            quantity=abs(quantity),
            price=price,
            multiplier=self.terms.multiplier,
            session_date=fill.session_date,
            root=self.terms.root,
            event=event,
            month_quantity=fill.month_volume if isinstance(fill, BrokerFill) else ZERO,
        )

    @staticmethod
    def _fees(schedule: FeeSchedule, fills: Sequence[FeeFill]) -> tuple[FillFees, ...]:
        return schedule.fees_for_leg(fills) if fills else ()

    def venue_may_ask(self, fill: FeeFill, amount: Decimal) -> bool:
        """Whether an amount beyond the schedule is one that venues publish and this plan passes on."""
        plan = self.schedule.plan_on(fill.session_date)
        band = venue_band(self.schedule.broker, plan, fill.product)
        return band is not None and band.admits(amount, fill.quantity, fill.price)

    def after_earlier_fills(self, charged: Sequence[Decimal]) -> bool:
        """Whether the rows go on with an order whose first fills, which used its minimum up, are not there."""
        first = self.row_fills[0]
        found = self.per_row[0]
        if not any(fee.component == "commission" and fee.rate and fee.rate.minimum for fee in found.fees):
            return False
        for units in range(1, _EARLIER_UNITS + 1):
            whole = (replace(first, quantity=Decimal(units)), *self.row_fills)
            if [fees.amount("commission") for fees in self._fees(self.schedule, whole)[1:]] == list(charged):
                return True
        return False

    def uncapped(self, fill: FeeFill, effect: str | None, price: Decimal | None = None) -> Decimal | None:
        """What a fill would cost in commission if it opened or closed, without a cap; None where there is no rate.

        A `price` other than the fill's own asks for another tier.
        """
        found = self.schedule.rate(
            "commission", fill.product, fill.session_date, fill.root, fill.side, effect,
            event=fill.event, price=fill.price if price is None else price,
        )  # fmt: skip
        if found is None or (effect != fill.effect and found.effect is None):
            # A rate that does not ask whether a fill opens or closes has no other class.
            return None
        return found.amount * fill.quantity if found.basis == "per_unit" else found.amount

    def other_class(self, fill: FeeFill) -> Decimal | None:
        """The commission as if the fill opened where it closes, and the other way round."""
        other = _OTHER.get(fill.effect or "")
        return None if other is None else self.uncapped(fill, other)

    def charged_as_other_class(self, charged: Sequence[Decimal]) -> bool:
        """Whether the rows were charged as if the whole leg were of the other class, capped as that class is."""
        other = _OTHER.get(self.effect or "")
        if other is None:
            return False
        turned = [replace(fill, effect=other) for fill in self.row_fills]
        due = total(fees.amount("commission") for fees in self._fees(self.schedule, turned))
        full = [self.uncapped(fill, other) for fill in turned]
        if total(charged) != due or any(most is None or paid > most for paid, most in zip(charged, full, strict=True)):
            return False
        # Rows of one second use up a cap in an order of their own: full, then one in part, then nothing.
        return sum(0 < paid < (most or ZERO) for paid, most in zip(charged, full, strict=True)) <= 1

    def charged_at_one_rate(self, charged: Sequence[Decimal]) -> bool:
        """Whether one rate per contract, whatever it is, and the cap of the leg's class give every row's commission.

        Such a rate uses the cap up sooner: the free rows after it are no closing ones.
        """
        first = self.row_fills[0]
        due = self.schedule.rate(
            "commission", first.product, first.session_date, first.root, first.side, self.effect, event=first.event
        )
        if due is None or due.cap is None:
            return False
        rate, left = charged[0] / first.quantity, due.cap
        for paid, fill in zip(charged, self.row_fills, strict=True):
            if paid != min(rate * fill.quantity, left):
                return False
            left -= paid
        return True


def _effect(leg: Leg) -> str | None:
    """Open or close, as the broker states it; else as LEAN's own fee shows it (closing an option is free)."""
    stated = next((row.effect for row in leg.broker if row.effect is not None), None)
    if stated is not None or leg.leg_class != "trade":
        return stated
    modelled = _modelled(leg.lean)
    return None if modelled is None else ("open" if modelled else "close")


def _by_component(fees: Sequence[FillFees]) -> dict[str, Decimal]:
    sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for fill in fees:
        for fee in fill.fees:
            sums[fee.component] += fee.amount
    return dict(sums)


def _model_to_schedule(parts: Parts, modelled: Decimal | None, prices: _Prices) -> None:
    """What LEAN's model leaves out or judges differently, on LEAN's own fills."""
    for component, amount in prices.on_lean.items():
        if component != "commission":
            parts.add(component, "component_not_modelled", amount)
    expected = prices.on_lean.get("commission", ZERO)
    if modelled is None:
        parts.add("commission", "component_not_modelled", expected)
        return
    full = _sum_known(prices.uncapped(fill, fill.effect) for fill in prices.lean_fills)
    other = _sum_known(prices.other_class(fill) for fill in prices.lean_fills)
    if full is None:
        full = expected
    if modelled not in (full, expected):
        dearest = _sum_known(prices.uncapped(fill, fill.effect, _ANY_PRICE) for fill in prices.lean_fills)
        cause = "open_close_class" if modelled == other != dearest else "commission_rate"
        parts.add("commission", cause, full - modelled)
        modelled = full
    if modelled != expected:
        parts.add("commission", "cap", expected - modelled)


def _sum_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    found = list(amounts)
    known = [amount for amount in found if amount is not None]
    return total(known) if known and len(known) == len(found) else None


def _lean_to_broker(parts: Parts, leg: Leg, prices: _Prices) -> None:
    """What other quantities, prices or partial fills change in what our schedule expects."""
    by_quantity = "quantity" if "quantity" in leg.deviations else "rounding"
    by_price = "price" if "price" in leg.deviations else "rounding"
    for component in sorted({*prices.on_lean, *prices.on_rows}):
        ours = prices.on_lean.get(component, ZERO)
        between = prices.at_lean_price.get(component, ZERO)
        theirs = prices.on_rows.get(component, ZERO)
        parts.add(component, by_quantity, between - ours, faulty=by_quantity == "quantity")
        parts.add(component, by_price, theirs - between, faulty=by_price == "price")
    for cause in ("quantity", "price"):
        if cause in leg.deviations:
            parts.add("commission", cause, ZERO, faulty=True, keep=True)
    if "timing" in leg.deviations:
        parts.add("commission", "timing", ZERO, keep=True)


def _schedule_to_commission(parts: Parts, prices: _Prices) -> None:
    """The printed commission against the expected one. A cap may be shared out over the fills in another order."""
    charged = [row.commission or ZERO for row in prices.rows]
    expected = [fees.amount("commission") for fees in prices.per_row]
    if sum(charged) == sum(expected):
        return
    if charged == [prices.uncapped(fill, fill.effect) for fill in prices.row_fills]:
        parts.add("commission", "cap", total(charged) - total(expected), faulty=True)
        return
    if prices.charged_as_other_class(charged):
        for paid, due in zip(charged, expected, strict=True):
            parts.add("commission", "open_close_class", paid - due, faulty=True)
        return
    if prices.after_earlier_fills(charged):
        parts.add("commission", "earlier_fills", total(charged) - total(expected))
        return
    at_one_rate = len(charged) > 1 and prices.charged_at_one_rate(charged)
    other = [prices.other_class(fill) for fill in prices.row_fills]
    for paid, due, wrong in zip(charged, expected, other, strict=True):
        cause = "open_close_class" if paid == wrong and not at_one_rate else "commission_rate"
        parts.add("commission", cause, paid - due, faulty=True)


def _schedule_to_fees(parts: Parts, prices: _Prices, slack: Decimal) -> None:
    """The printed column of all other fees against the expected components, row by row."""
    for row, fill, fees, fitted in zip(prices.rows, prices.row_fills, prices.per_row, prices.fitted, strict=True):
        expected = fees.total - fees.amount("commission")
        rest = row.fees - expected
        if row.exchange and all(fee.component != "exchange" for fee in fees.fees):
            # The schedule leaves to the statement what depends on the venue and on who was first in the book.
            parts.add("exchange", "component_not_modelled", row.exchange)
            rest -= row.exchange
        elif row.all_in and abs(rest) > slack and prices.venue_may_ask(fill, rest):
            parts.add("exchange", "component_not_modelled", rest)
            rest = ZERO
        if abs(rest) > slack:
            shift = fitted.amount("orf") - fees.amount("orf")
            parts.add("orf", "pass_through_rate_change", shift)
            rest -= shift
        fault = abs(rest) > slack
        parts.add(PRINTED, "unknown" if fault else "rounding", rest, faulty=fault)
