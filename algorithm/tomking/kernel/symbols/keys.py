"""The instrument behind a key, as far as the key says.

Holds: `from_key`.
Belongs here: reading what the makers of `instrument` wrote.
Never here: the notation of a source.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from tomking.kernel.futures_symbols import contract_of_key
from tomking.kernel.occ import SymbolError, plain
from tomking.kernel.symbols.instrument import Instrument, equity, from_occ, future, future_option

_FUTURE_OPTION = re.compile(
    r"\.(?P<future>/[A-Z0-9]{3,7}) (?P<day>[0-9]{6})(?P<right>[CP])(?P<strike>-?[0-9]{1,15}(?:\.[0-9]{1,12})?)"
)


def from_key(key: str, security_type: str | None = None) -> Instrument:
    """The instrument of a key; `security_type` where the key does not say it (a share, unless given).

    The series of a futures option is unknown, because its key has none.

    Raises: SymbolError.
    """
    if key.startswith("./"):
        match = _FUTURE_OPTION.fullmatch(key)
        if match is None:
            raise SymbolError(f"not the key of a futures option: {key!r}")
        day = match["day"]
        try:
            expiry = date(2000 + int(day[:2]), int(day[2:4]), int(day[4:]))
        except ValueError as error:
            raise SymbolError(f"no such day in {key!r}") from error
        contract = contract_of_key(match["future"])
        return future_option(contract, None, expiry, match["right"], plain(Decimal(match["strike"])))
    if key.startswith("/"):
        return future(contract_of_key(key))
    if security_type not in (None, "equity", "option", "index_option"):
        return Instrument(key, security_type, key)
    return equity(key) if " " not in key and len(key) < 21 else from_occ(key)
