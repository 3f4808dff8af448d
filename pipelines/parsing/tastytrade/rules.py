"""The rules that a genuine tastytrade export keeps in every row, and what follows when a file does not.

Holds: the rules, the rows they apply to, and the decision between "this row" and "this file".
Belongs here: a relation between cells that the broker's own export never breaks.
Never here: the reading of single cells, and comparisons with anything outside the file.

A row that breaks a rule is refused alone and the rest is kept: a mistyped figure says nothing about its neighbours.
Where at least half of the rows that a rule applies to break it, the file was not written by the broker (converted
from another export, invented, signs reversed), nothing in it can be trusted, and the whole file is refused with the
first such line and field.

The rules look at cells by position and before their number is checked, so that a file whose rows are also too long
is refused for what is really wrong with it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.csv_columns import CellError, Record, number

CENT = Decimal("0.01")
MOST_UNDERLYINGS = 2
"""An order may pair two underlyings (a spread of futures); one number over more is a made-up number."""


@dataclass(frozen=True, slots=True)
class Row:
    """Lenient view of a record: a cell that is missing or no number is `None` and is judged by nobody."""

    record: Record
    header: tuple[str, ...]

    def text(self, name: str) -> str | None:
        """The cell below a header, if the header and the row have it."""
        if name not in self.header:
            return None
        place = self.header.index(name)
        return self.record.cells[place] if place < len(self.record.cells) else None

    def amount(self, name: str) -> Decimal | None:
        """The cell as a number; a charge that does not apply adds nothing."""
        text = self.text(name)
        if text == "--":
            return Decimal(0)
        try:
            return None if text is None else number(text)
        except CellError:
            return None

    def verdict(self, wrong: bool, field: str, reason: str) -> Verdict:
        """This row, and its refusal if it breaks the rule."""
        return self, Refusal(reason, line=self.record.line, field=field, value=self.text(field)) if wrong else None


def reversals(rows: Sequence[Row]) -> frozenset[int]:
    """The lines of trades that take another one back: the same row with value and charges turned round.

    Nothing but its mirror image tells a reversal from a row whose signs are wrong, so each needs one of its own.
    """
    mirrors: Counter[tuple[object, ...]] = Counter()
    turned: list[tuple[Row, tuple[object, ...]]] = []
    for row in rows:
        names = ("Type", "Sub Type", "Action", "Symbol", "Quantity", "Order #")
        amounts = [row.amount(name) for name in ("Value", "Commissions", "Fees")]
        if row.text("Type") != "Trade" or not row.text("Order #") or any(amount is None for amount in amounts):
            continue
        identity = tuple(row.text(name) for name in names)
        value, *_ = (amount or Decimal(0) for amount in amounts)
        if value and (row.text("Action") or "").startswith("BUY") == (value > 0):
            turned.append((row, (*identity, *(-(amount or Decimal(0)) for amount in amounts))))
        else:
            mirrors[(*identity, *amounts)] += 1
    found = set()
    for row, mirror in turned:
        if mirrors[mirror]:
            mirrors[mirror] -= 1
            found.add(row.record.line)
    return frozenset(found)


Verdict = tuple[Row, Refusal | None]
"""A row that a rule applies to, and what is wrong with it."""
Rule = Callable[[Sequence[Row]], Iterator[Verdict]]


def charges_are_costs(rows: Sequence[Row]) -> Iterator[Verdict]:
    """Commissions and fees of a trade are costs, printed negative; applies to trades that carry a charge.

    A reversal gives them back.
    """
    taken_back = reversals(rows)
    for row in rows:
        if row.record.line in taken_back:
            continue
        charges = {name: row.amount(name) for name in ("Commissions", "Fees")}
        if row.text("Type") == "Trade" and any(charges.values()):
            wrong = [name for name, amount in charges.items() if amount is not None and amount > 0]
            yield row.verdict(
                bool(wrong), wrong[0] if wrong else "", "a charge on a trade is positive, costs are negative"
            )


def value_follows_the_side(rows: Sequence[Row]) -> Iterator[Verdict]:
    """Buying pays, selling earns; applies to trades with a value, except futures (theirs is the day's settlement).

    A reversal turns it round.
    """
    taken_back = reversals(rows)
    for row in rows:
        if row.record.line in taken_back:
            continue
        value, action = row.amount("Value"), row.text("Action") or ""
        bought, sold = action.startswith("BUY"), action.startswith("SELL")
        if row.text("Type") == "Trade" and value and (bought or sold) and row.text("Instrument Type") != "Future":
            yield row.verdict(bought == (value > 0), "Value", f"its sign contradicts the action {action}")


def total_is_the_sum(rows: Sequence[Row]) -> Iterator[Verdict]:
    """Total = Value + Commissions + Fees, to the cent that rounding each column may cost; where there is a Total."""
    for row in rows:
        if len(row.record.cells) != len(row.header):
            continue
        total, value, commission, fees = (row.amount(name) for name in ("Total", "Value", "Commissions", "Fees"))
        if total is None or value is None or commission is None or fees is None:
            continue
        added = value + commission + fees
        reason = f"differs from Value + Commissions + Fees ({added}) by more than a cent"
        yield row.verdict(abs(total - added) > CENT, "Total", reason)


def quantities_are_unsigned(rows: Sequence[Row]) -> Iterator[Verdict]:
    """The side is said by the action; applies to rows with a quantity."""
    for row in rows:
        quantity = row.amount("Quantity")
        if quantity:
            yield row.verdict(quantity < 0, "Quantity", "is negative; the broker prints it without sign")


def money_has_no_order(rows: Sequence[Row]) -> Iterator[Verdict]:
    """Nobody orders a deposit or a dividend: such rows carry no order number."""
    for row in rows:
        if row.text("Type") == "Money Movement":
            yield row.verdict(bool(row.text("Order #")), "Order #", "an order number on a row without an order")


def order_has_one_underlying(rows: Sequence[Row]) -> Iterator[Verdict]:
    """An order number belongs to one order, and an order to one or two underlyings; applies to numbered trades."""
    numbered = [(row.text("Order #") or "", row) for row in rows if row.text("Type") == "Trade" and row.text("Order #")]
    underlyings: defaultdict[str, set[str]] = defaultdict(set)
    for order_number, row in numbered:
        underlyings[order_number].add(_underlying(row))
    for order_number, row in numbered:
        count = len(underlyings[order_number])
        yield row.verdict(count > MOST_UNDERLYINGS, "Order #", f"stands on trades of {count} underlyings")


def _underlying(row: Row) -> str:
    symbol = row.text("Symbol") or ""
    # Shares have no underlying of their own, and an adjusted root (USO1) belongs to the same one as its stock.
    return row.text("Underlying Symbol") or symbol[:6].strip()


RULES: tuple[Rule, ...] = (
    charges_are_costs,
    value_follows_the_side,
    total_is_the_sum,
    quantities_are_unsigned,
    money_has_no_order,
    order_has_one_underlying,
)


def judge(records: Sequence[Record], header: tuple[str, ...], rules: Sequence[Rule] = RULES) -> dict[int, Refusal]:
    """The rows that break one of `rules`, by line; the first rule broken speaks.

    Raises:
        Refused: a rule is broken by at least half of the rows it applies to.
    """
    rows = [Row(record, header) for record in records if record.problem is None]
    broken: dict[int, Refusal] = {}
    for rule in rules:
        verdicts = list(rule(rows))
        found = [refusal for _, refusal in verdicts if refusal is not None]
        if found and 2 * len(found) >= len(verdicts):
            first = found[0]
            reason = f"{first.reason} ({len(found)} of {len(verdicts)} such rows): not a file as the broker writes it"
            raise Refused(Refusal(reason, first.line, first.field, first.value))
        for row, refusal in verdicts:
            if refusal is not None:
                broken.setdefault(row.record.line, refusal)
    return broken
