"""How well our fee schedule prices what a broker charged, leg by leg, from the statement alone.

Holds: the order legs of a statement, what our schedule expects for each, and the cause of what differs.
Belongs here: whether a cause is proven by reproducing the cents.
Never here: LEAN's orders and matching, rates, tables.

A leg is all fills of one order in one contract and side, over all days; rows without an order number stand alone, or
together where the minimum of one order explains them better (`unnumbered_orders`). What differs has a cause only where
applying the cause gives what was printed:

* `open_close_class`, `cap`, `component_not_modelled`: as the reconciliation finds them (`fee_explanation`);
* `pass_through_rate_change`: the level that the account's fills show over time, or that all fills of the month agree
  on where there are at least two of them;
* `component_not_modelled` (exchange): what is left is an amount that venues publish (`tomking.kernel.schedules.venues`);
* `earlier_fills`: the order's minimum was used up by fills that the statements do not have;
* `commission_rate`: one rate per unit gives the commission of every fill of the leg, and it is no single case: another
  leg shows it, too, or it is in whole cents and the leg has two units or more.

Further causes stand in `odd_charges`. Everything else is `unknown`. `no_rate` says that the schedule does not price the contract on that day, and `no_schedule`
that there is none for the broker's plan, for the currency of the charge, or for a share that is listed outside of the
United States (`root` then names currency or exchange): nothing was expected, so nothing was missed or proven.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from pipelines.transforms.fees.account_levels import (
    OPTION_PRODUCTS,
    ORF,
    change_on,
    charged_fills,
    fit_account,
    leg_id_of,
    orf_on,
)
from pipelines.transforms.fees.explanation import Explained, Schedules, Terms, explain
from pipelines.transforms.fees.explanation_memory import Explanations
from pipelines.transforms.fees.levels import LevelObservation, level_of
from pipelines.transforms.fees.odd_charges import settle
from pipelines.transforms.fees.orf_evidence import orf_evidence
from pipelines.transforms.matching.fills import ZERO, BrokerFill, Leg, total
from pipelines.transforms.matching.order_units import broker_units
from pipelines.transforms.statements.unnumbered_orders import put_together
from tomking.kernel.fees import FeeSchedule

LEAST_FILLS: Final = 2
"""Fills of a month that must agree before their level counts as shown: one fill alone can be given any level."""
LEAST_SHOWN: Final = 2
"""Legs, or units of one leg, that must show a commission rate: to a single contract any charge is a rate."""
_SILENT: Final = frozenset({"missing_in_lean", "rounding", "cancel_correct"})
"""Causes that are no difference between charge and schedule."""
_LEVEL: Final = "pass_through_rate_change"
_RATE_PLACES: Final = 4
EXCHANGES_ABROAD: Final = frozenset(
    [
        "AEB",
        "AEQLIT",
        "AEQNEO",
        "ASX",
        "ASXCEN",
        "BATEEN",
        "BATEUK",
        "BM",
        "BVME",
        "BVME.ETF",
        "BVL",
        "CHIXEN",
        "CHIXUK",
        "CHINEXT",
        "CPH",
        "DTB",
        "DXEUK",
        "DXEDE",
        "EBS",
        "EUDARK",
        "EUIBSI",
        "FTA",
        "FWB",
        "FWB2",
        "GETTEX",
        "GETTEX2",
        "HEX",
        "HKFE",
        "IBIS",
        "IBIS2",
        "ICEEU",
        "ISED",
        "JSE",
        "LSE",
        "LSEETF",
        "LSEIOB1",
        "MATIF",
        "MEFFRV",
        "MEXI",
        "MONEP",
        "MOEX",
        "NSE",
        "OMEGA",
        "OMS",
        "OSE",
        "OSE.JPN",
        "PRA",
        "PURE",
        "SBF",
        "SBVM",
        "SEHK",
        "SEHKNTL",
        "SEHKSZSE",
        "SFB",
        "SGX",
        "SNFE",
        "SWB",
        "SWB2",
        "TASE",
        "TGATE",
        "TPEX",
        "TRQXEN",
        "TRQXUK",
        "TSE",
        "TSEJ",
        "TSX",
        "TWSE",
        "VALUE",
        "VENTURE",
        "VSE",
        "WSE",
        "XETRA",
    ]
)
"""Codes of the broker for exchanges whose orders the schedules of the United States do not price."""
Month = tuple[str, int, int]
"""Product, year, month."""


@dataclass(frozen=True, slots=True)
class PricedLeg:
    """An order leg of a statement beside our schedule; costs positive.

    `cause` is None where the schedule alone gives what was printed. `left` is what the cause does not explain: for a
    proven one no more than printed digits hide. `evidence` counts the fills or legs that show a level or rate.
    """

    leg_id: str
    product: str
    root: str | None
    leg: Leg
    expected: Decimal | None
    charged: Decimal
    cause: str | None
    left: Decimal
    level: Decimal | None = None
    evidence: int | None = None


def price_statements(
    account: str, fills: Iterable[BrokerFill], terms: Mapping[str, Terms], schedule: FeeSchedule | None
) -> list[PricedLeg]:
    """Every leg of an account's statements, priced by the schedule; the result does not depend on the order of fills."""
    legs = statement_legs(fills)
    fit = fit_account(account, legs, terms, schedule)
    explanations = Explanations(schedule, fit)
    priced = []
    for leg in put_together(legs, terms, explanations, schedule):
        of_leg = terms.get(leg.instrument_key)
        abroad = _listed_abroad(leg)
        if abroad is not None:
            priced.append(without_schedule(account, leg, of_leg, abroad))
            continue
        explained = explanations.explain(leg, of_leg)
        found = _priced(account, leg, of_leg, explained, has_schedule=schedule is not None)
        change = change_on(fit, leg.session_date)
        if change is not None and found.cause is not None and _LEVEL in found.cause:
            found = replace(found, level=change.estimate, evidence=change.fills)
        priced.append(found)
    return settle(_by_commission_rate(_by_month(account, priced, terms, schedule)), terms, schedule)


