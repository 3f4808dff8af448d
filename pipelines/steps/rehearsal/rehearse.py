"""The evening's crisis rehearsal: the present books taken through past crises, stored, and told to the algorithm.

Holds: the step, its rows, the entry block in the object store.
Belongs here: what is kept of a rehearsal, and whom it stops.
Never here: gathering the books (`rehearsal_books`), shocks and repricing (`tomking.kernel.crisis`).
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pipelines.config import Settings
from pipelines.steps.parameters.log import find_set, history_of
from pipelines.steps.parameters.object_store import replace_document
from pipelines.steps.rehearsal.books import PresentBook, PricedLeg, present_books
from tomking.kernel import crisis
from tomking.kernel.contracts import block_key
from tomking.kernel.crisis import After, Bars, rehearse, shocks, worst, worst_by_scenario
from tomking.kernel.crisis_days import SCENARIOS, SYMBOLS
from tomking.kernel.entry_block import EntryBlock, dump_block
from tomking.kernel.limits.counts import group_name
from tomking.kernel.limits.crisis import exceeds_cap
from tomking.kernel.parameters import default_values, parse
from tomking.kernel.sessions import NEW_YORK, next_session
from warehouse.access import WriteSession
from warehouse.frames import frame
from warehouse.keys import stable_id
from warehouse.models.records.rehearsals import Rehearsal, RehearsalLeg, RehearsalLook

SESSIONS_IN_FORCE = 2
"""Sessions that an entry block counts for: one missed night is bridged, two are not."""

_BARS = """
    SELECT session_date, close, low, adjusted_close FROM records.daily_prices
    WHERE upper(symbol) = ? AND session_date BETWEEN ? AND ?
        AND source = (
            SELECT source FROM records.daily_prices WHERE upper(symbol) = ?
            GROUP BY source ORDER BY max(session_date) DESC, count(*) DESC, source LIMIT 1)
    QUALIFY row_number() OVER (PARTITION BY session_date ORDER BY revision DESC) = 1
