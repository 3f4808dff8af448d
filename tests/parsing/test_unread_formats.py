"""Formats of later readers are refused by their name, not as unknown headers."""

from __future__ import annotations

import pytest

from pipelines.parsing.unread_formats import name_of
from tests.shared import shared_path


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (
            b'\xef\xbb\xbf<?xml version="1.0"?>\n<FlexQueryResponse queryName="a">',
            "Interactive Brokers Flex query (XML)",
        ),
        (b"Statement,Header,Field Name,Field Value\n", "Interactive Brokers activity statement (CSV)"),
        (b'"Date","Action","Symbol","Description","Quantity"\n', "Charles Schwab transactions (CSV)"),
        (b'[\n {"activityId": 1}]', "Charles Schwab transactions (JSON)"),
        (b'{"data": {"items": []}}', "tastytrade API reply (JSON)"),
        (b"Date,Type,Sub Type,Action\n", None),
        (b"", None),
        (b"\xff\xfe\x00", None),
    ],
)
def test_a_format_shows_itself_in_its_first_lines(head: bytes, name: str | None) -> None:
    assert name_of(head) == name


@pytest.mark.parametrize("broker", ["ibkr", "schwab"])
def test_every_sample_of_another_broker_has_a_name(broker: str) -> None:
    named = {path.name: name_of(path.read_bytes()) for path in sorted(shared_path("samples", broker).iterdir())}
    assert [file for file, name in named.items() if name is None or "unknown" in name] == []
