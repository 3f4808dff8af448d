"""The main result file of a run, in the notation LEAN writes since 2024-05-08.

Holds: the top level of `<id>.json`, of its summary and of a live run's day files, and the typed result made from it.
Belongs here: a member of the result that is not an order, an event or a position of a live run.
Never here: reading other files of the run, or deciding whether the run is whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec
import polars as pl
from msgspec import Raw

from pipelines.parsing.lean import orders as lean_orders
from pipelines.parsing.lean import trades as lean_trades
from pipelines.parsing.lean.curves import EQUITY, PROFIT_LOSS, counted, parse_equity, parse_profit_loss
from pipelines.parsing.lean.enums import BROKERAGES
from pipelines.parsing.lean.exact_json import (
    Unreadable,
    instant,
    is_nothing,
    read_file,
    read_map,
    read_object,
    text_map,
)
from pipelines.parsing.lean.live import CashLine, HoldingLine, parse_cash, parse_holdings
from pipelines.parsing.lean.spool import Batches, Spool
from pipelines.parsing.lean.stream import Part, split
from pipelines.parsing.lean.union import one_of_each
from pipelines.parsing.refusals import Refusal, Refused

T = TypeVar("T")

MEMBERS = frozenset(
    {
        "accountCurrency", "accountCurrencySymbol", "algorithmConfiguration", "analysis", "cash", "charts", "holdings",
        "orders", "profitLoss", "rollingWindow", "runtimeStatistics", "serverStatistics", "state", "statistics",
        "totalPerformance",
    }
)  # fmt: skip
"""Keys of a result; a JSON object with none of them is no result."""

_ORDERS, _PROFIT_LOSS, _CHARTS, _WINDOWS = ("orders",), ("profitLoss",), ("charts",), ("rollingWindow",)
_PERFORMANCE = ("totalPerformance",)
_TRADES = (*_PERFORMANCE, "closedTrades")
CONTAINERS = frozenset({_ORDERS, _PROFIT_LOSS, _CHARTS, _WINDOWS, _TRADES})
"""What can be large: it is read in batches."""
_EQUITY_CHART = "Strategy Equity"


class ConfigurationJson(msgspec.Struct, rename="camel"):
    """What the run was started with; the only place of its parameters."""

    name: str | None = None
    account_currency: str | None = None
    brokerage: int | None = None
    parameters: dict[str, str | None] | list[str] | None = None
    start_date: str | None = None
    end_date: str | None = None


@dataclass(frozen=True, slots=True)
class LeanConfiguration:
    """`algorithmConfiguration`: dates are the algorithm's own days although they end in Z."""

    name: str | None
    account_currency: str | None
    brokerage: str | None
    parameters: Mapping[str, str]
    period_start: dt.date | None
    period_end: dt.date | None


@dataclass(frozen=True, slots=True)
class LeanResult:
    """A result file. `refusals` are the rows of it that could not be read; everything else is whole."""

    members: frozenset[str]
    orders: Batches
    """Rows of `lean_orders.SCHEMA`."""
    profit_loss: pl.DataFrame
    """Rows of `lean_curves.PROFIT_LOSS`."""
    statistics: Mapping[str, Mapping[str, str]]
    """Texts by section: statistics, runtime, state, server, trade, portfolio, configuration."""
    configuration: LeanConfiguration | None
    trades: Batches
    """Rows of `lean_trades.SCHEMA`."""
    equity: pl.DataFrame
    """Rows of `lean_curves.EQUITY`."""
    holdings: list[HoldingLine]
    cash: list[CashLine]
    account_currency: str | None
    refusals: list[Refusal] = field(default_factory=list)
    raw_members: list[tuple[str, str | None, bytes | Path]] = field(default_factory=list)
    """(member, key, JSON in the spool) of each chart, each rolling window and the analysis: they are read elsewhere."""

    @property
    def state(self) -> Mapping[str, str]:
        """The `state` map."""
        return self.statistics["state"]

    @property
    def is_live(self) -> bool:
        """Whether the file is a live run's: those have holdings and cash, never a rolling window."""
        return "cash" in self.members or "holdings" in self.members

    @property
    def has_performance(self) -> bool:
        """Whether the block that is only written at the end is there."""
        return "totalPerformance" in self.members

    @property
    def orders_claimed(self) -> int | None:
        """`state.OrderCount`, the true number of orders."""
        text = self.state.get("OrderCount", "")
        return int(text) if text.isascii() and text.isdigit() else None


def parse_result(blocks: Iterable[bytes], spool: Spool | None = None) -> LeanResult:
    """Read a main result, a summary or a live run's status, minute or ten-minute file, given in blocks of any size.

    Orders, trades, charts and whatever else can be large never lie in memory whole; `spool` takes what comes of them.
    Raises `Refused` for what is not JSON, not a result, of an older notation, or broken outside of its rows.
    """
    reading = _Reading(spool or Spool())
    try:
        for part in split(blocks, CONTAINERS):
            reading.take(part)
        return reading.result()
    except Unreadable as error:
        raise Refused(error.refusal) from error