"""
_SPLIT = 0.10
"""A change of adjusted over traded close, within a scenario, that is no dividend."""
_CENT = Decimal("0.01")
_SHARE = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class RehearsalOutcome:
    """What rehearsing one book came to; shares are of equity, None where that is not known."""

    run_id: str
    deployment: str | None
    book_date: dt.date
    legs: int
    left_out: int
    worst_look: str | None
    worst_share: Decimal | None
    is_blocked: bool
    is_new: bool
    document_written: bool


@dataclass(frozen=True, slots=True)
class RehearsedAll:
    """What rehearsing every book came to."""

    books: int
    new: int
    blocked: int
    legs_left_out: int
    rehearsals: tuple[RehearsalOutcome, ...]


@dataclass(frozen=True, slots=True)
class _Judged:
    """A rehearsed book with what was decided of it."""

    book: PresentBook
    afters: tuple[After, ...]
    worst: After | None
    share: Decimal | None
    cap: Decimal
    is_blocked: bool
    parameter_set_id: str | None


def rehearse_books(session: WriteSession, settings: Settings, run_id: str | None = None) -> RehearsedAll:
    """Rehearse the newest book of each deployment, store what is new, and renew the entry blocks.

    The same book with the same prices, cap and code is stored once. A live or paper deployment gets its entry block each
    time; where the loss as a share of equity is not known no document is written, so that the last one runs out.
    """
    outcomes = []
    with session.transaction():
        for book in present_books(session, settings, run_id):
            judged = _judge(session, book)
            is_new = _store(session, judged)
            written = run_id is None and _tell(session, settings, judged)
            outcomes.append(
                RehearsalOutcome(
                    run_id=book.run_id,
                    deployment=book.deployment,
                    book_date=book.book_date,
                    legs=len(book.legs),
                    left_out=len(book.left_out),
                    worst_look=None if judged.worst is None else judged.worst.shock.name,
                    worst_share=judged.share,
                    is_blocked=judged.is_blocked,
                    is_new=is_new,
                    document_written=written,
                )
            )
    return RehearsedAll(
        books=len(outcomes),
        new=sum(one.is_new for one in outcomes),
        blocked=sum(one.is_blocked for one in outcomes),
        legs_left_out=sum(one.left_out for one in outcomes),
        rehearsals=tuple(outcomes),
    )


def _judge(session: WriteSession, book: PresentBook) -> _Judged:
    set_id, values = _values(session, book.deployment, session.now.astimezone(NEW_YORK).date())
    legs = [one.held for one in book.legs]
    looks = shocks(own_bars(session, {leg.underlying for leg in legs}))
    afters = rehearse(legs, book.book_date, looks)
    found = worst(afters) if legs else None
    loss = Decimal(0) if found is None else Decimal(repr(found.loss))
    # A book of which nothing could be priced has an unknown loss, not none.
    is_unknown = book.equity is None or book.equity <= 0 or (not legs and bool(book.left_out))
    share = None if is_unknown or book.equity is None else (loss / book.equity).quantize(_SHARE)
    is_blocked, cap = exceeds_cap(share or Decimal(0), values)
    return _Judged(book, afters, found, share, cap, is_blocked, set_id)


def _values(session: WriteSession, deployment: str | None, day: dt.date) -> tuple[str | None, Mapping[str, str]]:
    """The values in force for a deployment, else the defaults."""
    entry = None if deployment is None else history_of(session, deployment).effective_on(day)
    if entry is None:
        return None, default_values()
    stored = find_set(session, entry.sha256, deployment)
    return stored.set_id, parse(stored.document.encode("utf-8"), sha256=entry.sha256).values_with_defaults()


def own_bars(session: WriteSession, underlyings: Iterable[str]) -> dict[str, Bars]:
    """(close, low) of the crises' sessions by symbol, where the warehouse has them: underlyings and measured funds."""
    found: dict[str, Bars] = {}
    for symbol in sorted({name.upper() for name in underlyings} | set(SYMBOLS)):
        bars: dict[dt.date, tuple[float, float]] = {}
        for scenario in SCENARIOS:
            first, last = scenario.sessions[0].day, scenario.sessions[-1].day
            bars |= _as_traded(session.rows(_BARS, [symbol, first, last, symbol]))
        if bars:
            found[symbol] = bars
    return found


def _as_traded(rows: Sequence[tuple[dt.date, float | None, float | None, float | None]]) -> Bars:
    """Bars as traded; adjusted where a split lies between them or nothing else is there."""
    ratios = [adjusted / close for _, close, _, adjusted in rows if close and adjusted]
    is_split = bool(ratios) and max(ratios) / min(ratios) - 1 > _SPLIT
    found = {}
    for day, close, low, adjusted in rows:
        price = adjusted if adjusted and (is_split or not close) else close
        if price:
            scale = price / close if close else 1.0
            found[day] = (price, low * scale if low and close else price)
    return found


def _store(session: WriteSession, judged: _Judged) -> bool:
    book = judged.book
    identity = _new_identity(session, judged)
    if identity is None:
        return False
    row = {
        "rehearsal_id": identity,
        "run_id": book.run_id,
        "deployment": book.deployment,
        "book_date": book.book_date,
        "legs": len(book.legs),
        "left_out": len(book.left_out),
        "left_out_why": json.dumps(dict(book.left_out), sort_keys=True),
        "equity": book.equity,
        "currency": book.currency,
        "cap": judged.cap,
        "worst_look": None if judged.worst is None else judged.worst.shock.name,
        "worst_loss": None if judged.worst is None else _money(judged.worst.loss),
        "worst_share": None if judged.share is None else float(judged.share),
        "is_blocked": judged.is_blocked,
        "parameter_set_id": judged.parameter_set_id,
        "code_version": code_version(),
        "rehearsed_at": session.now,
    }
    session.insert(Rehearsal, frame(Rehearsal, [row]))
    if judged.worst is not None:
        worst_looks = worst_by_scenario(judged.afters)
        looks = [_look(identity, n, after, after in worst_looks) for n, after in enumerate(judged.afters, start=1)]
        session.insert(RehearsalLook, frame(RehearsalLook, looks))
        legs = [row for after in worst_looks for row in _legs(identity, after, book.legs)]
        session.insert(RehearsalLeg, frame(RehearsalLeg, legs))
    return True


