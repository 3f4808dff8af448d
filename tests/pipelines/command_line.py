"""The command line inside the test's own process.

Holds: running `tomking` as a user would type it and catching what it prints and how it ends.
Belongs here: what every test of a command needs.
Never here: tests.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from pipelines.cli import main


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON it printed."""
        return json.loads(self.out)


def tomking(config: Path | None, *arguments: str | Path, stdin: str = "") -> Answer:
    """Run a command to its end. An exception that is not turned into a message reaches the test."""
    named = [] if config is None else ["--config", str(config)]
    return run([*named, *map(str, arguments)], stdin=stdin)


def run(arguments: Sequence[str], *, stdin: str = "") -> Answer:
    """Run `tomking` with exactly these arguments."""
    # Standard output takes bytes too, as a terminal or a pipe does.
    out, err, code = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True), io.StringIO(), 0
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "stdin", io.StringIO(stdin)),
    ):
        try:
            main(arguments)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    printed = out.detach()
    assert isinstance(printed, io.BytesIO)
    return Answer(code, printed.getvalue().decode(), err.getvalue())
