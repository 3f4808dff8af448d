"""Strategy trades of the runs that changed.

Holds: which runs are made again, and the way from what they sent to rows, a few thousand trades at a time.
Belongs here: the order of the pure steps.
Never here: reading (`trade_inputs`), columns (`trade_rows`), the rules that join a trade
(`pipelines.transforms.trades.strategy_trades`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pipelines.steps.replacing import Replacing
from pipelines.steps.trades.inputs import ClosedTrades, Histories
from pipelines.steps.trades.quotes import HourlyQuotes
from pipelines.steps.trades.rows import MODELS, TradeRows, untagged_orders
from pipelines.transforms.trades.excursions import BOUNDS, EngineTrades, Excursions
from pipelines.transforms.trades.strategy_trades import (
    Trade,
    TradeOrders,
    is_tagged,
    orders_of,
    orders_without_tags,
    trades_as_they_end,
)
from warehouse.models.derived.trades import UntaggedTradeOrder

if TYPE_CHECKING:
    from warehouse.session import WriteSession

DIRTY_DOMAIN = "trades"
_EVENTS_AT_ONCE = 100_000
_TRADES_AT_ONCE = 5_000

_T = TypeVar("_T")

_HISTORIES = """
SELECT r.run_id, coalesce(d.deployment_id, r.run_id) AS history, count(e.event_id)
FROM records.runs r
LEFT JOIN derived.deployment_runs d USING (run_id)
LEFT JOIN records.order_events e USING (run_id)
GROUP BY ALL
ORDER BY history, any_value(d.position), r.run_id
"""


@dataclass(slots=True)
class _History:
    """The runs whose trades are joined together, in their order, and how many events they have."""

    runs: list[str] = field(default_factory=list)
    events: int = 0


def rebuild_trades(session: WriteSession, run_ids: Iterable[str] | None = None, *, data: Path | None = None) -> int:
    """Make the strategy trades of these runs again (None: of every run); returns how many were made.

    Runs of one deployment are one history: all of them are made again where one changed, whatever deployment it was
    in before. Every run is made again where the code behind these tables changed since (`warehouse.build_derived`).
    `data` is LEAN's data folder, for the excursions of trades along quotes.
    """
    waiting = session.dirty_days(DIRTY_DOMAIN)
    histories = _histories(session, None if waiting or run_ids is None else frozenset(run_ids))
    made = 0
    with session.transaction():
        for batch in _batches(histories):
            made += _rebuild(session, batch, data)
        session.clear_dirty(DIRTY_DOMAIN, waiting)
    return made


def trades_of(session: WriteSession, run_ids: Sequence[str]) -> dict[tuple[str, str], Trade]:
    """The trades of these runs with all their parts, by run and trade id, each run a history of its own."""
    with closing(Histories(session, run_ids)) as read:
        trades = (
            trade for run_id in run_ids for trade in trades_as_they_end(read.sent_by([run_id]), read.outlook([run_id]))
        )
        return {trade.key: trade for trade in trades}


def _histories(session: WriteSession, changed: frozenset[str] | None) -> list[_History]:
    histories: dict[str, _History] = defaultdict(_History)
    for run_id, name, events in session.rows(_HISTORIES):
        histories[name].runs.append(run_id)
        histories[name].events += events
    if changed is None:
        return list(histories.values())
    live = {run_id for (run_id,) in session.rows("SELECT run_id FROM derived.deployment_runs")}
    # A run that was read late may move others to another deployment: all of them are few.
    wanted = changed | live if changed & live else changed
    return [history for history in histories.values() if wanted & set(history.runs)]


def _batches(histories: Sequence[_History]) -> Iterator[list[_History]]:
    """Histories together as long as their events fit into memory easily."""
    batch: list[_History] = []
    for history in histories:
        if batch and sum(one.events for one in batch) + history.events > _EVENTS_AT_ONCE:
            yield batch
            batch = []
        batch.append(history)
    if batch:
        yield batch


def _rebuild(session: WriteSession, histories: Sequence[_History], data: Path | None) -> int:
    run_ids = [run_id for history in histories for run_id in history.runs]
    quotes = HourlyQuotes(data) if data is not None else None
    rows = Replacing(session, run_ids, MODELS)
    made = 0
    with closing(Histories(session, run_ids)) as read, closing(ClosedTrades(session, run_ids)) as closed:
        for trades in _portions(_judged(history.runs, read, rows) for history in histories):
            written, engine = TradeRows(), closed.around([trade for trade, _ in trades])
            for trade, is_found in trades:
                written.add(trade, _excursions(trade, engine, quotes), is_found)
            written.write(rows)
            made += len(trades)
    rows.end()
    return made


def _judged(run_ids: Sequence[str], read: Histories, rows: Replacing) -> Iterator[tuple[Trade, bool | None]]:
    """The trades of a history, the tagged ones with whether they are found without tags too.

    What is found without tags is written as soon as one trade is tagged.
    """
    outlook = read.outlook(run_ids)
    found: set[bytes] | None = None
    for trade in trades_as_they_end(read.sent_by(run_ids), outlook):
        if not is_tagged(trade):
            yield trade, None
            continue
        if found is None:
            found = set()
            for trades in _portions([orders_without_tags(read.sent_by(run_ids), outlook)]):
                found |= {_fingerprint(one) for one in trades}
                rows.add(UntaggedTradeOrder, untagged_orders(trades))
        yield trade, _fingerprint(trade) in found


def _fingerprint(trade: Trade | TradeOrders) -> bytes:
    """What stands for the orders of a trade where those of very many are kept."""
    return blake2b(repr(sorted(orders_of(trade))).encode(), digest_size=16).digest()


def _excursions(trade: Trade, engine: EngineTrades, quotes: HourlyQuotes | None) -> Excursions | None:
    known = engine.of(trade)
    if quotes is None or (known is not None and known.basis != BOUNDS):
        return known
    found = quotes.excursions(trade)
    # Prices that leave the bounds the engine saw are not those it traded on: another vendor, another adjustment.
    is_like = found is not None and (known is None or (known.mae <= found.mae and found.mfe <= known.mfe))
    return found if is_like else known


def _portions(streams: Iterable[Iterable[_T]]) -> Iterator[list[_T]]:
    """The trades in lists of a few thousand."""
    trades = chain.from_iterable(streams)
    while portion := list(islice(trades, _TRADES_AT_ONCE)):
        yield portion
