"""The launch configuration of a run: the file `config` that LEAN's command line leaves beside the results.

Holds: its settings as names and texts, and the file without its secrets.
Belongs here: how a nested setting is named.
Never here: what counts as a secret (`pipelines.privacy`), the run's parameters.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, cast

import msgspec

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.privacy import redact_setting

LAUNCH = "config"
"""The file's name; it has no extension."""

_DEPTH_LIMIT = 32
_WITHOUT_LOSS = msgspec.json.Encoder(decimal_format="number")


def parse_settings(data: bytes) -> dict[str, str]:
    """Every setting by its path (`brokerage.name`) as text, secrets masked; nulls are left out. Raises `Refused`."""
    found: dict[str, str] = {}
    _flatten(_document(data), "", found)
    return found


def without_secrets(data: bytes) -> bytes:
    """The file fit to be kept: as it is where it holds no secret, else with each of them masked.

    Of what is no JSON object nothing can be said, so nothing of it is kept.
    """
    try:
        document = _document(data)
    except Refused:
        return b""
    masked = _masked(document, "")
    return data if masked == document else _WITHOUT_LOSS.encode(masked)


def _document(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8-sig"), parse_float=Decimal, parse_constant=str)
        json.dumps(found, ensure_ascii=False, default=str).encode()  # half a character (`\ud800`) is no text
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Refused(Refusal(f"not whole JSON: {error}", field="$")) from error
    if not isinstance(found, dict):
        raise Refused(Refusal("a launch configuration that is no JSON object", field="$"))
    if _depth(found) > _DEPTH_LIMIT:
        raise Refused(Refusal("a launch configuration of absurd depth", field="$"))
    return cast("dict[str, Any]", found)


def _depth(value: object, limit: int = _DEPTH_LIMIT + 1) -> int:
    if limit == 0 or not isinstance(value, dict | list):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max((_depth(one, limit - 1) for one in inner), default=0)


def _masked(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _masked(inner, f"{name}.{key}" if name else key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, name) for inner in value]
    if value is None or isinstance(value, bool):
        return value
    text = str(value)
    redacted = redact_setting(name, text)
    return value if redacted == text else redacted


def _flatten(value: Any, name: str, found: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _flatten(inner, f"{name}.{key}" if name else key, found)
    elif isinstance(value, list):
        found[name] = _WITHOUT_LOSS.encode(_masked(value, name)).decode()
    elif isinstance(value, bool):
        found[name] = "true" if value else "false"
    elif value is not None:
        found[name] = redact_setting(name, str(value))
