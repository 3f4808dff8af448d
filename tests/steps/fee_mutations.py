"""Fee schedules with one thing changed, and the real charges that notice it.

Holds: the charges that every broker's sample statements show, the mutants of a schedule, and the command that lists
those which neither a charge nor a publication notices.
Belongs here: a figure that a broker printed for an order.
Never here: what was published (`published_fees`); copies of the schedules' own tables, which agree with any mistake.

    python -m tests.steps.fee_mutations            the share noticed per broker, and every row without evidence
    python -m tests.steps.fee_mutations tastytrade only this broker
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pipelines.config import Settings
from pipelines.steps.reconciliation.inputs import accounts, read_account
from pipelines.steps.statements.ingesting import ingest_statement
from pipelines.transforms.fees.explanation import Schedules, Terms, explain
from pipelines.transforms.fees.statement_pricing import price_statements
from pipelines.transforms.matching.fills import Leg
from tests.kernel.published_examples import Example
from tests.kernel.published_fees import EXAMPLES
from tests.shared import shared_path
from tests.steps.unproven_rates import reason_for
from tomking.kernel.fees import FeeFill, FeeSchedule, UnknownRate, schedule_for
from tomking.kernel.money import Rounding, RoundingMode
from tomking.kernel.schedules.rates import FeeRate
from warehouse import migrate
from warehouse.access import Warehouse, WriteSession
from warehouse.connections import open_for_writing

SHIFT = timedelta(days=15)
"""How far a date is moved: the nearest charge often lies some days from a change."""
_TENTH = Decimal("0.1")
_REGULATORS = ("sec", "taf")
_LIMITS = ("cap", "minimum", "cap_share", "order_amount", "from_quantity", "from_price", "from_volume")
_NOTHING_WRONG = frozenset({"missing_in_lean", "rounding", "cancel_correct"})


@dataclass(frozen=True, slots=True)
class Charge:
    """An order leg whose printed charge the schedule reproduces."""

    leg: Leg
    terms: Terms

    def agrees(self, schedule: FeeSchedule) -> bool:
        """Whether a schedule gives every printed figure, to its last digit where all charges are one figure."""
        if schedule.broker == "tastytrade" and all(row.all_in for row in self.leg.rows):
            fees = schedule.fees_for_leg(self.fills)
            return all(due.total == row.commission for due, row in zip(fees, self.leg.rows, strict=True))
        found = explain(self.leg, self.terms, Schedules(schedule))
        parts = [part for part in found.parts if part.cause not in _NOTHING_WRONG and part.amount]
        return found.expected is not None and not parts

    @property
    def fills(self) -> list[FeeFill]:
        """The fills of the leg as a schedule sees them."""
        leg = self.leg
        event = "assignment" if leg.leg_class == "delivery" else leg.leg_class
        return [
            FeeFill(
                product=self.terms.product,
                side="buy" if row.quantity > 0 else "sell",
                effect=next((row.effect for row in leg.rows if row.effect), None),
                quantity=abs(row.quantity),
                price=row.price or Decimal(0),
                multiplier=self.terms.multiplier,
                session_date=row.session_date,
                root=self.terms.root,
                event="cash_settlement" if row.settles_cash else event,
            )
            for row in leg.rows
        ]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A schedule with one price changed: the rows that it stands in (products and roots that share it), and the change."""

    rows: tuple[FeeRate, ...]
    what: str
    changed: tuple[FeeRate, ...]

    @property
    def row(self) -> FeeRate:
        """The first of the rows: what is said of one price is said of all."""
        return self.rows[0]

    @property
    def moved(self) -> tuple[date, date] | None:
        """The days between which another row is in force now; None where no date was changed."""
        first, last = sorted((self.row.effective_from, self.changed[0].effective_from))
        return None if first == last else (first, last)

    @property
    def label(self) -> str:
        """The row and its change on one line."""
        row = self.row
        products = "/".join(dict.fromkeys(row.product for row in self.rows))
        roots = "/".join(dict.fromkeys(row.root for row in self.rows if row.root))
        names = (row.component, products, roots, row.side, row.effect, *row.events[:1])
        place = " ".join(name for name in names if name and name != "trade")
        return f"{row.effective_from} {place} {row.amount} [{row.evidence}]: {self.what}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A mutant, and whether some real charge or else something published notices it."""

    mutant: Mutant
    by: Literal["charge", "publication"] | None

    @property
    def noticed(self) -> bool:
        """Whether anything notices."""
        return self.by is not None


# --- evidence ----------------------------------------------------------------------------------------------------------


