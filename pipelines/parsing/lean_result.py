"""The main result file of a run, in the notation LEAN writes since 2024-05-08.

Holds: the top level of `<id>.json`, of its summary and of a live run's day files, and the typed result made from it.
Belongs here: a member of the result that is not an order, an event or a position of a live run.
Never here: reading other files of the run, or deciding whether the run is whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import Raw

from pipelines.parsing.lean_enums import BROKERAGES, TRADE_DIRECTIONS
from pipelines.parsing.lean_json import (
    ABSENT,
    Unreadable,
    amount,
    instant,
    instant_from_seconds,
    named,
    number_text,
    read_file,
    read_map,
    read_object,
    required_amount,
    text_map,
)
from pipelines.parsing.lean_live import CashLine, HoldingLine, parse_cash, parse_holdings
from pipelines.parsing.lean_orders import LeanOrder, SymbolJson, parse_orders
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
PASCAL_MEMBERS = frozenset(member[0].upper() + member[1:] for member in MEMBERS)


class ConfigurationJson(msgspec.Struct, rename="camel"):
    """What the run was started with; the only place of its parameters."""

    name: str | None = None
    account_currency: str | None = None
    brokerage: int | None = None
    parameters: dict[str, str | None] | list[str] | None = None
    start_date: str | None = None
    end_date: str | None = None


class TradeJson(msgspec.Struct, rename="camel"):
    """A closed trade; `symbols` since 2026-01-16, one `symbol` before."""

    entry_time: str
    exit_time: str
    entry_price: Raw
    exit_price: Raw
    direction: int
    quantity: Raw
    profit_loss: Raw
    total_fees: Raw
    symbols: list[SymbolJson] | None = None
    symbol: SymbolJson | None = None
    mae: Raw = ABSENT
    mfe: Raw = ABSENT
    end_trade_drawdown: Raw = ABSENT
    is_win: bool | None = None
    duration: str | None = None
    order_ids: list[int] = []


class PerformanceJson(msgspec.Struct, rename="camel"):
    """The performance block: two maps of figures and the trades."""

    trade_statistics: Raw = ABSENT
    portfolio_statistics: Raw = ABSENT
    closed_trades: list[Raw] | None = None


class SeriesJson(msgspec.Struct):
    """A chart series; points are lists today and objects before 2024-02-02."""

    values: list[list[Raw] | dict[str, Raw]] | None = None


class EquityChartJson(msgspec.Struct):
    """The one chart that is kept."""

    series: dict[str, SeriesJson] | list[Raw] | None = None


class ChartsJson(msgspec.Struct):
    """Charts by name; the others are skipped without being decoded."""

    equity: EquityChartJson | None = msgspec.field(default=None, name="Strategy Equity")


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
class LeanTrade:
    """A closed trade as LEAN books it: per contract, first in first out, gross of fees, account currency."""

    symbol_id: str
    symbol: str
    entry_at: dt.datetime
    exit_at: dt.datetime
    entry_price: Decimal
    exit_price: Decimal
    direction: str
    quantity: Decimal
    profit_loss: Decimal
    total_fees: Decimal
    total_fees_text: str
    mae: Decimal | None
    mfe: Decimal | None
    end_trade_drawdown: Decimal | None
    is_win: bool | None
    duration_seconds: Decimal | None
    order_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EquitySample:
    """A candle of the equity curve; only `close_value` where the engine wrote a line."""

    sampled_at: dt.datetime
    position: int
    open_value: Decimal | None
    high_value: Decimal | None
    low_value: Decimal | None
    close_value: Decimal | None


@dataclass(frozen=True, slots=True)
class LeanResult:
    """A result file. `refusals` are the rows of it that could not be read; everything else is whole."""

    members: frozenset[str]
    orders: list[LeanOrder]
    profit_loss: list[tuple[dt.datetime, Decimal]]
    statistics: Mapping[str, Mapping[str, str]]
    """Texts by section: statistics, runtime, state, server, trade, portfolio."""
    configuration: LeanConfiguration | None
    trades: list[LeanTrade]
    equity: list[EquitySample]
    holdings: list[HoldingLine]
    cash: list[CashLine]
    account_currency: str | None
    refusals: list[Refusal] = field(default_factory=list)

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


def parse_result(data: bytes) -> LeanResult:
    """Read a main result, a summary or a live run's status, minute or ten-minute file.

    Raises `Refused` for what is not JSON, not a result, of an older notation, or broken outside of its rows.
    """
    members = read_file(data, dict[str, Raw])
    check_members(members)
    refusals: list[Refusal] = []
    try:
        orders, refused = parse_orders(read_map(members.get("orders"), "$.orders"))
        refusals += refused
        performance = _member(members, "totalPerformance", PerformanceJson)
        trades, refused = _trades((performance and performance.closed_trades) or [])
        refusals += refused
        holdings, refused = parse_holdings(read_map(members.get("holdings"), "$.holdings"))
        refusals += refused
        return LeanResult(
            members=frozenset(members),
            orders=orders,
            profit_loss=_profit_loss(read_map(members.get("profitLoss"), "$.profitLoss")),
            statistics=_statistics(members, performance),
            configuration=_configuration(_member(members, "algorithmConfiguration", ConfigurationJson)),
            trades=trades,
            equity=_equity(_member(members, "charts", ChartsJson)),
            holdings=holdings,
            cash=parse_cash(read_map(members.get("cash"), "$.cash")),
            account_currency=text_map(_only(members, "accountCurrency"), "$").get("accountCurrency"),
            refusals=refusals,
        )
    except Unreadable as error:
        raise Refused(error.refusal) from error


def check_members(members: Mapping[str, Raw]) -> None:
    """Refuse by name what is not a result of today's notation."""
    if MEMBERS & members.keys():
        return
    if older := sorted(PASCAL_MEMBERS & members.keys()):
        raise Refused(
            Refusal("a LEAN result in PascalCase (written before 2024-05-08); only camelCase is read", field=older[0])
        )
    raise Refused(Refusal("a JSON object without any member of a LEAN result", field=next(iter(members), None)))


