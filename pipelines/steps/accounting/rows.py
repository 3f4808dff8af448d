"""Recomputed money as rows of the warehouse.

Holds: how an account, its round trips, its identity and LEAN's totals become columns.
Belongs here: the mapping to columns, and the price of an open position where the files give one.
Never here: reading, writing, or a rule of money.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count
from operator import attrgetter
from typing import Any, Final

from pipelines.steps.accounting.inputs import RunInputs
from pipelines.steps.replacing import Replacing
from pipelines.transforms.accounting.lean_totals import Figure
from pipelines.transforms.accounting.lots import Book, RoundTrip
from pipelines.transforms.accounting.run_accounts import Account
from pipelines.transforms.accounting.run_money import Cause, RunMoney, balances
from tomking.kernel.money import add, multiply
from warehouse.frames import frame, frame_of_tuples, money_if_it_fits
from warehouse.models.base import Base
from warehouse.models.derived import money as tables

Row = dict[str, Any]

MODELS: Final[tuple[type[Base], ...]] = (
    tables.InstrumentProfit,
    tables.Lot,
    tables.Position,
    tables.RunMoney,
    tables.MoneyFigure,
    tables.MoneyDifference,
)
END_EQUITY = "end_equity"
_CHUNK = 10_000
"""Round trips that exist as Python objects at a time; a run can have half a million."""
_OF_TRIP = (
    "entry_order_id",
    "exit_order_id",
    "opened_at",
    "closed_at",
    "quantity",
    "entry_price",
    "exit_price",
    "profit_loss",
    "fees",
    "ended_by",
)
_TRIP = attrgetter(*_OF_TRIP)
_LOT = ("run_id", "lot", "instrument_key", "entry_source", *_OF_TRIP)
INCOMPLETE = "incomplete"


class MoneyRows:
    """The rows of several runs, handed over table by table: the many lots in portions, everything else at the end."""

    def __init__(self, replacing: Replacing) -> None:
        self._replacing = replacing
        self._rows: dict[type[Base], list[Row]] = {model: [] for model in MODELS if model is not tables.Lot}
        self._lots: list[tuple[Any, ...]] = []

    def lots_of(self, run: RunInputs, entry_sources: Mapping[str, str]) -> Callable[[str, RoundTrip], None]:
        """Takes the round trips of a run as they close; `entry_sources` say where inherited prices are from."""
        numbers = count(1)

        def take(instrument_key: str, trip: RoundTrip) -> None:
            source = "fill" if trip.entry_order_id is not None else entry_sources.get(instrument_key, "unknown")
            self._lots.append((run.run_id, next(numbers), instrument_key, source, *_TRIP(trip)))
            if len(self._lots) >= _CHUNK:
                self._hand_over_lots()

        return take

    def add(self, run: RunInputs, account: Account, made: RunMoney, totals: Sequence[Figure]) -> None:
        """Rows of one run beside its round trips."""
        self._rows[tables.InstrumentProfit].extend(_instrument(run, account, book) for book in account.books.values())
        self._rows[tables.Position].extend(_positions(run, account, made))
        self._rows[tables.RunMoney].extend(_currencies(run, account, made))
        figures = [*([_end_figure(made)] if run.is_complete and made.end_lean is not None else []), *totals]
        self._rows[tables.MoneyFigure].extend(_figure(run.run_id, figure) for figure in figures)
        for figure in figures:
            self._rows[tables.MoneyDifference].extend(_differences(run.run_id, figure))

    def end(self) -> None:
        """Every run was added."""
        self._hand_over_lots()
        for model, rows in self._rows.items():
            self._replacing.add(model, frame(model, rows))
        self._replacing.end()

    def _hand_over_lots(self) -> None:
        self._replacing.add(tables.Lot, frame_of_tuples(tables.Lot, _LOT, self._lots))
        self._lots = []


def _instrument(run: RunInputs, account: Account, book: Book) -> Row:
    terms = book.terms
    charged = {currency: line.amount for (key, currency), line in account.fees.items() if key == terms.key}
    quoted = terms.currency or account.currency
    return {
        "run_id": run.run_id,
        "instrument_key": terms.key,
        "currency": quoted,
        "multiplier": money_if_it_fits(terms.multiplier),
        "multiplier_source": run.sources.get(terms.key, "unknown"),
        "fills": book.fills,
        "bought": money_if_it_fits(book.bought),
        "sold": money_if_it_fits(book.sold),
        "flows": money_if_it_fits(book.flows),
        "settlement": money_if_it_fits(book.settlement),
        "realised_fifo": money_if_it_fits(book.realised),
        "realised_average": money_if_it_fits(book.realised_at_average),
        "fees_text": json.dumps({currency: format(amount, "f") for currency, amount in sorted(charged.items())}),
        "fees": money_if_it_fits(add(charged.values())) if set(charged) <= {quoted} else None,
        "open_quantity": money_if_it_fits(book.quantity),
    }


def _positions(run: RunInputs, account: Account, made: RunMoney) -> list[Row]:
    rows = []
    for book in account.open_books:
        mark, source = _mark(run, account, book, made)
        value = None
        if mark is not None and book.terms.multiplier is not None:
            value = multiply(book.quantity, mark, book.terms.multiplier)
        cost = book.average_open_cost
        rows.append(
            {
                "run_id": run.run_id,
                "instrument_key": book.terms.key,
                "currency": book.terms.currency or account.currency,
                "quantity": money_if_it_fits(book.quantity),
                "average_price": money_if_it_fits(book.average_price),
                "cost": money_if_it_fits(cost),
                "mark": money_if_it_fits(mark),
                "mark_source": source,
                "unrealised": None if value is None or cost is None else money_if_it_fits(value - cost),
            }
        )
    return rows


def _mark(run: RunInputs, account: Account, book: Book, made: RunMoney) -> tuple[Decimal | None, str | None]:
    """The price of a position: a live run's file has it; a sum over positions gives it where it has one member."""
    held = run.held.get(book.terms.key)
    if held is not None:
        return held.price, "live_holdings"
    side = [one for one in account.open_books if (one.quantity > 0) == (book.quantity > 0)]
    foreign = (book.terms.currency or account.currency) != account.currency
    if len(side) != 1 or made.marks is None or not book.terms.multiplier or foreign:
        return None, None
    if len(account.open_books) == 1:
        value = made.marks
    elif run.figures.holdings is not None:
        # Long less short is the sum of marks, long plus short LEAN's Holdings.
        value = (made.marks + (run.figures.holdings if book.quantity > 0 else -run.figures.holdings)) / 2
    else:
        return None, None
    return value / multiply(book.quantity, book.terms.multiplier), made.marks_source


