"""Fees of many legs explained, each situation once.

Holds: what of a leg its fees depend on, and the explanations of the situations met so far.
Belongs here: saying when two legs must have the same explanation.
Never here: how a fee is explained (`fee_explanation`).

Thousands of legs differ in time, order and contract only. What an explanation reads is the terms of the contract, the
schedules, and of every fill its size, price, charges and the stretch of days in which no rate changes; legs that agree
in all of it share one explanation. Tests explain legs both ways and compare.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from pipelines.transforms.fees.account_levels import change_on, schedules_on
from pipelines.transforms.fees.all_in_rows import cap_place
from pipelines.transforms.fees.explanation import Explained, Schedules, Terms, explain
from pipelines.transforms.fees.levels import LevelFit
from pipelines.transforms.matching.fills import BrokerFill, Leg
from tomking.kernel.fees import FeeSchedule

MOST_KEPT: Final = 200_000
"""Situations kept at most; the oldest go first."""
Situation = tuple[object, ...]


class Explanations:
    """The explanations of one account's legs under its schedule and the levels that its fills show."""

    def __init__(self, schedule: FeeSchedule | None, fit: LevelFit | None) -> None:
        self._schedule, self._fit = schedule, fit
        self._schedules: dict[dt.date, Schedules | None] = {}
        self._of_level: dict[tuple[object, ...], Schedules | None] = {}
        self._known: dict[Situation, Explained] = {}

    def explain(self, leg: Leg, terms: Terms | None) -> Explained:
        """As `fee_explanation.explain`, with the schedules of the leg's session."""
        schedules = self._on(leg.session_date)
        situation = self._situation(leg, terms, schedules)
        found = self._known.get(situation)
        if found is None:
            found = explain(leg, terms, schedules)
            if len(self._known) >= MOST_KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[situation] = found
        return found

    def _on(self, day: dt.date) -> Schedules | None:
        """The schedules of a day; days on which nothing begins share them, so that they share situations, too."""
        if day not in self._schedules:
            change = change_on(self._fit, day)
            epoch = None if self._schedule is None else self._schedule.epoch(day)
            level = (epoch, None if change is None else change.estimate)
            if level not in self._of_level:
                self._of_level[level] = schedules_on(self._schedule, self._fit, day)
            self._schedules[day] = self._of_level[level]
        return self._schedules[day]

    def _situation(self, leg: Leg, terms: Terms | None, schedules: Schedules | None) -> Situation:
        epoch = (lambda day: day) if self._schedule is None else self._schedule.epoch
        return (
            leg.leg_class,
            leg.deviations,
            terms,
            id(schedules),
            tuple((fill.quantity, fill.price, fill.fee, epoch(fill.session_date)) for fill in leg.lean),
            tuple((_of_row(row), epoch(row.session_date)) for row in _in_order(leg.broker)),
            tuple(_of_row(row) for row in leg.duplicates),
            next((row.effect for row in leg.broker if row.effect is not None), None),
        )


def _in_order(rows: Sequence[BrokerFill]) -> Sequence[BrokerFill]:
    """In the order in which they use up a cap."""
    return rows if len(rows) == 1 else sorted(rows, key=cap_place)


def _of_row(row: BrokerFill) -> tuple[object, ...]:
    return (
        row.quantity,
        row.price,
        row.commission,
        row.fees,
        row.effect,
        row.settles_cash,
        row.all_in,
        row.exchange,
        row.month_volume,
        bool(row.corrects),
    )
