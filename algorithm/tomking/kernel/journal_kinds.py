"""The journal's lines: which kinds there are, what each must carry, how a line is written.

Holds: the table of kinds and their fields, the check of one entry, the canonical line.
Belongs here: a kind of line that the algorithm writes and the warehouse reads.
Never here: storing segments, or what a reader makes of an entry.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from tomking.kernel.documents import encode_object

JOURNAL_SCHEMA = 1

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_HASH = re.compile(r"[0-9a-f]{64}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class EntryRefused(ValueError):
    """A journal entry breaks the schema; `reason` is a stable word, `field` the key at fault."""

    def __init__(self, reason: str, field: str | None = None, detail: str | None = None) -> None:
        self.reason, self.field, self.detail = reason, field, detail
        super().__init__(f"{reason}{f' in {field}' if field else ''}{f': {detail}' if detail else ''}")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_number(value: object) -> bool:
    return isinstance(value, str) and bool(_NUMBER.fullmatch(value))


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and bool(_HASH.fullmatch(value))


def _is_day(value: object) -> bool:
    return isinstance(value, str) and bool(_DAY.fullmatch(value))


def _is_whole_list(value: object) -> bool:
    return isinstance(value, list) and all(_is_whole(item) for item in value)


def _is_number_map(value: object) -> bool:
    return isinstance(value, Mapping) and all(_is_name(name) and _is_number(item) for name, item in value.items())


def _is_count_map(value: object) -> bool:
    return isinstance(value, Mapping) and all(_is_name(name) and _is_whole(item) for name, item in value.items())


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


_CHECKS: dict[str, Callable[[object], bool]] = {
    "text": _is_text,
    "name": _is_name,
    "number": _is_number,
    "whole": _is_whole,
    "hash": _is_hash,
    "day": _is_day,
    "wholes": _is_whole_list,
    "numbers": _is_number_map,
    "counts": _is_count_map,
    "flag": _is_flag,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of journal line: what it reports, the fields it must carry and those it may, by type.

    Types: `text`, `name` (text that is not empty), `number` (a decimal as text), `whole`, `hash` (sha256),
    `day` (ISO date), `wholes` (list), `numbers` and `counts` (name → number text, name → whole), `flag`.
    """

    about: str
    required: Mapping[str, str]
    optional: Mapping[str, str]


def _kind(about: str, required: str, optional: str = "") -> Kind:
    def fields(spec: str) -> dict[str, str]:
        return dict(item.split(":") for item in spec.split())

    return Kind(about, fields(required), fields(optional))


KINDS: Mapping[str, Kind] = {
    "run_started": _kind(
        "the algorithm began to run",
        "run_key:name mode:name",
        "algorithm_id:text deployment:name code_version:text brokerage:text start_cash:number python:text numpy:text",
    ),
    "modules": _kind(
        "what the modules of this run were made with: `values` by parameter, read off the modules themselves",
        "values:numbers",
        "fee_schedule:text switched_off:text",
    ),
    "parameters_applied": _kind(
        "a parameter set is in force from here on",
        "set_id:name sha256:hash why:text effective_from:day",
        "effective_values_sha256:hash data_through:day",
    ),
    "parameters_refused": _kind(
        "a parameter set was offered and not taken", "sha256:hash reason:name why:text", "field:name set_id:name"
    ),
    "parameters_missing": _kind("no parameter set was there to read", "why:text", "key:name"),
    "decision": _kind(
        "a strategy decided; `input_ages` holds the age of each input in seconds",
        "strategy:name action:name",
        "trade_id:name reason:text input_ages:numbers inputs:numbers symbol:name",
    ),
    "refused": _kind(
        "a rule stopped an intent", "rule:name", "strategy:name trade_id:name reason:text limit:number value:number"
    ),
    "order_sent": _kind(
        "orders were handed to the brokerage; `limit` is the net price of the combination",
        "orders:wholes tag:name",
        "strategy:name trade_id:name action:name limit:number quantity:number attempt:whole",
    ),
    "order_event": _kind(
        "the engine reported on an order",
        "order_id:whole status:name",
        "event_id:whole symbol:name fill_quantity:number fill_price:number fee:number fee_currency:text "
        "message:text tag:text",
    ),
    "order_forecast": _kind(
        "what our schedule expects an order to cost if its legs fill at mid; `legs` by contract",
        "orders:wholes total:number legs:numbers",
        "strategy:name trade_id:name schedule:text currency:text quotes_missing:wholes",
    ),
    "route_advice": _kind(
        "where an order that is about to be sent would cost less (`costs` by route); it is sent all the same",
        "strategy:name trade_id:name action:name present:name best:name saving:number",
        "session_date:day reason:text costs:numbers",
    ),
    "fee_forecast": _kind(
        "what our schedule expects a fill to cost (`components`, `total`) beside LEAN's model (`modelled`)",
        "order_id:whole symbol:name components:numbers total:number modelled:number",
        "event_id:whole quantity:number price:number session_date:day schedule:text currency:text strategy:name "
        "trade_id:name",
    ),
    "assignment": _kind(
        "the engine exercised or assigned an option", "symbol:name quantity:number", "order_id:whole trade_id:name"
    ),
    "trade_ended": _kind(
        "a strategy trade is over", "trade_id:name ended_by:name", "strategy:name credit:number profit_loss:number"
    ),
    "book_restored": _kind("the book was read back after a start", "trades:whole", "source:text age_seconds:number"),
    "book_adjusted": _kind(
        "holdings changed behind the strategy's back and the book followed",
        "symbol:name book:number portfolio:number",
        "trade_id:name reason:text",
    ),
    "book_rebuilt": _kind(
        "no stored book could be read; the trades were made again from what the portfolio holds",
        "trades:whole",
        "kept_as:text reason:text",
    ),
    "trade_greeks": _kind(
        "a trade at the end of a session: per contract the signed quantity, the mid, and the Greeks of one unit",
        "trade_id:name strategy:name session_date:day underlying:name quantities:numbers",
        "price:number marks:numbers deltas:numbers gammas:numbers thetas:numbers vegas:numbers volatilities:numbers "
        "multiplier:number",
    ),
    "attribution": _kind(
        "where a trade's profit or loss of a session came from; the parts add up to `profit_loss`, costs are negative",
        "trade_id:name strategy:name session_date:day profit_loss:number",
        "theta:number delta:number gamma:number vega:number fees:number slippage:number residual:number",
    ),
    "portfolio_greeks": _kind(
        "the book at the end of a session: sums over its legs, deltas also in units of the index",
        "session_date:day legs:whole",
        "delta:number beta_weighted_delta:number gamma:number theta:number vega:number index:name index_price:number "
        "missing:whole",
    ),
    "cache": _kind(
        "counters of one cache; `misses` by kind",
        "cache:name hits:whole misses:counts",
        "entries:whole evictions:whole stale_served:whole provider_calls:whole failures:whole filtered:whole "
        "known_missing:whole session_date:day key_kind:name",
    ),
    "staleness": _kind(
        "one key of a cache through a session: the seconds of the day (UTC) at which it was asked for, and what a fresh "
        "reading would have said then, where one was made",
        "cache:name traced:name session_date:day requests:wholes readings:numbers",
        "unit:text",
    ),
    "metric": _kind("a measured figure", "name:name value:number", "unit:text count:whole session_date:day"),
    "regime": _kind("the market state the algorithm works with", "state:name", "reason:text session_date:day"),
    "command": _kind("a live command was received", "name:text", "payload:text accepted:flag"),
    "note": _kind("a sentence for a person", "message:text"),
    "error": _kind("something failed and was survived", "message:text", "where:text"),
    "run_ended": _kind("the algorithm stopped in good order", "reason:text", "entries:whole open_trades:whole"),
}

