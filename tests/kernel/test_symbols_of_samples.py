"""The symbols of statements that brokers produced, and of every recorded run.

Holds: each file of `../shared/samples` and `../shared/runs` that names instruments, read and printed back.
Belongs here: real texts.
Never here: copies of those files.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.shared import shared_path
from tomking.kernel.instruments import (
    Instrument,
    SymbolError,
    from_ibkr,
    from_ibkr_description,
    from_lean,
    from_occ,
    from_schwab,
    from_schwab_export,
    from_tastytrade,
    from_thinkorswim_description,
    to_ibkr,
    to_lean_id,
    to_lean_value,
    to_schwab_export,
    to_tastytrade,
)
from tomking.kernel.products import FUTURES, QUOTED_IN_CENTS


def _symbols(document: Any) -> Iterator[tuple[str, str, str | None, str | None]]:
    if isinstance(document, dict):
        sid, value = document.get("id"), document.get("value")
        if isinstance(sid, str) and isinstance(value, str) and " " in sid:
            underlying = document.get("underlying") or {}
            yield sid, value, underlying.get("value"), underlying.get("id")
        for inner in document.values():
            yield from _symbols(inner)
    elif isinstance(document, list):
        for inner in document:
            yield from _symbols(inner)


def test_every_symbol_of_the_recorded_runs_is_printed_as_lean_wrote_it() -> None:
    found = {
        symbol
        for path in sorted(shared_path("runs").glob("*/*/*.json"))
        if path.stat().st_size < 20_000_000
        for symbol in _symbols(json.loads(path.read_bytes()))
    }
    options = {symbol for symbol in found if re.search(r"\d{6}[CP]\d{8}", symbol[1])}
    assert len(options) > 150
    keys: dict[str, str] = {}
    for sid, value, underlying, underlying_id in sorted(found, key=str):
        made = from_lean(sid, value, underlying=underlying)
        assert to_lean_value(made, underlying_value=underlying) == value
        if made.is_option:
            assert to_lean_id(made, underlying_id=underlying_id) == sid
            assert keys.setdefault(made.key, value) == value
        elif made.security_type == "index":
            assert to_lean_id(made) == sid
        elif made.security_type == "future" and made.root in {p for products in FUTURES.values() for p in products}:
            assert to_lean_id(made) == sid
            assert from_lean(sid, "").key == made.key


def _event_symbols(document: Any) -> Iterator[tuple[str, str]]:
    for event in document if isinstance(document, list) else ():
        if isinstance(event, dict) and "symbolValue" in event:
            yield event["symbol"], event["symbolValue"]


def test_an_event_without_its_underlying_has_the_key_of_its_order() -> None:
    by_order: dict[tuple[str, str], str] = {}
    by_event: dict[tuple[str, str], str] = {}
    for path in sorted(shared_path("runs").glob("**/*.json")):
        if path.stat().st_size < 20_000_000:
            document = json.loads(path.read_bytes())
            for sid, value, underlying, _ in _symbols(document):
                by_order[sid, value] = from_lean(sid, value, underlying=underlying).key
            for sid, value in _event_symbols(document):
                by_event[sid, value] = from_lean(sid, value).key
    assert len(by_event) > 200
    assert {symbol: by_order.get(symbol, key) for symbol, key in by_event.items()} == by_event
    options = {symbol: key for symbol, key in (by_order | by_event).items() if re.search(r"\d{6}[CP]\d{8}", symbol[1])}
    assert len(options) > 150
    assert len(set(options.values())) == len({value for _, value in options})


def test_every_option_identifier_in_any_recorded_file_is_made_again_from_its_parts() -> None:
    found = set()
    for path in shared_path("runs").glob("**/*"):
        if path.is_file() and path.suffix in (".json", ".txt", ".log"):
            found |= set(re.findall(rb"[A-Z0-9.]+ [0-9A-Z]{10,13}\|[A-Z0-9.]+ [0-9A-Z]{2,13}", path.read_bytes()))
    assert len(found) > 200
    for text in sorted(found):
        sid = text.decode()
        made = from_lean(sid, "")
        assert made.is_option
        assert to_lean_id(made, underlying_id=sid.partition("|")[2]) == sid


def _ibkr_rows() -> Iterator[tuple[Path, dict[str, str]]]:
    for path in sorted(shared_path("samples", "ibkr").glob("*.xml")):
        for element in ElementTree.parse(path).iter():
            if element.get("assetCategory") and element.get("symbol"):
                yield path, dict(element.attrib)


def _read_ibkr(row: dict[str, str]) -> Instrument:
    def number(name: str) -> Decimal | None:
        return Decimal(row[name].replace(",", "")) if row.get(name) else None

    expiry = row.get("expiry")
    return from_ibkr(
        row["assetCategory"],
        row["symbol"],
        underlying_symbol=row.get("underlyingSymbol"),
        expiry=datetime.strptime(expiry, "%Y%m%d").date() if expiry else None,  # noqa: DTZ007
        strike=number("strike"),
        put_call=row.get("putCall"),
        multiplier=number("multiplier"),
    )


def test_flex_statements_name_instruments_we_know_or_are_refused_for_a_stated_reason() -> None:
    read: dict[str, Instrument] = {}
    refused: dict[str, str] = {}
    for _, row in _ibkr_rows():
        try:
            made = _read_ibkr(row)
        except SymbolError as error:
            refused[row["symbol"]] = str(error)
            continue
        assert read.setdefault(row["symbol"], made).key == made.key or made.security_type == "future"
        read[row["symbol"]] = made
        if row["assetCategory"] == "OPT":
            assert to_ibkr(made) == row["symbol"]
            assert from_ibkr_description(row["description"]) == made
            assert made.multiplier == 100
    assert {made.security_type for made in read.values()} == {
        "equity",
        "option",
        "index_option",
        "future",
        "future_option",
        "forex",
    }
    assert read["CLU8"].multiplier == 1000
    assert read["GBUJ9 C1335"].key == "./6BM19 190405C1.335"
    assert read["LOU8 C6350"].strike == Decimal("63.5")
    # European exchanges, a bond, and options whose future the statement does not name.
    assert set(refused) == {
        "C ODAX DEC 18 12000",
        "ESX DEC18 69.5 P",
        "ALLY 3 3/4 11/18/19",
        "4SFV5 C1265",
        "CHUF5 C1210",
        "CHUF6 C1290",
    }


def test_options_on_futures_are_printed_as_interactive_brokers_wrote_them() -> None:
    printed = set()
    for _, row in _ibkr_rows():
        if row["assetCategory"] == "FOP" and row.get("underlyingSymbol"):
            made = _read_ibkr(row)
            assert to_ibkr(made) == row["symbol"]
            printed.add(row["symbol"])
    assert len(printed) >= 6


@pytest.mark.parametrize("name", ["jwplatta__transactions_response_body.json", "jwplatta__transactions.json"])
def test_the_records_of_schwabs_api_name_instruments_we_know(name: str) -> None:
    kinds = set()
    for record in json.loads(shared_path("samples", "schwab", name).read_bytes()):
        for item in record["transferItems"]:
            given = item["instrument"]
            if given["assetType"] == "CURRENCY":
                continue
            expires = given.get("expirationDate")
            made = from_schwab(
                given["assetType"],
                given["symbol"],
                underlying_symbol=given.get("underlyingSymbol"),
                expiry=date.fromisoformat(expires[:10]) if expires else None,
                multiplier=Decimal(str(given["optionPremiumMultiplier"]))
                if "optionPremiumMultiplier" in given
                else None,
            )
            kinds.add(made.security_type)
            if made.is_option:
                assert made.strike == Decimal(str(given["strikePrice"]))
                assert made.call_put == given["putCall"][0]
                assert expires is None or str(made.expiry) == expires[:10]
    assert "option" in kinds


def test_the_symbols_of_schwabs_exports_survive() -> None:
    found = set()
    for path in sorted(shared_path("samples", "schwab").iterdir()):
        if path.suffix.lower() == ".csv":
            text = path.read_text(encoding="utf-8-sig", errors="replace")
            found |= set(re.findall(r'"?([A-Z]+ \d{2}/\d{2}/\d{4} \d+\.\d{2} [CP])"?,', text))
    assert len(found) >= 10
    for symbol in found:
        made = from_schwab_export(symbol)
        assert to_schwab_export(made) == symbol
        assert from_occ(made.key) == made


def test_the_options_in_a_thinkorswim_statement_are_told_by_their_description() -> None:
    text = shared_path("samples", "schwab", "ClaytonDuffin__exampleStatement.csv").read_text(encoding="utf-8-sig")
    found = set(re.findall(r"(?:BOT|SOLD) [+-]\d+ (/\S+ .*? (?:CALL|PUT)) @", text))
    assert len(found) > 10
    for description in found:
        made = from_thinkorswim_description(description)
        assert (made.underlying, made.root, made.expiry) == ("/NQM2", "Q4CJ2", date(2022, 4, 27))
        assert made.multiplier == 20


def test_the_symbols_of_tastytrade_survive() -> None:
    kinds = set()
    for path in sorted(shared_path("samples", "tastytrade").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                if row.get("Symbol") and row.get("Instrument Type") and "Root Symbol" in row:
                    day = datetime.fromisoformat(row["Date"]).date()
                    made = from_tastytrade(row["Symbol"], row["Instrument Type"], traded_on=day)
                    kinds.add(made.security_type)
                    if made.security_type != "crypto":
                        # Exports that passed through other hands have lost some of the blanks.
                        assert to_tastytrade(made).replace(" ", "") == row["Symbol"].replace(" ", "")
    assert kinds >= {"equity", "option", "future_option"}


def test_the_multipliers_are_those_of_leans_symbol_properties() -> None:
    path = shared_path("samples", "lean-data", "symbol-properties", "symbol-properties-database.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if len(row) > 6 and row[2] == "future"]
    known = {(row[0], row[1]): row for row in rows}
    for market, products in FUTURES.items():
        for product, dollars in products.items():
            row = known[market, product]
            assert row[4] == "USD"
            assert Decimal(row[5]) == Decimal(dollars)
            in_cents = "100" in row[10:12]
            assert not in_cents or product in QUOTED_IN_CENTS
