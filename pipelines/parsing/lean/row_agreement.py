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

from pipelines.parsing.lean.spool import Batches
from pipelines.parsing.refusals import Refusal

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
_BY_TYPE: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "limitPrice": ("limit_price", "limit", ("stop_limit", "limit_if_touched", "combo_leg_limit")),
    "stopPrice": ("stop_price", "stop_market", ("stop_limit", "trailing_stop")),
    "triggerPrice": ("trigger_price", "limit_if_touched", ()),
    "trailingAmount": ("trailing_amount", "trailing_stop", ()),
    "groupOrderManager": ("group_id", "combo_market", ("combo_limit", "combo_leg_limit")),
}
_VALUE, _QUANTITY, _PRICE = (pl.col(name).cast(pl.Float64, strict=False) for name in ("value", "quantity", "price"))
_FAR = (_VALUE - _QUANTITY * _PRICE).abs() > pl.max_horizontal(_VALUE.abs(), pl.lit(1.0)) * 1e-6
_IN_EVERY_ORDER: Mapping[str, pl.Expr] = {
    "createdTime": pl.col("created_at").is_null(),
    "priceCurrency": pl.col("price_currency").is_null(),
    **{
        member: pl.col(column).is_null() & pl.col("order_type").is_in([first, *others])
        for member, (column, first, others) in _BY_TYPE.items()
    },
}
"""Without these no order, or none of its type, can have been."""
_OF_ORDERS = ["order_id", "status", "group_id", "group_size", "order_type"]
_OF_EVENTS = ["order_id", "event_id", "status", "kind", "is_fill", "symbol_id", "fee_currency"]
_FEW_TEXTS = pl.Categorical()
_FEW = ("status", "kind", "symbol_id", "fee_currency")
"""Columns of few different texts: a run of a gigabyte has a million events, which all stay in memory for the checks."""
_AMOUNTS = {"amount": "fill_quantity", "fee_amount": "fee"}
_ENDED = ["filled", "canceled", "invalid"]


class Contradiction(Refusal):
    """Two figures that do not agree, of which nothing shows that one was cut out: somebody may have corrected one."""

    __slots__ = ()


class Tests:
    """Tests of the rows of a file, all of them at once for each batch.

    `tests` are expressions by name, true for a row that fails and null for a row of which nothing is asked.
    """

    def __init__(self, tests: Mapping[str, pl.Expr], number: str) -> None:
        self._tests = [test.alias(name) for name, test in tests.items()]
        self._number = number
        self._asked = dict.fromkeys(tests, 0)
        self._failed: dict[str, list[int]] = {name: [] for name in tests}

    def look(self, batch: pl.DataFrame) -> None:
        """Look at some rows."""
        tested = batch.select(self._number, *self._tests)
        for name, failed in self._failed.items():
            column = tested[name]
            self._asked[name] += column.len() - column.null_count()
            if column.any():
                failed.extend(tested[self._number].filter(column).to_list())

    def failed(self, name: str) -> list[int]:
        """The numbers of the rows that fail."""
        return self._failed[name]

    def partly(self, names: Iterable[str]) -> Iterator[tuple[str, list[int]]]:
        """The tests that some rows fail and others do not: an era writes a member always or never."""
        for name in names:
            if 0 < len(self._failed[name]) < self._asked[name]:
                yield name, self._failed[name]


def order_rows(orders: Batches) -> tuple[pl.DataFrame, list[Refusal]]:
    """What the other checks need of every order, and what single orders lack."""
    schema = {name: orders.schema[name] for name in _OF_ORDERS} | dict.fromkeys(("status", "order_type"), _FEW_TEXTS)
    slim, found = [pl.DataFrame(schema=schema)], list[Refusal]()
    tests = Tests({**_IN_OTHER_ORDERS, **_IN_EVERY_ORDER, "value": _VALUE.is_null(), "far": _FAR}, "order_id")
    for batch in orders:
        slim.append(batch.select(pl.col(name).cast(kind) for name, kind in schema.items()))
        tests.look(batch)
    for member in (*_IN_EVERY_ORDER, "value"):
        if without := tests.failed(member):
            found.append(_named(without, "orders lack a member that orders of their type have", member))
    for member, without in tests.partly(_IN_OTHER_ORDERS):
        found.append(_named(without, "orders lack a member that the others have", member))
    if wrong := tests.failed("far"):
        said = _named(wrong, "the value of orders is not their quantity times their price", "value")
        found.append(Contradiction(said.reason, field=said.field, value=said.value))
    return pl.concat(slim), found


