"""Fills as they were, before any broker prints them.

Holds: a fill, its sums, and random sets of fills.
Belongs here: what every statement of the same fills has to agree on.
Never here: how a statement prints it (`every_format`).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

NEW_YORK = ZoneInfo("America/New_York")
CHICAGO = ZoneInfo("America/Chicago")
CONTRACTS = ("XYZ   {day}P00050000", "XYZ   {day}C00055000", "XYZ")


@dataclass(frozen=True)
class Fill:
    """An execution. Amounts of charges are costs, positive; `key` is our key of the contract."""

    order: int
    execution: int
    key: str
    side: str
    effect: str
    quantity: int
    price: Decimal
    moment: dt.datetime
    commission: Decimal
    regulatory: Decimal

    @property
    def is_option(self) -> bool:
        return len(self.key) == 21

    @property
    def unit(self) -> int:
        return 100 if self.is_option else 1

    @property
    def value(self) -> Decimal:
        """Signed: what the account got."""
        return self.quantity * self.price * self.unit * (1 if self.side == "sell" else -1)

    @property
    def net(self) -> Decimal:
        return self.value - self.commission - self.regulatory

    @property
    def day(self) -> dt.date:
        return self.moment.astimezone(NEW_YORK).date()

    @property
    def root(self) -> str:
        return self.key[:6].strip()

    @property
    def expiry(self) -> dt.date:
        return dt.datetime.strptime(self.key[6:12], "%y%m%d").date()  # noqa: DTZ007 (a day)

    @property
    def right(self) -> str:
        return "CALL" if self.key[12] == "C" else "PUT"

    @property
    def strike(self) -> str:
        return format((Decimal(self.key[13:]) / 1000).normalize(), "f")


Total = tuple[Decimal, Decimal]


def totals(
    fills: Iterable[tuple[str | None, str | None, Decimal, Decimal]],
) -> dict[tuple[str | None, str | None], Total]:
    """Quantity and value by contract and side."""
    found: defaultdict[tuple[str | None, str | None], Total] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for key, side, quantity, value in fills:
        before = found[key, side]
        found[key, side] = (before[0] + quantity, before[1] + value)
    return dict(found)


def totals_of(fills: Sequence[Fill]) -> dict[tuple[str | None, str | None], Total]:
    """What the statements of these fills have to come to."""
    return totals((fill.key, fill.side, Decimal(fill.quantity), fill.value) for fill in fills)


@st.composite
def fill_sets(draw: st.DrawFn, first: dt.date = dt.date(2026, 11, 16), expiry: str = "261218") -> list[Fill]:
    """Some orders over three sessions, each in one to three fills; equal fills and equal orders are likely."""
    fills: list[Fill] = []
    for order in range(draw(st.integers(1, 5))):
        key = draw(st.sampled_from(CONTRACTS)).format(day=expiry)
        side, effect = draw(st.sampled_from(["buy", "sell"])), draw(st.sampled_from(["open", "close"]))
        begin = dt.datetime.combine(
            first + dt.timedelta(days=draw(st.integers(0, 2))), dt.time(10 + draw(st.integers(0, 4))), NEW_YORK
        ).astimezone(dt.UTC) + dt.timedelta(minutes=7 * order)
        one_price = draw(st.booleans())
        base = draw(st.integers(100, 104))
        for place in range(draw(st.integers(1, 3))):
            cents = base if one_price else base + draw(st.integers(0, 3))
            fills.append(
                Fill(
                    order=401_000_001 + order,
                    execution=88_000_001 + len(fills),
                    key=key,
                    side=side,
                    effect=effect,
                    quantity=draw(st.integers(1, 3)) * (1 if len(key) == 21 else 100),
                    price=Decimal(cents) / 100,
                    moment=begin + dt.timedelta(seconds=20 * place),
                    commission=Decimal("0.65"),
                    regulatory=Decimal("0.04"),
                )
            )
    return fills
