"""Interactive Brokers' schedule against rows that the broker charged, and the rules its pages state.

Rows are taken from the reference samples where they are beside this checkout. Each test says which part of the charge
the row rests on; what a venue took or paid is not part of a schedule and has to be the round figure that is left.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.ibkr import flex as ibkr_flex
from pipelines.parsing.statements.rows import StatementRow
from tests.shared import shared_path
from tomking.kernel.fees import FeeFill, UnknownRate, schedule_for
from tomking.kernel.schedules.rates import FeeRate

FIXED, TIERED = schedule_for("ibkr", "fixed"), schedule_for("ibkr", "tiered")
MAY_2025 = date(2025, 5, 21)


def sample(name: str) -> list[StatementRow]:
    return list(ibkr_flex.parse(shared_path("samples", "ibkr", name).read_bytes()).rows)


def row_of(name: str, symbol: str, charged: str) -> StatementRow:
    found = [row for row in sample(name) if row.symbol == symbol and row.commission == Decimal(charged)]
    assert found, f"{symbol} {charged} is not in {name}"
    return found[0]


def fill_of(row: StatementRow, product: str, root: str, event: str = "trade") -> FeeFill:
    assert row.side is not None
    assert row.quantity is not None
    return FeeFill(
        product=product,
        side=row.side,
        effect=row.effect,
        quantity=row.quantity,
        price=row.price or Decimal(0),
        multiplier=row.multiplier or Decimal(1),
        session_date=row.session_date,
        root=root,
        event=event,
    )


def option(
    quantity: str = "1", price: str = "1", *, side: str = "buy", day: date = MAY_2025, month: str = "0"
) -> FeeFill:
    return FeeFill("equity_option", side, None, Decimal(quantity), Decimal(price), Decimal(100), day, "SPY",
                   month_quantity=Decimal(month))  # fmt: skip


def shares(quantity: str, price: str, *, side: str = "buy", day: date = MAY_2025) -> FeeFill:
    return FeeFill("equity", side, None, Decimal(quantity), Decimal(price), Decimal(1), day, "SPY")


CODING, TAX, CONFIRMS = (
    "gabbersepp__TestForCoding.xml",
    "vroonhof__options_future_2025.xml",
    "bankroll-py__ibkr_trades.xml",
)

WHOLE = [
    ("fixed shares, TAF, section 31 of 2018", CODING, "ESV", "-10.410679", "fixed", "equity", "ESV", "trade"),
    ("fixed minimum", CONFIRMS, "AAPL", "-1", "fixed", "equity", "AAPL", "trade"),
    ("nothing on a bought delivery", CONFIRMS, "BRK B", "0", "fixed", "equity", "BRK.B", "assignment"),
    ("YM exchange 1.16, NFA", CODING, "YM   DEC 18", "-2.03", "fixed", "future", "YM", "trade"),
    ("ES exchange 1.18, NFA", CONFIRMS, "ESH9", "-2.05", "fixed", "future", "ES", "trade"),
    ("CL option exchange 1.50", CODING, "LOF9 P6000", "-2.37", "fixed", "future_option", "CL LOF9", "trade"),
    ("NG option exchange 1.50", CODING, "LNEZ8 C3600", "-2.37", "fixed", "future_option", "NG LNEZ8", "trade"),
    ("GBP option exchange 1.60", CODING, "GBUZ8 P1310", "-2.47", "fixed", "future_option", "6B GBUZ8", "trade"),
    ("GBP option exchange 1.60", CONFIRMS, "GBUJ9 C1335", "-2.47", "fixed", "future_option", "6B GBUJ9", "trade"),
    ("CHF future exchange 1.60", TAX, "6SZ5", "-2.47", "tiered", "future", "6S", "trade"),
    ("CHF option exchange 1.60", TAX, "CHUF6 C1290", "-2.47", "tiered", "future_option", "6S CHUF6", "trade"),
    ("an exercised option on a future is charged", TAX, "4SFV5 C1265", "-2.47", "tiered", "future_option", "6S 4SFV5", "exercise"),
    ("tiered minimum, clearing, surcharge, audit trail of 2025-2, TAF", TAX, "BABA", "-0.35607725", "tiered", "equity", "BABA", "trade"),
    ("TAF alone on a sold delivery", TAX, "IGIC", "-0.0166", "tiered", "equity", "IGIC", "assignment"),
    ("TAF alone on a sold delivery", TAX, "SA", "-0.0166", "tiered", "equity", "SA", "assignment"),
    ("highest tier, ORF of May 2025, clearing, audit trail", TAX, "TLT   250613C00089500", "-0.70795", "tiered", "equity_option", "TLT", "third"),
]  # fmt: skip


@pytest.mark.parametrize("what", WHOLE, ids=lambda what: f"{what[0]}: {what[2].split()[0]} {what[3]}")
def test_a_row_is_charged_what_the_schedule_says_to_the_last_digit(what: tuple[str, ...]) -> None:
    _, name, symbol, charged, plan, product, root, event = what
    row = row_of(name, symbol, charged)
    fill = fill_of(row, product, root, "trade" if event == "third" else event)
    # The third execution of its order: the minimum was used up by the two before.
    before = [fill, fill] if event == "third" else []
    assert schedule_for("ibkr", plan).fees_for_leg([*before, fill])[-1].total == -Decimal(charged)


VENUES = [
    ("CL", "-0.33578225", "-0.0012"),
    ("ECH", "-0.28200725", "-0.0016"),
    ("RIO", "-0.33160725", "-0.0021"),
    ("VOXR", "-0.4760045", "-0.0016"),
    ("VOXR", "-0.18844705", "-0.0021"),
    ("VOXR", "-0.18833585", "-0.0021"),
    ("VOXR", "-0.18814125", "-0.0021"),
    ("VOXR", "-0.18953125", "-0.0021"),
    ("VOXR", "-0.758681", "-0.0021"),
    ("WY", "-0.05025725", "-0.0032"),
]
"""Symbol, charged, what the venue took (negative: paid) per share."""


@pytest.mark.parametrize(("symbol", "charged", "venue"), VENUES)
def test_tiered_shares_are_the_schedule_and_a_rebate_in_ten_thousandths(symbol: str, charged: str, venue: str) -> None:
    row = row_of(TAX, symbol, charged)
    (fees,) = TIERED.fees_for_leg([fill_of(row, "equity", symbol)])
    assert row.quantity is not None
    assert -Decimal(charged) - fees.total == Decimal(venue) * row.quantity


OPTION_VENUES = [
    (["TLT   250613C00089500:-1.52795", "TLT   250613C00089500:-0.82795"], ["0.47", "0.47"]),
    (["WY    260717C00020000:-1.0166"], ["0.0025"]),
    (["WY    260717C00020000:-0.2141"], ["-0.80"]),
    (["ASML  260130C01170000:-0.2141"], ["-0.80"]),
    (["SA    250919C00017000:-0.30424"], ["-0.75"]),
]


@pytest.mark.parametrize(("rows", "venues"), OPTION_VENUES, ids=lambda part: part[0][:4])
def test_options_are_the_schedule_and_a_venue_s_price_per_contract(rows: list[str], venues: list[str]) -> None:
    """Rests on the minimum topped up on the first execution, ORF, clearing and audit trail of the month."""
    found = [row_of(TAX, *text.split(":")) for text in rows]
    fees = TIERED.fees_for_leg([fill_of(row, "equity_option", "X") for row in found])
    left = [-(row.commission or 0) - fee.total for row, fee in zip(found, fees, strict=True)]
    assert left == [Decimal(text) for text in venues]


def test_a_vix_option_pays_the_exchange_and_the_cboe_extra() -> None:
    row = row_of(TAX, "VIX   250416P00055000", "-1.50975")
    (fees,) = TIERED.fees_for_leg([fill_of(row, "index_option", "VIX")])
    assert fees.amount("index") == Decimal("0.45")
    assert -(row.commission or 0) - fees.total == Decimal("0.0025")


def test_components_of_a_confirmation_are_the_schedule_s() -> None:
    row = row_of(CONFIRMS, "HYG   191115P00087000", "-0.7182")
    (fees,) = TIERED.fees_for_leg([fill_of(row, "equity_option", "HYG")])
    printed = {charge.name: -charge.amount for charge in row.charges}
    assert fees.amount("commission") == printed["brokerExecutionCommission"] == 1
    assert fees.amount("clearing") == printed["brokerClearingCommission"]
    assert fees.amount("orf") == printed["thirdPartyRegulatoryCommission"]


def test_a_second_execution_pays_what_the_minimum_left() -> None:
    """0.40: two at 0.70 less the 1.00 that the first execution was topped up to; ORF, TAF and section 31 of 2019."""
    row = row_of(CONFIRMS, "MTCH  190215P00045000", "-1.320915")
    fill = fill_of(row, "equity_option", "MTCH")
    second = TIERED.fees_for_leg([fill, fill])[1]
    printed = {charge.name: -charge.amount for charge in row.charges}
    assert second.amount("commission") == printed["brokerExecutionCommission"] == Decimal("0.4")
    regulatory = second.amount("orf") + second.amount("sec") + second.amount("taf")
    assert regulatory == printed["thirdPartyRegulatoryCommission"]


@pytest.mark.parametrize(
    ("price", "month", "rate"),
    [
        ("0.10", "0", "0.65"), ("0.0999", "0", "0.50"), ("0.05", "0", "0.50"), ("0.0499", "0", "0.25"),
        ("0.10", "10000", "0.50"), ("0.05", "10000", "0.50"), ("0.01", "10000", "0.25"),
        ("5", "50000", "0.25"), ("0.01", "50000", "0.25"), ("5", "100000", "0.15"), ("0.01", "100000", "0.15"),
        ("5", "9999", "0.65"),
    ],
)  # fmt: skip
def test_options_are_priced_by_premium_and_by_the_month_s_volume(price: str, month: str, rate: str) -> None:
    (fees,) = FIXED.fees_for_leg([option("100", price, month=month)])
    assert fees.amount("commission") == Decimal(rate) * 100


def test_the_limit_of_one_per_cent_beats_the_minimum_of_shares() -> None:
    assert FIXED.fees_for_leg([shares("10", "2")])[0].amount("commission") == Decimal("0.20")
    assert FIXED.fees_for_leg([shares("10", "200")])[0].amount("commission") == 1
    assert FIXED.fees_for_leg([shares("1000", "0.30")])[0].amount("commission") == Decimal("3")
    assert FIXED.fees_for_leg([shares("1000", "30")])[0].amount("commission") == Decimal("5")


@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=6),
    st.decimals("0.01", "600", places=2, allow_nan=False),
    st.sampled_from(["fixed", "tiered"]),
    st.booleans(),
)
def test_executions_add_up_to_what_the_unsplit_order_costs(
    sizes: list[int], price: Decimal, plan: str, is_option: bool
) -> None:
    schedule = schedule_for("ibkr", plan)
    make = option if is_option else shares
    parts = schedule.fees_for_leg([make(str(size), str(price), side="sell") for size in sizes])
    (whole,) = schedule.fees_for_leg([make(str(sum(sizes)), str(price), side="sell")])
    for component in ("commission", "clearing", "orf", "sec", "cat"):
        assert sum(part.amount(component) for part in parts) == whole.amount(component)


def test_prices_in_one_order_share_one_minimum() -> None:
    fees = FIXED.fees_for_leg([option("1", "0.03"), option("1", "0.20"), option("1", "0.20")])
    assert [fee.amount("commission") for fee in fees] == [1, 0, Decimal("0.55")]


def test_currency_futures_have_prices_of_their_own() -> None:
    for root, price in (("M6E", "0.15"), ("E7", "0.50"), ("6E", "0.85")):
        rate = FIXED.rate("commission", "future", MAY_2025, root)
        assert isinstance(rate, FeeRate)
        assert rate.amount == Decimal(price)
    micro = FIXED.rate("commission", "micro_future", MAY_2025, "MES")
    assert isinstance(micro, FeeRate)
    assert micro.amount == Decimal("0.25")


def test_what_is_not_known_is_not_free() -> None:
    unpriced = FeeFill("future", "buy", None, Decimal(1), Decimal(100), Decimal(1000), MAY_2025, "ZB")
    with pytest.raises(UnknownRate, match="exchange"):
        FIXED.fees_for_leg([unpriced])
    with pytest.raises(UnknownRate, match="index"):
        FIXED.fees_for_leg([replace(option(), product="index_option", root="SPX")])
    with pytest.raises(UnknownRate):
        FIXED.fees_for_leg([option(day=date(2017, 12, 29))])


def test_nothing_is_rounded() -> None:
    assert FIXED.is_exact
    assert TIERED.is_exact
    assert not schedule_for("tastytrade").is_exact
