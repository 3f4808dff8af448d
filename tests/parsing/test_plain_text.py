"""Logs and lists are read in whatever encoding their first bytes name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.lean.log import parse_engine_log
from pipelines.parsing.lean.monitor import parse_requests
from pipelines.parsing.plain_text import damage_in, text_of


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_mark_at_the_start_is_no_part_of_the_first_line(encoding: str) -> None:
    log = "2026-11-22T14:49:37.0952206Z TRACE:: Engine.Main(): LEAN ALGORITHMIC TRADING ENGINE v2.5.0.0 Mode: RELEASE\n"
    assert parse_engine_log(log.encode(encoding)).version == "2.5.0.0"
    listed = "equity/usa/daily/spy.zip\r\nequity/usa/daily/ibm.zip\r\n"
    assert list(parse_requests(listed.encode(encoding))) == [
        (1, "equity/usa/daily/spy.zip"),
        (2, "equity/usa/daily/ibm.zip"),
    ]


@given(st.text())
def test_text_of_any_kind_comes_back(text: str) -> None:
    assert text_of(text.encode("utf-8-sig")) == text


@given(st.binary())
def test_no_bytes_are_refused(data: bytes) -> None:
    assert isinstance(text_of(data), str)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1), st.data())
def test_a_text_that_lost_its_end_is_told_by_the_line_it_ends_in(lines: list[str], data: st.DataObject) -> None:
    whole = "".join(f"x{line}\n" for line in lines).encode()
    assert damage_in(whole, lambda line: line.startswith("x")) == []
    cut = whole[: data.draw(st.integers(1, len(whole) - 1))]
    found = damage_in(cut, lambda line: line.startswith("x"))
    ends = [damage for damage in found if damage.reason == "the file ends within this line"]
    assert [damage.line for damage in ends] == ([] if cut.endswith(b"\n") else [cut.count(b"\n") + 1])


@given(st.binary())
def test_any_bytes_are_judged_and_what_is_shown_of_them_is_text(data: bytes) -> None:
    for damage in damage_in(data, lambda line: False):
        assert damage.line is not None
        assert damage.line >= 1
        (damage.value or "").encode()