class _Reading:
    """The parts of one file, put where they belong."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._whole: dict[str, Raw] = {}
        self._members: set[str] = set()
        self._refusals: list[Refusal] = []
        self._orders = Batches(lean_orders.SCHEMA, keys=lean_orders.KEYS, distinct=lean_orders.SYMBOLS, spool=spool)
        self._trades = Batches(lean_trades.SCHEMA, spool=spool)
        self._trade_count = 0
        self._profit_loss: list[pl.DataFrame] = []
        self._equity = pl.DataFrame(schema=EQUITY)
        self._raw_members: list[tuple[str, str | None, bytes | Path]] = []

    def take(self, part: Part) -> None:
        if part.path:
            self._members.add(part.path[0])
        if not part.is_batch:
            self._whole[".".join(part.path)] = read_object(part.data, Raw, _place(part.path))
        elif part.path == _TRADES:
            self._take_trades(part.data)
        elif part.data[:1] == b"{":
            self._take_map(part)
        else:
            read_map(part.data, _place(part.path))

    def _take_map(self, part: Part) -> None:
        if part.path == _ORDERS:
            orders, refused = lean_orders.parse_orders(part.data)
            self._orders.append(orders)
        elif part.path == _PROFIT_LOSS:
            entries, refused = parse_profit_loss(part.data)
            self._profit_loss.append(entries)
        elif part.path == _WINDOWS:
            refused = []
            for name, raw in read_map(part.data, "$.rollingWindow").items():
                self._raw_members.append(("rollingWindow", name, self._spool.keep(bytes(raw))))
        else:
            refused = self._take_charts(part.data)
        self._refusals += refused

    def _take_trades(self, data: bytes) -> None:
        trades, count, refused = lean_trades.parse_trades(data, self._trade_count)
        self._trade_count += count
        self._trades.append(trades)
        self._refusals += refused

    def _take_charts(self, data: bytes) -> list[Refusal]:
        refused: list[Refusal] = []
        for name, raw in read_map(data, "$.charts").items():
            chart = bytes(raw)
            self._raw_members.append(("charts", name, self._spool.keep(chart)))
            if name == _EQUITY_CHART:
                self._equity, refused = parse_equity(chart)
        return refused

    def result(self) -> LeanResult:
        whole = self._whole
        if not self._members:
            read_object(whole.get("", Raw(b"{}")), dict[str, Raw])
        check_members(self._members)
        orders, doubles = one_of_each(self._orders, ["order_id"], lambda row: f"$.orders.{row['order_id']}")
        holdings, refused = parse_holdings(read_map(whole.get("holdings"), "$.holdings"))
        if (analysis := whole.get("analysis")) is not None:
            self._raw_members.append(("analysis", None, self._spool.keep(bytes(analysis))))
        return LeanResult(
            members=frozenset(self._members),
            orders=orders,
            profit_loss=counted(self._profit_loss, PROFIT_LOSS),
            statistics=_statistics(whole),
            configuration=_configuration(_member(whole, "algorithmConfiguration", ConfigurationJson)),
            trades=self._trades,
            equity=self._equity,
            holdings=holdings,
            cash=parse_cash(read_map(whole.get("cash"), "$.cash")),
            account_currency=text_map(_only(whole, "accountCurrency"), "$").get("accountCurrency"),
            refusals=[*self._refusals, *doubles, *refused],
            raw_members=self._raw_members,
        )


def check_members(members: Collection[str]) -> None:
    """Refuse by name what is not a result of today's notation."""
    if not MEMBERS.intersection(members):
        field = next(iter(members), None)
        raise Refused(Refusal("a JSON object without any member of a LEAN result", field=field))


def parse_insights(data: bytes) -> int:
    """How many insights an `alpha-results.json` lists. Raises `Refused`."""
    return len(read_file(data, list[Raw]))


def _only(members: Mapping[str, Raw], key: str) -> Raw | None:
    # One text member, read through the same door as the text maps.
    raw = members.get(key)
    return None if raw is None else Raw(b'{"%s":%s}' % (key.encode(), bytes(raw)))


def _member(members: Mapping[str, Raw], key: str, kind: type[T]) -> T | None:
    raw = members.get(key)
    return None if raw is None or is_nothing(raw) else read_object(raw, kind, f"$.{key}")


def _statistics(whole: Mapping[str, Raw]) -> dict[str, dict[str, str]]:
    members = {
        "statistics": "statistics",
        "runtime": "runtimeStatistics",
        "state": "state",
        "server": "serverStatistics",
        "trade": "totalPerformance.tradeStatistics",
        "portfolio": "totalPerformance.portfolioStatistics",
    }
    found = {section: text_map(whole.get(member), f"$.{member}") for section, member in members.items()}
    return found | {"configuration": _settings(whole.get("algorithmConfiguration"))}


def _settings(configuration: Raw | None) -> dict[str, str]:
    """Every member of the configuration as text but the parameters, which are rows of their own; lists stay JSON."""
    place = "$.algorithmConfiguration"
    if configuration is None or is_nothing(configuration):
        return {}
    settings = read_object(configuration, dict[str, Raw], place)
    texts = {}
    for name, raw in settings.items():
        data = bytes(raw)
        if name != "parameters" and not is_nothing(raw):
            texts[name] = read_object(raw, str, f"{place}.{name}") if data[:1] == b'"' else data.decode()
    return texts


def _configuration(found: ConfigurationJson | None) -> LeanConfiguration | None:
    if found is None:
        return None
    parameters = found.parameters if isinstance(found.parameters, dict) else {}
    place = "$.algorithmConfiguration"
    brokerage = found.brokerage
    return LeanConfiguration(
        name=found.name,
        account_currency=found.account_currency,
        brokerage=None if brokerage is None else BROKERAGES.get(brokerage, f"brokerage_{brokerage}"),
        parameters={name: value for name, value in parameters.items() if value is not None},
        period_start=_day(found.start_date, f"{place}.startDate"),
        period_end=_day(found.end_date, f"{place}.endDate"),
    )


def _day(text: str | None, place: str) -> dt.date | None:
    moment = instant(text, place)
    return None if moment is None else moment.date()


def _place(path: tuple[str, ...]) -> str:
    return ".".join(("$", *path))
