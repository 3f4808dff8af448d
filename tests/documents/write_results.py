"""Write the answers beneath the questions of docs/sql-cookbook.md: `python -m tests.documents.write_results`.

Holds: the command that asks a demonstration instance every question and puts the answers into the document.
Belongs here: nothing else; the answers are never typed.
Never here: comparing them (tests/documents/test_cookbook.py).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from pipelines.config import load_settings
from tests.documents import cookbook
from tests.pipelines.instances import make_demonstration
from warehouse.access import Warehouse


def main() -> None:
    """Make a demonstration instance, or take the one that was named, and rewrite the document from it."""
    parser = argparse.ArgumentParser(description="write the answers beneath the questions of the cookbook")
    parser.add_argument("--instance", type=Path, help="a demonstration instance; default: a fresh one")
    wanted = parser.parse_args().instance
    with tempfile.TemporaryDirectory() as folder:
        config = wanted if wanted else make_demonstration(Path(folder) / "demonstration")
        with Warehouse(load_settings(config).state_dir).reader() as connection:
            before = cookbook.DOCUMENT.read_text(encoding="utf-8")
            after = cookbook.with_answers(before, lambda sql: cookbook.answer(connection, sql)[0])
    cookbook.DOCUMENT.write_text(after, encoding="utf-8")
    print(f"{len(cookbook.questions(after))} questions; " + ("unchanged" if after == before else "rewritten"))


if __name__ == "__main__":
    main()