def parse_insights(data: bytes) -> int:
    """How many insights an `alpha-results.json` lists. Raises `Refused`."""
    return len(read_file(data, list[Raw]))


def duration_seconds(text: str | None) -> Decimal | None:
    """A .NET TimeSpan (`[-][d.]hh:mm:ss[.fffffff]`) in seconds; None for anything else."""
    if not text:
        return None
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text)
    hours, colon, rest = body.partition(":")
    days, dot, clock_hours = hours.rpartition(".")
    minutes, second_colon, seconds = rest.partition(":")
    parts = (days if dot else "0", clock_hours, minutes)
    whole, _, fraction = seconds.partition(".")
    if not (
        colon and second_colon and all(part.isascii() and part.isdigit() for part in (*parts, whole, fraction or "0"))
    ):
        return None
    total = Decimal(int(parts[0]) * 86_400 + int(parts[1]) * 3_600 + int(parts[2]) * 60) + Decimal(seconds)
    return sign * total


def _only(members: Mapping[str, Raw], key: str) -> Raw | None:
    # One text member, read through the same door as the text maps.
    raw = members.get(key)
    return None if raw is None else Raw(b'{"%s":%s}' % (key.encode(), bytes(raw)))


def _member(members: Mapping[str, Raw], key: str, kind: type[T]) -> T | None:
    raw = members.get(key)
    return None if raw is None or bytes(raw) in (b"null", b"[]") else read_object(raw, kind, f"$.{key}")


