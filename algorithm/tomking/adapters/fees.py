"""The fee forecast of every fill, by the project's own schedule, beside what LEAN's model charges.

Holds: the schedule in force under the current parameter set, the open-or-close question, the journal lines per order
and per fill.
Belongs here: joining LEAN's orders and fill events to `kernel.fees`.
Never here: rates, and LEAN's fee model (`fee_model`).

Nothing here raises: an exception on the way of a fill would become an order error. What goes wrong is an `error` line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tomking.adapters.contracts import number
from tomking.adapters.journal import Journal
from tomking.adapters.routes import RouteAdviser
from tomking.kernel.contracts import parse_tag
from tomking.kernel.fees import FeeFill, FeeSchedule, FillFees, UnknownSchedule, schedule_for
from tomking.kernel.instruments import Instrument, equity_key, from_occ
from tomking.kernel.occ import SymbolError
from tomking.kernel.sessions import session_of

if TYPE_CHECKING:
    from AlgorithmImports import OrderEvent

_ORF = "fees.orf_per_contract"
_CENT = Decimal("0.01")
_PRODUCTS_WITH_ORF = ("equity_option", "index_option")


def schedule_with(broker: str, values: Mapping[str, str], since: date) -> FeeSchedule:
    """The broker's schedule, with the regulatory fee of the parameter set from the day it took effect.

    Raises: UnknownSchedule.
    """
    schedule = schedule_for(broker)
    if _ORF not in values:
        return schedule
    rows = []
    for product in _PRODUCTS_WITH_ORF:
        row = schedule.rate("orf", product, since)
        if row is not None:
            rows.append(
                replace(
                    row,
                    amount=Decimal(values[_ORF]),
                    effective_from=since,
                    learnt_on=None,
                    evidence="I",
                    source=f"parameter {_ORF}",
                )
            )
    return schedule.with_rates(rows)


class FeeForecaster:
    """Forecasts fees fill by fill; keeps the signed position of each instrument in order to tell opening from closing."""

    def __init__(self, broker: str, journal: Journal, now: Callable[[], datetime]) -> None:
        self._broker, self._journal, self._now = broker, journal, now
        self._positions: dict[str, Decimal] = {}
        self._fills: dict[int, list[FeeFill]] = {}
        self._schedule: FeeSchedule | None = None
        self._routes = RouteAdviser(journal)

    def use(self, values: Mapping[str, str], since: date) -> None:
        """Take the schedule, and from the parameter set in force what it says about fees."""
        try:
            self._schedule = schedule_with(self._broker, values, since)
        except UnknownSchedule as error:
            self._schedule = None
            self._journal.write("error", message=str(error), where="fees")
        self._routes.use(self._schedule, values, lambda broker: schedule_with(broker, values, since))

    @property
    def schedule(self) -> str | None:
        """Broker and plan of the schedule in force."""
        return None if self._schedule is None else f"{self._schedule.broker}/{self._schedule.plan}"

    def inherit(self, holdings: Mapping[str, int]) -> None:
        """Positions that exist before the first fill is seen."""
        self._positions.update({key: Decimal(quantity) for key, quantity in holdings.items()})

    def on_fill(
        self, event: OrderEvent, key: str, quantity: Decimal, price: Decimal, *, now: datetime, tag: str | None
    ) -> None:
        """Forecast the fees of a trade (signed `quantity`) and write the line."""
        before = self._positions.get(key, Decimal(0))
        self._positions[key] = before + quantity
        if self._schedule is None:
            return
        try:
            self._forecast(event, key, quantity, price, now=now, tag=tag, opens=before * quantity >= 0)
        except (LookupError, ValueError, ArithmeticError) as error:
            self._journal.write("error", message=str(error)[:500], where=f"fee forecast {key}")

    def before_order(self, legs: Sequence[tuple[str, int, Decimal | None]], session: date, tag: str) -> None:
        """An order is about to be sent, `legs` as for `on_order`: whether another route would cost less is a line."""
        whose = parse_tag(tag)
        if whose is None or any(mid is None for _, _, mid in legs):
            return
        try:
            fills = [
                _fee_fill(key, Decimal(quantity), mid or Decimal(0), session, opens=self._opens(key, quantity))
                for key, quantity, mid in legs
            ]
        except (LookupError, ValueError, ArithmeticError) as error:
            self._journal.write("error", message=str(error)[:500], where="route advice")
            return
        self._routes.before_order(fills, session, whose)

    def _opens(self, key: str, quantity: int) -> bool:
        return self._positions.get(key, Decimal(0)) * quantity >= 0

    def on_order(
        self,
        order_ids: Sequence[int],
        legs: Sequence[tuple[str, int, Decimal | None]],
        session: date,
        *,
        tag: str | None,
    ) -> None:
        """Forecast an order that was sent: `legs` are (key, signed quantity, mid); an unknown mid counts as 0."""
        if self._schedule is None:
            return
        try:
            costs = {
                key: self._fees_of(key, Decimal(quantity), mid or Decimal(0), session, self._positions.get(key)).total
                for key, quantity, mid in legs
            }
        except (LookupError, ValueError, ArithmeticError) as error:
            self._journal.write("error", message=str(error)[:500], where="order forecast")
            return
        whose = parse_tag(tag)
        self._journal.write(
            "order_forecast",
            orders=list(order_ids),
            total=sum(costs.values(), Decimal(0)),
            legs=costs,
            strategy=whose.strategy if whose else None,
            trade_id=whose.trade_id if whose else None,
            schedule=f"{self._schedule.broker}/{self._schedule.plan}",
            currency="USD",
            quotes_missing=[order for order, (_, _, mid) in zip(order_ids, legs, strict=False) if mid is None],
        )

    def total_of(self, key: str, quantity: Decimal, price: Decimal, *, held: Decimal) -> Decimal:
        """What the schedule expects a fill to cost, in whole cents; 0, with an `error` line, where it cannot say."""
        session = session_of(self._now())
        try:
            return self._fees_of(key, quantity, price, session, held).total.quantize(_CENT)
        except (LookupError, ValueError, ArithmeticError) as error:
            self._journal.write("error", message=str(error)[:500], where=f"fee model {key}")
            return Decimal(0)

    def _fees_of(self, key: str, quantity: Decimal, price: Decimal, session: date, held: Decimal | None) -> FillFees:
        if self._schedule is None:
            raise ValueError("no fee schedule is in force")
        fill = _fee_fill(key, quantity, price, session, opens=(held or Decimal(0)) * quantity >= 0)
        return self._schedule.fees_for_leg([fill])[-1]

    def move(self, key: str, quantity: Decimal) -> None:
        """A position changed without a trade (expiry, exercise, assignment)."""
        self._positions[key] = self._positions.get(key, Decimal(0)) + quantity

    def _forecast(
        self,
        event: OrderEvent,
        key: str,
        quantity: Decimal,
        price: Decimal,
        *,
        now: datetime,
        tag: str | None,
        opens: bool,
    ) -> None:
        if self._schedule is None:
            raise ValueError("no fee schedule is in force")
        order_id, session = int(event.order_id), session_of(now)
        fill = _fee_fill(key, quantity, price, session, opens=opens)
        fills = self._fills.setdefault(order_id, [])
        fills.append(fill)
        fees = self._schedule.fees_for_leg(fills)[-1]
        whose = parse_tag(tag)
        self._journal.write(
            "fee_forecast",
            order_id=order_id,
            event_id=int(event.id),
            symbol=key,
            quantity=quantity,
            price=price,
            session_date=session,
            components=components_of(fees),
            total=fees.total,
            modelled=modelled_fee(event)[0],
            schedule=f"{self._schedule.broker}/{self._schedule.plan}",
            currency="USD",
            strategy=whose.strategy if whose else None,
            trade_id=whose.trade_id if whose else None,
        )


def _fee_fill(key: str, quantity: Decimal, price: Decimal, session: date, *, opens: bool) -> FeeFill:
    instrument = instrument_of(key)
    product, multiplier = instrument.fee_product, instrument.multiplier
    if product is None or multiplier is None:
        raise ValueError(f"{key}: product or multiplier unknown")
    return FeeFill(
        product=product,
        side="buy" if quantity > 0 else "sell",
        effect="open" if opens else "close",
        quantity=abs(quantity),
        price=price,
        multiplier=multiplier,
        session_date=session,
        root=instrument.fee_root,
    )


def modelled_fee(event: OrderEvent) -> tuple[Decimal | None, str | None]:
    """What the engine's model charged, and in which currency; None where the event carries no fee."""
    value = getattr(getattr(event, "order_fee", None), "value", None)
    currency = getattr(value, "currency", None)
    return number(getattr(value, "amount", None)), None if currency is None else str(currency)


def components_of(fees: FillFees) -> dict[str, Decimal]:
    """Each component's amount; those that apply and cost nothing stay in, as 0."""
    return {fee.component: fees.amount(fee.component) for fee in fees.fees}


def instrument_of(key: str) -> Instrument:
    """What an instrument key names: a listed option, else a share."""
    try:
        return from_occ(key)
    except SymbolError:
        return Instrument(equity_key(key), "equity", key, multiplier=Decimal(1))
