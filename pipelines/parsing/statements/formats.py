"""Every statement format that is read, and how a file finds its reader.

Holds: the reader's interface and the list of readers.
Belongs here: one line per reader.
Never here: the reading itself (one module per source format), or formats known by sight only (`unread_formats`).
"""

from __future__ import annotations

from typing import Protocol

from pipelines.parsing.ibkr import activity_csv as ibkr_activity_csv
from pipelines.parsing.ibkr import flex as ibkr_flex
from pipelines.parsing.ibkr import trades_csv as ibkr_trades_csv
from pipelines.parsing.ibkr import transactions_csv as ibkr_transactions_csv
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.schwab import api as schwab_api
from pipelines.parsing.schwab import csv_export as schwab_csv
from pipelines.parsing.schwab import json_export as schwab_export_json
from pipelines.parsing.schwab import tdameritrade_api, tdameritrade_csv, thinkorswim_statement
from pipelines.parsing.statements import unread_formats
from pipelines.parsing.statements.rows import StatementFile
from pipelines.parsing.tastytrade import api as tastytrade_json
from pipelines.parsing.tastytrade import csv_export as tastytrade_csv
from pipelines.parsing.tastytrade import legacy_csv as tastytrade_legacy_csv
from pipelines.parsing.tastytrade import quotes as tastytrade_quotes


class Reader(Protocol):
    """What the module of a format offers."""

    BROKER: str
    PARSER_VERSION: str

    def recognise(self, data: bytes, /) -> str | None:
        """The name of the format, read or not; None where the bytes are not this reader's. Never raises."""

    def parse(self, data: bytes, /) -> StatementFile:
        """The rows. Raises `Refused`."""


READERS: tuple[Reader, ...] = (
    tastytrade_csv,
    tastytrade_legacy_csv,
    tastytrade_json,
    tastytrade_quotes,
    ibkr_flex,
    ibkr_activity_csv,
    ibkr_transactions_csv,
    ibkr_trades_csv,
    schwab_csv,
    schwab_export_json,
    schwab_api,
    thinkorswim_statement.TD_AMERITRADE,
    thinkorswim_statement.SCHWAB,
    tdameritrade_csv,
    tdameritrade_api,
)
"""In the order in which they are asked."""


def reader_of(data: bytes) -> Reader:
    """The reader of a file.

    Raises:
        Refused: no reader knows the bytes; by the format's name where it is known by sight.
    """
    found = next((reader for reader in READERS if reader.recognise(data) is not None), None)
    if found is not None:
        return found
    name = unread_formats.name_of(data)
    if name is not None:
        raise Refused(Refusal(f"{name}: not read yet", line=1))
    header = tastytrade_csv.header_of(data)
    shown = ",".join(header)[:200] if header else "(no comma separated first line)"
    raise Refused(Refusal(f"unknown header: {shown}", line=1 if header else None))
