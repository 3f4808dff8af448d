"""Expected readings of statements, kept beside them as `<file>.json`.

Holds: the JSON form of a parsed statement and the command that writes it.
Belongs here: what the tests of every statement format share.
Never here: assertions.

    python -m tests.parsing.statement_golden tests/data/statements/NAME.csv          shows the difference
    python -m tests.parsing.statement_golden tests/data/statements/NAME.csv --force  accepts it
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import sys
from pathlib import Path

from pipelines.parsing.statements.formats import reader_of
from pipelines.parsing.statements.rows import StatementFile, StatementRow

# Fields that say nothing where they have their default are left out, as unknown ones are.
_UNSAID = {field.name: field.default for field in dataclasses.fields(StatementRow)}


def as_json(file: StatementFile) -> str:
    """The reading of a statement as indented JSON; amounts and times as text, the raw cells left out."""
    rows = [
        {
            name: value
            for name, value in dataclasses.asdict(row).items()
            if name != "raw" and value is not None and value != _UNSAID[name]
        }
        for row in file.rows
    ]
    content = {
        "format": file.format,
        "rows": rows,
        "refusals": [dataclasses.asdict(refusal) for refusal in file.refusals],
    }
    return json.dumps(content, indent=1, default=str, ensure_ascii=False) + "\n"


def golden_path(path: Path) -> Path:
    """Where the expected reading of a file lies."""
    return path.with_name(path.name + ".json")


def main(arguments: list[str]) -> int:
    """Compares the files named with their expected readings; writes them with `--force`."""
    changed = False
    for path in (Path(argument) for argument in arguments if argument != "--force"):
        data = path.read_bytes()
        new = as_json(reader_of(data).parse(data))
        target = golden_path(path)
        old = target.read_text() if target.exists() else ""
        sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), new.splitlines(True), str(target), "now"))
        changed = changed or new != old
        if "--force" in arguments:
            target.write_text(new)
    return int(changed and "--force" not in arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
