"""The schedules of Schwab and TD Ameritrade against rows that the brokers printed.

Holds: every charge of the sample statements, and the published rows, each with what it rests on.
Belongs here: a figure that a statement shows, and why a few of them are not the broker's.
Never here: copies of those statements; readings of their cells (`tests.parsing`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.parsing.schwab import api as schwab_api
from pipelines.parsing.schwab import csv_export as schwab_csv
from pipelines.parsing.schwab import thinkorswim_statement
from pipelines.parsing.statements.rows import StatementRow
from tests.shared import shared_path
from tomking.kernel.fees import FeeFill, UnknownRate, schedule_for
from tomking.kernel.instruments import Instrument, from_key, from_thinkorswim_description
from tomking.kernel.money import add

SCHWAB, TD_AMERITRADE = schedule_for("schwab"), schedule_for("tdameritrade")
LISTED_2018 = "bankroll-py__schwab_transactions.CSV"
LISTED_2025 = "coffee-cpu__schwab-transactions-example.csv"

# Rows whose publisher changed them, by file and line.
YEAR_EARLIER = {
    (LISTED_2018, 22): "the description says 02/01/19 where the symbol says 2018",
    (LISTED_2018, 23): "the description says 02/01/19 where the symbol says 2018",
    (LISTED_2018, 31): "SEC at 13.00 per million was charged from May 2018 on, as in the rows above",
}
INVENTED = {
    (LISTED_2018, 29): "its amount is not that of quantity, price and charge",
    (LISTED_2025, 3): "an example above the real rows: no SEC fee on a sale of 800 dollars",
    (LISTED_2025, 6): "an example above the real rows: 2024-05-12 was a Sunday",
}


def fees_of(row: StatementRow, instrument: Instrument, day: date, broker: str) -> dict[str, Decimal]:
    """What the schedule says, by component."""
    product = instrument.fee_product
    assert product is not None
    assert row.side is not None
    assert row.quantity is not None
    assert row.price is not None
    fill = FeeFill(
        product,
        row.side,
        row.effect,
        row.quantity,
        row.price,
        instrument.multiplier or Decimal(1),
        day,
        instrument.fee_root,
        "assignment" if row.row_class == "delivery" else "trade",
    )
    (found,) = schedule_for(broker).fees_for_leg([fill])
    return {fee.component: fee.amount for fee in found.fees}


def sample(name: str) -> bytes:
    return Path(shared_path("samples", "schwab", name)).read_bytes()


@pytest.mark.parametrize(("name", "charged"), [(LISTED_2018, 10), (LISTED_2025, 17)])
def test_every_all_in_charge_of_an_export_is_the_sum_of_rounded_components(name: str, charged: int) -> None:
    wrong, seen = {}, 0
    for row in schwab_csv.parse(sample(name)).rows:
        if row.row_class not in ("trade", "delivery") or row.instrument_key is None:
            continue
        place = (name, row.line)
        day = row.session_date
        if place in YEAR_EARLIER:
            day = day.replace(year=day.year + 1)
        expected = add(fees_of(row, from_key(row.instrument_key), day, "schwab").values())
        seen += 1
        if expected != -(row.commission or 0):
            wrong[place] = (expected, row.commission)
    assert set(wrong) == {place for place in INVENTED if place[0] == name}
    assert seen == charged


def test_every_record_of_the_trader_api_has_the_components_we_expect() -> None:
    rows = schwab_api.parse(sample("jwplatta__transactions_response_body.json")).rows
    for row in rows:
        assert row.instrument_key is not None
        instrument = from_key(row.instrument_key)
        printed = {charge.component: -charge.amount for charge in row.charges}
        expected = fees_of(row, instrument, row.session_date, "schwab")
        assert {name: amount for name, amount in expected.items() if amount} == printed
    assert len(rows) == 12


def test_every_fill_of_a_thinkorswim_statement_costs_what_we_expect() -> None:
    rows = thinkorswim_statement.parse(sample("ClaytonDuffin__exampleStatement.csv")).rows
    for row in rows:
        expected = fees_of(row, from_thinkorswim_description(row.symbol or ""), row.session_date, "tdameritrade")
        assert expected["commission"] == -(row.commission or 0)
        assert add((expected["exchange"], expected["nfa"])) == -(row.fees or 0)
    assert len(rows) == 103


# TD Ameritrade's rows published in the tests of other projects: sales of shares (quantity, price, day, regulators' fee).
SALES = (
    ("3", "118.215", date(2020, 11, 11), "0.01"),
    ("97", "118.2101", date(2020, 11, 11), "0.26"),
    ("80", "18.08", date(2023, 4, 4), "0.02"),
)


@pytest.mark.parametrize(("quantity", "price", "day", "regulators"), SALES)
def test_sec_and_taf_are_rounded_each_to_the_nearest_cent(
    quantity: str, price: str, day: date, regulators: str
) -> None:
    fill = FeeFill("equity", "sell", None, Decimal(quantity), Decimal(price), Decimal(1), day, "X")
    (fees,) = TD_AMERITRADE.fees_for_leg([fill])
    assert fees.total == Decimal(regulators)


def test_three_calls_sold_in_october_2023_paid_1_95_and_4_cents() -> None:
    fill = option("sell", "3", "1.13", date(2023, 10, 31), effect=None)
    (fees,) = TD_AMERITRADE.fees_for_leg([fill])
    assert fees.amount("commission") == Decimal("1.95")
    assert fees.total - fees.amount("commission") == Decimal("0.04")


def option(side: str, quantity: str, price: str, day: date, *, effect: str | None, root: str = "EQT") -> FeeFill:
    product = "index_option" if root in ("SPX", "RUT") else "equity_option"
    return FeeFill(product, side, effect, Decimal(quantity), Decimal(price), Decimal(100), day, root)


def test_closing_a_short_option_for_five_cents_or_less_is_free_of_commission() -> None:
    day = date(2020, 2, 14)
    for side, effect, price, commission in (
        ("buy", "close", "0.05", "0"),
        ("buy", "close", "0.06", "1.30"),
        ("sell", "close", "0.05", "1.30"),
        ("buy", "open", "0.05", "1.30"),
    ):
        (fees,) = SCHWAB.fees_for_leg([option(side, "2", price, day, effect=effect)])
        assert fees.amount("commission") == Decimal(commission)
        assert fees.amount("orf") == Decimal("0.08")


def test_a_ticket_is_charged_once_for_all_fills_of_an_order_leg() -> None:
    fills = [option("buy", size, "2.00", date(2018, 11, 5), effect="open") for size in ("1", "3")]
    assert [fees.total for fees in SCHWAB.fees_for_leg(fills)] == [Decimal("5.60"), Decimal("1.95")]


def test_the_fee_of_an_index_nobody_printed_is_unknown_and_not_zero() -> None:
    (known,) = SCHWAB.fees_for_leg([option("buy", "1", "2.00", date(2025, 3, 3), effect="open", root="RUT")])
    assert known.amount("index") == Decimal("0.18")
    with pytest.raises(UnknownRate, match="no index rate for index_option 'SPX'"):
        SCHWAB.fees_for_leg([option("buy", "1", "2.00", date(2025, 3, 3), effect="open", root="SPX")])


@pytest.mark.parametrize("ask", [lambda fill: TD_AMERITRADE.fees_for_leg([fill])])
def test_td_ameritrade_prices_nothing_after_its_accounts_moved(ask: Callable[[FeeFill], object]) -> None:
    ask(option("sell", "1", "1.00", date(2024, 5, 10), effect=None))
    with pytest.raises(UnknownRate, match="moved to Schwab by 2024-05-13"):
        ask(option("sell", "1", "1.00", date(2024, 5, 13), effect=None))
    assert TD_AMERITRADE.rate("commission", "equity_option", date(2024, 5, 13)) is None
