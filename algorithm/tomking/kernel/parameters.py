"""Parameter sets: the one reader and the one writer of the documents that calibration publishes.

Holds: `ParameterSet`, its strict reader and canonical writer, default values.
Belongs here: whatever decides whether a document may be used.
Never here: where documents lie, who approved them, when each was in force, what a strategy does with a value.

A document is a JSON object without a closing newline:
`{"schema":1,"id":"ps-2019-12-02-1a2b3c4d","values":{"strangle.target_share":"0.50",…},"effective_from":"2019-12-02",
"data_through":"2019-11-29","code_version":"…","evidence":{…}}`, plus `"deployment"` where it was made for one.
The eight digits of the id are the first of the sha256 of the same object without its id, in canonical form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tomking.kernel.documents import (
    DocumentRefused,
    day_from_text,
    decode_object,
    encode_object,
    sha256_of,
    text_field,
    whole_field,
)
from tomking.kernel.parameter_history import History, HistoryEntry, dump_history, parse_history
from tomking.kernel.parameter_specs import FAMILIES, ORDERED, SPECS, ParameterSpec, Value, ValueRefused
from tomking.kernel.parameter_terms import ID_PATTERN, SCHEMA, ParametersRefused

__all__ = [
    "SCHEMA",
    "SPECS",
    "History",
    "HistoryEntry",
    "ParameterSet",
    "ParameterSpec",
    "ParametersRefused",
    "default_values",
    "dump",
    "dump_history",
    "parse",
    "parse_history",
    "values_sha256",
]

_REQUIRED_KEYS = ("schema", "id", "values", "effective_from", "data_through", "code_version", "evidence")
_OPTIONAL_KEYS = ("deployment",)


def default_values() -> dict[str, str]:
    """Every parameter that has a default, as text."""
    return {spec.id: spec.default for spec in SPECS.values() if spec.default is not None}


def values_sha256(values: Mapping[str, str]) -> str:
    """The hash of a complete table of values: what a run really worked with, defaults included."""
    return sha256_of(encode_object(values))


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """A set that was read and found good; `values` are the texts of its document."""

    id: str
    schema: int
    values: Mapping[str, str]
    effective_from: date
    data_through: date
    code_version: str
    evidence: Mapping[str, object]
    deployment: str | None
    sha256: str
    document: bytes

    def values_with_defaults(self) -> dict[str, str]:
        """Every value in force: the document's own, and the default of each parameter it does not name."""
        return {**default_values(), **self.values}

    @property
    def effective_values_sha256(self) -> str:
        """The hash of `values_with_defaults`."""
        return values_sha256(self.values_with_defaults())

    def has(self, name: str) -> bool:
        """True where the set or the table gives `name` a value; KeyError for a name that is no parameter."""
        return name in self.values or SPECS[name].default is not None

    def value(self, name: str) -> Value:
        """The value of `name`, converted; KeyError for a name that is no parameter or has no value here."""
        spec = SPECS[name]
        text = self.values.get(name, spec.default)
        if text is None:
            raise KeyError(f"{name} has no value in {self.id}")
        return spec.value(text)

    def number(self, name: str) -> Decimal:
        """The value of a decimal or integer parameter, as a Decimal."""
        value = self.value(name)
        if isinstance(value, bool) or not isinstance(value, Decimal | int):
            raise TypeError(f"{name} is no number")
        return Decimal(value)

    def whole(self, name: str) -> int:
        """The value of an integer parameter."""
        value = self.value(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name} is no whole number")
        return value

    def flag(self, name: str) -> bool:
        """The value of a flag."""
        value = self.value(name)
        if not isinstance(value, bool):
            raise TypeError(f"{name} is no flag")
        return value

    def text(self, name: str) -> str:
        """The value of a text parameter."""
        value = self.value(name)
        if not isinstance(value, str):
            raise TypeError(f"{name} is no text")
        return value

    def age_days(self, on: date) -> int:
        """Calendar days between the newest data the set rests on and `on`."""
        return (on - self.data_through).days


def _content_digest(fields: Mapping[str, object]) -> str:
    return sha256_of(encode_object({name: value for name, value in fields.items() if name != "id"}))[:8]


def _check_values(values: Mapping[str, str]) -> None:
    converted: dict[str, Value] = {}
    for name, text in values.items():
        if name not in SPECS:
            raise ParametersRefused("unknown_key", f"values.{name[:80]}")
        try:
            converted[name] = SPECS[name].value(text)
        except ValueRefused as error:
            raise ParametersRefused(error.reason, error.field, error.detail) from error
    for spec in SPECS.values():
        if spec.required and spec.id not in values:
            raise ParametersRefused("missing", spec.id)
    for family, members in FAMILIES.items():
        absent = [name for name in members if name not in values]
        if absent and len(absent) < len(members):
            raise ParametersRefused("incomplete_family", absent[0], f"{family} comes whole or not at all")
    _check_order({**{s.id: s.value(s.default) for s in SPECS.values() if s.default is not None}, **converted})


def _check_order(values: Mapping[str, Value]) -> None:
    for low, high in ORDERED:
        if low not in values or high not in values:
            continue
        first, second = values[low], values[high]
        exceeds = first > second if isinstance(first, str) and isinstance(second, str) else _above(first, second)
        if exceeds:
            raise ParametersRefused("contradiction", low, f"{first} is above {high} = {second}")


