"""LEAN's symbol properties database: multiplier, quote currency and strike scale of every product LEAN knows.

Holds: the reader of `symbol-properties/symbol-properties-database.csv`.
Belongs here: columns of that file.
Never here: which line an instrument takes (`transforms.contract_terms`).

The last columns came one after another; files of earlier releases end sooner, and a missing strike multiplier is 1.
Lines starting with `#` are comments, blank lines part the markets. A market and type repeat a symbol in a few places;
LEAN takes the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.csv_columns import Record, decode, records
from tomking.kernel.money import MoneyError, decimal_from_text

PARSER_VERSION = "lean-symbol-properties-1"
KIND = "lean_symbol_properties"

_HEADER: Final = ("market", "symbol", "type", "description", "quote_currency", "contract_multiplier")
_ANY = "[*]"
_LEAST = 8
_STRIKE_MULTIPLIER = 11
_TYPES: Final = {"indexoption": "index_option", "futureoption": "future_option", "cryptofuture": "crypto_future"}


@dataclass(frozen=True, slots=True)
class PropertyLine:
    """One product. `symbol` is empty for every symbol of the market and type without a line of its own."""

    market: str
    symbol: str
    security_type: str
    description: str | None
    quote_currency: str
    multiplier: Decimal
    strike_multiplier: Decimal
    minimum_price_variation: Decimal | None
    lot_size: Decimal | None


def parse_symbol_properties(data: bytes) -> tuple[list[PropertyLine], list[Refusal]]:
    """Every product of the file, and a refusal for each line that cannot be read.

    Raises `Refused` when the file does not begin with LEAN's header.
    """
    lines = records(decode(data))
    header = next(lines, None)
    if header is None or tuple(cell.strip() for cell in header.cells[: len(_HEADER)]) != _HEADER:
        raise Refused(Refusal("not LEAN's symbol properties: its header is missing", line=1))
    found: dict[tuple[str, str, str], PropertyLine] = {}
    refusals: list[Refusal] = []
    for record in lines:
        if not any(cell.strip() for cell in record.cells) or record.cells[0].lstrip().startswith("#"):
            continue
        line = _line(record)
        if isinstance(line, Refusal):
            refusals.append(line)
        else:
            found.setdefault((line.market, line.symbol, line.security_type), line)
    return list(found.values()), refusals


def _line(record: Record) -> PropertyLine | Refusal:
    if record.problem is not None:
        return Refusal(record.problem, line=record.line)
    cells = [cell.strip() for cell in record.cells]
    if len(cells) < _LEAST:
        return Refusal(f"expected at least {_LEAST} cells, found {len(cells)}", line=record.line)
    numbers: list[Decimal | None] = []
    for place, name in (
        (5, "contract_multiplier"),
        (_STRIKE_MULTIPLIER, "strike_multiplier"),
        (6, "variation"),
        (7, "lot"),
    ):
        try:
            numbers.append(_number(cells, place))
        except MoneyError as error:
            return Refusal(str(error), line=record.line, field=name, value=cells[place])
    multiplier, strike_multiplier, variation, lot = numbers
    if multiplier is None or multiplier <= 0:
        return Refusal("a multiplier is above zero", line=record.line, field="contract_multiplier", value=cells[5])
    return PropertyLine(
        market=cells[0].lower(),
        symbol="" if cells[1] == _ANY else cells[1].upper(),
        security_type=_TYPES.get(cells[2].lower(), cells[2].lower()),
        description=cells[3] or None,
        quote_currency=cells[4],
        multiplier=multiplier,
        strike_multiplier=strike_multiplier or Decimal(1),
        minimum_price_variation=variation,
        lot_size=lot,
    )


def _number(cells: Sequence[str], place: int) -> Decimal | None:
    text = cells[place] if place < len(cells) else ""
    return decimal_from_text(text) if text else None
