"""Reading LEAN's JSON without losing a digit.

Holds: decoding with errors that name the place, exact numbers, instants in every notation LEAN uses.
Belongs here: what every LEAN JSON file shares.
Never here: the shape of one file.

Numbers stay the text that stands in the file (`msgspec.Raw`) until they become a `Decimal`; a float never touches them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar, cast

import msgspec

from pipelines.parsing.refusals import Refusal, Refused

T = TypeVar("T")

ABSENT = msgspec.Raw(b"")
"""Default of an optional number: the key is not in the object."""

_PLACE = re.compile(r" - at `(?:key in )?(?P<place>[^`]*)`")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INSTANT = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[T ](?P<clock>\d{2}:\d{2}:\d{2})(?:\.(?P<fraction>\d{1,9}))?(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
_PLAIN_LENGTH = len("2020-01-02T03:04:05Z")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICRO = Decimal(1_000_000)
_SECONDS_LIMIT = Decimal(253_402_300_800)  # the year 10000
_EXPONENT_LIMIT = 400


class Unreadable(Exception):
    """A value that is not what its key promises; becomes a refusal of the row or file it stands in."""

    def __init__(self, reason: str, field: str | None = None, value: str | None = None) -> None:
        super().__init__(reason)
        self.refusal = Refusal(reason, field=field, value=value)


def read_object(data: bytes | msgspec.Raw, kind: type[T], place: str = "$") -> T:
    """Decode JSON as `kind`. Raises `Unreadable` whose field is the place in the document (`$.orders.7.price`)."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        found = _PLACE.search(str(error))
        inner = found["place"] if found else "$"
        said = _PLACE.sub("", str(error))
        raise Unreadable(f"does not have the shape of LEAN's format: {said}", field=place + inner[1:]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not whole JSON: {error}", field=place) from error


def read_file(data: bytes, kind: type[T]) -> T:
    """Decode a whole file. Raises `Refused`."""
    try:
        return read_object(data, kind)
    except Unreadable as error:
        raise Refused(error.refusal) from error


def read_map(data: bytes | msgspec.Raw | None, place: str) -> dict[str, msgspec.Raw]:
    """A map of anything; `null`, absence and an empty list (the cloud's way of writing an empty map) are empty."""
    if data is None or bytes(data) in (b"", b"null"):
        return {}
    found: Any = read_object(data, cast("type[Any]", dict[str, msgspec.Raw] | list[msgspec.Raw]), place)
    if isinstance(found, dict):
        return cast("dict[str, msgspec.Raw]", found)
    if found:
        raise Unreadable("a list stands where a map belongs", field=place)
    return {}


def is_nothing(raw: bytes | msgspec.Raw | None) -> bool:
    """Whether a member is absent, null, or the empty list that stands for anything empty, however it is spaced."""
    data = b"" if raw is None else bytes(raw)
    return data in (b"", b"null") or (data[:1] == b"[" and not data[1:-1].strip())


def number_text(raw: msgspec.Raw, field: str) -> str | None:
    """The number as it stands in the file; None where it is absent or null. A number in quotes counts as one."""
    text = bytes(raw).strip()
    if text in (b"", b"null"):
        return None
    if text[:1] == b'"':
        text = text[1:-1]
    shown = text.decode("utf-8", "replace")
    if _NUMBER.fullmatch(shown) is None:
        raise Unreadable("not a number", field=field, value=shown[:200])
    exponent = shown.lower().partition("e")[2]
    # Decimal("1e999999999") costs nothing to make and everything to write out.
    if exponent and abs(int(exponent[:10])) > _EXPONENT_LIMIT:
        raise Unreadable("a number of absurd size", field=field, value=shown[:200])
    return shown


def amount(raw: msgspec.Raw, field: str) -> Decimal | None:
    """The exact number, None where it is absent or null."""
    text = number_text(raw, field)
    return None if text is None else Decimal(text)


def required_amount(raw: msgspec.Raw, field: str) -> tuple[Decimal, str]:
    """The exact number and its text; raises `Unreadable` where it is absent or null."""
    text = number_text(raw, field)
    if text is None:
        raise Unreadable("a required number is missing", field=field)
    return Decimal(text), text


def plain_text(raw: msgspec.Raw) -> str | None:
    """A value of a text map as text: strings unquoted, null as None, anything else as it is written."""
    data = bytes(raw)
    if data in (b"", b"null"):
        return None
    if data[:1] == b'"':
        # Nearly every text means what it shows, and then needs no decoder.
        if b"\\" not in data and data.isascii() and (text := data[1:-1].decode()).isprintable():
            return text
        return read_object(raw, str)
    return data.decode("utf-8", "replace")


def text_map(data: bytes | msgspec.Raw | None, place: str) -> dict[str, str]:
    """A map of texts (statistics, state); members that are null are left out."""
    return {key: text for key, raw in read_map(data, place).items() if (text := plain_text(raw)) is not None}


def instant(text: str | None, field: str) -> dt.datetime | None:
    """An ISO time with up to nine decimals (cut to microseconds); without a zone it counts as UTC. "" is None."""
    if not text:
        return None
    if len(text) == _PLAIN_LENGTH and text[4] == text[7] == "-" and text[10] == "T" and text[19] == "Z":
        try:
            return _known(dt.datetime.fromisoformat(text))
        except ValueError as error:
            raise Unreadable("not an instant", field=field, value=text) from error
    found = _INSTANT.fullmatch(text.strip())
    if found is None:
        raise Unreadable("not an instant", field=field, value=text[:200])
    fraction = (found["fraction"] or "").ljust(6, "0")[:6]
    zone = found["zone"] or "Z"
    try:
        moment = dt.datetime.fromisoformat(f"{found['day']}T{found['clock']}.{fraction}{zone}").astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable("not an instant", field=field, value=text[:200]) from error
    return _known(moment)


def _known(moment: dt.datetime) -> dt.datetime | None:
    # .NET writes the first instant of its calendar where there is none.
    return None if moment.year == 1 else moment.astimezone(dt.UTC)


def state_instant(text: str | None) -> dt.datetime | None:
    """A time of the state map; None where it is not there or is no time."""
    try:
        return instant(text, "$.state")
    except Unreadable:
        return None


def instant_from_seconds(seconds: Decimal, field: str) -> dt.datetime:
    """Unix seconds with a fraction, to the microsecond."""
    if not abs(seconds) < _SECONDS_LIMIT:
        raise Unreadable("a time outside of any calendar", field=field, value=str(seconds)[:200])
    try:
        return _EPOCH + dt.timedelta(microseconds=int((seconds * _MICRO).to_integral_value()))
    except OverflowError as error:
        raise Unreadable("a time outside of any calendar", field=field, value=str(seconds)[:200]) from error


def named(names: Mapping[int, str], number: int, field: str) -> str:
    """The name of an enum number. Raises `Unreadable` for one that the engine did not have when this was written."""
    name = names.get(number)
    if name is None:
        raise Unreadable("a number outside of LEAN's enum", field=field, value=str(number))
    return name
