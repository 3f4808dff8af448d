"""Every spelling of one instrument that can be printed for certain.

Holds: the sources by name, and the loop over their printers.
Belongs here: which spellings exist.
Never here: how one is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tomking.kernel.occ import SymbolError
from tomking.kernel.symbols import ibkr, lean, schwab, tastytrade, tdameritrade, thinkorswim
from tomking.kernel.symbols.instrument import Instrument, occ_of


def _occ(instrument: Instrument) -> str:
    return occ_of(instrument).text


SOURCES: Final[Mapping[str, Callable[[Instrument], str]]] = {
    "lean": lean.to_lean_value,
    "lean_id": lean.to_lean_id,
    "occ": _occ,
    "tastytrade": tastytrade.to_tastytrade,
    "tastytrade_stream": tastytrade.to_tastytrade_stream,
    "ibkr": ibkr.to_ibkr,
    "ibkr_description": ibkr.to_ibkr_description,
    "schwab": schwab.to_schwab,
    "schwab_export": schwab.to_schwab_export,
    "thinkorswim": thinkorswim.to_thinkorswim,
    "tdameritrade": tdameritrade.to_tdameritrade,
}
"""Source → its printer."""


def spellings(instrument: Instrument) -> dict[str, str]:
    """Source → symbol, for every source that has one and whose parts are all known."""
    found = {}
    for source, printer in SOURCES.items():
        try:
            found[source] = printer(instrument)
        except SymbolError:
            continue
    return found
