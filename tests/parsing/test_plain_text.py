"""Logs and lists are read in whatever encoding their first bytes name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.lean_log import parse_engine_log
from pipelines.parsing.lean_monitor import parse_requests
from pipelines.parsing.plain_text import text_of


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
