"""Formats of later readers are refused by their name, not as unknown headers."""

from __future__ import annotations

import pytest

from pipelines.parsing.statements.unread_formats import name_of


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<Report>', "an XML document of unknown kind"),
        (
            b'"Date","Action","Symbol","Description","Quantity","FeesAndCommissions"\n',
            "Charles Schwab equity awards (CSV)",
        ),
        (b"DATE,DESCRIPTION,SYMBOL,TRANS TYPE,QUANTITY\n", "TD Ameritrade institutional transactions (CSV)"),
        (b'[\n {"activityId": 1}]', "a JSON document of unknown kind"),
        (b'{"data": {"items": []}}', "tastytrade API reply (JSON)"),
        (b"Date,Type,Sub Type,Action\n", None),
        (b"", None),
        (b"\xff\xfe\x00", None),
    ],
)
def test_a_format_shows_itself_in_its_first_lines(head: bytes, name: str | None) -> None:
    assert name_of(head) == name