def without_schedule(account: str, leg: Leg, terms: Terms | None, where: str) -> PricedLeg:
    """A leg that no schedule prices, because of the currency or the exchange `where` it was charged."""
    return PricedLeg(
        leg_id=leg_id_of(account, leg),
        product=terms.product if terms is not None else "unknown",
        root=where,
        leg=leg,
        expected=None,
        charged=total((row.commission or ZERO) + row.fees for row in leg.rows),
        cause="no_schedule",
        left=ZERO,
    )


def _listed_abroad(leg: Leg) -> str | None:
    """The exchange outside of the United States that lists what was traded; None where it is not known to be one."""
    return next((row.listed_at for row in leg.rows if row.listed_at in EXCHANGES_ABROAD), None)


def statement_legs(fills: Iterable[BrokerFill]) -> list[Leg]:
    """The order legs and single events that rows of a statement make."""
    fills = list(fills)
    trades = [fill for fill in fills if fill.leg_class == "trade"]
    orders = [leg for unit in broker_units(trades) for leg in unit.legs]
    found = [_leg(leg.fills) for leg in orders]
    found += [_leg((fill,)) for fill in fills if fill.leg_class != "trade"]
    return sorted(found, key=lambda leg: (leg.session_date, leg.rows[0].occurred_at, leg.rows[0].row_id))


def _leg(fills: Sequence[BrokerFill]) -> Leg:
    first = fills[0]
    return Leg(first.instrument_key, first.session_date, first.leg_class, broker=tuple(fills))


def _priced(account: str, leg: Leg, of_leg: Terms | None, explained: Explained, *, has_schedule: bool) -> PricedLeg:
    cause, left = _cause(explained)
    if not has_schedule:
        cause = "no_schedule"
    elif explained.expected is None:
        cause = "no_rate"
    return PricedLeg(
        leg_id=leg_id_of(account, leg),
        product=of_leg.product if of_leg is not None else "unknown",
        root=of_leg.root if of_leg is not None else None,
        leg=leg,
        expected=explained.expected,
        charged=explained.charged or ZERO,
        cause=cause,
        left=left,
        level=_asked_by_venues(leg, explained),
    )


def _asked_by_venues(leg: Leg, explained: Explained) -> Decimal | None:
    """What venues took or (negative) paid per unit; None where nothing is known of it."""
    asked = total(part.amount for part in explained.parts if part.component == "exchange")
    return asked / total(abs(row.quantity) for row in leg.rows) if asked else None


