"""Identity of statement rows: the same row in any download, separate rows where they are separate."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.statements.identity import identify, identify_file
from pipelines.parsing.statements.rows import StatementFile
from pipelines.parsing.tastytrade import csv_export as tastytrade_csv
from pipelines.parsing.tastytrade.layout import HEADER_20

DATA = Path(__file__).resolve().parent.parent / "data" / "statements"
TEXT = (DATA / "all_types_21.csv").read_text().splitlines()
HEADER, LINES = TEXT[0], TEXT[1:]


def parsed(lines: list[str]) -> StatementFile:
    return tastytrade_csv.parse("\n".join((HEADER, *lines)).encode())


def ids(lines: list[str], account: str = "main") -> list[str]:
    return [row_id for row_id, _ in identify_file(parsed(lines), account)]


def seconds(lines: list[str]) -> list[list[str]]:
    """Rows grouped by their second: exports never cut through one."""
    groups: dict[str, list[str]] = {}
    for line in lines:
        groups.setdefault(line.split(",", 1)[0], []).append(line)
    return list(groups.values())


def test_identical_rows_of_one_statement_are_separate_rows() -> None:
    assert len(set(ids(LINES))) == len(LINES)
    assert sorted(occurrence for _, occurrence in identify_file(parsed(LINES), "main"))[-1] == 1


def test_accounts_do_not_share_rows() -> None:
    assert not set(ids(LINES, "main")) & set(ids(LINES, "other"))


@given(st.data())
def test_overlapping_statements_in_any_order_make_the_same_rows(data: st.DataObject) -> None:
    groups = seconds(LINES)
    pieces = data.draw(st.lists(st.sets(st.integers(0, len(groups) - 1), min_size=1), min_size=1, max_size=5))
    pieces.append(set(range(len(groups))) - set().union(*pieces) or {0})
    found: set[str] = set()
    for piece in data.draw(st.permutations(pieces)):
        chosen = data.draw(st.permutations([groups[number] for number in piece]))
        found |= set(ids([line for group in chosen for line in data.draw(st.permutations(group))]))
    assert found == set(ids(LINES))


def test_the_larger_count_of_identical_rows_stands() -> None:
    twin = next(line for line in LINES if LINES.count(line) == 2)
    assert set(ids([twin])) < set(ids([twin, twin])) < set(ids([twin, twin, twin]))


def test_another_zone_re_saved_numbers_and_a_missing_total_make_the_same_row() -> None:
    sale = next(line for line in LINES if "SELL_TO_OPEN" in line)
    other = (
        sale.replace("2025-03-10T09:45:07-0400", "2025-03-10T14:45:07+0100")
        .replace("401000003", "401000003.0")
        .replace(",105.00,1,105.00,-1.00,", ",105.0,1.0,104.99,-1.0,")
    )
    twenty = ",".join(cell for place, cell in enumerate(sale.split(",")) if place != 19)
    short = tastytrade_csv.parse("\n".join((",".join(HEADER_20), twenty)).encode())
    assert ids([sale]) == ids([other]) == [row_id for row_id, _ in identify_file(short, "main")]


def test_an_event_is_the_same_whether_or_not_the_export_fills_its_action_and_however_it_words_it() -> None:
    event = next(line for line in LINES if ",Expiration," in line)
    later = event.replace("Expiration,,", "Expiration,SELL_TO_CLOSE,").replace(
        "Removal of option", "Removal of 2.0 XYZ"
    )
    assert ids([event]) == ids([later])


def test_fills_of_the_same_second_at_other_prices_are_other_rows() -> None:
    future = next(line for line in LINES if ",Buy,BUY,/MESH5" in line)
    assert ids([future]) != ids([future.replace("5590.00", "5590.25")])


def test_a_concatenation_with_headers_counts_its_parts_apart() -> None:
    twice = ids([*LINES, HEADER, *LINES])
    assert set(twice) == set(ids(LINES))
    without_header = identify([*parsed(LINES).rows, *parsed(LINES).rows], "main")
    assert len(set(without_header)) == 2 * len(LINES)
