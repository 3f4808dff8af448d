"""What makes an example of something published, and what regulators published.

Holds: fills in few words, the comparison of a schedule with printed figures, and the notices of the regulators.
Belongs here: what the examples of every broker share.
Never here: a broker's own pages (`published_fees` and its neighbours).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from tomking.kernel.fees import FeeFill, FeeSchedule, UnknownRate
from tomking.kernel.money import Rounding

Example = Callable[[FeeSchedule], bool]
"""Whether a schedule gives what was published."""


def option(  # noqa: PLR0917
    side: str,
    quantity: int,
    price: str,
    day: date,
    product: str = "equity_option",
    root: str = "SPY",
    effect: str = "open",
    event: str = "trade",
) -> FeeFill:
    return FeeFill(product, side, effect, Decimal(quantity), Decimal(price), Decimal(100), day, root, event)


def costs(schedule: FeeSchedule, fill: FeeFill, **wanted: str) -> bool:
    """Whether the named components, printed with as many decimals as wanted, come out; `total` is all but commission."""
    fees = schedule.fees_for_leg([fill])[0]
    for name, amount in wanted.items():
        found = fees.total - fees.amount("commission") if name == "total" else fees.amount(name)
        if Rounding("half_up", max(-Decimal(amount).as_tuple().exponent, 0)).apply(found) != Decimal(amount):  # type: ignore[operator]
            return False
    return True


def leg_costs(schedule: FeeSchedule, fills: Sequence[FeeFill], **wanted: str) -> bool:
    """Whether the named components add up to exactly this over the records of a leg."""
    fees = schedule.fees_for_leg(fills)
    return all(sum(found.amount(name) for found in fees) == Decimal(amount) for name, amount in wanted.items())


def is_unknown(schedule: FeeSchedule, fill: FeeFill) -> bool:
    """Whether the schedule says that it does not know."""
    try:
        schedule.fees_for_leg([fill])
    except UnknownRate:
        return True
    return False


def shares(quantity: int, price: str, day: date) -> FeeFill:
    """A sale of shares."""
    return FeeFill("equity", "sell", "close", Decimal(quantity), Decimal(price), Decimal(1), day, "SPY")


def contract(product: str, root: str, day: date, effect: str | None = None) -> FeeFill:
    """One future or option on a future, bought."""
    return FeeFill(product, "buy", effect, Decimal(1), Decimal(10), Decimal(5), day, root)


def rate_is(schedule: FeeSchedule, *, of: tuple[Any, ...], amount: str) -> bool:
    """Whether the rate in force, chosen as `FeeSchedule.rate` does, is this."""
    found = schedule.rate(*of)
    return found is not None and found.amount == Decimal(amount)


# The Commission's advisories: the day, and dollars per million of sales before and from it.
_ADVISORIES: Final = (
    (date(2018, 5, 22), "23.10", "13.00"),
    (date(2019, 4, 16), "13.00", "20.70"),
    (date(2020, 2, 18), "20.70", "22.10"),
    (date(2021, 2, 25), "22.10", "5.10"),
    (date(2022, 5, 14), "5.10", "22.90"),
    (date(2023, 2, 27), "22.90", "8.00"),
    (date(2024, 5, 22), "8.00", "27.80"),
    (date(2025, 5, 14), "27.80", "0"),
    (date(2026, 4, 4), "0", "20.60"),
)
# FINRA's changes of the trading activity fee: ten thousand shares, the limit of a trade, a thousand options.
_ACTIVITY: Final = (
    (date(2018, 1, 2), ("1.19", "5.95", "2.00"), ("1.19", "5.95", "2.00")),
    (date(2023, 1, 1), ("1.30", "6.49", "2.18"), ("1.45", "7.27", "2.44")),
    (date(2024, 1, 1), ("1.45", "7.27", "2.44"), ("1.66", "8.30", "2.79")),
    (date(2026, 1, 1), ("1.66", "8.30", "2.79"), ("1.95", "9.79", "3.29")),
    (date(2026, 10, 1), ("1.95", "9.79", "3.29"), ("0", "0", "0")),
    (date(2027, 1, 1), ("0", "0", "0"), ("1.95", "9.79", "3.29")),
)


_ACTIVITY_2022: Final = (date(2022, 1, 1), ("1.19", "5.95", "2.00"), ("1.30", "6.49", "2.18"))


def regulators(*, on_time: bool = True, first: date = date(2018, 1, 1)) -> Iterator[Example]:
    """Section 31 and TAF on sales so large that no rounding shows, from `first` on; `on_time`: the change of 2022, too."""
    for day, before, after in _ADVISORIES:
        for when, amount in ((day - timedelta(days=1), before), (day, after)):
            if when < first:
                continue
            yield partial(costs, fill=shares(10_000, "100", when), sec=amount)
    for day, figures_before, figures_after in (*_ACTIVITY, *([_ACTIVITY_2022] if on_time else [])):
        for when, (ten_thousand, limit, options) in ((day, figures_after), (day - timedelta(days=1), figures_before)):
            if when >= first:
                yield partial(costs, fill=shares(10_000, "1", when), taf=ten_thousand)
                yield partial(costs, fill=shares(1_000_000, "1", when), taf=limit)
                yield partial(costs, fill=option("sell", 1_000, "1", when), taf=options)