def charges(folder: Path) -> dict[str, list[Charge]]:
    """Per broker the legs of all sample statements that the accepted schedule reproduces; `folder` takes a warehouse."""
    warehouse = Warehouse(folder)
    migrate.create_from_models(warehouse.path)
    session = WriteSession(open_for_writing(warehouse.path), path=warehouse.path, raw=warehouse.raw)
    try:
        for broker in ("tastytrade", "ibkr", "schwab"):
            for path in sorted(shared_path("samples", broker).iterdir()):
                ingest_statement(session, path, account=f"{broker} {path.stem}", accounts=())
        found: defaultdict[str, list[Charge]] = defaultdict(list)
        for plan in accounts(session, Settings(root=folder)):
            given = read_account(session, plan)
            for priced in price_statements(given.account, given.broker, given.terms, given.schedule):
                if priced.cause is None:
                    found[plan.broker].append(Charge(priced.leg, given.terms[priced.leg.instrument_key]))
        found["ibkr tiered"] = found["ibkr"]
        return dict(found)
    finally:
        session.close()


# --- mutants -----------------------------------------------------------------------------------------------------------


def mutants(rows: tuple[FeeRate, ...], *, is_dated: bool) -> Iterator[Mutant]:
    """A price with one thing changed: its amount, limits, thresholds or date."""
    row = rows[0]

    def made(what: str, **fields: object) -> Mutant:
        return Mutant(rows, what, tuple(replace(one, **fields) for one in rows))  # type: ignore[arg-type]

    if row.amount:
        for factor in (1 - _TENTH, 1 + _TENTH):
            yield made(f"amount x {factor}", amount=row.amount * factor)
    else:
        more = {"per_million": Decimal(5)}.get(row.basis, Decimal("0.01"))
        yield made(f"amount {more}", amount=more)
    for name in _LIMITS:
        value = getattr(row, name)
        if value:
            for factor in (1 - _TENTH, 1 + _TENTH):
                yield made(f"{name} x {factor}", **{name: value * factor})
    if is_dated:
        for shift in (-SHIFT, SHIFT):
            yield made(f"date {shift.days:+d} days", effective_from=row.effective_from + shift)


def roundings(schedule: FeeSchedule) -> Iterator[Mutant]:
    """Every rule of rounding with another mode, other places or another scope: a rule holds for all of a component."""
    rules: defaultdict[tuple[str, Rounding], list[FeeRate]] = defaultdict(list)
    for row in schedule.rows:
        if row.series == "pass_through" and row.rounding.places is not None:
            rules[row.component, row.rounding].append(row)
    for (_, rule), rows in rules.items():
        mode: RoundingMode = "half_up" if rule.mode == "up" else "up"
        places = rule.places or 0
        others = {
            f"rounded {mode}": replace(rule, mode=mode),
            f"rounded to {places - 1} places": replace(rule, places=places - 1),
            f"rounded to {places + 1} places": replace(rule, places=places + 1),
            "rounded in another scope": replace(rule, scope="fill" if rule.scope == "order_leg" else "order_leg"),
        }
        for what, other in others.items():
            yield Mutant(tuple(rows), what, tuple(replace(row, rounding=other) for row in rows))


def prices(schedule: FeeSchedule) -> list[tuple[FeeRate, ...]]:
    """The rows that are charged, those together that state one price for several products or roots."""
    together: defaultdict[tuple[object, ...], list[FeeRate]] = defaultdict(list)
    for row in schedule.rows:
        if row.series == "pass_through":
            same = (
                *row.selector[:1],
                *row.selector[2:4],
                row.effective_from,
                row.amount,
                row.source,
                row.basis,
                row.cap,
            )
            together[same].append(row)
    return [tuple(rows) for rows in together.values()]


def all_mutants(schedule: FeeSchedule) -> list[Mutant]:
    """Every mutant of every price and rule.

    The day from which a schedule begins at all is no date of a price, and one that repeats the price before it none
    that anybody could see.
    """
    by_selector: defaultdict[tuple[object, ...], list[FeeRate]] = defaultdict(list)
    for rows in prices(schedule):
        for row in rows:
            by_selector[row.selector].append(row)
    of_prices = [
        mutant
        for rows in prices(schedule)
        for mutant in mutants(rows, is_dated=any(_differs_from_before(row, by_selector[row.selector]) for row in rows))
    ]
    return [*of_prices, *roundings(schedule)]


