"""One dated row of a fee schedule.

Holds: `FeeRate`, the shape every broker's and regulator's rows have.
Belongs here: what has to be data so that two brokers differ in rows and not in code.
Never here: rates (those are the schedule modules), arithmetic (that is `tomking.kernel.fees`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal, get_args

from tomking.kernel.money import EXACT, Rounding

Basis = Literal["per_unit", "per_million", "per_order", "per_event", "of_commission"]
Series = Literal["pass_through", "official"]
Evidence = Literal["V", "P", "S", "I", "U"]
CapScope = Literal["fill", "order_leg"]

COMPONENTS: Final = (
    "commission",
    "clearing",
    "orf",
    "sec",
    "taf",
    "cat",
    "index",
    "settlement",
    "exchange",
    "nfa",
    "surcharge",
)
"""Every part a fee can have, in the order they are reported."""

EVENTS: Final = ("trade", "assignment", "exercise", "expiration", "cash_settlement")
"""What can happen to a position and cost something."""

PRODUCTS: Final = (
    "equity",
    "equity_option",
    "index_option",
    "future",
    "micro_future",
    "future_option",
    "micro_future_option",
)
"""What schedules price."""

FUTURES: Final = frozenset({"future", "micro_future", "future_option", "micro_future_option"})
"""Products of which every trade pays its exchange: a schedule that lists no such fee does not know the price."""

_TRADE: Final = ("trade",)


@dataclass(frozen=True, slots=True)
class FeeRate:
    """What one component costs for one product from one day on, until a later row with the same selector.

    `basis` says what `amount` (US dollars, cost positive) is multiplied with: `per_unit` contracts or shares,
    `per_million` the notional in millions, `per_order` once per order leg, `per_event` once per fill row,
    `of_commission` the fill's commission.
    `series` keeps the regulator's own rate (official) apart from what the broker passes on (pass_through); only the
    latter is ever charged.
    The row applies to one `side`, open/close `effect` and `root` where these are set; a root may end in `*`. With
    `from_quantity` it applies to order legs of at least that size, with `from_price` to fills at or above that price,
    with `from_volume` to accounts that traded at least that many units of the product in the month before the fill.
    `cap` and `minimum` hold per fill or over the fills of one order leg (`cap_scope`), and so does `cap_share`, a cap
    as a share of the notional. A cap beats the minimum. `order_amount` comes on top, once per order leg (a ticket charge).
    `evidence`: V verified on statement rows, P primary source, S secondary source, I inferred, U unconfirmed.
    `learnt_on` is the first day this project could have known; it defaults to the day the rate took effect.
    """

    component: str
    product: str
    amount: Decimal
    effective_from: date
    evidence: Evidence
    source: str
    basis: Basis = "per_unit"
    rounding: Rounding = EXACT
    learnt_on: date | None = None
    series: Series = "pass_through"
    side: str | None = None
    effect: str | None = None
    root: str | None = None
    events: tuple[str, ...] = _TRADE
    cap: Decimal | None = None
    minimum: Decimal | None = None
    cap_scope: CapScope = "order_leg"
    from_quantity: Decimal | None = None
    from_price: Decimal | None = None
    from_volume: Decimal | None = None
    cap_share: Decimal | None = None
    order_amount: Decimal | None = None
    fractional: bool | None = None
    """True: only fills with a part of a share or contract; False: only whole ones."""

    def __post_init__(self) -> None:
        for name, value, known in (
            ("component", self.component, COMPONENTS),
            ("product", self.product, PRODUCTS),
            ("side", self.side, ("buy", "sell", None)),
            ("effect", self.effect, ("open", "close", None)),
            ("basis", self.basis, get_args(Basis)),
        ):
            if value not in known:
                raise ValueError(f"unknown {name}: {value!r}")
        if not self.events or any(event not in EVENTS for event in self.events):
            raise ValueError(f"unknown events: {self.events!r}")

    @property
    def known_from(self) -> date:
        """The day from which this row may be used by something that claims to know only what was known."""
        return self.learnt_on or self.effective_from

    @property
    def selector(self) -> tuple[object, ...]:
        """What rows must share for a later one to replace an earlier one."""
        return (
            self.component,
            self.product,
            self.series,
            self.side,
            self.effect,
            self.root,
            self.events,
            self.from_quantity,
            self.from_price,
            self.from_volume,
            self.fractional,
        )

    @property
    def is_proven(self) -> bool:
        """Whether rows of statements or a primary source show it."""
        return self.evidence in ("V", "P")

    @property
    def is_limited(self) -> bool:
        """Whether a cap or minimum holds at all."""
        return self.cap is not None or self.minimum is not None or self.cap_share is not None

    @property
    def charge(self) -> tuple[object, ...]:
        """What the tiers of one charge share: caps and minimums run over them together."""
        return self.component, self.product, self.side, self.effect, self.root, self.events