def _cause(explained: Explained) -> tuple[str | None, Decimal]:
    """What makes the difference between schedule and charge, and what no cause explains."""
    causes = {part.cause for part in explained.parts if part.cause not in _SILENT and part.amount}
    left = total(part.amount for part in explained.parts if part.cause in ("rounding", "unknown"))
    if "unknown" in causes:
        return "unknown", left
    return " and ".join(sorted(causes)) or None, left


def _by_month(
    account: str, legs: Sequence[PricedLeg], terms: Mapping[str, Terms], schedule: FeeSchedule | None
) -> list[PricedLeg]:
    """Legs that the fitted levels leave unknown, tried with the level that all fills of their month agree on."""
    months = {_month(found) for found in legs if found.cause == "unknown" and found.product in OPTION_PRODUCTS}
    if schedule is None or not months:
        return list(legs)
    observed = _observed(account, legs, terms, schedule)
    tried = []
    for found in legs:
        seen = observed.get(_month(found), []) if found.cause == "unknown" else []
        level = level_of(seen, LEAST_FILLS)
        if level is None:
            tried.append(found)
            continue
        of_leg = terms.get(found.leg.instrument_key)
        explained = explain(found.leg, of_leg, _at_level(schedule, found.leg.session_date, level))
        again = _priced(account, found.leg, of_leg, explained, has_schedule=True)
        proven = again.cause != "unknown" and orf_on(schedule, found.leg.session_date) != level
        tried.append(replace(again, level=level, evidence=len(seen)) if proven else found)
    return tried


def _month(found: PricedLeg) -> Month:
    return found.product, found.leg.session_date.year, found.leg.session_date.month


def _observed(
    account: str, legs: Sequence[PricedLeg], terms: Mapping[str, Terms], schedule: FeeSchedule
) -> dict[Month, list[LevelObservation]]:
    product_of = {row.row_id: found.product for found in legs for row in found.leg.rows}
    observed: defaultdict[Month, list[LevelObservation]] = defaultdict(list)
    charged = charged_fills(account, [found.leg for found in legs], terms)
    for seen in orf_evidence(charged, schedule).observations:
        observed[product_of[seen.row_id], seen.session_date.year, seen.session_date.month].append(seen)
    return observed


def _at_level(schedule: FeeSchedule, day: dt.date, level: Decimal) -> Schedules:
    """The schedule, and the same with this level from the beginning of the day's month."""
    rows = [schedule.rate(ORF, product, day) for product in OPTION_PRODUCTS]
    shown = [replace(row, amount=level, effective_from=day.replace(day=1)) for row in rows if row is not None]
    return Schedules(schedule, schedule.with_rates(shown))


def _by_commission_rate(legs: Sequence[PricedLeg]) -> list[PricedLeg]:
    """Legs with another commission than ours: a cause where one rate gives it and is no single case, else unknown."""
    rates: defaultdict[tuple[str, Decimal], int] = defaultdict(int)
    rate_of: dict[str, Decimal] = {}
    for found in legs:
        rate = _commission_rate(found.leg.rows) if found.cause and "commission_rate" in found.cause else None
        if rate is not None:
            rate_of[found.leg_id] = rate
            rates[found.product, rate] += 1
    return [_judged(found, rate_of, rates) for found in legs]


def _judged(found: PricedLeg, rate_of: Mapping[str, Decimal], legs_of: Mapping[tuple[str, Decimal], int]) -> PricedLeg:
    if not found.cause or "commission_rate" not in found.cause:
        return found
    rate = rate_of.get(found.leg_id)
    legs = 0 if rate is None else legs_of[found.product, rate]
    units = total(abs(row.quantity) for row in found.leg.rows)
    if rate is not None and (legs >= LEAST_SHOWN or (units >= LEAST_SHOWN and rate == round(rate, 2))):
        return replace(found, level=rate, evidence=legs)
    return replace(found, cause="unknown", left=found.charged - (found.expected or ZERO))


def _commission_rate(rows: Sequence[BrokerFill]) -> Decimal | None:
    """The one rate per unit, of at most four decimals, that gives the commission of every row; None: there is none."""
    rates = {(row.commission or ZERO) / abs(row.quantity) for row in rows}
    if len(rates) != 1:
        return None
    [rate] = rates
    return rate if rate == round(rate, _RATE_PLACES) else None