def _statistics(members: Mapping[str, Raw], performance: PerformanceJson | None) -> dict[str, dict[str, str]]:
    trade = performance.trade_statistics if performance else None
    portfolio = performance.portfolio_statistics if performance else None
    return {
        "statistics": text_map(members.get("statistics"), "$.statistics"),
        "runtime": text_map(members.get("runtimeStatistics"), "$.runtimeStatistics"),
        "state": text_map(members.get("state"), "$.state"),
        "server": text_map(members.get("serverStatistics"), "$.serverStatistics"),
        "trade": text_map(trade, "$.totalPerformance.tradeStatistics"),
        "portfolio": text_map(portfolio, "$.totalPerformance.portfolioStatistics"),
    }


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


def _profit_loss(entries: Mapping[str, Raw]) -> list[tuple[dt.datetime, Decimal]]:
    booked = []
    for key, raw in entries.items():
        place = f"$.profitLoss.{key}"
        moment = instant(key, place)
        value, _ = required_amount(raw, place)
        if moment is None:
            raise Unreadable("not an instant", field=place, value=key[:200])
        booked.append((moment, value))
    return booked


def _trades(entries: list[Raw]) -> tuple[list[LeanTrade], list[Refusal]]:
    trades: list[LeanTrade] = []
    refusals: list[Refusal] = []
    for number, raw in enumerate(entries):
        place = f"$.totalPerformance.closedTrades[{number}]"
        try:
            trades.append(_trade(read_object(raw, TradeJson, place), place))
        except Unreadable as error:
            refusals.append(error.refusal)
    return trades, refusals


def _trade(found: TradeJson, place: str) -> LeanTrade:
    symbol = found.symbols[0] if found.symbols else found.symbol
    entry_at = instant(found.entry_time, f"{place}.entryTime")
    exit_at = instant(found.exit_time, f"{place}.exitTime")
    if symbol is None or entry_at is None or exit_at is None:
        raise Unreadable("a closed trade without symbol or times", field=place)

    def money(raw: Raw, name: str) -> Decimal:
        return required_amount(raw, f"{place}.{name}")[0]

    return LeanTrade(
        symbol_id=symbol.id,
        symbol=symbol.value,
        entry_at=entry_at,
        exit_at=exit_at,
        entry_price=money(found.entry_price, "entryPrice"),
        exit_price=money(found.exit_price, "exitPrice"),
        direction=named(TRADE_DIRECTIONS, found.direction, f"{place}.direction"),
        quantity=money(found.quantity, "quantity"),
        profit_loss=money(found.profit_loss, "profitLoss"),
        total_fees=money(found.total_fees, "totalFees"),
        total_fees_text=number_text(found.total_fees, f"{place}.totalFees") or "",
        mae=amount(found.mae, f"{place}.mae"),
        mfe=amount(found.mfe, f"{place}.mfe"),
        end_trade_drawdown=amount(found.end_trade_drawdown, f"{place}.endTradeDrawdown"),
        is_win=found.is_win,
        duration_seconds=duration_seconds(found.duration),
        order_ids=tuple(found.order_ids),
    )


def _equity(charts: ChartsJson | None) -> list[EquitySample]:
    series = charts.equity.series if charts and charts.equity else None
    curve = series.get("Equity") if isinstance(series, dict) else None
    samples: list[EquitySample] = []
    repeated: dict[dt.datetime, int] = {}
    for number, point in enumerate((curve and curve.values) or []):
        place = f"$.charts.Strategy Equity.series.Equity.values[{number}]"
        values = [point.get("x", ABSENT), point.get("y", ABSENT)] if isinstance(point, dict) else point
        figures = [amount(raw, place) for raw in values]
        if len(figures) not in (2, 5) or figures[0] is None:
            raise Unreadable("neither a point nor a candle", field=place)
        moment = instant_from_seconds(figures[0], place)
        position = repeated.get(moment, 0)
        repeated[moment] = position + 1
        candle = figures[1:] if len(figures) == 5 else [None, None, None, figures[1]]
        samples.append(EquitySample(moment, position, *candle))
    return samples
