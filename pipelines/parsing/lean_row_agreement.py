"""What the orders and events of a finished run say about each other: where they disagree, something was cut out.

Holds: the checks that need nothing but the rows of orders, events, closed trades and booked profits.
Belongs here: a fact that stands in two rows, or a number that rows must count up to.
Never here: what counts and statistics of the run say (`lean_agreement`), how a row is read.

The engine numbers orders and the events of an order from 1 without a gap, writes the last event's status into its
order, and puts the same members into every order. A file that was cut and is still valid JSON breaks one of these. No
row is refused for it: what is there is kept, what is missing is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl

from pipelines.parsing.refusals import Refusal
from pipelines.parsing.spool import Batches

ORDERS, TRADES, BOOKED = "$.orders", "$.totalPerformance.closedTrades", "$.profitLoss"
_SHOWN = 10
_DUST = 9
"""Decimals of a position that count: sums of crypto quantities leave a rest beyond them."""

_SUBMITTED = ("submission_bid", "submission_ask", "submission_last")
_IN_OTHER_ORDERS: Mapping[str, pl.Expr] = {
    "properties": pl.col("time_in_force").is_null(),
    "isMarketable": pl.col("is_marketable").is_null(),
    "priceAdjustmentMode": pl.col("price_adjustment_mode").is_null(),
    "lastFillTime": pl.when(pl.col("status") == "filled").then(pl.col("last_fill_at").is_null()),
    "canceledTime": pl.when(pl.col("status") == "canceled").then(pl.col("canceled_at").is_null()),
    # The engine's own orders have none, and in older results no order without a tag of its own.
    "tag": pl.when((pl.col("order_type") != "option_exercise") & (pl.col("tag").fill_null("") == "")).then(
        pl.col("tag").is_null()
    ),
    "orderSubmissionData": pl.when(pl.any_horizontal(pl.col(*_SUBMITTED).is_not_null())).then(
        pl.any_horizontal(pl.col(*_SUBMITTED).is_null())
    ),
    "groupOrderManager.orderIds": pl.when(pl.col("group_size") > 0).then(
        pl.col("group_order_ids").str.count_matches(",").fill_null(-1) + 1 < pl.col("group_size")
    ),
}
_IN_EVERY_ORDER = {"created_at": "createdTime", "price_currency": "priceCurrency", "value": "value"}
_IN_OTHER_EVENTS: Mapping[str, pl.Expr] = {
    "quantity": pl.col("quantity").is_null(),
    "symbolValue": pl.col("symbol") == pl.col("symbol_id"),
    "isInTheMoney": pl.when(pl.col("kind").is_in(["exercise", "assignment"])).then(~pl.col("is_in_the_money")),
}
_IN_OTHER_TRADES: Mapping[str, pl.Expr] = {
    "mae": pl.col("mae").is_null(),
    "mfe": pl.col("mfe").is_null(),
    "endTradeDrawdown": pl.col("end_trade_drawdown").is_null(),
    "isWin": pl.col("is_win").is_null(),
    "duration": pl.col("duration_seconds").is_null(),
    "orderIds": ~pl.col("order_ids").str.contains(",", literal=True),
}
"""Members that a row of one file has if the others have them; which ones there are depends on the era."""
_BY_TYPE: Mapping[str, tuple[str, ...]] = {
    "limit_price": ("limit", "stop_limit", "limit_if_touched", "combo_leg_limit"),
    "stop_price": ("stop_market", "stop_limit", "trailing_stop"),
    "trigger_price": ("limit_if_touched",),
    "trailing_amount": ("trailing_stop",),
    "group_id": ("combo_market", "combo_limit", "combo_leg_limit"),
}
_MEMBER = {
    "limit_price": "limitPrice",
    "stop_price": "stopPrice",
    "trigger_price": "triggerPrice",
    "trailing_amount": "trailingAmount",
    "group_id": "groupOrderManager",
}
_OF_ORDERS = ("order_id", "status", "group_id", "group_size", "order_type")
_OF_EVENTS = ("order_id", "event_id", "status", "kind", "is_fill", "symbol_id")


class Contradiction(Refusal):
    """Two figures that do not agree, of which nothing shows that one was cut out: somebody may have corrected one."""

    __slots__ = ()


class Lacking:
    """Counts rows that lack members which the other rows of their file have; an era writes a member always or never.

    `tests` are expressions by member, true for a row without it and null for a row of which nothing is asked.
    """

    def __init__(self, tests: Mapping[str, pl.Expr], number: str) -> None:
        self._tests = [test.alias(member) for member, test in tests.items()]
        self._number = number
        self._asked = dict.fromkeys(tests, 0)
        self._without: dict[str, list[int]] = {member: [] for member in tests}

    def look(self, batch: pl.DataFrame) -> None:
        """Look at some rows."""
        tested = batch.select(self._number, *self._tests)
        for member, without in self._without.items():
            column = tested[member]
            self._asked[member] += column.len() - column.null_count()
            if column.any():
                without.extend(tested.filter(column)[self._number].to_list())

    def found(self) -> Iterator[tuple[str, list[int]]]:
        """The members that some rows lack and others have, with the rows."""
        for member, without in self._without.items():
            if 0 < len(without) < self._asked[member]:
                yield member, without


def order_rows(orders: Batches) -> tuple[pl.DataFrame, list[Refusal]]:
    """What the other checks need of every order, and what single orders lack."""
    slim, found = [pl.DataFrame(schema={name: orders.schema[name] for name in _OF_ORDERS})], list[Refusal]()
    lacking = Lacking(_IN_OTHER_ORDERS, "order_id")
    for batch in orders:
        slim.append(batch.select(_OF_ORDERS))
        lacking.look(batch)
        found += _of_types(batch)
        found += _values(batch)
    for member, without in lacking.found():
        found.append(_named(without, "orders lack a member that the others have", member))
    return pl.concat(slim), found


def lacking_events(events: Batches) -> Iterator[Refusal]:
    """What single events lack."""
    lacking = Lacking(_IN_OTHER_EVENTS, "order_id")
    for batch in events:
        lacking.look(batch)
        said = batch.filter((pl.col("kind") == "assignment") & ~pl.col("is_assignment"))
        yield from _listed(said, "assignments whose event does not say so")
    for member, without in lacking.found():
        yield _named(sorted(set(without)), f"events lack a member that the others have: {member}", "events")


def lacking_trades(batches: Iterable[pl.DataFrame]) -> Iterator[Refusal]:
    """What single closed trades lack."""
    lacking = Lacking(_IN_OTHER_TRADES, "position")
    for batch in batches:
        lacking.look(batch)
    for member, without in lacking.found():
        said = f"{len(without)}: {', '.join(map(str, without[:_SHOWN]))}"
        place = f"{TRADES}[{without[0]}].{member}"
        yield Refusal("closed trades lack a member that the others have", field=place, value=said)


def event_rows(events: Batches) -> pl.DataFrame:
    """What the checks need of every event, in the order of the files."""
    slim = [pl.DataFrame(schema={name: events.schema[name] for name in _OF_EVENTS} | {"amount": pl.Float64()})]
    slim += [
        batch.select(*_OF_EVENTS, amount=pl.col("fill_quantity").cast(pl.Float64, strict=False)) for batch in events
    ]
    return pl.concat(slim)


def missing_orders(orders: pl.DataFrame, claimed: int | None) -> Iterator[Refusal]:
    """Orders are numbered 1 to n, n being what the state claims; a combo has as many legs as each of them says."""
    last = claimed if claimed is not None else orders["order_id"].max()
    there = set(orders["order_id"].to_list())
    missing = [number for number in range(1, _integer(last) + 1) if number not in there]
    if missing:
        yield _named(missing, "orders are not there", "")
    groups = orders.filter(pl.col("group_id").is_not_null()).group_by("group_id")
    short = groups.agg(pl.len().alias("legs"), pl.col("group_size").max(), pl.col("order_id").min()).filter(
        pl.col("legs") < pl.col("group_size")
    )
    for group_id, legs, size, order_id in short.sort("group_id").iter_rows():
        yield Refusal(
            "a combo has fewer legs than its orders say",
            field=f"{ORDERS}.{order_id}.groupOrderManager",
            value=f"group {group_id}: {legs} of {size}",
        )


def missing_events(orders: pl.DataFrame, events: pl.DataFrame) -> Iterator[Refusal]:
    """Every order has events, numbered 1 to n, of which the last has the order's status."""
    by_order = events.group_by("order_id").agg(
        pl.len().alias("events"),
        pl.col("event_id").max().alias("last"),
        pl.col("status").sort_by("event_id").last().alias("said"),
    )
    yield from _listed(
        by_order.filter(pl.col("events") < pl.col("last")), "events are missing: the numbers of an order's have a gap"
    )
    yield from _listed(by_order.join(orders, on="order_id", how="anti"), "events of orders that are not there")
    told = orders.join(by_order, on="order_id", how="left")
    yield from _listed(told.filter(pl.col("events").is_null()), "orders without any event")
    # An order that still waits for the exchange may have been updated since its last event.
    yield from _listed(
        told.filter((pl.col("said") != pl.col("status")) & pl.col("status").is_in(["filled", "canceled", "invalid"])),
        "the last events of orders are missing: the orders have another status",
    )
    exercises = orders.filter(pl.col("order_type") == "option_exercise").select("order_id")
    plain = events.filter(pl.col("is_fill") & (pl.col("kind") == "trade")).join(exercises, on="order_id", how="semi")
    yield from _listed(plain, "an expiry, exercise or assignment without the message that settles it")