def _new_identity(session: WriteSession, judged: _Judged) -> str | None:
    """The id of a rehearsal to store; None where the newest one of the same book says the same.

    What was found before, and is found again after something else, is stored once more.
    """
    book = judged.book
    legs = "\n".join(repr(one) for one in book.legs)
    results = "\n".join(f"{after.loss:.4f}" for after in judged.afters)
    left_out = json.dumps(dict(book.left_out), sort_keys=True)
    content = (book.run_id, book.deployment, book.book_date.isoformat(), str(book.equity), str(judged.cap),
               code_version(), legs, results, left_out)  # fmt: skip
    newest = session.rows(
        "SELECT rehearsal_id FROM records.rehearsals WHERE coalesce(deployment, run_id) = ? "
        "ORDER BY rehearsed_at DESC, book_date DESC, rehearsal_id LIMIT 1",
        [book.deployment or book.run_id],
    )
    [(before,)] = session.rows(
        "SELECT count(*) FROM records.rehearsals WHERE run_id = ? AND book_date = ?", [book.run_id, book.book_date]
    )
    known = [stable_id("rehearsal", *content, repeat) for repeat in range(before + 1)]
    if newest and newest[0][0] in known:
        return None
    return known[-1]


def _look(identity: str, position: int, after: After, is_worst: bool) -> dict[str, object]:
    shock = after.shock
    return {
        "rehearsal_id": identity,
        "position": position,
        "scenario": shock.scenario,
        "span": shock.span,
        "session_date": shock.session,
        "mark": shock.mark,
        "days": shock.days,
        "vix_ratio": shock.vix_ratio,
        "margin_factor": shock.margin_factor,
        "loss": _money(after.loss),
        "margin_before": _money(after.margin_before),
        "margin_after": _money(after.margin_after),
        "is_worst": is_worst,
    }


def _legs(identity: str, after: After, priced: Sequence[PricedLeg]) -> list[dict[str, object]]:
    return [
        {
            "rehearsal_id": identity,
            "scenario": after.shock.scenario,
            "trade_id": one.leg.trade,
            "instrument_key": one.leg.key,
            "strategy": one.leg.strategy,
            "underlying": one.leg.underlying,
            "group_name": group_name(one.leg.underlying),
            "quantity": Decimal(repr(one.leg.quantity)),
            "price": one.leg.price,
            "price_source": source.price_source,
            "factor": one.factor,
            "factor_source": one.source,
            "volatility": one.leg.volatility,
            "volatility_source": source.volatility_source,
            "volatility_after": one.volatility,
            "loss": _money(-one.change),
        }
        for one, source in zip(after.legs, priced, strict=True)
    ]


def _tell(session: WriteSession, settings: Settings, judged: _Judged) -> bool:
    """Renew the entry block of a live or paper deployment; True where the document changed."""
    book, share = judged.book, judged.share
    if book.deployment is None or book.mode == "backtest" or share is None:
        return False
    today = session.now.astimezone(NEW_YORK).date()
    last = today
    for _ in range(SESSIONS_IN_FORCE):
        last = next_session(last)
    block = EntryBlock(
        deployment=book.deployment,
        is_blocked=judged.is_blocked,
        book_date=min(book.book_date, last),
        expires_on=last,
        scenario="no open positions" if judged.worst is None else judged.worst.shock.name,
        loss_share=share,
        cap=judged.cap,
        is_complete=not book.left_out,
    )
    return bool(replace_document(settings.object_store / block_key(book.deployment), dump_block(block)))


def _money(value: float) -> Decimal:
    # Adding nothing turns a negative zero into zero.
    return Decimal(repr(value)).quantize(_CENT) + 0


@functools.cache
def code_version() -> str:
    """A digest of the code that decides a rehearsal's result."""
    kernel = Path(crisis.__file__).parent
    names = ("crisis.py", "crisis_days.py", "black_scholes.py", "limits/margin.py", "limits/crisis.py")
    return f"code.{hashlib.sha256(b''.join((kernel / name).read_bytes() for name in names)).hexdigest()[:12]}"
