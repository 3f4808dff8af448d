"""The cookbook as data: its questions, their SQL, and the answer printed beneath each.

Holds: reading the blocks of docs/sql-cookbook.md, running one, printing an answer, writing answers into the text.
Belongs here: the form of the document.
Never here: the questions themselves (the document), or the instance they are asked of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines.commands.output import cell

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "sql-cookbook.md"
MOST_ROWS = 12

_BLOCK = re.compile(
    r"^### (?P<question>.+?)\n(?P<why>.*?)^```sql(?P<changing> changing)?\n(?P<sql>.*?)^```\n\n?"
    r"(?P<answer>^```text\n(?P<golden>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `golden` is the answer that the document shows, None where it depends on the day it is asked."""

    title: str
    why: str
    sql: str
    changing: bool
    golden: str | None

    def __str__(self) -> str:
        return self.title


def questions(text: str | None = None) -> list[Question]:
    """Every question of the document in its order."""
    found = _BLOCK.finditer(DOCUMENT.read_text(encoding="utf-8") if text is None else text)
    return [
        Question(match["question"], match["why"].strip(), match["sql"], bool(match["changing"]), match["golden"])
        for match in found
    ]


def answer(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[str, int]:
    """The answer as the document prints it, and how many rows it has."""
    asked = connection.execute(sql)
    columns = [column[0] for column in asked.description or ()]
    rows = asked.fetchall()
    return printed(columns, rows), len(rows)


def printed(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as aligned text, values as `tomking sql` shows them, numbers to the right."""
    shown = [[cell(value) for value in row] for row in rows]
    lines = [list(columns), *shown]
    widths = [max(len(line[position]) for line in lines) for position in range(len(columns))]
    numeric = [
        any(isinstance(row[position], int | float | Decimal) for row in rows) for position in range(len(columns))
    ]

    def aligned(texts: Sequence[str]) -> str:
        cells = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(texts, widths, numeric, strict=True)
        )
        return "  ".join(cells).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([aligned(columns), rule, *(aligned(texts) for texts in shown)]) + "\n"


def with_answers(text: str, ask: Callable[[str], str]) -> str:
    """The document with the answer of every question that has a lasting one."""

    def rewritten(match: re.Match[str]) -> str:
        head = match[0][: match.start("answer") - match.start()] if match["answer"] else match[0]
        if match["changing"]:
            return head
        return f"{head.rstrip()}\n\n```text\n{ask(match['sql'])}```\n" + ("" if match["answer"] else "\n")

    return _BLOCK.sub(rewritten, text)