def missing_profits(events: pl.DataFrame, booked: int) -> Iterator[Refusal]:
    """The engine books a profit for each fill that makes a position smaller."""
    fills = events.filter(pl.col("is_fill")).select(
        "amount", before=(pl.col("amount").cum_sum().over("symbol_id") - pl.col("amount")).round(_DUST)
    )
    closing = fills.filter(pl.col("before") * pl.col("amount") < 0).height
    if booked < closing:
        yield Refusal(
            "booked profits are missing: there are more fills that close something",
            field=BOOKED,
            value=f"{booked} of {closing}",
        )


def trade_totals(trades: Iterable[Batches]) -> tuple[int, float, float]:
    """How many closed trades there are, their profit and their fees together."""
    count, profit, fees = 0, 0.0, 0.0
    for batch in (batch for one in trades for batch in one):
        count += batch.height
        profit += float(batch["profit_loss"].cast(pl.Float64, strict=False).sum())
        fees += float(batch["total_fees"].cast(pl.Float64, strict=False).sum())
    return count, profit, fees


def fees_by_currency(events: Batches) -> dict[str, float]:
    """The sum of the fees in each currency."""
    found: dict[str, float] = {}
    for batch in events:
        charged = batch.filter(pl.col("fee").is_not_null()).group_by("fee_currency")
        for currency, fee in charged.agg(pl.col("fee").cast(pl.Float64, strict=False).sum()).iter_rows():
            found[currency] = found.get(currency, 0.0) + fee
    return found


