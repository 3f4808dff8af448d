"""Whatever bytes come in, the parser answers with a statement or a refusal."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.refusals import Refused
from pipelines.parsing.statements.identity import identify_file
from pipelines.parsing.statements.rows import StatementFile
from pipelines.parsing.tastytrade import csv_export as tastytrade_csv

DATA = Path(__file__).resolve().parent.parent / "data" / "statements"
GOOD = (DATA / "all_types_21.csv").read_bytes()
LINES = GOOD.decode().splitlines()
CELLS = sorted({cell for line in LINES for cell in line.split(",")})
ODD = [
    "",
    "--",
    "-",
    ".",
    "NaN",
    "Infinity",
    "1e999999999",
    "-0",
    "0.00",
    "٣",
    "1,00",
    '"',
    "\t",
    "9" * 40,
    "\u2028",
    "=1+1",
]


def outcome(data: bytes) -> StatementFile | None:
    try:
        file = tastytrade_csv.parse(data)
    except Refused:
        return None
    assert len({row_id for row_id, _ in identify_file(file, "main")}) <= len(file.rows)
    assert all(refusal.line and refusal.reason for refusal in file.refusals)
    return file


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    outcome(data)
    tastytrade_csv.recognise(data)


@given(st.binary(max_size=300))
def test_any_bytes_below_a_good_header_are_read_or_refused(data: bytes) -> None:
    outcome(LINES[0].encode() + b"\n" + data)


@given(st.integers(0, len(GOOD)), st.integers(0, len(GOOD)), st.binary(max_size=6))
def test_a_statement_with_bytes_cut_out_or_put_in_is_read_or_refused(first: int, second: int, extra: bytes) -> None:
    start, stop = sorted((first, second))
    outcome(GOOD[:start] + extra + GOOD[stop:])


@given(st.lists(st.lists(st.sampled_from(CELLS + ODD) | st.text(max_size=12), min_size=18, max_size=23), max_size=6))
def test_rows_of_wrong_cells_are_read_or_refused(rows: list[list[str]]) -> None:
    outcome("\n".join([LINES[0], *(",".join(row) for row in rows)]).encode("utf-8", "surrogatepass"))


@given(st.integers(1, len(LINES) - 1), st.integers(0, 20), st.sampled_from(ODD) | st.text(max_size=12))
def test_one_wrong_cell_costs_at_most_its_own_lines(number: int, place: int, cell: str) -> None:
    cells = LINES[number].split(",")
    cells[place % len(cells)] = cell
    lines = [*LINES[:number], ",".join(cells), *LINES[number + 1 :]]
    file = outcome("\n".join(lines).encode("utf-8", "replace"))
    if file is not None:
        assert {refusal.line for refusal in file.refusals} <= {number + 1, number + 2, number + 3}
