"""The same fills in every statement format that is read.

Holds: the list of writers, by broker.
Belongs here: one line per broker.
Never here: a layout (`writing_...`), what is booked (`fill_set`).

Each writer puts an account number, and where the broker prints one the owner's name, into its file.
"""

from __future__ import annotations

from tests.pairs import writing_ibkr, writing_schwab, writing_tastytrade
from tests.pairs.writing import Writer

WRITERS: dict[str, dict[str, Writer]] = {
    "tastytrade": writing_tastytrade.WRITERS,
    "ibkr": writing_ibkr.WRITERS,
    "schwab": writing_schwab.SCHWAB,
    "tdameritrade": writing_schwab.TD_AMERITRADE,
}
"""Broker → name of a file → its writer. TD Ameritrade's fills have to be of before its accounts moved."""