def _of_types(batch: pl.DataFrame) -> Iterator[Refusal]:
    """A member without which an order of its type, or any order, cannot have been."""
    for column, member in _IN_EVERY_ORDER.items():
        if batch[column].null_count():
            yield _named(batch.filter(pl.col(column).is_null())["order_id"].to_list(), "orders lack a member", member)
    for column, types in _BY_TYPE.items():
        if not batch[column].null_count():
            continue
        without = batch.filter(pl.col(column).is_null() & pl.col("order_type").is_in(types))["order_id"].to_list()
        if without:
            yield _named(without, "orders lack a member of their type", _MEMBER[column])


def _values(batch: pl.DataFrame) -> Iterator[Refusal]:
    """`value` is quantity times price in every order."""
    value, quantity, price = (pl.col(name).cast(pl.Float64, strict=False) for name in ("value", "quantity", "price"))
    far = (value - quantity * price).abs() > pl.max_horizontal(value.abs(), pl.lit(1.0)) * 1e-6
    wrong = batch.filter(far)["order_id"].to_list()
    if wrong:
        found = _named(wrong, "the value of orders is not their quantity times their price", "value")
        yield Contradiction(found.reason, field=found.field, value=found.value)


def _listed(rows: pl.DataFrame, reason: str) -> Iterator[Refusal]:
    numbers = rows["order_id"].unique().sort().to_list()
    if numbers:
        yield _named(numbers, reason, "events")


def _named(numbers: Sequence[int], reason: str, member: str) -> Refusal:
    """The orders it is about, the first as the place and the first few in the value."""
    more = f" and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else ""
    return Refusal(
        reason,
        field=".".join((ORDERS, str(numbers[0]), *filter(None, [member]))),
        value=f"{len(numbers)}: {', '.join(map(str, numbers[:_SHOWN]))}{more}",
    )


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0
