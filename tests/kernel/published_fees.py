"""What tastytrade published about its fees, as checks on a schedule, and the examples of every broker.

Holds: worked examples, prices on pages, and notices that a rate changes from one day to the next.
Belongs here: a figure somebody published, in the form it was published: per million, per thousand contracts, per order.
Never here: rows of real statements, and anything read from the schedules themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Final

from tests.kernel import published_ibkr, published_schwab
from tests.kernel.published_examples import Example, contract, costs, option, rate_is, regulators, shares
from tomking.kernel.fees import FeeFill


def _late() -> Iterator[Example]:
    # The increase of 2022 was passed on late: rows of an export with three decimals, kept by another project.
    yield partial(costs, fill=shares(10_000, "1", date(2022, 4, 19)), taf="1.19")
    yield partial(costs, fill=shares(10_000, "1", date(2022, 6, 10)), taf="1.30")
    yield partial(costs, fill=option("sell", 1_000, "1", date(2022, 6, 10)), taf="2.00")
    yield partial(costs, fill=option("sell", 1_000, "1", date(2022, 7, 14)), taf="2.18")


def _tastytrade() -> Iterator[Example]:
    # The help page's own example, three contracts sold at five dollars, while its SEC rate was in force.
    for day in (date(2018, 5, 22), date(2018, 12, 3), date(2019, 4, 15)):
        sale = option("sell", 3, "5", day)
        yield partial(costs, fill=sale, clearing="0.30", orf="0.12", sec="0.02", taf="0.01", commission="3.00")
    # One contract sold at 0.22 in May 2026, in another project's test.
    yield partial(costs, fill=option("sell", 1, "0.22", date(2026, 5, 21)), commission="1.00", total="0.13")
    # The flat regulatory fee of 2026, and the fees on indices as the older page and the schedule of July 2026 list them.
    yield partial(costs, fill=option("buy", 100, "1", date(2026, 1, 2)), orf="2.00")
    older = {
        "SPX": "0.65", "VIX": "0.65", "OEX": "0.40", "XEO": "0.40", "RUT": "0.18", "DJX": "0.18", "MXEA": "0.25",
        "MXEF": "0.25", "SIXB": "0.25", "XSP": "0.00",
    }  # fmt: skip
    newer = {"SPX": "0.60", "VIX": "0.35", "RUT": "0.18", "NDX": "0.25", "XSP": "0.00"}
    for day, fees in ((date(2026, 7, 29), older), (date(2026, 7, 30), newer)):
        for root, amount in fees.items():
            yield partial(costs, fill=option("buy", 1, "1", day, "index_option", root), index=amount)
    for contracts, amount in ((9, "0.00"), (10, "0.70")):
        few = option("buy", contracts, "1", date(2024, 1, 2), "index_option", "XSP")
        yield partial(costs, fill=few, index=amount)
    settled = option("sell", 1, "3", date(2026, 7, 30), "index_option", "XSP", event="cash_settlement")
    yield partial(costs, fill=settled, settlement="5.00")
    yield from _pages()


def _pages() -> Iterator[Example]:
    """Prices of shares and futures on the pages, and of options on futures as another project's real rows show them."""
    bought = FeeFill("equity", "buy", "open", Decimal(100), Decimal(10), Decimal(1), date(2018, 6, 1), "SPY")
    yield partial(costs, fill=bought, commission="5.00", clearing="0.08")
    part = FeeFill("equity", "buy", "open", Decimal("0.5"), Decimal(10), Decimal(1), date(2024, 6, 3), "SPY")
    yield partial(costs, fill=part, commission="0.00", clearing="0.10")
    for day, nfa in ((date(2026, 6, 30), "0.020"), (date(2026, 7, 1), "0.010")):
        full = contract("future", "ES", day)
        yield partial(costs, fill=full, commission="1.25", clearing="0.30", exchange="1.38", nfa=nfa)
    yield partial(costs, fill=contract("micro_future", "MES", date(2026, 2, 2)), commission="0.75", exchange="0.35")
    yield partial(rate_is, of=("commission", "micro_future", date(2025, 12, 31), "MES", "buy"), amount="0.85")
    # Before the rows of August 2025 the page's price stands, of which only the commission can be told.
    last_day = date(2025, 8, 22)
    for effect, full_price, micro_price in (("open", "2.50", "1.50"), ("close", "0", "0")):
        yield partial(rate_is, of=("commission", "future_option", last_day, "ES ES", "buy", effect), amount=full_price)
        micro_option = ("commission", "micro_future_option", last_day, "MES EX", "buy", effect)
        yield partial(rate_is, of=micro_option, amount=micro_price)
    for effect in ("open", "close"):
        on_future = contract("future_option", "ES E2B", date(2025, 11, 3), effect)
        yield partial(costs, fill=on_future, commission="1.25", total="0.87")


EXAMPLES: Final[Mapping[str, Sequence[Example]]] = {
    "tastytrade": (*regulators(on_time=False), *_late(), *_tastytrade()),
    "ibkr": tuple(published_ibkr.examples()),
    "ibkr tiered": tuple(published_ibkr.tiered()),
    "schwab": tuple(published_schwab.schwab()),
    "tdameritrade": tuple(published_schwab.td_ameritrade()),
}
"""By broker; a plan that is not its standard one is named after it."""