def _above(first: Value, second: Value) -> bool:
    if isinstance(first, str) or isinstance(second, str):
        raise TypeError("texts and numbers have no common order")
    return first > second


def _plain_evidence(value: object, field: str = "evidence") -> None:
    """Only texts, whole numbers, flags, null, lists and objects: they survive any JSON reader unchanged."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if not isinstance(name, str):
                raise ParametersRefused("wrong_type", field, "keys have to be text")
            _plain_evidence(item, f"{field}.{name}")
    elif isinstance(value, list | tuple):
        for item in value:
            _plain_evidence(item, field)
    elif value is not None and not isinstance(value, str | int):
        raise ParametersRefused("wrong_type", field, f"{type(value).__name__} has to travel as text")


def _read_fields(document: bytes) -> dict[str, object]:
    fields = decode_object(document)
    if "schema" not in fields:
        raise ParametersRefused("missing", "schema")
    if whole_field(fields, "schema") != SCHEMA:
        raise ParametersRefused("unknown_schema", "schema", f"this reader knows {SCHEMA}, not {fields['schema']}")
    for name in fields:
        if name not in _REQUIRED_KEYS and name not in _OPTIONAL_KEYS:
            raise ParametersRefused("unknown_key", name[:80])
    for name in _REQUIRED_KEYS:
        if name not in fields:
            raise ParametersRefused("missing", name)
    return fields


def _read_values(fields: Mapping[str, object]) -> dict[str, str]:
    raw = fields["values"]
    if not isinstance(raw, dict):
        raise ParametersRefused("wrong_type", "values", "an object expected")
    values: dict[str, str] = {}
    for name, text in raw.items():
        if not isinstance(text, str):
            field = name if name in SPECS else f"values.{name[:80]}"
            raise ParametersRefused("wrong_type", field, f"values travel as text, not {type(text).__name__}")
        values[name] = text
    return values


def parse(
    document: bytes,
    *,
    on: date | None = None,
    max_age_days: int | None = None,
    sha256: str | None = None,
    deployment: str | None = None,
) -> ParameterSet:
    """The parameter set in `document`.

    `on` refuses a set that takes effect later, and with `max_age_days` one whose data are older than that;
    `sha256` refuses other bytes than those announced; `deployment` refuses a set made for another deployment.
    Raises ParametersRefused with a reason and the field at fault.
    """
    digest = sha256_of(document)
    try:
        found = _parse(document, digest)
    except DocumentRefused as error:
        raise ParametersRefused(error.reason, error.field, error.detail) from error
    if sha256 is not None and digest != sha256:
        raise ParametersRefused("hash_mismatch", None, f"announced {sha256[:12]}, found {digest[:12]}")
    if deployment is not None and found.deployment is not None and found.deployment != deployment:
        raise ParametersRefused("wrong_deployment", "deployment", f"made for {found.deployment}")
    if on is not None and found.effective_from > on:
        raise ParametersRefused("not_yet_effective", "effective_from", f"{found.effective_from} is after {on}")
    if on is not None and max_age_days is not None and found.age_days(on) > max_age_days:
        raise ParametersRefused("stale", "data_through", f"{found.age_days(on)} days old, {max_age_days} allowed")
    return found


def _parse(document: bytes, digest: str) -> ParameterSet:
    fields = _read_fields(document)
    set_id = text_field(fields, "id")
    values = _read_values(fields)
    effective_from = day_from_text(fields["effective_from"], "effective_from")
    data_through = day_from_text(fields["data_through"], "data_through")
    evidence = fields["evidence"]
    if not isinstance(evidence, dict):
        raise ParametersRefused("wrong_type", "evidence", "an object expected")
    deployment = text_field(fields, "deployment") if "deployment" in fields else None
    code_version = text_field(fields, "code_version")
    _check_values(values)
    if data_through >= effective_from:
        raise ParametersRefused("looks_ahead", "data_through", f"{data_through} is not before {effective_from}")
    if not ID_PATTERN.fullmatch(set_id):
        raise ParametersRefused("id_mismatch", "id", f"{set_id[:60]!r} is no id of a parameter set")
    if set_id != f"ps-{effective_from}-{_content_digest(fields)}":
        raise ParametersRefused("id_mismatch", "id", "the content is not the one the id was made from")
    return ParameterSet(
        id=set_id,
        schema=SCHEMA,
        values=values,
        effective_from=effective_from,
        data_through=data_through,
        code_version=code_version,
        evidence=evidence,
        deployment=deployment,
        sha256=digest,
        document=document,
    )


def dump(
    values: Mapping[str, str],
    *,
    effective_from: date,
    data_through: date,
    code_version: str,
    evidence: Mapping[str, object],
    deployment: str | None = None,
) -> bytes:
    """The canonical document of a set: the same arguments always give the same bytes.

    Raises ParametersRefused for whatever `parse` would refuse.
    """
    _plain_evidence(evidence)
    fields: dict[str, object] = {
        "schema": SCHEMA,
        "values": dict(values),
        "effective_from": effective_from.isoformat(),
        "data_through": data_through.isoformat(),
        "code_version": code_version,
        "evidence": dict(evidence),
    }
    if deployment is not None:
        fields["deployment"] = deployment
    fields["id"] = f"ps-{effective_from}-{_content_digest(fields)}"
    document = encode_object(fields)
    parse(document)
    return document
