"""Decisions carried out: strategies asked, their intents past the gate, what is done about each.

Holds: asking for decisions, turning intents into orders and book entries.
Belongs here: the way from an observation to an action, with a journal line for each step.
Never here: LEAN's event handlers (`runner`), making views (`views`), rules, numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from tomking.adapters import clock
from tomking.adapters.book_keeper import BookKeeper
from tomking.adapters.chains import Chains
from tomking.adapters.contracts import Contracts
from tomking.adapters.fees import FeeForecaster
from tomking.adapters.journal import Journal
from tomking.adapters.orders import OrderDesk
from tomking.adapters.views import Views
from tomking.kernel.contracts import make_tag
from tomking.kernel.limits.terms import Refusal
from tomking.kernel.option_chain import ChainRequest
from tomking.strategies import gate
from tomking.strategies.book import Book, Trade, Working
from tomking.strategies.decisions import decide
from tomking.strategies.intents import (
    AbandonTrade,
    CancelOrder,
    FlattenStock,
    Intent,
    PassEntry,
    PlanRoll,
    PlanTrade,
    ReportLate,
    SendOrder,
    WatchQuotes,
)
from tomking.strategies.market_view import Chain, MarketView
from tomking.strategies.rolls import ROLL, is_unfilled_roll
from tomking.strategies.strategy import Strategy

if TYPE_CHECKING:
    from AlgorithmImports import QCAlgorithm


class Trader:
    """Decides on each slice and carries the decisions out."""

    def __init__(
        self,
        algorithm: QCAlgorithm,
        contracts: Contracts,
        chains: Chains,
        views: Views,
        *,
        desk: OrderDesk,
        keeper: BookKeeper,
        fees: FeeForecaster,
        journal: Journal,
    ) -> None:
        self._algorithm, self._contracts, self._chains, self._views = algorithm, contracts, chains, views
        self._desk, self._keeper, self._fees, self._journal = desk, keeper, fees, journal
        self._said: set[tuple[str, date]] = set()

    @property
    def _book(self) -> Book:
        return self._keeper.book

    def settle(self) -> None:
        """Book what the orders have done so far."""
        self._keeper.settle(self._desk, clock.utc_now(self._algorithm))

    def decide(self, strategies: Sequence[Strategy], values: Mapping[str, str], stop: Refusal | None = None) -> bool:
        """Decide and carry out, without entries where `stop` says so.

        True where deciding again may go further in the same slice.
        """
        self.settle()
        day = clock.local_now(self._algorithm).date()
        self._keeper.follow(self._contracts.holdings(self._book.expected()), day)
        views = self._views.of_all(self._book)
        verdict = decide(strategies, views, self._chain, self._book, values, stop=stop)
        self._book.guards = verdict.guards
        # The record names the VIX that was worked with.
        views = {name: replace(view, vix=verdict.vix.reading) for name, view in views.items()}
        some_view = next(iter(views.values()))
        for refused in verdict.refused:
            self._on_refused(refused, some_view)
        for missing in verdict.not_judged:
            if self._is_new(f"not judged {missing}", some_view.day):
                self._journal.write("note", message=f"limit not judged, input unknown: {missing}")
        for sentence in verdict.notes:
            if self._is_new(sentence, some_view.day):
                self._journal.write("note", message=sentence)
        further = [self._carry_out(intent, self._view_of(intent, views)) for intent in verdict.allowed]
        return any(further)

    def _chain(self, request: ChainRequest) -> Chain | None:
        return self._chains.answer(request, clock.utc_now(self._algorithm))

    def _view_of(self, intent: Intent, views: Mapping[str, MarketView]) -> MarketView:
        """The view of the underlying that an intent is about."""
        if isinstance(intent, PlanTrade | PassEntry | WatchQuotes | PlanRoll):
            return views[intent.product]
        if isinstance(intent, FlattenStock):
            return views[intent.key]
        return views[self._book.trades[intent.trade_id].product]

    def _carry_out(self, intent: Intent, view: MarketView) -> bool:
        """Do one thing; True where deciding again may go further: a cancellation, a plan whose quotes are there."""
        if isinstance(intent, CancelOrder):
            return self._cancel(intent, view)
        if isinstance(intent, PlanTrade):
            return self._plan(intent, view)
        if isinstance(intent, SendOrder):
            self._send(intent, view)
        elif isinstance(intent, WatchQuotes):
            self._book.consider(intent.strategy, intent.product, view.day, intent.part)
            self._contracts.prepare(intent.product, intent.keys, view.day)
            self._note(intent.strategy, "watch", view, reason=f"{len(intent.keys)} contracts in reach")
        elif isinstance(intent, PlanRoll):
            self._roll(intent, view)
        elif isinstance(intent, PassEntry):
            self._book.consider(intent.strategy, intent.product, view.day, intent.part)
            self._note(intent.strategy, "pass", view, reason=intent.reason)
        elif isinstance(intent, AbandonTrade):
            strategy = self._book.trades[intent.trade_id].strategy
            self._note(strategy, "abandon", view, trade_id=intent.trade_id, reason=intent.reason)
            self._keeper.abandon(intent.trade_id)
        elif isinstance(intent, ReportLate):
            self._report_late(intent, view)
        else:
            self._flatten(intent, view)
        return False

    def _roll(self, intent: PlanRoll, view: MarketView) -> None:
        """Take the contract into the trade, in the place of one that an earlier roll took in and did not trade."""
        trade = self._book.trades[intent.trade_id]
        self._book.consider(intent.strategy, intent.product, view.day, ROLL)
        self._book.change(trade.id, legs=(*(leg for leg in trade.legs if not is_unfilled_roll(leg)), intent.leg))
        self._contracts.watch((intent.leg.key,))
        self._note(intent.strategy, "roll", view, trade_id=trade.id, reason=intent.reason)

    def _plan(self, intent: PlanTrade, view: MarketView) -> bool:
        trade_id = self._book.next_id(intent.strategy, view.day)
        self._book.consider(intent.strategy, intent.product, view.day, intent.part)
        self._book.put(
            Trade(
                id=trade_id,
                strategy=intent.strategy,
                product=intent.product,
                state="planned",
                legs=intent.legs,
                expiry=intent.expiry,
                planned_on=view.day,
                stance=intent.stance,
                part=intent.part,
                parent=intent.parent,
            )
        )
        self._contracts.watch(leg.key for leg in intent.legs)
        self._note(intent.strategy, "plan", view, trade_id=trade_id, reason=intent.reason)
        known = (view.quotes.get(leg.key) for leg in intent.legs)
        return all(quote is not None and quote.is_usable for quote in known)

    def _send(self, intent: SendOrder, view: MarketView) -> None:
        tag = make_tag(intent.strategy, intent.trade_id, intent.action)
        attempt = self._book.trades[intent.trade_id].attempts + 1
        keys = [key for key, _ in intent.legs]
        self._note(
            intent.strategy,
            intent.action,
            view,
            keys,
            trade_id=intent.trade_id,
            reason=intent.reason,
            inputs=intent.inputs,
        )
        # Stored before the engine has it: a process that dies in between finds the order again by its tag.
        working = Working(intent.action, view.now, intent.net, attempt, ())
        risk = {} if intent.planned_loss is None else {"planned_loss": intent.planned_loss, "entry_price": view.price}
        self._book.change(intent.trade_id, working=working, **risk)
        self._keeper.save()
        mids = [(key, quantity, view.quotes[key].mid) for key, quantity in intent.legs if key in view.quotes]
        self._fees.before_order(mids, view.day, tag)
        order_ids = self._desk.send(intent.trade_id, intent.legs, intent.units, intent.net, tag)
        self._book.change(intent.trade_id, working=replace(working, order_ids=tuple(order_ids)))
        if order_ids:
            self._journal_order(intent, order_ids, tag, attempt)
            self._fees.on_order(order_ids, mids, view.day, tag=tag)
        else:
            self._journal.write("error", message=self._desk.refusal(intent.trade_id)[:500], where=f"order {tag}")
        self._keeper.save()
        self.settle()

    def _journal_order(self, intent: SendOrder, order_ids: Sequence[int], tag: str, attempt: int) -> None:
        self._journal.write(
            "order_sent",
            orders=list(order_ids),
            tag=tag,
            strategy=intent.strategy,
            trade_id=intent.trade_id,
            action=intent.action,
            limit=intent.net,
            quantity=Decimal(intent.units),
            attempt=attempt,
        )

    def _cancel(self, intent: CancelOrder, view: MarketView) -> bool:
        trade = self._book.trades[intent.trade_id]
        if trade.working is None:
            return False
        self._note(trade.strategy, "cancel", view, trade_id=trade.id, reason=intent.reason)
        # Marked before the engine is asked: the answer may come back within the call.
        self._book.change(trade.id, working=replace(trade.working, cancel_asked=True))
        return self._desk.cancel(trade.id, intent.reason)

    def _report_late(self, intent: ReportLate, view: MarketView) -> None:
        if self._is_new(f"late {intent.trade_id}", view.day):
            strategy = self._book.trades[intent.trade_id].strategy
            self._note(strategy, "exception", view, trade_id=intent.trade_id, reason=intent.reason)

    def _flatten(self, intent: FlattenStock, view: MarketView) -> None:
        # After a restart nobody remembers whose they were.
        strategy, trade_id = self._keeper.delivered_by(intent.key) or (intent.strategy, "assignment")
        tag = make_tag(strategy, trade_id, "close:assignment")
        order_id = self._desk.market(intent.key, intent.quantity, tag)
        if order_id is not None:
            self._note(strategy, "close:assignment", view, reason="shares after an assignment")
            self._journal.write("order_sent", orders=[order_id], tag=tag, strategy=strategy, action="close:assignment")

    def _on_refused(self, refused: gate.RefusedIntent, view: MarketView) -> None:
        intent, refusal, trade_id = refused.intent, refused.refusal, None
        if isinstance(intent, PlanTrade):
            self._book.consider(intent.strategy, intent.product, view.day, intent.part)
        elif isinstance(intent, PlanRoll):
            trade_id = intent.trade_id
            self._book.consider(intent.strategy, intent.product, view.day, ROLL)
        else:
            trade_id = intent.trade_id
            if intent.action == "open":
                self._keeper.abandon(intent.trade_id)
            elif not self._is_new(f"refused {trade_id} {refusal.rule}", view.day):
                return
        self._journal.write(
            "refused",
            rule=refusal.rule,
            strategy=intent.strategy,
            trade_id=trade_id,
            reason=refusal.reason,
            limit=refusal.limit,
            value=refusal.value,
        )

    def _is_new(self, sentence: str, day: date) -> bool:
        """Whether this has not been said yet on this day: a thing that stays wrong is worth one line a day."""
        mark = (sentence, day)
        if mark in self._said:
            return False
        self._said = {one for one in self._said if one[1] == day} | {mark}
        return True

    def _note(
        self,
        strategy: str,
        action: str,
        view: MarketView,
        keys: Sequence[str] = (),
        *,
        trade_id: str | None = None,
        reason: str | None = None,
        inputs: Mapping[str, Decimal] | None = None,
    ) -> None:
        known = {} if view.price is None else {"price": view.price}
        self._journal.write(
            "decision",
            strategy=strategy,
            action=action,
            trade_id=trade_id,
            reason=reason,
            symbol=view.underlying,
            input_ages={**self._ages(view), **view.ages(keys)},
            inputs={**known, **(inputs or {})},
        )

    def _ages(self, view: MarketView) -> dict[str, Decimal]:
        """Age in seconds of what a decision looks at besides quotes: price, chain, VIX."""
        chain = self._chains.last.get(view.underlying)
        seen = {
            "price": self._contracts.priced_at(view.underlying),
            "vix": None if view.vix is None else view.vix.observed_at,
            "chain": None if chain is None else chain.read_at,
        }
        return {
            name: Decimal(str((view.now - moment).total_seconds()))
            for name, moment in seen.items()
            if moment is not None
        }
