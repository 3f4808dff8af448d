"""What a parameter is: its description, the conversion of one value from its text, and short ways to describe one.

Holds: `ParameterSpec`, `ValueRefused`, `number`, `whole`, `word`, `flag`, and the patterns of texts several tables use.
Belongs here: what every table of parameters needs.
Never here: a parameter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Kind = Literal["decimal", "integer", "flag", "text"]
Value = Decimal | int | bool | str

_DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,18})?")
_INTEGER = re.compile(r"-?[0-9]{1,12}")


class ValueRefused(ValueError):
    """A text is no acceptable value of a parameter; `reason` is a stable word."""

    def __init__(self, reason: str, field: str, detail: str) -> None:
        self.reason, self.field, self.detail = reason, field, detail
        super().__init__(f"{reason} in {field}: {detail}")


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One parameter.

    `lower` and `upper` are inclusive. `largest_step` is how far a calibration may move the value in one set.
    `required`: part of the first schema, so a document without it is damaged; the others fall back to `default`.
    `family`: values without a default that a set carries all together or not at all.
    """

    id: str
    default: str | None
    kind: Kind
    unit: str
    about: str
    source: str
    lower: Decimal | None = None
    upper: Decimal | None = None
    largest_step: Decimal | None = None
    pattern: str | None = None
    required: bool = False
    family: str | None = None

    def value(self, text: str) -> Value:
        """The value that `text` stands for.

        Raises ValueRefused: `not_a_number`, `not_a_flag`, `not_allowed` or `out_of_bounds`.
        """
        if self.kind == "flag":
            if text not in ("true", "false"):
                raise ValueRefused("not_a_flag", self.id, f"{text[:40]!r} is neither true nor false")
            return text == "true"
        if self.kind == "text":
            if self.pattern is None or not re.fullmatch(self.pattern, text):
                raise ValueRefused("not_allowed", self.id, f"{text[:40]!r} does not match {self.pattern}")
            return text
        if not (_DECIMAL if self.kind == "decimal" else _INTEGER).fullmatch(text):
            raise ValueRefused("not_a_number", self.id, f"{text[:40]!r} is no {self.kind}")
        found = Decimal(text)
        if (self.lower is not None and found < self.lower) or (self.upper is not None and found > self.upper):
            raise ValueRefused("out_of_bounds", self.id, f"{text} is outside {self.lower} to {self.upper} {self.unit}")
        return found if self.kind == "decimal" else int(text)


def number(
    name: str,
    default: str | None,
    span: str,
    about: str,
    source: str,
    *,
    kind: Literal["decimal", "integer"] = "decimal",
    step: str | None = None,
    required: bool = False,
    family: str | None = None,
) -> ParameterSpec:
    """A parameter that is a number; `span` reads `20 to 120 days`: lowest, highest, unit."""
    lower, _, rest = span.partition(" to ")
    upper, _, unit = rest.partition(" ")
    return ParameterSpec(
        id=name,
        default=default,
        kind=kind,
        unit=unit,
        about=about,
        source=source,
        lower=Decimal(lower),
        upper=Decimal(upper),
        largest_step=None if step is None else Decimal(step),
        required=required,
        family=family,
    )


def whole(
    name: str, default: str, span: str, about: str, source: str, *, step: str | None = None, required: bool = False
) -> ParameterSpec:
    """A parameter that is a whole number; `span` as for `number`."""
    return number(name, default, span, about, source, kind="integer", step=step, required=required)


def word(name: str, default: str, pattern: str, about: str, source: str) -> ParameterSpec:
    """A parameter that is a text which matches `pattern` whole."""
    return ParameterSpec(id=name, default=default, kind="text", unit="", about=about, source=source, pattern=pattern)


def flag(name: str, default: str, about: str, source: str) -> ParameterSpec:
    """A parameter that is `true` or `false`."""
    return ParameterSpec(id=name, default=default, kind="flag", unit="", about=about, source=source)


WEEKDAY = "monday|tuesday|wednesday|thursday|friday"
CLOCK = r"(0[9]|1[0-5]):[0-5][0-9]"
TICKERS = r"[A-Z0-9]{1,6}(\+[A-Z0-9]{1,6}){0,9}"
"""Patterns of a weekday, of a New York time within the session, and of product names joined by `+`."""
