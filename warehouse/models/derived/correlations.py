"""Tables of correlations, rebuilt from prices.

Holds: the newest pair matrix, the daily group means and group regimes per universe, and the group each member was
    counted in.
Belongs here: correlation figures that any later run can make again.
Never here: regime labels of universes (`records.regime_days`).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Date
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import DERIVED, Base, key


class PairCorrelation(Base):
    """Correlation of two members over the 20 sessions up to and including `session_date`."""

    __tablename__ = "pair_correlations"
    __table_args__ = ({"schema": DERIVED},)

    universe: Mapped[key]
    session_date: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    first_symbol: Mapped[key]
    second_symbol: Mapped[key]
    correlation: Mapped[float | None]
    """None where a series did not move or is missing in the window."""
    expected_correlation: Mapped[float | None]
    """Of the next 20 sessions: the pattern of the recent months at the forecast mean; None before there is a forecast."""
    observations: Mapped[int]


class GroupCorrelation(Base):
    """Mean correlation within a group or between two, over the 20 sessions up to `session_date`."""

    __tablename__ = "group_correlations"
    __table_args__ = ({"schema": DERIVED},)

    universe: Mapped[key]
    session_date: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    first_group: Mapped[key]
    second_group: Mapped[key]
    mean_correlation: Mapped[float | None]
    pairs: Mapped[int]
    low: Mapped[float | None]
    high: Mapped[float | None]
    """The mean lies between them with 90 % confidence, as far as 20 sessions can tell."""


class GroupRegime(Base):
    """The regime of one group of a universe on a session, from the group's own returns under the present settings.

    Groups of one member, and a group that is the whole universe, have none. Recomputed from the prices known now: what
    was known on the evening is kept for universes (`records.regime_days`), so a group that has to be is made one.
    """

    __tablename__ = "group_regimes"
    __table_args__ = ({"schema": DERIVED},)

    universe: Mapped[key]
    group_name: Mapped[key]
    session_date: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    regime: Mapped[str]
    danger: Mapped[int | None]
    diversification: Mapped[int | None]
    semi_volatility: Mapped[float | None]
    mean_correlation: Mapped[float | None]
    correlation_forecast: Mapped[float | None]
    reason: Mapped[str]
    members: Mapped[int]


class SymbolGroup(Base):
    """The group a member of a universe was counted in, and the version of the group table that said so."""

    __tablename__ = "symbol_groups"
    __table_args__ = ({"schema": DERIVED},)

    universe: Mapped[key]
    symbol: Mapped[key]
    group_name: Mapped[str]
    table_version: Mapped[str]
    """Version of the kernel's table; `configured` where `tomking.toml` names the group."""
