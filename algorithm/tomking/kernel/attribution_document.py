"""The running attribution as a document: what carries the last marks and Greeks over a restart.

Holds: its canonical writer and its strict reader.
Belongs here: the fields of the stored form, and refusing what is damaged.
Never here: where the document lies, the split itself (`attribution`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal

from tomking.kernel.attribution import Observation, Parts, TradeAttribution
from tomking.kernel.documents import DocumentRefused, decode_object, encode_object, sha256_of
from tomking.kernel.greeks import Greeks

SCHEMA = 1
_GREEKS = tuple(one.name for one in fields(Greeks))
_PARTS = tuple(one.name for one in fields(Parts))

Running = Mapping[str, tuple[str, TradeAttribution]]
"""Strategy and running attribution of each trade, by its id."""


class AttributionRefused(ValueError):
    """A stored attribution cannot be read back; the message says why."""


def dump_attribution(running: Running) -> bytes:
    """The canonical document; `sha256` is that of the document without it."""
    found: dict[str, object] = {
        "schema": SCHEMA,
        "trades": {
            trade_id: {
                "strategy": strategy,
                "held": dict(one.held),
                "last": {key: _seen_fields(seen) for key, seen in one.last_seen.items()},
                "parts": {name: str(getattr(one.running, name)) for name in _PARTS},
            }
            for trade_id, (strategy, one) in running.items()
        },
    }
    return encode_object({**found, "sha256": sha256_of(encode_object(found))})


def _seen_fields(seen: Observation) -> dict[str, object]:
    greeks = seen.greeks
    return {
        "at": seen.at.isoformat(),
        "mark": str(seen.mark),
        "underlying": None if seen.underlying is None else str(seen.underlying),
        "greeks": None
        if greeks is None
        else {name: None if (value := getattr(greeks, name)) is None else str(value) for name in _GREEKS},
    }


def parse_attribution(document: bytes, multiplier: Decimal) -> dict[str, tuple[str, TradeAttribution]]:
    """What `document` holds; `multiplier` as for `TradeAttribution`. Raises AttributionRefused."""
    try:
        found = decode_object(document)
        announced = found.pop("sha256")
        if found["schema"] != SCHEMA or announced != sha256_of(encode_object(found)):
            raise AttributionRefused("the content is not what was written, or of another schema")
        return {
            trade_id: (str(_object(one)["strategy"]), _trade(_object(one), multiplier))
            for trade_id, one in _object(found["trades"]).items()
        }
    except AttributionRefused:
        raise
    except (DocumentRefused, LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise AttributionRefused(f"{type(error).__name__}: {error}") from error


def _trade(one: Mapping[str, object], multiplier: Decimal) -> TradeAttribution:
    return TradeAttribution(
        multiplier,
        {key: int(str(quantity)) for key, quantity in _object(one["held"]).items()},
        {key: _seen(_object(seen)) for key, seen in _object(one["last"]).items()},
        Parts(**{name: Decimal(str(_object(one["parts"])[name])) for name in _PARTS}),
    )


def _seen(one: Mapping[str, object]) -> Observation:
    at = datetime.fromisoformat(str(one["at"]))
    if at.tzinfo is None:
        raise AttributionRefused("an instant without a zone")
    greeks = None if one["greeks"] is None else _object(one["greeks"])
    return Observation(
        at,
        Decimal(str(one["mark"])),
        _number(one["underlying"]),
        None if greeks is None else Greeks(**{name: _number(greeks[name]) for name in _GREEKS}),
    )


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise AttributionRefused(f"an object expected, not {type(value).__name__}")
    return value
