"""Which fills make a strategy trade, how it ends, and what is certain about its money."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.trades.kinds import Contract, kind_of, side_of, units
from pipelines.transforms.trades.strategy_trades import Trade, TradedFill, TradedOrder, strategy_trades

D = Decimal
EXPIRY = dt.date(2020, 3, 20)
START = dt.datetime(2020, 2, 3, 15, tzinfo=dt.UTC)
SHARE = Contract("SPY", "equity", multiplier=Decimal(1))


def option(right: str, strike: int, expiry: dt.date = EXPIRY, kind: str = "option") -> Contract:
    return Contract(f"SPY {right}{strike} {expiry}", kind, expiry, right, Decimal(strike), Decimal(100))


def fill(order_id: int, contract: Contract, quantity: int, price: str, *, hours: int = 0, **more: object) -> TradedFill:
    moment = START + dt.timedelta(hours=hours)
    fields: dict[str, object] = {"kind": "trade", "fee": Decimal(1), "fee_currency": "USD", **more}
    return TradedFill(
        order_id,
        moment,
        moment.date(),
        contract=contract,
        quantity=Decimal(quantity),
        price=Decimal(price),
        **fields,  # type: ignore[arg-type]
    )


def ending(order_id: int, contract: Contract, quantity: int, kind: str, **more: object) -> TradedFill:
    return fill(order_id, contract, quantity, "0", hours=900, kind=kind, fee=None, fee_currency=None, **more)


def order(order_id: int, tag: str | None = None, group: int | None = None) -> TradedOrder:
    return TradedOrder(order_id, group, tag)


def one(orders: list[TradedOrder], fills: list[TradedFill]) -> Trade:
    (trade,) = strategy_trades(orders, fills)
    return trade


PUT, CALL = option("P", 300), option("C", 340)
OPENING = [fill(1, PUT, -1, "2.00"), fill(2, CALL, -1, "1.50")]
OPENED = [order(1, "tk1|strangle45|s-1|open", 1), order(2, "tk1|strangle45|s-1|open", 1)]


def test_a_tagged_strangle_that_is_bought_back_is_closed() -> None:
    closed = [order(3, "tk1|strangle45|s-1|close:target", 2), order(4, "tk1|strangle45|s-1|close:target", 2)]
    trade = one(OPENED + closed, [*OPENING, fill(3, PUT, 1, "1.00", hours=24), fill(4, CALL, 1, "0.75", hours=24)])
    assert (trade.trade_id, trade.strategy, trade.kind, trade.side) == ("s-1", "strangle45", "strangle", "credit")
    assert (trade.ended_by, trade.quantity, trade.credit) == ("closed", D(1), D(350))
    assert (trade.profit_loss, trade.fees, trade.days_held) == (D(175), D(4), D(1))
    assert trade.orders == ((1, "open"), (2, "open"), (3, "close"), (4, "close"))


def test_the_tag_is_taken_from_any_leg_of_the_group() -> None:
    orders = [order(1, "re-price", 1), order(2, "tk1|strangle45|s-1|open", 1)]
    assert one(orders, OPENING).trade_id == "s-1"


def test_orders_that_never_filled_make_no_trade() -> None:
    assert strategy_trades(OPENED, []) == []


def test_an_open_trade_has_no_result_yet() -> None:
    trade = one(OPENED, OPENING)
    assert (trade.ended_by, trade.closed_at, trade.profit_loss, trade.days_held) == ("open", None, None, None)


def test_legs_that_expire_belong_to_the_trade_that_holds_them() -> None:
    trade = one([*OPENED, order(5), order(6)], [*OPENING, ending(5, PUT, 1, "expiry"), ending(6, CALL, 1, "expiry")])
    assert (trade.ended_by, trade.profit_loss) == ("expired", D(350))


def test_a_contract_held_twice_goes_to_the_older_trade_first() -> None:
    second = [order(3, "tk1|strangle45|s-2|open", 2), order(4, "tk1|strangle45|s-2|open", 2)]
    fills = [*OPENING, fill(3, PUT, -1, "3", hours=1), fill(4, CALL, -1, "3", hours=1), ending(5, PUT, 1, "expiry")]
    first, other = strategy_trades([*OPENED, *second, order(5)], fills)
    assert ((5, "expiry") in first.orders, (5, "expiry") in other.orders) == (True, False)


def test_a_cash_settled_option_pays_its_intrinsic_value() -> None:
    call = option("C", 3700, kind="index_option")
    fills = [
        fill(1, call, -1, "40"),
        ending(2, call, 1, "assignment", underlying_price=Decimal("3710.5"), is_in_the_money=True),
    ]
    trade = one([order(1, "tk1|a|t|open"), order(2)], fills)
    assert (trade.ended_by, trade.profit_loss) == ("cash_settled", D(4000) - D(1050))


def test_a_settlement_that_contradicts_its_strike_leaves_the_result_unknown() -> None:
    call = option("C", 3700, kind="index_option")
    fills = [
        fill(1, call, -1, "40"),
        ending(2, call, 1, "assignment", underlying_price=Decimal(3000), is_in_the_money=True),
    ]
    assert one([order(1, "tk1|a|t|open"), order(2)], fills).profit_loss is None


def test_delivered_shares_stay_in_the_trade_until_they_are_sold() -> None:
    assigned = [
        ending(2, PUT, 1, "assignment", underlying_price=Decimal(290), is_in_the_money=True, delivers=True),
        fill(2, SHARE, 100, "300", hours=900, kind="delivery", fee=None, fee_currency=None),
    ]
    orders = [order(1, "tk1|a|t|open"), order(2), order(3)]
    held = one(orders, [fill(1, PUT, -1, "2"), *assigned])
    assert (held.ended_by, held.profit_loss) == ("assigned", None)
    sold = one(orders, [fill(1, PUT, -1, "2"), *assigned, fill(3, SHARE, -100, "291", hours=920)])
    assert (sold.ended_by, sold.profit_loss) == ("assigned", D(200) - D(900))


def test_a_margin_call_that_buys_back_the_legs_ends_the_trade() -> None:
    fills = [*OPENING, fill(3, PUT, 1, "5", hours=2), fill(4, CALL, 1, "1", hours=2)]
    assert one([*OPENED, order(3, "Margin Call"), order(4, "Margin Call")], fills).ended_by == "margin_call"


def test_a_combo_without_a_tag_is_a_trade_named_after_its_group() -> None:
    trade = one([order(1, None, 7), order(2, "", 7)], OPENING)
    assert (trade.trade_id, trade.strategy, trade.kind) == ("g7", "untagged", "strangle")


def test_a_single_order_without_a_tag_is_a_trade_named_after_the_order() -> None:
    trade = one([order(1)], [fill(1, SHARE, 100, "300")])
    assert (trade.trade_id, trade.kind, trade.label, trade.ended_by) == ("o1", "single", "long stock", "open")


def test_a_trade_opened_by_an_earlier_deployment_has_only_its_end() -> None:
    trade = one([order(1, "tk1|strangle45|s-0|close", 1)], [fill(1, PUT, 1, "1")])
    assert (trade.ended_by, trade.opened_at, trade.credit, trade.profit_loss) == ("closed", None, None, None)


def test_an_unknown_multiplier_leaves_the_money_unknown() -> None:
    contract = Contract("BTCUSDT", "crypto")
    fills = [fill(1, contract, 1, "9000"), fill(2, contract, -1, "9500", hours=1)]
    trade = one([order(1, "tk1|a|t|open"), order(2, "tk1|a|t|close")], fills)
    assert (trade.ended_by, trade.credit, trade.profit_loss) == ("closed", None, None)


def test_fees_of_two_currencies_are_not_added_up() -> None:
    fills = [fill(1, PUT, -1, "2"), fill(2, PUT, 1, "1", hours=1, fee_currency="EUR")]
    assert one([order(1, "tk1|a|t|open"), order(2, "tk1|a|t|close")], fills).fees is None


@pytest.mark.parametrize(
    ("legs", "kind", "side"),
    [
        ([("P", 300, -1)], "single", "credit"),
        ([("P", 290, 1), ("P", 300, -1)], "vertical", "credit"),
        ([("C", 290, 1), ("C", 300, -1)], "vertical", "debit"),
        ([("P", 300, -2), ("C", 300, -2)], "straddle", "credit"),
        ([("P", 300, 1), ("C", 340, 1)], "strangle", "debit"),
        ([("P", 290, 1), ("P", 300, -1), ("C", 340, -1), ("C", 350, 1)], "iron_condor", "credit"),
        ([("P", 290, 1), ("P", 300, -1), ("C", 300, -1), ("C", 310, 1)], "iron_butterfly", "credit"),
        ([("C", 290, 10), ("C", 300, -20), ("C", 310, 10)], "butterfly", "debit"),
        ([("P", 280, -2), ("P", 295, -1), ("P", 300, 1)], "112", "unknown"),
        ([("P", 300, -1), ("C", 340, 1)], "risk_reversal", "unknown"),
        ([("C", 290, 1), ("C", 300, -3)], "ratio", "unknown"),
        ([("C", 290, 1), ("C", 300, 1)], "custom", "unknown"),
    ],
)
def test_legs_have_the_name_a_trader_gives_them(legs: list[tuple[str, int, int]], kind: str, side: str) -> None:
    opened = [(option(right, strike), Decimal(quantity)) for right, strike, quantity in legs]
    assert (kind_of(opened), side_of(kind, opened, None)) == (kind, side)


def test_other_shapes_have_names_too() -> None:
    later = option("C", 300, EXPIRY + dt.timedelta(days=28))
    assert kind_of([(option("C", 300), Decimal(-1)), (later, Decimal(1))]) == "calendar"
    assert kind_of([(SHARE, Decimal(100)), (CALL, Decimal(-1))]) == "covered"
    assert kind_of([(SHARE, Decimal(100)), (Contract("QQQ", "equity"), Decimal(-1))]) == "pair"
    assert kind_of([(SHARE, Decimal(100)), (Contract("QQQ", "equity"), Decimal(1))]) == "custom"
    assert units([Decimal("0.5")]) is None


strikes = st.integers(280, 320)


@given(
    st.lists(
        st.tuples(st.sampled_from("CP"), strikes, st.integers(-3, 3).filter(bool), st.integers(0, 500)),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_opened_and_closed_at_the_same_prices_earns_nothing(legs: list[tuple[str, int, int, int]]) -> None:
    fills, orders = [], []
    for number, (right, strike, quantity, cents) in enumerate(legs, start=1):
        price = str(Decimal(cents) / 100)
        orders += [order(number, "tk1|a|t|open", 1), order(number + 100, "tk1|a|t|close", 2)]
        fills += [
            fill(number, option(right, strike), quantity, price),
            fill(number + 100, option(right, strike), -quantity, price, hours=5),
        ]
    trade = one(orders, fills)
    opened: dict[tuple[str, int], int] = {}
    for right, strike, quantity, _ in legs:
        opened[right, strike] = opened.get((right, strike), 0) + quantity
    if any(opened.values()):
        assert (trade.ended_by, trade.profit_loss) == ("closed", D(0))
    assert trade.fees == 2 * len(legs)
