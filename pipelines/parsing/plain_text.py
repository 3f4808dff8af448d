"""Text files that are no JSON: logs and lists.

Holds: how their bytes become text, and what shows that they are no longer those that were written.
Belongs here: an encoding such a file may have, a trace that damage leaves in any text.
Never here: what stands in a line.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from pipelines.parsing.refusals import Refusal

# Windows' editors and shells begin a file with its mark.
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

_NO_TEXT = re.compile("[\\x00\ud800-\udfff]")
_SHOWN = 200


def text_of(data: bytes) -> str:
    """The text of a file: UTF-8, or what its mark says. Bytes that are no text are marked, never refused."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return data.decode("utf-8", "replace")


def damage_in(data: bytes, is_first: Callable[[str], bool]) -> list[Refusal]:
    """What shows that a text was cut short or overwritten, each by its line; `is_first` knows a line it may begin with.

    The engine ends every line, so that a last one without its end was cut; and it writes text, never a NUL.
    """
    text = _decoded(data)
    found = []
    start = text.lstrip()
    if start and not is_first(start.partition("\n")[0].rstrip("\r")):
        before = text[: len(text) - len(start)].count("\n")
        found.append(_at(before + 1, start.partition("\n")[0], "does not begin as such a file does"))
    if _NO_TEXT.search(text):
        broken = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if _NO_TEXT.search(line)]
        found.append(_at(*broken[0], f"bytes that are no text stand in {len(broken)} lines, first in this one"))
    if text and not text.endswith("\n"):
        found.append(_at(text.count("\n") + 1, text[text.rfind("\n") + 1 :], "the file ends within this line"))
    return found


def _at(line: int, text: str, reason: str) -> Refusal:
    shown = text.encode("unicode_escape").decode() if _NO_TEXT.search(text) else text
    return Refusal(reason, line=line, value=shown[:_SHOWN])


def without_mark(data: bytes) -> bytes:
    """The bytes without the mark that editors and shells of Windows put before a text in UTF-8."""
    return data.removeprefix(codecs.BOM_UTF8)


def _decoded(data: bytes) -> str:
    """The text, of UTF-8 with bytes that are no text as lone surrogates, which no text has."""
    for mark, encoding in _MARKS[1:]:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return without_mark(data).decode("utf-8", "surrogateescape")
