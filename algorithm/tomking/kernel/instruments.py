"""Instruments: one description, and one key, for what LEAN and each broker call by different names.

Holds: the names the rest of the code uses: `Instrument`, a reader and a printer for every source, `spellings`.
Belongs here: nothing but these names; the modules of `symbols` do the work, one for each source.
Never here: prices, positions, or which fees apply (that is `fees`).

Keys, the one thing to join on:
  equity          ticker, class shares with a dot           `SPY`, `BRK.B`
  option          the canonical OCC text                     `SPXW  230721P04400000`
  future          product, month letter, year                `/ESZ5`; `/ESZ15` outside of 2020 to 2029
  future option   future, expiry, right, strike              `./ESZ5 251111C6880`
  crypto future   the pair and what tells it from the coin   `BTCUSDT.PERP`
  anything else   the ticker without separators              `BTCUSD`, `EURUSD`
A futures option's own root (`E2BX5`) is not in its key, because LEAN does not write it; future, day, right and strike
already name the contract. A share that changed its ticker (FB, META) has a key per ticker, as statements do; LEAN's
identifier, which keeps the first ticker, is the same for both.
"""

from __future__ import annotations

from tomking.kernel.occ import SymbolError
from tomking.kernel.symbols.ibkr import from_ibkr, from_ibkr_description, to_ibkr, to_ibkr_description
from tomking.kernel.symbols.instrument import OPTION_TYPES, Instrument, equity_key, from_occ
from tomking.kernel.symbols.keys import from_key
from tomking.kernel.symbols.lean import from_lean, to_lean_id, to_lean_value
from tomking.kernel.symbols.schwab import from_schwab, from_schwab_export, to_schwab, to_schwab_export
from tomking.kernel.symbols.spellings import SOURCES, spellings
from tomking.kernel.symbols.tastytrade import (
    from_tastytrade,
    from_tastytrade_stream,
    to_tastytrade,
    to_tastytrade_stream,
)
from tomking.kernel.symbols.tdameritrade import from_tdameritrade, to_tdameritrade
from tomking.kernel.symbols.thinkorswim import from_thinkorswim, from_thinkorswim_description, to_thinkorswim

__all__ = [
    "OPTION_TYPES",
    "SOURCES",
    "Instrument",
    "SymbolError",
    "equity_key",
    "from_ibkr",
    "from_ibkr_description",
    "from_key",
    "from_lean",
    "from_occ",
    "from_schwab",
    "from_schwab_export",
    "from_tastytrade",
    "from_tastytrade_stream",
    "from_tdameritrade",
    "from_thinkorswim",
    "from_thinkorswim_description",
    "spellings",
    "to_ibkr",
    "to_ibkr_description",
    "to_lean_id",
    "to_lean_value",
    "to_schwab",
    "to_schwab_export",
    "to_tastytrade",
    "to_tastytrade_stream",
    "to_tdameritrade",
    "to_thinkorswim",
]