def _differs_from_before(row: FeeRate, alike: Sequence[FeeRate]) -> bool:
    earlier = [other for other in alike if other.effective_from < row.effective_from]
    if not earlier:
        return False
    before = max(earlier, key=lambda other: other.effective_from)
    return (before.amount, before.cap, before.minimum) != (row.amount, row.cap, row.minimum)


def judge(schedule: FeeSchedule, evidence: Sequence[Charge]) -> list[Verdict]:
    """Every mutant of a schedule, tried on the charges it may touch and on the published examples."""
    by_row: defaultdict[int, list[Charge]] = defaultdict(list)
    by_product: defaultdict[str, list[Charge]] = defaultdict(list)
    # A plan is judged by the charges that it reproduces.
    for charge in (one for one in evidence if one.agrees(schedule)):
        by_product[charge.terms.product].append(charge)
        for name in {id(row) for row in _rates_of(schedule, charge)}:
            by_row[name].append(charge)
    examples = EXAMPLES.get(
        schedule.broker if schedule.plan == "standard" else f"{schedule.broker} {schedule.plan}", ()
    )
    verdicts = []
    for mutant in all_mutants(schedule):
        touched: list[Charge] = []
        for row in mutant.rows:
            of_product = by_product[row.product]
            if mutant.moved is not None:
                touched += _between(of_product, *mutant.moved)
            else:
                touched += of_product if mutant.what.startswith("from_") else by_row[id(row)]
        instead = {id(row): changed for row, changed in zip(mutant.rows, mutant.changed, strict=True)}
        changed = FeeSchedule((instead.get(id(row), row) for row in schedule.rows), schedule.broker, schedule.plan)
        by: Literal["charge", "publication"] | None = None
        if any(not charge.agrees(changed) for charge in touched):
            by = "charge"
        elif not all(_holds(example, changed) for example in examples):
            by = "publication"
        verdicts.append(Verdict(mutant, by))
    return verdicts


def _holds(example: Example, schedule: FeeSchedule) -> bool:
    try:
        return example(schedule)
    except UnknownRate:
        return False


def _rates_of(schedule: FeeSchedule, charge: Charge) -> list[FeeRate]:
    return [fee.rate for fees in schedule.fees_for_leg(charge.fills) for fee in fees.fees if fee.rate is not None]


def _between(found: Sequence[Charge], first: date, last: date) -> list[Charge]:
    return [charge for charge in found if any(first <= row.session_date < last for row in charge.leg.rows)]


def judge_all(evidence: Mapping[str, Sequence[Charge]]) -> dict[str, list[Verdict]]:
    """The verdicts per broker; what regulators charge is noticed when any broker's charges notice it."""
    verdicts = {broker: judge(schedule_of(broker), found) for broker, found in sorted(evidence.items())}
    noticed = {
        of_regulator: one.by
        for found in verdicts.values()
        # Charges last: they count before publications.
        for one in sorted(found, key=lambda one: one.by == "charge")
        if one.by is not None and (of_regulator := _of_regulator(one.mutant)) is not None
    }
    return {
        broker: [replace(one, by=one.by or noticed.get(_of_regulator(one.mutant))) for one in found]
        for broker, found in verdicts.items()
    }


def schedule_of(name: str) -> FeeSchedule:
    """The schedule of a broker, or of another of its plans: `ibkr tiered`."""
    broker, _, plan = name.partition(" ")
    return schedule_for(broker, plan or "standard")


def _of_regulator(mutant: Mutant) -> object:
    row = mutant.row
    if row.component not in _REGULATORS or mutant.what.startswith("rounded"):
        return None
    return row.component, row.effective_from, row.amount, mutant.what


def main(arguments: Sequence[str]) -> int:
    """Print what the evidence notices per broker, and the prices of which it leaves a change unnoticed."""
    with tempfile.TemporaryDirectory() as folder:
        evidence = charges(Path(folder))
    for broker, verdicts in judge_all(evidence).items():
        if arguments and broker not in arguments:
            continue
        kinds = Counter((one.mutant.what.split()[0], one.by or "nothing") for one in verdicts)
        noticed = sum(one.noticed for one in verdicts)
        sys.stdout.write(f"{broker}: {len(evidence[broker])} charges notice {noticed} of {len(verdicts)} mutants\n")
        for (kind, seen), count in sorted(kinds.items()):
            sys.stdout.write(f"  {kind:14} noticed by {seen:12} {count}\n")
        for one in verdicts:
            if not one.noticed:
                sys.stdout.write(f"  unnoticed {one.mutant.label}: {reason_for(broker, one.mutant) or 'NO REASON'}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