def _currencies(run: RunInputs, account: Account, made: RunMoney) -> list[Row]:
    rows = []
    for currency, (flows, settlement, fees) in balances(account).items():
        is_own = currency == account.currency
        row: Row = {
            "run_id": run.run_id,
            "currency": currency,
            "is_account_currency": is_own,
            "flows": money_if_it_fits(flows),
            "settlement": money_if_it_fits(settlement),
            "fees": money_if_it_fits(fees),
        }
        if is_own:
            row |= {
                "start_equity": money_if_it_fits(made.start),
                "marks": money_if_it_fits(made.marks),
                "marks_source": made.marks_source,
                "end_ours": money_if_it_fits(made.end_ours) if run.is_complete or run.is_live else None,
                "end_lean": money_if_it_fits(made.end_lean),
                "difference": money_if_it_fits(made.difference) if run.is_complete or run.is_live else None,
                "unexplained": money_if_it_fits(made.unexplained) if run.is_complete or run.is_live else None,
                "state": made.state if run.is_complete or run.is_live else INCOMPLETE,
            }
        elif account.currency is None:
            row["state"] = INCOMPLETE
        rows.append(row)
    return rows


def _end_figure(made: RunMoney) -> Figure:
    return Figure(END_EQUITY, made.end_ours, made.end_lean or Decimal(0), made.causes)


def _figure(run_id: str, figure: Figure) -> Row:
    return {
        "run_id": run_id,
        "figure": figure.figure,
        "ours": money_if_it_fits(figure.ours),
        "lean": money_if_it_fits(figure.lean),
        "difference": money_if_it_fits(figure.difference),
    }


def _differences(run_id: str, figure: Figure) -> list[Row]:
    merged: dict[str, Cause] = {}
    for cause in figure.causes:
        before = merged.get(cause.cause)
        merged[cause.cause] = replace(before, amount=add((before.amount, cause.amount))) if before else cause
    return [
        {
            "run_id": run_id,
            "figure": figure.figure,
            "cause": cause.cause,
            "amount": money_if_it_fits(cause.amount),
            "note": cause.note,
            "basis": cause.basis,
        }
        for cause in merged.values()
    ]
