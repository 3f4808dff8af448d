"""What Interactive Brokers, the clearing house and exchanges published, and what confirmations print part by part.

Holds: the page's own worked examples, tiers asked on both sides of their thresholds, levels by the day they held.
Belongs here: figures per order, per thousand contracts or per hundred thousand shares.
Never here: anything read from the schedules themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Final

from tests.kernel.published_examples import (
    Example,
    contract,
    costs,
    is_unknown,
    option,
    rate_is,
    regulators,
    shares,
)
from tomking.kernel.fees import FeeFill

_DAY: Final = date(2023, 6, 1)

# Premium, contracts, order: the four examples of the page.
_WORKED: Final = (("2", 1, "1.00"), ("5", 2, "1.30"), ("0.075", 3, "1.50"), ("0.03", 5, "1.25"))
# Ten contracts by premium: both sides of each threshold.
_TIERS: Final = (("0.0499", "2.50"), ("0.05", "5.00"), ("0.0999", "5.00"), ("0.10", "6.50"), ("2", "6.50"))
# Contracts in the month before, and what ten contracts at 0.03, 0.07 and 2 dollars cost: both sides of each threshold.
_VOLUMES: Final = (
    (9_999, "2.50", "5.00", "6.50"),
    (10_000, "2.50", "5.00", "5.00"),
    (49_999, "2.50", "5.00", "5.00"),
    (50_000, "2.50", "2.50", "2.50"),
    (99_999, "2.50", "2.50", "2.50"),
    (100_000, "1.50", "1.50", "1.50"),
)
# The clearing house: day, contracts, fee.
_CLEARING: Final = (
    (date(2019, 2, 12), 1, "0.05"),
    (date(2019, 12, 31), 1_000, "50.00"),
    (date(2019, 12, 31), 2_000, "55.00"),
    (date(2020, 1, 2), 900, "49.50"),
    (date(2020, 1, 2), 1_100, "55.00"),
    (date(2021, 12, 31), 900, "49.50"),
    (date(2022, 1, 3), 2_000, "40.00"),
    (date(2022, 1, 3), 3_000, "55.00"),
    (date(2025, 2, 13), 2_000, "40.00"),
    (date(2025, 2, 14), 2_000, "50.00"),
    (date(2025, 2, 14), 4_000, "100.00"),
    (date(2025, 11, 28), 1_000, "25.00"),
    (date(2025, 12, 1), 1_000, "0.00"),
    (date(2025, 12, 31), 1_000, "0.00"),
    (date(2026, 1, 2), 1_000, "25.00"),
)
# The options regulatory fee on the page or in rows that print it, per thousand contracts.
_REGULATORY: Final = (
    (date(2019, 2, 4), "38.20"),
    (date(2023, 1, 3), "26.85"),
    (date(2024, 11, 29), "26.85"),
    (date(2025, 2, 3), "26.75"),
    (date(2025, 2, 28), "26.75"),
    (date(2025, 3, 3), "28.15"),
    (date(2025, 3, 31), "28.15"),
    (date(2025, 4, 1), "28.75"),
    (date(2025, 4, 30), "28.75"),
    (date(2025, 5, 1), "29.45"),
    (date(2025, 6, 30), "29.45"),
    (date(2025, 7, 1), "26.45"),
    (date(2025, 7, 31), "26.45"),
    (date(2025, 8, 1), "24.25"),
    (date(2025, 8, 29), "24.25"),
    (date(2025, 9, 2), "23.45"),
    (date(2025, 9, 30), "23.45"),
    (date(2025, 10, 1), "18.70"),
    (date(2025, 12, 1), "14.10"),
)
# The consolidated audit trail per hundred thousand shares; a contract counts as a hundred.
_TRAIL: Final = (
    (date(2024, 8, 30), "0.00"),
    (date(2024, 9, 3), "3.50"),
    (date(2025, 6, 30), "3.50"),
    (date(2025, 7, 1), "2.20"),
    (date(2025, 11, 28), "2.20"),
    (date(2025, 12, 1), "0.00"),
    (date(2026, 4, 30), "0.00"),
    (date(2026, 5, 1), "0.30"),
)


def _bought(quantity: int, price: str, day: date = _DAY) -> FeeFill:
    return FeeFill("equity", "buy", "open", Decimal(quantity), Decimal(price), Decimal(1), day, "SPY")


def _options() -> Iterator[Example]:
    for product, root in (("equity_option", "SPY"), ("index_option", "VIX")):
        # Index options are priced from the first row of their exchange's fee on.
        day = _DAY if product == "equity_option" else date(2025, 4, 7)
        for price, contracts, amount in _WORKED if product == "equity_option" else ():
            yield partial(costs, fill=option("buy", contracts, price, day, product, root), commission=amount)
        for price, amount in _TIERS if product == "equity_option" else (("2", "6.50"),):
            yield partial(costs, fill=option("buy", 10, price, day, product, root), commission=amount)
    for volume, *amounts in _VOLUMES:
        for price, amount in zip(("0.03", "0.07", "2"), amounts, strict=True):
            sale = replace(option("buy", 10, price, _DAY), month_quantity=Decimal(volume))
            yield partial(costs, fill=sale, commission=amount)
            yield partial(costs, fill=replace(sale, quantity=Decimal(1)), commission="1.00")
    # Before the price of 0.65: seventy cents on confirmations of February 2019, the other tiers as today.
    for price, amount in (("0.03", "2.50"), ("0.0499", "2.50"), ("0.05", "5.00"), ("0.0999", "5.00"), ("0.10", "7.00")):
        yield partial(costs, fill=option("buy", 10, price, date(2019, 2, 4)), commission=amount)
        yield partial(costs, fill=option("buy", 1, price, date(2019, 2, 4)), commission="1.00")
    # One contract of HYG on 2019-02-12, part by part; the venue's 0.37 came back.
    hyg = option("buy", 1, "5.65", date(2019, 2, 12), root="HYG")
    yield partial(costs, fill=hyg, commission="1.00", clearing="0.05", orf="0.0382")
    for event in ("assignment", "exercise", "expiration"):
        ended = option("sell", 1, "0", date(2025, 6, 13), root="TLT", event=event)
        yield partial(costs, fill=ended, settlement="0.00", commission="0.00")


def _passed_on() -> Iterator[Example]:
    for day, contracts, amount in _CLEARING:
        yield partial(costs, fill=option("buy", contracts, "1", day), clearing=amount)
    for day, amount in _REGULATORY:
        yield partial(costs, fill=option("buy", 1_000, "1", day), orf=amount)
    for day, amount in _TRAIL:
        yield partial(costs, fill=_bought(100_000, "10", day), cat=amount)
        yield partial(costs, fill=option("buy", 1_000, "1", day), cat=amount)
    for price in ("2.01", "22.54"):
        vix = option("buy", 1, price, date(2025, 4, 7), "index_option", "VIX")
        yield partial(costs, fill=vix, index="0.45")
    # The exchange asks less below two dollars; how much is not known here.
    yield partial(is_unknown, fill=option("buy", 1, "1.99", date(2025, 4, 7), "index_option", "VIX"))


def _shares() -> Iterator[Example]:
    # The page's own: a hundred and a thousand shares, and a thousand at a quarter of a dollar.
    for quantity, price, amount in ((100, "25", "1.00"), (1_000, "25", "5.00"), (1_000, "0.25", "2.50")):
        yield partial(costs, fill=_bought(quantity, price), commission=amount)
    # One per cent of the value is less than the minimum.
    yield partial(costs, fill=_bought(1, "9"), commission="0.09")


# The page sells thirty million shares in a month at five dollars: shares before, shares, commission of the part.
_MONTH: Final = (
    (0, 300_000, "1050.00"),
    (300_000, 2_700_000, "5400.00"),
    (3_000_000, 17_000_000, "25500.00"),
    (20_000_000, 10_000_000, "10000.00"),
)


def _tiered_shares() -> Iterator[Example]:
    for before, quantity, amount in _MONTH:
        part = replace(shares(quantity, "5", _DAY), month_quantity=Decimal(before))
        yield partial(costs, fill=part, commission=amount)
        # The last share before a threshold still costs what the tier before asks.
        last = replace(shares(10_000, "5", _DAY), month_quantity=Decimal(before + quantity - 1))
        yield partial(costs, fill=last, commission=str(Decimal(amount) / quantity * 10_000))
    # At a hundred million; the table names the prices.
    for before, amount in ((99_999_999, "10.00"), (100_000_000, "5.00")):
        many = replace(shares(10_000, "5", _DAY), month_quantity=Decimal(before))
        yield partial(costs, fill=many, commission=amount)
    # Two hundred thousand of them: 0.39 for FINRA and 0.12 for the exchange, as shares of the commission.
    sold = shares(200_000, "5", _DAY)
    yield partial(costs, fill=sold, commission="700.00", clearing="40.00", surcharge="0.51", sec="8.00", taf="7.27")
    # The minimum, on every tier, and the limit that beats it.
    for before in (0, 300_000, 3_000_000, 20_000_000, 100_000_000):
        few = replace(shares(10, "50", _DAY), month_quantity=Decimal(before))
        yield partial(costs, fill=few, commission="0.35")
        cheap = replace(shares(1_000, "0.01", _DAY), month_quantity=Decimal(before))
        yield partial(costs, fill=cheap, commission="0.10")
    for event in ("assignment", "exercise"):
        yield partial(costs, fill=replace(shares(100, "5", _DAY), event=event), settlement="0.00", commission="0.00")


def tiered() -> Iterator[Example]:
    """Everything published that the plan for shares by monthly volume has to give."""
    yield from regulators()
    yield from _options()
    yield from _passed_on()
    yield from _tiered_shares()
    yield from _futures()


def _futures() -> Iterator[Example]:
    # Confirmations and rows that print one figure or its parts.
    rows = (
        (contract("future", "ES", date(2019, 2, 12)), "0.85", "1.20"),
        (contract("future", "YM", date(2018, 11, 9)), "0.85", "1.18"),
        (contract("future_option", "CL LO", date(2018, 11, 9)), "0.85", "1.52"),
        (contract("future_option", "NG LN", date(2018, 11, 9)), "0.85", "1.52"),
        (contract("future_option", "6B GBU", date(2019, 3, 4)), "0.85", "1.62"),
        (contract("future_option", "6S SFV", date(2025, 10, 3)), "0.85", "1.62"),
        (contract("future", "6S", date(2025, 10, 3)), "0.85", "1.62"),
    )
    for fill, commission, others in rows:
        yield partial(costs, fill=fill, commission=commission, total=others, nfa="0.02")
    for event in ("assignment", "exercise"):
        delivered = replace(contract("future_option", "6B GBU", date(2019, 3, 4)), event=event)
        yield partial(costs, fill=delivered, commission="0.85", total="1.62")
    # The page: micros, and the small contracts on currencies.
    for product, root, amount in (("micro_future", "MES", "0.25"), ("micro_future_option", "MES EX", "0.25")):
        yield partial(rate_is, of=("commission", product, _DAY, root), amount=amount)
    for roots, amount in ((("E7", "J7"), "0.50"), (("M6A", "M6B", "M6E", "MCD", "MJY", "MSF"), "0.15")):
        for root in roots:
            yield partial(rate_is, of=("commission", "future", _DAY, root), amount=amount)
    # The exchange's present levels, and the assessment that was halved.
    for day, nfa in ((date(2026, 6, 30), "0.02"), (date(2026, 7, 1), "0.01")):
        yield partial(costs, fill=contract("future", "ES", day), exchange="1.38", nfa=nfa)
        yield partial(costs, fill=contract("micro_future", "MES", day), exchange="0.35", nfa=nfa)
        hundred = replace(contract("future", "ES", day), quantity=Decimal(100))
        yield partial(costs, fill=hundred, nfa=str(100 * Decimal(nfa)))
    for product in ("future", "future_option"):
        ended = replace(contract(product, "ES", date(2025, 6, 20)), event="expiration")
        yield partial(costs, fill=ended, settlement="0.00")


def examples() -> Iterator[Example]:
    """Everything published that the plan for shares at half a cent has to give."""
    yield from regulators()
    yield from _options()
    yield from _passed_on()
    yield from _shares()
    yield from _futures()
