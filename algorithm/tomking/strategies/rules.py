"""Rules from parameters: a dataclass whose fields are named like parameters, filled from a table of texts.

Holds: `read_rules`.
Belongs here: the conversion that every strategy's rules need.
Never here: a strategy's rules or numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import time
from decimal import Decimal
from typing import Any, TypeVar, get_type_hints

from tomking.kernel.parameter_specs import SPECS

R = TypeVar("R")


def read_rules(kind: type[R], prefix: str, values: Mapping[str, str]) -> R:
    """The `kind` whose fields are the parameters `prefix.<field>`; a field that is a dataclass is read likewise.

    Fields are texts, whole numbers, Decimals, flags or times (`10:30`). Raises ValueRefused for a text out of bounds
    and KeyError for one that is missing.
    """
    hints = get_type_hints(kind)
    found: dict[str, Any] = {}
    for one in fields(kind):  # type: ignore[arg-type]
        wanted = hints[one.name]
        if is_dataclass(wanted):
            found[one.name] = read_rules(wanted, prefix, values)  # type: ignore[arg-type]
            continue
        name = f"{prefix}.{one.name}"
        value = SPECS[name].value(values[name])
        found[one.name] = time.fromisoformat(str(value)) if wanted is time else value
        if wanted is Decimal and not isinstance(value, Decimal):
            found[one.name] = Decimal(value)
    return kind(**found)
