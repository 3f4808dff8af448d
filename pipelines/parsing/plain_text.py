"""Text files that are no JSON: logs and lists.

Holds: how their bytes become text.
Belongs here: an encoding such a file may have.
Never here: what stands in a line.
"""

from __future__ import annotations

import codecs

# Windows' editors and shells begin a file with its mark.
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def text_of(data: bytes) -> str:
    """The text of a file: UTF-8, or what its mark says. Bytes that are no text are marked, never refused."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return data.decode("utf-8", "replace")
