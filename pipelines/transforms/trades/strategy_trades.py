"""Strategy trades: what a trader opened and what became of it, joined from the fills of a run or of a deployment.

Holds: the trades of a history with their figures, legs, orders and chains.
Belongs here: how the parts are put together: packages, joining, chains, figures.
Never here: LEAN's own closed trades (they are per contract and know no combos), or the warehouse.

Evidence is asked in this order: the strategy's own tag on any leg of a combo (`joined_by` tag); the combo (group);
orders within minutes that together have a name (template), or carry one tag (tag); what is held, first in first out
(fifo); for shares, the option that delivered them (delivery). An order that opens a trade of its own is `order`.
Fills without a tag (expiries, assignments, margin calls, liquidations) belong to the trade that holds their contract.
Every fill belongs to a trade; its fee to exactly one, the first that takes of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from pipelines.transforms.trades import figures
from pipelines.transforms.trades.books import Book, Shelf, Take
from pipelines.transforms.trades.chains import Chains, place_of
from pipelines.transforms.trades.figures import TradeLeg
from pipelines.transforms.trades.joining import Joiner
from pipelines.transforms.trades.kinds import Leg, Template, side_of, units_of
from pipelines.transforms.trades.legging import Bundler
from pipelines.transforms.trades.packages import (
    OrderKey,
    Outlook,
    Sent,
    TradedFill,
    TradedOrder,
    outlook_of,
    packages_of,
    sent_in,
)

__all__ = [
    "OrderPart",
    "Trade",
    "TradeFill",
    "TradeLeg",
    "TradedFill",
    "TradedOrder",
    "agreement",
    "strategy_trades",
    "trades_as_they_end",
]


class OrderPart(NamedTuple):
    """An order of a trade: its part (open, close, roll, expiry, assignment, margin_call) and why it belongs here.

    Of an order in several `trades` one `leads`: the one that pays its fee.
    """

    run_id: str
    order_id: int
    part: str
    joined_by: str
    trades: int
    leads: bool


class TradeOrders(NamedTuple):
    """The orders of a trade without its figures."""

    run_id: str
    trade_id: str
    parts: tuple[OrderPart, ...]


class TradeFill(NamedTuple):
    """The part of a fill that belongs to a trade; the fee of the fill goes to the trade that `pays_fee`."""

    run_id: str
    order_id: int
    event_id: int
    instrument_key: str
    occurred_at: dt.datetime
    quantity: Decimal
    part: str
    cash: Decimal | None
    pays_fee: bool


@dataclass(frozen=True, slots=True)
class Trade:
    """A strategy trade. `credit` is the opening net cash (a debit is negative); `profit_loss` is gross of `fees`.

    `chain` is (run, trade id) of the chain's first trade, `rolled_from` of the one before; `link` says why: roll,
    covered (shares or a longer option of the chain cover it), wheel (shares were called away, the next put sold).
    """

    number: int
    """Its place in the order in which the trades of the history appear."""
    trade_id: str
    strategy: str
    kind: str
    side: str
    quantity: Decimal | None
    opened_at: dt.datetime | None
    closed_at: dt.datetime | None
    ended_by: str
    credit: Decimal | None
    profit_loss: Decimal | None
    fees: Decimal | None
    days_held: Decimal | None
    orders: tuple[tuple[int, str], ...]
    """(order id, part): open, close, roll, expiry, assignment, margin_call."""
    run_id: str
    opened_quantity: Decimal | None
    """With what later orders added."""
    label: str
    underlying: str | None
    strikes: str | None
    days_to_expiry: int | None
    max_profit: Decimal | None
    max_loss: Decimal | None
    captured_share: Decimal | None
    chain: tuple[str, str]
    chain_position: int
    rolled_from: tuple[str, str] | None
    link: str | None
    parts: tuple[OrderPart, ...]
    fills: tuple[TradeFill, ...]
    legs: tuple[TradeLeg, ...]

    @property
    def key(self) -> tuple[str, str]:
        """Run that opened it, and trade id."""
        return self.run_id, self.trade_id


def strategy_trades(
    orders: Iterable[TradedOrder], fills: Iterable[TradedFill], *, use_tags: bool = True
) -> list[Trade]:
    """The trades of one history, in the order in which they appear.

    A history is one run, or the runs of one deployment in their order (the order in which `orders` name them): what one
    leaves open the next may close. Without `use_tags` only what the engine writes is believed, which is how the rules
    for other people's runs are measured against runs whose tags tell.
    """
    history = sent_in(orders, fills)
    moments = [sent.fills[0].occurred_at for sent in history]
    outlook = outlook_of((sent.orders for sent in history), is_in_order=moments == sorted(moments))
    return sorted(trades_as_they_end(history, outlook, use_tags=use_tags), key=lambda trade: trade.number)


def trades_as_they_end(history: Iterable[Sent], outlook: Outlook, *, use_tags: bool = True) -> Iterator[Trade]:
    """The trades of one history, each as soon as nothing that comes later can change it.

    Only what is open, and what ended a short while ago, is kept. `outlook` is that on the same history.
    """
    return (_finished(book, shelf) for book, shelf in _books_as_they_end(history, outlook, use_tags=use_tags))


def orders_without_tags(history: Iterable[Sent], outlook: Outlook) -> Iterator[TradeOrders]:
    """The orders of the trades that the rules alone find, each trade as soon as nothing can change it."""
    for book, shelf in _books_as_they_end(history, outlook, use_tags=False):
        yield TradeOrders(*book.key, _parts(book, shelf))
        book.empty()


def _books_as_they_end(history: Iterable[Sent], outlook: Outlook, *, use_tags: bool) -> Iterator[tuple[Book, Shelf]]:
    joiner, chains = Joiner(outlook), Chains()
    for part in Bundler(outlook).parts_of(packages_of(history, use_tags=use_tags)):
        for book in chains.finished(joiner.join(part), part.until):
            yield book, joiner.shelf


def agreement(tagged: Iterable[Trade], untagged: Iterable[Trade]) -> dict[tuple[str, str], bool]:
    """Of every tagged trade, whether a trade found without tags has exactly its orders."""
    found = {orders_of(trade) for trade in untagged}
    return {trade.key: orders_of(trade) in found for trade in tagged if is_tagged(trade)}


def orders_of(trade: Trade | TradeOrders) -> frozenset[OrderKey]:
    """The orders of a trade."""
    return frozenset((part.run_id, part.order_id) for part in trade.parts)


def is_tagged(trade: Trade) -> bool:
    """Whether a tag brought any of its orders to it."""
    return any(part.joined_by == "tag" for part in trade.parts)


def _finished(book: Book, shelf: Shelf) -> Trade:
    """The trade that a book became; the book itself is emptied."""
    place = place_of(book)
    legs = book.legs
    template = _template(book, legs)
    ended_by, closed_at = figures.end_of(book)
    credit = figures.credit_of(book)
    profit_loss = figures.result_of(book) if closed_at is not None else None
    side = side_of(template.kind, legs, credit)
    max_profit, max_loss = figures.extremes(legs, credit) if legs else (None, None)
    trade = Trade(
        number=book.number,
        trade_id=book.trade_id,
        strategy=book.strategy,
        kind=template.kind,
        side=side,
        quantity=figures.quantity_of(book),
        opened_quantity=units_of(legs) if legs else None,
        opened_at=book.opened_at,
        closed_at=closed_at,
        ended_by=ended_by,
        credit=credit,
        profit_loss=profit_loss,
        fees=figures.fees_of(book.takes),
        days_held=figures.days_between(book.opened_at, closed_at),
        orders=tuple(sorted((order_id, take.part) for (_, order_id), take in book.orders().items())),
        run_id=book.run_id,
        label=template.label,
        underlying=book.family,
        strikes=figures.strikes_text(legs),
        days_to_expiry=figures.days_to_expiry(book),
        max_profit=max_profit,
        max_loss=max_loss,
        captured_share=figures.captured_share(side, credit, max_profit, profit_loss),
        chain=place.first,
        chain_position=place.position,
        rolled_from=place.before,
        link=place.link,
        parts=_parts(book, shelf),
        fills=tuple(map(_fill, book.takes)),
        legs=figures.legs_of(book),
    )
    book.empty()
    return trade


def _parts(book: Book, shelf: Shelf) -> tuple[OrderPart, ...]:
    parts = []
    for key, take in book.orders().items():
        trades, leads = shelf.place_in_order(key, book)
        parts.append(OrderPart(*key, take.part, take.role.joined_by, trades, leads))
    return tuple(parts)


def _fill(take: Take) -> TradeFill:
    fill = take.fill
    return TradeFill(
        fill.run_id,
        fill.order_id,
        fill.event_id,
        fill.contract.key,
        fill.occurred_at,
        take.quantity,
        take.part,
        take.cash,
        take.pays_fee,
    )


def _template(book: Book, legs: list[Leg]) -> Template:
    if not legs:
        return Template("unknown", "unknown")
    if book.is_covered:
        return Template("covered", "covered call" if legs[0][0].call_put == "C" else "covered put")
    return book.template