def lacking_events(events: Batches) -> Iterator[Refusal]:
    """What single events lack."""
    unsaid = (pl.col("kind") == "assignment") & ~pl.col("is_assignment")
    tests = Tests({**_IN_OTHER_EVENTS, "isAssignment": unsaid}, "order_id")
    for batch in events:
        tests.look(batch)
    if without := tests.failed("isAssignment"):
        yield _named(sorted(set(without)), "assignments whose event does not say so", "events")
    for member, without in tests.partly(_IN_OTHER_EVENTS):
        yield _named(sorted(set(without)), f"events lack a member that the others have: {member}", "events")


def lacking_trades(batches: Iterable[pl.DataFrame]) -> Iterator[Refusal]:
    """What single closed trades lack."""
    tests = Tests(_IN_OTHER_TRADES, "position")
    for batch in batches:
        tests.look(batch)
    for member, without in tests.partly(_IN_OTHER_TRADES):
        said = f"{len(without)}: {', '.join(map(str, without[:_SHOWN]))}"
        place = f"{TRADES}[{without[0]}].{member}"
        yield Refusal("closed trades lack a member that the others have", field=place, value=said)


def event_rows(events: Batches) -> pl.DataFrame:
    """What the checks need of every event, in the order of the files."""
    schema = {name: events.schema[name] for name in _OF_EVENTS} | dict.fromkeys(_AMOUNTS, pl.Float64())
    schema |= dict.fromkeys(_FEW, _FEW_TEXTS)
    columns = [pl.col(name).cast(schema[name]) for name in _OF_EVENTS]
    columns += [pl.col(text).cast(pl.Float64, strict=False).alias(name) for name, text in _AMOUNTS.items()]
    return pl.concat([pl.DataFrame(schema=schema), *(batch.select(columns) for batch in events)])


def missing_orders(orders: pl.DataFrame, claimed: int | None) -> Iterator[Refusal]:
    """Orders are numbered 1 to n, n being what the state claims; a combo has as many legs as each of them says."""
    last = claimed if claimed is not None else orders["order_id"].max()
    there = set(orders["order_id"].to_list())
    missing = [number for number in range(1, _integer(last) + 1) if number not in there]
    if missing:
        yield _named(missing, "orders are not there", "")
    if orders["group_id"].null_count() == orders.height:
        return
    groups = orders.lazy().filter(pl.col("group_id").is_not_null()).group_by("group_id")
    legs_of = groups.agg(pl.len().alias("legs"), pl.col("group_size").max(), pl.col("order_id").min())
    short = legs_of.filter(pl.col("legs") < pl.col("group_size")).sort("group_id").collect()
    for group_id, legs, size, order_id in short.iter_rows():
        yield Refusal(
            "a combo has fewer legs than its orders say",
            field=f"{ORDERS}.{order_id}.groupOrderManager",
            value=f"group {group_id}: {legs} of {size}",
        )


def missing_events(orders: pl.DataFrame, events: pl.DataFrame) -> Iterator[Refusal]:
    """Every order has events, numbered 1 to n, of which the last has the order's status."""
    by_order = (
        events.lazy()
        .group_by("order_id")
        .agg(
            pl.len().alias("events"),
            pl.col("event_id").max().alias("last"),
            pl.col("status").sort_by("event_id").last().alias("said"),
            plain=(pl.col("is_fill") & (pl.col("kind") == "trade")).any(),
        )
    )
    checks = {
        "events are missing: the numbers of an order's have a gap": pl.col("events") < pl.col("last"),
        "events of orders that are not there": pl.col("status").is_null(),
        "orders without any event": pl.col("events").is_null(),
        # An order that still waits for the exchange may have been updated since its last event.
        "the last events of orders are missing: the orders have another status": (
            (pl.col("said").cast(pl.String) != pl.col("status").cast(pl.String)) & pl.col("status").is_in(_ENDED)
        ),
        "an expiry, exercise or assignment without the message that settles it": (
            (pl.col("order_type") == "option_exercise") & pl.col("plain")
        ),
    }
    together = orders.lazy().join(by_order, on="order_id", how="full", coalesce=True)
    told = together.select("order_id", **checks).collect()
    for reason in checks:
        if told[reason].any():
            yield _named(sorted(told["order_id"].filter(told[reason]).to_list()), reason, "events")


def missing_profits(events: pl.DataFrame, booked: int) -> Iterator[Refusal]:
    """The engine books a profit for each fill that makes a position smaller."""
    before = (pl.col("amount").cum_sum().over("symbol_id") - pl.col("amount")).round(_DUST)
    fills = events.lazy().filter(pl.col("is_fill"))
    closing = fills.select((before * pl.col("amount") < 0).sum()).collect().item()
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


def fees_by_currency(events: pl.DataFrame) -> dict[str, float]:
    """The sum of the fees in each currency."""
    charged = events.lazy().filter(pl.col("fee_amount").is_not_null()).group_by("fee_currency")
    return dict(charged.agg(pl.col("fee_amount").sum()).collect().iter_rows())


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
