"""What Charles Schwab and TD Ameritrade published, and what rows of others' accounts print.

Holds: announcements with their day, price lists, rules of rounding as the notices state them.
Belongs here: figures per order or contract.
Never here: anything read from the schedules themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Final

from tests.kernel.published_examples import Example, contract, costs, leg_costs, option, regulators
from tomking.kernel.fees import FeeFill

_CUT: Final = date(2019, 10, 7)
_BEFORE: Final = date(2019, 10, 4)


def _shares(side: str, quantity: int, price: str, day: date, event: str = "trade") -> FeeFill:
    effect = "open" if side == "buy" else "close"
    return FeeFill("equity", side, effect, Decimal(quantity), Decimal(price), Decimal(1), day, "SPY", event)


def schwab() -> Iterator[Example]:
    """The announcement of 2019-10-01, the price list, and what is rounded to the nearest cent on each record."""
    yield from regulators(first=date(2018, 1, 2))
    # No commission on shares and the ticket gone from options, from the seventh of October 2019 on.
    yield partial(costs, fill=_shares("buy", 100, "50", _BEFORE), commission="4.95")
    yield partial(costs, fill=_shares("buy", 100, "50", _CUT), commission="0.00")
    for day, one in ((_BEFORE, "5.60"), (_CUT, "0.65")):
        for side, effect in (("buy", "open"), ("sell", "open"), ("sell", "close")):
            yield partial(costs, fill=option(side, 1, "1", day, effect=effect), commission=one)
    # Buying to close at five cents or less is free; at six it is not.
    for price, amount in (("0.01", "0.00"), ("0.05", "0.00"), ("0.06", "0.65"), ("1", "0.65")):
        yield partial(costs, fill=option("buy", 1, price, date(2024, 6, 3), effect="close"), commission=amount)
    yield partial(costs, fill=option("buy", 1, "0.05", _BEFORE, effect="close"), commission="5.60")
    yield partial(costs, fill=option("buy", 1, "0.05", _CUT, effect="close"), commission="0.00")
    # The exchange's customer fee on the Russell 2000, to the cent for one and for seven.
    for contracts, amount in ((1, "0.18"), (7, "1.26")):
        index = option("buy", contracts, "1", date(2024, 6, 3), "index_option", "RUT")
        yield partial(costs, fill=index, index=amount)
    # Legs of one and two contracts from December 2019 to June 2020.
    for day in (date(2019, 12, 3), date(2020, 6, 1)):
        for contracts, amount in ((1, "0.04"), (2, "0.08"), (100, "3.88")):
            yield partial(costs, fill=option("buy", contracts, "1", day), orf=amount)
    # Delivered shares: 3.95 in 2018 and SEC alone on the sale; since the cut TAF, 0.08 for five hundred.
    yield partial(
        costs, fill=_shares("sell", 500, "10", date(2018, 11, 16), "assignment"), commission="3.95", taf="0.00"
    )
    yield partial(
        costs, fill=_shares("sell", 500, "10", date(2025, 7, 21), "assignment"), commission="0.00", taf="0.08"
    )
    yield from _by_record()
    yield from _futures()


def _by_record() -> Iterator[Example]:
    """Each fee of each record to the nearest cent: nothing for a single option sold, and not a cent for four of them."""
    for when, amount in ((date(2017, 7, 3), "21.80"), (date(2017, 7, 5), "23.10")):
        yield partial(costs, fill=_shares("sell", 10_000, "100", when), sec=amount)
    day = date(2024, 6, 3)
    sold = option("sell", 1, "0.50", day)
    for records, orf, sec in ((1, "0.01", "0.00"), (4, "0.04", "0.00")):
        yield partial(leg_costs, fills=[sold] * records, taf="0.00", orf=orf, sec=sec)
    yield partial(leg_costs, fills=[option("sell", 4, "0.50", day)], taf="0.01", orf="0.05", sec="0.01")
    # 0.00663 twice: a cent each; before 2019 an option paid no regulatory fee of the exchanges at all.
    twice = [_shares("sell", 100, "3", date(2020, 11, 11))] * 2
    yield partial(leg_costs, fills=twice, sec="0.02", taf="0.02")


def _futures() -> Iterator[Example]:
    for day, nfa in ((date(2026, 6, 30), "0.02"), (date(2026, 7, 1), "0.01")):
        yield partial(costs, fill=contract("future", "ES", day), commission="2.25", exchange="1.38", nfa=nfa)
        hundred = replace(contract("future", "ES", day), quantity=Decimal(100))
        yield partial(costs, fill=hundred, nfa=str(Decimal(nfa) * 100))
    january = contract("future_option", "ES ES", date(2025, 1, 3), "open")
    yield partial(costs, fill=january, commission="2.25", exchange="0.55", nfa="0.02")
    for event in ("assignment", "exercise", "expiration"):
        ended = replace(contract("future_option", "ES ES", date(2025, 1, 3), "close"), event=event)
        yield partial(costs, fill=ended, settlement="0.00")


def td_ameritrade() -> Iterator[Example]:
    """The price list of August 2021, its example of natural rounding, and sales of 2020 that another project keeps."""
    day = date(2021, 8, 2)
    yield partial(costs, fill=_shares("buy", 100, "50", day), commission="0.00")
    # Three contracts sold at 1.13 in 2023: 1.95, and 0.04 of regulatory fees.
    sold = option("sell", 3, "1.13", date(2023, 11, 20), root="EQT")
    yield partial(costs, fill=sold, commission="1.95", total="0.04", orf="0.03")
    yield partial(costs, fill=option("buy", 100, "1", date(2023, 11, 20)), commission="65.00")
    for event in ("assignment", "exercise", "expiration"):
        yield partial(costs, fill=option("sell", 1, "0", date(2023, 11, 20), event=event), settlement="0.00")
    for contracts, amount in ((1, "0.18"), (7, "1.26")):
        index = option("buy", contracts, "1", date(2023, 11, 20), "index_option", "RUT")
        yield partial(costs, fill=index, index=amount)
    # Natural rounding of each fee: 0.004 is nothing, 0.016 is two cents.
    for quantity, price, sec, taf in (
        (30, "6", "0.00", "0.00"),
        (34, "6", "0.00", "0.00"),
        (100, "3", "0.01", "0.01"),
        (100, "7", "0.02", "0.01"),
        (1_000, "20", "0.44", "0.12"),
        (60_000, "1", "1.33", "5.95"),
        (40_000, "1", "0.88", "4.76"),
    ):
        sale = _shares("sell", quantity, price, date(2020, 11, 11))
        yield partial(costs, fill=sale, sec=sec, taf=taf)
    twice = [_shares("sell", 100, "3", date(2020, 11, 11))] * 2
    yield partial(leg_costs, fills=twice, sec="0.02", taf="0.02")
    yield partial(leg_costs, fills=[_shares("sell", 34, "6", date(2020, 11, 11))] * 2, sec="0.00", taf="0.00")
    # Section 31 as the Commission set it, on a million dollars.
    for when, amount in (
        (date(2019, 10, 3), "20.70"),
        (date(2020, 2, 17), "20.70"),
        (date(2020, 2, 18), "22.10"),
        (date(2021, 2, 25), "5.10"),
        (date(2022, 5, 14), "22.90"),
        (date(2023, 2, 27), "8.00"),
    ):
        yield partial(costs, fill=_shares("sell", 10_000, "100", when), sec=amount)
    for when, ten_thousand, limit in (
        (date(2021, 12, 31), "1.19", "5.95"),
        (date(2022, 1, 3), "1.30", "6.49"),
        (date(2023, 1, 3), "1.45", "7.27"),
        (date(2024, 1, 2), "1.66", "8.30"),
    ):
        yield partial(costs, fill=_shares("sell", 10_000, "1", when), taf=ten_thousand)
        yield partial(costs, fill=_shares("sell", 1_000_000, "1", when), taf=limit)
    yield partial(costs, fill=option("sell", 1_000, "10", date(2023, 1, 3)), sec="22.90")
    for when, thousand in ((date(2023, 1, 3), "2.44"), (date(2024, 1, 2), "2.79")):
        yield partial(costs, fill=option("sell", 1_000, "1", when), taf=thousand)
    # A hundred and three options on the Nasdaq future in April 2022: 2.25 and 0.56 each.
    nasdaq = contract("future_option", "NQ QN", date(2022, 4, 26), "open")
    yield partial(costs, fill=nasdaq, commission="2.25", total="0.56", nfa="0.02")
    yield partial(costs, fill=replace(nasdaq, quantity=Decimal(103)), commission="231.75", total="57.68", nfa="2.06")
