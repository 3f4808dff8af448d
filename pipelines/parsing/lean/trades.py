"""Closed trades of a LEAN result, as the engine books them: per contract, first in first out, gross of fees.

Holds: the shape of one entry of `closedTrades`, and the columns made from many of them.
Belongs here: a field of a closed trade.
Never here: trades of ours (`pipelines.transforms.trades.strategy_trades`).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

import msgspec
import polars as pl
from msgspec import Raw

from pipelines.parsing.lean.columns import INSTANT, Rows, flags, read_entries, texts
from pipelines.parsing.lean.enums import TRADE_DIRECTIONS
from pipelines.parsing.lean.exact_json import ABSENT
from pipelines.parsing.lean.orders import SymbolJson
from pipelines.parsing.refusals import Refusal

SCHEMA = pl.Schema(
    {
        "position": pl.Int64(),
        "symbol_id": pl.String(),
        "symbol": pl.String(),
        "entry_at": INSTANT,
        "exit_at": INSTANT,
        "entry_price": pl.String(),
        "exit_price": pl.String(),
        "direction": pl.String(),
        "quantity": pl.String(),
        "profit_loss": pl.String(),
        "total_fees": pl.String(),
        "mae": pl.String(),
        "mfe": pl.String(),
        "end_trade_drawdown": pl.String(),
        "is_win": pl.Boolean(),
        "duration_seconds": pl.String(),
        "order_ids": pl.String(),
    }
)
"""One row per closed trade. Numbers are the texts that stand in the file, money in the account's currency; `position`
counts within the file, `order_ids` is a JSON array."""


class TradeJson(msgspec.Struct, rename="camel", gc=False):
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


def parse_trades(data: bytes, first: int) -> tuple[pl.DataFrame, int, list[Refusal]]:
    """The trades of a batch (a list) whose first is the `first` of its file, how many entries it has, and a refusal
    for each that cannot be read. Raises `Unreadable` where the batch is no JSON.
    """

    def place(number: str | int) -> str:
        return f"$.totalPerformance.closedTrades[{first + int(number)}]"

    _, entries, positions, refusals = read_entries(data, TradeJson, is_map=False, place=place)
    rows = Rows(len(entries), lambda row: place(positions[row]))
    found = _columns(rows, entries)
    found["position"] = pl.Series([first + position for position in positions], dtype=pl.Int64)
    return rows.frame(SCHEMA, found), len(entries) + len(refusals), [*refusals, *rows.refusals]


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


@lru_cache(maxsize=1 << 16)
def _seconds_text(duration: str | None) -> str | None:
    found = duration_seconds(duration)
    return None if found is None else str(found)


def _columns(rows: Rows, trades: Sequence[TradeJson]) -> dict[str, pl.Series]:
    symbols = [trade.symbols[0] if trade.symbols else trade.symbol for trade in trades]
    symbol_id = texts([symbol.id if symbol else None for symbol in symbols])
    rows.refuse_where(symbol_id.is_null(), "a closed trade without a symbol")
    durations = map(_seconds_text, [trade.duration for trade in trades])
    return {
        "symbol_id": symbol_id,
        "symbol": texts([symbol.value if symbol else None for symbol in symbols]),
        "entry_at": rows.instants("entryTime", [trade.entry_time for trade in trades], required=True),
        "exit_at": rows.instants("exitTime", [trade.exit_time for trade in trades], required=True),
        "entry_price": rows.numbers("entryPrice", [trade.entry_price for trade in trades], required=True),
        "exit_price": rows.numbers("exitPrice", [trade.exit_price for trade in trades], required=True),
        "direction": rows.names("direction", [trade.direction for trade in trades], TRADE_DIRECTIONS),
        "quantity": rows.numbers("quantity", [trade.quantity for trade in trades], required=True),
        "profit_loss": rows.numbers("profitLoss", [trade.profit_loss for trade in trades], required=True),
        "total_fees": rows.numbers("totalFees", [trade.total_fees for trade in trades], required=True),
        "mae": rows.numbers("mae", [trade.mae for trade in trades]),
        "mfe": rows.numbers("mfe", [trade.mfe for trade in trades]),
        "end_trade_drawdown": rows.numbers("endTradeDrawdown", [trade.end_trade_drawdown for trade in trades]),
        "is_win": flags([trade.is_win for trade in trades]),
        "duration_seconds": texts(list(durations)),
        "order_ids": texts([str(trade.order_ids) for trade in trades]),
    }