_SHARED = ("schema", "seq", "kind", "time")


def time_text(moment: datetime) -> str:
    """An instant as the journal writes it: UTC, six decimals, `Z`; ValueError without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("a journal time needs a time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _check_shared(entry: Mapping[str, object]) -> Kind:
    for name in _SHARED:
        if name not in entry:
            raise EntryRefused("missing", name)
    if not _is_whole(entry["schema"]):
        raise EntryRefused("wrong_type", "schema")
    if entry["schema"] != JOURNAL_SCHEMA:
        raise EntryRefused("unknown_schema", "schema", str(entry["schema"]))
    seq = entry["seq"]
    if isinstance(seq, bool) or not isinstance(seq, int) or seq < 1:
        raise EntryRefused("wrong_type", "seq", "counts from 1")
    time = entry["time"]
    if not isinstance(time, str) or not _TIME.fullmatch(time):
        raise EntryRefused("wrong_type", "time", "UTC with six decimals and Z")
    try:
        datetime.fromisoformat(time)
    except ValueError as error:
        raise EntryRefused("not_a_time", "time", time) from error
    kind = entry["kind"]
    if not isinstance(kind, str):
        raise EntryRefused("wrong_type", "kind")
    if kind not in KINDS:
        raise EntryRefused("unknown_kind", "kind", kind[:60])
    return KINDS[kind]


def validate_entry(entry: Mapping[str, object]) -> Kind:
    """The kind of a journal entry that keeps the schema.

    Fields beyond the table may come (a newer algorithm says more) and are kept as they are. Raises EntryRefused
    naming the reason (`missing`, `wrong_type`, `not_a_time`, `unknown_schema`, `unknown_kind`) and the field.
    """
    kind = _check_shared(entry)
    for name, expected in kind.required.items():
        if name not in entry:
            raise EntryRefused("missing", name)
        if not _CHECKS[expected](entry[name]):
            raise EntryRefused("wrong_type", name, f"{expected} expected")
    for name, expected in kind.optional.items():
        if name in entry and not _CHECKS[expected](entry[name]):
            raise EntryRefused("wrong_type", name, f"{expected} expected")
    return kind


def _plain(name: str, value: object) -> object:
    if isinstance(value, float):
        # The shortest digits that name the same float; NaN and infinity are no numbers of this contract.
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise EntryRefused("not_a_number", name, str(value))
        return format(value, "f")
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(name, item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(name, item) for item in value]
    return value


def format_entry(seq: int, kind: str, moment: datetime, /, **fields: object) -> str:
    """One journal line without its newline.

    Decimals, floats, dates and instants become text; a field that is None is left out. Raises EntryRefused for a
    line that a reader would refuse, so that a mistake shows where it is made.
    """
    entry: dict[str, object] = {"schema": JOURNAL_SCHEMA, "seq": seq, "kind": kind, "time": time_text(moment)}
    entry.update({name: _plain(name, value) for name, value in fields.items() if value is not None})
    validate_entry(entry)
    return encode_object(entry).decode("ascii")
